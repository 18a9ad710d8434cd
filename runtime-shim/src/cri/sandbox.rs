//! RunPodSandbox, StopPodSandbox, RemovePodSandbox, UpdatePodSandboxResources.

use std::sync::Arc;

use hydrofoil_cri::v1::{
    PodSandboxConfig, RemovePodSandboxRequest, RemovePodSandboxResponse, RunPodSandboxRequest,
    RunPodSandboxResponse, StopPodSandboxRequest, StopPodSandboxResponse,
    UpdatePodSandboxResourcesRequest, UpdatePodSandboxResourcesResponse,
};

use super::front::RUNC;
use super::{CriError, CriResult, Runtime};
use crate::clock;
use crate::network::PodAddress;
use crate::state::journal::SavedSandbox;
use crate::state::sandbox::{Phase, key, wants_host_network};
use crate::state::{Change, Sandbox, id};

/// Runtime handlers whose sandboxes are ours: the default, and one that asks for Wasm by name.
pub const HANDLERS: [&str; 2] = ["", "wasm"];

impl Runtime {
    /// Makes a sandbox: a name and an address.
    pub async fn run_pod_sandbox(
        self: &Arc<Self>,
        request: RunPodSandboxRequest,
    ) -> CriResult<RunPodSandboxResponse> {
        if request.runtime_handler == RUNC {
            return self.run_elsewhere(request).await;
        }
        let config = request.config.unwrap_or_default();
        check(&config, &request.runtime_handler)?;
        let name = key(&config.metadata.clone().unwrap_or_default());
        if let Some(other) = self.index.lock().sandbox_named(&name) {
            return Err(reserved(&name, other));
        }
        let address = if wants_host_network(&config) {
            PodAddress::Host
        } else {
            PodAddress::Own(self.addresses.lock().allocate()?)
        };
        let sandbox = Arc::new(Sandbox::new(
            id::new(),
            config,
            request.runtime_handler,
            clock::now_nanos(),
            address,
            Phase::Ready,
        ));
        if let Err(other) = self.index.lock().add_sandbox(Arc::clone(&sandbox)) {
            self.give_back(&sandbox);
            return Err(reserved(&name, &other));
        }
        self.journal
            .note(Change::SandboxAdded(Box::new(SavedSandbox {
                id: sandbox.id.clone(),
                config: Some(sandbox.config.clone()),
                handler: sandbox.handler.clone(),
                created_at: sandbox.created_at,
            })));
        self.metrics.sandboxes_started.increment();
        Ok(RunPodSandboxResponse {
            pod_sandbox_id: sandbox.id.clone(),
        })
    }

    /// Ends a sandbox's containers and gives its address back. Doing it again, or for one that is gone, is no error.
    pub async fn stop_pod_sandbox(
        self: &Arc<Self>,
        request: StopPodSandboxRequest,
    ) -> CriResult<StopPodSandboxResponse> {
        if let Ok(sandbox) = self.sandbox(&request.pod_sandbox_id) {
            self.stop_sandbox(&sandbox).await?;
        }
        Ok(StopPodSandboxResponse {})
    }

    /// Removes a sandbox with everything in it. Doing it again is no error.
    pub async fn remove_pod_sandbox(
        self: &Arc<Self>,
        request: RemovePodSandboxRequest,
    ) -> CriResult<RemovePodSandboxResponse> {
        let Ok(sandbox) = self.sandbox(&request.pod_sandbox_id) else {
            return Ok(RemovePodSandboxResponse {});
        };
        self.stop_sandbox(&sandbox).await?;
        let containers = self.index.lock().containers_of(&sandbox.id);
        for container in containers {
            self.remove(&container).await?;
        }
        if self.index.lock().remove_sandbox(&sandbox.id) {
            self.journal
                .note(Change::SandboxRemoved(sandbox.id.clone()));
        }
        Ok(RemovePodSandboxResponse {})
    }

    /// A sandbox of ours has no resources of its own: what the kubelet tells is taken note of by its containers' updates.
    pub async fn update_pod_sandbox_resources(
        self: &Arc<Self>,
        request: UpdatePodSandboxResourcesRequest,
    ) -> CriResult<UpdatePodSandboxResourcesResponse> {
        self.sandbox(&request.pod_sandbox_id)?;
        Ok(UpdatePodSandboxResourcesResponse {})
    }

    async fn stop_sandbox(self: &Arc<Self>, sandbox: &Sandbox) -> CriResult<()> {
        // Not ready first: no container can be added or begun while the others are ended.
        let was_ready = sandbox.stop();
        let containers = self.index.lock().containers_of(&sandbox.id);
        for container in &containers {
            container.control.stop.cancel();
            container.control.kill.cancel();
        }
        for container in &containers {
            self.end(container, std::time::Duration::ZERO).await?;
        }
        if was_ready {
            self.give_back(sandbox);
        }
        Ok(())
    }

    fn give_back(&self, sandbox: &Sandbox) {
        if let PodAddress::Own(ip) = sandbox.address {
            self.addresses.lock().free(ip);
        }
    }
}

fn check(config: &PodSandboxConfig, handler: &str) -> CriResult<()> {
    let Some(metadata) = &config.metadata else {
        return Err(CriError::Invalid("sandbox config without metadata".into()));
    };
    if metadata.name.is_empty() || metadata.namespace.is_empty() || metadata.uid.is_empty() {
        return Err(CriError::Invalid(
            "sandbox metadata needs name, namespace and uid".into(),
        ));
    }
    if !HANDLERS.contains(&handler) {
        return Err(CriError::Invalid(format!(
            "no runtime for {handler:?} is configured: this runtime has {:?}",
            HANDLERS[1]
        )));
    }
    Ok(())
}

fn reserved(name: &str, other: &str) -> CriError {
    CriError::AlreadyExists(format!(
        "failed to reserve sandbox name {name:?}: it is reserved for {other:?}"
    ))
}
