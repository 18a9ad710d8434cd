//! Whether a node is alive: what its Lease and its conditions told last, and when, and what is said of it when it is silent.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::NodeCondition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::objects::{Lease, Meta, Node};

/// The condition that says whether a node works.
pub const READY: &str = "Ready";
/// Conditions that nobody knows any more when a node is silent.
const WATCHED: [&str; 4] = [READY, "MemoryPressure", "DiskPressure", "PIDPressure"];

/// How long nodes may be silent.
#[derive(Clone, Copy, Debug)]
pub struct Grace {
    /// A node that was heard of before.
    pub known: SignedDuration,
    /// A new node.
    pub new: SignedDuration,
}

/// When a node gave its last sign of life, on this controller's own clock, for a node's clock may be wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pulse {
    last: Option<Timestamp>,
    renewed: Option<Timestamp>,
    heartbeats: HashMap<String, Option<Timestamp>>,
}

/// Whether a node is ready, as far as anybody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It says so.
    Ready,
    /// It says that it is not, or has said nothing yet.
    NotReady,
    /// It is silent.
    Unknown,
}

/// The readiness that a node's conditions tell.
pub fn readiness(node: &Node) -> Readiness {
    match ready_condition(node).map(|c| c.status.as_str()) {
        Some("True") => Readiness::Ready,
        Some("Unknown") => Readiness::Unknown,
        _ => Readiness::NotReady,
    }
}

fn ready_condition(node: &Node) -> Option<&NodeCondition> {
    node.status.conditions.iter().find(|c| c.type_ == READY)
}

impl Pulse {
    /// Takes in what a node and its Lease tell; returns whether it is silent for longer than its grace.
    pub fn feel(
        &mut self,
        node: &Node,
        lease: Option<&Lease>,
        grace: Grace,
        now: Timestamp,
    ) -> bool {
        let heartbeats: HashMap<String, Option<Timestamp>> = node
            .status
            .conditions
            .iter()
            // What this controller wrote itself is no sign of life.
            .filter(|c| c.status != "Unknown" || c.type_ != READY)
            .map(|c| (c.type_.clone(), c.last_heartbeat_time.as_ref().map(|t| t.0)))
            .collect();
        let renewed = lease.and_then(|l| l.spec.renew_time.as_ref()).map(|t| t.0);
        let beat =
            heartbeats.get(READY) != self.heartbeats.get(READY) && heartbeats.contains_key(READY);
        if self.last.is_none() {
            // A new node has its grace from its beginning, one that is met again from now.
            let since = if ready_condition(node).is_none() {
                node.metadata.created()
            } else {
                None
            };
            self.last = Some(since.unwrap_or(now));
        } else if beat || renewed > self.renewed {
            self.last = Some(now);
        }
        self.heartbeats = heartbeats;
        self.renewed = renewed.max(self.renewed);
        let allowed = if ready_condition(node).is_some() {
            grace.known
        } else {
            grace.new
        };
        self.last
            .is_some_and(|last| now.duration_since(last) > allowed)
    }
}

/// The conditions of a silent node, if they do not say so yet.
pub fn silenced(node: &Node, now: Timestamp) -> Option<Vec<NodeCondition>> {
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let mut changed = Vec::new();
    for kind in WATCHED {
        let current = node.status.conditions.iter().find(|c| c.type_ == kind);
        let next = match current {
            Some(known) if known.status == "Unknown" => continue,
            Some(known) => NodeCondition {
                status: "Unknown".into(),
                reason: Some("NodeStatusUnknown".into()),
                message: Some("Kubelet stopped posting node status.".into()),
                last_transition_time: Some(Time(now)),
                ..known.clone()
            },
            None => NodeCondition {
                type_: kind.into(),
                status: "Unknown".into(),
                reason: Some("NodeStatusNeverUpdated".into()),
                message: Some("Kubelet never posted node status.".into()),
                last_heartbeat_time: node.metadata.creation_timestamp.clone(),
                last_transition_time: Some(Time(now)),
            },
        };
        changed.push(next);
    }
    Some(changed).filter(|c| !c.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Grace = Grace {
        known: SignedDuration::from_secs(40),
        new: SignedDuration::from_secs(60),
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + seconds).unwrap()
    }

    fn node(status: &str, beat: i64) -> Node {
        serde_yaml::from_str(&format!(
            "{{metadata: {{name: k, creationTimestamp: '{}'}}, status: {{conditions: [{{type: Ready, status: '{status}', lastHeartbeatTime: '{}'}}]}}}}",
            at(0),
            at(beat)
        ))
        .unwrap()
    }

    fn lease(renewed: i64) -> Lease {
        serde_yaml::from_str(&format!("{{spec: {{renewTime: '{}'}}}}", at(renewed))).unwrap()
    }

    #[test]
    fn a_node_is_silent_when_neither_lease_nor_status_moves() {
        let mut pulse = Pulse::default();
        assert!(!pulse.feel(&node("True", 0), Some(&lease(0)), GRACE, at(100)));
        assert!(!pulse.feel(&node("True", 0), Some(&lease(10)), GRACE, at(139)));
        assert!(!pulse.feel(&node("True", 0), Some(&lease(10)), GRACE, at(179)));
        assert!(pulse.feel(&node("True", 0), Some(&lease(10)), GRACE, at(180)));
        assert!(
            !pulse.feel(&node("True", 9), None, GRACE, at(181)),
            "a status is a sign of life too"
        );
        assert!(
            pulse.feel(&node("Unknown", 9), None, GRACE, at(222)),
            "this controller's own word is none"
        );
        assert!(!pulse.feel(&node("Unknown", 9), Some(&lease(11)), GRACE, at(223)));
    }

    #[test]
    fn a_new_node_has_longer() {
        let new: Node =
            serde_yaml::from_str(&format!("{{metadata: {{creationTimestamp: '{}'}}}}", at(0)))
                .unwrap();
        let mut pulse = Pulse::default();
        assert!(!pulse.feel(&new, None, GRACE, at(60)));
        assert!(pulse.feel(&new, None, GRACE, at(61)));
    }

    #[test]
    fn silence_is_told_once() {
        let told = silenced(&node("True", 0), at(50)).unwrap();
        let reasons: Vec<_> = told
            .iter()
            .map(|c| (c.type_.as_str(), c.reason.as_deref().unwrap()))
            .collect();
        assert_eq!(
            reasons,
            [
                ("Ready", "NodeStatusUnknown"),
                ("MemoryPressure", "NodeStatusNeverUpdated"),
                ("DiskPressure", "NodeStatusNeverUpdated"),
                ("PIDPressure", "NodeStatusNeverUpdated"),
            ]
        );
        let mut silent = node("True", 0);
        silent.status.conditions = told;
        assert_eq!(silenced(&silent, at(60)), None);
        assert_eq!(readiness(&silent), Readiness::Unknown);
    }
}
