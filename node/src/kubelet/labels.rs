//! The labels and annotations under which the kubelet finds its sandboxes and containers again, as upstream writes them
//! (`pkg/kubelet/kuberuntime/labels.go`), and the hash that tells whether a container's spec changed.

use std::collections::HashMap;

use k8s_openapi::api::core::v1::{Container, Pod};

/// Label: the pod's name.
pub(crate) const POD_NAME: &str = "io.kubernetes.pod.name";
/// Label: the pod's namespace.
pub(crate) const POD_NAMESPACE: &str = "io.kubernetes.pod.namespace";
/// Label: the pod's uid.
pub(crate) const POD_UID: &str = "io.kubernetes.pod.uid";
/// Label: the container's name.
pub(crate) const CONTAINER_NAME: &str = "io.kubernetes.container.name";
/// Annotation: hash of the container's spec.
pub(crate) const CONTAINER_HASH: &str = "io.kubernetes.container.hash";
/// Annotation: restart count.
pub(crate) const RESTART_COUNT: &str = "io.kubernetes.container.restartCount";
/// Annotation: where the container writes its termination message.
pub(crate) const TERMINATION_PATH: &str = "io.kubernetes.container.terminationMessagePath";
/// Annotation: `File` or `FallbackToLogsOnError`.
pub(crate) const TERMINATION_POLICY: &str = "io.kubernetes.container.terminationMessagePolicy";
const GRACE_PERIOD: &str = "io.kubernetes.pod.terminationGracePeriod";
const DELETION_GRACE_PERIOD: &str = "io.kubernetes.pod.deletionGracePeriod";
const PORTS: &str = "io.kubernetes.container.ports";
const PRE_STOP: &str = "io.kubernetes.container.preStopHandler";
const CONFIG_SOURCE: &str = "kubernetes.io/config.source";

/// Labels of a pod's sandbox: the pod's own and those that name it.
pub(crate) fn sandbox_labels(pod: &Pod) -> HashMap<String, String> {
    let mut labels: HashMap<String, String> = pod
        .metadata
        .labels
        .iter()
        .flatten()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    labels.extend(pod_labels(pod));
    labels
}

/// Annotations of a pod's sandbox: the pod's own, and where the pod came from.
pub(crate) fn sandbox_annotations(pod: &Pod) -> HashMap<String, String> {
    let mut annotations: HashMap<String, String> = pod
        .metadata
        .annotations
        .iter()
        .flatten()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    annotations.insert(CONFIG_SOURCE.to_owned(), "api".to_owned());
    annotations
}

fn pod_labels(pod: &Pod) -> [(String, String); 3] {
    let meta = &pod.metadata;
    [
        (POD_NAME.to_owned(), meta.name.clone().unwrap_or_default()),
        (
            POD_NAMESPACE.to_owned(),
            meta.namespace.clone().unwrap_or_default(),
        ),
        (POD_UID.to_owned(), meta.uid.clone().unwrap_or_default()),
    ]
}

/// Labels of a container.
pub(crate) fn container_labels(pod: &Pod, container: &Container) -> HashMap<String, String> {
    let mut labels: HashMap<String, String> = pod_labels(pod).into();
    labels.insert(CONTAINER_NAME.to_owned(), container.name.clone());
    labels
}

/// Annotations of a container.
pub(crate) fn container_annotations(
    pod: &Pod,
    container: &Container,
    attempt: u32,
) -> HashMap<String, String> {
    let mut annotations = HashMap::from([
        (CONTAINER_HASH.to_owned(), container_hash(container)),
        (RESTART_COUNT.to_owned(), attempt.to_string()),
        (
            TERMINATION_PATH.to_owned(),
            container
                .termination_message_path
                .clone()
                .unwrap_or_default(),
        ),
        (
            TERMINATION_POLICY.to_owned(),
            container
                .termination_message_policy
                .clone()
                .unwrap_or_default(),
        ),
    ]);
    if let Some(grace) = pod.metadata.deletion_grace_period_seconds {
        annotations.insert(DELETION_GRACE_PERIOD.to_owned(), grace.to_string());
    }
    if let Some(grace) = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.termination_grace_period_seconds)
    {
        annotations.insert(GRACE_PERIOD.to_owned(), grace.to_string());
    }
    let pre_stop = container
        .lifecycle
        .as_ref()
        .and_then(|lifecycle| lifecycle.pre_stop.as_ref());
    if let Some(text) = pre_stop.and_then(|hook| serde_json::to_string(hook).ok()) {
        annotations.insert(PRE_STOP.to_owned(), text);
    }
    if let Some(text) = container
        .ports
        .as_ref()
        .and_then(|ports| serde_json::to_string(ports).ok())
    {
        annotations.insert(PORTS.to_owned(), text);
    }
    annotations
}

/// Hash of the parts of a container that can change in place: its image (FNV-1a 32 over name and image, in hexadecimal).
pub(crate) fn container_hash(container: &Container) -> String {
    const OFFSET: u32 = 0x811c_9dc5;
    const PRIME: u32 = 0x0100_0193;
    let image = container.image.as_deref().unwrap_or_default();
    let hash = container
        .name
        .bytes()
        .chain([0])
        .chain(image.bytes())
        .fold(OFFSET, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(PRIME)
        });
    format!("{hash:x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_follows_name_and_image_only() {
        let mut container = Container {
            name: "web".into(),
            image: Some("example.com/web:1".into()),
            ..Container::default()
        };
        let before = container_hash(&container);
        container.working_dir = Some("/tmp".into());
        assert_eq!(container_hash(&container), before);
        container.image = Some("example.com/web:2".into());
        assert_ne!(container_hash(&container), before);
    }
}
