//! The kubelet's loop: everything that can wake it is one enum, every pod is one state machine, and whatever the machines ask for
//! is done by short tasks that report back here. This loop never waits for a call.

mod relist;
mod watched;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use hydrofoil_client::events::EventType;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Pod, PodStatus};
use kube::runtime::watcher;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::admission::{self, Amount};
use super::api_write::{self, Written};
use super::execute::{Shared, subject};
use super::labels;
use super::machine::{Action, Event, NodeFacts, PodMachine, Role, SlotIndex};
use super::metrics::Metrics;
use super::objects::Changed;
use super::pleg::{Listing, Told};
use super::probes::{self, Prober};
use super::record::field_path;
use super::references::{self, Reference};
use super::status_write::{Decision, StatusSlot};
use super::view::View;
use crate::clock;

pub(crate) use watched::WatchedPod;

/// Most results of calls waiting for the loop.
pub(crate) const MAX_QUEUED: usize = 8192;
/// Most results taken before the loop looks at timers again.
const BATCH: usize = 256;
/// More pods than this on their way are a crowd …
const CROWD: usize = 16;
/// … as long as some call came back within this time.
const GETTING_ON: SignedDuration = SignedDuration::from_secs(1);
/// A deadline that has passed without effect is looked at again after this.
const STALE_WAKE: SignedDuration = SignedDuration::from_secs(1);
/// A status that the API server tells otherwise this long after our write was overwritten by somebody.
const OVERWRITTEN_AFTER: SignedDuration = SignedDuration::from_secs(5);

/// Everything that a task reports to the loop.
pub(crate) enum Report {
    /// A call of a pod's machine came back.
    Pod(Arc<str>, Event),
    /// A status write ended.
    Written {
        uid: Arc<str>,
        status: Arc<PodStatus>,
        result: Written,
    },
    /// A deletion ended.
    Deleted { uid: Arc<str>, result: Written },
}

struct Entry {
    machine: PodMachine,
    references: Vec<Reference>,
    asked: Amount,
    /// Whether `asked` is in the node's sum.
    counted: bool,
    status: StatusSlot,
    /// What the machine showed when its status was last composed, and that status.
    composed: Option<(u64, Arc<PodStatus>)>,
    written_at: Option<Timestamp>,
    timer: Option<Timestamp>,
    /// Whether it counts as on its way.
    moving: bool,
    seen_at: Timestamp,
    /// Its first settled status was told to the metrics.
    told_start: bool,
}

/// What the loop is made of.
pub(crate) struct Parts {
    pub shared: Arc<Shared>,
    pub prober: Prober,
    pub facts: NodeFacts,
    pub view: Arc<View>,
    pub metrics: Arc<Metrics>,
    pub capacity: Amount,
    pub node_labels: std::collections::BTreeMap<String, String>,
    pub reports: mpsc::Sender<Report>,
    /// Ends the calls in flight.
    pub shutdown: CancellationToken,
    /// What the runtime had before the loop began.
    pub first: Listing,
    pub ready: Option<oneshot::Sender<()>>,
}

/// The streams that wake the loop.
pub(crate) struct Sources<S> {
    pub pods: S,
    pub reports: mpsc::Receiver<Report>,
    pub probed: mpsc::Receiver<(Arc<str>, Event)>,
    pub told: mpsc::Receiver<Told>,
    pub changed: mpsc::Receiver<Changed>,
}

/// The loop's state.
pub(crate) struct PodLoop {
    parts: Parts,
    /// Boxed, because a map that grows moves what is in it.
    pods: HashMap<Arc<str>, Box<Entry>>,
    timers: BinaryHeap<Reverse<(Timestamp, Arc<str>)>>,
    /// Pods that the runtime had something of at the start.
    known: HashSet<String>,
    /// Pods named by the list under way.
    listed: Option<HashSet<Arc<str>>>,
    synced: bool,
    used: Amount,
    moving: usize,
    /// When a call of any pod last came back.
    answered_at: Option<Timestamp>,
    writes: Arc<Semaphore>,
}

impl PodLoop {
    pub(crate) fn new(parts: Parts) -> Self {
        let known = parts
            .first
            .sandboxes
            .iter()
            .filter_map(|sandbox| sandbox.labels.get(labels::POD_UID))
            .chain(
                parts
                    .first
                    .containers
                    .iter()
                    .filter_map(|container| container.labels.get(labels::POD_UID)),
            )
            .cloned()
            .collect();
        let writes = Arc::new(Semaphore::new(
            parts.shared.config.max_parallel_status_writes.max(1),
        ));
        Self {
            parts,
            pods: HashMap::new(),
            timers: BinaryHeap::new(),
            known,
            listed: None,
            synced: false,
            used: Amount::default(),
            moving: 0,
            answered_at: None,
            writes,
        }
    }

