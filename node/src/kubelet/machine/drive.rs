//! Looks at a pod's whole state and asks for what is missing: volumes, sandbox, init containers in order, main containers in order.

use hydrofoil_client::events::EventType;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Container;

use super::slot::{Ended, Hook, Next, Role, SlotState};
use super::{Action, Attempts, PodMachine, Sandbox, SandboxSeen, SlotIndex, State, Verdict};
use super::{SANDBOX_RETRY, STOP_RETRY, UNHEARD};

/// A state may lead on to the next without waiting, at most so many times in one step.
const MAX_CASCADE: usize = 8;

/// How far one container lets the following ones go.
enum Progress {
    /// It does what it should.
    Ready,
    /// It waits for a time: the ones beside it may go on.
    Held,
    /// A call is in flight for it.
    Busy,
}

impl PodMachine {
    /// Asks for whatever the state calls for at `now`.
    pub(super) fn drive(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        for _ in 0..MAX_CASCADE {
            if !self.drive_once(now, actions) {
                return;
            }
        }
    }

    /// One look. Says whether the state changed so that another look is due.
    fn drive_once(&mut self, now: Timestamp, actions: &mut Vec<Action>) -> bool {
        if self.ought_to_stop(now, actions) {
            self.begin_stop(now, actions);
            return true;
        }
        match &mut self.state {
            State::Adopting(attempts) => {
                if attempts.begin(now) {
                    actions.push(Action::Inspect);
                }
                false
            }
            State::Mounting(attempts) => {
                let has_volumes =
                    self.pod.spec.as_ref().is_some_and(|spec| {
                        spec.volumes.as_ref().is_some_and(|list| !list.is_empty())
                    });
                if !has_volumes {
                    self.state = self.after_mount();
                    return true;
                }
                if !self.mounting && attempts.begin(now) {
                    self.mounting = true;
                    actions.push(Action::MountVolumes);
                }
                false
            }
            State::Sandboxing(attempts) => {
                if !self.sandboxing && attempts.begin(now) {
                    self.sandboxing = true;
                    let attempt = self
                        .sandbox
                        .as_ref()
                        .map_or(0, |old| old.attempt.saturating_add(1));
                    actions.push(Action::RunSandbox { attempt });
                }
                false
            }
            State::Running => {
                if self.sandbox.as_ref().is_none_or(|sandbox| !sandbox.ready) {
                    return self.sandbox_lost(actions);
                }
                self.drive_containers(now, actions);
                // The last container may just have been given up.
                self.finished()
            }
            State::Recreating(attempts) => {
                let begin = attempts.begin(now);
                if begin {
                    let ids = self.sandbox_ids();
                    actions.push(Action::StopSandboxes { ids });
                }
                false
            }
            State::Stopping(_) => self.drive_stop(now, actions),
            State::Stopped => {
                let clean = self.is_deleted() && !self.mounting;
                if clean {
                    self.state = State::Cleaning(Attempts::new(STOP_RETRY));
                }
                clean
            }
            State::Cleaning(attempts) => {
                if attempts.begin(now) {
                    let sandboxes = self.sandbox_ids();
                    actions.push(Action::CleanUp { sandboxes });
                }
                false
            }
            State::Deleting => {
                if self.removed {
                    self.state = State::Gone;
                    actions.push(Action::Forget);
                }
                false
            }
            State::Gone => false,
        }
    }

    /// Whether the pod is to stop for good from a state in which it is still to run.
    fn ought_to_stop(&mut self, now: Timestamp, actions: &mut Vec<Action>) -> bool {
        let may_run = matches!(
            self.state,
            State::Mounting(_) | State::Sandboxing(_) | State::Running | State::Recreating(_)
        );
        if !may_run {
            return false;
        }
        if !self.is_deleted() && self.deadline().is_some_and(|deadline| deadline <= now) {
            let message =
                "Pod was active on the node longer than the specified deadline".to_owned();
            actions.push(Action::Record {
                slot: None,
                kind: EventType::Normal,
                reason: "DeadlineExceeded".to_owned(),
                message: message.clone(),
            });
            self.verdict = Some(Verdict {
                reason: "DeadlineExceeded".to_owned(),
                message,
            });
            self.settled_phase = Some("Failed".to_owned());
            return true;
        }
        self.is_deleted() || self.finished()
    }

