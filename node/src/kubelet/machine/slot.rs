//! One container of a pod as the state machine keeps it: one enum of states, a method per transition.
//!
//! A slot outlives the containers made for it: a restart makes another container in the same slot.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Container, Pod};

use super::backoff::Backoff;
use super::words::{ContainerSeen, Doing, Failure};

/// Reason upstream gives a container that vanished.
pub(crate) const STATUS_UNKNOWN: &str = "ContainerStatusUnknown";
/// Exit code upstream gives a container that vanished: 128 + SIGKILL.
pub(crate) const UNKNOWN_EXIT_CODE: i32 = 137;

/// What a container is in its pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Runs to its end before the next one.
    Init,
    /// An init container with `restartPolicy: Always`: runs beside the main ones.
    Sidecar,
    Main,
}

impl Role {
    /// The spec of the container that is the `index`th of its list.
    pub(crate) fn spec(self, index: usize, pod: &Pod) -> Option<&Container> {
        let spec = pod.spec.as_ref()?;
        match self {
            Role::Main => spec.containers.get(index),
            Role::Init | Role::Sidecar => spec.init_containers.as_ref()?.get(index),
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ended {
    pub id: String,
    pub exit_code: i32,
    pub reason: String,
    pub message: String,
    pub started_at: Option<Timestamp>,
    pub finished_at: Timestamp,
}

/// The postStart hook of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    Pending,
    InFlight,
    Done,
}

/// A run that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub id: String,
    /// When StartContainer came back, or when it was first seen.
    pub since: Timestamp,
    /// When the runtime says that it began; `None` until the runtime was heard.
    pub started_at: Option<Timestamp>,
    pub hook: Hook,
    /// The grace with which it is being stopped, in seconds.
    pub killing: Option<i64>,
    /// StopContainer calls in flight.
    pub kills_in_flight: u32,
    /// When StopContainer last came back without the end being seen, or when the runtime was last asked.
    pub checked: Timestamp,
    pub hash: String,
    /// Startup probe passed, or none is set.
    pub startup: bool,
    /// Readiness probe passed, or none is set.
    pub readiness: bool,
    /// Whether probes were asked for.
    pub probed: bool,
}

/// What a slot is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SlotState {
    /// Nothing was tried in this sandbox.
    Idle,
    /// `EnsureImage` is in flight.
    Pulling,
    /// Held back until then.
    Waiting {
        until: Timestamp,
        next: Next,
    },
    /// `StartContainer` is in flight.
    Starting,
    Running(Run),
    Exited(Ended),
}

/// What follows a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Try again.
    Retry,
    /// Start again after the end at that time.
    Restart { ended_at: Timestamp },
    /// Show that the pull is backed off, and wait until then.
    PullBackOff { until: Timestamp },
}

/// One container of a pod.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub name: String,
    pub role: Role,
    /// Index in its list of the spec.
    pub index: usize,
    pub state: SlotState,
    /// What `state.waiting` shows while nothing runs.
    pub why: Option<Failure>,
    /// How the run before ended.
    pub last: Option<Ended>,
    /// Attempt of the newest container; `None` before the first.
    pub attempt: Option<u32>,
    pub crash: Backoff,
    pub pull: Backoff,
    /// Image as the runtime names it: name and digest.
    pub image: Option<(String, String)>,
    /// When the newest run ended, by the kubelet's clock where the runtime's cannot be right: back-off counts from here.
    pub ended_at: Option<Timestamp>,
    /// Dead containers of this slot with their attempts, oldest first.
    pub dead: Vec<(String, u32)>,
}

impl Slot {
    pub(crate) fn new(name: &str, role: Role, index: usize) -> Self {
        Self {
            name: name.to_owned(),
            role,
            index,
            state: SlotState::Idle,
            why: None,
            last: None,
            attempt: None,
            crash: Backoff::default(),
            pull: Backoff::default(),
            image: None,
            ended_at: None,
            dead: Vec::new(),
        }
    }

