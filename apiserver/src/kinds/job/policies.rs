//! Policies of a Job: what a failed pod means, when it has succeeded, when pods are replaced.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::gotext::quote;
use serde_json::Value;

use super::super::Errors;
use super::super::checks::{not_negative, one_of, qualified_name};
use super::super::value::{get, int, is_set, items, text};
use super::indexes;

/// Rules of a pod failure policy.
const FAILURE_RULES_MAX: usize = 20;
/// Exit codes or conditions of one rule.
const FAILURE_PATTERNS_MAX: usize = 255;
const CONDITIONS_MAX: usize = 20;
/// Rules of a success policy.
const SUCCESS_RULES_MAX: usize = 20;
/// Bytes of the list of indexes of one such rule.
const SUCCESS_INDEXES_MAX: usize = 64 * 1024;

pub(super) fn failure_policy(errors: &mut Errors, spec: &Value, path: &Path) {
    let policy = get(spec, "podFailurePolicy");
    if policy.is_null() {
        return;
    }
    let rules = items(policy, "rules");
    let path = path.child("podFailurePolicy").child("rules");
    if rules.len() > FAILURE_RULES_MAX {
        errors.push(FieldError::too_many(&path, rules.len(), FAILURE_RULES_MAX));
    }
    for (index, rule) in rules.iter().enumerate() {
        failure_rule(errors, spec, rule, &path.index(index));
    }
}

fn failure_rule(errors: &mut Errors, spec: &Value, rule: &Value, path: &Path) {
    const ACTIONS: &[&str] = &["Count", "FailIndex", "FailJob", "Ignore"];
    chosen(errors, rule, "action", path, ACTIONS);
    if text(rule, "action") == "FailIndex" && !is_set(spec, "backoffLimitPerIndex") {
        errors.push(FieldError::invalid(
            &path.child("action"),
            "FailIndex",
            "requires the backoffLimitPerIndex to be set",
        ));
    }
    let (codes, conditions) = (get(rule, "onExitCodes"), items(rule, "onPodConditions"));
    if !codes.is_null() {
        let template = get(spec, "template");
        exit_codes(errors, codes, template, &path.child("onExitCodes"));
    }
    pod_conditions(errors, conditions, &path.child("onPodConditions"));
    let wrong = match (codes.is_null(), conditions.is_empty()) {
        (true, true) => "specifying one of OnExitCodes and OnPodConditions is required",
        (false, false) => "specifying both OnExitCodes and OnPodConditions is not supported",
        _ => return,
    };
    errors.push(FieldError::invalid_unshown(path, wrong));
}

/// The string must be one of these; when there is none, the error lists them.
fn chosen(errors: &mut Errors, object: &Value, key: &'static str, path: &Path, supported: &[&str]) {
    if text(object, key).is_empty() {
        let quoted: Vec<String> = supported.iter().map(|value| quote(value)).collect();
        let detail = format!("valid values: [{}]", quoted.join(" "));
        errors.push(FieldError::required(&path.child(key), detail));
    } else {
        one_of(errors, object, key, path, supported);
    }
}

fn exit_codes(errors: &mut Errors, codes: &Value, template: &Value, path: &Path) {
    chosen(errors, codes, "operator", path, &["In", "NotIn"]);
    let name = text(codes, "containerName");
    let pod = get(template, "spec");
    let known = items(pod, "containers")
        .iter()
        .chain(items(pod, "initContainers"))
        .any(|one| text(one, "name") == name);
    if is_set(codes, "containerName") && !known {
        errors.push(FieldError::invalid(
            &path.child("containerName"),
            name,
            "must be one of the container or initContainer names in the pod template",
        ));
    }
    let (values, path) = (items(codes, "values"), path.child("values"));
    if values.is_empty() {
        errors.push(FieldError::invalid(
            &path,
            values.to_vec(),
            "at least one value is required",
        ));
    } else if values.len() > FAILURE_PATTERNS_MAX {
        let (found, max) = (values.len(), FAILURE_PATTERNS_MAX);
        errors.push(FieldError::too_many(&path, found, max));
    }
    for (index, value) in values.iter().enumerate() {
        let code = value.as_i64().unwrap_or(0);
        if code == 0 && text(codes, "operator") == "In" {
            errors.push(FieldError::invalid(
                &path.index(index),
                code,
                "must not be 0 for the In operator",
            ));
        }
        if values[..index].contains(value) {
            errors.push(FieldError::duplicate(&path.index(index), code));
        }
    }
    if !values.is_sorted_by_key(|value| value.as_i64()) {
        let shown = values.to_vec();
        errors.push(FieldError::invalid(&path, shown, "must be ordered"));
    }
}

