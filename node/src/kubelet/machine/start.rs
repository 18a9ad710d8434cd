//! Making a container: its image, then the container, then its hook and probes; and what shows while that fails or waits.

use hydrofoil_client::events::EventType;
use jiff::Timestamp;

use super::drive::after;
use super::slot::{Hook, Next, Slot, SlotState};
use super::{Action, Failure, PodMachine, ProbeKind, SlotIndex, State};
use super::{PULL_ERROR_SHOWN, START_RETRY};
use crate::kubelet::labels::container_hash;
use crate::kubelet::text::go_duration;

impl PodMachine {
    pub(super) fn pull(&mut self, slot: SlotIndex, actions: &mut Vec<Action>) {
        self.slots[slot].state = SlotState::Pulling;
        actions.push(Action::EnsureImage { slot });
    }

    pub(super) fn show_crash_loop(
        &mut self,
        index: SlotIndex,
        ended_at: Timestamp,
        until: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        let pod = self.long_name();
        let slot = &mut self.slots[index];
        slot.why = Some(Failure::new(
            "CrashLoopBackOff",
            format!(
                "back-off {} restarting failed container={} pod={pod}",
                go_duration(slot.crash.delay()),
                slot.name
            ),
        ));
        slot.state = SlotState::Waiting {
            until,
            next: Next::Restart { ended_at },
        };
        actions.push(Action::Record {
            slot: Some(index),
            kind: EventType::Warning,
            reason: "BackOff".to_owned(),
            message: format!(
                "Back-off restarting failed container {} in pod {pod}",
                slot.name
            ),
        });
    }

    pub(super) fn show_pull_backoff(
        &mut self,
        index: SlotIndex,
        until: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        let slot = &mut self.slots[index];
        let image = slot
            .spec(&self.pod)
            .and_then(|spec| spec.image.clone())
            .unwrap_or_default();
        let cause = slot
            .why
            .as_ref()
            .map(|why| format!(": {}: {}", why.reason, why.message))
            .unwrap_or_default();
        let message = format!("Back-off pulling image \"{image}\"");
        slot.why = Some(Failure::new(
            "ImagePullBackOff",
            format!("{message}{cause}"),
        ));
        slot.state = SlotState::Waiting {
            until,
            next: Next::Retry,
        };
        actions.push(Action::Record {
            slot: Some(index),
            kind: EventType::Normal,
            reason: "BackOff".to_owned(),
            message,
        });
        actions.push(Action::Record {
            slot: Some(index),
            kind: EventType::Warning,
            reason: "Failed".to_owned(),
            message: "Error: ImagePullBackOff".to_owned(),
        });
    }

    pub(super) fn image_ready(
        &mut self,
        index: SlotIndex,
        result: Result<String, Failure>,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        let running = matches!(self.state, State::Running);
        let Some(slot) = self.slots.get_mut(index) else {
            return;
        };
        if slot.state != SlotState::Pulling {
            return;
        }
        match result {
            Ok(image_ref) if running => {
                slot.state = SlotState::Starting;
                actions.push(Action::StartContainer {
                    slot: index,
                    attempt: slot.next_attempt(),
                    image_ref,
                });
            }
            Ok(_) => slot.state = SlotState::Idle,
            Err(failure) => {
                actions.push(Action::Record {
                    slot: Some(index),
                    kind: EventType::Warning,
                    reason: "Failed".to_owned(),
                    message: format!("Error: {}", failure.reason),
                });
                let backed_off = matches!(
                    failure.reason.as_str(),
                    "ErrImagePull" | "RegistryUnavailable" | "SignatureValidationFailed"
                );
                slot.why = Some(failure);
                slot.state = if backed_off {
                    slot.pull.next(now, now);
                    let until = after(now, slot.pull.delay());
                    SlotState::Waiting {
                        until: after(now, PULL_ERROR_SHOWN).min(until),
                        next: Next::PullBackOff { until },
                    }
                } else {
                    SlotState::Waiting {
                        until: after(now, START_RETRY),
                        next: Next::Retry,
                    }
                };
            }
        }
    }

    pub(super) fn container_started(
        &mut self,
        index: SlotIndex,
        result: Result<String, Failure>,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        let Some(slot) = self.slots.get_mut(index) else {
            return;
        };
        let starting = slot.state == SlotState::Starting;
        let spec = slot.spec(&self.pod);
        match result {
            Ok(id) => {
                if starting {
                    let hash = spec.map(container_hash).unwrap_or_default();
                    slot.begin(id, spec, hash, now);
                }
                remove_older(index, slot, actions);
            }
            Err(failure) => {
                actions.push(Action::Record {
                    slot: Some(index),
                    kind: EventType::Warning,
                    reason: "Failed".to_owned(),
                    message: format!("Error: {}", failure.message),
                });
                if !starting {
                    // The runtime has told of its end already.
                    return;
                }
                let delay = if failure.reason == "RunContainerError" {
                    // A container was made, so its number is taken.
                    slot.attempt = Some(slot.next_attempt());
                    slot.crash.next(now, now);
                    slot.crash.delay()
                } else {
                    START_RETRY
                };
                slot.why = Some(failure);
                slot.state = SlotState::Waiting {
                    until: after(now, delay),
                    next: Next::Retry,
                };
            }
        }
    }

    pub(super) fn post_started(
        &mut self,
        index: SlotIndex,
        id: &str,
        result: Result<(), String>,
        actions: &mut Vec<Action>,
    ) {
        let Some(run) = self.slots.get_mut(index).and_then(Slot::run_mut) else {
            return;
        };
        if run.id != id {
            return;
        }
        run.hook = Hook::Done;
        if let Err(message) = result {
            let unkilled = run.killing.is_none();
            actions.push(Action::Record {
                slot: Some(index),
                kind: EventType::Warning,
                reason: "FailedPostStartHook".to_owned(),
                message: format!("PostStartHook failed: {message}"),
            });
            if unkilled && matches!(self.state, State::Running) {
                self.kill(
                    index,
                    self.pod_grace(),
                    true,
                    Some("FailedPostStartHook".to_owned()),
                    actions,
                );
            }
        }
    }

    pub(super) fn probed(
        &mut self,
        index: SlotIndex,
        id: &str,
        kind: ProbeKind,
        success: bool,
        actions: &mut Vec<Action>,
    ) {
        let grace = self.probe_grace(index, kind);
        let Some(slot) = self.slots.get_mut(index) else {
            return;
        };
        let name = slot.name.clone();
        let Some(run) = slot.run_mut().filter(|run| run.id == id) else {
            return;
        };
        match (kind, success) {
            (ProbeKind::Readiness, ready) => run.readiness = ready,
            (ProbeKind::Startup, true) => run.startup = true,
            (ProbeKind::Liveness, true) => {}
            (ProbeKind::Startup | ProbeKind::Liveness, false) => {
                if run.killing.is_none() && matches!(self.state, State::Running) {
                    let word = kind.title().to_lowercase();
                    let message =
                        format!("Container {name} failed {word} probe, will be restarted");
                    self.kill(index, grace, true, Some(message), actions);
                }
            }
        }
    }
}

/// Keeps the newest dead container of a slot, for its log and its last state.
fn remove_older(index: SlotIndex, slot: &mut Slot, actions: &mut Vec<Action>) {
    while slot.dead.len() > 1 {
        let (id, attempt) = slot.dead.remove(0);
        actions.push(Action::RemoveContainer {
            slot: index,
            id,
            attempt,
        });
    }
}
