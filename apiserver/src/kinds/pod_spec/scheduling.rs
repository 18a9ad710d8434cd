//! Where a pod may run: tolerations, spread constraints and scheduling gates. Affinity has a file of its own.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use serde_json::Value;

use super::super::Errors;
use super::super::checks::{label_selector, one_of_if_set, qualified_name};
use super::super::value::{get, int, int_or_zero, is_set, items, same, text};
use super::affinity::{self, keys_named_twice};

const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];
const NOT_POSITIVE: &str = "must be greater than zero";

/// Checks `affinity`, `tolerations`, `topologySpreadConstraints`, `schedulingGates` and `readinessGates`.
pub(crate) fn validate(errors: &mut Errors, spec: &Value, path: &Path) {
    affinity::validate(errors, get(spec, "affinity"), path);
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

    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

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
