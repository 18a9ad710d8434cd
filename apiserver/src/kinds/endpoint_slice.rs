//! EndpointSlices: discovery.k8s.io/v1.

use std::net::IpAddr;

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use jiff::Timestamp;
use serde_json::Value;

use super::cells::{AGE, NAME, age, column, first_of, name};
use super::checks::{
    IMMUTABLE, PROTOCOLS, all_invalid, dns_label, dns_subdomain, one_of, parse_ip, port,
    qualified_name, reachable_ip,
};
use super::value::{get, int, is_set, items, set, text};
use super::{Column, Errors, Kind, PLAIN, Storage};

/// The descriptor of EndpointSlices.
pub static ENDPOINT_SLICE: Kind = Kind {
    group: "discovery.k8s.io",
    plural: "endpointslices",
    storage: Storage {
        prefix: "endpointslices",
        conversion: None,
    },
    generation: true,
    default,
    validate,
    validate_update,
    columns: COLUMNS,
    row,
    ..PLAIN
};

/// Endpoints of one slice.
const ENDPOINTS_MAX: usize = 1000;
/// Addresses of one endpoint.
const ADDRESSES_MAX: usize = 100;
/// Ports of one slice.
const PORTS_MAX: usize = 20_000;
/// Old topology labels of one endpoint.
const TOPOLOGY_MAX: usize = 16;
/// Zones or nodes of one hint.
const HINTS_MAX: usize = 8;
/// Entries shown in a cell.
const SHOWN_MAX: usize = 3;

const COLUMNS: &[Column] = &[
    NAME,
    column("AddressType", "string", "IPv4, IPv6 or FQDN."),
    column("Ports", "string", "Ports every endpoint has."),
    column("Endpoints", "string", "Addresses of the endpoints."),
    AGE,
];

/// Lists that are not there are written as null, as upstream writes them.
fn default(slice: &mut Value) {
    for key in ["endpoints", "ports"] {
        if slice.get(key).is_none() {
            set(slice, key, Value::Null);
        }
    }
}

fn validate(slice: &Value, errors: &mut Errors) {
    let root = Path::root();
    one_of(
        errors,
        slice,
        "addressType",
        &root,
        &["FQDN", "IPv4", "IPv6"],
    );
    let (endpoints, path) = (items(slice, "endpoints"), Path::new("endpoints"));
    if endpoints.len() > ENDPOINTS_MAX {
        errors.push(FieldError::too_many(&path, endpoints.len(), ENDPOINTS_MAX));
    } else {
        for (index, one) in endpoints.iter().enumerate() {
            endpoint(errors, one, text(slice, "addressType"), &path.index(index));
        }
    }
    let (ports, path) = (items(slice, "ports"), Path::new("ports"));
    if ports.len() > PORTS_MAX {
        errors.push(FieldError::too_many(&path, ports.len(), PORTS_MAX));
        return;
    }
    let mut seen: Vec<&str> = Vec::with_capacity(ports.len());
    for (index, one) in ports.iter().enumerate() {
        let (name, path) = (text(one, "name"), path.index(index));
        if !name.is_empty() {
            dns_label(errors, name, &path.child("name"));
        }
        if seen.contains(&name) {
            errors.push(FieldError::duplicate(&path.child("name"), name));
        }
        seen.push(name);
        one_of(errors, one, "protocol", &path, PROTOCOLS);
        if let Some(number) = int(one, "port") {
            port(errors, number, &path.child("port"));
        }
        if is_set(one, "appProtocol") {
            qualified_name(errors, text(one, "appProtocol"), &path.child("appProtocol"));
        }
    }
}

fn endpoint(errors: &mut Errors, endpoint: &Value, kind: &str, path: &Path) {
    let (addresses, at) = (items(endpoint, "addresses"), path.child("addresses"));
    if addresses.is_empty() {
        errors.push(FieldError::required(&at, "must contain at least 1 address"));
    } else if addresses.len() > ADDRESSES_MAX {
        errors.push(FieldError::too_many(&at, addresses.len(), ADDRESSES_MAX));
    }
    for (index, one) in addresses.iter().enumerate() {
        address(errors, one.as_str().unwrap_or(""), kind, &at.index(index));
    }
    if is_set(endpoint, "nodeName") {
        dns_subdomain(errors, text(endpoint, "nodeName"), &path.child("nodeName"));
    }
    let topology = get(endpoint, "deprecatedTopology")
        .as_object()
        .map_or(0, serde_json::Map::len);
    if topology > TOPOLOGY_MAX {
        errors.push(FieldError::too_many(
            &path.child("deprecatedTopology"),
            topology,
            TOPOLOGY_MAX,
        ));
    }
    super::checks::labels(errors, endpoint, "deprecatedTopology", path);
    if is_set(endpoint, "hostname") {
        dns_label(errors, text(endpoint, "hostname"), &path.child("hostname"));
    }
    for list in ["forZones", "forNodes"] {
        let (hints, path) = (
            items(get(endpoint, "hints"), list),
            path.child("hints").child(list),
        );
        if hints.len() > HINTS_MAX {
            errors.push(FieldError::too_many(&path, hints.len(), HINTS_MAX));
            continue;
        }
        for (index, hint) in hints.iter().enumerate() {
            let (name, path) = (text(hint, "name"), path.index(index).child("name"));
            if hints[..index]
                .iter()
                .any(|earlier| text(earlier, "name") == name)
            {
                errors.push(FieldError::duplicate(&path, name));
            }
            let wrong = if list == "forZones" {
                names::is_label_value(name)
            } else {
                names::is_dns1123_subdomain(name)
            };
            all_invalid(errors, &path, name, wrong);
        }
    }
}

