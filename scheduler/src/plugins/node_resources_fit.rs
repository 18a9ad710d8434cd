//! NodeResourcesFit: what is left on the node must be enough; of those that have enough, the emptier is preferred (LeastAllocated).

use super::{Candidate, Cycle, MAX_SCORE, Reason};

/// Objects to a node with too little left, naming each resource.
pub fn filter(cycle: &Cycle<'_>, candidate: Candidate<'_>, reasons: &mut Vec<Reason>) {
    let (node, state, wants) = (candidate.node, candidate.state, &cycle.pod.requests);
    let count = i64::try_from(state.pods.len()).unwrap_or(i64::MAX);
    if count >= node.max_pods {
        reasons.push(Reason::resolvable("Too many pods"));
    }
    let mut need = |name: &str, wanted: i64, has: i64, used: i64| {
        if wanted > 0 && wanted > has - used {
            // What a node could never give, not even empty, no preemption will free.
            let text = format!("Insufficient {name}");
            reasons.push(if wanted > has {
                Reason::lasting(text)
            } else {
                Reason::resolvable(text)
            });
        }
    };
    need(
        "cpu",
        wants.milli_cpu,
        node.allocatable.milli_cpu,
        state.requested.milli_cpu,
    );
    need(
        "memory",
        wants.memory,
        node.allocatable.memory,
        state.requested.memory,
    );
    let (has, used) = (
        node.allocatable.ephemeral_storage,
        state.requested.ephemeral_storage,
    );
    need("ephemeral-storage", wants.ephemeral_storage, has, used);
    for (name, wanted) in &wants.scalar {
        let has = node.allocatable.scalar.get(name).copied().unwrap_or(0);
        need(
            name,
            *wanted,
            has,
            state.requested.scalar.get(name).copied().unwrap_or(0),
        );
    }
}

/// The share of CPU and memory that would be left, as the mean of both.
pub fn score(cycle: &Cycle<'_>, candidate: Candidate<'_>) -> i64 {
    let (node, state, wants) = (candidate.node, candidate.state, &cycle.pod.assumed);
    let left = |has: i64, used: i64| {
        if has <= 0 || used > has {
            0
        } else {
            (has - used) * MAX_SCORE / has
        }
    };
    let cpu = left(
        node.allocatable.milli_cpu,
        state.assumed.milli_cpu + wants.milli_cpu,
    );
    let memory = left(node.allocatable.memory, state.assumed.memory + wants.memory);
    (cpu + memory) / 2
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::{filter, score};
    use serde_json::{Value, json};

    fn node(name: &str, cpu: &str, pods: &str) -> Value {
        json!({"metadata":{"name":name},"status":{"allocatable":{"cpu":cpu,"memory":"1Gi","pods":pods}}})
    }

    fn wants(uid: &str, cpu: &str, memory: &str) -> Value {
        json!({"metadata":{"uid":uid},"spec":{"containers":[{"resources":{"requests":{"cpu":cpu,"memory":memory}}}]}})
    }

    #[test]
    fn each_missing_resource_is_named() {
        let mut c = cluster(json!([node("a", "2", "1")]));
        place(&mut c, "a", wants("1", "1500m", "1Mi"));
        assert_eq!(
            reasons(filter, &c, &pod(wants("2", "1", "2Gi")), "a"),
            ["Too many pods", "Insufficient cpu", "Insufficient memory"]
        );
        assert_eq!(
            reasons(filter, &c, &pod(wants("2", "500m", "1Mi")), "a"),
            ["Too many pods"]
        );
    }

    #[test]
    fn a_pod_that_asks_for_nothing_fits_a_full_node() {
        let mut c = cluster(json!([node("a", "1", "10")]));
        place(&mut c, "a", wants("1", "1", "1Mi"));
        assert!(reasons(filter, &c, &pod(json!({"spec":{"containers":[{}]}})), "a").is_empty());
    }

    #[test]
    fn the_emptier_node_scores_higher() {
        let mut c = cluster(json!([node("a", "4", "10"), node("b", "4", "10")]));
        place(&mut c, "a", wants("1", "2", "256Mi"));
        let p = pod(wants("2", "1", "256Mi"));
        assert_eq!(raw(score, &c, &p, "a"), (25 + 50) / 2);
        assert_eq!(raw(score, &c, &p, "b"), (75 + 75) / 2);
    }
}
