//! What goes to containerd, and how its answers come beside ours.
//!
//! Pods of the handler `runc` are containerd's as a whole: their sandboxes and containers keep containerd's identifiers, and who asks
//! for an identifier that is none of ours asks containerd. So nothing about them is kept here.
//!
//! The one confusing thing: a list without containerd's part would tell a kubelet that its containers are gone. So lists fail while
//! containerd cannot be reached, for WebAssembly too.

use hydrofoil_cri::v1::{
    Container as ContainerEntry, ContainerFilter, ContainerStats, ContainerStatsFilter,
    Image as ImageEntry, ImageFilter, ListContainerStatsRequest, ListContainersRequest,
    ListImagesRequest, ListPodSandboxRequest, ListPodSandboxStatsRequest, PodSandbox,
    PodSandboxFilter, PodSandboxMetadata, PodSandboxStats, PodSandboxStatsFilter,
    PodSandboxStatusRequest, PodSandboxStatusResponse, RunPodSandboxRequest, RunPodSandboxResponse,
};

use super::{CriError, CriResult, Runtime};
use crate::containerd::{Containerd, or_none};

/// The handler of pods that containerd runs as a whole.
pub const RUNC: &str = "runc";

impl Runtime {
    /// Who knows a sandbox that is none of ours.
    pub(super) fn who_has_sandbox(&self, id: &str) -> Option<&Containerd> {
        let containerd = self.containerd.as_ref()?;
        (!id.is_empty() && self.sandbox(id).is_err()).then_some(containerd)
    }

    /// Who knows a container that is none of ours.
    pub(super) fn who_has_container(&self, id: &str) -> Option<&Containerd> {
        let containerd = self.containerd.as_ref()?;
        (!id.is_empty() && self.container(id).is_err()).then_some(containerd)
    }

    /// Makes a sandbox of containerd's.
    pub(super) async fn run_elsewhere(
        &self,
        request: RunPodSandboxRequest,
    ) -> CriResult<RunPodSandboxResponse> {
        let Some(containerd) = &self.containerd else {
            return Err(CriError::Invalid(format!(
                "no runtime for {RUNC:?} is configured: this runtime has no containerd"
            )));
        };
        let request = RunPodSandboxRequest {
            // Its own default, whatever that is called there.
            runtime_handler: String::new(),
            ..request
        };
        let mut client = containerd.runtime();
        Ok(containerd.ask(client.run_pod_sandbox(request)).await?)
    }

    /// The status of a sandbox of containerd's.
    pub(super) async fn status_elsewhere(
        containerd: &Containerd,
        request: PodSandboxStatusRequest,
    ) -> CriResult<PodSandboxStatusResponse> {
        let mut client = containerd.runtime();
        let mut answer = containerd.ask(client.pod_sandbox_status(request)).await?;
        if let Some(status) = &mut answer.status {
            name_handler(&mut status.runtime_handler);
        }
        Ok(answer)
    }

    /// Sandboxes that fit a filter, ours and containerd's.
    pub(super) async fn all_sandboxes(
        &self,
        filter: Option<PodSandboxFilter>,
    ) -> CriResult<Vec<PodSandbox>> {
        let mut all = self.sandboxes_like(filter.as_ref());
        if let Some(containerd) = &self.containerd {
            let mut client = containerd.runtime();
            let request = ListPodSandboxRequest { filter };
            let mut theirs = containerd.ask(client.list_pod_sandbox(request)).await?;
            for entry in &mut theirs.items {
                name_handler(&mut entry.runtime_handler);
            }
            all.append(&mut theirs.items);
        }
        Ok(all)
    }

    /// Containers that fit a filter, ours and containerd's.
    pub(super) async fn all_containers(
        &self,
        filter: Option<ContainerFilter>,
    ) -> CriResult<Vec<ContainerEntry>> {
        let mut all = self.containers_like(filter.as_ref());
        if let Some(containerd) = &self.containerd {
            let mut client = containerd.runtime();
            let request = ListContainersRequest { filter };
            let mut theirs = containerd.ask(client.list_containers(request)).await?;
            all.append(&mut theirs.containers);
        }
        Ok(all)
    }

    /// The use of containers that fit a filter, ours and containerd's.
    pub(super) async fn all_container_stats(
        &self,
        filter: Option<ContainerStatsFilter>,
    ) -> CriResult<Vec<ContainerStats>> {
        let mut all = self.container_stats_like(filter.clone());
        if let Some(containerd) = &self.containerd {
            let mut client = containerd.runtime();
            let request = ListContainerStatsRequest { filter };
            let mut theirs = containerd.ask(client.list_container_stats(request)).await?;
            all.append(&mut theirs.stats);
        }
        Ok(all)
    }

    /// The use of sandboxes that fit a filter, ours and containerd's if it tells.
    pub(super) async fn all_sandbox_stats(
        &self,
        filter: Option<PodSandboxStatsFilter>,
    ) -> CriResult<Vec<PodSandboxStats>> {
        let mut all = self.sandbox_stats_like(filter.clone());
        if let Some(containerd) = &self.containerd {
            let mut client = containerd.runtime();
            let request = ListPodSandboxStatsRequest { filter };
            let theirs = containerd.ask(client.list_pod_sandbox_stats(request)).await;
            if let Some(mut theirs) = or_none(theirs)? {
                all.append(&mut theirs.stats);
            }
        }
        Ok(all)
    }

    /// Images that fit a filter, ours and containerd's.
    pub(super) async fn all_images(
        &self,
        filter: Option<ImageFilter>,
    ) -> CriResult<Vec<ImageEntry>> {
        let mut all = self.images_like(filter.clone());
        if let Some(containerd) = &self.containerd {
            let mut client = containerd.images();
            let request = ListImagesRequest { filter };
            let mut theirs = containerd.ask(client.list_images(request)).await?;
            all.append(&mut theirs.images);
        }
        Ok(all)
    }

    /// Whether a pod is one that containerd runs as a whole.
    pub(super) async fn is_elsewhere(
        &self,
        containerd: &Containerd,
        pod: &PodSandboxMetadata,
    ) -> CriResult<bool> {
        let key = crate::state::sandbox::key(pod);
        if self.index.lock().sandbox_named(&key).is_some() {
            return Ok(false);
        }
        let mut client = containerd.runtime();
        let request = ListPodSandboxRequest { filter: None };
        let theirs = containerd.ask(client.list_pod_sandbox(request)).await?;
        let mut named = theirs.items.iter().flat_map(|entry| &entry.metadata);
        Ok(named.any(|metadata| metadata == pod))
    }
}

/// containerd's default handler has no name there.
fn name_handler(handler: &mut String) {
    if handler.is_empty() {
        RUNC.clone_into(handler);
    }
}
