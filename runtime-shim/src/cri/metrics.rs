//! ListMetricDescriptors, ListPodSandboxMetrics: what cAdvisor tells of containers, by its names (KEP-2371), and what only a runtime of
//! Wasm knows: the requests that a pod has answered.
//!
//! A containerd that has no metrics (before 2.1) leaves this runtime without, too: a list of some pods would say that the others use
//! nothing.
//!
//! Values are whole numbers in CRI, so that times which are short are in milliseconds under names of their own.

use std::sync::Arc;

use hydrofoil_cri::v1::{
    ContainerMetrics, ListMetricDescriptorsRequest, ListMetricDescriptorsResponse,
    ListPodSandboxMetricsRequest, ListPodSandboxMetricsResponse, Metric, MetricDescriptor,
    MetricType, PodSandboxMetrics, UInt64Value,
};

use super::{CriResult, Runtime};
use crate::clock;
use crate::guest::http::BOUNDS;
use crate::state::{Container, ContainerPhase, Sandbox};

/// The one interface that a pod's traffic is told of, by the name that it has everywhere.
pub(super) const INTERFACE: &str = "eth0";

const REQUESTS: &str = "hydrofoil_http_requests_total";
const FAILURES: &str = "hydrofoil_http_request_failures_total";
const DURATION_BUCKET: &str = "hydrofoil_http_request_duration_milliseconds_bucket";
const DURATION_SUM: &str = "hydrofoil_http_request_duration_milliseconds_sum";
const DURATION_COUNT: &str = "hydrofoil_http_request_duration_milliseconds_count";
const CPU: &str = "container_cpu_usage_seconds_total";
const MEMORY: &str = "container_memory_usage_bytes";
const WORKING_SET: &str = "container_memory_working_set_bytes";
const MEMORY_LIMIT: &str = "container_spec_memory_limit_bytes";
const CPU_QUOTA: &str = "container_spec_cpu_quota";
const CPU_PERIOD: &str = "container_spec_cpu_period";
const CPU_SHARES: &str = "container_spec_cpu_shares";
const STARTED: &str = "container_start_time_seconds";
const SEEN: &str = "container_last_seen";
const RECEIVED: &str = "container_network_receive_bytes_total";
const SENT: &str = "container_network_transmit_bytes_total";

/// Labels of a container's metrics, as cAdvisor has them, in their order.
const CONTAINER_LABELS: [&str; 6] = ["id", "name", "image", "container", "namespace", "pod"];
/// Labels of a pod's traffic.
const POD_LABELS: [&str; 4] = ["id", "namespace", "pod", "interface"];

/// Name, help, kind of each of a container's metrics. A bucket has one more label, `le`.
const OF_CONTAINERS: [(&str, &str, MetricType); 14] = [
    (CPU, "CPU time used, in seconds.", MetricType::Counter),
    (MEMORY, "Memory in use, in bytes.", MetricType::Gauge),
    (
        WORKING_SET,
        "Memory that cannot be taken back, in bytes.",
        MetricType::Gauge,
    ),
    (
        MEMORY_LIMIT,
        "Limit of memory in bytes; 0 is none.",
        MetricType::Gauge,
    ),
    (
        CPU_QUOTA,
        "CPU time in each period, in microseconds.",
        MetricType::Gauge,
    ),
    (
        CPU_PERIOD,
        "Period of the CPU quota, in microseconds.",
        MetricType::Gauge,
    ),
    (
        CPU_SHARES,
        "Weight among those who want CPU time.",
        MetricType::Gauge,
    ),
    (
        STARTED,
        "When it was started, in seconds since 1970.",
        MetricType::Gauge,
    ),
    (
        SEEN,
        "When it was last looked at, in seconds since 1970.",
        MetricType::Gauge,
    ),
    (
        REQUESTS,
        "HTTP requests answered by a container, or for it.",
        MetricType::Counter,
    ),
    (
        FAILURES,
        "HTTP requests answered for a container that could not.",
        MetricType::Counter,
    ),
    (
        DURATION_BUCKET,
        "Time to the head of an answer, in milliseconds.",
        MetricType::Counter,
    ),
    (
        DURATION_SUM,
        "Time to the heads of all answers, in milliseconds.",
        MetricType::Counter,
    ),
    (
        DURATION_COUNT,
        "Answers whose time was taken.",
        MetricType::Counter,
    ),
];

/// The same of pods.
const OF_PODS: [(&str, &str, MetricType); 2] = [
    (RECEIVED, "Bytes received.", MetricType::Counter),
    (SENT, "Bytes sent.", MetricType::Counter),
];

impl Runtime {
    /// What metrics there are, ours and containerd's.
    pub async fn list_metric_descriptors(
        self: &Arc<Self>,
        request: ListMetricDescriptorsRequest,
    ) -> CriResult<ListMetricDescriptorsResponse> {
        let describe = |name: &str, help: &str, labels: &[&str]| MetricDescriptor {
            name: name.to_owned(),
            help: help.to_owned(),
            label_keys: labels.iter().map(ToString::to_string).collect(),
        };
        let of_containers = OF_CONTAINERS.iter().map(|(name, help, _)| {
            let mut labels = CONTAINER_LABELS.to_vec();
            if *name == DURATION_BUCKET {
                labels.push("le");
            }
            describe(name, help, &labels)
        });
        let of_pods = OF_PODS
            .iter()
            .map(|(name, help, _)| describe(name, help, &POD_LABELS));
        let mut descriptors: Vec<MetricDescriptor> = of_containers.chain(of_pods).collect();
        if let Some(containerd) = &self.containerd {
            let mut client = containerd.runtime();
            let theirs = containerd.ask(client.list_metric_descriptors(request));
            for their in theirs.await?.descriptors {
                // Of one name there is one description.
                if descriptors.iter().all(|ours| ours.name != their.name) {
                    descriptors.push(their);
                }
            }
        }
        Ok(ListMetricDescriptorsResponse { descriptors })
    }

