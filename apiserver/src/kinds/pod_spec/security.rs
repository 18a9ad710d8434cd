//! Security contexts of pods and containers, and what pods for Linux or Windows may not set.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use serde_json::Value;

use super::super::Errors;
use super::super::checks::one_of_if_set;
use super::super::value::{flag, get, int, is_set, items, text};
use super::volumes::descending_path;

/// The longest name of a sysctl.
const SYSCTL_MAX: usize = 253;
const SYSCTL_PATTERN: &str =
    "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
/// The longest path of a profile on a node.
const PROFILE_MAX: usize = 4095;
const PROFILE_TYPES: &[&str] = &["Localhost", "RuntimeDefault", "Unconfined"];
const NOT_ON_WINDOWS: &str = "cannot be set for a windows pod";
const NOT_ON_LINUX: &str = "windows options cannot be set for a linux pod";
/// The three lists of containers, each under its field name.
pub(crate) const CONTAINER_LISTS: [&str; 3] =
    ["initContainers", "containers", "ephemeralContainers"];

/// Checks `securityContext` of a pod spec.
pub(crate) fn pod(errors: &mut Errors, spec: &Value, spec_path: &Path) {
    let context = get(spec, "securityContext");
    let path = spec_path.child("securityContext");
    for key in ["fsGroup", "runAsUser", "runAsGroup"] {
        id(errors, context, key, &path);
    }
    for (index, group) in items(context, "supplementalGroups").iter().enumerate() {
        let group = group.as_i64().unwrap_or(-1);
        for sentence in names::is_user_or_group_id(group) {
            errors.push(FieldError::invalid(
                &path.child("supplementalGroups").index(index),
                group,
                sentence,
            ));
        }
    }
    if flag(spec, "shareProcessNamespace") && flag(spec, "hostPID") {
        errors.push(FieldError::invalid(
            &path.child("shareProcessNamespace"),
            true,
            "ShareProcessNamespace and HostPID cannot both be enabled",
        ));
    }
    sysctls(errors, spec, &path.child("sysctls"));
    one_of_if_set(
        errors,
        context,
        "fsGroupChangePolicy",
        &path,
        &["Always", "OnRootMismatch"],
    );
    seccomp(errors, context, &path);
    app_armor(errors, context, &path);
    one_of_if_set(
        errors,
        context,
        "supplementalGroupsPolicy",
        &path,
        &["Merge", "Strict"],
    );
    one_of_if_set(
        errors,
        context,
        "seLinuxChangePolicy",
        &path,
        &["MountOption", "Recursive"],
    );
    host_users(errors, spec, spec_path);
    operating_system(errors, spec, spec_path);
}

fn host_users(errors: &mut Errors, spec: &Value, path: &Path) {
    const WITH_HOST_USERS: &str = "when `pod.Spec.HostUsers` is false";
    if get(spec, "hostUsers").as_bool() != Some(false) {
        return;
    }
    for (key, shown) in [
        ("hostNetwork", "hostNetwork"),
        ("hostPID", "HostPID"),
        ("hostIPC", "HostIPC"),
    ] {
        if flag(spec, key) {
            errors.push(FieldError::forbidden(&path.child(shown), WITH_HOST_USERS));
        }
    }
}

fn id(errors: &mut Errors, context: &Value, key: &'static str, path: &Path) {
    if let Some(number) = int(context, key) {
        for sentence in names::is_user_or_group_id(number) {
            errors.push(FieldError::invalid(&path.child(key), number, sentence));
        }
    }
}

fn sysctls(errors: &mut Errors, spec: &Value, path: &Path) {
    let sysctls = items(get(spec, "securityContext"), "sysctls");
    for (index, sysctl) in sysctls.iter().enumerate() {
        let (name, path) = (text(sysctl, "name"), path.index(index).child("name"));
        if name.is_empty() {
            errors.push(FieldError::required(&path, ""));
        } else if !is_sysctl(name) {
            errors.push(FieldError::invalid(
                &path,
                name,
                format!(
                    "must have at most {SYSCTL_MAX} characters and match regex {SYSCTL_PATTERN}"
                ),
            ));
        } else if sysctls[..index]
            .iter()
            .any(|earlier| text(earlier, "name") == name)
        {
            errors.push(FieldError::duplicate(&path, name));
        }
        let dotted = name.replace('/', ".");
        let of_ipc = ["kernel.shm", "kernel.msg", "fs.mqueue."]
            .iter()
            .any(|prefix| dotted.starts_with(prefix))
            || dotted == "kernel.sem";
        if flag(spec, "hostNetwork") && dotted.starts_with("net.") {
            errors.push(FieldError::invalid(
                &path,
                name,
                "may not be specified when 'hostNetwork' is true",
            ));
        } else if flag(spec, "hostIPC") && of_ipc {
            errors.push(FieldError::invalid(
                &path,
                name,
                "may not be specified when 'hostIPC' is true",
            ));
        }
    }
}

