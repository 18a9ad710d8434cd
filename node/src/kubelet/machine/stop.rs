//! How a pod ends: main containers together, then sidecars in reverse order, then the sandbox, then what the node keeps of it.

use hydrofoil_client::events::EventType;
use jiff::Timestamp;

use super::drive::{after, check_silence, sandbox_attempts};
use super::slot::{Role, SlotState};
use super::{
    Action, Attempts, PodMachine, ProbeKind, STOP_RETRY, SlotIndex, State, UNHEARD, deletion_grace,
};

/// Grace when nothing says another (upstream: `DefaultTerminationGracePeriodSeconds`).
pub(super) const DEFAULT_GRACE_SECONDS: i64 = 30;
/// Least grace that a container gets (upstream: `calculateEffectiveGracePeriod`).
const MIN_GRACE_SECONDS: i64 = 1;

/// A stop under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    /// Time that all containers together have, in seconds.
    pub grace_seconds: i64,
    pub began: Timestamp,
    sandbox: Attempts,
}

impl Stop {
    pub(super) fn wake(&self) -> Option<Timestamp> {
        self.sandbox.wake()
    }
}

impl PodMachine {
    /// The grace the spec gives, in seconds.
    pub(super) fn pod_grace(&self) -> i64 {
        self.pod
            .spec
            .as_ref()
            .and_then(|spec| spec.termination_grace_period_seconds)
            .unwrap_or(DEFAULT_GRACE_SECONDS)
    }

    /// The grace of a kill because of a probe, in seconds.
    pub(super) fn probe_grace(&self, index: SlotIndex, kind: ProbeKind) -> i64 {
        let spec = self.slots.get(index).and_then(|slot| slot.spec(&self.pod));
        let probe = spec.and_then(|spec| match kind {
            ProbeKind::Startup => spec.startup_probe.as_ref(),
            ProbeKind::Liveness => spec.liveness_probe.as_ref(),
            ProbeKind::Readiness => None,
        });
        probe
            .and_then(|probe| probe.termination_grace_period_seconds)
            .unwrap_or_else(|| self.pod_grace())
    }

    /// The state of a pod whose stop begins now.
    pub(super) fn stopping(&self, now: Timestamp) -> State {
        let grace = deletion_grace(&self.pod).unwrap_or_else(|| self.pod_grace());
        State::Stopping(Stop {
            grace_seconds: grace.max(MIN_GRACE_SECONDS),
            began: now,
            sandbox: Attempts::new(STOP_RETRY),
        })
    }

    pub(super) fn begin_stop(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        self.state = self.stopping(now);
        for (slot, kept) in self.slots.iter_mut().enumerate() {
            match kept.state {
                SlotState::Running(_) => actions.push(Action::StopProbes {
                    slot,
                    keep_readiness: true,
                }),
                SlotState::Pulling | SlotState::Waiting { .. } => kept.state = SlotState::Idle,
                SlotState::Idle | SlotState::Starting | SlotState::Exited(_) => {}
            }
        }
    }

    /// Asks to stop one running container.
    pub(super) fn kill(
        &mut self,
        index: SlotIndex,
        grace_seconds: i64,
        pre_stop: bool,
        message: Option<String>,
        actions: &mut Vec<Action>,
    ) {
        let Some(run) = self.slots.get_mut(index).and_then(super::Slot::run_mut) else {
            return;
        };
        run.killing = Some(grace_seconds);
        run.kills_in_flight += 1;
        actions.push(Action::Kill {
            slot: index,
            id: run.id.clone(),
            grace_seconds,
            pre_stop,
            message,
        });
    }

    /// The grace has become shorter while containers are being stopped.
    pub(super) fn hurry(&mut self, grace_seconds: i64, actions: &mut Vec<Action>) {
        let grace = grace_seconds.max(MIN_GRACE_SECONDS);
        for index in 0..self.slots.len() {
            let slower = self.slots[index]
                .run()
                .and_then(|run| run.killing)
                .is_some_and(|before| before > grace);
            if slower {
                self.kill(index, grace, false, None, actions);
            }
        }
    }

