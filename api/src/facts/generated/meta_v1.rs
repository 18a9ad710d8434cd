//! The types of `k8s.io/apimachinery/pkg/apis/meta/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static API_GROUP: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.APIGroup", go: "v1.APIGroup", gvk: Some(("", "v1", "APIGroup")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "preferredVersion", number: 3, ty: T::Message(&meta_v1::GROUP_VERSION_FOR_DISCOVERY), go: "v1.GroupVersionForDiscovery", ..F },
    Field { json: "serverAddressByClientCIDRs", number: 4, ty: T::List(&T::Message(&meta_v1::SERVER_ADDRESS_BY_CLIENT_CIDR)), go: "[]v1.ServerAddressByClientCIDR", list: L::Atomic, ..F },
    Field { json: "versions", number: 2, ty: T::List(&T::Message(&meta_v1::GROUP_VERSION_FOR_DISCOVERY)), go: "[]v1.GroupVersionForDiscovery", list: L::Atomic, required: true, omit: O::Never, ..F },
] };

pub static API_GROUP_LIST: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.APIGroupList", go: "v1.APIGroupList", gvk: Some(("", "v1", "APIGroupList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "groups", number: 1, ty: T::List(&T::Message(&meta_v1::API_GROUP)), go: "[]v1.APIGroup", list: L::Atomic, required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
] };

pub static API_RESOURCE: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.APIResource", go: "v1.APIResource", gvk: None, atomic: false, fields: &[
    Field { json: "categories", number: 7, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "group", number: 8, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "namespaced", number: 2, ty: T::Bool, go: "bool", required: true, omit: O::Never, ..F },
    Field { json: "shortNames", number: 5, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "singularName", number: 6, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "storageVersionHash", number: 10, ty: T::String, go: "string", ..F },
    Field { json: "verbs", number: 4, ty: T::List(&T::String), go: "v1.Verbs", required: true, omit: O::Never, ..F },
    Field { json: "version", number: 9, ty: T::String, go: "string", ..F },
] };

pub static API_RESOURCE_LIST: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList", go: "v1.APIResourceList", gvk: Some(("", "v1", "APIResourceList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "groupVersion", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "resources", number: 2, ty: T::List(&T::Message(&meta_v1::API_RESOURCE)), go: "[]v1.APIResource", list: L::Atomic, required: true, omit: O::Never, ..F },
] };

pub static API_VERSIONS: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.APIVersions", go: "v1.APIVersions", gvk: Some(("", "v1", "APIVersions")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "serverAddressByClientCIDRs", number: 2, ty: T::List(&T::Message(&meta_v1::SERVER_ADDRESS_BY_CLIENT_CIDR)), go: "[]v1.ServerAddressByClientCIDR", list: L::Atomic, required: true, omit: O::Never, ..F },
    Field { json: "versions", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, required: true, omit: O::Never, ..F },
] };

pub static APPLY_OPTIONS: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.ApplyOptions", go: "v1.ApplyOptions", gvk: Some(("", "v1", "ApplyOptions")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "dryRun", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "fieldManager", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "force", number: 2, ty: T::Bool, go: "bool", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
] };

pub static CONDITION: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.Condition", go: "v1.Condition", gvk: None, atomic: false, fields: &[
    Field { json: "lastTransitionTime", number: 4, ty: T::Time, go: "v1.Time", required: true, omit: O::Never, ..F },
    Field { json: "message", number: 6, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "observedGeneration", number: 3, ty: T::Int64, go: "int64", ..F },
    Field { json: "reason", number: 5, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static CREATE_OPTIONS: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.CreateOptions", go: "v1.CreateOptions", gvk: Some(("", "v1", "CreateOptions")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "dryRun", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "fieldManager", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "fieldValidation", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
] };

pub static DELETE_OPTIONS: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions", go: "v1.DeleteOptions", gvk: Some(("", "v1", "DeleteOptions")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "dryRun", number: 5, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "gracePeriodSeconds", number: 1, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "ignoreStoreReadErrorWithClusterBreakingPotential", number: 6, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "orphanDependents", number: 3, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "preconditions", number: 2, ty: T::Message(&meta_v1::PRECONDITIONS), go: "v1.Preconditions", pointer: true, ..F },
    Field { json: "propagationPolicy", number: 4, ty: T::String, go: "v1.DeletionPropagation", pointer: true, ..F },
] };

