//! Keeps the legacy Endpoints object of every Service with a selector: all its addresses in one object, up to a thousand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hydrofoil_client::events::Recorder;
use k8s_openapi::api::core::v1::{EndpointAddress, EndpointPort, EndpointSubset};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::action::{Action, Event, execute};
use crate::context::{Context, Work};
use crate::endpointslice::{
    HEADLESS_LABEL, address, address_types, hostname, is_candidate, pod_reference, services_of,
    target_port,
};
use crate::error::Error;
use crate::objects::{ENDPOINTS, Endpoints, Key, Meta, Pod, SERVICE, Service};
use crate::queue::Queue;
use crate::selector::{Selector, SelectorIndex};
use crate::worker::{self, Next};

/// Addresses in one object at most (upstream: `maxCapacity`).
const CAPACITY: usize = 1000;
/// Tells that there were more.
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";
/// Names the controller that keeps an object.
const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const MANAGER: &str = "endpoint-controller";
/// Changes are gathered for so long …
const REST: Duration = Duration::from_millis(50);
/// … and so much longer for every address, for each write carries them all …
const REST_PER_ADDRESS: Duration = Duration::from_millis(2);
/// … but no longer than this.
const MAX_REST: Duration = Duration::from_secs(2);

/// One pod's place in an object.
struct Place {
    ready: bool,
    address: EndpointAddress,
    ports: Vec<EndpointPort>,
}

fn ports(pod: &Pod, service: &Service) -> Vec<EndpointPort> {
    let resolve = |port: &k8s_openapi::api::core::v1::ServicePort| {
        Some(EndpointPort {
            name: port.name.clone().filter(|n| !n.is_empty()),
            port: target_port(pod, port)?,
            protocol: Some(port.protocol.clone().unwrap_or_else(|| "TCP".into())),
            app_protocol: port.app_protocol.clone(),
        })
    };
    service.spec.ports.iter().filter_map(resolve).collect()
}

fn place(pod: &Pod, service: &Service, address_type: &str) -> Option<Place> {
    let publish = service.spec.publish_not_ready_addresses;
    if !is_candidate(pod) || (pod.metadata.is_deleting() && !publish) {
        return None;
    }
    let ports = ports(pod, service);
    if ports.is_empty() && !service.spec.ports.is_empty() {
        return None;
    }
    let address = EndpointAddress {
        ip: address(pod, address_type)?,
        hostname: hostname(pod, service),
        node_name: Some(pod.spec.node_name.clone()).filter(|n| !n.is_empty()),
        target_ref: Some(pod_reference(pod)),
    };
    Some(Place {
        ready: publish || pod.is_ready(),
        address,
        ports,
    })
}

/// The subsets of a Service, and whether some addresses found no room.
fn subsets(service: &Service, pods: &[Arc<Pod>]) -> (Vec<EndpointSubset>, bool) {
    let address_type = address_types(service).first().copied().unwrap_or("IPv4");
    let mut places: Vec<Place> = pods
        .iter()
        .filter_map(|p| place(p, service, address_type))
        .collect();
    let over = places.len() > CAPACITY;
    // Ready addresses stay when there is no room for all.
    places.sort_by(|a, b| {
        b.ready
            .cmp(&a.ready)
            .then_with(|| a.address.ip.cmp(&b.address.ip))
    });
    places.truncate(CAPACITY);
    let mut grouped: BTreeMap<String, EndpointSubset> = BTreeMap::new();
    for place in places {
        let mut key: Vec<String> = place.ports.iter().map(|p| format!("{p:?}")).collect();
        key.sort();
        let subset = grouped
            .entry(key.join(","))
            .or_insert_with(|| EndpointSubset {
                ports: Some(place.ports).filter(|p| !p.is_empty()),
                ..Default::default()
            });
        let list = if place.ready {
            &mut subset.addresses
        } else {
            &mut subset.not_ready_addresses
        };
        list.get_or_insert_default().push(place.address);
    }
    (grouped.into_values().collect(), over)
}

