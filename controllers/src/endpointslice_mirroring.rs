//! Mirrors Endpoints that people write for Services without a selector into EndpointSlices, which is all that proxies read.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hydrofoil_client::events::Recorder;
use k8s_openapi::api::core::v1::EndpointAddress;
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointConditions, EndpointPort};

use crate::context::{Context, Work};
use crate::endpointslice::pack::{Change, Group, MANAGED_BY_LABEL, Owner, pack};
use crate::endpointslice::{Memory, carry_out};
use crate::error::Error;
use crate::objects::{ENDPOINTS, EndpointSlice, Endpoints, Key, Meta, SERVICE_NAME_LABEL, Service};
use crate::queue::Queue;
use crate::selector::Selector;
use crate::worker::{self, Next};
use tokio::time::Instant;

/// This controller's name in [`MANAGED_BY_LABEL`].
const MANAGER: &str = "endpointslicemirroring-controller.k8s.io";
/// Endpoints with this label are somebody else's to mirror.
const SKIP_LABEL: &str = "endpointslice.kubernetes.io/skip-mirror";
/// Endpoints that were once a lock for leader election.
const LEADER_ANNOTATION: &str = "control-plane.alpha.kubernetes.io/leader";
/// Addresses of one subset that are mirrored at most (upstream: `mirroring-max-endpoints-per-subset`).
const MAX_PER_SUBSET: usize = 1000;
/// Never copied to the slices.
const NOT_COPIED: [&str; 2] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "endpoints.kubernetes.io/last-change-trigger-time",
];
/// Changes within this time are worked on together.
const REST: Duration = Duration::from_millis(50);

/// Whether these Endpoints shall be mirrored.
fn is_mirrored(endpoints: &Endpoints, service: Option<&Service>) -> bool {
    let meta = &endpoints.metadata;
    meta.labels()
        .get(SKIP_LABEL)
        .is_none_or(|skip| skip != "true")
        && meta.annotation(LEADER_ANNOTATION).is_none()
        && service.is_some_and(|s| s.spec.selector.is_empty())
}

fn endpoint(address: &EndpointAddress, ready: bool) -> Endpoint {
    Endpoint {
        addresses: vec![address.ip.clone()],
        conditions: Some(EndpointConditions {
            ready: Some(ready),
            ..Default::default()
        }),
        hostname: address.hostname.clone().filter(|h| !h.is_empty()),
        node_name: address.node_name.clone(),
        target_ref: address.target_ref.clone(),
        ..Default::default()
    }
}

/// The groups of one address family.
fn groups(endpoints: &Endpoints, v6: bool) -> Vec<Group> {
    let fits = |a: &EndpointAddress| a.ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6() == v6);
    endpoints
        .subsets
        .iter()
        .map(|subset| {
            let ready = subset.addresses.iter().flatten().map(|a| (a, true));
            let not_ready = subset
                .not_ready_addresses
                .iter()
                .flatten()
                .map(|a| (a, false));
            let chosen = ready
                .chain(not_ready)
                .take(MAX_PER_SUBSET)
                .filter(|(a, _)| fits(a));
            let ports = subset.ports.iter().flatten().map(|p| EndpointPort {
                name: Some(p.name.clone().unwrap_or_default()),
                port: Some(p.port),
                protocol: Some(p.protocol.clone().unwrap_or_else(|| "TCP".into())),
                app_protocol: p.app_protocol.clone(),
            });
            Group {
                ports: ports.collect(),
                endpoints: chosen.map(|(a, ready)| endpoint(a, ready)).collect(),
            }
        })
        .collect()
}

/// Decides what to do with the mirrored slices of Endpoints.
fn reconcile(endpoints: &Endpoints, slices: &[Arc<EndpointSlice>]) -> Vec<Change> {
    let meta = &endpoints.metadata;
    let mut labels = meta.labels().clone();
    labels.insert(MANAGED_BY_LABEL.into(), MANAGER.into());
    labels.insert(SERVICE_NAME_LABEL.into(), meta.name().into());
    let copied = meta
        .annotations()
        .iter()
        .filter(|(k, _)| !NOT_COPIED.contains(&k.as_str()));
    let owner = Owner {
        kind: &ENDPOINTS,
        meta,
        labels,
        annotations: copied.map(|(k, v)| (k.clone(), v.clone())).collect(),
    };
    let mut changes = Vec::new();
    for (address_type, v6) in [("IPv4", false), ("IPv6", true)] {
        let existing: Vec<_> = slices
            .iter()
            .filter(|s| s.address_type == address_type)
            .cloned()
            .collect();
        let groups: Vec<_> = groups(endpoints, v6)
            .into_iter()
            .filter(|g| !g.endpoints.is_empty())
            .collect();
        if groups.is_empty() {
            // Other than a Service, Endpoints without addresses need no placeholder.
            changes.extend(existing.into_iter().map(Change::Delete));
        } else {
            changes.extend(pack(&owner, address_type, &existing, groups));
        }
    }
    changes
}

struct Controller {
    context: Arc<Context>,
    queue: Arc<Queue<Key>>,
    recorder: Recorder,
    memory: Memory,
}

