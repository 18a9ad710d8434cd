//! The types of `k8s.io/api/node/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static OVERHEAD: Type = Type { name: "io.k8s.api.node.v1.Overhead", go: "v1.Overhead", gvk: None, atomic: false, fields: &[
    Field { json: "podFixed", number: 1, ty: T::Map(&T::Quantity), go: "v1.ResourceList", ..F },
] };

pub static RUNTIME_CLASS: Type = Type { name: "io.k8s.api.node.v1.RuntimeClass", go: "v1.RuntimeClass", gvk: Some(("node.k8s.io", "v1", "RuntimeClass")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "handler", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "overhead", number: 3, ty: T::Message(&node_v1::OVERHEAD), go: "v1.Overhead", pointer: true, ..F },
    Field { json: "scheduling", number: 4, ty: T::Message(&node_v1::SCHEDULING), go: "v1.Scheduling", pointer: true, ..F },
] };

pub static RUNTIME_CLASS_LIST: Type = Type { name: "io.k8s.api.node.v1.RuntimeClassList", go: "v1.RuntimeClassList", gvk: Some(("node.k8s.io", "v1", "RuntimeClassList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&node_v1::RUNTIME_CLASS)), go: "[]v1.RuntimeClass", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static SCHEDULING: Type = Type { name: "io.k8s.api.node.v1.Scheduling", go: "v1.Scheduling", gvk: None, atomic: false, fields: &[
    Field { json: "nodeSelector", number: 1, ty: T::Map(&T::String), go: "map[string]string", list: L::Atomic, ..F },
    Field { json: "tolerations", number: 2, ty: T::List(&T::Message(&core_v1::TOLERATION)), go: "[]v1.Toleration", list: L::Atomic, ..F },
] };
