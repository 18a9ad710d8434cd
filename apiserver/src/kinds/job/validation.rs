//! Whether a Job may exist, and what of it may change.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use serde_json::Value;

use super::super::checks::{
    IMMUTABLE, domain_prefixed_path, label_selector, not_negative, selector_matches, unchanged,
};
use super::super::value::{
    at, child, flag, get, int, int_or_zero, is_empty, is_set, items, items_mut, keep, remove, same,
    text, text_at,
};
use super::super::{Errors, template};
use super::policies::{failure_policy, replacement, success_policy};
use super::{LARGE_COMPLETIONS, LARGE_PARALLELISM, NAME_LABELS, UID_LABELS, condition};

/// Pods of an indexed Job at once.
const PARALLELISM_MAX: i64 = 100_000;
/// Indexes that may fail.
const FAILED_INDEXES_MAX: i64 = 100_000;
/// Indexes that may fail of a Job with so many completions that it is judged more strictly.
const LARGE_FAILED_INDEXES: i64 = 10_000;
/// Length of `managedBy`, in bytes.
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
    let completions = int(get(job, "spec"), "completions").unwrap_or(0);
    let pod = format!("{name}-{}", completions - 1);
    if completions > 0 && !names::is_dns1123_label(&pod).is_empty() {
        errors.push(FieldError::invalid(
            &Path::new("metadata").child("name"),
            name,
            format!("will not able to create pod with invalid DNS label: {pod}"),
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
    let name = text_at(job, &["metadata", "name"]);
    let labels = [(UID_LABELS, uid), (NAME_LABELS, name)];
    let expected = labels
        .into_iter()
        .flat_map(|(keys, value)| keys.map(|key| (key.to_owned(), Value::from(value))));
    if !selector_matches(selector, &expected.collect()) {
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
    domain_prefixed_path(errors, name, &path);
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
            failed_indexes(errors, spec, path);
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

/// So many indexes may fail that the status can still list them.
fn failed_indexes(errors: &mut Errors, spec: &Value, path: &Path) {
    let failed = int(spec, "maxFailedIndexes");
    let mut at_most = |key: &'static str, max: i64, when: &str| {
        if let Some(number) = int(spec, key).filter(|number| *number > max) {
            let sentence = format!("must be less than or equal to {max}{when}");
            errors.push(FieldError::invalid(&path.child(key), number, sentence));
        }
    };
    at_most("maxFailedIndexes", FAILED_INDEXES_MAX, "");
    let many = int(spec, "completions").is_some_and(|wanted| wanted > LARGE_COMPLETIONS);
    if !many || !is_set(spec, "backoffLimitPerIndex") {
        return;
    }
    let when = format!(
        " when completions are above {LARGE_COMPLETIONS} and used with backoff limit per index"
    );
    at_most("parallelism", LARGE_PARALLELISM, &when);
    at_most("maxFailedIndexes", LARGE_FAILED_INDEXES, &when);
    if failed.is_none() {
        let sentence = format!("must be specified when completions is above {LARGE_COMPLETIONS}");
        errors.push(FieldError::required(
            &path.child("maxFailedIndexes"),
            sentence,
        ));
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
    completions_stay(errors, spec, old_spec, &path);
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

/// Completions of an indexed Job change together with its parallelism (KEP-3715), of others never.
fn completions_stay(errors: &mut Errors, spec: &Value, old_spec: &Value, path: &Path) {
    if text(spec, "completionMode") != "Indexed" {
        unchanged(errors, spec, old_spec, "completions", path);
        return;
    }
    let completions = get(spec, "completions");
    // None at all is refused elsewhere.
    let changed = !completions.is_null() && !same(completions, get(old_spec, "completions"));
    if changed && !same(completions, get(spec, "parallelism")) {
        errors.push(FieldError::invalid(
            &path.child("completions"),
            completions.clone(),
            "can only be modified in tandem with spec.parallelism",
        ));
    }
}

/// Whether the old Job has no pods and will have none: what its pods run with may still be changed.
fn is_at_rest(old: &Value) -> bool {
    let status = get(old, "status");
    let waits = !is_set(status, "startTime") || condition(old, "Suspended");
    flag(get(old, "spec"), "suspend") && waits && int_or_zero(status, "active") == 0
}

/// While a Job is suspended, where its pods run (KEP-2926) and the resources of their containers may still be changed.
fn template_stays(errors: &mut Errors, new: &Value, old: &Value, path: &Path) {
    let template = at(new, &["spec", "template"]);
    let mut allowed = at(old, &["spec", "template"]).clone();
    let path = path.child("template");
    if !is_at_rest(old) {
        if !same(template, &allowed) {
            let shown = template.clone();
            errors.push(FieldError::invalid(&path, shown, IMMUTABLE));
        }
        return;
    }
    let (spec, allowed) = (get(template, "spec"), child(&mut allowed, "spec"));
    for key in ["nodeSelector", "tolerations", "schedulingGates"] {
        keep(allowed, spec, key);
    }
    let affinity = child(allowed, "affinity");
    keep(affinity, get(spec, "affinity"), "nodeAffinity");
    if is_empty(affinity) && !is_set(spec, "affinity") {
        remove(allowed, "affinity");
    }
    for list in ["containers", "initContainers"] {
        let wanted = items(spec, list);
        if items(allowed, list).len() != wanted.len() {
            continue;
        }
        for (container, wanted) in items_mut(allowed, list).zip(wanted) {
            if text(container, "name") == text(wanted, "name") {
                keep(container, wanted, "resources");
            }
        }
    }
    if !same(spec, allowed) {
        let shown = spec.clone();
        errors.push(FieldError::invalid(&path.child("spec"), shown, IMMUTABLE));
    }
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

    fn indexed(job: &mut Value, completions: i64) {
        job["spec"]["completionMode"] = json!("Indexed");
        job["spec"]["completions"] = json!(completions);
    }

    #[test]
    fn faults_are_named() {
        assert!(found(|_| {}).is_empty());
        type Change = fn(&mut Value);
        let cases: [(Change, &str); 21] = [
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
                |job| job["spec"]["selector"] = json!({"matchLabels": {"job-name": "k"}}),
                "spec.selector: Invalid value: {\"matchLabels\":{\"job-name\":\"k\"}}: `selector` not auto-generated",
            ),
            (
                |job| job["spec"]["template"]["metadata"]["labels"]["controller-uid"] = json!("x"),
                "spec.template.metadata.labels[controller-uid]: Invalid value: {\"batch.kubernetes.io/controller-uid\":\"u-1\",\"batch.kubernetes.io/job-name\":\"j\",\"controller-uid\":\"x\",\"job-name\":\"j\"}: must be 'u-1'",
            ),
            (
                |job| job["spec"]["podFailurePolicy"] = json!({"rules": [{"action": "Ignore"}]}),
                "spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required",
            ),
            (
                |job| {
                    let codes = json!({"operator": "In", "values": [1]});
                    let condition = json!([{"type": "x", "status": "True"}]);
                    job["spec"]["podFailurePolicy"] = json!({"rules": [{"action": "Ignore", "onExitCodes": codes, "onPodConditions": condition}]});
                },
                "spec.podFailurePolicy.rules[0]: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported",
            ),
            (
                |job| {
                    job["spec"]["podFailurePolicy"] =
                        json!({"rules": [{"onExitCodes": {"operator": "In", "values": [1]}}]})
                },
                "spec.podFailurePolicy.rules[0].action: Required value: valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]",
            ),
            (
                |job| job["spec"]["podFailurePolicy"] = json!({"rules": [{"action": "Ignore", "onExitCodes": {"operator": "NotIn", "values": [3, 1, 2], "containerName": ""}}]}),
                "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,1,2]: must be ordered",
            ),
            (
                |job| job["spec"]["podFailurePolicy"] = json!({"rules": [{"action": "Ignore", "onExitCodes": {"operator": "NotIn", "values": [1], "containerName": ""}}]}),
                "spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: \"\": must be one of the container or initContainer names in the pod template",
            ),
            (
                |job| {
                    job["spec"]["podFailurePolicy"] = json!({"rules": []});
                    job["spec"]["podReplacementPolicy"] = json!("TerminatingOrFailed");
                },
                "spec.podReplacementPolicy: Unsupported value: \"TerminatingOrFailed\": supported values: \"Failed\"",
            ),
            (
                |job| {
                    indexed(job, 3);
                    job["spec"]["successPolicy"] = json!({"rules": [{"succeededIndexes": "0,3"}]});
                },
                "spec.successPolicy.rules[0].succeededIndexes: Invalid value: \"0,3\": error parsing succeededIndexes: too large index: \"3\"",
            ),
            (
                |job| {
                    indexed(job, 3);
                    job["spec"]["successPolicy"] =
                        json!({"rules": [{"succeededIndexes": "0-1", "succeededCount": 3}]});
                },
                "spec.successPolicy.rules[0].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)",
            ),
            (
                |job| {
                    indexed(job, 3);
                    job["spec"]["successPolicy"] = json!({"rules": [{"succeededCount": 4}]});
                },
                "spec.successPolicy.rules[0].succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of specified completions)",
            ),
            (
                |job| {
                    indexed(job, 200_000);
                    job["spec"]["backoffLimitPerIndex"] = json!(1);
                },
                "spec.maxFailedIndexes: Required value: must be specified when completions is above 100000",
            ),
            (
                |job| {
                    indexed(job, 200_000);
                    job["spec"]["backoffLimitPerIndex"] = json!(1);
                    job["spec"]["maxFailedIndexes"] = json!(10_001);
                },
                "spec.maxFailedIndexes: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index",
            ),
            (
                |job| {
                    indexed(job, 1);
                    job["metadata"]["name"] = json!("a.b");
                },
                "metadata.name: Invalid value: \"a.b\": will not able to create pod with invalid DNS label: a.b-0",
            ),
            (
                |job| job["spec"]["managedBy"] = json!("acme.io"),
                "spec.managedBy: Invalid value: \"acme.io\": must be a domain-prefixed path (such as \"acme.io/foo\")",
            ),
            (
                |job| job["spec"]["managedBy"] = json!("acme.io/a b"),
                "spec.managedBy: Invalid value: \"a b\": Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')",
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
        let placed = |job: &mut Value| {
            let spec = &mut job["spec"]["template"]["spec"];
            spec["nodeSelector"] = json!({"a": "b"});
            spec["affinity"] = json!({"nodeAffinity": {}});
            spec["containers"][0]["resources"] = json!({"limits": {"cpu": "1"}});
        };
        assert!(judge(&suspended, placed).is_empty());
        assert_eq!(
            judge(&suspended, |job| {
                let spec = &mut job["spec"]["template"]["spec"];
                spec["affinity"] = json!({"podAffinity": {"x": []}});
                spec["affinity"]["podAffinity"]["x"] = json!([1]);
            }),
            stays("spec.template.spec")
        );
        // It has been started, and is suspended in earnest or not yet.
        suspended["status"] = json!({"startTime": "2026-01-01T00:00:00Z"});
        assert_eq!(judge(&suspended, placed), stays("spec.template"));
        suspended["status"]["conditions"] = json!([{"type": "Suspended", "status": "True"}]);
        assert!(judge(&suspended, placed).is_empty());
        suspended["status"]["active"] = json!(1);
        assert_eq!(judge(&suspended, placed), stays("spec.template"));
    }

    #[test]
    fn completions_of_an_indexed_job_follow_its_parallelism() {
        let mut old = job();
        indexed(&mut old, 3);
        let judge = |completions: Value, parallelism: i64| {
            let mut new = old.clone();
            new["spec"]["completions"] = completions;
            new["spec"]["parallelism"] = json!(parallelism);
            let mut errors = Errors::new();
            validate_update(&new, &old, &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(judge(json!(3), 7).is_empty());
        assert!(judge(json!(5), 5).is_empty());
        assert!(judge(Value::Null, 5).is_empty());
        assert_eq!(
            judge(json!(5), 7),
            [
                "spec.completions: Invalid value: 5: can only be modified in tandem with spec.parallelism"
            ]
        );
    }
}
