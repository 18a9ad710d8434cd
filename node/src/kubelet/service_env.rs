//! The environment variables that tell a container of the Services in its namespace (Docker-links style, `pkg/kubelet/envvars`).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Service;

/// Namespace and name of the Service that every pod is told of.
const MASTER: (&str, &str) = ("default", "kubernetes");

/// Variables for a pod of `namespace`: all Services there when `links` is set, and the API server's in any case.
pub(crate) fn variables<'a>(
    services: impl IntoIterator<Item = &'a Service>,
    namespace: &str,
    links: bool,
) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    // A Service of the namespace wins over the API server's.
    let mut chosen: BTreeMap<&str, &Service> = BTreeMap::new();
    for service in services {
        let own = service.metadata.namespace.as_deref().unwrap_or_default();
        let name = service.metadata.name.as_deref().unwrap_or_default();
        if own == namespace && (links || (own, name) == MASTER) {
            chosen.insert(name, service);
        } else if (own, name) == MASTER {
            chosen.entry(name).or_insert(service);
        }
    }
    for (name, service) in chosen {
        add(&mut variables, name, service);
    }
    variables
}

fn add(variables: &mut BTreeMap<String, String>, name: &str, service: &Service) {
    let Some(spec) = &service.spec else { return };
    let (Some(ip), Some(ports)) = (spec.cluster_ip.as_deref(), spec.ports.as_ref()) else {
        return;
    };
    let Some(first) = ports.first() else { return };
    if ip.is_empty() || ip == "None" {
        return;
    }
    let prefix = variable_name(name);
    let host = if ip.contains(':') {
        format!("[{ip}]")
    } else {
        ip.to_owned()
    };
    variables.insert(format!("{prefix}_SERVICE_HOST"), ip.to_owned());
    variables.insert(format!("{prefix}_SERVICE_PORT"), first.port.to_string());
    for port in ports {
        if let Some(port_name) = port.name.as_deref().filter(|name| !name.is_empty()) {
            let key = format!("{prefix}_SERVICE_PORT_{}", variable_name(port_name));
            variables.insert(key, port.port.to_string());
        }
    }
    for (index, port) in ports.iter().enumerate() {
        let protocol = port.protocol.as_deref().unwrap_or("TCP");
        let lower = protocol.to_lowercase();
        let url = format!("{lower}://{host}:{}", port.port);
        let key = format!("{prefix}_PORT_{}_{}", port.port, protocol.to_uppercase());
        if index == 0 {
            variables.insert(format!("{prefix}_PORT"), url.clone());
        }
        variables.insert(format!("{key}_PROTO"), lower);
        variables.insert(format!("{key}_PORT"), port.port.to_string());
        variables.insert(format!("{key}_ADDR"), ip.to_owned());
        variables.insert(key, url);
    }
}

fn variable_name(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn service(namespace: &str, name: &str, ip: &str) -> Service {
        serde_json::from_value(json!({
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"clusterIP": ip, "ports": [{"name": "http-x", "port": 8080, "protocol": "TCP"}]}
        }))
        .unwrap()
    }

    #[test]
    fn a_service_becomes_its_variables() {
        let services = [
            service("n", "my-db", "127.96.0.9"),
            service("n", "headless", "None"),
        ];
        let variables = variables(&services, "n", true);
        let expected: BTreeMap<String, String> = [
            ("MY_DB_SERVICE_HOST", "127.96.0.9"),
            ("MY_DB_SERVICE_PORT", "8080"),
            ("MY_DB_SERVICE_PORT_HTTP_X", "8080"),
            ("MY_DB_PORT", "tcp://127.96.0.9:8080"),
            ("MY_DB_PORT_8080_TCP", "tcp://127.96.0.9:8080"),
            ("MY_DB_PORT_8080_TCP_PROTO", "tcp"),
            ("MY_DB_PORT_8080_TCP_PORT", "8080"),
            ("MY_DB_PORT_8080_TCP_ADDR", "127.96.0.9"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
        assert_eq!(variables, expected);
    }

    #[test]
    fn without_links_only_the_api_server_is_told() {
        let services = [
            service("n", "db", "127.96.0.9"),
            service("default", "kubernetes", "127.96.0.1"),
        ];
        let variables = variables(&services, "n", false);
        assert_eq!(variables["KUBERNETES_SERVICE_HOST"], "127.96.0.1");
        assert!(!variables.contains_key("DB_SERVICE_HOST"));
    }
}
