//! What a container has answered: how many requests, how many of them it failed, and how long the heads of its answers took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the latencies that are counted, in milliseconds: those that Prometheus' clients have.
pub const BOUNDS: [u64; 11] = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

/// Counters of one container.
#[derive(Debug, Default)]
pub struct Served {
    requests: AtomicU64,
    failures: AtomicU64,
    micros: AtomicU64,
    /// Requests up to each bound, and beyond the last.
    buckets: [AtomicU64; BOUNDS.len() + 1],
}

/// What was counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that were answered, by the guest or for it.
    pub requests: u64,
    /// Those of them that were answered for it: it trapped, was too slow, or had no place.
    pub failures: u64,
    /// How long all heads took together, in milliseconds.
    pub millis: u64,
    /// Requests whose head took no longer than each of [`BOUNDS`].
    pub within: [u64; BOUNDS.len()],
}

impl Served {
    /// A request was answered after so long.
    pub fn note(&self, took: Duration, by_guest: bool) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        // As Prometheus has it, a bound belongs to what is below it.
        let bucket = BOUNDS.partition_point(|bound| bound * 1000 < micros);
        if let Some(bucket) = self.buckets.get(bucket) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(micros, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        if !by_guest {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The counters now.
    pub fn counts(&self) -> Counts {
        let mut within = [0; BOUNDS.len()];
        let mut sum = 0;
        for (total, bucket) in within.iter_mut().zip(&self.buckets) {
            sum += bucket.load(Ordering::Relaxed);
            *total = sum;
        }
        Counts {
            requests: self.requests.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            millis: self.micros.load(Ordering::Relaxed) / 1000,
            within,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_counted_up_to_their_bounds() {
        let served = Served::default();
        for (micros, by_guest) in [(5000, true), (5001, true), (20_000_000, false), (1, true)] {
            served.note(Duration::from_micros(micros), by_guest);
        }
        let counts = served.counts();
        assert_eq!((counts.requests, counts.failures), (4, 1));
        assert_eq!(counts.millis, 20_010);
        assert_eq!(counts.within[..3], [2, 3, 3]);
        assert_eq!(
            counts.within[BOUNDS.len() - 1],
            3,
            "one took longer than all"
        );
    }
}
