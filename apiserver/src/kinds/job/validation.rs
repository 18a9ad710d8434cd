//! Whether a Job may exist, and what of it may change.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use serde_json::Value;

use super::super::checks::{label_selector, not_negative, qualified_name, unchanged};
use super::super::value::{at, flag, get, int, is_set, same, text, text_at};
use super::super::{Errors, template};
use super::policies::{failure_policy, replacement, success_policy};
use super::{NAME_LABELS, UID_LABELS};

/// Pods of an indexed Job at once.
const PARALLELISM_MAX: i64 = 100_000;
/// Length of `managedBy`, in characters.
const MANAGED_BY_MAX: usize = 63;

pub(super) fn validate(job: &Value, errors: &mut Errors) {
    let (spec, path) = (get(job, "spec"), Path::new("spec"));
    generated_selector(errors, job);
    job_spec(errors, spec, &path);
    let (selector, template) = (get(spec, "selector"), get(spec, "template"));
    if selector.is_null() {
        errors.push(FieldError::required(&path.child("selector"), ""));
    } else {
        label_selector(errors, selector, &path.child("selector"));
        template::must_match(errors, selector, template, &path.child("template"));
    }
    if text(spec, "completionMode") == "Indexed" {
        host_name(errors, job);
    }
}

/// Pods of an indexed Job are named after it and their index, which must be a host name.
fn host_name(errors: &mut Errors, job: &Value) {
    let name = text_at(job, &["metadata", "name"]);
    let last = int(get(job, "spec"), "completions").unwrap_or(1).max(1) - 1;
    let pod = format!("{name}-{last}");
    for sentence in names::is_dns1123_label(&pod) {
        errors.push(FieldError::invalid(
            &Path::new("metadata").child("name"),
            name,
            format!("will not able to create pod with invalid DNS hostname: {pod} ({sentence})"),
        ));
    }
}

fn generated_selector(errors: &mut Errors, job: &Value) {
    let spec = get(job, "spec");
    let selector = get(spec, "selector");
    if flag(spec, "manualSelector") || selector.is_null() {
        return;
    }
    let uid = text_at(job, &["metadata", "uid"]);
    if uid.is_empty() {
        errors.push(FieldError::required(
            &Path::new("metadata").child("uid"),
            "",
        ));
    }
    let labels = at(spec, &["template", "metadata", "labels"]);
    let path = Path::new("spec")
        .child("template")
        .child("metadata")
        .child("labels");
    for (keys, wanted) in [
        (UID_LABELS, uid),
        (NAME_LABELS, text_at(job, &["metadata", "name"])),
    ] {
        for key in keys.into_iter().rev() {
            if text(labels, key) == wanted {
                continue;
            }
            let (at_label, sentence) = (path.key(key), format!("must be '{wanted}'"));
            errors.push(if is_set(labels, key) {
                FieldError::invalid(&at_label, labels.clone(), sentence)
            } else {
                FieldError::required(&at_label, sentence)
            });
        }
    }
    let expected = at(selector, &["matchLabels"]);
    let generated = UID_LABELS.iter().any(|key| text(expected, key) == uid);
    if !generated {
        errors.push(FieldError::invalid(
            &Path::new("spec").child("selector"),
            selector.clone(),
            "`selector` not auto-generated",
        ));
    }
}

fn job_spec(errors: &mut Errors, spec: &Value, path: &Path) {
    for key in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        not_negative(errors, spec, key, path);
    }
    if is_set(spec, "maxFailedIndexes") && !is_set(spec, "backoffLimitPerIndex") {
        errors.push(FieldError::required(
            &path.child("backoffLimitPerIndex"),
            "when maxFailedIndexes is specified",
        ));
    }
    managed_by(errors, spec, path);
    completion_mode(errors, spec, path);
    failure_policy(errors, spec, path);
    success_policy(errors, spec, path);
    replacement(errors, spec, path);
    template::validate(errors, get(spec, "template"), &path.child("template"));
    restart_policy(
        errors,
        spec,
        &path.child("template").child("spec").child("restartPolicy"),
    );
}

fn managed_by(errors: &mut Errors, spec: &Value, path: &Path) {
    if !is_set(spec, "managedBy") {
        return;
    }
    let (name, path) = (text(spec, "managedBy"), path.child("managedBy"));
    if name.contains('/') {
        qualified_name(errors, name, &path);
    } else {
        errors.push(FieldError::invalid(
            &path,
            name,
            "must be a domain-prefixed path (such as \"acme.io/foo\")",
        ));
    }
    if name.len() > MANAGED_BY_MAX {
        errors.push(FieldError::too_long(&path, MANAGED_BY_MAX));
    }
}

