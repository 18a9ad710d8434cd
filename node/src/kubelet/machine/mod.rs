//! A pod's state machine: `step(event, now)` changes the state and returns what to do. It knows no socket, no file and no clock.
//!
//! Events only note what happened; [`drive`](PodMachine::drive) then looks at the whole state and asks for what is missing. A call
//! in flight is part of the state, so that driving twice asks once. The confusing thing: the API server's wish (`pod`), the
//! runtime's truth (`sandbox`, `slots`) and the calls in flight change independently, and every one of them can be late.

mod backoff;
mod drive;
mod observe;
mod slot;
mod start;
mod status;
mod stop;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use hydrofoil_client::events::EventType;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Pod;

pub(crate) use backoff::Backoff;
pub(crate) use slot::{Role, Slot};
pub(crate) use status::NodeFacts;
pub(crate) use words::{
    Action, ContainerSeen, Doing, Event, Failure, Observation, ProbeKind, SandboxSeen, SlotIndex,
};

use super::labels::container_hash;
use slot::{Hook, SlotState};
use stop::Stop;

/// Delay before a failed volume set-up is tried again, and the most it grows to (upstream: `goroutinemap/exponentialbackoff`).
const MOUNT_RETRY: (SignedDuration, SignedDuration) = (
    SignedDuration::from_millis(500),
    SignedDuration::from_secs(122),
);
/// Delay before a failed sandbox is tried again, and the most it grows to.
const SANDBOX_RETRY: (SignedDuration, SignedDuration) =
    (SignedDuration::from_secs(1), SignedDuration::from_secs(10));
/// Delay before a failed stop or clean-up is tried again, and the most it grows to.
const STOP_RETRY: (SignedDuration, SignedDuration) = (
    SignedDuration::from_millis(500),
    SignedDuration::from_secs(10),
);
/// Delay before a container that could not be made is tried again (upstream: `backOffPeriod`).
const START_RETRY: SignedDuration = SignedDuration::from_secs(10);
/// How long ErrImagePull is shown before ImagePullBackOff is.
const PULL_ERROR_SHOWN: SignedDuration = SignedDuration::from_secs(3);
/// A started or stopped container that the runtime has not told of for this long is asked for.
const UNHEARD: SignedDuration = SignedDuration::from_secs(2);

/// A step that is tried until it succeeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempts {
    in_flight: bool,
    /// Not before this.
    not_before: Option<Timestamp>,
    backoff: Backoff,
}

impl Attempts {
    fn new((initial, max): (SignedDuration, SignedDuration)) -> Self {
        Self {
            in_flight: false,
            not_before: None,
            backoff: Backoff::new(initial, max),
        }
    }

    /// Whether to begin now; if so it is in flight.
    fn begin(&mut self, now: Timestamp) -> bool {
        if self.in_flight || self.not_before.is_some_and(|at| at > now) {
            return false;
        }
        self.in_flight = true;
        true
    }

    fn failed(&mut self, now: Timestamp) {
        self.in_flight = false;
        self.backoff.next(now, now);
        self.not_before = now.checked_add(self.backoff.delay()).ok();
    }

    fn wake(&self) -> Option<Timestamp> {
        if self.in_flight {
            None
        } else {
            self.not_before
        }
    }
}

/// Where a pod is between the API server's first word of it and the last trace of it on the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The runtime has something of this pod from before: what, is being asked.
    Adopting(Attempts),
    /// Volumes are being set up.
    Mounting(Attempts),
    /// The sandbox is being made.
    Sandboxing(Attempts),
    /// The sandbox is there: containers are driven.
    Running,
    /// The sandbox died under the pod: what is left of it is being stopped, then another is made.
    Recreating(Attempts),
    /// Containers, then the sandbox, are being stopped, for good.
    Stopping(Stop),
    /// Nothing of it runs. Waits for the object's deletion.
    Stopped,
    /// What the node keeps is being removed.
    Cleaning(Attempts),
    /// Removed from the node; the object's deletion is asked for.
    Deleting,
    /// Nothing is left to do.
    Gone,
}

/// The pod's sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sandbox {
    pub id: String,
    pub attempt: u32,
    pub ready: bool,
    pub ips: Vec<String>,
}

/// Why a pod stopped for good, when the containers' ends do not tell it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Verdict {
    reason: String,
    message: String,
}

