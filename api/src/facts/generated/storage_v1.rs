//! The types of `k8s.io/api/storage/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static CSI_DRIVER: Type = Type { name: "io.k8s.api.storage.v1.CSIDriver", go: "v1.CSIDriver", gvk: Some(("storage.k8s.io", "v1", "CSIDriver")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&storage_v1::CSI_DRIVER_SPEC), go: "v1.CSIDriverSpec", required: true, omit: O::Never, ..F },
] };

pub static CSI_DRIVER_LIST: Type = Type { name: "io.k8s.api.storage.v1.CSIDriverList", go: "v1.CSIDriverList", gvk: Some(("storage.k8s.io", "v1", "CSIDriverList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&storage_v1::CSI_DRIVER)), go: "[]v1.CSIDriver", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static CSI_DRIVER_SPEC: Type = Type { name: "io.k8s.api.storage.v1.CSIDriverSpec", go: "v1.CSIDriverSpec", gvk: None, atomic: false, fields: &[
    Field { json: "attachRequired", number: 1, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "fsGroupPolicy", number: 5, ty: T::String, go: "v1.FSGroupPolicy", pointer: true, ..F },
    Field { json: "nodeAllocatableUpdatePeriodSeconds", number: 9, ty: T::Int64, go: "int64", pointer: true, ..F },
    Field { json: "podInfoOnMount", number: 2, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "preventPodSchedulingIfMissing", number: 11, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "requiresRepublish", number: 7, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "seLinuxMount", number: 8, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "serviceAccountTokenInSecrets", number: 10, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "storageCapacity", number: 4, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "tokenRequests", number: 6, ty: T::List(&T::Message(&storage_v1::TOKEN_REQUEST)), go: "[]v1.TokenRequest", list: L::Atomic, ..F },
    Field { json: "volumeLifecycleModes", number: 3, ty: T::List(&T::String), go: "[]v1.VolumeLifecycleMode", list: L::Set, ..F },
] };

pub static CSI_NODE: Type = Type { name: "io.k8s.api.storage.v1.CSINode", go: "v1.CSINode", gvk: Some(("storage.k8s.io", "v1", "CSINode")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&storage_v1::CSI_NODE_SPEC), go: "v1.CSINodeSpec", required: true, omit: O::Never, ..F },
] };

pub static CSI_NODE_DRIVER: Type = Type { name: "io.k8s.api.storage.v1.CSINodeDriver", go: "v1.CSINodeDriver", gvk: None, atomic: false, fields: &[
    Field { json: "allocatable", number: 4, ty: T::Message(&storage_v1::VOLUME_NODE_RESOURCES), go: "v1.VolumeNodeResources", pointer: true, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "nodeID", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "topologyKeys", number: 3, ty: T::List(&T::String), go: "[]string", list: L::Atomic, omit: O::Never, ..F },
] };