fn completion_mode(errors: &mut Errors, spec: &Value, path: &Path) {
    match text(spec, "completionMode") {
        "Indexed" => {
            if !is_set(spec, "completions") {
                errors.push(FieldError::required(
                    &path.child("completions"),
                    "when completion mode is Indexed",
                ));
            }
            let parallelism = int(spec, "parallelism").unwrap_or(0);
            if parallelism > PARALLELISM_MAX {
                errors.push(FieldError::invalid(
                    &path.child("parallelism"),
                    parallelism,
                    format!("must be less than or equal to {PARALLELISM_MAX} when completion mode is Indexed"),
                ));
            }
            let (failed, completions) = (int(spec, "maxFailedIndexes"), int(spec, "completions"));
            if let (Some(failed), Some(completions)) = (failed, completions)
                && failed > completions
            {
                errors.push(FieldError::invalid(
                    &path.child("maxFailedIndexes"),
                    failed,
                    "must be less than or equal to completions",
                ));
            }
        }
        "NonIndexed" => {
            for key in ["backoffLimitPerIndex", "maxFailedIndexes"] {
                if let Some(number) = int(spec, key) {
                    errors.push(FieldError::invalid(
                        &path.child(key),
                        number,
                        "requires indexed completion mode",
                    ));
                }
            }
        }
        other => errors.push(FieldError::not_supported(
            &path.child("completionMode"),
            other,
            &["NonIndexed", "Indexed"],
        )),
    }
}

/// Pods of a Job end, so they may not always be restarted. `Always` may come from the pod spec's default.
fn restart_policy(errors: &mut Errors, spec: &Value, path: &Path) {
    match text_at(spec, &["template", "spec", "restartPolicy"]) {
        "" | "Always" => {
            errors.push(FieldError::required(
                path,
                "valid values: \"OnFailure\", \"Never\"",
            ));
        }
        "Never" => {}
        "OnFailure" => {
            if is_set(spec, "podFailurePolicy") {
                errors.push(FieldError::invalid(
                    path,
                    "OnFailure",
                    "only \"Never\" is supported when podFailurePolicy is specified",
                ));
            }
        }
        other => errors.push(FieldError::not_supported(
            path,
            other,
            &["OnFailure", "Never"],
        )),
    }
}

pub(super) fn validate_update(new: &Value, old: &Value, errors: &mut Errors) {
    let path = Path::new("spec");
    let (spec, old_spec) = (get(new, "spec"), get(old, "spec"));
    let elastic = text(spec, "completionMode") == "Indexed"
        && same(get(spec, "completions"), get(spec, "parallelism"));
    if elastic {
        if !is_set(spec, "completions") {
            unchanged(errors, spec, old_spec, "completions", &path);
        }
    } else if !same(get(spec, "completions"), get(old_spec, "completions")) {
        let indexed = text(spec, "completionMode") == "Indexed";
        let sentence = if indexed {
            "can only be modified in tandem with spec.parallelism"
        } else {
            super::super::checks::IMMUTABLE
        };
        errors.push(FieldError::invalid(
            &path.child("completions"),
            get(spec, "completions").clone(),
            sentence,
        ));
    }
    unchanged(errors, spec, old_spec, "selector", &path);
    template_stays(errors, new, old, &path);
    for key in [
        "completionMode",
        "podFailurePolicy",
        "backoffLimitPerIndex",
        "managedBy",
        "successPolicy",
    ] {
        unchanged(errors, spec, old_spec, key, &path);
    }
}

/// While a Job is suspended and has not started, where and with what its pods run may still be changed (KEP-2926).
fn template_stays(errors: &mut Errors, new: &Value, old: &Value, path: &Path) {
    const PLACEMENT: [&str; 4] = ["nodeSelector", "tolerations", "affinity", "schedulingGates"];
    let (template, old_template) = (
        at(new, &["spec", "template"]),
        at(old, &["spec", "template"]),
    );
    if same(template, old_template) {
        return;
    }
    let suspended = flag(get(old, "spec"), "suspend") && !is_set(get(old, "status"), "startTime");
    if suspended {
        let mut judged = template.clone();
        let spec = super::super::value::child(&mut judged, "spec");
        for key in PLACEMENT {
            super::super::value::keep(spec, get(old_template, "spec"), key);
        }
        let metadata = super::super::value::child(&mut judged, "metadata");
        for key in ["labels", "annotations"] {
            super::super::value::keep(metadata, get(old_template, "metadata"), key);
        }
        if same(&judged, old_template) {
            return;
        }
    }
    errors.push(FieldError::invalid(
        &path.child("template"),
        template.clone(),
        super::super::checks::IMMUTABLE,
    ));
}

