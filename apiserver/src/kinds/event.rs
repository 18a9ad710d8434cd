//! Events, in both their forms: core/v1, which is stored, and events.k8s.io/v1, which names its fields otherwise.
//!
//! Rules read either form, so that they hold whichever the server hands them.

use hydrofoil_api::field::{FieldError, Path};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::cells::{UNKNOWN, column, since, wide};
use super::checks::{dns_subdomain, qualified_name};
use super::value::{get, int, int_or_zero, map_of, same, set, set_missing, text, text_at};
use super::{Column, Conversion, Dependents, Errors, Kind, PLAIN, Storage};

/// The descriptor of core/v1 Events.
pub static EVENT: Kind = Kind {
    plural: "events",
    storage: Storage {
        prefix: "events",
        conversion: None,
    },
    default: default_core,
    validate: |event, errors| validate_any(event, "reportingComponent", errors),
    columns: COLUMNS,
    row,
    fields: &[
        ("involvedObject.kind", |event| {
            text(involved(event), "kind").to_owned()
        }),
        ("involvedObject.namespace", |event| {
            text(involved(event), "namespace").to_owned()
        }),
        ("involvedObject.name", |event| {
            text(involved(event), "name").to_owned()
        }),
        ("involvedObject.uid", |event| {
            text(involved(event), "uid").to_owned()
        }),
        ("involvedObject.apiVersion", |event| {
            text(involved(event), "apiVersion").to_owned()
        }),
        ("involvedObject.resourceVersion", |event| {
            text(involved(event), "resourceVersion").to_owned()
        }),
        ("involvedObject.fieldPath", |event| {
            text(involved(event), "fieldPath").to_owned()
        }),
        ("reason", |event| text(event, "reason").to_owned()),
        ("reportingComponent", |event| reporter(event).to_owned()),
        ("source", source),
        ("type", |event| text(event, "type").to_owned()),
    ],
    dependents: Dependents::Ungoverned,
    ..PLAIN
};

/// The descriptor of events.k8s.io/v1 Events.
pub static EVENT_OF_EVENTS: Kind = Kind {
    group: "events.k8s.io",
    plural: "events",
    storage: Storage {
        prefix: "events",
        conversion: Some(Conversion {
            stored: ("", "v1", "events"),
            to_stored,
            from_stored,
        }),
    },
    default: default_events,
    validate: validate_events,
    validate_update: validate_update_events,
    columns: COLUMNS,
    row,
    fields: &[
        ("regarding.kind", |event| {
            text(involved(event), "kind").to_owned()
        }),
        ("regarding.namespace", |event| {
            text(involved(event), "namespace").to_owned()
        }),
        ("regarding.name", |event| {
            text(involved(event), "name").to_owned()
        }),
        ("regarding.uid", |event| {
            text(involved(event), "uid").to_owned()
        }),
        ("regarding.apiVersion", |event| {
            text(involved(event), "apiVersion").to_owned()
        }),
        ("regarding.resourceVersion", |event| {
            text(involved(event), "resourceVersion").to_owned()
        }),
        ("regarding.fieldPath", |event| {
            text(involved(event), "fieldPath").to_owned()
        }),
        ("reason", |event| text(event, "reason").to_owned()),
        ("reportingController", |event| reporter(event).to_owned()),
        ("type", |event| text(event, "type").to_owned()),
    ],
    dependents: Dependents::Ungoverned,
    ..PLAIN
};

/// Fields that have two names: that of core/v1, that of events.k8s.io/v1.
const RENAMED: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];
/// Longest reporter, action and reason, in bytes.
const WORD_MAX: usize = 128;
/// Longest message, in bytes.
const MESSAGE_MAX: usize = 1024;

const COLUMNS: &[Column] = &[
    column("Last Seen", "string", "When it was last observed."),
    column("Type", "string", "Normal or Warning."),
    column("Reason", "string", "Why, in a word."),
    column("Object", "string", "What it is about."),
    wide("Subobject", "string", "The part of the object it is about."),
    wide("Source", "string", "Who reports it."),
    column("Message", "string", "What happened."),
    wide("First Seen", "string", "When it was first observed."),
    wide("Count", "string", "How often it was observed."),
    Column {
        name: "Name",
        kind: "string",
        format: "name",
        description: "Unique within its namespace.",
        priority: 1,
    },
];