    /// The metrics of all pods, ours and containerd's.
    pub async fn list_pod_sandbox_metrics(
        self: &Arc<Self>,
        _request: ListPodSandboxMetricsRequest,
    ) -> CriResult<ListPodSandboxMetricsResponse> {
        Ok(ListPodSandboxMetricsResponse {
            pod_metrics: self.all_metrics().await?,
        })
    }

    /// The same as a list.
    pub(super) async fn all_metrics(&self) -> CriResult<Vec<PodSandboxMetrics>> {
        let sandboxes: Vec<Arc<Sandbox>> = self.index.lock().sandboxes().cloned().collect();
        let mut all: Vec<PodSandboxMetrics> = sandboxes
            .iter()
            .map(|sandbox| self.metrics_of(sandbox))
            .collect();
        if let Some(containerd) = &self.containerd {
            let mut client = containerd.runtime();
            let request = ListPodSandboxMetricsRequest {};
            let theirs = containerd.ask(client.list_pod_sandbox_metrics(request));
            all.append(&mut theirs.await?.pod_metrics);
        }
        Ok(all)
    }

    fn metrics_of(&self, sandbox: &Sandbox) -> PodSandboxMetrics {
        let now = clock::now_nanos();
        let containers = self.index.lock().containers_of(&sandbox.id);
        let metadata = sandbox.metadata();
        let (received, sent) = traffic(&containers);
        let labels =
            [&sandbox.id, &metadata.namespace, &metadata.name, INTERFACE].map(ToOwned::to_owned);
        let metrics = [received, sent].into_iter().zip(OF_PODS);
        let metrics =
            metrics.map(|(value, (name, _, kind))| metric(name, kind, now, &labels, value));
        let running = containers
            .iter()
            .filter(|container| matches!(container.phase(), ContainerPhase::Running { .. }));
        PodSandboxMetrics {
            pod_sandbox_id: sandbox.id.clone(),
            metrics: metrics.collect(),
            container_metrics: running
                .map(|container| ContainerMetrics {
                    container_id: container.id.clone(),
                    metrics: of_container(sandbox, container, now),
                })
                .collect(),
        }
    }
}

/// Bytes (received, sent) of all of a pod's containers, those that have ended among them.
pub(super) fn traffic(containers: &[Arc<Container>]) -> (u64, u64) {
    let bytes = containers.iter().map(|container| container.traffic.bytes());
    bytes.fold((0, 0), |(received, sent), (more, also)| {
        (received + more, sent + also)
    })
}

fn of_container(sandbox: &Sandbox, container: &Container, now: i64) -> Vec<Metric> {
    let pod = sandbox.metadata();
    let (_, name, _) = container.key();
    let image = container.config.image.as_ref();
    let labels = [
        container.id.clone(),
        container.id.clone(),
        image.map(|image| image.image.clone()).unwrap_or_default(),
        name,
        pod.namespace,
        pod.name,
    ];
    let seconds = |nanos: i64| u64::try_from(nanos / 1_000_000_000).unwrap_or(0);
    let started = match container.phase() {
        ContainerPhase::Running { started_at } => started_at,
        ContainerPhase::Created | ContainerPhase::Exited { .. } => 0,
    };
    let resources = container.resources.lock().clone().unwrap_or_default();
    let number = |value: i64| u64::try_from(value).unwrap_or(0);
    let used = container.budget.used();
    let served = container.served.counts();
    let mut metrics = Vec::with_capacity(OF_CONTAINERS.len() + BOUNDS.len());
    for (name, _, kind) in OF_CONTAINERS {
        let value = match name {
            CPU => container.meter.cpu_nanos() / 1_000_000_000,
            MEMORY | WORKING_SET => used,
            MEMORY_LIMIT => container.budget.limit().unwrap_or(0),
            CPU_QUOTA => number(resources.cpu_quota),
            CPU_PERIOD => number(resources.cpu_period),
            CPU_SHARES => number(resources.cpu_shares),
            STARTED => seconds(started),
            SEEN => seconds(now),
            REQUESTS | DURATION_COUNT => served.requests,
            FAILURES => served.failures,
            DURATION_SUM => served.millis,
            _ => {
                let bounds = BOUNDS.iter().map(ToString::to_string);
                let within = bounds.zip(served.within);
                for (bound, value) in within.chain([("+Inf".to_owned(), served.requests)]) {
                    let labels = [&labels[..], &[bound]].concat();
                    metrics.push(metric(name, kind, now, &labels, value));
                }
                continue;
            }
        };
        metrics.push(metric(name, kind, now, &labels, value));
    }
    metrics
}

fn metric(name: &str, kind: MetricType, now: i64, labels: &[String], value: u64) -> Metric {
    Metric {
        name: name.to_owned(),
        timestamp: now,
        metric_type: kind.into(),
        label_values: labels.to_vec(),
        value: Some(UInt64Value { value }),
    }
}
