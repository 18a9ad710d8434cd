//! A Job's pods: which index each works on, whether it failed, when it ended, and what new ones look like.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::policy::{self, Verdict};
use crate::objects::{JOB, Job, Meta, POD, Pod};

/// Keeps a pod until its Job has counted it.
pub const TRACKING_FINALIZER: &str = "batch.kubernetes.io/job-tracking";
/// A pod's index, as an annotation and as a label.
pub const COMPLETION_INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// How often the pod's index failed before it.
const FAILURE_COUNT: &str = "batch.kubernetes.io/job-index-failure-count";
/// How often it failed without that counting.
const IGNORED_COUNT: &str = "batch.kubernetes.io/job-index-ignored-failure-count";
/// The environment variable with the index.
const INDEX_VARIABLE: &str = "JOB_COMPLETION_INDEX";

/// Whether pods of a Job have indexes.
pub fn is_indexed(job: &Job) -> bool {
    job.spec.completion_mode == "Indexed"
}

/// Whether a pod is replaced only once it has ended, not as soon as it is being deleted.
pub fn replaces_failed_only(job: &Job) -> bool {
    job.spec.pod_replacement_policy == "Failed" || job.spec.pod_failure_policy.is_some()
}

/// Whether a Job stands still.
pub fn is_suspended(job: &Job) -> bool {
    job.spec.suspend
}

/// A pod's index, if it has one.
pub fn index(pod: &Pod) -> Option<i32> {
    pod.metadata
        .annotation(COMPLETION_INDEX)?
        .parse()
        .ok()
        .filter(|i| *i >= 0)
}

/// A pod's index, if it is one of its Job's.
pub fn valid_index(pod: &Pod, job: &Job) -> Option<i32> {
    index(pod).filter(|i| *i < job.spec.completions.unwrap_or(0))
}

/// Whether a pod counts as failed: it failed, or it is being deleted and will never be known to have succeeded.
pub fn is_failed(pod: &Pod, job: &Job) -> bool {
    if pod.status.phase == "Failed" {
        return true;
    }
    !replaces_failed_only(job) && pod.metadata.is_deleting() && pod.status.phase != "Succeeded"
}

/// Whether a pod was not counted yet.
pub fn is_tracked(pod: &Pod) -> bool {
    pod.metadata.has_finalizer(TRACKING_FINALIZER)
}

fn number(pod: &Pod, annotation: &str) -> i32 {
    pod.metadata
        .annotation(annotation)
        .and_then(|t| t.parse().ok())
        .unwrap_or(0)
}

/// Failures of a pod's index before it, counted or not.
pub fn failures_before(pod: &Pod) -> i32 {
    number(pod, FAILURE_COUNT) + number(pod, IGNORED_COUNT)
}

/// Whether a failed pod ends its index.
pub fn ends_index(pod: &Pod, job: &Job) -> bool {
    let Some(limit) = job.spec.backoff_limit_per_index else {
        return false;
    };
    if !is_failed(pod, job) {
        return false;
    }
    match policy::verdict(job, pod) {
        Verdict::FailsIndex => true,
        Verdict::Ignored => false,
        Verdict::Counts | Verdict::FailsJob(_) => number(pod, FAILURE_COUNT) >= limit,
    }
}

/// When a pod ended, as far as can be told.
pub fn finished_at(pod: &Pod, now: Timestamp) -> Timestamp {
    let statuses = pod
        .status
        .container_statuses
        .iter()
        .chain(&pod.status.init_container_statuses);
    let last = statuses
        .filter_map(|s| s.state.terminated.as_ref()?.finished_at.as_ref())
        .map(|t| t.0)
        .max();
    last.or_else(|| {
        pod.condition("Ready")?
            .last_transition_time
            .as_ref()
            .map(|t| t.0)
    })
    .or_else(|| pod.metadata.deletion_timestamp.as_ref().map(|t| t.0))
    .unwrap_or(now)
}

/// The pod that a Job creates, with an index if it has such. `before` is the failed pod whose place it takes.
pub fn new(job: &Job, index: Option<i32>, before: Option<&Pod>) -> Value {
    let template = &job.spec.template.0;
    let mut metadata = json!({
        "generateName": format!("{}-", job.metadata.name()),
        "ownerReferences": [JOB.controller_reference(&job.metadata)],
    });
    for field in ["labels", "annotations", "finalizers"] {
        if let Some(value) = template.pointer("/metadata").and_then(|m| m.get(field)) {
            metadata[field] = value.clone();
        }
    }
    add_finalizer(&mut metadata);
    let mut spec = template.get("spec").cloned().unwrap_or_default();
    if let Some(index) = index {
        add_index(job, index, before, &mut metadata, &mut spec);
    }
    json!({"apiVersion": POD.api_version(), "kind": POD.kind, "metadata": metadata, "spec": spec})
}

