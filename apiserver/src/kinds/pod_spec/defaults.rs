//! Defaults of a PodSpec, wherever it stands: in a Pod or in a template.
//!
//! Only what depends on other fields: what is fixed is in `hydrofoil_api::defaults`, which runs before. What only a Pod
//! gets (requests from limits, host ports) is in `pod::defaults`. Everything here is idempotent: it runs on every
//! decode. Source: upstream's `pkg/apis/core/v1/defaults.go`.

use hydrofoil_api::quantity::Quantity;
use serde_json::{Value, json};

use super::super::value::{child, existing, get, is_set, items_mut, set, set_missing, text};

/// Fills in a pod spec; makes it when it is missing.
pub(crate) fn pod_spec(spec: &mut Value) {
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
    if let Some(resources) = existing(container, "resources") {
        round_resources(resources);
    }
}

/// A volume that names no source is an empty directory.
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
    if let Some(image) = existing(volume, "image")
        && text(image, "pullPolicy").is_empty()
    {
        let policy = pull_policy(text(image, "reference"));
        set(image, "pullPolicy", policy);
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
    fn quantities_are_rounded_and_volumes_have_a_source() {
        let mut spec = json!({
            "containers": [{"name": "a", "image": "x:1", "resources": {"limits": {"cpu": "100u"}}}],
            "volumes": [{"name": "e"}, {"name": "i", "image": {"reference": "x"}}],
            "overhead": {"cpu": "1500n"},
        });
        pod_spec(&mut spec);
        let expected = json!({
            "containers": [{
                "name": "a", "image": "x:1", "imagePullPolicy": "IfNotPresent",
                "resources": {"limits": {"cpu": "1m"}},
            }],
            "volumes": [{"name": "e", "emptyDir": {}},
                        {"name": "i", "image": {"reference": "x", "pullPolicy": "Always"}}],
            "overhead": {"cpu": "1m"},
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
