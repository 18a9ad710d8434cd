//! The types of `k8s.io/api/discovery/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static ENDPOINT: Type = Type { name: "io.k8s.api.discovery.v1.Endpoint", go: "v1.Endpoint", gvk: None, atomic: false, fields: &[
    Field { json: "addresses", number: 1, ty: T::List(&T::String), go: "[]string", list: L::Set, required: true, omit: O::Never, ..F },
    Field { json: "conditions", number: 2, ty: T::Message(&discovery_v1::ENDPOINT_CONDITIONS), go: "v1.EndpointConditions", ..F },
    Field { json: "deprecatedTopology", number: 5, ty: T::Map(&T::String), go: "map[string]string", ..F },
    Field { json: "hints", number: 8, ty: T::Message(&discovery_v1::ENDPOINT_HINTS), go: "v1.EndpointHints", pointer: true, ..F },
    Field { json: "hostname", number: 3, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "nodeName", number: 6, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "targetRef", number: 4, ty: T::Message(&core_v1::OBJECT_REFERENCE), go: "v1.ObjectReference", pointer: true, ..F },
    Field { json: "zone", number: 7, ty: T::String, go: "string", pointer: true, ..F },
] };

pub static ENDPOINT_CONDITIONS: Type = Type { name: "io.k8s.api.discovery.v1.EndpointConditions", go: "v1.EndpointConditions", gvk: None, atomic: false, fields: &[
    Field { json: "ready", number: 1, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "serving", number: 2, ty: T::Bool, go: "bool", pointer: true, ..F },
    Field { json: "terminating", number: 3, ty: T::Bool, go: "bool", pointer: true, ..F },
] };

pub static ENDPOINT_HINTS: Type = Type { name: "io.k8s.api.discovery.v1.EndpointHints", go: "v1.EndpointHints", gvk: None, atomic: false, fields: &[
    Field { json: "forNodes", number: 2, ty: T::List(&T::Message(&discovery_v1::FOR_NODE)), go: "[]v1.ForNode", list: L::Atomic, ..F },
    Field { json: "forZones", number: 1, ty: T::List(&T::Message(&discovery_v1::FOR_ZONE)), go: "[]v1.ForZone", list: L::Atomic, ..F },
] };

pub static ENDPOINT_PORT: Type = Type { name: "io.k8s.api.discovery.v1.EndpointPort", go: "v1.EndpointPort", gvk: None, atomic: true, fields: &[
    Field { json: "appProtocol", number: 4, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "name", number: 1, ty: T::String, go: "string", pointer: true, ..F },
    Field { json: "port", number: 3, ty: T::Int32, go: "int32", pointer: true, ..F },
    Field { json: "protocol", number: 2, ty: T::String, go: "v1.Protocol", pointer: true, enum_values: &["SCTP", "TCP", "UDP"], ..F },
] };

pub static ENDPOINT_SLICE: Type = Type { name: "io.k8s.api.discovery.v1.EndpointSlice", go: "v1.EndpointSlice", gvk: Some(("discovery.k8s.io", "v1", "EndpointSlice")), atomic: false, fields: &[
    Field { json: "addressType", number: 4, ty: T::String, go: "v1.AddressType", required: true, omit: O::Never, ..F },
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "endpoints", number: 2, ty: T::List(&T::Message(&discovery_v1::ENDPOINT)), go: "[]v1.Endpoint", list: L::Atomic, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", ..F },
    Field { json: "ports", number: 3, ty: T::List(&T::Message(&discovery_v1::ENDPOINT_PORT)), go: "[]v1.EndpointPort", list: L::Atomic, omit: O::Never, ..F },
] };

pub static ENDPOINT_SLICE_LIST: Type = Type { name: "io.k8s.api.discovery.v1.EndpointSliceList", go: "v1.EndpointSliceList", gvk: Some(("discovery.k8s.io", "v1", "EndpointSliceList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&discovery_v1::ENDPOINT_SLICE)), go: "[]v1.EndpointSlice", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static FOR_NODE: Type = Type { name: "io.k8s.api.discovery.v1.ForNode", go: "v1.ForNode", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };

pub static FOR_ZONE: Type = Type { name: "io.k8s.api.discovery.v1.ForZone", go: "v1.ForZone", gvk: None, atomic: false, fields: &[
    Field { json: "name", number: 1, ty: T::String, go: "string", required: true, omit: O::Never, ..F },
] };
