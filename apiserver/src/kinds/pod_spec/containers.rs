//! Containers of a pod spec: the regular ones, those that run before them, and those added to a running pod.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use serde_json::Value;

use super::super::Errors;
use super::super::checks::{PROTOCOLS, all_invalid, dns_label, one_of, port};
use super::super::value::{flag, get, int, int_or_zero, is_empty, is_set, items, text};
use super::volumes::Volumes;
use super::{env, mounts, probes, resources, security};

const NOT_FOR_INIT: &str = "may not be set for init containers without restartPolicy=Always";
/// Rules of a container's restart policy.
const RESTART_RULES_MAX: usize = 20;
/// Exit codes of one such rule.
const EXIT_CODES_MAX: usize = 255;
const NOT_EPHEMERAL: &str = "cannot be set for an Ephemeral Container";
/// What an ephemeral container may set.
const EPHEMERAL_FIELDS: &[&str] = &[
    "name",
    "image",
    "command",
    "args",
    "workingDir",
    "env",
    "envFrom",
    "volumeMounts",
    "volumeDevices",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "imagePullPolicy",
    "securityContext",
    "stdin",
    "stdinOnce",
    "tty",
    "targetContainerName",
    "resources",
];

/// What containers are checked against.
pub(crate) struct Pod<'a> {
    /// The pod spec.
    pub(crate) spec: &'a Value,
    /// Its usable volumes.
    pub(crate) volumes: Volumes<'a>,
    /// Whether this is a Pod and not a template.
    pub(crate) is_pod: bool,
}

impl Pod<'_> {
    fn grace_seconds(&self) -> Option<i64> {
        int(self.spec, "terminationGracePeriodSeconds")
    }
}

/// Checks every container of the spec.
pub(crate) fn validate(errors: &mut Errors, pod: &Pod<'_>, path: &Path) {
    regular(errors, pod, &path.child("containers"));
    init(errors, pod, &path.child("initContainers"));
    ephemeral(errors, pod, &path.child("ephemeralContainers"));
}

fn regular(errors: &mut Errors, pod: &Pod<'_>, path: &Path) {
    let containers = items(pod.spec, "containers");
    if containers.is_empty() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    for (index, container) in containers.iter().enumerate() {
        let path = path.index(index);
        any(errors, container, pod, &path);
        let name = text(container, "name");
        if containers[..index]
            .iter()
            .any(|earlier| text(earlier, "name") == name)
        {
            errors.push(FieldError::duplicate(&path.child("name"), name));
        }
        probes::validate(errors, container, pod.grace_seconds(), &path);
        restart_policy(errors, container, &path);
    }
    host_ports(errors, containers, path);
}

/// A container may have a restart policy of its own, with rules for exit codes that come before it.
fn restart_policy(errors: &mut Errors, container: &Value, path: &Path) {
    const POLICIES: &[&str] = &["Always", "Never", "OnFailure"];
    let (policy, rules) = (
        text(container, "restartPolicy"),
        items(container, "restartPolicyRules"),
    );
    if !is_set(container, "restartPolicy") {
        if rules.is_empty() {
            return;
        }
        errors.push(FieldError::required(
            &path.child("restartPolicy"),
            "must specify restartPolicy when restart rules are used",
        ));
    } else if !POLICIES.contains(&policy) {
        let path = path.child("restartPolicy");
        errors.push(FieldError::not_supported(&path, policy, POLICIES));
    }
    let path = path.child("restartPolicyRules");
    if rules.len() > RESTART_RULES_MAX {
        errors.push(FieldError::too_many(&path, rules.len(), RESTART_RULES_MAX));
    }
    for (index, rule) in rules.iter().enumerate() {
        restart_rule(errors, rule, &path.index(index));
    }
}

fn restart_rule(errors: &mut Errors, rule: &Value, path: &Path) {
    const ACTIONS: &[&str] = &["Restart", "RestartAllContainers"];
    const OPERATORS: &[&str] = &["In", "NotIn"];
    let action = text(rule, "action");
    if !ACTIONS.contains(&action) {
        let path = path.child("action");
        errors.push(FieldError::not_supported(&path, action, ACTIONS));
    }
    let (codes, path) = (get(rule, "exitCodes"), path.child("exitCodes"));
    if codes.is_null() {
        errors.push(FieldError::required(&path, "must be specified"));
        return;
    }
    let operator = text(codes, "operator");
    if !OPERATORS.contains(&operator) {
        let path = path.child("operator");
        errors.push(FieldError::not_supported(&path, operator, OPERATORS));
    }
    let values = items(codes, "values").len();
    if values > EXIT_CODES_MAX {
        let path = path.child("values");
        errors.push(FieldError::too_many(&path, values, EXIT_CODES_MAX));
    }
}

