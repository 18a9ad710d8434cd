//! Environment of a container: `env` and `envFrom`, and the references that they and downward API files share.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use serde_json::Value;

use super::super::Errors;
use super::super::checks::{all_invalid, dns_subdomain, qualified_name};
use super::super::value::{get, is_set, items, text};

/// Fields of a pod that its environment may name.
pub(crate) const ENV_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
/// Fields of a pod that a downward API file may name.
pub(crate) const FILE_FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];
/// Resources of a container that can be referred to.
const RESOURCE_FIELDS: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];
/// Divisors of byte quantities.
const BYTE_DIVISORS: &[&str] = &[
    "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei",
];

/// Checks `env` and `envFrom` of a container.
pub(crate) fn validate(errors: &mut Errors, container: &Value, path: &Path) {
    for (index, variable) in items(container, "env").iter().enumerate() {
        let name = text(variable, "name");
        let wrong = if name.is_empty() {
            Vec::new()
        } else {
            names::is_relaxed_env_var_name(name)
        };
        if name.is_empty() || !wrong.is_empty() || is_set(variable, "valueFrom") {
            let path = path.child("env").index(index);
            if name.is_empty() {
                errors.push(FieldError::required(&path.child("name"), ""));
            }
            all_invalid(errors, &path.child("name"), name, wrong);
            value_from(errors, variable, &path.child("valueFrom"));
        }
    }
    let from = path.child("envFrom");
    for (index, source) in items(container, "envFrom").iter().enumerate() {
        env_from(errors, source, &from, index);
    }
}

fn env_from(errors: &mut Errors, source: &Value, list: &Path, index: usize) {
    let path = list.index(index);
    let prefix = text(source, "prefix");
    if !prefix.is_empty() {
        all_invalid(
            errors,
            &path.child("prefix"),
            prefix,
            names::is_relaxed_env_var_name(prefix),
        );
    }
    let mut sources = 0;
    for reference in ["configMapRef", "secretRef"] {
        if !is_set(source, reference) {
            continue;
        }
        sources += 1;
        let path = path.child(reference).child("name");
        let name = text(get(source, reference), "name");
        if name.is_empty() {
            errors.push(FieldError::required(&path, ""));
        } else {
            dns_subdomain(errors, name, &path);
        }
    }
    // Upstream reports these two at the list, not at the entry.
    if sources == 0 {
        errors.push(FieldError::invalid(
            list,
            "",
            "must specify one of: `configMapRef` or `secretRef`",
        ));
    } else if sources > 1 {
        errors.push(FieldError::invalid(
            list,
            "",
            "may not have more than one field specified at a time",
        ));
    }
}

fn value_from(errors: &mut Errors, variable: &Value, path: &Path) {
    let source = get(variable, "valueFrom");
    if source.is_null() {
        return;
    }
    let mut sources = 0;
    if is_set(source, "fieldRef") {
        sources += 1;
        field_ref(
            errors,
            get(source, "fieldRef"),
            ENV_FIELDS,
            &path.child("fieldRef"),
        );
    }
    if is_set(source, "resourceFieldRef") {
        sources += 1;
        resource_field_ref(
            errors,
            get(source, "resourceFieldRef"),
            false,
            &path.child("resourceFieldRef"),
        );
    }
    for reference in ["configMapKeyRef", "secretKeyRef"] {
        if is_set(source, reference) {
            sources += 1;
            key_ref(errors, get(source, reference), &path.child(reference));
        }
    }
    if is_set(source, "fileKeyRef") {
        sources += 1;
    }
    if sources == 0 {
        errors.push(FieldError::invalid(
            path,
            "",
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
        ));
    } else if !text(variable, "value").is_empty() {
        errors.push(FieldError::invalid(
            path,
            "",
            "may not be specified when `value` is not empty",
        ));
    } else if sources > 1 {
        errors.push(FieldError::invalid(
            path,
            "",
            "may not have more than one field specified at a time",
        ));
    }
}

fn key_ref(errors: &mut Errors, reference: &Value, path: &Path) {
    dns_subdomain(errors, text(reference, "name"), &path.child("name"));
    let key = text(reference, "key");
    if key.is_empty() {
        errors.push(FieldError::required(&path.child("key"), ""));
    } else {
        all_invalid(
            errors,
            &path.child("key"),
            key,
            names::is_config_map_key(key),
        );
    }
}

/// A reference to a field of the pod, `metadata.labels['x']` included.
pub(crate) fn field_ref(errors: &mut Errors, reference: &Value, fields: &[&str], path: &Path) {
    if text(reference, "apiVersion").is_empty() {
        errors.push(FieldError::required(&path.child("apiVersion"), ""));
        return;
    }
    let field = text(reference, "fieldPath");
    if field.is_empty() {
        errors.push(FieldError::required(&path.child("fieldPath"), ""));
        return;
    }
    if text(reference, "apiVersion") != "v1" {
        let version = text(reference, "apiVersion");
        errors.push(FieldError::invalid(
            &path.child("fieldPath"),
            field,
            format!("error converting fieldPath: unsupported pod version: {version}"),
        ));
        return;
    }
    if let Some((map, key)) = subscript(field) {
        match map {
            "metadata.annotations" => qualified_name(errors, &key.to_lowercase(), path),
            "metadata.labels" => qualified_name(errors, key, path),
            _ if known_field(map) => {
                errors.push(FieldError::invalid(path, map, "does not support subscript"))
            }
            _ => errors.push(unknown_field(path, field)),
        }
    } else if !known_field(field) {
        errors.push(unknown_field(path, field));
    } else if !fields.contains(&field) {
        errors.push(FieldError::not_supported(
            &path.child("fieldPath"),
            field,
            fields,
        ));
    }
}

