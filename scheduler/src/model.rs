//! Pods and Nodes as the scheduler sees them: the fields that a decision reads, decoded once, with requests already added up.
//!
//! Decoding a slim form rather than the whole object is what keeps a thousand pods a second cheap: `managedFields` and the
//! status are skipped, not built.

use std::collections::BTreeMap;
use std::sync::Arc;

use hydrofoil_api::quantity::Quantity;
use k8s_openapi::api::core::v1::{Affinity, Taint, Toleration, TopologySpreadConstraint};
use serde::Deserialize;

/// Labels of an object.
pub type Labels = BTreeMap<String, String>;

/// Assumed for scoring where a container asks for no CPU, in thousandths of a core (upstream: `DefaultMilliCPURequest`).
const DEFAULT_MILLI_CPU: i64 = 100;
/// Assumed for scoring where a container asks for no memory, in bytes (upstream: `DefaultMemoryRequest`).
const DEFAULT_MEMORY: i64 = 200 * 1024 * 1024;

/// What identifies a pod in time and space: its name may be used again, its uid is not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodKey {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
}

/// The slim forms as they come over the wire.
pub mod wire {
    use super::{
        Affinity, BTreeMap, Deserialize, Labels, Taint, Toleration, TopologySpreadConstraint,
    };

    /// The part of `metadata` that is read.
    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    #[allow(missing_docs)]
    pub struct Meta {
        pub name: String,
        pub namespace: String,
        pub uid: String,
        pub resource_version: String,
        pub labels: Labels,
        pub creation_timestamp: Option<String>,
        pub deletion_timestamp: Option<String>,
    }

    /// A Pod.
    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(default)]
    #[allow(missing_docs)]
    pub struct Pod {
        pub metadata: Meta,
        pub spec: PodSpec,
        pub status: PodStatus,
    }

    /// The part of a Pod's spec that is read.
    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    #[allow(missing_docs)]
    pub struct PodSpec {
        pub node_name: String,
        pub scheduler_name: String,
        pub priority: i32,
        pub preemption_policy: String,
        pub node_selector: BTreeMap<String, String>,
        pub affinity: Option<Affinity>,
        pub tolerations: Vec<Toleration>,
        pub topology_spread_constraints: Vec<TopologySpreadConstraint>,
        pub containers: Vec<Container>,
        pub init_containers: Vec<Container>,
        pub overhead: BTreeMap<String, String>,
        pub resources: Option<Resources>,
        pub scheduling_gates: Vec<serde::de::IgnoredAny>,
        pub host_network: bool,
    }

    /// The part of a container that is read.
    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    #[allow(missing_docs)]
    pub struct Container {
        pub image: String,
        pub restart_policy: Option<String>,
        pub resources: Resources,
        pub ports: Vec<Port>,
    }

    /// Requests, as quantities in text.
    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(default)]
    #[allow(missing_docs)]
    pub struct Resources {
        pub requests: BTreeMap<String, String>,
    }

    /// A container's port.
    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    #[allow(missing_docs)]
    pub struct Port {
        pub host_port: i32,
        pub protocol: String,
        #[serde(rename = "hostIP")]
        pub host_ip: String,
    }

    /// The part of a Pod's status that is read.
    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    #[allow(missing_docs)]
    pub struct PodStatus {
        pub phase: String,
        pub nominated_node_name: String,
        pub conditions: Vec<Condition>,
    }

    /// A condition.
    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    #[allow(missing_docs)]
    pub struct Condition {
        #[serde(rename = "type")]
        pub kind: String,
        pub status: String,
        pub reason: String,
        pub message: String,
    }

    /// A Node.
    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(default)]
    #[allow(missing_docs)]
    pub struct Node {
        pub metadata: Meta,
        pub spec: NodeSpec,
        pub status: NodeStatus,
    }

    /// The part of a Node's spec that is read.
    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(default)]
    #[allow(missing_docs)]
    pub struct NodeSpec {
        pub unschedulable: bool,
        pub taints: Vec<Taint>,
    }

    /// The part of a Node's status that is read.
    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(default)]
    #[allow(missing_docs)]
    pub struct NodeStatus {
        pub allocatable: BTreeMap<String, String>,
        pub images: Vec<Image>,
    }

    /// An image that a node has.
    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    #[allow(missing_docs)]
    pub struct Image {
        pub names: Vec<String>,
        pub size_bytes: i64,
    }

    /// A Namespace, for the namespace selectors of affinity terms.
    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(default)]
    #[allow(missing_docs)]
    pub struct Namespace {
        pub metadata: Meta,
    }
}

/// Amounts of resources. CPU in thousandths of a core, memory and ephemeral storage in bytes, others in their unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Thousandths of a core.
    pub milli_cpu: i64,
    /// Bytes.
    pub memory: i64,
    /// Bytes.
    pub ephemeral_storage: i64,
    /// Extended resources and huge pages, by name.
    pub scalar: BTreeMap<String, i64>,
}

