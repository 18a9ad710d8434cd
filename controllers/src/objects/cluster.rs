//! Namespaces, nodes and what belongs to them, as the controllers see them.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{NamespaceCondition, NodeCondition, Taint};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

use super::{CONFIG_MAP, Kind, LEASE, NAMESPACE, NODE, Object, SERVICE_ACCOUNT, object, view};

object! {
    /// A Namespace.
    Namespace = NAMESPACE, {
        /// Its finalizers.
        spec: NamespaceSpec,
        /// Its phase.
        status: NamespaceStatus,
    }
    /// A Node.
    Node = NODE, {
        /// Taints and pod ranges.
        spec: NodeSpec,
        /// Conditions.
        status: NodeStatus,
    }
    /// A Lease.
    Lease = LEASE, {
        /// Holder and time.
        spec: LeaseSpec,
    }
    /// A ServiceAccount: its metadata.
    ServiceAccount = SERVICE_ACCOUNT, {}
    /// A ConfigMap.
    ConfigMap = CONFIG_MAP, {
        /// Its texts.
        data: BTreeMap<String, String>,
    }
}

view! {
    /// A Namespace's finalizers.
    pub struct NamespaceSpec {
        /// What must be done before it goes.
        finalizers: Vec<String>,
    }
    /// A Namespace's phase.
    pub struct NamespaceStatus {
        /// `Active` or `Terminating`.
        phase: String,
        /// What its end waits for.
        conditions: Vec<NamespaceCondition>,
    }
    /// A Node's taints and pod ranges.
    pub struct NodeSpec {
        /// The first pod range.
        #[serde(rename = "podCIDR")]
        pod_cidr: String,
        /// All pod ranges.
        #[serde(rename = "podCIDRs")]
        pod_cidrs: Vec<String>,
        /// What keeps pods away.
        taints: Vec<Taint>,
        /// Whether new pods are kept away by hand.
        unschedulable: bool,
    }
    /// A Node's conditions.
    pub struct NodeStatus {
        /// What its kubelet says.
        conditions: Vec<NodeCondition>,
    }
    /// A Lease's holder and time.
    pub struct LeaseSpec {
        /// Who holds it.
        holder_identity: String,
        /// When it was renewed last.
        renew_time: Option<MicroTime>,
    }
}

impl Object for Namespace {
    fn resource() -> &'static Kind {
        &NAMESPACE
    }
}

impl Object for Node {
    fn resource() -> &'static Kind {
        &NODE
    }
}

impl Object for Lease {
    fn resource() -> &'static Kind {
        &LEASE
    }
}

impl Object for ServiceAccount {
    fn resource() -> &'static Kind {
        &SERVICE_ACCOUNT
    }
}

impl Object for ConfigMap {
    fn resource() -> &'static Kind {
        &CONFIG_MAP
    }
}
