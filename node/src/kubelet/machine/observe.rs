//! What the runtime tells, and what the API server remembers, taken into a pod's state machine.

use std::collections::HashSet;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ContainerStatus;

use super::slot::{Ended, STATUS_UNKNOWN, UNKNOWN_EXIT_CODE};
use super::{
    Action, Attempts, MOUNT_RETRY, Observation, PodMachine, SANDBOX_RETRY, Sandbox, State,
};
use super::{ContainerSeen, Doing, Slot, SlotState};

impl PodMachine {
    /// Takes over what an earlier kubelet wrote: restart counts, last ends, times of conditions.
    pub(super) fn recall_status(&mut self, known: bool, now: Timestamp) {
        let Some(status) = self.pod.status.clone() else {
            return;
        };
        for condition in status.conditions.iter().flatten() {
            if let Some(kind) = super::status::condition_type(&condition.type_) {
                let since = condition
                    .last_transition_time
                    .as_ref()
                    .map_or(now, |time| time.0);
                self.conditions
                    .insert(kind, (condition.status == "True", since));
            }
        }
        let statuses = status
            .init_container_statuses
            .iter()
            .flatten()
            .chain(status.container_statuses.iter().flatten());
        for told in statuses {
            if let Some(slot) = self.slots.iter_mut().find(|slot| slot.name == told.name) {
                recall_slot(slot, told, known, now);
            }
        }
        self.ever_ran = self
            .slots
            .iter()
            .any(|slot| slot.role == super::Role::Main && slot.attempt.is_some());
    }

    /// The runtime told of this pod.
    pub(super) fn observed(
        &mut self,
        observation: &Observation,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        self.observe_sandboxes(observation);
        let newest = self.newest_containers(observation);
        for (index, seen) in newest {
            let slot = &mut self.slots[index];
            let spec = slot.role.spec(slot.index, &self.pod);
            let ran = slot.run().is_some();
            let changed = slot.observe(seen, spec, now);
            if changed && ran && slot.ended().is_some() {
                actions.push(Action::StopProbes {
                    slot: index,
                    keep_readiness: false,
                });
            }
        }
        if observation.full {
            self.drop_vanished(observation, now, actions);
        }
        if matches!(self.state, State::Adopting(_)) {
            self.adopt(now);
        }
    }

    fn observe_sandboxes(&mut self, observation: &Observation) {
        for seen in &observation.sandboxes {
            let current = self.sandbox.as_ref();
            let newer = current.is_none_or(|current| seen.attempt >= current.attempt);
            if current.is_some_and(|current| current.id == seen.id) {
                if let Some(current) = &mut self.sandbox {
                    // Readiness does not come back, and an address once told stays.
                    current.ready &= seen.ready;
                    if !seen.ips.is_empty() {
                        current.ips.clone_from(&seen.ips);
                    }
                }
            } else if matches!(self.state, State::Adopting(_)) && newer {
                if let Some(old) = self.sandbox.take() {
                    self.old_sandboxes.push(old.id);
                }
                self.sandbox = Some(Sandbox {
                    id: seen.id.clone(),
                    attempt: seen.attempt,
                    ready: seen.ready,
                    ips: seen.ips.clone(),
                });
            } else if observation.full
                && !matches!(self.state, State::Sandboxing(_))
                && !self.old_sandboxes.contains(&seen.id)
            {
                self.old_sandboxes.push(seen.id.clone());
            }
        }
    }

