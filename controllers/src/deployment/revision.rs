//! Annotations with which a Deployment's ReplicaSets remember their place in its history and the size it wanted.

use std::collections::BTreeMap;

use crate::objects::{Deployment, Meta, ReplicaSet};

/// A ReplicaSet's place in the rollout history; on the Deployment, the current one's.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// Places that it had before it was rolled back to.
pub const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// The Deployment's `spec.replicas` when it was scaled last.
pub const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
/// The same with the surge.
pub const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";

/// Never copied from a Deployment to its ReplicaSets.
const NOT_COPIED: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    "deprecated.deployment.rollback.to",
];

/// A longer revision history is cut at its old end (upstream: `maxRevHistoryLengthInChars`).
const MAX_HISTORY: usize = 2000;

/// The revision of a ReplicaSet, 0 if it has none that can be read.
pub fn revision(set: &ReplicaSet) -> i64 {
    number(set.metadata.annotation(REVISION)).unwrap_or(0)
}

/// The greatest revision.
pub fn max_revision<'a>(sets: impl Iterator<Item = &'a ReplicaSet>) -> i64 {
    sets.map(revision).max().unwrap_or(0)
}

fn number(text: Option<&str>) -> Option<i64> {
    text.and_then(|t| t.parse().ok())
}

/// An annotation that counts pods.
pub fn replicas_annotation(set: &ReplicaSet, key: &str) -> Option<i32> {
    set.metadata.annotation(key).and_then(|t| t.parse().ok())
}

/// Brings the annotations of the current template's ReplicaSet up to date: the Deployment's own, and a revision that is the
/// greatest of all. A ReplicaSet that had a smaller one remembers it, for it was rolled back to.
pub fn update_new(
    annotations: &mut BTreeMap<String, String>,
    deployment: &Deployment,
    new_revision: i64,
) {
    let mut changed = false;
    for (key, value) in deployment.metadata.annotations() {
        if NOT_COPIED.contains(&key.as_str()) || annotations.get(key) == Some(value) {
            continue;
        }
        annotations.insert(key.clone(), value.clone());
        changed = true;
    }
    let old = annotations.get(REVISION).cloned();
    let old_number = match &old {
        None => 0,
        Some(text) => match text.parse::<i64>() {
            Ok(number) => number,
            // Not ours to repair.
            Err(_) => return,
        },
    };
    if old_number < new_revision {
        annotations.insert(REVISION.into(), new_revision.to_string());
        changed = true;
    }
    let Some(old) = old.filter(|_| changed && old_number < new_revision) else {
        return;
    };
    let history = annotations.entry(REVISION_HISTORY.into()).or_default();
    if history.is_empty() {
        *history = old;
    } else {
        history.push(',');
        history.push_str(&old);
        while history.len() > MAX_HISTORY {
            let cut = history.find(',').map_or(history.len(), |comma| comma + 1);
            history.drain(..cut);
        }
    }
}

/// Notes the size that the Deployment wants.
pub fn set_replicas(annotations: &mut BTreeMap<String, String>, desired: i32, max: i32) {
    annotations.insert(DESIRED_REPLICAS.into(), desired.to_string());
    annotations.insert(MAX_REPLICAS.into(), max.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(yaml: &str) -> Deployment {
        serde_yaml::from_str(yaml).unwrap()
    }

    fn map(yaml: &str) -> BTreeMap<String, String> {
        serde_yaml::from_str(yaml).unwrap()
    }

    #[test]
    fn a_rollback_gets_a_new_revision_and_remembers_the_old() {
        let d = deployment(
            "{metadata: {annotations: {note: x, deployment.kubernetes.io/revision: '2', kubectl.kubernetes.io/last-applied-configuration: '{}'}}}",
        );
        let mut a = map("{deployment.kubernetes.io/revision: '1'}");
        update_new(&mut a, &d, 3);
        assert_eq!(
            a,
            map(
                "{note: x, deployment.kubernetes.io/revision: '3', deployment.kubernetes.io/revision-history: '1'}"
            )
        );
        update_new(&mut a, &d, 5);
        assert_eq!(a[REVISION_HISTORY], "1,3");
        let before = a.clone();
        update_new(&mut a, &d, 4);
        assert_eq!(a, before);
    }

    #[test]
    fn history_stays_below_its_limit() {
        let d = deployment("{}");
        let mut a = map("{deployment.kubernetes.io/revision: '1'}");
        for revision in 2..900 {
            update_new(&mut a, &d, revision);
        }
        assert!(a[REVISION_HISTORY].len() <= MAX_HISTORY);
        assert!(a[REVISION_HISTORY].ends_with(",898"));
    }
}
