//! The ReplicaSet controller's decisions, over plain values.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{ReplicaSetCondition, ReplicaSetStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};

use crate::action::count;
use crate::objects::{Meta, POD, Pod, REPLICA_SET, ReplicaSet};

/// Pods that one sync creates or deletes at most (upstream: `BurstReplicas`).
pub const BURST: usize = 500;

/// What the number of pods asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// So many more.
    Create(usize),
    /// So many fewer.
    Delete(usize),
}

/// Compares what is with what shall be. `satisfied` says that the cache shows everything this controller did before: unless it
/// does, nothing may be done.
pub fn need(set: &ReplicaSet, pods: &[Arc<Pod>], satisfied: bool) -> Need {
    if !satisfied || set.metadata.is_deleting() {
        return Need::Nothing;
    }
    let active = pods.iter().filter(|p| p.is_active()).count();
    let wanted = usize::try_from(set.replicas()).unwrap_or(0);
    if active < wanted {
        Need::Create((wanted - active).min(BURST))
    } else if active > wanted {
        Need::Delete((active - wanted).min(BURST))
    } else {
        Need::Nothing
    }
}

/// The pod that a ReplicaSet creates, the same for each: the API server chooses the rest of the name.
pub fn pod(set: &ReplicaSet) -> Value {
    let template = &set.spec.template.0;
    let mut metadata = json!({
        "generateName": format!("{}-", set.metadata.name()),
        "ownerReferences": [REPLICA_SET.controller_reference(&set.metadata)],
    });
    for field in ["labels", "annotations", "finalizers"] {
        if let Some(value) = template.pointer("/metadata").and_then(|m| m.get(field)) {
            metadata[field] = value.clone();
        }
    }
    json!({
        "apiVersion": POD.api_version(),
        "kind": POD.kind,
        "metadata": metadata,
        "spec": template.get("spec"),
    })
}

/// Why pods could not be created or deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// `FailedCreate` or `FailedDelete`.
    pub reason: &'static str,
    /// The API server's words.
    pub message: String,
}

/// Counts the pods. `failure` is what went wrong in this sync; one that was told before keeps its time.
pub fn status(
    set: &ReplicaSet,
    pods: &[Arc<Pod>],
    failure: Result<(), Failure>,
    now: Timestamp,
) -> ReplicaSetStatus {
    let mut status = ReplicaSetStatus {
        observed_generation: Some(set.metadata.generation()),
        conditions: set.status.conditions.clone(),
        ..Default::default()
    };
    let wanted: Vec<(&str, &str)> = set.spec.template.labels().collect();
    let (mut labelled, mut ready, mut available, mut terminating) = (0, 0, 0, 0);
    for pod in pods {
        if pod.is_terminating() {
            terminating += 1;
        }
        if !pod.is_active() {
            continue;
        }
        status.replicas += 1;
        let labels = pod.metadata.labels();
        let has = |(key, value): &(&str, &str)| labels.get(*key).is_some_and(|l| l == value);
        if wanted.iter().all(has) {
            labelled += 1;
        }
        // A pod that is not ready has no such time.
        if let Some(at) = pod.available_at(set.spec.min_ready_seconds) {
            ready += 1;
            if at <= now {
                available += 1;
            }
        } else if pod.is_ready() {
            ready += 1;
        }
    }
    status.fully_labeled_replicas = Some(labelled);
    status.ready_replicas = Some(ready);
    status.available_replicas = Some(available);
    status.terminating_replicas = Some(terminating);
    judge_failure(&mut status, failure, now);
    status
}

const REPLICA_FAILURE: &str = "ReplicaFailure";

fn judge_failure(status: &mut ReplicaSetStatus, failure: Result<(), Failure>, now: Timestamp) {
    let conditions = status.conditions.get_or_insert_default();
    let known = conditions.iter().any(|c| c.type_ == REPLICA_FAILURE);
    match failure {
        Ok(()) => conditions.retain(|c| c.type_ != REPLICA_FAILURE),
        Err(_) if known => {}
        Err(failure) => conditions.push(ReplicaSetCondition {
            type_: REPLICA_FAILURE.into(),
            status: "True".into(),
            reason: Some(failure.reason.into()),
            message: Some(failure.message),
            last_transition_time: Some(Time(
                Timestamp::from_second(now.as_second()).unwrap_or(now),
            )),
        }),
    }
}

/// The status as a merge patch.
pub fn patch(status: &ReplicaSetStatus) -> Value {
    let conditions = status.conditions.as_ref().filter(|c| !c.is_empty());
    json!({
        // Never left out: it is the one count that is required.
        "replicas": status.replicas,
        "fullyLabeledReplicas": count(status.fully_labeled_replicas.unwrap_or(0)),
        "readyReplicas": count(status.ready_replicas.unwrap_or(0)),
        "availableReplicas": count(status.available_replicas.unwrap_or(0)),
        "terminatingReplicas": status.terminating_replicas,
        "observedGeneration": status.observed_generation,
        "conditions": conditions,
    })
}

