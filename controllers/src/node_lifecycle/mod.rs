//! The node lifecycle controller: says of silent nodes that nobody knows how they are, taints nodes by their conditions, and
//! drives pods away from nodes that are tainted so.
//!
//! Not for: setting a node's own conditions while it is heard of, which its kubelet does.

mod eviction;
mod health;
mod taints;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hydrofoil_client::events::Recorder;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::action::Event;
use crate::clock;
use crate::context::{Context, Work};
use crate::error::Error;
use crate::objects::{Key, Meta, NODE, Node, POD, Pod};
use crate::queue::Queue;
use crate::worker::{self, Next};
use crate::writer::{DeleteOptions, PatchType, Target};

use eviction::Fate;
use health::{Grace, Pulse, Readiness};

/// Where kubelets keep their Leases.
const LEASE_NAMESPACE: &str = "kube-node-lease";
/// Pods that leave at once.
const EVICTIONS: usize = 8;

struct Controller {
    context: Arc<Context>,
    /// Nodes whose taints may be wrong.
    nodes: Arc<Queue<Key>>,
    /// Pods that may have to leave.
    pods: Arc<Queue<Key>>,
    recorder: Recorder,
    /// Nodes that drive pods away; nothing is asked about pods while there is none.
    driving: AtomicUsize,
}

/// Registers the controller's interest in changes and returns its work.
pub fn start(context: &Arc<Context>) -> Work {
    let controller = Arc::new(Controller {
        context: context.clone(),
        nodes: context.queue("node_lifecycle_controller"),
        pods: context.queue("taint_eviction_controller"),
        recorder: context.recorder("node-controller"),
        driving: AtomicUsize::new(0),
    });
    let c = controller.clone();
    context.informers.nodes.on_change(move |change| {
        c.node_changed(change.old.map(AsRef::as_ref), change.new.map(AsRef::as_ref))
    });
    let c = controller.clone();
    context.informers.pods.on_change(move |change| {
        if let Some(pod) = change.new {
            c.pod_changed(change.old.map(AsRef::as_ref), pod);
        }
    });
    let (nodes, pods) = (controller.nodes.clone(), controller.pods.clone());
    let (one, two) = (context.shutdown.clone(), context.shutdown.clone());
    let (monitor, evictor) = (controller.clone(), controller.clone());
    let tainting = worker::work("node-taints", nodes, 1, one, move |key| {
        let controller = controller.clone();
        async move { controller.taint(key).await }
    });
    let evicting = worker::work("taint-eviction", pods, EVICTIONS, two, move |key| {
        let controller = evictor.clone();
        async move { controller.evict(key).await }
    });
    Box::pin(async move {
        tokio::join!(tainting, evicting, monitor.watch_over());
    })
}

impl Controller {
    fn node_changed(&self, old: Option<&Node>, new: Option<&Node>) {
        let Some(latest) = new.or(old) else { return };
        let key = Key::of(&latest.metadata);
        let (before, after) = (
            old.is_some_and(eviction::drives_away),
            new.is_some_and(eviction::drives_away),
        );
        match (before, after) {
            (false, true) => drop(self.driving.fetch_add(1, Ordering::Relaxed)),
            (true, false) => drop(self.driving.fetch_sub(1, Ordering::Relaxed)),
            _ => {}
        }
        if after && old.is_none_or(|o| o.spec.taints != latest.spec.taints) {
            self.context.informers.pods.read(|pods| {
                for pod in pods.with_extra(&key.name) {
                    self.pods.add(Key::of(&pod.metadata));
                }
            });
        }
        match (old, new) {
            (None, Some(node)) => self.tell(
                node,
                "RegisteredNode",
                format!(
                    "Node {0} event: Registered Node {0} in Controller",
                    key.name
                ),
            ),
            (Some(node), None) => self.tell(
                node,
                "RemovingNode",
                format!(
                    "Node {0} event: Removing Node {0} from Controller",
                    key.name
                ),
            ),
            _ => {}
        }
        if new.is_some() {
            self.nodes.add(key);
        }
    }

