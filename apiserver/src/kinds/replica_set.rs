//! ReplicaSets: apps/v1.

use hydrofoil_api::field::Path;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::cells::{AGE, NAME, age, column, label_selector, name, or_none, wide};
use super::checks::not_negative;
use super::deployment::{counts_fit, selector_stays};
use super::value::{child, get, int_or_zero, keep, set};
use super::{Column, Errors, Kind, PLAIN, StatusRules, Storage, template};

/// The descriptor of ReplicaSets.
pub static REPLICA_SET: Kind = Kind {
    group: "apps",
    plural: "replicasets",
    storage: Storage {
        prefix: "replicasets",
        conversion: None,
    },
    generation: true,
    create: |set_of_pods, _| set(set_of_pods, "status", json!({"replicas": 0})),
    default,
    validate,
    update: |new, old, _| keep(new, old, "status"),
    validate_update: |new, old, errors| selector_stays(new, old, errors),
    status: Some(StatusRules {
        prepare: prepare_status,
        validate: |new, _, errors| validate_status(new, errors),
    }),
    warnings: template::warnings,
    columns: COLUMNS,
    row,
    fields: &[("status.replicas", |object| {
        int_or_zero(get(object, "status"), "replicas").to_string()
    })],
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    column("Desired", "integer", "Pods that are wanted."),
    column("Current", "integer", "Pods that are there."),
    column("Ready", "integer", "Pods that are ready."),
    AGE,
    wide(
        "Containers",
        "string",
        "Names of the containers of the template.",
    ),
    wide(
        "Images",
        "string",
        "Images of the containers of the template.",
    ),
    wide("Selector", "string", "Which pods belong to it."),
];

fn default(object: &mut Value) {
    template::defaults(child(object, "spec"));
}

fn validate(object: &Value, errors: &mut Errors) {
    let (spec, path) = (get(object, "spec"), Path::new("spec"));
    not_negative(errors, spec, "replicas", &path);
    not_negative(errors, spec, "minReadySeconds", &path);
    template::of_replicas(errors, spec, &path);
}

fn prepare_status(new: &mut Value, old: &Value) {
    keep(new, old, "spec");
}

fn validate_status(new: &Value, errors: &mut Errors) {
    let (status, path) = (get(new, "status"), Path::new("status"));
    for key in [
        "replicas",
        "fullyLabeledReplicas",
        "readyReplicas",
        "availableReplicas",
        "terminatingReplicas",
        "observedGeneration",
    ] {
        not_negative(errors, status, key, &path);
    }
    counts_fit(
        errors,
        status,
        &["fullyLabeledReplicas", "readyReplicas", "availableReplicas"],
        &path,
    );
}

fn row(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (get(object, "spec"), get(object, "status"));
    let [containers, images] = template::cells(object);
    vec![
        name(object),
        int_or_zero(spec, "replicas").into(),
        int_or_zero(status, "replicas").into(),
        int_or_zero(status, "readyReplicas").into(),
        age(object, now),
        containers,
        images,
        or_none(&label_selector(get(spec, "selector"))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_defaults() {
        let mut object = json!({"metadata": {"name": "web-1", "creationTimestamp": "2026-01-01T00:00:00Z"}, "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}, {"name": "d", "image": "j"}]}},
        }, "status": {"readyReplicas": 1}});
        super::super::tests::fill(&REPLICA_SET, &mut object);
        let mut errors = Errors::new();
        validate(&object, &mut errors);
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(
            row(&object, "2026-01-01T00:00:09Z".parse().unwrap()),
            [
                json!("web-1"),
                json!(1),
                json!(0),
                json!(1),
                json!("9s"),
                json!("c,d"),
                json!("i,j"),
                json!("app=web")
            ]
        );
        validate_status(&object, &mut errors);
        assert_eq!(
            errors[0].to_string(),
            "status.readyReplicas: Invalid value: 1: cannot be greater than status.replicas"
        );
    }
}
