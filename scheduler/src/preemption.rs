//! DefaultPreemption: finds the pods of lower priority whose removal from one node makes room for a pod that fits nowhere.
//!
//! PodDisruptionBudgets are not consulted: the API does not serve them yet.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::cluster::Cluster;
use crate::decide::{Unfit, run_filters};
use crate::model::PodInfo;
use crate::plugins::{Candidate, Cycle, Reason};

/// What a preemption would do.
#[derive(Debug)]
pub struct Preemption {
    /// Where the pod would go.
    pub node: String,
    /// Who would have to leave, most important first.
    pub victims: Vec<Arc<PodInfo>>,
}

/// Looks for the cheapest preemption among the nodes that `unfit` says pods could be taken off.
///
/// # Errors
/// Why there is none, in upstream's words.
pub fn preempt(cluster: &Cluster, pod: &PodInfo, unfit: &Unfit) -> Result<Preemption, String> {
    if pod.spec.preemption_policy == "Never" {
        return Err("not eligible due to preemptionPolicy=Never.".into());
    }
    if waits_for_victims(cluster, pod) {
        return Err("not eligible due to terminating pod on the nominated node.".into());
    }
    if unfit.nodes == 0 {
        return Err(String::new());
    }
    let mut explained = Unfit {
        nodes: unfit.nodes,
        ..Default::default()
    };
    let mut found: Vec<Preemption> = Vec::new();
    // Most pods that fit nowhere are as important as all others: only a node with less important ones is worth a trial.
    let mut trial = None;
    for node in &unfit.resolvable {
        let lowest = cluster
            .node(node)
            .and_then(|(_, state)| state.lowest_priority());
        if lowest.is_none_or(|lowest| lowest >= pod.spec.priority) {
            explained.note(node, &no_victims());
            continue;
        }
        let trial = trial.get_or_insert_with(|| cluster.clone());
        match victims_on(trial, node, pod) {
            Ok(victims) => found.push(Preemption {
                node: node.clone(),
                victims,
            }),
            Err(reasons) => explained.note(node, &reasons),
        }
    }
    let unhelpful = unfit.nodes - unfit.resolvable.len();
    if unhelpful > 0 {
        explained
            .reasons
            .insert("Preemption is not helpful for scheduling".into(), unhelpful);
    }
    found
        .into_iter()
        .min_by_key(cost)
        .ok_or_else(|| explained.to_string())
}

fn no_victims() -> Vec<Reason> {
    vec![Reason::resolvable(
        "No preemption victims found for incoming pod",
    )]
}

/// Whether room that was made for the pod is still being cleared.
fn waits_for_victims(cluster: &Cluster, pod: &PodInfo) -> bool {
    if pod.nominated.is_empty() {
        return false;
    }
    let Some((_, state)) = cluster.node(&pod.nominated) else {
        return false;
    };
    state
        .pods
        .values()
        .any(|p| p.terminating && p.spec.priority < pod.spec.priority)
}

/// The smallest set of pods to remove from `node`: all of lower priority go, then as many as can come back do, the most
/// important first. Leaves `trial` as it was.
fn victims_on(
    trial: &mut Cluster,
    node: &str,
    pod: &PodInfo,
) -> Result<Vec<Arc<PodInfo>>, Vec<Reason>> {
    let Some((_, state)) = trial.node(node) else {
        return Err(no_victims());
    };
    let lower = state
        .pods
        .values()
        .filter(|p| p.spec.priority < pod.spec.priority);
    let mut lower: Vec<Arc<PodInfo>> = lower.cloned().collect();
    if lower.is_empty() {
        return Err(no_victims());
    }
    lower.sort_by(|a, b| {
        (Reverse(a.spec.priority), &a.created, &a.key).cmp(&(
            Reverse(b.spec.priority),
            &b.created,
            &b.key,
        ))
    });
    for p in &lower {
        trial.remove_pod(&p.key.uid);
    }
    let fits = fits(trial, node, pod);
    let mut victims = Vec::new();
    for p in &lower {
        trial.place(node, p.clone());
        if fits.is_ok() && self::fits(trial, node, pod).is_err() {
            trial.remove_pod(&p.key.uid);
            victims.push(p.clone());
        }
    }
    for p in &victims {
        trial.place(node, p.clone());
    }
    fits.map(|()| victims)
}