fn is_sysctl(name: &str) -> bool {
    let end = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    name.len() <= SYSCTL_MAX
        && name.split(['.', '/']).all(|segment| {
            let bytes = segment.as_bytes();
            match (bytes.first(), bytes.last()) {
                (Some(&first), Some(&last)) => {
                    end(first)
                        && end(last)
                        && bytes.iter().all(|&b| end(b) || b == b'-' || b == b'_')
                }
                _ => false,
            }
        })
}

fn seccomp(errors: &mut Errors, context: &Value, path: &Path) {
    let profile = get(context, "seccompProfile");
    if profile.is_null() {
        return;
    }
    let path = path.child("seccompProfile");
    match text(profile, "type") {
        "" => errors.push(FieldError::required(
            &path.child("type"),
            "type is required when seccompProfile is set",
        )),
        kind if PROFILE_TYPES.contains(&kind) => {}
        other => errors.push(FieldError::not_supported(
            &path.child("type"),
            other,
            PROFILE_TYPES,
        )),
    }
    let at = path.child("localhostProfile");
    match (
        text(profile, "type") == "Localhost",
        is_set(profile, "localhostProfile"),
    ) {
        (true, false) => errors.push(FieldError::required(
            &at,
            "must be set when seccomp type is Localhost",
        )),
        (true, true) => descending_path(errors, text(profile, "localhostProfile"), &at),
        (false, true) => {
            errors.push(FieldError::invalid(
                &at,
                profile.clone(),
                "can only be set when seccomp type is Localhost",
            ));
        }
        (false, false) => {}
    }
}

fn app_armor(errors: &mut Errors, context: &Value, path: &Path) {
    let profile = get(context, "appArmorProfile");
    if profile.is_null() {
        return;
    }
    let path = path.child("appArmorProfile");
    let (local, at) = (
        text(profile, "localhostProfile"),
        path.child("localhostProfile"),
    );
    match text(profile, "type") {
        "" => errors.push(FieldError::required(
            &path.child("type"),
            "type is required when appArmorProfile is set",
        )),
        "Localhost" if local.trim().is_empty() && local.trim() == local => {
            errors.push(FieldError::required(
                &at,
                "must be set when AppArmor type is Localhost",
            ));
        }
        "Localhost" => {
            if local.trim() != local {
                errors.push(FieldError::invalid(
                    &at,
                    local,
                    "must not be padded with whitespace",
                ));
            }
            if local.len() > PROFILE_MAX {
                errors.push(FieldError::too_long(&at, PROFILE_MAX));
            }
        }
        "RuntimeDefault" | "Unconfined" => {
            if is_set(profile, "localhostProfile") {
                errors.push(FieldError::invalid(
                    &at,
                    local,
                    "can only be set when AppArmor type is Localhost",
                ));
            }
        }
        other => errors.push(FieldError::not_supported(
            &path.child("type"),
            other,
            PROFILE_TYPES,
        )),
    }
}

/// Checks `securityContext` of a container.
pub(crate) fn container(errors: &mut Errors, container: &Value, host_users: bool, path: &Path) {
    let context = get(container, "securityContext");
    if context.is_null() {
        return;
    }
    let path = path.child("securityContext");
    for key in ["runAsUser", "runAsGroup"] {
        id(errors, context, key, &path);
    }
    let proc_mount = text(context, "procMount");
    one_of_if_set(
        errors,
        context,
        "procMount",
        &path,
        &["Default", "Unmasked"],
    );
    if host_users && proc_mount == "Unmasked" {
        errors.push(FieldError::invalid(
            &path.child("procMount"),
            proc_mount,
            "`hostUsers` must be false to use `Unmasked`",
        ));
    }
    seccomp(errors, context, &path);
    if get(context, "allowPrivilegeEscalation").as_bool() == Some(false) {
        if flag(context, "privileged") {
            errors.push(FieldError::invalid(
                &path,
                context.clone(),
                "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
            ));
        }
        let added = items(get(context, "capabilities"), "add");
        if added
            .iter()
            .any(|capability| capability.as_str() == Some("CAP_SYS_ADMIN"))
        {
            errors.push(FieldError::invalid(
                &path,
                context.clone(),
                "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
            ));
        }
    }
    app_armor(errors, context, &path);
}

fn operating_system(errors: &mut Errors, spec: &Value, path: &Path) {
    let os = get(spec, "os");
    if os.is_null() {
        return;
    }
    match text(os, "name") {
        "" => errors.push(FieldError::required(
            &path.child("os").child("name"),
            "cannot be empty",
        )),
        "linux" => linux(errors, spec, path),
        "windows" => windows(errors, spec, path),
        other => errors.push(FieldError::not_supported(
            &path.child("os"),
            other,
            &["linux", "windows"],
        )),
    }
}

