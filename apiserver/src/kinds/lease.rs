//! Leases: coordination.k8s.io/v1.

use hydrofoil_api::field::{FieldError, Path};
use jiff::Timestamp;
use serde_json::Value;

use super::cells::{AGE, NAME, age, column, name};
use super::checks::NEGATIVE;
use super::value::{get, int, is_set, text};
use super::{Column, Errors, Kind, PLAIN, Storage};

/// The descriptor of Leases.
pub static LEASE: Kind = Kind {
    group: "coordination.k8s.io",
    plural: "leases",
    storage: Storage {
        prefix: "leases",
        conversion: None,
    },
    validate,
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[NAME, column("Holder", "string", "Who holds it."), AGE];

fn validate(lease: &Value, errors: &mut Errors) {
    let (spec, path) = (get(lease, "spec"), Path::new("spec"));
    if let Some(seconds) = int(spec, "leaseDurationSeconds")
        && seconds <= 0
    {
        errors.push(FieldError::invalid(
            &path.child("leaseDurationSeconds"),
            seconds,
            "must be greater than 0",
        ));
    }
    if let Some(transitions) = int(spec, "leaseTransitions")
        && transitions < 0
    {
        errors.push(FieldError::invalid(
            &path.child("leaseTransitions"),
            transitions,
            NEGATIVE,
        ));
    }
    let strategy = text(spec, "strategy");
    if is_set(spec, "strategy") && strategy != "OldestEmulationVersion" && !strategy.contains('/') {
        errors.push(FieldError::not_supported(
            &path.child("strategy"),
            strategy,
            &["OldestEmulationVersion"],
        ));
    }
    if !text(spec, "preferredHolder").is_empty() && strategy.is_empty() {
        errors.push(FieldError::forbidden(
            &path.child("preferredHolder"),
            "may only be specified when `strategy` is defined",
        ));
    }
}

fn row(lease: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(lease),
        text(get(lease, "spec"), "holderIdentity").into(),
        age(lease, now),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn leases() {
        let found = |spec: Value| {
            let mut errors = Errors::new();
            validate(&json!({"spec": spec}), &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(
            found(
                json!({"holderIdentity": "a", "leaseDurationSeconds": 15, "leaseTransitions": 0})
            )
            .is_empty()
        );
        assert_eq!(
            found(json!({"leaseDurationSeconds": 0})),
            ["spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"]
        );
        assert_eq!(
            found(json!({"leaseTransitions": -1})),
            ["spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0"]
        );
        let lease = json!({"metadata": {"name": "l"}, "spec": {"holderIdentity": "me"}});
        assert_eq!(row(&lease, Timestamp::UNIX_EPOCH), ["l", "me", "<unknown>"]);
    }
}
