//! What a pod asks of the machine, in the kernel's numbers: CPU shares and quota, memory limit, OOM score (upstream:
//! `pkg/kubelet/cm/helpers_linux.go`, `pkg/kubelet/qos/policy.go`).

use std::collections::BTreeMap;

use hydrofoil_api::quantity::Quantity;
use hydrofoil_cri::v1::LinuxContainerResources;
use k8s_openapi::api::core::v1::{Container, Pod};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

const MIN_SHARES: i64 = 2;
const MAX_SHARES: i64 = 262_144;
const SHARES_PER_CPU: i64 = 1024;
/// CFS period in microseconds.
const QUOTA_PERIOD: i64 = 100_000;
const MIN_QUOTA: i64 = 1_000;
const GUARANTEED_OOM_SCORE: i64 = -997;
const BEST_EFFORT_OOM_SCORE: i64 = 1000;

type List = Option<BTreeMap<String, Text>>;

/// Thousandths of a unit; zero when absent or not a quantity.
pub(crate) fn millis(list: &List, name: &str) -> i64 {
    parse(list, name).map_or(0, |quantity| quantity.milli_i64())
}

/// Whole units, rounded up; zero when absent or not a quantity.
pub(crate) fn units(list: &List, name: &str) -> i64 {
    parse(list, name).map_or(0, |quantity| quantity.value_i64())
}

fn parse(list: &List, name: &str) -> Option<Quantity> {
    Quantity::parse(&list.as_ref()?.get(name)?.0).ok()
}

/// What a pod takes of a node's CPU (thousandths) and memory (bytes): the larger of what its containers ask together and what any
/// init container asks beside the sidecars before it, and its overhead.
pub(crate) fn pod_requests(pod: &Pod) -> (i64, i64) {
    let Some(spec) = &pod.spec else { return (0, 0) };
    let of = |container: &Container| {
        let requests = container
            .resources
            .as_ref()
            .map(|resources| &resources.requests);
        requests.map_or((0, 0), |requests| {
            (millis(requests, "cpu"), units(requests, "memory"))
        })
    };
    let add = |a: (i64, i64), b: (i64, i64)| (a.0.saturating_add(b.0), a.1.saturating_add(b.1));
    let mut sidecars = (0, 0);
    let mut peak = (0, 0);
    for container in spec.init_containers.iter().flatten() {
        if container.restart_policy.as_deref() == Some("Always") {
            sidecars = add(sidecars, of(container));
            peak = (peak.0.max(sidecars.0), peak.1.max(sidecars.1));
        } else {
            let here = add(sidecars, of(container));
            peak = (peak.0.max(here.0), peak.1.max(here.1));
        }
    }
    let together = spec.containers.iter().map(of).fold(sidecars, add);
    let mut total = (together.0.max(peak.0), together.1.max(peak.1));
    if let Some(requests) = spec.resources.as_ref().map(|resources| &resources.requests) {
        let own = (millis(requests, "cpu"), units(requests, "memory"));
        total = (
            if own.0 > 0 { own.0 } else { total.0 },
            if own.1 > 0 { own.1 } else { total.1 },
        );
    }
    add(
        total,
        (
            millis(&spec.overhead, "cpu"),
            units(&spec.overhead, "memory"),
        ),
    )
}

fn shares(millis: i64) -> i64 {
    if millis == 0 {
        return MIN_SHARES;
    }
    (millis.saturating_mul(SHARES_PER_CPU) / 1000).clamp(MIN_SHARES, MAX_SHARES)
}

fn quota(millis: i64) -> i64 {
    if millis == 0 {
        return 0;
    }
    (millis.saturating_mul(QUOTA_PERIOD) / 1000).max(MIN_QUOTA)
}

/// A container's resources as CRI takes them.
pub(crate) fn linux(
    pod: &Pod,
    container: &Container,
    memory_capacity: i64,
) -> LinuxContainerResources {
    let empty = None;
    let resources = container.resources.as_ref();
    let limits = resources.map_or(&empty, |resources| &resources.limits);
    let requests = resources.map_or(&empty, |resources| &resources.requests);
    let cpu_limit = millis(limits, "cpu");
    let cpu_request = match millis(requests, "cpu") {
        0 => cpu_limit,
        request => request,
    };
    LinuxContainerResources {
        cpu_period: QUOTA_PERIOD,
        cpu_quota: quota(cpu_limit),
        cpu_shares: shares(cpu_request),
        memory_limit_in_bytes: units(limits, "memory"),
        oom_score_adj: oom_score(pod, units(requests, "memory"), memory_capacity),
        ..LinuxContainerResources::default()
    }
}

fn oom_score(pod: &Pod, memory_request: i64, memory_capacity: i64) -> i64 {
    match pod
        .status
        .as_ref()
        .and_then(|status| status.qos_class.as_deref())
    {
        Some("Guaranteed") => GUARANTEED_OOM_SCORE,
        Some("BestEffort") => BEST_EFFORT_OOM_SCORE,
        _ => {
            let part = 1000_i64.saturating_mul(memory_request) / memory_capacity.max(1);
            let score = 1000 - part;
            // Above every guaranteed container, below every best-effort one.
            score.clamp(1000 + GUARANTEED_OOM_SCORE, BEST_EFFORT_OOM_SCORE - 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(spec: serde_json::Value) -> Pod {
        serde_json::from_value(json!({"spec": spec, "status": {"qosClass": "Burstable"}})).unwrap()
    }

    #[test]
    fn a_container_in_the_kernels_numbers() {
        let pod = pod(json!({"containers": [{"name": "c", "resources": {
            "requests": {"cpu": "250m", "memory": "100Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}}}]}));
        let linux = linux(&pod, &pod.spec.as_ref().unwrap().containers[0], 1000 << 20);
        assert_eq!(linux.cpu_shares, 256);
        assert_eq!(linux.cpu_quota, 50_000);
        assert_eq!(linux.memory_limit_in_bytes, 128 << 20);
        assert_eq!(linux.oom_score_adj, 900);
    }

    #[test]
    fn init_containers_count_when_they_ask_more() {
        let pod = pod(json!({
            "initContainers": [
                {"name": "side", "restartPolicy": "Always", "resources": {"requests": {"cpu": "100m"}}},
                {"name": "init", "resources": {"requests": {"cpu": "2", "memory": "1Mi"}}}],
            "containers": [{"name": "c", "resources": {"requests": {"cpu": "1", "memory": "2Mi"}}}],
            "overhead": {"cpu": "10m"}}));
        assert_eq!(pod_requests(&pod), (2110, 2 << 20));
    }
}
