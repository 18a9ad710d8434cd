//! RuntimeClass: a pod that names one gets its overhead and its place to run, and the class must exist.

use hydrofoil_api::gotext::quote;
use hydrofoil_api::status::ApiError;
use serde_json::{Map, Value};

use super::{Lookup, Request, Verb};
use crate::kinds::value::{at, entries, get, is_empty, items, same, set, text};

const OTHER_OVERHEAD: &str =
    "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
const STRAY_OVERHEAD: &str =
    "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";

pub(super) fn admit(request: &mut Request<'_>, lookup: &dyn Lookup) -> Result<(), ApiError> {
    if request.verb != Verb::Create || !request.is_core("pods") {
        return Ok(());
    }
    let Some(object) = request.object.as_deref() else {
        return Ok(());
    };
    let spec = get(object, "spec");
    let name = text(spec, "runtimeClassName");
    let given = get(spec, "overhead");
    if name.is_empty() {
        return if is_empty(given) {
            Ok(())
        } else {
            Err(request.forbidden(STRAY_OVERHEAD))
        };
    }
    let Some(class) = lookup.get("node.k8s.io", "runtimeclasses", "", name) else {
        return Err(request.forbidden(format!(
            "pod rejected: RuntimeClass {} not found",
            quote(name)
        )));
    };
    let overhead = at(&class, &["overhead", "podFixed"]);
    if get(&class, "overhead").is_null() {
        if !is_empty(given) {
            return Err(request.forbidden(STRAY_OVERHEAD));
        }
    } else if !is_empty(given) && !same(given, overhead) {
        return Err(request.forbidden(OTHER_OVERHEAD));
    }
    let selector = merged_selector(spec, &class).map_err(|conflict| request.forbidden(conflict))?;
    let Some(spec) = request
        .object
        .as_deref_mut()
        .and_then(|object| object.get_mut("spec"))
    else {
        return Ok(());
    };
    if !is_empty(overhead) {
        set(spec, "overhead", overhead.clone());
    }
    if let Some(selector) = selector {
        set(spec, "nodeSelector", selector);
    }
    add_tolerations(spec, items(get(&class, "scheduling"), "tolerations"));
    Ok(())
}

/// The pod's node selector with the class's added; none when the class adds nothing.
fn merged_selector(spec: &Value, class: &Value) -> Result<Option<Map<String, Value>>, String> {
    let mut merged = get(spec, "nodeSelector")
        .as_object()
        .cloned()
        .unwrap_or_default();
    let mut changed = false;
    for (key, value) in entries(get(class, "scheduling"), "nodeSelector") {
        match merged.get(key) {
            Some(own) if own != value => {
                let (wanted, own) = (value.as_str().unwrap_or(""), own.as_str().unwrap_or(""));
                return Err(format!(
                    "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {wanted}; pod.spec.nodeSelector[{key}] = {own}"
                ));
            }
            Some(_) => {}
            None => {
                merged.insert(key.to_owned(), value.clone());
                changed = true;
            }
        }
    }
    Ok(changed.then_some(merged))
}

/// Adds the class's tolerations that the pod does not have.
fn add_tolerations(spec: &mut Value, wanted: &[Value]) {
    let missing: Vec<Value> = wanted
        .iter()
        .filter(|toleration| {
            !items(spec, "tolerations")
                .iter()
                .any(|own| same(own, toleration))
        })
        .cloned()
        .collect();
    if missing.is_empty() {
        return;
    }
    match spec.get_mut("tolerations").and_then(Value::as_array_mut) {
        Some(list) => list.extend(missing),
        None => set(spec, "tolerations", missing),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Objects, pod_create};
    use super::*;
    use serde_json::json;

    fn admitted(spec: Value) -> Result<Value, String> {
        let class = json!({
            "handler": "wasm",
            "overhead": {"podFixed": {"memory": "1Mi"}},
            "scheduling": {"nodeSelector": {"wasm": "yes"}, "tolerations": [{"key": "wasm", "operator": "Exists"}]},
        });
        let objects = Objects::default()
            .with("node.k8s.io/runtimeclasses//wasm", class)
            .with(
                "node.k8s.io/runtimeclasses//plain",
                json!({"handler": "plain"}),
            );
        let mut pod = json!({"metadata": {"name": "p"}, "spec": spec});
        admit(&mut pod_create(&mut pod), &objects).map_err(|error| error.message().to_owned())?;
        Ok(pod["spec"].take())
    }

    #[test]
    fn the_class_is_merged_in() {
        assert_eq!(admitted(json!({})).unwrap(), json!({}));
        assert_eq!(
            admitted(json!({"runtimeClassName": "plain"})).unwrap(),
            json!({"runtimeClassName": "plain"})
        );
        assert_eq!(
            admitted(json!({"runtimeClassName": "wasm", "nodeSelector": {"a": "b"}})).unwrap(),
            json!({
                "runtimeClassName": "wasm",
                "nodeSelector": {"a": "b", "wasm": "yes"},
                "overhead": {"memory": "1Mi"},
                "tolerations": [{"key": "wasm", "operator": "Exists"}],
            })
        );
    }

    #[test]
    fn conflicts_are_refused() {
        let cases = [
            (
                json!({"runtimeClassName": "nope"}),
                "pod rejected: RuntimeClass \"nope\" not found",
            ),
            (json!({"overhead": {"cpu": "1"}}), STRAY_OVERHEAD),
            (
                json!({"runtimeClassName": "plain", "overhead": {"cpu": "1"}}),
                STRAY_OVERHEAD,
            ),
            (
                json!({"runtimeClassName": "wasm", "overhead": {"cpu": "1"}}),
                OTHER_OVERHEAD,
            ),
            (
                json!({"runtimeClassName": "wasm", "nodeSelector": {"wasm": "no"}}),
                "conflict: runtimeClass.scheduling.nodeSelector[wasm] = yes; pod.spec.nodeSelector[wasm] = no",
            ),
        ];
        for (spec, expected) in cases {
            assert_eq!(
                admitted(spec).unwrap_err(),
                format!("pods \"p\" is forbidden: {expected}")
            );
        }
    }
}
