//! PodTopologySpread: keeps alike pods spread evenly over zones, hosts, or any other node label.
//!
//! The constraints are the pod's own; upstream's cluster-wide default constraints are not applied.

use std::collections::{BTreeMap, HashMap};

use hydrofoil_api::selector::Selector;
use k8s_openapi::api::core::v1::TopologySpreadConstraint;

use super::{Candidate, Cycle, Reason, node_affinity, taint_toleration};
use crate::cluster::{Cluster, NodeState};
use crate::model::{NodeInfo, PodInfo};

/// What the constraints say of the cluster as it is, worked out once for all nodes.
#[derive(Default)]
pub struct Prepared {
    hard: Vec<Constraint>,
    soft: Vec<Constraint>,
}

struct Constraint {
    key: String,
    max_skew: i64,
    /// 1 if the pod matches its own constraint, so that placing it adds to the domain.
    own: i64,
    /// Matching pods by domain.
    counts: HashMap<String, i64>,
    /// The smallest count; 0 while there are fewer domains than `minDomains`.
    smallest: i64,
}

impl Prepared {
    /// Counts the pods that each constraint is about.
    pub fn new(cluster: &Cluster, pod: &PodInfo, affinity: &node_affinity::Prepared) -> Self {
        let mut prepared = Self::default();
        for constraint in &pod.spec.topology_spread_constraints {
            let hard = constraint.when_unsatisfiable == "DoNotSchedule";
            let counted = count(cluster, pod, affinity, constraint);
            if hard {
                prepared.hard.push(counted)
            } else {
                prepared.soft.push(counted)
            }
        }
        prepared
    }
}

fn count(
    cluster: &Cluster,
    pod: &PodInfo,
    affinity: &node_affinity::Prepared,
    c: &TopologySpreadConstraint,
) -> Constraint {
    let selector = selector_of(pod, c);
    let alike = |p: &PodInfo| p.key.namespace == pod.key.namespace && selector.matches(&p.labels);
    let mut counts: HashMap<String, i64> = HashMap::new();
    for (node, state) in cluster.nodes() {
        let Some(domain) = node.labels.get(&c.topology_key) else {
            continue;
        };
        if !eligible(pod, affinity, c, node) {
            continue;
        }
        *counts.entry(domain.clone()).or_default() += matching(state, alike);
    }
    let domains = i32::try_from(counts.len()).unwrap_or(i32::MAX);
    let smallest = if domains < c.min_domains.unwrap_or(1) {
        0
    } else {
        counts.values().copied().min().unwrap_or(0)
    };
    Constraint {
        key: c.topology_key.clone(),
        max_skew: i64::from(c.max_skew),
        own: i64::from(alike(pod)),
        counts,
        smallest,
    }
}