/// When the next pod that is ready becomes available.
pub fn next_available(set: &ReplicaSet, pods: &[Arc<Pod>], now: Timestamp) -> Option<Duration> {
    pods.iter()
        .filter(|p| p.is_active())
        .filter_map(|p| p.available_at(set.spec.min_ready_seconds))
        .filter(|at| *at > now)
        .min()
        .and_then(|at| Duration::try_from(at.duration_since(now)).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-01-01T00:01:00Z";

    fn set(yaml: &str) -> ReplicaSet {
        serde_yaml::from_str(yaml).unwrap()
    }

    fn pods(yaml: &str) -> Vec<Arc<Pod>> {
        let pods: Vec<Pod> = serde_yaml::from_str(yaml).unwrap();
        pods.into_iter().map(Arc::new).collect()
    }

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    #[test]
    fn need_counts_active_pods_and_waits_for_the_cache() {
        let rs = set("{spec: {replicas: 2}}");
        let some = pods(
            "[{status: {phase: Running}}, {status: {phase: Failed}}, {metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}}]",
        );
        assert_eq!(need(&rs, &some, true), Need::Create(1));
        assert_eq!(need(&rs, &some, false), Need::Nothing);
        assert_eq!(
            need(&set("{spec: {replicas: 0}}"), &some, true),
            Need::Delete(1)
        );
        assert_eq!(
            need(&set("{spec: {replicas: 1}}"), &some, true),
            Need::Nothing
        );
        assert_eq!(
            need(&set("{spec: {replicas: 5000}}"), &some, true),
            Need::Create(BURST)
        );
        assert_eq!(
            need(
                &set(
                    "{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}, spec: {replicas: 9}}"
                ),
                &some,
                true
            ),
            Need::Nothing
        );
    }

    #[test]
    fn a_pod_is_its_template_with_an_owner() {
        let rs = set(
            "{metadata: {name: web-1, namespace: n, uid: u}, spec: {template: {metadata: {labels: {app: x}, creationTimestamp: null}, spec: {unheardOf: 1, containers: [{name: c}]}}}}",
        );
        let pod = pod(&rs);
        assert_eq!(pod["metadata"]["generateName"], "web-1-");
        assert_eq!(pod["metadata"]["labels"], json!({"app": "x"}));
        assert_eq!(
            pod["metadata"]["ownerReferences"][0],
            json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "u", "controller": true, "blockOwnerDeletion": true})
        );
        assert_eq!(
            pod["spec"],
            json!({"unheardOf": 1, "containers": [{"name": "c"}]})
        );
        assert!(pod["metadata"].get("creationTimestamp").is_none());
    }

    #[test]
    fn status_counts_each_pod_once() {
        let rs = set(
            "{metadata: {generation: 4}, spec: {replicas: 4, minReadySeconds: 30, template: {metadata: {labels: {app: x, v: '2'}}}}}",
        );
        let ready = |since: &str| {
            format!("conditions: [{{type: Ready, status: 'True', lastTransitionTime: '{since}'}}]")
        };
        let yaml = format!(
            "[{{metadata: {{labels: {{app: x, v: '2'}}}}, status: {{phase: Running, {}}}}}, \
              {{metadata: {{labels: {{app: x}}}}, status: {{phase: Running, {}}}}}, \
              {{status: {{phase: Pending}}}}, {{status: {{phase: Succeeded}}}}, \
              {{metadata: {{deletionTimestamp: '{NOW}'}}, status: {{phase: Running}}}}]",
            ready("2026-01-01T00:00:00Z"),
            ready("2026-01-01T00:00:50Z")
        );
        let pods = pods(&yaml);
        let next = status(&rs, &pods, Ok(()), now());
        assert_eq!(
            patch(&next),
            json!({"replicas": 3, "fullyLabeledReplicas": 1, "readyReplicas": 2, "availableReplicas": 1,
                   "terminatingReplicas": 1, "observedGeneration": 4, "conditions": null})
        );
        assert_eq!(
            next_available(&rs, &pods, now()),
            Some(Duration::from_secs(20))
        );
    }

    #[test]
    fn a_failure_is_told_once_and_taken_back() {
        let failure = Failure {
            reason: "FailedCreate",
            message: "no".into(),
        };
        let mut rs = set("{spec: {replicas: 1}}");
        rs.status = status(&rs, &[], Err(failure.clone()), now());
        let condition = &rs.status.conditions.as_ref().unwrap()[0];
        assert_eq!(
            (condition.reason.as_deref(), condition.message.as_deref()),
            (Some("FailedCreate"), Some("no"))
        );
        let later = "2026-01-01T00:02:00Z".parse().unwrap();
        assert_eq!(status(&rs, &[], Err(failure), later), rs.status);
        assert_eq!(status(&rs, &[], Ok(()), later).conditions, Some(vec![]));
    }
}
