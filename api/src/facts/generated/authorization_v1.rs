//! The types of `k8s.io/api/authorization/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static FIELD_SELECTOR_ATTRIBUTES: Type = Type { name: "io.k8s.api.authorization.v1.FieldSelectorAttributes", go: "v1.FieldSelectorAttributes", gvk: None, atomic: false, fields: &[
    Field { json: "rawSelector", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "requirements", number: 2, ty: T::List(&T::Message(&meta_v1::FIELD_SELECTOR_REQUIREMENT)), go: "[]v1.FieldSelectorRequirement", list: L::Atomic, ..F },
] };

pub static LABEL_SELECTOR_ATTRIBUTES: Type = Type { name: "io.k8s.api.authorization.v1.LabelSelectorAttributes", go: "v1.LabelSelectorAttributes", gvk: None, atomic: false, fields: &[
    Field { json: "rawSelector", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "requirements", number: 2, ty: T::List(&T::Message(&meta_v1::LABEL_SELECTOR_REQUIREMENT)), go: "[]v1.LabelSelectorRequirement", list: L::Atomic, ..F },
] };

pub static LOCAL_SUBJECT_ACCESS_REVIEW: Type = Type { name: "io.k8s.api.authorization.v1.LocalSubjectAccessReview", go: "v1.LocalSubjectAccessReview", gvk: Some(("authorization.k8s.io", "v1", "LocalSubjectAccessReview")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&authorization_v1::SUBJECT_ACCESS_REVIEW_SPEC), go: "v1.SubjectAccessReviewSpec", required: true, omit: O::Never, ..F },
    Field { json: "status", number: 3, ty: T::Message(&authorization_v1::SUBJECT_ACCESS_REVIEW_STATUS), go: "v1.SubjectAccessReviewStatus", ..F },
] };

pub static NON_RESOURCE_ATTRIBUTES: Type = Type { name: "io.k8s.api.authorization.v1.NonResourceAttributes", go: "v1.NonResourceAttributes", gvk: None, atomic: false, fields: &[
    Field { json: "path", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "verb", number: 2, ty: T::String, go: "string", ..F },
] };

pub static NON_RESOURCE_RULE: Type = Type { name: "io.k8s.api.authorization.v1.NonResourceRule", go: "v1.NonResourceRule", gvk: None, atomic: false, fields: &[
    Field { json: "nonResourceURLs", number: 2, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "verbs", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, required: true, omit: O::Never, ..F },
] };

pub static RESOURCE_ATTRIBUTES: Type = Type { name: "io.k8s.api.authorization.v1.ResourceAttributes", go: "v1.ResourceAttributes", gvk: None, atomic: false, fields: &[
    Field { json: "fieldSelector", number: 8, ty: T::Message(&authorization_v1::FIELD_SELECTOR_ATTRIBUTES), go: "v1.FieldSelectorAttributes", pointer: true, ..F },
    Field { json: "group", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "labelSelector", number: 9, ty: T::Message(&authorization_v1::LABEL_SELECTOR_ATTRIBUTES), go: "v1.LabelSelectorAttributes", pointer: true, ..F },
    Field { json: "name", number: 7, ty: T::String, go: "string", ..F },
    Field { json: "namespace", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "resource", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "subresource", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "verb", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "version", number: 4, ty: T::String, go: "string", ..F },
] };

pub static RESOURCE_RULE: Type = Type { name: "io.k8s.api.authorization.v1.ResourceRule", go: "v1.ResourceRule", gvk: None, atomic: false, fields: &[
    Field { json: "apiGroups", number: 2, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "resourceNames", number: 4, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "resources", number: 3, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "verbs", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, required: true, omit: O::Never, ..F },
] };

pub static SELF_SUBJECT_ACCESS_REVIEW: Type = Type { name: "io.k8s.api.authorization.v1.SelfSubjectAccessReview", go: "v1.SelfSubjectAccessReview", gvk: Some(("authorization.k8s.io", "v1", "SelfSubjectAccessReview")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&authorization_v1::SELF_SUBJECT_ACCESS_REVIEW_SPEC), go: "v1.SelfSubjectAccessReviewSpec", required: true, omit: O::Never, ..F },
    Field { json: "status", number: 3, ty: T::Message(&authorization_v1::SUBJECT_ACCESS_REVIEW_STATUS), go: "v1.SubjectAccessReviewStatus", ..F },
] };

