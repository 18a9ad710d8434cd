//! The types of `k8s.io/kube-aggregator/pkg/apis/apiregistration/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static API_SERVICE: Type = Type { name: "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService", go: "v1.APIService", gvk: Some(("apiregistration.k8s.io", "v1", "APIService")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "spec", number: 2, ty: T::Message(&apiregistration_v1::API_SERVICE_SPEC), go: "v1.APIServiceSpec", ..F },
    Field { json: "status", number: 3, ty: T::Message(&apiregistration_v1::API_SERVICE_STATUS), go: "v1.APIServiceStatus", ..F },
] };

pub static API_SERVICE_CONDITION: Type = Type { name: "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceCondition", go: "v1.APIServiceCondition", gvk: None, atomic: false, fields: &[
    Field { json: "lastTransitionTime", number: 3, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "message", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "status", number: 2, ty: T::String, go: "v1.ConditionStatus", required: true, omit: O::Never, ..F },
    Field { json: "type", number: 1, ty: T::String, go: "v1.APIServiceConditionType", required: true, omit: O::Never, ..F },
] };

pub static API_SERVICE_LIST: Type = Type { name: "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceList", go: "v1.APIServiceList", gvk: Some(("apiregistration.k8s.io", "v1", "APIServiceList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&apiregistration_v1::API_SERVICE)), go: "[]v1.APIService", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static API_SERVICE_SPEC: Type = Type { name: "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceSpec", go: "v1.APIServiceSpec", gvk: None, atomic: false, fields: &[
    Field { json: "caBundle", number: 5, ty: T::Bytes, go: "[]uint8", list: L::Atomic, ..F },
    Field { json: "group", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "groupPriorityMinimum", number: 7, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "insecureSkipTLSVerify", number: 4, ty: T::Bool, go: "bool", ..F },
    Field { json: "service", number: 1, ty: T::Message(&apiregistration_v1::SERVICE_REFERENCE), go: "v1.ServiceReference", pointer: true, ..F },
    Field { json: "version", number: 3, ty: T::String, go: "string", ..F },
    Field { json: "versionPriority", number: 8, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
] };

pub static API_SERVICE_STATUS: Type = Type { name: "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceStatus", go: "v1.APIServiceStatus", gvk: None, atomic: false, fields: &[
    Field { json: "conditions", number: 1, ty: T::List(&T::Message(&apiregistration_v1::API_SERVICE_CONDITION)), go: "[]v1.APIServiceCondition", list: L::Map(&["type"]), patch: Patch { merge: true, merge_key: Some("type"), ..P }, ..F },
] };

pub static SERVICE_REFERENCE: Type = Type { name: "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.ServiceReference", go: "v1.ServiceReference", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "namespace", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "port", number: 3, ty: T::Int32, go: "int32", pointer: true, ..F },
] };