fn pod_conditions(errors: &mut Errors, conditions: &[Value], path: &Path) {
    const STATUSES: &[&str] = &["False", "True", "Unknown"];
    if conditions.len() > CONDITIONS_MAX {
        errors.push(FieldError::too_many(path, conditions.len(), CONDITIONS_MAX));
    }
    for (index, condition) in conditions.iter().enumerate() {
        let path = path.index(index);
        qualified_name(errors, text(condition, "type"), &path.child("type"));
        chosen(errors, condition, "status", &path, STATUSES);
    }
}

pub(super) fn success_policy(errors: &mut Errors, spec: &Value, path: &Path) {
    let policy = get(spec, "successPolicy");
    if policy.is_null() {
        return;
    }
    let path = path.child("successPolicy");
    if text(spec, "completionMode") != "Indexed" {
        errors.push(FieldError::invalid(
            &path,
            policy.clone(),
            "requires indexed completion mode",
        ));
        return;
    }
    let (rules, path) = (items(policy, "rules"), path.child("rules"));
    if rules.is_empty() {
        errors.push(FieldError::required(
            &path,
            "at least one rules must be specified when the successPolicy is specified",
        ));
    } else if rules.len() > SUCCESS_RULES_MAX {
        errors.push(FieldError::too_many(&path, rules.len(), SUCCESS_RULES_MAX));
    }
    // Without completions the Job is refused for that.
    let completions = int(spec, "completions").unwrap_or(0);
    for (index, rule) in rules.iter().enumerate() {
        success_rule(errors, rule, completions, &path.index(index));
    }
}

fn success_rule(errors: &mut Errors, rule: &Value, completions: i64, path: &Path) {
    let (count, indexes) = (
        int(rule, "succeededCount"),
        get(rule, "succeededIndexes").as_str(),
    );
    if count.is_none() && indexes.is_none() {
        errors.push(FieldError::required(
            path,
            "at least one of succeededCount or succeededIndexes must be specified",
        ));
    }
    let mut named = 0;
    if let Some(indexes) = indexes {
        let path = path.child("succeededIndexes");
        if indexes.len() > SUCCESS_INDEXES_MAX {
            errors.push(FieldError::too_long(&path, SUCCESS_INDEXES_MAX));
        }
        match indexes::count(indexes, completions) {
            Ok(total) => named = total,
            Err(wrong) => {
                let sentence = format!("error parsing succeededIndexes: {wrong}");
                errors.push(FieldError::invalid(&path, indexes, sentence));
            }
        }
    }
    let Some(count) = count else { return };
    not_negative(errors, rule, "succeededCount", path);
    let path = path.child("succeededCount");
    if count > completions {
        let sentence = format!(
            "must be less than or equal to {completions} (the number of specified completions)"
        );
        errors.push(FieldError::invalid(&path, count, sentence));
    }
    if indexes.is_some() && count > named {
        let sentence = format!(
            "must be less than or equal to {named} (the number of indexes in the specified succeededIndexes field)"
        );
        errors.push(FieldError::invalid(&path, count, sentence));
    }
}

pub(super) fn replacement(errors: &mut Errors, spec: &Value, path: &Path) {
    let supported: &[&str] = if is_set(spec, "podFailurePolicy") {
        &["Failed"]
    } else {
        &["Failed", "TerminatingOrFailed"]
    };
    let policy = text(spec, "podReplacementPolicy");
    if is_set(spec, "podReplacementPolicy") && !supported.contains(&policy) {
        errors.push(FieldError::not_supported(
            &path.child("podReplacementPolicy"),
            policy,
            supported,
        ));
    }
}
