//! Volumes of a pod spec and what containers mount of them.
//!
//! The types that 1.36 still runs on its own (emptyDir, hostPath, configMap, secret, downwardAPI, projected,
//! persistentVolumeClaim, ephemeral, csi, nfs, iscsi, fc, image) are checked in full. Of the removed in-tree types only their
//! being more than one source is checked: nothing can mount them.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use hydrofoil_api::quantity::Quantity;
use serde_json::Value;

use super::super::Errors;
use super::super::checks::{dns_label, label_selector, one_of_if_set};
use super::super::value::{at, get, int, is_set, items, text};
use super::env::{FILE_FIELDS, field_ref, resource_field_ref};

const FILE_MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";
const HOST_PATH_TYPES: &[&str] = &[
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
];
/// Shortest life of a projected token, in seconds.
const TOKEN_SECONDS_MIN: i64 = 600;
/// Longest life of a projected token, in seconds.
const TOKEN_SECONDS_MAX: i64 = 1 << 32;
/// Every source upstream knows, in the order it looks at them.
const SOURCES: &[&str] = &[
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

/// The volumes of a pod spec that are usable, found by name. A pod has few, so a list serves.
pub(crate) struct Volumes<'a>(Vec<(&'a str, &'a Value)>);

impl<'a> Volumes<'a> {
    pub(super) fn named(&self, name: &str) -> Option<&'a Value> {
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, volume)| *volume)
    }
}

/// Checks the volumes; those without a fault can be mounted. `pod_name` is empty for templates.
pub(crate) fn validate<'a>(
    errors: &mut Errors,
    spec: &'a Value,
    pod_name: &str,
    path: &Path,
) -> Volumes<'a> {
    let volumes = items(spec, "volumes");
    let mut usable = Volumes(Vec::with_capacity(volumes.len()));
    for (index, volume) in volumes.iter().enumerate() {
        let path = path.child("volumes").index(index);
        let before = errors.len();
        let name = text(volume, "name");
        source(errors, volume, pod_name, &path);
        if name.is_empty() {
            errors.push(FieldError::required(&path.child("name"), ""));
        } else {
            dns_label(errors, name, &path.child("name"));
        }
        if usable.named(name).is_some() {
            errors.push(FieldError::duplicate(&path.child("name"), name));
        }
        if errors.len() == before {
            usable.0.push((name, volume));
        }
        let claim = text(get(volume, "persistentVolumeClaim"), "claimName");
        if !claim.is_empty() && !pod_name.is_empty() {
            let created = volumes.iter().any(|other| {
                is_set(other, "ephemeral")
                    && claim
                        .strip_prefix(pod_name)
                        .and_then(|rest| rest.strip_prefix('-'))
                        == Some(text(other, "name"))
            });
            if created {
                errors.push(FieldError::invalid(
                    &path.child("persistentVolumeClaim").child("claimName"),
                    claim,
                    "must not reference a PVC that gets created for an ephemeral volume",
                ));
            }
        }
    }
    usable
}

fn source(errors: &mut Errors, volume: &Value, pod_name: &str, path: &Path) {
    let mut found = false;
    for &kind in SOURCES {
        if !is_set(volume, kind) {
            continue;
        }
        if found {
            errors.push(FieldError::forbidden(
                &path.child(kind),
                "may not specify more than 1 volume type",
            ));
            continue;
        }
        found = true;
        one_source(errors, kind, volume, pod_name, path);
    }
    if !found {
        errors.push(FieldError::required(path, "must specify a volume type"));
    }
}

