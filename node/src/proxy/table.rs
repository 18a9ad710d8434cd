//! What a Service and its EndpointSlices mean: which addresses and ports are listened on, and where each leads. Pure.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};

/// Stickiness of `sessionAffinity: ClientIP` when the Service does not say, in seconds.
const DEFAULT_AFFINITY_SECONDS: u64 = 10_800;

/// Transport protocols that are proxied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Transport {
    Tcp,
    Udp,
}

/// A place that clients connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Frontend {
    pub address: SocketAddr,
    pub transport: Transport,
}

/// Where a frontend leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Route {
    /// Sorted, each once.
    pub backends: Vec<SocketAddr>,
    /// How long a client stays with its backend after its last connection.
    pub affinity: Option<Duration>,
}

/// What the node adds to the picture.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub name: String,
    pub port_address: IpAddr,
}

/// Every frontend of a Service. Those whose route has no backends are to refuse connections.
pub(crate) fn routes<'a>(
    service: &Service,
    slices: impl IntoIterator<Item = &'a EndpointSlice> + Clone,
    node: &Node,
) -> Vec<(Frontend, Route)> {
    let Some(spec) = &service.spec else {
        return Vec::new();
    };
    if spec.type_.as_deref() == Some("ExternalName") {
        return Vec::new();
    }
    let single = spec
        .cluster_ip
        .iter()
        .filter(|_| spec.cluster_ips.is_none());
    let cluster_ips: Vec<IpAddr> = spec
        .cluster_ips
        .iter()
        .flatten()
        .chain(single)
        .filter_map(|ip| ip.parse().ok())
        .collect();
    if cluster_ips.is_empty() {
        return Vec::new();
    }
    let affinity = (spec.session_affinity.as_deref() == Some("ClientIP")).then(|| {
        let seconds = spec
            .session_affinity_config
            .as_ref()
            .and_then(|config| config.client_ip.as_ref()?.timeout_seconds)
            .and_then(|seconds| u64::try_from(seconds).ok());
        Duration::from_secs(seconds.unwrap_or(DEFAULT_AFFINITY_SECONDS))
    });
    let internal_local = spec.internal_traffic_policy.as_deref() == Some("Local");
    let external_local = spec.external_traffic_policy.as_deref() == Some("Local");
    let mut found = Vec::new();
    for port in spec.ports.iter().flatten() {
        let transport = match port.protocol.as_deref() {
            None | Some("" | "TCP") => Transport::Tcp,
            Some("UDP") => Transport::Udp,
            // SCTP has no userspace proxy.
            Some(_) => continue,
        };
        let name = port.name.as_deref().unwrap_or_default();
        let route = |ip: IpAddr, local: bool| Route {
            backends: backends(
                slices.clone(),
                name,
                transport,
                ip.is_ipv4(),
                local.then_some(node.name.as_str()),
            ),
            affinity,
        };
        let frontend = |ip: IpAddr, number: i32| {
            let number = u16::try_from(number).ok().filter(|number| *number > 0)?;
            Some(Frontend {
                address: SocketAddr::new(ip, number),
                transport,
            })
        };
        for ip in &cluster_ips {
            if let Some(frontend) = frontend(*ip, port.port) {
                found.push((frontend, route(*ip, internal_local)));
            }
        }
        if let Some(frontend) = port
            .node_port
            .and_then(|number| frontend(node.port_address, number))
        {
            found.push((frontend, route(node.port_address, external_local)));
        }
    }
    found
}

/// The endpoints behind a port: those that are ready; if there are none, those that still serve while they terminate.
fn backends<'a>(
    slices: impl IntoIterator<Item = &'a EndpointSlice>,
    port_name: &str,
    transport: Transport,
    ipv4: bool,
    node: Option<&str>,
) -> Vec<SocketAddr> {
    let (mut ready, mut terminating) = (BTreeSet::new(), BTreeSet::new());
    for slice in slices {
        let wanted = if ipv4 { "IPv4" } else { "IPv6" };
        if slice.address_type != wanted {
            continue;
        }
        let Some(port) = port_of(slice, port_name, transport) else {
            continue;
        };
        for endpoint in slice.endpoints.iter().flatten() {
            if node.is_some_and(|node| endpoint.node_name.as_deref() != Some(node)) {
                continue;
            }
            let Some(ip) = endpoint
                .addresses
                .first()
                .and_then(|ip| ip.parse::<IpAddr>().ok())
            else {
                continue;
            };
            match condition(endpoint) {
                Condition::Ready => ready.insert(SocketAddr::new(ip, port)),
                Condition::ServesWhileTerminating => terminating.insert(SocketAddr::new(ip, port)),
                Condition::Neither => false,
            };
        }
    }
    let chosen = if ready.is_empty() { terminating } else { ready };
    chosen.into_iter().collect()
}

enum Condition {
    Ready,
    ServesWhileTerminating,
    Neither,
}