/// The field under whichever name it has.
fn either<'a>(event: &'a Value, core: &str) -> &'a Value {
    let other = RENAMED
        .iter()
        .find(|(name, _)| *name == core)
        .map_or(core, |(_, other)| other);
    let found = get(event, core);
    if found.is_null() {
        get(event, other)
    } else {
        found
    }
}

fn involved(event: &Value) -> &Value {
    either(event, "involvedObject")
}

fn reporter(event: &Value) -> &str {
    either(event, "reportingComponent").as_str().unwrap_or("")
}

fn source(event: &Value) -> String {
    let component = text(either(event, "source"), "component");
    if component.is_empty() {
        reporter(event).to_owned()
    } else {
        component.to_owned()
    }
}

/// Times that are not there are written as null, as upstream writes them.
fn default_core(event: &mut Value) {
    unset_times(event, &["firstTimestamp", "lastTimestamp", "eventTime"]);
}

fn default_events(event: &mut Value) {
    unset_times(
        event,
        &[
            "deprecatedFirstTimestamp",
            "deprecatedLastTimestamp",
            "eventTime",
        ],
    );
}

fn unset_times(event: &mut Value, fields: &[&str]) {
    for key in fields {
        if event.get(key).is_none() {
            set(event, key, Value::Null);
        }
    }
}

fn rename(event: &mut Value, from_core: bool) {
    let fields = map_of(event);
    for (core, other) in RENAMED {
        let (from, to) = if from_core {
            (core, other)
        } else {
            (other, core)
        };
        if let Some(value) = fields.remove(from) {
            fields.insert(to.to_owned(), value);
        }
    }
}

fn to_stored(event: &mut Value) {
    rename(event, false);
    set(event, "apiVersion", "v1");
    for key in ["involvedObject", "source"] {
        set_missing(event, key, json!({}));
    }
    for key in ["reportingComponent", "reportingInstance"] {
        set_missing(event, key, "");
    }
    default_core(event);
}

fn from_stored(event: &mut Value) {
    rename(event, true);
    set(event, "apiVersion", "events.k8s.io/v1");
    if text(event, "reportingController").is_empty() {
        map_of(event).remove("reportingController");
    }
    if text(event, "reportingInstance").is_empty() {
        map_of(event).remove("reportingInstance");
    }
}

/// What core/v1 demands: little of events of the old sort, more of those with an `eventTime`.
fn validate_any(event: &Value, reporter_field: &'static str, errors: &mut Errors) {
    let namespace = text_at(event, &["metadata", "namespace"]);
    let about = text(involved(event), "namespace");
    let path = Path::new("involvedObject").child("namespace");
    let mut mismatch = || {
        errors.push(FieldError::invalid(
            &path,
            about,
            "does not match event.namespace",
        ))
    };
    if get(event, "eventTime").is_null() {
        if about.is_empty() {
            if !namespace.is_empty() && namespace != "default" {
                mismatch();
            }
        } else if about != namespace {
            mismatch();
        }
    } else {
        if about.is_empty() && namespace != "default" && namespace != "kube-system" {
            mismatch();
        }
        new_style(errors, event, reporter_field);
    }
    dns_subdomain(errors, namespace, &Path::new("namespace"));
}

fn new_style(errors: &mut Errors, event: &Value, reporter_field: &'static str) {
    let at = Path::new(reporter_field);
    if reporter(event).is_empty() {
        errors.push(FieldError::required(&at, ""));
    }
    qualified_name(errors, reporter(event), &at);
    for field in ["reportingInstance", "action", "reason"] {
        let word = text(event, field);
        if word.is_empty() {
            errors.push(FieldError::required(&Path::new(field), ""));
        } else if word.len() > WORD_MAX {
            let sentence = format!("can have at most {WORD_MAX} characters");
            errors.push(FieldError::invalid(&Path::new(field), "", sentence));
        }
    }
    if either(event, "message")
        .as_str()
        .is_some_and(|message| message.len() > MESSAGE_MAX)
    {
        let sentence = format!("can have at most {MESSAGE_MAX} characters");
        errors.push(FieldError::invalid(&Path::new("message"), "", sentence));
    }
}

