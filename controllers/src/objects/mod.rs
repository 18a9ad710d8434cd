//! Objects as the controllers see them: only the fields that some controller reads, decoded once per event and shared.
//!
//! The one confusing thing: these are *views*. They leave out fields (`managedFields` above all, which is half of a pod's
//! JSON), so they are never written back; writes are patches made of plain JSON.

mod cluster;
mod meta;
mod network;
mod pod;
mod workload;

use std::borrow::Cow;
use std::fmt::Debug;

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};

pub use cluster::{ConfigMap, Lease, Namespace, Node, ServiceAccount};
pub use meta::{Meta, Partial};
pub use network::{EndpointSlice, Endpoints, SERVICE_NAME_LABEL, Service};
pub use pod::Pod;
pub use workload::{Deployment, Job, ReplicaSet};

/// A resource's coordinates in the API.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind {
    /// API group, empty for the core group.
    pub group: Cow<'static, str>,
    /// Version within the group.
    pub version: Cow<'static, str>,
    /// Singular name in CamelCase.
    pub kind: Cow<'static, str>,
    /// The plural in paths.
    pub plural: Cow<'static, str>,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

impl Kind {
    const fn of(
        group: &'static str,
        version: &'static str,
        kind: &'static str,
        plural: &'static str,
        namespaced: bool,
    ) -> Self {
        Self {
            group: Cow::Borrowed(group),
            version: Cow::Borrowed(version),
            kind: Cow::Borrowed(kind),
            plural: Cow::Borrowed(plural),
            namespaced,
        }
    }

    /// `v1` or `group/version`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `plural` or `plural.group`, as messages name a resource.
    pub fn group_resource(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_string()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// A reference to the object with this metadata, for events.
    pub fn reference(&self, meta: &ObjectMeta) -> ObjectReference {
        ObjectReference {
            api_version: Some(self.api_version()),
            kind: Some(self.kind.to_string()),
            namespace: meta.namespace.clone(),
            name: meta.name.clone(),
            uid: meta.uid.clone(),
            resource_version: meta.resource_version.clone(),
            field_path: None,
        }
    }

    /// The owner reference with which a controller marks what it made for the object with this metadata.
    pub fn controller_reference(&self, meta: &ObjectMeta) -> OwnerReference {
        OwnerReference {
            api_version: self.api_version(),
            kind: self.kind.to_string(),
            name: meta.name().into(),
            uid: meta.uid().into(),
            controller: Some(true),
            block_owner_deletion: Some(true),
        }
    }
}

/// Kinds that have an informer of their own.
pub static POD: Kind = Kind::of("", "v1", "Pod", "pods", true);
/// Services.
pub static SERVICE: Kind = Kind::of("", "v1", "Service", "services", true);
/// Legacy Endpoints.
pub static ENDPOINTS: Kind = Kind::of("", "v1", "Endpoints", "endpoints", true);
/// EndpointSlices.
pub static ENDPOINT_SLICE: Kind = Kind::of(
    "discovery.k8s.io",
    "v1",
    "EndpointSlice",
    "endpointslices",
    true,
);
/// ReplicaSets.
pub static REPLICA_SET: Kind = Kind::of("apps", "v1", "ReplicaSet", "replicasets", true);
/// Deployments.
pub static DEPLOYMENT: Kind = Kind::of("apps", "v1", "Deployment", "deployments", true);
/// Jobs.
pub static JOB: Kind = Kind::of("batch", "v1", "Job", "jobs", true);
/// Namespaces.
pub static NAMESPACE: Kind = Kind::of("", "v1", "Namespace", "namespaces", false);
/// Nodes.
pub static NODE: Kind = Kind::of("", "v1", "Node", "nodes", false);
/// Leases.
pub static LEASE: Kind = Kind::of("coordination.k8s.io", "v1", "Lease", "leases", true);
/// ServiceAccounts.
pub static SERVICE_ACCOUNT: Kind = Kind::of("", "v1", "ServiceAccount", "serviceaccounts", true);
/// ConfigMaps.
pub static CONFIG_MAP: Kind = Kind::of("", "v1", "ConfigMap", "configmaps", true);

/// What an informer can hold.
pub trait Object:
    Clone + Debug + Send + Sync + DeserializeOwned + kube::Resource<DynamicType = ()> + 'static
{
    /// Where its objects are in the API.
    fn resource() -> &'static Kind;

    /// Whether the informer indexes these objects by their labels.
    const LABEL_INDEX: bool = false;

    /// One more value to index by, such as a pod's node.
    fn extra_index(&self) -> Option<&str> {
        None
    }
}

/// An object's place: namespace (empty for cluster-scoped ones) and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl Key {
    /// A key out of its parts.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    /// The key of the object with this metadata.
    pub fn of(meta: &ObjectMeta) -> Self {
        Self::new(meta.namespace(), meta.name())
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}/{}", self.namespace, self.name)
        }
    }
}

/// Reads a field whose JSON may be `null` as its default.
pub(crate) fn null_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Declares a struct that reads some fields of a JSON object: all are optional, `null` is the same as absence.
macro_rules! view {
    ($( $(#[$meta:meta])* pub struct $name:ident { $( $(#[$field_meta:meta])* $field:ident : $ty:ty ),* $(,)? } )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name { $(
            $(#[$field_meta])*
            #[serde(deserialize_with = "crate::objects::null_default")]
            pub $field: $ty,
        )* }
    )* };
}
pub(crate) use view;

/// Declares a watched kind: metadata without `managedFields`, a spec and a status, and its place in the API.
macro_rules! object {
    ($( $(#[$meta:meta])* $name:ident = $kind:expr, { $( $(#[$field_meta:meta])* $field:ident : $ty:ty ),* $(,)? } )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            /// Metadata without `managedFields`.
            #[serde(deserialize_with = "hydrofoil_client::metadata::slim")]
            pub metadata: k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta,
            $(
                $(#[$field_meta])*
                #[serde(deserialize_with = "crate::objects::null_default")]
                pub $field: $ty,
            )*
        }

        impl kube::Resource for $name {
            type DynamicType = ();
            type Scope = kube::core::DynamicResourceScope;
            fn kind((): &()) -> std::borrow::Cow<'_, str> { $kind.kind.clone() }
            fn group((): &()) -> std::borrow::Cow<'_, str> { $kind.group.clone() }
            fn version((): &()) -> std::borrow::Cow<'_, str> { $kind.version.clone() }
            fn plural((): &()) -> std::borrow::Cow<'_, str> { $kind.plural.clone() }
            fn meta(&self) -> &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta { &self.metadata }
            fn meta_mut(&mut self) -> &mut k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta { &mut self.metadata }
        }
    )* };
}
pub(crate) use object;
