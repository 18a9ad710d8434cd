//! Defaults of a PodSpec, wherever it stands: in a Pod or in a template.
//!
//! What only a Pod gets (requests from limits, service links, host ports) is in `pod::defaults`. Everything here is
//! idempotent: it runs on every decode. Source: upstream's `pkg/apis/core/v1/defaults.go` and the zero values that its
//! encoder writes (`resources: {}`).

use hydrofoil_api::quantity::Quantity;
use serde_json::{Value, json};

use super::super::value::{
    child, existing, get, is_set, items_mut, set, set_blank, set_missing, set_zero, text,
};

/// Seconds a pod has to stop when it does not say.
const GRACE_PERIOD_SECONDS: i64 = 30;
/// Mode of projected files: 0644.
const FILE_MODE: i64 = 0o644;
/// Seconds a projected service account token lives.
const TOKEN_SECONDS: i64 = 3600;
/// Volume types whose files have a `defaultMode`.
const WITH_MODE: [&str; 4] = ["secret", "configMap", "downwardAPI", "projected"];

/// Fills in a pod spec; makes it when it is missing.
pub(crate) fn pod_spec(spec: &mut Value) {
    set_blank(spec, "dnsPolicy", "ClusterFirst");
    set_blank(spec, "restartPolicy", "Always");
    set_blank(spec, "schedulerName", "default-scheduler");
    set_missing(spec, "terminationGracePeriodSeconds", GRACE_PERIOD_SECONDS);
    child(spec, "securityContext");
    service_account_alias(spec);
    for volume in items_mut(spec, "volumes") {
        volume_defaults(volume);
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for container in items_mut(spec, list) {
            container_defaults(container);
        }
    }
    if let Some(overhead) = existing(spec, "overhead") {
        round_quantities(overhead);
    }
    if let Some(resources) = existing(spec, "resources") {
        round_resources(resources);
    }
}

/// `serviceAccount` is the old name of `serviceAccountName`: both are always shown, and the new one wins.
pub(crate) fn service_account_alias(spec: &mut Value) {
    let name = text(spec, "serviceAccountName");
    let name = if name.is_empty() {
        text(spec, "serviceAccount")
    } else {
        name
    };
    if name.is_empty()
        || (text(spec, "serviceAccount") == name && text(spec, "serviceAccountName") == name)
    {
        return;
    }
    let name = name.to_owned();
    set(spec, "serviceAccount", name.clone());
    set(spec, "serviceAccountName", name);
}

