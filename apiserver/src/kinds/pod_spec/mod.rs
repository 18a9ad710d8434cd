//! Rules of a PodSpec, shared by Pods and by every template of pods.
//!
//! What belongs to a Pod alone (status, quality of service, what an update may change) is in `kinds::pod`.
//! Source: upstream's `ValidatePodSpec` and what it calls.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use serde_json::Value;

use super::Errors;
use super::checks::{dns_label, dns_subdomain, ip, labels, one_of, one_of_if_set};
use super::value::{flag, get, int, is_set, items, text};

pub(crate) mod affinity;
pub(crate) mod containers;
pub(crate) mod defaults;
pub(crate) mod env;
pub(crate) mod mounts;
pub(crate) mod probes;
pub(crate) mod resources;
pub(crate) mod scheduling;
pub(crate) mod security;
pub(crate) mod volumes;
pub(crate) mod warnings;

/// Bytes of a host name that Linux takes.
const HOST_NAME_MAX: usize = 64;
/// Name servers a resolver uses.
const NAMESERVERS_MAX: usize = 3;
/// Search domains a resolver uses.
const SEARCHES_MAX: usize = 32;
/// Characters of all search domains and the spaces between them.
const SEARCHES_CHARACTERS_MAX: usize = 2048;

/// Checks a pod spec. `pod_name` is the Pod's name, and empty for a template's spec, which is judged less strictly.
pub(crate) fn validate(
    errors: &mut Errors,
    spec: &Value,
    pod_name: &str,
    is_pod: bool,
    path: &Path,
) {
    if !is_set(spec, "terminationGracePeriodSeconds") {
        errors.push(FieldError::required(
            &path.child("terminationGracePeriodSeconds"),
            "",
        ));
    }
    let usable = volumes::validate(errors, spec, pod_name, path);
    claims(
        errors,
        items(spec, "resourceClaims"),
        &path.child("resourceClaims"),
    );
    containers::validate(
        errors,
        &containers::Pod {
            spec,
            volumes: usable,
            is_pod,
        },
        path,
    );
    resources::pod(errors, spec, path);
    containers::host_network_ports(errors, spec, is_pod, path);
    one_of(
        errors,
        spec,
        "restartPolicy",
        path,
        &["Always", "OnFailure", "Never"],
    );
    one_of(
        errors,
        spec,
        "dnsPolicy",
        path,
        &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
    );
    labels(errors, spec, "nodeSelector", path);
    security::pod(errors, spec, path);
    scheduling::validate(errors, spec, path);
    dns_config(errors, spec, &path.child("dnsConfig"));
    for (key, check) in [
        (
            "serviceAccountName",
            names::is_dns1123_subdomain as fn(&str) -> Vec<String>,
        ),
        ("nodeName", names::is_dns1123_subdomain),
        ("hostname", names::is_dns1123_label),
        ("subdomain", names::is_dns1123_label),
        ("priorityClassName", names::is_dns1123_subdomain),
        ("runtimeClassName", names::is_dns1123_subdomain),
    ] {
        let name = text(spec, key);
        if !name.is_empty() {
            super::checks::all_invalid(errors, &path.child(key), name, check(name));
        }
    }
    host_name_override(errors, spec, &path.child("hostnameOverride"));
    if let Some(seconds) = int(spec, "activeDeadlineSeconds") {
        for sentence in names::is_in_range(seconds, 1, i64::from(i32::MAX)) {
            errors.push(FieldError::invalid(
                &path.child("activeDeadlineSeconds"),
                seconds,
                sentence,
            ));
        }
    }
    for (index, alias) in items(spec, "hostAliases").iter().enumerate() {
        let path = path.child("hostAliases").index(index);
        ip(errors, text(alias, "ip"), &path.child("ip"));
        for (index, name) in items(alias, "hostnames").iter().enumerate() {
            dns_subdomain(
                errors,
                name.as_str().unwrap_or(""),
                &path.child("hostnames").index(index),
            );
        }
    }
    one_of_if_set(
        errors,
        spec,
        "preemptionPolicy",
        path,
        &["PreemptLowerPriority", "Never"],
    );
    if is_set(spec, "overhead") {
        resources::amounts(errors, spec, "overhead", path);
    }
}