pub static FIELD_SELECTOR_REQUIREMENT: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.FieldSelectorRequirement", go: "v1.FieldSelectorRequirement", gvk: None, atomic: false, fields: &[
    Field { json: "key", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "operator", number: 2, ty: T::String, go: "v1.FieldSelectorOperator", required: true, omit: O::Never, ..F },
    Field { json: "values", number: 3, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
] };

pub static GET_OPTIONS: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.GetOptions", go: "v1.GetOptions", gvk: Some(("", "v1", "GetOptions")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "resourceVersion", number: 1, ty: T::String, go: "string", ..F },
] };

pub static GROUP_KIND: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.GroupKind", go: "v1.GroupKind", gvk: None, atomic: false, fields: &[
    Field { json: "group", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static GROUP_RESOURCE: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.GroupResource", go: "v1.GroupResource", gvk: None, atomic: false, fields: &[
    Field { json: "group", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "resource", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static GROUP_VERSION: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.GroupVersion", go: "v1.GroupVersion", gvk: None, atomic: false, fields: &[
    Field { json: "group", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "version", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static GROUP_VERSION_FOR_DISCOVERY: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.GroupVersionForDiscovery", go: "v1.GroupVersionForDiscovery", gvk: None, atomic: false, fields: &[
    Field { json: "groupVersion", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "version", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static GROUP_VERSION_KIND: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.GroupVersionKind", go: "v1.GroupVersionKind", gvk: None, atomic: false, fields: &[
    Field { json: "group", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "version", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static GROUP_VERSION_RESOURCE: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.GroupVersionResource", go: "v1.GroupVersionResource", gvk: None, atomic: false, fields: &[
    Field { json: "group", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "resource", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "version", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static LABEL_SELECTOR: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector", go: "v1.LabelSelector", gvk: None, atomic: true, fields: &[
    Field { json: "matchExpressions", number: 2, ty: T::List(&T::Message(&meta_v1::LABEL_SELECTOR_REQUIREMENT)), go: "[]v1.LabelSelectorRequirement", list: L::Atomic, ..F },
    Field { json: "matchLabels", number: 1, ty: T::Map(&T::String), go: "map[string]string", ..F },
] };

pub static LABEL_SELECTOR_REQUIREMENT: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement", go: "v1.LabelSelectorRequirement", gvk: None, atomic: false, fields: &[
    Field { json: "key", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "operator", number: 2, ty: T::String, go: "v1.LabelSelectorOperator", required: true, omit: O::Never, ..F },
    Field { json: "values", number: 3, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
] };

pub static LIST: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.List", go: "v1.List", gvk: Some(("", "v1", "List")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::RawExtension), go: "[]runtime.RawExtension", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static LIST_META: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta", go: "v1.ListMeta", gvk: None, atomic: false, fields: &[
    Field { json: "continue", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "remainingItemCount", number: 4, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "resourceVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "selfLink", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "shardInfo", number: 5, ty: T::Message(&meta_v1::SHARD_INFO), go: "v1.ShardInfo", pointer: true, ..F },
] };

pub static LIST_OPTIONS: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.ListOptions", go: "v1.ListOptions", gvk: Some(("", "v1", "ListOptions")), atomic: false, fields: &[
    Field { json: "allowWatchBookmarks", number: 9, ty: T::Bool, go: "bool", ..F },
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "continue", number: 8, ty: T::String, go: "string", ..F },
    Field { json: "fieldSelector", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "labelSelector", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "limit", number: 7, ty: T::Int64, go: "int64", ..F },
    Field { json: "resourceVersion", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "resourceVersionMatch", number: 10, ty: T::String, go: "v1.ResourceVersionMatch", ..F },
    Field { json: "sendInitialEvents", number: 11, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "shardSelector", number: 15, ty: T::String, go: "string", ..F },
    Field { json: "timeoutSeconds", number: 5, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "watch", number: 3, ty: T::Bool, go: "bool", ..F },
] };