fn validate_events(event: &Value, errors: &mut Errors) {
    validate_any(event, "reportingController", errors);
    let series = get(event, "series");
    if !series.is_null() {
        let path = Path::new("series");
        let count = int_or_zero(series, "count");
        if count < 2 {
            errors.push(FieldError::invalid(
                &path.child("count"),
                "",
                "should be at least 2",
            ));
        }
        if get(series, "lastObservedTime").is_null() {
            errors.push(FieldError::required(&path.child("lastObservedTime"), ""));
        }
    }
    if get(event, "eventTime").is_null() {
        errors.push(FieldError::required(&Path::new("eventTime"), ""));
    }
    let kind = text(event, "type");
    if kind != "Normal" && kind != "Warning" {
        errors.push(FieldError::invalid(
            &Path::new("type"),
            "",
            format!("has invalid value: {kind}"),
        ));
    }
    for field in ["firstTimestamp", "lastTimestamp"] {
        if !either(event, field).is_null() {
            errors.push(FieldError::invalid(
                &Path::new(field),
                "",
                "needs to be unset",
            ));
        }
    }
    if either(event, "count").as_i64().unwrap_or(0) != 0 {
        errors.push(FieldError::invalid(
            &Path::new("count"),
            "",
            "needs to be unset",
        ));
    }
    let origin = either(event, "source");
    if !text(origin, "component").is_empty() || !text(origin, "host").is_empty() {
        errors.push(FieldError::invalid(
            &Path::new("source"),
            "",
            "needs to be unset",
        ));
    }
}

/// Once reported, only the series goes on.
fn validate_update_events(new: &Value, old: &Value, errors: &mut Errors) {
    for field in [
        "involvedObject",
        "reason",
        "message",
        "source",
        "firstTimestamp",
        "lastTimestamp",
        "count",
        "type",
        "eventTime",
        "action",
        "related",
        "reportingComponent",
        "reportingInstance",
    ] {
        if !same(either(new, field), either(old, field)) {
            let path = Path::new(if field == "reportingComponent" {
                "reportingController"
            } else {
                field
            });
            errors.push(FieldError::invalid(
                &path,
                either(new, field).clone(),
                super::checks::IMMUTABLE,
            ));
        }
    }
}

