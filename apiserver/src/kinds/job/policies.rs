//! Policies of a Job: what a failed pod means, when it has succeeded, when pods are replaced.

use hydrofoil_api::field::{FieldError, Path};
use serde_json::Value;

use super::super::Errors;
use super::super::checks::{not_negative, one_of, qualified_name};
use super::super::value::{get, is_set, items, text};

/// Rules of a pod failure policy.
const FAILURE_RULES_MAX: usize = 20;
/// Exit codes or conditions of one rule.
const FAILURE_PATTERNS_MAX: usize = 255;
const CONDITIONS_MAX: usize = 20;
/// Rules of a success policy.
const SUCCESS_RULES_MAX: usize = 20;

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
        let path = path.index(index);
        one_of(
            errors,
            rule,
            "action",
            &path,
            &["Count", "FailIndex", "FailJob", "Ignore"],
        );
        if text(rule, "action") == "FailIndex" && !is_set(spec, "backoffLimitPerIndex") {
            errors.push(FieldError::invalid(
                &path.child("action"),
                "FailIndex",
                "requires the backoffLimitPerIndex to be set",
            ));
        }
        let (codes, conditions) = (get(rule, "onExitCodes"), items(rule, "onPodConditions"));
        match (codes.is_null(), conditions.is_empty()) {
            (true, true) => errors.push(FieldError::invalid(
                &path,
                rule.clone(),
                "specifying one of OnExitCodes and OnPodConditions is required",
            )),
            (false, false) => errors.push(FieldError::invalid(
                &path,
                rule.clone(),
                "specifying both OnExitCodes and OnPodConditions is not supported",
            )),
            (false, true) => exit_codes(
                errors,
                codes,
                get(spec, "template"),
                &path.child("onExitCodes"),
            ),
            (true, false) => pod_conditions(errors, conditions, &path.child("onPodConditions")),
        }
    }
}

fn exit_codes(errors: &mut Errors, codes: &Value, template: &Value, path: &Path) {
    one_of(errors, codes, "operator", path, &["In", "NotIn"]);
    let name = text(codes, "containerName");
    let pod = get(template, "spec");
    let known = items(pod, "containers")
        .iter()
        .chain(items(pod, "initContainers"))
        .any(|one| text(one, "name") == name);
    if !name.is_empty() && !known {
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
        errors.push(FieldError::too_many(
            &path,
            values.len(),
            FAILURE_PATTERNS_MAX,
        ));
    }
    let mut last = None;
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
        } else if last.is_some_and(|last| last > code) {
            errors.push(FieldError::invalid(
                &path,
                values.to_vec(),
                "must be ordered",
            ));
        }
        last = Some(code);
    }
}

fn pod_conditions(errors: &mut Errors, conditions: &[Value], path: &Path) {
    if conditions.len() > CONDITIONS_MAX {
        errors.push(FieldError::too_many(path, conditions.len(), CONDITIONS_MAX));
    }
    for (index, condition) in conditions.iter().enumerate() {
        let path = path.index(index);
        qualified_name(errors, text(condition, "type"), &path.child("type"));
        one_of(
            errors,
            condition,
            "status",
            &path,
            &["False", "True", "Unknown"],
        );
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
    for (index, rule) in rules.iter().enumerate() {
        let path = path.index(index);
        if !is_set(rule, "succeededCount") && !is_set(rule, "succeededIndexes") {
            errors.push(FieldError::required(
                &path,
                "at least one of succeededCount or succeededIndexes must be specified",
            ));
        }
        not_negative(errors, rule, "succeededCount", &path);
    }
}

pub(super) fn replacement(errors: &mut Errors, spec: &Value, path: &Path) {
    let supported: &[&str] = if is_set(spec, "podFailurePolicy") {
        &["Failed"]
    } else {
        &["Failed", "TerminatingOrFailed"]
    };
    let policy = text(spec, "podReplacementPolicy");
    if !policy.is_empty() && !supported.contains(&policy) {
        errors.push(FieldError::not_supported(
            &path.child("podReplacementPolicy"),
            policy,
            supported,
        ));
    }
}
