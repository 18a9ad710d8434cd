//! The types of `k8s.io/api/rbac/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static AGGREGATION_RULE: Type = Type { name: "io.k8s.api.rbac.v1.AggregationRule", go: "v1.AggregationRule", gvk: None, atomic: false, fields: &[
    Field { json: "clusterRoleSelectors", number: 1, ty: T::List(&T::Message(&meta_v1::LABEL_SELECTOR)), go: "[]v1.LabelSelector", list: L::Atomic, ..F },
] };

pub static CLUSTER_ROLE: Type = Type { name: "io.k8s.api.rbac.v1.ClusterRole", go: "v1.ClusterRole", gvk: Some(("rbac.authorization.k8s.io", "v1", "ClusterRole")), atomic: false, fields: &[
    Field { json: "aggregationRule", number: 3, ty: T::Message(&rbac_v1::AGGREGATION_RULE), go: "v1.AggregationRule", pointer: true, ..F },
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "rules", number: 2, ty: T::List(&T::Message(&rbac_v1::POLICY_RULE)), go: "[]v1.PolicyRule", list: L::Atomic, omit: O::Never, ..F },
] };

pub static CLUSTER_ROLE_BINDING: Type = Type { name: "io.k8s.api.rbac.v1.ClusterRoleBinding", go: "v1.ClusterRoleBinding", gvk: Some(("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "roleRef", number: 3, ty: T::Message(&rbac_v1::ROLE_REF), go: "v1.RoleRef", required: true, omit: O::Never, ..F },
    Field { json: "subjects", number: 2, ty: T::List(&T::Message(&rbac_v1::SUBJECT)), go: "[]v1.Subject", list: L::Atomic, ..F },
] };

pub static CLUSTER_ROLE_BINDING_LIST: Type = Type { name: "io.k8s.api.rbac.v1.ClusterRoleBindingList", go: "v1.ClusterRoleBindingList", gvk: Some(("rbac.authorization.k8s.io", "v1", "ClusterRoleBindingList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&rbac_v1::CLUSTER_ROLE_BINDING)), go: "[]v1.ClusterRoleBinding", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static CLUSTER_ROLE_LIST: Type = Type { name: "io.k8s.api.rbac.v1.ClusterRoleList", go: "v1.ClusterRoleList", gvk: Some(("rbac.authorization.k8s.io", "v1", "ClusterRoleList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&rbac_v1::CLUSTER_ROLE)), go: "[]v1.ClusterRole", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static POLICY_RULE: Type = Type { name: "io.k8s.api.rbac.v1.PolicyRule", go: "v1.PolicyRule", gvk: None, atomic: false, fields: &[
    Field { json: "apiGroups", number: 2, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "nonResourceURLs", number: 5, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "resourceNames", number: 4, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "resources", number: 3, ty: T::List(&T::String), go: "[]string", list: L::Atomic, ..F },
    Field { json: "verbs", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Atomic, required: true, omit: O::Never, ..F },
] };

pub static ROLE: Type = Type { name: "io.k8s.api.rbac.v1.Role", go: "v1.Role", gvk: Some(("rbac.authorization.k8s.io", "v1", "Role")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "rules", number: 2, ty: T::List(&T::Message(&rbac_v1::POLICY_RULE)), go: "[]v1.PolicyRule", list: L::Atomic, omit: O::Never, ..F },
] };

pub static ROLE_BINDING: Type = Type { name: "io.k8s.api.rbac.v1.RoleBinding", go: "v1.RoleBinding", gvk: Some(("rbac.authorization.k8s.io", "v1", "RoleBinding")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "roleRef", number: 3, ty: T::Message(&rbac_v1::ROLE_REF), go: "v1.RoleRef", required: true, omit: O::Never, ..F },
    Field { json: "subjects", number: 2, ty: T::List(&T::Message(&rbac_v1::SUBJECT)), go: "[]v1.Subject", list: L::Atomic, ..F },
] };

pub static ROLE_BINDING_LIST: Type = Type { name: "io.k8s.api.rbac.v1.RoleBindingList", go: "v1.RoleBindingList", gvk: Some(("rbac.authorization.k8s.io", "v1", "RoleBindingList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&rbac_v1::ROLE_BINDING)), go: "[]v1.RoleBinding", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static ROLE_LIST: Type = Type { name: "io.k8s.api.rbac.v1.RoleList", go: "v1.RoleList", gvk: Some(("rbac.authorization.k8s.io", "v1", "RoleList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&rbac_v1::ROLE)), go: "[]v1.Role", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static ROLE_REF: Type = Type { name: "io.k8s.api.rbac.v1.RoleRef", go: "v1.RoleRef", gvk: None, atomic: true, fields: &[
    Field { json: "apiGroup", number: 1, ty: T::String, go: "string", omit: O::Never, ..F },
    Field { json: "kind", number: 2, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static SUBJECT: Type = Type { name: "io.k8s.api.rbac.v1.Subject", go: "v1.Subject", gvk: None, atomic: true, fields: &[
    Field { json: "apiGroup", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "name", number: 3, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
    Field { json: "namespace", number: 4, ty: T::String, go: "string", ..F },
] };
