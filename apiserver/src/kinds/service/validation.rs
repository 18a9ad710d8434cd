//! Whether a Service may exist, and what of it may change.

use hydrofoil_api::field::{FieldError, Path};
use serde_json::Value;

use super::super::Errors;
use super::super::checks::{
    IMMUTABLE, PROTOCOLS, cidr, dns_label, dns_subdomain, ip, labels, one_of, one_of_if_set,
    parse_ip, port, port_or_name, qualified_name, reachable_ip,
};
use super::super::value::{at, get, int, int_or_zero, is_set, items, same, text, text_at};
use super::addresses::{cluster_ips_fit, primary_stays};
use super::{externally_accessible, is_headless, needs_health_check};

/// The longest a client may stay with one pod, in seconds.
const AFFINITY_SECONDS_MAX: i64 = 86_400;
/// Where traffic may be told to prefer to go, in the order in which upstream names them.
const DISTRIBUTIONS: &[&str] = &["PreferClose", "PreferSameZone", "PreferSameNode"];
/// The annotation that ranges of sources were given in before they had a field.
const RANGES_ANNOTATION: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
/// How topology was asked for before [`TOPOLOGY_MODE`].
const TOPOLOGY_HINTS: &str = "service.kubernetes.io/topology-aware-hints";
const TOPOLOGY_MODE: &str = "service.kubernetes.io/topology-mode";
const ONLY_BALANCER: &str = "may only be used when `type` is 'LoadBalancer'";
/// The sentence for what is given once.
pub(super) const ONCE: &str = "may not change once set";

pub(super) fn validate(service: &Value, errors: &mut Errors) {
    let (spec, path) = (get(service, "spec"), Path::new("spec"));
    let (kind, headless) = (text(spec, "type"), is_headless(service));
    topology(errors, service);
    let ports = items(spec, "ports");
    if ports.is_empty() && !headless && kind != "ExternalName" {
        errors.push(FieldError::required(&path.child("ports"), ""));
    }
    match kind {
        "LoadBalancer" | "NodePort" if headless => errors.push(FieldError::invalid(
            &path.child("clusterIPs").index(0),
            "None",
            format!("may not be set to 'None' for {kind} services"),
        )),
        "ExternalName" => external_name(errors, spec, &path),
        _ => {}
    }
    for (index, one) in ports.iter().enumerate() {
        service_port(errors, one, ports, index, &path.child("ports").index(index));
    }
    labels(errors, spec, "selector", &path);
    session_affinity(errors, spec, &path);
    cluster_ips_fit(errors, service);
    for (index, address) in items(spec, "externalIPs").iter().enumerate() {
        let (address, path) = (
            address.as_str().unwrap_or(""),
            path.child("externalIPs").index(index),
        );
        let before = errors.len();
        ip(errors, address, &path);
        if errors.len() == before {
            reachable_ip(errors, address, &path);
        }
    }
    one_of(
        errors,
        spec,
        "type",
        &path,
        &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"],
    );
    ports_together(errors, ports, kind, &path.child("ports"));
    balancer(errors, service, kind, &path);
    traffic(errors, service, &path);
}

/// The old and the new annotation must not contradict each other.
fn topology(errors: &mut Errors, service: &Value) {
    let annotations = at(service, &["metadata", "annotations"]);
    let (hints, mode) = (
        get(annotations, TOPOLOGY_HINTS),
        get(annotations, TOPOLOGY_MODE),
    );
    if !hints.is_null() && !mode.is_null() && hints != mode {
        let path = Path::new("metadata")
            .child("annotations")
            .key(TOPOLOGY_MODE);
        let sentence = format!("must match annotations[{TOPOLOGY_HINTS}] when both are specified");
        errors.push(FieldError::invalid(&path, mode.clone(), sentence));
    }
}

