//! Whether this node has room for a pod that was bound to it, with upstream's reasons (`pkg/kubelet/lifecycle/predicate.go`).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Pod;

use super::machine::Failure;

/// What pods ask for together, and what a node has for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    pub cpu_millis: i64,
    pub memory_bytes: i64,
    pub pods: i64,
}

impl Amount {
    /// What one pod asks for.
    pub(crate) fn of(pod: &Pod) -> Self {
        let (cpu_millis, memory_bytes) = super::resources::pod_requests(pod);
        Self {
            cpu_millis,
            memory_bytes,
            pods: 1,
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.cpu_millis = self.cpu_millis.saturating_add(other.cpu_millis);
        self.memory_bytes = self.memory_bytes.saturating_add(other.memory_bytes);
        self.pods += other.pods;
    }

    pub(crate) fn sub(&mut self, other: Self) {
        self.cpu_millis = self.cpu_millis.saturating_sub(other.cpu_millis);
        self.memory_bytes = self.memory_bytes.saturating_sub(other.memory_bytes);
        self.pods -= other.pods;
    }
}

/// Takes the pod, or says why not.
pub(crate) fn admit(
    pod: &Pod,
    asked: Amount,
    used: Amount,
    capacity: Amount,
    labels: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    let selector = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.node_selector.as_ref());
    if selector.is_some_and(|wanted| {
        wanted
            .iter()
            .any(|(key, value)| labels.get(key) != Some(value))
    }) {
        return Err(Failure::new(
            "NodeAffinity",
            "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
        ));
    }
    let checks = [
        ("pods", asked.pods, used.pods, capacity.pods),
        (
            "cpu",
            asked.cpu_millis,
            used.cpu_millis,
            capacity.cpu_millis,
        ),
        (
            "memory",
            asked.memory_bytes,
            used.memory_bytes,
            capacity.memory_bytes,
        ),
    ];
    for (name, asked, used, capacity) in checks {
        if asked > 0 && used.saturating_add(asked) > capacity {
            return Err(Failure::new(
                format!("OutOf{name}"),
                format!(
                    "Node didn't have enough resource: {name}, requested: {asked}, used: {used}, capacity: {capacity}"
                ),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const CAPACITY: Amount = Amount {
        cpu_millis: 1000,
        memory_bytes: 1 << 30,
        pods: 2,
    };

    fn refusal(spec: serde_json::Value, used: Amount) -> Option<(String, String)> {
        let pod: Pod = serde_json::from_value(json!({"spec": spec})).unwrap();
        let labels = [("kubernetes.io/os".to_owned(), "linux".to_owned())].into();
        admit(&pod, Amount::of(&pod), used, CAPACITY, &labels)
            .err()
            .map(|failure| (failure.reason, failure.message))
    }

    #[test]
    fn a_full_node_says_what_it_lacks() {
        let spec =
            json!({"containers": [{"name": "c", "resources": {"requests": {"cpu": "300m"}}}]});
        let used = Amount {
            cpu_millis: 800,
            memory_bytes: 0,
            pods: 1,
        };
        assert_eq!(refusal(spec.clone(), Amount::default()), None);
        let (reason, message) = refusal(spec.clone(), used).unwrap();
        assert_eq!(reason, "OutOfcpu");
        assert_eq!(
            message,
            "Node didn't have enough resource: cpu, requested: 300, used: 800, capacity: 1000"
        );
        let full = Amount { pods: 2, ..used };
        assert_eq!(refusal(spec, full).unwrap().0, "OutOfpods");
    }

    #[test]
    fn what_asks_nothing_fits_where_nothing_is_left() {
        let used = Amount {
            cpu_millis: 1000,
            memory_bytes: 1 << 30,
            pods: 1,
        };
        assert_eq!(refusal(json!({"containers": [{"name": "c"}]}), used), None);
    }

    #[test]
    fn the_node_must_carry_the_labels_asked_for() {
        let spec = json!({"containers": [], "nodeSelector": {"kubernetes.io/os": "windows"}});
        assert_eq!(refusal(spec, Amount::default()).unwrap().0, "NodeAffinity");
    }
}