    /// The container's part of the spec.
    pub(crate) fn spec<'a>(&self, pod: &'a Pod) -> Option<&'a Container> {
        self.role.spec(self.index, pod)
    }

    pub(crate) fn restart_count(&self) -> u32 {
        self.attempt.unwrap_or(0)
    }

    /// The attempt that the next container gets.
    pub(crate) fn next_attempt(&self) -> u32 {
        self.attempt.map_or(0, |attempt| attempt.saturating_add(1))
    }

    pub(crate) fn run(&self) -> Option<&Run> {
        match &self.state {
            SlotState::Running(run) => Some(run),
            _ => None,
        }
    }

    pub(crate) fn run_mut(&mut self) -> Option<&mut Run> {
        match &mut self.state {
            SlotState::Running(run) => Some(run),
            _ => None,
        }
    }

    pub(crate) fn ended(&self) -> Option<&Ended> {
        match &self.state {
            SlotState::Exited(ended) => Some(ended),
            _ => None,
        }
    }

    /// Running, its postStart hook done, its startup probe passed.
    pub(crate) fn is_started(&self) -> bool {
        self.run().is_some_and(|run| {
            run.started_at.is_some()
                && run.hook == Hook::Done
                && run.startup
                && run.killing.is_none()
        })
    }

    /// `status.ready` of the container.
    pub(crate) fn is_ready(&self) -> bool {
        match self.role {
            Role::Init => self.ended().is_some_and(|ended| ended.exit_code == 0),
            Role::Sidecar | Role::Main => {
                self.is_started() && self.run().is_some_and(|run| run.readiness)
            }
        }
    }

    /// A container was made and started; the runtime has not told of it yet.
    pub(crate) fn begin(
        &mut self,
        id: String,
        spec: Option<&Container>,
        hash: String,
        now: Timestamp,
    ) {
        self.attempt = Some(self.next_attempt());
        self.why = None;
        self.pull.reset();
        self.state = SlotState::Running(Run::new(id, spec, hash, now));
    }

    /// The container ended.
    pub(crate) fn end(&mut self, ended: Ended) {
        self.why = None;
        // It cannot have ended before it was started.
        let earliest = self.run().map_or(ended.finished_at, |run| run.since);
        self.ended_at = Some(ended.finished_at.max(earliest));
        if !self.dead.iter().any(|(id, _)| *id == ended.id) {
            self.dead.push((ended.id.clone(), self.restart_count()));
        }
        self.state = SlotState::Exited(ended);
    }

    /// The run that ended becomes the last state, so that another can begin.
    pub(crate) fn shelve(&mut self) {
        if let SlotState::Exited(ended) = &self.state {
            self.last = Some(ended.clone());
        }
    }

    /// Takes in what the runtime tells of this slot's newest container. Says whether anything changed.
    pub(crate) fn observe(
        &mut self,
        seen: &ContainerSeen,
        spec: Option<&Container>,
        now: Timestamp,
    ) -> bool {
        if self.attempt.is_some_and(|attempt| seen.attempt < attempt) {
            return false;
        }
        // The runtime's word can be quicker than StartContainer's answer.
        let starting = self.state == SlotState::Starting && seen.attempt >= self.next_attempt();
        if starting && matches!(seen.doing, Doing::Running | Doing::Exited) {
            self.begin(seen.id.clone(), spec, seen.hash.clone(), now);
        }
        let known = match &self.state {
            SlotState::Running(run) => run.id == seen.id,
            SlotState::Exited(ended) if ended.id == seen.id => return false,
            // Of an earlier one.
            SlotState::Starting => return false,
            _ => false,
        };
        let image = Some((seen.image.clone(), seen.image_id.clone()));
        match seen.doing {
            Doing::Created => false,
            Doing::Running => {
                self.attempt = Some(seen.attempt);
                let changed_image = self.image != image;
                self.image = image;
                if !known {
                    let mut run = Run::new(seen.id.clone(), spec, seen.hash.clone(), now);
                    run.started_at = seen.started_at.or(Some(seen.created_at));
                    // It runs already: its hook was run by whoever started it.
                    run.hook = Hook::Done;
                    self.why = None;
                    self.state = SlotState::Running(run);
                    return true;
                }
                let Some(run) = self.run_mut() else {
                    return false;
                };
                let changed = run.started_at.is_none() || changed_image;
                if run.started_at.is_none() {
                    run.started_at = seen.started_at.or(Some(seen.created_at));
                }
                changed
            }
            Doing::Exited | Doing::Unknown => {
                if !known && self.attempt == Some(seen.attempt) && self.ended().is_some() {
                    return false;
                }
                // A slot that waits has already shelved this end.
                if self.last.as_ref().is_some_and(|last| last.id == seen.id) {
                    return false;
                }
                self.attempt = Some(seen.attempt);
                self.image = image;
                self.end(Ended::from_seen(seen, now));
                true
            }
        }
    }

    /// The runtime knows the container no more.
    pub(crate) fn vanish(&mut self, now: Timestamp) {
        if let SlotState::Running(run) = &self.state {
            let ended = Ended {
                id: run.id.clone(),
                exit_code: UNKNOWN_EXIT_CODE,
                reason: STATUS_UNKNOWN.to_owned(),
                message: "The container could not be located when the pod was terminated"
                    .to_owned(),
                started_at: run.started_at,
                finished_at: now,
            };
            self.end(ended);
        }
    }
}

impl Run {
    fn new(id: String, spec: Option<&Container>, hash: String, now: Timestamp) -> Self {
        let has_hook = spec
            .and_then(|spec| spec.lifecycle.as_ref())
            .is_some_and(|lifecycle| lifecycle.post_start.is_some());
        Self {
            id,
            since: now,
            started_at: None,
            hook: if has_hook { Hook::Pending } else { Hook::Done },
            killing: None,
            kills_in_flight: 0,
            checked: now,
            hash,
            startup: spec.is_none_or(|spec| spec.startup_probe.is_none()),
            readiness: spec.is_none_or(|spec| spec.readiness_probe.is_none()),
            probed: false,
        }
    }
}

impl Ended {
    fn from_seen(seen: &ContainerSeen, now: Timestamp) -> Self {
        let unknown = seen.doing == Doing::Unknown;
        let reason = match seen.reason.as_str() {
            _ if unknown => STATUS_UNKNOWN.to_owned(),
            "" if seen.exit_code == 0 => "Completed".to_owned(),
            "" => "Error".to_owned(),
            reason => reason.to_owned(),
        };
        Self {
            id: seen.id.clone(),
            exit_code: if unknown {
                UNKNOWN_EXIT_CODE
            } else {
                seen.exit_code
            },
            reason,
            message: seen.message.clone(),
            started_at: seen.started_at,
            finished_at: seen.finished_at.unwrap_or(now),
        }
    }
}
