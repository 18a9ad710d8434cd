//! What a controller manager can be told. The names follow kube-controller-manager's flags.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Settings of [`run`](crate::run), with upstream's defaults.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Config {
    /// Who this candidate is in the leader election; two managers that run at once must differ.
    pub identity: String,
    /// Whether to compete for the Lease `kube-system/kube-controller-manager` before acting.
    pub leader_elect: bool,
    /// PEM bundle published in every namespace as the ConfigMap `kube-root-ca.crt`; nothing is published when empty.
    pub root_ca: String,
    /// Pod ranges (`10.0.0.0/8`) out of which nodes get their `podCIDRs`, at most one per family; none are handed out when empty.
    pub cluster_cidrs: Vec<String>,
    /// Prefix length of one node's IPv4 pod range.
    pub node_cidr_mask_size_ipv4: u8,
    /// Prefix length of one node's IPv6 pod range.
    pub node_cidr_mask_size_ipv6: u8,
    /// Syncs of one workload controller that may run at once.
    pub concurrent_syncs: usize,
    /// How often node health is looked at, in seconds.
    pub node_monitor_period_seconds: u64,
    /// How long a node may be silent before it counts as not ready, in seconds.
    pub node_monitor_grace_period_seconds: u64,
    /// How long a new node may take for its first sign of life, in seconds.
    pub node_startup_grace_period_seconds: u64,
    /// Finished pods beyond this number are deleted, oldest first; none when 0.
    pub terminated_pod_gc_threshold: usize,
    /// Least time between two rewrites of one Service's EndpointSlices, in milliseconds.
    pub endpoint_updates_batch_period_ms: u64,
    /// How often the kinds that the API server serves are discovered anew, in seconds.
    pub discovery_period_seconds: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            identity: "hydrofoil".into(),
            leader_elect: true,
            root_ca: String::new(),
            cluster_cidrs: Vec::new(),
            node_cidr_mask_size_ipv4: 24,
            node_cidr_mask_size_ipv6: 64,
            concurrent_syncs: 5,
            node_monitor_period_seconds: 5,
            node_monitor_grace_period_seconds: 40,
            node_startup_grace_period_seconds: 60,
            terminated_pod_gc_threshold: 12_500,
            endpoint_updates_batch_period_ms: 50,
            discovery_period_seconds: 30,
        }
    }
}

impl Config {
    pub(crate) fn node_monitor_period(&self) -> Duration {
        Duration::from_secs(self.node_monitor_period_seconds.max(1))
    }

    pub(crate) fn discovery_period(&self) -> Duration {
        Duration::from_secs(self.discovery_period_seconds.max(1))
    }
}
