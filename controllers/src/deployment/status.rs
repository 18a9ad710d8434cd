//! A Deployment's status: its counts, and the conditions that `kubectl rollout status` reads.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::apps::v1::{DeploymentCondition, DeploymentStatus, ReplicaSetCondition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};

use super::numbers;
use crate::action::count;
use crate::objects::{Deployment, Meta, ReplicaSet};

/// The condition that says whether a rollout gets on.
pub const PROGRESSING: &str = "Progressing";
/// The condition that says whether enough pods are available.
pub const AVAILABLE: &str = "Available";
/// The condition that says why pods cannot be created.
pub const REPLICA_FAILURE: &str = "ReplicaFailure";

/// Reason: the rollout is done.
pub const NEW_SET_AVAILABLE: &str = "NewReplicaSetAvailable";
/// Reason: the rollout gets on.
pub const SET_UPDATED: &str = "ReplicaSetUpdated";
/// Reason: the rollout made no progress for too long.
pub const TIMED_OUT: &str = "ProgressDeadlineExceeded";
/// Reason: the Deployment stands still.
pub const PAUSED: &str = "DeploymentPaused";
/// Reason: the Deployment was set going again.
pub const RESUMED: &str = "DeploymentResumed";
/// Reason: a ReplicaSet was made.
pub const NEW_SET: &str = "NewReplicaSetCreated";
/// Reason: a ReplicaSet with the template was there already.
pub const FOUND_SET: &str = "FoundNewReplicaSet";
/// Reason: a ReplicaSet could not be made.
pub const CREATE_ERROR: &str = "ReplicaSetCreateError";

/// A deadline of this many seconds is none.
const NO_DEADLINE: i32 = i32::MAX;

/// The progress deadline, if there is one.
pub fn deadline(deployment: &Deployment) -> Option<SignedDuration> {
    deployment
        .spec
        .progress_deadline_seconds
        .filter(|s| *s != NO_DEADLINE)
        .map(|s| SignedDuration::from_secs(i64::from(s)))
}

/// A condition that changes now. Times are kept in whole seconds, as they are written.
pub fn condition(
    kind: &str,
    status: &str,
    reason: &str,
    message: String,
    now: Timestamp,
) -> DeploymentCondition {
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    DeploymentCondition {
        type_: kind.into(),
        status: status.into(),
        reason: Some(reason.into()),
        message: Some(message),
        last_update_time: Some(Time(now)),
        last_transition_time: Some(Time(now)),
    }
}

/// The condition of that type.
pub fn find<'a>(status: &'a DeploymentStatus, kind: &str) -> Option<&'a DeploymentCondition> {
    status.conditions.iter().flatten().find(|c| c.type_ == kind)
}

/// Whether a condition has that reason.
pub fn has_reason(condition: Option<&DeploymentCondition>, reason: &str) -> bool {
    condition.is_some_and(|c| c.reason.as_deref() == Some(reason))
}

/// Sets a condition, unless one with the same status and reason is there; the time of transition stays when the status does.
pub fn set(status: &mut DeploymentStatus, mut condition: DeploymentCondition) {
    if let Some(current) = find(status, &condition.type_) {
        if current.status == condition.status && current.reason == condition.reason {
            return;
        }
        if current.status == condition.status {
            condition.last_transition_time = current.last_transition_time.clone();
        }
    }
    remove(status, &condition.type_.clone());
    status.conditions.get_or_insert_default().push(condition);
}

/// Removes the condition of that type.
pub fn remove(status: &mut DeploymentStatus, kind: &str) {
    if let Some(conditions) = &mut status.conditions {
        conditions.retain(|c| c.type_ != kind);
    }
}

/// Counts what the ReplicaSets say of themselves, and whether enough of it is available. `wanted` is the sum of their
/// `spec.replicas`; conditions are taken over from `base`.
pub fn calculate(
    deployment: &Deployment,
    base: &DeploymentStatus,
    sets: &[&ReplicaSet],
    new: Option<&ReplicaSet>,
    wanted: i32,
    now: Timestamp,
) -> DeploymentStatus {
    let sum = |of: fn(&ReplicaSet) -> i32| sets.iter().map(|s| of(s)).sum::<i32>();
    let available = sum(|s| s.status.available_replicas.unwrap_or(0));
    let terminating = sets
        .iter()
        .map(|s| s.status.terminating_replicas)
        .sum::<Option<i32>>()
        .filter(|_| !sets.is_empty());
    let mut status = DeploymentStatus {
        observed_generation: Some(deployment.metadata.generation()),
        replicas: Some(sum(|s| s.status.replicas)),
        updated_replicas: Some(new.map_or(0, |s| s.status.replicas)),
        ready_replicas: Some(sum(|s| s.status.ready_replicas.unwrap_or(0))),
        available_replicas: Some(available),
        unavailable_replicas: Some((wanted - available).max(0)),
        terminating_replicas: terminating,
        collision_count: base.collision_count,
        conditions: base.conditions.clone(),
    };
    let enough = available >= deployment.replicas() - numbers::max_unavailable(deployment);
    let (state, reason, message) = if enough {
        (
            "True",
            "MinimumReplicasAvailable",
            "Deployment has minimum availability.",
        )
    } else {
        (
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        )
    };
    set(
        &mut status,
        condition(AVAILABLE, state, reason, message.into(), now),
    );
    status
}

