//! Deployments: apps/v1.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::cells::{AGE, NAME, age, column, label_selector, name, wide};
use super::checks::{IMMUTABLE, NEGATIVE, all_invalid, not_negative};
use super::value::{at, child, get, int, int_or_zero, keep, remove, same, set, set_missing, text};
use super::{Column, Errors, Kind, PLAIN, StatusRules, Storage, template};

/// The descriptor of Deployments.
pub static DEPLOYMENT: Kind = Kind {
    group: "apps",
    plural: "deployments",
    storage: Storage {
        prefix: "deployments",
        conversion: None,
    },
    generation: true,
    create: |deployment, _| set(deployment, "status", json!({})),
    default,
    validate,
    update: |new, old, _| update(new, old),
    validate_update: |new, old, errors| selector_stays(new, old, errors),
    status: Some(StatusRules {
        prepare: prepare_status,
        validate: validate_status,
    }),
    warnings: template::warnings,
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    column(
        "Ready",
        "string",
        "Pods that are ready, of all that are wanted.",
    ),
    column(
        "Up-to-date",
        "string",
        "Pods made from the current template.",
    ),
    column(
        "Available",
        "string",
        "Pods that have been ready for long enough.",
    ),
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

const QUARTER: &str = "25%";

fn default(deployment: &mut Value) {
    let spec = child(deployment, "spec");
    let strategy = child(spec, "strategy");
    if text(strategy, "type") == "RollingUpdate" {
        let rolling = child(strategy, "rollingUpdate");
        set_missing(rolling, "maxUnavailable", QUARTER);
        set_missing(rolling, "maxSurge", QUARTER);
    } else if get(strategy, "rollingUpdate").is_null() {
        remove(strategy, "rollingUpdate");
    }
    template::defaults(spec);
}

/// Before replacement: the status stays. Annotations count as a change too, since a controller copies them to its ReplicaSets.
fn update(new: &mut Value, old: &Value) {
    keep(new, old, "status");
    let annotations = |object| at(object, &["metadata", "annotations"]);
    let generation = int_or_zero(get(old, "metadata"), "generation");
    if !same(annotations(new), annotations(old)) {
        set(child(new, "metadata"), "generation", generation + 1);
    }
}

fn validate(deployment: &Value, errors: &mut Errors) {
    let (spec, path) = (get(deployment, "spec"), Path::new("spec"));
    not_negative(errors, spec, "replicas", &path);
    template::of_replicas(errors, spec, &path);
    strategy(errors, get(spec, "strategy"), &path.child("strategy"));
    not_negative(errors, spec, "minReadySeconds", &path);
    not_negative(errors, spec, "revisionHistoryLimit", &path);
    if let Some(deadline) = int(spec, "progressDeadlineSeconds") {
        not_negative(errors, spec, "progressDeadlineSeconds", &path);
        if deadline <= int_or_zero(spec, "minReadySeconds") {
            let at = path.child("progressDeadlineSeconds");
            errors.push(FieldError::invalid(
                &at,
                deadline,
                "must be greater than minReadySeconds",
            ));
        }
    }
}

fn strategy(errors: &mut Errors, strategy: &Value, path: &Path) {
    let rolling = get(strategy, "rollingUpdate");
    match text(strategy, "type") {
        "Recreate" => {
            if !rolling.is_null() {
                errors.push(FieldError::forbidden(
                    &path.child("rollingUpdate"),
                    "may not be specified when strategy `type` is 'Recreate'",
                ));
            }
        }
        "RollingUpdate" => rolling_update(errors, rolling, &path.child("rollingUpdate")),
        other => {
            errors.push(FieldError::not_supported(
                &path.child("type"),
                other,
                &["Recreate", "RollingUpdate"],
            ));
        }
    }
}

fn rolling_update(errors: &mut Errors, rolling: &Value, path: &Path) {
    if rolling.is_null() {
        errors.push(FieldError::required(
            path,
            "this should be defaulted and never be nil",
        ));
        return;
    }
    for key in ["maxUnavailable", "maxSurge"] {
        count_or_percent(errors, get(rolling, key), &path.child(key));
    }
    if amount(get(rolling, "maxUnavailable")) == 0 && amount(get(rolling, "maxSurge")) == 0 {
        errors.push(FieldError::invalid(
            &path.child("maxUnavailable"),
            get(rolling, "maxUnavailable").clone(),
            "may not be 0 when `maxSurge` is 0",
        ));
    }
    let unavailable = get(rolling, "maxUnavailable");
    if unavailable.is_string() && amount(unavailable) > 100 {
        errors.push(FieldError::invalid(
            &path.child("maxUnavailable"),
            unavailable.clone(),
            "must not be greater than 100%",
        ));
    }
}

/// A count, or a percentage such as `25%`.
pub(super) fn count_or_percent(errors: &mut Errors, value: &Value, path: &Path) {
    match value {
        Value::String(percent) => all_invalid(errors, path, percent, names::is_percent(percent)),
        other => {
            let count = other.as_i64().unwrap_or(0);
            if count < 0 {
                errors.push(FieldError::invalid(path, count, NEGATIVE));
            }
        }
    }
}

/// The number in a count or a percentage.
fn amount(value: &Value) -> i64 {
    match value {
        Value::String(percent) => percent
            .strip_suffix('%')
            .and_then(|number| number.parse().ok())
            .unwrap_or(0),
        other => other.as_i64().unwrap_or(0),
    }
}

/// The selector of what makes pods cannot change: the pods it left behind would have no owner.
pub(super) fn selector_stays(new: &Value, old: &Value, errors: &mut Errors) {
    let selector = at(new, &["spec", "selector"]);
    if !same(selector, at(old, &["spec", "selector"])) {
        errors.push(FieldError::invalid(
            &Path::new("spec").child("selector"),
            selector.clone(),
            IMMUTABLE,
        ));
    }
}

fn prepare_status(new: &mut Value, old: &Value) {
    keep(new, old, "spec");
    keep(child(new, "metadata"), get(old, "metadata"), "labels");
}

fn validate_status(new: &Value, old: &Value, errors: &mut Errors) {
    let (status, path) = (get(new, "status"), Path::new("status"));
    for key in [
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "terminatingReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        "collisionCount",
    ] {
        not_negative(errors, status, key, &path);
    }
    counts_fit(
        errors,
        status,
        &["updatedReplicas", "readyReplicas", "availableReplicas"],
        &path,
    );
    let collisions = (
        int(status, "collisionCount"),
        int(get(old, "status"), "collisionCount"),
    );
    let fewer = match collisions {
        (None, Some(_)) => true,
        (Some(new), Some(old)) => new < old,
        (_, None) => false,
    };
    if fewer {
        let shown = get(status, "collisionCount").clone();
        errors.push(FieldError::invalid(
            &path.child("collisionCount"),
            shown,
            "cannot be decremented",
        ));
    }
}

/// No count of a status exceeds the count of replicas, and what is available is ready.
pub(super) fn counts_fit(errors: &mut Errors, status: &Value, keys: &[&'static str], path: &Path) {
    let replicas = int_or_zero(status, "replicas");
    for key in keys {
        let count = int_or_zero(status, key);
        if count > replicas {
            errors.push(FieldError::invalid(
                &path.child(*key),
                count,
                "cannot be greater than status.replicas",
            ));
        }
    }
    let available = int_or_zero(status, "availableReplicas");
    if available > int_or_zero(status, "readyReplicas") {
        let at = path.child("availableReplicas");
        errors.push(FieldError::invalid(
            &at,
            available,
            "cannot be greater than readyReplicas",
        ));
    }
}

fn row(deployment: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (get(deployment, "spec"), get(deployment, "status"));
    let [containers, images] = template::cells(deployment);
    vec![
        name(deployment),
        Value::String(format!(
            "{}/{}",
            int_or_zero(status, "readyReplicas"),
            int_or_zero(spec, "replicas")
        )),
        int_or_zero(status, "updatedReplicas").into(),
        int_or_zero(status, "availableReplicas").into(),
        age(deployment, now),
        containers,
        images,
        Value::String(label_selector(get(spec, "selector"))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(change: impl FnOnce(&mut Value)) -> Value {
        let mut object = json!({"metadata": {"name": "web"}, "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}},
        }});
        change(&mut object["spec"]);
        super::super::tests::fill(&DEPLOYMENT, &mut object);
        object
    }

    fn found(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut errors = Errors::new();
        validate(&deployment(change), &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn defaults() {
        let object = deployment(|_| {});
        assert_eq!(
            object["spec"]["strategy"],
            json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}})
        );
        assert_eq!(object["spec"]["replicas"], 1);
        assert_eq!(
            object["spec"]["template"]["spec"]["restartPolicy"],
            "Always"
        );
        let mut again = object.clone();
        super::super::tests::fill(&DEPLOYMENT, &mut again);
        assert_eq!(again, object);
    }

    #[test]
    fn faults_are_named() {
        assert!(found(|_| {}).is_empty());
        type Change = fn(&mut Value);
        let cases: [(Change, &str); 9] = [
            (
                |spec| spec["replicas"] = json!(-1),
                "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            ),
            (
                |spec| spec["selector"] = json!({"matchLabels": {"app": "db"}}),
                "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`",
            ),
            (
                |spec| spec["selector"] = json!({}),
                "spec.selector: Invalid value: {}: empty selector is invalid for deployment",
            ),
            (
                |spec| spec["template"]["spec"]["restartPolicy"] = json!("Never"),
                "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"",
            ),
            (
                |spec| {
                    spec["strategy"] = json!({"type": "Recreate", "rollingUpdate": {"maxSurge": 1}})
                },
                "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
            ),
            (
                |spec| spec["strategy"] = json!({"type": "Yolo"}),
                "spec.strategy.type: Unsupported value: \"Yolo\": supported values: \"Recreate\", \"RollingUpdate\"",
            ),
            (
                |spec| {
                    spec["strategy"] =
                        json!({"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}})
                },
                "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0",
            ),
            (
                |spec| spec["strategy"] = json!({"rollingUpdate": {"maxSurge": "x"}}),
                "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"x\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
            ),
            (
                |spec| spec["minReadySeconds"] = json!(600),
                "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds",
            ),
        ];
        for (change, expected) in cases {
            assert_eq!(found(change), [expected]);
        }
        assert_eq!(
            found(|spec| spec["selector"] = Value::Null),
            ["spec.selector: Required value"]
        );
    }

    #[test]
    fn the_selector_stays() {
        let mut errors = Errors::new();
        let old = deployment(|_| {});
        (DEPLOYMENT.validate_update)(
            &deployment(|spec| spec["selector"]["matchLabels"]["x"] = json!("y")),
            &old,
            &mut errors,
        );
        assert_eq!(
            errors[0].to_string(),
            "spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"web\",\"x\":\"y\"}}: field is immutable"
        );
    }

    #[test]
    fn annotations_raise_the_generation() {
        let old = json!({"metadata": {"generation": 4, "annotations": {"a": "1"}}, "spec": {}});
        let mut new = json!({"metadata": {"generation": 4, "annotations": {"a": "2"}}, "spec": {}});
        update(&mut new, &old);
        assert_eq!(new["metadata"]["generation"], 5);
        let mut new = old.clone();
        update(&mut new, &old);
        assert_eq!(new["metadata"]["generation"], 4);
    }

    #[test]
    fn status_updates() {
        let mut new = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"replicas": 9}, "status": {"replicas": 1, "readyReplicas": 2}});
        let old = json!({"metadata": {}, "spec": {"replicas": 1}});
        prepare_status(&mut new, &old);
        assert_eq!(
            new,
            json!({"metadata": {}, "spec": {"replicas": 1}, "status": {"replicas": 1, "readyReplicas": 2}})
        );
        let mut errors = Errors::new();
        validate_status(&new, &old, &mut errors);
        assert_eq!(
            errors[0].to_string(),
            "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas"
        );
    }

    #[test]
    fn rows() {
        let mut object = deployment(|spec| spec["replicas"] = json!(3));
        object["metadata"]["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
        object["status"] =
            json!({"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1});
        assert_eq!(
            row(&object, "2026-01-01T01:00:00Z".parse().unwrap()),
            [
                json!("web"),
                json!("2/3"),
                json!(3),
                json!(1),
                json!("60m"),
                json!("c"),
                json!("i:1"),
                json!("app=web")
            ]
        );
    }

    #[test]
    fn long_names_are_warned_about() {
        let object = json!({"metadata": {"name": "a.b"}, "spec": {}});
        assert!(template::warnings(&object)[0].starts_with(
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]"
        ));
    }
}
