//! Ends namespaces: deletes everything in one that is being deleted, pods first, tells what is left, and lets it go when
//! nothing is.

mod report;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::action::{Action, execute};
use crate::clock;
use crate::context::{Context, Work};
use crate::discovery::Served;
use crate::error::Error;
use crate::objects::{Key, Meta, NAMESPACE, Namespace, POD};
use crate::worker::{self, Next};
use crate::writer::{DeleteOptions, Target};

use report::Findings;

/// The finalizer that this controller takes away at the end.
const FINALIZER: &str = "kubernetes";
/// Kinds that are looked at side by side.
const PARALLEL_KINDS: usize = 8;
/// The first pause before what is left is looked at again; each next one is twice as long …
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// … up to this.
const MAX_PAUSE: Duration = Duration::from_secs(10);
/// How old the list of kinds may be when a namespace's content is deleted.
const MAX_DISCOVERY_AGE: Duration = Duration::from_secs(5);

struct Controller {
    context: Arc<Context>,
    recorder: hydrofoil_client::events::Recorder,
    /// Looks at each namespace so far.
    looks: Mutex<HashMap<String, u32>>,
}

/// Registers the controller's interest in changes and returns its work.
pub fn start(context: &Arc<Context>) -> Work {
    let queue = context.queue::<Key>("namespace");
    let controller = Arc::new(Controller {
        context: context.clone(),
        recorder: context.recorder("namespace-controller"),
        looks: Mutex::default(),
    });
    let (q, c) = (queue.clone(), controller.clone());
    context.informers.namespaces.on_change(move |change| {
        let Some(namespace) = change.latest() else {
            return;
        };
        if change.new.is_none() {
            c.looks.lock().remove(namespace.metadata.uid());
        } else if namespace.metadata.is_deleting() {
            q.add(Key::of(&namespace.metadata));
        }
    });
    let limit = context.config.concurrent_syncs;
    let shutdown = context.shutdown.clone();
    Box::pin(worker::work(
        "namespace",
        queue,
        limit,
        shutdown,
        move |key| {
            let controller = controller.clone();
            async move { controller.sync(key).await }
        },
    ))
}

/// Whether there is still something for this controller to do.
fn is_ours(namespace: &Namespace) -> bool {
    namespace.metadata.is_deleting() && namespace.spec.finalizers.iter().any(|f| f == FINALIZER)
}

/// How long to wait before the next look.
fn pause(looks: u32) -> Duration {
    FIRST_PAUSE
        .saturating_mul(1_u32.checked_shl(looks).unwrap_or(u32::MAX))
        .min(MAX_PAUSE)
}

impl Controller {
    async fn sync(&self, key: Key) -> Result<Next, Error> {
        let Some(namespace) = self
            .context
            .informers
            .namespaces
            .get(&key)
            .filter(|n| is_ours(n))
        else {
            return Ok(Next::default());
        };
        let findings = self.delete_content(&key.name).await;
        self.tell(&namespace, &findings).await?;
        if findings.is_clean() {
            self.looks.lock().remove(namespace.metadata.uid());
            self.finalize(&namespace).await?;
            return Ok(Next::default());
        }
        let mut looks = self.looks.lock();
        let count = looks
            .entry(namespace.metadata.uid().to_owned())
            .or_default();
        let after = pause(*count);
        *count = count.saturating_add(1);
        Ok(Next {
            after: Some(after),
            rest: Duration::ZERO,
        })
    }

    /// Deletes what it can; pods go first, so that nothing they use is taken from under them.
    async fn delete_content(&self, namespace: &str) -> Findings {
        let mut findings = Findings::default();
        let client = self.context.writer.client();
        let kinds = match self.context.catalog.kinds(client, MAX_DISCOVERY_AGE).await {
            Ok(kinds) => kinds,
            Err(error) => {
                findings.discovery_error = Some(error.message());
                return findings;
            }
        };
        let all = kinds
            .iter()
            .filter(|s| s.kind.namespaced && s.deletable && s.watchable);
        let (pods, others): (Vec<Served>, Vec<Served>) = all
            .cloned()
            .partition(|s| s.kind.plural == POD.plural && s.kind.group == POD.group);
        for served in &pods {
            self.delete_kind(served, namespace, &mut findings).await;
        }
        if !findings.is_clean() {
            return findings;
        }
        let looks = futures::stream::iter(others).map(|served| async move {
            let mut found = Findings::default();
            self.delete_kind(&served, namespace, &mut found).await;
            found
        });
        let found: Vec<Findings> = looks.buffer_unordered(PARALLEL_KINDS).collect().await;
        for one in found {
            findings.deletion_errors.extend(one.deletion_errors);
            findings.remaining.extend(one.remaining);
            for (finalizer, count) in one.finalizers {
                *findings.finalizers.entry(finalizer).or_default() += count;
            }
        }
        findings.deletion_errors.sort();
        findings
    }

