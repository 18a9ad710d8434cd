//! Namespaces: core/v1.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::cells::{AGE, NAME, age, column, name};
use super::checks::all_invalid;
use super::value::{child, get, is_set, items, keep, set, text, text_at};
use super::{Column, Deletion, Errors, Kind, PLAIN, StatusRules, Storage};

/// The descriptor of Namespaces.
pub static NAMESPACE: Kind = Kind {
    plural: "namespaces",
    name: names::is_dns1123_label,
    storage: Storage {
        prefix: "namespaces",
        conversion: None,
    },
    create: |namespace, _| create(namespace),
    default,
    validate,
    update: |new, old, _| {
        // Finalizers of the spec change through the finalize subresource only.
        keep(new, old, "status");
        keep(child(new, "spec"), get(old, "spec"), "finalizers");
    },
    status: Some(StatusRules {
        prepare: |new, old| keep(new, old, "spec"),
        validate: |new, _, errors| validate_status(new, errors),
    }),
    columns: COLUMNS,
    row,
    fields: &[("status.phase", |namespace| {
        text_at(namespace, &["status", "phase"]).to_owned()
    })],
    delete: Deletion::Namespace,
    ..PLAIN
};

/// Every namespace is labelled with its name, for selectors.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";
/// What holds a namespace until its contents are gone.
const FINALIZER: &str = "kubernetes";

const COLUMNS: &[Column] = &[
    NAME,
    column("Status", "string", "Active, or Terminating."),
    AGE,
];

fn default(namespace: &mut Value) {
    let own = text_at(namespace, &["metadata", "name"]).to_owned();
    if !own.is_empty() && text_at(namespace, &["metadata", "labels", NAME_LABEL]) != own {
        set(
            child(child(namespace, "metadata"), "labels"),
            NAME_LABEL,
            own,
        );
    }
}

fn create(namespace: &mut Value) {
    set(namespace, "status", json!({"phase": "Active"}));
    let spec = child(namespace, "spec");
    let finalizers = items(spec, "finalizers");
    if finalizers.iter().any(|one| one.as_str() == Some(FINALIZER)) {
        return;
    }
    let mut finalizers = finalizers.to_vec();
    finalizers.push(FINALIZER.into());
    set(spec, "finalizers", finalizers);
}

fn validate(namespace: &Value, errors: &mut Errors) {
    let path = Path::new("spec").child("finalizers");
    for finalizer in items(get(namespace, "spec"), "finalizers") {
        let finalizer = finalizer.as_str().unwrap_or("");
        let wrong = names::is_qualified_name(finalizer);
        if !wrong.is_empty() {
            all_invalid(errors, &path, finalizer, wrong);
        }
        if !finalizer.contains('/')
            && ![FINALIZER, "orphan", "foregroundDeletion"].contains(&finalizer)
        {
            errors.push(FieldError::invalid(
                &path,
                finalizer,
                "name is neither a standard finalizer name nor is it fully qualified",
            ));
        }
    }
}

fn validate_status(namespace: &Value, errors: &mut Errors) {
    let phase = text_at(namespace, &["status", "phase"]);
    let deleted = is_set(get(namespace, "metadata"), "deletionTimestamp");
    let sentence = match (deleted, phase) {
        (false, "Active") | (true, "Terminating") => return,
        (false, _) => "may only be 'Active' if `deletionTimestamp` is empty",
        (true, _) => "may only be 'Terminating' if `deletionTimestamp` is not empty",
    };
    errors.push(FieldError::invalid(
        &Path::new("status").child("Phase"),
        phase,
        sentence,
    ));
}

fn row(namespace: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(namespace),
        text(get(namespace, "status"), "phase").into(),
        age(namespace, now),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_namespace() {
        let mut namespace = json!({"metadata": {"name": "n"}});
        default(&mut namespace);
        create(&mut namespace);
        let expected = json!({
            "metadata": {"name": "n", "labels": {NAME_LABEL: "n"}},
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        });
        assert_eq!(namespace, expected);
        default(&mut namespace);
        create(&mut namespace);
        assert_eq!(namespace, expected);
        assert_eq!(
            row(&namespace, Timestamp::UNIX_EPOCH),
            ["n", "Active", "<unknown>"]
        );
        let mut errors = Errors::new();
        validate(&namespace, &mut errors);
        assert!(errors.is_empty());
        namespace["spec"]["finalizers"] = json!(["mine"]);
        validate(&namespace, &mut errors);
        assert_eq!(
            errors[0].to_string(),
            "spec.finalizers: Invalid value: \"mine\": name is neither a standard finalizer name nor is it fully qualified"
        );
    }

    #[test]
    fn phase_follows_deletion() {
        let mut errors = Errors::new();
        validate_status(&json!({"status": {"phase": "Terminating"}}), &mut errors);
        assert_eq!(
            errors[0].to_string(),
            "status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty"
        );
    }
}
