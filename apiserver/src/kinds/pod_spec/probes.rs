//! Probes and lifecycle hooks: exactly one handler each, with sane numbers.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use serde_json::Value;

use super::super::Errors;
use super::super::checks::{NEGATIVE, all_invalid, one_of, port, port_or_name, required};
use super::super::value::{get, int, int_or_zero, is_set, items, text};

const MORE_THAN_ONE: &str = "may not specify more than 1 handler type";
const COUNTS: [&str; 5] = [
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
];

/// Checks the three probes and the hooks of a container that may have them.
pub(crate) fn validate(
    errors: &mut Errors,
    container: &Value,
    grace_seconds: Option<i64>,
    path: &Path,
) {
    lifecycle(errors, get(container, "lifecycle"), grace_seconds, path);
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let probe = get(container, name);
        if probe.is_null() {
            continue;
        }
        let path = path.child(name);
        probe_numbers(errors, probe, &path);
        if name == "readinessProbe" {
            if is_set(probe, "terminationGracePeriodSeconds") {
                errors.push(FieldError::invalid(
                    &path.child("terminationGracePeriodSeconds"),
                    get(probe, "terminationGracePeriodSeconds").clone(),
                    "must not be set for readinessProbes",
                ));
            }
        } else if int_or_zero(probe, "successThreshold") != 1 {
            errors.push(FieldError::invalid(
                &path.child("successThreshold"),
                int_or_zero(probe, "successThreshold"),
                "must be 1",
            ));
        }
    }
}

fn probe_numbers(errors: &mut Errors, probe: &Value, path: &Path) {
    handler(errors, probe, None, path);
    for key in COUNTS {
        let number = int_or_zero(probe, key);
        if number < 0 {
            errors.push(FieldError::invalid(&path.child(key), number, NEGATIVE));
        }
    }
    if let Some(seconds) = int(probe, "terminationGracePeriodSeconds")
        && seconds <= 0
    {
        errors.push(FieldError::invalid(
            &path.child("terminationGracePeriodSeconds"),
            seconds,
            "must be greater than 0",
        ));
    }
}

fn lifecycle(errors: &mut Errors, lifecycle: &Value, grace_seconds: Option<i64>, path: &Path) {
    for hook in ["postStart", "preStop"] {
        if is_set(lifecycle, hook) {
            handler(
                errors,
                get(lifecycle, hook),
                grace_seconds,
                &path.child("lifecycle").child(hook),
            );
        }
    }
    if is_set(lifecycle, "stopSignal") && text(lifecycle, "stopSignal").is_empty() {
        errors.push(FieldError::required(
            &path.child("lifecycle").child("stopSignal"),
            "",
        ));
    }
}

fn handler(errors: &mut Errors, owner: &Value, grace_seconds: Option<i64>, path: &Path) {
    let mut found = false;
    for kind in ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] {
        let action = get(owner, kind);
        if action.is_null() {
            continue;
        }
        let path = path.child(kind);
        if found {
            errors.push(FieldError::forbidden(&path, MORE_THAN_ONE));
            continue;
        }
        found = true;
        match kind {
            "exec" => {
                if items(action, "command").is_empty() {
                    errors.push(FieldError::required(&path.child("command"), ""));
                }
            }
            "httpGet" => http_get(errors, action, &path),
            "tcpSocket" => port_or_name(errors, action, "port", &path),
            "grpc" => port(errors, int_or_zero(action, "port"), &path.child("port")),
            _ => sleep(errors, action, grace_seconds, &path),
        }
    }
    if !found {
        errors.push(FieldError::required(path, "must specify a handler type"));
    }
}

fn http_get(errors: &mut Errors, action: &Value, path: &Path) {
    required(errors, action, "path", path);
    port_or_name(errors, action, "port", path);
    one_of(errors, action, "scheme", path, &["HTTP", "HTTPS"]);
    for header in items(action, "httpHeaders") {
        let name = text(header, "name");
        all_invalid(
            errors,
            &path.child("httpHeaders"),
            name,
            names::is_http_header_name(name),
        );
    }
}

fn sleep(errors: &mut Errors, action: &Value, grace_seconds: Option<i64>, path: &Path) {
    let seconds = int_or_zero(action, "seconds");
    if let Some(grace) = grace_seconds
        && (seconds < 0 || seconds > grace)
    {
        errors.push(FieldError::invalid(
            path,
            seconds,
            format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})"),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(container: Value) -> Vec<String> {
        let mut errors = Errors::new();
        validate(&mut errors, &container, Some(30), &Path::new("c"));
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn good_probes_pass() {
        assert!(found(json!({
            "livenessProbe": {"exec": {"command": ["x"]}, "successThreshold": 1},
            "readinessProbe": {"httpGet": {"path": "/", "port": "http", "scheme": "HTTP"}, "successThreshold": 3},
            "startupProbe": {"grpc": {"port": 90}, "successThreshold": 1},
            "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
        })).is_empty());
    }

    #[test]
    fn bad_probes_say_why() {
        let cases = [
            (
                json!({"livenessProbe": {"successThreshold": 1}}),
                "c.livenessProbe: Required value: must specify a handler type",
            ),
            (
                json!({"livenessProbe": {"tcpSocket": {"port": 1}, "successThreshold": 2}}),
                "c.livenessProbe.successThreshold: Invalid value: 2: must be 1",
            ),
            (
                json!({"readinessProbe": {"tcpSocket": {"port": 70000}}}),
                "c.readinessProbe.tcpSocket.port: Invalid value: 70000: must be between 1 and 65535, inclusive",
            ),
            (
                json!({"readinessProbe": {"tcpSocket": {"port": 1}, "exec": {"command": ["a"]}}}),
                "c.readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type",
            ),
            (
                json!({"readinessProbe": {"tcpSocket": {"port": 1}, "periodSeconds": -1}}),
                "c.readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0",
            ),
            (
                json!({"lifecycle": {"preStop": {"sleep": {"seconds": 31}}}}),
                "c.lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)",
            ),
        ];
        for (container, expected) in cases {
            assert_eq!(found(container.clone()), [expected], "{container}");
        }
    }
}
