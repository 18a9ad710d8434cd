//! The Node object: registering it, its status when it changes or every few minutes, its Lease every few seconds (upstream:
//! `pkg/kubelet/kubelet_node_status.go`, `pkg/kubelet/nodestatus`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hydrofoil_client::events::EventType;
use hydrofoil_cri::v1 as wire;
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::api::core::v1::{
    ContainerImage, DaemonEndpoint, Node, NodeAddress, NodeCondition, NodeDaemonEndpoints,
    NodeFeatures, NodeRuntimeHandler, NodeRuntimeHandlerFeatures, NodeSpec, NodeStatus,
    NodeSystemInfo,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta, OwnerReference, Time};
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::config::Config;
use super::cri::{CALL_TIMEOUT, Cri, call, go_error};
use super::fields::Allocatable;
use super::host::{self, Machine};
use super::machine::Backoff;
use super::record::Events;
use crate::clock;

const LEASE_NAMESPACE: &str = "kube-node-lease";
/// Most names told of one image (upstream: `MaxNamesPerImageInNodeStatus`).
const MAX_NAMES: usize = 5;
/// Share of process ids that may be in use before the Node tells PIDPressure, in percent.
const PID_PRESSURE_PERCENT: u64 = 90;
/// Longest wait for one write of the heartbeat.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// The labels that every node carries, and its own.
pub(crate) fn labels(config: &Config, machine: &Machine) -> BTreeMap<String, String> {
    let mut labels = config.node_labels.clone();
    for prefix in ["kubernetes.io", "beta.kubernetes.io"] {
        labels.insert(format!("{prefix}/os"), "linux".to_owned());
        labels.insert(format!("{prefix}/arch"), machine.architecture.to_owned());
    }
    labels.insert(
        "kubernetes.io/hostname".to_owned(),
        config.node_name.clone(),
    );
    labels
}

/// What pods may use of the machine.
pub(crate) fn allocatable(config: &Config, machine: &Machine) -> Allocatable {
    let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    Allocatable {
        cpu_millis: signed((machine.cpus * 1000).saturating_sub(config.reserved_cpu_millis)),
        memory_bytes: signed(
            machine
                .memory_bytes
                .saturating_sub(config.reserved_memory_bytes),
        ),
        ephemeral_bytes: signed(host::disk(&config.root_dir).unwrap_or_default().size),
    }
}

/// What the runtime says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RuntimeFacts {
    pub name: String,
    pub version: String,
}

/// Keeps the Node object and its Lease.
pub(crate) struct NodeKeeper {
    pub config: Config,
    pub client: Client,
    pub cri: Cri,
    pub machine: Machine,
    pub runtime: RuntimeFacts,
    pub events: Events,
    pub port: u16,
    /// When each condition last changed, and what it is.
    pub conditions: BTreeMap<&'static str, (bool, Timestamp)>,
}

/// A condition before its times are known.
struct Told {
    kind: &'static str,
    status: bool,
    reason: &'static str,
    message: String,
}

impl NodeKeeper {
    /// Creates the Node, or brings the one that is there up to date.
    pub(crate) async fn register(&mut self) -> Result<(), kube::Error> {
        let api: Api<Node> = Api::all(self.client.clone());
        let name = self.config.node_name.clone();
        let existing = api.get_opt(&name).await?;
        if let Some(node) = &existing {
            for condition in node
                .status
                .iter()
                .flat_map(|status| status.conditions.iter().flatten())
            {
                if let Some(kind) = condition_type(&condition.type_) {
                    let since = condition
                        .last_transition_time
                        .as_ref()
                        .map_or_else(clock::now, |time| time.0);
                    self.conditions
                        .insert(kind, (condition.status == "True", since));
                }
            }
        }
        let status = self.status().await;
        match existing {
            None if self.config.register_node => {
                let node = self.node(status);
                match api.create(&PostParams::default(), &node).await {
                    // Servers drop the status of a node that a client other than a kubelet makes; write it in any case.
                    Ok(_) => {}
                    Err(kube::Error::Api(error)) if error.code == 409 => {}
                    Err(error) => return Err(error),
                }
            }
            None => {}
            Some(_) => {
                let body = json!({
                    "metadata": {"labels": labels(&self.config, &self.machine)},
                    "spec": {"podCIDR": self.config.pod_cidr, "podCIDRs": self.config.pod_cidr.as_ref().map(|cidr| vec![cidr])}
                });
                api.patch(&name, &PatchParams::default(), &Patch::Strategic(body))
                    .await?;
            }
        }
        let status = self.status().await;
        self.write(&status).await
    }

