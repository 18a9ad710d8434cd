//! How long a Job waits before it replaces what failed: 10 s, 20 s, 40 s … up to 10 minutes, until something succeeds.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::pods;
use crate::objects::Pod;

/// The first wait (upstream: `DefaultJobPodFailureBackOff`).
const BASE: SignedDuration = SignedDuration::from_secs(10);
/// The longest wait (upstream: `MaxJobPodFailureBackOff`).
const MAX: SignedDuration = SignedDuration::from_mins(10);

/// Failures since the last success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    failures: i32,
    last: Option<Timestamp>,
}

impl Record {
    /// This record with newly ended pods.
    pub fn with(self, succeeded: &[Arc<Pod>], failed: &[Arc<Pod>], now: Timestamp) -> Self {
        let ends = |pods: &[Arc<Pod>]| -> Vec<Timestamp> {
            pods.iter().map(|p| pods::finished_at(p, now)).collect()
        };
        let success = ends(succeeded).into_iter().max();
        let failures: Vec<_> = ends(failed)
            .into_iter()
            .filter(|at| success.is_none_or(|s| *at >= s))
            .collect();
        let kept = match (success, self.last) {
            (Some(success), Some(last)) if last < success => Record::default(),
            (Some(_), None) => Record::default(),
            _ => self,
        };
        Record {
            failures: kept.failures + i32::try_from(failures.len()).unwrap_or(i32::MAX),
            last: failures.into_iter().max().max(kept.last),
        }
    }

    /// How long to wait until pods may be replaced.
    pub fn remaining(&self, now: Timestamp) -> Duration {
        match self.last {
            Some(last) => remaining(self.failures, last, now),
            None => Duration::ZERO,
        }
    }
}

/// How long to wait after the `failures`-th failure, which happened at `last`.
pub fn remaining(failures: i32, last: Timestamp, now: Timestamp) -> Duration {
    if failures <= 0 {
        return Duration::ZERO;
    }
    let factor = 1_i32
        .checked_shl(failures.unsigned_abs() - 1)
        .filter(|f| *f > 0);
    let wait = factor
        .and_then(|f| BASE.checked_mul(f))
        .unwrap_or(MAX)
        .min(MAX);
    Duration::try_from(wait - now.duration_since(last)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + seconds).unwrap()
    }

    fn ended(seconds: i64) -> Arc<Pod> {
        let yaml = format!(
            "{{status: {{containerStatuses: [{{name: c, state: {{terminated: {{exitCode: 1, finishedAt: '{}'}}}}}}]}}}}",
            at(seconds)
        );
        Arc::new(serde_yaml::from_str(&yaml).unwrap())
    }

    #[test]
    fn waits_double_until_something_succeeds() {
        let secs = Duration::from_secs;
        let record = Record::default().with(&[], &[ended(0)], at(0));
        assert_eq!(record.remaining(at(4)), secs(6));
        let record = record.with(&[], &[ended(10), ended(11)], at(11));
        assert_eq!(record.remaining(at(11)), secs(40));
        let record = record.with(&[ended(20)], &[], at(20));
        assert_eq!(record.remaining(at(20)), Duration::ZERO);
        let record = Record::default().with(&[ended(5)], &[ended(3), ended(6)], at(6));
        assert_eq!(record.remaining(at(6)), secs(10));
        assert_eq!(remaining(60, at(0), at(0)), secs(600));
    }
}