pub static MANAGED_FIELDS_ENTRY: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry", go: "v1.ManagedFieldsEntry", gvk: None, atomic: false, fields: &[
    Field { json: "apiVersion", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "fieldsType", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "fieldsV1", number: 7, ty: T::FieldsV1, go: "v1.FieldsV1", pointer: true, ..F },
    Field { json: "manager", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "operation", number: 2, ty: T::String, go: "v1.ManagedFieldsOperationType", ..F },
    Field { json: "subresource", number: 8, ty: T::String, go: "string", ..F },
    Field { json: "time", number: 4, ty: T::Time, go: "v1.Time", pointer: true, ..F },
] };

pub static OBJECT_META: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", go: "v1.ObjectMeta", gvk: None, atomic: false, fields: &[
    Field { json: "annotations", number: 12, ty: T::Map(&T::String), go: "map[string]string", ..F },
    Field { json: "creationTimestamp", number: 8, ty: T::Time, go: "v1.Time", omit: O::Zero, ..F },
    Field { json: "deletionGracePeriodSeconds", number: 10, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "deletionTimestamp", number: 9, ty: T::Time, go: "v1.Time", pointer: true, ..F },
    Field { json: "finalizers", number: 14, ty: T::List(&T::String), go: "[]string", list: L::Set, patch: Patch { merge: true, ..P }, ..F },
    Field { json: "generateName", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "generation", number: 7, ty: T::Int64, go: "int64", ..F },
    Field { json: "labels", number: 11, ty: T::Map(&T::String), go: "map[string]string", ..F },
    Field { json: "managedFields", number: 17, ty: T::List(&T::Message(&meta_v1::MANAGED_FIELDS_ENTRY)), go: "[]v1.ManagedFieldsEntry", list: L::Atomic, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "namespace", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "ownerReferences", number: 13, ty: T::List(&T::Message(&meta_v1::OWNER_REFERENCE)), go: "[]v1.OwnerReference", list: L::Map(&["uid"]), patch: Patch { merge: true, merge_key: Some("uid"), ..P }, ..F },
    Field { json: "resourceVersion", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "selfLink", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "uid", number: 5, ty: T::String, go: "types.UID", ..F },
] };

pub static OWNER_REFERENCE: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference", go: "v1.OwnerReference", gvk: None, atomic: true, fields: &[
    Field { json: "apiVersion", number: 5, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "blockOwnerDeletion", number: 7, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "controller", number: 6, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "uid", number: 4, ty: T::String, go: "types.UID", required: true, omit: O::Never, ..F },
] };

pub static PARTIAL_OBJECT_METADATA: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.PartialObjectMetadata", go: "v1.PartialObjectMetadata", gvk: Some(("", "v1", "PartialObjectMetadata")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
] };

pub static PARTIAL_OBJECT_METADATA_LIST: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.PartialObjectMetadataList", go: "v1.PartialObjectMetadataList", gvk: Some(("", "v1", "PartialObjectMetadataList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&meta_v1::PARTIAL_OBJECT_METADATA)), go: "[]v1.PartialObjectMetadata", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static PATCH: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.Patch", go: "v1.Patch", gvk: None, atomic: false, fields: &[
] };

pub static PATCH_OPTIONS: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.PatchOptions", go: "v1.PatchOptions", gvk: Some(("", "v1", "PatchOptions")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "dryRun", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "fieldManager", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "fieldValidation", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "force", number: 2, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
] };

pub static PRECONDITIONS: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.Preconditions", go: "v1.Preconditions", gvk: None, atomic: false, fields: &[
    Field { json: "resourceVersion", number: 2, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "uid", number: 1, ty: T::String, go: "types.UID", pointer: true, ..F },
] };

pub static ROOT_PATHS: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.RootPaths", go: "v1.RootPaths", gvk: None, atomic: false, fields: &[
    Field { json: "paths", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, required: true, omit: O::Never, ..F },
] };

