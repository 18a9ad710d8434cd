//! Nodes: core/v1, stored under their first name, minions.

use hydrofoil_api::field::{ErrorKind, FieldError, Path};
use hydrofoil_api::names;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::cells::{AGE, NAME, NONE, age, column, name, or_none, or_unknown, wide};
use super::checks::{cidr, qualified_name};
use super::pod_spec::{resources, scheduling};
use super::value::{child, entries, flag, get, is_empty, is_set, items, keep, set, text};
use super::{Column, Errors, Kind, PLAIN, StatusRules, Storage};

/// The descriptor of Nodes.
pub static NODE: Kind = Kind {
    plural: "nodes",
    storage: Storage {
        prefix: "minions",
        conversion: None,
    },
    default,
    validate,
    update: |new, old, _| keep(new, old, "status"),
    validate_update,
    status: Some(StatusRules {
        prepare: |new, old| keep(new, old, "spec"),
        validate: validate_status,
    }),
    columns: COLUMNS,
    row,
    fields: &[("spec.unschedulable", |node| {
        flag(get(node, "spec"), "unschedulable").to_string()
    })],
    ..PLAIN
};

const ROLE_PREFIX: &str = "node-role.kubernetes.io/";
const ROLE_LABEL: &str = "kubernetes.io/role";

const COLUMNS: &[Column] = &[
    NAME,
    column(
        "Status",
        "string",
        "Whether the node is ready, and takes pods.",
    ),
    column("Roles", "string", "What the node is for."),
    AGE,
    column("Version", "string", "Version of its kubelet."),
    wide("Internal-IP", "string", "Address in the cluster."),
    wide("External-IP", "string", "Address outside it."),
    wide("OS-Image", "string", "Operating system."),
    wide("Kernel-Version", "string", "Version of the kernel."),
    wide(
        "Container-Runtime",
        "string",
        "Name and version of the runtime.",
    ),
];

fn default(node: &mut Value) {
    // `podCIDR` is the first of `podCIDRs`: whoever writes one writes both.
    let spec = child(node, "spec");
    let (single, first) = (
        text(spec, "podCIDR"),
        items(spec, "podCIDRs")
            .first()
            .and_then(Value::as_str)
            .unwrap_or(""),
    );
    if first.is_empty() && !single.is_empty() {
        let list = json!([single]);
        set(spec, "podCIDRs", list);
    } else if single != first {
        let first = first.to_owned();
        set(spec, "podCIDR", first);
    }
    if !is_set(node, "status") {
        return;
    }
    let status = child(node, "status");
    if is_set(status, "capacity") && !is_set(status, "allocatable") {
        let capacity = get(status, "capacity").clone();
        set(status, "allocatable", capacity);
    }
}

fn validate(node: &Value, errors: &mut Errors) {
    let spec = get(node, "spec");
    // Upstream names taints below metadata.
    taints(
        errors,
        items(spec, "taints"),
        &Path::new("metadata").child("taints"),
    );
    amounts(errors, node);
    let (ranges, path) = (items(spec, "podCIDRs"), Path::new("spec").child("podCIDRs"));
    for (index, range) in ranges.iter().enumerate() {
        cidr(errors, range.as_str().unwrap_or(""), &path.index(index));
    }
    if ranges.len() > 1 {
        let of_v6 = ranges
            .iter()
            .filter(|range| range.as_str().is_some_and(|text| text.contains(':')))
            .count();
        if ranges.len() > 2 || of_v6 != 1 {
            errors.push(FieldError::invalid(
                &path,
                ranges.to_vec(),
                "may specify no more than one CIDR for each IP family",
            ));
        }
    }
}

fn amounts(errors: &mut Errors, node: &Value) {
    for list in ["capacity", "allocatable"] {
        for (name, value) in entries(get(node, "status"), list) {
            let path = Path::new("status").child(list).child(name.to_owned());
            resources::amount_is_valid(errors, name, resources::quantity(value), &path);
        }
    }
}

fn taints(errors: &mut Errors, taints: &[Value], path: &Path) {
    for (index, taint) in taints.iter().enumerate() {
        let path = path.index(index);
        let (key, value, effect) = (
            text(taint, "key"),
            text(taint, "value"),
            text(taint, "effect"),
        );
        qualified_name(errors, key, &path.child("key"));
        let wrong = names::is_label_value(value);
        if !wrong.is_empty() {
            errors.push(FieldError::invalid(
                &path.child("value"),
                value,
                wrong.join(";"),
            ));
        }
        if effect.is_empty() {
            errors.push(FieldError::required(&path.child("effect"), ""));
        } else if !scheduling::effects().contains(&effect) {
            errors.push(FieldError::not_supported(
                &path.child("effect"),
                effect,
                scheduling::effects(),
            ));
        }
        if taints[..index]
            .iter()
            .any(|earlier| text(earlier, "key") == key && text(earlier, "effect") == effect)
        {
            errors.push(FieldError::new(
                ErrorKind::Duplicate,
                &path,
                Some(taint.clone()),
                "taints must be unique by key and effect pair",
            ));
        }
    }
}

