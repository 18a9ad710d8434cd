//! Services: core/v1.
//!
//! Cluster IPs, families and node ports are handed out by [`crate::allocate`] before the rules here look at the object.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cells::{AGE, NAME, age, column, label_map, name, or_none, wide};
use super::value::{
    at, child, get, int_or_zero, is_set, items, items_mut, keep, remove, same, set, set_blank,
    set_missing, text, text_at,
};
use super::{Column, Kind, PLAIN, StatusRules, Storage};

mod addresses;
mod validation;

pub(crate) use addresses::cluster_ips_fit;

/// The descriptor of Services.
pub static SERVICE: Kind = Kind {
    plural: "services",
    name: hydrofoil_api::names::is_dns1123_label,
    storage: Storage {
        prefix: "services/specs",
        conversion: None,
    },
    create: |service, _| set(service, "status", json!({"loadBalancer": {}})),
    default,
    validate: validation::validate,
    update: |new, old, _| update(new, old),
    validate_update: validation::validate_update,
    status: Some(StatusRules {
        prepare: prepare_status,
        validate: validation::validate_status,
    }),
    warnings,
    columns: COLUMNS,
    row,
    fields: &[
        ("spec.clusterIP", |service| {
            text_at(service, &["spec", "clusterIP"]).to_owned()
        }),
        ("spec.type", |service| {
            text_at(service, &["spec", "type"]).to_owned()
        }),
    ],
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    column("Type", "string", "How the service is reached."),
    column(
        "Cluster-IP",
        "string",
        "The service's address in the cluster.",
    ),
    column("External-IP", "string", "Addresses outside the cluster."),
    column("Port(s)", "string", "Ports, node ports and protocols."),
    AGE,
    wide("Selector", "string", "Labels of the pods behind it."),
];

/// Seconds a client stays with one pod when `sessionAffinity` is ClientIP.
const AFFINITY_SECONDS: i64 = 10_800;

/// Whether the type has a cluster IP.
pub(crate) fn needs_cluster_ip(service: &Value) -> bool {
    ["ClusterIP", "NodePort", "LoadBalancer"].contains(&text_at(service, &["spec", "type"]))
}

/// Whether the type has node ports.
pub(crate) fn needs_node_port(service: &Value) -> bool {
    match text_at(service, &["spec", "type"]) {
        "NodePort" => true,
        "LoadBalancer" => {
            get(get(service, "spec"), "allocateLoadBalancerNodePorts").as_bool() != Some(false)
        }
        _ => false,
    }
}

/// Whether a port must answer health checks of a load balancer.
pub(crate) fn needs_health_check(service: &Value) -> bool {
    text_at(service, &["spec", "type"]) == "LoadBalancer"
        && text_at(service, &["spec", "externalTrafficPolicy"]) == "Local"
}

/// Whether the service can be reached from outside the cluster.
pub(crate) fn externally_accessible(service: &Value) -> bool {
    let spec = get(service, "spec");
    match text(spec, "type") {
        "NodePort" | "LoadBalancer" => true,
        "ClusterIP" => !items(spec, "externalIPs").is_empty(),
        _ => false,
    }
}

/// Whether the service asks to have no cluster IP.
pub(crate) fn is_headless(service: &Value) -> bool {
    let ips = items(get(service, "spec"), "clusterIPs");
    ips.len() == 1 && ips[0].as_str() == Some("None")
}

fn default(service: &mut Value) {
    let spec = child(service, "spec");
    let seconds = at(
        spec,
        &["sessionAffinityConfig", "clientIP", "timeoutSeconds"],
    );
    match text(spec, "sessionAffinity") {
        "None" => remove(spec, "sessionAffinityConfig"),
        "ClientIP" if seconds.is_null() => set(
            spec,
            "sessionAffinityConfig",
            json!({"clientIP": {"timeoutSeconds": AFFINITY_SECONDS}}),
        ),
        _ => {}
    }
    for port in items_mut(spec, "ports") {
        let target = get(port, "targetPort");
        if target.is_null() || target.as_i64() == Some(0) || target.as_str() == Some("") {
            let own = get(port, "port").clone();
            set(port, "targetPort", own);
        }
    }
    if externally_accessible(service) {
        set_blank(child(service, "spec"), "externalTrafficPolicy", "Cluster");
    }
    if needs_cluster_ip(service) {
        set_missing(child(service, "spec"), "internalTrafficPolicy", "Cluster");
    }
    if text_at(service, &["spec", "type"]) == "LoadBalancer" {
        set_missing(
            child(service, "spec"),
            "allocateLoadBalancerNodePorts",
            true,
        );
        if let Some(balancer) = service
            .get_mut("status")
            .and_then(|status| status.get_mut("loadBalancer"))
        {
            for ingress in items_mut(balancer, "ingress") {
                if !text(ingress, "ip").is_empty() {
                    set_missing(ingress, "ipMode", "VIP");
                }
            }
        }
    }
}