fn external_name(errors: &mut Errors, spec: &Value, path: &Path) {
    for key in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        let set = if key == "ipFamilyPolicy" {
            is_set(spec, key)
        } else {
            !items(spec, key).is_empty()
        };
        if set {
            errors.push(FieldError::forbidden(
                &path.child(key),
                "may not be set for ExternalName services",
            ));
        }
    }
    let name = text(spec, "externalName");
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() {
        errors.push(FieldError::required(&path.child("externalName"), ""));
    } else {
        dns_subdomain(errors, name, &path.child("externalName"));
    }
}

fn service_port(errors: &mut Errors, one: &Value, ports: &[Value], index: usize, path: &Path) {
    let name = text(one, "name");
    if name.is_empty() {
        if ports.len() > 1 {
            errors.push(FieldError::required(&path.child("name"), ""));
        }
    } else {
        dns_label(errors, name, &path.child("name"));
        if ports[..index]
            .iter()
            .any(|earlier| text(earlier, "name") == name)
        {
            errors.push(FieldError::duplicate(&path.child("name"), name));
        }
    }
    port(errors, int_or_zero(one, "port"), &path.child("port"));
    one_of(errors, one, "protocol", path, PROTOCOLS);
    port_or_name(errors, one, "targetPort", path);
    if is_set(one, "appProtocol") {
        qualified_name(errors, text(one, "appProtocol"), &path.child("appProtocol"));
    }
}

fn session_affinity(errors: &mut Errors, spec: &Value, path: &Path) {
    const WHEN_CLIENT_IP: &str = "when session affinity type is ClientIP";
    one_of(errors, spec, "sessionAffinity", path, &["ClientIP", "None"]);
    let (config, path) = (
        get(spec, "sessionAffinityConfig"),
        path.child("sessionAffinityConfig"),
    );
    match text(spec, "sessionAffinity") {
        "ClientIP" => {
            let client = get(config, "clientIP");
            let at_seconds = path.child("clientIP").child("timeoutSeconds");
            if config.is_null() {
                errors.push(FieldError::required(&path, WHEN_CLIENT_IP));
            } else if client.is_null() {
                errors.push(FieldError::required(
                    &path.child("clientIP"),
                    WHEN_CLIENT_IP,
                ));
            } else {
                match int(client, "timeoutSeconds") {
                    None => errors.push(FieldError::required(&at_seconds, WHEN_CLIENT_IP)),
                    Some(seconds) if !(1..=AFFINITY_SECONDS_MAX).contains(&seconds) => {
                        errors.push(FieldError::invalid(
                            &at_seconds,
                            seconds,
                            format!("must be greater than 0 and less than {AFFINITY_SECONDS_MAX}"),
                        ));
                    }
                    Some(_) => {}
                }
            }
        }
        "None" if !config.is_null() => {
            errors.push(FieldError::forbidden(
                &path,
                "must not be set when session affinity is None",
            ));
        }
        _ => {}
    }
}

fn ports_together(errors: &mut Errors, ports: &[Value], kind: &str, path: &Path) {
    for (index, one) in ports.iter().enumerate() {
        let node = int_or_zero(one, "nodePort");
        if node == 0 {
            continue;
        }
        let at_node = path.index(index).child("nodePort");
        if kind == "ClusterIP" {
            errors.push(FieldError::forbidden(
                &at_node,
                "may not be used when `type` is 'ClusterIP'",
            ));
        }
        let taken = ports[..index].iter().any(|earlier| {
            int_or_zero(earlier, "nodePort") == node
                && text(earlier, "protocol") == text(one, "protocol")
        });
        if taken {
            errors.push(FieldError::duplicate(&at_node, node));
        }
    }
    for (index, one) in ports.iter().enumerate() {
        let (number, protocol) = (int_or_zero(one, "port"), text(one, "protocol"));
        let repeated = ports[..index].iter().any(|earlier| {
            int_or_zero(earlier, "port") == number && text(earlier, "protocol") == protocol
        });
        if repeated {
            let shown = serde_json::json!({"port": number, "protocol": protocol, "targetPort": 0});
            errors.push(FieldError::duplicate(&path.index(index), shown));
        }
    }
}