    async fn delete_kind(&self, served: &Served, namespace: &str, findings: &mut Findings) {
        if let Err(error) = self.try_delete_kind(served, namespace, findings).await
            && !error.is_not_found()
        {
            findings.deletion_errors.push(format!(
                "{}: {}",
                served.kind.group_resource(),
                error.message()
            ));
        }
    }

    async fn try_delete_kind(
        &self,
        served: &Served,
        namespace: &str,
        findings: &mut Findings,
    ) -> Result<(), Error> {
        let writer = &self.context.writer;
        let kind = &served.kind;
        let before = writer.list_metadata(kind, namespace).await?;
        if before.items.is_empty() {
            return Ok(());
        }
        let options = DeleteOptions {
            propagation: Some("Background"),
            ..Default::default()
        };
        if served.collection_deletable {
            writer.delete_collection(kind, namespace, &options).await?;
        } else {
            for item in before.items.iter().filter(|i| !i.metadata.is_deleting()) {
                let target = Target::new(kind, namespace, item.metadata.name());
                match writer.delete(target, &options).await {
                    Err(error) if !error.is_not_found() => return Err(error),
                    _ => {}
                }
            }
        }
        let left = writer.list_metadata(kind, namespace).await?;
        if !left.items.is_empty() {
            let name = format!("{}.{}", kind.plural, kind.group);
            findings.remaining.insert(name, left.items.len());
        }
        for finalizer in left
            .items
            .iter()
            .flat_map(|i| i.metadata.finalizers.iter().flatten())
        {
            *findings.finalizers.entry(finalizer.clone()).or_default() += 1;
        }
        Ok(())
    }

    async fn tell(&self, namespace: &Namespace, findings: &Findings) -> Result<(), Error> {
        let before = &namespace.status.conditions;
        let after = report::conditions(before, findings, clock::now());
        if after == *before && namespace.status.phase == "Terminating" {
            return Ok(());
        }
        let status = json!({"phase": "Terminating", "conditions": after});
        let action = Action::status(&NAMESPACE, &namespace.metadata, status);
        match execute(&self.context.writer, &self.recorder, action).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    /// Takes the finalizer away, at which the API server lets the namespace go.
    async fn finalize(&self, namespace: &Namespace) -> Result<(), Error> {
        let target = Target::new(&NAMESPACE, "", namespace.metadata.name());
        let mut live: Value = match self.context.writer.get(target).await {
            Err(error) if error.is_not_found() => return Ok(()),
            other => other?,
        };
        if live["metadata"]["uid"] != namespace.metadata.uid() {
            return Ok(());
        }
        if let Some(finalizers) = live["spec"]["finalizers"].as_array_mut() {
            finalizers.retain(|f| f != FINALIZER);
        }
        match self
            .context
            .writer
            .replace(target, Some("finalize"), &live)
            .await
        {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_terminating_namespaces_with_the_finalizer_are_ended() {
        let namespace = |yaml: &str| serde_yaml::from_str::<Namespace>(yaml).unwrap();
        let deleting = "deletionTimestamp: '2026-01-01T00:00:00Z'";
        assert!(is_ours(&namespace(&format!(
            "{{metadata: {{name: a, {deleting}}}, spec: {{finalizers: [kubernetes]}}}}"
        ))));
        assert!(!is_ours(&namespace(
            "{metadata: {name: a}, spec: {finalizers: [kubernetes]}}"
        )));
        assert!(!is_ours(&namespace(&format!(
            "{{metadata: {{name: a, {deleting}}}, spec: {{finalizers: [other]}}}}"
        ))));
    }

    #[test]
    fn looks_become_rarer() {
        assert_eq!(pause(0), FIRST_PAUSE);
        assert_eq!(pause(3), FIRST_PAUSE * 8);
        assert_eq!(pause(99), MAX_PAUSE);
    }
}
