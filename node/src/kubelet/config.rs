//! What a kubelet is told at its start. Plain values with upstream's defaults; nothing here reads the machine.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use k8s_openapi::api::core::v1::Taint;
use serde::{Deserialize, Serialize};

/// Configuration of one kubelet.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Config {
    /// Name of the Node object; a DNS-1123 subdomain.
    pub node_name: String,
    /// Path of the CRI v1 unix socket.
    pub runtime_endpoint: PathBuf,
    /// Where pods' volumes, files and logs live. Pod logs are under `root_dir/logs` unless `log_dir` says otherwise.
    pub root_dir: PathBuf,
    /// Parent of `<namespace>_<name>_<uid>/<container>/<attempt>.log`; default `root_dir/logs`.
    pub log_dir: Option<PathBuf>,
    /// Address the HTTPS server listens on.
    pub address: IpAddr,
    /// Port the HTTPS server listens on; 0 takes a free one.
    pub port: u16,
    /// The node's address, as the Node object and `status.hostIP` tell it.
    pub node_ip: IpAddr,
    /// Serving certificate, its key, and the CA that client certificates must chain to. Without it no server is started.
    pub tls: Option<Tls>,
    /// Common names of the clients that may use the server; empty means every client of the CA.
    pub allowed_clients: Vec<String>,
    /// The node's pod range: handed to the runtime (CRI UpdateRuntimeConfig) and kept in `spec.podCIDR`.
    pub pod_cidr: Option<String>,
    /// Most pods that this node takes.
    pub max_pods: u32,
    /// Labels of the Node besides the well-known ones.
    pub node_labels: BTreeMap<String, String>,
    /// Taints that the Node is registered with.
    pub register_with_taints: Vec<Taint>,
    /// Whether to create the Node object.
    pub register_node: bool,
    /// Addresses of the cluster's DNS servers; empty means pods get the node's own resolver.
    pub cluster_dns: Vec<IpAddr>,
    /// The cluster's DNS domain.
    pub cluster_domain: String,
    /// Version told in `nodeInfo.kubeletVersion`.
    pub version: String,
    /// How often the Lease in kube-node-lease is renewed.
    pub lease_renew_interval: Duration,
    /// Lease duration written into the Lease.
    pub lease_duration: Duration,
    /// How often an unchanged Node status is written.
    pub node_status_report_frequency: Duration,
    /// How often the Node status is computed, so that a change is written.
    pub node_status_update_frequency: Duration,
    /// Pull one image at a time.
    pub serialize_image_pulls: bool,
    /// Most images pulled at a time when pulls are not serialized.
    pub max_parallel_image_pulls: usize,
    /// Most images listed in the Node status.
    pub node_status_max_images: usize,
    /// Pod starts (volumes, sandbox, container) in flight at a time.
    pub max_parallel_starts: usize,
    /// Status writes in flight at a time.
    pub max_parallel_status_writes: usize,
    /// A container's log file is rotated when it is larger than this, in bytes.
    pub container_log_max_size: u64,
    /// Most log files kept for one container.
    pub container_log_max_files: u32,
    /// Disk use in percent above which unused images are collected; 100 collects none.
    pub image_gc_high_threshold_percent: u8,
    /// Disk use in percent down to which images are collected.
    pub image_gc_low_threshold_percent: u8,
    /// Age below which an unused image is never collected.
    pub image_minimum_gc_age: Duration,
    /// Available memory in bytes below which the Node tells MemoryPressure.
    pub memory_pressure_bytes: u64,
    /// Free space of the root directory's file system below which the Node tells DiskPressure (upstream: `nodefs.available`).
    pub disk_pressure: Threshold,
    /// CPU kept from pods, in thousandths of a core.
    pub reserved_cpu_millis: u64,
    /// Memory kept from pods, in bytes.
    pub reserved_memory_bytes: u64,
}

/// How little of something is too little (upstream: `ThresholdValue` of the eviction API).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Threshold {
    /// Percent of all there is.
    Percent(u8),
    /// So many bytes, however much there is.
    Bytes(u64),
}

impl Threshold {
    /// Whether `available` bytes of `all` are below it.
    #[must_use]
    pub fn is_above(self, available: u64, all: u64) -> bool {
        available
            < match self {
                Self::Percent(percent) => all / 100 * u64::from(percent),
                Self::Bytes(bytes) => bytes,
            }
    }
}

/// PEM texts for the kubelet's HTTPS server.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tls {
    /// Serving certificate chain.
    pub cert_pem: String,
    /// Its private key.
    pub key_pem: String,
    /// CA certificates that client certificates must chain to.
    pub client_ca_pem: String,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl Default for Config {
    fn default() -> Self {
        const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self {
            node_name: "localhost".to_owned(),
            runtime_endpoint: PathBuf::from("/run/hydrofoil/runtime.sock"),
            root_dir: PathBuf::from("/var/lib/hydrofoil/kubelet"),
            log_dir: None,
            address: LOOPBACK,
            port: 10250,
            node_ip: LOOPBACK,
            tls: None,
            allowed_clients: Vec::new(),
            pod_cidr: None,
            max_pods: 110,
            node_labels: BTreeMap::new(),
            register_with_taints: Vec::new(),
            register_node: true,
            cluster_dns: Vec::new(),
            cluster_domain: "cluster.local".to_owned(),
            version: "v1.36.2".to_owned(),
            lease_renew_interval: Duration::from_secs(10),
            lease_duration: Duration::from_secs(40),
            node_status_report_frequency: Duration::from_secs(300),
            node_status_update_frequency: Duration::from_secs(10),
            serialize_image_pulls: false,
            max_parallel_image_pulls: 8,
            node_status_max_images: 50,
            max_parallel_starts: 64,
            max_parallel_status_writes: 64,
            container_log_max_size: 10 * 1024 * 1024,
            container_log_max_files: 5,
            image_gc_high_threshold_percent: 85,
            image_gc_low_threshold_percent: 80,
            image_minimum_gc_age: Duration::from_secs(120),
            memory_pressure_bytes: 100 * 1024 * 1024,
            disk_pressure: Threshold::Percent(10),
            reserved_cpu_millis: 0,
            reserved_memory_bytes: 0,
        }
    }
}

impl Config {
    /// The directory that holds every pod's log directory.
    #[must_use]
    pub fn pod_logs_dir(&self) -> PathBuf {
        self.log_dir
            .clone()
            .unwrap_or_else(|| self.root_dir.join("logs"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_grows_with_the_disk_and_an_amount_does_not() {
        const GIB: u64 = 1 << 30;
        assert!(Threshold::Percent(10).is_above(19 * GIB, 252 * GIB));
        assert!(!Threshold::Percent(10).is_above(26 * GIB, 252 * GIB));
        assert!(!Threshold::Bytes(GIB).is_above(19 * GIB, 252 * GIB));
        assert!(!Threshold::Bytes(GIB).is_above(GIB, 252 * GIB));
        assert!(Threshold::Bytes(GIB).is_above(GIB - 1, 2 * GIB));
        assert!(!Threshold::Percent(0).is_above(0, 252 * GIB));
    }
}
