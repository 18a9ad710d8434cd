//! The status subresource of pods: what a node or the scheduler may write there.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use serde_json::Value;

use super::super::Errors;
use super::super::checks::{IMMUTABLE, all_invalid, ip, qualified_name};
use super::super::value::{at, child, get, int_or_zero, is_set, items, keep, set, text, text_at};

const NOT_BACK: &str = "may not be transitioned to non-terminated state";
const ONE_PER_FAMILY: &str = "may specify no more than one IP for each IP family";

/// Before a status update is stored: the spec, the owners and the time of deletion stay.
pub(super) fn prepare(new: &mut Value, old: &Value) {
    keep(new, old, "spec");
    let old_metadata = get(old, "metadata");
    let metadata = child(new, "metadata");
    for key in [
        "ownerReferences",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        keep(metadata, old_metadata, key);
    }
    let class = text_at(old, &["status", "qosClass"]);
    let status = child(new, "status");
    if text(status, "qosClass").is_empty() && !class.is_empty() {
        set(status, "qosClass", class);
    }
}

/// Checks that the new status may replace the old one.
pub(super) fn validate(new: &Value, old: &Value, errors: &mut Errors) {
    let (status, old_status, spec) = (get(new, "status"), get(old, "status"), get(old, "spec"));
    let path = Path::new("status");
    for (index, condition) in items(status, "conditions").iter().enumerate() {
        let kind = text(condition, "type");
        if !["PodScheduled", "Ready", "Initialized"].contains(&kind) {
            // Upstream's path is wrong here, and clients may know it.
            let path = Path::new("metadata")
                .child("conditions")
                .index(index)
                .child("Type");
            qualified_name(errors, kind, &path);
        }
    }
    if text(get(new, "spec"), "nodeName") != text(spec, "nodeName") {
        errors.push(FieldError::forbidden(
            &path.child("nodeName"),
            "may not be changed directly",
        ));
    }
    let nominated = text(status, "nominatedNodeName");
    if !nominated.is_empty() && nominated != text(old_status, "nominatedNodeName") {
        all_invalid(
            errors,
            &path.child("nominatedNodeName"),
            nominated,
            names::is_dns1123_subdomain(nominated),
        );
    }
    if text(status, "qosClass") != text(old_status, "qosClass") {
        errors.push(FieldError::invalid(
            &path.child("qosClass"),
            text(status, "qosClass"),
            IMMUTABLE,
        ));
    }
    let policy = text(spec, "restartPolicy");
    transitions(
        errors,
        status,
        old_status,
        "containerStatuses",
        "containers",
        policy,
        spec,
    );
    transitions(
        errors,
        status,
        old_status,
        "initContainerStatuses",
        "initContainers",
        policy,
        spec,
    );
    transitions(
        errors,
        status,
        old_status,
        "ephemeralContainerStatuses",
        "ephemeralContainers",
        "Never",
        spec,
    );
    addresses(errors, items(status, "podIPs"), &path.child("podIPs"));
    let host_ips = items(status, "hostIPs");
    if let Some(first) = host_ips.first() {
        let at_hosts = path.child("hostIPs");
        if text(status, "hostIP") != text(first, "ip") {
            errors.push(FieldError::invalid(
                &at_hosts.index(0).child("ip"),
                text(first, "ip"),
                "must be equal to `hostIP`",
            ));
        }
        addresses(errors, host_ips, &at_hosts);
    }
}

/// A container that has ended for good stays ended.
fn transitions(
    errors: &mut Errors,
    new: &Value,
    old: &Value,
    list: &'static str,
    containers: &str,
    pod_policy: &str,
    spec: &Value,
) {
    let now = items(new, list);
    for (index, was) in items(old, list).iter().enumerate() {
        let ended = at(was, &["state", "terminated"]);
        if ended.is_null() {
            continue;
        }
        let name = text(was, "name");
        let container = items(spec, containers)
            .iter()
            .find(|one| text(one, "name") == name);
        let own = container.map_or("", |one| text(one, "restartPolicy"));
        let policy = if own.is_empty() { pod_policy } else { own };
        let has_rules = container.is_some_and(|one| !items(one, "restartPolicyRules").is_empty());
        if policy == "Always"
            || has_rules
            || (policy == "OnFailure" && int_or_zero(ended, "exitCode") != 0)
        {
            continue;
        }
        if now
            .iter()
            .any(|one| text(one, "name") == name && !is_set(get(one, "state"), "terminated"))
        {
            let path = Path::new("status").child(list).index(index).child("state");
            errors.push(FieldError::forbidden(&path, NOT_BACK));
        }
    }
}

