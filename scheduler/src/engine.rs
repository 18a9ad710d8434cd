//! The loop: takes in changes, gives each waiting pod its turn, and sees bindings through.
//!
//! One task owns all state; whatever can wake it is an [`Event`]. API calls run beside it and come back as events.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use hydrofoil_client::events::{EventType, Recorder};
use k8s_openapi::api::core::v1::ObjectReference;
use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use crate::cluster::Cluster;
use crate::decide::{self, Decision, Unfit};
use crate::model::{PodInfo, wire};
use crate::preemption;
use crate::queue::Queue;
use crate::watch::{self, Change};
use crate::{Config, clock};

/// Changes that wait for the loop; their senders wait when it is full.
const MAX_EVENTS: usize = 4096;
/// Decisions in a row before changes are taken in again.
const DECISIONS_IN_A_ROW: usize = 64;
/// Pods that are done need no node.
const UNFINISHED: &str = "status.phase!=Succeeded,status.phase!=Failed";

/// Everything that can wake the loop.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every event is a pod, and each is moved once"
)]
enum Event {
    Pods(Change<wire::Pod>),
    Nodes(Change<wire::Node>),
    Namespaces(Change<wire::Namespace>),
    /// A binding was answered.
    Bound {
        pod: Arc<PodInfo>,
        node: String,
        outcome: Result<(), kube::Error>,
    },
    /// Victims were deleted; the pod they made room for may be tried when they are gone.
    Preempted {
        uid: String,
    },
}

