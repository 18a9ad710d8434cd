//! The status of a pod, computed from its machine: phase, conditions, container statuses, with upstream's reasons and messages
//! (`pkg/kubelet/kubelet_pods.go`, `pkg/kubelet/status/generate.go`).

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{
    ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting,
    ContainerStatus, HostIP, Pod, PodCondition, PodIP, PodStatus, VolumeMountStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::slot::{Ended, Hook, Role, STATUS_UNKNOWN, Slot, SlotState, UNKNOWN_EXIT_CODE};
use super::{PodMachine, State};
use crate::kubelet::text::go_list;

const READY_TO_START: &str = "PodReadyToStartContainers";
const INITIALIZED: &str = "Initialized";
const READY: &str = "Ready";
const CONTAINERS_READY: &str = "ContainersReady";
const SCHEDULED: &str = "PodScheduled";

/// The conditions this node writes, in upstream's order.
const CONDITIONS: [&str; 5] = [
    READY_TO_START,
    INITIALIZED,
    READY,
    CONTAINERS_READY,
    SCHEDULED,
];

/// The condition of that name, if it is one this node writes.
pub(super) fn condition_type(name: &str) -> Option<&'static str> {
    CONDITIONS.into_iter().find(|known| *known == name)
}

/// What a pod's status says of its node.
#[derive(Clone, Debug)]
pub(crate) struct NodeFacts {
    /// The node's addresses, the primary one first.
    pub host_ips: Vec<String>,
    /// The runtime's name, the scheme of container ids.
    pub runtime_name: String,
}

/// A condition before its time is known.
struct Told {
    status: bool,
    reason: &'static str,
    message: String,
}

impl Told {
    fn yes() -> Self {
        Self::new(true, "", String::new())
    }

    fn new(status: bool, reason: &'static str, message: String) -> Self {
        Self {
            status,
            reason,
            message,
        }
    }
}

impl PodMachine {
    /// Whether nothing of the pod runs, for good.
    fn is_over(&self) -> bool {
        matches!(
            self.state,
            State::Stopped | State::Cleaning(_) | State::Deleting | State::Gone
        )
    }

    /// A digest of all that [`status`](Self::status) depends on: as long as it stays, so does the status. Computing it costs a small
    /// part of what the status does, and most of a pod's steps change nothing that is shown.
    pub(crate) fn shown(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let meta = &self.pod.metadata;
        // The generation stands for the spec.
        meta.generation.hash(&mut hasher);
        if meta.generation.is_none() {
            meta.resource_version.hash(&mut hasher);
        }
        // Readiness gates are opened by conditions that others write.
        for condition in gate_conditions(&self.pod) {
            (&condition.type_, &condition.status).hash(&mut hasher);
        }
        (self.is_over(), self.initialized, self.ever_ran).hash(&mut hasher);
        (self.phase(), self.start_time).hash(&mut hasher);
        (&self.settled_phase, &self.verdict).hash(&mut hasher);
        if let Some(sandbox) = &self.sandbox {
            (sandbox.ready, &sandbox.ips).hash(&mut hasher);
        }
        self.sandbox.is_some().hash(&mut hasher);
        for slot in &self.slots {
            (slot.attempt, &slot.why, &slot.last, &slot.image).hash(&mut hasher);
            (slot.is_started(), slot.is_ready()).hash(&mut hasher);
            match &slot.state {
                SlotState::Running(run) => {
                    (1, &run.id, run.started_at, run.hook == Hook::Done).hash(&mut hasher);
                }
                SlotState::Exited(ended) => (2, ended).hash(&mut hasher),
                // All shown as waiting.
                SlotState::Idle
                | SlotState::Pulling
                | SlotState::Waiting { .. }
                | SlotState::Starting => 0.hash(&mut hasher),
            }
        }
        hasher.finish()
    }

