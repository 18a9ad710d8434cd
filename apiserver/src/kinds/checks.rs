//! Checks that many kinds share, with upstream's sentences: numbers, names, labels, selectors, addresses.
//!
//! Each takes the path of what it looks at and adds what it finds to the errors. Rules that belong to one kind are in that
//! kind's file.

use std::net::{IpAddr, Ipv4Addr};

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use serde_json::Value;

use super::Errors;
use super::value::{self, entries, get, items, text};

/// The most bytes all annotations of an object may take together.
const ANNOTATIONS_MAX_BYTES: usize = 256 << 10;
/// The sentence for a field that may not change.
pub(crate) const IMMUTABLE: &str = "field is immutable";
/// The sentence for a number below zero.
pub(crate) const NEGATIVE: &str = "must be greater than or equal to 0";

/// Adds one `Invalid` for each sentence.
pub(crate) fn all_invalid(errors: &mut Errors, path: &Path, bad: &str, sentences: Vec<String>) {
    errors.extend(
        sentences
            .into_iter()
            .map(|sentence| FieldError::invalid(path, bad, sentence)),
    );
}

/// The number, when set, must not be negative.
pub(crate) fn not_negative(errors: &mut Errors, object: &Value, key: &'static str, path: &Path) {
    if let Some(number) = value::int(object, key)
        && number < 0
    {
        errors.push(FieldError::invalid(&path.child(key), number, NEGATIVE));
    }
}

/// The field must be what it was.
pub(crate) fn unchanged(
    errors: &mut Errors,
    new: &Value,
    old: &Value,
    key: &'static str,
    path: &Path,
) {
    if !value::same(get(new, key), get(old, key)) {
        errors.push(FieldError::invalid(
            &path.child(key),
            get(new, key).clone(),
            IMMUTABLE,
        ));
    }
}

/// The string must be one of the supported values; empty is `Required`.
pub(crate) fn one_of(
    errors: &mut Errors,
    object: &Value,
    key: &'static str,
    path: &Path,
    supported: &[&str],
) {
    let chosen = text(object, key);
    if chosen.is_empty() {
        errors.push(FieldError::required(&path.child(key), ""));
    } else {
        one_of_if_set(errors, object, key, path, supported);
    }
}

/// The string, when set, must be one of the supported values.
pub(crate) fn one_of_if_set(
    errors: &mut Errors,
    object: &Value,
    key: &'static str,
    path: &Path,
    supported: &[&str],
) {
    let chosen = text(object, key);
    if !chosen.is_empty() && !supported.contains(&chosen) {
        errors.push(FieldError::not_supported(
            &path.child(key),
            chosen,
            supported,
        ));
    }
}

/// The string must be set.
pub(crate) fn required(errors: &mut Errors, object: &Value, key: &'static str, path: &Path) {
    if text(object, key).is_empty() {
        errors.push(FieldError::required(&path.child(key), ""));
    }
}

/// A DNS label, as containers, volumes and ports are named.
pub(crate) fn dns_label(errors: &mut Errors, name: &str, path: &Path) {
    all_invalid(errors, path, name, names::is_dns1123_label(name));
}

/// A DNS subdomain, as most objects are named.
pub(crate) fn dns_subdomain(errors: &mut Errors, name: &str, path: &Path) {
    all_invalid(errors, path, name, names::is_dns1123_subdomain(name));
}

/// A qualified name, as labels and conditions are named.
pub(crate) fn qualified_name(errors: &mut Errors, name: &str, path: &Path) {
    all_invalid(errors, path, name, names::is_qualified_name(name));
}

