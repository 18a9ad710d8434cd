//! Publishes the cluster's CA bundle as the ConfigMap `kube-root-ca.crt` in every namespace, where pods mount it.

use std::sync::Arc;

use serde_json::json;

use crate::action::{Action, execute};
use crate::context::{Context, Work};
use crate::objects::{CONFIG_MAP, ConfigMap, Key, Meta, Namespace};
use crate::worker::{self, Next};

/// The ConfigMap's name.
pub const NAME: &str = "kube-root-ca.crt";
/// Its one entry.
const ENTRY: &str = "ca.crt";
/// Its annotation that says what it is for.
const DESCRIPTION: &str = "kubernetes.io/description";
const FOR: &str = "The CA certificates that verify this cluster's API server inside the cluster.";

/// What to do for a namespace whose ConfigMap is this.
fn reconcile(namespace: &Namespace, current: Option<&ConfigMap>, bundle: &str) -> Option<Action> {
    if namespace.status.phase == "Terminating" || namespace.metadata.is_deleting() {
        return None;
    }
    let place = namespace.metadata.name();
    match current {
        None => Some(Action::Create {
            kind: &CONFIG_MAP,
            namespace: place.into(),
            body: json!({
                "apiVersion": "v1",
                "kind": CONFIG_MAP.kind,
                "metadata": {"name": NAME, "namespace": place, "annotations": {DESCRIPTION: FOR}},
                "data": {ENTRY: bundle},
            }),
        }),
        Some(map) if map.data.len() == 1 && map.data.get(ENTRY).is_some_and(|b| b == bundle) => {
            None
        }
        Some(map) => {
            let strangers = map
                .data
                .keys()
                .filter(|k| *k != ENTRY)
                .map(|k| (k.clone(), None));
            let mut data: std::collections::BTreeMap<String, Option<&str>> = strangers.collect();
            data.insert(ENTRY.into(), Some(bundle));
            Some(Action::merge(
                &CONFIG_MAP,
                &map.metadata,
                json!({ "data": data }),
            ))
        }
    }
}

/// Registers the controller's interest in changes and returns its work.
pub fn start(context: &Arc<Context>) -> Work {
    let queue = context.queue::<Key>("root-ca-certificate-publisher");
    let recorder = context.recorder("root-ca-certificate-publisher");
    let q = queue.clone();
    context.informers.namespaces.on_change(move |change| {
        if let Some(namespace) = change.new {
            q.add(Key::of(&namespace.metadata));
        }
    });
    let q = queue.clone();
    context.informers.root_ca.on_change(move |change| {
        if let Some(map) = change.latest() {
            q.add(Key::new("", map.metadata.namespace()));
        }
    });
    let shutdown = context.shutdown.clone();
    let context = context.clone();
    let sync = move |key: Key| {
        let (context, recorder) = (context.clone(), recorder.clone());
        async move {
            let bundle = &context.config.root_ca;
            let Some(namespace) = context
                .informers
                .namespaces
                .get(&key)
                .filter(|_| !bundle.is_empty())
            else {
                return Ok(Next::default());
            };
            let current = context
                .informers
                .root_ca
                .get(&Key::new(key.name.as_str(), NAME));
            if let Some(action) = reconcile(&namespace, current.as_deref(), bundle) {
                match execute(&context.writer, &recorder, action).await {
                    Err(error) if error.settles_namespace_object() => {}
                    other => drop(other?),
                }
            }
            Ok(Next::default())
        }
    };
    Box::pin(worker::work(
        "root-ca-certificate-publisher",
        queue,
        1,
        shutdown,
        sync,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundle_is_published_and_kept_as_it_is() {
        let namespace: Namespace =
            serde_yaml::from_str("{metadata: {name: a}, status: {phase: Active}}").unwrap();
        let map = |yaml: &str| serde_yaml::from_str::<ConfigMap>(yaml).unwrap();
        let Some(Action::Create { body, .. }) = reconcile(&namespace, None, "PEM") else {
            panic!()
        };
        assert_eq!(body["data"], json!({"ca.crt": "PEM"}));
        let right = map("{metadata: {name: kube-root-ca.crt, namespace: a}, data: {ca.crt: PEM}}");
        assert_eq!(reconcile(&namespace, Some(&right), "PEM"), None);
        let wrong = map(
            "{metadata: {name: kube-root-ca.crt, namespace: a}, data: {ca.crt: OLD, extra: x}}",
        );
        let Some(Action::Patch { body, .. }) = reconcile(&namespace, Some(&wrong), "PEM") else {
            panic!()
        };
        assert_eq!(body, json!({"data": {"ca.crt": "PEM", "extra": null}}));
    }
}
