//! A container: created, running, exited, and never back.

use std::sync::Arc;

use hydrofoil_cri::v1::{
    Container as Entry, ContainerConfig, ContainerMetadata, ContainerResources, ContainerState,
    ContainerStatus, ImageSpec, LinuxContainerResources,
};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::engine::Program;
use crate::guest::http::Served;
use crate::guest::{Control, Exit, Guest, MemoryBudget, Meter};
use crate::logs::LogFile;
use crate::network::Traffic;

/// Where a container is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Made, not begun.
    Created,
    /// Begun.
    Running {
        /// Nanoseconds since 1970.
        started_at: i64,
    },
    /// Over.
    Exited {
        /// Nanoseconds since 1970; 0 if it never began.
        started_at: i64,
        /// Nanoseconds since 1970.
        finished_at: i64,
        /// How.
        exit: Exit,
    },
}

impl Phase {
    /// CRI's state.
    pub const fn state(&self) -> ContainerState {
        match self {
            Self::Created => ContainerState::ContainerCreated,
            Self::Running { .. } => ContainerState::ContainerRunning,
            Self::Exited { .. } => ContainerState::ContainerExited,
        }
    }
}

/// What is needed to run a container, and commands beside it; dropped when it ends.
#[derive(Clone)]
pub struct Runnable {
    /// The image's program.
    pub program: Arc<Program>,
    /// The guest's world.
    pub guest: Arc<Guest>,
    /// Where it listens, if it serves HTTP.
    pub http_port: u16,
}

/// One container.
pub struct Container {
    /// Its identifier.
    pub id: String,
    /// The sandbox it is in.
    pub sandbox_id: String,
    /// As the kubelet gave it, without the environment: that may hold secrets, and the guest has it.
    pub config: ContainerConfig,
    /// Identifier of its image.
    pub image_id: String,
    /// A name of its image with a digest, where there is one.
    pub image_ref: String,
    /// Nanoseconds since 1970.
    pub created_at: i64,
    /// Its log.
    pub log: Arc<LogFile>,
    /// Its memory.
    pub budget: Arc<MemoryBudget>,
    /// Its CPU time.
    pub meter: Meter,
    /// What went over its network.
    pub traffic: Arc<Traffic>,
    /// The requests that it has answered.
    pub served: Arc<Served>,
    /// Stops it.
    pub control: Control,
    /// Cancelled once it is over and its end was told to who listens.
    pub over: CancellationToken,
    /// As the kubelet gave or changed them.
    pub resources: Mutex<Option<LinuxContainerResources>>,
    /// CPU time at the last look, for the usage since then: (nanoseconds since 1970, CPU nanoseconds, nano-cores).
    pub last_usage: Mutex<(i64, u64, u64)>,
    phase: Mutex<Phase>,
    runnable: Mutex<Option<Runnable>>,
}

/// A container's fixed part, from which it is made.
pub struct Identity {
    /// Its identifier.
    pub id: String,
    /// The sandbox it is in.
    pub sandbox_id: String,
    /// As the kubelet gave it.
    pub config: ContainerConfig,
    /// Identifier of its image.
    pub image_id: String,
    /// A name of its image with a digest.
    pub image_ref: String,
    /// Nanoseconds since 1970.
    pub created_at: i64,
    /// Its log.
    pub log: Arc<LogFile>,
}

/// What a container uses, where it is counted.
struct Uses {
    budget: Arc<MemoryBudget>,
    meter: Meter,
    traffic: Arc<Traffic>,
    served: Arc<Served>,
}

impl Container {
    /// A container that can be started.
    pub fn new(identity: Identity, runnable: Runnable) -> Self {
        let guest = &runnable.guest;
        let uses = Uses {
            budget: Arc::clone(&guest.budget),
            meter: guest.meter.clone(),
            traffic: Arc::clone(&guest.net.traffic),
            served: Arc::clone(&guest.served),
        };
        let control = guest.control.clone();
        Self::assemble(identity, uses, control, Phase::Created, Some(runnable))
    }

    /// A container of an earlier run of this program: it is over.
    pub fn from_before(identity: Identity, meter: Meter, phase: Phase) -> Self {
        let uses = Uses {
            budget: Arc::default(),
            meter,
            traffic: Arc::default(),
            served: Arc::default(),
        };
        let container = Self::assemble(identity, uses, Control::default(), phase, None);
        container.over.cancel();
        container
    }

