//! Endpoints: core/v1, what EndpointSlices replaced and old clients still read.

use hydrofoil_api::field::{FieldError, Path};
use jiff::Timestamp;
use serde_json::Value;

use super::cells::{AGE, NAME, NONE, age, column, first_of, name};
use super::checks::{
    PROTOCOLS, dns_label, dns_subdomain, ip, one_of, port, qualified_name, reachable_ip,
};
use super::value::{int_or_zero, is_set, items, text};
use super::{Column, Errors, Kind, PLAIN, Storage};

/// The descriptor of Endpoints.
pub static ENDPOINTS: Kind = Kind {
    plural: "endpoints",
    storage: Storage {
        prefix: "services/endpoints",
        conversion: None,
    },
    validate,
    warnings: |_| {
        vec![
            "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
                .to_owned(),
        ]
    },
    columns: COLUMNS,
    row,
    ..PLAIN
};

/// Entries shown in a cell.
const SHOWN_MAX: usize = 3;

const COLUMNS: &[Column] = &[
    NAME,
    column("Endpoints", "string", "Addresses and ports."),
    AGE,
];

fn validate(endpoints: &Value, errors: &mut Errors) {
    for (index, subset) in items(endpoints, "subsets").iter().enumerate() {
        let path = Path::new("subsets").index(index);
        let lists = ["addresses", "notReadyAddresses"];
        if lists.iter().all(|list| items(subset, list).is_empty()) {
            errors.push(FieldError::required(
                &path,
                "must specify `addresses` or `notReadyAddresses`",
            ));
        }
        for list in lists {
            for (index, one) in items(subset, list).iter().enumerate() {
                address(errors, one, &path.child(list).index(index));
            }
        }
        let ports = items(subset, "ports");
        for (index, one) in ports.iter().enumerate() {
            let (name, path) = (text(one, "name"), path.child("ports").index(index));
            if !name.is_empty() {
                dns_label(errors, name, &path.child("name"));
            } else if ports.len() > 1 {
                errors.push(FieldError::required(&path.child("name"), ""));
            }
            port(errors, int_or_zero(one, "port"), &path.child("port"));
            one_of(errors, one, "protocol", &path, PROTOCOLS);
            if is_set(one, "appProtocol") {
                qualified_name(errors, text(one, "appProtocol"), &path.child("appProtocol"));
            }
        }
    }
}

fn address(errors: &mut Errors, address: &Value, path: &Path) {
    let at_ip = path.child("ip");
    ip(errors, text(address, "ip"), &at_ip);
    if !text(address, "hostname").is_empty() {
        dns_label(errors, text(address, "hostname"), &path.child("hostname"));
    }
    if is_set(address, "nodeName") {
        dns_subdomain(errors, text(address, "nodeName"), &path.child("nodeName"));
    }
    reachable_ip(errors, text(address, "ip"), &at_ip);
}

fn row(endpoints: &Value, now: Timestamp) -> Vec<Value> {
    let mut shown: Vec<String> = Vec::new();
    let mut total = 0;
    let subsets = items(endpoints, "subsets");
    let mut take = |text: String| {
        total += 1;
        if shown.len() < SHOWN_MAX {
            shown.push(text);
        }
    };
    for subset in subsets {
        let addresses = || {
            items(subset, "addresses")
                .iter()
                .map(|address| text(address, "ip"))
        };
        let ports = items(subset, "ports");
        if ports.is_empty() {
            addresses().for_each(|ip| take(ip.to_owned()));
        }
        for one in ports {
            let number = int_or_zero(one, "port");
            addresses().for_each(|ip| {
                take(if ip.contains(':') {
                    format!("[{ip}]:{number}")
                } else {
                    format!("{ip}:{number}")
                });
            });
        }
    }
    let cell = if subsets.is_empty() {
        NONE.to_owned()
    } else {
        first_of(&shown, total, SHOWN_MAX)
    };
    vec![name(endpoints), cell.into(), age(endpoints, now)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows() {
        let cell =
            |subsets: Value| row(&json!({"subsets": subsets}), Timestamp::UNIX_EPOCH)[1].clone();
        assert_eq!(cell(json!([])), "<none>");
        assert_eq!(
            cell(
                json!([{"addresses": [{"ip": "1.0.0.1"}, {"ip": "fd00::1"}], "ports": [{"port": 80}]}])
            ),
            "1.0.0.1:80,[fd00::1]:80"
        );
        let four = json!([{"addresses": [{"ip": "1.0.0.1"}, {"ip": "1.0.0.2"}], "ports": [{"port": 80}, {"port": 81}]}]);
        assert_eq!(cell(four), "1.0.0.1:80,1.0.0.2:80,1.0.0.1:81 + 1 more...");
        assert_eq!(cell(json!([{"addresses": [{"ip": "1.0.0.1"}]}])), "1.0.0.1");
    }

    #[test]
    fn faults_are_named() {
        let found = |subset: Value| {
            let mut endpoints = json!({"subsets": [subset]});
            super::super::tests::fill(&ENDPOINTS, &mut endpoints);
            let mut errors = Errors::new();
            validate(&endpoints, &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(
            found(json!({"addresses": [{"ip": "127.64.0.2"}], "ports": [{"port": 80}]})).is_empty()
        );
        assert_eq!(
            found(json!({})),
            ["subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"]
        );
        assert_eq!(
            found(json!({"addresses": [{"ip": "169.254.0.1"}]})),
            [
                "subsets[0].addresses[0].ip: Invalid value: \"169.254.0.1\": may not be in the link-local range (169.254.0.0/16, fe80::/10)"
            ]
        );
        assert_eq!(
            found(
                json!({"addresses": [{"ip": "1.0.0.1"}], "ports": [{"port": 1}, {"name": "b", "port": 2}]})
            ),
            ["subsets[0].ports[0].name: Required value"]
        );
    }
}
