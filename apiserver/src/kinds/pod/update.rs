//! What an update of a pod may change: images, a shorter deadline, more tolerations, fewer scheduling gates.

use std::fmt::Write;

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use serde_json::Value;

use super::super::Errors;
use super::super::pod_spec::scheduling::{only_added_tolerations, only_removed_gates};
use super::super::value::{NULL, at, entries, get, int, is_set, items, same};

const MAY_NOT: &str = "pod updates may not change fields other than `spec.containers[*].image`,\
`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
`spec.tolerations` (only additions to existing tolerations),\
`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
/// The longest value shown in the difference of a refused update, in characters.
const SHOWN_MAX: usize = 1024;
/// Fields of the spec whose changes have rules of their own.
const OWN_RULES: [&str; 6] = [
    "containers",
    "initContainers",
    "activeDeadlineSeconds",
    "tolerations",
    "schedulingGates",
    "terminationGracePeriodSeconds",
];

/// Checks that the new pod may replace the old one.
pub(super) fn validate(new: &Value, old: &Value, errors: &mut Errors) {
    let path = Path::new("spec");
    let (new_spec, old_spec) = (get(new, "spec"), get(old, "spec"));
    let (new_name, old_name) = (mirror(new), mirror(old));
    if new_name != old_name {
        errors.push(FieldError::forbidden(
            &Path::new("metadata")
                .child("annotations")
                .key("kubernetes.io/config.mirror"),
            "may not be set, changed, or unset on update",
        ));
    }
    for list in ["containers", "initContainers"] {
        if items(new_spec, list).len() != items(old_spec, list).len() {
            errors.push(FieldError::forbidden(
                &path.child(list),
                "pod updates may not add or remove containers",
            ));
            return;
        }
    }
    if !deadline(
        errors,
        new_spec,
        old_spec,
        &path.child("activeDeadlineSeconds"),
    ) {
        return;
    }
    let tolerations = path.child("tolerations");
    only_added_tolerations(
        errors,
        items(new_spec, "tolerations"),
        items(old_spec, "tolerations"),
        &tolerations,
    );
    let gates = path.child("schedulingGates");
    only_removed_gates(
        errors,
        items(new_spec, "schedulingGates"),
        items(old_spec, "schedulingGates"),
        &gates,
    );
    let gated = !items(old_spec, "schedulingGates").is_empty();
    if gated {
        gated_placement(errors, new_spec, old_spec, &path);
    }
    let difference = difference(new_spec, old_spec, gated);
    if !difference.is_empty() {
        errors.push(FieldError::forbidden(
            &path,
            format!("{MAY_NOT}\n  core.PodSpec{{\n{difference}  }}\n"),
        ));
    }
}

fn mirror(pod: &Value) -> &Value {
    at(
        pod,
        &["metadata", "annotations", "kubernetes.io/config.mirror"],
    )
}

/// A deadline can be set and shortened. False when there is nothing more to say.
fn deadline(errors: &mut Errors, new: &Value, old: &Value, path: &Path) -> bool {
    match (
        int(new, "activeDeadlineSeconds"),
        int(old, "activeDeadlineSeconds"),
    ) {
        (Some(new), _) if !(0..=i64::from(i32::MAX)).contains(&new) => {
            errors.push(FieldError::invalid(
                path,
                new,
                names::range_message(0, i64::from(i32::MAX)),
            ));
            false
        }
        (Some(new), Some(old)) if old < new => {
            errors.push(FieldError::invalid(
                path,
                new,
                "must be less than or equal to previous value",
            ));
            false
        }
        (None, Some(_)) => {
            errors.push(FieldError::invalid(
                path,
                Value::Null,
                "must not update from a positive integer to nil value",
            ));
            true
        }
        _ => true,
    }
}

/// A pod that waits behind a gate may still be told more of where to run.
fn gated_placement(errors: &mut Errors, new: &Value, old: &Value, path: &Path) {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    let kept = entries(old, "nodeSelector")
        .all(|(key, value)| get(get(new, "nodeSelector"), key) == value);
    if !kept {
        errors.push(FieldError::invalid(
            &path.child("nodeSelector"),
            get(new, "nodeSelector").clone(),
            "only additions to spec.nodeSelector are allowed (no mutations or deletions)",
        ));
    }
    let terms = |spec| {
        items(
            at(spec, &["affinity", "nodeAffinity", REQUIRED]),
            "nodeSelectorTerms",
        )
    };
    let (new_terms, old_terms) = (terms(new), terms(old));
    let at_terms = path
        .child("affinity")
        .child("nodeAffinity")
        .child(REQUIRED)
        .child("nodeSelectorTerms");
    if !old_terms.is_empty() && old_terms.len() != new_terms.len() {
        errors.push(FieldError::invalid(
            &at_terms,
            new_terms.to_vec(),
            "no additions/deletions to non-empty NodeSelectorTerms list are allowed",
        ));
        return;
    }
    for (index, (new_term, old_term)) in new_terms.iter().zip(old_terms).enumerate() {
        let grown = ["matchExpressions", "matchFields"].iter().all(|list| {
            items(old_term, list)
                .iter()
                .all(|old| items(new_term, list).iter().any(|new| same(new, old)))
        });
        if !grown {
            errors.push(FieldError::invalid(
                &at_terms.index(index),
                new_term.clone(),
                "only additions are allowed (no mutations or deletions)",
            ));
        }
    }
}

/// The fields that changed and may not, one removed and one added line for each; empty when none did.
fn difference(new: &Value, old: &Value, gated: bool) -> String {
    let mut text = String::new();
    let mut keys: Vec<&str> = [new, old]
        .iter()
        .flat_map(|spec| {
            spec.as_object()
                .into_iter()
                .flatten()
                .map(|(key, _)| key.as_str())
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let (new_value, old_value) = (get(new, key), get(old, key));
        if OWN_RULES.contains(&key) {
            own_rule(&mut text, key, new, old);
        } else if gated && key == "nodeSelector" {
            // Judged with the gate.
        } else if gated && key == "affinity" {
            for inner in ["podAffinity", "podAntiAffinity"] {
                line(
                    &mut text,
                    inner,
                    get(new_value, inner),
                    get(old_value, inner),
                );
            }
        } else {
            line(&mut text, key, new_value, old_value);
        }
    }
    text
}

fn own_rule(text: &mut String, key: &str, new: &Value, old: &Value) {
    match key {
        "containers" | "initContainers" => {
            for (new, old) in items(new, key).iter().zip(items(old, key)) {
                let fields = [new, old]
                    .into_iter()
                    .flat_map(|one| one.as_object().into_iter().flatten());
                let mut fields: Vec<&str> = fields.map(|(field, _)| field.as_str()).collect();
                fields.sort_unstable();
                fields.dedup();
                for field in fields.into_iter().filter(|field| *field != "image") {
                    line(text, field, get(new, field), get(old, field));
                }
            }
        }
        "terminationGracePeriodSeconds" => {
            let repaired =
                int(old, key).is_some_and(|seconds| seconds < 0) && int(new, key) == Some(1);
            if !repaired && (is_set(new, key) || is_set(old, key)) && get(new, key) != get(old, key)
            {
                line(text, key, get(new, key), get(old, key));
            }
        }
        _ => {}
    }
}

fn line(text: &mut String, key: &str, new: &Value, old: &Value) {
    if same(new, old) {
        return;
    }
    for (sign, value) in [('-', old), ('+', new)] {
        let shown: String = if *value == NULL {
            "nil".to_owned()
        } else {
            value.to_string()
        };
        let shown: String = shown.chars().take(SHOWN_MAX).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{sign} \t{}: {shown},", go_name(key));
    }
}

/// The field's name as the Go type has it, which is what upstream's difference shows.
fn go_name(key: &str) -> String {
    let mut characters = key.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(change: impl FnOnce(&mut Value)) -> Value {
        let mut pod = json!({"metadata": {"name": "p"}, "spec": {
            "containers": [{"name": "c", "image": "i:1"}],
            "nodeName": "n",
            "terminationGracePeriodSeconds": 30,
            "tolerations": [{"key": "a", "operator": "Exists"}],
        }});
        change(&mut pod["spec"]);
        pod
    }

    fn found(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut errors = Errors::new();
        validate(&pod(change), &pod(|_| {}), &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn some_changes_are_fine() {
        assert!(found(|_| {}).is_empty());
        assert!(found(|spec| spec["containers"][0]["image"] = json!("i:2")).is_empty());
        assert!(found(|spec| spec["activeDeadlineSeconds"] = json!(9)).is_empty());
        assert!(
            found(|spec| spec["tolerations"] =
                json!([{"key": "b", "operator": "Exists"}, {"key": "a", "operator": "Exists"}]))
            .is_empty()
        );
    }

    #[test]
    fn others_are_not() {
        let changed = found(|spec| spec["nodeName"] = json!("m"));
        assert_eq!(changed.len(), 1);
        assert!(changed[0].starts_with(
            "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"
        ));
        assert!(changed[0].contains("- \tNodeName: \"n\",\n+ \tNodeName: \"m\",\n"));
        assert_eq!(
            found(|spec| spec["containers"] = json!([])),
            ["spec.containers: Forbidden: pod updates may not add or remove containers"]
        );
        assert_eq!(
            found(|spec| spec["tolerations"] = json!([])),
            [
                "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"
            ]
        );
        assert_eq!(
            found(|spec| spec["containers"][0]["command"] = json!(["x"])).len(),
            1
        );
        assert_eq!(
            found(|spec| spec["terminationGracePeriodSeconds"] = json!(0)).len(),
            1
        );
    }

    #[test]
    fn a_negative_grace_period_can_be_repaired() {
        let old = pod(|spec| spec["terminationGracePeriodSeconds"] = json!(-1));
        let new = pod(|spec| spec["terminationGracePeriodSeconds"] = json!(1));
        let mut errors = Errors::new();
        validate(&new, &old, &mut errors);
        assert!(errors.is_empty());
    }

    #[test]
    fn gates_only_go_and_placement_only_grows_behind_them() {
        let old = pod(|spec| {
            spec["schedulingGates"] = json!([{"name": "a"}, {"name": "b"}]);
            spec["nodeSelector"] = json!({"x": "1"});
        });
        let judge = |change: fn(&mut Value)| {
            let mut new = old.clone();
            change(&mut new["spec"]);
            let mut errors = Errors::new();
            validate(&new, &old, &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(judge(|spec| spec["schedulingGates"] = json!([{"name": "b"}])).is_empty());
        assert!(judge(|spec| spec["nodeSelector"] = json!({"x": "1", "y": "2"})).is_empty());
        assert_eq!(
            judge(|spec| spec["schedulingGates"] = json!([{"name": "c"}])),
            [
                "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'c'"
            ]
        );
        assert_eq!(
            judge(|spec| spec["nodeSelector"] = json!({"x": "2"})),
            [
                "spec.nodeSelector: Invalid value: {\"x\":\"2\"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)"
            ]
        );
    }
}