    /// A stop that came back without an end that the runtime told of is asked for again.
    pub(super) fn rekill(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        for index in 0..self.slots.len() {
            let Some(run) = self.slots[index].run_mut() else {
                continue;
            };
            let Some(grace) = run.killing else { continue };
            if run.kills_in_flight > 0 || after(run.checked, UNHEARD) > now {
                continue;
            }
            run.checked = now;
            self.kill(index, grace, false, None, actions);
            actions.push(Action::Inspect);
        }
    }

    pub(super) fn killed(
        &mut self,
        index: SlotIndex,
        id: &str,
        result: Result<(), String>,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        let Some(run) = self.slots.get_mut(index).and_then(super::Slot::run_mut) else {
            return;
        };
        if run.id != id {
            return;
        }
        run.kills_in_flight = run.kills_in_flight.saturating_sub(1);
        run.checked = now;
        if let Err(message) = result {
            actions.push(Action::Record {
                slot: Some(index),
                kind: EventType::Warning,
                reason: "FailedKillPod".to_owned(),
                message: format!("error killing pod: {message}"),
            });
        }
    }

    /// One look at a pod that is being stopped. Says whether it has reached its end.
    pub(super) fn drive_stop(&mut self, now: Timestamp, actions: &mut Vec<Action>) -> bool {
        let State::Stopping(stop) = &self.state else {
            return false;
        };
        let spent = now.duration_since(stop.began).as_secs().max(0);
        let grace = stop.grace_seconds;
        let remaining = grace.saturating_sub(spent).max(MIN_GRACE_SECONDS);
        self.rekill(now, actions);
        let mut mains_left = false;
        for index in 0..self.slots.len() {
            if self.slots[index].role != Role::Main {
                continue;
            }
            mains_left |= self.stop_slot(index, grace, now, actions);
        }
        if mains_left {
            return false;
        }
        for index in (0..self.slots.len()).rev() {
            if self.slots[index].role != Role::Main
                && self.stop_slot(index, remaining, now, actions)
            {
                return false;
            }
        }
        if self.sandboxing {
            return false;
        }
        let ids = self.sandbox_ids();
        let State::Stopping(stop) = &mut self.state else {
            return false;
        };
        if ids.is_empty() {
            self.state = State::Stopped;
            return true;
        }
        if stop.sandbox.begin(now) {
            actions.push(Action::StopSandboxes { ids });
        }
        false
    }

    /// Stops one container. Says whether it is still there.
    fn stop_slot(
        &mut self,
        index: SlotIndex,
        grace: i64,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) -> bool {
        let slot = &mut self.slots[index];
        let message = format!("Stopping container {}", slot.name);
        match &mut slot.state {
            SlotState::Starting => true,
            SlotState::Running(run) => {
                if check_silence(run, now) {
                    actions.push(Action::Inspect);
                }
                if run.killing.is_none() {
                    self.kill(index, grace, true, Some(message), actions);
                }
                true
            }
            _ => false,
        }
    }

    pub(super) fn sandbox_stopped(
        &mut self,
        result: Result<(), String>,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        let attempts = match &mut self.state {
            State::Stopping(stop) => &mut stop.sandbox,
            State::Recreating(attempts) => attempts,
            _ => return,
        };
        if let Err(message) = result {
            attempts.failed(now);
            actions.push(Action::Record {
                slot: None,
                kind: EventType::Warning,
                reason: "FailedKillPod".to_owned(),
                message: format!("error killing pod: failed to \"KillPodSandbox\": {message}"),
            });
            return;
        }
        if let Some(sandbox) = &mut self.sandbox {
            sandbox.ready = false;
        }
        // Stopping a sandbox ends its containers, told of or not.
        for slot in &mut self.slots {
            slot.vanish(now);
        }
        self.state = match self.state {
            State::Recreating(_) => State::Sandboxing(sandbox_attempts()),
            _ => State::Stopped,
        };
    }

    pub(super) fn cleaned_up(
        &mut self,
        result: Result<(), String>,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        let State::Cleaning(attempts) = &mut self.state else {
            return;
        };
        if let Err(message) = result {
            tracing::warn!(pod = %self.long_name(), message, "cleaning up failed");
            if let State::Cleaning(attempts) = &mut self.state {
                attempts.failed(now);
            }
            return;
        }
        attempts.in_flight = false;
        if self.removed {
            self.state = State::Gone;
            actions.push(Action::Forget);
        } else {
            self.state = State::Deleting;
            actions.push(Action::DeletePod);
        }
    }
}