fn validate_update(new: &Value, old: &Value, errors: &mut Errors) {
    let (spec, old_spec, path) = (get(new, "spec"), get(old, "spec"), Path::new("spec"));
    let ranges = get(old_spec, "podCIDRs");
    if !is_empty(ranges) && get(spec, "podCIDRs") != ranges {
        errors.push(FieldError::forbidden(
            &path.child("podCIDRs"),
            "node updates may not change podCIDR except from \"\" to valid",
        ));
    }
    let provider = text(old_spec, "providerID");
    if !provider.is_empty() && text(spec, "providerID") != provider {
        errors.push(FieldError::forbidden(
            &path.child("providerID"),
            "node updates may not change providerID except from \"\" to valid",
        ));
    }
    if text(spec, "externalID") != text(old_spec, "externalID") {
        errors.push(FieldError::forbidden(
            &path.child("externalID"),
            "may not be updated",
        ));
    }
}

fn validate_status(new: &Value, _: &Value, errors: &mut Errors) {
    amounts(errors, new);
    let addresses = items(get(new, "status"), "addresses");
    for (index, address) in addresses.iter().enumerate() {
        if addresses[..index].contains(address) {
            let path = Path::new("status").child("addresses").index(index);
            errors.push(FieldError::duplicate(&path, address.clone()));
        }
    }
}

fn roles(node: &Value) -> String {
    let mut roles: Vec<&str> = entries(get(node, "metadata"), "labels")
        .filter_map(|(label, value)| match label.strip_prefix(ROLE_PREFIX) {
            Some("") => None,
            Some(role) => Some(role),
            None if label == ROLE_LABEL => value.as_str().filter(|role| !role.is_empty()),
            None => None,
        })
        .collect();
    roles.sort_unstable();
    roles.dedup();
    roles.join(",")
}

fn readiness(node: &Value) -> String {
    let ready = items(get(node, "status"), "conditions")
        .iter()
        .find(|condition| text(condition, "type") == "Ready");
    let mut words = match ready.map(|condition| text(condition, "status")) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if flag(get(node, "spec"), "unschedulable") {
        words.push_str(",SchedulingDisabled");
    }
    words
}

fn address<'a>(node: &'a Value, kind: &str) -> &'a str {
    items(get(node, "status"), "addresses")
        .iter()
        .find(|address| text(address, "type") == kind)
        .map_or(NONE, |address| text(address, "address"))
}

fn row(node: &Value, now: Timestamp) -> Vec<Value> {
    let info = get(get(node, "status"), "nodeInfo");
    vec![
        name(node),
        Value::String(readiness(node)),
        or_none(&roles(node)),
        age(node, now),
        text(info, "kubeletVersion").into(),
        address(node, "InternalIP").into(),
        address(node, "ExternalIP").into(),
        or_unknown(text(info, "osImage")),
        or_unknown(text(info, "kernelVersion")),
        or_unknown(text(info, "containerRuntimeVersion")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        let node = json!({
            "metadata": {"name": "n", "labels": {"node-role.kubernetes.io/control-plane": "", "kubernetes.io/role": "web"}},
            "spec": {"unschedulable": true},
            "status": {"conditions": [{"type": "Ready", "status": "True"}],
                "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
                "nodeInfo": {"kubeletVersion": "v1.36.0", "osImage": "Debian"}},
        });
        assert_eq!(
            row(&node, Timestamp::UNIX_EPOCH),
            [
                "n",
                "Ready,SchedulingDisabled",
                "control-plane,web",
                "<unknown>",
                "v1.36.0",
                "127.0.0.1",
                "<none>",
                "Debian",
                "<unknown>",
                "<unknown>"
            ]
        );
        assert_eq!(
            row(&json!({}), Timestamp::UNIX_EPOCH)[1..3],
            ["Unknown", "<none>"]
        );
        let silent = json!({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}});
        assert_eq!(row(&silent, Timestamp::UNIX_EPOCH)[1], "NotReady");
    }

    #[test]
    fn faults_are_named() {
        let found = |node: Value| {
            let mut errors = Errors::new();
            validate(&node, &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(found(json!({"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}], "podCIDRs": ["10.0.0.0/24"]}})).is_empty());
        assert_eq!(
            found(json!({"spec": {"taints": [{"key": "a"}]}})),
            ["metadata.taints[0].effect: Required value"]
        );
        assert_eq!(
            found(
                json!({"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}, {"key": "a", "effect": "NoSchedule", "value": "x"}]}})
            ),
            [
                "metadata.taints[1]: Duplicate value: {\"effect\":\"NoSchedule\",\"key\":\"a\",\"value\":\"x\"}: taints must be unique by key and effect pair"
            ]
        );
        assert_eq!(
            found(json!({"status": {"capacity": {"pods": "-1"}}})),
            ["status.capacity.pods: Invalid value: \"-1\": must be greater than or equal to 0"]
        );
    }

    #[test]
    fn ranges_are_given_once() {
        let mut node =
            json!({"spec": {"podCIDR": "10.0.0.0/24"}, "status": {"capacity": {"pods": "5"}}});
        default(&mut node);
        assert_eq!(node["spec"]["podCIDRs"], json!(["10.0.0.0/24"]));
        assert_eq!(node["status"]["allocatable"], json!({"pods": "5"}));
        let mut errors = Errors::new();
        validate_update(
            &json!({"spec": {"podCIDRs": ["10.0.1.0/24"]}}),
            &node,
            &mut errors,
        );
        assert_eq!(
            errors[0].to_string(),
            "spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid"
        );
    }
}
