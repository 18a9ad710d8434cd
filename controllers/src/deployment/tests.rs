//! Decisions of the Deployment controller, YAML in and actions out.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::reconcile::{View, creation_failed, reconcile};
use crate::action::{Action, Plan};
use crate::objects::{Deployment, ReplicaSet};

const NOW: &str = "2026-01-01T00:10:00Z";

fn deployment(spec: &str, rest: &str) -> Deployment {
    let yaml = format!(
        "{{metadata: {{name: web, namespace: n, uid: d, generation: 2, annotations: {{deployment.kubernetes.io/revision: '2'}}}}, \
           spec: {{selector: {{matchLabels: {{app: web}}}}, progressDeadlineSeconds: 600, revisionHistoryLimit: 1, \
                  template: {{metadata: {{labels: {{app: web}}}}, spec: {{image: v2}}}}, {spec}}}, {rest}}}"
    );
    serde_yaml::from_str(&yaml).unwrap()
}

fn set(image: &str, revision: i32, replicas: i32, desired: &str, status: &str) -> ReplicaSet {
    let yaml = format!(
        "{{metadata: {{name: web-{image}, namespace: n, uid: u-{image}, resourceVersion: '7', generation: 1, \
             creationTimestamp: '2026-01-01T00:0{revision}:00Z', \
             annotations: {{deployment.kubernetes.io/revision: '{revision}', {desired}}}}}, \
           spec: {{replicas: {replicas}, template: {{metadata: {{labels: {{app: web, pod-template-hash: x}}}}, spec: {{image: {image}}}}}}}, \
           status: {{observedGeneration: 1, {status}}}}}"
    );
    serde_yaml::from_str(&yaml).unwrap()
}

fn wants(desired: i32, max: i32) -> String {
    format!(
        "deployment.kubernetes.io/desired-replicas: '{desired}', deployment.kubernetes.io/max-replicas: '{max}'"
    )
}

fn counts(n: i32) -> String {
    format!("replicas: {n}, readyReplicas: {n}, availableReplicas: {n}")
}

fn plan(deployment: Deployment, sets: Vec<ReplicaSet>) -> Plan {
    reconcile(View {
        deployment: Arc::new(deployment),
        replica_sets: sets.into_iter().map(Arc::new).collect(),
        living_pods: HashMap::new(),
        now: NOW.parse().unwrap(),
    })
}

fn sizes(plan: &Plan) -> Vec<(String, i64)> {
    plan.actions
        .iter()
        .filter_map(|a| match a {
            Action::Patch { name, body, .. } => {
                body["spec"]["replicas"].as_i64().map(|r| (name.clone(), r))
            }
            _ => None,
        })
        .collect()
}

fn messages(plan: &Plan) -> Vec<&str> {
    plan.actions
        .iter()
        .filter_map(|a| match a {
            Action::Event(event) => Some(event.message.as_str()),
            _ => None,
        })
        .collect()
}

fn status(plan: &Plan) -> Option<&Value> {
    plan.actions.iter().find_map(|a| match a {
        Action::Patch {
            subresource: Some("status"),
            body,
            ..
        } => Some(&body["status"]),
        _ => None,
    })
}

fn condition(plan: &Plan, kind: &str) -> Option<(String, String, String)> {
    let text = |c: &Value, f: &str| c[f].as_str().unwrap_or_default().to_owned();
    status(plan)?["conditions"]
        .as_array()?
        .iter()
        .find(|c| c["type"] == kind)
        .map(|c| (text(c, "status"), text(c, "reason"), text(c, "message")))
}

fn three(status: &str, reason: &str, message: &str) -> Option<(String, String, String)> {
    Some((status.into(), reason.into(), message.into()))
}

const ROLLING: &str =
    "strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}";