/// Before replacement: the status stays, and what only the old type had goes, if the client just carried it along.
fn update(new: &mut Value, old: &Value) {
    keep(new, old, "status");
    drop_what_the_type_lost(new, old);
}

fn drop_what_the_type_lost(new: &mut Value, old: &Value) {
    let old_spec = get(old, "spec");
    let carried = |new: &Value, key: &str| same(get(get(new, "spec"), key), get(old_spec, key));
    if needs_cluster_ip(old) && !needs_cluster_ip(new) {
        if carried(new, "clusterIP") && carried(new, "clusterIPs") {
            remove(child(new, "spec"), "clusterIP");
            remove(child(new, "spec"), "clusterIPs");
        }
        for key in ["ipFamilies", "ipFamilyPolicy"] {
            if carried(new, key) {
                remove(child(new, "spec"), key);
            }
        }
    }
    if needs_node_port(old) && !needs_node_port(new) && same_node_ports(new, old) {
        for port in items_mut(child(new, "spec"), "ports") {
            remove(port, "nodePort");
        }
    }
    if needs_health_check(old) && !needs_health_check(new) && carried(new, "healthCheckNodePort") {
        remove(child(new, "spec"), "healthCheckNodePort");
    }
    let was_balancer = text(old_spec, "type") == "LoadBalancer";
    if was_balancer && text_at(new, &["spec", "type"]) != "LoadBalancer" {
        for key in ["allocateLoadBalancerNodePorts", "loadBalancerClass"] {
            if carried(new, key) {
                remove(child(new, "spec"), key);
            }
        }
    }
    if externally_accessible(old)
        && !externally_accessible(new)
        && carried(new, "externalTrafficPolicy")
    {
        remove(child(new, "spec"), "externalTrafficPolicy");
    }
}

fn same_node_ports(new: &Value, old: &Value) -> bool {
    let ports = |service| {
        let mut ports: Vec<i64> = items(get(service, "spec"), "ports")
            .iter()
            .map(|port| int_or_zero(port, "nodePort"))
            .collect();
        ports.sort_unstable();
        ports
    };
    ports(new) == ports(old)
}

fn prepare_status(new: &mut Value, old: &Value) {
    keep(new, old, "spec");
}

