//! The pods of this node as the HTTPS server reads them: immutable values, replaced by the kubelet's loop.

use std::collections::HashMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodStatus};
use parking_lot::RwLock;
use tokio::sync::watch;

/// One pod, and its status as the kubelet last computed it.
#[derive(Debug)]
pub(crate) struct PodView {
    pub pod: Arc<Pod>,
    pub status: Arc<PodStatus>,
}

impl PodView {
    pub(crate) fn uid(&self) -> &str {
        self.pod.metadata.uid.as_deref().unwrap_or_default()
    }

    /// The status of a container of any kind.
    pub(crate) fn container(&self, name: &str) -> Option<&ContainerStatus> {
        self.status
            .container_statuses
            .iter()
            .flatten()
            .chain(self.status.init_container_statuses.iter().flatten())
            .find(|status| status.name == name)
    }

    /// Whether the spec has a container of that name.
    pub(crate) fn has_container(&self, name: &str) -> bool {
        self.pod.spec.as_ref().is_some_and(|spec| {
            spec.containers
                .iter()
                .chain(spec.init_containers.iter().flatten())
                .any(|container| container.name == name)
        })
    }
}

type Key = (String, String);

/// All pods by namespace and name.
pub(crate) struct View {
    pods: RwLock<HashMap<Key, Arc<PodView>>>,
    changes: watch::Sender<u64>,
}

impl Default for View {
    fn default() -> Self {
        Self {
            pods: RwLock::default(),
            changes: watch::channel(0).0,
        }
    }
}

fn key(pod: &Pod) -> Key {
    (
        pod.metadata.namespace.clone().unwrap_or_default(),
        pod.metadata.name.clone().unwrap_or_default(),
    )
}

impl View {
    /// Puts a pod's newest state in place.
    pub(crate) fn set(&self, pod: Arc<Pod>, status: Arc<PodStatus>) {
        let key = key(&pod);
        self.pods
            .write()
            .insert(key, Arc::new(PodView { pod, status }));
        self.changed();
    }

    /// Takes a pod out, unless another of the same name has taken its place.
    pub(crate) fn remove(&self, pod: &Pod) {
        let key = key(pod);
        let mut pods = self.pods.write();
        if pods
            .get(&key)
            .is_some_and(|view| view.pod.metadata.uid == pod.metadata.uid)
        {
            pods.remove(&key);
        }
        drop(pods);
        self.changed();
    }

    fn changed(&self) {
        if self.changes.receiver_count() > 0 {
            self.changes
                .send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    pub(crate) fn get(&self, namespace: &str, name: &str) -> Option<Arc<PodView>> {
        self.pods
            .read()
            .get(&(namespace.to_owned(), name.to_owned()))
            .cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<PodView>> {
        self.pods.read().values().cloned().collect()
    }

    /// Tells of every change from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
