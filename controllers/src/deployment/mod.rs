//! The Deployment controller: keeps a ReplicaSet for every template that a Deployment had, and moves its pods to the newest.
//!
//! Not for: pods, which the ReplicaSet controller makes.

mod numbers;
mod reconcile;
mod revision;
#[cfg(test)]
mod simulation;
mod status;
mod template;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use hydrofoil_client::events::Recorder;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::time::Instant;

use crate::action::{self, Action};
use crate::clock;
use crate::context::{Context, Work};
use crate::error::Error;
use crate::expectations::Written;
use crate::objects::{DEPLOYMENT, Deployment, Key, Meta, Pod, REPLICA_SET, ReplicaSet};
use crate::ownership;
use crate::queue::Queue;
use crate::selector::{self, SelectorIndex};
use crate::worker::{self, Next};
use crate::writer::Target;

/// ReplicaSets' status changes within this time are worked on together.
const REST: Duration = Duration::from_millis(20);

struct Controller {
    context: Arc<Context>,
    queue: Arc<Queue<Key>>,
    recorder: Recorder,
    selectors: Mutex<SelectorIndex>,
    written: Written,
}

/// Registers the controller's interest in changes and returns its work.
pub fn start(context: &Arc<Context>) -> Work {
    let controller = Arc::new(Controller {
        context: context.clone(),
        queue: context.queue("deployment"),
        recorder: context.recorder("deployment-controller"),
        selectors: Mutex::default(),
        written: Written::default(),
    });
    let c = controller.clone();
    context.informers.deployments.on_change(move |change| {
        let Some(latest) = change.latest() else {
            return;
        };
        c.deployment_changed(latest, change.new.is_some());
    });
    let c = controller.clone();
    context.informers.replica_sets.on_change(move |change| {
        for set in [change.old, change.new].into_iter().flatten() {
            c.set_changed(set);
        }
        if let (Some(gone), None) = (change.old, change.new) {
            c.written.forget(gone.metadata.uid());
        }
    });
    let c = controller.clone();
    context.informers.pods.on_change(move |change| {
        if let (Some(gone), None) = (change.old, change.new) {
            c.pod_deleted(gone);
        }
    });
    let (queue, limit) = (controller.queue.clone(), context.config.concurrent_syncs);
    let shutdown = context.shutdown.clone();
    Box::pin(worker::work(
        "deployment",
        queue,
        limit,
        shutdown,
        move |key| {
            let controller = controller.clone();
            async move { controller.sync(key).await }
        },
    ))
}

impl Controller {
    fn deployment_changed(&self, deployment: &Deployment, exists: bool) {
        let key = Key::of(&deployment.metadata);
        let mut selectors = self.selectors.lock();
        match selector::compile(&deployment.spec.selector) {
            Ok(selector) if exists => selectors.set(key.clone(), selector),
            _ => selectors.remove(&key),
        }
        drop(selectors);
        self.queue.add(key);
    }

    fn set_changed(&self, set: &ReplicaSet) {
        let meta = &set.metadata;
        match meta.controller() {
            Some(owner) if owner.kind == DEPLOYMENT.kind => {
                self.queue
                    .add(Key::new(meta.namespace(), owner.name.as_str()));
            }
            Some(_) => {}
            None => {
                let selectors = self.selectors.lock();
                selectors.matching(meta.namespace(), meta.labels(), |key| {
                    self.queue.add(key.clone())
                });
            }
        }
    }

    /// `Recreate` waits for the last old pod to go.
    fn pod_deleted(&self, pod: &Pod) {
        let namespace = pod.metadata.namespace();
        let informers = &self.context.informers;
        let deployment = pod
            .metadata
            .controller()
            .filter(|owner| owner.kind == REPLICA_SET.kind)
            .and_then(|owner| {
                informers
                    .replica_sets
                    .get(&Key::new(namespace, owner.name.as_str()))
            })
            .and_then(|set| {
                set.metadata
                    .controller()
                    .map(|o| Key::new(namespace, o.name.as_str()))
            })
            .and_then(|key| informers.deployments.get(&key));
        if let Some(deployment) = deployment
            && !numbers::is_rolling(&deployment)
        {
            self.queue.add(Key::of(&deployment.metadata));
        }
    }

