//! Filter and score plugins, one file each under upstream's name, and the two tables that say which run in what order.
//!
//! A plugin is a function over a [`Cycle`] (one pod, the cluster, what was prepared for both) and one node. It waits for nothing
//! and changes nothing.

pub mod image_locality;
pub mod inter_pod_affinity;
pub mod node_affinity;
pub mod node_name;
pub mod node_ports;
pub mod node_resources_balanced_allocation;
pub mod node_resources_fit;
pub mod node_unschedulable;
pub mod pod_topology_spread;
pub mod taint_toleration;

use crate::cluster::{Cluster, NodeState};
use crate::model::{NodeInfo, PodInfo};

/// The best score that a plugin gives a node; the worst is 0.
pub const MAX_SCORE: i64 = 100;

/// Why a node does not do, in upstream's words, which users read in `kubectl describe pod`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The words.
    pub text: String,
    /// Whether taking pods off the node could change it: if not, preemption does not try.
    pub resolvable: bool,
}

impl Reason {
    /// A reason that goes away when pods do.
    pub fn resolvable(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            resolvable: true,
        }
    }

    /// A reason that stays, whatever pods are removed.
    pub fn lasting(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            resolvable: false,
        }
    }
}

/// One pod's turn: what is the same for every node.
pub struct Cycle<'a> {
    /// The pod to place.
    pub pod: &'a PodInfo,
    /// The cluster as it is.
    pub cluster: &'a Cluster,
    spread: pod_topology_spread::Prepared,
    affinity: inter_pod_affinity::Prepared,
    node_affinity: node_affinity::Prepared,
}

impl<'a> Cycle<'a> {
    /// Prepares what the plugins need to know of all nodes.
    pub fn new(cluster: &'a Cluster, pod: &'a PodInfo) -> Self {
        let node_affinity = node_affinity::Prepared::new(pod);
        Self {
            spread: pod_topology_spread::Prepared::new(cluster, pod, &node_affinity),
            affinity: inter_pod_affinity::Prepared::new(cluster, pod),
            node_affinity,
            pod,
            cluster,
        }
    }
}

/// A node in a cycle.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// The node.
    pub node: &'a NodeInfo,
    /// What is on it.
    pub state: &'a NodeState,
}

/// A plugin that says whether a pod may run on a node; all its reasons if not.
pub struct Filter {
    /// Upstream's name.
    pub name: &'static str,
    /// Adds the reasons against the node.
    pub check: fn(&Cycle<'_>, Candidate<'_>, &mut Vec<Reason>),
}

/// How raw scores of all nodes become 0 to [`MAX_SCORE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalize {
    /// They are already.
    No,
    /// The largest becomes [`MAX_SCORE`].
    Largest,
    /// The largest becomes 0, none becomes [`MAX_SCORE`].
    LargestIsWorst,
    /// The range between smallest and largest is spread out.
    Range,
    /// As `Range`, with the smallest best.
    RangeSmallestBest,
}

/// A plugin that prefers some nodes to others.
pub struct Score {
    /// Upstream's name.
    pub name: &'static str,
    /// Upstream's default weight.
    pub weight: i64,
    /// The raw score of a node.
    pub score: fn(&Cycle<'_>, Candidate<'_>) -> i64,
    /// What makes raw scores comparable.
    pub normalize: Normalize,
}

/// Filters, in upstream's order: the first that objects ends the node's turn.
pub static FILTERS: &[Filter] = &[
    Filter {
        name: "NodeUnschedulable",
        check: node_unschedulable::filter,
    },
    Filter {
        name: "NodeName",
        check: node_name::filter,
    },
    Filter {
        name: "TaintToleration",
        check: taint_toleration::filter,
    },
    Filter {
        name: "NodeAffinity",
        check: node_affinity::filter,
    },
    Filter {
        name: "NodePorts",
        check: node_ports::filter,
    },
    Filter {
        name: "NodeResourcesFit",
        check: node_resources_fit::filter,
    },
    Filter {
        name: "PodTopologySpread",
        check: pod_topology_spread::filter,
    },
    Filter {
        name: "InterPodAffinity",
        check: inter_pod_affinity::filter,
    },
];

