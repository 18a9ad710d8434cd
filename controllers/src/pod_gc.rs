//! Deletes pods that nobody else will: those of nodes that are gone, those being deleted that never had a node, those on nodes
//! that were declared out of service, and finished ones beyond a number.
//!
//! Not for: pods whose owner is gone, which the garbage collector deletes.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::clock;
use crate::context::{Context, Work};
use crate::error::Error;
use crate::objects::{Meta, NODE, Node, POD, Pod};
use crate::writer::{DeleteOptions, PatchType, Target};

/// How often all pods are looked at (upstream: `gcCheckPeriod`).
const PERIOD: Duration = Duration::from_secs(20);
/// A node must have been gone for so long (upstream: `quarantineTime`).
const QUARANTINE: SignedDuration = SignedDuration::from_secs(40);
/// Pods that one look deletes at most.
const MAX_DELETED: usize = 1000;
/// The taint of a node that is known to be shut down.
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

/// Why a pod goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    NodeGone,
    NodeOutOfService,
    NeverScheduled,
    FinishedLongAgo,
}

impl Why {
    /// What the pod's `DisruptionTarget` condition says, if its end is nobody's wish.
    fn disruption(self) -> Option<&'static str> {
        match self {
            Why::NodeGone => Some("PodGC: node no longer exists"),
            Why::NodeOutOfService => Some("PodGC: node is out of service"),
            Why::NeverScheduled | Why::FinishedLongAgo => None,
        }
    }
}

/// What a decision is made on.
struct View<'a> {
    pods: &'a [Arc<Pod>],
    nodes: &'a HashMap<String, Arc<Node>>,
    /// Nodes whose pods are orphans for certain.
    gone: &'a HashSet<String>,
    threshold: usize,
}

/// Chooses the pods that go.
fn reconcile(view: &View<'_>) -> Vec<(Arc<Pod>, Why)> {
    let mut victims = Vec::new();
    let mut finished = Vec::new();
    for pod in view.pods {
        let node = pod.spec.node_name.as_str();
        let deleting = pod.metadata.is_deleting();
        if view.gone.contains(node) {
            victims.push((pod.clone(), Why::NodeGone));
        } else if deleting && node.is_empty() {
            victims.push((pod.clone(), Why::NeverScheduled));
        } else if deleting && view.nodes.get(node).is_some_and(|n| is_out_of_service(n)) {
            victims.push((pod.clone(), Why::NodeOutOfService));
        } else if pod.is_terminal() {
            finished.push(pod.clone());
        }
    }
    let surplus = finished.len().saturating_sub(view.threshold);
    if view.threshold > 0 && surplus > 0 {
        // Evicted ones first, then the oldest.
        finished.sort_by_key(|p| (Reverse(p.status.reason == "Evicted"), p.metadata.created()));
        victims.extend(
            finished
                .into_iter()
                .take(surplus)
                .map(|p| (p, Why::FinishedLongAgo)),
        );
    }
    victims.truncate(MAX_DELETED);
    victims
}

fn is_out_of_service(node: &Node) -> bool {
    let ready = node
        .status
        .conditions
        .iter()
        .any(|c| c.type_ == "Ready" && c.status == "True");
    !ready && node.spec.taints.iter().any(|t| t.key == OUT_OF_SERVICE)
}

/// Nodes that pods name and that are missing, since when.
#[derive(Default)]
struct Missing(HashMap<String, Timestamp>);

impl Missing {
    /// Updates the list and returns the nodes that have been missing for long enough.
    fn observe(
        &mut self,
        named: &HashSet<String>,
        nodes: &HashMap<String, Arc<Node>>,
        now: Timestamp,
    ) -> Vec<String> {
        self.0
            .retain(|name, _| named.contains(name) && !nodes.contains_key(name));
        for name in named.iter().filter(|n| !nodes.contains_key(*n)) {
            self.0.entry(name.clone()).or_insert(now);
        }
        let over = |since: &Timestamp| now.duration_since(*since) >= QUARANTINE;
        self.0
            .iter()
            .filter(|(_, since)| over(since))
            .map(|(name, _)| name.clone())
            .collect()
    }
}

/// Returns the controller's work.
pub fn start(context: &Arc<Context>) -> Work {
    let context = context.clone();
    Box::pin(async move {
        let mut missing = Missing::default();
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = context.shutdown.cancelled() => return,
                _ = ticks.tick() => look(&context, &mut missing).await,
            }
        }
    })
}

async fn look(context: &Context, missing: &mut Missing) {
    let pods: Vec<Arc<Pod>> = context
        .informers
        .pods
        .read(|pods| pods.all().cloned().collect());
    let nodes: HashMap<String, Arc<Node>> = context.informers.nodes.read(|nodes| {
        nodes
            .all()
            .map(|n| (n.metadata.name().to_owned(), n.clone()))
            .collect()
    });
    let named: HashSet<String> = pods
        .iter()
        .map(|p| p.spec.node_name.clone())
        .filter(|n| !n.is_empty())
        .collect();
    let mut gone = HashSet::new();
    for name in missing.observe(&named, &nodes, clock::now()) {
        let live = context.writer.live(Target::new(&NODE, "", &name)).await;
        if live.is_err_and(|error| error.is_not_found()) {
            gone.insert(name);
        }
    }
    let threshold = context.config.terminated_pod_gc_threshold;
    let view = View {
        pods: &pods,
        nodes: &nodes,
        gone: &gone,
        threshold,
    };
    for (pod, why) in reconcile(&view) {
        if let Err(error) = end(context, &pod, why).await {
            tracing::warn!(pod = pod.metadata.name(), %error, "a pod could not be deleted");
        }
    }
}

