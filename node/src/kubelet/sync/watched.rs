//! A pod as the watch of this node's pods delivers it: whole, but for `managedFields`.

use std::borrow::Cow;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Pod, PodSpec, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::Deserialize;

/// What is read of a pod.
#[derive(Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "hydrofoil_client::metadata::slim")]
    metadata: ObjectMeta,
    spec: Option<PodSpec>,
    status: Option<PodStatus>,
}

/// A pod, shared from the moment it is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Wire")]
pub(crate) struct WatchedPod(pub Arc<Pod>);

impl From<Wire> for WatchedPod {
    fn from(wire: Wire) -> Self {
        Self(Arc::new(Pod {
            metadata: wire.metadata,
            spec: wire.spec,
            status: wire.status,
        }))
    }
}

impl Resource for WatchedPod {
    type DynamicType = ();
    type Scope = <Pod as Resource>::Scope;

    fn kind(&(): &()) -> Cow<'_, str> {
        Pod::kind(&())
    }

    fn group(&(): &()) -> Cow<'_, str> {
        Pod::group(&())
    }

    fn version(&(): &()) -> Cow<'_, str> {
        Pod::version(&())
    }

    fn plural(&(): &()) -> Cow<'_, str> {
        Pod::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.0.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut Arc::make_mut(&mut self.0).metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn everything_but_managed_fields_is_read() {
        let object = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": "a", "generateName": "a-", "namespace": "n", "uid": "u", "resourceVersion": "7", "generation": 2,
                "creationTimestamp": "2026-01-02T03:04:05Z", "deletionTimestamp": "2026-01-02T03:04:06Z",
                "deletionGracePeriodSeconds": 3, "labels": {"l": "1"}, "annotations": {"a": "2"}, "finalizers": ["f/g"],
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "v", "controller": true}],
                "managedFields": [{"manager": "m", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
                    "fieldsV1": {"f:spec": {}}}]},
            "spec": {"containers": [{"name": "c", "image": "i"}], "nodeName": "here"},
            "status": {"phase": "Running"}
        });
        let WatchedPod(read) = serde_json::from_value(object.clone()).unwrap();
        let mut whole: Pod = serde_json::from_value(object).unwrap();
        assert!(whole.metadata.managed_fields.take().is_some());
        assert_eq!(*read, whole);
    }

    #[test]
    fn a_pod_without_a_status_is_read() {
        let WatchedPod(read) =
            serde_json::from_value(json!({"metadata": {"name": "a"}, "status": null})).unwrap();
        assert_eq!(read.metadata.name.as_deref(), Some("a"));
        assert!(read.spec.is_none() && read.status.is_none());
    }
}