    /// The whole status as of `now`. Remembers when conditions changed.
    pub(crate) fn status(&mut self, node: &NodeFacts, now: Timestamp) -> PodStatus {
        let pod = self.pod.clone();
        let phase = self.phase();
        let mut main = self.statuses(&pod, node, |role| role == Role::Main);
        let init = self.statuses(&pod, node, |role| role != Role::Main);
        main.sort_by(|a, b| a.name.cmp(&b.name));
        let conditions = self.conditions(&pod, phase, now);
        let host_network = pod
            .spec
            .as_ref()
            .and_then(|spec| spec.host_network)
            .unwrap_or(false);
        let ips = match &self.sandbox {
            Some(_) if host_network => node.host_ips.clone(),
            Some(sandbox) => sandbox.ips.clone(),
            None => Vec::new(),
        };
        let rejected = self.settled_phase.is_some() && main.is_empty();
        PodStatus {
            conditions: Some(conditions),
            container_statuses: (!main.is_empty()).then_some(main),
            init_container_statuses: (!init.is_empty()).then_some(init),
            host_ip: node.host_ips.first().cloned(),
            host_ips: Some(
                node.host_ips
                    .iter()
                    .map(|ip| HostIP { ip: ip.clone() })
                    .collect(),
            ),
            message: self.verdict.as_ref().map(|verdict| verdict.message.clone()),
            reason: self.verdict.as_ref().map(|verdict| verdict.reason.clone()),
            observed_generation: pod.metadata.generation,
            phase: Some(phase.to_owned()),
            pod_ip: ips.first().filter(|_| !rejected).cloned(),
            pod_ips: (!ips.is_empty() && !rejected)
                .then(|| ips.into_iter().map(|ip| PodIP { ip }).collect()),
            start_time: Some(Time(whole_seconds(self.start_time))),
            ..PodStatus::default()
        }
    }

    /// Whether the container statuses are to be left out: the node never took the pod.
    fn never_taken(&self) -> bool {
        self.settled_phase.is_some()
            && self.verdict.is_some()
            && self.slots.iter().all(|slot| slot.attempt.is_none())
            && self.sandbox.is_none()
    }

    fn statuses(
        &self,
        pod: &Pod,
        node: &NodeFacts,
        wanted: impl Fn(Role) -> bool,
    ) -> Vec<ContainerStatus> {
        if self.never_taken() {
            return Vec::new();
        }
        let has_init = self.slots.iter().any(|slot| slot.role != Role::Main);
        self.slots
            .iter()
            .filter(|slot| wanted(slot.role))
            .map(|slot| container_status(slot, pod, node, has_init, self.is_over()))
            .collect()
    }

