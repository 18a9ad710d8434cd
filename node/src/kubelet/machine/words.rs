//! The words between a pod's state machine and the runtime around it: what can happen to a pod, and what the machine asks for.
//!
//! Plain values only. Nothing here calls CRI, reads a file or knows the time.

use std::sync::Arc;

use hydrofoil_client::events::EventType;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;

/// Index of a container in a machine's list: init containers first, then the main ones, each in the order of the spec.
pub(crate) type SlotIndex = usize;

/// A reason and a message, as `state.waiting` shows them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Failure {
    /// CamelCase word such as `ErrImagePull`.
    pub reason: String,
    /// What went wrong.
    pub message: String,
}

impl Failure {
    pub(crate) fn new(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            message: message.into(),
        }
    }
}

/// A sandbox as the runtime tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SandboxSeen {
    pub id: String,
    pub attempt: u32,
    pub ready: bool,
    pub created_at: Timestamp,
    /// The pod's addresses, the primary one first; empty for host network.
    pub ips: Vec<String>,
}

/// What a container is doing, as the runtime tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Doing {
    Created,
    Running,
    Exited,
    Unknown,
}

/// A container as the runtime tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContainerSeen {
    pub id: String,
    pub sandbox_id: String,
    pub name: String,
    /// The restart count it was made with.
    pub attempt: u32,
    pub doing: Doing,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub exit_code: i32,
    pub reason: String,
    /// The termination message: the container's own where it wrote one, otherwise the runtime's.
    pub message: String,
    pub image: String,
    pub image_id: String,
    /// Hash of the container's spec when it was made.
    pub hash: String,
}

/// What the runtime told of one pod at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Observation {
    pub sandboxes: Vec<SandboxSeen>,
    pub containers: Vec<ContainerSeen>,
    /// When the question was asked. Things made later may be absent.
    pub taken_at: Timestamp,
    /// Whether everything of the pod is listed, so that what is absent is gone.
    pub full: bool,
}

/// Kinds of probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ProbeKind {
    Startup,
    Liveness,
    Readiness,
}

impl ProbeKind {
    pub(crate) fn title(self) -> &'static str {
        match self {
            ProbeKind::Startup => "Startup",
            ProbeKind::Liveness => "Liveness",
            ProbeKind::Readiness => "Readiness",
        }
    }
}

/// Everything that can happen to a pod.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// The API server has this version of the pod.
    Updated(Arc<Pod>),
    /// The API server has the pod no more.
    Removed,
    /// The node cannot take the pod.
    Rejected(Failure),
    /// The runtime told something.
    Observed(Observation),
    /// The runtime could not be asked.
    InspectFailed(String),
    /// The volumes are there, or which one is not and why.
    Mounted(Result<(), String>),
    /// `RunPodSandbox` came back.
    SandboxStarted(Result<SandboxSeen, String>),
    /// The image is on the node, or why not.
    ImageReady {
        slot: SlotIndex,
        result: Result<String, Failure>,
    },
    /// `CreateContainer` and `StartContainer` came back.
    ContainerStarted {
        slot: SlotIndex,
        result: Result<String, Failure>,
    },
    /// The postStart hook came back.
    PostStarted {
        slot: SlotIndex,
        id: String,
        result: Result<(), String>,
    },
    /// `StopContainer` came back.
    Killed {
        slot: SlotIndex,
        id: String,
        result: Result<(), String>,
    },
    /// `StopPodSandbox` came back for every sandbox asked for.
    SandboxStopped(Result<(), String>),
    /// Sandboxes, volumes and directories are removed.
    CleanedUp(Result<(), String>),
    /// A probe's settled result changed.
    Probed {
        slot: SlotIndex,
        id: String,
        kind: ProbeKind,
        success: bool,
    },
    /// A ConfigMap or Secret the pod refers to changed.
    ReferenceChanged,
    /// A deadline the machine asked for has come.
    Woke,
}

/// Everything a machine can ask for. Each is answered by an event, unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Ask the runtime for everything of this pod.
    Inspect,
    MountVolumes,
    RunSandbox {
        attempt: u32,
    },
    EnsureImage {
        slot: SlotIndex,
    },
    StartContainer {
        slot: SlotIndex,
        attempt: u32,
        image_ref: String,
    },
    PostStart {
        slot: SlotIndex,
        id: String,
    },
    /// Run the preStop hook and `StopContainer`.
    Kill {
        slot: SlotIndex,
        id: String,
        grace_seconds: i64,
        pre_stop: bool,
        /// Text of the Killing event; `None` records none.
        message: Option<String>,
    },
    StopSandboxes {
        ids: Vec<String>,
    },
    /// Remove a dead container. Not answered.
    RemoveContainer {
        slot: SlotIndex,
        id: String,
        attempt: u32,
    },
    /// Start the probes of a running container. Not answered as such.
    StartProbes {
        slot: SlotIndex,
        id: String,
        started_at: Timestamp,
        ip: String,
    },
    /// Stop probes of a container: all, or all but readiness. Not answered.
    StopProbes {
        slot: SlotIndex,
        keep_readiness: bool,
    },
    /// Remove everything the node keeps of the pod.
    CleanUp {
        sandboxes: Vec<String>,
    },
    /// Delete the object, once its last status is written. Answered by `Removed`.
    DeletePod,
    /// Record an event. Not answered.
    Record {
        slot: Option<SlotIndex>,
        kind: EventType,
        reason: String,
        message: String,
    },
    /// Nothing is left to do for this pod, for ever. Not answered.
    Forget,
}
