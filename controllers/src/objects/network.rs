//! Services and their endpoints as the controllers see them.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{EndpointSubset, ServicePort};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointPort};

use super::{ENDPOINT_SLICE, ENDPOINTS, Kind, Object, SERVICE, object, view};

/// Labels every EndpointSlice with its Service's name.
pub const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";

object! {
    /// A Service.
    Service = SERVICE, {
        /// What shall be.
        spec: ServiceSpec,
    }
    /// An EndpointSlice.
    EndpointSlice = ENDPOINT_SLICE, {
        /// `IPv4`, `IPv6` or `FQDN`.
        address_type: String,
        /// Its endpoints.
        endpoints: Vec<Endpoint>,
        /// The ports of all of them.
        ports: Vec<EndpointPort>,
    }
    /// A legacy Endpoints object.
    Endpoints = ENDPOINTS, {
        /// Addresses by ports.
        subsets: Vec<EndpointSubset>,
    }
}

view! {
    /// What a Service shall be.
    pub struct ServiceSpec {
        /// Whose pods; none if empty.
        selector: BTreeMap<String, String>,
        /// Its ports.
        ports: Vec<ServicePort>,
        /// `None` for a headless one.
        #[serde(rename = "clusterIP")]
        cluster_ip: String,
        /// Its address families.
        ip_families: Vec<String>,
        /// Whether pods are named before they are ready.
        publish_not_ready_addresses: bool,
        /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
        #[serde(rename = "type")]
        kind: String,
    }
}

impl Object for Service {
    fn resource() -> &'static Kind {
        &SERVICE
    }
}

impl Object for EndpointSlice {
    fn resource() -> &'static Kind {
        &ENDPOINT_SLICE
    }
    const LABEL_INDEX: bool = true;
}

impl Object for Endpoints {
    fn resource() -> &'static Kind {
        &ENDPOINTS
    }
}

impl Service {
    /// Whether it has no address of its own.
    pub fn is_headless(&self) -> bool {
        self.spec.cluster_ip == "None"
    }
}