    /// Upstream's `getPhase`, with what a stopped pod's phase becomes.
    pub(crate) fn phase(&self) -> &'static str {
        match self.settled_phase.as_deref() {
            Some("Succeeded") => return "Succeeded",
            Some("Failed") if self.is_over() => return "Failed",
            _ => {}
        }
        let over = self.is_over();
        let phase = self.live_phase(over);
        if over && (phase == "Pending" || phase == "Running") {
            return "Failed";
        }
        phase
    }

    fn live_phase(&self, over: bool) -> &'static str {
        let policy = self
            .pod
            .spec
            .as_ref()
            .and_then(|spec| spec.restart_policy.as_deref())
            .unwrap_or("Always");
        if !self.initialized && !self.ever_ran {
            let failed = self.slots.iter().any(|slot| {
                slot.role == Role::Init
                    && slot
                        .ended()
                        .is_some_and(|ended| ended.exit_code != 0 && !self.restarts(slot, ended))
            });
            if failed {
                return "Failed";
            }
            if self
                .slots
                .iter()
                .any(|slot| slot.role != Role::Main && !slot_initialized(slot))
            {
                return "Pending";
            }
        }
        let (mut waiting, mut running, mut stopped, mut succeeded) = (0, 0, 0, 0);
        let mut restarts = false;
        for slot in self.slots.iter().filter(|slot| slot.role == Role::Main) {
            match &slot.state {
                SlotState::Running(run) if run.started_at.is_some() => running += 1,
                SlotState::Exited(ended) => {
                    stopped += 1;
                    succeeded += usize::from(ended.exit_code == 0);
                    restarts |= self.restarts(slot, ended);
                }
                _ => match &slot.last {
                    Some(_) => {
                        stopped += 1;
                        restarts = true;
                    }
                    None => waiting += 1,
                },
            }
        }
        if waiting > 0 {
            "Pending"
        } else if running > 0 || (stopped > 0 && restarts && !over) {
            "Running"
        } else if stopped > 0 && stopped == succeeded && (over || policy != "Always") {
            "Succeeded"
        } else if stopped > 0 {
            "Failed"
        } else {
            "Pending"
        }
    }

    fn conditions(&mut self, pod: &Pod, phase: &str, now: Timestamp) -> Vec<PodCondition> {
        let sandbox_ready = self.sandbox.as_ref().is_some_and(|sandbox| sandbox.ready);
        let told = [
            (READY_TO_START, Told::new(sandbox_ready, "", String::new())),
            (INITIALIZED, self.initialized_condition(phase)),
            (READY, self.ready_condition(pod, phase)),
            (CONTAINERS_READY, self.containers_ready(phase)),
            (SCHEDULED, Told::yes()),
        ];
        let generation = pod.metadata.generation;
        told.into_iter()
            .map(|(kind, told)| {
                let since = match self.conditions.get(kind) {
                    Some((status, since)) if *status == told.status => *since,
                    _ => {
                        self.conditions.insert(kind, (told.status, now));
                        now
                    }
                };
                PodCondition {
                    type_: kind.to_owned(),
                    status: if told.status { "True" } else { "False" }.to_owned(),
                    reason: (!told.reason.is_empty()).then(|| told.reason.to_owned()),
                    message: (!told.message.is_empty()).then_some(told.message),
                    last_transition_time: Some(Time(whole_seconds(since))),
                    last_probe_time: None,
                    observed_generation: generation,
                }
            })
            .collect()
    }

    fn initialized_condition(&self, phase: &str) -> Told {
        if phase == "Succeeded" {
            return Told::new(true, "PodCompleted", String::new());
        }
        if self.ever_ran || self.initialized {
            return Told::yes();
        }
        let incomplete: Vec<&str> = self
            .slots
            .iter()
            .filter(|slot| slot.role != Role::Main && !slot_initialized(slot))
            .map(|slot| slot.name.as_str())
            .collect();
        if incomplete.is_empty() {
            return Told::yes();
        }
        let message = format!(
            "containers with incomplete status: {}",
            go_list(&incomplete)
        );
        Told::new(false, "ContainersNotInitialized", message)
    }

    fn containers_ready(&self, phase: &str) -> Told {
        match phase {
            "Succeeded" => return Told::new(false, "PodCompleted", String::new()),
            "Failed" => return Told::new(false, "PodFailed", String::new()),
            _ => {}
        }
        let unready: Vec<&str> = self
            .slots
            .iter()
            .filter(|slot| slot.role != Role::Init && !slot.is_ready())
            .map(|slot| slot.name.as_str())
            .collect();
        if unready.is_empty() {
            return Told::yes();
        }
        let message = format!("containers with unready status: {}", go_list(&unready));
        Told::new(false, "ContainersNotReady", message)
    }

    fn ready_condition(&self, pod: &Pod, phase: &str) -> Told {
        let containers = self.containers_ready(phase);
        if !containers.status {
            return containers;
        }
        let conditions = gate_conditions(pod);
        let gates = pod
            .spec
            .iter()
            .flat_map(|spec| spec.readiness_gates.iter().flatten());
        let unmet: Vec<String> = gates
            .filter_map(|gate| {
                let name = &gate.condition_type;
                match conditions.iter().find(|condition| condition.type_ == *name) {
                    None => Some(format!(
                        "corresponding condition of pod readiness gate \"{name}\" does not exist."
                    )),
                    Some(condition) if condition.status != "True" => Some(format!(
                        "the status of pod readiness gate \"{name}\" is not \"True\", but {}",
                        condition.status
                    )),
                    Some(_) => None,
                }
            })
            .collect();
        if unmet.is_empty() {
            Told::yes()
        } else {
            Told::new(false, "ReadinessGatesNotReady", unmet.join(", "))
        }
    }
}

/// The conditions of a pod's status as the API server has it, if readiness gates look at them.
fn gate_conditions(pod: &Pod) -> &[PodCondition] {
    let gated = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.readiness_gates.as_ref())
        .is_some_and(|gates| !gates.is_empty());
    pod.status
        .as_ref()
        .and_then(|status| status.conditions.as_deref())
        .filter(|_| gated)
        .unwrap_or_default()
}

fn slot_initialized(slot: &Slot) -> bool {
    match slot.role {
        Role::Init => slot.is_ready(),
        Role::Sidecar => slot.is_started(),
        Role::Main => true,
    }
}

