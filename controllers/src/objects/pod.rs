//! Pods as the controllers see them.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Toleration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{Kind, Object, POD, object, view};

object! {
    /// A pod.
    Pod = POD, {
        /// What shall run.
        spec: PodSpec,
        /// What runs.
        status: PodStatus,
    }
}

view! {
    /// What shall run.
    pub struct PodSpec {
        /// The node it is bound to, empty until then.
        node_name: String,
        /// Its name within its subdomain.
        hostname: String,
        /// The headless Service that names it.
        subdomain: String,
        /// `Always`, `OnFailure` or `Never`.
        restart_policy: String,
        /// Taints that it bears.
        tolerations: Vec<Toleration>,
        /// Containers.
        containers: Vec<Container>,
        /// Init containers and sidecars.
        init_containers: Vec<Container>,
    }
    /// A container's part that matters here.
    pub struct Container {
        /// Its name.
        name: String,
        /// Ports it declares.
        ports: Vec<ContainerPort>,
        /// `Always` for a sidecar.
        restart_policy: String,
    }
    /// A declared port.
    pub struct ContainerPort {
        /// Its name, may be empty.
        name: String,
        /// Its number.
        container_port: i32,
        /// `TCP` if empty.
        protocol: String,
    }
    /// What runs.
    pub struct PodStatus {
        /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
        phase: String,
        /// Why, in a word.
        reason: String,
        /// Its first address.
        #[serde(rename = "podIP")]
        pod_ip: String,
        /// All addresses.
        #[serde(rename = "podIPs")]
        pod_ips: Vec<PodIp>,
        /// Conditions.
        conditions: Vec<Condition>,
        /// Containers' states.
        container_statuses: Vec<ContainerStatus>,
        /// Init containers' states.
        init_container_statuses: Vec<ContainerStatus>,
        /// When the kubelet took it up.
        start_time: Option<Time>,
    }
    /// An address.
    pub struct PodIp {
        /// In text form.
        ip: String,
    }
    /// A condition of a pod.
    pub struct Condition {
        /// Its type.
        #[serde(rename = "type")]
        kind: String,
        /// `True`, `False` or `Unknown`.
        status: String,
        /// Why, in a word.
        reason: String,
        /// When it changed last.
        last_transition_time: Option<Time>,
    }
    /// A container's state.
    pub struct ContainerStatus {
        /// Which container.
        name: String,
        /// How often it was started again.
        restart_count: i32,
        /// What it does now.
        state: ContainerState,
    }
    /// What a container does now, as far as it matters here.
    pub struct ContainerState {
        /// How it ended.
        terminated: Option<Terminated>,
    }
    /// How a container ended.
    pub struct Terminated {
        /// Its exit code.
        exit_code: i32,
        /// When.
        finished_at: Option<Time>,
    }
}

impl Object for Pod {
    fn resource() -> &'static Kind {
        &POD
    }
    const LABEL_INDEX: bool = true;
    fn extra_index(&self) -> Option<&str> {
        Some(self.spec.node_name.as_str()).filter(|n| !n.is_empty())
    }
}

impl Pod {
    /// The condition of that type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.status.conditions.iter().find(|c| c.kind == kind)
    }

    /// Whether its Ready condition is True.
    pub fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(|c| c.status == "True")
    }

    /// Since when it is ready.
    pub fn ready_since(&self) -> Option<Timestamp> {
        self.condition("Ready")
            .filter(|c| c.status == "True")
            .and_then(|c| c.last_transition_time.as_ref())
            .map(|t| t.0)
    }

    /// When it will have been ready for `min_ready_seconds`, a past time if it has; `None` if it is not ready.
    pub fn available_at(&self, min_ready_seconds: i32) -> Option<Timestamp> {
        let ready = self.condition("Ready").filter(|c| c.status == "True")?;
        if min_ready_seconds <= 0 {
            return Some(Timestamp::MIN);
        }
        let since = ready.last_transition_time.as_ref()?.0;
        let wait = SignedDuration::from_secs(i64::from(min_ready_seconds));
        since.checked_add(wait).ok()
    }

    /// Whether its phase is final.
    pub fn is_terminal(&self) -> bool {
        matches!(self.status.phase.as_str(), "Succeeded" | "Failed")
    }

    /// Whether it counts as running or about to run: no final phase, nobody asked for its deletion.
    pub fn is_active(&self) -> bool {
        !self.is_terminal() && self.metadata.deletion_timestamp.is_none()
    }

    /// Whether it is on its way out but not there yet.
    pub fn is_terminating(&self) -> bool {
        !self.is_terminal() && self.metadata.deletion_timestamp.is_some()
    }
}
