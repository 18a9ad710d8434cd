//! A limit of CPU time in each period, as the kernel's CFS bandwidth control has it. Pure.
//!
//! A turn is not interrupted when the limit is reached: what it takes too much is missing in the next periods.

use std::time::{Duration, Instant};

/// The period of a limit that names none: the kernel's default.
const DEFAULT_PERIOD: Duration = Duration::from_millis(100);
/// The shortest period, and the least time in it, that the kernel takes.
const LEAST: Duration = Duration::from_millis(1);

/// So much CPU time in each period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    time: Duration,
    period: Duration,
}

impl Quota {
    /// From CRI's `cpu_quota` and `cpu_period`, in microseconds. No quota, or a negative one, is no limit.
    pub fn of_cri(quota: i64, period: i64) -> Option<Self> {
        let micros = |value| u64::try_from(value).ok().filter(|value| *value > 0);
        let time = Duration::from_micros(micros(quota)?).max(LEAST);
        let period = micros(period).map_or(DEFAULT_PERIOD, Duration::from_micros);
        let period = period.max(LEAST);
        Some(Self { time, period })
    }
}

/// See the module header.
#[derive(Debug)]
pub struct Limit {
    quota: Option<Quota>,
    /// When the present period began.
    since: Instant,
    /// Nanoseconds that are left in it; below zero, what was taken too much.
    left: i64,
}

fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

impl Limit {
    /// No limit.
    pub const fn new(now: Instant) -> Self {
        Self {
            quota: None,
            since: now,
            left: 0,
        }
    }

    /// Changes it, from a new period on.
    pub fn set(&mut self, quota: Option<Quota>, now: Instant) {
        if self.quota != quota {
            self.quota = quota;
            self.since = now;
            self.left = quota.map_or(0, |quota| nanos(quota.time));
        }
    }

    /// How long until there is time again, if there is none.
    pub fn rest(&mut self, now: Instant) -> Option<Duration> {
        let Quota { time, period } = self.quota?;
        let (time, length) = (nanos(time), nanos(period));
        let passed = nanos(now.saturating_duration_since(self.since)) / length;
        if passed > 0 {
            let begun = passed.saturating_mul(length);
            self.since += Duration::from_nanos(u64::try_from(begun).unwrap_or(0));
            let more = passed.saturating_mul(time);
            // Time that was not used is not saved.
            self.left = self.left.saturating_add(more).min(time);
        }
        if self.left > 0 {
            return None;
        }
        let periods = self.left.unsigned_abs() / time.unsigned_abs() + 1;
        let until = self.since + period.saturating_mul(u32::try_from(periods).unwrap_or(u32::MAX));
        Some(until.saturating_duration_since(now))
    }

    /// Takes time, of which there was some before.
    pub fn spend(&mut self, used: Duration) {
        if self.quota.is_some() {
            self.left = self.left.saturating_sub(nanos(used));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_was_taken_too_much_is_missing_later() {
        let begun = Instant::now();
        let mut limit = Limit::new(begun);
        assert_eq!(limit.rest(begun), None);
        limit.set(Quota::of_cri(10_000, 100_000), begun);
        assert_eq!(limit.rest(begun), None);
        limit.spend(8 * MS);
        assert_eq!(limit.rest(begun + 8 * MS), None, "some is left");
        limit.spend(8 * MS);
        assert_eq!(limit.rest(begun + 16 * MS), Some(84 * MS));
        assert_eq!(
            limit.rest(begun + 100 * MS),
            None,
            "four of the ten are left"
        );
        limit.spend(30 * MS);
        assert_eq!(limit.rest(begun + 130 * MS), Some(270 * MS));
        assert_eq!(limit.rest(begun + 400 * MS), None);
    }

    #[test]
    fn what_was_not_used_is_not_saved() {
        let begun = Instant::now();
        let mut limit = Limit::new(begun);
        limit.set(Quota::of_cri(10_000, 100_000), begun);
        let later = begun + 100_000 * MS;
        assert_eq!(limit.rest(later), None);
        limit.spend(10 * MS);
        assert_eq!(limit.rest(later + 10 * MS), Some(90 * MS));
    }

    #[test]
    fn cris_numbers_are_microseconds() {
        let quota = |quota, period| Quota::of_cri(quota, period).map(|q| (q.time, q.period));
        assert_eq!(quota(50_000, 100_000), Some((50 * MS, 100 * MS)));
        assert_eq!(quota(50_000, 0), Some((50 * MS, 100 * MS)));
        assert_eq!(quota(1, 100_000), Some((MS, 100 * MS)));
        assert_eq!(quota(0, 100_000), None);
        assert_eq!(quota(-1, 100_000), None);
    }
}