fn init(errors: &mut Errors, pod: &Pod<'_>, path: &Path) {
    let regular = items(pod.spec, "containers");
    let containers = items(pod.spec, "initContainers");
    for (index, container) in containers.iter().enumerate() {
        let list = path;
        let path = path.index(index);
        any(errors, container, pod, &path);
        restart_policy(errors, container, &path);
        let name = text(container, "name");
        if regular
            .iter()
            .chain(&containers[..index])
            .any(|earlier| text(earlier, "name") == name)
        {
            errors.push(FieldError::duplicate(&path.child("name"), name));
        }
        host_ports(errors, std::slice::from_ref(container), list);
        if text(container, "restartPolicy") == "Always" {
            probes::validate(errors, container, pod.grace_seconds(), &path);
            continue;
        }
        for field in [
            "lifecycle",
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
        ] {
            if is_set(container, field) {
                errors.push(FieldError::forbidden(&path.child(field), NOT_FOR_INIT));
            }
        }
        for (index, policy) in items(container, "resizePolicy").iter().enumerate() {
            if text(policy, "restartPolicy") == "RestartContainer" {
                let path = path.child("resizePolicy").index(index);
                errors.push(FieldError::invalid(
                    &path.child("restartPolicy"),
                    "RestartContainer",
                    "must not be set to 'RestartContainer' for non-sidecar initContainers",
                ));
            }
        }
    }
}

fn ephemeral(errors: &mut Errors, pod: &Pod<'_>, path: &Path) {
    let containers = items(pod.spec, "ephemeralContainers");
    let others = || {
        items(pod.spec, "containers")
            .iter()
            .chain(items(pod.spec, "initContainers"))
    };
    for (index, container) in containers.iter().enumerate() {
        let path = path.index(index);
        any(errors, container, pod, &path);
        let name = text(container, "name");
        if others()
            .chain(&containers[..index])
            .any(|other| text(other, "name") == name)
        {
            errors.push(FieldError::duplicate(&path.child("name"), name));
        }
        let target = text(container, "targetContainerName");
        if !target.is_empty() && !others().any(|other| text(other, "name") == target) {
            errors.push(FieldError::not_found(
                &path.child("targetContainerName"),
                target,
            ));
        }
        for (field, value) in container.as_object().into_iter().flatten() {
            let allowed = EPHEMERAL_FIELDS.contains(&field.as_str())
                && (field != "resources" || is_empty(value));
            if !allowed && !is_empty(value) {
                errors.push(FieldError::forbidden(
                    &path.child(field.clone()),
                    NOT_EPHEMERAL,
                ));
            }
        }
        for (index, mount) in items(container, "volumeMounts").iter().enumerate() {
            for field in ["subPath", "subPathExpr"] {
                if !text(mount, field).is_empty() {
                    let path = path.child("volumeMounts").index(index).child(field);
                    errors.push(FieldError::forbidden(&path, NOT_EPHEMERAL));
                }
            }
        }
    }
}

/// What holds for containers of every sort.
fn any(errors: &mut Errors, container: &Value, pod: &Pod<'_>, path: &Path) {
    let (name, image) = (text(container, "name"), text(container, "image"));
    if name.is_empty() {
        errors.push(FieldError::required(&path.child("name"), ""));
    } else {
        dns_label(errors, name, &path.child("name"));
    }
    if image.is_empty() {
        errors.push(FieldError::required(&path.child("image"), ""));
    } else if pod.is_pod && image.trim() != image {
        let at = path.child("image");
        errors.push(FieldError::invalid(
            &at,
            image,
            "must not have leading or trailing whitespace",
        ));
    }
    one_of(
        errors,
        container,
        "terminationMessagePolicy",
        path,
        &["File", "FallbackToLogsOnError"],
    );
    ports(errors, items(container, "ports"), &path.child("ports"));
    env::validate(errors, container, path);
    mounts::validate(errors, container, &pod.volumes, path);
    one_of(
        errors,
        container,
        "imagePullPolicy",
        path,
        &["Always", "IfNotPresent", "Never"],
    );
    let claims = items(pod.spec, "resourceClaims");
    resources::container(
        errors,
        get(container, "resources"),
        claims,
        &path.child("resources"),
    );
    resize_policy(
        errors,
        container,
        text(pod.spec, "restartPolicy"),
        &path.child("resizePolicy"),
    );
    let host_users = get(pod.spec, "hostUsers").as_bool() != Some(false);
    security::container(errors, container, host_users, path);
}

