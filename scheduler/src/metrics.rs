//! What the scheduler counts, under upstream's names.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::queue::Depths;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Attempt {
    result: &'static str,
    profile: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WhichQueue {
    queue: &'static str,
}

/// Counters of one scheduler. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    attempts: Family<Attempt, Counter>,
    duration: Histogram,
    pending: Family<WhichQueue, Gauge>,
    preemptions: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            attempts: Family::default(),
            // As upstream: from 1 ms to about 16 s, here begun at 10 µs, which is where our decisions are.
            duration: Histogram::new(exponential_buckets(0.000_01, 2.0, 21)),
            pending: Family::default(),
            preemptions: Counter::default(),
        }
    }
}

impl Metrics {
    /// Makes the counters part of what `/metrics` shows.
    pub fn register(&self, registry: &mut Registry) {
        let attempts = "Number of attempts to schedule pods, by the result";
        registry.register(
            "scheduler_schedule_attempts",
            attempts,
            self.attempts.clone(),
        );
        let duration = "Time of one decision in seconds";
        registry.register(
            "scheduler_scheduling_algorithm_duration_seconds",
            duration,
            self.duration.clone(),
        );
        registry.register(
            "scheduler_pending_pods",
            "Number of pending pods, by the queue",
            self.pending.clone(),
        );
        let preemptions = "Total preemption attempts in the cluster till now";
        registry.register(
            "scheduler_preemption_attempts",
            preemptions,
            self.preemptions.clone(),
        );
    }

    pub(crate) fn attempt(&self, result: &'static str, profile: &str, seconds: f64) {
        self.attempts
            .get_or_create(&Attempt {
                result,
                profile: profile.to_owned(),
            })
            .inc();
        self.duration.observe(seconds);
    }

    pub(crate) fn preemption(&self) {
        self.preemptions.inc();
    }

    pub(crate) fn depths(&self, depths: Depths) {
        let each = [
            ("active", depths.active),
            ("backoff", depths.backing_off),
            ("unschedulable", depths.unschedulable),
        ];
        for (queue, count) in each {
            self.pending
                .get_or_create(&WhichQueue { queue })
                .set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
}