/// A host name that is exactly this one, whatever the Pod is called.
fn host_name_override(errors: &mut Errors, spec: &Value, path: &Path) {
    if !is_set(spec, "hostnameOverride") {
        return;
    }
    for key in ["setHostnameAsFQDN", "hostNetwork"] {
        if flag(spec, key) {
            let sentence = format!("may not be specified when {key} is true");
            errors.push(FieldError::forbidden(path, sentence));
        }
    }
    let name = text(spec, "hostnameOverride");
    if name.len() > HOST_NAME_MAX {
        errors.push(FieldError::too_long(path, HOST_NAME_MAX));
    }
    dns_subdomain(errors, name, path);
}

fn claims(errors: &mut Errors, claims: &[Value], path: &Path) {
    for (index, claim) in claims.iter().enumerate() {
        let path = path.index(index);
        let name = text(claim, "name");
        if name.is_empty() {
            errors.push(FieldError::required(&path.child("name"), ""));
        } else if claims[..index]
            .iter()
            .any(|earlier| text(earlier, "name") == name)
        {
            errors.push(FieldError::duplicate(&path.child("name"), name));
        } else {
            dns_label(errors, name, &path.child("name"));
        }
        let sources = ["resourceClaimName", "resourceClaimTemplateName"];
        let wrong = match sources.iter().filter(|key| is_set(claim, key)).count() {
            0 => "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`",
            2 => {
                "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            }
            _ => "",
        };
        if !wrong.is_empty() {
            errors.push(FieldError::invalid(&path, claim.clone(), wrong));
        }
        for key in sources {
            if is_set(claim, key) {
                dns_subdomain(errors, text(claim, key), &path.child(key));
            }
        }
    }
}

fn dns_config(errors: &mut Errors, spec: &Value, path: &Path) {
    let config = get(spec, "dnsConfig");
    let servers = items(config, "nameservers");
    if text(spec, "dnsPolicy") == "None" {
        if config.is_null() {
            errors.push(FieldError::required(
                path,
                "must provide `dnsConfig` when `dnsPolicy` is None",
            ));
            return;
        }
        if servers.is_empty() {
            errors.push(FieldError::required(
                &path.child("nameservers"),
                "must provide at least one DNS nameserver when `dnsPolicy` is None",
            ));
            return;
        }
    }
    if servers.len() > NAMESERVERS_MAX {
        errors.push(FieldError::invalid(
            &path.child("nameservers"),
            servers.to_vec(),
            format!("must not have more than {NAMESERVERS_MAX} nameservers"),
        ));
    }
    for (index, server) in servers.iter().enumerate() {
        ip(
            errors,
            server.as_str().unwrap_or(""),
            &path.child("nameservers").index(index),
        );
    }
    let searches = items(config, "searches");
    if searches.len() > SEARCHES_MAX {
        errors.push(FieldError::invalid(
            &path.child("searches"),
            searches.to_vec(),
            format!("must not have more than {SEARCHES_MAX} search paths"),
        ));
    }
    let characters: usize = searches
        .iter()
        .filter_map(Value::as_str)
        .map(|search| search.len() + 1)
        .sum::<usize>()
        .saturating_sub(1);
    if characters > SEARCHES_CHARACTERS_MAX {
        errors.push(FieldError::invalid(
            &path.child("searches"),
            searches.to_vec(),
            format!("must not have more than {SEARCHES_CHARACTERS_MAX} characters (including spaces) in the search list"),
        ));
    }
    for (index, search) in searches.iter().enumerate() {
        let search = search.as_str().unwrap_or("");
        if search == "." {
            continue;
        }
        // Search domains may have underscores, which are otherwise judged like letters.
        let search = search.strip_suffix('.').unwrap_or(search);
        let wrong = names::is_dns1123_subdomain(&search.replace('_', "a"));
        super::checks::all_invalid(errors, &path.child("searches").index(index), search, wrong);
    }
    for (index, option) in items(config, "options").iter().enumerate() {
        if text(option, "name").is_empty() {
            errors.push(FieldError::required(
                &path.child("options").index(index),
                "must not be empty",
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut spec = json!({"containers": [{"name": "c", "image": "i:1"}]});
        change(&mut spec);
        let mut pod = json!({"spec": spec});
        super::super::tests::fill(&super::super::pod::POD, &mut pod);
        let spec = &pod["spec"];
        let mut errors = Errors::new();
        validate(&mut errors, spec, "p", true, &Path::new("spec"));
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_defaulted_spec_is_valid() {
        assert!(with(|_| {}).is_empty());
    }

    #[test]
    fn faults_are_named() {
        type Case = (Value, &'static str);
        let cases: [Case; 22] = [
            (json!({"containers": []}), "spec.containers: Required value"),
            (
                json!({"containers": [{"image": "i"}]}),
                "spec.containers[0].name: Required value",
            ),
            (
                json!({"containers": [{"name": "c"}]}),
                "spec.containers[0].image: Required value",
            ),
            (
                json!({"containers": [{"name": "c", "image": " i"}]}),
                "spec.containers[0].image: Invalid value: \" i\": must not have leading or trailing whitespace",
            ),
            (
                json!({"containers": [{"name": "c", "image": "i"}, {"name": "c", "image": "i"}]}),
                "spec.containers[1].name: Duplicate value: \"c\"",
            ),
            (
                json!({"initContainers": [{"name": "c", "image": "i"}]}),
                "spec.initContainers[0].name: Duplicate value: \"c\"",
            ),
            (
                json!({"initContainers": [{"name": "i", "image": "i", "lifecycle": {}}]}),
                "spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always",
            ),
            (
                json!({"restartPolicy": "Sometimes"}),
                "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\"",
            ),
            (
                json!({"dnsPolicy": "None"}),
                "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None",
            ),
            (
                json!({"activeDeadlineSeconds": 0}),
                "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
            ),
            (
                json!({"containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 80, "hostPort": 1}, {"containerPort": 81, "hostPort": 1}]}]}),
                "spec.containers[0].ports[1].hostPort: Duplicate value: \"TCP//1\"",
            ),
            (
                json!({"containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 70000}]}]}),
                "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
            ),
            (
                json!({"containers": [{"name": "c", "image": "i", "imagePullPolicy": "Maybe"}]}),
                "spec.containers[0].imagePullPolicy: Unsupported value: \"Maybe\": supported values: \"Always\", \"IfNotPresent\", \"Never\"",
            ),
            (
                json!({"containers": [{"name": "c", "image": "i", "restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In", "values": [1]}}]}]}),
                "spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used",
            ),
            (
                json!({"containers": [{"name": "c", "image": "i", "restartPolicy": "Never", "restartPolicyRules": [{"action": "Stop", "exitCodes": {"operator": "In", "values": []}}]}]}),
                "spec.containers[0].restartPolicyRules[0].action: Unsupported value: \"Stop\": supported values: \"Restart\", \"RestartAllContainers\"",
            ),
            (
                json!({"initContainers": [{"name": "i", "image": "i", "restartPolicy": "Always", "restartPolicyRules": [{"action": "RestartAllContainers"}]}]}),
                "spec.initContainers[0].restartPolicyRules[0].exitCodes: Required value: must be specified",
            ),
            (
                json!({"containers": [{"name": "c", "image": "i", "restartPolicy": "Never", "restartPolicyRules": vec![json!({"action": "Restart", "exitCodes": {"operator": "In", "values": [1]}}); 21]}]}),
                "spec.containers[0].restartPolicyRules: Too many: 21: must have at most 20 items",
            ),
            (
                json!({"restartPolicy": "Never", "containers": [{"name": "c", "image": "i", "resizePolicy": [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]}]}),
                "spec.containers[0].resizePolicy: Invalid value: \"RestartContainer\": must be 'NotRequired' when pod `restartPolicy` is 'Never'",
            ),
            (
                json!({"initContainers": [{"name": "i", "image": "i", "resizePolicy": [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]}]}),
                "spec.initContainers[0].resizePolicy[0].restartPolicy: Invalid value: \"RestartContainer\": must not be set to 'RestartContainer' for non-sidecar initContainers",
            ),
            (
                json!({"hostnameOverride": "a", "setHostnameAsFQDN": true}),
                "spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true",
            ),
            (
                json!({"hostnameOverride": "a".repeat(65)}),
                "spec.hostnameOverride: Too long: may not be more than 64 bytes",
            ),
            (
                json!({"ephemeralContainers": [{"name": "e", "image": "i", "ports": [{"containerPort": 1}]}]}),
                "spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container",
            ),
        ];
        for (change, expected) in cases {
            let found = with(|spec| {
                for (key, value) in change.as_object().into_iter().flatten() {
                    super::super::value::set(spec, key, value.clone());
                }
            });
            assert_eq!(found, [expected], "{change}");
        }
    }
}