/// Whether a rollout is done.
pub fn is_complete(deployment: &Deployment, status: &DeploymentStatus) -> bool {
    let wanted = Some(deployment.replicas());
    status.updated_replicas.or(Some(0)) == wanted
        && status.replicas.or(Some(0)) == wanted
        && status.available_replicas.or(Some(0)) == wanted
        && status.observed_generation.unwrap_or(0) >= deployment.metadata.generation()
}

/// Whether a rollout got on between two statuses.
fn is_progressing(old: &DeploymentStatus, new: &DeploymentStatus) -> bool {
    let replicas = |s: &DeploymentStatus| s.replicas.unwrap_or(0);
    let updated = |s: &DeploymentStatus| s.updated_replicas.unwrap_or(0);
    updated(new) > updated(old)
        || replicas(new) - updated(new) < replicas(old) - updated(old)
        || new.ready_replicas.unwrap_or(0) > old.ready_replicas.unwrap_or(0)
        || new.available_replicas.unwrap_or(0) > old.available_replicas.unwrap_or(0)
}

fn has_timed_out(deployment: &Deployment, status: &DeploymentStatus, now: Timestamp) -> bool {
    let progressing = find(status, PROGRESSING);
    let Some(current) = progressing else {
        return false;
    };
    if has_reason(progressing, NEW_SET_AVAILABLE) {
        return false;
    }
    if has_reason(progressing, TIMED_OUT) {
        return true;
    }
    match (deadline(deployment), &current.last_update_time) {
        (Some(deadline), Some(since)) => now.duration_since(since.0) > deadline,
        _ => false,
    }
}

/// Sets the conditions that tell how a rollout goes. `base` is the status before, `status` the one that was calculated.
pub fn judge_progress(
    deployment: &Deployment,
    base: &DeploymentStatus,
    status: &mut DeploymentStatus,
    new: Option<&ReplicaSet>,
    now: Timestamp,
) {
    let current = find(base, PROGRESSING).cloned();
    if deadline(deployment).is_none() {
        remove(status, PROGRESSING);
    }
    let was_complete = status.replicas == status.updated_replicas
        && has_reason(current.as_ref(), NEW_SET_AVAILABLE);
    if deadline(deployment).is_none() || was_complete {
        return;
    }
    let subject = match new {
        Some(set) => format!("ReplicaSet {:?}", set.metadata.name()),
        None => format!("Deployment {:?}", deployment.metadata.name()),
    };
    if is_complete(deployment, status) {
        let message = format!("{subject} has successfully progressed.");
        set(
            status,
            condition(PROGRESSING, "True", NEW_SET_AVAILABLE, message, now),
        );
    } else if is_progressing(base, status) {
        let mut next = condition(
            PROGRESSING,
            "True",
            SET_UPDATED,
            format!("{subject} is progressing."),
            now,
        );
        if let Some(current) = current {
            if current.status == "True" {
                next.last_transition_time = current.last_transition_time;
            }
            remove(status, PROGRESSING);
        }
        set(status, next);
    } else if has_timed_out(deployment, status, now) {
        let message = format!("{subject} has timed out progressing.");
        set(
            status,
            condition(PROGRESSING, "False", TIMED_OUT, message, now),
        );
    }
}

/// Takes over why a ReplicaSet cannot create its pods, the current template's before the others'.
pub fn judge_failure(
    status: &mut DeploymentStatus,
    sets: &[&ReplicaSet],
    new: Option<&ReplicaSet>,
) {
    let failure = |set: &ReplicaSet| -> Option<ReplicaSetCondition> {
        set.status
            .conditions
            .iter()
            .flatten()
            .find(|c| c.type_ == REPLICA_FAILURE)
            .cloned()
    };
    let found = new
        .and_then(failure)
        .or_else(|| sets.iter().find_map(|s| failure(s)));
    match found {
        None => remove(status, REPLICA_FAILURE),
        Some(found) => set(
            status,
            DeploymentCondition {
                type_: found.type_,
                status: found.status,
                reason: found.reason,
                message: found.message,
                last_update_time: found.last_transition_time.clone(),
                last_transition_time: found.last_transition_time,
            },
        ),
    }
}

/// When a rollout that stands still must be looked at again, because its deadline will then have passed.
pub fn look_again(
    deployment: &Deployment,
    status: &DeploymentStatus,
    now: Timestamp,
) -> Option<Duration> {
    let current = find(status, PROGRESSING)?;
    let deadline = deadline(deployment)?;
    if is_complete(deployment, status) || has_reason(Some(current), TIMED_OUT) {
        return None;
    }
    let since = current.last_update_time.as_ref()?.0;
    // A second more, for times are kept in whole seconds.
    let left = deadline - now.duration_since(since) + SignedDuration::from_secs(1);
    Some(
        Duration::try_from(left)
            .unwrap_or(Duration::from_secs(1))
            .max(Duration::from_secs(1)),
    )
}

/// The status as a merge patch: counts of 0 are taken away, as upstream leaves them out.
pub fn patch(status: &DeploymentStatus) -> Value {
    let number = |n: Option<i32>| count(n.unwrap_or(0));
    json!({
        "observedGeneration": status.observed_generation,
        "replicas": number(status.replicas),
        "updatedReplicas": number(status.updated_replicas),
        "readyReplicas": number(status.ready_replicas),
        "availableReplicas": number(status.available_replicas),
        "unavailableReplicas": number(status.unavailable_replicas),
        "terminatingReplicas": status.terminating_replicas,
        "collisionCount": status.collision_count,
        "conditions": status.conditions,
    })
}

/// Whether two statuses say the same, absent counts being 0.
pub fn same(a: &DeploymentStatus, b: &DeploymentStatus) -> bool {
    patch(a) == patch(b)
}
