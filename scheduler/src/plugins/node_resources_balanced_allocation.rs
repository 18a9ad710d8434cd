//! NodeResourcesBalancedAllocation: prefers a node whose CPU and memory would be used to the same share.

use super::{Candidate, Cycle, MAX_SCORE};

/// 100 where both shares are equal, less the further they are apart.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "shares between 0 and 1, made a score of 0 to 100"
)]
pub fn score(cycle: &Cycle<'_>, candidate: Candidate<'_>) -> i64 {
    let (node, state, wants) = (candidate.node, candidate.state, &cycle.pod.requests);
    let share = |has: i64, used: i64| {
        if has <= 0 {
            1.0
        } else {
            (used as f64 / has as f64).min(1.0)
        }
    };
    let cpu = share(
        node.allocatable.milli_cpu,
        state.requested.milli_cpu + wants.milli_cpu,
    );
    let memory = share(
        node.allocatable.memory,
        state.requested.memory + wants.memory,
    );
    // The standard deviation of two values is half their distance.
    let deviation = (cpu - memory).abs() / 2.0;
    ((1.0 - deviation) * MAX_SCORE as f64) as i64
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::score;
    use serde_json::json;

    #[test]
    fn equal_shares_are_best() {
        let c = cluster(
            json!([{"metadata":{"name":"a"},"status":{"allocatable":{"cpu":"4","memory":"4Gi"}}}]),
        );
        let wants = |cpu: &str, memory: &str| {
            pod(
                json!({"spec":{"containers":[{"resources":{"requests":{"cpu":cpu,"memory":memory}}}]}}),
            )
        };
        assert_eq!(raw(score, &c, &wants("1", "1Gi"), "a"), 100);
        assert_eq!(raw(score, &c, &wants("4", "0"), "a"), 50);
    }
}
