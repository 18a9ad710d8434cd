//! The verbs that only look: status and lists of sandboxes and containers.

use std::collections::HashMap;
use std::sync::Arc;

use hydrofoil_cri::v1::{
    Container as ContainerEntry, ContainerFilter, ContainerStatusRequest, ContainerStatusResponse,
    ListContainersRequest, ListContainersResponse, ListPodSandboxRequest, ListPodSandboxResponse,
    PodSandbox, PodSandboxFilter, PodSandboxStatusRequest, PodSandboxStatusResponse,
};

use super::{CriResult, Runtime};
use crate::clock;
use crate::state::{Container, Sandbox};

impl Runtime {
    /// A sandbox's status, with its containers'.
    pub async fn pod_sandbox_status(
        self: &Arc<Self>,
        request: PodSandboxStatusRequest,
    ) -> CriResult<PodSandboxStatusResponse> {
        if let Some(containerd) = self.who_has_sandbox(&request.pod_sandbox_id) {
            return Self::status_elsewhere(containerd, request).await;
        }
        let sandbox = self.sandbox(&request.pod_sandbox_id)?;
        let containers = self.index.lock().containers_of(&sandbox.id);
        let info = if request.verbose {
            info(&serde_json::json!({
                "runtime": "wasm",
                "hostname": sandbox.hostname(),
                "containers": containers.len(),
            }))
        } else {
            HashMap::new()
        };
        Ok(PodSandboxStatusResponse {
            status: Some(sandbox.status()),
            info,
            containers_statuses: containers.iter().map(|c| c.status()).collect(),
            timestamp: clock::now_nanos(),
        })
    }

    /// Sandboxes that fit a filter.
    pub async fn list_pod_sandbox(
        self: &Arc<Self>,
        request: ListPodSandboxRequest,
    ) -> CriResult<ListPodSandboxResponse> {
        Ok(ListPodSandboxResponse {
            items: self.all_sandboxes(request.filter).await?,
        })
    }

    /// Sandboxes of ours that fit a filter.
    pub(super) fn sandboxes_like(&self, filter: Option<&PodSandboxFilter>) -> Vec<PodSandbox> {
        let index = self.index.lock();
        let found: Vec<Arc<Sandbox>> = match filter.map(|f| f.id.as_str()) {
            Some(id) if !id.is_empty() => index.sandbox(id).into_iter().collect(),
            _ => index.sandboxes().cloned().collect(),
        };
        drop(index);
        found
            .iter()
            .filter(|sandbox| {
                filter.is_none_or(|f| {
                    f.state
                        .is_none_or(|s| s.state == i32::from(sandbox.state()))
                        && labels_match(&f.label_selector, &sandbox.config.labels)
                })
            })
            .map(|sandbox| sandbox.entry())
            .collect()
    }

    /// A container's status.
    pub async fn container_status(
        self: &Arc<Self>,
        request: ContainerStatusRequest,
    ) -> CriResult<ContainerStatusResponse> {
        let container = self.container(&request.container_id)?;
        let info = if request.verbose {
            info(&serde_json::json!({
                "sandboxID": container.sandbox_id,
                "memoryBytes": container.budget.used(),
                "memoryLimitBytes": container.budget.limit(),
                "cpuNanoseconds": container.meter.cpu_nanos(),
            }))
        } else {
            HashMap::new()
        };
        Ok(ContainerStatusResponse {
            status: Some(container.status()),
            info,
        })
    }

    /// Containers that fit a filter.
    pub async fn list_containers(
        self: &Arc<Self>,
        request: ListContainersRequest,
    ) -> CriResult<ListContainersResponse> {
        Ok(ListContainersResponse {
            containers: self.all_containers(request.filter).await?,
        })
    }

    /// Containers of ours that fit a filter.
    pub(super) fn containers_like(&self, filter: Option<&ContainerFilter>) -> Vec<ContainerEntry> {
        let filter = filter.cloned().unwrap_or_default();
        self.select(
            &filter.id,
            &filter.pod_sandbox_id,
            &filter.label_selector,
            |container| {
                filter
                    .state
                    .is_none_or(|s| s.state == i32::from(container.state()))
            },
        )
        .iter()
        .map(|container| container.entry())
        .collect()
    }

    /// Containers by identifier, sandbox, labels and a last question; empty means any.
    pub(super) fn select(
        &self,
        id: &str,
        sandbox_id: &str,
        labels: &HashMap<String, String>,
        also: impl Fn(&Container) -> bool,
    ) -> Vec<Arc<Container>> {
        let index = self.index.lock();
        let mut found: Vec<Arc<Container>> = if !id.is_empty() {
            index.container(id).into_iter().collect()
        } else if !sandbox_id.is_empty() {
            index
                .sandbox(sandbox_id)
                .map(|sandbox| index.containers_of(&sandbox.id))
                .unwrap_or_default()
        } else {
            index.containers().cloned().collect()
        };
        drop(index);
        found.retain(|container| {
            (sandbox_id.is_empty() || container.sandbox_id.starts_with(sandbox_id))
                && labels_match(labels, &container.config.labels)
                && also(container)
        });
        found
    }
}

/// Whether every wanted label is there with its value.
pub(super) fn labels_match(
    wanted: &HashMap<String, String>,
    labels: &HashMap<String, String>,
) -> bool {
    wanted
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value))
}

/// CRI's form for what only people read: JSON under the key `info`.
pub(super) fn info(value: &serde_json::Value) -> HashMap<String, String> {
    HashMap::from([("info".to_owned(), value.to_string())])
}
