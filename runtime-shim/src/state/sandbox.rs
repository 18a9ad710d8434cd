//! A pod sandbox: an address and a name that containers are put into. It starts no process and takes no memory of its own.

use hydrofoil_cri::v1::{
    LinuxPodSandboxStatus, Namespace, NamespaceMode, PodSandbox, PodSandboxConfig,
    PodSandboxMetadata, PodSandboxNetworkStatus, PodSandboxState, PodSandboxStatus,
};
use parking_lot::Mutex;

use crate::network::PodAddress;

/// Where a sandbox is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Containers may be put into it.
    Ready,
    /// Stopped: its address is given back.
    NotReady,
}

/// One sandbox.
#[derive(Debug)]
pub struct Sandbox {
    /// Its identifier.
    pub id: String,
    /// As the kubelet gave it.
    pub config: PodSandboxConfig,
    /// The runtime handler asked for.
    pub handler: String,
    /// Nanoseconds since 1970.
    pub created_at: i64,
    /// Its network identity.
    pub address: PodAddress,
    phase: Mutex<Phase>,
}

impl Sandbox {
    /// A sandbox in `phase`.
    pub const fn new(
        id: String,
        config: PodSandboxConfig,
        handler: String,
        created_at: i64,
        address: PodAddress,
        phase: Phase,
    ) -> Self {
        Self {
            id,
            config,
            handler,
            created_at,
            address,
            phase: Mutex::new(phase),
        }
    }

    /// Its phase now.
    pub fn phase(&self) -> Phase {
        *self.phase.lock()
    }

    /// Stops it. Says whether it was ready: the caller then gives the address back, once.
    pub fn stop(&self) -> bool {
        std::mem::replace(&mut *self.phase.lock(), Phase::NotReady) == Phase::Ready
    }

    /// What may not be twice: name, namespace, uid and attempt.
    pub fn key(&self) -> String {
        key(&self.metadata())
    }

    /// Its metadata.
    pub fn metadata(&self) -> PodSandboxMetadata {
        self.config.metadata.clone().unwrap_or_default()
    }

    /// Its host name, as guests see it.
    pub fn hostname(&self) -> &str {
        if self.config.hostname.is_empty() {
            self.config.metadata.as_ref().map_or("", |m| &m.name)
        } else {
            &self.config.hostname
        }
    }

    /// CRI's state.
    pub fn state(&self) -> PodSandboxState {
        match self.phase() {
            Phase::Ready => PodSandboxState::SandboxReady,
            Phase::NotReady => PodSandboxState::SandboxNotready,
        }
    }

    /// The entry in a list.
    pub fn entry(&self) -> PodSandbox {
        PodSandbox {
            id: self.id.clone(),
            metadata: self.config.metadata.clone(),
            state: self.state().into(),
            created_at: self.created_at,
            labels: self.config.labels.clone(),
            annotations: self.config.annotations.clone(),
            runtime_handler: self.handler.clone(),
        }
    }

    /// The full status. A stopped sandbox has no address any more.
    pub fn status(&self) -> PodSandboxStatus {
        let ip = match (self.phase(), self.address.own()) {
            (Phase::Ready, Some(ip)) => ip.to_string(),
            _ => String::new(),
        };
        let options = self
            .config
            .linux
            .as_ref()
            .and_then(|linux| linux.security_context.as_ref())
            .and_then(|context| context.namespace_options.clone());
        PodSandboxStatus {
            id: self.id.clone(),
            metadata: self.config.metadata.clone(),
            state: self.state().into(),
            created_at: self.created_at,
            network: Some(PodSandboxNetworkStatus {
                ip,
                additional_ips: Vec::new(),
            }),
            linux: Some(LinuxPodSandboxStatus {
                namespaces: Some(Namespace { options }),
            }),
            labels: self.config.labels.clone(),
            annotations: self.config.annotations.clone(),
            runtime_handler: self.handler.clone(),
        }
    }
}

/// What may not be twice among sandboxes.
pub fn key(metadata: &PodSandboxMetadata) -> String {
    let PodSandboxMetadata {
        name,
        uid,
        namespace,
        attempt,
    } = metadata;
    format!("{name}_{namespace}_{uid}_{attempt}")
}

/// Whether a pod wants the node's own network.
pub fn wants_host_network(config: &PodSandboxConfig) -> bool {
    config
        .linux
        .as_ref()
        .and_then(|linux| linux.security_context.as_ref())
        .and_then(|context| context.namespace_options.as_ref())
        .is_some_and(|options| options.network == i32::from(NamespaceMode::Node))
}
