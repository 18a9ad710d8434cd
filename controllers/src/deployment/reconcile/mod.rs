//! The Deployment controller's decision: from a Deployment and its ReplicaSets, as the cache has them, to what to do.
//!
//! The one confusing thing: sizes are changed on working copies first ([`Set::replicas`]) and become one patch per ReplicaSet
//! at the end, which carries the ReplicaSet's `resourceVersion`: a decision made on a stale view is refused, never carried out.

mod rolling;
mod scaling;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::DeploymentStatus;
use serde_json::{Value, json};

use super::{numbers, revision, status, template};
use crate::action::{Action, Event, Plan};
use crate::objects::{DEPLOYMENT, Deployment, Meta, REPLICA_SET, ReplicaSet};

/// What a decision is made on.
#[derive(Debug)]
pub struct View {
    /// The Deployment.
    pub deployment: Arc<Deployment>,
    /// The ReplicaSets that it owns.
    pub replica_sets: Vec<Arc<ReplicaSet>>,
    /// By the ReplicaSet's uid, how many of its pods exist and have not ended; looked at for `Recreate` alone.
    pub living_pods: HashMap<String, usize>,
    /// The time.
    pub now: Timestamp,
}

/// A ReplicaSet and what shall become of it.
struct Set {
    object: Arc<ReplicaSet>,
    replicas: i32,
    annotations: BTreeMap<String, String>,
    min_ready_seconds: i32,
    delete: bool,
}

impl Set {
    fn of(object: Arc<ReplicaSet>) -> Self {
        Self {
            replicas: object.replicas(),
            annotations: object.metadata.annotations().clone(),
            min_ready_seconds: object.spec.min_ready_seconds,
            delete: false,
            object,
        }
    }

    fn name(&self) -> &str {
        self.object.metadata.name()
    }

    /// Pods that are available and stay: of a ReplicaSet that was just made smaller the status still counts those that go.
    fn available(&self) -> i32 {
        let counted = self.object.status.available_replicas.unwrap_or(0);
        counted.min(self.object.replicas())
    }

    /// The patch that makes the object what it shall be, if it is not.
    fn patch(&self) -> Option<Value> {
        let meta = &self.object.metadata;
        let changed: BTreeMap<_, _> = self
            .annotations
            .iter()
            .filter(|(k, v)| meta.annotation(k) != Some(v.as_str()))
            .collect();
        let resized = self.replicas != self.object.replicas();
        let readier = self.min_ready_seconds != self.object.spec.min_ready_seconds;
        if changed.is_empty() && !resized && !readier {
            return None;
        }
        let mut patch = json!({"metadata": {"resourceVersion": meta.version()}});
        if !changed.is_empty() {
            patch["metadata"]["annotations"] = json!(changed);
        }
        if resized {
            patch["spec"]["replicas"] = self.replicas.into();
        }
        if readier {
            patch["spec"]["minReadySeconds"] = self.min_ready_seconds.into();
        }
        Some(patch)
    }
}

/// A decision in the making.
struct Rollout {
    view: View,
    sets: Vec<Set>,
    /// Which of the sets has the Deployment's template.
    new: Option<usize>,
    /// The status with the conditions that were changed on the way.
    base: DeploymentStatus,
    /// The revision that the Deployment shall carry.
    revision: Option<String>,
    creation: Option<Action>,
    events: Vec<Event>,
}

/// Decides what to do for a Deployment.
pub fn reconcile(view: View) -> Plan {
    let deployment = view.deployment.clone();
    let selector = &deployment.spec.selector;
    if selector.match_labels.iter().flatten().next().is_none()
        && selector.match_expressions.iter().flatten().next().is_none()
    {
        return selects_everything(&deployment);
    }
    let mut rollout = Rollout::of(view);
    let progress = rollout.decide();
    rollout.finish(progress)
}

/// Nothing can be done for a Deployment that would own every pod.
fn selects_everything(deployment: &Deployment) -> Plan {
    let message = "This deployment is selecting all pods. A non-empty selector is required.";
    let mut actions = vec![Action::Event(Event::warning(
        &DEPLOYMENT,
        &deployment.metadata,
        "SelectingAll",
        message,
    ))];
    if deployment.status.observed_generation.unwrap_or(0) < deployment.metadata.generation() {
        let status = json!({"observedGeneration": deployment.metadata.generation()});
        actions.push(Action::status(&DEPLOYMENT, &deployment.metadata, status));
    }
    Plan {
        actions,
        again_after: None,
    }
}

