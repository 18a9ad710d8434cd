//! Pods: core/v1.
//!
//! The rules of the spec itself are in `kinds::pod_spec`, since templates have them too. Here is what only a Pod has: its
//! status and who may change it, its quality of service, what an update may touch, and how it is listed.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use serde_json::Value;

use super::pod_spec;
use super::value::{at, existing, flag, get, items, text, text_at};
use super::{Deletion, Dependents, Errors, Kind, StatusRules, Storage};

mod columns;
mod defaults;
mod prepare;
mod qos;
mod status;
mod update;

/// The descriptor of Pods.
pub static POD: Kind = Kind {
    group: "",
    version: "v1",
    plural: "pods",
    name: names::is_dns1123_subdomain,
    storage: Storage {
        prefix: "pods",
        conversion: None,
    },
    generation: true,
    create: prepare::create,
    default: defaults::apply,
    validate,
    update: prepare::update,
    validate_update: update::validate,
    status: Some(StatusRules {
        prepare: status::prepare,
        validate: status::validate,
    }),
    warnings,
    columns: columns::COLUMNS,
    row: columns::row,
    fields: FIELDS,
    delete: Deletion::GracefulPod,
    dependents: Dependents::Collected,
};

/// What `--field-selector` knows of pods.
const FIELDS: super::Fields = &[
    ("spec.nodeName", |pod| {
        text_at(pod, &["spec", "nodeName"]).to_owned()
    }),
    ("spec.restartPolicy", |pod| {
        text_at(pod, &["spec", "restartPolicy"]).to_owned()
    }),
    ("spec.schedulerName", |pod| {
        text_at(pod, &["spec", "schedulerName"]).to_owned()
    }),
    ("spec.serviceAccountName", |pod| {
        text_at(pod, &["spec", "serviceAccountName"]).to_owned()
    }),
    ("spec.hostNetwork", |pod| {
        flag(get(pod, "spec"), "hostNetwork").to_string()
    }),
    ("status.phase", |pod| {
        text_at(pod, &["status", "phase"]).to_owned()
    }),
    ("status.podIP", pod_ip),
    ("status.podIPs", pod_ip),
    ("status.nominatedNodeName", |pod| {
        text_at(pod, &["status", "nominatedNodeName"]).to_owned()
    }),
];

fn warnings(pod: &Value) -> Vec<String> {
    let mut found = pod_spec::warnings::warnings(pod, &Path::root(), true);
    let wrong = names::is_dns1123_label(text_at(pod, &["metadata", "name"]));
    if !wrong.is_empty() {
        found.push(format!(
            "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: {}",
            hydrofoil_api::gotext::list(&wrong)
        ));
    }
    found
}

fn pod_ip(pod: &Value) -> String {
    let status = get(pod, "status");
    let first = items(status, "podIPs")
        .first()
        .map_or("", |ip| text(ip, "ip"));
    if first.is_empty() {
        text(status, "podIP").to_owned()
    } else {
        first.to_owned()
    }
}

fn validate(pod: &Value, errors: &mut Errors) {
    let (spec, path) = (get(pod, "spec"), Path::new("spec"));
    annotations(errors, pod);
    pod_spec::validate(
        errors,
        spec,
        text_at(pod, &["metadata", "name"]),
        true,
        &path,
    );
    if text(spec, "serviceAccountName").is_empty() {
        for (index, volume) in items(spec, "volumes").iter().enumerate() {
            for (source_index, source) in items(get(volume, "projected"), "sources")
                .iter()
                .enumerate()
            {
                if get(source, "serviceAccountToken").is_null() {
                    continue;
                }
                let path = path
                    .child("volumes")
                    .index(index)
                    .child("projected")
                    .child("sources")
                    .index(source_index);
                errors.push(FieldError::forbidden(
                    &path.child("serviceAccountToken"),
                    "must not be specified when serviceAccountName is not set",
                ));
            }
        }
    }
    if is_new(pod) {
        only_on_creation(errors, spec, &path);
    }
}