fn address(errors: &mut Errors, address: &str, kind: &str, path: &Path) {
    let parsed = parse_ip(address);
    match kind {
        "IPv4" => {
            if !matches!(parsed, Some(IpAddr::V4(_))) {
                errors.push(FieldError::invalid(
                    path,
                    address,
                    "must be a valid IPv4 address",
                ));
            }
            reachable_ip(errors, address, path);
        }
        "IPv6" => {
            if !matches!(parsed, Some(IpAddr::V6(_))) {
                errors.push(FieldError::invalid(
                    path,
                    address,
                    "must be a valid IPv6 address",
                ));
            }
            reachable_ip(errors, address, path);
        }
        "FQDN" => {
            let name = address.strip_suffix('.').unwrap_or(address);
            if name.is_empty() {
                errors.push(FieldError::required(path, ""));
                return;
            }
            dns_subdomain(errors, name, path);
            if !name.contains('.') {
                errors.push(FieldError::invalid(
                    path,
                    address,
                    "should be a domain with at least two segments separated by dots",
                ));
            }
        }
        _ => {}
    }
}

fn validate_update(new: &Value, old: &Value, errors: &mut Errors) {
    if text(new, "addressType") != text(old, "addressType") {
        errors.push(FieldError::invalid(
            &Path::new("addressType"),
            text(new, "addressType"),
            IMMUTABLE,
        ));
    }
}

fn row(slice: &Value, now: Timestamp) -> Vec<Value> {
    let ports: Vec<String> = items(slice, "ports")
        .iter()
        .map(|one| match (int(one, "port"), text(one, "name")) {
            (Some(number), _) => number.to_string(),
            (None, "") => "*".to_owned(),
            (None, name) => name.to_owned(),
        })
        .collect();
    let addresses: Vec<String> = items(slice, "endpoints")
        .iter()
        .flat_map(|endpoint| items(endpoint, "addresses"))
        .filter_map(|address| address.as_str().map(str::to_owned))
        .collect();
    vec![
        name(slice),
        text(slice, "addressType").into(),
        shown(&ports),
        shown(&addresses),
        age(slice, now),
    ]
}

fn shown(list: &[String]) -> Value {
    if list.is_empty() {
        return "<unset>".into();
    }
    first_of(&list[..list.len().min(SHOWN_MAX)], list.len(), SHOWN_MAX).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(mut slice: Value) -> Vec<String> {
        super::super::tests::fill(&ENDPOINT_SLICE, &mut slice);
        let mut errors = Errors::new();
        validate(&slice, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn slices() {
        assert!(found(json!({"addressType": "IPv4", "endpoints": [{"addresses": ["127.64.0.5"]}], "ports": [{"port": 80}]})).is_empty());
        let cases = [
            (json!({}), "<nil>.addressType: Required value"),
            (
                json!({"addressType": "IPv4", "endpoints": [{}]}),
                "endpoints[0].addresses: Required value: must contain at least 1 address",
            ),
            (
                json!({"addressType": "IPv4", "endpoints": [{"addresses": ["fd00::1"]}]}),
                "endpoints[0].addresses[0]: Invalid value: \"fd00::1\": must be a valid IPv4 address",
            ),
            (
                json!({"addressType": "IPv4", "ports": [{}, {}]}),
                "ports[1].name: Duplicate value: \"\"",
            ),
        ];
        for (slice, expected) in cases {
            assert_eq!(found(slice), [expected.replace("<nil>.", "")]);
        }
    }

    #[test]
    fn rows() {
        let slice = json!({"metadata": {"name": "s"}, "addressType": "IPv4", "ports": [{"port": 80}, {}],
            "endpoints": [{"addresses": ["1.0.0.1"]}, {"addresses": ["1.0.0.2"]}, {"addresses": ["1.0.0.3"]}, {"addresses": ["1.0.0.4"]}]});
        assert_eq!(
            row(&slice, Timestamp::UNIX_EPOCH),
            [
                "s",
                "IPv4",
                "80,*",
                "1.0.0.1,1.0.0.2,1.0.0.3 + 1 more...",
                "<unknown>"
            ]
        );
        assert_eq!(
            row(&json!({}), Timestamp::UNIX_EPOCH)[2..4],
            ["<unset>", "<unset>"]
        );
    }

    #[test]
    fn the_address_type_stays() {
        let mut errors = Errors::new();
        validate_update(
            &json!({"addressType": "IPv6"}),
            &json!({"addressType": "IPv4"}),
            &mut errors,
        );
        assert_eq!(
            errors[0].to_string(),
            "addressType: Invalid value: \"IPv6\": field is immutable"
        );
    }
}