    fn node(&self, status: NodeStatus) -> Node {
        Node {
            metadata: ObjectMeta {
                name: Some(self.config.node_name.clone()),
                labels: Some(labels(&self.config, &self.machine)),
                annotations: Some(
                    [(
                        "volumes.kubernetes.io/controller-managed-attach-detach".to_owned(),
                        "true".to_owned(),
                    )]
                    .into(),
                ),
                ..ObjectMeta::default()
            },
            spec: Some(NodeSpec {
                pod_cidr: self.config.pod_cidr.clone(),
                pod_cidrs: self.config.pod_cidr.clone().map(|cidr| vec![cidr]),
                taints: Some(self.config.register_with_taints.clone())
                    .filter(|taints| !taints.is_empty()),
                ..NodeSpec::default()
            }),
            status: Some(status),
        }
    }

    async fn write(&self, status: &NodeStatus) -> Result<(), kube::Error> {
        let api: Api<Node> = Api::all(self.client.clone());
        let body = json!({"status": status});
        api.patch_status(
            &self.config.node_name,
            &PatchParams::default(),
            &Patch::Strategic(body),
        )
        .await
        .map(drop)
    }

    /// Writes the status when it changed or is old, until `shutdown`.
    pub(crate) async fn keep_status(mut self, shutdown: CancellationToken) {
        let mut last: Option<(NodeStatus, Timestamp)> = None;
        let mut ticks = tokio::time::interval(
            self.config
                .node_status_update_frequency
                .max(Duration::from_secs(1)),
        );
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        self.events.node(
            EventType::Normal,
            "Starting",
            "Starting kubelet.".to_owned(),
        );
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let was_ready = self.conditions.get("Ready").map(|(ready, _)| *ready);
            let status = self.status().await;
            let ready = self.conditions.get("Ready").map(|(ready, _)| *ready);
            if ready != was_ready {
                self.tell_readiness(ready == Some(true));
            }
            let now = clock::now();
            let due = last.as_ref().is_none_or(|(before, at)| {
                let age = Duration::try_from(now.duration_since(*at)).unwrap_or_default();
                age >= self.config.node_status_report_frequency
                    || !same_but_for_heartbeats(before, &status)
            });
            if !due {
                continue;
            }
            match tokio::time::timeout(WRITE_TIMEOUT, self.write(&status)).await {
                Ok(Ok(())) => last = Some((status, now)),
                Ok(Err(kube::Error::Api(error))) if error.code == 404 => {
                    if let Err(error) = self.register().await {
                        tracing::warn!(%error, "registering the node again failed");
                    }
                }
                Ok(Err(error)) => tracing::warn!(%error, "writing the node's status failed"),
                Err(_) => tracing::warn!("writing the node's status timed out"),
            }
        }
    }

    fn tell_readiness(&self, ready: bool) {
        let word = if ready { "NodeReady" } else { "NodeNotReady" };
        let message = format!("Node {} status is now: {word}", self.config.node_name);
        self.events.node(EventType::Normal, word, message);
    }

    /// The whole status as of now.
    async fn status(&mut self) -> NodeStatus {
        let now = clock::now();
        let runtime = call(
            CALL_TIMEOUT,
            self.cri
                .runtime()
                .status(wire::StatusRequest { verbose: false }),
        )
        .await;
        let told = self.told(&runtime);
        let conditions = told
            .into_iter()
            .map(|told| {
                let since = match self.conditions.get(told.kind) {
                    Some((status, since)) if *status == told.status => *since,
                    _ => {
                        self.conditions.insert(told.kind, (told.status, now));
                        now
                    }
                };
                NodeCondition {
                    type_: told.kind.to_owned(),
                    status: if told.status { "True" } else { "False" }.to_owned(),
                    reason: Some(told.reason.to_owned()),
                    message: Some(told.message),
                    last_heartbeat_time: Some(Time(now)),
                    last_transition_time: Some(Time(since)),
                }
            })
            .collect();
        let (runtime_handlers, features) = runtime.as_ref().map(handlers).unwrap_or_default();
        let disk = host::disk(&self.config.root_dir).unwrap_or_default();
        let usable = allocatable(&self.config, &self.machine);
        let pods = self.config.max_pods.to_string();
        let resources = |cpu_millis: u64, memory: u64, disk: u64| -> BTreeMap<String, Quantity> {
            let cpu = if cpu_millis.is_multiple_of(1000) {
                (cpu_millis / 1000).to_string()
            } else {
                format!("{cpu_millis}m")
            };
            [
                ("cpu", cpu),
                ("memory", format!("{}Ki", memory / 1024)),
                ("ephemeral-storage", format!("{}Ki", disk / 1024)),
                ("pods", pods.clone()),
                ("hugepages-2Mi", "0".to_owned()),
                ("hugepages-1Gi", "0".to_owned()),
            ]
            .into_iter()
            .map(|(name, text)| (name.to_owned(), Quantity(text)))
            .collect()
        };
        let unsigned = |value: i64| u64::try_from(value).unwrap_or(0);
        NodeStatus {
            addresses: Some(vec![
                NodeAddress {
                    address: self.config.node_ip.to_string(),
                    type_: "InternalIP".to_owned(),
                },
                NodeAddress {
                    address: self.config.node_name.clone(),
                    type_: "Hostname".to_owned(),
                },
            ]),
            capacity: Some(resources(
                self.machine.cpus * 1000,
                self.machine.memory_bytes,
                disk.size,
            )),
            // Upstream keeps a tenth of the disk for itself.
            allocatable: Some(resources(
                unsigned(usable.cpu_millis),
                unsigned(usable.memory_bytes),
                disk.size / 10 * 9,
            )),
            conditions: Some(conditions),
            daemon_endpoints: Some(NodeDaemonEndpoints {
                kubelet_endpoint: Some(DaemonEndpoint {
                    port: i32::from(self.port),
                }),
            }),
            images: Some(self.images().await),
            node_info: Some(self.system_info()),
            runtime_handlers,
            features,
            ..NodeStatus::default()
        }
    }

    fn system_info(&self) -> NodeSystemInfo {
        NodeSystemInfo {
            architecture: self.machine.architecture.to_owned(),
            boot_id: self.machine.boot_id.clone(),
            container_runtime_version: format!("{}://{}", self.runtime.name, self.runtime.version),
            kernel_version: self.machine.kernel_version.clone(),
            kube_proxy_version: String::new(),
            kubelet_version: self.config.version.clone(),
            machine_id: self.machine.machine_id.clone(),
            operating_system: "linux".to_owned(),
            os_image: self.machine.os_image.clone(),
            swap: None,
            system_uuid: self.machine.system_uuid.clone(),
        }
    }

    fn told(&self, runtime: &Result<wire::StatusResponse, tonic::Status>) -> [Told; 4] {
        let memory = host::available_memory() < self.config.memory_pressure_bytes;
        let disk = host::disk(&self.config.root_dir).is_some_and(|disk| {
            self.config
                .disk_pressure
                .is_above(disk.available, disk.size)
        });
        let pids =
            host::pids().is_some_and(|(used, most)| used * 100 > most * PID_PRESSURE_PERCENT);
        let unready = unready(runtime);
        let told =
            |kind, status, reason: (&'static str, &'static str), message: (&str, &str)| Told {
                kind,
                status,
                reason: if status { reason.0 } else { reason.1 },
                message: if status { message.0 } else { message.1 }.to_owned(),
            };
        [
            told(
                "MemoryPressure",
                memory,
                ("KubeletHasInsufficientMemory", "KubeletHasSufficientMemory"),
                (
                    "kubelet has insufficient memory available",
                    "kubelet has sufficient memory available",
                ),
            ),
            told(
                "DiskPressure",
                disk,
                ("KubeletHasDiskPressure", "KubeletHasNoDiskPressure"),
                ("kubelet has disk pressure", "kubelet has no disk pressure"),
            ),
            told(
                "PIDPressure",
                pids,
                ("KubeletHasInsufficientPID", "KubeletHasSufficientPID"),
                (
                    "kubelet has insufficient PID available",
                    "kubelet has sufficient PID available",
                ),
            ),
            match unready {
                None => told(
                    "Ready",
                    true,
                    ("KubeletReady", ""),
                    ("kubelet is posting ready status", ""),
                ),
                Some(message) => Told {
                    kind: "Ready",
                    status: false,
                    reason: "KubeletNotReady",
                    message,
                },
            },
        ]
    }

    /// The largest images, bounded.
    async fn images(&self) -> Vec<ContainerImage> {
        let request = wire::ListImagesRequest { filter: None };
        let Ok(mut listed) = call(CALL_TIMEOUT, self.cri.images().list_images(request)).await
        else {
            return Vec::new();
        };
        listed
            .images
            .sort_by_key(|image| std::cmp::Reverse(image.size));
        listed.images.truncate(self.config.node_status_max_images);
        listed
            .images
            .into_iter()
            .map(|image| {
                let names = image
                    .repo_digests
                    .into_iter()
                    .chain(image.repo_tags)
                    .take(MAX_NAMES);
                ContainerImage {
                    names: Some(names.collect()),
                    size_bytes: i64::try_from(image.size).ok(),
                }
            })
            .collect()
    }
}

