//! Defaults that only a Pod gets, after those of its spec.

use serde_json::{Map, Value, json};

use super::super::pod_spec::{defaults, resources};
use super::super::value::{
    child, flag, get, int_or_zero, is_empty, is_set, items, items_mut, set, text,
};

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
    if flag(spec, "hostNetwork") {
        for list in ["containers", "initContainers"] {
            for container in items_mut(spec, list) {
                host_ports(container);
            }
        }
    }
    if is_set(pod, "status") {
        addresses(child(pod, "status"));
    }
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
    let mut requests: Map<String, Value> = get(get(spec, "resources"), "requests")
        .as_object()
        .cloned()
        .unwrap_or_default();
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

/// `podIP` is the first of `podIPs`; whoever writes one of the two writes both, and the single one wins.
fn addresses(status: &mut Value) {
    let first = items(status, "podIPs")
        .first()
        .map_or("", |ip| text(ip, "ip"));
    let single = text(status, "podIP");
    if single == first {
        return;
    }
    if single.is_empty() {
        let first = first.to_owned();
        set(status, "podIP", first);
    } else {
        let list = json!([{"ip": single}]);
        set(status, "podIPs", list);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_gets_more_than_a_template() {
        let mut pod = json!({"spec": {
            "hostNetwork": true,
            "containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 80}],
                "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}}],
        }});
        apply(&mut pod);
        let container = &pod["spec"]["containers"][0];
        assert_eq!(
            container["ports"][0],
            json!({"containerPort": 80, "hostPort": 80})
        );
        assert_eq!(
            container["resources"]["requests"],
            json!({"cpu": "500m", "memory": "1Gi"})
        );
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
        assert_eq!(
            pod["spec"]["resources"]["requests"],
            json!({"cpu": "1", "memory": "1Gi"})
        );
    }

    #[test]
    fn one_address_is_the_first_of_many() {
        let mut pod = json!({"spec": {}, "status": {"podIP": "1.2.3.4"}});
        apply(&mut pod);
        assert_eq!(pod["status"]["podIPs"], json!([{"ip": "1.2.3.4"}]));
        let mut pod =
            json!({"spec": {}, "status": {"podIPs": [{"ip": "1.2.3.4"}, {"ip": "fd00::1"}]}});
        apply(&mut pod);
        assert_eq!(pod["status"]["podIP"], "1.2.3.4");
    }
}
