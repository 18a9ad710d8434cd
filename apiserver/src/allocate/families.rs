//! Families and policies of a Service's addresses: what the client meant, completed by what the cluster has.
//!
//! Nothing is taken here. Source: upstream's `initIPFamilyFields`, `normalizeClusterIPs` and `patchAllocatedValues`.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::status::{ApiError, GroupKind};
use ipnet::IpNet;
use serde_json::{Value, json};

use crate::kinds::checks::parse_ip;
use crate::kinds::service::{
    cluster_ips_fit, needs_cluster_ip, needs_health_check, needs_node_port,
};
use crate::kinds::value::{
    child, get, int_or_zero, is_empty, items, items_mut, remove, same, set, text, text_at,
};

/// `IPv4` or `IPv6`.
pub(super) fn family(range: &IpNet) -> &'static str {
    if range.network().is_ipv4() {
        "IPv4"
    } else {
        "IPv6"
    }
}

fn family_of(address: &str) -> &'static str {
    if parse_ip(address).is_some_and(|ip| ip.is_ipv6()) {
        "IPv6"
    } else {
        "IPv4"
    }
}

fn other(family: &str) -> &'static str {
    if family == "IPv4" { "IPv6" } else { "IPv4" }
}

/// A client that knows one address field only: the list is made from it.
pub(super) fn sync_on_create(service: &mut Value) {
    let spec = child(service, "spec");
    let ip = text(spec, "clusterIP").to_owned();
    if !ip.is_empty() && items(spec, "clusterIPs").is_empty() {
        set(spec, "clusterIPs", json!([ip]));
    }
}

/// The same for a change: whichever of the two fields the client touched, the other follows.
pub(super) fn sync_on_update(new: &mut Value, old: &Value) {
    let old_spec = get(old, "spec");
    let (old_ip, old_ips) = (text(old_spec, "clusterIP"), get(old_spec, "clusterIPs"));
    let spec = child(new, "spec");
    let ip = text(spec, "clusterIP").to_owned();
    if ip != old_ip {
        match (old_ip.is_empty(), ip.is_empty()) {
            (true, false) if items(spec, "clusterIPs").is_empty() => {
                set(spec, "clusterIPs", json!([ip]))
            }
            (false, true) if same(get(spec, "clusterIPs"), old_ips) => remove(spec, "clusterIPs"),
            (false, false) if same(get(spec, "clusterIPs"), old_ips) => {
                let mut ips = items(spec, "clusterIPs").to_vec();
                match ips.first_mut() {
                    Some(first) => *first = ip.into(),
                    None => ips.push(ip.into()),
                }
                set(spec, "clusterIPs", ips);
            }
            _ => {}
        }
    } else if !same(get(spec, "clusterIPs"), old_ips) && is_empty(get(spec, "clusterIPs")) {
        remove(spec, "clusterIP");
    }
}

/// What the server gave a Service stays with it when a client replaces it without saying.
pub(super) fn keep_allocated(new: &mut Value, old: &Value) {
    let old_spec = get(old, "spec");
    if needs_cluster_ip(old) && needs_cluster_ip(new) {
        let spec = child(new, "spec");
        if text(spec, "clusterIP").is_empty() && !text(old_spec, "clusterIP").is_empty() {
            set(spec, "clusterIP", text(old_spec, "clusterIP"));
        }
        let same_ip = text(spec, "clusterIP") == text(old_spec, "clusterIP");
        if same_ip
            && items(spec, "clusterIPs").is_empty()
            && !items(old_spec, "clusterIPs").is_empty()
        {
            set(spec, "clusterIPs", items(old_spec, "clusterIPs").to_vec());
        }
    }
    if needs_node_port(old) && needs_node_port(new) {
        keep_node_ports(child(new, "spec"), old_spec);
    }
    if needs_health_check(old) && needs_health_check(new) {
        let spec = child(new, "spec");
        let port = int_or_zero(old_spec, "healthCheckNodePort");
        if int_or_zero(spec, "healthCheckNodePort") == 0 && port != 0 {
            set(spec, "healthCheckNodePort", port);
        }
    }
}

/// A port keeps its node port by name, unless another port of the new Service has taken it.
fn keep_node_ports(spec: &mut Value, old_spec: &Value) {
    let mut used: Vec<i64> = items(spec, "ports")
        .iter()
        .map(|port| int_or_zero(port, "nodePort"))
        .collect();
    let old_ports = items(old_spec, "ports");
    for port in items_mut(spec, "ports") {
        if int_or_zero(port, "nodePort") != 0 {
            continue;
        }
        let name = text(port, "name");
        let had = old_ports
            .iter()
            .find(|old| text(old, "name") == name)
            .map_or(0, |old| int_or_zero(old, "nodePort"));
        if had != 0 && !used.contains(&had) {
            used.push(had);
            set(port, "nodePort", had);
        }
    }
}

