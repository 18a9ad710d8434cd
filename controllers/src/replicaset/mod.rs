//! The ReplicaSet controller: keeps as many pods of one template as are wanted.
//!
//! Creates and deletes go out side by side, at most [`reconcile::BURST`] a sync, while the status, which every pod's change
//! touches, is written at most once per rest: a thousand pods becoming ready cost some tens of status writes.

pub mod ranking;
mod reconcile;
#[cfg(test)]
mod simulation;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::clock;
use crate::context::{Context, Work};
use crate::error::Error;
use crate::expectations;
use crate::informer::Change;
use crate::objects::{Key, Meta, POD, Pod, REPLICA_SET, ReplicaSet};
use crate::ownership;
use crate::pod_control::PodControl;
use crate::queue::Queue;
use crate::selector::{self, SelectorIndex};
use crate::worker::{self, Next};
use crate::writer::{DeleteOptions, PatchType, Target};

use reconcile::{Failure, Need};

/// Pods' changes within this time are counted together …
const REST: Duration = Duration::from_millis(25);
/// … and so much more for every pod, for that many have to be counted.
const REST_PER_POD: Duration = Duration::from_micros(50);
/// The longest such time.
const MAX_REST: Duration = Duration::from_millis(500);

struct Controller {
    context: Arc<Context>,
    queue: Arc<Queue<Key>>,
    pods: Arc<PodControl>,
    selectors: Mutex<SelectorIndex>,
}

/// Registers the controller's interest in changes and returns its work.
pub fn start(context: &Arc<Context>) -> Work {
    let controller = Arc::new(Controller {
        context: context.clone(),
        queue: context.queue("replicaset"),
        pods: PodControl::new(context, "replicaset-controller"),
        selectors: Mutex::default(),
    });
    let c = controller.clone();
    context
        .informers
        .replica_sets
        .on_change(move |change| c.set_changed(change));
    let c = controller.clone();
    context
        .informers
        .pods
        .on_change(move |change| c.pod_changed(change));
    let (queue, limit) = (controller.queue.clone(), context.config.concurrent_syncs);
    let shutdown = context.shutdown.clone();
    Box::pin(worker::work(
        "replicaset",
        queue,
        limit,
        shutdown,
        move |key| {
            let controller = controller.clone();
            async move { controller.sync(key).await }
        },
    ))
}

/// The key of the ReplicaSet that a pod names as its controller.
fn owner_key(pod: &Pod) -> Option<Key> {
    let owner = pod.metadata.controller()?;
    (owner.kind == REPLICA_SET.kind && owner.api_version == REPLICA_SET.api_version())
        .then(|| Key::new(pod.metadata.namespace(), owner.name.as_str()))
}

/// Whether a pod's change means nothing to its ReplicaSet.
fn is_irrelevant(old: &Pod, new: &Pod) -> bool {
    old.status.phase == new.status.phase
        && old.ready_since() == new.ready_since()
        && old.is_ready() == new.is_ready()
        && old.metadata.deletion_timestamp == new.metadata.deletion_timestamp
        && old.metadata.labels == new.metadata.labels
        && old.metadata.owner_references == new.metadata.owner_references
}

impl Controller {
    fn set_changed(&self, change: &Change<'_, ReplicaSet>) {
        let Some(latest) = change.latest() else {
            return;
        };
        let key = Key::of(&latest.metadata);
        let mut selectors = self.selectors.lock();
        match selector::compile(&latest.spec.selector) {
            Ok(selector) if change.new.is_some() => selectors.set(key.clone(), selector),
            _ => selectors.remove(&key),
        }
        drop(selectors);
        match (change.old, change.new) {
            (_, None) => self.pods.expectations.forget(&key),
            // A new size is acted on at once, whatever rest the last status asked for.
            (Some(old), Some(new)) if old.metadata.generation == new.metadata.generation => {
                self.queue.add(key)
            }
            _ => self.queue.add_at_once(key),
        }
    }

    fn pod_changed(&self, change: &Change<'_, Pod>) {
        match (change.old, change.new) {
            (None, Some(pod)) => self.pod_added(pod),
            (Some(old), Some(new)) => self.pod_updated(old, new),
            (Some(old), None) => self.pod_removed(old),
            (None, None) => {}
        }
    }

    fn pod_added(&self, pod: &Pod) {
        match owner_key(pod) {
            Some(_) if pod.metadata.is_deleting() => self.pod_removed(pod),
            Some(key) => {
                if self.pods.expectations.created(&key) {
                    self.queue.add_at_once(key);
                } else {
                    self.queue.add(key);
                }
            }
            None => self.orphan_seen(pod),
        }
    }

    fn pod_updated(&self, old: &Pod, new: &Pod) {
        if is_irrelevant(old, new) {
            return;
        }
        let (before, after) = (owner_key(old), owner_key(new));
        if before != after
            && let Some(key) = before
        {
            self.queue.add(key);
        }
        match after {
            Some(key) => {
                let dying = new.metadata.is_deleting() && !old.metadata.is_deleting();
                if dying && self.pods.expectations.deleted(&key, new.metadata.uid()) {
                    self.queue.add_at_once(key);
                } else {
                    self.queue.add(key);
                }
            }
            None => self.orphan_seen(new),
        }
    }

    fn pod_removed(&self, pod: &Pod) {
        if let Some(key) = owner_key(pod) {
            if self.pods.expectations.deleted(&key, pod.metadata.uid()) {
                self.queue.add_at_once(key);
            } else {
                self.queue.add(key);
            }
        }
    }

