//! Packs endpoints into slices of at most a hundred so that as few slices as possible are written: what is in a slice stays
//! there, what is new fills slices that are written anyway, and only then the others.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use k8s_openapi::api::discovery::v1::{Endpoint, EndpointPort};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use crate::objects::{ENDPOINT_SLICE, EndpointSlice, Kind, Meta};

/// Endpoints in one slice at most (upstream: `maxEndpointsPerSlice`).
pub const MAX_PER_SLICE: usize = 100;
/// Names the controller that keeps a slice.
pub const MANAGED_BY_LABEL: &str = "endpointslice.kubernetes.io/managed-by";

/// Endpoints that share their ports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// The ports.
    pub ports: Vec<EndpointPort>,
    /// The endpoints.
    pub endpoints: Vec<Endpoint>,
}

/// Whom slices are made for.
#[derive(Debug)]
pub struct Owner<'a> {
    /// Its kind.
    pub kind: &'static Kind,
    /// Its metadata.
    pub meta: &'a ObjectMeta,
    /// The labels of its slices.
    pub labels: BTreeMap<String, String>,
    /// Annotations that its slices have; others of theirs are left alone.
    pub annotations: BTreeMap<String, String>,
}

/// What to do with one slice.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Make one.
    Create(Value),
    /// Change one by a merge patch.
    Update(Arc<EndpointSlice>, Value),
    /// Delete one.
    Delete(Arc<EndpointSlice>),
}

/// What ports are equal by: their order does not count.
pub fn port_key(ports: &[EndpointPort]) -> String {
    let mut texts: Vec<String> = ports
        .iter()
        .map(|p| {
            format!(
                "{:?}/{:?}/{:?}/{:?}",
                p.name, p.port, p.protocol, p.app_protocol
            )
        })
        .collect();
    texts.sort();
    texts.join(",")
}

/// What endpoints are the same by: their address and what is there.
fn endpoint_key(endpoint: &Endpoint) -> (&str, &str) {
    let address = endpoint
        .addresses
        .first()
        .map(String::as_str)
        .unwrap_or_default();
    let uid = endpoint
        .target_ref
        .as_ref()
        .and_then(|t| t.uid.as_deref())
        .unwrap_or_default();
    (address, uid)
}

/// A slice in the making.
struct Slice {
    existing: Option<Arc<EndpointSlice>>,
    endpoints: Vec<Endpoint>,
    changed: bool,
}

/// Decides what to do so that the slices of one address type hold exactly `groups`. Without any endpoint there is still one
/// empty slice, which tells that the owner was seen.
pub fn pack(
    owner: &Owner<'_>,
    address_type: &str,
    existing: &[Arc<EndpointSlice>],
    groups: Vec<Group>,
) -> Vec<Change> {
    let mut by_ports: BTreeMap<String, Vec<Arc<EndpointSlice>>> = BTreeMap::new();
    for slice in existing {
        by_ports
            .entry(port_key(&slice.ports))
            .or_default()
            .push(slice.clone());
    }
    let (mut changes, mut doomed, mut fresh) = (Vec::new(), Vec::new(), Vec::new());
    let mut kept = 0;
    for group in groups.into_iter().filter(|g| !g.endpoints.is_empty()) {
        let slices = by_ports.remove(&port_key(&group.ports)).unwrap_or_default();
        let ports = group.ports.clone();
        for slice in pack_group(slices, group) {
            match slice.existing {
                Some(existing) if slice.endpoints.is_empty() => doomed.push(existing),
                None => fresh.push((ports.clone(), slice.endpoints)),
                Some(existing) => {
                    kept += 1;
                    if slice.changed || !is_dressed(&existing, owner) {
                        let patch = update(owner, &existing, &ports, &slice.endpoints);
                        changes.push(Change::Update(existing, patch));
                    }
                }
            }
        }
    }
    doomed.extend(by_ports.into_values().flatten());
    if kept == 0 && fresh.is_empty() {
        keep_placeholder(owner, &mut doomed, &mut fresh);
    }
    // A slice that would be deleted becomes one that would be created.
    for (ports, endpoints) in fresh {
        changes.push(match doomed.pop() {
            Some(reused) => {
                let patch = update(owner, &reused, &ports, &endpoints);
                Change::Update(reused, patch)
            }
            None => Change::Create(create(owner, address_type, &ports, &endpoints)),
        });
    }
    changes.extend(doomed.into_iter().map(Change::Delete));
    changes
}

/// Leaves an empty slice as it is, or asks for one.
fn keep_placeholder(
    owner: &Owner<'_>,
    doomed: &mut Vec<Arc<EndpointSlice>>,
    fresh: &mut Vec<(Vec<EndpointPort>, Vec<Endpoint>)>,
) {
    let is_placeholder = |s: &Arc<EndpointSlice>| {
        s.endpoints.is_empty() && s.ports.is_empty() && is_dressed(s, owner)
    };
    match doomed.iter().position(is_placeholder) {
        Some(found) => drop(doomed.swap_remove(found)),
        None => fresh.push((Vec::new(), Vec::new())),
    }
}

