//! NodeUnschedulable: a cordoned node takes only pods that tolerate the taint of the same meaning.

use k8s_openapi::api::core::v1::Taint;

use super::{Candidate, Cycle, Reason, taint_toleration};

/// The taint that stands for `spec.unschedulable`.
const TAINT: &str = "node.kubernetes.io/unschedulable";

/// Objects to a cordoned node.
pub fn filter(cycle: &Cycle<'_>, candidate: Candidate<'_>, reasons: &mut Vec<Reason>) {
    if !candidate.node.unschedulable {
        return;
    }
    let taint = Taint {
        key: TAINT.into(),
        effect: "NoSchedule".into(),
        value: None,
        time_added: None,
    };
    if !taint_toleration::tolerated(&cycle.pod.spec.tolerations, &taint) {
        reasons.push(Reason::lasting("node(s) were unschedulable"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::filter;
    use serde_json::json;

    #[test]
    fn a_cordoned_node_takes_only_pods_that_tolerate_it() {
        let c = cluster(json!([{"metadata":{"name":"a"},"spec":{"unschedulable":true}}]));
        assert_eq!(
            reasons(filter, &c, &pod(json!({})), "a"),
            ["node(s) were unschedulable"]
        );
        let tolerant = pod(
            json!({"spec":{"tolerations":[{"key":"node.kubernetes.io/unschedulable","operator":"Exists"}]}}),
        );
        assert!(reasons(filter, &c, &tolerant, "a").is_empty());
    }
}
