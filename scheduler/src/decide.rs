//! The decision: where one pod goes, given the cluster as it is. A plain function over plain values.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rand::Rng;

use crate::cluster::{Cluster, NodeState};
use crate::model::{NodeInfo, PodInfo};
use crate::plugins::{Candidate, Cycle, FILTERS, Reason, SCORES};

/// In a cluster with fewer nodes than this every node is looked at (upstream: `minFeasibleNodesToFind`).
const LOOK_AT_LEAST: usize = 100;
/// However large the cluster, this share of it is looked at (upstream: `minFeasibleNodesPercentageToFind`).
const LOOK_AT_LEAST_PERCENT: usize = 5;

/// A pod that a preemption made room for on a node, and that is not there yet.
pub type Nominated = BTreeMap<String, Vec<Arc<PodInfo>>>;

/// What became of a pod's turn.
#[derive(Debug)]
pub enum Decision {
    /// It goes there.
    Place(String),
    /// No node will do.
    Unfit(Unfit),
}

/// Why no node will do. Shown, it reads as upstream's message does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unfit {
    /// How many nodes there are.
    pub nodes: usize,
    /// How many nodes each reason was given for.
    pub reasons: BTreeMap<String, usize>,
    /// Nodes that might do if pods were taken off them.
    pub resolvable: Vec<String>,
}

