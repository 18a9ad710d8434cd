//! A work queue of keys: each key waits at most once, is never worked on twice at a time, comes back after a delay or with
//! exponential back-off, and, when its last sync asked for a rest, not before that rest is over.
//!
//! [`State`] is the queue without a clock; [`Queue`] is what tasks share.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::metrics::QueueMetrics;

/// The first back-off of a key that failed (upstream: `DefaultTypedItemBasedRateLimiter`).
const BACKOFF_BASE: Duration = Duration::from_millis(5);
/// The longest one.
const BACKOFF_MAX: Duration = Duration::from_secs(1000);
/// Rests are swept when so many are kept.
const MAX_RESTS: usize = 1024;

/// The delay after the `failures`-th failure in a row, counted from 0.
pub fn backoff(failures: u32) -> Duration {
    let factor = 1_u32.checked_shl(failures).unwrap_or(u32::MAX);
    BACKOFF_BASE.saturating_mul(factor).min(BACKOFF_MAX)
}

/// How a key asks for work that is being done on it right now.
#[derive(Clone, Copy, PartialEq)]
enum Again {
    No,
    Later,
    AtOnce,
}

/// The queue without a clock: every method takes the time.
pub struct State<K> {
    ready: VecDeque<K>,
    waiting: HashMap<K, Instant>,
    working: HashMap<K, Again>,
    delayed: BTreeMap<(Instant, u64), K>,
    due: HashMap<K, (Instant, u64)>,
    failures: HashMap<K, u32>,
    rests: HashMap<K, Instant>,
    sequence: u64,
}

impl<K: Clone + Eq + Hash> Default for State<K> {
    fn default() -> Self {
        Self {
            ready: VecDeque::new(),
            waiting: HashMap::new(),
            working: HashMap::new(),
            delayed: BTreeMap::new(),
            due: HashMap::new(),
            failures: HashMap::new(),
            rests: HashMap::new(),
            sequence: 0,
        }
    }
}

impl<K: Clone + Eq + Hash> State<K> {
    /// Asks for a sync of `key`, when its rest is over. Returns whether it was not already waiting.
    pub fn add(&mut self, key: K, now: Instant) -> bool {
        if let Some(again) = self.working.get_mut(&key) {
            if *again == Again::No {
                *again = Again::Later;
            }
            return false;
        }
        match self.rests.get(&key) {
            Some(&end) if end > now => {
                self.schedule(key, end);
                false
            }
            _ => self.push(key, now),
        }
    }

    /// Asks for a sync of `key` without regard to its rest.
    pub fn add_at_once(&mut self, key: K, now: Instant) -> bool {
        if let Some(again) = self.working.get_mut(&key) {
            *again = Again::AtOnce;
            return false;
        }
        self.push(key, now)
    }

    /// Asks for a sync of `key` at a time; an earlier time that is already set stays.
    pub fn schedule(&mut self, key: K, at: Instant) {
        if let Some(&(earlier, sequence)) = self.due.get(&key) {
            if earlier <= at {
                return;
            }
            self.delayed.remove(&(earlier, sequence));
        }
        self.sequence += 1;
        self.delayed.insert((at, self.sequence), key.clone());
        self.due.insert(key, (at, self.sequence));
    }

