//! Quality of service: how a pod's requests and limits decide who goes first when a node runs short.
//!
//! Computed once, when the pod is created, and never changed. Source: upstream's `ComputePodQOS`.

use hydrofoil_api::quantity::Quantity;
use serde_json::Value;

use super::super::pod_spec::resources::quantity;
use super::super::value::{entries, get, is_empty, items};

const COMPUTE: [&str; 2] = ["cpu", "memory"];

/// `Guaranteed`, `Burstable` or `BestEffort`.
pub(super) fn class(spec: &Value) -> &'static str {
    let of_pod = get(spec, "resources");
    let mut requests = [Quantity::ZERO; 2];
    let mut limits = [Quantity::ZERO; 2];
    let mut guaranteed = true;
    let mut count = |resources: &Value| {
        let mut limited = [false; 2];
        add(&mut requests, resources, "requests", &mut [false; 2]);
        add(&mut limits, resources, "limits", &mut limited);
        guaranteed &= limited == [true; 2];
    };
    if is_empty(get(of_pod, "requests")) && is_empty(get(of_pod, "limits")) {
        for container in items(spec, "containers")
            .iter()
            .chain(items(spec, "initContainers"))
        {
            count(get(container, "resources"));
        }
    } else {
        count(of_pod);
    }
    let asks = requests.iter().any(|amount| !amount.is_zero());
    let limited = limits.iter().any(|amount| !amount.is_zero());
    match (asks || limited, guaranteed && requests == limits) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

/// Adds the compute resources of one list; those that are there and not zero are noted.
fn add(totals: &mut [Quantity; 2], resources: &Value, list: &str, found: &mut [bool; 2]) {
    for (name, amount) in entries(resources, list) {
        let Some(index) = COMPUTE.iter().position(|known| *known == name) else {
            continue;
        };
        let amount = quantity(amount);
        if amount.signum() > 0 {
            totals[index] = totals[index] + amount;
            found[index] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn classes() {
        let both = json!({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}});
        let cases = [
            (json!({"containers": [{}]}), "BestEffort"),
            (
                json!({"containers": [{"resources": {"requests": {"cpu": "0"}}}]}),
                "BestEffort",
            ),
            (json!({"containers": [{"resources": both}]}), "Guaranteed"),
            (
                json!({"containers": [{"resources": both}, {}]}),
                "Burstable",
            ),
            (
                json!({"containers": [{"resources": both}], "initContainers": [{}]}),
                "Burstable",
            ),
            (
                json!({"containers": [{"resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}}]}),
                "Burstable",
            ),
            (
                json!({"containers": [{"resources": {"limits": {"cpu": "2", "memory": "1"}, "requests": {"cpu": "1", "memory": "1"}}}]}),
                "Burstable",
            ),
            (json!({"resources": both, "containers": [{}]}), "Guaranteed"),
            (
                json!({"containers": [{"resources": {"requests": {"example.com/gpu": "1"}}}]}),
                "BestEffort",
            ),
        ];
        for (spec, expected) in cases {
            assert_eq!(class(&spec), expected, "{spec}");
        }
    }
}