/// Whether the status shall judge how the rollout goes, or only count.
#[derive(Clone, Copy, PartialEq)]
enum Progress {
    Judge,
    CountOnly,
}

impl Rollout {
    fn of(view: View) -> Self {
        let mut sets: Vec<Set> = view.replica_sets.iter().cloned().map(Set::of).collect();
        // The oldest with the template wins, so that every controller chooses the same.
        sets.sort_by(|a, b| {
            let age = |s: &Set| (s.object.metadata.created(), s.name().to_owned());
            age(a).cmp(&age(b))
        });
        let wanted = &view.deployment.spec.template.0;
        let new = sets
            .iter()
            .position(|s| template::same(&s.object.spec.template.0, wanted));
        Self {
            base: view.deployment.status.clone(),
            sets,
            new,
            revision: None,
            creation: None,
            events: Vec::new(),
            view,
        }
    }

    fn deployment(&self) -> &Deployment {
        &self.view.deployment
    }

    fn is_new(&self, index: usize) -> bool {
        self.new == Some(index)
    }

    /// All sets but the one with the Deployment's template, oldest first.
    fn old(&self) -> impl Iterator<Item = usize> + use<> {
        let new = self.new;
        (0..self.sets.len()).filter(move |i| new != Some(*i))
    }

    fn wanted(&self) -> i32 {
        self.sets.iter().map(|s| s.replicas).sum()
    }

    fn decide(&mut self) -> Progress {
        if self.deployment().metadata.is_deleting() {
            self.sync_new_set(false);
            return Progress::CountOnly;
        }
        self.note_pause();
        if self.deployment().spec.paused || self.is_scaling() {
            return self.scale_only();
        }
        if numbers::is_rolling(self.deployment()) {
            self.roll();
        } else {
            self.recreate();
        }
        Progress::Judge
    }

    /// A paused rollout must not run into its deadline.
    fn note_pause(&mut self) {
        if status::deadline(self.deployment()).is_none() {
            return;
        }
        let current = status::find(&self.base, status::PROGRESSING);
        if status::has_reason(current, status::TIMED_OUT) {
            return;
        }
        let noted = status::has_reason(current, status::PAUSED);
        let paused = self.deployment().spec.paused;
        let (reason, message) = match (paused, noted) {
            (true, false) => (status::PAUSED, "Deployment is paused"),
            (false, true) => (status::RESUMED, "Deployment is resumed"),
            _ => return,
        };
        let condition = status::condition(
            status::PROGRESSING,
            "Unknown",
            reason,
            message.into(),
            self.view.now,
        );
        status::set(&mut self.base, condition);
    }

    fn scale_only(&mut self) -> Progress {
        self.sync_new_set(false);
        self.scale();
        if self.deployment().spec.paused {
            self.clean_up();
        }
        Progress::CountOnly
    }

    /// Brings the ReplicaSet with the Deployment's template up to date, or makes one.
    fn sync_new_set(&mut self, create: bool) {
        let old = self.old();
        let last = revision::max_revision(old.map(|i| self.sets[i].object.as_ref()));
        let deployment = self.view.deployment.clone();
        let Some(new) = self.new else {
            if create {
                self.create_set(last + 1);
            }
            return;
        };
        let set = &mut self.sets[new];
        revision::update_new(&mut set.annotations, &deployment, last + 1);
        set.min_ready_seconds = deployment.spec.min_ready_seconds;
        self.revision = set.annotations.get(revision::REVISION).cloned();
        let unjudged = status::find(&self.base, status::PROGRESSING).is_none();
        if unjudged && status::deadline(&deployment).is_some() {
            let message = format!("Found new replica set {:?}", self.sets[new].name());
            let condition = status::condition(
                status::PROGRESSING,
                "True",
                status::FOUND_SET,
                message,
                self.view.now,
            );
            status::set(&mut self.base, condition);
        }
    }