fn container_defaults(container: &mut Value) {
    if text(container, "imagePullPolicy").is_empty() {
        let policy = pull_policy(text(container, "image"));
        set(container, "imagePullPolicy", policy);
    }
    set_blank(container, "terminationMessagePath", "/dev/termination-log");
    set_blank(container, "terminationMessagePolicy", "File");
    round_resources(child(container, "resources"));
    for port in items_mut(container, "ports") {
        set_blank(port, "protocol", "TCP");
    }
    for variable in items_mut(container, "env") {
        if let Some(source) = existing(variable, "valueFrom") {
            downward_source(source);
            if let Some(file) = existing(source, "fileKeyRef") {
                set_missing(file, "optional", false);
            }
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = existing(container, probe) {
            probe_defaults(probe);
        }
    }
    if let Some(lifecycle) = existing(container, "lifecycle") {
        for hook in ["postStart", "preStop"] {
            if let Some(http) = existing(lifecycle, hook).and_then(|hook| existing(hook, "httpGet"))
            {
                http_defaults(http);
            }
        }
    }
}

fn probe_defaults(probe: &mut Value) {
    set_zero(probe, "timeoutSeconds", 1);
    set_zero(probe, "periodSeconds", 10);
    set_zero(probe, "successThreshold", 1);
    set_zero(probe, "failureThreshold", 3);
    if let Some(http) = existing(probe, "httpGet") {
        http_defaults(http);
    }
    if let Some(grpc) = existing(probe, "grpc") {
        set_missing(grpc, "service", "");
    }
}

fn http_defaults(http: &mut Value) {
    set_blank(http, "path", "/");
    set_blank(http, "scheme", "HTTP");
}

fn downward_source(source: &mut Value) {
    if let Some(field) = existing(source, "fieldRef") {
        set_blank(field, "apiVersion", "v1");
    }
    if let Some(resource) = existing(source, "resourceFieldRef") {
        set_missing(resource, "divisor", "0");
    }
}

fn volume_defaults(volume: &mut Value) {
    let has_source = volume.as_object().is_some_and(|fields| {
        fields
            .iter()
            .any(|(name, source)| name != "name" && !source.is_null())
    });
    if !has_source {
        set(volume, "emptyDir", json!({}));
        return;
    }
    for kind in WITH_MODE {
        if let Some(source) = existing(volume, kind) {
            set_missing(source, "defaultMode", FILE_MODE);
        }
    }
    if let Some(host_path) = existing(volume, "hostPath") {
        set_missing(host_path, "type", "");
    }
    if let Some(image) = existing(volume, "image")
        && text(image, "pullPolicy").is_empty()
    {
        let policy = pull_policy(text(image, "reference"));
        set(image, "pullPolicy", policy);
    }
    if let Some(downward) = existing(volume, "downwardAPI") {
        for item in items_mut(downward, "items") {
            downward_source(item);
        }
    }
    if let Some(projected) = existing(volume, "projected") {
        for source in items_mut(projected, "sources") {
            projected_source(source);
        }
    }
    if let Some(template) =
        existing(volume, "ephemeral").and_then(|e| existing(e, "volumeClaimTemplate"))
    {
        child(template, "metadata");
        let claim = child(template, "spec");
        set_blank(claim, "volumeMode", "Filesystem");
        child(claim, "resources");
    }
}

fn projected_source(source: &mut Value) {
    if let Some(token) = existing(source, "serviceAccountToken") {
        set_missing(token, "expirationSeconds", TOKEN_SECONDS);
    }
    if let Some(downward) = existing(source, "downwardAPI") {
        for item in items_mut(downward, "items") {
            downward_source(item);
        }
    }
}

fn round_resources(resources: &mut Value) {
    for list in ["limits", "requests"] {
        if let Some(list) = existing(resources, list) {
            round_quantities(list);
        }
    }
}

/// Quantities finer than a thousandth are rounded up to one, as upstream has always done.
pub(crate) fn round_quantities(list: &mut Value) {
    let Some(list) = list.as_object_mut() else {
        return;
    };
    for quantity in list.values_mut() {
        let Some(text) = quantity.as_str() else {
            continue;
        };
        if !text.ends_with(['n', 'u']) {
            continue;
        }
        if let Ok(parsed) = Quantity::parse(text) {
            *quantity = Value::String(Quantity::from_milli(parsed.milli_i64()).to_string());
        }
    }
}

/// `Always` for images without a tag or with `:latest`, otherwise `IfNotPresent`.
pub(crate) fn pull_policy(image: &str) -> &'static str {
    if image.is_empty() || image.contains('@') {
        return "IfNotPresent";
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    match last.split_once(':') {
        None | Some((_, "latest")) => "Always",
        Some(_) => "IfNotPresent",
    }
}

/// Where limits are given and requests are not, requests are the limits. A Pod's containers only.
pub(crate) fn requests_from_limits(container: &mut Value) {
    let Some(resources) = existing(container, "resources") else {
        return;
    };
    if !is_set(resources, "limits") {
        return;
    }
    let limits = get(resources, "limits").clone();
    let requests = child(resources, "requests");
    for (name, limit) in limits.as_object().into_iter().flatten() {
        set_missing(requests, name, limit.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pull_policy_follows_the_tag() {
        let cases = [
            ("nginx", "Always"),
            ("nginx:latest", "Always"),
            ("nginx:1.25", "IfNotPresent"),
            ("localhost:5000/hello", "Always"),
            ("localhost:5000/hello:v1", "IfNotPresent"),
            ("localhost:5000/hello@sha256:00", "IfNotPresent"),
            ("", "IfNotPresent"),
        ];
        for (image, policy) in cases {
            assert_eq!(pull_policy(image), policy, "{image}");
        }
    }

    #[test]
    fn a_small_spec_gets_everything() {
        let mut spec = json!({
            "containers": [{
                "name": "a", "image": "x:1",
                "ports": [{"containerPort": 80}],
                "env": [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}],
                "readinessProbe": {"httpGet": {"port": 80}},
                "resources": {"limits": {"cpu": "100u"}},
            }],
            "volumes": [{"name": "e"}, {"name": "c", "configMap": {"name": "x"}}, {"name": "h", "hostPath": {"path": "/x"}}],
        });
        pod_spec(&mut spec);
        let expected = json!({
            "containers": [{
                "name": "a", "image": "x:1", "imagePullPolicy": "IfNotPresent",
                "ports": [{"containerPort": 80, "protocol": "TCP"}],
                "env": [{"name": "IP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}},
                        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "0"}}}],
                "readinessProbe": {"httpGet": {"port": 80, "path": "/", "scheme": "HTTP"}, "timeoutSeconds": 1,
                    "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3},
                "resources": {"limits": {"cpu": "1m"}},
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            }],
            "volumes": [{"name": "e", "emptyDir": {}},
                        {"name": "c", "configMap": {"name": "x", "defaultMode": 420}},
                        {"name": "h", "hostPath": {"path": "/x", "type": ""}}],
            "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
            "securityContext": {}, "terminationGracePeriodSeconds": 30,
        });
        assert_eq!(spec, expected);
        pod_spec(&mut spec);
        assert_eq!(spec, expected, "defaulting twice changes nothing");
    }

    #[test]
    fn service_account_has_two_names() {
        let mut spec = json!({"serviceAccount": "old"});
        service_account_alias(&mut spec);
        assert_eq!(
            spec,
            json!({"serviceAccount": "old", "serviceAccountName": "old"})
        );
        set(&mut spec, "serviceAccountName", "new");
        service_account_alias(&mut spec);
        assert_eq!(
            spec,
            json!({"serviceAccount": "new", "serviceAccountName": "new"})
        );
    }
}
