//! The types of `k8s.io/api/admission/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static ADMISSION_REQUEST: Type = Type { name: "io.k8s.api.admission.v1.AdmissionRequest", go: "v1.AdmissionRequest", gvk: None, atomic: false, fields: &[
    Field { json: "dryRun", number: 11, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "kind", number: 2, ty: T::Message(&meta_v1::GROUP_VERSION_KIND), go: "v1.GroupVersionKind", omit: O::Never, ..F },
    Field { json: "name", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "namespace", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "object", number: 9, ty: T::RawExtension, go: "runtime.RawExtension", ..F },
    Field { json: "oldObject", number: 10, ty: T::RawExtension, go: "runtime.RawExtension", ..F },
    Field { json: "operation", number: 7, ty: T::String, go: "v1.Operation", omit: O::Never, ..F },
    Field { json: "options", number: 12, ty: T::RawExtension, go: "runtime.RawExtension", ..F },
    Field { json: "requestKind", number: 13, ty: T::Message(&meta_v1::GROUP_VERSION_KIND), go: "v1.GroupVersionKind", pointer: true, ..F },
    Field { json: "requestResource", number: 14, ty: T::Message(&meta_v1::GROUP_VERSION_RESOURCE), go: "v1.GroupVersionResource", pointer: true, ..F },
    Field { json: "requestSubResource", number: 15, ty: T::String, go: "string", ..F },
    Field { json: "resource", number: 3, ty: T::Message(&meta_v1::GROUP_VERSION_RESOURCE), go: "v1.GroupVersionResource", omit: O::Never, ..F },
    Field { json: "subResource", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "uid", number: 1, ty: T::String, go: "types.UID", omit: O::Never, ..F },
    Field { json: "userInfo", number: 8, ty: T::Message(&authentication_v1::USER_INFO), go: "v1.UserInfo", omit: O::Never, ..F },
] };

pub static ADMISSION_RESPONSE: Type = Type { name: "io.k8s.api.admission.v1.AdmissionResponse", go: "v1.AdmissionResponse", gvk: None, atomic: false, fields: &[
    Field { json: "allowed", number: 2, ty: T::Bool, go: "bool", omit: O::Never, ..F },
    Field { json: "auditAnnotations", number: 6, ty: T::Map(&T::String), go: "map[string]string", ..F },
    Field { json: "patch", number: 4, ty: T::Bytes, go: "[]uint8", ..F },
    Field { json: "patchType", number: 5, ty: T::String, go: "v1.PatchType", pointer: true, ..F },
    Field { json: "status", number: 3, ty: T::Message(&meta_v1::STATUS), go: "v1.Status", pointer: true, ..F },
    Field { json: "uid", number: 1, ty: T::String, go: "types.UID", omit: O::Never, ..F },
    Field { json: "warnings", number: 7, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
] };

pub static ADMISSION_REVIEW: Type = Type { name: "io.k8s.api.admission.v1.AdmissionReview", go: "v1.AdmissionReview", gvk: Some(("admission.k8s.io", "v1", "AdmissionReview")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "request", number: 1, ty: T::Message(&admission_v1::ADMISSION_REQUEST), go: "v1.AdmissionRequest", pointer: true, ..F },
    Field { json: "response", number: 2, ty: T::Message(&admission_v1::ADMISSION_RESPONSE), go: "v1.AdmissionResponse", pointer: true, ..F },
] };
