//! Affinity of pods to nodes and to other pods.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use serde_json::Value;

use super::super::Errors;
use super::super::checks::{all_invalid, dns_label, dns_subdomain, label_selector, qualified_name};
use super::super::value::{entries, get, int_or_zero, is_set, items, text};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
const UNKNOWN_OPERATOR: &str = "not a valid selector operator";
const IN_BOTH: &str = "exists in both matchLabelKeys and labelSelector";

/// Checks `affinity` of a pod spec.
pub(super) fn validate(errors: &mut Errors, affinity: &Value, path: &Path) {
    if affinity.is_null() {
        return;
    }
    let path = path.child("affinity");
    let node = get(affinity, "nodeAffinity");
    let at_node = path.child("nodeAffinity");
    if is_set(node, REQUIRED) {
        node_selector(errors, get(node, REQUIRED), &at_node.child(REQUIRED));
    }
    for (index, term) in items(node, PREFERRED).iter().enumerate() {
        let path = at_node.child(PREFERRED).index(index);
        weight(errors, term, &path);
        node_term(
            errors,
            get(term, "preference"),
            false,
            &path.child("preference"),
        );
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let (pods, path) = (get(affinity, kind), path.child(kind));
        for (index, term) in items(pods, REQUIRED).iter().enumerate() {
            pod_term(errors, term, &path.child(REQUIRED).index(index));
        }
        for (index, term) in items(pods, PREFERRED).iter().enumerate() {
            let path = path.child(PREFERRED).index(index);
            weight(errors, term, &path);
            pod_term(
                errors,
                get(term, "podAffinityTerm"),
                &path.child("podAffinityTerm"),
            );
        }
    }
}

fn weight(errors: &mut Errors, term: &Value, path: &Path) {
    let weight = int_or_zero(term, "weight");
    if !(1..=100).contains(&weight) {
        errors.push(FieldError::invalid(
            &path.child("weight"),
            weight,
            "must be in the range 1-100",
        ));
    }
}

/// A `NodeSelector`: at least one term, each well formed.
fn node_selector(errors: &mut Errors, selector: &Value, path: &Path) {
    let terms = items(selector, "nodeSelectorTerms");
    let path = path.child("nodeSelectorTerms");
    if terms.is_empty() {
        errors.push(FieldError::required(
            &path,
            "must have at least one node selector term",
        ));
    }
    for (index, term) in terms.iter().enumerate() {
        node_term(errors, term, true, &path.index(index));
    }
}

/// Values of preferred terms are not checked: they can always be unmet.
fn node_term(errors: &mut Errors, term: &Value, check_values: bool, path: &Path) {
    for (index, requirement) in items(term, "matchExpressions").iter().enumerate() {
        let path = path.child("matchExpressions").index(index);
        let values = items(requirement, "values");
        let at_values = || path.child("values");
        match text(requirement, "operator") {
            "In" | "NotIn" if values.is_empty() => errors.push(FieldError::required(
                &at_values(),
                "must be specified when `operator` is 'In' or 'NotIn'",
            )),
            "Exists" | "DoesNotExist" if !values.is_empty() => errors.push(FieldError::forbidden(
                &at_values(),
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            )),
            "Gt" | "Lt" if values.len() != 1 => errors.push(FieldError::required(
                &at_values(),
                "must be specified single value when `operator` is 'Lt' or 'Gt'",
            )),
            "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
            other => errors.push(FieldError::invalid(
                &path.child("operator"),
                other,
                UNKNOWN_OPERATOR,
            )),
        }
        qualified_name(errors, text(requirement, "key"), &path.child("key"));
        if check_values {
            for (index, value) in values.iter().enumerate() {
                let value = value.as_str().unwrap_or("");
                all_invalid(
                    errors,
                    &path.child("values").index(index),
                    value,
                    names::is_label_value(value),
                );
            }
        }
    }
    for (index, requirement) in items(term, "matchFields").iter().enumerate() {
        field_requirement(errors, requirement, &path.child("matchFields").index(index));
    }
}

fn field_requirement(errors: &mut Errors, requirement: &Value, path: &Path) {
    let values = items(requirement, "values");
    match text(requirement, "operator") {
        "In" | "NotIn" => {
            if values.len() != 1 {
                errors.push(FieldError::required(
                    &path.child("values"),
                    "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
                ));
            }
        }
        other => errors.push(FieldError::invalid(
            &path.child("operator"),
            other,
            UNKNOWN_OPERATOR,
        )),
    }
    let key = text(requirement, "key");
    if key != "metadata.name" {
        errors.push(FieldError::invalid(
            &path.child("key"),
            key,
            "not a valid field selector key",
        ));
        return;
    }
    for (index, value) in values.iter().enumerate() {
        dns_subdomain(
            errors,
            value.as_str().unwrap_or(""),
            &path.child("values").index(index),
        );
    }
}

fn pod_term(errors: &mut Errors, term: &Value, path: &Path) {
    let selector = get(term, "labelSelector");
    label_selector(errors, selector, &path.child("labelSelector"));
    label_selector(
        errors,
        get(term, "namespaceSelector"),
        &path.child("namespaceSelector"),
    );
    for namespace in items(term, "namespaces") {
        dns_label(
            errors,
            namespace.as_str().unwrap_or(""),
            &path.child("namespace"),
        );
    }
    let (matching, mismatching) = (
        items(term, "matchLabelKeys"),
        items(term, "mismatchLabelKeys"),
    );
    for (key, list) in [
        ("matchLabelKeys", matching),
        ("mismatchLabelKeys", mismatching),
    ] {
        if list.is_empty() {
            continue;
        }
        let path = path.child(key);
        if selector.is_null() {
            errors.push(FieldError::forbidden(
                &path,
                "must not be specified when labelSelector is not set",
            ));
            continue;
        }
        for (index, name) in list.iter().enumerate() {
            qualified_name(errors, name.as_str().unwrap_or(""), &path.index(index));
        }
    }
    keys_named_twice(errors, selector, matching, path);
    for (index, name) in matching.iter().enumerate() {
        if mismatching.contains(name) {
            errors.push(FieldError::invalid(
                &path.child("matchLabelKeys").index(index),
                name.clone(),
                "exists in both matchLabelKeys and mismatchLabelKeys",
            ));
        }
    }
    let topology = text(term, "topologyKey");
    if topology.is_empty() {
        errors.push(FieldError::required(
            &path.child("topologyKey"),
            "can not be empty",
        ));
    }
    qualified_name(errors, topology, &path.child("topologyKey"));
}

/// A key of `matchLabelKeys` has already been merged into the selector once; a second mention is the user's.
pub(super) fn keys_named_twice(errors: &mut Errors, selector: &Value, keys: &[Value], path: &Path) {
    let mut seen: Vec<&str> = entries(selector, "matchLabels")
        .map(|(name, _)| name)
        .collect();
    for expression in items(selector, "matchExpressions") {
        let key = text(expression, "key");
        let position = keys.iter().position(|known| known.as_str() == Some(key));
        if let Some(index) = position
            && seen.contains(&key)
        {
            errors.push(FieldError::invalid(&path.index(index), key, IN_BOTH));
        }
        seen.push(key);
    }
}
