//! What a delete does to an object: nothing yet, a mark, or its end. Pure.
//!
//! Follows upstream's `rest.BeforeDelete` and the generic store's `Delete`: grace periods of pods, finalizers for the
//! garbage collector, namespaces that end when they are empty.

use hydrofoil_api::object;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::meta::{FOREGROUND, ORPHAN, time};
use crate::kinds::{Deletion, Dependents, Kind};
use crate::request::options::{DeleteOptions, Propagation};

/// The grace period of a pod that names none, seconds.
const DEFAULT_GRACE: i64 = 30;

/// What a delete does.
#[derive(Debug, PartialEq)]
pub enum Decision {
    /// The object goes now.
    Remove,
    /// The object is changed to this, and goes later.
    Mark(Box<Value>),
    /// The object is on its way out already; nothing changes.
    Pending,
}

/// Decides, by the rules of the object's kind: how its objects go, and whether their dependents stay when the client says
/// nothing about them.
pub fn decide(old: &Value, kind: &Kind, options: &DeleteOptions, now: Timestamp) -> Decision {
    let deletion = kind.delete;
    let mut new = old.clone();
    let mut grace = None;
    if deletion == Deletion::GracefulPod {
        match grace_of_pod(old, options) {
            Grace::Pending => return Decision::Pending,
            Grace::Forced => {}
            Grace::Of(seconds) => {
                mark(&mut new, seconds, now);
                grace = Some(seconds);
            }
        }
    }
    set_collector_finalizers(&mut new, options, kind.dependents);
    let held = object::finalizers(&new).next().is_some()
        || deletion == Deletion::Namespace
            && !object::list(&new, &["spec", "finalizers"]).is_empty();
    if !held && grace.unwrap_or(0) == 0 {
        return Decision::Remove;
    }
    if grace.is_none() {
        mark(&mut new, 0, now);
    }
    if deletion == Deletion::Namespace {
        object::set(&mut new, &["status", "phase"], "Terminating");
    }
    if new == *old {
        Decision::Pending
    } else {
        Decision::Mark(Box::new(new))
    }
}

enum Grace {
    /// A deletion is under way and this one asks for no less.
    Pending,
    /// No grace.
    Forced,
    /// So many seconds.
    Of(i64),
}

fn grace_of_pod(old: &Value, options: &DeleteOptions) -> Grace {
    if object::deletion_timestamp(old).is_some() {
        return match (
            object::deletion_grace_period_seconds(old),
            options.grace_period_seconds,
        ) {
            (None, _) => Grace::Forced,
            // Only a shorter period counts.
            (Some(current), Some(period)) if period < current => Grace::Of(period),
            _ => Grace::Pending,
        };
    }
    let own = object::int(old, &["spec", "terminationGracePeriodSeconds"]).unwrap_or(DEFAULT_GRACE);
    let wanted = options.grace_period_seconds.unwrap_or(own);
    let unscheduled = object::text(old, &["spec", "nodeName"]).is_empty();
    let finished = matches!(
        object::text(old, &["status", "phase"]),
        "Succeeded" | "Failed"
    );
    Grace::Of(match wanted {
        _ if unscheduled || finished => 0,
        negative if negative < 0 => 1,
        seconds => seconds,
    })
}

/// Sets `deletionTimestamp` and `deletionGracePeriodSeconds`. A mark that is there is moved to the shorter period.
fn mark(new: &mut Value, seconds: i64, now: Timestamp) {
    let before = object::deletion_timestamp(new).and_then(|at| at.parse::<Timestamp>().ok());
    let at = match before {
        Some(at) => {
            let current = object::deletion_grace_period_seconds(new).unwrap_or(0);
            let earlier = SignedDuration::from_secs(current.saturating_sub(seconds).max(0));
            at.checked_sub(earlier).unwrap_or(at)
        }
        None => {
            let generation = object::generation(new);
            if generation > 0 {
                object::set_metadata(new, "generation", generation + 1);
            }
            now.checked_add(SignedDuration::from_secs(seconds))
                .unwrap_or(Timestamp::MAX)
        }
    };
    object::set_metadata(new, "deletionTimestamp", time(at));
    object::set_metadata(new, "deletionGracePeriodSeconds", seconds);
}