impl Unfit {
    /// Counts the reasons against one node.
    pub fn note(&mut self, node: &str, reasons: &[Reason]) {
        if reasons.iter().all(|r| r.resolvable) {
            self.resolvable.push(node.to_owned());
        }
        for reason in reasons {
            *self.reasons.entry(reason.text.clone()).or_default() += 1;
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nodes == 0 {
            return write!(f, "no nodes available to schedule pods");
        }
        let mut reasons: Vec<String> = self
            .reasons
            .iter()
            .map(|(text, count)| format!("{count} {text}"))
            .collect();
        reasons.sort();
        write!(
            f,
            "0/{} nodes are available: {}.",
            self.nodes,
            reasons.join(", ")
        )
    }
}

/// Decides where `pod` goes. `start` is the node to begin with, moved on so that in a large cluster all nodes have their turn.
pub fn decide(
    cluster: &Cluster,
    pod: &PodInfo,
    nominated: &Nominated,
    start: &mut usize,
    rng: &mut impl Rng,
) -> Decision {
    let nodes: Vec<_> = cluster.nodes().collect();
    let mut unfit = Unfit {
        nodes: nodes.len(),
        ..Default::default()
    };
    if nodes.is_empty() {
        return Decision::Unfit(unfit);
    }
    let cycle = Cycle::new(cluster, pod);
    let enough = enough_nodes(nodes.len());
    let mut feasible: Vec<Candidate<'_>> = Vec::new();
    let first = *start % nodes.len();
    let mut looked = 0;
    for (info, state) in nodes[first..].iter().chain(&nodes[..first]) {
        looked += 1;
        match check(&cycle, info, state, nominated) {
            Ok(()) => feasible.push(Candidate { node: info, state }),
            Err(reasons) => unfit.note(&info.name, &reasons),
        }
        if feasible.len() >= enough {
            break;
        }
    }
    *start = (first + looked) % nodes.len();
    match feasible.as_slice() {
        [] => Decision::Unfit(unfit),
        [only] => Decision::Place(only.node.name.clone()),
        several => Decision::Place(best(&cycle, several, rng)),
    }
}

/// How many feasible nodes are enough: all of a small cluster, a falling share of a large one.
fn enough_nodes(nodes: usize) -> usize {
    if nodes < LOOK_AT_LEAST {
        return nodes;
    }
    let percent = 50_usize
        .saturating_sub(nodes / 125)
        .max(LOOK_AT_LEAST_PERCENT);
    (nodes * percent / 100).max(LOOK_AT_LEAST)
}

/// Runs the filters for one node, counting as there those that have been promised room on it and are no less important.
fn check(
    cycle: &Cycle<'_>,
    info: &NodeInfo,
    state: &NodeState,
    nominated: &Nominated,
) -> Result<(), Vec<Reason>> {
    let promised = nominated
        .get(&info.name)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let important = |p: &&Arc<PodInfo>| {
        p.key.uid != cycle.pod.key.uid && p.spec.priority >= cycle.pod.spec.priority
    };
    if promised.iter().any(|p| important(&p)) {
        let mut with = state.clone();
        for pod in promised.iter().filter(important) {
            with.add(pod.clone());
        }
        run_filters(
            cycle,
            Candidate {
                node: info,
                state: &with,
            },
        )?;
    }
    run_filters(cycle, Candidate { node: info, state })
}

/// All filters for one node; the reasons of the first that objects.
pub fn run_filters(cycle: &Cycle<'_>, candidate: Candidate<'_>) -> Result<(), Vec<Reason>> {
    let mut reasons = Vec::new();
    for filter in FILTERS {
        (filter.check)(cycle, candidate, &mut reasons);
        if !reasons.is_empty() {
            return Err(reasons);
        }
    }
    Ok(())
}

/// The node with the highest weighted score; one of them by chance where several have it.
fn best(cycle: &Cycle<'_>, candidates: &[Candidate<'_>], rng: &mut impl Rng) -> String {
    let mut totals = vec![0_i64; candidates.len()];
    let mut raw = vec![0_i64; candidates.len()];
    for plugin in SCORES {
        for (score, candidate) in raw.iter_mut().zip(candidates) {
            *score = (plugin.score)(cycle, *candidate);
        }
        plugin.normalize.apply(&mut raw);
        for (total, score) in totals.iter_mut().zip(&raw) {
            *total += score * plugin.weight;
        }
    }
    let highest = totals.iter().copied().max().unwrap_or(0);
    let winners: Vec<usize> = (0..totals.len())
        .filter(|i| totals[*i] == highest)
        .collect();
    candidates[winners[rng.random_range(0..winners.len())]]
        .node
        .name
        .clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::fixture::*;
    use rand::SeedableRng as _;
    use serde_json::{Value, json};

    fn node(name: &str, cpu: &str) -> Value {
        json!({"metadata":{"name":name},"status":{"allocatable":{"cpu":cpu,"memory":"8Gi","pods":"110"}}})
    }

    fn wants(uid: &str, cpu: &str, priority: i32) -> Value {
        json!({"metadata":{"name":uid,"namespace":"d","uid":uid},"spec":{"priority":priority,"containers":[{"resources":{"requests":{"cpu":cpu}}}]}})
    }

    fn run(cluster: &Cluster, pod: &PodInfo, nominated: &Nominated) -> Decision {
        decide(
            cluster,
            pod,
            nominated,
            &mut 0,
            &mut rand::rngs::SmallRng::seed_from_u64(1),
        )
    }

    #[test]
    fn a_pod_goes_where_there_is_room_and_then_where_there_is_more() {
        let mut c = cluster(json!([node("a", "1"), node("b", "4"), node("c", "8")]));
        place(&mut c, "c", wants("x", "500m", 0));
        let Decision::Place(name) = run(&c, &pod(wants("1", "3", 0)), &Nominated::new()) else {
            panic!("it fits")
        };
        assert_eq!(name, "c");
    }

    #[test]
    fn the_message_counts_and_sorts_reasons_as_upstream_does() {
        let mut c = cluster(json!([node("a", "1"), node("b", "1")]));
        c.set_node(NodeInfo {
            name: "c".into(),
            unschedulable: true,
            ..Default::default()
        });
        let Decision::Unfit(unfit) = run(&c, &pod(wants("1", "2", 0)), &Nominated::new()) else {
            panic!("it does not fit")
        };
        assert_eq!(
            unfit.to_string(),
            "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu."
        );
        assert!(
            unfit.resolvable.is_empty(),
            "an empty node that is too small stays too small"
        );
        let Decision::Unfit(none) = run(
            &Cluster::default(),
            &pod(wants("1", "1", 0)),
            &Nominated::new(),
        ) else {
            panic!("no nodes")
        };
        assert_eq!(none.to_string(), "no nodes available to schedule pods");
    }

    #[test]
    fn room_that_was_promised_to_a_more_important_pod_is_not_given_away() {
        let c = cluster(json!([node("a", "1")]));
        let nominated: Nominated =
            [("a".to_owned(), vec![Arc::new(pod(wants("vip", "1", 10)))])].into();
        assert!(matches!(
            run(&c, &pod(wants("1", "1", 0)), &nominated),
            Decision::Unfit(_)
        ));
        assert!(matches!(
            run(&c, &pod(wants("2", "1", 20)), &nominated),
            Decision::Place(_)
        ));
        assert!(matches!(
            run(&c, &pod(wants("vip", "1", 10)), &nominated),
            Decision::Place(_)
        ));
    }

    #[test]
    fn a_large_cluster_is_sampled_in_turn() {
        assert_eq!(enough_nodes(99), 99);
        assert_eq!(enough_nodes(100), 100);
        assert_eq!(enough_nodes(1000), 420);
        assert_eq!(enough_nodes(10_000), 500);
    }
}
