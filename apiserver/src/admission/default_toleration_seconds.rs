//! DefaultTolerationSeconds: a pod stays five minutes on a node that is not ready or cannot be reached, unless it says
//! otherwise.

use hydrofoil_api::status::ApiError;
use serde_json::{Value, json};

use super::{Lookup, Request, Verb};
use crate::kinds::value::{items, set, text};

/// Seconds a pod stays.
const SECONDS: i64 = 300;
const TAINTS: [&str; 2] = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
];

pub(super) fn admit(request: &mut Request<'_>, _: &dyn Lookup) -> Result<(), ApiError> {
    if !request.is_core("pods") || !matches!(request.verb, Verb::Create | Verb::Update) {
        return Ok(());
    }
    let Some(spec) = request
        .object
        .as_deref_mut()
        .and_then(|object| object.get_mut("spec"))
    else {
        return Ok(());
    };
    let tolerated = |taint: &str| {
        items(spec, "tolerations").iter().any(|toleration| {
            let (key, effect) = (text(toleration, "key"), text(toleration, "effect"));
            (key == taint || key.is_empty()) && (effect == "NoExecute" || effect.is_empty())
        })
    };
    let missing: Vec<Value> = TAINTS
        .into_iter()
        .filter(|taint| !tolerated(taint))
        .map(|taint| json!({"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": SECONDS}))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    match spec.get_mut("tolerations").and_then(Value::as_array_mut) {
        Some(list) => list.extend(missing),
        None => set(spec, "tolerations", missing),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Objects, pod_create};
    use super::*;

    fn tolerations(given: Value) -> Vec<String> {
        let mut pod = json!({"spec": {"tolerations": given}});
        admit(&mut pod_create(&mut pod), &Objects::default()).unwrap();
        items(&pod["spec"], "tolerations")
            .iter()
            .map(|one| text(one, "key").to_owned())
            .collect()
    }

    #[test]
    fn what_is_missing_is_added() {
        assert_eq!(tolerations(json!([])), TAINTS);
        assert_eq!(tolerations(json!([{"operator": "Exists"}])), [""]);
        assert_eq!(
            tolerations(json!([{"key": TAINTS[0], "operator": "Exists", "effect": "NoExecute"}])),
            [TAINTS[0], TAINTS[1]]
        );
        assert_eq!(
            tolerations(json!([{"key": TAINTS[0], "operator": "Exists", "effect": "NoSchedule"}])),
            [TAINTS[0], TAINTS[0], TAINTS[1]]
        );
    }
}