fn condition(endpoint: &Endpoint) -> Condition {
    let Some(conditions) = &endpoint.conditions else {
        return Condition::Ready;
    };
    let terminating = conditions.terminating.unwrap_or(false);
    let ready = conditions.ready.unwrap_or(true);
    let serving = conditions.serving.unwrap_or(ready);
    if ready && !terminating {
        Condition::Ready
    } else if serving && terminating {
        Condition::ServesWhileTerminating
    } else if ready {
        Condition::Ready
    } else {
        Condition::Neither
    }
}

fn port_of(slice: &EndpointSlice, name: &str, transport: Transport) -> Option<u16> {
    let protocol = if transport == Transport::Udp {
        "UDP"
    } else {
        "TCP"
    };
    let port = slice.ports.iter().flatten().find(|port| {
        port.name.as_deref().unwrap_or_default() == name
            && port.protocol.as_deref().unwrap_or("TCP") == protocol
    })?;
    u16::try_from(port.port?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn service(spec: Value) -> Service {
        serde_json::from_value(json!({"metadata": {"name": "s", "namespace": "n"}, "spec": spec}))
            .unwrap()
    }

    fn slice(endpoints: Value) -> EndpointSlice {
        serde_json::from_value(json!({
            "addressType": "IPv4", "metadata": {"name": "s-1"},
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}, {"name": "dns", "port": 53, "protocol": "UDP"}],
            "endpoints": endpoints
        }))
        .unwrap()
    }

    fn node() -> Node {
        Node {
            name: "here".into(),
            port_address: "127.0.0.1".parse().unwrap(),
        }
    }

    fn ips(route: &Route) -> Vec<String> {
        route.backends.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_cluster_ip_port_and_node_port_is_a_frontend() {
        let service = service(json!({
            "type": "NodePort", "clusterIP": "127.96.0.5", "clusterIPs": ["127.96.0.5"],
            "ports": [{"name": "http", "port": 80, "nodePort": 30080, "protocol": "TCP"},
                      {"name": "dns", "port": 53, "protocol": "UDP"}]}));
        let slices = [slice(
            json!([{"addresses": ["127.64.0.2"]}, {"addresses": ["127.64.0.1"]}]),
        )];
        let found = routes(&service, &slices, &node());
        let names: Vec<(String, Transport)> = found
            .iter()
            .map(|(frontend, _)| (frontend.address.to_string(), frontend.transport))
            .collect();
        assert_eq!(
            names,
            [
                ("127.96.0.5:80".to_owned(), Transport::Tcp),
                ("127.0.0.1:30080".to_owned(), Transport::Tcp),
                ("127.96.0.5:53".to_owned(), Transport::Udp)
            ]
        );
        assert_eq!(ips(&found[0].1), ["127.64.0.1:8080", "127.64.0.2:8080"]);
        assert_eq!(ips(&found[2].1), ["127.64.0.1:53", "127.64.0.2:53"]);
    }

    #[test]
    fn ready_ones_first_then_those_that_end() {
        let service =
            service(json!({"clusterIP": "127.96.0.5", "ports": [{"name": "http", "port": 80}]}));
        let ending = json!({"addresses": ["127.64.0.1"], "conditions": {"ready": false, "serving": true, "terminating": true}});
        let unready = json!({"addresses": ["127.64.0.2"], "conditions": {"ready": false}});
        let ready = json!({"addresses": ["127.64.0.3"], "conditions": {"ready": true}});
        let all = [slice(json!([ending.clone(), unready.clone(), ready]))];
        assert_eq!(
            ips(&routes(&service, &all, &node())[0].1),
            ["127.64.0.3:8080"]
        );
        let fallback = [slice(json!([ending, unready.clone()]))];
        assert_eq!(
            ips(&routes(&service, &fallback, &node())[0].1),
            ["127.64.0.1:8080"]
        );
        let none = [slice(json!([unready]))];
        assert!(routes(&service, &none, &node())[0].1.backends.is_empty());
    }

    #[test]
    fn headless_and_external_names_have_no_frontend() {
        let headless =
            service(json!({"clusterIP": "None", "clusterIPs": ["None"], "ports": [{"port": 80}]}));
        let external = service(json!({"type": "ExternalName", "externalName": "example.com"}));
        assert!(routes(&headless, &[], &node()).is_empty());
        assert!(routes(&external, &[], &node()).is_empty());
    }

    #[test]
    fn local_policy_keeps_to_this_node() {
        let service = service(json!({
            "clusterIP": "127.96.0.5", "internalTrafficPolicy": "Local", "sessionAffinity": "ClientIP",
            "ports": [{"name": "http", "port": 80}]}));
        let slices = [slice(json!([
            {"addresses": ["127.64.0.1"], "nodeName": "here"}, {"addresses": ["127.64.0.2"], "nodeName": "there"}]))];
        let found = routes(&service, &slices, &node());
        assert_eq!(ips(&found[0].1), ["127.64.0.1:8080"]);
        assert_eq!(found[0].1.affinity, Some(Duration::from_secs(10_800)));
    }
}
