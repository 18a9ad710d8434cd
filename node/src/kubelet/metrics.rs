//! The kubelet's own metrics, under upstream's names where upstream has them.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Counters and gauges that the kubelet keeps.
pub(crate) struct Metrics {
    registry: Registry,
    pub running_pods: Gauge,
    pub running_containers: Gauge,
    pub pod_status_writes: Counter,
    pub pod_status_failures: Counter,
    pub relists: Counter,
    /// Seconds from a pod's first word to its first settled status.
    pub pod_start: Histogram,
    pub started_pods: Counter,
    pub cpu_seconds: Gauge<f64, AtomicU64>,
}

impl Metrics {
    pub(crate) fn new() -> Arc<Self> {
        let mut registry = Registry::default();
        let running_pods = Gauge::default();
        let running_containers = Gauge::default();
        let pod_status_writes = Counter::default();
        let pod_status_failures = Counter::default();
        let relists = Counter::default();
        let started_pods = Counter::default();
        let pod_start = Histogram::new(exponential_buckets(0.005, 2.0, 14));
        let cpu_seconds = Gauge::<f64, AtomicU64>::default();
        registry.register(
            "kubelet_running_pods",
            "Pods that have a running sandbox",
            running_pods.clone(),
        );
        registry.register(
            "kubelet_running_containers",
            "Containers that run",
            running_containers.clone(),
        );
        registry.register("kubelet_started_pods", "Pods started", started_pods.clone());
        registry.register(
            "kubelet_pod_status_writes",
            "Pod status writes acknowledged",
            pod_status_writes.clone(),
        );
        registry.register(
            "kubelet_pod_status_failures",
            "Pod status writes failed",
            pod_status_failures.clone(),
        );
        registry.register(
            "kubelet_pleg_relists",
            "Full listings of the runtime",
            relists.clone(),
        );
        registry.register(
            "kubelet_pod_start_duration_seconds",
            "Seconds from the kubelet seeing a pod to its first settled status",
            pod_start.clone(),
        );
        registry.register(
            "process_cpu_seconds",
            "CPU time of this process",
            cpu_seconds.clone(),
        );
        Arc::new(Self {
            registry,
            running_pods,
            running_containers,
            pod_status_writes,
            pod_status_failures,
            relists,
            pod_start,
            started_pods,
            cpu_seconds,
        })
    }

    /// All of them in Prometheus' text form.
    pub(crate) fn text(&self) -> String {
        self.cpu_seconds.set(process_cpu_seconds());
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// CPU time of this process, in seconds, from the kernel's ticks.
fn process_cpu_seconds() -> f64 {
    /// Ticks a second in `/proc` on every Linux we run on.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The command may hold anything but is closed by the last parenthesis.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks: f64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    ticks / TICKS
}
