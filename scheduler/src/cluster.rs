//! The scheduler's picture of the cluster: every node with what is on it, kept up event by event.
//!
//! A pod counts on its node from the moment it is assumed there, before the API server knows, so that the next decision sees it.
//! Not for: deciding (see `decide`), or which pods wait (see `queue`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::{Labels, NodeInfo, PodInfo, Resources};

/// A node and what is on it.
#[derive(Clone, Debug, Default)]
pub struct NodeState {
    /// The node; `None` while only pods that name it were seen.
    pub info: Option<Arc<NodeInfo>>,
    /// Its pods by uid, assumed ones included.
    pub pods: HashMap<String, Arc<PodInfo>>,
    /// What its pods ask for.
    pub requested: Resources,
    /// The same with upstream's assumption for pods that ask for nothing.
    pub assumed: Resources,
    /// Those of its pods that have pod affinity or anti-affinity.
    pub with_affinity: HashMap<String, Arc<PodInfo>>,
    /// How many of its pods want ports of the node's.
    pub with_ports: usize,
    /// How many of its pods have each priority.
    priorities: BTreeMap<i32, usize>,
}

impl NodeState {
    /// Puts a pod on the node.
    pub fn add(&mut self, pod: Arc<PodInfo>) {
        self.requested.add(&pod.requests);
        self.assumed.add(&pod.assumed);
        self.with_ports += usize::from(!pod.host_ports.is_empty());
        *self.priorities.entry(pod.spec.priority).or_default() += 1;
        if pod.has_pod_affinity() {
            self.with_affinity.insert(pod.key.uid.clone(), pod.clone());
        }
        self.pods.insert(pod.key.uid.clone(), pod);
    }

    /// Takes a pod off the node.
    pub fn remove(&mut self, uid: &str) -> Option<Arc<PodInfo>> {
        let pod = self.pods.remove(uid)?;
        self.requested.sub(&pod.requests);
        self.assumed.sub(&pod.assumed);
        self.with_ports -= usize::from(!pod.host_ports.is_empty());
        self.with_affinity.remove(uid);
        if let Some(count) = self.priorities.get_mut(&pod.spec.priority) {
            *count -= 1;
            if *count == 0 {
                self.priorities.remove(&pod.spec.priority);
            }
        }
        Some(pod)
    }

    /// The priority of its least important pods; `None` while it has none.
    pub fn lowest_priority(&self) -> Option<i32> {
        self.priorities.keys().next().copied()
    }
}

/// All nodes, all pods on them, and namespaces' labels.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    nodes: BTreeMap<String, NodeState>,
    placed: HashMap<String, String>,
    namespaces: HashMap<String, Labels>,
    with_affinity: usize,
    /// How many nodes have each image.
    images: HashMap<String, usize>,
    existing: usize,
}

impl Cluster {
    /// Nodes that exist, by name.
    pub fn nodes(&self) -> impl Iterator<Item = (&Arc<NodeInfo>, &NodeState)> {
        self.nodes
            .values()
            .filter_map(|state| state.info.as_ref().map(|info| (info, state)))
    }

    /// One node that exists.
    pub fn node(&self, name: &str) -> Option<(&Arc<NodeInfo>, &NodeState)> {
        let state = self.nodes.get(name)?;
        state.info.as_ref().map(|info| (info, state))
    }

    /// How many pods on nodes have pod affinity or anti-affinity: most clusters have none, and plugins then have nothing to do.
    pub fn pods_with_affinity(&self) -> usize {
        self.with_affinity
    }

    /// How many nodes exist.
    pub fn len(&self) -> usize {
        self.existing
    }

    /// Whether no node exists.
    pub fn is_empty(&self) -> bool {
        self.existing == 0
    }

    /// How many nodes have an image of this name.
    pub fn nodes_with_image(&self, name: &str) -> usize {
        self.images.get(name).copied().unwrap_or(0)
    }

    /// A namespace's labels.
    pub fn namespace(&self, name: &str) -> Option<&Labels> {
        self.namespaces.get(name)
    }

    /// Puts these namespaces in the place of all that are known.
    pub fn set_namespaces(&mut self, all: impl Iterator<Item = (String, Labels)>) {
        self.namespaces = all.collect();
    }

    /// Adds a namespace or changes its labels.
    pub fn set_namespace(&mut self, name: String, labels: Labels) {
        self.namespaces.insert(name, labels);
    }

    /// Forgets a namespace.
    pub fn remove_namespace(&mut self, name: &str) {
        self.namespaces.remove(name);
    }

    /// Adds a node or changes it. Returns whether a pod that fits nowhere may fit now.
    pub fn set_node(&mut self, node: NodeInfo) -> bool {
        let state = self.nodes.entry(node.name.clone()).or_default();
        let node = Arc::new(node);
        let old = state.info.replace(node.clone());
        let helps = old.as_ref().is_none_or(|old| may_take_more(old, &node));
        self.existing += usize::from(old.is_none());
        if let Some(old) = old {
            if Arc::ptr_eq(&old.images, &node.images) || old.images == node.images {
                return helps;
            }
            self.forget_images(&old);
        }
        for name in node.images.keys() {
            *self.images.entry(name.clone()).or_default() += 1;
        }
        helps
    }

    /// Forgets a node. Its pods stay counted until they are gone, in case it comes back.
    pub fn remove_node(&mut self, name: &str) {
        let Some(state) = self.nodes.get_mut(name) else {
            return;
        };
        let old = state.info.take();
        if state.pods.is_empty() {
            self.nodes.remove(name);
        }
        if let Some(old) = old {
            self.existing -= 1;
            self.forget_images(&old);
        }
    }