    async fn sync(&self, key: Key) -> Result<Next, Error> {
        let Some(deployment) = self.context.informers.deployments.get(&key) else {
            return Ok(Next::default());
        };
        let selector = selector::compile(&deployment.spec.selector)?;
        let claim = self.context.informers.replica_sets.read(|sets| {
            let owned = sets.controlled_by(deployment.metadata.uid());
            let orphans = sets
                .orphans(&key.namespace)
                .filter(|_| !selector.is_everything());
            ownership::claim(
                &deployment.metadata,
                &selector,
                owned.chain(orphans).cloned(),
            )
        });
        let writer = &self.context.writer;
        if ownership::settle(writer, &DEPLOYMENT, &deployment.metadata, &claim, None).await? {
            return Ok(Next::default());
        }
        let now = Instant::now();
        if claim
            .owned
            .iter()
            .any(|set| self.written.is_behind(&set.metadata, now))
        {
            return Err(Error::Stale);
        }
        let view = reconcile::View {
            living_pods: self.living_pods(&deployment, &claim.owned),
            deployment: deployment.clone(),
            replica_sets: claim.owned,
            now: clock::now(),
        };
        let plan = reconcile::reconcile(view);
        for action in plan.actions {
            if let Action::Create { body, .. } = &action {
                let name = body.pointer("/metadata/name").and_then(Value::as_str);
                let name = name.unwrap_or_default().to_owned();
                let result = action::execute(writer, &self.recorder, action).await;
                if let Err(error) = result {
                    return self.creation_failed(&deployment, &name, error).await;
                }
                continue;
            }
            let is_set = matches!(&action, Action::Patch { kind, .. } if **kind == REPLICA_SET);
            let written = action::execute(writer, &self.recorder, action).await?;
            if let Some(meta) = written.filter(|_| is_set) {
                self.written.note(&meta, now);
            }
        }
        Ok(Next {
            after: plan.again_after,
            rest: REST,
        })
    }

    fn living_pods(
        &self,
        deployment: &Deployment,
        sets: &[Arc<ReplicaSet>],
    ) -> HashMap<String, usize> {
        if numbers::is_rolling(deployment) {
            return HashMap::new();
        }
        self.context.informers.pods.read(|pods| {
            let living = |uid| pods.controlled_by(uid).filter(|p| !p.is_terminal()).count();
            sets.iter()
                .map(|set| (set.metadata.uid().to_owned(), living(set.metadata.uid())))
                .collect()
        })
    }

    /// The name may be taken by the very ReplicaSet that the cache does not show yet, or by another: then the hash collided.
    async fn creation_failed(
        &self,
        deployment: &Deployment,
        name: &str,
        error: Error,
    ) -> Result<Next, Error> {
        let writer = &self.context.writer;
        if error.is_namespace_terminating() {
            return Err(error);
        }
        if error.is_already_exists() {
            let target = Target::new(&REPLICA_SET, deployment.metadata.namespace(), name);
            let live: ReplicaSet = writer.get(target).await?;
            let ours = live
                .metadata
                .controller()
                .is_some_and(|o| o.uid == deployment.metadata.uid());
            if ours && template::same(&live.spec.template.0, &deployment.spec.template.0) {
                return Ok(Next::default());
            }
            action::execute(writer, &self.recorder, reconcile::collided(deployment)).await?;
            return Err(error);
        }
        let actions = reconcile::creation_failed(deployment, name, &error.message(), clock::now());
        action::execute_all(writer, &self.recorder, actions).await?;
        Err(error)
    }
}