fn balancer(errors: &mut Errors, service: &Value, kind: &str, path: &Path) {
    let spec = get(service, "spec");
    let is_balancer = kind == "LoadBalancer";
    let ranges = items(spec, "loadBalancerSourceRanges");
    if !ranges.is_empty() {
        // The capital is upstream's.
        let path = path.child("LoadBalancerSourceRanges");
        if !is_balancer {
            errors.push(FieldError::forbidden(&path, ONLY_BALANCER));
        }
        for (index, range) in ranges.iter().enumerate() {
            cidr(
                errors,
                range.as_str().unwrap_or("").trim(),
                &path.index(index),
            );
        }
    }
    let annotated = get(at(service, &["metadata", "annotations"]), RANGES_ANNOTATION);
    if ranges.is_empty()
        && let Some(annotated) = annotated.as_str()
    {
        ranges_annotation(errors, annotated, is_balancer);
    }
    let allocate = is_set(spec, "allocateLoadBalancerNodePorts");
    if allocate && !is_balancer {
        errors.push(FieldError::forbidden(
            &path.child("allocateLoadBalancerNodePorts"),
            ONLY_BALANCER,
        ));
    }
    if is_balancer && !allocate {
        errors.push(FieldError::required(
            &Path::new("allocateLoadBalancerNodePorts"),
            "",
        ));
    }
    if is_set(spec, "loadBalancerClass") {
        let path = path.child("loadBalancerClass");
        if is_balancer {
            qualified_name(errors, text(spec, "loadBalancerClass"), &path);
        } else {
            errors.push(FieldError::forbidden(&path, ONLY_BALANCER));
        }
    }
}

fn ranges_annotation(errors: &mut Errors, ranges: &str, is_balancer: bool) {
    let path = Path::new("metadata")
        .child("annotations")
        .key(RANGES_ANNOTATION);
    if !is_balancer {
        errors.push(FieldError::forbidden(&path, ONLY_BALANCER));
    }
    let ranges = ranges.trim();
    if !ranges.is_empty() {
        for range in ranges.split(',') {
            cidr(errors, range.trim(), &path);
        }
    }
}

fn traffic(errors: &mut Errors, service: &Value, path: &Path) {
    let spec = get(service, "spec");
    if externally_accessible(service) {
        one_of(
            errors,
            spec,
            "externalTrafficPolicy",
            path,
            &["Cluster", "Local"],
        );
    } else if !text(spec, "externalTrafficPolicy").is_empty() {
        errors.push(FieldError::invalid(
            &path.child("externalTrafficPolicy"),
            text(spec, "externalTrafficPolicy"),
            "may only be set for externally-accessible services",
        ));
    }
    let (health, at_health) = (
        int_or_zero(spec, "healthCheckNodePort"),
        path.child("healthCheckNodePort"),
    );
    if !needs_health_check(service) {
        if health != 0 {
            errors.push(FieldError::invalid(
                &at_health,
                health,
                "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
            ));
        }
    } else if health == 0 {
        errors.push(FieldError::required(&at_health, ""));
    } else {
        port(errors, health, &at_health);
    }
    if super::needs_cluster_ip(service) {
        one_of(
            errors,
            spec,
            "internalTrafficPolicy",
            path,
            &["Cluster", "Local"],
        );
    } else {
        one_of_if_set(
            errors,
            spec,
            "internalTrafficPolicy",
            path,
            &["Cluster", "Local"],
        );
    }
    let distribution = text(spec, "trafficDistribution");
    if is_set(spec, "trafficDistribution") && !DISTRIBUTIONS.contains(&distribution) {
        let path = path.child("trafficDistribution");
        errors.push(FieldError::not_supported(
            &path,
            distribution,
            DISTRIBUTIONS,
        ));
    }
}