impl Resources {
    /// Reads quantities by resource name; one that cannot be read counts as nothing (the API server admits none).
    pub fn parse(list: &BTreeMap<String, String>) -> Self {
        let mut resources = Self::default();
        for (name, text) in list {
            let Ok(quantity) = Quantity::parse(text) else {
                continue;
            };
            match name.as_str() {
                "cpu" => resources.milli_cpu = quantity.milli_i64(),
                "memory" => resources.memory = quantity.value_i64(),
                "ephemeral-storage" => resources.ephemeral_storage = quantity.value_i64(),
                "pods" => {}
                other => {
                    resources
                        .scalar
                        .insert(other.to_owned(), quantity.value_i64());
                }
            }
        }
        resources
    }

    /// Adds `other`.
    pub fn add(&mut self, other: &Self) {
        self.milli_cpu = self.milli_cpu.saturating_add(other.milli_cpu);
        self.memory = self.memory.saturating_add(other.memory);
        self.ephemeral_storage = self
            .ephemeral_storage
            .saturating_add(other.ephemeral_storage);
        for (name, amount) in &other.scalar {
            let sum = self.scalar.entry(name.clone()).or_default();
            *sum = sum.saturating_add(*amount);
        }
    }

    /// Takes `other` away.
    pub fn sub(&mut self, other: &Self) {
        self.milli_cpu -= other.milli_cpu;
        self.memory -= other.memory;
        self.ephemeral_storage -= other.ephemeral_storage;
        for (name, amount) in &other.scalar {
            *self.scalar.entry(name.clone()).or_default() -= amount;
        }
    }

    /// Raises each amount to `other`'s where that is larger.
    fn max(&mut self, other: &Self) {
        self.milli_cpu = self.milli_cpu.max(other.milli_cpu);
        self.memory = self.memory.max(other.memory);
        self.ephemeral_storage = self.ephemeral_storage.max(other.ephemeral_storage);
        for (name, amount) in &other.scalar {
            let most = self.scalar.entry(name.clone()).or_default();
            *most = (*most).max(*amount);
        }
    }
}

/// What a pod needs, as kubelet and scheduler agree to count it: the larger of what runs at the same time while initialising and
/// afterwards, plus overhead (KEP-753 for restartable init containers; pod-level requests replace the sum, KEP-2837).
pub fn pod_requests(spec: &wire::PodSpec, of: impl Fn(&wire::Container) -> Resources) -> Resources {
    let mut running = Resources::default();
    for container in &spec.containers {
        running.add(&of(container));
    }
    let mut sidecars = Resources::default();
    let mut initialising = Resources::default();
    for container in &spec.init_containers {
        let mut needs = of(container);
        if container.restart_policy.as_deref() == Some("Always") {
            running.add(&needs);
            sidecars.add(&needs);
            initialising.max(&sidecars);
        } else {
            needs.add(&sidecars);
            initialising.max(&needs);
        }
    }
    running.max(&initialising);
    if let Some(pod) = &spec.resources {
        let pod_level = Resources::parse(&pod.requests);
        for name in pod.requests.keys() {
            match name.as_str() {
                "cpu" => running.milli_cpu = pod_level.milli_cpu,
                "memory" => running.memory = pod_level.memory,
                other => {
                    running.scalar.insert(
                        other.to_owned(),
                        pod_level.scalar.get(other).copied().unwrap_or(0),
                    );
                }
            }
        }
    }
    running.add(&Resources::parse(&spec.overhead));
    running
}

/// A port of the node's that a pod wants for itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// The address it is wanted on; 0.0.0.0 is all of them.
    pub ip: String,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// The port.
    pub port: i32,
}

impl HostPort {
    /// Whether the two cannot be had on one node at once.
    pub fn conflicts(&self, other: &Self) -> bool {
        self.port == other.port
            && self.protocol == other.protocol
            && (self.ip == other.ip || self.ip == "0.0.0.0" || other.ip == "0.0.0.0")
    }
}

/// A pod, ready to be decided upon.
#[derive(Clone, Debug)]
pub struct PodInfo {
    /// Who it is.
    pub key: PodKey,
    /// Its labels.
    pub labels: Labels,
    /// The rest of what plugins read.
    pub spec: wire::PodSpec,
    /// When it was created, as text (RFC 3339 sorts as time).
    pub created: String,
    /// What it asks for.
    pub requests: Resources,
    /// What it asks for with upstream's assumption for containers that ask for nothing; for scoring.
    pub assumed: Resources,
    /// Ports of the node's that it wants.
    pub host_ports: Vec<HostPort>,
    /// Whether it is being deleted.
    pub terminating: bool,
    /// The node that a preemption made room on.
    pub nominated: String,
}