    fn orphan_seen(&self, pod: &Pod) {
        let meta = &pod.metadata;
        if meta.controller().is_none() && !meta.is_deleting() {
            let selectors = self.selectors.lock();
            selectors.matching(meta.namespace(), meta.labels(), |key| {
                self.queue.add(key.clone())
            });
        }
    }

    async fn sync(self: Arc<Self>, key: Key) -> Result<Next, Error> {
        let Some(set) = self.context.informers.replica_sets.get(&key) else {
            self.pods.expectations.forget(&key);
            return Ok(Next::default());
        };
        // Before the pods are read: what is seen in between can only make this too careful.
        let satisfied = self.pods.expectations.satisfied(&key, Instant::now());
        let selector = selector::compile(&set.spec.selector)?;
        let claim = self.context.informers.pods.read(|pods| {
            let owned = pods.controlled_by(set.metadata.uid());
            let orphans = pods
                .orphans(&key.namespace)
                .filter(|p| p.is_active() && !selector.is_everything());
            ownership::claim(&set.metadata, &selector, owned.chain(orphans).cloned())
        });
        let writer = &self.context.writer;
        if ownership::settle(writer, &REPLICA_SET, &set.metadata, &claim, None).await? {
            return Ok(Next::default());
        }
        let pods = claim.owned;
        let outcome = match reconcile::need(&set, &pods, satisfied) {
            Need::Nothing => Ok(()),
            Need::Create(count) => self.create(&key, &set, count).await,
            Need::Delete(count) => self.clone().delete(&key, &set, &pods, count).await,
        };
        let failure = match &outcome {
            Ok(()) => Ok(()),
            Err((reason, error)) => Err(Failure {
                reason,
                message: error.message(),
            }),
        };
        self.write_status(&set, &pods, failure).await?;
        outcome.map_err(|(_, error)| error)?;
        let rest = REST + REST_PER_POD * u32::try_from(pods.len()).unwrap_or(u32::MAX);
        Ok(Next {
            // What is never seen must not be waited for without end.
            after: if satisfied {
                reconcile::next_available(&set, &pods, clock::now())
            } else {
                Some(expectations::TIMEOUT)
            },
            rest: rest.min(MAX_REST),
        })
    }

    async fn write_status(
        &self,
        set: &ReplicaSet,
        pods: &[Arc<Pod>],
        failure: Result<(), Failure>,
    ) -> Result<(), Error> {
        let next = reconcile::patch(&reconcile::status(set, pods, failure, clock::now()));
        if next == reconcile::patch(&set.status) {
            return Ok(());
        }
        let target = Target::new(&REPLICA_SET, set.metadata.namespace(), set.metadata.name());
        let body = serde_json::json!({ "status": next });
        let result = self
            .context
            .writer
            .patch(target, Some("status"), PatchType::Merge, &body)
            .await;
        match result {
            Err(error) if error.is_not_found() => Ok(()),
            other => other.map(drop),
        }
    }

    async fn create(
        &self,
        key: &Key,
        set: &Arc<ReplicaSet>,
        count: usize,
    ) -> Result<(), (&'static str, Error)> {
        let body = Bytes::from(reconcile::pod(set).to_string());
        let about = REPLICA_SET.reference(&set.metadata);
        let (_, error) = self.pods.create(key, &about, vec![body; count]).await;
        error.map_or(Ok(()), |error| Err(("FailedCreate", error)))
    }

    async fn delete(
        self: Arc<Self>,
        key: &Key,
        set: &Arc<ReplicaSet>,
        pods: &[Arc<Pod>],
        count: usize,
    ) -> Result<(), (&'static str, Error)> {
        let active: Vec<_> = pods.iter().filter(|p| p.is_active()).cloned().collect();
        let chosen = ranking::choose(active, &self.related(set), count, clock::now());
        let uids = chosen.iter().map(|p| p.metadata.uid().to_owned());
        self.pods.expectations.expect(key, 0, uids, Instant::now());
        let about = REPLICA_SET.reference(&set.metadata);
        let once = |i: usize| {
            let (controller, key, about) = (self.clone(), key.clone(), about.clone());
            let pod = chosen.get(i).cloned();
            async move {
                let Some(pod) = pod else { return Ok(()) };
                let target = Target::new(&POD, &key.namespace, pod.metadata.name());
                let options = DeleteOptions::default();
                let outcome = controller.context.writer.delete(target, &options).await;
                controller.pods.deleted(&key, &about, &pod, outcome)
            }
        };
        let (_, error) = worker::all_at_once(chosen.len(), once).await;
        error.map_or(Ok(()), |error| Err(("FailedDelete", error)))
    }

    /// The pods of all ReplicaSets that have the same controller, for they should be spread together.
    fn related(&self, set: &ReplicaSet) -> Vec<Arc<Pod>> {
        let informers = &self.context.informers;
        let siblings: Vec<String> = match set.metadata.controller() {
            None => vec![set.metadata.uid().to_owned()],
            Some(owner) => informers.replica_sets.read(|sets| {
                sets.controlled_by(&owner.uid)
                    .map(|s| s.metadata.uid().to_owned())
                    .collect()
            }),
        };
        informers.pods.read(|pods| {
            siblings
                .iter()
                .flat_map(|uid| pods.controlled_by(uid))
                .cloned()
                .collect()
        })
    }
}
