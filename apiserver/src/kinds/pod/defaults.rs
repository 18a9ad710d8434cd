//! Defaults that only a Pod gets, after those of its spec.

use serde_json::{Map, Value};

use super::super::pod_spec::{defaults, resources};
use super::super::value::{child, flag, get, int_or_zero, is_empty, is_set, items, items_mut, set, set_missing};

/// Resources a pod as a whole can ask for.
fn is_pod_level(name: &str) -> bool {
    name == "cpu" || name == "memory" || name.starts_with("hugepages-")
}

/// Fills in a pod. Idempotent.
pub(super) fn apply(pod: &mut Value) {
    let spec = child(pod, "spec");
    defaults::pod_spec(spec);
    for list in ["containers", "initContainers"] {
        for container in items_mut(spec, list) {
            defaults::requests_from_limits(container);
        }
    }
    pod_requests(spec);
    set_missing(spec, "enableServiceLinks", true);
    if flag(spec, "hostNetwork") {
        for list in ["containers", "initContainers"] {
            for container in items_mut(spec, list) {
                host_ports(container);
            }
        }
    }
    container_statuses(pod);
}

fn host_ports(container: &mut Value) {
    for port in items_mut(container, "ports") {
        let own = int_or_zero(port, "containerPort");
        if int_or_zero(port, "hostPort") == 0 && own != 0 {
            set(port, "hostPort", own);
        }
    }
}

/// Requests of the pod as a whole, where it has limits: what its containers ask for together, otherwise its limits.
fn pod_requests(spec: &mut Value) {
    let limits = get(get(spec, "resources"), "limits");
    if is_empty(limits) {
        return;
    }
    let mut requests: Map<String, Value> =
        get(get(spec, "resources"), "requests").as_object().cloned().unwrap_or_default();
    for (name, total) in resources::aggregate_requests(spec) {
        if (name == "cpu" || name == "memory") && !requests.contains_key(&name) {
            requests.insert(name, Value::String(total.to_string()));
        }
    }
    for (name, limit) in limits.as_object().into_iter().flatten() {
        if is_pod_level(name) && !requests.contains_key(name) {
            requests.insert(name.clone(), limit.clone());
        }
    }
    if !requests.is_empty() {
        set(child(spec, "resources"), "requests", requests);
    }
}

/// Container statuses always show both states and the plain fields, set or not.
fn container_statuses(pod: &mut Value) {
    if !is_set(pod, "status") {
        return;
    }
    let status = child(pod, "status");
    for list in ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"] {
        if items(status, list).is_empty() {
            continue;
        }
        for container in items_mut(status, list) {
            child(container, "state");
            child(container, "lastState");
            for text in ["image", "imageID"] {
                set_missing(container, text, "");
            }
            set_missing(container, "ready", false);
            set_missing(container, "restartCount", 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pod_gets_more_than_a_template() {
        let mut pod = json!({"spec": {
            "hostNetwork": true,
            "containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 80}],
                "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}}],
        }});
        apply(&mut pod);
        let container = &pod["spec"]["containers"][0];
        assert_eq!(container["ports"][0], json!({"containerPort": 80, "hostPort": 80, "protocol": "TCP"}));
        assert_eq!(container["resources"]["requests"], json!({"cpu": "500m", "memory": "1Gi"}));
        assert_eq!(pod["spec"]["enableServiceLinks"], true);
        let once = pod.clone();
        apply(&mut pod);
        assert_eq!(pod, once);
    }

    #[test]
    fn the_pods_own_requests_follow_its_containers_then_its_limits() {
        let mut pod = json!({"spec": {
            "resources": {"limits": {"cpu": "4", "memory": "1Gi"}},
            "containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": "1"}}}],
        }});
        apply(&mut pod);
        assert_eq!(pod["spec"]["resources"]["requests"], json!({"cpu": "1", "memory": "1Gi"}));
    }

    #[test]
    fn statuses_are_whole() {
        let mut pod = json!({"spec": {}, "status": {"containerStatuses": [{"name": "c"}]}});
        apply(&mut pod);
        assert_eq!(
            pod["status"]["containerStatuses"][0],
            json!({"name": "c", "image": "", "imageID": "", "lastState": {}, "ready": false, "restartCount": 0, "state": {}})
        );
    }
}
