//! Which port an HTTP guest is served on. Pure.

use std::collections::HashMap;

use hydrofoil_cri::v1::{PodSandboxConfig, PortMapping, Protocol};

/// Served when nothing else is said.
pub const DEFAULT_PORT: u16 = 8080;
/// A pod's or container's annotation that names the port.
pub const ANNOTATION: &str = "hydrofoil.dev/http-port";
/// The kubelet puts a container's own ports here, as JSON.
const CONTAINER_PORTS: &str = "io.kubernetes.container.ports";

/// The port cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("annotation {ANNOTATION} is {0:?}, which is no port: give a number from 1 to 65535")]
pub struct PortError(pub String);

/// The annotation, on the container or the pod; else the container's first TCP port; else the pod's first TCP port; else 8080.
pub fn http_port(
    sandbox: &PodSandboxConfig,
    container_annotations: &HashMap<String, String>,
) -> Result<u16, PortError> {
    let annotated = container_annotations
        .get(ANNOTATION)
        .or_else(|| sandbox.annotations.get(ANNOTATION));
    if let Some(text) = annotated {
        return match text.trim().parse() {
            Ok(port) if port != 0 => Ok(port),
            _ => Err(PortError(text.clone())),
        };
    }
    let own = container_annotations
        .get(CONTAINER_PORTS)
        .and_then(|text| first_of_json(text));
    Ok(own
        .or_else(|| first_tcp(&sandbox.port_mappings))
        .unwrap_or(DEFAULT_PORT))
}

fn first_tcp(mappings: &[PortMapping]) -> Option<u16> {
    mappings
        .iter()
        .filter(|m| m.protocol == i32::from(Protocol::Tcp))
        .find_map(|m| u16::try_from(m.container_port).ok().filter(|p| *p != 0))
}

fn first_of_json(text: &str) -> Option<u16> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Port {
        container_port: u16,
        #[serde(default)]
        protocol: Option<String>,
    }
    let ports: Vec<Port> = serde_json::from_str(text).ok()?;
    ports
        .into_iter()
        .find(|p| p.protocol.as_deref().is_none_or(|name| name == "TCP"))
        .map(|p| p.container_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sandbox(ports: &[(Protocol, i32)], annotations: &[(&str, &str)]) -> PodSandboxConfig {
        PodSandboxConfig {
            port_mappings: ports
                .iter()
                .map(|(protocol, port)| PortMapping {
                    protocol: i32::from(*protocol),
                    container_port: *port,
                    ..PortMapping::default()
                })
                .collect(),
            annotations: map(annotations),
            ..PodSandboxConfig::default()
        }
    }

    fn map(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn the_first_declared_tcp_port_counts() {
        let none = HashMap::new();
        assert_eq!(http_port(&sandbox(&[], &[]), &none), Ok(8080));
        let pod = sandbox(
            &[
                (Protocol::Udp, 53),
                (Protocol::Tcp, 9000),
                (Protocol::Tcp, 9001),
            ],
            &[],
        );
        assert_eq!(http_port(&pod, &none), Ok(9000));
    }

    #[test]
    fn a_containers_own_ports_and_annotations_come_first() {
        let pod = sandbox(&[(Protocol::Tcp, 9000)], &[]);
        let own = map(&[(
            CONTAINER_PORTS,
            r#"[{"containerPort":53,"protocol":"UDP"},{"name":"h","containerPort":7000,"protocol":"TCP"}]"#,
        )]);
        assert_eq!(http_port(&pod, &own), Ok(7000));
        let annotated = sandbox(&[(Protocol::Tcp, 9000)], &[(ANNOTATION, "8081")]);
        assert_eq!(http_port(&annotated, &own), Ok(8081));
        assert_eq!(
            http_port(&annotated, &map(&[(ANNOTATION, "8082")])),
            Ok(8082)
        );
    }

    #[test]
    fn nonsense_in_the_annotation_is_an_error_that_shows_it() {
        for text in ["", "0", "http", "70000", "-1"] {
            let error =
                http_port(&sandbox(&[], &[(ANNOTATION, text)]), &HashMap::new()).unwrap_err();
            assert!(error.to_string().contains(&format!("{text:?}")));
        }
    }
}