pub(super) fn validate_update(new: &Value, old: &Value, errors: &mut Errors) {
    let (spec, old_spec, path) = (get(new, "spec"), get(old, "spec"), Path::new("spec"));
    let renamed = [new, old]
        .iter()
        .any(|service| text_at(service, &["spec", "type"]) == "ExternalName");
    if !renamed {
        let (headless, was_headless) = (is_headless(new), is_headless(old));
        if !(headless && was_headless) {
            primary_stays(errors, spec, old_spec, "clusterIPs", "clusterIP", &path);
        }
        if !headless && !was_headless {
            primary_stays(errors, spec, old_spec, "ipFamilies", "ipFamily", &path);
        }
    }
    let both_balancers =
        text(spec, "type") == "LoadBalancer" && text(old_spec, "type") == "LoadBalancer";
    if both_balancers
        && !same(
            get(spec, "loadBalancerClass"),
            get(old_spec, "loadBalancerClass"),
        )
    {
        let shown = get(spec, "loadBalancerClass").clone();
        errors.push(FieldError::invalid(
            &path.child("loadBalancerClass"),
            shown,
            ONCE,
        ));
    }
    let checked = needs_health_check(new) && needs_health_check(old);
    if checked
        && !same(
            get(spec, "healthCheckNodePort"),
            get(old_spec, "healthCheckNodePort"),
        )
    {
        errors.push(FieldError::forbidden(
            &path.child("healthCheckNodePort"),
            IMMUTABLE,
        ));
    }
}