fn unknown_field(path: &Path, field: &str) -> FieldError {
    FieldError::invalid(
        &path.child("fieldPath"),
        field,
        format!("error converting fieldPath: field label not supported: {field}"),
    )
}

fn known_field(field: &str) -> bool {
    const OTHERS: [&str; 5] = [
        "metadata.annotations",
        "metadata.labels",
        "spec.restartPolicy",
        "spec.schedulerName",
        "status.phase",
    ];
    ENV_FIELDS.contains(&field) || OTHERS.contains(&field)
}

/// Splits `metadata.labels['x']` into the map and the key.
fn subscript(field: &str) -> Option<(&str, &str)> {
    field
        .strip_suffix("']")
        .and_then(|rest| rest.split_once("['"))
}

/// A reference to a resource of a container; a volume must say of which container.
pub(crate) fn resource_field_ref(
    errors: &mut Errors,
    reference: &Value,
    volume: bool,
    path: &Path,
) {
    let resource = text(reference, "resource");
    let huge_pages =
        resource.starts_with("requests.hugepages-") || resource.starts_with("limits.hugepages-");
    if volume && text(reference, "containerName").is_empty() {
        errors.push(FieldError::required(&path.child("containerName"), ""));
    } else if resource.is_empty() {
        errors.push(FieldError::required(&path.child("resource"), ""));
    } else if !huge_pages && !RESOURCE_FIELDS.contains(&resource) {
        errors.push(FieldError::not_supported(
            &path.child("resource"),
            resource,
            RESOURCE_FIELDS,
        ));
    }
    let divisor = text(reference, "divisor");
    if divisor.is_empty() || divisor == "0" {
        return;
    }
    let (fine, allowed, of) = match resource {
        "limits.cpu" | "requests.cpu" => (["1m", "1"].contains(&divisor), "1m and 1", "cpu"),
        "limits.memory" | "requests.memory" => (BYTE_DIVISORS.contains(&divisor), "", "memory"),
        "limits.ephemeral-storage" | "requests.ephemeral-storage" => (
            BYTE_DIVISORS.contains(&divisor),
            "",
            "local ephemeral storage",
        ),
        _ if huge_pages => (BYTE_DIVISORS.contains(&divisor), "", "hugepages"),
        _ => return,
    };
    if !fine {
        let listed = BYTE_DIVISORS.join(", ");
        let allowed = if allowed.is_empty() {
            listed.as_str()
        } else {
            allowed
        };
        errors.push(FieldError::invalid(
            &path.child("divisor"),
            resource,
            format!("only divisor's values {allowed} are supported with the {of} resource"),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(container: Value) -> Vec<String> {
        let mut errors = Errors::new();
        validate(&mut errors, &container, &Path::new("c"));
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn good_environments_pass() {
        assert!(found(json!({
            "env": [
                {"name": "A", "value": "x"},
                {"name": "B", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.labels['app']"}}},
                {"name": "C", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}},
                {"name": "D", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
            ],
            "envFrom": [{"prefix": "P_", "configMapRef": {"name": "c"}}],
        })).is_empty());
    }

    #[test]
    fn bad_environments_say_why() {
        let cases = [
            (
                json!({"env": [{"value": "x"}]}),
                "c.env[0].name: Required value",
            ),
            (
                json!({"env": [{"name": "A", "valueFrom": {}}]}),
                "c.env[0].valueFrom: Invalid value: \"\": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
            ),
            (
                json!({"env": [{"name": "A", "value": "x", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}),
                "c.env[0].valueFrom: Invalid value: \"\": may not be specified when `value` is not empty",
            ),
            (
                json!({"env": [{"name": "A", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.phase"}}}]}),
                "c.env[0].valueFrom.fieldRef.fieldPath: Unsupported value: \"status.phase\": supported values: \"metadata.name\", \"metadata.namespace\", \"metadata.uid\", \"spec.nodeName\", \"spec.serviceAccountName\", \"status.hostIP\", \"status.hostIPs\", \"status.podIP\", \"status.podIPs\"",
            ),
            (
                json!({"env": [{"name": "A", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nope"}}}]}),
                "c.env[0].valueFrom.fieldRef.fieldPath: Invalid value: \"spec.nope\": error converting fieldPath: field label not supported: spec.nope",
            ),
            (
                json!({"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "2"}}}]}),
                "c.env[0].valueFrom.resourceFieldRef.divisor: Invalid value: \"limits.cpu\": only divisor's values 1m and 1 are supported with the cpu resource",
            ),
            (
                json!({"envFrom": [{}]}),
                "c.envFrom: Invalid value: \"\": must specify one of: `configMapRef` or `secretRef`",
            ),
        ];
        for (container, expected) in cases {
            assert_eq!(found(container.clone()), [expected], "{container}");
        }
    }
}