    fn create_set(&mut self, new_revision: i64) {
        let deployment = self.view.deployment.clone();
        let hash = template::hash(
            &deployment.spec.template.0,
            deployment.status.collision_count,
        );
        let name = set_name(deployment.metadata.name(), &hash);
        let replicas = self.new_set_size(0);
        let mut annotations = BTreeMap::new();
        revision::update_new(&mut annotations, &deployment, new_revision);
        let desired = deployment.replicas();
        revision::set_replicas(
            &mut annotations,
            desired,
            desired + numbers::max_surge(&deployment),
        );
        let body = new_set(&deployment, &name, &hash, &annotations, replicas);
        if replicas > 0 {
            let message = format!("Scaled up replica set {name} from 0 to {replicas}");
            self.events.push(Event::normal(
                &DEPLOYMENT,
                &deployment.metadata,
                "ScalingReplicaSet",
                message,
            ));
        }
        if status::deadline(&deployment).is_some() {
            let message = format!("Created new replica set {name:?}");
            let condition = status::condition(
                status::PROGRESSING,
                "True",
                status::NEW_SET,
                message,
                self.view.now,
            );
            status::set(&mut self.base, condition);
        }
        self.revision = Some(new_revision.to_string());
        self.creation = Some(Action::Create {
            kind: &REPLICA_SET,
            namespace: deployment.metadata.namespace().into(),
            body,
        });
    }

    /// How large the current template's ReplicaSet, now of size `current`, may be next to the others.
    fn new_set_size(&self, current: i32) -> i32 {
        let deployment = self.deployment();
        let desired = deployment.replicas();
        if !numbers::is_rolling(deployment) {
            return desired;
        }
        let room = desired + numbers::max_surge(deployment) - self.wanted();
        if room <= 0 {
            return current;
        }
        current + room.min(desired - current)
    }

    /// Sets a ReplicaSet's size and notes what the Deployment wants; says so if the size changes.
    fn resize(&mut self, index: usize, replicas: i32) {
        let desired = self.deployment().replicas();
        let max = desired + numbers::max_surge(self.deployment());
        let set = &mut self.sets[index];
        revision::set_replicas(&mut set.annotations, desired, max);
        set.replicas = replicas;
    }

    /// As [`resize`](Self::resize), but nothing if the size stays. Returns whether it changed.
    fn scale_to(&mut self, index: usize, replicas: i32) -> bool {
        if self.sets[index].replicas == replicas {
            return false;
        }
        self.resize(index, replicas);
        true
    }

    /// Deletes old ReplicaSets beyond `revisionHistoryLimit`, the oldest revisions first, and none that has or wants pods.
    fn clean_up(&mut self) {
        let Some(limit) = self
            .deployment()
            .spec
            .revision_history_limit
            .filter(|l| *l != i32::MAX)
        else {
            return;
        };
        let mut old: Vec<usize> = self
            .old()
            .filter(|i| !self.sets[*i].object.metadata.is_deleting())
            .collect();
        let surplus = old
            .len()
            .saturating_sub(usize::try_from(limit).unwrap_or(0));
        old.sort_by_key(|i| (revision::revision(&self.sets[*i].object), *i));
        for index in old.into_iter().take(surplus) {
            let set = &mut self.sets[index];
            let object = &set.object;
            let settled =
                object.metadata.generation() <= object.status.observed_generation.unwrap_or(0);
            set.delete = object.status.replicas == 0
                && object.replicas() == 0
                && set.replicas == 0
                && settled;
        }
    }

    /// Turns what was decided into actions.
    fn finish(mut self, progress: Progress) -> Plan {
        let deployment = self.view.deployment.clone();
        let now = self.view.now;
        let mut actions: Vec<Action> = self.creation.take().into_iter().collect();
        self.events.extend(self.scale_events());
        for set in &self.sets {
            if set.delete {
                actions.push(Action::delete(&REPLICA_SET, &set.object.metadata));
            } else if let Some(patch) = set.patch() {
                actions.push(Action::merge(&REPLICA_SET, &set.object.metadata, patch));
            }
        }
        actions.extend(self.events.drain(..).map(Action::Event));
        let objects: Vec<&ReplicaSet> = self.sets.iter().map(|s| s.object.as_ref()).collect();
        let new = self.new.map(|i| objects[i]);
        let mut next =
            status::calculate(&deployment, &self.base, &objects, new, self.wanted(), now);
        if progress == Progress::Judge && self.creation_was_planned(&actions) {
            status::judge_failure(&mut next, &objects, new);
        } else if progress == Progress::Judge {
            status::judge_progress(&deployment, &self.base, &mut next, new, now);
            status::judge_failure(&mut next, &objects, new);
        }
        // With the status, as upstream writes it: a patch of the Deployment itself would raise its generation.
        let revision = self.revision.as_deref();
        let revised =
            revision.filter(|r| deployment.metadata.annotation(revision::REVISION) != Some(*r));
        if revised.is_some() || !status::same(&next, &deployment.status) {
            let mut patch = json!({"status": status::patch(&next)});
            if let Some(revision) = revised {
                patch["metadata"]["annotations"][revision::REVISION] = revision.into();
            }
            actions.push(Action::subresource(
                &DEPLOYMENT,
                &deployment.metadata,
                "status",
                patch,
            ));
        }
        let again_after = match progress {
            Progress::Judge => status::look_again(&deployment, &next, now),
            Progress::CountOnly => None,
        };
        Plan {
            actions,
            again_after,
        }
    }