    /// Runs until `shutdown`.
    pub(crate) async fn run<S>(mut self, mut sources: Sources<S>, shutdown: CancellationToken)
    where
        S: Stream<Item = Result<watcher::Event<WatchedPod>, watcher::Error>> + Unpin,
    {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let next = self.timers.peek().map(|Reverse((at, _))| instant_of(*at));
            tokio::select! {
                () = shutdown.cancelled() => return,
                taken = sources.reports.recv_many(&mut batch, BATCH) => {
                    if taken == 0 {
                        return;
                    }
                    for report in batch.drain(..) {
                        self.report(report).await;
                    }
                }
                Some((uid, event)) = sources.probed.recv() => self.step(&uid, event).await,
                Some(told) = sources.told.recv() => self.told(told).await,
                Some(changed) = sources.changed.recv() => self.changed(changed).await,
                event = sources.pods.next() => match event {
                    Some(Ok(event)) => self.pod_event(event).await,
                    Some(Err(error)) => tracing::debug!(%error, "the watch of pods broke off"),
                    None => return,
                },
                () = tokio::time::sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => self.fire().await,
            }
        }
    }

    async fn report(&mut self, report: Report) {
        match report {
            Report::Pod(uid, event) => {
                self.answered_at = Some(clock::now());
                self.step(&uid, event).await;
            }
            Report::Written {
                uid,
                status,
                result,
            } => self.written(&uid, status, result).await,
            Report::Deleted { uid, result } => self.deleted(&uid, result).await,
        }
    }

    async fn pod_event(&mut self, event: watcher::Event<WatchedPod>) {
        match event {
            watcher::Event::Init => self.listed = Some(HashSet::new()),
            watcher::Event::InitApply(WatchedPod(pod)) => {
                if let (Some(listed), Some(uid)) = (&mut self.listed, &pod.metadata.uid) {
                    listed.insert(Arc::from(uid.as_str()));
                }
                self.applied(pod).await;
            }
            watcher::Event::InitDone => self.init_done().await,
            watcher::Event::Apply(WatchedPod(pod)) => self.applied(pod).await,
            watcher::Event::Delete(WatchedPod(pod)) => {
                let Some(uid) = pod.metadata.uid.as_deref().map(Arc::<str>::from) else {
                    return;
                };
                if pod.metadata.deletion_timestamp.is_some() {
                    self.step(&uid, Event::Updated(pod)).await;
                }
                self.step(&uid, Event::Removed).await;
            }
        }
    }

    async fn init_done(&mut self) {
        let listed = self.listed.take().unwrap_or_default();
        let gone: Vec<Arc<str>> = self
            .pods
            .keys()
            .filter(|uid| !listed.contains(*uid))
            .cloned()
            .collect();
        for uid in gone {
            self.step(&uid, Event::Removed).await;
        }
        if self.synced {
            return;
        }
        self.synced = true;
        self.known.clear();
        let first = std::mem::replace(
            &mut self.parts.first,
            Listing {
                taken_at: clock::now(),
                sandboxes: Vec::new(),
                containers: Vec::new(),
            },
        );
        self.sweep_orphans(&first);
        self.sweep_directories();
        if let Some(ready) = self.parts.ready.take() {
            let _ = ready.send(());
        }
    }

    /// The API server has this version of a pod.
    async fn applied(&mut self, pod: Arc<Pod>) {
        let Some(uid) = pod.metadata.uid.as_deref().map(Arc::<str>::from) else {
            return;
        };
        let now = clock::now();
        let Some(entry) = self.pods.get_mut(&uid) else {
            self.arrived(uid, pod, now).await;
            return;
        };
        let before = entry.machine.pod();
        if before.metadata.resource_version == pod.metadata.resource_version {
            return;
        }
        let metadata_changed = before.metadata.labels != pod.metadata.labels
            || before.metadata.annotations != pod.metadata.annotations;
        // Somebody else wrote what is ours.
        let overwritten = entry.status.is_idle()
            && entry
                .written_at
                .is_none_or(|at| now.duration_since(at) > OVERWRITTEN_AFTER)
            && entry
                .status
                .acked()
                .is_some_and(|acked| !agree(acked, pod.status.as_ref()));
        if overwritten {
            entry.status.distrust();
            entry.composed = None;
        }
        self.step(&uid, Event::Updated(pod)).await;
        if metadata_changed {
            self.refresh_volumes(&uid);
        }
    }

    async fn arrived(&mut self, uid: Arc<str>, pod: Arc<Pod>, now: Timestamp) {
        let known = self.known.contains(&*uid);
        let asked = Amount::of(&pod);
        let references = references::of(&pod);
        let namespace = pod.metadata.namespace.clone().unwrap_or_default();
        self.parts
            .shared
            .objects
            .acquire(&uid, &namespace, &references);
        let over = pod
            .status
            .as_ref()
            .is_some_and(|status| matches!(status.phase.as_deref(), Some("Succeeded" | "Failed")));
        let began = pod
            .status
            .as_ref()
            .is_some_and(|status| status.start_time.is_some());
        // What this node has taken before is not refused when the kubelet starts again.
        let refused = if known || over || began || pod.metadata.deletion_timestamp.is_some() {
            None
        } else {
            admission::admit(
                &pod,
                asked,
                self.used,
                self.parts.capacity,
                &self.parts.node_labels,
            )
            .err()
        };
        let entry = Entry {
            machine: PodMachine::new(pod.clone(), known, now),
            references,
            asked,
            counted: false,
            status: StatusSlot::new(pod.status.clone().map(Arc::new)),
            composed: None,
            written_at: None,
            timer: None,
            moving: false,
            seen_at: now,
            told_start: began,
        };
        self.pods.insert(uid.clone(), Box::new(entry));
        match refused {
            Some(failure) => self.step(&uid, Event::Rejected(failure)).await,
            None => self.step(&uid, Event::Updated(pod)).await,
        }
    }

    /// One step of one pod, and everything that follows from it.
    async fn step(&mut self, uid: &Arc<str>, event: Event) {
        let now = clock::now();
        let Some(entry) = self.pods.get_mut(uid) else {
            return;
        };
        let updated = matches!(event, Event::Updated(_));
        let actions = entry.machine.step(event, now);
        let mut forget = false;
        for action in actions {
            forget |= matches!(action, Action::Forget);
            self.act(uid, action).await;
        }
        if forget {
            self.forget(uid).await;
        } else {
            self.settle(uid, updated, now);
        }
    }

    async fn act(&mut self, uid: &Arc<str>, action: Action) {
        let Some(entry) = self.pods.get_mut(uid) else {
            return;
        };
        let machine = &entry.machine;
        match action {
            Action::Record {
                slot,
                kind,
                reason,
                message,
            } => self.parts.record(machine, slot, kind, &reason, message),
            Action::StartProbes {
                slot,
                id,
                started_at,
                ip,
            } => {
                if let Some(start) = probe_start(uid, machine, slot, id, started_at, ip) {
                    self.parts.prober.begin(start).await;
                }
            }
            Action::StopProbes {
                slot,
                keep_readiness,
            } => {
                self.parts
                    .prober
                    .end(uid.clone(), Some(slot), keep_readiness)
                    .await;
            }
            Action::DeletePod => entry.status.want_delete(),
            Action::Forget => {}
            action => {
                let subject = subject(machine, slot_of(&action));
                let shared = self.parts.shared.clone();
                let reports = self.parts.reports.clone();
                let uid = uid.clone();
                self.parts.shutdown_spawn(async move {
                    for event in shared.execute(action, subject).await {
                        // A closed queue means shutdown.
                        let _ = reports.send(Report::Pod(uid.clone(), event)).await;
                    }
                });
            }
        }
    }

    /// Brings everything up to date that follows from a machine's state: sums, status, timers. `updated` tells that the API server
    /// has another version of the pod.
    fn settle(&mut self, uid: &Arc<str>, updated: bool, now: Timestamp) {
        let Some(entry) = self.pods.get_mut(uid) else {
            return;
        };
        let uses = entry.machine.uses_resources();
        if uses != entry.counted {
            entry.counted = uses;
            if uses {
                self.used.add(entry.asked);
            } else {
                self.used.sub(entry.asked);
            }
        }
        let settled = entry.machine.settled();
        entry.status.settle(settled);
        if settled == entry.moving {
            entry.moving = !settled;
            self.moving = if settled {
                self.moving.saturating_sub(1)
            } else {
                self.moving + 1
            };
        }
        if settled && !entry.told_start {
            entry.told_start = true;
            self.parts.metrics.started_pods.inc();
            self.parts
                .metrics
                .pod_start
                .observe(now.duration_since(entry.seen_at).as_secs_f64());
        }
        let shown = entry.machine.shown();
        let composed = entry.composed.take().filter(|(before, _)| *before == shown);
        let changed = composed.is_none();
        let (_, status) = entry.composed.insert(composed.unwrap_or_else(|| {
            let status = entry.machine.status(&self.parts.facts, now);
            (shown, Arc::new(status))
        }));
        if changed || updated {
            let pod = entry.machine.pod().clone();
            self.parts.view.set(pod, status.clone());
        }
        if changed && !entry.machine.is_removed() {
            entry.status.submit(status.clone(), now);
        }
        self.write_or_wait(uid, now);
    }

    /// Writes the status or deletes the object if it is time, and sets the pod's timer.
    fn write_or_wait(&mut self, uid: &Arc<str>, now: Timestamp) {
        let Some(entry) = self.pods.get_mut(uid) else {
            return;
        };
        let getting_on = self
            .answered_at
            .is_some_and(|at| now.duration_since(at) < GETTING_ON);
        let crowd = self.moving > CROWD && getting_on;
        let mut due = entry.machine.wake();
        if !entry.machine.is_removed() {
            match entry.status.decide(crowd, now) {
                Decision::Nothing => {}
                Decision::Later(at) => due = Some(due.map_or(at, |due| due.min(at))),
                Decision::Write => {
                    if let Some((body, status)) = entry.status.take_write(uid) {
                        self.parts
                            .write(&self.writes, uid, entry.machine.pod(), body, status);
                    }
                }
                Decision::Delete => self.parts.delete(&self.writes, uid, entry.machine.pod()),
            }
        }
        if let Some(due) = due {
            let due = if due <= now {
                now.saturating_add(STALE_WAKE).unwrap_or(due)
            } else {
                due
            };
            if entry.timer.is_none_or(|timer| timer > due) {
                entry.timer = Some(due);
                self.timers.push(Reverse((due, uid.clone())));
            }
        }
    }

    /// Wakes every pod whose time has come.
    async fn fire(&mut self) {
        let now = clock::now();
        while let Some(Reverse((at, _))) = self.timers.peek() {
            if *at > now {
                return;
            }
            let Some(Reverse((at, uid))) = self.timers.pop() else {
                return;
            };
            let Some(entry) = self.pods.get_mut(&uid) else {
                continue;
            };
            if entry.timer == Some(at) {
                entry.timer = None;
                self.step(&uid, Event::Woke).await;
            }
        }
    }

    async fn forget(&mut self, uid: &Arc<str>) {
        let Some(entry) = self.pods.remove(uid) else {
            return;
        };
        if entry.counted {
            self.used.sub(entry.asked);
        }
        if entry.moving {
            self.moving = self.moving.saturating_sub(1);
        }
        let pod = entry.machine.pod();
        let namespace = pod.metadata.namespace.clone().unwrap_or_default();
        self.parts
            .shared
            .objects
            .release(uid, &namespace, &entry.references);
        self.parts.prober.end(uid.clone(), None, false).await;
        self.parts.view.remove(pod);
    }

    async fn written(&mut self, uid: &Arc<str>, status: Arc<PodStatus>, result: Written) {
        let now = clock::now();
        let Some(entry) = self.pods.get_mut(uid) else {
            return;
        };
        match result {
            Written::Done => {
                self.parts.metrics.pod_status_writes.inc();
                entry.written_at = Some(now);
                entry.status.wrote(status);
            }
            Written::Gone => {
                entry.status.wrote(status);
                self.step(uid, Event::Removed).await;
                return;
            }
            Written::Failed(error) => {
                self.parts.metrics.pod_status_failures.inc();
                tracing::warn!(pod = %uid, error, "writing a pod's status failed");
                entry.status.failed(Some(status), now);
            }
        }
        self.write_or_wait(uid, now);
    }

    async fn deleted(&mut self, uid: &Arc<str>, result: Written) {
        match result {
            Written::Done | Written::Gone => self.step(uid, Event::Removed).await,
            Written::Failed(error) => {
                let now = clock::now();
                tracing::warn!(pod = %uid, error, "deleting a pod failed");
                if let Some(entry) = self.pods.get_mut(uid) {
                    entry.status.failed(None, now);
                }
                self.write_or_wait(uid, now);
            }
        }
    }

    async fn told(&mut self, told: Told) {
        match told {
            Told::Pod(uid, observation) => self.step(&uid, Event::Observed(observation)).await,
            Told::Ask(uid) => {
                if self.pods.contains_key(&uid) {
                    self.act(&uid, Action::Inspect).await;
                }
            }
            Told::All(listing) => self.listing(&listing).await,
        }
    }

    /// ConfigMaps or Secrets changed: pods that wait for them try again, volumes that show them are rewritten.
    async fn changed(&mut self, changed: Changed) {
        for uid in changed.users {
            self.step(&uid, Event::ReferenceChanged).await;
            self.refresh_volumes(&uid);
        }
    }

    fn refresh_volumes(&self, uid: &Arc<str>) {
        let Some(entry) = self
            .pods
            .get(uid)
            .filter(|entry| entry.machine.wants_volumes())
        else {
            return;
        };
        let has_volumes = entry.machine.pod().spec.as_ref().is_some_and(|spec| {
            spec.volumes
                .as_ref()
                .is_some_and(|volumes| !volumes.is_empty())
        });
        if !has_volumes {
            return;
        }
        let shared = self.parts.shared.clone();
        let subject = subject(&entry.machine, None);
        self.parts.shutdown_spawn(async move {
            let _permit = shared.starts.acquire().await;
            if let Err(error) = shared.mount(&subject).await {
                shared
                    .events
                    .pod(&subject.pod, EventType::Warning, "FailedMount", error);
            }
        });
    }
}

