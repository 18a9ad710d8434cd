//! The histograms that openraft counts its batches with, in place of the crate of that name: the same few calls, in a few
//! kilobytes.
//!
//! The published crate keeps tables of bounds for sixteen widths of buckets, 25 MB once the first value is recorded, which was a
//! third of an idle cluster. Bounds are arithmetic, so nothing is kept here but counts. Not for anything that we measure ourselves:
//! that is what `/metrics` is for.

use std::fmt;
use std::marker::PhantomData;

/// Each power of two is divided into this many buckets, by the bits after its highest: a value is known to a quarter of itself.
const PARTS: u64 = 1 << PART_BITS;
const PART_BITS: u32 = 2;

/// Counts of values by size. `T` is what the published crate keeps beside a window of time; openraft keeps nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram<T = ()> {
    /// As long as the largest value so far asks for, [`bucket`] of [`u64::MAX`] at most.
    counts: Vec<u64>,
    total: u64,
    windows: PhantomData<T>,
}

impl<T> Default for Histogram<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Histogram<T> {
    /// One without values.
    pub const fn new() -> Self {
        Self {
            counts: Vec::new(),
            total: 0,
            windows: PhantomData,
        }
    }

    /// Counts a value.
    pub fn record(&mut self, value: u64) {
        self.record_n(value, 1);
    }

    /// Counts a value `count` times. Counts stay at their largest rather than begin anew.
    pub fn record_n(&mut self, value: u64, count: u64) {
        let bucket = bucket(value);
        if bucket >= self.counts.len() {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] = self.counts[bucket].saturating_add(count);
        self.total = self.total.saturating_add(count);
    }

    /// How many values were counted.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The least value of the bucket in which the part `p` (0 to 1) of all values ends; 0 without values.
    pub fn percentile(&self, p: f64) -> u64 {
        let wanted = (p.clamp(0.0, 1.0) * self.total as f64).ceil() as u64;
        let mut seen = 0_u64;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen = seen.saturating_add(*count);
            if *count > 0 && seen >= wanted {
                return least(bucket);
            }
        }
        0
    }

    /// What is shown of it.
    pub fn percentile_stats(&self) -> PercentileStats {
        PercentileStats {
            samples: self.total,
            p0_1: self.percentile(0.001),
            p1: self.percentile(0.01),
            p5: self.percentile(0.05),
            p10: self.percentile(0.10),
            p50: self.percentile(0.50),
            p90: self.percentile(0.90),
            p99: self.percentile(0.99),
            p99_9: self.percentile(0.999),
        }
    }
}

/// The bucket of a value: itself while it is below [`PARTS`], then [`PARTS`] for each power of two.
const fn bucket(value: u64) -> usize {
    if value < PARTS {
        return value as usize;
    }
    let power = value.ilog2() - PART_BITS;
    let part = (value >> power) - PARTS;
    ((power as u64 + 1) * PARTS + part) as usize
}

/// The least value of a bucket.
const fn least(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < PARTS {
        return bucket;
    }
    (PARTS + bucket % PARTS) << (bucket / PARTS - 1)
}

/// Some percentiles of a histogram, in the unit of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PercentileStats {
    /// How many values were counted.
    pub samples: u64,
    /// 0.1 %.
    pub p0_1: u64,
    /// 1 %.
    pub p1: u64,
    /// 5 %.
    pub p5: u64,
    /// 10 %.
    pub p10: u64,
    /// The median.
    pub p50: u64,
    /// 90 %.
    pub p90: u64,
    /// 99 %.
    pub p99: u64,
    /// 99.9 %.
    pub p99_9: u64,
}

impl fmt::Display for PercentileStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            samples,
            p50,
            p90,
            p99,
            p99_9,
            ..
        } = self;
        write!(
            f,
            "{samples} samples, p50 {p50}, p90 {p90}, p99 {p99}, p99.9 {p99_9}"
        )
    }
}

/// Histograms one under the other, each as a line of its percentiles.
#[derive(Clone, Debug, Default)]
pub struct AsciiChart {
    rows: Vec<(String, PercentileStats)>,
}

impl AsciiChart {
    /// One without rows.
    pub const fn new() -> Self {
        Self { rows: Vec::new() }
    }

    /// Adds a row.
    #[must_use]
    #[allow(
        clippy::should_implement_trait,
        reason = "the name that openraft calls"
    )]
    pub fn add<T>(mut self, name: impl Into<String>, histogram: Histogram<T>) -> Self {
        self.rows.push((name.into(), histogram.percentile_stats()));
        self
    }
}

impl fmt::Display for AsciiChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, stats) in &self.rows {
            writeln!(f, "{name}: {stats}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_each_other_and_hold_their_values() {
        let mut last = 0;
        for value in 0..100_000 {
            let bucket = bucket(value);
            assert!(bucket == last || bucket == last + 1, "{value}");
            last = bucket;
            assert!(
                least(bucket) <= value && value < least(bucket + 1),
                "{value}"
            );
        }
        for value in [u64::MAX, u64::MAX / 2, 1 << 63] {
            assert!(least(bucket(value)) <= value);
            assert!(value - least(bucket(value)) <= value / PARTS);
        }
    }

    #[test]
    fn percentiles_are_within_a_quarter() {
        let mut histogram = Histogram::<()>::new();
        assert_eq!(histogram.percentile(0.5), 0);
        for value in 1..=1000 {
            histogram.record(value);
        }
        let stats = histogram.percentile_stats();
        assert_eq!(stats.samples, 1000);
        for (told, true_value) in [(stats.p1, 10), (stats.p50, 500), (stats.p99, 990)] {
            assert!(
                told <= true_value && true_value - told <= true_value / 4,
                "{told}"
            );
        }
    }

    #[test]
    fn it_takes_kilobytes_whatever_is_recorded() {
        let mut histogram = Histogram::<()>::new();
        for value in [0, u64::MAX] {
            histogram.record_n(value, u64::MAX);
        }
        assert_eq!(histogram.total(), u64::MAX);
        assert!(histogram.counts.len() <= 256);
    }

    #[test]
    fn a_chart_has_a_line_for_each() {
        let mut histogram = Histogram::<()>::new();
        histogram.record(3);
        let chart = AsciiChart::new()
            .add("a", histogram)
            .add("b", Histogram::<()>::new());
        let text = chart.to_string();
        assert_eq!(text.lines().count(), 2);
        assert!(text.starts_with("a: 1 samples, p50 3"), "{text}");
    }
}
