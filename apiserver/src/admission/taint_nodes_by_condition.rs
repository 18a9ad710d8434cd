//! TaintNodesByCondition: a new node takes no pods before it has said that it is ready.

use hydrofoil_api::status::ApiError;
use serde_json::{Value, json};

use super::{Lookup, Request, Verb};
use crate::kinds::value::{child, items, set, text};

const NOT_READY: &str = "node.kubernetes.io/not-ready";

pub(super) fn admit(request: &mut Request<'_>, _: &dyn Lookup) -> Result<(), ApiError> {
    if request.verb != Verb::Create || !request.is_core("nodes") {
        return Ok(());
    }
    let Some(node) = request.object.as_deref_mut() else {
        return Ok(());
    };
    let spec = child(node, "spec");
    let taints = items(spec, "taints");
    if taints
        .iter()
        .any(|taint| text(taint, "key") == NOT_READY && text(taint, "effect") == "NoSchedule")
    {
        return Ok(());
    }
    let mut taints: Vec<Value> = taints.to_vec();
    taints.push(json!({"key": NOT_READY, "effect": "NoSchedule"}));
    set(spec, "taints", taints);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Objects, pod_create};
    use super::*;

    #[test]
    fn a_new_node_is_not_ready_once() {
        let mut node = json!({"metadata": {"name": "n"}});
        for _ in 0..2 {
            let mut request = Request {
                resource: "nodes",
                namespace: "",
                ..pod_create(&mut node)
            };
            admit(&mut request, &Objects::default()).unwrap();
        }
        assert_eq!(
            node["spec"]["taints"],
            json!([{"key": NOT_READY, "effect": "NoSchedule"}])
        );
    }
}
