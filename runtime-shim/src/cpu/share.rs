//! The cores, divided among containers whose guests compute all the time, by their weights.
//!
//! Who computes is counted in spans of time. At the end of each it is worked out how much a unit of weight is worth, so that all the cores
//! are used and nobody gets more than it can use: a guest cannot use more than one core at a time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How often it is counted anew.
const SPAN: Duration = Duration::from_millis(50);

/// The cores of this machine.
#[derive(Debug)]
pub struct Cores {
    count: f64,
    begun: Instant,
    ids: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    span: u64,
    busy: HashMap<u64, Busy>,
    /// Cores for each unit of weight; `None` while there is enough for all.
    level: Option<f64>,
}

/// A container that computes.
#[derive(Clone, Copy, Debug)]
struct Busy {
    weight: f64,
    /// Guests that computed in this span, and in the one before.
    guests: u32,
    before: u32,
}

impl Busy {
    fn demand(self) -> f64 {
        f64::from(self.guests.max(self.before))
    }
}

impl Cores {
    /// So many.
    pub fn new(count: usize) -> Self {
        Self {
            count: count.max(1) as f64,
            begun: Instant::now(),
            ids: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    /// What a container is known by here.
    pub fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    /// The span of time that `now` is in.
    pub fn span(&self, now: Instant) -> u64 {
        let passed = now.saturating_duration_since(self.begun);
        u64::try_from(passed.as_nanos() / SPAN.as_nanos()).unwrap_or(u64::MAX)
    }

    /// One more of a container's guests computes in this span.
    pub fn note_busy(&self, id: u64, weight: f64, now: Instant) {
        let mut state = self.state.lock();
        state.roll(self.span(now), self.count);
        let busy = state.busy.entry(id).or_insert(Busy {
            weight,
            guests: 0,
            before: 0,
        });
        busy.weight = weight;
        busy.guests = busy.guests.saturating_add(1);
    }

    /// How many cores a container may use; `None` while that is as many as it can.
    pub fn rate(&self, id: u64, weight: f64, now: Instant) -> Option<f64> {
        let mut state = self.state.lock();
        state.roll(self.span(now), self.count);
        let rate = state.level? * weight;
        let demand = state.busy.get(&id).map_or(1.0, |busy| busy.demand());
        (rate < demand).then_some(rate)
    }
}

impl State {
    /// Begins the span, if it is another one.
    fn roll(&mut self, span: u64, cores: f64) {
        if span <= self.span {
            return;
        }
        let is_next = span == self.span + 1;
        self.span = span;
        self.busy.retain(|_, busy| {
            busy.before = if is_next { busy.guests } else { 0 };
            busy.guests = 0;
            busy.before > 0
        });
        let wants: Vec<(f64, f64)> = self
            .busy
            .values()
            .map(|busy| (busy.weight, busy.demand()))
            .collect();
        self.level = level(cores, wants);
    }
}

/// Cores for each unit of weight, such that each of `wants` (weight, cores it can use) gets the smaller of its weight's worth and what it
/// can use, and all cores are given away. `None` if everyone gets what it can use.
fn level(cores: f64, mut wants: Vec<(f64, f64)>) -> Option<f64> {
    // Who is content with the least for its weight is given that first.
    wants.sort_by(|(weight, demand), (other, wanted)| {
        (demand / weight).total_cmp(&(wanted / other))
    });
    let mut weights: f64 = wants.iter().map(|(weight, _)| weight).sum();
    let mut left = cores;
    for (weight, demand) in wants {
        let level = left / weights;
        if level * weight < demand {
            return Some(level);
        }
        left -= demand;
        weights -= weight;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_for_all_is_no_level() {
        assert_eq!(level(2.0, vec![]), None);
        assert_eq!(level(2.0, vec![(2.0, 1.0), (1024.0, 1.0)]), None);
    }

    #[test]
    fn what_is_scarce_goes_by_weight_and_what_is_left_to_the_others() {
        assert_eq!(level(2.0, vec![(1.0, 4.0), (3.0, 4.0)]), Some(0.5));
        // The heavy one can use one core only; the light one gets the other.
        let found = level(2.0, vec![(2.0, 4.0), (1024.0, 1.0)]).unwrap();
        assert!((found * 2.0 - 1.0).abs() < 1e-9, "{found}");
    }

    #[test]
    fn who_has_stopped_is_forgotten() {
        let cores = Cores::new(1);
        let now = cores.begun;
        for id in 0..2 {
            cores.note_busy(id, 1.0, now);
        }
        assert_eq!(cores.rate(0, 1.0, now), None, "not yet counted");
        let next = now + SPAN;
        assert_eq!(cores.rate(0, 1.0, next), Some(0.5));
        cores.note_busy(0, 1.0, next);
        assert_eq!(cores.rate(0, 1.0, next + SPAN), None, "alone again");
        assert_eq!(cores.rate(0, 1.0, next + 9 * SPAN), None);
    }
}
