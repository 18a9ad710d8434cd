//! The types of `k8s.io/api/coordination/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static LEASE: Type = Type { name: "io.k8s.api.coordination.v1.Lease", go: "v1.Lease", gvk: Some(("coordination.k8s.io", "v1", "Lease")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&coordination_v1::LEASE_SPEC), go: "v1.LeaseSpec", ..F },
] };

pub static LEASE_LIST: Type = Type { name: "io.k8s.api.coordination.v1.LeaseList", go: "v1.LeaseList", gvk: Some(("coordination.k8s.io", "v1", "LeaseList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&coordination_v1::LEASE)), go: "[]v1.Lease", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static LEASE_SPEC: Type = Type { name: "io.k8s.api.coordination.v1.LeaseSpec", go: "v1.LeaseSpec", gvk: None, atomic: false, fields: &[
    Field { json: "acquireTime", number: 3, ty: T::MicroTime, go: "v1.MicroTime", pointer: true, ..F },
    Field { json: "holderIdentity", number: 1, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "leaseDurationSeconds", number: 2, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "leaseTransitions", number: 5, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "preferredHolder", number: 7, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "renewTime", number: 4, ty: T::MicroTime, go: "v1.MicroTime", pointer: true, ..F },
    Field { json: "strategy", number: 6, ty: T::String, go: "v1.CoordinatedLeaseStrategy", pointer: true, ..F },
] };