/// The slices of one group of ports.
fn pack_group(existing: Vec<Arc<EndpointSlice>>, group: Group) -> Vec<Slice> {
    let mut wanted: HashMap<(String, String), Endpoint> =
        HashMap::with_capacity(group.endpoints.len());
    let mut order = Vec::with_capacity(group.endpoints.len());
    for endpoint in group.endpoints {
        let (address, uid) = endpoint_key(&endpoint);
        let key = (address.to_owned(), uid.to_owned());
        if wanted.insert(key.clone(), endpoint).is_none() {
            order.push(key);
        }
    }
    let mut slices: Vec<Slice> = existing
        .into_iter()
        .map(|slice| keep(slice, &mut wanted))
        .collect();
    let mut new: Vec<Endpoint> = order
        .into_iter()
        .filter_map(|key| wanted.remove(&key))
        .collect();
    new.reverse();
    // Slices that are written anyway come first, then the one that just holds what is left, then new ones.
    for slice in slices
        .iter_mut()
        .filter(|s| s.changed && !s.endpoints.is_empty())
    {
        fill(slice, &mut new);
    }
    if !new.is_empty() && new.len() < MAX_PER_SLICE {
        let fitting = slices
            .iter_mut()
            .filter(|s| s.endpoints.len() + new.len() <= MAX_PER_SLICE)
            .max_by_key(|s| s.endpoints.len());
        if let Some(slice) = fitting {
            fill(slice, &mut new);
        }
    }
    while !new.is_empty() {
        let mut slice = Slice {
            existing: None,
            endpoints: Vec::new(),
            changed: true,
        };
        fill(&mut slice, &mut new);
        slices.push(slice);
    }
    slices
}

/// Keeps of a slice what is still wanted, in its newest form.
fn keep(slice: Arc<EndpointSlice>, wanted: &mut HashMap<(String, String), Endpoint>) -> Slice {
    let mut endpoints = Vec::with_capacity(slice.endpoints.len());
    let mut changed = false;
    for old in &slice.endpoints {
        let (address, uid) = endpoint_key(old);
        match wanted.remove(&(address.to_owned(), uid.to_owned())) {
            Some(new) => {
                changed |= new != *old;
                endpoints.push(new);
            }
            None => changed = true,
        }
    }
    Slice {
        existing: Some(slice),
        endpoints,
        changed,
    }
}

fn fill(slice: &mut Slice, new: &mut Vec<Endpoint>) {
    while slice.endpoints.len() < MAX_PER_SLICE {
        let Some(endpoint) = new.pop() else { return };
        slice.endpoints.push(endpoint);
        slice.changed = true;
    }
}

/// Whether a slice has its labels, its annotations and its owner.
fn is_dressed(slice: &EndpointSlice, owner: &Owner<'_>) -> bool {
    let meta = &slice.metadata;
    *meta.labels() == owner.labels
        && owner
            .annotations
            .iter()
            .all(|(k, v)| meta.annotation(k) == Some(v.as_str()))
        && meta.controller().is_some_and(|o| o.uid == owner.meta.uid())
}

fn create(
    owner: &Owner<'_>,
    address_type: &str,
    ports: &[EndpointPort],
    endpoints: &[Endpoint],
) -> Value {
    let mut body = json!({
        "apiVersion": ENDPOINT_SLICE.api_version(),
        "kind": ENDPOINT_SLICE.kind,
        "metadata": {
            "generateName": generate_name(owner.meta.name()),
            "namespace": owner.meta.namespace(),
            "labels": owner.labels,
            "ownerReferences": [owner.kind.controller_reference(owner.meta)],
        },
        "addressType": address_type,
        "ports": ports,
        "endpoints": endpoints,
    });
    if !owner.annotations.is_empty() {
        body["metadata"]["annotations"] = json!(owner.annotations);
    }
    body
}

fn update(
    owner: &Owner<'_>,
    slice: &EndpointSlice,
    ports: &[EndpointPort],
    endpoints: &[Endpoint],
) -> Value {
    let strangers = slice
        .metadata
        .labels()
        .keys()
        .filter(|k| !owner.labels.contains_key(*k));
    let mut labels: BTreeMap<&str, Option<&str>> = strangers.map(|k| (k.as_str(), None)).collect();
    labels.extend(
        owner
            .labels
            .iter()
            .map(|(k, v)| (k.as_str(), Some(v.as_str()))),
    );
    let mut metadata = json!({
        "resourceVersion": slice.metadata.version(),
        "labels": labels,
        "ownerReferences": [owner.kind.controller_reference(owner.meta)],
    });
    if !owner.annotations.is_empty() {
        metadata["annotations"] = json!(owner.annotations);
    }
    json!({"metadata": metadata, "ports": ports, "endpoints": endpoints})
}