fn fits(cluster: &Cluster, node: &str, pod: &PodInfo) -> Result<(), Vec<Reason>> {
    let cycle = Cycle::new(cluster, pod);
    let Some((info, state)) = cluster.node(node) else {
        return Err(Vec::new());
    };
    run_filters(&cycle, Candidate { node: info, state })
}

/// Upstream's order of preference: the least important of the most important victims, then the least importance in all, then the
/// fewest, then those that started latest.
fn cost(preemption: &Preemption) -> (i32, i64, usize, Reverse<String>) {
    let victims = &preemption.victims;
    let highest = victims
        .iter()
        .map(|v| v.spec.priority)
        .max()
        .unwrap_or(i32::MIN);
    // Shifted so that many unimportant pods weigh more than one.
    let sum = victims
        .iter()
        .map(|v| i64::from(v.spec.priority) + i64::from(i32::MAX) + 1)
        .sum();
    let earliest = victims
        .iter()
        .filter(|v| v.spec.priority == highest)
        .map(|v| v.created.clone())
        .min();
    (
        highest,
        sum,
        victims.len(),
        Reverse(earliest.unwrap_or_default()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::fixture::*;
    use serde_json::{Value, json};

    fn node(name: &str) -> Value {
        json!({"metadata":{"name":name},"status":{"allocatable":{"cpu":"2","memory":"8Gi","pods":"110"}}})
    }

    fn wants(uid: &str, cpu: &str, priority: i32) -> Value {
        json!({"metadata":{"name":uid,"namespace":"d","uid":uid},
            "spec":{"priority":priority,"containers":[{"resources":{"requests":{"cpu":cpu}}}]}})
    }

    fn unfit(nodes: &[&str]) -> Unfit {
        Unfit {
            nodes: nodes.len(),
            resolvable: nodes.iter().map(|n| (*n).to_owned()).collect(),
            ..Default::default()
        }
    }

    #[test]
    fn the_least_important_leave_and_no_more_than_needed() {
        let mut c = cluster(json!([node("a")]));
        place(&mut c, "a", wants("low", "1", 1));
        place(&mut c, "a", wants("mid", "1", 5));
        let p = preempt(&c, &pod(wants("vip", "1", 10)), &unfit(&["a"])).expect("there is a way");
        assert_eq!(
            p.victims
                .iter()
                .map(|v| v.key.uid.as_str())
                .collect::<Vec<_>>(),
            ["low"]
        );
        assert_eq!(
            c.node("a").expect("there").1.pods.len(),
            2,
            "a trial changes nothing"
        );
    }

    #[test]
    fn the_node_with_the_less_important_victims_is_taken() {
        let mut c = cluster(json!([node("a"), node("b")]));
        place(&mut c, "a", wants("five", "2", 5));
        place(&mut c, "b", wants("three", "2", 3));
        let p =
            preempt(&c, &pod(wants("vip", "2", 10)), &unfit(&["a", "b"])).expect("there is a way");
        assert_eq!(p.node, "b");
    }

    #[test]
    fn equals_are_not_preempted_and_the_reason_says_so() {
        let mut c = cluster(json!([node("a")]));
        place(&mut c, "a", wants("same", "2", 10));
        let why = preempt(&c, &pod(wants("vip", "2", 10)), &unfit(&["a"])).expect_err("no victims");
        assert_eq!(
            why,
            "0/1 nodes are available: 1 No preemption victims found for incoming pod."
        );
    }

    #[test]
    fn a_node_that_no_removal_helps_is_said_to_be_so() {
        let c = cluster(json!([node("a")]));
        let lasting = Unfit {
            nodes: 1,
            ..Default::default()
        };
        let why = preempt(&c, &pod(wants("vip", "9", 10)), &lasting).expect_err("no way");
        assert_eq!(
            why,
            "0/1 nodes are available: 1 Preemption is not helpful for scheduling."
        );
    }

    #[test]
    fn a_pod_that_must_not_preempt_does_not() {
        let mut p = wants("polite", "2", 10);
        p["spec"]["preemptionPolicy"] = json!("Never");
        let why = preempt(&cluster(json!([node("a")])), &pod(p), &unfit(&["a"]))
            .expect_err("it is polite");
        assert!(why.contains("preemptionPolicy=Never"));
    }
}