/// Adds or removes the finalizers that the garbage collector acts upon.
fn set_collector_finalizers(new: &mut Value, options: &DeleteOptions, dependents: Dependents) {
    let has = |name: &str| object::finalizers(new).any(|finalizer| finalizer == name);
    let wanted = match options.propagation {
        _ if dependents == Dependents::Ungoverned => None,
        Some(Propagation::Orphan) => Some(ORPHAN),
        Some(Propagation::Foreground) => Some(FOREGROUND),
        Some(Propagation::Background) => None,
        None if has(ORPHAN) => Some(ORPHAN),
        None if has(FOREGROUND) => Some(FOREGROUND),
        None => (dependents == Dependents::Orphaned).then_some(ORPHAN),
    };
    let mut finalizers: Vec<Value> = object::finalizers(new)
        .filter(|name| !matches!(*name, ORPHAN | FOREGROUND))
        .map(Value::from)
        .collect();
    finalizers.extend(wanted.map(Value::from));
    let had: Vec<&str> = object::finalizers(new).collect();
    let same = had.len() == finalizers.len()
        && finalizers
            .iter()
            .all(|name| had.contains(&name.as_str().unwrap_or_default()));
    if same {
        return;
    }
    let list = if finalizers.is_empty() {
        Value::Null
    } else {
        finalizers.into()
    };
    object::set_metadata(new, "finalizers", list);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::KINDS;

    fn kind(group: &str, plural: &str) -> &'static Kind {
        let found = KINDS
            .iter()
            .find(|kind| kind.group == group && kind.plural == plural);
        found.unwrap()
    }

    fn now() -> Timestamp {
        "2026-05-01T10:00:00Z".parse().unwrap()
    }

    fn pod(extra: Value) -> Value {
        let mut pod = json!({"metadata": {"name": "p", "generation": 1}, "spec": {"nodeName": "n", "terminationGracePeriodSeconds": 20}, "status": {"phase": "Running"}});
        json_patch::merge(&mut pod, &extra);
        pod
    }

    fn delete(old: &Value, options: &DeleteOptions) -> Decision {
        decide(old, kind("", "pods"), options, now())
    }

    fn grace(seconds: i64) -> DeleteOptions {
        DeleteOptions {
            grace_period_seconds: Some(seconds),
            ..DeleteOptions::default()
        }
    }

    fn marked(decision: Decision) -> Value {
        match decision {
            Decision::Mark(new) => new["metadata"].clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_running_pod_gets_its_grace() {
        let metadata = marked(delete(&pod(json!({})), &DeleteOptions::default()));
        assert_eq!(metadata["deletionTimestamp"], "2026-05-01T10:00:20Z");
        assert_eq!(metadata["deletionGracePeriodSeconds"], 20);
        assert_eq!(metadata["generation"], 2);
        assert_eq!(
            marked(delete(&pod(json!({})), &grace(5)))["deletionGracePeriodSeconds"],
            5
        );
    }

    #[test]
    fn unscheduled_finished_and_forced_pods_go_at_once() {
        let unscheduled = pod(json!({"spec": {"nodeName": null}}));
        let finished = pod(json!({"status": {"phase": "Succeeded"}}));
        assert_eq!(
            delete(&unscheduled, &DeleteOptions::default()),
            Decision::Remove
        );
        assert_eq!(delete(&finished, &grace(30)), Decision::Remove);
        assert_eq!(delete(&pod(json!({})), &grace(0)), Decision::Remove);
    }

    #[test]
    fn a_second_delete_can_only_shorten() {
        let going = pod(
            json!({"metadata": {"deletionTimestamp": "2026-05-01T10:00:30Z", "deletionGracePeriodSeconds": 30}}),
        );
        assert_eq!(delete(&going, &DeleteOptions::default()), Decision::Pending);
        assert_eq!(delete(&going, &grace(40)), Decision::Pending);
        let metadata = marked(delete(&going, &grace(10)));
        assert_eq!(metadata["deletionTimestamp"], "2026-05-01T10:00:10Z");
        assert_eq!(metadata["generation"], 1);
        assert_eq!(delete(&going, &grace(0)), Decision::Remove);
    }

    #[test]
    fn finalizers_hold_what_is_deleted() {
        let held = json!({"metadata": {"finalizers": ["a/b"], "generation": 3}});
        let decide = |old: &Value, options: &DeleteOptions| {
            decide(old, kind("", "configmaps"), options, now())
        };
        let metadata = marked(decide(&held, &DeleteOptions::default()));
        assert_eq!(metadata["deletionGracePeriodSeconds"], 0);
        assert_eq!(metadata["generation"], 4);
        let going = json!({"metadata": metadata});
        assert_eq!(decide(&going, &DeleteOptions::default()), Decision::Pending);
        assert_eq!(
            decide(&json!({"metadata": {}}), &DeleteOptions::default()),
            Decision::Remove
        );
        let foreground = DeleteOptions {
            propagation: Some(Propagation::Foreground),
            ..DeleteOptions::default()
        };
        assert_eq!(
            marked(decide(&json!({"metadata": {}}), &foreground))["finalizers"],
            json!([FOREGROUND])
        );
        let background = DeleteOptions {
            propagation: Some(Propagation::Background),
            ..DeleteOptions::default()
        };
        let orphaning = json!({"metadata": {"finalizers": [ORPHAN]}});
        assert_eq!(decide(&orphaning, &background), Decision::Remove);
    }

    #[test]
    fn the_kinds_policy_counts_when_the_client_has_none() {
        let decision = decide(
            &json!({"metadata": {}}),
            kind("batch", "jobs"),
            &DeleteOptions::default(),
            now(),
        );
        assert_eq!(marked(decision)["finalizers"], json!([ORPHAN]));
        let foreground = DeleteOptions {
            propagation: Some(Propagation::Foreground),
            ..DeleteOptions::default()
        };
        let event = decide(
            &json!({"metadata": {}}),
            kind("", "events"),
            &foreground,
            now(),
        );
        assert_eq!(event, Decision::Remove);
    }

    #[test]
    fn a_namespace_ends_when_its_spec_lets_go() {
        let namespace = json!({"metadata": {"name": "a"}, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}});
        let Decision::Mark(new) = decide(
            &namespace,
            kind("", "namespaces"),
            &DeleteOptions::default(),
            now(),
        ) else {
            panic!("not marked")
        };
        assert_eq!(new["status"]["phase"], "Terminating");
        assert_eq!(new["metadata"]["deletionTimestamp"], "2026-05-01T10:00:00Z");
        assert_eq!(
            decide(
                &new,
                kind("", "namespaces"),
                &DeleteOptions::default(),
                now()
            ),
            Decision::Pending
        );
        let mut empty = *new;
        empty["spec"]["finalizers"] = json!([]);
        assert_eq!(
            decide(
                &empty,
                kind("", "namespaces"),
                &DeleteOptions::default(),
                now()
            ),
            Decision::Remove
        );
    }
}