pub static SERVER_ADDRESS_BY_CLIENT_CIDR: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.ServerAddressByClientCIDR", go: "v1.ServerAddressByClientCIDR", gvk: None, atomic: false, fields: &[
    Field { json: "clientCIDR", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "serverAddress", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static SHARD_INFO: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.ShardInfo", go: "v1.ShardInfo", gvk: None, atomic: false, fields: &[
    Field { json: "selector", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static STATUS: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.Status", go: "v1.Status", gvk: Some(("", "v1", "Status")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "code", number: 6, ty: T::Int32, go: "int32", ..F },
    Field { json: "details", number: 5, ty: T::Message(&meta_v1::STATUS_DETAILS), go: "v1.StatusDetails", pointer: true, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "message", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
    Field { json: "reason", number: 4, ty: T::String, go: "v1.StatusReason", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "string", ..F },
] };

pub static STATUS_CAUSE: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.StatusCause", go: "v1.StatusCause", gvk: None, atomic: false, fields: &[
    Field { json: "field", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "message", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 1, ty: T::String, go: "v1.CauseType", ..F },
] };

pub static STATUS_DETAILS: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.StatusDetails", go: "v1.StatusDetails", gvk: None, atomic: false, fields: &[
    Field { json: "causes", number: 4, ty: T::List(&T::Message(&meta_v1::STATUS_CAUSE)), go: "[]v1.StatusCause", list: L::Atomic, ..F },
    Field { json: "group", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "retryAfterSeconds", number: 5, ty: T::Int32, go: "int32", ..F },
    Field { json: "uid", number: 6, ty: T::String, go: "types.UID", ..F },
] };

pub static TABLE: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.Table", go: "v1.Table", gvk: Some(("", "v1", "Table")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "columnDefinitions", number: 0, ty: T::List(&T::Message(&meta_v1::TABLE_COLUMN_DEFINITION)), go: "[]v1.TableColumnDefinition", list: L::Atomic, required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 0, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
    Field { json: "rows", number: 0, ty: T::List(&T::Message(&meta_v1::TABLE_ROW)), go: "[]v1.TableRow", list: L::Atomic, required: true, omit: O::Never, ..F },
] };

pub static TABLE_COLUMN_DEFINITION: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.TableColumnDefinition", go: "v1.TableColumnDefinition", gvk: None, atomic: false, fields: &[
    Field { json: "description", number: 0, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "format", number: 0, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 0, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "priority", number: 0, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 0, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static TABLE_OPTIONS: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.TableOptions", go: "v1.TableOptions", gvk: Some(("", "v1", "TableOptions")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "includeObject", number: 1, ty: T::String, go: "v1.IncludeObjectPolicy", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
] };

pub static TABLE_ROW: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.TableRow", go: "v1.TableRow", gvk: None, atomic: false, fields: &[
    Field { json: "cells", number: 0, ty: T::List(&T::Json), go: "[]any", list: L::Atomic, required: true, omit: O::Never, ..F },
    Field { json: "conditions", number: 0, ty: T::List(&T::Message(&meta_v1::TABLE_ROW_CONDITION)), go: "[]v1.TableRowCondition", list: L::Atomic, ..F },
    Field { json: "object", number: 0, ty: T::RawExtension, go: "runtime.RawExtension", ..F },
] };

pub static TABLE_ROW_CONDITION: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.TableRowCondition", go: "v1.TableRowCondition", gvk: None, atomic: false, fields: &[
    Field { json: "message", number: 0, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 0, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 0, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 0, ty: T::String, go: "v1.RowConditionType", required: true, omit: O::Never, ..F },
] };

pub static TYPE_META: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.TypeMeta", go: "v1.TypeMeta", gvk: None, atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
] };

pub static UPDATE_OPTIONS: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.UpdateOptions", go: "v1.UpdateOptions", gvk: Some(("", "v1", "UpdateOptions")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "dryRun", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "fieldManager", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "fieldValidation", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
] };

pub static WATCH_EVENT: Type = Type { name: "io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent", go: "v1.WatchEvent", gvk: None, atomic: false, fields: &[
    Field { json: "object", number: 2, ty: T::RawExtension, go: "runtime.RawExtension", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };
