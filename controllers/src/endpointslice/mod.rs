//! The EndpointSlice controller: tells of every Service with a selector which addresses serve it.
//!
//! Writing a slice costs as much as all its endpoints, so that changes are gathered: the first is written at once, what follows
//! waits for a time that grows with the number of endpoints. A thousand pods that become ready one by one cost some tens of
//! writes, and a single pod's first answer is not delayed.

mod endpoints_of;
pub mod pack;

pub use endpoints_of::{
    address, address_types, hostname, is_candidate, pod_reference, target_port,
};

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use hydrofoil_client::events::Recorder;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::action::{Action, Event, execute};
use crate::context::{Context, Work};
use crate::error::Error;
use crate::expectations::{Expectations, Written};
use crate::informer::Change as Changed;
use crate::objects::{
    ENDPOINT_SLICE, EndpointSlice, Key, Meta, Pod, SERVICE, SERVICE_NAME_LABEL, Service,
};
use crate::queue::Queue;
use crate::selector::{Selector, SelectorIndex};
use crate::worker::{self, Next};

use pack::{Change, MANAGED_BY_LABEL, Owner};

/// This controller's name in [`MANAGED_BY_LABEL`].
const MANAGER: &str = "endpointslice-controller.k8s.io";
/// Labels the slices of headless Services.
pub const HEADLESS_LABEL: &str = "service.kubernetes.io/headless";
/// The label of a node's zone.
const ZONE_LABEL: &str = "topology.kubernetes.io/zone";
/// Changes of a Service's endpoints are gathered so much longer for every endpoint …
const REST_PER_ENDPOINT: Duration = Duration::from_millis(1);
/// … but no longer than this.
const MAX_REST: Duration = Duration::from_secs(1);

/// Decides what to do with a Service's slices. `pods` are those that its selector matches.
fn reconcile(
    service: &Service,
    pods: &[Arc<Pod>],
    slices: &[Arc<EndpointSlice>],
    zones: &HashMap<String, String>,
) -> Vec<Change> {
    let owner = Owner {
        kind: &SERVICE,
        meta: &service.metadata,
        labels: labels(service),
        annotations: BTreeMap::new(),
    };
    let types = address_types(service);
    let mut changes = Vec::new();
    for address_type in &types {
        let existing: Vec<_> = slices
            .iter()
            .filter(|s| s.address_type == *address_type)
            .cloned()
            .collect();
        let groups = endpoints_of::groups(service, pods, address_type, zones);
        changes.extend(pack::pack(&owner, address_type, &existing, groups));
    }
    let strangers = slices
        .iter()
        .filter(|s| !types.contains(&s.address_type.as_str()));
    changes.extend(strangers.cloned().map(Change::Delete));
    changes
}

/// The labels of a Service's slices: its own, and whose they are.
fn labels(service: &Service) -> BTreeMap<String, String> {
    let mut labels = service.metadata.labels().clone();
    labels.remove(HEADLESS_LABEL);
    if service.is_headless() {
        labels.insert(HEADLESS_LABEL.into(), String::new());
    }
    labels.insert(MANAGED_BY_LABEL.into(), MANAGER.into());
    labels.insert(SERVICE_NAME_LABEL.into(), service.metadata.name().into());
    labels
}

/// Whether a pod's change means something to endpoints.
pub fn concerns_endpoints(old: &Pod, new: &Pod) -> bool {
    old.status.pod_ip != new.status.pod_ip
        || old.status.pod_ips != new.status.pod_ips
        || old.is_ready() != new.is_ready()
        || old.is_terminal() != new.is_terminal()
        || old.metadata.is_deleting() != new.metadata.is_deleting()
        || old.metadata.labels != new.metadata.labels
        || old.metadata.uid != new.metadata.uid
        || old.spec.node_name != new.spec.node_name
}

/// Calls `each` for every Service whose endpoints a pod's change may touch.
pub fn services_of(
    change: &Changed<'_, Pod>,
    selectors: &SelectorIndex,
    mut each: impl FnMut(&Key),
) {
    if let (Some(old), Some(new)) = (change.old, change.new) {
        if !concerns_endpoints(old, new) || (!is_candidate(old) && !is_candidate(new)) {
            return;
        }
        if old.metadata.labels != new.metadata.labels {
            selectors.matching(old.metadata.namespace(), old.metadata.labels(), &mut each);
        }
    }
    let Some(pod) = change.latest() else { return };
    if is_candidate(pod) || change.old.is_some() {
        selectors.matching(pod.metadata.namespace(), pod.metadata.labels(), &mut each);
    }
}

struct Controller {
    context: Arc<Context>,
    queue: Arc<Queue<Key>>,
    recorder: Recorder,
    selectors: Mutex<SelectorIndex>,
    memory: Memory,
}

/// Registers the controller's interest in changes and returns its work.
pub fn start(context: &Arc<Context>) -> Work {
    let controller = Arc::new(Controller {
        context: context.clone(),
        queue: context.queue("endpoint_slice"),
        recorder: context.recorder("endpoint-slice-controller"),
        selectors: Mutex::default(),
        memory: Memory::default(),
    });
    let c = controller.clone();
    context
        .informers
        .services
        .on_change(move |change| c.service_changed(change));
    let c = controller.clone();
    context.informers.pods.on_change(move |change| {
        let selectors = c.selectors.lock();
        services_of(change, &selectors, |key| c.queue.add(key.clone()));
    });
    let c = controller.clone();
    context
        .informers
        .endpoint_slices
        .on_change(move |change| c.slice_changed(change));
    let (queue, limit) = (controller.queue.clone(), context.config.concurrent_syncs);
    let shutdown = context.shutdown.clone();
    Box::pin(worker::work(
        "endpointslice",
        queue,
        limit,
        shutdown,
        move |key| {
            let controller = controller.clone();
            async move { controller.sync(key).await }
        },
    ))
}

impl Controller {
    fn service_changed(&self, change: &Changed<'_, Service>) {
        let Some(service) = change.latest() else {
            return;
        };
        let key = Key::of(&service.metadata);
        let mut selectors = self.selectors.lock();
        if change.new.is_some() {
            selectors.set(key.clone(), Selector::from_pairs(&service.spec.selector));
        } else {
            selectors.remove(&key);
            self.memory.forget(&key);
        }
        drop(selectors);
        self.queue.add(key);
    }

    fn slice_changed(&self, change: &Changed<'_, EndpointSlice>) {
        let Some(slice) = change.latest() else { return };
        let meta = &slice.metadata;
        let ours = meta
            .labels()
            .get(MANAGED_BY_LABEL)
            .is_some_and(|m| m == MANAGER);
        let Some(service) = meta.labels().get(SERVICE_NAME_LABEL).filter(|_| ours) else {
            return;
        };
        let key = Key::new(meta.namespace(), service.as_str());
        self.memory.observe(&key, change);
        self.queue.add(key);
    }

    async fn sync(&self, key: Key) -> Result<Next, Error> {
        let informers = &self.context.informers;
        let Some(service) = informers.services.get(&key) else {
            // The garbage collector takes the slices.
            return Ok(Next::default());
        };
        if service.spec.kind == "ExternalName"
            || service.spec.selector.is_empty()
            || service.metadata.is_deleting()
        {
            return Ok(Next::default());
        }
        let slices = self.slices(&key);
        if self.memory.is_behind(&key, &slices, Instant::now()) {
            return Err(Error::Stale);
        }
        let selector = Selector::from_pairs(&service.spec.selector);
        let pods: Vec<Arc<Pod>> = informers
            .pods
            .read(|pods| pods.selected(&key.namespace, &selector).cloned().collect());
        let changes = reconcile(&service, &pods, &slices, &self.zones(&pods));
        if let Err(error) =
            carry_out(&self.context, &self.recorder, &self.memory, &key, changes).await
        {
            if error.is_namespace_terminating() {
                return Ok(Next::default());
            }
            if !error.is_conflict() {
                let message = format!(
                    "Error updating Endpoint Slices for Service {key}: {}",
                    error.message()
                );
                Event::warning(
                    &SERVICE,
                    &service.metadata,
                    "FailedToUpdateEndpointSlices",
                    message,
                )
                .record(&self.recorder);
            }
            return Err(error);
        }
        let held: usize = slices.iter().map(|s| s.endpoints.len()).sum();
        let size = u32::try_from(held.max(pods.len())).unwrap_or(u32::MAX);
        let period = Duration::from_millis(self.context.config.endpoint_updates_batch_period_ms);
        let rest = period + REST_PER_ENDPOINT * size;
        Ok(Next {
            after: None,
            rest: rest.min(MAX_REST.max(period)),
        })
    }

    /// The slices that this controller keeps for a Service, in a stable order.
    fn slices(&self, service: &Key) -> Vec<Arc<EndpointSlice>> {
        let labels = BTreeMap::from([
            (SERVICE_NAME_LABEL.to_owned(), service.name.clone()),
            (MANAGED_BY_LABEL.to_owned(), MANAGER.to_owned()),
        ]);
        let selector = Selector::from_pairs(&labels);
        let mut slices: Vec<_> = self.context.informers.endpoint_slices.read(|slices| {
            let live = slices.selected(&service.namespace, &selector);
            live.filter(|s| !s.metadata.is_deleting())
                .cloned()
                .collect()
        });
        slices.sort_by(|a: &Arc<EndpointSlice>, b| a.metadata.name().cmp(b.metadata.name()));
        slices
    }

    /// The zones of the nodes that these pods are on.
    fn zones(&self, pods: &[Arc<Pod>]) -> HashMap<String, String> {
        let mut zones: HashMap<String, Option<String>> = HashMap::new();
        for pod in pods {
            let node = &pod.spec.node_name;
            if !node.is_empty() && !zones.contains_key(node) {
                let found = self
                    .context
                    .informers
                    .nodes
                    .get(&Key::new("", node.as_str()));
                let zone = found.and_then(|n| n.metadata.labels().get(ZONE_LABEL).cloned());
                zones.insert(node.clone(), zone);
            }
        }
        zones
            .into_iter()
            .filter_map(|(node, zone)| Some((node, zone?)))
            .collect()
    }
}

/// What a controller of slices did and its cache has not shown yet.
#[derive(Debug, Default)]
pub struct Memory {
    expectations: Expectations,
    written: Written,
}

impl Memory {
    /// Whether a decision on these slices would be made on an old picture.
    pub fn is_behind(&self, owner: &Key, slices: &[Arc<EndpointSlice>], now: Instant) -> bool {
        let behind = slices
            .iter()
            .any(|s| self.written.is_behind(&s.metadata, now));
        behind || !self.expectations.satisfied(owner, now)
    }

    /// Notes what the cache shows of an owner's slices.
    pub fn observe(&self, owner: &Key, change: &Changed<'_, EndpointSlice>) {
        match (change.old, change.new) {
            (None, Some(_)) => drop(self.expectations.created(owner)),
            (Some(gone), None) => {
                self.written.forget(gone.metadata.uid());
                self.expectations.deleted(owner, gone.metadata.uid());
            }
            _ => {}
        }
    }

    /// Forgets an owner.
    pub fn forget(&self, owner: &Key) {
        self.expectations.forget(owner);
    }

    fn expect(&self, owner: &Key, changes: &[Change], now: Instant) {
        let creations = changes
            .iter()
            .filter(|c| matches!(c, Change::Create(_)))
            .count();
        let deletions: Vec<String> = changes
            .iter()
            .filter_map(|c| match c {
                Change::Delete(slice) => Some(slice.metadata.uid().to_owned()),
                _ => None,
            })
            .collect();
        if creations > 0 || !deletions.is_empty() {
            self.expectations.expect(owner, creations, deletions, now);
        }
    }

    fn undone(&self, owner: &Key, change: &Change) {
        match change {
            Change::Create(_) => drop(self.expectations.created(owner)),
            Change::Delete(slice) => drop(self.expectations.deleted(owner, slice.metadata.uid())),
            Change::Update(..) => {}
        }
    }
}

/// Carries out changes of an owner's slices one after the other until one fails.
pub async fn carry_out(
    context: &Context,
    recorder: &Recorder,
    memory: &Memory,
    owner: &Key,
    changes: Vec<Change>,
) -> Result<(), Error> {
    let now = Instant::now();
    memory.expect(owner, &changes, now);
    for (done, change) in changes.iter().enumerate() {
        let updates = matches!(change, Change::Update(..));
        match execute(
            &context.writer,
            recorder,
            action(&owner.namespace, change.clone()),
        )
        .await
        {
            Ok(Some(meta)) if updates => memory.written.note(&meta, now),
            Ok(_) => {}
            Err(error) => {
                // Nobody will see what was never done.
                for change in changes.iter().skip(done) {
                    memory.undone(owner, change);
                }
                return Err(error);
            }
        }
    }
    Ok(())
}

/// A slice's change as an action.
fn action(namespace: &str, change: Change) -> Action {
    match change {
        Change::Create(body) => Action::Create {
            kind: &ENDPOINT_SLICE,
            namespace: namespace.into(),
            body,
        },
        Change::Update(slice, patch) => Action::merge(&ENDPOINT_SLICE, &slice.metadata, patch),
        Change::Delete(slice) => Action::delete(&ENDPOINT_SLICE, &slice.metadata),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_gets_slices_for_its_families_alone() {
        let service: Service = serde_yaml::from_str(
            "{metadata: {name: web, namespace: n, uid: s, labels: {a: b}}, spec: {clusterIP: None, ipFamilies: [IPv4], ports: [{port: 80}]}}",
        )
        .unwrap();
        let stale: EndpointSlice = serde_yaml::from_str(
            "{metadata: {name: web-x, namespace: n, uid: x}, addressType: IPv6}",
        )
        .unwrap();
        let pod: Pod = serde_yaml::from_str(
            "{metadata: {name: p, namespace: n}, status: {phase: Running, podIP: 127.64.0.9}}",
        )
        .unwrap();
        let changes = reconcile(
            &service,
            &[Arc::new(pod)],
            &[Arc::new(stale)],
            &HashMap::new(),
        );
        let [Change::Create(body), Change::Delete(gone)] = changes.as_slice() else {
            panic!("{changes:?}")
        };
        assert_eq!(gone.metadata.name(), "web-x");
        assert_eq!(body["addressType"], "IPv4");
        assert_eq!(body["metadata"]["generateName"], "web-");
        assert_eq!(
            body["metadata"]["labels"],
            serde_json::json!({"a": "b", "service.kubernetes.io/headless": "", "kubernetes.io/service-name": "web",
                               "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"})
        );
        assert_eq!(
            body["endpoints"][0]["addresses"],
            serde_json::json!(["127.64.0.9"])
        );
    }

    #[test]
    fn only_pods_that_can_be_endpoints_wake_their_services() {
        let mut selectors = SelectorIndex::default();
        selectors.set(
            Key::new("n", "web"),
            Selector::from_pairs(&BTreeMap::from([("app".to_owned(), "x".to_owned())])),
        );
        let pod = |rest: &str| -> Arc<Pod> {
            Arc::new(
                serde_yaml::from_str(&format!(
                    "{{metadata: {{name: p, namespace: n, labels: {{app: x}}}}, {rest}}}"
                ))
                .unwrap(),
            )
        };
        let woken = |old: Option<&Arc<Pod>>, new: Option<&Arc<Pod>>| {
            let mut count = 0;
            services_of(&Changed { old, new }, &selectors, |_| count += 1);
            count
        };
        let fresh = pod("status: {phase: Pending}");
        let bound = pod("spec: {nodeName: k}, status: {phase: Pending}");
        let addressed = pod("spec: {nodeName: k}, status: {phase: Running, podIP: 127.64.0.2}");
        assert_eq!(woken(None, Some(&fresh)), 0);
        assert_eq!(woken(Some(&fresh), Some(&bound)), 0);
        assert_eq!(woken(Some(&bound), Some(&addressed)), 1);
        assert_eq!(woken(Some(&addressed), Some(&addressed.clone())), 0);
        assert_eq!(woken(Some(&addressed), None), 1);
    }
}