/// The owner's name, cut so that the rest of the generated name finds room.
fn generate_name(name: &str) -> String {
    /// RFC 1123's limit for a subdomain, less a dash and five random letters.
    const ROOM: usize = 253 - 6;
    format!("{}-", &name[..name.floor_char_boundary(ROOM)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::SERVICE;

    fn endpoint(i: usize, ready: bool) -> Endpoint {
        serde_json::from_value(json!({
            "addresses": [format!("127.64.{}.{}", i / 250, i % 250)],
            "conditions": {"ready": ready},
            "targetRef": {"uid": format!("u{i}")},
        }))
        .unwrap()
    }

    fn port(number: i32) -> EndpointPort {
        EndpointPort {
            port: Some(number),
            name: Some(String::new()),
            ..Default::default()
        }
    }

    fn group(endpoints: impl IntoIterator<Item = Endpoint>) -> Vec<Group> {
        vec![Group {
            ports: vec![port(80)],
            endpoints: endpoints.into_iter().collect(),
        }]
    }

    struct World {
        meta: ObjectMeta,
        slices: Vec<Arc<EndpointSlice>>,
        made: usize,
    }

    impl World {
        fn new() -> Self {
            let meta = serde_yaml::from_str("{name: web, namespace: n, uid: s}").unwrap();
            Self {
                meta,
                slices: Vec::new(),
                made: 0,
            }
        }

        fn owner(&self) -> Owner<'_> {
            Owner {
                kind: &SERVICE,
                meta: &self.meta,
                labels: BTreeMap::from([(
                    "kubernetes.io/service-name".to_owned(),
                    "web".to_owned(),
                )]),
                annotations: BTreeMap::new(),
            }
        }

        /// Applies what is decided; returns how many slices were created, updated and deleted.
        fn apply(&mut self, groups: Vec<Group>) -> (usize, usize, usize) {
            let changes = pack(&self.owner(), "IPv4", &self.slices, groups);
            let mut counts = (0, 0, 0);
            for change in changes {
                match change {
                    Change::Create(mut body) => {
                        counts.0 += 1;
                        self.made += 1;
                        body["metadata"]["name"] = format!("web-{:03}", self.made).into();
                        self.slices
                            .push(Arc::new(serde_json::from_value(body).unwrap()));
                    }
                    Change::Update(slice, patch) => {
                        counts.1 += 1;
                        let mut new = slice.as_ref().clone();
                        new.ports = serde_json::from_value(patch["ports"].clone()).unwrap();
                        new.endpoints = serde_json::from_value(patch["endpoints"].clone()).unwrap();
                        let at = self
                            .slices
                            .iter()
                            .position(|s| Arc::ptr_eq(s, &slice))
                            .unwrap();
                        self.slices[at] = Arc::new(new);
                    }
                    Change::Delete(slice) => {
                        counts.2 += 1;
                        self.slices.retain(|s| !Arc::ptr_eq(s, &slice));
                    }
                }
            }
            counts
        }

        fn held(&self) -> usize {
            self.slices.iter().map(|s| s.endpoints.len()).sum()
        }
    }

    #[test]
    fn few_slices_are_written_for_few_changes() {
        let mut world = World::new();
        assert_eq!(world.apply(vec![]), (1, 0, 0), "a placeholder");
        assert_eq!(world.apply(vec![]), (0, 0, 0));
        assert_eq!(
            world.apply(group((0..250).map(|i| endpoint(i, false)))),
            (2, 1, 0),
            "the placeholder is used"
        );
        assert_eq!(world.held(), 250);
        assert!(
            world
                .slices
                .iter()
                .all(|s| s.endpoints.len() <= MAX_PER_SLICE)
        );
        assert_eq!(
            world.apply(group((0..250).map(|i| endpoint(i, false)))),
            (0, 0, 0)
        );
        assert_eq!(
            world.apply(group((0..250).map(|i| endpoint(i, i == 7)))),
            (0, 1, 0),
            "one endpoint, one slice"
        );
        assert_eq!(
            world.apply(group((0..260).map(|i| endpoint(i, i == 7)))),
            (0, 1, 0),
            "new ones fill the emptiest"
        );
        assert_eq!(
            world.apply(group((1..261).map(|i| endpoint(i, i == 7)))),
            (0, 1, 0),
            "one gone, one come"
        );
        assert_eq!(world.held(), 260);
        assert_eq!(world.apply(vec![]), (0, 1, 2), "back to a placeholder");
        assert_eq!((world.held(), world.slices.len()), (0, 1));
    }

    #[test]
    fn every_kind_of_ports_has_its_own_slices() {
        let mut world = World::new();
        let two = vec![
            Group {
                ports: vec![port(80)],
                endpoints: vec![endpoint(1, true)],
            },
            Group {
                ports: vec![port(81)],
                endpoints: vec![endpoint(2, true)],
            },
        ];
        assert_eq!(world.apply(two), (2, 0, 0));
        let moved = vec![Group {
            ports: vec![port(81)],
            endpoints: vec![endpoint(1, true), endpoint(2, true)],
        }];
        assert_eq!(world.apply(moved), (0, 1, 1));
        assert_eq!(world.slices[0].ports[0].port, Some(81));
        assert_eq!(port_key(&[port(1), port(2)]), port_key(&[port(2), port(1)]));
    }
}
