//! Where a pod may run: affinity, tolerations, spread constraints and scheduling gates.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use serde_json::Value;

use super::super::Errors;
use super::super::checks::{
    all_invalid, dns_label, dns_subdomain, label_selector, one_of_if_set, qualified_name,
};
use super::super::value::{entries, get, int, int_or_zero, is_set, items, same, text};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];
const NOT_POSITIVE: &str = "must be greater than zero";
const UNKNOWN_OPERATOR: &str = "not a valid selector operator";
const IN_BOTH: &str = "exists in both matchLabelKeys and labelSelector";

/// Checks `affinity`, `tolerations`, `topologySpreadConstraints`, `schedulingGates` and `readinessGates`.
pub(crate) fn validate(errors: &mut Errors, spec: &Value, path: &Path) {
    affinity(errors, get(spec, "affinity"), path);
    tolerations(
        errors,
        items(spec, "tolerations"),
        &path.child("tolerations"),
    );
    let gates = items(spec, "schedulingGates");
    for (index, gate) in gates.iter().enumerate() {
        let (name, path) = (
            text(gate, "name"),
            path.child("schedulingGates").index(index),
        );
        qualified_name(errors, name, &path);
        if gates[..index]
            .iter()
            .any(|earlier| text(earlier, "name") == name)
        {
            errors.push(FieldError::duplicate(&path, name));
        }
    }
    for (index, gate) in items(spec, "readinessGates").iter().enumerate() {
        let path = path
            .child("readinessGates")
            .index(index)
            .child("conditionType");
        qualified_name(errors, text(gate, "conditionType"), &path);
    }
    spread(
        errors,
        items(spec, "topologySpreadConstraints"),
        &path.child("topologySpreadConstraints"),
    );
}