    fn deadline(&self) -> Option<Timestamp> {
        let seconds = self.pod.spec.as_ref()?.active_deadline_seconds?;
        self.start_time
            .checked_add(SignedDuration::from_secs(seconds))
            .ok()
    }

    /// Whether every container has ended and none starts again.
    fn finished(&self) -> bool {
        let over = |slot: &super::Slot| {
            slot.ended()
                .is_some_and(|ended| !self.restarts(slot, ended))
        };
        let init_failed = !self.initialized
            && self.slots.iter().any(|slot| {
                slot.role == Role::Init
                    && over(slot)
                    && slot.ended().is_some_and(|ended| ended.exit_code != 0)
            });
        init_failed
            || self
                .slots
                .iter()
                .filter(|slot| slot.role == Role::Main)
                .all(over)
    }

    /// Whether a container that ended so starts again: its own rules, its own policy, the pod's policy.
    pub(super) fn restarts(&self, slot: &super::Slot, ended: &Ended) -> bool {
        if slot.role == Role::Sidecar {
            return true;
        }
        let spec = slot.spec(&self.pod);
        if spec.is_some_and(|spec| rule_restarts(spec, ended.exit_code)) {
            return true;
        }
        let policy = spec
            .and_then(|spec| spec.restart_policy.as_deref())
            .or_else(|| self.pod.spec.as_ref()?.restart_policy.as_deref())
            .unwrap_or("Always");
        match policy {
            "Never" => false,
            "OnFailure" => ended.exit_code != 0,
            _ => slot.role == Role::Main || ended.exit_code != 0,
        }
    }

    fn sandbox_lost(&mut self, actions: &mut Vec<Action>) -> bool {
        let policy = self
            .pod
            .spec
            .as_ref()
            .and_then(|spec| spec.restart_policy.as_deref());
        actions.push(Action::Record {
            slot: None,
            kind: EventType::Normal,
            reason: "SandboxChanged".to_owned(),
            message: "Pod sandbox changed, it will be killed and re-created.".to_owned(),
        });
        for (slot, kept) in self.slots.iter().enumerate() {
            if kept.run().is_some() {
                actions.push(Action::StopProbes {
                    slot,
                    keep_readiness: false,
                });
            }
        }
        tracing::debug!(pod = %self.long_name(), policy, "sandbox lost");
        self.state = State::Recreating(Attempts::new(STOP_RETRY));
        true
    }

    /// Every sandbox of this pod that the runtime may still have.
    pub(super) fn sandbox_ids(&self) -> Vec<String> {
        let current = self.sandbox.as_ref().map(|sandbox| sandbox.id.clone());
        current
            .into_iter()
            .chain(self.old_sandboxes.iter().cloned())
            .collect()
    }

    pub(super) fn mounted(
        &mut self,
        result: Result<(), String>,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        self.mounting = false;
        let State::Mounting(attempts) = &mut self.state else {
            return;
        };
        match result {
            Ok(()) => self.state = self.after_mount(),
            Err(message) => {
                attempts.failed(now);
                actions.push(Action::Record {
                    slot: None,
                    kind: EventType::Warning,
                    reason: "FailedMount".to_owned(),
                    message,
                });
            }
        }
    }

