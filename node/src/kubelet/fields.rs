//! Values a pod may ask of itself: `fieldRef` and `resourceFieldRef`, for environment variables and downward API volumes.

use std::collections::BTreeMap;

use hydrofoil_api::quantity::Quantity;
use k8s_openapi::api::core::v1::{Container, Pod, ResourceFieldSelector};

/// What a pod's fields say of its place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    pub node_name: String,
    pub host_ips: Vec<String>,
    pub pod_ips: Vec<String>,
    /// What containers without limits may use: thousandths of a core, bytes, bytes.
    pub allocatable: Allocatable,
}

/// The node's allocatable resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Allocatable {
    pub cpu_millis: i64,
    pub memory_bytes: i64,
    pub ephemeral_bytes: i64,
}

/// The value of a field path. The error names what is wrong with it.
pub(crate) fn field(pod: &Pod, path: &str, place: &Place) -> Result<String, String> {
    let meta = &pod.metadata;
    if let Some((map, key)) = subscript(path) {
        let map = match map {
            "metadata.labels" => meta.labels.as_ref(),
            "metadata.annotations" => meta.annotations.as_ref(),
            _ => return Err(format!("fieldPath \"{map}\" does not support subscript")),
        };
        return Ok(map
            .and_then(|map| map.get(key))
            .cloned()
            .unwrap_or_default());
    }
    let spec = pod.spec.as_ref();
    Ok(match path {
        "metadata.name" => meta.name.clone().unwrap_or_default(),
        "metadata.namespace" => meta.namespace.clone().unwrap_or_default(),
        "metadata.uid" => meta.uid.clone().unwrap_or_default(),
        "metadata.labels" => format_map(meta.labels.as_ref()),
        "metadata.annotations" => format_map(meta.annotations.as_ref()),
        "spec.nodeName" => place.node_name.clone(),
        "spec.serviceAccountName" => spec
            .and_then(|spec| spec.service_account_name.clone())
            .unwrap_or_default(),
        "status.hostIP" => place.host_ips.first().cloned().unwrap_or_default(),
        "status.hostIPs" => place.host_ips.join(","),
        "status.podIP" => place.pod_ips.first().cloned().unwrap_or_default(),
        "status.podIPs" => place.pod_ips.join(","),
        _ => return Err(format!("unsupported fieldPath: {path}")),
    })
}

/// Splits `metadata.labels['key']`.
fn subscript(path: &str) -> Option<(&str, &str)> {
    let (map, rest) = path.split_once("['")?;
    Some((map, rest.strip_suffix("']")?))
}

/// A map as a file: `key="value"`, a line each, sorted.
fn format_map(map: Option<&BTreeMap<String, String>>) -> String {
    let lines: Vec<String> = map
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", quote(value)))
        .collect();
    lines.join("\n")
}

/// Go's `%q`.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for char in text.chars() {
        match char {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            char if char.is_control() => quoted.push_str(&format!("\\x{:02x}", u32::from(char))),
            char => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

/// The value of a resource of a container, divided and rounded up as asked.
pub(crate) fn resource(
    pod: &Pod,
    own: Option<&Container>,
    selector: &ResourceFieldSelector,
    allocatable: Allocatable,
) -> Result<String, String> {
    let container = match selector
        .container_name
        .as_deref()
        .filter(|name| !name.is_empty())
    {
        None => own.ok_or("no container is named")?,
        Some(name) => pod
            .spec
            .iter()
            .flat_map(|spec| {
                spec.containers
                    .iter()
                    .chain(spec.init_containers.iter().flatten())
            })
            .find(|container| container.name == name)
            .ok_or_else(|| format!("container {name} not found"))?,
    };
    let (list, name) = selector
        .resource
        .split_once('.')
        .ok_or_else(|| format!("unsupported container resource: {}", selector.resource))?;
    let resources = container.resources.as_ref();
    let map = match list {
        "limits" => resources.and_then(|resources| resources.limits.as_ref()),
        "requests" => resources.and_then(|resources| resources.requests.as_ref()),
        _ => {
            return Err(format!(
                "unsupported container resource: {}",
                selector.resource
            ));
        }
    };
    let parse = |text: &str| Quantity::parse(text).map_err(|error| format!("{text}: {error}"));
    let set = map
        .and_then(|map| map.get(name))
        .map(|quantity| parse(&quantity.0))
        .transpose()?;
    let divisor = selector
        .divisor
        .as_ref()
        .map(|divisor| parse(&divisor.0))
        .transpose()?
        .filter(|divisor| !divisor.is_zero());
    // Thousandths for CPU, so that `1m` divides; whole units for the rest.
    let (value, divisor) = if name == "cpu" {
        let default = if list == "limits" {
            allocatable.cpu_millis
        } else {
            0
        };
        (
            set.map_or(i128::from(default), |quantity| quantity.milli()),
            divisor.map_or(1000, |divisor| divisor.milli()),
        )
    } else {
        let default = match (list, name) {
            ("limits", "memory") => allocatable.memory_bytes,
            ("limits", "ephemeral-storage") => allocatable.ephemeral_bytes,
            _ => 0,
        };
        (
            set.map_or(i128::from(default), |quantity| quantity.value()),
            divisor.map_or(1, |divisor| divisor.value()),
        )
    };
    let divisor = divisor.max(1);
    Ok(((value + divisor - 1) / divisor).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod() -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": "p", "namespace": "n", "labels": {"b": "2", "a": "q\"1"}},
            "spec": {"containers": [{"name": "c", "resources": {
                "requests": {"cpu": "250m", "memory": "1Mi"}, "limits": {"memory": "3Mi"}}}]}
        }))
        .unwrap()
    }

    #[test]
    fn fields_by_path_and_by_key() {
        let place = Place {
            node_name: "node".into(),
            pod_ips: vec!["127.64.0.2".into()],
            ..Place::default()
        };
        assert_eq!(field(&pod(), "metadata.name", &place).unwrap(), "p");
        assert_eq!(field(&pod(), "metadata.labels['b']", &place).unwrap(), "2");
        assert_eq!(
            field(&pod(), "metadata.labels", &place).unwrap(),
            "a=\"q\\\"1\"\nb=\"2\""
        );
        assert_eq!(field(&pod(), "status.podIP", &place).unwrap(), "127.64.0.2");
        assert!(field(&pod(), "spec.volumes", &place).is_err());
    }

    #[test]
    fn resources_are_divided_and_rounded_up() {
        let pod = pod();
        let container = &pod.spec.as_ref().unwrap().containers[0];
        let ask = |resource_name: &str, divisor: Option<&str>| {
            let selector = ResourceFieldSelector {
                resource: resource_name.into(),
                divisor: divisor.map(|text| {
                    k8s_openapi::apimachinery::pkg::api::resource::Quantity(text.into())
                }),
                ..ResourceFieldSelector::default()
            };
            let allocatable = Allocatable {
                cpu_millis: 2000,
                ..Allocatable::default()
            };
            resource(&pod, Some(container), &selector, allocatable).unwrap()
        };
        assert_eq!(ask("requests.cpu", None), "1");
        assert_eq!(ask("requests.cpu", Some("1m")), "250");
        assert_eq!(ask("limits.cpu", None), "2");
        assert_eq!(ask("limits.memory", Some("1Mi")), "3");
        assert_eq!(ask("limits.memory", Some("2Mi")), "2");
    }
}
