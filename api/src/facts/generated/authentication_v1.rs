//! The types of `k8s.io/api/authentication/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static BOUND_OBJECT_REFERENCE: Type = Type { name: "io.k8s.api.authentication.v1.BoundObjectReference", go: "v1.BoundObjectReference", gvk: None, atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "name", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "uid", number: 4, ty: T::String, go: "types.UID", ..F },
] };

pub static SELF_SUBJECT_REVIEW: Type = Type { name: "io.k8s.api.authentication.v1.SelfSubjectReview", go: "v1.SelfSubjectReview", gvk: Some(("authentication.k8s.io", "v1", "SelfSubjectReview")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "status", number: 2, ty: T::Message(&authentication_v1::SELF_SUBJECT_REVIEW_STATUS), go: "v1.SelfSubjectReviewStatus", ..F },
] };

pub static SELF_SUBJECT_REVIEW_STATUS: Type = Type { name: "io.k8s.api.authentication.v1.SelfSubjectReviewStatus", go: "v1.SelfSubjectReviewStatus", gvk: None, atomic: false, fields: &[
    Field { json: "userInfo", number: 1, ty: T::Message(&authentication_v1::USER_INFO), go: "v1.UserInfo", ..F },
] };

pub static TOKEN_REQUEST: Type = Type { name: "io.k8s.api.authentication.v1.TokenRequest", go: "v1.TokenRequest", gvk: Some(("authentication.k8s.io", "v1", "TokenRequest")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&authentication_v1::TOKEN_REQUEST_SPEC), go: "v1.TokenRequestSpec", omit: O::Never, ..F },
    Field { json: "status", number: 3, ty: T::Message(&authentication_v1::TOKEN_REQUEST_STATUS), go: "v1.TokenRequestStatus", ..F },
] };

pub static TOKEN_REQUEST_SPEC: Type = Type { name: "io.k8s.api.authentication.v1.TokenRequestSpec", go: "v1.TokenRequestSpec", gvk: None, atomic: false, fields: &[
    Field { json: "audiences", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, omit: O::Never, ..F },
    Field { json: "boundObjectRef", number: 3, ty: T::Message(&authentication_v1::BOUND_OBJECT_REFERENCE), go: "v1.BoundObjectReference", pointer: true, omit: O::Never, ..F },
    Field { json: "expirationSeconds", number: 4, ty: T::Int64, go: "int64", pointer: true, omit: O::Never, ..F },
] };

pub static TOKEN_REQUEST_STATUS: Type = Type { name: "io.k8s.api.authentication.v1.TokenRequestStatus", go: "v1.TokenRequestStatus", gvk: None, atomic: false, fields: &[
    Field { json: "expirationTimestamp", number: 2, ty: T::Time, go: "v1.Time", omit: O::Never, ..F },
    Field { json: "token", number: 1, ty: T::String, go: "string", omit: O::Never, ..F },
] };

pub static TOKEN_REVIEW: Type = Type { name: "io.k8s.api.authentication.v1.TokenReview", go: "v1.TokenReview", gvk: Some(("authentication.k8s.io", "v1", "TokenReview")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&authentication_v1::TOKEN_REVIEW_SPEC), go: "v1.TokenReviewSpec", required: true, omit: O::Never, ..F },
    Field { json: "status", number: 3, ty: T::Message(&authentication_v1::TOKEN_REVIEW_STATUS), go: "v1.TokenReviewStatus", ..F },
] };

pub static TOKEN_REVIEW_SPEC: Type = Type { name: "io.k8s.api.authentication.v1.TokenReviewSpec", go: "v1.TokenReviewSpec", gvk: None, atomic: false, fields: &[
    Field { json: "audiences", number: 2, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "token", number: 1, ty: T::String, go: "string", required: true, ..F },
] };

pub static TOKEN_REVIEW_STATUS: Type = Type { name: "io.k8s.api.authentication.v1.TokenReviewStatus", go: "v1.TokenReviewStatus", gvk: None, atomic: false, fields: &[
    Field { json: "audiences", number: 4, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "authenticated", number: 1, ty: T::Bool, go: "bool", ..F },
    Field { json: "error", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "user", number: 2, ty: T::Message(&authentication_v1::USER_INFO), go: "v1.UserInfo", ..F },
] };

pub static USER_INFO: Type = Type { name: "io.k8s.api.authentication.v1.UserInfo", go: "v1.UserInfo", gvk: None, atomic: false, fields: &[
    Field { json: "extra", number: 4, ty: T::Map(&T::List(&T::String)), go: "map[string]v1.ExtraValue", ..F },
    Field { json: "groups", number: 3, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "uid", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "username", number: 1, ty: T::String, go: "string", ..F },
] };
