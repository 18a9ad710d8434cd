//! Whether the address fields of a Service agree with each other, and with what they were.

use std::net::IpAddr;

use hydrofoil_api::field::{FieldError, Path};
use serde_json::Value;

use super::super::Errors;
use super::super::checks::{ip, one_of_if_set, parse_ip};
use super::super::value::{get, items, text};
use super::is_headless;
use super::validation::ONCE;

/// Whether `clusterIP`, `clusterIPs`, `ipFamilies` and `ipFamilyPolicy` agree. Also asked before addresses are handed out.
pub(crate) fn cluster_ips_fit(errors: &mut Errors, service: &Value) {
    let spec = get(service, "spec");
    if text(spec, "type") == "ExternalName" {
        return;
    }
    let path = Path::new("spec");
    let (ip, ips, families) = (
        text(spec, "clusterIP"),
        items(spec, "clusterIPs"),
        items(spec, "ipFamilies"),
    );
    let at_ips = path.child("clusterIPs");
    match ips.first() {
        None if !ip.is_empty() => errors.push(FieldError::required(&at_ips, "")),
        Some(first) if !ip.is_empty() && first.as_str() != Some(ip) => {
            errors.push(FieldError::invalid(
                &at_ips,
                ips.to_vec(),
                "first value must match `clusterIP`",
            ));
        }
        Some(_) if ip.is_empty() => {
            errors.push(FieldError::invalid(
                &at_ips,
                ips.to_vec(),
                "must be empty when `clusterIP` is not specified",
            ));
        }
        _ => {}
    }
    for (index, family) in families.iter().enumerate() {
        let (family, path) = (
            family.as_str().unwrap_or(""),
            path.child("ipFamilies").index(index),
        );
        if !["IPv4", "IPv6"].contains(&family) {
            errors.push(FieldError::not_supported(&path, family, &["IPv4", "IPv6"]));
        }
        if families[..index]
            .iter()
            .any(|earlier| earlier.as_str() == Some(family))
        {
            errors.push(FieldError::duplicate(&path, family));
        }
    }
    let policies = &["PreferDualStack", "RequireDualStack", "SingleStack"];
    one_of_if_set(errors, spec, "ipFamilyPolicy", &path, policies);
    if addresses_are_bad(errors, ips, &at_ips) {
        return;
    }
    let of_v6 = |ip: &Value| {
        ip.as_str()
            .and_then(parse_ip)
            .is_some_and(|ip| matches!(ip, IpAddr::V6(_)))
    };
    if ips.len() > 1 && ips.iter().filter(|ip| of_v6(ip)).count() != 1 {
        errors.push(FieldError::invalid(
            &at_ips,
            ips.to_vec(),
            "may specify no more than one IP for each IP family",
        ));
    }
    if is_headless(service) {
        return;
    }
    for (index, (ip, family)) in ips.iter().zip(families).enumerate() {
        let expected = match (family.as_str(), of_v6(ip)) {
            (Some("IPv4"), true) => "IPv4",
            (Some("IPv6"), false) => "IPv6",
            _ => continue,
        };
        errors.push(FieldError::invalid(
            &at_ips.index(index),
            ip.clone(),
            format!("expected an {expected} value as indicated by `ipFamilies[{index}]`"),
        ));
    }
}

fn addresses_are_bad(errors: &mut Errors, ips: &[Value], path: &Path) -> bool {
    let before = errors.len();
    for (index, address) in ips.iter().enumerate() {
        let address = address.as_str().unwrap_or("");
        if index == 0 && address == "None" {
            if ips.len() > 1 {
                errors.push(FieldError::invalid(
                    path,
                    ips.to_vec(),
                    "'None' must be the first and only value",
                ));
            }
            continue;
        }
        ip(errors, address, &path.index(index));
    }
    let bad = errors.len() > before;
    if ips.len() > 2 {
        errors.push(FieldError::invalid(
            path,
            ips.to_vec(),
            "may only hold up to 2 values",
        ));
    }
    bad
}

/// The first address and family stay; a second one may come, and go when the policy says SingleStack.
pub(super) fn primary_stays(
    errors: &mut Errors,
    new: &Value,
    old: &Value,
    list: &'static str,
    one: &str,
    path: &Path,
) {
    let (now, was) = (items(new, list), items(old, list));
    let at = |index: usize| path.child(list).index(index);
    let mut changed =
        |index: usize| errors.push(FieldError::invalid(&at(index), now.to_vec(), ONCE));
    if now.len() == was.len() {
        for (index, (now, was)) in now.iter().zip(was).enumerate() {
            if now != was {
                changed(if list == "clusterIPs" { index } else { 0 });
            }
        }
        return;
    }
    if let (Some(now), Some(was)) = (now.first(), was.first())
        && now != was
    {
        changed(0);
    }
    if was.len() < now.len() {
        return;
    }
    if now.is_empty() {
        errors.push(FieldError::invalid(
            &at(0),
            now.to_vec(),
            format!("primary {one} can not be unset"),
        ));
    }
    if now.len() == 1 && text(new, "ipFamilyPolicy") != "SingleStack" {
        errors.push(FieldError::invalid(
            &path.child("ipFamilyPolicy"),
            get(new, "ipFamilyPolicy").clone(),
            format!("must be set to 'SingleStack' when releasing the secondary {one}"),
        ));
    }
}