#[cfg(test)]
mod tests {
    use super::super::tests::job;
    use super::*;
    use serde_json::json;

    fn found(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut job = job();
        change(&mut job);
        let mut errors = Errors::new();
        validate(&job, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn faults_are_named() {
        assert!(found(|_| {}).is_empty());
        type Change = fn(&mut Value);
        let cases: [(Change, &str); 8] = [
            (
                |job| job["spec"]["template"]["spec"]["restartPolicy"] = json!("Always"),
                "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"",
            ),
            (
                |job| job["spec"]["parallelism"] = json!(-1),
                "spec.parallelism: Invalid value: -1: must be greater than or equal to 0",
            ),
            (
                |job| job["spec"]["maxFailedIndexes"] = json!(1),
                "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified",
            ),
            (
                |job| {
                    job["spec"]["completionMode"] = json!("Indexed");
                    job["spec"]["completions"] = Value::Null;
                },
                "spec.completions: Required value: when completion mode is Indexed",
            ),
            (
                |job| job["spec"]["selector"] = json!({"matchLabels": {"job-name": "j"}}),
                "spec.selector: Invalid value: {\"matchLabels\":{\"job-name\":\"j\"}}: `selector` not auto-generated",
            ),
            (
                |job| job["spec"]["template"]["metadata"]["labels"]["controller-uid"] = json!("x"),
                "spec.template.metadata.labels[controller-uid]: Invalid value: {\"batch.kubernetes.io/controller-uid\":\"u-1\",\"batch.kubernetes.io/job-name\":\"j\",\"controller-uid\":\"x\",\"job-name\":\"j\"}: must be 'u-1'",
            ),
            (
                |job| job["spec"]["podFailurePolicy"] = json!({"rules": [{"action": "Ignore"}]}),
                "spec.podFailurePolicy.rules[0]: Invalid value: {\"action\":\"Ignore\"}: specifying one of OnExitCodes and OnPodConditions is required",
            ),
            (
                |job| job["spec"]["successPolicy"] = json!({"rules": []}),
                "spec.successPolicy: Invalid value: {\"rules\":[]}: requires indexed completion mode",
            ),
        ];
        for (change, expected) in cases {
            let found = found(change);
            assert!(
                found.contains(&expected.to_owned()),
                "{expected} not in {found:?}"
            );
        }
    }

    #[test]
    fn most_of_a_job_stays() {
        let judge = |old: &Value, change: fn(&mut Value)| {
            let mut new = old.clone();
            change(&mut new);
            let mut errors = Errors::new();
            validate_update(&new, old, &mut errors);
            errors
                .iter()
                .map(|error| (error.path.clone(), error.detail.clone()))
                .collect::<Vec<_>>()
        };
        let old = job();
        assert!(judge(&old, |job| job["spec"]["parallelism"] = json!(5)).is_empty());
        assert!(judge(&old, |job| job["spec"]["suspend"] = json!(true)).is_empty());
        let stays = |path: &str| vec![(path.to_owned(), "field is immutable".to_owned())];
        assert_eq!(
            judge(&old, |job| job["spec"]["completions"] = json!(5)),
            stays("spec.completions")
        );
        assert_eq!(
            judge(&old, |job| job["spec"]["template"]["spec"]["containers"]
                [0]["image"] = json!("x")),
            stays("spec.template")
        );
        assert_eq!(
            judge(
                &old,
                |job| job["spec"]["template"]["spec"]["nodeSelector"] = json!({"a": "b"})
            ),
            stays("spec.template")
        );
        let mut suspended = job();
        suspended["spec"]["suspend"] = json!(true);
        assert!(
            judge(
                &suspended,
                |job| job["spec"]["template"]["spec"]["nodeSelector"] = json!({"a": "b"})
            )
            .is_empty()
        );
    }
}