pub(super) fn validate_status(new: &Value, old: &Value, errors: &mut Errors) {
    let path = Path::new("status").child("loadBalancer").child("ingress");
    let ingress = items(get(get(new, "status"), "loadBalancer"), "ingress");
    if !ingress.is_empty() && text_at(old, &["spec", "type"]) != "LoadBalancer" {
        errors.push(FieldError::forbidden(
            &path,
            "may only be used when `spec.type` is 'LoadBalancer'",
        ));
        return;
    }
    for (index, one) in ingress.iter().enumerate() {
        let path = path.index(index);
        let (address, mode, host) = (text(one, "ip"), text(one, "ipMode"), text(one, "hostname"));
        if !address.is_empty() {
            ip(errors, address, &path.child("ip"));
        }
        if mode.is_empty() && !address.is_empty() {
            errors.push(FieldError::required(
                &path.child("ipMode"),
                "must be specified when `ip` is set",
            ));
        } else if !mode.is_empty() && address.is_empty() {
            errors.push(FieldError::forbidden(
                &path.child("ipMode"),
                "may not be specified when `ip` is not set",
            ));
        } else {
            one_of_if_set(errors, one, "ipMode", &path, &["Proxy", "VIP"]);
        }
        if !host.is_empty() {
            dns_subdomain(errors, host, &path.child("hostname"));
            if parse_ip(host).is_some() {
                errors.push(FieldError::invalid(
                    &path.child("hostname"),
                    host,
                    "must be a DNS name, not an IP address",
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::SERVICE;
    use super::*;
    use serde_json::json;

    fn found(spec: Value) -> Vec<String> {
        let mut service = json!({"metadata": {"name": "s"}, "spec": spec});
        crate::kinds::tests::fill(&SERVICE, &mut service);
        let mut errors = Errors::new();
        validate(&service, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn good_services_pass() {
        for spec in [
            json!({"ports": [{"port": 80}]}),
            json!({"clusterIP": "None", "clusterIPs": ["None"]}),
            json!({"type": "ExternalName", "externalName": "example.com."}),
            json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": 30000}], "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ipFamilies": ["IPv4"]}),
        ] {
            let faults = found(spec.clone());
            assert!(faults.is_empty(), "{spec}: {faults:?}");
        }
    }

    #[test]
    fn faults_are_named() {
        let cases = [
            (json!({}), "spec.ports: Required value"),
            (
                json!({"ports": [{"port": 0, "targetPort": 1}]}),
                "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
            ),
            (
                json!({"ports": [{"port": 1}, {"name": "b", "port": 2}]}),
                "spec.ports[0].name: Required value",
            ),
            (
                json!({"ports": [{"name": "a", "port": 1}, {"name": "b", "port": 1}]}),
                "spec.ports[1]: Duplicate value: {\"port\":1,\"protocol\":\"TCP\",\"targetPort\":0}",
            ),
            (
                json!({"ports": [{"port": 1, "nodePort": 30000}]}),
                "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
            ),
            (
                json!({"type": "Magic", "ports": [{"port": 1}]}),
                "spec.type: Unsupported value: \"Magic\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"",
            ),
            (
                json!({"type": "ExternalName"}),
                "spec.externalName: Required value",
            ),
            (
                json!({"type": "NodePort", "clusterIP": "None", "clusterIPs": ["None"], "ports": [{"port": 1}]}),
                "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services",
            ),
            (
                json!({"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.2"], "ports": [{"port": 1}]}),
                "spec.clusterIPs: Invalid value: [\"10.0.0.2\"]: first value must match `clusterIP`",
            ),
            (
                json!({"ipFamilies": ["IPv4", "IPv4"], "ports": [{"port": 1}]}),
                "spec.ipFamilies[1]: Duplicate value: \"IPv4\"",
            ),
            (
                json!({"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 0}}, "ports": [{"port": 1}]}),
                "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be greater than 0 and less than 86400",
            ),
            (
                json!({"trafficDistribution": "", "ports": [{"port": 1}]}),
                "spec.trafficDistribution: Unsupported value: \"\": supported values: \"PreferClose\", \"PreferSameZone\", \"PreferSameNode\"",
            ),
            (
                json!({"externalTrafficPolicy": "Local", "ports": [{"port": 1}]}),
                "spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for externally-accessible services",
            ),
        ];
        for (spec, expected) in cases {
            assert_eq!(found(spec.clone()), [expected], "{spec}");
        }
    }

    #[test]
    fn annotations_of_old_are_checked() {
        let found = |annotations: Value| {
            let mut service =
                json!({"metadata": {"annotations": annotations}, "spec": {"ports": [{"port": 1}]}});
            crate::kinds::tests::fill(&SERVICE, &mut service);
            let mut errors = Errors::new();
            validate(&service, &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            found(json!({TOPOLOGY_HINTS: "auto", TOPOLOGY_MODE: "Auto"})),
            [
                "metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: \"Auto\": must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified"
            ]
        );
        assert_eq!(
            found(json!({RANGES_ANNOTATION: "10.0.0.0/8,x"})),
            [
                "metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Forbidden: may only be used when `type` is 'LoadBalancer'",
                "metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Invalid value: \"x\": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
            ]
        );
    }

    #[test]
    fn addresses_stay() {
        let service = |ips: Value, policy: &str| json!({"spec": {"type": "ClusterIP", "clusterIPs": ips, "ipFamilyPolicy": policy}});
        let judge = |new: Value, old: Value| {
            let mut errors = Errors::new();
            validate_update(&new, &old, &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let one = service(json!(["10.0.0.1"]), "SingleStack");
        assert!(judge(one.clone(), one.clone()).is_empty());
        assert_eq!(
            judge(service(json!(["10.0.0.2"]), "SingleStack"), one.clone()),
            ["spec.clusterIPs[0]: Invalid value: [\"10.0.0.2\"]: may not change once set"]
        );
        assert_eq!(
            judge(service(json!([]), "SingleStack"), one.clone()),
            ["spec.clusterIPs[0]: Invalid value: []: primary clusterIP can not be unset"]
        );
        let two = service(json!(["10.0.0.1", "fd00::1"]), "PreferDualStack");
        assert!(judge(two.clone(), one.clone()).is_empty());
        assert!(judge(one.clone(), two.clone()).is_empty());
        assert_eq!(
            judge(service(json!(["10.0.0.1"]), "PreferDualStack"), two),
            [
                "spec.ipFamilyPolicy: Invalid value: \"PreferDualStack\": must be set to 'SingleStack' when releasing the secondary clusterIP"
            ]
        );
    }

    #[test]
    fn only_balancers_have_ingress() {
        let mut errors = Errors::new();
        let status =
            json!({"status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4", "ipMode": "VIP"}]}}});
        validate_status(
            &status,
            &json!({"spec": {"type": "ClusterIP"}}),
            &mut errors,
        );
        assert_eq!(
            errors[0].to_string(),
            "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"
        );
    }
}