fn affinity(errors: &mut Errors, affinity: &Value, path: &Path) {
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
pub(crate) fn node_selector(errors: &mut Errors, selector: &Value, path: &Path) {
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
fn keys_named_twice(errors: &mut Errors, selector: &Value, keys: &[Value], path: &Path) {
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

/// Tolerations: operator, effect and seconds must fit together.
pub(crate) fn tolerations(errors: &mut Errors, tolerations: &[Value], path: &Path) {
    for (index, toleration) in tolerations.iter().enumerate() {
        let path = path.index(index);
        let (key, operator) = (text(toleration, "key"), text(toleration, "operator"));
        let (value, effect) = (text(toleration, "value"), text(toleration, "effect"));
        if !key.is_empty() {
            qualified_name(errors, key, &path.child("key"));
        } else if operator != "Exists" {
            errors.push(FieldError::invalid(
                &path.child("operator"),
                operator,
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"",
            ));
        }
        if is_set(toleration, "tolerationSeconds") && effect != "NoExecute" {
            errors.push(FieldError::invalid(
                &path.child("effect"),
                effect,
                "effect must be 'NoExecute' when `tolerationSeconds` is set",
            ));
        }
        match operator {
            "" | "Equal" => {
                let wrong = names::is_label_value(value);
                if !wrong.is_empty() {
                    errors.push(FieldError::invalid(
                        &path.child("operator"),
                        value,
                        wrong.join(";"),
                    ));
                }
            }
            "Exists" => {
                if !value.is_empty() {
                    errors.push(FieldError::invalid(
                        &path.child("operator"),
                        value,
                        "value must be empty when `operator` is 'Exists'",
                    ));
                }
            }
            other => errors.push(FieldError::not_supported(
                &path.child("operator"),
                other,
                &["Equal", "Exists"],
            )),
        }
        one_of_if_set(errors, toleration, "effect", &path, EFFECTS);
    }
}

/// The effects a taint or a toleration may have.
pub(crate) fn effects() -> &'static [&'static str] {
    EFFECTS
}

fn spread(errors: &mut Errors, constraints: &[Value], path: &Path) {
    for (index, constraint) in constraints.iter().enumerate() {
        let path = path.index(index);
        let skew = int_or_zero(constraint, "maxSkew");
        if skew <= 0 {
            errors.push(FieldError::invalid(
                &path.child("maxSkew"),
                skew,
                NOT_POSITIVE,
            ));
        }
        let (topology, action) = (
            text(constraint, "topologyKey"),
            text(constraint, "whenUnsatisfiable"),
        );
        if topology.is_empty() {
            errors.push(FieldError::required(
                &path.child("topologyKey"),
                "can not be empty",
            ));
        }
        if !["DoNotSchedule", "ScheduleAnyway"].contains(&action) {
            errors.push(FieldError::not_supported(
                &path.child("whenUnsatisfiable"),
                action,
                &["DoNotSchedule", "ScheduleAnyway"],
            ));
        }
        let repeated = constraints[index + 1..].iter().any(|later| {
            text(later, "topologyKey") == topology && text(later, "whenUnsatisfiable") == action
        });
        if repeated {
            errors.push(FieldError::duplicate(
                &path.child("{topologyKey, whenUnsatisfiable}"),
                format!("{{{topology}, {action}}}"),
            ));
        }
        if let Some(domains) = int(constraint, "minDomains") {
            if domains <= 0 {
                errors.push(FieldError::invalid(
                    &path.child("minDomains"),
                    domains,
                    NOT_POSITIVE,
                ));
            }
            if action != "DoNotSchedule" {
                errors.push(FieldError::invalid(
                    &path.child("minDomains"),
                    domains,
                    format!(
                        "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
                    ),
                ));
            }
        }
        for policy in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            one_of_if_set(errors, constraint, policy, &path, &["Honor", "Ignore"]);
        }
        let selector = get(constraint, "labelSelector");
        spread_keys(
            errors,
            items(constraint, "matchLabelKeys"),
            selector,
            &path.child("matchLabelKeys"),
        );
        label_selector(errors, selector, &path.child("labelSelector"));
    }
}

fn spread_keys(errors: &mut Errors, keys: &[Value], selector: &Value, path: &Path) {
    if keys.is_empty() {
        return;
    }
    if selector.is_null() {
        errors.push(FieldError::forbidden(
            path,
            "must not be specified when labelSelector is not set",
        ));
    }
    for (index, key) in keys.iter().enumerate() {
        qualified_name(errors, key.as_str().unwrap_or(""), &path.index(index));
    }
    keys_named_twice(errors, selector, keys, path);
}

/// An update of a pod may only add tolerations, or change how many seconds one lasts.
pub(crate) fn only_added_tolerations(
    errors: &mut Errors,
    new: &[Value],
    old: &[Value],
    path: &Path,
) {
    let kept = |old: &Value| {
        new.iter().any(|new| {
            ["key", "operator", "value", "effect"]
                .iter()
                .all(|key| same(get(new, key), get(old, key)))
        })
    };
    if old.iter().all(kept) {
        return;
    }
    errors.push(FieldError::forbidden(
        path,
        "existing toleration can not be modified except its tolerationSeconds",
    ));
}

/// An update of a pod may only take scheduling gates away.
pub(crate) fn only_removed_gates(errors: &mut Errors, new: &[Value], old: &[Value], path: &Path) {
    for (index, gate) in new.iter().enumerate() {
        let name = text(gate, "name");
        if !old.iter().any(|known| text(known, "name") == name) {
            errors.push(FieldError::forbidden(
                &path.index(index).child("name"),
                format!("only deletion is allowed, but found new scheduling gate '{name}'"),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(spec: Value) -> Vec<String> {
        let mut errors = Errors::new();
        validate(&mut errors, &spec, &Path::new("spec"));
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn good_rules_pass() {
        assert!(found(json!({
            "affinity": {
                "nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [
                    {"key": "a", "operator": "In", "values": ["b"]}, {"key": "n", "operator": "Gt", "values": ["4"]}]}]}},
                "podAntiAffinity": {PREFERRED: [{"weight": 1, "podAffinityTerm":
                    {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"a": "b"}}}}]},
            },
            "tolerations": [{"operator": "Exists"}, {"key": "a", "value": "b", "effect": "NoExecute", "tolerationSeconds": 1}],
            "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": {}, "minDomains": 2}],
        })).is_empty());
    }

    #[test]
    fn bad_rules_say_why() {
        let cases = [
            (
                json!({"tolerations": [{"key": ""}]}),
                "spec.tolerations[0].operator: Invalid value: \"\": operator must be Exists when `key` is empty, which means \"match all values and all keys\"",
            ),
            (
                json!({"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}),
                "spec.tolerations[0].operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'",
            ),
            (
                json!({"tolerations": [{"key": "a", "operator": "Exists", "effect": "NoSchedule", "tolerationSeconds": 1}]}),
                "spec.tolerations[0].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when `tolerationSeconds` is set",
            ),
            (
                json!({"tolerations": [{"key": "a", "operator": "Exists", "effect": "Never"}]}),
                "spec.tolerations[0].effect: Unsupported value: \"Never\": supported values: \"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\"",
            ),
            (
                json!({"affinity": {"nodeAffinity": {REQUIRED: {}}}}),
                "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term",
            ),
            (
                json!({"affinity": {"podAffinity": {PREFERRED: [{"weight": 101, "podAffinityTerm": {"topologyKey": "z"}}]}}}),
                "spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 101: must be in the range 1-100",
            ),
            (
                json!({"topologySpreadConstraints": [{"maxSkew": 0, "topologyKey": "z", "whenUnsatisfiable": "ScheduleAnyway"}]}),
                "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
            ),
            (
                json!({"schedulingGates": [{"name": "a"}, {"name": "a"}]}),
                "spec.schedulingGates[1]: Duplicate value: \"a\"",
            ),
        ];
        for (spec, expected) in cases {
            assert_eq!(found(spec.clone()), [expected], "{spec}");
        }
    }

    #[test]
    fn tolerations_only_grow() {
        let old = [
            json!({"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}),
        ];
        let longer = [
            json!({"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 9}),
        ];
        let mut errors = Errors::new();
        only_added_tolerations(&mut errors, &longer, &old, &Path::new("t"));
        assert!(errors.is_empty());
        only_added_tolerations(&mut errors, &[], &old, &Path::new("t"));
        assert_eq!(
            errors[0].to_string(),
            "t: Forbidden: existing toleration can not be modified except its tolerationSeconds"
        );
    }
}
