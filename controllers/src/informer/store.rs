//! All objects of one kind with indexes: by key, namespace, controller's uid, missing controller, label pair, and one more
//! value that the kind chooses (a pod's node).
//!
//! Index keys are hashed to 64 bits instead of being kept as text, so that a change costs no allocation; every look-up
//! checks what it found, because two keys may share a hash.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::Arc;

use crate::objects::{Key, Meta, Object};
use crate::selector::Selector;

type Slot = u32;

/// What an index entry stands for.
#[derive(Hash)]
enum Index<'a> {
    Namespace(&'a str),
    Controller(&'a str),
    Orphan(&'a str),
    Label(&'a str, &'a str, &'a str),
    Extra(&'a str),
}

/// The objects of one kind.
pub struct Store<K> {
    slots: Vec<Option<Arc<K>>>,
    free: Vec<Slot>,
    keys: HashMap<Key, Slot>,
    index: HashMap<u64, BTreeSet<Slot>>,
    hasher: RandomState,
}

impl<K: Object> Default for Store<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Object> Store<K> {
    /// An empty store.
    pub fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            keys: HashMap::new(),
            index: HashMap::new(),
            hasher: RandomState::new(),
        }
    }

    /// Whether there is no object.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The object at `key`.
    pub fn get(&self, key: &Key) -> Option<Arc<K>> {
        self.keys.get(key).and_then(|slot| self.at(*slot)).cloned()
    }

    /// Every object, in no particular order.
    pub fn all(&self) -> impl Iterator<Item = &Arc<K>> {
        self.slots.iter().flatten()
    }

    /// Every object whose controller has that uid.
    pub fn controlled_by<'a>(&'a self, uid: &'a str) -> impl Iterator<Item = &'a Arc<K>> {
        self.candidates(Index::Controller(uid))
            .filter(move |o| o.meta().controller().is_some_and(|c| c.uid == uid))
    }

    /// Every object in a namespace that has no controller.
    pub fn orphans<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Arc<K>> {
        self.candidates(Index::Orphan(namespace))
            .filter(move |o| o.meta().namespace() == namespace && o.meta().controller().is_none())
    }

    /// Every object with that value in the kind's own index.
    pub fn with_extra<'a>(&'a self, value: &'a str) -> impl Iterator<Item = &'a Arc<K>> {
        self.candidates(Index::Extra(value))
            .filter(move |o| o.extra_index() == Some(value))
    }

    /// Every object in a namespace that a selector matches, through the rarest of its label pairs.
    pub fn selected<'a>(
        &'a self,
        namespace: &'a str,
        selector: &'a Selector,
    ) -> impl Iterator<Item = &'a Arc<K>> {
        let rarest = selector
            .exact_values()
            .filter(|_| K::LABEL_INDEX)
            .map(|(key, value)| self.hash(&Index::Label(namespace, key, value)))
            .min_by_key(|hash| self.index.get(hash).map_or(0, BTreeSet::len));
        let hash = rarest.unwrap_or_else(|| self.hash(&Index::Namespace(namespace)));
        self.members(hash).filter(move |o| {
            o.meta().namespace() == namespace && selector.matches(o.meta().labels())
        })
    }

    /// The keys that are not in `kept`.
    pub fn keys_but(&self, kept: &HashSet<Key>) -> Vec<Key> {
        self.keys
            .keys()
            .filter(|k| !kept.contains(k))
            .cloned()
            .collect()
    }

    /// Takes an object in; returns what it replaces.
    pub fn upsert(&mut self, object: Arc<K>) -> Option<Arc<K>> {
        let key = Key::of(object.meta());
        let Some(&slot) = self.keys.get(&key) else {
            self.insert(key, object);
            return None;
        };
        let old = self.slots.get_mut(slot as usize)?.replace(object.clone())?;
        if !indexed_alike(old.as_ref(), object.as_ref()) {
            self.unindex(slot, &old);
            self.enter(slot, &object);
        }
        Some(old)
    }

    /// Takes the object at `key` out.
    pub fn remove(&mut self, key: &Key) -> Option<Arc<K>> {
        let slot = self.keys.remove(key)?;
        let old = self.slots.get_mut(slot as usize)?.take()?;
        self.unindex(slot, &old);
        self.free.push(slot);
        Some(old)
    }

    fn insert(&mut self, key: Key, object: Arc<K>) {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.slots.push(None);
                (self.slots.len() - 1) as Slot
            }
        };
        self.enter(slot, &object);
        self.slots[slot as usize] = Some(object);
        self.keys.insert(key, slot);
    }

    fn at(&self, slot: Slot) -> Option<&Arc<K>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    fn hash(&self, index: &Index<'_>) -> u64 {
        self.hasher.hash_one(index)
    }

    fn candidates<'a>(&'a self, index: Index<'_>) -> impl Iterator<Item = &'a Arc<K>> + use<'a, K> {
        self.members(self.hash(&index))
    }

    fn members(&self, hash: u64) -> impl Iterator<Item = &Arc<K>> {
        self.index
            .get(&hash)
            .into_iter()
            .flatten()
            .filter_map(|slot| self.at(*slot))
    }

    fn enter(&mut self, slot: Slot, object: &Arc<K>) {
        let hasher = &self.hasher;
        let index = &mut self.index;
        entries(object.as_ref(), |entry| {
            index
                .entry(hasher.hash_one(entry))
                .or_default()
                .insert(slot);
        });
    }

    fn unindex(&mut self, slot: Slot, object: &Arc<K>) {
        let hasher = &self.hasher;
        let index = &mut self.index;
        entries(object.as_ref(), |entry| {
            let hash = hasher.hash_one(entry);
            if let Some(members) = index.get_mut(&hash) {
                members.remove(&slot);
                if members.is_empty() {
                    index.remove(&hash);
                }
            }
        });
    }
}

