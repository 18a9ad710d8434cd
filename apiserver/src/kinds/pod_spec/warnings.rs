//! Warnings about pod specs that are valid but unwise. Source: upstream's `pkg/api/pod/warnings.go`.

use hydrofoil_api::field::Path;
use hydrofoil_api::gotext::quote;
use serde_json::Value;

use super::super::value::{entries, get, int, int_or_zero, is_set, items, text};
use super::resources::quantity;
use super::security::CONTAINER_LISTS;

/// Node labels that have been renamed, and their names now.
const OLD_LABELS: [(&str, &str); 5] = [
    (
        "beta.kubernetes.io/arch",
        "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
    ),
    (
        "beta.kubernetes.io/os",
        "deprecated since v1.14; use \"kubernetes.io/os\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/region",
        "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/zone",
        "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
    ),
    (
        "beta.kubernetes.io/instance-type",
        "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead",
    ),
];
/// Annotations that no longer do anything.
const OLD_ANNOTATIONS: [(&str, &str); 3] = [
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        "non-functional in v1.16+; use the \"priorityClassName\" field instead",
    ),
    (
        "security.alpha.kubernetes.io/sysctls",
        "non-functional in v1.11+; use the \"sysctls\" field instead",
    ),
    (
        "security.alpha.kubernetes.io/unsafe-sysctls",
        "non-functional in v1.11+; use the \"sysctls\" field instead",
    ),
];
/// Volume types on their way out or gone.
const OLD_VOLUMES: [(&str, &str); 9] = [
    (
        "photonPersistentDisk",
        "deprecated in v1.11, non-functional in v1.16+",
    ),
    (
        "gitRepo",
        "deprecated in v1.11, and disabled by default in v1.33+",
    ),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
];
const SECCOMP_OF_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_OF_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

/// Warnings about the pod or template in `object`, which stands at `path`.
pub(crate) fn warnings(object: &Value, path: &Path, is_pod: bool) -> Vec<String> {
    let mut found = Vec::new();
    let (spec, at) = (get(object, "spec"), path.child("spec"));
    placement(&mut found, spec, &at);
    old_annotations(&mut found, object, path, is_pod);
    for (index, volume) in items(spec, "volumes").iter().enumerate() {
        for (kind, message) in OLD_VOLUMES {
            if is_set(volume, kind) {
                found.push(format!(
                    "{}: {message}",
                    at.child("volumes").index(index).child(kind)
                ));
            }
        }
    }
    repeats(&mut found, spec, &at);
    for name in ["memory", "ephemeral-storage"] {
        fraction(
            &mut found,
            get(spec, "overhead"),
            name,
            &at.child("overhead"),
        );
    }
    if int(spec, "terminationGracePeriodSeconds").is_some_and(|seconds| seconds < 0) {
        found.push(format!(
            "{}: must be >= 0; negative values are invalid and will be treated as 1",
            at.child("terminationGracePeriodSeconds")
        ));
    }
    for list in CONTAINER_LISTS {
        for (index, container) in items(spec, list).iter().enumerate() {
            container_warnings(&mut found, container, &at.child(list).index(index));
        }
    }
    ports(&mut found, spec, &at);
    found
}

fn old_label(key: &str) -> Option<&'static str> {
    OLD_LABELS
        .iter()
        .find(|(label, _)| *label == key)
        .map(|(_, message)| *message)
}

fn placement(found: &mut Vec<String>, spec: &Value, at: &Path) {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    for (key, _) in entries(spec, "nodeSelector") {
        if let Some(message) = old_label(key) {
            found.push(format!("{}: {message}", at.child("nodeSelector").key(key)));
        }
    }
    let mut term = |term: &Value, path: &Path| {
        for (index, expression) in items(term, "matchExpressions").iter().enumerate() {
            let key = text(expression, "key");
            if let Some(message) = old_label(key) {
                let path = path.child("matchExpressions").index(index).child("key");
                found.push(format!("{path}: {key} is {message}"));
            }
        }
    };
    let affinity = get(get(spec, "affinity"), "nodeAffinity");
    if !affinity.is_null() {
        let path = at.child("affinity").child("nodeAffinity");
        let terms = items(get(affinity, REQUIRED), "nodeSelectorTerms");
        for (index, one) in terms.iter().enumerate() {
            term(
                one,
                &path.child(REQUIRED).child("nodeSelectorTerms").index(index),
            );
        }
        for (index, one) in items(affinity, PREFERRED).iter().enumerate() {
            term(
                get(one, "preference"),
                &path.child(PREFERRED).index(index).child("preference"),
            );
        }
    }
    for (index, constraint) in items(spec, "topologySpreadConstraints").iter().enumerate() {
        let path = at.child("topologySpreadConstraints").index(index);
        let key = text(constraint, "topologyKey");
        if let Some(message) = old_label(key) {
            found.push(format!("{}: {key} is {message}", path.child("topologyKey")));
        }
        if !is_set(constraint, "labelSelector") {
            found.push(format!(
                "{}: a null labelSelector results in matching no pod",
                path.child("labelSelector")
            ));
        }
    }
}

