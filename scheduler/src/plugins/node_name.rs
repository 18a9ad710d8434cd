//! NodeName: a pod that names its node goes nowhere else.

use super::{Candidate, Cycle, Reason};

/// Objects to every node but the one that the pod names.
pub fn filter(cycle: &Cycle<'_>, candidate: Candidate<'_>, reasons: &mut Vec<Reason>) {
    let wanted = &cycle.pod.spec.node_name;
    if !wanted.is_empty() && *wanted != candidate.node.name {
        reasons.push(Reason::lasting(
            "node(s) didn't match the requested node name",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::filter;
    use serde_json::json;

    #[test]
    fn only_the_named_node_will_do() {
        let c = cluster(json!([{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]));
        let p = pod(json!({"spec":{"nodeName":"b"}}));
        assert_eq!(reasons(filter, &c, &p, "a").len(), 1);
        assert!(reasons(filter, &c, &p, "b").is_empty());
    }
}