/// Whether two versions of an object have the same index entries.
fn indexed_alike<K: Object>(a: &K, b: &K) -> bool {
    let uid = |o: &K| o.meta().controller().map(|c| c.uid.clone());
    a.extra_index() == b.extra_index()
        && (!K::LABEL_INDEX || a.meta().labels() == b.meta().labels())
        && (a.meta().owner_references == b.meta().owner_references || uid(a) == uid(b))
}

/// Calls `each` for every index entry of an object.
fn entries<K: Object>(object: &K, mut each: impl FnMut(&Index<'_>)) {
    let meta = object.meta();
    let namespace = meta.namespace();
    each(&Index::Namespace(namespace));
    match meta.controller() {
        Some(controller) => each(&Index::Controller(&controller.uid)),
        None => each(&Index::Orphan(namespace)),
    }
    if K::LABEL_INDEX {
        for (key, value) in meta.labels() {
            each(&Index::Label(namespace, key, value));
        }
    }
    if let Some(extra) = object.extra_index() {
        each(&Index::Extra(extra));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::Pod;
    use std::collections::BTreeMap;

    fn pod(yaml: &str) -> Arc<Pod> {
        Arc::new(serde_yaml::from_str(yaml).unwrap())
    }

    fn names<'a>(pods: impl Iterator<Item = &'a Arc<Pod>>) -> Vec<String> {
        let mut names: Vec<_> = pods.map(|p| p.metadata.name().to_owned()).collect();
        names.sort();
        names
    }

    fn selector(pairs: &[(&str, &str)]) -> Selector {
        let labels: BTreeMap<_, _> = pairs
            .iter()
            .map(|(k, v)| (k.to_string(), v.to_string()))
            .collect();
        Selector::from_pairs(&labels)
    }

    #[test]
    fn indexes_follow_every_change() {
        let mut store = Store::<Pod>::new();
        store.upsert(pod(
            "{metadata: {namespace: n, name: a, labels: {app: x, tier: web}}}",
        ));
        store.upsert(pod("{metadata: {namespace: n, name: b, labels: {app: x}}}"));
        store.upsert(pod(
            "{metadata: {namespace: m, name: c, labels: {app: x}}, spec: {nodeName: k}}",
        ));
        assert_eq!(
            names(store.selected("n", &selector(&[("app", "x")]))),
            ["a", "b"]
        );
        assert_eq!(
            names(store.selected("n", &selector(&[("app", "x"), ("tier", "web")]))),
            ["a"]
        );
        assert_eq!(names(store.selected("n", &selector(&[]))), ["a", "b"]);
        assert_eq!(names(store.orphans("n")), ["a", "b"]);
        assert_eq!(names(store.with_extra("k")), ["c"]);
        store.upsert(pod(
            "{metadata: {namespace: n, name: a, labels: {app: y}, ownerReferences: [{apiVersion: v, kind: k, name: o, uid: u1, controller: true}]}, spec: {nodeName: k}}",
        ));
        assert_eq!(
            names(store.selected("n", &selector(&[("app", "x")]))),
            ["b"]
        );
        assert_eq!(
            names(store.selected("n", &selector(&[("app", "y")]))),
            ["a"]
        );
        assert_eq!(names(store.orphans("n")), ["b"]);
        assert_eq!(names(store.controlled_by("u1")), ["a"]);
        assert_eq!(names(store.with_extra("k")), ["a", "c"]);
        store.remove(&Key::new("n", "a"));
        assert!(names(store.controlled_by("u1")).is_empty());
        assert_eq!(names(store.selected("n", &selector(&[]))), ["b"]);
        store.remove(&Key::new("n", "b"));
        store.remove(&Key::new("m", "c"));
        assert!(store.index.is_empty() && store.is_empty());
    }
}