/// A time as the API carries it: whole seconds.
pub(crate) fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn container_status(
    slot: &Slot,
    pod: &Pod,
    node: &NodeFacts,
    has_init: bool,
    over: bool,
) -> ContainerStatus {
    let spec = slot.spec(pod);
    let id_of = |id: &str| (!id.is_empty()).then(|| format!("{}://{id}", node.runtime_name));
    let terminated = |ended: &Ended| ContainerState {
        terminated: Some(ContainerStateTerminated {
            container_id: id_of(&ended.id),
            exit_code: ended.exit_code,
            finished_at: Some(Time(whole_seconds(ended.finished_at))),
            message: (!ended.message.is_empty()).then(|| ended.message.clone()),
            reason: Some(ended.reason.clone()),
            signal: None,
            started_at: ended.started_at.map(|at| Time(whole_seconds(at))),
        }),
        ..ContainerState::default()
    };
    let waiting = || {
        let default = if has_init {
            "PodInitializing"
        } else {
            "ContainerCreating"
        };
        let (reason, message) = match &slot.why {
            Some(why) => (
                why.reason.clone(),
                Some(why.message.clone()).filter(|text| !text.is_empty()),
            ),
            None => (default.to_owned(), None),
        };
        ContainerState {
            waiting: Some(ContainerStateWaiting {
                message,
                reason: Some(reason),
            }),
            ..ContainerState::default()
        }
    };
    let state = match &slot.state {
        SlotState::Running(run) => match run.started_at {
            Some(at) => ContainerState {
                running: Some(ContainerStateRunning {
                    started_at: Some(Time(whole_seconds(at))),
                }),
                ..ContainerState::default()
            },
            None => waiting(),
        },
        SlotState::Exited(ended) => terminated(ended),
        _ if over && slot.role == Role::Main => match &slot.last {
            Some(last) => terminated(last),
            None => never_located(),
        },
        _ => waiting(),
    };
    let id = match &slot.state {
        SlotState::Running(run) => Some(run.id.as_str()),
        SlotState::Exited(ended) => Some(ended.id.as_str()),
        _ => slot.last.as_ref().map(|last| last.id.as_str()),
    };
    let (image, image_id) = match (&slot.image, id) {
        (Some((image, image_id)), Some(_)) => (image.clone(), image_id.clone()),
        _ => (
            spec.and_then(|spec| spec.image.clone()).unwrap_or_default(),
            String::new(),
        ),
    };
    let hook_done = slot.run().is_some_and(|run| run.hook == Hook::Done);
    let resources = spec.and_then(|spec| spec.resources.clone());
    ContainerStatus {
        allocated_resources: resources
            .as_ref()
            .and_then(|resources| resources.requests.clone()),
        resources: resources
            .filter(|resources| resources.requests.is_some() || resources.limits.is_some()),
        container_id: id.and_then(id_of),
        image,
        image_id,
        last_state: slot
            .last
            .as_ref()
            .filter(|last| Some(last.id.as_str()) != slot.ended().map(|e| e.id.as_str()))
            .map(terminated),
        name: slot.name.clone(),
        ready: slot.is_ready(),
        restart_count: i32::try_from(slot.restart_count()).unwrap_or(i32::MAX),
        started: Some(slot.is_started() && hook_done),
        state: Some(state),
        volume_mounts: spec.and_then(volume_mounts),
        ..ContainerStatus::default()
    }
}

/// A container of a stopped pod that never ran (upstream: `TerminatePod`).
fn never_located() -> ContainerState {
    ContainerState {
        terminated: Some(ContainerStateTerminated {
            exit_code: UNKNOWN_EXIT_CODE,
            reason: Some(STATUS_UNKNOWN.to_owned()),
            message: Some(
                "The container could not be located when the pod was terminated".to_owned(),
            ),
            ..ContainerStateTerminated::default()
        }),
        ..ContainerState::default()
    }
}

fn volume_mounts(spec: &k8s_openapi::api::core::v1::Container) -> Option<Vec<VolumeMountStatus>> {
    let mounts = spec
        .volume_mounts
        .as_ref()
        .filter(|mounts| !mounts.is_empty())?;
    Some(
        mounts
            .iter()
            .map(|mount| VolumeMountStatus {
                mount_path: mount.mount_path.clone(),
                name: mount.name.clone(),
                read_only: mount.read_only.filter(|read_only| *read_only),
                recursive_read_only: mount
                    .read_only
                    .filter(|read_only| *read_only)
                    .map(|_| "Disabled".to_owned()),
                ..VolumeMountStatus::default()
            })
            .collect(),
    )
}
