//! The types of `k8s.io/api/policy/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static EVICTION: Type = Type { name: "io.k8s.api.policy.v1.Eviction", go: "v1.Eviction", gvk: Some(("policy", "v1", "Eviction")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "deleteOptions", number: 2, ty: T::Message(&meta_v1::DELETE_OPTIONS), go: "v1.DeleteOptions", pointer: true, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
] };

pub static POD_DISRUPTION_BUDGET: Type = Type { name: "io.k8s.api.policy.v1.PodDisruptionBudget", go: "v1.PodDisruptionBudget", gvk: Some(("policy", "v1", "PodDisruptionBudget")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&policy_v1::POD_DISRUPTION_BUDGET_SPEC), go: "v1.PodDisruptionBudgetSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&policy_v1::POD_DISRUPTION_BUDGET_STATUS), go: "v1.PodDisruptionBudgetStatus", ..F },
] };

pub static POD_DISRUPTION_BUDGET_LIST: Type = Type { name: "io.k8s.api.policy.v1.PodDisruptionBudgetList", go: "v1.PodDisruptionBudgetList", gvk: Some(("policy", "v1", "PodDisruptionBudgetList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&policy_v1::POD_DISRUPTION_BUDGET)), go: "[]v1.PodDisruptionBudget", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static POD_DISRUPTION_BUDGET_SPEC: Type = Type { name: "io.k8s.api.policy.v1.PodDisruptionBudgetSpec", go: "v1.PodDisruptionBudgetSpec", gvk: None, atomic: false, fields: &[
    Field { json: "maxUnavailable", number: 3, ty: T::IntOrString, go: "intstr.IntOrString", pointer: true, ..F },
    Field { json: "minAvailable", number: 1, ty: T::IntOrString, go: "intstr.IntOrString", pointer: true, ..F },
    Field { json: "selector", number: 2, ty: T::Message(&meta_v1::LABEL_SELECTOR), go: "v1.LabelSelector", patch: Patch { replace: true, ..P }, pointer: true, ..F },
    Field { json: "unhealthyPodEvictionPolicy", number: 4, ty: T::String, go: "v1.UnhealthyPodEvictionPolicyType", pointer: true, enum_values: &["AlwaysAllow", "IfHealthyBudget"], ..F },
] };

pub static POD_DISRUPTION_BUDGET_STATUS: Type = Type { name: "io.k8s.api.policy.v1.PodDisruptionBudgetStatus", go: "v1.PodDisruptionBudgetStatus", gvk: None, atomic: false, fields: &[
    Field { json: "conditions", number: 7, ty: T::List(&T::Message(&meta_v1::CONDITION)), go: "[]v1.Condition", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
    Field { json: "currentHealthy", number: 4, ty: T::Int32, go: "int32", omit: O::Never, ..F },
    Field { json: "desiredHealthy", number: 5, ty: T::Int32, go: "int32", omit: O::Never, ..F },
    Field { json: "disruptedPods", number: 2, ty: T::Map(&T::Time), go: "map[string]v1.Time", ..F },
    Field { json: "disruptionsAllowed", number: 3, ty: T::Int32, go: "int32", omit: O::Never, ..F },
    Field { json: "expectedPods", number: 6, ty: T::Int32, go: "int32", omit: O::Never, ..F },
    Field { json: "observedGeneration", number: 1, ty: T::Int64, go: "int64", ..F },
] };