fn one_source(
    errors: &mut Errors,
    kind: &'static str,
    volume: &Value,
    pod_name: &str,
    volume_path: &Path,
) {
    let (source, path) = (get(volume, kind), volume_path.child(kind));
    let mut need = |keys: &[&'static str]| {
        for key in keys {
            if text(source, key).is_empty() {
                errors.push(FieldError::required(&path.child(*key), ""));
            }
        }
    };
    match kind {
        "emptyDir" => {
            let limit = text(source, "sizeLimit");
            if Quantity::parse(limit).is_ok_and(|limit| limit.signum() < 0) {
                errors.push(FieldError::forbidden(
                    &path.child("sizeLimit"),
                    "SizeLimit field must be a valid resource quantity",
                ));
            }
        }
        "hostPath" => {
            need(&["path"]);
            no_backsteps(errors, text(source, "path"), &path.child("path"));
            one_of_if_set(errors, source, "type", &path, HOST_PATH_TYPES);
        }
        "secret" => {
            need(&["secretName"]);
            file_mode(errors, source, "defaultMode", &path);
            keys_to_paths(errors, source, &path);
        }
        "configMap" => {
            need(&["name"]);
            file_mode(errors, source, "defaultMode", &path);
            keys_to_paths(errors, source, &path);
        }
        "downwardAPI" => {
            file_mode(errors, source, "defaultMode", &path);
            for file in items(source, "items") {
                downward_file(errors, file, &path);
            }
        }
        "projected" => {
            file_mode(errors, source, "defaultMode", &path);
            projected(errors, source, &path);
        }
        "persistentVolumeClaim" => need(&["claimName"]),
        "nfs" => {
            need(&["server", "path"]);
            let mounted = text(source, "path");
            if !mounted.is_empty() && !mounted.starts_with('/') {
                errors.push(FieldError::invalid(
                    &path.child("path"),
                    mounted,
                    "must be an absolute path",
                ));
            }
        }
        "iscsi" => need(&["targetPortal", "iqn"]),
        "csi" => {
            need(&["driver"]);
            let secret = get(source, "nodePublishSecretRef");
            if !secret.is_null() && text(secret, "name").is_empty() {
                errors.push(FieldError::required(
                    &path.child("nodePublishSecretRef").child("name"),
                    "",
                ));
            }
        }
        "ephemeral" => ephemeral(errors, volume, pod_name, volume_path),
        "image" => {
            if text(source, "reference").is_empty() {
                errors.push(FieldError::required(&path.child("reference"), ""));
            }
            one_of_if_set(
                errors,
                source,
                "pullPolicy",
                &path,
                &["Always", "IfNotPresent", "Never"],
            );
        }
        _ => {}
    }
}

fn ephemeral(errors: &mut Errors, volume: &Value, pod_name: &str, path: &Path) {
    let template = at(volume, &["ephemeral", "volumeClaimTemplate"]);
    let at_template = path.child("ephemeral").child("volumeClaimTemplate");
    if template.is_null() {
        errors.push(FieldError::required(&at_template, ""));
        return;
    }
    let claim = get(template, "spec");
    if items(claim, "accessModes").is_empty() {
        let at_modes = at_template.child("spec").child("accessModes");
        errors.push(FieldError::required(
            &at_modes,
            "at least 1 access mode is required",
        ));
    }
    if !is_set(at(claim, &["resources", "requests"]), "storage") {
        errors.push(FieldError::required(
            &at_template.child("spec").child("resources").key("storage"),
            "",
        ));
    }
    let name = text(volume, "name");
    if !pod_name.is_empty() && !name.is_empty() {
        let claim_name = format!("{pod_name}-{name}");
        for sentence in names::is_dns1123_subdomain(&claim_name) {
            errors.push(FieldError::invalid(
                &path.child("name"),
                name,
                format!(
                    "PVC name {}: {sentence}",
                    hydrofoil_api::gotext::quote(&claim_name)
                ),
            ));
        }
    }
}

fn file_mode(errors: &mut Errors, source: &Value, key: &'static str, path: &Path) {
    if let Some(mode) = int(source, key)
        && !(0..=0o777).contains(&mode)
    {
        errors.push(FieldError::invalid(&path.child(key), mode, FILE_MODE));
    }
}

fn keys_to_paths(errors: &mut Errors, source: &Value, path: &Path) {
    for (index, item) in items(source, "items").iter().enumerate() {
        key_to_path(errors, item, &path.child("items").index(index));
    }
}

fn key_to_path(errors: &mut Errors, item: &Value, path: &Path) {
    if text(item, "key").is_empty() {
        errors.push(FieldError::required(&path.child("key"), ""));
    }
    if text(item, "path").is_empty() {
        errors.push(FieldError::required(&path.child("path"), ""));
    }
    local_path(errors, text(item, "path"), &path.child("path"));
    file_mode(errors, item, "mode", path);
}

fn downward_file(errors: &mut Errors, file: &Value, path: &Path) {
    if text(file, "path").is_empty() {
        errors.push(FieldError::required(&path.child("path"), ""));
    }
    local_path(errors, text(file, "path"), &path.child("path"));
    let (field, resource) = (get(file, "fieldRef"), get(file, "resourceFieldRef"));
    if !field.is_null() {
        field_ref(errors, field, FILE_FIELDS, &path.child("fieldRef"));
        if !resource.is_null() {
            errors.push(FieldError::invalid(
                path,
                "resource",
                "fieldRef and resourceFieldRef can not be specified simultaneously",
            ));
        }
    } else if !resource.is_null() {
        resource_field_ref(errors, resource, true, &path.child("resourceFieldRef"));
    } else {
        errors.push(FieldError::required(
            path,
            "one of fieldRef and resourceFieldRef is required",
        ));
    }
    file_mode(errors, file, "mode", path);
}

