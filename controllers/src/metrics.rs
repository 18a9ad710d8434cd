//! What the controllers count, under upstream's names. Not for: serving them, which the binary does.

use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Which queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Name {
    name: &'static str,
}

type Histograms = Family<Name, Histogram, fn() -> Histogram>;

/// The controllers' metrics. Clones share their values.
#[derive(Clone, Debug)]
pub struct Metrics {
    depth: Family<Name, Gauge<i64, AtomicI64>>,
    adds: Family<Name, Counter<u64, AtomicU64>>,
    retries: Family<Name, Counter<u64, AtomicU64>>,
    queue_duration: Histograms,
    work_duration: Histograms,
}

/// Buckets of client-go's workqueue metrics: 10 ns to 10 s.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(1e-8, 10.0, 10))
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            depth: Family::default(),
            adds: Family::default(),
            retries: Family::default(),
            queue_duration: Family::new_with_constructor(durations),
            work_duration: Family::new_with_constructor(durations),
        }
    }
}

impl Metrics {
    /// Makes the metrics known to a registry (counters get their `_total` there).
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "workqueue_depth",
            "Current depth of workqueue",
            self.depth.clone(),
        );
        registry.register(
            "workqueue_adds",
            "Total number of adds handled by workqueue",
            self.adds.clone(),
        );
        registry.register(
            "workqueue_retries",
            "Total number of retries handled by workqueue",
            self.retries.clone(),
        );
        registry.register(
            "workqueue_queue_duration_seconds",
            "How long in seconds an item stays in workqueue before being requested",
            self.queue_duration.clone(),
        );
        registry.register(
            "workqueue_work_duration_seconds",
            "How long in seconds processing an item from workqueue takes",
            self.work_duration.clone(),
        );
    }

    /// The metrics of one queue, looked up once.
    pub fn queue(&self, name: &'static str) -> QueueMetrics {
        let name = Name { name };
        QueueMetrics {
            depth: self.depth.get_or_create(&name).clone(),
            adds: self.adds.get_or_create(&name).clone(),
            retries: self.retries.get_or_create(&name).clone(),
            queue_duration: self.queue_duration.get_or_create(&name).clone(),
            work_duration: self.work_duration.get_or_create(&name).clone(),
        }
    }
}

/// The metrics of one queue.
#[derive(Clone, Debug)]
pub struct QueueMetrics {
    depth: Gauge<i64, AtomicI64>,
    adds: Counter<u64, AtomicU64>,
    retries: Counter<u64, AtomicU64>,
    queue_duration: Histogram,
    work_duration: Histogram,
}

impl QueueMetrics {
    pub(crate) fn added(&self) {
        self.adds.inc();
    }

    pub(crate) fn retried(&self) {
        self.retries.inc();
    }

    pub(crate) fn depth(&self, depth: usize) {
        self.depth.set(i64::try_from(depth).unwrap_or(i64::MAX));
    }

    pub(crate) fn taken(&self, depth: usize, waited: Duration) {
        self.depth(depth);
        self.queue_duration.observe(waited.as_secs_f64());
    }

    pub(crate) fn worked(&self, time: Duration) {
        self.work_duration.observe(time.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_have_upstreams_names() {
        let metrics = Metrics::default();
        let queue = metrics.queue("deployment");
        queue.added();
        queue.taken(3, Duration::from_millis(2));
        let mut registry = Registry::default();
        metrics.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        assert!(
            text.contains("workqueue_adds_total{name=\"deployment\"} 1"),
            "{text}"
        );
        assert!(
            text.contains("workqueue_depth{name=\"deployment\"} 3"),
            "{text}"
        );
        assert!(
            text.contains("workqueue_queue_duration_seconds_count{name=\"deployment\"} 1"),
            "{text}"
        );
    }
}
