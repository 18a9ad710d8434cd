//! The endpoints of a Service: its pods' addresses, grouped by the ports that they resolve to.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{ObjectReference, ServicePort};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointConditions, EndpointPort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::pack::{Group, port_key};
use crate::objects::{Meta, POD, Pod, Service};

/// The address families of a Service, as slices call them.
pub fn address_types(service: &Service) -> Vec<&'static str> {
    let mut types: Vec<&'static str> = service
        .spec
        .ip_families
        .iter()
        .map(|family| if family == "IPv6" { "IPv6" } else { "IPv4" })
        .collect();
    if types.is_empty() {
        let is_v6 = service
            .spec
            .cluster_ip
            .parse()
            .is_ok_and(|ip: IpAddr| ip.is_ipv6());
        types.push(if is_v6 { "IPv6" } else { "IPv4" });
    }
    types
}

/// Whether a pod has anything to do with endpoints: it has an address and has not ended.
pub fn is_candidate(pod: &Pod) -> bool {
    let has_address = !pod.status.pod_ip.is_empty() || !pod.status.pod_ips.is_empty();
    has_address && !pod.is_terminal()
}

/// The pod's address of a family.
pub fn address(pod: &Pod, address_type: &str) -> Option<String> {
    let all = pod.status.pod_ips.iter().map(|p| p.ip.as_str());
    all.chain([pod.status.pod_ip.as_str()])
        .find(|text| {
            text.parse::<IpAddr>()
                .is_ok_and(|ip| ip.is_ipv6() == (address_type == "IPv6"))
        })
        .map(str::to_owned)
}

/// The number that a Service's port has in a pod; `None` if the pod has no port of that name.
pub fn target_port(pod: &Pod, port: &ServicePort) -> Option<i32> {
    match &port.target_port {
        None | Some(IntOrString::Int(0)) => Some(port.port),
        Some(IntOrString::Int(number)) => Some(*number),
        Some(IntOrString::String(name)) => {
            let protocol = port.protocol.as_deref().unwrap_or("TCP");
            let sidecars = pod
                .spec
                .init_containers
                .iter()
                .filter(|c| c.restart_policy == "Always");
            pod.spec
                .containers
                .iter()
                .chain(sidecars)
                .flat_map(|c| &c.ports)
                .find(|p| {
                    p.name == *name
                        && (p.protocol == protocol || (p.protocol.is_empty() && protocol == "TCP"))
                })
                .map(|p| p.container_port)
        }
    }
}

/// The ports that a Service has in a pod.
fn ports(pod: &Pod, service: &Service) -> Vec<EndpointPort> {
    service
        .spec
        .ports
        .iter()
        .filter_map(|port| {
            Some(EndpointPort {
                name: Some(port.name.clone().unwrap_or_default()),
                port: Some(target_port(pod, port)?),
                protocol: Some(port.protocol.clone().unwrap_or_else(|| "TCP".into())),
                app_protocol: port.app_protocol.clone(),
            })
        })
        .collect()
}

/// A reference to a pod, as endpoints carry it.
pub fn pod_reference(pod: &Pod) -> ObjectReference {
    ObjectReference {
        kind: Some(POD.kind.to_string()),
        namespace: pod.metadata.namespace.clone(),
        name: pod.metadata.name.clone(),
        uid: pod.metadata.uid.clone(),
        ..Default::default()
    }
}

/// The host name that a pod has under a headless Service.
pub fn hostname(pod: &Pod, service: &Service) -> Option<String> {
    let named = !pod.spec.hostname.is_empty() && pod.spec.subdomain == service.metadata.name();
    named.then(|| pod.spec.hostname.clone())
}

fn endpoint(
    pod: &Pod,
    service: &Service,
    address: String,
    zones: &HashMap<String, String>,
) -> Endpoint {
    let serving = pod.is_ready();
    let terminating = pod.metadata.is_deleting();
    let ready = service.spec.publish_not_ready_addresses || (serving && !terminating);
    let node = Some(pod.spec.node_name.clone()).filter(|n| !n.is_empty());
    Endpoint {
        addresses: vec![address],
        conditions: Some(EndpointConditions {
            ready: Some(ready),
            serving: Some(serving),
            terminating: Some(terminating),
        }),
        hostname: hostname(pod, service),
        zone: node.as_ref().and_then(|n| zones.get(n)).cloned(),
        node_name: node,
        target_ref: Some(pod_reference(pod)),
        ..Default::default()
    }
}