fn projected<'a>(errors: &mut Errors, volume: &'a Value, path: &Path) {
    let mut paths: Vec<&'a str> = Vec::new();
    let mut seen = |errors: &mut Errors, file: &'a str, shown: &str| {
        if file.is_empty() {
            return;
        }
        if paths.contains(&file) {
            errors.push(FieldError::invalid(
                path,
                shown,
                "conflicting duplicate paths",
            ));
        } else {
            paths.push(file);
        }
    };
    for (index, source) in items(volume, "sources").iter().enumerate() {
        let source_path = path.child("sources").index(index);
        let mut kinds = 0;
        for kind in ["secret", "configMap"] {
            let inner = get(source, kind);
            if inner.is_null() {
                continue;
            }
            kinds += 1;
            let path = source_path.child(kind);
            if text(inner, "name").is_empty() {
                errors.push(FieldError::required(&path.child("name"), ""));
            }
            for (index, item) in items(inner, "items").iter().enumerate() {
                key_to_path(errors, item, &path.child("items").index(index));
                seen(errors, text(item, "path"), text(inner, "name"));
            }
        }
        let downward = get(source, "downwardAPI");
        if !downward.is_null() {
            kinds += 1;
            for file in items(downward, "items") {
                downward_file(errors, file, &source_path.child("downwardAPI"));
                seen(errors, text(file, "path"), text(file, "path"));
            }
        }
        let token = get(source, "serviceAccountToken");
        if !token.is_null() {
            kinds += 1;
            projected_token(
                errors,
                token,
                path,
                &source_path.child("serviceAccountToken"),
            );
        }
        let bundle = get(source, "clusterTrustBundle");
        if !bundle.is_null() {
            kinds += 1;
            trust_bundle(errors, bundle, &source_path.child("clusterTrustBundle"));
            seen(errors, text(bundle, "path"), text(bundle, "path"));
        }
        if is_set(source, "podCertificate") {
            kinds += 1;
        }
        if kinds > 1 {
            errors.push(FieldError::forbidden(
                &source_path,
                "may not specify more than 1 volume type per source",
            ));
        }
    }
}

fn projected_token(errors: &mut Errors, token: &Value, volume: &Path, path: &Path) {
    let seconds = int(token, "expirationSeconds").unwrap_or(0);
    let wrong = if seconds < TOKEN_SECONDS_MIN {
        "may not specify a duration less than 10 minutes"
    } else if seconds > TOKEN_SECONDS_MAX {
        "may not specify a duration larger than 2^32 seconds"
    } else {
        ""
    };
    if !wrong.is_empty() {
        errors.push(FieldError::invalid(
            &path.child("expirationSeconds"),
            seconds,
            wrong,
        ));
    }
    if text(token, "path").is_empty() {
        errors.push(FieldError::required(&volume.child("path"), ""));
    } else {
        local_path(errors, text(token, "path"), &volume.child("path"));
    }
}

fn trust_bundle(errors: &mut Errors, bundle: &Value, path: &Path) {
    match (is_set(bundle, "name"), is_set(bundle, "signerName")) {
        (true, true) => {
            errors.push(FieldError::invalid(
                path,
                bundle.clone(),
                "only one of name and signerName may be used",
            ));
        }
        (true, false) => {
            if text(bundle, "name").is_empty() {
                errors.push(FieldError::required(
                    &path.child("name"),
                    "must be a valid object name",
                ));
            }
            if is_set(bundle, "labelSelector") {
                errors.push(FieldError::invalid(
                    &path.child("labelSelector"),
                    get(bundle, "labelSelector").clone(),
                    "labelSelector must be unset if name is specified",
                ));
            }
        }
        (false, true) => {
            if text(bundle, "signerName").is_empty() {
                errors.push(FieldError::required(
                    &path.child("signerName"),
                    "must be a valid signer name",
                ));
            }
            label_selector(
                errors,
                get(bundle, "labelSelector"),
                &path.child("labelSelector"),
            );
        }
        (false, false) => {
            errors.push(FieldError::required(
                path,
                "either name or signerName must be specified",
            ));
        }
    }
    if text(bundle, "path").is_empty() {
        errors.push(FieldError::required(&path.child("path"), ""));
    }
    local_path(errors, text(bundle, "path"), &path.child("path"));
}

