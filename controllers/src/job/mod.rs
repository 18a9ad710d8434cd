//! The Job controller: runs pods until enough of them succeeded.
//!
//! Not for: deleting Jobs that are over, which the TTL controller does, or making them on a schedule.

mod backoff;
mod indexes;
mod pods;
mod policy;
mod removal;
mod sync;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::time::Instant;

use crate::clock;
use crate::context::{Context, Work};
use crate::error::Error;
use crate::expectations::{self, Written};
use crate::informer::Change;
use crate::objects::{JOB, Job, Key, Meta, POD, Pod};
use crate::ownership;
use crate::pod_control::PodControl;
use crate::queue::Queue;
use crate::selector::{self, SelectorIndex};
use crate::worker::{self, Next};
use crate::writer::{DeleteOptions, PatchType, Target};

use sync::{Need, Sync, View};

/// Pods' changes within this time are counted together …
const REST: Duration = Duration::from_millis(50);
/// … and so much more for every pod.
const REST_PER_POD: Duration = Duration::from_micros(50);
/// This controller's name in `spec.managedBy`.
const CONTROLLER_NAME: &str = "kubernetes.io/job-controller";

struct Controller {
    context: Arc<Context>,
    queue: Arc<Queue<Key>>,
    /// Tracked pods whose Job is gone or over.
    orphans: Arc<Queue<Key>>,
    pods: Arc<PodControl>,
    written: Written,
    selectors: Mutex<SelectorIndex>,
    /// By Job: pods whose finalizers were removed though the cache still shows them.
    untracked: Mutex<HashMap<Key, HashSet<String>>>,
    backoff: Mutex<HashMap<Key, backoff::Record>>,
}

/// Registers the controller's interest in changes and returns its work.
pub fn start(context: &Arc<Context>) -> Work {
    let controller = Arc::new(Controller {
        context: context.clone(),
        queue: context.queue("job"),
        orphans: context.queue("job_orphan_pod"),
        pods: PodControl::new(context, "job-controller"),
        written: Written::default(),
        selectors: Mutex::default(),
        untracked: Mutex::default(),
        backoff: Mutex::default(),
    });
    let c = controller.clone();
    context
        .informers
        .jobs
        .on_change(move |change| c.job_changed(change));
    let c = controller.clone();
    context
        .informers
        .pods
        .on_change(move |change| c.pod_changed(change));
    let limit = context.config.concurrent_syncs;
    let (queue, orphans) = (controller.queue.clone(), controller.orphans.clone());
    let (one, two) = (context.shutdown.clone(), context.shutdown.clone());
    let other = controller.clone();
    let syncs = worker::work("job", queue, limit, one, move |key| {
        let controller = controller.clone();
        async move { controller.sync(key).await }
    });
    let releases = worker::work("job-orphan-pod", orphans, limit, two, move |key| {
        let controller = other.clone();
        async move { controller.release(key).await }
    });
    Box::pin(async move {
        tokio::join!(syncs, releases);
    })
}

/// The key of the Job that a pod names as its controller.
fn owner_key(pod: &Pod) -> Option<Key> {
    let owner = pod.metadata.controller()?;
    (owner.kind == JOB.kind && owner.api_version == JOB.api_version())
        .then(|| Key::new(pod.metadata.namespace(), owner.name.as_str()))
}

/// Whether somebody else looks after a Job.
fn is_foreign(job: &Job) -> bool {
    job.spec
        .managed_by
        .as_ref()
        .is_some_and(|m| m != CONTROLLER_NAME)
}

impl Controller {
    fn job_changed(&self, change: &Change<'_, Job>) {
        let Some(job) = change.latest() else { return };
        let key = Key::of(&job.metadata);
        let mut selectors = self.selectors.lock();
        match selector::compile(&job.spec.selector) {
            Ok(selector) if change.new.is_some() => selectors.set(key.clone(), selector),
            _ => selectors.remove(&key),
        }
        drop(selectors);
        if change.new.is_none() {
            self.pods.expectations.forget(&key);
            self.written.forget(job.metadata.uid());
            self.untracked.lock().remove(&key);
            self.backoff.lock().remove(&key);
            self.release_pods_of(job);
            return;
        }
        let spec_changed = change
            .old
            .is_none_or(|old| old.metadata.generation != job.metadata.generation);
        if spec_changed {
            self.queue.add_at_once(key);
        } else {
            self.queue.add(key);
        }
    }

    /// Nothing counts the pods of a Job that is gone or over: they must not be kept by its finalizer.
    fn release_pods_of(&self, job: &Job) {
        self.context.informers.pods.read(|pods| {
            for pod in pods
                .controlled_by(job.metadata.uid())
                .filter(|p| pods::is_tracked(p))
            {
                self.orphans.add(Key::of(&pod.metadata));
            }
        });
    }

