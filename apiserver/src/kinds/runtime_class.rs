//! RuntimeClasses: node.k8s.io/v1.

use hydrofoil_api::field::{FieldError, Path};
use jiff::Timestamp;
use serde_json::Value;

use super::cells::{AGE, NAME, age, column, name};
use super::checks::{IMMUTABLE, dns_label, labels};
use super::pod_spec::{resources, scheduling};
use super::value::{get, items, same, text};
use super::{Column, Errors, Kind, PLAIN, Storage};

/// The descriptor of RuntimeClasses.
pub static RUNTIME_CLASS: Kind = Kind {
    group: "node.k8s.io",
    plural: "runtimeclasses",
    storage: Storage {
        prefix: "runtimeclasses",
        conversion: None,
    },
    validate,
    validate_update,
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    column("Handler", "string", "What nodes run such pods with."),
    AGE,
];

fn validate(class: &Value, errors: &mut Errors) {
    dns_label(errors, text(class, "handler"), &Path::new("handler"));
    let overhead = get(class, "overhead");
    if !overhead.is_null() {
        resources::amounts(errors, overhead, "podFixed", &Path::new("overhead"));
    }
    let place = get(class, "scheduling");
    if place.is_null() {
        return;
    }
    let path = Path::new("scheduling");
    labels(errors, place, "nodeSelector", &path);
    let tolerations = items(place, "tolerations");
    let path = path.child("tolerations");
    scheduling::tolerations(errors, tolerations, &path);
    for (index, toleration) in tolerations.iter().enumerate() {
        if tolerations[..index]
            .iter()
            .any(|earlier| same(earlier, toleration))
        {
            errors.push(FieldError::duplicate(
                &path.index(index),
                toleration.clone(),
            ));
        }
    }
}

fn validate_update(new: &Value, old: &Value, errors: &mut Errors) {
    if text(new, "handler") != text(old, "handler") {
        errors.push(FieldError::invalid(
            &Path::new("handler"),
            text(new, "handler"),
            IMMUTABLE,
        ));
    }
}

fn row(class: &Value, now: Timestamp) -> Vec<Value> {
    vec![name(class), text(class, "handler").into(), age(class, now)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn classes() {
        let found = |class: Value| {
            let mut errors = Errors::new();
            validate(&class, &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(
            found(json!({"handler": "wasm", "overhead": {"podFixed": {"memory": "1Mi"}}}))
                .is_empty()
        );
        assert!(
            found(json!({"handler": "Wasm"}))[0]
                .starts_with("handler: Invalid value: \"Wasm\": a lowercase RFC 1123 label")
        );
        let twice = json!({"key": "a", "operator": "Exists"});
        assert_eq!(
            found(json!({"handler": "wasm", "scheduling": {"tolerations": [twice, twice]}})),
            ["scheduling.tolerations[1]: Duplicate value: {\"key\":\"a\",\"operator\":\"Exists\"}"]
        );
        let mut errors = Errors::new();
        validate_update(
            &json!({"handler": "b"}),
            &json!({"handler": "a"}),
            &mut errors,
        );
        assert_eq!(
            errors[0].to_string(),
            "handler: Invalid value: \"b\": field is immutable"
        );
        assert_eq!(
            row(
                &json!({"metadata": {"name": "w"}, "handler": "wasm"}),
                Timestamp::UNIX_EPOCH
            ),
            ["w", "wasm", "<unknown>"]
        );
    }
}