    fn creation_was_planned(&self, actions: &[Action]) -> bool {
        matches!(actions.first(), Some(Action::Create { .. }))
    }

    fn scale_events(&self) -> Vec<Event> {
        let meta = &self.deployment().metadata;
        self.sets
            .iter()
            .filter(|s| !s.delete && s.replicas != s.object.replicas())
            .map(|s| {
                let (before, after) = (s.object.replicas(), s.replicas);
                let way = if after > before { "up" } else { "down" };
                let message = format!(
                    "Scaled {way} replica set {} from {before} to {after}",
                    s.name()
                );
                Event::normal(&DEPLOYMENT, meta, "ScalingReplicaSet", message)
            })
            .collect()
    }
}

/// A ReplicaSet's name; the Deployment's part gives way when both are too long together.
fn set_name(deployment: &str, hash: &str) -> String {
    /// RFC 1123: a subdomain's greatest length.
    const MAX_NAME: usize = 253;
    let room = MAX_NAME - hash.len() - 1;
    let prefix = &deployment[..deployment.floor_char_boundary(room)];
    format!("{prefix}-{hash}")
}

/// The ReplicaSet for a Deployment's template.
fn new_set(
    deployment: &Deployment,
    name: &str,
    hash: &str,
    annotations: &BTreeMap<String, String>,
    replicas: i32,
) -> Value {
    let mut template = deployment.spec.template.0.as_ref().clone();
    if !template["metadata"].is_object() {
        template["metadata"] = json!({});
    }
    if !template["metadata"]["labels"].is_object() {
        template["metadata"]["labels"] = json!({});
    }
    template["metadata"]["labels"][template::HASH_LABEL] = hash.into();
    let mut selector = deployment.spec.selector.clone();
    selector
        .match_labels
        .get_or_insert_default()
        .insert(template::HASH_LABEL.into(), hash.into());
    let mut body = json!({
        "apiVersion": REPLICA_SET.api_version(),
        "kind": REPLICA_SET.kind,
        "metadata": {
            "name": name,
            "namespace": deployment.metadata.namespace(),
            "labels": template["metadata"]["labels"],
            "annotations": annotations,
            "ownerReferences": [DEPLOYMENT.controller_reference(&deployment.metadata)],
        },
        "spec": {"replicas": replicas, "selector": selector, "template": template},
    });
    if deployment.spec.min_ready_seconds != 0 {
        body["spec"]["minReadySeconds"] = deployment.spec.min_ready_seconds.into();
    }
    body
}

/// What to do when the ReplicaSet's name is taken by one with another template: count the collision, which changes the hash.
pub fn collided(deployment: &Deployment) -> Action {
    let count = deployment
        .status
        .collision_count
        .unwrap_or(0)
        .saturating_add(1);
    Action::status(
        &DEPLOYMENT,
        &deployment.metadata,
        json!({ "collisionCount": count }),
    )
}

/// What to tell when the ReplicaSet could not be made.
pub fn creation_failed(
    deployment: &Deployment,
    name: &str,
    error: &str,
    now: Timestamp,
) -> Vec<Action> {
    let message = format!("Failed to create new replica set {name:?}: {error}");
    let mut actions = vec![Action::Event(Event::warning(
        &DEPLOYMENT,
        &deployment.metadata,
        status::CREATE_ERROR,
        message.clone(),
    ))];
    if status::deadline(deployment).is_some() {
        let mut next = deployment.status.clone();
        let condition = status::condition(
            status::PROGRESSING,
            "False",
            status::CREATE_ERROR,
            message,
            now,
        );
        status::set(&mut next, condition);
        if next != deployment.status {
            let patch = json!({"conditions": next.conditions});
            actions.push(Action::status(&DEPLOYMENT, &deployment.metadata, patch));
        }
    }
    actions
}