fn labels(service: &Service) -> BTreeMap<String, String> {
    let mut labels = service.metadata.labels().clone();
    labels.remove(HEADLESS_LABEL);
    if service.is_headless() {
        labels.insert(HEADLESS_LABEL.into(), String::new());
    }
    labels.insert(MANAGED_BY.into(), MANAGER.into());
    labels
}

/// Decides what to do with a Service's object. `pods` are those that its selector matches.
fn reconcile(service: &Service, pods: &[Arc<Pod>], current: Option<&Endpoints>) -> Option<Action> {
    let (subsets, over) = subsets(service, pods);
    let labels = labels(service);
    let over = over.then_some("truncated");
    let Some(current) = current else {
        let meta = &service.metadata;
        let mut body = json!({
            "apiVersion": ENDPOINTS.api_version(),
            "kind": ENDPOINTS.kind,
            "metadata": {"name": meta.name(), "namespace": meta.namespace(), "labels": labels},
        });
        if let Some(over) = over {
            body["metadata"]["annotations"] = json!({ OVER_CAPACITY: over });
        }
        if !subsets.is_empty() {
            body["subsets"] = json!(subsets);
        }
        return Some(Action::Create {
            kind: &ENDPOINTS,
            namespace: meta.namespace().into(),
            body,
        });
    };
    let meta = &current.metadata;
    let same = current.subsets == subsets
        && *meta.labels() == labels
        && meta.annotation(OVER_CAPACITY) == over;
    if same {
        return None;
    }
    let mut patched: BTreeMap<&str, Value> = meta
        .labels()
        .keys()
        .filter(|k| !labels.contains_key(*k))
        .map(|k| (k.as_str(), Value::Null))
        .collect();
    patched.extend(labels.iter().map(|(k, v)| (k.as_str(), json!(v))));
    let patch = json!({
        "metadata": {
            "resourceVersion": meta.version(),
            "labels": patched,
            "annotations": {OVER_CAPACITY: over},
        },
        "subsets": if subsets.is_empty() { Value::Null } else { json!(subsets) },
    });
    Some(Action::merge(&ENDPOINTS, meta, patch))
}

struct Controller {
    context: Arc<Context>,
    queue: Arc<Queue<Key>>,
    recorder: Recorder,
    selectors: Mutex<SelectorIndex>,
}