    pub(super) fn sandbox_started(
        &mut self,
        result: Result<SandboxSeen, String>,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        self.sandboxing = false;
        match result {
            Ok(seen) => {
                if let Some(old) = self.sandbox.take()
                    && old.id != seen.id
                {
                    self.old_sandboxes.push(old.id);
                }
                self.sandbox = Some(Sandbox {
                    id: seen.id,
                    attempt: seen.attempt,
                    ready: seen.ready,
                    ips: seen.ips,
                });
                if matches!(self.state, State::Sandboxing(_)) {
                    self.fresh_sandbox();
                    self.state = State::Running;
                }
            }
            Err(message) => {
                actions.push(Action::Record {
                    slot: None,
                    kind: EventType::Warning,
                    reason: "FailedCreatePodSandBox".to_owned(),
                    message: format!("Failed to create pod sandbox: {message}"),
                });
                if let State::Sandboxing(attempts) = &mut self.state {
                    attempts.failed(now);
                }
            }
        }
    }

    /// In a new sandbox the init containers run again.
    fn fresh_sandbox(&mut self) {
        self.initialized = false;
        for slot in &mut self.slots {
            if slot.role != Role::Main && slot.ended().is_some() {
                slot.shelve();
                slot.state = SlotState::Idle;
            }
        }
    }

    fn drive_containers(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        self.attend_running(now, actions);
        for index in 0..self.slots.len() {
            let role = self.slots[index].role;
            if self.initialized && role == Role::Init {
                continue;
            }
            if role == Role::Main && !self.initialized {
                self.initialized = true;
            }
            if role == Role::Init
                && self.slots[index]
                    .ended()
                    .is_some_and(|ended| ended.exit_code == 0)
            {
                continue;
            }
            match (self.keep_running(index, now, actions), role) {
                (Progress::Busy, _) => return,
                (Progress::Held, Role::Main) => {}
                (Progress::Held, _) => {
                    if !self.initialized {
                        return;
                    }
                }
                (Progress::Ready, Role::Main) => {}
                (Progress::Ready, Role::Sidecar) => {
                    if !self.initialized && !self.slots[index].is_started() {
                        return;
                    }
                }
                // An init container that runs: the rest waits for its end.
                (Progress::Ready, Role::Init) => return,
            }
        }
    }

    /// Hooks and probes of what runs, and what the runtime has been silent about.
    fn attend_running(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        let ip = self
            .sandbox
            .as_ref()
            .and_then(|sandbox| sandbox.ips.first())
            .cloned()
            .unwrap_or_default();
        let mut silent = false;
        for index in 0..self.slots.len() {
            let pod = self.pod.clone();
            let slot = &mut self.slots[index];
            let has_probes = slot.spec(&pod).is_some_and(|spec| {
                spec.startup_probe.is_some()
                    || spec.liveness_probe.is_some()
                    || spec.readiness_probe.is_some()
            });
            let is_main = slot.role == Role::Main;
            let Some(run) = slot.run_mut() else { continue };
            self.ever_ran |= is_main;
            if run.hook == Hook::Pending && run.killing.is_none() {
                run.hook = Hook::InFlight;
                actions.push(Action::PostStart {
                    slot: index,
                    id: run.id.clone(),
                });
            }
            if let Some(started_at) = run.started_at
                && run.hook == Hook::Done
                && !run.probed
                && run.killing.is_none()
            {
                run.probed = true;
                if has_probes {
                    actions.push(Action::StartProbes {
                        slot: index,
                        id: run.id.clone(),
                        started_at,
                        ip: ip.clone(),
                    });
                }
            }
            silent |= check_silence(run, now);
        }
        if silent {
            actions.push(Action::Inspect);
        }
        self.rekill(now, actions);
    }

    fn begin(&mut self, index: SlotIndex, actions: &mut Vec<Action>) -> Progress {
        self.pull(index, actions);
        Progress::Busy
    }

