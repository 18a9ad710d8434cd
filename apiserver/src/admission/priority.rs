//! Priority: a pod's class name becomes its number, and nobody sets the number by hand.
//!
//! The two system classes are known here. Others are looked up; until PriorityClasses are served there are none.

use hydrofoil_api::status::ApiError;
use serde_json::Value;

use super::{Lookup, Request, Verb};
use crate::kinds::value::{get, int, is_set, keep, set, text};

/// Priority of pods the cluster cannot do without.
const CLUSTER_CRITICAL: (&str, i64) = ("system-cluster-critical", 2_000_000_000);
/// Priority of pods a node cannot do without.
const NODE_CRITICAL: (&str, i64) = ("system-node-critical", 2_000_001_000);
const PREEMPT: &str = "PreemptLowerPriority";

pub(super) fn admit(request: &mut Request<'_>, lookup: &dyn Lookup) -> Result<(), ApiError> {
    if !request.is_core("pods") {
        return Ok(());
    }
    match request.verb {
        Verb::Create => create(request, lookup),
        Verb::Update => {
            preserve(request);
            Ok(())
        }
        Verb::Delete | Verb::Connect => Ok(()),
    }
}

/// An update that leaves the computed fields out keeps them.
fn preserve(request: &mut Request<'_>) {
    let (Some(new), Some(old)) = (request.object.as_deref_mut(), request.old) else {
        return;
    };
    let Some(spec) = new.get_mut("spec") else {
        return;
    };
    for key in ["priority", "preemptionPolicy"] {
        if !is_set(spec, key) {
            keep(spec, get(old, "spec"), key);
        }
    }
}

fn create(request: &mut Request<'_>, lookup: &dyn Lookup) -> Result<(), ApiError> {
    let Some(object) = request.object.as_deref() else {
        return Ok(());
    };
    let spec = get(object, "spec");
    let class = text(spec, "priorityClassName");
    let (priority, preemption) = match class {
        "" => (0, PREEMPT.to_owned()),
        name if name == CLUSTER_CRITICAL.0 => (CLUSTER_CRITICAL.1, PREEMPT.to_owned()),
        name if name == NODE_CRITICAL.0 => (NODE_CRITICAL.1, PREEMPT.to_owned()),
        name => match lookup.get("scheduling.k8s.io", "priorityclasses", "", name) {
            Some(class) => of_class(&class),
            None => {
                return Err(
                    request.forbidden(format!("no PriorityClass with name {name} was found"))
                );
            }
        },
    };
    if let Some(given) = int(spec, "priority")
        && given != priority
    {
        return Err(request.forbidden(format!(
            "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {priority} from the given PriorityClass name"
        )));
    }
    let given = text(spec, "preemptionPolicy");
    if !given.is_empty() && given != preemption {
        return Err(request.forbidden(format!(
            "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission controller computed {preemption} from the given PriorityClass name"
        )));
    }
    if let Some(spec) = request
        .object
        .as_deref_mut()
        .and_then(|object| object.get_mut("spec"))
    {
        set(spec, "priority", priority);
        set(spec, "preemptionPolicy", preemption);
    }
    Ok(())
}

fn of_class(class: &Value) -> (i64, String) {
    let policy = text(class, "preemptionPolicy");
    (
        int(class, "value").unwrap_or(0),
        if policy.is_empty() {
            PREEMPT.to_owned()
        } else {
            policy.to_owned()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Objects, pod_create};
    use super::*;
    use serde_json::json;

    fn admitted(spec: Value) -> Result<Value, String> {
        let objects = Objects::default().with(
            "scheduling.k8s.io/priorityclasses//batch",
            json!({"value": -10, "preemptionPolicy": "Never"}),
        );
        let mut pod = json!({"metadata": {"name": "p"}, "spec": spec});
        admit(&mut pod_create(&mut pod), &objects).map_err(|error| error.message().to_owned())?;
        Ok(pod["spec"].take())
    }

    #[test]
    fn classes_become_numbers() {
        assert_eq!(
            admitted(json!({})).unwrap(),
            json!({"priority": 0, "preemptionPolicy": PREEMPT})
        );
        let node = admitted(json!({"priorityClassName": "system-node-critical"})).unwrap();
        assert_eq!(node["priority"], 2_000_001_000);
        let batch = admitted(json!({"priorityClassName": "batch"})).unwrap();
        assert_eq!(
            (&batch["priority"], &batch["preemptionPolicy"]),
            (&json!(-10), &json!("Never"))
        );
    }

    #[test]
    fn numbers_are_not_taken_from_clients() {
        assert_eq!(
            admitted(json!({"priorityClassName": "nope"})).unwrap_err(),
            "pods \"p\" is forbidden: no PriorityClass with name nope was found"
        );
        assert_eq!(
            admitted(json!({"priority": 7})).unwrap_err(),
            "pods \"p\" is forbidden: the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name"
        );
        assert!(admitted(json!({"preemptionPolicy": "Never"})).is_err());
    }
}
