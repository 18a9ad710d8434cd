//! Makes the ServiceAccount `default` in every namespace, for pods that name none.

use std::sync::Arc;

use serde_json::json;

use crate::action::{Action, execute};
use crate::context::{Context, Work};
use crate::objects::{Key, Meta, Namespace, SERVICE_ACCOUNT};
use crate::worker::{self, Next};

/// The ServiceAccount that every namespace has.
const DEFAULT: &str = "default";

/// What to do for a namespace that has its account or not.
fn reconcile(namespace: &Namespace, has_account: bool) -> Option<Action> {
    if has_account || namespace.status.phase == "Terminating" || namespace.metadata.is_deleting() {
        return None;
    }
    let name = namespace.metadata.name();
    Some(Action::Create {
        kind: &SERVICE_ACCOUNT,
        namespace: name.into(),
        body: json!({
            "apiVersion": "v1",
            "kind": SERVICE_ACCOUNT.kind,
            "metadata": {"name": DEFAULT, "namespace": name},
        }),
    })
}

/// Registers the controller's interest in changes and returns its work.
pub fn start(context: &Arc<Context>) -> Work {
    let queue = context.queue::<Key>("serviceaccount");
    let recorder = context.recorder("serviceaccount-controller");
    let q = queue.clone();
    context.informers.namespaces.on_change(move |change| {
        if let Some(namespace) = change.new {
            q.add(Key::of(&namespace.metadata));
        }
    });
    let q = queue.clone();
    context.informers.service_accounts.on_change(move |change| {
        if let (Some(gone), None) = (change.old, change.new)
            && gone.metadata.name() == DEFAULT
        {
            q.add(Key::new("", gone.metadata.namespace()));
        }
    });
    let shutdown = context.shutdown.clone();
    let context = context.clone();
    Box::pin(worker::work(
        "serviceaccount",
        queue,
        1,
        shutdown,
        move |key: Key| {
            let (context, recorder) = (context.clone(), recorder.clone());
            async move {
                let Some(namespace) = context.informers.namespaces.get(&key) else {
                    return Ok(Next::default());
                };
                let account = context
                    .informers
                    .service_accounts
                    .get(&Key::new(key.name.as_str(), DEFAULT));
                if let Some(action) = reconcile(&namespace, account.is_some()) {
                    match execute(&context.writer, &recorder, action).await {
                        Err(error) if error.settles_namespace_object() => {}
                        other => drop(other?),
                    }
                }
                Ok(Next::default())
            }
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_live_namespace_gets_its_account_once() {
        let namespace = |yaml: &str| serde_yaml::from_str::<Namespace>(yaml).unwrap();
        let live = namespace("{metadata: {name: a}, status: {phase: Active}}");
        let Some(Action::Create {
            namespace: place,
            body,
            ..
        }) = reconcile(&live, false)
        else {
            panic!()
        };
        assert_eq!(
            (place.as_str(), body["metadata"]["name"].as_str()),
            ("a", Some("default"))
        );
        assert_eq!(reconcile(&live, true), None);
        assert_eq!(
            reconcile(
                &namespace("{metadata: {name: a}, status: {phase: Terminating}}"),
                false
            ),
            None
        );
    }
}