    /// The next key to work on, which is then worked on until [`done`](Self::done), and for how long it waited.
    pub fn next(&mut self, now: Instant) -> Option<(K, Duration)> {
        while let Some(entry) = self.delayed.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let key = entry.remove();
            self.due.remove(&key);
            if let Some(again) = self.working.get_mut(&key) {
                *again = Again::AtOnce;
            } else {
                self.push(key, now);
            }
        }
        let key = self.ready.pop_front()?;
        let since = self.waiting.remove(&key).unwrap_or(now);
        self.working.insert(key.clone(), Again::No);
        Some((key, now.saturating_duration_since(since)))
    }

    /// When a delayed key becomes due.
    pub fn next_due(&self) -> Option<Instant> {
        self.delayed.keys().next().map(|(at, _)| *at)
    }

    /// Ends the work on `key`; changes that come before `rest` has passed are worked on together afterwards.
    pub fn done(&mut self, key: &K, rest: Duration, now: Instant) {
        let again = self.working.remove(key).unwrap_or(Again::No);
        if rest.is_zero() {
            self.rests.remove(key);
        } else {
            if self.rests.len() >= MAX_RESTS {
                self.rests.retain(|_, end| *end > now);
            }
            self.rests.insert(key.clone(), now + rest);
        }
        match again {
            Again::No => {}
            Again::Later => {
                self.add(key.clone(), now);
            }
            Again::AtOnce => {
                self.push(key.clone(), now);
            }
        }
    }

    /// Asks for another sync of `key`, later with every failure in a row.
    pub fn failed(&mut self, key: K, now: Instant) {
        let failures = self.failures.entry(key.clone()).or_default();
        let delay = backoff(*failures);
        *failures = failures.saturating_add(1);
        self.schedule(key, now + delay);
    }

    /// Ends a row of failures.
    pub fn forget(&mut self, key: &K) {
        self.failures.remove(key);
    }

    /// Failures of `key` in a row.
    #[cfg(test)]
    pub fn failures(&self, key: &K) -> u32 {
        self.failures.get(key).copied().unwrap_or_default()
    }

    /// Keys that could be worked on now.
    pub fn depth(&self) -> usize {
        self.ready.len()
    }

    fn push(&mut self, key: K, now: Instant) -> bool {
        if self.waiting.contains_key(&key) {
            return false;
        }
        if let Some(at) = self.due.remove(&key) {
            self.delayed.remove(&at);
        }
        self.waiting.insert(key.clone(), now);
        self.ready.push_back(key);
        true
    }
}

/// A work queue that tasks share. It holds each key at most once, so that its bound is the number of objects.
pub struct Queue<K> {
    state: Mutex<State<K>>,
    wake: Notify,
    metrics: QueueMetrics,
}

impl<K: Clone + Eq + Hash> Queue<K> {
    /// An empty queue that reports to `metrics`.
    pub fn new(metrics: QueueMetrics) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            wake: Notify::new(),
            metrics,
        })
    }

    /// Asks for a sync of `key`, when its rest is over.
    pub fn add(&self, key: K) {
        self.change(|state, now| state.add(key, now));
    }

    /// Asks for a sync of `key` without regard to its rest.
    pub fn add_at_once(&self, key: K) {
        self.change(|state, now| state.add_at_once(key, now));
    }

    /// Asks for a sync of `key` after `delay`.
    pub fn add_after(&self, key: K, delay: Duration) {
        self.change(|state, now| {
            state.schedule(key, now + delay);
            false
        });
    }

    /// Ends the work on `key` with its outcome.
    pub fn finish(&self, key: &K, outcome: Outcome) {
        if matches!(outcome, Outcome::Failed) {
            self.metrics.retried();
        }
        self.change(|state, now| {
            match outcome {
                Outcome::Done { after, rest } => {
                    state.forget(key);
                    state.done(key, rest, now);
                    if let Some(after) = after {
                        state.schedule(key.clone(), now + after);
                    }
                }
                Outcome::Failed => {
                    state.done(key, Duration::ZERO, now);
                    state.failed(key.clone(), now);
                }
            }
            false
        });
    }

    /// The next key, as soon as there is one. Dropping the future loses no key.
    pub async fn next(&self) -> K {
        loop {
            let due = {
                let mut state = self.state.lock();
                if let Some((key, waited)) = state.next(Instant::now()) {
                    self.metrics.taken(state.depth(), waited);
                    return key;
                }
                state.next_due()
            };
            match due {
                Some(at) => tokio::select! {
                    () = self.wake.notified() => {}
                    () = tokio::time::sleep_until(at) => {}
                },
                None => self.wake.notified().await,
            }
        }
    }

    /// What this queue reports to.
    pub fn metrics(&self) -> &QueueMetrics {
        &self.metrics
    }

    fn change(&self, change: impl FnOnce(&mut State<K>, Instant) -> bool) {
        let mut state = self.state.lock();
        if change(&mut state, Instant::now()) {
            self.metrics.added();
        }
        self.metrics.depth(state.depth());
        drop(state);
        self.wake.notify_one();
    }
}