/// A path below somebody's domain, such as `acme.io/foo`.
pub(crate) fn domain_prefixed_path(errors: &mut Errors, text: &str, path: &Path) {
    const FORM: &str = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+";
    if text.is_empty() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    let parts = text.split_once('/');
    let Some((domain, rest)) =
        parts.filter(|(domain, rest)| !domain.is_empty() && !rest.is_empty())
    else {
        let sentence = "must be a domain-prefixed path (such as \"acme.io/foo\")";
        errors.push(FieldError::invalid(path, text, sentence));
        return;
    };
    dns_subdomain(errors, domain, path);
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&b);
    if !rest.bytes().all(fits) {
        let sentence = names::pattern_message("Invalid path", FORM, &[]);
        errors.push(FieldError::invalid(path, rest, sentence));
    }
}

/// A map of labels; every fault is reported at the map itself, as upstream does.
pub(crate) fn labels(errors: &mut Errors, object: &Value, key: &'static str, path: &Path) {
    for (name, label) in entries(object, key) {
        let label = label.as_str().unwrap_or("");
        let wrong_name = names::is_qualified_name(name);
        let wrong_value = names::is_label_value(label);
        if !wrong_name.is_empty() || !wrong_value.is_empty() {
            let path = path.child(key);
            all_invalid(errors, &path, name, wrong_name);
            all_invalid(errors, &path, label, wrong_value);
        }
    }
}

/// The annotations of a pod template: their keys, in any case, and their size.
pub(crate) fn annotations(errors: &mut Errors, object: &Value, path: &Path) {
    let mut bytes = 0;
    for (name, annotation) in entries(object, "annotations") {
        bytes += name.len() + annotation.as_str().map_or(0, str::len);
        let wrong = if name.bytes().any(|b| b.is_ascii_uppercase()) {
            names::is_qualified_name(&name.to_ascii_lowercase())
        } else {
            names::is_qualified_name(name)
        };
        if !wrong.is_empty() {
            all_invalid(errors, &path.child("annotations"), name, wrong);
        }
    }
    if bytes > ANNOTATIONS_MAX_BYTES {
        errors.push(FieldError::too_long(
            &path.child("annotations"),
            ANNOTATIONS_MAX_BYTES,
        ));
    }
}

/// A `LabelSelector`.
pub(crate) fn label_selector(errors: &mut Errors, selector: &Value, path: &Path) {
    labels(errors, selector, "matchLabels", path);
    for (index, requirement) in items(selector, "matchExpressions").iter().enumerate() {
        let path = path.child("matchExpressions").index(index);
        let values = items(requirement, "values");
        match text(requirement, "operator") {
            "In" | "NotIn" => {
                if values.is_empty() {
                    errors.push(FieldError::required(
                        &path.child("values"),
                        "must be specified when `operator` is 'In' or 'NotIn'",
                    ));
                }
            }
            "Exists" | "DoesNotExist" => {
                if !values.is_empty() {
                    errors.push(FieldError::forbidden(
                        &path.child("values"),
                        "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                    ));
                }
            }
            other => {
                errors.push(FieldError::invalid(
                    &path.child("operator"),
                    other,
                    "not a valid selector operator",
                ));
            }
        }
        qualified_name(errors, text(requirement, "key"), &path.child("key"));
        for (index, value) in items(requirement, "values").iter().enumerate() {
            let value = value.as_str().unwrap_or("");
            let wrong = names::is_label_value(value);
            if !wrong.is_empty() {
                all_invalid(errors, &path.child("values").index(index), value, wrong);
            }
        }
    }
}

/// Whether a `LabelSelector` matches a map of labels. Unknown operators match nothing.
pub(crate) fn selector_matches(selector: &Value, labels: &Value) -> bool {
    let label = |key: &str| labels.get(key).and_then(Value::as_str);
    entries(selector, "matchLabels").all(|(key, wanted)| label(key) == wanted.as_str())
        && items(selector, "matchExpressions")
            .iter()
            .all(|requirement| {
                let found = label(text(requirement, "key"));
                let listed = |found| {
                    items(requirement, "values")
                        .iter()
                        .any(|value| value.as_str() == Some(found))
                };
                match text(requirement, "operator") {
                    "In" => found.is_some_and(listed),
                    "NotIn" => !found.is_some_and(listed),
                    "Exists" => found.is_some(),
                    "DoesNotExist" => found.is_none(),
                    _ => false,
                }
            })
}

/// Whether a `LabelSelector` demands nothing.
pub(crate) fn selector_is_empty(selector: &Value) -> bool {
    entries(selector, "matchLabels").next().is_none()
        && items(selector, "matchExpressions").is_empty()
}

/// A port number.
pub(crate) fn port(errors: &mut Errors, number: i64, path: &Path) {
    if !(1..=65535).contains(&number) {
        errors.extend(
            names::is_port_number(number)
                .into_iter()
                .map(|sentence| FieldError::invalid(path, number, sentence)),
        );
    }
}

/// A port by number or by name.
pub(crate) fn port_or_name(errors: &mut Errors, object: &Value, key: &'static str, path: &Path) {
    match get(object, key) {
        Value::String(name) => {
            let wrong = names::is_port_name(name);
            if !wrong.is_empty() {
                all_invalid(errors, &path.child(key), name, wrong);
            }
        }
        number => {
            let number = number.as_i64().unwrap_or(0);
            if !(1..=65535).contains(&number) {
                port(errors, number, &path.child(key));
            }
        }
    }
}

/// Protocols of ports, sorted as upstream lists them.
pub(crate) const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

/// Reads an address as Go's lenient parser does: leading zeros are allowed.
pub(crate) fn parse_ip(address: &str) -> Option<IpAddr> {
    if let Ok(ip) = address.parse() {
        return Some(ip);
    }
    let mut octets = [0u8; 4];
    let mut parts = address.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        let digits = part.trim_start_matches('0');
        if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) || digits.len() > 3 {
            return None;
        }
        *octet = if digits.is_empty() {
            0
        } else {
            digits.parse().ok()?
        };
    }
    parts
        .next()
        .is_none()
        .then_some(IpAddr::V4(Ipv4Addr::from(octets)))
}