    fn pod_changed(&self, change: &Change<'_, Pod>) {
        let Some(pod) = change.latest() else { return };
        let Some(key) = owner_key(pod) else {
            self.stray_changed(change, pod);
            return;
        };
        let uid = pod.metadata.uid();
        if change.new.is_none() || !pods::is_tracked(pod) {
            if let Some(uids) = self.untracked.lock().get_mut(&key) {
                uids.remove(uid);
            }
        } else if self.context.informers.jobs.get(&key).is_none() {
            // The pod may have come before its Job: the release looks again.
            self.orphans
                .add_after(Key::of(&pod.metadata), Duration::from_secs(1));
        }
        let dying = |p: &Pod| p.metadata.is_deleting();
        let last = match (change.old, change.new) {
            (None, Some(new)) if !dying(new) => self.pods.expectations.created(&key),
            (Some(old), Some(new)) if dying(old) || !dying(new) => false,
            _ => self.pods.expectations.deleted(&key, uid),
        };
        if last {
            self.queue.add_at_once(key);
        } else {
            self.queue.add(key);
        }
    }

    /// A pod without a Job: one that a Job may adopt, or one that a Job left behind.
    fn stray_changed(&self, change: &Change<'_, Pod>, pod: &Pod) {
        if let Some(key) = change.old.and_then(|old| owner_key(old)) {
            self.queue.add(key);
        }
        if change.new.is_none() || pod.metadata.controller().is_some() {
            return;
        }
        if pods::is_tracked(pod) {
            self.orphans.add(Key::of(&pod.metadata));
        }
        let news = change.old.is_none_or(|old| {
            old.metadata.labels != pod.metadata.labels
                || old.metadata.owner_references != pod.metadata.owner_references
        });
        if news && !pod.metadata.is_deleting() {
            let selectors = self.selectors.lock();
            selectors.matching(pod.metadata.namespace(), pod.metadata.labels(), |key| {
                self.queue.add(key.clone())
            });
        }
    }

    async fn sync(self: Arc<Self>, key: Key) -> Result<Next, Error> {
        let Some(job) = self
            .context
            .informers
            .jobs
            .get(&key)
            .filter(|j| !is_foreign(j))
        else {
            return Ok(Next::default());
        };
        if sync::is_finished(&job) {
            self.backoff.lock().remove(&key);
            self.release_pods_of(&job);
            return Ok(Next::default());
        }
        let now = Instant::now();
        if self.written.is_behind(&job.metadata, now) {
            return Err(Error::Stale);
        }
        let satisfied = self.pods.expectations.satisfied(&key, now);
        let selector = selector::compile(&job.spec.selector)?;
        let claim = self.context.informers.pods.read(|pods| {
            let owned = pods.controlled_by(job.metadata.uid());
            let orphans = pods
                .orphans(&key.namespace)
                .filter(|_| !selector.is_everything());
            ownership::claim(&job.metadata, &selector, owned.chain(orphans).cloned())
        });
        let writer = &self.context.writer;
        if ownership::settle(
            writer,
            &JOB,
            &job.metadata,
            &claim,
            Some(pods::TRACKING_FINALIZER),
        )
        .await?
        {
            return Ok(Next::default());
        }
        let count = claim.owned.len();
        let view = View {
            pods: claim.owned,
            satisfied,
            untracked: self.untracked.lock().get(&key).cloned().unwrap_or_default(),
            backoff: self.backoff.lock().get(&key).copied().unwrap_or_default(),
            now: clock::now(),
            job: job.clone(),
        };
        let sync = Sync::new(view);
        let after = self.run(&key, &job, sync).await?;
        // What is never seen must not be waited for without end.
        let after = after.or((!satisfied).then_some(expectations::TIMEOUT));
        let rest = REST + REST_PER_POD * u32::try_from(count).unwrap_or(u32::MAX);
        Ok(Next { after, rest })
    }

    /// Carries a sync through: pods, status, finalizers, status.
    async fn run(
        self: Arc<Self>,
        key: &Key,
        job: &Arc<Job>,
        mut sync: Sync,
    ) -> Result<Option<Duration>, Error> {
        let about = JOB.reference(&job.metadata);
        let failure = match sync.need() {
            Need::Nothing => {
                sync.managed(0, &[]);
                None
            }
            Need::Create(bodies) => {
                let bodies = bodies.iter().map(|b| Bytes::from(b.to_string())).collect();
                let (created, error) = self.pods.create(key, &about, bodies).await;
                sync.managed(created, &[]);
                error
            }
            Need::CreateAlike(count, body) => {
                let body = Bytes::from(body.to_string());
                let bodies = vec![body; count];
                let (created, error) = self.pods.create(key, &about, bodies).await;
                sync.managed(created, &[]);
                error
            }
            Need::Delete { pods, untrack } => {
                let (deleted, error) = self.clone().delete(key, job, pods, untrack).await;
                sync.managed(0, &deleted);
                error
            }
        };
        let tracking = sync.track();
        let mut version = job.metadata.version().to_owned();
        if tracking.flush {
            version = self.write_status(job, &sync.patch(&version)).await?;
            self.backoff.lock().insert(key.clone(), sync.backoff);
        }
        let (untracked, error) = self.clone().untrack(key, tracking.untrack).await;
        if sync.settle(&untracked) {
            self.write_status(job, &sync.patch(&version)).await?;
        }
        for event in sync.events.drain(..) {
            event.record(&self.pods.recorder);
        }
        match failure.or(error) {
            Some(error) => Err(error),
            None => Ok(sync.again_after),
        }
    }