fn each_context(spec: &Value, path: &Path, mut look: impl FnMut(&Value, Path)) {
    for list in CONTAINER_LISTS {
        for (index, container) in items(spec, list).iter().enumerate() {
            if is_set(container, "securityContext") {
                look(
                    get(container, "securityContext"),
                    path.child(list).index(index).child("securityContext"),
                );
            }
        }
    }
}

fn linux(errors: &mut Errors, spec: &Value, path: &Path) {
    if is_set(get(spec, "securityContext"), "windowsOptions") {
        errors.push(FieldError::forbidden(
            &path.child("securityContext").child("windowsOptions"),
            NOT_ON_LINUX,
        ));
    }
    each_context(spec, path, |context, path| {
        if is_set(context, "windowsOptions") {
            errors.push(FieldError::forbidden(
                &path.child("windowsOptions"),
                NOT_ON_LINUX,
            ));
        }
    });
}

fn windows(errors: &mut Errors, spec: &Value, path: &Path) {
    const OF_POD: [&str; 11] = [
        "appArmorProfile",
        "seLinuxOptions",
        "seccompProfile",
        "fsGroup",
        "fsGroupChangePolicy",
        "sysctls",
        "runAsUser",
        "runAsGroup",
        "supplementalGroups",
        "supplementalGroupsPolicy",
        "seLinuxChangePolicy",
    ];
    const OF_CONTAINER: [&str; 10] = [
        "appArmorProfile",
        "seLinuxOptions",
        "seccompProfile",
        "capabilities",
        "readOnlyRootFilesystem",
        "privileged",
        "allowPrivilegeEscalation",
        "procMount",
        "runAsUser",
        "runAsGroup",
    ];
    for key in ["hostUsers", "shareProcessNamespace"] {
        if is_set(spec, key) {
            errors.push(FieldError::forbidden(&path.child(key), NOT_ON_WINDOWS));
        }
    }
    for key in ["hostPID", "hostIPC"] {
        if flag(spec, key) {
            errors.push(FieldError::forbidden(&path.child(key), NOT_ON_WINDOWS));
        }
    }
    for key in OF_POD {
        if is_set(get(spec, "securityContext"), key) {
            errors.push(FieldError::forbidden(
                &path.child("securityContext").child(key),
                NOT_ON_WINDOWS,
            ));
        }
    }
    each_context(spec, path, |context, path| {
        for key in OF_CONTAINER {
            if is_set(context, key) {
                errors.push(FieldError::forbidden(&path.child(key), NOT_ON_WINDOWS));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(spec: Value) -> Vec<String> {
        let mut errors = Errors::new();
        let path = Path::new("spec");
        pod(&mut errors, &spec, &path);
        for (index, one) in items(&spec, "containers").iter().enumerate() {
            container(
                &mut errors,
                one,
                true,
                &path.child("containers").index(index),
            );
        }
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn good_contexts_pass() {
        assert!(found(json!({
            "securityContext": {"runAsUser": 1000, "fsGroup": 0, "seccompProfile": {"type": "RuntimeDefault"},
                "sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "1"}]},
            "containers": [{"securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}],
            "os": {"name": "linux"},
        })).is_empty());
    }

    #[test]
    fn bad_contexts_say_why() {
        let cases = [
            (
                json!({"securityContext": {"runAsUser": -1}}),
                "spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
            ),
            (
                json!({"securityContext": {"seccompProfile": {"type": "Localhost"}}}),
                "spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost",
            ),
            (
                json!({"hostNetwork": true, "securityContext": {"sysctls": [{"name": "net.core.somaxconn", "value": "1"}]}}),
                "spec.securityContext.sysctls[0].name: Invalid value: \"net.core.somaxconn\": may not be specified when 'hostNetwork' is true",
            ),
            (
                json!({"hostUsers": false, "hostNetwork": true}),
                "spec.hostNetwork: Forbidden: when `pod.Spec.HostUsers` is false",
            ),
            (
                json!({"containers": [{"securityContext": {"allowPrivilegeEscalation": false, "privileged": true}}]}),
                "spec.containers[0].securityContext: Invalid value: {\"allowPrivilegeEscalation\":false,\"privileged\":true}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
            ),
            (
                json!({"os": {"name": "windows"}, "hostPID": true}),
                "spec.hostPID: Forbidden: cannot be set for a windows pod",
            ),
            (
                json!({"os": {"name": "plan9"}}),
                "spec.os: Unsupported value: \"plan9\": supported values: \"linux\", \"windows\"",
            ),
        ];
        for (spec, expected) in cases {
            assert_eq!(found(spec.clone()), [expected], "{spec}");
        }
    }
}
