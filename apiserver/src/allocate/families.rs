//! Which address families a Service has: what it asks for, what its addresses tell, and what the cluster can give (KEP-563).

use std::net::IpAddr;

use hydrofoil_api::field::{FieldError, Path};
use ipnet::IpNet;
use serde_json::Value;

use super::HEADLESS;
use crate::kinds::value::{get, is_empty, items, set, text};

const SINGLE: &str = "SingleStack";
const PREFER: &str = "PreferDualStack";
const REQUIRE: &str = "RequireDualStack";

/// The family of a range, as `spec.ipFamilies` has it.
pub fn family_of(range: IpNet) -> &'static str {
    family(range.addr())
}

fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "IPv4" } else { "IPv6" }
}

fn other(family: &str) -> &'static str {
    if family == "IPv4" { "IPv6" } else { "IPv4" }
}

/// Fills in `spec.ipFamilyPolicy` and `spec.ipFamilies`.
///
/// # Errors
/// When the Service asks for a family that the cluster does not have.
pub fn settle(spec: &mut Value, old: Option<&Value>, ranges: &[IpNet]) -> Result<(), FieldError> {
    if let Some(old) = old {
        inherit(spec, old);
    }
    let own: Vec<&'static str> = ranges.iter().copied().map(family_of).collect();
    let mut families: Vec<String> = items(spec, "ipFamilies")
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    told_by_addresses(spec, &mut families);
    if text(spec, "clusterIP") == HEADLESS && is_empty(get(spec, "selector")) {
        without_selector(spec, families, &own);
        return Ok(());
    }
    for (i, family) in families.iter().enumerate() {
        if !own.contains(&family.as_str()) {
            let path = Path::new("spec").child("ipFamilies").index(i);
            return Err(FieldError::invalid(
                &path,
                family.as_str(),
                "not configured on this cluster",
            ));
        }
    }
    let policy = policy(spec, &families);
    if policy == REQUIRE && own.len() < 2 {
        let path = Path::new("spec").child("ipFamilyPolicy");
        return Err(FieldError::invalid(
            &path,
            policy,
            "this cluster is not configured for dual-stack services",
        ));
    }
    if families.is_empty() {
        families.extend(own.first().map(|f| (*f).to_owned()));
    }
    if policy != SINGLE && families.len() == 1 && own.len() == 2 {
        families.push(other(&families[0]).to_owned());
    }
    if policy == SINGLE {
        families.truncate(1);
    }
    write(spec, policy, families);
    Ok(())
}

/// A client that leaves families out of an update does not change them.
fn inherit(spec: &mut Value, old: &Value) {
    for field in ["ipFamilyPolicy", "ipFamilies"] {
        if is_empty(get(spec, field)) && !is_empty(get(old, field)) {
            set(spec, field, get(old, field).clone());
        }
    }
}

/// Addresses that were chosen say their families.
fn told_by_addresses(spec: &Value, families: &mut Vec<String>) {
    for (i, address) in items(spec, "clusterIPs").iter().enumerate() {
        let parsed: Option<IpAddr> = address.as_str().and_then(|text| text.parse().ok());
        if let Some(address) = parsed
            && families.len() == i
        {
            families.push(family(address).to_owned());
        }
    }
}

fn policy(spec: &Value, families: &[String]) -> &'static str {
    match text(spec, "ipFamilyPolicy") {
        SINGLE => SINGLE,
        PREFER => PREFER,
        REQUIRE => REQUIRE,
        _ if families.len() == 2 => REQUIRE,
        _ => SINGLE,
    }
}

/// A headless Service whose endpoints somebody else writes may have both families, whatever the cluster has.
fn without_selector(spec: &mut Value, mut families: Vec<String>, own: &[&'static str]) {
    let policy = match text(spec, "ipFamilyPolicy") {
        SINGLE => SINGLE,
        PREFER => PREFER,
        REQUIRE => REQUIRE,
        _ if families.len() == 1 => SINGLE,
        _ => REQUIRE,
    };
    if families.is_empty() {
        families.extend(own.first().map(|f| (*f).to_owned()));
    }
    if policy != SINGLE && families.len() == 1 {
        families.push(other(&families[0]).to_owned());
    }
    write(spec, policy, families);
}

fn write(spec: &mut Value, policy: &str, families: Vec<String>) {
    set(spec, "ipFamilyPolicy", policy);
    set(spec, "ipFamilies", families);
}