fn row(event: &Value, now: Timestamp) -> Vec<Value> {
    let (series, about) = (get(event, "series"), involved(event));
    let mut first = since(either(event, "firstTimestamp"), now);
    if first == UNKNOWN {
        first = since(get(event, "eventTime"), now);
    }
    let mut last = since(either(event, "lastTimestamp"), now);
    if last == UNKNOWN {
        last.clone_from(&first);
    }
    let mut count = either(event, "count").as_i64().unwrap_or(0);
    if !series.is_null() {
        last = since(get(series, "lastObservedTime"), now);
        count = int(series, "count").unwrap_or(0);
    } else if count == 0 {
        count = 1;
    }
    let kind = text(about, "kind").to_lowercase();
    let object = match text(about, "name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    };
    let host = text(either(event, "source"), "host");
    let host = if host.is_empty() {
        text(event, "reportingInstance")
    } else {
        host
    };
    let component = source(event);
    vec![
        last.into(),
        text(event, "type").into(),
        text(event, "reason").into(),
        object.into(),
        text(about, "fieldPath").into(),
        (if host.is_empty() {
            component
        } else {
            format!("{component}, {host}")
        })
        .into(),
        either(event, "message")
            .as_str()
            .unwrap_or("")
            .trim()
            .into(),
        first.into(),
        count.into(),
        text_at(event, &["metadata", "name"]).into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn core() -> Value {
        json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "default"},
            "involvedObject": {"kind": "Pod", "name": "p", "namespace": "default", "fieldPath": "spec.containers{c}"},
            "reason": "Started", "message": "Started container c\n", "type": "Normal", "count": 3,
            "source": {"component": "kubelet", "host": "n"},
            "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:50Z", "eventTime": null,
            "reportingComponent": "kubelet", "reportingInstance": "n",
        })
    }

    #[test]
    fn the_two_forms_convert() {
        let mut event = core();
        from_stored(&mut event);
        assert_eq!(event["apiVersion"], "events.k8s.io/v1");
        assert_eq!(event["regarding"]["name"], "p");
        assert_eq!(event["note"], "Started container c\n");
        assert_eq!(event["deprecatedCount"], 3);
        assert_eq!(event["deprecatedSource"]["host"], "n");
        assert_eq!(event["reportingController"], "kubelet");
        assert_eq!(event.get("message"), None);
        to_stored(&mut event);
        assert_eq!(event, core());
    }

    #[test]
    fn rows_read_either_form() {
        let now: Timestamp = "2026-01-01T00:01:00Z".parse().unwrap();
        let expected = [
            json!("10s"),
            json!("Normal"),
            json!("Started"),
            json!("pod/p"),
            json!("spec.containers{c}"),
            json!("kubelet, n"),
            json!("Started container c"),
            json!("60s"),
            json!(3),
            json!("e"),
        ];
        let mut event = core();
        assert_eq!(row(&event, now), expected);
        from_stored(&mut event);
        assert_eq!(row(&event, now), expected);
        assert_eq!(COLUMNS.len(), expected.len());
        let fresh = json!({"eventTime": "2026-01-01T00:00:30.000000Z"});
        let cells = row(&fresh, now);
        assert_eq!(
            (&cells[0], &cells[7], &cells[8]),
            (&json!("30s"), &json!("30s"), &json!(1))
        );
        let series = json!({"eventTime": "2026-01-01T00:00:30.000000Z", "series": {"count": 7, "lastObservedTime": "2026-01-01T00:00:59.000000Z"}});
        let cells = row(&series, now);
        assert_eq!((&cells[0], &cells[8]), (&json!("1s"), &json!(7)));
    }

    #[test]
    fn old_events_need_little_and_new_ones_more() {
        let found = |event: &Value| {
            let mut errors = Errors::new();
            (EVENT.validate)(event, &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(found(&core()).is_empty());
        let mut elsewhere = core();
        elsewhere["involvedObject"]["namespace"] = json!("other");
        assert_eq!(
            found(&elsewhere),
            ["involvedObject.namespace: Invalid value: \"other\": does not match event.namespace"]
        );
        let mut new = core();
        new["eventTime"] = json!("2026-01-01T00:00:00.000000Z");
        assert_eq!(found(&new), ["action: Required value"]);
    }

    #[test]
    fn events_of_the_new_group_leave_old_fields_unset() {
        let mut event = core();
        event["eventTime"] = json!("2026-01-01T00:00:00.000000Z");
        event["action"] = json!("Starting");
        from_stored(&mut event);
        let mut errors = Errors::new();
        validate_events(&event, &mut errors);
        let found: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "firstTimestamp: Invalid value: \"\": needs to be unset",
                "lastTimestamp: Invalid value: \"\": needs to be unset",
                "count: Invalid value: \"\": needs to be unset",
                "source: Invalid value: \"\": needs to be unset",
            ]
        );
        let mut changed = event.clone();
        changed["note"] = json!("else");
        let mut errors = Errors::new();
        validate_update_events(&changed, &event, &mut errors);
        assert_eq!(
            errors[0].to_string(),
            "message: Invalid value: \"else\": field is immutable"
        );
    }

    #[test]
    fn fields_can_be_selected() {
        let event = core();
        let read = |name: &str| {
            EVENT
                .fields
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, read)| read(&event))
                .unwrap()
        };
        assert_eq!(read("involvedObject.name"), "p");
        assert_eq!(read("source"), "kubelet");
        assert_eq!(read("type"), "Normal");
    }
}
