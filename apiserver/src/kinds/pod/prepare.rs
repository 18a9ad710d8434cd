//! What the server sets or takes back before a pod is created or replaced.

use serde_json::{Map, Value, json};

use super::super::Context;
use super::super::value::{existing, get, is_set, items, items_mut, keep, set, text};
use super::{qos, spec_mut};

/// Before creation: an empty status but for phase and class, and selectors completed from the pod's own labels.
pub(super) fn create(pod: &mut Value, _: &Context<'_>) {
    let class = qos::class(get(pod, "spec"));
    let mut status = json!({"phase": "Pending", "qosClass": class});
    if !items(get(pod, "spec"), "schedulingGates").is_empty() {
        set(
            &mut status,
            "conditions",
            json!([{
                "type": "PodScheduled",
                "status": "False",
                "reason": "SchedulingGated",
                "message": "Scheduling is blocked due to non-empty scheduling gates",
            }]),
        );
    }
    set(pod, "status", status);
    merge_label_keys(pod);
}

/// Before replacement: the status is the node's and the scheduler's to write.
pub(super) fn update(new: &mut Value, old: &Value, _: &Context<'_>) {
    keep(new, old, "status");
    // A pod that loses its last gate is no longer gated.
    let was_gated = !items(get(old, "spec"), "schedulingGates").is_empty();
    if was_gated && items(get(new, "spec"), "schedulingGates").is_empty() {
        let gated = |condition: &Value| {
            text(condition, "type") == "PodScheduled"
                && text(condition, "reason") == "SchedulingGated"
        };
        if let Some(conditions) = existing(new, "status")
            .and_then(|status| status.get_mut("conditions"))
            .and_then(Value::as_array_mut)
        {
            conditions.retain(|condition| !gated(condition));
        }
    }
}

/// `matchLabelKeys` and `mismatchLabelKeys` of affinity terms and spread constraints become requirements on the values that
/// this pod has (KEP-3633, KEP-3243).
fn merge_label_keys(pod: &mut Value) {
    let wants = {
        let spec = get(pod, "spec");
        !items(spec, "topologySpreadConstraints").is_empty() || is_set(spec, "affinity")
    };
    if !wants {
        return;
    }
    let labels: Map<String, Value> = get(get(pod, "metadata"), "labels")
        .as_object()
        .cloned()
        .unwrap_or_default();
    let Some(spec) = spec_mut(pod) else { return };
    for constraint in items_mut(spec, "topologySpreadConstraints") {
        merge(constraint, "matchLabelKeys", "In", &labels);
    }
    let Some(affinity) = existing(spec, "affinity") else {
        return;
    };
    for kind in ["podAffinity", "podAntiAffinity"] {
        let Some(terms) = existing(affinity, kind) else {
            continue;
        };
        for term in items_mut(terms, "requiredDuringSchedulingIgnoredDuringExecution") {
            merge(term, "matchLabelKeys", "In", &labels);
            merge(term, "mismatchLabelKeys", "NotIn", &labels);
        }
        for weighted in items_mut(terms, "preferredDuringSchedulingIgnoredDuringExecution") {
            if let Some(term) = existing(weighted, "podAffinityTerm") {
                merge(term, "matchLabelKeys", "In", &labels);
                merge(term, "mismatchLabelKeys", "NotIn", &labels);
            }
        }
    }
}

fn merge(owner: &mut Value, keys: &str, operator: &str, labels: &Map<String, Value>) {
    let added: Vec<Value> = items(owner, keys)
        .iter()
        .filter_map(|key| {
            let key = key.as_str()?;
            let value = labels.get(key)?;
            Some(json!({"key": key, "operator": operator, "values": [value]}))
        })
        .collect();
    if added.is_empty() {
        return;
    }
    let Some(selector) = existing(owner, "labelSelector") else {
        return;
    };
    match selector
        .get_mut("matchExpressions")
        .and_then(Value::as_array_mut)
    {
        Some(list) => list.extend(added),
        None => set(selector, "matchExpressions", added),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context<'static> {
        Context {
            now: jiff::Timestamp::UNIX_EPOCH,
            user: "u",
            dry_run: false,
        }
    }

    #[test]
    fn a_new_pod_is_pending() {
        let mut pod = json!({"spec": {"containers": [{}]}, "status": {"phase": "Running", "podIP": "1.2.3.4"}});
        create(&mut pod, &context());
        assert_eq!(
            pod["status"],
            json!({"phase": "Pending", "qosClass": "BestEffort"})
        );
    }

    #[test]
    fn a_gated_pod_says_so_until_it_is_not() {
        let mut pod = json!({"spec": {"schedulingGates": [{"name": "g"}]}});
        create(&mut pod, &context());
        assert_eq!(pod["status"]["conditions"][0]["reason"], "SchedulingGated");
        let mut opened = json!({"spec": {}});
        update(&mut opened, &pod, &context());
        assert_eq!(opened["status"]["conditions"], json!([]));
    }

    #[test]
    fn an_update_keeps_the_status() {
        let old = json!({"status": {"phase": "Running"}});
        let mut new = json!({"status": {"phase": "Failed"}});
        update(&mut new, &old, &context());
        assert_eq!(new, old);
    }

    #[test]
    fn label_keys_become_requirements() {
        let mut pod = json!({
            "metadata": {"labels": {"pod-template-hash": "abc"}},
            "spec": {"topologySpreadConstraints": [{"labelSelector": {"matchLabels": {"a": "b"}},
                "matchLabelKeys": ["pod-template-hash", "absent"]}]},
        });
        create(&mut pod, &context());
        assert_eq!(
            pod["spec"]["topologySpreadConstraints"][0]["labelSelector"],
            json!({"matchLabels": {"a": "b"},
                   "matchExpressions": [{"key": "pod-template-hash", "operator": "In", "values": ["abc"]}]})
        );
    }
}
