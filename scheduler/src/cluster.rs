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
}

impl NodeState {
    /// Puts a pod on the node.
    pub fn add(&mut self, pod: Arc<PodInfo>) {
        self.requested.add(&pod.requests);
        self.assumed.add(&pod.assumed);
        self.with_ports += usize::from(!pod.host_ports.is_empty());
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
        Some(pod)
    }
}

/// All nodes, all pods on them, and namespaces' labels.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    nodes: BTreeMap<String, NodeState>,
    placed: HashMap<String, String>,
    namespaces: HashMap<String, Labels>,
    with_affinity: usize,
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

    /// A namespace's labels.
    pub fn namespace(&self, name: &str) -> Option<&Labels> {
        self.namespaces.get(name)
    }

    /// Adds a namespace or changes its labels.
    pub fn set_namespace(&mut self, name: String, labels: Labels) {
        self.namespaces.insert(name, labels);
    }

    /// Forgets a namespace.
    pub fn remove_namespace(&mut self, name: &str) {
        self.namespaces.remove(name);
    }

    /// Adds a node or changes it.
    pub fn set_node(&mut self, node: NodeInfo) {
        let name = node.name.clone();
        self.nodes.entry(name).or_default().info = Some(Arc::new(node));
    }

    /// Forgets a node. Its pods stay counted until they are gone, in case it comes back.
    pub fn remove_node(&mut self, name: &str) {
        if let Some(state) = self.nodes.get_mut(name) {
            state.info = None;
            if state.pods.is_empty() {
                self.nodes.remove(name);
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

    /// Puts a pod on a node, taking it from another if it was there.
    pub fn place(&mut self, node: &str, pod: Arc<PodInfo>) {
        self.remove_pod(&pod.key.uid);
        self.with_affinity += usize::from(pod.has_pod_affinity());
        self.placed.insert(pod.key.uid.clone(), node.to_owned());
        self.nodes.entry(node.to_owned()).or_default().add(pod);
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
}