impl PodInfo {
    /// Adds up what `pod` needs.
    pub fn new(pod: wire::Pod) -> Self {
        let parse = |c: &wire::Container| Resources::parse(&c.resources.requests);
        let requests = pod_requests(&pod.spec, parse);
        let assumed = pod_requests(&pod.spec, |c| {
            let mut r = parse(c);
            if !c.resources.requests.contains_key("cpu") {
                r.milli_cpu = DEFAULT_MILLI_CPU;
            }
            if !c.resources.requests.contains_key("memory") {
                r.memory = DEFAULT_MEMORY;
            }
            r
        });
        Self {
            host_ports: host_ports(&pod.spec),
            key: PodKey {
                namespace: pod.metadata.namespace,
                name: pod.metadata.name,
                uid: pod.metadata.uid,
            },
            labels: pod.metadata.labels,
            created: pod.metadata.creation_timestamp.unwrap_or_default(),
            terminating: pod.metadata.deletion_timestamp.is_some(),
            nominated: pod.status.nominated_node_name,
            spec: pod.spec,
            requests,
            assumed,
        }
    }

    /// Whether it has a say about where other pods go, or they about it.
    pub fn has_pod_affinity(&self) -> bool {
        self.spec
            .affinity
            .as_ref()
            .is_some_and(|a| a.pod_affinity.is_some() || a.pod_anti_affinity.is_some())
    }
}

fn host_ports(spec: &wire::PodSpec) -> Vec<HostPort> {
    let sidecars = spec
        .init_containers
        .iter()
        .filter(|c| c.restart_policy.as_deref() == Some("Always"));
    let ports = spec
        .containers
        .iter()
        .chain(sidecars)
        .flat_map(|c| &c.ports);
    ports
        .filter(|p| p.host_port > 0)
        .map(|p| HostPort {
            ip: if p.host_ip.is_empty() {
                "0.0.0.0".into()
            } else {
                p.host_ip.clone()
            },
            protocol: if p.protocol.is_empty() {
                "TCP".into()
            } else {
                p.protocol.clone()
            },
            port: p.host_port,
        })
        .collect()
}

/// A node, ready to be decided upon.
#[derive(Clone, Debug, Default)]
pub struct NodeInfo {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// `spec.unschedulable`.
    pub unschedulable: bool,
    /// Its taints.
    pub taints: Vec<Taint>,
    /// What pods may use in all.
    pub allocatable: Resources,
    /// How many pods it takes.
    pub max_pods: i64,
    /// Images it has, by every name, with their sizes in bytes.
    pub images: Arc<BTreeMap<String, i64>>,
}

impl From<wire::Node> for NodeInfo {
    fn from(node: wire::Node) -> Self {
        let pods = node
            .status
            .allocatable
            .get("pods")
            .and_then(|p| Quantity::parse(p).ok());
        let images = node
            .status
            .images
            .iter()
            .flat_map(|i| i.names.iter().map(|n| (n.clone(), i.size_bytes)));
        Self {
            name: node.metadata.name,
            labels: node.metadata.labels,
            unschedulable: node.spec.unschedulable,
            taints: node.spec.taints,
            allocatable: Resources::parse(&node.status.allocatable),
            max_pods: pods.map_or(0, |p| p.value_i64()),
            images: Arc::new(images.collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(yaml: &str) -> PodInfo {
        PodInfo::new(serde_json::from_str(yaml).expect("a pod"))
    }

    #[test]
    fn a_pod_needs_the_larger_of_initialising_and_running_plus_overhead() {
        let p = pod(r#"{"spec":{"overhead":{"cpu":"10m"},
            "containers":[{"resources":{"requests":{"cpu":"100m","memory":"1Mi"}}},{"resources":{"requests":{"cpu":"200m"}}}],
            "initContainers":[{"restartPolicy":"Always","resources":{"requests":{"cpu":"50m"}}},{"resources":{"requests":{"cpu":"1"}}}]}}"#);
        assert_eq!(p.requests.milli_cpu, 1060);
        assert_eq!(p.requests.memory, 1 << 20);
    }

    #[test]
    fn a_container_that_asks_for_nothing_is_assumed_to_use_something() {
        let p = pod(r#"{"spec":{"containers":[{}]}}"#);
        assert_eq!(p.requests, Resources::default());
        assert_eq!(
            (p.assumed.milli_cpu, p.assumed.memory),
            (DEFAULT_MILLI_CPU, DEFAULT_MEMORY)
        );
    }

    #[test]
    fn pod_level_requests_replace_the_sum() {
        let p = pod(
            r#"{"spec":{"resources":{"requests":{"cpu":"2"}},"containers":[{"resources":{"requests":{"cpu":"1","memory":"5"}}}]}}"#,
        );
        assert_eq!((p.requests.milli_cpu, p.requests.memory), (2000, 5));
    }

    #[test]
    fn host_ports_conflict_by_address_and_protocol() {
        let port = |ip: &str, protocol: &str| HostPort {
            ip: ip.into(),
            protocol: protocol.into(),
            port: 80,
        };
        assert!(port("0.0.0.0", "TCP").conflicts(&port("10.0.0.1", "TCP")));
        assert!(!port("10.0.0.2", "TCP").conflicts(&port("10.0.0.1", "TCP")));
        assert!(!port("0.0.0.0", "TCP").conflicts(&port("0.0.0.0", "UDP")));
    }
}