    fn forget_images(&mut self, node: &NodeInfo) {
        for name in node.images.keys() {
            if let Some(count) = self.images.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    self.images.remove(name);
                }
            }
        }
    }

    /// The node that the pod is on, bound or assumed.
    pub fn place_of(&self, uid: &str) -> Option<&str> {
        self.placed.get(uid).map(String::as_str)
    }

    /// The uids of all pods on nodes.
    pub fn uids(&self) -> impl Iterator<Item = &String> {
        self.placed.keys()
    }

    /// Puts a pod on a node, taking it from another if it was there. Returns it as it was known before.
    pub fn place(&mut self, node: &str, pod: Arc<PodInfo>) -> Option<Arc<PodInfo>> {
        let before = self.remove_pod(&pod.key.uid);
        self.with_affinity += usize::from(pod.has_pod_affinity());
        self.placed.insert(pod.key.uid.clone(), node.to_owned());
        self.nodes.entry(node.to_owned()).or_default().add(pod);
        before
    }

    /// Takes a pod off its node.
    pub fn remove_pod(&mut self, uid: &str) -> Option<Arc<PodInfo>> {
        let node = self.placed.remove(uid)?;
        let state = self.nodes.get_mut(&node)?;
        let pod = state.remove(uid)?;
        self.with_affinity -= usize::from(pod.has_pod_affinity());
        if state.pods.is_empty() && state.info.is_none() {
            self.nodes.remove(&node);
        }
        Some(pod)
    }
}

/// Whether a node changed in what decides who fits: a heartbeat or a pulled image is no reason to try every waiting pod again.
fn may_take_more(old: &NodeInfo, new: &NodeInfo) -> bool {
    old.labels != new.labels
        || old.unschedulable != new.unschedulable
        || old.taints != new.taints
        || old.allocatable != new.allocatable
        || old.max_pods != new.max_pods
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::wire;

    fn pod(uid: &str, cpu: &str) -> Arc<PodInfo> {
        let json = serde_json::json!({"metadata":{"name":uid,"namespace":"d","uid":uid},
            "spec":{"containers":[{"resources":{"requests":{"cpu":cpu}},"ports":[{"hostPort":80}]}]}});
        Arc::new(PodInfo::new(
            serde_json::from_value::<wire::Pod>(json).expect("a pod"),
        ))
    }

    #[test]
    fn placing_moving_and_removing_keep_the_sums() {
        let mut cluster = Cluster::default();
        cluster.set_node(NodeInfo {
            name: "a".into(),
            ..Default::default()
        });
        cluster.place("a", pod("1", "1"));
        cluster.place("a", pod("2", "500m"));
        cluster.place("a", pod("2", "700m"));
        assert_eq!(
            cluster.node("a").expect("there").1.requested.milli_cpu,
            1700
        );
        cluster.place("b", pod("1", "1"));
        assert_eq!(cluster.node("a").expect("there").1.requested.milli_cpu, 700);
        assert_eq!(cluster.place_of("1"), Some("b"));
        assert!(
            cluster.node("b").is_none(),
            "a node that was never seen takes no pods"
        );
        cluster.remove_pod("1");
        cluster.remove_pod("2");
        cluster.remove_pod("2");
        let state = cluster.node("a").expect("there").1;
        assert_eq!(
            (
                state.requested.milli_cpu,
                state.with_ports,
                state.pods.len()
            ),
            (0, 0, 0)
        );
    }

    #[test]
    fn a_node_that_comes_back_has_its_pods() {
        let mut cluster = Cluster::default();
        let node = NodeInfo {
            name: "a".into(),
            ..Default::default()
        };
        cluster.set_node(node.clone());
        cluster.place("a", pod("1", "1"));
        cluster.remove_node("a");
        assert_eq!(cluster.nodes().count(), 0);
        cluster.set_node(node);
        assert_eq!(cluster.node("a").expect("there").1.pods.len(), 1);
    }

    #[test]
    fn only_what_decides_who_fits_counts_as_a_change_of_a_node() {
        let mut cluster = Cluster::default();
        let mut node = NodeInfo {
            name: "a".into(),
            max_pods: 10,
            ..Default::default()
        };
        assert!(cluster.set_node(node.clone()), "a node came");
        assert!(!cluster.set_node(node.clone()), "a heartbeat");
        node.images = Arc::new([("r/x:latest".to_owned(), 7)].into());
        assert!(!cluster.set_node(node.clone()), "an image was pulled");
        assert_eq!(cluster.nodes_with_image("r/x:latest"), 1);
        node.max_pods = 11;
        assert!(cluster.set_node(node));
        cluster.remove_node("a");
        assert_eq!(
            (cluster.nodes_with_image("r/x:latest"), cluster.len()),
            (0, 0)
        );
    }

    #[test]
    fn the_lowest_priority_follows_the_pods() {
        let with = |uid: &str, priority: i32| {
            let json = serde_json::json!({"metadata":{"uid":uid},"spec":{"priority":priority}});
            Arc::new(PodInfo::new(serde_json::from_value(json).expect("a pod")))
        };
        let mut state = NodeState::default();
        assert_eq!(state.lowest_priority(), None);
        for (uid, priority) in [("1", 5), ("2", -1), ("3", -1)] {
            state.add(with(uid, priority));
        }
        state.remove("2");
        assert_eq!(state.lowest_priority(), Some(-1));
        state.remove("3");
        assert_eq!(state.lowest_priority(), Some(5));
    }
}