/// The state machine of one pod.
#[derive(Clone, Debug)]
pub(crate) struct PodMachine {
    pod: Arc<Pod>,
    state: State,
    sandbox: Option<Sandbox>,
    /// Sandboxes of earlier attempts that the runtime still has.
    old_sandboxes: Vec<String>,
    slots: Vec<Slot>,
    /// All init containers have done their part in this sandbox.
    initialized: bool,
    /// A main container has run, in any sandbox.
    ever_ran: bool,
    /// The object is gone from the API server.
    removed: bool,
    /// `MountVolumes` is in flight, whatever the state.
    mounting: bool,
    /// `RunSandbox` is in flight, whatever the state.
    sandboxing: bool,
    verdict: Option<Verdict>,
    /// The phase the API server had when the pod was taken over, if it was a last one.
    settled_phase: Option<String>,
    start_time: Timestamp,
    /// Status and time of the last transition of the conditions this node writes.
    conditions: BTreeMap<&'static str, (bool, Timestamp)>,
}

impl PodMachine {
    /// A machine for a pod that the API server has. `known` tells that the runtime has something of it.
    pub(crate) fn new(pod: Arc<Pod>, known: bool, now: Timestamp) -> Self {
        let slots = slots_of(&pod);
        let status = pod.status.as_ref();
        let settled_phase = status
            .and_then(|status| status.phase.clone())
            .filter(|phase| phase == "Succeeded" || phase == "Failed");
        let start_time = status
            .and_then(|status| status.start_time.as_ref())
            .map_or(now, |time| time.0);
        let mut machine = Self {
            state: if known {
                State::Adopting(Attempts::new(STOP_RETRY))
            } else if settled_phase.is_some() {
                State::Stopped
            } else {
                State::Mounting(Attempts::new(MOUNT_RETRY))
            },
            sandbox: None,
            old_sandboxes: Vec::new(),
            slots,
            initialized: false,
            ever_ran: false,
            removed: false,
            mounting: false,
            sandboxing: false,
            verdict: status.and_then(|status| {
                settled_phase.as_ref()?;
                Some(Verdict {
                    reason: status.reason.clone()?,
                    message: status.message.clone().unwrap_or_default(),
                })
            }),
            settled_phase,
            start_time,
            conditions: BTreeMap::new(),
            pod,
        };
        machine.recall_status(known, now);
        machine
    }

    /// The pod as the API server last told it.
    pub(crate) fn pod(&self) -> &Arc<Pod> {
        &self.pod
    }

    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    pub(crate) fn sandbox(&self) -> Option<&Sandbox> {
        self.sandbox.as_ref()
    }

    /// Whether the pod counts against the node's capacity.
    pub(crate) fn uses_resources(&self) -> bool {
        !matches!(
            self.state,
            State::Stopped | State::Cleaning(_) | State::Deleting | State::Gone
        )
    }

    /// Whether its ConfigMaps and Secrets are to be kept up to date in its volumes.
    pub(crate) fn wants_volumes(&self) -> bool {
        matches!(
            self.state,
            State::Running | State::Sandboxing(_) | State::Recreating(_)
        )
    }

    /// Whether the object is gone from the API server.
    pub(crate) fn is_removed(&self) -> bool {
        self.removed
    }

    /// Whether the status can stay as it is until something happens outside. While it is not, writing it would be writing it twice.
    pub(crate) fn settled(&self) -> bool {
        match &self.state {
            State::Adopting(_) | State::Recreating(_) | State::Stopping(_) => false,
            State::Mounting(attempts) | State::Sandboxing(attempts) => {
                attempts.not_before.is_some() && !attempts.in_flight
            }
            State::Running => self.slots.iter().all(|slot| match &slot.state {
                SlotState::Pulling | SlotState::Starting => false,
                SlotState::Running(run) => {
                    run.started_at.is_some()
                        && run.hook == Hook::Done
                        && run.killing.is_none()
                        && run.startup
                        && run.readiness
                }
                SlotState::Idle | SlotState::Waiting { .. } | SlotState::Exited(_) => true,
            }),
            State::Stopped | State::Cleaning(_) | State::Deleting | State::Gone => true,
        }
    }