impl Parts {
    /// Runs a short task that ends with the kubelet. Boxed, because the wait for the token holds it three times over.
    fn shutdown_spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let work = Box::pin(work);
        tokio::spawn(self.shutdown.clone().run_until_cancelled_owned(work));
    }

    fn record(
        &self,
        machine: &PodMachine,
        slot: Option<SlotIndex>,
        kind: EventType,
        reason: &str,
        message: String,
    ) {
        let events = &self.shared.events;
        match slot.and_then(|slot| machine.slots().get(slot)) {
            Some(slot) => events.container(machine.pod(), &field_path(slot), kind, reason, message),
            None => events.pod(machine.pod(), kind, reason, message),
        }
    }

    fn write(
        &self,
        permits: &Arc<Semaphore>,
        uid: &Arc<str>,
        pod: &Pod,
        body: serde_json::Value,
        status: Arc<PodStatus>,
    ) {
        let client = self.shared.client.clone();
        let permits = permits.clone();
        let reports = self.reports.clone();
        let uid = uid.clone();
        let path = api_write::pod_path(pod);
        self.shutdown_spawn(async move {
            let permit = permits.acquire_owned().await;
            let result = api_write::patch_status(&client, &path, &body).await;
            drop(permit);
            let _ = reports
                .send(Report::Written {
                    uid,
                    status,
                    result,
                })
                .await;
        });
    }

    fn delete(&self, permits: &Arc<Semaphore>, uid: &Arc<str>, pod: &Pod) {
        let client = self.shared.client.clone();
        let permits = permits.clone();
        let reports = self.reports.clone();
        let uid = uid.clone();
        let path = api_write::pod_path(pod);
        self.shutdown_spawn(async move {
            let permit = permits.acquire_owned().await;
            let result = api_write::delete(&client, &path, &uid).await;
            drop(permit);
            let _ = reports.send(Report::Deleted { uid, result }).await;
        });
    }
}

