//! When a pod must leave a node that drives pods away: at once if it does not bear the taint, after `tolerationSeconds` if it
//! bears it for a while, never if it bears it for good.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Taint, Toleration};

use super::taints::NO_EXECUTE;
use crate::objects::{Meta, Node, Pod};

/// What becomes of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It may stay.
    Stays,
    /// It must leave then.
    LeavesAt(Timestamp),
}

/// Whether a toleration bears a taint.
fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let effect = toleration.effect.as_deref().unwrap_or_default();
    let key = toleration.key.as_deref().unwrap_or_default();
    if (!effect.is_empty() && effect != taint.effect) || (!key.is_empty() && key != taint.key) {
        return false;
    }
    match toleration.operator.as_deref().unwrap_or("Equal") {
        "Exists" => true,
        "Equal" | "" => {
            !key.is_empty()
                && toleration.value.as_deref().unwrap_or_default()
                    == taint.value.as_deref().unwrap_or_default()
        }
        _ => false,
    }
}

/// What becomes of a pod on a node.
pub fn fate(pod: &Pod, node: &Node) -> Fate {
    let taints = node.spec.taints.iter().filter(|t| t.effect == NO_EXECUTE);
    let mut leaves: Option<Timestamp> = None;
    for taint in taints {
        // A pod that came after the taint has its time from its own beginning.
        let added = taint.time_added.as_ref().map_or(Timestamp::MIN, |t| t.0);
        let since = added.max(pod.metadata.created().unwrap_or(Timestamp::MIN));
        let bearing: Vec<&Toleration> = pod
            .spec
            .tolerations
            .iter()
            .filter(|t| tolerates(t, taint))
            .collect();
        if bearing.is_empty() {
            return Fate::LeavesAt(Timestamp::MIN);
        }
        let seconds = bearing.iter().filter_map(|t| t.toleration_seconds).min();
        let Some(seconds) = seconds else { continue };
        let until = since
            .checked_add(SignedDuration::from_secs(seconds.max(0)))
            .unwrap_or(Timestamp::MAX);
        leaves = Some(leaves.map_or(until, |l| l.min(until)));
    }
    leaves.map_or(Fate::Stays, Fate::LeavesAt)
}

/// Whether a node drives pods away.
pub fn drives_away(node: &Node) -> bool {
    node.spec.taints.iter().any(|t| t.effect == NO_EXECUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + seconds).unwrap()
    }

    fn pod(tolerations: &str, created: i64) -> Pod {
        let yaml = format!(
            "{{metadata: {{creationTimestamp: '{}'}}, spec: {{tolerations: [{tolerations}]}}}}",
            at(created)
        );
        serde_yaml::from_str(&yaml).unwrap()
    }

    #[test]
    fn tolerations_decide_when_a_pod_leaves() {
        let yaml = format!(
            "{{spec: {{taints: [{{key: node.kubernetes.io/unreachable, effect: NoExecute, timeAdded: '{}'}}, {{key: x, effect: NoSchedule}}]}}}}",
            at(100)
        );
        let node: Node = serde_yaml::from_str(&yaml).unwrap();
        let default = "{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 300}";
        assert_eq!(fate(&pod(default, 0), &node), Fate::LeavesAt(at(400)));
        assert_eq!(fate(&pod(default, 200), &node), Fate::LeavesAt(at(500)));
        assert_eq!(fate(&pod("", 0), &node), Fate::LeavesAt(Timestamp::MIN));
        assert_eq!(fate(&pod("{operator: Exists}", 0), &node), Fate::Stays);
        assert_eq!(
            fate(
                &pod("{key: node.kubernetes.io/unreachable, value: other}", 0),
                &node
            ),
            Fate::LeavesAt(Timestamp::MIN)
        );
        assert_eq!(
            fate(&pod("{key: node.kubernetes.io/unreachable}", 0), &node),
            Fate::Stays
        );
        assert_eq!(
            fate(
                &pod(
                    &format!("{default}, {{operator: Exists, tolerationSeconds: 5}}"),
                    0
                ),
                &node
            ),
            Fate::LeavesAt(at(105))
        );
        assert!(drives_away(&node));
        assert_eq!(fate(&pod("", 0), &Node::default()), Fate::Stays);
    }
}
