//! Which pods go first when there are too many: upstream's order (`ActivePodsWithRanks`), from "not even on a node" to
//! "running well for long".

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::objects::{Meta, Pod};

/// Pods with a smaller number here go before others of the same standing.
pub const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// Chooses `count` of `pods`. `related` are the active pods of all ReplicaSets with the same owner, these included.
pub fn choose(
    pods: Vec<Arc<Pod>>,
    related: &[Arc<Pod>],
    count: usize,
    now: Timestamp,
) -> Vec<Arc<Pod>> {
    if count >= pods.len() {
        return pods;
    }
    let mut on_node: HashMap<&str, usize> = HashMap::new();
    for pod in related.iter().filter(|p| p.is_active()) {
        *on_node.entry(pod.spec.node_name.as_str()).or_default() += 1;
    }
    let mut pods = pods;
    pods.sort_by_cached_key(|pod| {
        let neighbours = on_node.get(pod.spec.node_name.as_str()).copied();
        Rank::of(pod, neighbours.unwrap_or(0), now)
    });
    pods.truncate(count);
    pods
}

/// What decides, in this order; what is smaller goes first.
///
/// Upstream lets the uid decide between pods that became ready at different times of the same order of magnitude, and goes on
/// to compare restarts for those that did at the same time. That is no total order; here the uid decides last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    assigned: bool,
    phase: u8,
    ready: bool,
    cost: i32,
    /// Related pods on the same node: the crowded node gives first.
    neighbours: Reverse<usize>,
    ready_for: i32,
    restarts: Reverse<(i32, i32)>,
    age: i32,
    uid: String,
}

impl Rank {
    fn of(pod: &Pod, neighbours: usize, now: Timestamp) -> Self {
        Self {
            assigned: !pod.spec.node_name.is_empty(),
            phase: phase(pod),
            ready: pod.is_ready(),
            cost: deletion_cost(pod),
            neighbours: Reverse(neighbours),
            ready_for: magnitude(pod.ready_since(), now),
            restarts: Reverse(restarts(pod)),
            age: magnitude(pod.metadata.created(), now),
            uid: pod.metadata.uid().into(),
        }
    }
}

/// The annotation's number; 0 for none and for what cannot be read.
fn deletion_cost(pod: &Pod) -> i32 {
    let text = pod.metadata.annotation(DELETION_COST).unwrap_or_default();
    let well_formed =
        !text.starts_with('+') && (text == "0" || !text.trim_start_matches('-').starts_with('0'));
    text.parse().ok().filter(|_| well_formed).unwrap_or(0)
}

fn phase(pod: &Pod) -> u8 {
    match pod.status.phase.as_str() {
        "Pending" | "" => 0,
        "Running" => 2,
        _ => 1,
    }
}

/// The logarithm of an age to the base 2, so that among pods of about the same age chance decides, and not all of the newest
/// go; -1 for the future, -2 for no time at all.
fn magnitude(since: Option<Timestamp>, now: Timestamp) -> i32 {
    let Some(since) = since else { return -2 };
    let age = now.duration_since(since).as_nanos();
    if age <= 0 {
        return -1;
    }
    i32::try_from(age.unsigned_abs().ilog2()).unwrap_or(i32::MAX)
}

/// The greatest restart count of a container, then of a sidecar.
fn restarts(pod: &Pod) -> (i32, i32) {
    let regular = pod
        .status
        .container_statuses
        .iter()
        .map(|s| s.restart_count)
        .max();
    let is_sidecar = |name: &str| {
        pod.spec
            .init_containers
            .iter()
            .any(|c| c.name == name && c.restart_policy == "Always")
    };
    let sidecars = pod
        .status
        .init_container_statuses
        .iter()
        .filter(|s| is_sidecar(&s.name))
        .map(|s| s.restart_count)
        .max();
    (regular.unwrap_or(0), sidecars.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-01-10T00:00:00Z";

    fn pod(name: &str, rest: &str) -> Arc<Pod> {
        let yaml = format!(
            "{{metadata: {{name: {name}, uid: u-{name}, creationTimestamp: '2026-01-01T00:00:00Z'}}, {rest}}}"
        );
        Arc::new(serde_yaml::from_str(&yaml).unwrap())
    }

    fn ready(since: &str) -> String {
        format!("conditions: [{{type: Ready, status: 'True', lastTransitionTime: '{since}'}}]")
    }

    fn order(pods: &[Arc<Pod>], related: &[Arc<Pod>]) -> Vec<String> {
        // One more than can be chosen, so that the sort takes place.
        let mut all = pods.to_vec();
        all.reverse();
        let mut chosen = Vec::new();
        for count in 1..=all.len() {
            let now = NOW.parse().unwrap();
            let now_chosen = choose(all.clone(), related, count, now);
            for pod in now_chosen {
                let name = pod.metadata.name().to_owned();
                if !chosen.contains(&name) {
                    chosen.push(name);
                }
            }
        }
        chosen
    }

    #[test]
    fn the_least_useful_pod_goes_first() {
        let since = ready("2026-01-02T00:00:00Z");
        let pods = [
            pod("unassigned", "status: {phase: Pending}"),
            pod("pending", "spec: {nodeName: k}, status: {phase: Pending}"),
            pod("unknown", "spec: {nodeName: k}, status: {phase: Unknown}"),
            pod("unready", "spec: {nodeName: k}, status: {phase: Running}"),
            pod(
                "young",
                &format!(
                    "spec: {{nodeName: k}}, status: {{phase: Running, {}}}",
                    ready("2026-01-09T23:59:00Z")
                ),
            ),
            pod(
                "flaky",
                &format!(
                    "spec: {{nodeName: k}}, status: {{phase: Running, {since}, containerStatuses: [{{name: c, restartCount: 3}}]}}"
                ),
            ),
            pod(
                "old",
                &format!("spec: {{nodeName: k}}, status: {{phase: Running, {since}}}"),
            ),
        ];
        assert_eq!(
            order(&pods, &[]),
            [
                "unassigned",
                "pending",
                "unknown",
                "unready",
                "young",
                "flaky",
                "old"
            ]
        );
    }

    #[test]
    fn cost_beats_crowding_and_crowding_beats_age() {
        let running = |node: &str| {
            format!(
                "spec: {{nodeName: {node}}}, status: {{phase: Running, {}}}",
                ready("2026-01-02T00:00:00Z")
            )
        };
        let with_cost = |name: &str, cost: &str| {
            let yaml = format!(
                "{{metadata: {{name: {name}, uid: u-{name}, annotations: {{{DELETION_COST}: '{cost}'}}}}, {}}}",
                running("quiet")
            );
            Arc::new(serde_yaml::from_str::<Pod>(&yaml).unwrap())
        };
        let pods = [
            with_cost("cheap", "-5"),
            pod("crowded", &running("busy")),
            pod("alone", &running("quiet")),
            with_cost("dear", "10"),
        ];
        let related = [
            pod("r1", &running("busy")),
            pod("r2", &running("busy")),
            pod("r3", &running("quiet")),
        ];
        assert_eq!(
            order(&pods, &related),
            ["cheap", "crowded", "alone", "dear"]
        );
        assert_eq!(deletion_cost(&with_cost("x", "+5")), 0);
        assert_eq!(deletion_cost(&with_cost("x", "007")), 0);
        assert_eq!(deletion_cost(&with_cost("x", "-7")), -7);
    }
}