/// Why the node is not ready; `None` when it is.
fn unready(runtime: &Result<wire::StatusResponse, tonic::Status>) -> Option<String> {
    let status = match runtime {
        Ok(answer) => answer.status.as_ref(),
        Err(status) => return Some(format!("container runtime is down: {}", go_error(status))),
    };
    let conditions = status
        .map(|status| status.conditions.as_slice())
        .unwrap_or_default();
    let problems: Vec<String> = [
        ("RuntimeReady", "container runtime is down"),
        ("NetworkReady", "container runtime network not ready"),
    ]
    .into_iter()
    .filter_map(|(kind, word)| {
        let condition = conditions.iter().find(|condition| condition.r#type == kind);
        match condition {
            Some(condition) if condition.status => None,
            Some(condition) => Some(format!(
                "{word}: {kind}=false reason:{} message:{}",
                condition.reason, condition.message
            )),
            None => Some(format!("{word}: {kind} is not told")),
        }
    })
    .collect();
    (!problems.is_empty()).then(|| problems.join(", "))
}

fn condition_type(name: &str) -> Option<&'static str> {
    ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"]
        .into_iter()
        .find(|known| *known == name)
}

fn handlers(
    status: &wire::StatusResponse,
) -> (Option<Vec<NodeRuntimeHandler>>, Option<NodeFeatures>) {
    let handlers: Vec<NodeRuntimeHandler> = status
        .runtime_handlers
        .iter()
        .map(|handler| NodeRuntimeHandler {
            name: Some(handler.name.clone()),
            features: handler
                .features
                .as_ref()
                .map(|features| NodeRuntimeHandlerFeatures {
                    recursive_read_only_mounts: Some(features.recursive_read_only_mounts),
                    user_namespaces: Some(features.user_namespaces),
                }),
        })
        .collect();
    let features = status.features.as_ref().map(|features| NodeFeatures {
        supplemental_groups_policy: Some(features.supplemental_groups_policy),
    });
    ((!handlers.is_empty()).then_some(handlers), features)
}

