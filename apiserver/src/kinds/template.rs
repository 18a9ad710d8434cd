//! Templates of pods inside the objects that make pods: Deployments, ReplicaSets, Jobs.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::{gotext, names};
use serde_json::Value;

use super::Errors;
use super::checks::{annotations, label_selector, labels, selector_is_empty, selector_matches};
use super::pod_spec;
use super::value::{at, child, get, items, text, text_at};

/// Fills in the template of an owner, which is made when it is missing.
pub(crate) fn defaults(owner_spec: &mut Value) {
    let template = child(owner_spec, "template");
    child(template, "metadata");
    pod_spec::defaults::pod_spec(child(template, "spec"));
}

/// Checks the template itself.
pub(crate) fn validate(errors: &mut Errors, template: &Value, path: &Path) {
    let metadata = get(template, "metadata");
    labels(errors, metadata, "labels", path);
    annotations(errors, metadata, path);
    let (spec, path) = (get(template, "spec"), path.child("spec"));
    pod_spec::validate(errors, spec, "", false, &path);
    if !items(spec, "ephemeralContainers").is_empty() {
        errors.push(FieldError::forbidden(
            &path.child("ephemeralContainers"),
            "ephemeral containers not allowed in pod template",
        ));
    }
}

/// Checks selector and template of an owner that keeps pods running: the selector must be set and must match, and the pods
/// must always restart.
pub(crate) fn of_replicas(errors: &mut Errors, owner_spec: &Value, path: &Path) {
    let selector = get(owner_spec, "selector");
    let at_selector = path.child("selector");
    if selector.is_null() {
        errors.push(FieldError::required(&at_selector, ""));
    } else {
        label_selector(errors, selector, &at_selector);
        if selector_is_empty(selector) {
            errors.push(FieldError::invalid(
                &at_selector,
                selector.clone(),
                "empty selector is invalid for deployment",
            ));
        }
    }
    let template = get(owner_spec, "template");
    let path = path.child("template");
    if !selector_is_empty(selector) {
        must_match(errors, selector, template, &path);
    }
    validate(errors, template, &path);
    let spec = get(template, "spec");
    if text(spec, "restartPolicy") != "Always" {
        errors.push(FieldError::not_supported(
            &path.child("spec").child("restartPolicy"),
            text(spec, "restartPolicy"),
            &["Always"],
        ));
    }
    if !get(spec, "activeDeadlineSeconds").is_null() {
        errors.push(FieldError::forbidden(
            &path.child("spec").child("activeDeadlineSeconds"),
            "activeDeadlineSeconds in ReplicaSet is not Supported",
        ));
    }
}

/// The selector of an owner must match the labels its pods get.
pub(crate) fn must_match(errors: &mut Errors, selector: &Value, template: &Value, path: &Path) {
    let labels = at(template, &["metadata", "labels"]);
    if !selector_matches(selector, labels) {
        errors.push(FieldError::invalid(
            &path.child("metadata").child("labels"),
            labels.clone(),
            "`selector` does not match template `labels`",
        ));
    }
}

/// Warnings about the name and the template of an owner.
pub(crate) fn warnings(owner: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let wrong = names::is_dns1123_label(text_at(owner, &["metadata", "name"]));
    if !wrong.is_empty() {
        found.push(format!(
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: {}",
            gotext::list(&wrong)
        ));
    }
    let template = at(owner, &["spec", "template"]);
    found.extend(pod_spec::warnings::warnings(
        template,
        &Path::new("spec").child("template"),
        false,
    ));
    found
}

/// The `Containers`, `Images` cells of an owner.
pub(crate) fn cells(owner: &Value) -> [Value; 2] {
    super::cells::containers_and_images(at(owner, &["spec", "template", "spec"]))
}