fn addresses(errors: &mut Errors, list: &[Value], path: &Path) {
    for (index, address) in list.iter().enumerate() {
        ip(errors, text(address, "ip"), &path.index(index));
    }
    if list.len() < 2 {
        return;
    }
    let of_v6 = list
        .iter()
        .filter(|address| text(address, "ip").contains(':'))
        .count();
    if list.len() > 2 || of_v6 != 1 {
        errors.push(FieldError::invalid(path, list.to_vec(), ONE_PER_FAMILY));
    }
    for (index, address) in list.iter().enumerate() {
        if list[..index]
            .iter()
            .any(|earlier| text(earlier, "ip") == text(address, "ip"))
        {
            errors.push(FieldError::duplicate(&path.index(index), address.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(spec: &Value, new: Value, old: Value) -> Vec<String> {
        let mut errors = Errors::new();
        validate(
            &json!({"spec": spec, "status": new}),
            &json!({"spec": spec, "status": old}),
            &mut errors,
        );
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_the_status_changes() {
        let old = json!({"metadata": {"name": "p", "ownerReferences": [{"uid": "u"}]}, "spec": {"nodeName": "n"},
                         "status": {"qosClass": "Burstable", "phase": "Pending"}});
        let mut new = json!({"metadata": {"name": "p", "labels": {"a": "b"}}, "spec": {}, "status": {"phase": "Running"}});
        prepare(&mut new, &old);
        assert_eq!(
            new,
            json!({"metadata": {"name": "p", "labels": {"a": "b"}, "ownerReferences": [{"uid": "u"}]},
                   "spec": {"nodeName": "n"}, "status": {"qosClass": "Burstable", "phase": "Running"}})
        );
    }

    #[test]
    fn the_dead_stay_dead_unless_they_restart() {
        let ended =
            json!({"containerStatuses": [{"name": "c", "state": {"terminated": {"exitCode": 1}}}]});
        let running = json!({"containerStatuses": [{"name": "c", "state": {"running": {}}}]});
        assert!(
            found(
                &json!({"restartPolicy": "Always"}),
                running.clone(),
                ended.clone()
            )
            .is_empty()
        );
        assert!(
            found(
                &json!({"restartPolicy": "OnFailure"}),
                running.clone(),
                ended.clone()
            )
            .is_empty()
        );
        assert_eq!(
            found(
                &json!({"restartPolicy": "Never"}),
                running.clone(),
                ended.clone()
            ),
            [
                "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"
            ]
        );
        let sidecar = json!({"restartPolicy": "Never", "containers": [{"name": "c", "restartPolicy": "OnFailure"}]});
        assert!(found(&sidecar, running, ended).is_empty());
    }

    #[test]
    fn addresses_are_one_per_family() {
        let spec = json!({});
        assert!(
            found(
                &spec,
                json!({"podIPs": [{"ip": "1.2.3.4"}, {"ip": "fd00::1"}]}),
                json!({})
            )
            .is_empty()
        );
        assert_eq!(
            found(
                &spec,
                json!({"podIPs": [{"ip": "1.2.3.4"}, {"ip": "1.2.3.5"}]}),
                json!({})
            )
            .len(),
            1
        );
        assert_eq!(
            found(
                &spec,
                json!({"hostIP": "1.1.1.1", "hostIPs": [{"ip": "1.1.1.2"}]}),
                json!({})
            ),
            ["status.hostIPs[0].ip: Invalid value: \"1.1.1.2\": must be equal to `hostIP`"]
        );
        assert_eq!(
            found(
                &spec,
                json!({"qosClass": "Guaranteed"}),
                json!({"qosClass": "BestEffort"})
            ),
            ["status.qosClass: Invalid value: \"Guaranteed\": field is immutable"]
        );
    }
}