/// The endpoints of one address family, by ports. `zones` are the nodes' zones by name.
pub fn groups(
    service: &Service,
    pods: &[Arc<Pod>],
    address_type: &str,
    zones: &HashMap<String, String>,
) -> Vec<Group> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let mut last: Option<(Vec<EndpointPort>, String)> = None;
    for pod in pods.iter().filter(|p| is_candidate(p)) {
        let Some(address) = address(pod, address_type) else {
            continue;
        };
        let ports = ports(pod, service);
        if ports.is_empty() && !service.spec.ports.is_empty() {
            continue;
        }
        // Nearly always the same as the pod before.
        let key = match &last {
            Some((same, key)) if *same == ports => key.clone(),
            _ => port_key(&ports),
        };
        last = Some((ports.clone(), key.clone()));
        let group = groups.entry(key).or_insert_with(|| Group {
            ports,
            endpoints: Vec::new(),
        });
        group.endpoints.push(endpoint(pod, service, address, zones));
    }
    groups.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(yaml: &str) -> Service {
        serde_yaml::from_str(yaml).unwrap()
    }

    fn pod(name: &str, rest: &str) -> Arc<Pod> {
        Arc::new(
            serde_yaml::from_str(&format!(
                "{{metadata: {{name: {name}, namespace: n, uid: u-{name}}}, {rest}}}"
            ))
            .unwrap(),
        )
    }

    const READY: &str = "conditions: [{type: Ready, status: 'True'}]";

    #[test]
    fn conditions_tell_ready_serving_and_terminating() {
        let s = service("{metadata: {name: web}, spec: {ports: [{port: 80}]}}");
        let up = pod(
            "up",
            &format!(
                "spec: {{nodeName: k}}, status: {{phase: Running, podIP: 127.64.0.2, {READY}}}"
            ),
        );
        let mut down = up.as_ref().clone();
        down.metadata.deletion_timestamp = serde_yaml::from_str("2026-01-01T00:00:00Z").unwrap();
        let starting = pod("starting", "status: {phase: Running, podIP: 127.64.0.3}");
        let flags = |service: &Service, pod: Arc<Pod>| {
            let zones = HashMap::from([("k".to_owned(), "z1".to_owned())]);
            let groups = groups(service, &[pod], "IPv4", &zones);
            let c = groups[0].endpoints[0].conditions.clone().unwrap();
            (c.ready.unwrap(), c.serving.unwrap(), c.terminating.unwrap())
        };
        assert_eq!(flags(&s, up.clone()), (true, true, false));
        assert_eq!(flags(&s, Arc::new(down.clone())), (false, true, true));
        assert_eq!(flags(&s, starting.clone()), (false, false, false));
        let publishing = service(
            "{metadata: {name: web}, spec: {publishNotReadyAddresses: true, ports: [{port: 80}]}}",
        );
        assert_eq!(flags(&publishing, starting), (true, false, false));
        assert_eq!(flags(&publishing, Arc::new(down)), (true, true, true));
        let zones = HashMap::from([("k".to_owned(), "z1".to_owned())]);
        let endpoint = &groups(&s, &[up], "IPv4", &zones)[0].endpoints[0];
        assert_eq!(
            (endpoint.zone.as_deref(), endpoint.node_name.as_deref()),
            (Some("z1"), Some("k"))
        );
        assert_eq!(
            endpoint.target_ref.as_ref().unwrap().uid.as_deref(),
            Some("u-up")
        );
    }

    #[test]
    fn named_ports_are_each_pods_own() {
        let s = service(
            "{spec: {ports: [{name: http, port: 80, targetPort: web}, {name: dns, port: 53, targetPort: dns, protocol: UDP}]}}",
        );
        let with = |name: &str, ip: &str, ports: &str| {
            pod(
                name,
                &format!(
                    "spec: {{containers: [{{name: c, ports: [{ports}]}}]}}, status: {{phase: Running, podIP: {ip}}}"
                ),
            )
        };
        let pods = [
            with("a", "127.64.0.2", "{name: web, containerPort: 8080}"),
            with(
                "b",
                "127.64.0.3",
                "{name: web, containerPort: 9090, protocol: TCP}, {name: dns, containerPort: 53, protocol: UDP}",
            ),
            with("c", "127.64.0.4", "{name: web, containerPort: 8080}"),
            with("none", "127.64.0.5", "{name: dns, containerPort: 53}"),
        ];
        let found = groups(&s, &pods, "IPv4", &HashMap::new());
        let mut shape: Vec<_> = found
            .iter()
            .map(|g| {
                (
                    g.ports.iter().map(|p| p.port.unwrap()).collect::<Vec<_>>(),
                    g.endpoints.len(),
                )
            })
            .collect();
        shape.sort();
        assert_eq!(shape, [(vec![8080], 2), (vec![9090, 53], 1)]);
    }

    #[test]
    fn only_live_pods_with_an_address_of_the_family_count() {
        let s = service(
            "{metadata: {name: web}, spec: {ipFamilies: [IPv4, IPv6], ports: [{port: 80}]}}",
        );
        assert_eq!(address_types(&s), ["IPv4", "IPv6"]);
        let pods = [
            pod(
                "both",
                "spec: {hostname: h, subdomain: web}, status: {phase: Running, podIP: 127.64.0.2, podIPs: [{ip: 127.64.0.2}, {ip: 'fd00::2'}]}",
            ),
            pod("done", "status: {phase: Succeeded, podIP: 127.64.0.3}"),
            pod("early", "status: {phase: Pending}"),
        ];
        let v6 = groups(&s, &pods, "IPv6", &HashMap::new());
        assert_eq!(v6.len(), 1);
        assert_eq!(v6[0].endpoints[0].addresses, ["fd00::2"]);
        assert_eq!(v6[0].endpoints[0].hostname.as_deref(), Some("h"));
        let headless = service("{metadata: {name: web}, spec: {clusterIP: None}}");
        assert_eq!(
            groups(&headless, &pods, "IPv4", &HashMap::new())[0].ports,
            []
        );
    }
}