/// How a sync ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// Well: perhaps to be looked at again after a time, and to be left alone for a while.
    Done {
        /// When to look again even if nothing changes.
        after: Option<Duration>,
        /// Changes within this time are worked on together.
        rest: Duration,
    },
    /// Badly: to be tried again after a back-off.
    Failed,
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn keys(state: &mut State<&'static str>, now: Instant) -> Vec<&'static str> {
        std::iter::from_fn(|| state.next(now).map(|(key, _)| key)).collect()
    }

    #[test]
    fn a_key_waits_once_and_is_worked_on_by_one() {
        let now = Instant::now();
        let mut state = State::default();
        assert!(state.add("a", now));
        assert!(!state.add("a", now));
        assert_eq!(keys(&mut state, now), ["a"]);
        state.add("a", now);
        assert_eq!(keys(&mut state, now), [""; 0]);
        state.done(&"a", Duration::ZERO, now);
        assert_eq!(keys(&mut state, now), ["a"]);
        state.done(&"a", Duration::ZERO, now);
        assert_eq!(keys(&mut state, now), [""; 0]);
    }

    #[test]
    fn a_rest_gathers_changes_but_an_urgent_one_breaks_it() {
        let now = Instant::now();
        let mut state = State::default();
        state.add("a", now);
        state.next(now);
        state.done(&"a", 10 * MS, now);
        state.add("a", now + MS);
        state.add("a", now + 2 * MS);
        assert_eq!(keys(&mut state, now + 9 * MS), [""; 0]);
        assert_eq!(state.next_due(), Some(now + 10 * MS));
        assert_eq!(keys(&mut state, now + 10 * MS), ["a"]);
        state.add("a", now + 10 * MS);
        state.done(&"a", 10 * MS, now + 10 * MS);
        assert_eq!(keys(&mut state, now + 11 * MS), [""; 0]);
        state.add_at_once("a", now + 11 * MS);
        assert_eq!(keys(&mut state, now + 11 * MS), ["a"]);
        state.done(&"a", Duration::ZERO, now + 11 * MS);
        assert_eq!(keys(&mut state, now + 60 * MS), [""; 0]);
    }

    #[test]
    fn the_earliest_of_several_delays_counts() {
        let now = Instant::now();
        let mut state = State::default();
        state.schedule("a", now + 20 * MS);
        state.schedule("a", now + 10 * MS);
        state.schedule("a", now + 30 * MS);
        assert_eq!(keys(&mut state, now + 10 * MS), ["a"]);
        state.done(&"a", Duration::ZERO, now + 10 * MS);
        assert_eq!(keys(&mut state, now + 99 * MS), [""; 0]);
    }

    #[test]
    fn failures_back_off_from_5_ms_to_1000_s() {
        assert_eq!(backoff(0), 5 * MS);
        assert_eq!(backoff(1), 10 * MS);
        assert_eq!(backoff(17), Duration::from_millis(655_360));
        assert_eq!(backoff(18), Duration::from_secs(1000));
        assert_eq!(backoff(4000), Duration::from_secs(1000));
        let now = Instant::now();
        let mut state = State::default();
        state.failed("a", now);
        assert_eq!(keys(&mut state, now + 4 * MS), [""; 0]);
        assert_eq!(keys(&mut state, now + 5 * MS), ["a"]);
        state.done(&"a", Duration::ZERO, now);
        state.failed("a", now);
        assert_eq!(state.failures(&"a"), 2);
        assert_eq!(state.next_due(), Some(now + 10 * MS));
        state.forget(&"a");
        assert_eq!(state.failures(&"a"), 0);
    }
}