/// Only an object that is stored has a resourceVersion.
fn is_new(pod: &Value) -> bool {
    text_at(pod, &["metadata", "resourceVersion"]).is_empty()
}

fn only_on_creation(errors: &mut Errors, spec: &Value, path: &Path) {
    if !items(spec, "ephemeralContainers").is_empty() {
        errors.push(FieldError::forbidden(
            &path.child("ephemeralContainers"),
            "cannot be set on create",
        ));
    }
    if !text(spec, "nodeName").is_empty() && !items(spec, "schedulingGates").is_empty() {
        errors.push(FieldError::forbidden(
            &path.child("nodeName"),
            "cannot be set until all schedulingGates have been cleared",
        ));
    }
}

fn annotations(errors: &mut Errors, pod: &Value) {
    const MIRROR: &str = "kubernetes.io/config.mirror";
    const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
    let annotations = at(pod, &["metadata", "annotations"]);
    if annotations.is_null() {
        return;
    }
    let path = Path::new("metadata").child("annotations");
    if !get(annotations, MIRROR).is_null() && text_at(pod, &["spec", "nodeName"]).is_empty() {
        errors.push(FieldError::required(
            &path.key(MIRROR),
            "must set spec.nodeName if mirror pod annotation is set",
        ));
    }
    let cost = text(annotations, DELETION_COST);
    if !cost.is_empty()
        && (cost.parse::<i32>().is_err() || cost.starts_with('+') || has_leading_zero(cost))
    {
        errors.push(FieldError::invalid(
            &path.key(DELETION_COST),
            cost,
            "must be a 32bit integer",
        ));
    }
}

fn has_leading_zero(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    (digits.len() > 1 && digits.starts_with('0')) || number == "-0"
}

/// Whether the phase is one a pod never leaves.
fn is_terminal(phase: &str) -> bool {
    phase == "Succeeded" || phase == "Failed"
}

/// The spec, when the pod has one, to be changed.
fn spec_mut(pod: &mut Value) -> Option<&mut Value> {
    existing(pod, "spec")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(mut pod: Value) -> Vec<String> {
        super::super::tests::fill(&POD, &mut pod);
        let mut errors = Errors::new();
        (POD.validate)(&pod, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn pods_have_rules_of_their_own() {
        let containers = json!([{"name": "c", "image": "i"}]);
        assert!(
            found(json!({"metadata": {"name": "p"}, "spec": {"containers": containers}}))
                .is_empty()
        );
        let cases = [
            (
                json!({"metadata": {"name": "p", "annotations": {"controller.kubernetes.io/pod-deletion-cost": "07"}},
                       "spec": {"containers": containers}}),
                "metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: \"07\": must be a 32bit integer",
            ),
            (
                json!({"spec": {"containers": containers, "nodeName": "n", "schedulingGates": [{"name": "g"}]}}),
                "spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared",
            ),
            (
                json!({"spec": {"containers": containers, "ephemeralContainers": [{"name": "e", "image": "i"}]}}),
                "spec.ephemeralContainers: Forbidden: cannot be set on create",
            ),
            (
                json!({"spec": {"containers": containers, "volumes": [{"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]}}),
                "spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set",
            ),
        ];
        for (pod, expected) in cases {
            assert_eq!(found(pod.clone()), [expected], "{pod}");
        }
    }

    #[test]
    fn fields_can_be_selected() {
        let pod =
            json!({"spec": {"nodeName": "n"}, "status": {"podIP": "1.2.3.4", "phase": "Running"}});
        let read = |name: &str| {
            FIELDS
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, read)| read(&pod))
                .unwrap()
        };
        assert_eq!(read("spec.nodeName"), "n");
        assert_eq!(read("status.podIP"), "1.2.3.4");
        assert_eq!(read("spec.hostNetwork"), "false");
        assert_eq!(read("status.nominatedNodeName"), "");
    }
}