/// A path inside a volume: relative, no `..` element, and no name beginning with `..`, which the node keeps for itself.
pub(crate) fn local_path(errors: &mut Errors, target: &str, path: &Path) {
    descending_path(errors, target, path);
    if target.starts_with("..") && !target.starts_with("../") && target != ".." {
        errors.push(FieldError::invalid(
            path,
            target,
            "must not start with '..'",
        ));
    }
}

/// A relative path without `..` elements.
pub(crate) fn descending_path(errors: &mut Errors, target: &str, path: &Path) {
    if target.starts_with('/') {
        errors.push(FieldError::invalid(path, target, "must be a relative path"));
    }
    no_backsteps(errors, target, path);
}

fn no_backsteps(errors: &mut Errors, target: &str, path: &Path) {
    if target.split('/').any(|part| part == "..") {
        errors.push(FieldError::invalid(path, target, "must not contain '..'"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(spec: Value) -> Vec<String> {
        let mut errors = Errors::new();
        let path = Path::new("spec");
        let volumes = validate(&mut errors, &spec, "p", &path);
        for (index, container) in items(&spec, "containers").iter().enumerate() {
            super::super::mounts::validate(
                &mut errors,
                container,
                &volumes,
                &path.child("containers").index(index),
            );
        }
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn good_volumes_pass() {
        assert!(found(json!({
            "volumes": [
                {"name": "e", "emptyDir": {"sizeLimit": "1Gi"}},
                {"name": "c", "configMap": {"name": "x", "defaultMode": 420, "items": [{"key": "a", "path": "b/c"}]}},
                {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}}]}},
                {"name": "d", "downwardAPI": {"items": [{"path": "labels", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.labels"}}]}},
            ],
            "containers": [{"volumeMounts": [{"name": "e", "mountPath": "/a"}, {"name": "c", "mountPath": "/b", "subPath": "x"}]}],
        })).is_empty());
    }

    #[test]
    fn bad_volumes_say_why() {
        let cases = [
            (
                json!({"volumes": [{"name": "a"}]}),
                "spec.volumes[0]: Required value: must specify a volume type",
            ),
            (
                json!({"volumes": [{"name": "a", "emptyDir": {}, "hostPath": {"path": "/x"}}]}),
                "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type",
            ),
            (
                json!({"volumes": [{"name": "a", "emptyDir": {}}, {"name": "a", "emptyDir": {}}]}),
                "spec.volumes[1].name: Duplicate value: \"a\"",
            ),
            (
                json!({"volumes": [{"name": "a", "configMap": {}}]}),
                "spec.volumes[0].configMap.name: Required value",
            ),
            (
                json!({"volumes": [{"name": "a", "secret": {"secretName": "s", "defaultMode": 1000}}]}),
                "spec.volumes[0].secret.defaultMode: Invalid value: 1000: must be a number between 0 and 0777 (octal), both inclusive",
            ),
            (
                json!({"volumes": [{"name": "a", "configMap": {"name": "c", "items": [{"key": "k", "path": "../x"}]}}]}),
                "spec.volumes[0].configMap.items[0].path: Invalid value: \"../x\": must not contain '..'",
            ),
            (
                json!({"containers": [{"volumeMounts": [{"name": "nope", "mountPath": "/a"}]}]}),
                "spec.containers[0].volumeMounts[0].name: Not found: \"nope\"",
            ),
            (
                json!({"volumes": [{"name": "e", "emptyDir": {}}],
                       "containers": [{"volumeMounts": [{"name": "e", "mountPath": "/a"}, {"name": "e", "mountPath": "/a"}]}]}),
                "spec.containers[0].volumeMounts[1].mountPath: Invalid value: \"/a\": must be unique",
            ),
            (
                json!({"volumes": [{"name": "e", "emptyDir": {}}],
                       "containers": [{"volumeMounts": [{"name": "e", "mountPath": "/a", "subPath": "/x"}]}]}),
                "spec.containers[0].volumeMounts.subPath: Invalid value: \"/x\": must be a relative path",
            ),
        ];
        for (spec, expected) in cases {
            assert_eq!(found(spec.clone()), [expected], "{spec}");
        }
    }
}