fn ports(errors: &mut Errors, ports: &[Value], path: &Path) {
    for (index, one) in ports.iter().enumerate() {
        let path = path.index(index);
        let (name, number) = (text(one, "name"), int_or_zero(one, "containerPort"));
        if !name.is_empty() {
            let wrong = names::is_port_name(name);
            if !wrong.is_empty() {
                all_invalid(errors, &path.child("name"), name, wrong);
            } else if ports[..index]
                .iter()
                .any(|earlier| text(earlier, "name") == name)
            {
                errors.push(FieldError::duplicate(&path.child("name"), name));
            }
        }
        if number == 0 {
            errors.push(FieldError::required(&path.child("containerPort"), ""));
        } else {
            port(errors, number, &path.child("containerPort"));
        }
        let host = int_or_zero(one, "hostPort");
        if host != 0 {
            port(errors, host, &path.child("hostPort"));
        }
        one_of(errors, one, "protocol", &path, PROTOCOLS);
    }
}

/// A port of the host can be had once for each protocol and address.
fn host_ports(errors: &mut Errors, containers: &[Value], path: &Path) {
    let mut seen: Vec<(&str, &str, i64)> = Vec::new();
    for (container_index, container) in containers.iter().enumerate() {
        for (index, one) in items(container, "ports").iter().enumerate() {
            let number = int_or_zero(one, "hostPort");
            if number == 0 {
                continue;
            }
            let key = (text(one, "protocol"), text(one, "hostIP"), number);
            if seen.contains(&key) {
                let path = path
                    .index(container_index)
                    .child("ports")
                    .index(index)
                    .child("hostPort");
                errors.push(FieldError::duplicate(
                    &path,
                    format!("{}/{}/{}", key.0, key.1, key.2),
                ));
            } else {
                seen.push(key);
            }
        }
    }
}

fn resize_policy(errors: &mut Errors, container: &Value, restart: &str, path: &Path) {
    let policies = items(container, "resizePolicy");
    for (index, policy) in policies.iter().enumerate() {
        let (resource, action) = (text(policy, "resourceName"), text(policy, "restartPolicy"));
        if policies[..index]
            .iter()
            .any(|earlier| text(earlier, "resourceName") == resource)
        {
            errors.push(FieldError::duplicate(&path.index(index), resource));
        }
        for (value, supported) in [
            (resource, ["cpu", "memory"]),
            (action, ["NotRequired", "RestartContainer"]),
        ] {
            if value.is_empty() {
                errors.push(FieldError::required(path, ""));
            } else if !supported.contains(&value) {
                errors.push(FieldError::not_supported(path, value, &supported));
            }
        }
        if restart == "Never" && action != "NotRequired" {
            errors.push(FieldError::invalid(
                path,
                action,
                "must be 'NotRequired' when pod `restartPolicy` is 'Never'",
            ));
        }
    }
}

/// With the host's network, a container port is the host's port.
pub(crate) fn host_network_ports(errors: &mut Errors, spec: &Value, is_pod: bool, path: &Path) {
    if !flag(spec, "hostNetwork") {
        return;
    }
    for (index, container) in items(spec, "containers").iter().enumerate() {
        for (port_index, one) in items(container, "ports").iter().enumerate() {
            let (host, own) = (
                int_or_zero(one, "hostPort"),
                int_or_zero(one, "containerPort"),
            );
            if (is_pod || host != 0) && host != own {
                errors.push(FieldError::invalid(
                    &path
                        .child("containers")
                        .index(index)
                        .child("ports")
                        .index(port_index)
                        .child("hostPort"),
                    host,
                    "must match `containerPort` when `hostNetwork` is true",
                ));
            }
        }
    }
}