/// Registers the controller's interest in changes and returns its work.
pub fn start(context: &Arc<Context>) -> Work {
    let controller = Arc::new(Controller {
        context: context.clone(),
        queue: context.queue("endpoint_slice_mirroring"),
        recorder: context.recorder("endpoint-slice-mirroring-controller"),
        memory: Memory::default(),
    });
    let c = controller.clone();
    context.informers.endpoints.on_change(move |change| {
        let Some(endpoints) = change.latest() else {
            return;
        };
        let key = Key::of(&endpoints.metadata);
        // Those of Services with a selector change with every pod and are none of this controller's concern.
        let service = c.context.informers.services.get(&key);
        if service.is_none_or(|s| s.spec.selector.is_empty()) {
            c.queue.add(key);
        }
    });
    let c = controller.clone();
    context.informers.services.on_change(move |change| {
        if let Some(service) = change.latest() {
            c.queue.add(Key::of(&service.metadata));
        }
    });
    let c = controller.clone();
    context.informers.endpoint_slices.on_change(move |change| {
        let Some(slice) = change.latest() else { return };
        let meta = &slice.metadata;
        if meta
            .labels()
            .get(MANAGED_BY_LABEL)
            .is_none_or(|m| m != MANAGER)
        {
            return;
        }
        let Some(service) = meta.labels().get(SERVICE_NAME_LABEL) else {
            return;
        };
        let key = Key::new(meta.namespace(), service.as_str());
        c.memory.observe(&key, change);
        c.queue.add(key);
    });
    let queue = controller.queue.clone();
    let shutdown = context.shutdown.clone();
    Box::pin(worker::work(
        "endpointslice-mirroring",
        queue,
        2,
        shutdown,
        move |key| {
            let controller = controller.clone();
            async move { controller.sync(key).await }
        },
    ))
}

impl Controller {
    async fn sync(&self, key: Key) -> Result<Next, Error> {
        let informers = &self.context.informers;
        let service = informers.services.get(&key);
        let endpoints = informers
            .endpoints
            .get(&key)
            .filter(|e| is_mirrored(e, service.as_deref()));
        let labels = BTreeMap::from([
            (SERVICE_NAME_LABEL.to_owned(), key.name.clone()),
            (MANAGED_BY_LABEL.to_owned(), MANAGER.to_owned()),
        ]);
        let selector = Selector::from_pairs(&labels);
        let slices: Vec<_> = informers
            .endpoint_slices
            .read(|s| s.selected(&key.namespace, &selector).cloned().collect());
        if self.memory.is_behind(&key, &slices, Instant::now()) {
            return Err(Error::Stale);
        }
        let changes = match &endpoints {
            Some(endpoints) => reconcile(endpoints, &slices),
            None => slices.into_iter().map(Change::Delete).collect(),
        };
        match carry_out(&self.context, &self.recorder, &self.memory, &key, changes).await {
            Err(error) if !error.is_namespace_terminating() => Err(error),
            _ => Ok(Next {
                after: None,
                rest: REST,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(yaml: &str) -> Endpoints {
        serde_yaml::from_str(yaml).unwrap()
    }

    #[test]
    fn hand_written_endpoints_become_slices_by_family() {
        let e = endpoints(
            "{metadata: {name: db, namespace: n, uid: e, labels: {x: y}, annotations: {note: z}}, subsets: [{addresses: [{ip: 127.0.0.9}, {ip: '::1'}], notReadyAddresses: [{ip: 127.0.0.8}], ports: [{port: 5432}]}]}",
        );
        let changes = reconcile(&e, &[]);
        let [Change::Create(v4), Change::Create(v6)] = changes.as_slice() else {
            panic!("{changes:?}")
        };
        let ready: Vec<_> = v4["endpoints"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["conditions"]["ready"].as_bool())
            .collect();
        assert_eq!(ready, [Some(true), Some(false)]);
        assert_eq!(v6["addressType"], "IPv6");
        assert_eq!(v4["metadata"]["labels"][MANAGED_BY_LABEL], MANAGER);
        assert_eq!(v4["metadata"]["annotations"]["note"], "z");
        assert_eq!(v4["metadata"]["ownerReferences"][0]["kind"], "Endpoints");
    }

    #[test]
    fn only_what_nobody_else_mirrors_is_mirrored() {
        let service = |yaml: &str| serde_yaml::from_str::<Service>(yaml).unwrap();
        let bare = service("{spec: {ports: [{port: 1}]}}");
        let plain = endpoints("{metadata: {name: db}}");
        assert!(is_mirrored(&plain, Some(&bare)));
        assert!(!is_mirrored(&plain, None));
        assert!(!is_mirrored(
            &plain,
            Some(&service("{spec: {selector: {a: b}}}"))
        ));
        assert!(!is_mirrored(
            &endpoints("{metadata: {labels: {endpointslice.kubernetes.io/skip-mirror: 'true'}}}"),
            Some(&bare)
        ));
        assert!(!is_mirrored(
            &endpoints("{metadata: {annotations: {control-plane.alpha.kubernetes.io/leader: x}}}"),
            Some(&bare)
        ));
    }
}
