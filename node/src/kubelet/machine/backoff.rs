//! Exponential back-off as upstream's `flowcontrol.Backoff` has it: a delay that doubles up to a most, and starts again after a
//! quiet time of twice that most.

use jiff::{SignedDuration, Timestamp};

/// First delay after a crash or a failed pull.
pub(crate) const INITIAL: SignedDuration = SignedDuration::from_secs(10);
/// Longest delay.
pub(crate) const MAX: SignedDuration = SignedDuration::from_secs(300);

/// The back-off of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Backoff {
    initial: SignedDuration,
    max: SignedDuration,
    /// The current delay and when it was set.
    current: Option<(SignedDuration, Timestamp)>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(INITIAL, MAX)
    }
}

impl Backoff {
    pub(crate) fn new(initial: SignedDuration, max: SignedDuration) -> Self {
        Self {
            initial,
            max,
            current: None,
        }
    }

    /// The delay in force; zero when there is none.
    pub(crate) fn delay(&self) -> SignedDuration {
        self.current
            .map_or(SignedDuration::ZERO, |(delay, _)| delay)
    }

    fn expired(&self, updated: Timestamp, event: Timestamp) -> bool {
        event.duration_since(updated) > self.max.saturating_mul(2)
    }

    /// Until when something that happened at `event` has to wait; `None` when it need not at `now`.
    pub(crate) fn blocked_until(&self, event: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let (delay, updated) = self.current?;
        if self.expired(updated, event) {
            return None;
        }
        let until = event.saturating_add(delay).unwrap_or(event);
        (until > now).then_some(until)
    }

    /// Notes another occurrence, which happened at `event` and is handled at `now`: the delay doubles.
    pub(crate) fn next(&mut self, event: Timestamp, now: Timestamp) {
        let delay = match self.current {
            Some((delay, updated)) if !self.expired(updated, event) => {
                delay.saturating_mul(2).min(self.max)
            }
            _ => self.initial,
        };
        self.current = Some((delay, now));
    }

    /// Forgets what was.
    pub(crate) fn reset(&mut self) {
        self.current = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    #[test]
    fn first_is_free_then_it_doubles_to_the_most() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.blocked_until(at(0), at(0)), None);
        let mut seen = Vec::new();
        let mut now = 0;
        for _ in 0..7 {
            backoff.next(at(now), at(now));
            seen.push(backoff.delay().as_secs());
            now += backoff.delay().as_secs();
        }
        assert_eq!(seen, [10, 20, 40, 80, 160, 300, 300]);
    }

    #[test]
    fn blocks_from_the_event_on_for_the_delay() {
        let mut backoff = Backoff::default();
        backoff.next(at(0), at(0));
        assert_eq!(backoff.blocked_until(at(5), at(6)), Some(at(15)));
        assert_eq!(backoff.blocked_until(at(5), at(15)), None);
    }

    #[test]
    fn ten_quiet_minutes_start_it_again() {
        let mut backoff = Backoff::default();
        for _ in 0..6 {
            backoff.next(at(0), at(0));
        }
        assert_eq!(backoff.delay().as_secs(), 300);
        assert_eq!(backoff.blocked_until(at(601), at(602)), None);
        backoff.next(at(601), at(602));
        assert_eq!(backoff.delay().as_secs(), 10);
    }
}
