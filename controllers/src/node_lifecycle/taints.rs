//! The taints that follow from a node's conditions.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Taint;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::health::{Readiness, readiness};
use crate::objects::Node;

/// The taint of a node that says that it is not ready.
const NOT_READY: &str = "node.kubernetes.io/not-ready";
/// The taint of a node that says nothing.
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
/// Keeps new pods away.
const NO_SCHEDULE: &str = "NoSchedule";
/// Drives pods away.
pub const NO_EXECUTE: &str = "NoExecute";

/// Conditions that keep new pods away while they are True.
const BY_CONDITION: [(&str, &str); 4] = [
    ("MemoryPressure", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "node.kubernetes.io/disk-pressure"),
    ("PIDPressure", "node.kubernetes.io/pid-pressure"),
    (
        "NetworkUnavailable",
        "node.kubernetes.io/network-unavailable",
    ),
];
/// The taint of a node that was cordoned.
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// Whether a taint is this controller's to set and to remove.
fn is_ours(taint: &Taint) -> bool {
    match taint.effect.as_str() {
        NO_EXECUTE => matches!(taint.key.as_str(), NOT_READY | UNREACHABLE),
        NO_SCHEDULE => {
            matches!(taint.key.as_str(), NOT_READY | UNREACHABLE | UNSCHEDULABLE)
                || BY_CONDITION.iter().any(|(_, key)| *key == taint.key)
        }
        _ => false,
    }
}

/// The keys and effects that a node's state asks for. `evict` says whether pods may be driven away: they may not when no node
/// at all is ready, for then it is the control plane that hears nothing.
fn wanted(node: &Node, evict: bool) -> Vec<(&'static str, &'static str)> {
    let mut wanted = Vec::new();
    let silent = match readiness(node) {
        Readiness::Ready => None,
        Readiness::NotReady => Some(NOT_READY),
        Readiness::Unknown => Some(UNREACHABLE),
    };
    if let Some(key) = silent {
        wanted.push((key, NO_SCHEDULE));
        if evict {
            wanted.push((key, NO_EXECUTE));
        }
    }
    for (kind, key) in BY_CONDITION {
        if node
            .status
            .conditions
            .iter()
            .any(|c| c.type_ == kind && c.status == "True")
        {
            wanted.push((key, NO_SCHEDULE));
        }
    }
    if node.spec.unschedulable {
        wanted.push((UNSCHEDULABLE, NO_SCHEDULE));
    }
    wanted
}

/// The taints that a node shall have, if it has not. Taints of others stay, and those that stay keep their time.
pub fn reconcile(node: &Node, evict: bool, now: Timestamp) -> Option<Vec<Taint>> {
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let wanted = wanted(node, evict);
    let is_wanted = |t: &Taint| {
        wanted
            .iter()
            .any(|(key, effect)| *key == t.key && *effect == t.effect)
    };
    let mut taints: Vec<Taint> = node
        .spec
        .taints
        .iter()
        .filter(|t| !is_ours(t) || is_wanted(t))
        .cloned()
        .collect();
    for (key, effect) in &wanted {
        if !taints.iter().any(|t| t.key == *key && t.effect == *effect) {
            taints.push(Taint {
                key: (*key).into(),
                effect: (*effect).into(),
                time_added: Some(Time(now)),
                ..Default::default()
            });
        }
    }
    (taints != node.spec.taints).then_some(taints)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(spec: &str, conditions: &str) -> Node {
        serde_yaml::from_str(&format!(
            "{{spec: {{{spec}}}, status: {{conditions: [{conditions}]}}}}"
        ))
        .unwrap()
    }

    fn shape(taints: Option<Vec<Taint>>) -> Option<Vec<String>> {
        taints.map(|t| {
            t.iter()
                .map(|t| format!("{}:{}", t.key.rsplit('/').next().unwrap(), t.effect))
                .collect()
        })
    }

    fn now() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn taints_follow_the_conditions() {
        let ready = "{type: Ready, status: 'True'}";
        let of =
            |spec: &str, conditions: &str| shape(reconcile(&node(spec, conditions), true, now()));
        assert_eq!(of("", ready), None);
        assert_eq!(
            of("", "{type: Ready, status: 'False'}"),
            Some(vec![
                "not-ready:NoSchedule".into(),
                "not-ready:NoExecute".into()
            ])
        );
        let unreachable = Some(vec![
            "unreachable:NoSchedule".to_owned(),
            "unreachable:NoExecute".into(),
        ]);
        assert_eq!(of("", "{type: Ready, status: Unknown}"), unreachable);
        let swapped = of(
            "taints: [{key: node.kubernetes.io/not-ready, effect: NoExecute}]",
            "{type: Ready, status: Unknown}",
        );
        assert_eq!(swapped, unreachable);
        assert_eq!(
            of(
                "unschedulable: true, taints: [{key: mine, effect: NoExecute}]",
                &format!("{ready}, {{type: DiskPressure, status: 'True'}}")
            ),
            Some(vec![
                "mine:NoExecute".into(),
                "disk-pressure:NoSchedule".into(),
                "unschedulable:NoSchedule".into()
            ])
        );
        assert_eq!(
            of(
                "taints: [{key: node.kubernetes.io/unschedulable, effect: NoSchedule}]",
                ready
            ),
            Some(vec![])
        );
    }

    #[test]
    fn nobody_is_driven_away_when_no_node_is_ready() {
        let silent = node("", "{type: Ready, status: Unknown}");
        assert_eq!(
            shape(reconcile(&silent, false, now())),
            Some(vec!["unreachable:NoSchedule".into()])
        );
        let kept = reconcile(&silent, true, now()).unwrap();
        assert_eq!(kept[1].time_added.as_ref().map(|t| t.0), Some(now()));
    }
}