#[test]
fn a_new_deployment_makes_its_first_replica_set() {
    let mut d = deployment(
        &format!("replicas: 3, minReadySeconds: 5, {ROLLING}"),
        "status: {}",
    );
    d.metadata.annotations = None;
    let plan = plan(d, vec![]);
    let Action::Create { body, .. } = &plan.actions[0] else {
        panic!("{plan:?}")
    };
    let name = body["metadata"]["name"].as_str().unwrap();
    let hash = name.strip_prefix("web-").unwrap();
    assert_eq!(body["spec"]["replicas"], 3);
    assert_eq!(body["spec"]["minReadySeconds"], 5);
    assert_eq!(
        body["spec"]["selector"]["matchLabels"],
        json!({"app": "web", "pod-template-hash": hash})
    );
    assert_eq!(
        body["spec"]["template"]["metadata"]["labels"]["pod-template-hash"],
        hash
    );
    assert_eq!(
        body["metadata"]["labels"],
        body["spec"]["template"]["metadata"]["labels"]
    );
    assert_eq!(
        body["metadata"]["annotations"],
        json!({"deployment.kubernetes.io/revision": "1", "deployment.kubernetes.io/desired-replicas": "3", "deployment.kubernetes.io/max-replicas": "4"})
    );
    assert_eq!(body["metadata"]["ownerReferences"][0]["uid"], "d");
    assert_eq!(
        messages(&plan),
        [format!("Scaled up replica set {name} from 0 to 3")]
    );
    assert_eq!(
        condition(&plan, "Progressing"),
        three(
            "True",
            "NewReplicaSetCreated",
            &format!("Created new replica set \"{name}\"")
        )
    );
    assert_eq!(
        condition(&plan, "Available"),
        three(
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability."
        )
    );
    let annotated = plan.actions.iter().any(|a| {
        matches!(a, Action::Patch { body, .. } if body["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1")
    });
    assert!(annotated);
}

#[test]
fn a_rollout_grows_by_its_surge_and_shrinks_by_what_is_available() {
    let d = deployment(
        &format!("replicas: 4, {ROLLING}"),
        "status: {replicas: 4, updatedReplicas: 4, availableReplicas: 4, readyReplicas: 4}",
    );
    let old = set("v1", 1, 4, &wants(4, 5), &counts(4));
    let created = plan(d.clone(), vec![old.clone()]);
    let Action::Create { body, .. } = &created.actions[0] else {
        panic!("{created:?}")
    };
    assert_eq!(body["spec"]["replicas"], 1);

    let new = set("v2", 2, 1, &wants(4, 5), "replicas: 1");
    let next = plan(d.clone(), vec![old.clone(), new]);
    assert_eq!(sizes(&next), [("web-v1".to_owned(), 3)]);
    assert_eq!(
        messages(&next),
        ["Scaled down replica set web-v1 from 4 to 3"]
    );

    let old = set("v1", 1, 3, &wants(4, 5), &counts(3));
    let next = plan(d, vec![old, set("v2", 2, 1, &wants(4, 5), "replicas: 1")]);
    assert_eq!(sizes(&next), [("web-v2".to_owned(), 2)]);
}

#[test]
fn a_finished_rollout_says_so_and_forgets_old_sets() {
    let rest = "status: {observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 1, \
                conditions: [{type: Progressing, status: 'True', reason: ReplicaSetUpdated, lastUpdateTime: '2026-01-01T00:09:00Z', lastTransitionTime: '2026-01-01T00:01:00Z'}]}";
    let d = deployment(&format!("replicas: 2, {ROLLING}"), rest);
    let sets = |n| {
        vec![
            set("v0", 0, 0, "", "replicas: 0"),
            set("v1", 1, 0, "", "replicas: 0"),
            set("v2", 2, 2, &wants(2, 3), &counts(n)),
        ]
    };
    let done = plan(d.clone(), sets(2));
    assert_eq!(
        condition(&done, "Progressing"),
        three(
            "True",
            "NewReplicaSetAvailable",
            "ReplicaSet \"web-v2\" has successfully progressed."
        )
    );
    assert_eq!(
        condition(&done, "Available"),
        three(
            "True",
            "MinimumReplicasAvailable",
            "Deployment has minimum availability."
        )
    );
    assert_eq!(status(&done).unwrap()["unavailableReplicas"], Value::Null);
    assert_eq!(done.again_after, None);

    let mut settled = d;
    settled.status.available_replicas = Some(2);
    let cleaned = plan(settled, sets(2));
    let deleted: Vec<_> = cleaned
        .actions
        .iter()
        .filter_map(|a| match a {
            Action::Delete { name, uid, .. } => Some((name.as_str(), uid.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(deleted, [("web-v0", "u-v0")]);
}

#[test]
fn no_progress_for_too_long_is_told() {
    let stuck = |since: &str| {
        let rest = format!(
            "status: {{observedGeneration: 2, replicas: 1, updatedReplicas: 1, unavailableReplicas: 1, conditions: [\
              {{type: Progressing, status: 'True', reason: ReplicaSetUpdated, lastUpdateTime: '{since}', lastTransitionTime: '{since}'}}]}}"
        );
        plan(
            deployment(&format!("replicas: 1, {ROLLING}"), &rest),
            vec![set("v2", 2, 1, &wants(1, 2), "replicas: 1")],
        )
    };
    let waiting = stuck("2026-01-01T00:05:00Z");
    assert_eq!(
        condition(&waiting, "Progressing").map(|c| c.1),
        Some("ReplicaSetUpdated".into())
    );
    assert_eq!(waiting.again_after, Some(Duration::from_secs(301)));
    let over = stuck("2025-12-31T23:59:59Z");
    assert_eq!(
        condition(&over, "Progressing"),
        three(
            "False",
            "ProgressDeadlineExceeded",
            "ReplicaSet \"web-v2\" has timed out progressing."
        )
    );
    assert_eq!(over.again_after, None);
}

#[test]
fn scaling_mid_rollout_is_shared_in_proportion() {
    let d = deployment(
        "replicas: 30, strategy: {rollingUpdate: {maxSurge: 3, maxUnavailable: 2}}",
        "status: {replicas: 13}",
    );
    let sets = vec![
        set("v1", 1, 8, &wants(10, 13), &counts(8)),
        set("v2", 2, 5, &wants(10, 13), &counts(2)),
    ];
    let scaled = plan(d, sets);
    assert_eq!(
        sizes(&scaled),
        [("web-v1".to_owned(), 20), ("web-v2".to_owned(), 13)]
    );
    assert_eq!(
        messages(&scaled),
        [
            "Scaled up replica set web-v1 from 8 to 20",
            "Scaled up replica set web-v2 from 5 to 13"
        ]
    );
}

#[test]
fn a_paused_deployment_scales_but_does_not_roll() {
    let d = deployment(
        &format!("replicas: 5, paused: true, {ROLLING}"),
        "status: {replicas: 3, conditions: [{type: Progressing, status: 'True', reason: ReplicaSetUpdated}]}",
    );
    let paused = plan(d, vec![set("v1", 1, 3, &wants(3, 4), &counts(3))]);
    assert_eq!(sizes(&paused), [("web-v1".to_owned(), 5)]);
    assert!(
        !paused
            .actions
            .iter()
            .any(|a| matches!(a, Action::Create { .. }))
    );
    assert_eq!(
        condition(&paused, "Progressing"),
        three("Unknown", "DeploymentPaused", "Deployment is paused")
    );
    let d = deployment(
        &format!("replicas: 3, {ROLLING}"),
        "status: {conditions: [{type: Progressing, status: Unknown, reason: DeploymentPaused}]}",
    );
    let resumed = plan(d, vec![set("v2", 2, 3, &wants(3, 4), "replicas: 3")]);
    let reason = condition(&resumed, "Progressing").map(|c| c.1);
    assert_eq!(
        reason,
        Some("ReplicaSetUpdated".into()),
        "pods that came to be are progress"
    );
}

#[test]
fn recreate_stops_everything_old_first() {
    let d = deployment("replicas: 2, strategy: {type: Recreate}", "status: {}");
    let stopping = plan(d.clone(), vec![set("v1", 1, 2, &wants(2, 2), &counts(2))]);
    assert_eq!(sizes(&stopping), [("web-v1".to_owned(), 0)]);
    assert!(
        !stopping
            .actions
            .iter()
            .any(|a| matches!(a, Action::Create { .. }))
    );
    let with_living = |living: usize| {
        reconcile(View {
            deployment: Arc::new(d.clone()),
            replica_sets: vec![Arc::new(set("v1", 1, 0, &wants(2, 2), "replicas: 0"))],
            living_pods: HashMap::from([("u-v1".to_owned(), living)]),
            now: NOW.parse().unwrap(),
        })
    };
    assert!(
        !with_living(1)
            .actions
            .iter()
            .any(|a| matches!(a, Action::Create { .. }))
    );
    let Action::Create { body, .. } = &with_living(0).actions[0] else {
        panic!()
    };
    assert_eq!(body["spec"]["replicas"], 2);
}

#[test]
fn an_undone_rollout_reuses_its_set() {
    let d = deployment(&format!("replicas: 1, {ROLLING}"), "status: {}");
    let undone = plan(
        d,
        vec![
            set("v2", 1, 0, &wants(1, 2), "replicas: 0"),
            set("v1", 2, 1, &wants(1, 2), &counts(1)),
        ],
    );
    let patch = undone.actions.iter().find_map(|a| match a {
        Action::Patch { name, body, .. } if name == "web-v2" => Some(body),
        _ => None,
    });
    assert_eq!(
        patch.unwrap(),
        &json!({"metadata": {"resourceVersion": "7", "annotations": {"deployment.kubernetes.io/revision": "3", "deployment.kubernetes.io/revision-history": "1"}}, "spec": {"replicas": 1}})
    );
}

#[test]
fn a_selector_for_everything_is_refused() {
    let mut d = deployment("replicas: 1", "status: {}");
    d.spec.selector = Default::default();
    let refused = plan(d, vec![]);
    assert_eq!(
        messages(&refused),
        ["This deployment is selecting all pods. A non-empty selector is required."]
    );
    assert_eq!(status(&refused), Some(&json!({"observedGeneration": 2})));
}

#[test]
fn a_set_that_cannot_be_made_is_told() {
    let d = deployment("replicas: 1", "status: {}");
    let actions = creation_failed(&d, "web-x", "quota", NOW.parse().unwrap());
    let told = Plan {
        actions,
        again_after: None,
    };
    assert_eq!(
        messages(&told),
        ["Failed to create new replica set \"web-x\": quota"]
    );
    assert_eq!(
        condition(&told, "Progressing"),
        three(
            "False",
            "ReplicaSetCreateError",
            "Failed to create new replica set \"web-x\": quota"
        )
    );
}