/// Scores, with upstream's default weights.
pub static SCORES: &[Score] = &[
    Score {
        name: "TaintToleration",
        weight: 3,
        score: taint_toleration::score,
        normalize: Normalize::LargestIsWorst,
    },
    Score {
        name: "NodeAffinity",
        weight: 2,
        score: node_affinity::score,
        normalize: Normalize::Largest,
    },
    Score {
        name: "NodeResourcesFit",
        weight: 1,
        score: node_resources_fit::score,
        normalize: Normalize::No,
    },
    Score {
        name: "PodTopologySpread",
        weight: 2,
        score: pod_topology_spread::score,
        normalize: Normalize::RangeSmallestBest,
    },
    Score {
        name: "InterPodAffinity",
        weight: 2,
        score: inter_pod_affinity::score,
        normalize: Normalize::Range,
    },
    Score {
        name: "NodeResourcesBalancedAllocation",
        weight: 1,
        score: node_resources_balanced_allocation::score,
        normalize: Normalize::No,
    },
    Score {
        name: "ImageLocality",
        weight: 1,
        score: image_locality::score,
        normalize: Normalize::No,
    },
];

impl Normalize {
    /// Makes the raw scores of all nodes comparable, in place.
    pub fn apply(self, scores: &mut [i64]) {
        let largest = scores.iter().copied().max().unwrap_or(0);
        let smallest = scores.iter().copied().min().unwrap_or(0);
        for score in scores {
            *score = match self {
                Normalize::No => *score,
                Normalize::Largest if largest == 0 => 0,
                Normalize::Largest => *score * MAX_SCORE / largest,
                Normalize::LargestIsWorst if largest == 0 => MAX_SCORE,
                Normalize::LargestIsWorst => MAX_SCORE - *score * MAX_SCORE / largest,
                Normalize::Range if largest == smallest => 0,
                Normalize::Range => (*score - smallest) * MAX_SCORE / (largest - smallest),
                Normalize::RangeSmallestBest if largest == 0 => MAX_SCORE,
                Normalize::RangeSmallestBest => MAX_SCORE * (largest + smallest - *score) / largest,
            };
        }
    }
}

#[cfg(test)]
pub(crate) mod fixture {
    //! Clusters and pods for plugin tests, from JSON.
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::model::wire;

    pub fn pod(json: Value) -> PodInfo {
        PodInfo::new(serde_json::from_value::<wire::Pod>(json).expect("a pod"))
    }

    pub fn cluster(nodes: Value) -> Cluster {
        let mut cluster = Cluster::default();
        let nodes: Vec<wire::Node> = serde_json::from_value(nodes).expect("nodes");
        for node in nodes {
            cluster.set_node(node.into());
        }
        cluster
    }

    pub fn place(cluster: &mut Cluster, node: &str, json: Value) {
        cluster.place(node, Arc::new(pod(json)));
    }

    /// The reasons against a node from one filter.
    pub fn reasons(
        filter: fn(&Cycle<'_>, Candidate<'_>, &mut Vec<Reason>),
        cluster: &Cluster,
        pod: &PodInfo,
        node: &str,
    ) -> Vec<String> {
        let cycle = Cycle::new(cluster, pod);
        let (info, state) = cluster.node(node).expect("the node exists");
        let mut reasons = Vec::new();
        filter(&cycle, Candidate { node: info, state }, &mut reasons);
        reasons.into_iter().map(|r| r.text).collect()
    }

    /// A score plugin's raw score for a node.
    pub fn raw(
        score: fn(&Cycle<'_>, Candidate<'_>) -> i64,
        cluster: &Cluster,
        pod: &PodInfo,
        node: &str,
    ) -> i64 {
        let (info, state) = cluster.node(node).expect("the node exists");
        score(&Cycle::new(cluster, pod), Candidate { node: info, state })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalized_scores_stay_in_range_and_in_order() {
        for (how, raw, expected) in [
            (Normalize::Largest, [0, 5, 10], [0, 50, 100]),
            (Normalize::LargestIsWorst, [0, 5, 10], [100, 50, 0]),
            (Normalize::Range, [-10, 0, 10], [0, 50, 100]),
            (Normalize::Range, [7, 7, 7], [0, 0, 0]),
            (Normalize::RangeSmallestBest, [0, 5, 10], [100, 50, 0]),
            (Normalize::RangeSmallestBest, [0, 0, 0], [100, 100, 100]),
        ] {
            let mut scores = raw;
            how.apply(&mut scores);
            assert_eq!(scores, expected, "{how:?} of {raw:?}");
        }
    }
}