/// Sets the policy and the families that follow from what is given and what the cluster has.
pub(super) fn complete(
    service: &mut Value,
    old: Option<&Value>,
    ranges: &[IpNet],
) -> Result<(), ApiError> {
    if text_at(service, &["spec", "type"]) == "ExternalName" || unchanged_prefer(service, old) {
        return Ok(());
    }
    default_policy(service, old);
    let mut errors = Vec::new();
    cluster_ips_fit(&mut errors, service);
    refuse(service, &errors)?;
    if let Some(old) = old {
        shrink(service, old, &mut errors);
    }
    let path = Path::new("spec");
    let at_policy = path.child("ipFamilyPolicy");
    let spec = get(service, "spec");
    let single = text(spec, "ipFamilyPolicy") == "SingleStack";
    if single {
        for (list, what) in [("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families")] {
            if items(spec, list).len() == 2 {
                errors.push(FieldError::invalid(
                    &at_policy,
                    "SingleStack",
                    format!("must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified"),
                ));
            }
        }
    }
    infer_families(service, ranges, &mut errors);
    refuse(service, &errors)?;
    let default = ranges.first().map_or("IPv4", family);
    let spec = child(service, "spec");
    let headless_alone = text(spec, "clusterIP") == "None" && is_empty(get(spec, "selector"));
    if headless_alone {
        // Nothing is handed out here, so such a Service may have families the cluster has not.
        add_families(spec, default, !single);
        return Ok(());
    }
    let policy = text(spec, "ipFamilyPolicy");
    if policy == "RequireDualStack" && ranges.len() < 2 {
        errors.push(FieldError::invalid(
            &at_policy,
            policy,
            "this cluster is not configured for dual-stack services",
        ));
    }
    for (index, wanted) in items(spec, "ipFamilies").iter().enumerate() {
        if !ranges
            .iter()
            .any(|range| Some(family(range)) == wanted.as_str())
        {
            let at = path.child("ipFamilies").index(index);
            errors.push(FieldError::invalid(
                &at,
                wanted.clone(),
                "not configured on this cluster",
            ));
        }
    }
    refuse(service, &errors)?;
    add_families(
        child(service, "spec"),
        default,
        !single && ranges.len() == 2,
    );
    Ok(())
}

fn refuse(service: &Value, errors: &[FieldError]) -> Result<(), ApiError> {
    if errors.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid(
        GroupKind::new("", "Service"),
        text_at(service, &["metadata", "name"]),
        errors,
    ))
}

/// A PreferDualStack Service that nobody touches is not moved when the cluster's ranges change.
fn unchanged_prefer(service: &Value, old: Option<&Value>) -> bool {
    let Some(old) = old else { return false };
    let (spec, old_spec) = (get(service, "spec"), get(old, "spec"));
    text(spec, "type") == text(old_spec, "type")
        && text(spec, "ipFamilyPolicy") == "PreferDualStack"
        && ["ipFamilyPolicy", "clusterIP", "clusterIPs", "ipFamilies"]
            .iter()
            .all(|key| same(get(spec, key), get(old_spec, key)))
}

fn default_policy(service: &mut Value, old: Option<&Value>) {
    let before = old.map_or("", |old| text_at(old, &["spec", "ipFamilyPolicy"]));
    let spec = child(service, "spec");
    if !text(spec, "ipFamilyPolicy").is_empty() {
        return;
    }
    let policy = if !before.is_empty() {
        before
    } else if text(spec, "clusterIP") == "None" && is_empty(get(spec, "selector")) {
        "RequireDualStack"
    } else {
        "SingleStack"
    };
    set(spec, "ipFamilyPolicy", policy);
}

/// From two families to one: the policy must say so, and then the second address and family may go unsaid.
fn shrink(service: &mut Value, old: &Value, errors: &mut Vec<FieldError>) {
    let old_spec = get(old, "spec");
    let spec = child(service, "spec");
    let single = text(spec, "ipFamilyPolicy") == "SingleStack";
    for (list, what) in [("clusterIPs", "cluster IP"), ("ipFamilies", "IP family")] {
        let (now, was) = (items(spec, list), items(old_spec, list));
        if single {
            if now == was && now.len() > 1 {
                let first = now[..1].to_vec();
                set(spec, list, first);
            }
        } else if now.len() == 1 && was.len() == 2 && now[0] == was[0] {
            errors.push(FieldError::invalid(
                &Path::new("spec").child("ipFamilyPolicy"),
                get(spec, "ipFamilyPolicy").clone(),
                format!("must be 'SingleStack' to release the secondary {what}"),
            ));
        }
    }
}

fn infer_families(service: &mut Value, ranges: &[IpNet], errors: &mut Vec<FieldError>) {
    let spec = child(service, "spec");
    let mut families = items(spec, "ipFamilies").to_vec();
    let before = families.len();
    let ips = items(spec, "clusterIPs");
    for (index, ip) in ips.iter().enumerate().skip(before) {
        let ip = ip.as_str().unwrap_or("");
        if ip == "None" {
            break;
        }
        let wanted = family_of(ip);
        if ranges.iter().any(|range| family(range) == wanted) {
            families.push(wanted.into());
        } else {
            let at = Path::new("spec").child("clusterIPs").index(index);
            errors.push(FieldError::invalid(
                &at,
                ips.to_vec(),
                format!("{wanted} is not configured on this cluster"),
            ));
        }
    }
    if families.len() > before {
        set(spec, "ipFamilies", families);
    }
}

fn add_families(spec: &mut Value, default: &'static str, two: bool) {
    let mut families: Vec<Value> = items(spec, "ipFamilies").to_vec();
    let before = families.len();
    if families.is_empty() {
        families.push(default.into());
    }
    if two && families.len() == 1 {
        let second = other(families[0].as_str().unwrap_or(default));
        families.push(second.into());
    }
    if families.len() > before {
        set(spec, "ipFamilies", families);
    }
}