/// Runs until `shutdown`.
pub(crate) async fn run(config: Config, client: kube::Client, shutdown: CancellationToken) {
    let (sender, mut events) = mpsc::channel(MAX_EVENTS);
    let pods = watch::watch(
        client.clone(),
        "/api/v1/pods",
        UNFINISHED,
        sender.clone(),
        Event::Pods,
        shutdown.clone(),
    );
    let nodes = watch::watch(
        client.clone(),
        "/api/v1/nodes",
        "",
        sender.clone(),
        Event::Nodes,
        shutdown.clone(),
    );
    let namespaces = watch::watch(
        client.clone(),
        "/api/v1/namespaces",
        "",
        sender.clone(),
        Event::Namespaces,
        shutdown.clone(),
    );
    tokio::spawn(pods);
    tokio::spawn(nodes);
    tokio::spawn(namespaces);
    let recorder = Recorder::new(
        client.clone(),
        &config.scheduler_name,
        None,
        shutdown.clone(),
    );
    let mut engine = Engine {
        permits: Arc::new(Semaphore::new(config.max_bindings)),
        config,
        client,
        recorder,
        sender,
        state: State::new(SmallRng::from_os_rng()),
        told: HashMap::new(),
    };
    loop {
        let timer = engine.state.queue.tick(Instant::now());
        let busy = engine.turns();
        engine.config.metrics.depths(engine.state.queue.depths());
        let wait = async {
            match timer {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            event = events.recv() => match event {
                Some(event) => engine.take(event),
                None => return,
            },
            () = tokio::task::yield_now(), if busy => {}
            () = wait, if !busy => {}
        }
        while let Ok(event) = events.try_recv() {
            engine.take(event);
        }
    }
}

/// What the loop knows.
struct State {
    cluster: Cluster,
    queue: Queue,
    /// Pods on a node by our decision that the API server has not confirmed yet.
    assumed: HashSet<String>,
    /// Where the next decision begins among the nodes.
    start: usize,
    rng: SmallRng,
    synced: (bool, bool),
}

impl State {
    fn new(rng: SmallRng) -> Self {
        Self {
            cluster: Cluster::default(),
            queue: Queue::default(),
            assumed: HashSet::new(),
            start: 0,
            rng,
            synced: (false, false),
        }
    }

    /// Whether pods and nodes are known: before, no pod may be called unschedulable.
    fn is_synced(&self) -> bool {
        self.synced == (true, true)
    }

    fn pod_applied(&mut self, pod: wire::Pod, scheduler: &str, now: Instant) {
        let gated = !pod.spec.scheduling_gates.is_empty();
        let ours = pod.spec.scheduler_name == scheduler;
        let pod = Arc::new(PodInfo::new(pod));
        let uid = pod.key.uid.clone();
        if !pod.spec.node_name.is_empty() {
            let confirmed = self.assumed.remove(&uid);
            self.queue.remove(&uid);
            let node = pod.spec.node_name.clone();
            let before = self.cluster.place(&node, pod.clone());
            if confirmed || before.is_none_or(|before| before.labels != pod.labels) {
                self.queue.neighbours_changed(now);
            }
        } else if self.assumed.contains(&uid) {
            // Older news than our own decision.
        } else if ours && !gated && !pod.terminating {
            self.queue.add(pod, now);
        } else {
            self.queue.remove(&uid);
        }
    }

    fn pod_gone(&mut self, uid: &str, now: Instant) {
        self.queue.remove(uid);
        self.assumed.remove(uid);
        if self.cluster.remove_pod(uid).is_some() && self.queue.anyone_waits() {
            self.queue.cluster_changed(now);
        }
    }

    fn pods(&mut self, change: Change<wire::Pod>, scheduler: &str, now: Instant) {
        match change {
            Change::Applied(pod) => self.pod_applied(pod, scheduler, now),
            Change::Deleted(pod) => self.pod_gone(&pod.metadata.uid, now),
            Change::All(pods) => {
                let there: HashSet<&str> = pods.iter().map(|p| p.metadata.uid.as_str()).collect();
                let known = self.queue.uids().chain(self.cluster.uids());
                let gone: Vec<String> = known
                    .filter(|uid| !there.contains(uid.as_str()))
                    .cloned()
                    .collect();
                for uid in gone {
                    self.pod_gone(&uid, now);
                }
                for pod in pods {
                    self.pod_applied(pod, scheduler, now);
                }
                self.synced.0 = true;
            }
        }
    }

    fn nodes(&mut self, change: Change<wire::Node>, now: Instant) {
        let helps = match change {
            Change::Applied(node) => self.cluster.set_node(node.into()),
            Change::Deleted(node) => {
                self.cluster.remove_node(&node.metadata.name);
                // Pods that must be near, or spread evenly over, what went may fit elsewhere now.
                true
            }
            Change::All(nodes) => {
                let there: HashSet<&str> = nodes.iter().map(|n| n.metadata.name.as_str()).collect();
                let known = self.cluster.nodes().map(|(node, _)| node.name.clone());
                let gone: Vec<String> = known
                    .filter(|name| !there.contains(name.as_str()))
                    .collect();
                for name in gone {
                    self.cluster.remove_node(&name);
                }
                for node in nodes {
                    self.cluster.set_node(node.into());
                }
                self.synced.1 = true;
                true
            }
        };
        if helps {
            self.queue.cluster_changed(now);
        }
    }

    fn namespaces(&mut self, change: Change<wire::Namespace>) {
        match change {
            Change::Applied(n) => self
                .cluster
                .set_namespace(n.metadata.name, n.metadata.labels),
            Change::Deleted(n) => self.cluster.remove_namespace(&n.metadata.name),
            Change::All(all) => {
                let all = all
                    .into_iter()
                    .map(|n| (n.metadata.name, n.metadata.labels));
                self.cluster.set_namespaces(all);
            }
        }
    }

    /// Decides for one pod and, if there is a node, counts it there.
    fn decide(&mut self, pod: &Arc<PodInfo>) -> Decision {
        let nominated = self.queue.nominated();
        let decision = decide::decide(
            &self.cluster,
            pod,
            &nominated,
            &mut self.start,
            &mut self.rng,
        );
        if let Decision::Place(node) = &decision {
            self.assumed.insert(pod.key.uid.clone());
            self.cluster.place(node, pod.clone());
        }
        decision
    }

    /// The API server refused a binding: the pod is on no node, whatever we assumed.
    fn binding_failed(&mut self, uid: &str, gone: bool, now: Instant) {
        if !self.assumed.remove(uid) {
            return;
        }
        self.cluster.remove_pod(uid);
        if gone {
            self.queue.remove(uid);
        } else {
            self.queue.retry(uid, now);
        }
        self.queue.cluster_changed(now);
    }
}

struct Engine {
    config: Config,
    client: kube::Client,
    recorder: Recorder,
    sender: mpsc::Sender<Event>,
    permits: Arc<Semaphore>,
    state: State,
    /// What each unschedulable pod's condition says, so that it is written once.
    told: HashMap<String, String>,
}

impl Engine {
    fn take(&mut self, event: Event) {
        let now = Instant::now();
        match event {
            Event::Pods(change) => {
                let relisted = matches!(change, Change::All(_));
                if let Change::Deleted(pod) = &change {
                    self.told.remove(&pod.metadata.uid);
                }
                self.state.pods(change, &self.config.scheduler_name, now);
                if relisted {
                    let queue = &self.state.queue;
                    self.told.retain(|uid, _| queue.contains(uid));
                }
            }
            Event::Nodes(change) => self.state.nodes(change, now),
            Event::Namespaces(change) => self.state.namespaces(change),
            Event::Bound { pod, node, outcome } => self.bound(&pod, &node, outcome, now),
            Event::Preempted { uid } => {
                tracing::debug!(uid, "victims were deleted");
                self.state.queue.cluster_changed(now);
            }
        }
    }

    /// Gives pods their turns while there are pods and bindings to spare. Returns whether there is more to do at once.
    fn turns(&mut self) -> bool {
        if !self.state.is_synced() {
            return false;
        }
        for _ in 0..DECISIONS_IN_A_ROW {
            let Ok(permit) = self.permits.clone().try_acquire_owned() else {
                return false;
            };
            let Some(pod) = self.state.queue.pop() else {
                return false;
            };
            let begun = Instant::now();
            let decision = self.state.decide(&pod);
            let seconds = begun.elapsed().as_secs_f64();
            match decision {
                Decision::Place(node) => {
                    self.attempt("scheduled", seconds);
                    self.bind(pod, node, permit);
                }
                Decision::Unfit(unfit) => {
                    self.attempt("unschedulable", seconds);
                    self.unfit(&pod, &unfit);
                }
            }
        }
        true
    }

    fn attempt(&self, result: &'static str, seconds: f64) {
        let profile = &self.config.scheduler_name;
        self.config.metrics.attempt(result, profile, seconds);
    }

    fn bind(&self, pod: Arc<PodInfo>, node: String, permit: tokio::sync::OwnedSemaphorePermit) {
        let (client, sender) = (self.client.clone(), self.sender.clone());
        tokio::spawn(async move {
            let outcome = post_binding(&client, &pod, &node).await;
            drop(permit);
            // The loop is gone only at shutdown.
            let _ = sender.send(Event::Bound { pod, node, outcome }).await;
        });
    }

    fn bound(&mut self, pod: &PodInfo, node: &str, outcome: Result<(), kube::Error>, now: Instant) {
        match outcome {
            Ok(()) => {
                self.state.queue.remove(&pod.key.uid);
                self.told.remove(&pod.key.uid);
                let message = format!(
                    "Successfully assigned {}/{} to {node}",
                    pod.key.namespace, pod.key.name
                );
                self.recorder
                    .event(&reference(pod), EventType::Normal, "Scheduled", message);
            }
            Err(error) => {
                let gone = matches!(&error, kube::Error::Api(status) if status.code == 404);
                if !gone {
                    tracing::warn!(pod = %pod.key.name, node, %error, "binding rejected");
                    let message = format!("binding rejected: {error}");
                    self.recorder.event(
                        &reference(pod),
                        EventType::Warning,
                        "FailedScheduling",
                        message,
                    );
                }
                self.state.binding_failed(&pod.key.uid, gone, now);
            }
        }
    }

    /// Says why the pod has no node, and makes room for it if less important pods can go.
    fn unfit(&mut self, pod: &Arc<PodInfo>, unfit: &Unfit) {
        let now = Instant::now();
        let mut message = unfit.to_string();
        let mut nominate = None;
        self.config.metrics.preemption();
        match preemption::preempt(&self.state.cluster, pod, unfit) {
            Ok(found) => {
                nominate = Some(found.node.clone());
                self.evict(pod, found);
            }
            Err(why) if why.is_empty() => {}
            Err(why) => message = format!("{message} preemption: {why}"),
        }
        self.recorder.event(
            &reference(pod),
            EventType::Warning,
            "FailedScheduling",
            message.clone(),
        );
        let told = self.told.insert(pod.key.uid.clone(), message.clone());
        if told.as_ref() != Some(&message) || nominate.is_some() {
            self.tell(pod.clone(), message, nominate);
        }
        self.state.queue.unschedulable(&pod.key.uid, now);
    }

    /// Writes the condition that says the pod has no node, and the node that room is being made on.
    fn tell(&self, pod: Arc<PodInfo>, message: String, nominate: Option<String>) {
        let client = self.client.clone();
        tokio::spawn(async move {
            let mut status = json!({ "conditions": [{
                "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message,
                "lastProbeTime": null, "lastTransitionTime": clock::now().round(jiff::Unit::Second).unwrap_or_default(),
            }]});
            if let Some(node) = nominate {
                status["nominatedNodeName"] = node.into();
            }
            if let Err(error) = patch_status(&client, &pod, status).await {
                tracing::debug!(pod = %pod.key.name, %error, "could not say that the pod is unschedulable");
            }
        });
    }

    fn evict(&self, pod: &Arc<PodInfo>, found: preemption::Preemption) {
        let (client, sender, recorder) = (
            self.client.clone(),
            self.sender.clone(),
            self.recorder.clone(),
        );
        let scheduler = self.config.scheduler_name.clone();
        let pod = pod.clone();
        tokio::spawn(async move {
            for victim in found.victims {
                let condition = json!({ "conditions": [{
                    "type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler",
                    "message": format!("{scheduler}: preempting to accommodate a higher priority pod"),
                    "lastProbeTime": null, "lastTransitionTime": clock::now().round(jiff::Unit::Second).unwrap_or_default(),
                }]});
                let done = match patch_status(&client, &victim, condition).await {
                    Ok(()) => delete(&client, &victim).await,
                    Err(error) => Err(error),
                };
                match done {
                    Ok(()) => {
                        let message =
                            format!("Preempted by pod {} on node {}", pod.key.uid, found.node);
                        recorder.event(
                            &reference(&victim),
                            EventType::Normal,
                            "Preempted",
                            message,
                        );
                    }
                    Err(error) => {
                        tracing::warn!(victim = %victim.key.name, %error, "could not preempt")
                    }
                }
            }
            let _ = sender
                .send(Event::Preempted {
                    uid: pod.key.uid.clone(),
                })
                .await;
        });
    }
}

fn reference(pod: &PodInfo) -> ObjectReference {
    ObjectReference {
        api_version: Some("v1".into()),
        kind: Some("Pod".into()),
        namespace: Some(pod.key.namespace.clone()),
        name: Some(pod.key.name.clone()),
        uid: Some(pod.key.uid.clone()),
        ..Default::default()
    }
}

fn pod_path(pod: &PodInfo, rest: &str) -> String {
    format!(
        "/api/v1/namespaces/{}/pods/{}{rest}",
        pod.key.namespace, pod.key.name
    )
}

async fn send(
    client: &kube::Client,
    request: http::request::Builder,
    body: serde_json::Value,
) -> Result<(), kube::Error> {
    let request = request
        .body(body.to_string().into_bytes())
        .map_err(kube::Error::HttpError)?;
    client.request_text(request).await.map(drop)
}

/// Binds a pod, by its uid: a pod of the same name that came later is not ours to place.
async fn post_binding(client: &kube::Client, pod: &PodInfo, node: &str) -> Result<(), kube::Error> {
    let body = json!({
        "apiVersion": "v1", "kind": "Binding",
        "metadata": { "name": pod.key.name, "namespace": pod.key.namespace, "uid": pod.key.uid },
        "target": { "apiVersion": "v1", "kind": "Node", "name": node },
    });
    let request = http::Request::post(pod_path(pod, "/binding"))
        .header(http::header::CONTENT_TYPE, "application/json");
    send(client, request, body).await
}

async fn patch_status(
    client: &kube::Client,
    pod: &PodInfo,
    status: serde_json::Value,
) -> Result<(), kube::Error> {
    let request = http::Request::patch(pod_path(pod, "/status")).header(
        http::header::CONTENT_TYPE,
        "application/strategic-merge-patch+json",
    );
    send(
        client,
        request,
        json!({ "metadata": { "uid": pod.key.uid }, "status": status }),
    )
    .await
}

async fn delete(client: &kube::Client, pod: &PodInfo) -> Result<(), kube::Error> {
    let request = http::Request::delete(pod_path(pod, ""))
        .header(http::header::CONTENT_TYPE, "application/json");
    let body = json!({ "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": { "uid": pod.key.uid } });
    match send(client, request, body).await {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        other => other,
    }
}

/// How long a simulated step takes.
#[cfg(test)]
const STEP: std::time::Duration = std::time::Duration::from_millis(100);

#[cfg(test)]
mod tests {
    //! A seeded run of the loop's state against an API server that is slow, refuses, and forgets: no pod is bound twice, and no
    //! node is given more than it has.

    use super::*;
    use rand::Rng as _;
    use serde_json::{Value, json};

    const NODES: usize = 3;
    const PODS: usize = 60;

    struct World {
        state: State,
        rng: SmallRng,
        now: Instant,
        /// The truth: pods and the node that each is bound to.
        pods: Vec<(String, Option<usize>)>,
        /// Bindings that the API server has yet to answer.
        posted: Vec<(Arc<PodInfo>, usize)>,
        bindings: HashMap<String, usize>,
        made: usize,
    }

    fn pod_json(uid: &str, node: Option<usize>) -> wire::Pod {
        let node = node.map(|n| format!("n{n}")).unwrap_or_default();
        let json = json!({"metadata":{"name":uid,"namespace":"d","uid":uid},
            "spec":{"nodeName":node,"schedulerName":"s","containers":[{"resources":{"requests":{"cpu":"1"}}}]}});
        serde_json::from_value(json).expect("a pod")
    }

    impl World {
        fn new(seed: u64) -> Self {
            let mut state = State::new(SmallRng::seed_from_u64(seed));
            let now = Instant::now();
            let node = |i: usize| json!({"metadata":{"name":format!("n{i}")},"status":{"allocatable":{"cpu":"5","memory":"1Gi","pods":"110"}}});
            let nodes: Vec<Value> = (0..NODES).map(node).collect();
            state.nodes(
                Change::All(serde_json::from_value(json!(nodes)).expect("nodes")),
                now,
            );
            state.pods(Change::All(Vec::new()), "s", now);
            Self {
                state,
                rng: SmallRng::seed_from_u64(seed ^ 7),
                now,
                pods: Vec::new(),
                posted: Vec::new(),
                bindings: HashMap::new(),
                made: 0,
            }
        }

        fn step(&mut self) {
            self.now += STEP;
            match self.rng.random_range(0..6) {
                0 if self.pods.len() < PODS => {
                    self.made += 1;
                    let uid = format!("p{}", self.made);
                    self.pods.push((uid.clone(), None));
                    self.state
                        .pods(Change::Applied(pod_json(&uid, None)), "s", self.now);
                }
                1 if !self.posted.is_empty() => self.answer(),
                2 if !self.pods.is_empty() => self.stale_news(),
                3 if !self.pods.is_empty() && self.rng.random_bool(0.3) => self.delete(),
                4 => {
                    let all = self
                        .pods
                        .iter()
                        .map(|(uid, node)| pod_json(uid, *node))
                        .collect();
                    self.state.pods(Change::All(all), "s", self.now);
                }
                _ => {
                    self.state.queue.tick(self.now);
                    self.turn();
                }
            }
            self.check();
        }

        fn turn(&mut self) {
            let Some(pod) = self.state.queue.pop() else {
                return;
            };
            match self.state.decide(&pod) {
                Decision::Place(node) => {
                    let node = node[1..].parse().expect("a node's number");
                    self.posted.push((pod, node));
                }
                Decision::Unfit(_) => self.state.queue.unschedulable(&pod.key.uid, self.now),
            }
        }

        /// The API server answers a binding: it refuses some, and those of pods that are bound or gone.
        fn answer(&mut self) {
            let i = self.rng.random_range(0..self.posted.len());
            let (pod, node) = self.posted.swap_remove(i);
            let uid = pod.key.uid.clone();
            let found = self.pods.iter_mut().find(|(u, _)| *u == uid);
            match found {
                None => self.state.binding_failed(&uid, true, self.now),
                Some((_, bound)) if bound.is_none() && !self.rng.random_bool(0.2) => {
                    *bound = Some(node);
                    *self.bindings.entry(uid.clone()).or_default() += 1;
                    self.state.queue.remove(&uid);
                    self.state
                        .pods(Change::Applied(pod_json(&uid, Some(node))), "s", self.now);
                }
                Some(_) => self.state.binding_failed(&uid, false, self.now),
            }
        }

        /// An event that tells of a pod as it was before it was bound.
        fn stale_news(&mut self) {
            let i = self.rng.random_range(0..self.pods.len());
            if self.pods[i].1.is_none() {
                let pod = pod_json(&self.pods[i].0, None);
                self.state.pods(Change::Applied(pod), "s", self.now);
            }
        }

        fn delete(&mut self) {
            let i = self.rng.random_range(0..self.pods.len());
            let (uid, node) = self.pods.swap_remove(i);
            self.state
                .pods(Change::Deleted(pod_json(&uid, node)), "s", self.now);
        }

        fn check(&self) {
            for (uid, count) in &self.bindings {
                assert_eq!(*count, 1, "{uid} was bound {count} times");
            }
            for node in 0..NODES {
                let bound = self.pods.iter().filter(|(_, n)| *n == Some(node)).count();
                assert!(
                    bound <= 5,
                    "n{node} has {bound} pods of one core each on five cores"
                );
            }
        }
    }

    #[test]
    fn no_pod_is_bound_twice_and_no_node_overcommitted() {
        for seed in 0..60 {
            let mut world = World::new(seed);
            for _ in 0..600 {
                world.step();
            }
            assert!(!world.bindings.is_empty(), "seed {seed} bound nothing");
        }
    }
}