    /// The newest container of each slot, in this sandbox or, while nothing newer is there, an earlier one.
    fn newest_containers<'a>(
        &mut self,
        observation: &'a Observation,
    ) -> Vec<(usize, &'a ContainerSeen)> {
        let mut newest: Vec<(usize, &ContainerSeen)> = Vec::new();
        for seen in &observation.containers {
            let Some(index) = self.slots.iter().position(|slot| slot.name == seen.name) else {
                continue;
            };
            match newest.iter_mut().find(|(known, _)| *known == index) {
                Some((_, best)) => {
                    let older = if (best.attempt, best.created_at) < (seen.attempt, seen.created_at)
                    {
                        std::mem::replace(best, seen)
                    } else {
                        seen
                    };
                    note_older(&mut self.slots[index], older);
                }
                None => newest.push((index, seen)),
            }
        }
        newest
    }

    /// What a full listing does not name is gone.
    fn drop_vanished(
        &mut self,
        observation: &Observation,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        let present: HashSet<&str> = observation
            .containers
            .iter()
            .map(|seen| seen.id.as_str())
            .collect();
        for (index, slot) in self.slots.iter_mut().enumerate() {
            slot.dead.retain(|(id, _)| present.contains(id.as_str()));
            let vanished = slot.run().is_some_and(|run| {
                run.since < observation.taken_at && !present.contains(run.id.as_str())
            });
            if vanished {
                slot.vanish(now);
                actions.push(Action::StopProbes {
                    slot: index,
                    keep_readiness: false,
                });
            }
        }
        let sandboxes: HashSet<&str> = observation
            .sandboxes
            .iter()
            .map(|seen| seen.id.as_str())
            .collect();
        self.old_sandboxes
            .retain(|id| sandboxes.contains(id.as_str()));
        if let (State::Running | State::Stopping(_), Some(sandbox)) =
            (&self.state, &mut self.sandbox)
            && !sandboxes.contains(sandbox.id.as_str())
        {
            sandbox.ready = false;
        }
    }

    /// Whether a listing taken then tells nothing that this machine does not know. What changed later is no disagreement.
    pub(crate) fn agrees(
        &self,
        sandboxes: &[(&str, bool)],
        containers: &[(&str, Doing)],
        taken_at: Timestamp,
    ) -> bool {
        let ready = self.sandbox.as_ref().filter(|sandbox| sandbox.ready);
        if matches!(self.state, State::Running)
            && ready.is_some_and(|ours| !sandboxes.contains(&(ours.id.as_str(), true)))
        {
            return false;
        }
        self.slots.iter().all(|slot| match &slot.state {
            SlotState::Running(run) => {
                let told = containers
                    .iter()
                    .find(|(id, _)| *id == run.id)
                    .map(|(_, doing)| *doing);
                run.since >= taken_at
                    || match told {
                        Some(Doing::Running) => run.started_at.is_some(),
                        Some(Doing::Created) => true,
                        Some(Doing::Exited | Doing::Unknown) | None => false,
                    }
            }
            _ => true,
        })
    }

    /// Everything the runtime has of this pod is known: go on from there.
    fn adopt(&mut self, now: Timestamp) {
        let has_sandbox = self.sandbox.as_ref().is_some_and(|sandbox| sandbox.ready);
        if self
            .slots
            .iter()
            .any(|slot| slot.role == super::Role::Main && slot.attempt.is_some())
        {
            self.ever_ran = true;
            self.initialized = has_sandbox;
        }
        self.state = if self.settled_phase.is_some() {
            self.stopping(now)
        } else {
            State::Mounting(Attempts::new(MOUNT_RETRY))
        };
    }

    /// Volumes are there: on to the sandbox, or to what it already holds.
    pub(super) fn after_mount(&self) -> State {
        if self.sandbox.as_ref().is_some_and(|sandbox| sandbox.ready) {
            State::Running
        } else {
            State::Sandboxing(Attempts::new(SANDBOX_RETRY))
        }
    }
}

fn note_older(slot: &mut Slot, older: &ContainerSeen) {
    if older.doing != Doing::Exited && older.doing != Doing::Unknown {
        return;
    }
    if !slot.dead.iter().any(|(id, _)| *id == older.id) {
        slot.dead.insert(0, (older.id.clone(), older.attempt));
    }
    let finished_at = older.finished_at.unwrap_or(older.created_at);
    if slot
        .last
        .as_ref()
        .is_none_or(|last| last.finished_at < finished_at)
    {
        slot.last = Some(Ended {
            id: older.id.clone(),
            exit_code: older.exit_code,
            reason: if older.reason.is_empty() {
                "Error".to_owned()
            } else {
                older.reason.clone()
            },
            message: older.message.clone(),
            started_at: older.started_at,
            finished_at,
        });
    }
}

/// A slot as the API server remembers it. When the runtime knows nothing of the pod, what ran has ended without a witness.
fn recall_slot(slot: &mut Slot, told: &ContainerStatus, known: bool, now: Timestamp) {
    let Some(id) = told.container_id.as_deref() else {
        return;
    };
    let bare = id.split_once("://").map_or(id, |(_, bare)| bare);
    slot.attempt = u32::try_from(told.restart_count).ok();
    slot.image = Some((told.image.clone(), told.image_id.clone()));
    let last = told
        .last_state
        .as_ref()
        .and_then(|state| state.terminated.as_ref());
    slot.last = last.map(|last| ended(last, now));
    if known {
        return;
    }
    let state = told.state.as_ref();
    if let Some(terminated) = state.and_then(|state| state.terminated.as_ref()) {
        slot.state = SlotState::Exited(ended(terminated, now));
    } else if let Some(running) = state.and_then(|state| state.running.as_ref()) {
        slot.state = SlotState::Exited(Ended {
            id: bare.to_owned(),
            exit_code: UNKNOWN_EXIT_CODE,
            reason: STATUS_UNKNOWN.to_owned(),
            message: "The container could not be located when the pod was deleted.  The container used to be Running"
                .to_owned(),
            started_at: running.started_at.as_ref().map(|time| time.0),
            finished_at: now,
        });
    }
}

fn ended(told: &k8s_openapi::api::core::v1::ContainerStateTerminated, now: Timestamp) -> Ended {
    let id = told.container_id.as_deref().unwrap_or_default();
    Ended {
        id: id.split_once("://").map_or(id, |(_, bare)| bare).to_owned(),
        exit_code: told.exit_code,
        reason: told.reason.clone().unwrap_or_default(),
        message: told.message.clone().unwrap_or_default(),
        started_at: told.started_at.as_ref().map(|time| time.0),
        finished_at: told.finished_at.as_ref().map_or(now, |time| time.0),
    }
}
