//! `pods/binding` and `bindings`: a pod is given to a node, once.

use http::StatusCode;
use hydrofoil_api::decode::FieldValidation;
use hydrofoil_api::facts;
use hydrofoil_api::field::{Errors, FieldError, Path};
use hydrofoil_api::object;
use hydrofoil_api::status::{ApiError, GroupKind, GroupResource, Status};
use serde_json::{Value, json};

use super::{Call, write};
use crate::answer::{self, Answer};
use crate::encoding::store_form;
use crate::registry::{Outcome, meta};
use crate::request::options::{Write, WriteOptions};

/// How often a binding is tried anew because somebody else changed the pod.
const ATTEMPTS: usize = 32;
const TYPE: &str = "io.k8s.api.core.v1.Binding";

/// Answers a binding.
///
/// # Errors
/// 404 without such a pod, 409 when it has a node or is going, 422 for a target that is no node.
pub async fn bind(call: &Call, body: &[u8]) -> Answer {
    let options = WriteOptions::parse(&call.query, Write::Create, call.agent())?;
    let binding = read(call, body, options.validation)?;
    let pod = if call.request.name.is_empty() {
        object::name(&binding)
    } else {
        &call.request.name
    };
    if !object::name(&binding).is_empty() && object::name(&binding) != pod {
        return Err(ApiError::bad_request(
            "name in URL does not match name in Binding object",
        ));
    }
    let mut binding = binding.clone();
    call.check_place(&mut binding)?;
    validate(&binding)?;
    assign(call, pod, &binding, options.dry_run).await?;
    let mut status = Status::success();
    status.code = StatusCode::CREATED.as_u16();
    Ok(answer::status(&call.form, StatusCode::CREATED, &status))
}

fn read(call: &Call, body: &[u8], mode: FieldValidation) -> Result<Value, ApiError> {
    let ty = facts::type_named(TYPE).ok_or_else(|| ApiError::internal("no type for bindings"))?;
    let decoded = write::read(ty, body, call.body_encoding()?, mode)?;
    Ok(decoded.value)
}

fn validate(binding: &Value) -> Result<(), ApiError> {
    let mut errors = Errors::new();
    let target = Path::new("target");
    let kind = object::text(binding, &["target", "kind"]);
    if !matches!(kind, "" | "Node") {
        errors.push(FieldError::not_supported(
            &target.child("kind"),
            kind,
            &["Node", "<empty>"],
        ));
    }
    if object::text(binding, &["target", "name"]).is_empty() {
        errors.push(FieldError::required(&target.child("name"), ""));
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid(
        GroupKind::new("", "Binding"),
        object::name(binding),
        &errors,
    ))
}

async fn assign(call: &Call, name: &str, binding: &Value, dry_run: bool) -> Result<(), ApiError> {
    let pods = GroupResource::new("", "pods");
    let not_found = || ApiError::not_found(pods, name);
    let served = call
        .core
        .table
        .get("", "v1", "pods")
        .ok_or_else(ApiError::no_such_path)?;
    let key = served.key(&call.request.namespace, name);
    let registry = &call.core.registry;
    let mut stored = registry.read(key.clone()).await?.ok_or_else(not_found)?;
    for _ in 0..ATTEMPTS {
        let mut pod: Value = serde_json::from_slice(&stored.value).map_err(|error| {
            ApiError::internal(format!("the stored pod cannot be read: {error}"))
        })?;
        check_uid(binding, &pod, name)?;
        place(&mut pod, binding, call.now)
            .map_err(|why| ApiError::conflict(GroupResource::new("", "pods/binding"), name, why))?;
        if dry_run {
            return Ok(());
        }
        let bytes = store_form(&pod).into();
        match registry
            .replace(key.clone(), bytes, stored.revision, None)
            .await?
        {
            Outcome::Done(_) => return Ok(()),
            Outcome::Changed(newer) => stored = newer.ok_or_else(not_found)?,
        }
    }
    Err(ApiError::modified(pods, name))
}

