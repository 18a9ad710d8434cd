//! The types of `k8s.io/api/scheduling/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static PRIORITY_CLASS: Type = Type { name: "io.k8s.api.scheduling.v1.PriorityClass", go: "v1.PriorityClass", gvk: Some(("scheduling.k8s.io", "v1", "PriorityClass")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "description", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "globalDefault", number: 3, ty: T::Bool, go: "bool", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "preemptionPolicy", number: 5, ty: T::String, go: "v1.PreemptionPolicy", pointer: true, enum_values: &["Never", "PreemptLowerPriority"], ..F },
    Field { json: "value", number: 2, ty: T::Int32, go: "int32", omit: O::Never, ..F },
] };

pub static PRIORITY_CLASS_LIST: Type = Type { name: "io.k8s.api.scheduling.v1.PriorityClassList", go: "v1.PriorityClassList", gvk: Some(("scheduling.k8s.io", "v1", "PriorityClassList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&scheduling_v1::PRIORITY_CLASS)), go: "[]v1.PriorityClass", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };
