//! A pod and its containers as CRI takes them: sandbox configuration, container configuration, security contexts, DNS
//! (upstream: `pkg/kubelet/kuberuntime`).

use std::collections::{BTreeMap, HashMap};

use hydrofoil_cri::v1::{self as wire};
use k8s_openapi::api::core::v1::{
    AppArmorProfile, Container, Pod, PodSecurityContext, PodSpec, SELinuxOptions, SeccompProfile,
    SecurityContext,
};

use super::config::Config;
use super::env::expand;
use super::{labels, resources};

/// Most characters of a host name.
const MAX_HOSTNAME: usize = 63;
/// Paths hidden from containers unless `procMount` is `Unmasked` (the runtime's defaults, which Kubernetes repeats).
const MASKED_PATHS: [&str; 11] = [
    "/proc/asound",
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
];
const READONLY_PATHS: [&str; 5] = [
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/sys",
    "/proc/sysrq-trigger",
];

/// The host name a pod's processes see.
pub(crate) fn hostname(pod: &Pod) -> String {
    let spec = pod.spec.as_ref();
    let wanted = spec
        .and_then(|spec| {
            spec.hostname_override
                .as_deref()
                .or(spec.hostname.as_deref())
        })
        .filter(|name| !name.is_empty());
    let name = wanted.or(pod.metadata.name.as_deref()).unwrap_or_default();
    let mut end = name.len().min(MAX_HOSTNAME);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].trim_end_matches(['-', '.']).to_owned()
}

/// The name of a pod's log directory under the node's.
pub(crate) fn log_directory_name(pod: &Pod) -> String {
    let meta = &pod.metadata;
    format!(
        "{}_{}_{}",
        meta.namespace.as_deref().unwrap_or_default(),
        meta.name.as_deref().unwrap_or_default(),
        meta.uid.as_deref().unwrap_or_default()
    )
}

/// A container's log file under its pod's log directory.
pub(crate) fn log_path(container: &str, attempt: u32) -> String {
    format!("{container}/{attempt}.log")
}

/// The configuration of a pod's sandbox.
pub(crate) fn sandbox(
    config: &Config,
    pod: &Pod,
    attempt: u32,
    host_dns: &wire::DnsConfig,
) -> wire::PodSandboxConfig {
    let meta = &pod.metadata;
    let default = PodSpec::default();
    let spec = pod.spec.as_ref().unwrap_or(&default);
    let host_network = spec.host_network == Some(true);
    wire::PodSandboxConfig {
        metadata: Some(wire::PodSandboxMetadata {
            name: meta.name.clone().unwrap_or_default(),
            uid: meta.uid.clone().unwrap_or_default(),
            namespace: meta.namespace.clone().unwrap_or_default(),
            attempt,
        }),
        hostname: if host_network {
            String::new()
        } else {
            hostname(pod)
        },
        log_directory: config
            .pod_logs_dir()
            .join(log_directory_name(pod))
            .to_string_lossy()
            .into_owned(),
        dns_config: Some(dns(config, pod, host_dns)),
        port_mappings: port_mappings(spec),
        labels: labels::sandbox_labels(pod),
        annotations: labels::sandbox_annotations(pod),
        linux: Some(wire::LinuxPodSandboxConfig {
            cgroup_parent: format!("/kubepods/pod{}", meta.uid.as_deref().unwrap_or_default()),
            security_context: Some(sandbox_security(spec)),
            sysctls: spec
                .security_context
                .iter()
                .flat_map(|context| context.sysctls.iter().flatten())
                .map(|sysctl| (sysctl.name.clone(), sysctl.value.clone()))
                .collect(),
            overhead: None,
            resources: Some(sandbox_resources(spec)),
        }),
        windows: None,
    }
}

fn sandbox_resources(spec: &PodSpec) -> wire::LinuxContainerResources {
    let limits = |container: &Container| {
        container
            .resources
            .as_ref()
            .and_then(|resources| resources.limits.clone())
    };
    // A pod is limited only when all of its containers are.
    let memory: Option<i64> = spec
        .containers
        .iter()
        .map(|container| {
            Some(resources::units(&limits(container), "memory")).filter(|bytes| *bytes > 0)
        })
        .sum();
    wire::LinuxContainerResources {
        memory_limit_in_bytes: memory.unwrap_or(0),
        ..wire::LinuxContainerResources::default()
    }
}

/// Every port that a container of the pod declares.
fn port_mappings(spec: &PodSpec) -> Vec<wire::PortMapping> {
    let sidecars = spec
        .init_containers
        .iter()
        .flatten()
        .filter(|container| container.restart_policy.as_deref() == Some("Always"));
    spec.containers
        .iter()
        .chain(sidecars)
        .flat_map(|container| container.ports.iter().flatten())
        .map(|port| wire::PortMapping {
            protocol: match port.protocol.as_deref() {
                Some("UDP") => wire::Protocol::Udp,
                Some("SCTP") => wire::Protocol::Sctp,
                _ => wire::Protocol::Tcp,
            }
            .into(),
            container_port: port.container_port,
            host_port: port.host_port.unwrap_or(0),
            host_ip: port.host_ip.clone().unwrap_or_default(),
        })
        .collect()
}

fn dns(config: &Config, pod: &Pod, host: &wire::DnsConfig) -> wire::DnsConfig {
    let default = PodSpec::default();
    let spec = pod.spec.as_ref().unwrap_or(&default);
    let policy = match spec.dns_policy.as_deref() {
        Some("None") => "None",
        Some("Default") => "Default",
        Some("ClusterFirst") | None if spec.host_network == Some(true) => "Default",
        _ if config.cluster_dns.is_empty() => "Default",
        _ => "ClusterFirst",
    };
    let mut dns = match policy {
        "None" => wire::DnsConfig::default(),
        "Default" => host.clone(),
        _ => {
            let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
            let domain = &config.cluster_domain;
            let mut searches = vec![
                format!("{namespace}.svc.{domain}"),
                format!("svc.{domain}"),
                domain.clone(),
            ];
            searches.extend(host.searches.iter().cloned());
            wire::DnsConfig {
                servers: config.cluster_dns.iter().map(ToString::to_string).collect(),
                searches,
                options: vec!["ndots:5".to_owned()],
            }
        }
    };
    if let Some(own) = &spec.dns_config {
        append(&mut dns.servers, own.nameservers.iter().flatten().cloned());
        append(&mut dns.searches, own.searches.iter().flatten().cloned());
        for option in own.options.iter().flatten() {
            let Some(name) = &option.name else { continue };
            dns.options.retain(|known| {
                known
                    .split_once(':')
                    .map_or(known.as_str(), |(known, _)| known)
                    != name
            });
            dns.options.push(match &option.value {
                Some(value) => format!("{name}:{value}"),
                None => name.clone(),
            });
        }
    }
    dns
}

fn append(list: &mut Vec<String>, more: impl Iterator<Item = String>) {
    for item in more {
        if !list.contains(&item) {
            list.push(item);
        }
    }
}

fn namespaces(spec: &PodSpec) -> wire::NamespaceOption {
    let node_or = |node: Option<bool>, other: wire::NamespaceMode| {
        i32::from(if node == Some(true) {
            wire::NamespaceMode::Node
        } else {
            other
        })
    };
    let pid = if spec.share_process_namespace == Some(true) {
        wire::NamespaceMode::Pod
    } else {
        wire::NamespaceMode::Container
    };
    wire::NamespaceOption {
        network: node_or(spec.host_network, wire::NamespaceMode::Pod),
        pid: node_or(spec.host_pid, pid),
        ipc: node_or(spec.host_ipc, wire::NamespaceMode::Pod),
        target_id: String::new(),
        userns_options: None,
    }
}

fn int64(value: Option<i64>) -> Option<wire::Int64Value> {
    value.map(|value| wire::Int64Value { value })
}

fn sandbox_security(spec: &PodSpec) -> wire::LinuxSandboxSecurityContext {
    let default = PodSecurityContext::default();
    let pod = spec.security_context.as_ref().unwrap_or(&default);
    let privileged = spec
        .containers
        .iter()
        .chain(spec.init_containers.iter().flatten())
        .any(|container| {
            container
                .security_context
                .as_ref()
                .is_some_and(|context| context.privileged == Some(true))
        });
    wire::LinuxSandboxSecurityContext {
        namespace_options: Some(namespaces(spec)),
        selinux_options: selinux(pod.se_linux_options.as_ref()),
        run_as_user: int64(pod.run_as_user),
        run_as_group: int64(pod.run_as_group),
        readonly_rootfs: false,
        supplemental_groups: supplemental_groups(pod),
        supplemental_groups_policy: groups_policy(pod),
        privileged,
        seccomp: Some(seccomp(
            pod.seccomp_profile.as_ref().or(Some(&runtime_default())),
        )),
        apparmor: pod.app_armor_profile.as_ref().map(apparmor),
        ..wire::LinuxSandboxSecurityContext::default()
    }
}

fn runtime_default() -> SeccompProfile {
    SeccompProfile {
        localhost_profile: None,
        type_: "RuntimeDefault".to_owned(),
    }
}

fn supplemental_groups(pod: &PodSecurityContext) -> Vec<i64> {
    pod.fs_group
        .into_iter()
        .chain(pod.supplemental_groups.iter().flatten().copied())
        .collect()
}

fn groups_policy(pod: &PodSecurityContext) -> i32 {
    match pod.supplemental_groups_policy.as_deref() {
        Some("Strict") => wire::SupplementalGroupsPolicy::Strict,
        _ => wire::SupplementalGroupsPolicy::Merge,
    }
    .into()
}

fn selinux(options: Option<&SELinuxOptions>) -> Option<wire::SeLinuxOption> {
    options.map(|options| wire::SeLinuxOption {
        user: options.user.clone().unwrap_or_default(),
        role: options.role.clone().unwrap_or_default(),
        r#type: options.type_.clone().unwrap_or_default(),
        level: options.level.clone().unwrap_or_default(),
    })
}

fn profile(kind: &str, localhost: Option<&String>) -> wire::SecurityProfile {
    use wire::security_profile::ProfileType;
    let profile_type = match kind {
        "RuntimeDefault" => ProfileType::RuntimeDefault,
        "Localhost" => ProfileType::Localhost,
        _ => ProfileType::Unconfined,
    };
    wire::SecurityProfile {
        profile_type: profile_type.into(),
        localhost_ref: localhost.cloned().unwrap_or_default(),
    }
}

fn seccomp(seccomp: Option<&SeccompProfile>) -> wire::SecurityProfile {
    match seccomp {
        Some(seccomp) => profile(&seccomp.type_, seccomp.localhost_profile.as_ref()),
        None => profile("Unconfined", None),
    }
}

fn apparmor(apparmor: &AppArmorProfile) -> wire::SecurityProfile {
    profile(&apparmor.type_, apparmor.localhost_profile.as_ref())
}

/// Refuses a container that must not run as root but is told to.
pub(crate) fn verify_non_root(pod: &Pod, container: &Container) -> Result<(), String> {
    let of_pod = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.security_context.as_ref());
    let own = container.security_context.as_ref();
    let non_root = own
        .and_then(|context| context.run_as_non_root)
        .or_else(|| of_pod.and_then(|context| context.run_as_non_root));
    let user = own
        .and_then(|context| context.run_as_user)
        .or_else(|| of_pod.and_then(|context| context.run_as_user));
    if non_root == Some(true) && user == Some(0) {
        let meta = &pod.metadata;
        return Err(format!(
            "container's runAsUser breaks non-root policy (pod: \"{}_{}({})\", container: {})",
            meta.name.as_deref().unwrap_or_default(),
            meta.namespace.as_deref().unwrap_or_default(),
            meta.uid.as_deref().unwrap_or_default(),
            container.name
        ));
    }
    Ok(())
}

fn container_security(
    spec: &PodSpec,
    container: &Container,
) -> wire::LinuxContainerSecurityContext {
    let no_pod = PodSecurityContext::default();
    let pod = spec.security_context.as_ref().unwrap_or(&no_pod);
    let none = SecurityContext::default();
    let own = container.security_context.as_ref().unwrap_or(&none);
    let privileged = own.privileged == Some(true);
    let unmasked = privileged || own.proc_mount.as_deref() == Some("Unmasked");
    let paths = |list: &[&str]| {
        if unmasked {
            Vec::new()
        } else {
            list.iter().map(|path| (*path).to_owned()).collect()
        }
    };
    let capabilities = own.capabilities.as_ref().map(|wanted| wire::Capability {
        add_capabilities: wanted.add.clone().unwrap_or_default(),
        drop_capabilities: wanted.drop.clone().unwrap_or_default(),
        add_ambient_capabilities: Vec::new(),
    });
    wire::LinuxContainerSecurityContext {
        capabilities,
        privileged,
        namespace_options: Some(namespaces(spec)),
        selinux_options: selinux(
            own.se_linux_options
                .as_ref()
                .or(pod.se_linux_options.as_ref()),
        ),
        run_as_user: int64(own.run_as_user.or(pod.run_as_user)),
        run_as_group: int64(own.run_as_group.or(pod.run_as_group)),
        readonly_rootfs: own.read_only_root_filesystem == Some(true),
        supplemental_groups: supplemental_groups(pod),
        supplemental_groups_policy: groups_policy(pod),
        no_new_privs: own.allow_privilege_escalation == Some(false) && !privileged,
        masked_paths: paths(&MASKED_PATHS),
        readonly_paths: paths(&READONLY_PATHS),
        seccomp: Some(if privileged {
            profile("Unconfined", None)
        } else {
            seccomp(
                own.seccomp_profile
                    .as_ref()
                    .or(pod.seccomp_profile.as_ref()),
            )
        }),
        apparmor: own
            .app_armor_profile
            .as_ref()
            .or(pod.app_armor_profile.as_ref())
            .map(apparmor),
        ..wire::LinuxContainerSecurityContext::default()
    }
}

/// The parts of a container's configuration that are not in its spec.
pub(crate) struct Parts {
    pub attempt: u32,
    pub image_ref: String,
    pub runtime_handler: String,
    pub environment: BTreeMap<String, String>,
    pub mounts: Vec<wire::Mount>,
    pub memory_capacity: i64,
}

