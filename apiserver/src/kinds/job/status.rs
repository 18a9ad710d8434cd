//! The status subresource of Jobs. A finished Job stays finished.

use hydrofoil_api::field::{FieldError, Path};
use serde_json::Value;

use super::super::Errors;
use super::super::checks::not_negative;
use super::super::value::{get, int_or_zero, is_set, items, keep, text};

pub(super) fn prepare(new: &mut Value, old: &Value) {
    keep(new, old, "spec");
}

fn has(status: &Value, kind: &str) -> bool {
    items(status, "conditions")
        .iter()
        .any(|condition| text(condition, "type") == kind && text(condition, "status") == "True")
}

pub(super) fn validate(new: &Value, old: &Value, errors: &mut Errors) {
    let (status, old_status, path) = (get(new, "status"), get(old, "status"), Path::new("status"));
    for key in ["active", "succeeded", "failed", "ready", "terminating"] {
        not_negative(errors, status, key, &path);
    }
    let (complete, failed) = (has(status, "Complete"), has(status, "Failed"));
    let conditions = path.child("conditions");
    let mut wrong = |path: &Path, value: Value, sentence: &str| {
        errors.push(FieldError::invalid(path, value, sentence));
    };
    if complete && failed {
        wrong(
            &conditions,
            get(status, "conditions").clone(),
            "cannot set Complete=True and Failed=true conditions",
        );
    }
    if complete && has(status, "FailureTarget") {
        wrong(
            &conditions,
            get(status, "conditions").clone(),
            "cannot set Complete=True and FailureTarget=true conditions",
        );
    }
    if failed && has(status, "SuccessCriteriaMet") {
        wrong(
            &conditions,
            get(status, "conditions").clone(),
            "cannot set Failed=True and SuccessCriteriaMet=true conditions",
        );
    }
    for (kind, sentence) in [
        (
            "Complete",
            "cannot disable a terminal Complete=True condition",
        ),
        ("Failed", "cannot disable a terminal Failed=True condition"),
    ] {
        if has(old_status, kind) && !has(status, kind) {
            wrong(&conditions, get(status, "conditions").clone(), sentence);
        }
    }
    if complete || failed {
        let active = int_or_zero(status, "active");
        if active > 0 {
            wrong(
                &path.child("active"),
                active.into(),
                "active>0 is invalid for finished job",
            );
        }
    }
    let completion = path.child("completionTime");
    if is_set(status, "completionTime") && !complete {
        let shown = get(status, "completionTime").clone();
        wrong(
            &completion,
            shown,
            "cannot set completionTime when there is no Complete=True condition",
        );
    }
    if complete && !is_set(status, "completionTime") {
        errors.push(FieldError::required(
            &completion,
            "completionTime is required for Complete jobs",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(new: Value, old: Value) -> Vec<String> {
        let mut errors = Errors::new();
        validate(
            &json!({"status": new}),
            &json!({"status": old}),
            &mut errors,
        );
        errors
            .iter()
            .map(|error| format!("{}: {}", error.path, error.detail))
            .collect()
    }

    #[test]
    fn finished_jobs_stay_finished() {
        let done = json!({"conditions": [{"type": "Complete", "status": "True"}], "completionTime": "2026-01-01T00:00:00Z"});
        assert!(found(done.clone(), json!({})).is_empty());
        assert_eq!(
            found(json!({}), done.clone()),
            ["status.conditions: cannot disable a terminal Complete=True condition"]
        );
        assert_eq!(
            found(json!({"completionTime": "2026-01-01T00:00:00Z"}), json!({})),
            [
                "status.completionTime: cannot set completionTime when there is no Complete=True condition"
            ]
        );
        assert_eq!(
            found(json!({"active": -1}), json!({})),
            ["status.active: must be greater than or equal to 0"]
        );
    }
}
