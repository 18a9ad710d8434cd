//! What a terminating namespace tells of its end: five conditions, in upstream's words.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::NamespaceCondition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// What one look at a namespace's content found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// Why kinds could not be discovered.
    pub discovery_error: Option<String>,
    /// Why content could not be deleted, one text per kind.
    pub deletion_errors: Vec<String>,
    /// Objects left, by `plural.group`.
    pub remaining: BTreeMap<String, usize>,
    /// Objects left that have a finalizer, by finalizer.
    pub finalizers: BTreeMap<String, usize>,
}

impl Findings {
    /// Whether nothing is left and nothing went wrong.
    pub fn is_clean(&self) -> bool {
        self.discovery_error.is_none()
            && self.deletion_errors.is_empty()
            && self.remaining.is_empty()
    }
}

/// One condition's two faces.
struct Face {
    kind: &'static str,
    good: (&'static str, &'static str),
    bad: &'static str,
}

const FACES: [Face; 5] = [
    Face {
        kind: "NamespaceDeletionDiscoveryFailure",
        good: (
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ),
        bad: "DiscoveryFailed",
    },
    Face {
        kind: "NamespaceDeletionGroupVersionParsingFailure",
        good: (
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        bad: "GroupVersionParsingFailed",
    },
    Face {
        kind: "NamespaceDeletionContentFailure",
        good: (
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        bad: "ContentDeletionFailed",
    },
    Face {
        kind: "NamespaceContentRemaining",
        good: ("ContentRemoved", "All content successfully removed"),
        bad: "SomeResourcesRemain",
    },
    Face {
        kind: "NamespaceFinalizersRemaining",
        good: (
            "ContentHasNoFinalizers",
            "All content-preserving finalizers finished",
        ),
        bad: "SomeFinalizersRemain",
    },
];

fn listed(counts: &BTreeMap<String, usize>, joint: &str) -> String {
    let parts: Vec<String> = counts
        .iter()
        .map(|(what, count)| format!("{what} {joint} {count} resource instances"))
        .collect();
    parts.join(", ")
}

/// What is wrong, per condition, if anything.
fn complaint(kind: &str, findings: &Findings) -> Option<String> {
    match kind {
        "NamespaceDeletionDiscoveryFailure" => findings
            .discovery_error
            .as_ref()
            .map(|error| format!("Discovery failed for some groups, 1 failing: {error}")),
        "NamespaceDeletionContentFailure" if !findings.deletion_errors.is_empty() => Some(format!(
            "Failed to delete all resource types, {} remaining: {}",
            findings.deletion_errors.len(),
            findings.deletion_errors.join(", ")
        )),
        "NamespaceContentRemaining" if !findings.remaining.is_empty() => Some(format!(
            "Some resources are remaining: {}",
            listed(&findings.remaining, "has")
        )),
        "NamespaceFinalizersRemaining" if !findings.finalizers.is_empty() => Some(format!(
            "Some content in the namespace has finalizers remaining: {}",
            listed(&findings.finalizers, "in")
        )),
        _ => None,
    }
}

/// The conditions after a look; those of other kinds stay, and so do the times of those that say what they said.
pub fn conditions(
    before: &[NamespaceCondition],
    findings: &Findings,
    now: Timestamp,
) -> Vec<NamespaceCondition> {
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let mut after = before.to_vec();
    for face in &FACES {
        let (status, reason, message) = match complaint(face.kind, findings) {
            Some(message) => ("True", face.bad, message),
            None => ("False", face.good.0, face.good.1.to_owned()),
        };
        let next = NamespaceCondition {
            type_: face.kind.into(),
            status: status.into(),
            reason: Some(reason.into()),
            message: Some(message),
            last_transition_time: Some(Time(now)),
        };
        match after.iter_mut().find(|c| c.type_ == face.kind) {
            Some(known) => {
                let same = known.status == next.status
                    && known.reason == next.reason
                    && known.message == next.message;
                if !same {
                    *known = next;
                }
            }
            None => after.push(next),
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_named_as_upstream_names_it() {
        let findings = Findings {
            remaining: BTreeMap::from([("pods.".into(), 2), ("jobs.batch".into(), 1)]),
            finalizers: BTreeMap::from([("example.com/x".into(), 1)]),
            ..Default::default()
        };
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let told = conditions(&[], &findings, now);
        let find = |list: &[NamespaceCondition], kind: &str| {
            let c = list.iter().find(|c| c.type_ == kind).unwrap();
            (
                c.status.clone(),
                c.reason.clone().unwrap(),
                c.message.clone().unwrap(),
            )
        };
        assert_eq!(told.len(), 5);
        assert_eq!(
            find(&told, "NamespaceContentRemaining"),
            (
                "True".into(),
                "SomeResourcesRemain".into(),
                "Some resources are remaining: jobs.batch has 1 resource instances, pods. has 2 resource instances".into()
            )
        );
        assert_eq!(
            find(&told, "NamespaceFinalizersRemaining").2,
            "Some content in the namespace has finalizers remaining: example.com/x in 1 resource instances"
        );
        let later = "2026-01-01T00:01:00Z".parse().unwrap();
        assert_eq!(conditions(&told, &findings, later), told);
        let clean = conditions(&told, &Findings::default(), later);
        assert_eq!(
            find(&clean, "NamespaceContentRemaining").1,
            "ContentRemoved"
        );
        assert!(Findings::default().is_clean() && !findings.is_clean());
    }
}