/// Whether the API server tells the phase and the readiness that this node wrote.
fn agree(acked: &PodStatus, told: Option<&PodStatus>) -> bool {
    let ready = |status: &PodStatus| {
        status
            .conditions
            .iter()
            .flatten()
            .find(|condition| condition.type_ == "Ready")
            .map(|condition| condition.status.clone())
    };
    told.is_some_and(|told| told.phase == acked.phase && ready(told) == ready(acked))
}

fn instant_of(at: Timestamp) -> Instant {
    let left = Duration::try_from(at.duration_since(clock::now())).unwrap_or_default();
    Instant::now() + left
}

fn slot_of(action: &Action) -> Option<SlotIndex> {
    match action {
        Action::EnsureImage { slot }
        | Action::StartContainer { slot, .. }
        | Action::PostStart { slot, .. }
        | Action::Kill { slot, .. }
        | Action::RemoveContainer { slot, .. } => Some(*slot),
        _ => None,
    }
}

fn probe_start(
    uid: &Arc<str>,
    machine: &PodMachine,
    index: SlotIndex,
    id: String,
    started_at: Timestamp,
    ip: String,
) -> Option<probes::Start> {
    let slot = machine.slots().get(index)?;
    // Only containers that stay are probed.
    if slot.role == Role::Init {
        return None;
    }
    Some(probes::Start {
        uid: uid.clone(),
        slot: index,
        pod: machine.pod().clone(),
        container: slot.spec(machine.pod())?.clone(),
        field_path: field_path(slot),
        id,
        started_at,
        ip,
    })
}