fn old_annotations(found: &mut Vec<String>, object: &Value, path: &Path, is_pod: bool) {
    let annotations = get(get(object, "metadata"), "annotations");
    if annotations
        .as_object()
        .is_none_or(serde_json::Map::is_empty)
    {
        return;
    }
    let spec = get(object, "spec");
    let at = |key: &str| path.child("metadata").child("annotations").key(key);
    let mut warn = |key: &str, message: &str| {
        if is_set(annotations, key) {
            found.push(format!("{}: {message}", at(key)));
        }
    };
    for (key, message) in OLD_ANNOTATIONS {
        warn(key, message);
    }
    const SECCOMP: &str = "non-functional in v1.27+; use the \"seccompProfile\" field instead";
    let of_pod = get(spec, "securityContext");
    if !is_set(of_pod, "seccompProfile") {
        warn(SECCOMP_OF_POD, SECCOMP);
    }
    for container in CONTAINER_LISTS.iter().flat_map(|list| items(spec, list)) {
        let (name, context) = (text(container, "name"), get(container, "securityContext"));
        if !is_set(context, "seccompProfile") {
            warn(&format!("{SECCOMP_OF_CONTAINER}{name}"), SECCOMP);
        }
        if !is_pod && !is_set(context, "appArmorProfile") && !is_set(of_pod, "appArmorProfile") {
            warn(
                &format!("{APP_ARMOR}{name}"),
                "deprecated since v1.30; use the \"appArmorProfile\" field instead",
            );
        }
    }
}

fn repeats(found: &mut Vec<String>, spec: &Value, at: &Path) {
    for (list, field) in [("hostAliases", "ip"), ("imagePullSecrets", "name")] {
        let all = items(spec, list);
        for (index, item) in all.iter().enumerate() {
            let value = text(item, field);
            if all[..index]
                .iter()
                .any(|earlier| text(earlier, field) == value)
            {
                let path = at.child(list).index(index).child(field);
                found.push(format!("{path}: duplicate {field} {}", quote(value)));
            }
        }
    }
    for (index, secret) in items(spec, "imagePullSecrets").iter().enumerate() {
        if text(secret, "name").is_empty() {
            let path = at.child("imagePullSecrets").index(index).child("name");
            found.push(format!("{path}: invalid empty name \"\""));
        }
    }
}

fn fraction(found: &mut Vec<String>, list: &Value, name: &str, path: &Path) {
    let value = get(list, name);
    if value.is_null() {
        return;
    }
    let amount = quantity(value);
    if amount.milli() % 1000 != 0 {
        found.push(format!(
            "{}: fractional byte value {} is invalid, must be an integer",
            path.key(name),
            quote(&amount.to_string())
        ));
    }
}

fn container_warnings(found: &mut Vec<String>, container: &Value, path: &Path) {
    let resources = get(container, "resources");
    for name in ["memory", "ephemeral-storage"] {
        for list in ["limits", "requests"] {
            fraction(
                found,
                get(resources, list),
                name,
                &path.child("resources").child(list),
            );
        }
    }
    let variables = items(container, "env");
    for (index, variable) in variables.iter().enumerate() {
        let name = text(variable, "name");
        if !variables[..index]
            .iter()
            .any(|earlier| text(earlier, "name") == name)
        {
            continue;
        }
        // A value that builds on the earlier one is fine; one that replaces it is lost by a merge.
        let reference = format!("$({name})");
        let value = text(variable, "value");
        if is_set(variable, "valueFrom") || value == reference || !value.contains(&reference) {
            found.push(format!(
                "{}: hides previous definition of {}, which may be dropped when using apply",
                path.child("env").index(index),
                quote(name)
            ));
        }
    }
}

fn ports(found: &mut Vec<String>, spec: &Value, at: &Path) {
    let mut seen: Vec<(i64, &str, &Value, Path)> = Vec::new();
    for list in CONTAINER_LISTS {
        for (container_index, container) in items(spec, list).iter().enumerate() {
            for (index, port) in items(container, "ports").iter().enumerate() {
                let path = at
                    .child(list)
                    .index(container_index)
                    .child("ports")
                    .index(index);
                let (number, protocol) =
                    (int_or_zero(port, "containerPort"), text(port, "protocol"));
                let (host, address) = (int_or_zero(port, "hostPort"), text(port, "hostIP"));
                for (other_number, other_protocol, other, other_path) in &seen {
                    if *other_number != number || *other_protocol != protocol {
                        continue;
                    }
                    let (other_host, other_address) =
                        (int_or_zero(other, "hostPort"), text(other, "hostIP"));
                    let words = if address == other_address && host == other_host {
                        "duplicate"
                    } else if host == 0 || other_host == 0 {
                        "overlapping"
                    } else if (address.is_empty() || other_address.is_empty()) && host == other_host
                    {
                        "dangerously ambiguous"
                    } else {
                        continue;
                    };
                    found.push(format!("{path}: {words} port definition with {other_path}"));
                }
                seen.push((number, protocol, port, path));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unwise_pods_are_warned_about() {
        let pod = json!({
            "metadata": {"annotations": {"scheduler.alpha.kubernetes.io/critical-pod": ""}},
            "spec": {
                "nodeSelector": {"beta.kubernetes.io/os": "linux"},
                "volumes": [{"name": "g", "gitRepo": {}}],
                "containers": [
                    {"name": "a", "env": [{"name": "X", "value": "1"}, {"name": "X", "value": "2"}, {"name": "X", "value": "$(X)3"}],
                     "resources": {"limits": {"memory": "1500m"}},
                     "ports": [{"containerPort": 80, "protocol": "TCP"}]},
                    {"name": "b", "ports": [{"containerPort": 80, "protocol": "TCP"}]},
                ],
            },
        });
        assert_eq!(
            warnings(&pod, &Path::root(), true),
            [
                "spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use \"kubernetes.io/os\" instead",
                "metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the \"priorityClassName\" field instead",
                "spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+",
                "spec.containers[0].resources.limits[memory]: fractional byte value \"1500m\" is invalid, must be an integer",
                "spec.containers[0].env[1]: hides previous definition of \"X\", which may be dropped when using apply",
                "spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0]",
            ]
        );
    }

    #[test]
    fn plain_pods_are_not() {
        let pod = json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a", "image": "x"}]}});
        assert!(warnings(&pod, &Path::root(), true).is_empty());
    }
}
