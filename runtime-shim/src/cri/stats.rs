//! What containers and sandboxes use: CPU time of their guests, and memory of their instances.
//!
//! Memory is what the limit counts: linear memories and tables. A container that serves HTTP and has no request under way uses none.

use std::sync::Arc;

use hydrofoil_cri::v1::{
    ContainerAttributes, ContainerStats, ContainerStatsFilter, ContainerStatsRequest,
    ContainerStatsResponse, CpuUsage, FilesystemIdentifier, FilesystemUsage, LinuxPodSandboxStats,
    ListContainerStatsRequest, ListContainerStatsResponse, ListPodSandboxStatsRequest,
    ListPodSandboxStatsResponse, MemoryUsage, NetworkInterfaceUsage, NetworkUsage,
    PodSandboxAttributes, PodSandboxFilter, PodSandboxStats, PodSandboxStatsFilter,
    PodSandboxStatsRequest, PodSandboxStatsResponse, ProcessUsage, UInt64Value,
};

use super::{CriResult, Runtime, metrics};
use crate::clock;
use crate::state::{Container, ContainerPhase, Sandbox};

/// Looks closer together than this give the usage of the earlier one.
const SHORTEST_WINDOW_NANOS: i64 = 500_000_000;

impl Runtime {
    /// One container's use.
    pub async fn container_stats(
        self: &Arc<Self>,
        request: ContainerStatsRequest,
    ) -> CriResult<ContainerStatsResponse> {
        let container = self.container(&request.container_id)?;
        Ok(ContainerStatsResponse {
            stats: Some(self.stats_of(&container)),
        })
    }

    /// The use of running containers that fit a filter.
    pub async fn list_container_stats(
        self: &Arc<Self>,
        request: ListContainerStatsRequest,
    ) -> CriResult<ListContainerStatsResponse> {
        Ok(ListContainerStatsResponse {
            stats: self.all_container_stats(request.filter).await?,
        })
    }

    /// The use of running containers of ours that fit a filter.
    pub(super) fn container_stats_like(
        &self,
        filter: Option<ContainerStatsFilter>,
    ) -> Vec<ContainerStats> {
        let filter = filter.unwrap_or_default();
        self.select(
            &filter.id,
            &filter.pod_sandbox_id,
            &filter.label_selector,
            is_running,
        )
        .iter()
        .map(|container| self.stats_of(container))
        .collect()
    }

    /// One sandbox's use.
    pub async fn pod_sandbox_stats(
        self: &Arc<Self>,
        request: PodSandboxStatsRequest,
    ) -> CriResult<PodSandboxStatsResponse> {
        let sandbox = self.sandbox(&request.pod_sandbox_id)?;
        Ok(PodSandboxStatsResponse {
            stats: Some(self.sandbox_stats(&sandbox)),
        })
    }

    /// The use of sandboxes that fit a filter.
    pub async fn list_pod_sandbox_stats(
        self: &Arc<Self>,
        request: ListPodSandboxStatsRequest,
    ) -> CriResult<ListPodSandboxStatsResponse> {
        Ok(ListPodSandboxStatsResponse {
            stats: self.all_sandbox_stats(request.filter).await?,
        })
    }

    /// The use of sandboxes of ours that fit a filter.
    pub(super) fn sandbox_stats_like(
        &self,
        filter: Option<PodSandboxStatsFilter>,
    ) -> Vec<PodSandboxStats> {
        let filter = filter.unwrap_or_default();
        let entries = self.sandboxes_like(Some(&PodSandboxFilter {
            id: filter.id,
            state: None,
            label_selector: filter.label_selector,
        }));
        entries
            .iter()
            .filter_map(|entry| self.sandbox(&entry.id).ok())
            .map(|sandbox| self.sandbox_stats(&sandbox))
            .collect()
    }

