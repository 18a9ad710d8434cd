//! The types of `k8s.io/api/events/v1`. Written by `api/facts-gen`; do not edit.

use crate::facts::{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P};

pub static EVENT: Type = Type { name: "io.k8s.api.events.v1.Event", go: "v1.Event", gvk: Some(("events.k8s.io", "v1", "Event")), atomic: false, fields: &[
    Field { json: "action", number: 6, ty: T::String, go: "string", ..F },
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "deprecatedCount", number: 15, ty: T::Int32, go: "int32", ..F },
    Field { json: "deprecatedFirstTimestamp", number: 13, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "deprecatedLastTimestamp", number: 14, ty: T::Time, go: "v1.Time", ..F },
    Field { json: "deprecatedSource", number: 12, ty: T::Message(&core_v1::EVENT_SOURCE), go: "v1.EventSource", ..F },
    Field { json: "eventTime", number: 2, ty: T::MicroTime, go: "v1.MicroTime", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::OBJECT_META), go: "v1.ObjectMeta", omit: O::Never, ..F },
    Field { json: "note", number: 10, ty: T::String, go: "string", ..F },
    Field { json: "reason", number: 7, ty: T::String, go: "string", ..F },
    Field { json: "regarding", number: 8, ty: T::Message(&core_v1::OBJECT_REFERENCE), go: "v1.ObjectReference", ..F },
    Field { json: "related", number: 9, ty: T::Message(&core_v1::OBJECT_REFERENCE), go: "v1.ObjectReference", pointer: true, ..F },
    Field { json: "reportingController", number: 4, ty: T::String, go: "string", ..F },
    Field { json: "reportingInstance", number: 5, ty: T::String, go: "string", ..F },
    Field { json: "series", number: 3, ty: T::Message(&events_v1::EVENT_SERIES), go: "v1.EventSeries", pointer: true, ..F },
    Field { json: "type", number: 11, ty: T::String, go: "string", ..F },
] };

pub static EVENT_LIST: Type = Type { name: "io.k8s.api.events.v1.EventList", go: "v1.EventList", gvk: Some(("events.k8s.io", "v1", "EventList")), atomic: false, fields: &[
    Field { json: "apiVersion", number: 2, ty: T::String, go: "string", ..F },
    Field { json: "items", number: 2, ty: T::List(&T::Message(&events_v1::EVENT)), go: "[]v1.Event", required: true, omit: O::Never, ..F },
    Field { json: "kind", number: 1, ty: T::String, go: "string", ..F },
    Field { json: "metadata", number: 1, ty: T::Message(&meta_v1::LIST_META), go: "v1.ListMeta", ..F },
] };

pub static EVENT_SERIES: Type = Type { name: "io.k8s.api.events.v1.EventSeries", go: "v1.EventSeries", gvk: None, atomic: false, fields: &[
    Field { json: "count", number: 1, ty: T::Int32, go: "int32", required: true, omit: O::Never, ..F },
    Field { json: "lastObservedTime", number: 2, ty: T::MicroTime, go: "v1.MicroTime", required: true, omit: O::Never, ..F },
] };