/// Registers the controller's interest in changes and returns its work.
pub fn start(context: &Arc<Context>) -> Work {
    let controller = Arc::new(Controller {
        context: context.clone(),
        queue: context.queue("endpoint"),
        recorder: context.recorder("endpoint-controller"),
        selectors: Mutex::default(),
    });
    let c = controller.clone();
    context.informers.services.on_change(move |change| {
        let Some(service) = change.latest() else {
            return;
        };
        let key = Key::of(&service.metadata);
        let mut selectors = c.selectors.lock();
        if change.new.is_some() {
            selectors.set(key.clone(), Selector::from_pairs(&service.spec.selector));
        } else {
            selectors.remove(&key);
        }
        drop(selectors);
        c.queue.add(key);
    });
    let c = controller.clone();
    context.informers.pods.on_change(move |change| {
        let selectors = c.selectors.lock();
        services_of(change, &selectors, |key| c.queue.add(key.clone()));
    });
    let c = controller.clone();
    context.informers.endpoints.on_change(move |change| {
        if let (Some(gone), None) = (change.old, change.new) {
            c.queue.add(Key::of(&gone.metadata));
        }
    });
    let (queue, limit) = (controller.queue.clone(), context.config.concurrent_syncs);
    let shutdown = context.shutdown.clone();
    Box::pin(worker::work(
        "endpoint",
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
    async fn sync(&self, key: Key) -> Result<Next, Error> {
        let informers = &self.context.informers;
        let current = informers.endpoints.get(&key);
        let Some(service) = informers.services.get(&key) else {
            if let Some(current) = current {
                let action = Action::delete(&ENDPOINTS, &current.metadata);
                execute(&self.context.writer, &self.recorder, action).await?;
            }
            return Ok(Next::default());
        };
        if service.spec.kind == "ExternalName" || service.spec.selector.is_empty() {
            return Ok(Next::default());
        }
        let selector = Selector::from_pairs(&service.spec.selector);
        let pods: Vec<Arc<Pod>> = informers
            .pods
            .read(|pods| pods.selected(&key.namespace, &selector).cloned().collect());
        if let Some(action) = reconcile(&service, &pods, current.as_deref()) {
            let creates = matches!(action, Action::Create { .. });
            if let Err(error) = execute(&self.context.writer, &self.recorder, action).await {
                return self.failed(&service, creates, error);
            }
        }
        let rest = REST + REST_PER_ADDRESS * u32::try_from(pods.len()).unwrap_or(u32::MAX);
        Ok(Next {
            after: None,
            rest: rest.min(MAX_REST),
        })
    }

    fn failed(&self, service: &Service, creates: bool, error: Error) -> Result<Next, Error> {
        if error.is_namespace_terminating() {
            return Ok(Next::default());
        }
        if error.is_conflict() || error.is_already_exists() {
            return Err(error);
        }
        let (reason, doing) = if creates {
            ("FailedToCreateEndpoint", "create")
        } else {
            ("FailedToUpdateEndpoint", "update")
        };
        let name = Key::of(&service.metadata);
        let message = format!("Failed to {doing} endpoint {name}: {}", error.message());
        Event::warning(&SERVICE, &service.metadata, reason, message).record(&self.recorder);
        Err(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> Service {
        serde_yaml::from_str("{metadata: {name: web, namespace: n, labels: {a: b}}, spec: {clusterIP: 127.96.0.1, ports: [{port: 80}]}}").unwrap()
    }

    fn pod(i: usize, ready: bool) -> Arc<Pod> {
        let status = if ready { "True" } else { "False" };
        let yaml = format!(
            "{{metadata: {{name: p{i}, namespace: n, uid: u{i}}}, spec: {{nodeName: k}}, status: {{phase: Running, podIP: 127.64.{}.{}, conditions: [{{type: Ready, status: '{status}'}}]}}}}",
            i / 250,
            i % 250
        );
        Arc::new(serde_yaml::from_str(&yaml).unwrap())
    }

    #[test]
    fn addresses_are_told_by_readiness() {
        let Some(Action::Create { body, .. }) =
            reconcile(&service(), &[pod(1, true), pod(2, false)], None)
        else {
            panic!()
        };
        assert_eq!(
            body["subsets"],
            json!([{
                "addresses": [{"ip": "127.64.0.1", "nodeName": "k", "targetRef": {"kind": "Pod", "namespace": "n", "name": "p1", "uid": "u1"}}],
                "notReadyAddresses": [{"ip": "127.64.0.2", "nodeName": "k", "targetRef": {"kind": "Pod", "namespace": "n", "name": "p2", "uid": "u2"}}],
                "ports": [{"port": 80, "protocol": "TCP"}],
            }])
        );
        let current: Endpoints = serde_json::from_value(body).unwrap();
        assert_eq!(
            reconcile(&service(), &[pod(1, true), pod(2, false)], Some(&current)),
            None
        );
        let Some(Action::Patch { body, .. }) = reconcile(&service(), &[], Some(&current)) else {
            panic!()
        };
        assert_eq!(body["subsets"], Value::Null);
    }

    #[test]
    fn beyond_a_thousand_the_ready_ones_stay_and_it_is_told() {
        let pods: Vec<_> = (0..1100).map(|i| pod(i, i >= 150)).collect();
        let Some(Action::Create { body, .. }) = reconcile(&service(), &pods, None) else {
            panic!()
        };
        let count = |list: &str| body["subsets"][0][list].as_array().map_or(0, Vec::len);
        assert_eq!((count("addresses"), count("notReadyAddresses")), (950, 50));
        assert_eq!(
            body["metadata"]["annotations"],
            json!({OVER_CAPACITY: "truncated"})
        );
    }
}