fn matching(state: &NodeState, alike: impl Fn(&PodInfo) -> bool) -> i64 {
    let count = state
        .pods
        .values()
        .filter(|p| !p.terminating && alike(p))
        .count();
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Which nodes' pods count (KEP-3094): by default those that the pod's node affinity allows, whatever their taints.
fn eligible(
    pod: &PodInfo,
    affinity: &node_affinity::Prepared,
    c: &TopologySpreadConstraint,
    node: &NodeInfo,
) -> bool {
    let honor_affinity = c.node_affinity_policy.as_deref() != Some("Ignore");
    let honor_taints = c.node_taints_policy.as_deref() == Some("Honor");
    let keeps_away = |t: &k8s_openapi::api::core::v1::Taint| {
        t.effect != "PreferNoSchedule" && !taint_toleration::tolerated(&pod.spec.tolerations, t)
    };
    (!honor_affinity || affinity.allows(node))
        && (!honor_taints || !node.taints.iter().any(keeps_away))
}

/// The constraint's selector, with the pod's own values of `matchLabelKeys` (KEP-3243). No selector matches nothing.
fn selector_of(pod: &PodInfo, c: &TopologySpreadConstraint) -> Selector {
    let Some(labels) = &c.label_selector else {
        return Selector::nothing();
    };
    let mut labels = labels.clone();
    let own: BTreeMap<String, String> = c
        .match_label_keys
        .iter()
        .flatten()
        .filter_map(|k| pod.labels.get(k).map(|v| (k.clone(), v.clone())))
        .collect();
    labels.match_labels.get_or_insert_default().extend(own);
    let Ok(value) = serde_json::to_value(&labels) else {
        return Selector::nothing();
    };
    Selector::from_label_selector(&value).unwrap_or_else(|_| Selector::nothing())
}

/// Objects to a node whose domain would have too many more than the emptiest.
pub fn filter(cycle: &Cycle<'_>, candidate: Candidate<'_>, reasons: &mut Vec<Reason>) {
    for constraint in &cycle.spread.hard {
        let Some(domain) = candidate.node.labels.get(&constraint.key) else {
            reasons.push(Reason::lasting(
                "node(s) didn't match pod topology spread constraints (missing required label)",
            ));
            return;
        };
        let here = constraint.counts.get(domain).copied().unwrap_or(0);
        if here + constraint.own - constraint.smallest > constraint.max_skew {
            reasons.push(Reason::resolvable(
                "node(s) didn't match pod topology spread constraints",
            ));
            return;
        }
    }
}

/// How many alike pods are already in the node's domains: fewer is better.
pub fn score(cycle: &Cycle<'_>, candidate: Candidate<'_>) -> i64 {
    let mut score = 0;
    for constraint in &cycle.spread.soft {
        if let Some(domain) = candidate.node.labels.get(&constraint.key) {
            score += constraint.counts.get(domain).copied().unwrap_or(0) + constraint.max_skew - 1;
        }
    }
    score
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;
    use serde_json::{Value, json};

    fn nodes() -> Cluster {
        cluster(json!([
            {"metadata":{"name":"a","labels":{"zone":"1"}}}, {"metadata":{"name":"b","labels":{"zone":"2"}}}, {"metadata":{"name":"c"}}]))
    }

    fn spread(uid: &str, when: &str) -> Value {
        json!({"metadata":{"uid":uid,"namespace":"d","labels":{"app":"x"}},"spec":{"topologySpreadConstraints":[
            {"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":when,"labelSelector":{"matchLabels":{"app":"x"}}}]}})
    }

    #[test]
    fn a_domain_that_is_ahead_by_the_skew_is_refused() {
        let mut c = nodes();
        place(&mut c, "a", spread("1", "DoNotSchedule"));
        let p = pod(spread("2", "DoNotSchedule"));
        assert_eq!(
            reasons(filter, &c, &p, "a"),
            ["node(s) didn't match pod topology spread constraints"]
        );
        assert!(reasons(filter, &c, &p, "b").is_empty());
        assert_eq!(
            reasons(filter, &c, &p, "c"),
            ["node(s) didn't match pod topology spread constraints (missing required label)"]
        );
    }

    #[test]
    fn a_soft_constraint_only_prefers() {
        let mut c = nodes();
        place(&mut c, "a", spread("1", "ScheduleAnyway"));
        let p = pod(spread("2", "ScheduleAnyway"));
        assert!(reasons(filter, &c, &p, "a").is_empty());
        assert!(raw(score, &c, &p, "a") > raw(score, &c, &p, "b"));
    }

    #[test]
    fn pods_of_another_namespace_or_label_do_not_count() {
        let mut c = nodes();
        place(
            &mut c,
            "a",
            json!({"metadata":{"uid":"1","namespace":"other","labels":{"app":"x"}}}),
        );
        place(
            &mut c,
            "a",
            json!({"metadata":{"uid":"2","namespace":"d","labels":{"app":"y"}}}),
        );
        assert!(reasons(filter, &c, &pod(spread("3", "DoNotSchedule")), "a").is_empty());
    }
}
