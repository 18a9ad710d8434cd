//! Events about pods and their containers, with the references upstream gives them.

use hydrofoil_client::events::{EventType, Recorder};
use k8s_openapi::api::core::v1::{Node, ObjectReference, Pod};

use super::machine::{Role, Slot};

/// Records events of this node's pods. Clones share the recorder.
#[derive(Clone)]
pub(crate) struct Events {
    recorder: Recorder,
    node_name: String,
}

impl Events {
    pub(crate) fn new(recorder: Recorder, node_name: &str) -> Self {
        Self {
            recorder,
            node_name: node_name.to_owned(),
        }
    }

    /// An event about a whole pod.
    pub(crate) fn pod(&self, pod: &Pod, kind: EventType, reason: &str, message: String) {
        self.recorder
            .event(&reference(pod, None), kind, reason, message);
    }

    /// An event about one container, named by its place in the spec.
    pub(crate) fn container(
        &self,
        pod: &Pod,
        field_path: &str,
        kind: EventType,
        reason: &str,
        message: String,
    ) {
        self.recorder
            .event(&reference(pod, Some(field_path)), kind, reason, message);
    }

    /// An event about the node. As upstream has it, the uid is the node's name.
    pub(crate) fn node(&self, kind: EventType, reason: &str, message: String) {
        let about = ObjectReference {
            kind: Some(<Node as k8s_openapi::Resource>::KIND.to_owned()),
            name: Some(self.node_name.clone()),
            uid: Some(self.node_name.clone()),
            ..ObjectReference::default()
        };
        self.recorder.event(&about, kind, reason, message);
    }
}

/// A container's place in the spec, such as `spec.containers{web}`.
pub(crate) fn field_path(slot: &Slot) -> String {
    let list = if slot.role == Role::Main {
        "containers"
    } else {
        "initContainers"
    };
    format!("spec.{list}{{{}}}", slot.name)
}

fn reference(pod: &Pod, field_path: Option<&str>) -> ObjectReference {
    ObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("Pod".to_owned()),
        name: pod.metadata.name.clone(),
        namespace: pod.metadata.namespace.clone(),
        uid: pod.metadata.uid.clone(),
        resource_version: pod.metadata.resource_version.clone(),
        field_path: field_path.map(ToOwned::to_owned),
    }
}