    fn pod_changed(&self, old: Option<&Pod>, new: &Pod) {
        if self.driving.load(Ordering::Relaxed) == 0 || new.spec.node_name.is_empty() {
            return;
        }
        let same = |old: &Pod| {
            old.spec.node_name == new.spec.node_name && old.spec.tolerations == new.spec.tolerations
        };
        if !old.is_some_and(same) {
            self.pods.add(Key::of(&new.metadata));
        }
    }

    fn tell(&self, node: &Node, reason: &str, message: String) {
        Event::normal(&NODE, &node.metadata, reason, message).record(&self.recorder);
    }

    /// Looks at every node's signs of life, again and again.
    async fn watch_over(&self) {
        let mut pulses: HashMap<String, Pulse> = HashMap::new();
        let mut ticks = tokio::time::interval(self.context.config.node_monitor_period());
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.context.shutdown.cancelled() => return,
                _ = ticks.tick() => self.look(&mut pulses).await,
            }
        }
    }

    async fn look(&self, pulses: &mut HashMap<String, Pulse>) {
        let config = &self.context.config;
        let seconds = |s: u64| SignedDuration::from_secs(i64::try_from(s).unwrap_or(i64::MAX));
        let grace = Grace {
            known: seconds(config.node_monitor_grace_period_seconds),
            new: seconds(config.node_startup_grace_period_seconds),
        };
        let nodes: Vec<Arc<Node>> = self
            .context
            .informers
            .nodes
            .read(|nodes| nodes.all().cloned().collect());
        pulses.retain(|uid, _| nodes.iter().any(|n| n.metadata.uid() == uid));
        let now = clock::now();
        for node in nodes {
            let lease = self
                .context
                .informers
                .leases
                .get(&Key::new(LEASE_NAMESPACE, node.metadata.name()));
            let pulse = pulses.entry(node.metadata.uid().to_owned()).or_default();
            if pulse.feel(&node, lease.as_deref(), grace, now)
                && let Err(error) = self.silence(&node, now).await
            {
                tracing::warn!(node = node.metadata.name(), %error, "a silent node could not be marked");
            }
        }
    }

    /// Says of a node that nobody knows how it is, and of its pods that they are not ready.
    async fn silence(&self, node: &Node, now: Timestamp) -> Result<(), Error> {
        let Some(conditions) = health::silenced(node, now) else {
            return Ok(());
        };
        let was_ready = health::readiness(node) == Readiness::Ready;
        let target = Target::new(&NODE, "", node.metadata.name());
        let patch = json!({
            "metadata": {"resourceVersion": node.metadata.version()},
            "status": {"conditions": conditions},
        });
        match self
            .context
            .writer
            .patch(target, Some("status"), PatchType::Strategic, &patch)
            .await
        {
            Err(error) if error.is_not_found() || error.is_conflict() => return Ok(()),
            other => drop(other?),
        }
        if was_ready {
            self.tell(
                node,
                "NodeNotReady",
                format!("Node {} status is now: NodeNotReady", node.metadata.name()),
            );
            self.mark_pods(node, now).await?;
        }
        Ok(())
    }

    async fn mark_pods(&self, node: &Node, now: Timestamp) -> Result<(), Error> {
        let pods: Vec<Arc<Pod>> = self.context.informers.pods.read(|pods| {
            pods.with_extra(node.metadata.name())
                .filter(|p| p.is_ready())
                .cloned()
                .collect()
        });
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        for pod in pods {
            let patch = json!({
                "metadata": {"uid": pod.metadata.uid()},
                "status": {"conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": now.to_string()}]},
            });
            let target = Target::new(&POD, pod.metadata.namespace(), pod.metadata.name());
            match self
                .context
                .writer
                .patch(target, Some("status"), PatchType::Strategic, &patch)
                .await
            {
                Err(error) if error.is_not_found() || error.is_conflict() => continue,
                other => drop(other?),
            }
            Event::warning(&POD, &pod.metadata, "NodeNotReady", "Node is not ready")
                .record(&self.recorder);
        }
        Ok(())
    }

    /// Brings a node's taints in line with its conditions.
    async fn taint(&self, key: Key) -> Result<Next, Error> {
        let Some(node) = self.context.informers.nodes.get(&key) else {
            return Ok(Next::default());
        };
        let Some(taints) = taints::reconcile(&node, self.may_evict(), clock::now()) else {
            return Ok(Next::default());
        };
        let patch = json!({
            "metadata": {"resourceVersion": node.metadata.version()},
            "spec": {"taints": taints},
        });
        let target = Target::new(&NODE, "", &key.name);
        match self
            .context
            .writer
            .patch(target, None, PatchType::Merge, &patch)
            .await
        {
            Err(error) if !error.is_not_found() => Err(error),
            _ => {
                self.look_at_silent_neighbours(&key);
                Ok(Next::default())
            }
        }
    }

    /// Whether pods may be driven away: not when no node at all is ready, for then nothing would run them.
    fn may_evict(&self) -> bool {
        self.context.informers.nodes.read(|nodes| {
            nodes
                .all()
                .any(|n| health::readiness(n) == Readiness::Ready)
        })
    }

    /// With one node that came or went, what is right for the others may have changed.
    fn look_at_silent_neighbours(&self, changed: &Key) {
        self.context.informers.nodes.read(|nodes| {
            for node in nodes
                .all()
                .filter(|n| health::readiness(n) != Readiness::Ready)
            {
                let key = Key::of(&node.metadata);
                if key != *changed {
                    self.nodes.add(key);
                }
            }
        });
    }

    /// Drives a pod away when its time has come.
    async fn evict(&self, key: Key) -> Result<Next, Error> {
        let informers = &self.context.informers;
        let Some(pod) = informers.pods.get(&key).filter(|p| p.is_active()) else {
            return Ok(Next::default());
        };
        let Some(node) = informers
            .nodes
            .get(&Key::new("", pod.spec.node_name.as_str()))
        else {
            return Ok(Next::default());
        };
        let now = clock::now();
        let at = match eviction::fate(&pod, &node) {
            Fate::Stays => return Ok(Next::default()),
            Fate::LeavesAt(at) => at,
        };
        if let Ok(left) = Duration::try_from(at.duration_since(now))
            && !left.is_zero()
        {
            return Ok(Next {
                after: Some(left),
                rest: Duration::ZERO,
            });
        }
        self.end(&pod, now).await?;
        Ok(Next::default())
    }

    async fn end(&self, pod: &Pod, now: Timestamp) -> Result<(), Error> {
        let target = Target::new(&POD, pod.metadata.namespace(), pod.metadata.name());
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let patch = json!({
            "metadata": {"uid": pod.metadata.uid()},
            "status": {"conditions": [{
                "type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager",
                "message": "Taint manager: deleting due to NoExecute taint", "lastTransitionTime": now.to_string(),
            }]},
        });
        match self
            .context
            .writer
            .patch(target, Some("status"), PatchType::Strategic, &patch)
            .await
        {
            Err(error) if error.is_not_found() => return Ok(()),
            other => drop(other?),
        }
        let message = format!("Marking for deletion Pod {}", Key::of(&pod.metadata));
        Event::normal(&POD, &pod.metadata, "TaintManagerEviction", message).record(&self.recorder);
        let options = DeleteOptions {
            uid: Some(pod.metadata.uid()),
            ..Default::default()
        };
        match self.context.writer.delete(target, &options).await {
            Err(error) if error.is_not_found() || error.is_conflict() => Ok(()),
            other => other,
        }
    }
}