    /// Takes in one event at `now` and returns what to do, in order.
    pub(crate) fn step(&mut self, event: Event, now: Timestamp) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Updated(pod) => self.updated(pod, &mut actions),
            Event::Removed => self.removed = true,
            Event::Rejected(failure) => self.rejected(failure, &mut actions),
            Event::Observed(observation) => {
                self.observed(&observation, now, &mut actions);
            }
            Event::InspectFailed(error) => {
                tracing::debug!(pod = %self.long_name(), error, "the runtime could not be asked");
                if let State::Adopting(attempts) = &mut self.state {
                    attempts.failed(now);
                }
            }
            Event::Mounted(result) => self.mounted(result, now, &mut actions),
            Event::SandboxStarted(result) => self.sandbox_started(result, now, &mut actions),
            Event::ImageReady { slot, result } => self.image_ready(slot, result, now, &mut actions),
            Event::ContainerStarted { slot, result } => {
                self.container_started(slot, result, now, &mut actions);
            }
            Event::PostStarted { slot, id, result } => {
                self.post_started(slot, &id, result, &mut actions);
            }
            Event::Killed { slot, id, result } => self.killed(slot, &id, result, now, &mut actions),
            Event::SandboxStopped(result) => self.sandbox_stopped(result, now, &mut actions),
            Event::CleanedUp(result) => self.cleaned_up(result, now, &mut actions),
            Event::Probed {
                slot,
                id,
                kind,
                success,
            } => {
                self.probed(slot, &id, kind, success, &mut actions);
            }
            Event::ReferenceChanged => self.reference_changed(now),
            Event::Woke => {}
        }
        self.drive(now, &mut actions);
        actions
    }

    fn updated(&mut self, pod: Arc<Pod>, actions: &mut Vec<Action>) {
        self.pod = pod;
        if let (State::Stopping(stop), Some(grace)) = (&mut self.state, deletion_grace(&self.pod)) {
            // Somebody is in more of a hurry than before.
            if grace < stop.grace_seconds {
                stop.grace_seconds = grace;
                self.hurry(grace, actions);
            }
        }
        if !matches!(self.state, State::Running) {
            return;
        }
        for index in 0..self.slots.len() {
            let slot = &self.slots[index];
            let changed = slot
                .spec(&self.pod)
                .zip(slot.run())
                .is_some_and(|(spec, run)| {
                    run.killing.is_none()
                        && !run.hash.is_empty()
                        && run.hash != container_hash(spec)
                });
            if changed {
                let message = format!(
                    "Container {} definition changed, will be restarted",
                    slot.name
                );
                self.kill(index, self.pod_grace(), true, Some(message), actions);
            }
        }
    }

    fn rejected(&mut self, failure: Failure, actions: &mut Vec<Action>) {
        actions.push(Action::Record {
            slot: None,
            kind: EventType::Warning,
            reason: failure.reason.clone(),
            message: failure.message.clone(),
        });
        self.verdict = Some(Verdict {
            reason: failure.reason,
            message: format!("Pod was rejected: {}", failure.message),
        });
        self.settled_phase = Some("Failed".to_owned());
        self.state = State::Stopped;
    }

    fn is_deleted(&self) -> bool {
        self.removed || self.pod.metadata.deletion_timestamp.is_some()
    }

    /// `name_namespace(uid)`, as upstream's messages name a pod.
    fn long_name(&self) -> String {
        let meta = &self.pod.metadata;
        format!(
            "{}_{}({})",
            meta.name.as_deref().unwrap_or_default(),
            meta.namespace.as_deref().unwrap_or_default(),
            meta.uid.as_deref().unwrap_or_default()
        )
    }
}

/// The grace of a pod's deletion, in seconds; `None` when it is not being deleted.
fn deletion_grace(pod: &Pod) -> Option<i64> {
    pod.metadata.deletion_timestamp.as_ref()?;
    Some(
        pod.metadata
            .deletion_grace_period_seconds
            .or_else(|| pod.spec.as_ref()?.termination_grace_period_seconds)
            .unwrap_or(stop::DEFAULT_GRACE_SECONDS),
    )
}

/// Empty slots for every container of a pod.
fn slots_of(pod: &Pod) -> Vec<Slot> {
    let Some(spec) = &pod.spec else {
        return Vec::new();
    };
    let init = spec
        .init_containers
        .iter()
        .flatten()
        .enumerate()
        .map(|(index, container)| {
            let role = if container.restart_policy.as_deref() == Some("Always") {
                Role::Sidecar
            } else {
                Role::Init
            };
            Slot::new(&container.name, role, index)
        });
    let main = spec
        .containers
        .iter()
        .enumerate()
        .map(|(index, container)| Slot::new(&container.name, Role::Main, index));
    init.chain(main).collect()
}