    fn assemble(
        identity: Identity,
        uses: Uses,
        control: Control,
        phase: Phase,
        runnable: Option<Runnable>,
    ) -> Self {
        let Identity {
            id,
            sandbox_id,
            mut config,
            image_id,
            image_ref,
            created_at,
            log,
        } = identity;
        config.envs = Vec::new();
        let resources = config.linux.as_ref().and_then(|l| l.resources.clone());
        Self {
            id,
            sandbox_id,
            config,
            image_id,
            image_ref,
            created_at,
            log,
            budget: uses.budget,
            meter: uses.meter,
            traffic: uses.traffic,
            served: uses.served,
            control,
            over: CancellationToken::new(),
            resources: Mutex::new(resources),
            last_usage: Mutex::new((created_at, 0, 0)),
            phase: Mutex::new(phase),
            runnable: Mutex::new(runnable),
        }
    }

    /// Its phase now.
    pub fn phase(&self) -> Phase {
        self.phase.lock().clone()
    }

    /// CRI's state.
    pub fn state(&self) -> ContainerState {
        self.phase.lock().state()
    }

    /// Created → Running, with what to run; `None` (and nothing changed) from any other phase.
    pub fn start(&self, now: i64) -> Option<Runnable> {
        let mut phase = self.phase.lock();
        if *phase != Phase::Created {
            return None;
        }
        let runnable = self.runnable.lock().clone()?;
        *phase = Phase::Running { started_at: now };
        Some(runnable)
    }

    /// What runs in it, while it runs.
    pub fn running(&self) -> Option<Runnable> {
        let phase = self.phase.lock();
        match *phase {
            Phase::Running { .. } => self.runnable.lock().clone(),
            Phase::Created | Phase::Exited { .. } => None,
        }
    }

    /// Created or Running → Exited. Says whether this call did it; who did then tells of it, and cancels [`Container::over`].
    pub fn exit(&self, now: i64, exit: Exit) -> bool {
        let mut phase = self.phase.lock();
        let started_at = match &*phase {
            Phase::Created => 0,
            Phase::Running { started_at } => *started_at,
            Phase::Exited { .. } => return false,
        };
        *phase = Phase::Exited {
            started_at,
            finished_at: now,
            exit,
        };
        drop(phase);
        self.runnable.lock().take();
        self.log.close();
        self.log.listeners().end();
        true
    }

    /// What may not be twice in a sandbox: name and attempt.
    pub fn key(&self) -> (String, String, u32) {
        let ContainerMetadata { name, attempt } = self.config.metadata.clone().unwrap_or_default();
        (self.sandbox_id.clone(), name, attempt)
    }

    fn image(&self) -> Option<ImageSpec> {
        self.config.image.clone()
    }

    /// The entry in a list.
    pub fn entry(&self) -> Entry {
        Entry {
            id: self.id.clone(),
            pod_sandbox_id: self.sandbox_id.clone(),
            metadata: self.config.metadata.clone(),
            image: self.image(),
            image_ref: self.image_ref.clone(),
            state: self.state().into(),
            created_at: self.created_at,
            labels: self.config.labels.clone(),
            annotations: self.config.annotations.clone(),
            image_id: self.image_id.clone(),
        }
    }

    /// The full status.
    pub fn status(&self) -> ContainerStatus {
        let phase = self.phase();
        let state = phase.state().into();
        let (started_at, finished_at, exit) = match phase {
            Phase::Created => (0, 0, None),
            Phase::Running { started_at } => (started_at, 0, None),
            Phase::Exited {
                started_at,
                finished_at,
                exit,
            } => (started_at, finished_at, Some(exit)),
        };
        let log_path = self.log.path().map(|p| p.display().to_string());
        ContainerStatus {
            id: self.id.clone(),
            metadata: self.config.metadata.clone(),
            state,
            created_at: self.created_at,
            started_at,
            finished_at,
            exit_code: exit.as_ref().map_or(0, |e| e.code),
            image: self.image(),
            image_ref: self.image_ref.clone(),
            reason: exit
                .as_ref()
                .map(|e| e.reason.to_owned())
                .unwrap_or_default(),
            message: exit.map(|e| e.message).unwrap_or_default(),
            labels: self.config.labels.clone(),
            annotations: self.config.annotations.clone(),
            mounts: self.config.mounts.clone(),
            log_path: log_path.unwrap_or_default(),
            resources: Some(ContainerResources {
                linux: self.resources.lock().clone(),
                windows: None,
            }),
            image_id: self.image_id.clone(),
            user: None,
            stop_signal: self.config.stop_signal,
        }
    }
}