fn warnings(service: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let spec = get(service, "spec");
    if is_set(
        get(get(service, "metadata"), "annotations"),
        "service.kubernetes.io/topology-aware-hints",
    ) {
        found.push(
            "metadata.annotations[service.kubernetes.io/topology-aware-hints]: deprecated, please use service.kubernetes.io/topology-mode instead"
                .to_owned(),
        );
    }
    if !is_headless(service) && needs_cluster_ip(service) {
        for (index, ip) in items(spec, "clusterIPs").iter().enumerate() {
            found.extend(loose_ip(ip, &format!("spec.clusterIPs[{index}]")));
        }
    }
    for (index, ip) in items(spec, "externalIPs").iter().enumerate() {
        found.extend(loose_ip(ip, &format!("spec.externalIPs[{index}]")));
    }
    if text(spec, "type") == "ExternalName" && !items(spec, "externalIPs").is_empty() {
        found.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".to_owned());
    }
    if text(spec, "type") != "ExternalName" && !text(spec, "externalName").is_empty() {
        found
            .push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
    if text(spec, "trafficDistribution") == "PreferClose" {
        found.push(
            "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\" instead".to_owned(),
        );
    }
    found
}

/// An address that is accepted for old times' sake.
fn loose_ip(ip: &Value, path: &str) -> Option<String> {
    let written = ip.as_str()?;
    let parsed = super::checks::parse_ip(written)?;
    let strict = written.parse::<std::net::IpAddr>().is_ok();
    let canonical = parsed.to_string();
    if !strict {
        return Some(format!(
            "{path}: non-standard IP address \"{written}\" is invalid: use \"{canonical}\""
        ));
    }
    (canonical != written)
        .then(|| format!("{path}: IPv6 address \"{written}\" should be in RFC 5952 canonical format (\"{canonical}\")"))
}

fn external_ip(service: &Value) -> Value {
    let spec = get(service, "spec");
    let external: Vec<&str> = items(spec, "externalIPs")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    match text(spec, "type") {
        "ClusterIP" | "NodePort" => or_none(&external.join(",")),
        "LoadBalancer" => {
            let ingress = get(get(service, "status"), "loadBalancer");
            let mut found: Vec<&str> = items(ingress, "ingress")
                .iter()
                .map(|one| {
                    if text(one, "ip").is_empty() {
                        text(one, "hostname")
                    } else {
                        text(one, "ip")
                    }
                })
                .filter(|address| !address.is_empty())
                .collect();
            found.sort_unstable();
            found.dedup();
            if external.is_empty() && found.is_empty() {
                return "<pending>".into();
            }
            found.extend(external);
            found.join(",").into()
        }
        "ExternalName" => text(spec, "externalName").into(),
        _ => super::cells::UNKNOWN.into(),
    }
}

fn row(service: &Value, now: Timestamp) -> Vec<Value> {
    let spec = get(service, "spec");
    let ports: Vec<String> = items(spec, "ports")
        .iter()
        .map(|port| {
            let (number, node, protocol) = (
                int_or_zero(port, "port"),
                int_or_zero(port, "nodePort"),
                text(port, "protocol"),
            );
            if node > 0 {
                format!("{number}:{node}/{protocol}")
            } else {
                format!("{number}/{protocol}")
            }
        })
        .collect();
    let ip = items(spec, "clusterIPs")
        .first()
        .and_then(Value::as_str)
        .unwrap_or_else(|| text(spec, "clusterIP"));
    vec![
        name(service),
        text(spec, "type").into(),
        or_none(ip),
        external_ip(service),
        or_none(&ports.join(",")),
        age(service, now),
        label_map(spec, "selector"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(mut service: Value) -> Vec<String> {
        super::super::tests::fill(&SERVICE, &mut service);
        row(&service, Timestamp::UNIX_EPOCH)
            .iter()
            .map(|cell| cell.as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn defaults() {
        let mut service = json!({"spec": {"ports": [{"port": 80}, {"port": 81, "targetPort": "http", "protocol": "UDP"}]}});
        super::super::tests::fill(&SERVICE, &mut service);
        let expected = json!({"metadata": {}, "status": {"loadBalancer": {}}, "spec": {
            "type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster",
            "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}, {"port": 81, "protocol": "UDP", "targetPort": "http"}],
        }});
        assert_eq!(service, expected);
        super::super::tests::fill(&SERVICE, &mut service);
        assert_eq!(service, expected);

        let mut balancer = json!({"spec": {"type": "LoadBalancer", "sessionAffinity": "ClientIP"}});
        super::super::tests::fill(&SERVICE, &mut balancer);
        assert_eq!(balancer["spec"]["allocateLoadBalancerNodePorts"], true);
        assert_eq!(balancer["spec"]["externalTrafficPolicy"], "Cluster");
        assert_eq!(
            balancer["spec"]["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"],
            10800
        );
        let mut name = json!({"spec": {"type": "ExternalName", "externalName": "a.b"}});
        super::super::tests::fill(&SERVICE, &mut name);
        assert_eq!(name["spec"].get("internalTrafficPolicy"), None);
    }

    #[test]
    fn rows() {
        let ports = json!([{"port": 80, "nodePort": 30080}, {"port": 53, "protocol": "UDP"}]);
        let cells = shown(
            json!({"metadata": {"name": "s"}, "spec": {"type": "NodePort", "clusterIPs": ["10.0.0.1"], "ports": ports, "selector": {"app": "web"}}}),
        );
        assert_eq!(
            cells,
            [
                "s",
                "NodePort",
                "10.0.0.1",
                "<none>",
                "80:30080/TCP,53/UDP",
                "<unknown>",
                "app=web"
            ]
        );
        let cells = shown(json!({"spec": {"type": "ExternalName", "externalName": "a.b"}}));
        assert_eq!(cells[1..5], ["ExternalName", "<none>", "a.b", "<none>"]);
        let cells = shown(json!({"spec": {"type": "LoadBalancer", "clusterIPs": ["10.0.0.1"]}}));
        assert_eq!(cells[3], "<pending>");
        let cells = shown(
            json!({"spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}, {"hostname": "h"}]}}}),
        );
        assert_eq!(cells[3], "1.2.3.4,h");
        assert_eq!(shown(json!({"spec": {"clusterIPs": ["None"]}}))[2], "None");
    }

    #[test]
    fn a_new_type_sheds_what_the_old_one_had() {
        let old = json!({"spec": {"type": "NodePort", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"],
            "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "externalTrafficPolicy": "Cluster",
            "ports": [{"port": 80, "nodePort": 30080}]}, "status": {"loadBalancer": {}}});
        let mut inner = old.clone();
        inner["spec"]["type"] = json!("ClusterIP");
        update(&mut inner, &old);
        assert_eq!(inner["spec"]["ports"], json!([{"port": 80}]));
        assert_eq!(inner["spec"].get("externalTrafficPolicy"), None);
        assert_eq!(inner["spec"]["clusterIP"], "10.0.0.1");
        let mut name = old.clone();
        name["spec"]["type"] = json!("ExternalName");
        update(&mut name, &old);
        for key in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            assert_eq!(name["spec"].get(key), None, "{key}");
        }
    }

    #[test]
    fn warnings_about_loose_addresses() {
        let service = json!({"spec": {"type": "ClusterIP", "externalIPs": ["010.0.0.1"], "clusterIPs": ["FD00::1"]}});
        assert_eq!(
            warnings(&service),
            [
                "spec.clusterIPs[0]: IPv6 address \"FD00::1\" should be in RFC 5952 canonical format (\"fd00::1\")",
                "spec.externalIPs[0]: non-standard IP address \"010.0.0.1\" is invalid: use \"10.0.0.1\"",
            ]
        );
    }
}