/// An address, in a field that has always accepted loose forms.
pub(crate) fn ip(errors: &mut Errors, address: &str, path: &Path) {
    const NOT_AN_IP: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
    match parse_ip(address) {
        None => errors.push(FieldError::invalid(path, address, NOT_AN_IP)),
        Some(parsed) => {
            if address.parse::<IpAddr>().is_err() {
                errors.push(FieldError::invalid(
                    path,
                    address,
                    "must not have leading 0s",
                ));
            } else if matches!(parsed, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some()) {
                errors.push(FieldError::invalid(
                    path,
                    address,
                    "must not be an IPv4-mapped IPv6 address",
                ));
            }
        }
    }
}

/// An address range in CIDR form.
pub(crate) fn cidr(errors: &mut Errors, range: &str, path: &Path) {
    match range.parse::<ipnet::IpNet>() {
        Err(_) => errors.push(FieldError::invalid(
            path,
            range,
            "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        )),
        Ok(net) if net.addr() != net.network() => {
            errors.push(FieldError::invalid(
                path,
                range,
                "must not have bits set beyond the prefix length",
            ));
        }
        Ok(_) => {}
    }
}

/// An address that traffic can be sent to: not unspecified, not link-local.
///
/// Upstream refuses loopback too. A rootless cluster lives in 127.0.0.0/8 whole (its pod and Service ranges are loopback
/// ranges), so IPv4 loopback is accepted here; `::1` is not, since nothing of the cluster can have it.
pub(crate) fn reachable_ip(errors: &mut Errors, address: &str, path: &Path) {
    let Some(ip) = parse_ip(address) else {
        errors.push(FieldError::invalid(
            path,
            address,
            "must be a valid IP address",
        ));
        return;
    };
    let link_local = match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    let link_local_multicast = match ip {
        IpAddr::V4(v4) => v4.octets()[..3] == [224, 0, 0],
        IpAddr::V6(v6) => v6.segments()[0] & 0xff0f == 0xff02,
    };
    if ip.is_unspecified() {
        errors.push(FieldError::invalid(
            path,
            address,
            format!("may not be unspecified ({address})"),
        ));
    }
    if ip.is_loopback() && ip.is_ipv6() {
        errors.push(FieldError::invalid(
            path,
            address,
            "may not be in the loopback range (127.0.0.0/8, ::1/128)",
        ));
    }
    if link_local {
        errors.push(FieldError::invalid(
            path,
            address,
            "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
        ));
    }
    if link_local_multicast {
        errors.push(FieldError::invalid(
            path,
            address,
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn texts(errors: Errors) -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn selectors_name_what_is_wrong() {
        let mut errors = Errors::new();
        let selector = json!({"matchExpressions": [
            {"key": "a", "operator": "In"},
            {"key": "b", "operator": "Exists", "values": ["x"]},
            {"key": "c", "operator": "Near"},
            {"key": "", "operator": "In", "values": ["-"]},
        ]});
        label_selector(&mut errors, &selector, &Path::new("spec").child("selector"));
        let found = texts(errors);
        assert_eq!(
            found[0],
            "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"
        );
        assert_eq!(
            found[1],
            "spec.selector.matchExpressions[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        );
        assert_eq!(
            found[2],
            "spec.selector.matchExpressions[2].operator: Invalid value: \"Near\": not a valid selector operator"
        );
        assert!(found[3].starts_with("spec.selector.matchExpressions[3].key: Invalid value: \"\": name part must be non-empty"));
        assert!(found.iter().any(|text| {
            text.starts_with("spec.selector.matchExpressions[3].values[0]: Invalid value")
        }));
    }

    #[test]
    fn selectors_match() {
        let labels = json!({"app": "web", "tier": "front"});
        let cases = [
            (json!({"matchLabels": {"app": "web"}}), true),
            (json!({"matchLabels": {"app": "db"}}), false),
            (json!({}), true),
            (
                json!({"matchExpressions": [{"key": "tier", "operator": "In", "values": ["front"]}]}),
                true,
            ),
            (
                json!({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["front"]}]}),
                false,
            ),
            (
                json!({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["front"]}]}),
                true,
            ),
            (
                json!({"matchExpressions": [{"key": "zone", "operator": "DoesNotExist"}]}),
                true,
            ),
            (
                json!({"matchExpressions": [{"key": "zone", "operator": "Exists"}]}),
                false,
            ),
        ];
        for (selector, expected) in cases {
            assert_eq!(selector_matches(&selector, &labels), expected, "{selector}");
        }
    }

    #[test]
    fn addresses() {
        let path = Path::new("ip");
        let check = |address: &str| {
            let mut errors = Errors::new();
            ip(&mut errors, address, &path);
            texts(errors)
        };
        assert!(check("10.0.0.1").is_empty());
        assert!(check("fd00::1").is_empty());
        assert_eq!(
            check("010.0.0.1"),
            ["ip: Invalid value: \"010.0.0.1\": must not have leading 0s"]
        );
        assert_eq!(
            check("::ffff:1.2.3.4"),
            ["ip: Invalid value: \"::ffff:1.2.3.4\": must not be an IPv4-mapped IPv6 address"]
        );
        assert_eq!(
            check("nope"),
            [
                "ip: Invalid value: \"nope\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
            ]
        );
        let mut errors = Errors::new();
        reachable_ip(&mut errors, "127.64.0.7", &path);
        assert!(errors.is_empty(), "rootless pods have loopback addresses");
        reachable_ip(&mut errors, "169.254.1.1", &path);
        assert_eq!(errors.len(), 1);
    }

    #[test]
    fn ranges() {
        let mut errors = Errors::new();
        cidr(&mut errors, "10.0.0.0/24", &Path::new("c"));
        assert!(errors.is_empty());
        cidr(&mut errors, "10.0.0.1/24", &Path::new("c"));
        cidr(&mut errors, "x", &Path::new("c"));
        assert_eq!(errors.len(), 2);
    }
}
