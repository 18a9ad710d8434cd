//! What a container mounts of its pod's volumes, as files or as block devices.

use hydrofoil_api::field::{FieldError, Path};
use serde_json::Value;

use super::super::Errors;
use super::super::checks::one_of_if_set;
use super::super::value::{flag, get, is_set, items, text};
use super::volumes::{Volumes, descending_path};

/// Checks `volumeMounts` and `volumeDevices` of a container against the volumes there are.
pub(crate) fn validate(errors: &mut Errors, container: &Value, volumes: &Volumes<'_>, path: &Path) {
    let mounts = items(container, "volumeMounts");
    let devices = items(container, "volumeDevices");
    let list = path.child("volumeMounts");
    for (index, mount) in mounts.iter().enumerate() {
        let (name, target) = (text(mount, "name"), text(mount, "mountPath"));
        let path = list.index(index);
        if name.is_empty() {
            errors.push(FieldError::required(&path.child("name"), ""));
        }
        let volume = volumes.named(name);
        if volume.is_none() {
            errors.push(FieldError::not_found(&path.child("name"), name));
        }
        if target.is_empty() {
            errors.push(FieldError::required(&path.child("mountPath"), ""));
        }
        if mounts[..index]
            .iter()
            .any(|earlier| text(earlier, "mountPath") == target)
        {
            errors.push(FieldError::invalid(
                &path.child("mountPath"),
                target,
                "must be unique",
            ));
        }
        if devices.iter().any(|device| text(device, "name") == name) {
            errors.push(FieldError::invalid(
                &path.child("name"),
                name,
                "must not already exist in volumeDevices",
            ));
        }
        if devices
            .iter()
            .any(|device| text(device, "devicePath") == target)
        {
            errors.push(FieldError::invalid(
                &path.child("mountPath"),
                target,
                "must not already exist as a path in volumeDevices",
            ));
        }
        mount_options(errors, mount, container, &list, &path);
    }
    for (index, device) in devices.iter().enumerate() {
        let earlier = &devices[..index];
        device_is_valid(
            errors,
            device,
            earlier,
            mounts,
            volumes,
            &path.child("volumeDevices").index(index),
        );
    }
}

/// Upstream reports some faults of a mount at the list instead of the entry; so does this.
fn mount_options(errors: &mut Errors, mount: &Value, container: &Value, list: &Path, path: &Path) {
    let (sub_path, expression) = (text(mount, "subPath"), text(mount, "subPathExpr"));
    if !sub_path.is_empty() {
        descending_path(errors, sub_path, &list.child("subPath"));
    }
    if !expression.is_empty() {
        if !sub_path.is_empty() {
            errors.push(FieldError::invalid(
                &path.child("subPathExpr"),
                expression,
                "subPathExpr and subPath are mutually exclusive",
            ));
        }
        descending_path(errors, expression, &list.child("subPathExpr"));
    }
    let propagation = text(mount, "mountPropagation");
    if is_set(mount, "mountPropagation") {
        one_of_if_set(
            errors,
            mount,
            "mountPropagation",
            list,
            &["Bidirectional", "HostToContainer", "None"],
        );
        if propagation == "Bidirectional" && !flag(get(container, "securityContext"), "privileged")
        {
            errors.push(FieldError::forbidden(
                &list.child("mountPropagation"),
                "Bidirectional mount propagation is available only to privileged containers",
            ));
        }
    }
    let at_recursive = || list.child("recursiveReadOnly");
    match text(mount, "recursiveReadOnly") {
        "" | "Disabled" => {}
        "Enabled" | "IfPossible" => {
            if !flag(mount, "readOnly") {
                errors.push(FieldError::forbidden(
                    &at_recursive(),
                    "may only be specified when readOnly is true",
                ));
            }
            if !propagation.is_empty() && propagation != "None" {
                errors.push(FieldError::forbidden(
                    &at_recursive(),
                    "may only be specified when mountPropagation is None or not specified",
                ));
            }
        }
        other => errors.push(FieldError::not_supported(
            &at_recursive(),
            other,
            &["Disabled", "Enabled", "IfPossible"],
        )),
    }
}

fn device_is_valid(
    errors: &mut Errors,
    device: &Value,
    earlier: &[Value],
    mounts: &[Value],
    volumes: &Volumes<'_>,
    path: &Path,
) {
    let (name, target) = (text(device, "name"), text(device, "devicePath"));
    let (at_name, at_path) = (path.child("name"), path.child("devicePath"));
    if name.is_empty() {
        errors.push(FieldError::required(&at_name, ""));
    }
    if earlier.iter().any(|other| text(other, "name") == name) {
        errors.push(FieldError::invalid(&at_name, name, "must be unique"));
    }
    match volumes.named(name) {
        None => errors.push(FieldError::not_found(&at_name, name)),
        Some(volume)
            if !is_set(volume, "persistentVolumeClaim") && !is_set(volume, "ephemeral") =>
        {
            errors.push(FieldError::invalid(
                &at_name,
                name,
                "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
            ));
        }
        Some(_) => {}
    }
    if target.is_empty() {
        errors.push(FieldError::required(&at_path, ""));
    }
    if earlier
        .iter()
        .any(|other| text(other, "devicePath") == target)
    {
        errors.push(FieldError::invalid(&at_path, target, "must be unique"));
    }
    if target.split('/').any(|part| part == "..") {
        errors.push(FieldError::invalid(
            &at_path,
            target,
            "can not contain backsteps ('..')",
        ));
    }
    if mounts.iter().any(|mount| text(mount, "name") == name) {
        errors.push(FieldError::invalid(
            &at_name,
            name,
            "must not already exist in volumeMounts",
        ));
    }
    if mounts
        .iter()
        .any(|mount| text(mount, "mountPath") == target)
    {
        errors.push(FieldError::invalid(
            &at_path,
            target,
            "must not already exist as a path in volumeMounts",
        ));
    }
}
