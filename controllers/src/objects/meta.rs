//! Metadata: asked without `Option`s.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use serde::Deserialize;

/// An object of any kind, its metadata alone.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Partial {
    /// `group/version`, when the server tells.
    pub api_version: String,
    /// The kind, when the server tells.
    pub kind: String,
    /// Metadata without `managedFields`.
    #[serde(deserialize_with = "hydrofoil_client::metadata::slim")]
    pub metadata: ObjectMeta,
}

impl kube::Resource for Partial {
    type DynamicType = kube::api::ApiResource;
    type Scope = kube::core::DynamicResourceScope;
    fn kind(resource: &Self::DynamicType) -> Cow<'_, str> {
        resource.kind.as_str().into()
    }
    fn group(resource: &Self::DynamicType) -> Cow<'_, str> {
        resource.group.as_str().into()
    }
    fn version(resource: &Self::DynamicType) -> Cow<'_, str> {
        resource.version.as_str().into()
    }
    fn plural(resource: &Self::DynamicType) -> Cow<'_, str> {
        resource.plural.as_str().into()
    }
    fn metadata_api() -> bool {
        true
    }
    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }
    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

static NO_MAP: LazyLock<BTreeMap<String, String>> = LazyLock::new(BTreeMap::new);

/// Questions about metadata.
pub trait Meta {
    /// `name`, empty if unset.
    fn name(&self) -> &str;
    /// `namespace`, empty if unset.
    fn namespace(&self) -> &str;
    /// `uid`, empty if unset.
    fn uid(&self) -> &str;
    /// `resourceVersion`, empty if unset.
    fn version(&self) -> &str;
    /// `generation`, 0 if unset.
    fn generation(&self) -> i64;
    /// All labels.
    fn labels(&self) -> &BTreeMap<String, String>;
    /// All annotations.
    fn annotations(&self) -> &BTreeMap<String, String>;
    /// One annotation.
    fn annotation(&self, key: &str) -> Option<&str>;
    /// All owners.
    fn owners(&self) -> &[OwnerReference];
    /// The owner that manages this object.
    fn controller(&self) -> Option<&OwnerReference>;
    /// Whether that finalizer is there.
    fn has_finalizer(&self, name: &str) -> bool;
    /// Whether somebody asked for its deletion.
    fn is_deleting(&self) -> bool;
    /// When it was made.
    fn created(&self) -> Option<Timestamp>;
}

impl Meta for ObjectMeta {
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
    fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }
    fn uid(&self) -> &str {
        self.uid.as_deref().unwrap_or_default()
    }
    fn version(&self) -> &str {
        self.resource_version.as_deref().unwrap_or_default()
    }
    fn generation(&self) -> i64 {
        self.generation.unwrap_or_default()
    }
    fn labels(&self) -> &BTreeMap<String, String> {
        self.labels.as_ref().unwrap_or(&NO_MAP)
    }
    fn annotations(&self) -> &BTreeMap<String, String> {
        self.annotations.as_ref().unwrap_or(&NO_MAP)
    }
    fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations().get(key).map(String::as_str)
    }
    fn owners(&self) -> &[OwnerReference] {
        self.owner_references.as_deref().unwrap_or_default()
    }
    fn controller(&self) -> Option<&OwnerReference> {
        self.owners().iter().find(|o| o.controller == Some(true))
    }
    fn has_finalizer(&self, name: &str) -> bool {
        self.finalizers.iter().flatten().any(|f| f == name)
    }
    fn is_deleting(&self) -> bool {
        self.deletion_timestamp.is_some()
    }
    fn created(&self) -> Option<Timestamp> {
        self.creation_timestamp.as_ref().map(|t| t.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_loses_managed_fields_and_keeps_the_rest() {
        let partial: Partial = serde_yaml::from_str(
            "{kind: Pod, metadata: {name: a, uid: u, creationTimestamp: null, finalizers: [x], \
             managedFields: [{manager: m, operation: Update}], ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: r, uid: ru, controller: true}]}}",
        )
        .unwrap();
        assert_eq!(partial.metadata.managed_fields, None);
        assert_eq!(partial.metadata.name(), "a");
        assert!(partial.metadata.has_finalizer("x"));
        assert_eq!(
            partial.metadata.controller().map(|o| o.uid.as_str()),
            Some("ru")
        );
        assert_eq!(partial.metadata.created(), None);
    }
}