fn check_uid(binding: &Value, pod: &Value, name: &str) -> Result<(), ApiError> {
    let wanted = object::uid(binding);
    let is = object::uid(pod);
    if wanted.is_empty() || wanted == is {
        return Ok(());
    }
    let detail =
        format!("Precondition failed: UID in precondition: {wanted}, UID in object meta: {is}");
    Err(ApiError::conflict(
        GroupResource::new("", "pods/binding"),
        name,
        detail,
    ))
}

/// Puts the pod on the binding's node, or says why not.
fn place(pod: &mut Value, binding: &Value, now: jiff::Timestamp) -> Result<(), String> {
    let name = object::name(pod).to_owned();
    if object::deletion_timestamp(pod).is_some() {
        return Err(format!(
            "pod {name} is being deleted, cannot be assigned to a host"
        ));
    }
    let node = object::text(pod, &["spec", "nodeName"]);
    if !node.is_empty() {
        return Err(format!("pod {name} is already assigned to node {node:?}"));
    }
    if !object::list(pod, &["spec", "schedulingGates"]).is_empty() {
        return Err(format!("pod {name} has non-empty .spec.schedulingGates"));
    }
    object::set(
        pod,
        &["spec", "nodeName"],
        object::text(binding, &["target", "name"]),
    );
    for (key, value) in object::annotations(binding).into_iter().flatten() {
        object::set(pod, &["metadata", "annotations", key], value.clone());
    }
    for (key, value) in object::labels(binding).into_iter().flatten() {
        if object::label(pod, key).is_none() {
            object::set(pod, &["metadata", "labels", key], value.clone());
        }
    }
    set_scheduled(pod, now);
    Ok(())
}

fn set_scheduled(pod: &mut Value, now: jiff::Timestamp) {
    let mut condition =
        json!({"type": "PodScheduled", "status": "True", "lastTransitionTime": meta::time(now)});
    let generation = object::generation(pod);
    if generation > 0 {
        object::set(&mut condition, &["observedGeneration"], generation);
    }
    let mut conditions = object::list(pod, &["status", "conditions"]).to_vec();
    match conditions
        .iter_mut()
        .find(|condition| condition["type"] == "PodScheduled")
    {
        Some(there) if there["status"] == "True" => {}
        Some(there) => *there = condition,
        None => conditions.push(condition),
    }
    object::set(pod, &["status", "conditions"], conditions);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> jiff::Timestamp {
        "2026-05-01T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_pod_is_placed_once() {
        let binding = json!({"metadata": {"annotations": {"a": "1"}, "labels": {"zone": "z", "app": "x"}}, "target": {"name": "n1"}});
        let mut pod = json!({"metadata": {"name": "p", "labels": {"app": "mine"}}, "spec": {}});
        place(&mut pod, &binding, now()).unwrap();
        assert_eq!(pod["spec"]["nodeName"], "n1");
        assert_eq!(
            pod["metadata"]["labels"],
            json!({"app": "mine", "zone": "z"})
        );
        assert_eq!(pod["metadata"]["annotations"], json!({"a": "1"}));
        assert_eq!(pod["status"]["conditions"][0]["status"], "True");
        assert_eq!(
            place(&mut pod, &binding, now()).unwrap_err(),
            "pod p is already assigned to node \"n1\""
        );
    }

    #[test]
    fn gated_and_leaving_pods_are_not_placed() {
        let binding = json!({"target": {"name": "n1"}});
        let mut gated =
            json!({"metadata": {"name": "p"}, "spec": {"schedulingGates": [{"name": "g"}]}});
        assert!(
            place(&mut gated, &binding, now())
                .unwrap_err()
                .contains("schedulingGates")
        );
        let mut leaving = json!({"metadata": {"name": "p", "deletionTimestamp": "t"}, "spec": {}});
        assert!(
            place(&mut leaving, &binding, now())
                .unwrap_err()
                .contains("being deleted")
        );
        assert!(validate(&json!({"target": {"kind": "Pod", "name": "x"}})).is_err());
        assert!(validate(&json!({"target": {}})).is_err());
    }
}