    async fn write_status(&self, job: &Job, patch: &Value) -> Result<String, Error> {
        let target = Target::new(&JOB, job.metadata.namespace(), job.metadata.name());
        let written = self
            .context
            .writer
            .patch(target, Some("status"), PatchType::Merge, patch)
            .await?;
        self.written.note(&written.metadata, Instant::now());
        Ok(written.metadata.version().to_owned())
    }

    /// Deletes pods; returns those that are gone or going.
    async fn delete(
        self: Arc<Self>,
        key: &Key,
        job: &Job,
        doomed: Vec<Arc<Pod>>,
        untrack: bool,
    ) -> (Vec<Arc<Pod>>, Option<Error>) {
        if doomed.is_empty() {
            return (doomed, None);
        }
        if untrack {
            let uids = doomed.iter().map(|p| p.metadata.uid().to_owned());
            self.pods.expectations.expect(key, 0, uids, Instant::now());
        }
        let about = JOB.reference(&job.metadata);
        let gone = Arc::new(Mutex::new(Vec::new()));
        let once = |i: usize| {
            let (controller, key, about, gone) =
                (self.clone(), key.clone(), about.clone(), gone.clone());
            let pod = doomed.get(i).cloned();
            async move {
                let Some(pod) = pod else { return Ok(()) };
                let outcome = controller.delete_one(&pod, untrack).await;
                controller.pods.deleted(&key, &about, &pod, outcome)?;
                gone.lock().push(pod);
                Ok(())
            }
        };
        let (_, error) = worker::all_at_once(doomed.len(), once).await;
        let gone = std::mem::take(&mut *gone.lock());
        (gone, error)
    }

    async fn delete_one(&self, pod: &Pod, untrack: bool) -> Result<(), Error> {
        let writer = &self.context.writer;
        let target = Target::new(&POD, pod.metadata.namespace(), pod.metadata.name());
        if untrack && pods::is_tracked(pod) {
            writer
                .patch(target, None, PatchType::Strategic, &pods::untrack())
                .await?;
        }
        writer.delete(target, &DeleteOptions::default()).await
    }

    /// Removes finalizers; returns the uids of the pods that lost theirs.
    async fn untrack(
        self: Arc<Self>,
        key: &Key,
        counted: Vec<Arc<Pod>>,
    ) -> (HashSet<String>, Option<Error>) {
        if counted.is_empty() {
            return (HashSet::new(), None);
        }
        let uids = counted.iter().map(|p| p.metadata.uid().to_owned());
        self.untracked
            .lock()
            .entry(key.clone())
            .or_default()
            .extend(uids);
        let done = Arc::new(Mutex::new(HashSet::new()));
        let once = |i: usize| {
            let (controller, key, done) = (self.clone(), key.clone(), done.clone());
            let pod = counted.get(i).cloned();
            async move {
                let Some(pod) = pod else { return Ok(()) };
                let uid = pod.metadata.uid();
                let target = Target::new(&POD, pod.metadata.namespace(), pod.metadata.name());
                let result = controller
                    .context
                    .writer
                    .patch(target, None, PatchType::Strategic, &pods::untrack())
                    .await;
                if let Err(error) = result {
                    if let Some(uids) = controller.untracked.lock().get_mut(&key) {
                        uids.remove(uid);
                    }
                    if !error.is_not_found() {
                        return Err(error);
                    }
                }
                done.lock().insert(uid.to_owned());
                Ok(())
            }
        };
        let (_, error) = worker::all_at_once(counted.len(), once).await;
        let done = std::mem::take(&mut *done.lock());
        (done, error)
    }

    /// Takes the finalizer from a pod that no Job will count.
    async fn release(self: Arc<Self>, key: Key) -> Result<Next, Error> {
        let Some(pod) = self
            .context
            .informers
            .pods
            .get(&key)
            .filter(|p| pods::is_tracked(p))
        else {
            return Ok(Next::default());
        };
        if let (Some(owner), Some(job_key)) = (pod.metadata.controller(), owner_key(&pod)) {
            let job = self
                .context
                .informers
                .jobs
                .get(&job_key)
                .filter(|j| j.metadata.uid() == owner.uid);
            if job.is_some_and(|j| !sync::is_finished(&j) || is_foreign(&j)) {
                return Ok(Next::default());
            }
        }
        let target = Target::new(&POD, &key.namespace, &key.name);
        match self
            .context
            .writer
            .patch(target, None, PatchType::Strategic, &pods::untrack())
            .await
        {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(Next::default()),
        }
    }
}