pub static CSI_NODE_LIST: Type = Type { name: "io.k8s.api.storage.v1.CSINodeList", go: "v1.CSINodeList", gvk: Some(("storage.k8s.io", "v1", "CSINodeList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&storage_v1::CSI_NODE)), go: "[]v1.CSINode", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static CSI_NODE_SPEC: Type = Type { name: "io.k8s.api.storage.v1.CSINodeSpec", go: "v1.CSINodeSpec", gvk: None, atomic: false, fields: &[
    Field { json: "drivers", number: 1, ty: T::List(&T::Message(&storage_v1::CSI_NODE_DRIVER)), go: "[]v1.CSINodeDriver", list: L::Map(&["name"]), patch: Patch { merge: true, merge_key: Some("name"), ..P }, required: true, omit: O::Never, ..F },
] };

pub static CSI_STORAGE_CAPACITY: Type = Type { name: "io.k8s.api.storage.v1.CSIStorageCapacity", go: "v1.CSIStorageCapacity", gvk: Some(("storage.k8s.io", "v1", "CSIStorageCapacity")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "capacity", number: 4, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "maximumVolumeSize", number: 5, ty: T::Quantity, go: "resource.Quantity", pointer: true, ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "nodeTopology", number: 2, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", pointer: true, ..F },
    Field { json: "storageClassName", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static CSI_STORAGE_CAPACITY_LIST: Type = Type { name: "io.k8s.api.storage.v1.CSIStorageCapacityList", go: "v1.CSIStorageCapacityList", gvk: Some(("storage.k8s.io", "v1", "CSIStorageCapacityList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&storage_v1::CSI_STORAGE_CAPACITY)), go: "[]v1.CSIStorageCapacity", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static STORAGE_CLASS: Type = Type { name: "io.k8s.api.storage.v1.StorageClass", go: "v1.StorageClass", gvk: Some(("storage.k8s.io", "v1", "StorageClass")), atomic: false, fields: &[
    Field { json: "allowVolumeExpansion", number: 6, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "allowedTopologies", number: 8, ty: T::List(&T::Message(&core_v1::TOPOLOGY_SELECTOR_TERM)), go: "[]v1.TopologySelectorTerm", list: L::Atomic, ..F },
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "mountOptions", number: 5, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "parameters", number: 3, ty: T::Map(&T::String), go: "map[string]string", ..F },
    Field { json: "provisioner", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "reclaimPolicy", number: 4, ty: T::String, go: "v1.PersistentVolumeReclaimPolicy", pointer: true, enum_values: &["Delete", "Recycle", "Retain"], ..F },
    Field { json: "volumeBindingMode", number: 7, ty: T::String, go: "v1.VolumeBindingMode", pointer: true, enum_values: &["Immediate", "WaitForFirstConsumer"], ..F },
] };

pub static STORAGE_CLASS_LIST: Type = Type { name: "io.k8s.api.storage.v1.StorageClassList", go: "v1.StorageClassList", gvk: Some(("storage.k8s.io", "v1", "StorageClassList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&storage_v1::STORAGE_CLASS)), go: "[]v1.StorageClass", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static TOKEN_REQUEST: Type = Type { name: "io.k8s.api.storage.v1.TokenRequest", go: "v1.TokenRequest", gvk: None, atomic: false, fields: &[
    Field { json: "audience", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "expirationSeconds", number: 2, ty: T::Int64, go: "int64", pointer: true, ..F },
] };

pub static VOLUME_ATTACHMENT: Type = Type { name: "io.k8s.api.storage.v1.VolumeAttachment", go: "v1.VolumeAttachment", gvk: Some(("storage.k8s.io", "v1", "VolumeAttachment")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&storage_v1::VOLUME_ATTACHMENT_SPEC), go: "v1.VolumeAttachmentSpec", required: true, omit: O::Never, ..F },
    Field { json: "status", number: 3, ty: T::Message(&storage_v1::VOLUME_ATTACHMENT_STATUS), go: "v1.VolumeAttachmentStatus", ..F },
] };

pub static VOLUME_ATTACHMENT_LIST: Type = Type { name: "io.k8s.api.storage.v1.VolumeAttachmentList", go: "v1.VolumeAttachmentList", gvk: Some(("storage.k8s.io", "v1", "VolumeAttachmentList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&storage_v1::VOLUME_ATTACHMENT)), go: "[]v1.VolumeAttachment", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static VOLUME_ATTACHMENT_SOURCE: Type = Type { name: "io.k8s.api.storage.v1.VolumeAttachmentSource", go: "v1.VolumeAttachmentSource", gvk: None, atomic: false, fields: &[
    Field { json: "inlineVolumeSpec", number: 2, ty: T::Message(&core_v1::PERSISTENT_VOLUME_SPEC), go: "v1.PersistentVolumeSpec", pointer: true, ..F },
    Field { json: "persistentVolumeName", number: 1, ty: T::String, go: "string", pointer: true, ..F },
] };

pub static VOLUME_ATTACHMENT_SPEC: Type = Type { name: "io.k8s.api.storage.v1.VolumeAttachmentSpec", go: "v1.VolumeAttachmentSpec", gvk: None, atomic: false, fields: &[
    Field { json: "attacher", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "nodeName", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "source", number: 2, ty: T::Message(&storage_v1::VOLUME_ATTACHMENT_SOURCE), go: "v1.VolumeAttachmentSource", required: true, omit: O::Never, ..F },
] };

pub static VOLUME_ATTACHMENT_STATUS: Type = Type { name: "io.k8s.api.storage.v1.VolumeAttachmentStatus", go: "v1.VolumeAttachmentStatus", gvk: None, atomic: false, fields: &[
    Field { json: "attachError", number: 3, ty: T::Message(&storage_v1::VOLUME_ERROR), go: "v1.VolumeError", pointer: true, ..F },
    Field { json: "attached", number: 1, ty: T::Bool, go: "bool", required: true, omit: O::Never, ..F },
    Field { json: "attachmentMetadata", number: 2, ty: T::Map(&T::String), go: "map[string]string", ..F },
    Field { json: "detachError", number: 4, ty: T::Message(&storage_v1::VOLUME_ERROR), go: "v1.VolumeError", pointer: true, ..F },
] };

pub static VOLUME_ATTRIBUTES_CLASS: Type = Type { name: "io.k8s.api.storage.v1.VolumeAttributesClass", go: "v1.VolumeAttributesClass", gvk: Some(("storage.k8s.io", "v1", "VolumeAttributesClass")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "driverName", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "parameters", number: 3, ty: T::Map(&T::String), go: "map[string]string", ..F },
] };

pub static VOLUME_ATTRIBUTES_CLASS_LIST: Type = Type { name: "io.k8s.api.storage.v1.VolumeAttributesClassList", go: "v1.VolumeAttributesClassList", gvk: Some(("storage.k8s.io", "v1", "VolumeAttributesClassList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&storage_v1::VOLUME_ATTRIBUTES_CLASS)), go: "[]v1.VolumeAttributesClass", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static VOLUME_ERROR: Type = Type { name: "io.k8s.api.storage.v1.VolumeError", go: "v1.VolumeError", gvk: None, atomic: false, fields: &[
    Field { json: "errorCode", number: 3, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "message", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "time", number: 1, ty: T::Time, go: "v1.Time", ..F },
] };

pub static VOLUME_NODE_RESOURCES: Type = Type { name: "io.k8s.api.storage.v1.VolumeNodeResources", go: "v1.VolumeNodeResources", gvk: None, atomic: false, fields: &[
    Field { json: "count", number: 1, ty: T::Int32, go: "int32", pointer: true, ..F },
] };