    fn sandbox_stats(&self, sandbox: &Sandbox) -> PodSandboxStats {
        let all = self.index.lock().containers_of(&sandbox.id);
        let containers: Vec<_> = all
            .iter()
            .filter(|container| is_running(container))
            .collect();
        let stats: Vec<ContainerStats> = containers.iter().map(|c| self.stats_of(c)).collect();
        let sum = |get: fn(&ContainerStats) -> Option<u64>| {
            Some(UInt64Value {
                value: stats.iter().filter_map(get).sum(),
            })
        };
        let now = clock::now_nanos();
        PodSandboxStats {
            attributes: Some(PodSandboxAttributes {
                id: sandbox.id.clone(),
                metadata: sandbox.config.metadata.clone(),
                labels: sandbox.config.labels.clone(),
                annotations: sandbox.config.annotations.clone(),
            }),
            linux: Some(LinuxPodSandboxStats {
                cpu: Some(CpuUsage {
                    timestamp: now,
                    usage_core_nano_seconds: sum(|s| Some(s.cpu?.usage_core_nano_seconds?.value)),
                    usage_nano_cores: sum(|s| Some(s.cpu?.usage_nano_cores?.value)),
                    psi: None,
                }),
                memory: Some(MemoryUsage {
                    timestamp: now,
                    working_set_bytes: sum(|s| Some(s.memory?.working_set_bytes?.value)),
                    usage_bytes: sum(|s| Some(s.memory?.usage_bytes?.value)),
                    rss_bytes: sum(|s| Some(s.memory?.rss_bytes?.value)),
                    ..MemoryUsage::default()
                }),
                network: network(sandbox, &all, now),
                // A guest is no process.
                process: Some(ProcessUsage {
                    timestamp: now,
                    process_count: Some(UInt64Value { value: 0 }),
                }),
                containers: stats,
                io: None,
            }),
            windows: None,
        }
    }

    fn stats_of(&self, container: &Container) -> ContainerStats {
        let now = clock::now_nanos();
        let cpu = container.meter.cpu_nanos();
        let used = container.budget.used();
        let value = |value| Some(UInt64Value { value });
        ContainerStats {
            attributes: Some(ContainerAttributes {
                id: container.id.clone(),
                metadata: container.config.metadata.clone(),
                labels: container.config.labels.clone(),
                annotations: container.config.annotations.clone(),
            }),
            cpu: Some(CpuUsage {
                timestamp: now,
                usage_core_nano_seconds: value(cpu),
                usage_nano_cores: value(nano_cores(container, now, cpu)),
                psi: None,
            }),
            memory: Some(MemoryUsage {
                timestamp: now,
                working_set_bytes: value(used),
                available_bytes: container
                    .budget
                    .limit()
                    .and_then(|limit| value(limit.saturating_sub(used))),
                usage_bytes: value(used),
                rss_bytes: value(used),
                ..MemoryUsage::default()
            }),
            // A Wasm container has no layer to write to.
            writable_layer: Some(FilesystemUsage {
                timestamp: now,
                fs_id: Some(FilesystemIdentifier {
                    mountpoint: self.images.root().display().to_string(),
                }),
                used_bytes: value(0),
                inodes_used: value(0),
            }),
            swap: None,
            io: None,
        }
    }
}

/// The traffic of a pod that has an address of its own; that of others is the node's.
fn network(sandbox: &Sandbox, containers: &[Arc<Container>], now: i64) -> Option<NetworkUsage> {
    sandbox.address.own()?;
    let (received, sent) = metrics::traffic(containers);
    let value = |value| Some(UInt64Value { value });
    let interface = NetworkInterfaceUsage {
        name: metrics::INTERFACE.to_owned(),
        rx_bytes: value(received),
        rx_errors: value(0),
        tx_bytes: value(sent),
        tx_errors: value(0),
    };
    Some(NetworkUsage {
        timestamp: now,
        default_interface: Some(interface.clone()),
        interfaces: vec![interface],
    })
}

fn is_running(container: &Container) -> bool {
    matches!(container.phase(), ContainerPhase::Running { .. })
}

/// CPU use since the last look, in billionths of a core.
fn nano_cores(container: &Container, now: i64, cpu: u64) -> u64 {
    let mut last = container.last_usage.lock();
    let window = now.saturating_sub(last.0);
    if window >= SHORTEST_WINDOW_NANOS {
        let used = u128::from(cpu.saturating_sub(last.1));
        let window = u128::from(window.unsigned_abs());
        let rate = used * 1_000_000_000 / window;
        *last = (now, cpu, u64::try_from(rate).unwrap_or(u64::MAX));
    }
    last.2
}
