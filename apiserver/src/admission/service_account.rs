//! ServiceAccount: every pod runs as a service account that exists, `default` when it names none, and takes its image pull
//! secrets from there.
//!
//! No token volume is mounted yet: that needs the TokenRequest subresource and the token projection of the node, which
//! come together in a later issue. Until then `automountServiceAccountToken` is kept but has no effect.

use hydrofoil_api::status::ApiError;
use serde_json::Value;

use super::{Lookup, Request, Verb};
use crate::kinds::value::{get, is_set, items, set, text, text_at};

/// The account of pods that name none.
const DEFAULT: &str = "default";
/// Marks a pod that mirrors a static pod of a node.
const MIRROR: &str = "kubernetes.io/config.mirror";
/// How often the core tries again, some 250 ms apart, while [`awaits_account`] says that the default account of a new
/// namespace is still to be made. Upstream's numbers.
pub const ACCOUNT_ATTEMPTS: u32 = 10;

/// Whether the request is a pod's creation that would be refused only because the namespace is so new that its default
/// service account is not there yet. Upstream waits for it a moment; so should the caller, before it admits.
pub fn awaits_account(request: &Request<'_>, lookup: &dyn Lookup) -> bool {
    if request.verb != Verb::Create || !request.is_core("pods") {
        return false;
    }
    let Some(object) = request.object.as_deref() else {
        return false;
    };
    let name = wanted(get(object, "spec"));
    (name.is_empty() || name == DEFAULT)
        && !is_mirror(object)
        && lookup
            .get("", "serviceaccounts", request.namespace, DEFAULT)
            .is_none()
        && lookup
            .get("", "namespaces", "", request.namespace)
            .is_some_and(|namespace| text_at(&namespace, &["status", "phase"]) != "Terminating")
}

pub(super) fn admit(request: &mut Request<'_>, lookup: &dyn Lookup) -> Result<(), ApiError> {
    if request.verb != Verb::Create || !request.is_core("pods") {
        return Ok(());
    }
    let Some(object) = request.object.as_deref() else {
        return Ok(());
    };
    if is_mirror(object) {
        return match mirror_fault(get(object, "spec")) {
            Some(fault) => Err(request.forbidden(fault)),
            None => Ok(()),
        };
    }
    let name = wanted(get(object, "spec"));
    let name = if name.is_empty() {
        DEFAULT.to_owned()
    } else {
        name.to_owned()
    };
    let namespace = request.namespace;
    let Some(account) = lookup.get("", "serviceaccounts", namespace, &name) else {
        return Err(request.forbidden(format!(
            "error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found"
        )));
    };
    let Some(spec) = request
        .object
        .as_deref_mut()
        .and_then(|object| object.get_mut("spec"))
    else {
        return Ok(());
    };
    if text(spec, "serviceAccountName") != name || text(spec, "serviceAccount") != name {
        set(spec, "serviceAccount", name.clone());
        set(spec, "serviceAccountName", name);
    }
    let secrets = items(&account, "imagePullSecrets");
    if items(spec, "imagePullSecrets").is_empty() && !secrets.is_empty() {
        set(spec, "imagePullSecrets", secrets.to_vec());
    }
    Ok(())
}

fn wanted(spec: &Value) -> &str {
    let name = text(spec, "serviceAccountName");
    if name.is_empty() {
        text(spec, "serviceAccount")
    } else {
        name
    }
}

fn is_mirror(pod: &Value) -> bool {
    is_set(get(get(pod, "metadata"), "annotations"), MIRROR)
}

fn mirror_fault(spec: &Value) -> Option<&'static str> {
    if !wanted(spec).is_empty() {
        return Some("a mirror pod may not reference service accounts");
    }
    let volumes = items(spec, "volumes");
    let sources = || {
        volumes
            .iter()
            .flat_map(|volume| items(get(volume, "projected"), "sources"))
    };
    if volumes.iter().any(|volume| is_set(volume, "secret"))
        || sources().any(|source| is_set(source, "secret"))
    {
        return Some("a mirror pod may not reference secrets");
    }
    sources()
        .any(|source| is_set(source, "serviceAccountToken"))
        .then_some("a mirror pod may not use ServiceAccountToken volume projections")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Objects, pod_create};
    use super::*;
    use serde_json::json;

    #[test]
    fn the_account_must_exist() {
        let mut pod =
            json!({"metadata": {"generateName": "p-"}, "spec": {"serviceAccountName": "robot"}});
        let error = admit(&mut pod_create(&mut pod), &Objects::default()).unwrap_err();
        assert_eq!(
            error.message(),
            "pods \"p-\" is forbidden: error looking up service account default/robot: serviceaccount \"robot\" not found"
        );
    }

    #[test]
    fn pull_secrets_come_from_the_account_unless_the_pod_has_its_own() {
        let objects = Objects::default().with(
            "/serviceaccounts/default/default",
            json!({"imagePullSecrets": [{"name": "reg"}]}),
        );
        let mut pod = json!({"spec": {}});
        admit(&mut pod_create(&mut pod), &objects).unwrap();
        assert_eq!(pod["spec"]["imagePullSecrets"], json!([{"name": "reg"}]));
        let mut pod = json!({"spec": {"imagePullSecrets": [{"name": "own"}]}});
        admit(&mut pod_create(&mut pod), &objects).unwrap();
        assert_eq!(pod["spec"]["imagePullSecrets"], json!([{"name": "own"}]));
    }

    #[test]
    fn only_a_new_namespace_is_worth_waiting_for() {
        let namespace = (
            "/namespaces//default",
            json!({"status": {"phase": "Active"}}),
        );
        let waiting = Objects::default().with(namespace.0, namespace.1.clone());
        let mut pod = json!({"spec": {}});
        assert!(awaits_account(&pod_create(&mut pod), &waiting));
        assert!(
            !awaits_account(&pod_create(&mut pod), &Objects::default()),
            "no namespace"
        );
        let there = waiting.with("/serviceaccounts/default/default", json!({}));
        assert!(!awaits_account(&pod_create(&mut pod), &there));
        let mut other = json!({"spec": {"serviceAccountName": "robot"}});
        assert!(!awaits_account(
            &pod_create(&mut other),
            &Objects::default().with(namespace.0, namespace.1)
        ));
    }

    #[test]
    fn mirror_pods_name_no_account() {
        let mut pod = json!({"metadata": {"name": "m", "annotations": {MIRROR: "x"}}, "spec": {}});
        admit(&mut pod_create(&mut pod), &Objects::default()).unwrap();
        pod["spec"]["serviceAccountName"] = json!("robot");
        let error = admit(&mut pod_create(&mut pod), &Objects::default()).unwrap_err();
        assert!(
            error
                .message()
                .ends_with("a mirror pod may not reference service accounts")
        );
    }
}