/// Whether two statuses differ in nothing but the times of heartbeats.
fn same_but_for_heartbeats(a: &NodeStatus, b: &NodeStatus) -> bool {
    let quiet = |status: &NodeStatus| {
        let mut status = status.clone();
        for condition in status.conditions.iter_mut().flatten() {
            condition.last_heartbeat_time = None;
        }
        status
    };
    quiet(a) == quiet(b)
}

/// Renews the node's Lease until `shutdown`.
pub(crate) async fn keep_lease(config: Arc<Config>, client: Client, shutdown: CancellationToken) {
    let api: Api<Lease> = Api::namespaced(client.clone(), LEASE_NAMESPACE);
    let nodes: Api<Node> = Api::all(client);
    let mut backoff = Backoff::new(
        jiff::SignedDuration::from_millis(200),
        jiff::SignedDuration::from_secs(7),
    );
    let mut exists = false;
    loop {
        let renewed =
            tokio::time::timeout(WRITE_TIMEOUT, renew(&api, &nodes, &config, exists)).await;
        let pause = match renewed {
            Ok(Ok(())) => {
                exists = true;
                backoff.reset();
                config.lease_renew_interval
            }
            failed => {
                if let Ok(Err(error)) = failed {
                    exists &= !matches!(&error, kube::Error::Api(status) if status.code == 404);
                    tracing::debug!(%error, "renewing the node's lease failed");
                }
                let now = clock::now();
                backoff.next(now, now);
                Duration::try_from(backoff.delay()).unwrap_or(config.lease_renew_interval)
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn renew(
    api: &Api<Lease>,
    nodes: &Api<Node>,
    config: &Config,
    exists: bool,
) -> Result<(), kube::Error> {
    let name = &config.node_name;
    let now = MicroTime(clock::now());
    if exists {
        let body = json!({"spec": {"renewTime": now}});
        return api
            .patch(name, &PatchParams::default(), &Patch::Merge(body))
            .await
            .map(drop);
    }
    let seconds = i32::try_from(config.lease_duration.as_secs()).unwrap_or(i32::MAX);
    let owner = nodes.get_opt(name).await?.and_then(|node| {
        Some(OwnerReference {
            api_version: "v1".to_owned(),
            kind: "Node".to_owned(),
            name: name.clone(),
            uid: node.metadata.uid?,
            ..OwnerReference::default()
        })
    });
    let lease = Lease {
        metadata: ObjectMeta {
            name: Some(name.clone()),
            namespace: Some(LEASE_NAMESPACE.to_owned()),
            owner_references: owner.map(|owner| vec![owner]),
            ..ObjectMeta::default()
        },
        spec: Some(LeaseSpec {
            holder_identity: Some(name.clone()),
            lease_duration_seconds: Some(seconds),
            renew_time: Some(now.clone()),
            ..LeaseSpec::default()
        }),
    };
    match api.create(&PostParams::default(), &lease).await {
        Err(kube::Error::Api(error)) if error.code == 409 => {
            let body = json!({"spec": {"holderIdentity": name, "leaseDurationSeconds": seconds, "renewTime": now}});
            api.patch(name, &PatchParams::default(), &Patch::Merge(body))
                .await
                .map(drop)
        }
        other => other.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(conditions: &[(&str, bool)]) -> Result<wire::StatusResponse, tonic::Status> {
        Ok(wire::StatusResponse {
            status: Some(wire::RuntimeStatus {
                conditions: conditions
                    .iter()
                    .map(|(kind, status)| wire::RuntimeCondition {
                        r#type: (*kind).to_owned(),
                        status: *status,
                        reason: "Why".to_owned(),
                        message: "text".to_owned(),
                    })
                    .collect(),
            }),
            ..wire::StatusResponse::default()
        })
    }

    #[test]
    fn the_node_is_ready_when_runtime_and_network_are() {
        assert_eq!(
            unready(&answer(&[("RuntimeReady", true), ("NetworkReady", true)])),
            None
        );
        assert_eq!(
            unready(&answer(&[("RuntimeReady", true), ("NetworkReady", false)])).unwrap(),
            "container runtime network not ready: NetworkReady=false reason:Why message:text"
        );
        assert!(
            unready(&Err(tonic::Status::unavailable("gone")))
                .unwrap()
                .contains("gone")
        );
    }

    #[test]
    fn heartbeats_alone_are_no_change() {
        let status = |heartbeat: i64, ready: &str| NodeStatus {
            conditions: Some(vec![NodeCondition {
                type_: "Ready".into(),
                status: ready.into(),
                last_heartbeat_time: Timestamp::from_second(heartbeat).ok().map(Time),
                ..NodeCondition::default()
            }]),
            ..NodeStatus::default()
        };
        assert!(same_but_for_heartbeats(
            &status(1, "True"),
            &status(2, "True")
        ));
        assert!(!same_but_for_heartbeats(
            &status(1, "True"),
            &status(1, "False")
        ));
    }
}