/// The configuration of a container.
pub(crate) fn container(pod: &Pod, container: &Container, parts: Parts) -> wire::ContainerConfig {
    let default = PodSpec::default();
    let spec = pod.spec.as_ref().unwrap_or(&default);
    let lookup = |name: &str| parts.environment.get(name).cloned();
    let expanded = |list: &Option<Vec<String>>| -> Vec<String> {
        list.iter()
            .flatten()
            .map(|text| expand(text, lookup))
            .collect()
    };
    wire::ContainerConfig {
        metadata: Some(wire::ContainerMetadata {
            name: container.name.clone(),
            attempt: parts.attempt,
        }),
        image: Some(wire::ImageSpec {
            image: parts.image_ref,
            annotations: HashMap::new(),
            user_specified_image: container.image.clone().unwrap_or_default(),
            runtime_handler: parts.runtime_handler,
            image_ref: String::new(),
        }),
        command: expanded(&container.command),
        args: expanded(&container.args),
        working_dir: container.working_dir.clone().unwrap_or_default(),
        envs: parts
            .environment
            .iter()
            .map(|(key, value)| wire::KeyValue {
                key: key.clone(),
                value: value.clone().into_bytes(),
            })
            .collect(),
        mounts: parts.mounts,
        devices: Vec::new(),
        labels: labels::container_labels(pod, container),
        annotations: labels::container_annotations(pod, container, parts.attempt),
        log_path: log_path(&container.name, parts.attempt),
        stdin: container.stdin == Some(true),
        stdin_once: container.stdin_once == Some(true),
        tty: container.tty == Some(true),
        linux: Some(wire::LinuxContainerConfig {
            resources: Some(resources::linux(pod, container, parts.memory_capacity)),
            security_context: Some(container_security(spec, container)),
        }),
        windows: None,
        cdi_devices: Vec::new(),
        stop_signal: wire::Signal::RuntimeDefault.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(spec: serde_json::Value) -> Pod {
        serde_json::from_value(
            json!({"metadata": {"name": "p", "namespace": "n", "uid": "u"}, "spec": spec}),
        )
        .unwrap()
    }

    #[test]
    fn every_declared_port_is_mapped() {
        let pod = pod(json!({"containers": [
            {"name": "a", "ports": [{"containerPort": 8080}, {"containerPort": 53, "protocol": "UDP"}]},
            {"name": "b", "ports": [{"containerPort": 9090, "hostPort": 19090}]}]}));
        let config = sandbox(&Config::default(), &pod, 2, &wire::DnsConfig::default());
        let ports: Vec<(i32, i32)> = config
            .port_mappings
            .iter()
            .map(|port| (port.container_port, port.protocol))
            .collect();
        assert_eq!(ports, [(8080, 0), (53, 1), (9090, 0)]);
        assert_eq!(config.metadata.unwrap().attempt, 2);
        assert!(config.log_directory.ends_with("/n_p_u"));
        assert_eq!(config.labels["io.kubernetes.pod.uid"], "u");
    }

    #[test]
    fn cluster_dns_comes_before_the_pods_own() {
        let config = Config {
            cluster_dns: vec!["127.96.0.10".parse().unwrap()],
            ..Config::default()
        };
        let pod = pod(json!({"containers": [], "dnsConfig": {
            "nameservers": ["1.1.1.1"], "options": [{"name": "ndots", "value": "2"}]}}));
        let dns = dns(&config, &pod, &wire::DnsConfig::default());
        assert_eq!(dns.servers, ["127.96.0.10", "1.1.1.1"]);
        assert_eq!(dns.searches[0], "n.svc.cluster.local");
        assert_eq!(dns.options, ["ndots:2"]);
    }

    #[test]
    fn commands_and_arguments_are_expanded() {
        let pod = pod(
            json!({"containers": [{"name": "c", "command": ["$(A)"], "args": ["-x=$(A)", "$(B)"]}]}),
        );
        let parts = Parts {
            attempt: 0,
            image_ref: "sha256:1".into(),
            runtime_handler: String::new(),
            environment: [("A".to_owned(), "1".to_owned())].into(),
            mounts: Vec::new(),
            memory_capacity: 1 << 30,
        };
        let config = container(&pod, &pod.spec.as_ref().unwrap().containers[0], parts);
        assert_eq!(config.command, ["1"]);
        assert_eq!(config.args, ["-x=1", "$(B)"]);
        assert_eq!(config.log_path, "c/0.log");
    }

    #[test]
    fn root_is_refused_where_it_must_not_be() {
        let pod = pod(
            json!({"containers": [{"name": "c", "securityContext": {"runAsUser": 0}}],
            "securityContext": {"runAsNonRoot": true}}),
        );
        assert!(verify_non_root(&pod, &pod.spec.as_ref().unwrap().containers[0]).is_err());
    }
}