fn add_finalizer(metadata: &mut Value) {
    let finalizer = Value::from(TRACKING_FINALIZER);
    match metadata["finalizers"].as_array_mut() {
        Some(list) if list.contains(&finalizer) => {}
        Some(list) => list.push(finalizer),
        None => metadata["finalizers"] = json!([finalizer]),
    }
}

fn add_index(job: &Job, index: i32, before: Option<&Pod>, metadata: &mut Value, spec: &mut Value) {
    let name = job.metadata.name();
    metadata["generateName"] = format!("{name}-{index}-").into();
    for place in ["labels", "annotations"] {
        if !metadata[place].is_object() {
            metadata[place] = json!({});
        }
        metadata[place][COMPLETION_INDEX] = index.to_string().into();
    }
    if job.spec.backoff_limit_per_index.is_some() {
        let (failed, ignored) = failures_after(job, before);
        metadata["annotations"][FAILURE_COUNT] = failed.to_string().into();
        if ignored > 0 {
            metadata["annotations"][IGNORED_COUNT] = ignored.to_string().into();
        }
    }
    spec["hostname"] = format!("{name}-{index}").into();
    for list in ["containers", "initContainers"] {
        for container in spec[list].as_array_mut().into_iter().flatten() {
            add_variable(container);
        }
        if spec[list].is_null()
            && let Some(fields) = spec.as_object_mut()
        {
            fields.remove(list);
        }
    }
}

/// The failures of an index, counted and not, once a pod of it has failed too.
fn failures_after(job: &Job, before: Option<&Pod>) -> (i32, i32) {
    let Some(pod) = before else { return (0, 0) };
    let (failed, ignored) = (number(pod, FAILURE_COUNT), number(pod, IGNORED_COUNT));
    if policy::verdict(job, pod) == Verdict::Ignored {
        (failed, ignored + 1)
    } else {
        (failed + 1, ignored)
    }
}

fn add_variable(container: &mut Value) {
    let known = container["env"]
        .as_array()
        .is_some_and(|env| env.iter().any(|v| v["name"] == INDEX_VARIABLE));
    if known {
        return;
    }
    let field = format!("metadata.labels['{COMPLETION_INDEX}']");
    let variable = json!({"name": INDEX_VARIABLE, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": field}}});
    match container["env"].as_array_mut() {
        Some(env) => env.push(variable),
        None => container["env"] = json!([variable]),
    }
}

/// The patch that ends the tracking of a pod.
pub fn untrack() -> Value {
    json!({"metadata": {"$deleteFromPrimitiveList/finalizers": [TRACKING_FINALIZER]}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_indexed_pod_knows_its_index_everywhere() {
        let job: Job = serde_yaml::from_str(
            "{metadata: {name: j, namespace: n, uid: u}, spec: {completions: 3, completionMode: Indexed, backoffLimitPerIndex: 2, \
               template: {metadata: {labels: {a: b}}, spec: {restartPolicy: Never, containers: [{name: c, env: [{name: X, value: '1'}]}]}}}}",
        )
        .unwrap();
        let pod = new(&job, Some(2), None);
        assert_eq!(pod["metadata"]["generateName"], "j-2-");
        assert_eq!(
            pod["metadata"]["labels"],
            json!({"a": "b", COMPLETION_INDEX: "2"})
        );
        assert_eq!(
            pod["metadata"]["annotations"],
            json!({COMPLETION_INDEX: "2", FAILURE_COUNT: "0"})
        );
        assert_eq!(pod["metadata"]["finalizers"], json!([TRACKING_FINALIZER]));
        assert_eq!(pod["spec"]["hostname"], "j-2");
        assert_eq!(
            pod["spec"]["containers"][0]["env"][1]["name"],
            INDEX_VARIABLE
        );
        assert!(pod["spec"].get("initContainers").is_none());

        let mut failed: Pod = serde_json::from_value(pod).unwrap();
        failed.status.phase = "Failed".into();
        assert_eq!(
            new(&job, Some(2), Some(&failed))["metadata"]["annotations"][FAILURE_COUNT],
            "1"
        );
        assert!(!ends_index(&failed, &job));
        failed
            .metadata
            .annotations
            .get_or_insert_default()
            .insert(FAILURE_COUNT.into(), "2".into());
        assert!(ends_index(&failed, &job));
    }

    #[test]
    fn a_pod_being_deleted_has_failed_unless_only_ended_ones_are_replaced() {
        let pod: Pod = serde_yaml::from_str(
            "{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}, status: {phase: Running}}",
        )
        .unwrap();
        assert!(is_failed(&pod, &Job::default()));
        let job: Job = serde_yaml::from_str("{spec: {podReplacementPolicy: Failed}}").unwrap();
        assert!(!is_failed(&pod, &job));
    }
}