    /// Makes one container run, or run again, if it is to.
    fn keep_running(
        &mut self,
        index: SlotIndex,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) -> Progress {
        match self.slots[index].state.clone() {
            SlotState::Pulling | SlotState::Starting => Progress::Busy,
            SlotState::Running(run) if run.hook == Hook::InFlight => Progress::Busy,
            SlotState::Running(_) => Progress::Ready,
            SlotState::Idle => self.begin(index, actions),
            SlotState::Waiting { until, .. } if until > now => Progress::Held,
            SlotState::Waiting {
                next: Next::Retry, ..
            } => self.begin(index, actions),
            SlotState::Waiting {
                next: Next::Restart { ended_at },
                ..
            } => {
                self.slots[index].crash.next(ended_at, now);
                self.begin(index, actions)
            }
            SlotState::Waiting {
                next: Next::PullBackOff { until },
                ..
            } => {
                self.show_pull_backoff(index, until, actions);
                Progress::Held
            }
            SlotState::Exited(ended) => {
                if !self.restarts(&self.slots[index], &ended) {
                    return Progress::Ready;
                }
                self.slots[index].shelve();
                let ended_at = self.slots[index].ended_at.unwrap_or(ended.finished_at);
                match self.slots[index].crash.blocked_until(ended_at, now) {
                    Some(until) => {
                        self.show_crash_loop(index, ended_at, until, actions);
                        Progress::Held
                    }
                    None => {
                        self.slots[index].crash.next(ended_at, now);
                        self.begin(index, actions)
                    }
                }
            }
        }
    }

    /// A ConfigMap or Secret is there now, or is another: what waits for one tries again.
    pub(super) fn reference_changed(&mut self, now: Timestamp) {
        if let State::Mounting(attempts) = &mut self.state {
            attempts.not_before = None;
        }
        for slot in &mut self.slots {
            let held = slot
                .why
                .as_ref()
                .is_some_and(|why| why.reason == "CreateContainerConfigError");
            if held && let SlotState::Waiting { until, .. } = &mut slot.state {
                *until = now;
            }
        }
    }

    /// The next time at which something is due without anything happening.
    pub(crate) fn wake(&self) -> Option<Timestamp> {
        let own = match &self.state {
            State::Adopting(attempts)
            | State::Mounting(attempts)
            | State::Sandboxing(attempts)
            | State::Recreating(attempts)
            | State::Cleaning(attempts) => attempts.wake(),
            State::Stopping(stop) => stop.wake(),
            State::Running | State::Stopped | State::Deleting | State::Gone => None,
        };
        let active = matches!(self.state, State::Running | State::Stopping(_));
        let slots = self
            .slots
            .iter()
            .filter(|_| active)
            .filter_map(|slot| match &slot.state {
                SlotState::Waiting { until, .. } => {
                    matches!(self.state, State::Running).then_some(*until)
                }
                SlotState::Running(run) => {
                    let quiet = run.started_at.is_none()
                        || (run.killing.is_some() && run.kills_in_flight == 0);
                    quiet.then(|| after(run.checked, UNHEARD))
                }
                _ => None,
            });
        let may_run = !matches!(
            self.state,
            State::Stopping(_)
                | State::Stopped
                | State::Cleaning(_)
                | State::Deleting
                | State::Gone
        );
        let deadline = if may_run { self.deadline() } else { None };
        own.into_iter().chain(slots).chain(deadline).min()
    }
}

pub(super) fn after(at: Timestamp, delay: SignedDuration) -> Timestamp {
    at.saturating_add(delay).unwrap_or(at)
}

/// Whether the runtime should be asked about a run that it has not told of.
pub(super) fn check_silence(run: &mut super::slot::Run, now: Timestamp) -> bool {
    let silent = run.started_at.is_none() && after(run.checked, UNHEARD) <= now;
    if silent {
        run.checked = now;
    }
    silent
}

/// Whether a container's own restart rules ask for a restart after that exit code (KEP-5307).
fn rule_restarts(spec: &Container, exit_code: i32) -> bool {
    spec.restart_policy_rules.iter().flatten().any(|rule| {
        rule.action == "Restart"
            && rule.exit_codes.as_ref().is_some_and(|codes| {
                let listed = codes.values.iter().flatten().any(|code| *code == exit_code);
                match codes.operator.as_str() {
                    "In" => listed,
                    "NotIn" => !listed,
                    _ => false,
                }
            })
    })
}

/// Kept so that a failed sandbox and a lost one use the same delays.
pub(super) fn sandbox_attempts() -> Attempts {
    Attempts::new(SANDBOX_RETRY)
}