async fn end(context: &Context, pod: &Pod, why: Why) -> Result<(), Error> {
    let target = Target::new(&POD, pod.metadata.namespace(), pod.metadata.name());
    if let Some(message) = why.disruption()
        && !pod.is_terminal()
    {
        let patch = failed_patch(pod, message, clock::now());
        match context
            .writer
            .patch(target, Some("status"), PatchType::Strategic, &patch)
            .await
        {
            Err(error) if error.is_not_found() => return Ok(()),
            other => drop(other?),
        }
    }
    let options = DeleteOptions {
        uid: Some(pod.metadata.uid()),
        grace_period_seconds: Some(0),
        ..Default::default()
    };
    match context.writer.delete(target, &options).await {
        Err(error) if error.is_not_found() || error.is_conflict() => Ok(()),
        other => other,
    }
}

/// The status patch of a pod whose node will never tell how it ended.
fn failed_patch(pod: &Pod, message: &str, now: Timestamp) -> serde_json::Value {
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    json!({
        "metadata": {"uid": pod.metadata.uid()},
        "status": {
            "phase": "Failed",
            "conditions": [{
                "type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC",
                "message": message, "lastTransitionTime": now.to_string(),
            }],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(yaml: &str) -> Arc<Pod> {
        Arc::new(serde_yaml::from_str(yaml).unwrap())
    }

    fn node(yaml: &str) -> Arc<Node> {
        Arc::new(serde_yaml::from_str(yaml).unwrap())
    }

    #[test]
    fn each_kind_of_abandoned_pod_goes_and_no_other() {
        let pods = [
            pod("{metadata: {name: orphan}, spec: {nodeName: gone}, status: {phase: Running}}"),
            pod(
                "{metadata: {name: unscheduled, deletionTimestamp: '2026-01-01T00:00:00Z'}, status: {phase: Pending}}",
            ),
            pod(
                "{metadata: {name: stuck, deletionTimestamp: '2026-01-01T00:00:00Z'}, spec: {nodeName: off}}",
            ),
            pod(
                "{metadata: {name: stopping, deletionTimestamp: '2026-01-01T00:00:00Z'}, spec: {nodeName: on}}",
            ),
            pod("{metadata: {name: well}, spec: {nodeName: 'on'}, status: {phase: Running}}"),
            pod(
                "{metadata: {name: new, creationTimestamp: '2026-01-02T00:00:00Z'}, spec: {nodeName: 'on'}, status: {phase: Succeeded}}",
            ),
            pod(
                "{metadata: {name: old, creationTimestamp: '2026-01-01T00:00:00Z'}, spec: {nodeName: 'on'}, status: {phase: Failed}}",
            ),
            pod(
                "{metadata: {name: evicted, creationTimestamp: '2026-01-03T00:00:00Z'}, spec: {nodeName: 'on'}, status: {phase: Failed, reason: Evicted}}",
            ),
        ];
        let nodes = HashMap::from([
            (
                "on".to_owned(),
                node("{status: {conditions: [{type: Ready, status: 'True'}]}}"),
            ),
            (
                "off".to_owned(),
                node(
                    "{spec: {taints: [{key: node.kubernetes.io/out-of-service, effect: NoExecute}]}}",
                ),
            ),
        ]);
        let gone = HashSet::from(["gone".to_owned()]);
        let choose = |threshold| {
            let view = View {
                pods: &pods,
                nodes: &nodes,
                gone: &gone,
                threshold,
            };
            reconcile(&view)
                .into_iter()
                .map(|(p, why)| (p.metadata.name().to_owned(), why))
                .collect::<Vec<_>>()
        };
        let abandoned = [
            ("orphan".to_owned(), Why::NodeGone),
            ("unscheduled".to_owned(), Why::NeverScheduled),
            ("stuck".to_owned(), Why::NodeOutOfService),
        ];
        assert_eq!(choose(0), abandoned);
        assert_eq!(choose(3), abandoned);
        let names: Vec<_> = choose(1).split_off(3);
        assert_eq!(
            names,
            [
                ("evicted".to_owned(), Why::FinishedLongAgo),
                ("old".to_owned(), Why::FinishedLongAgo)
            ]
        );
    }

    #[test]
    fn a_node_must_be_missing_for_a_while() {
        let mut missing = Missing::default();
        let named = HashSet::from(["n".to_owned()]);
        let none = HashMap::new();
        let at = |seconds: i64| Timestamp::from_second(seconds).unwrap();
        assert!(missing.observe(&named, &none, at(0)).is_empty());
        assert!(missing.observe(&named, &none, at(39)).is_empty());
        assert_eq!(missing.observe(&named, &none, at(40)), ["n"]);
        let back = HashMap::from([("n".to_owned(), node("{}"))]);
        assert!(missing.observe(&named, &back, at(41)).is_empty());
        assert!(missing.observe(&named, &none, at(42)).is_empty());
    }
}