pub static SELF_SUBJECT_ACCESS_REVIEW_SPEC: Type = Type { name: "io.k8s.api.authorization.v1.SelfSubjectAccessReviewSpec", go: "v1.SelfSubjectAccessReviewSpec", gvk: None, atomic: false, fields: &[
    Field { json: "nonResourceAttributes", number: 2, ty: T::Message(&authorization_v1::NON_RESOURCE_ATTRIBUTES), go: "v1.NonResourceAttributes", pointer: true, ..F },
    Field { json: "resourceAttributes", number: 1, ty: T::Message(&authorization_v1::RESOURCE_ATTRIBUTES), go: "v1.ResourceAttributes", pointer: true, ..F },
] };

pub static SELF_SUBJECT_RULES_REVIEW: Type = Type { name: "io.k8s.api.authorization.v1.SelfSubjectRulesReview", go: "v1.SelfSubjectRulesReview", gvk: Some(("authorization.k8s.io", "v1", "SelfSubjectRulesReview")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&authorization_v1::SELF_SUBJECT_RULES_REVIEW_SPEC), go: "v1.SelfSubjectRulesReviewSpec", required: true, omit: O::Never, ..F },
    Field { json: "status", number: 3, ty: T::Message(&authorization_v1::SUBJECT_RULES_REVIEW_STATUS), go: "v1.SubjectRulesReviewStatus", ..F },
] };

pub static SELF_SUBJECT_RULES_REVIEW_SPEC: Type = Type { name: "io.k8s.api.authorization.v1.SelfSubjectRulesReviewSpec", go: "v1.SelfSubjectRulesReviewSpec", gvk: None, atomic: false, fields: &[
    Field { json: "namespace", number: 1, ty: T::String, go: "string", ..F },
] };

pub static SUBJECT_ACCESS_REVIEW: Type = Type { name: "io.k8s.api.authorization.v1.SubjectAccessReview", go: "v1.SubjectAccessReview", gvk: Some(("authorization.k8s.io", "v1", "SubjectAccessReview")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&authorization_v1::SUBJECT_ACCESS_REVIEW_SPEC), go: "v1.SubjectAccessReviewSpec", required: true, omit: O::Never, ..F },
    Field { json: "status", number: 3, ty: T::Message(&authorization_v1::SUBJECT_ACCESS_REVIEW_STATUS), go: "v1.SubjectAccessReviewStatus", ..F },
] };

pub static SUBJECT_ACCESS_REVIEW_SPEC: Type = Type { name: "io.k8s.api.authorization.v1.SubjectAccessReviewSpec", go: "v1.SubjectAccessReviewSpec", gvk: None, atomic: false, fields: &[
    Field { json: "extra", number: 5, ty: T::Map(&T::List(&T::String)), go: "map[string]v1.ExtraValue", ..F },
    Field { json: "groups", number: 4, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "nonResourceAttributes", number: 2, ty: T::Message(&authorization_v1::NON_RESOURCE_ATTRIBUTES), go: "v1.NonResourceAttributes", pointer: true, ..F },
    Field { json: "resourceAttributes", number: 1, ty: T::Message(&authorization_v1::RESOURCE_ATTRIBUTES), go: "v1.ResourceAttributes", pointer: true, ..F },
    Field { json: "uid", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "user", number: 3, ty: T::String, go: "string", ..F },
] };

pub static SUBJECT_ACCESS_REVIEW_STATUS: Type = Type { name: "io.k8s.api.authorization.v1.SubjectAccessReviewStatus", go: "v1.SubjectAccessReviewStatus", gvk: None, atomic: false, fields: &[
    Field { json: "allowed", number: 1, ty: T::Bool, go: "bool", required: true, omit: O::Never, ..F },
    Field { json: "denied", number: 4, ty: T::Bool, go: "bool", ..F },
    Field { json: "evaluationError", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 2, ty: T::String, go: "string", ..F },
] };

pub static SUBJECT_RULES_REVIEW_STATUS: Type = Type { name: "io.k8s.api.authorization.v1.SubjectRulesReviewStatus", go: "v1.SubjectRulesReviewStatus", gvk: None, atomic: false, fields: &[
    Field { json: "evaluationError", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "incomplete", number: 3, ty: T::Bool, go: "bool", required: true, omit: O::Never, ..F },
    Field { json: "nonResourceRules", number: 2, ty: T::List(&T::Message(&authorization_v1::NON_RESOURCE_RULE)), go: "[]v1.NonResourceRule", list: L::Atomic, required: true, omit: O::Never, ..F },
    Field { json: "resourceRules", number: 1, ty: T::List(&T::Message(&authorization_v1::RESOURCE_RULE)), go: "[]v1.ResourceRule", list: L::Atomic, required: true, omit: O::Never, ..F },
] };
