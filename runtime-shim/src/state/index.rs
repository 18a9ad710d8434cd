//! All sandboxes and containers, by identifier, by name, and containers by sandbox.

use std::collections::btree_map::Range;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::{Container, Sandbox};

/// The index. Callers hold its lock for a few map operations, never across anything that waits.
#[derive(Default)]
pub struct Index {
    sandboxes: BTreeMap<String, Arc<Sandbox>>,
    containers: BTreeMap<String, Arc<Container>>,
    sandbox_names: HashMap<String, String>,
    container_names: HashMap<(String, String, u32), String>,
    by_sandbox: HashMap<String, BTreeSet<String>>,
}

impl Index {
    /// Adds a sandbox, unless one of the same name is there: then its identifier comes back.
    pub fn add_sandbox(&mut self, sandbox: Arc<Sandbox>) -> Result<(), String> {
        let key = sandbox.key();
        if let Some(other) = self.sandbox_names.get(&key) {
            return Err(other.clone());
        }
        self.sandbox_names.insert(key, sandbox.id.clone());
        self.sandboxes.insert(sandbox.id.clone(), sandbox);
        Ok(())
    }

    /// The identifier of the sandbox of this name (as [`super::sandbox::key`] makes it).
    pub fn sandbox_named(&self, key: &str) -> Option<&str> {
        self.sandbox_names.get(key).map(String::as_str)
    }

    /// The sandbox of this identifier, or of the only one that begins with it.
    pub fn sandbox(&self, id: &str) -> Option<Arc<Sandbox>> {
        find(&self.sandboxes, id)
    }

    /// The container of this identifier, or of the only one that begins with it.
    pub fn container(&self, id: &str) -> Option<Arc<Container>> {
        find(&self.containers, id)
    }

    /// All sandboxes, by identifier.
    pub fn sandboxes(&self) -> impl Iterator<Item = &Arc<Sandbox>> {
        self.sandboxes.values()
    }

    /// All containers, by identifier.
    pub fn containers(&self) -> impl Iterator<Item = &Arc<Container>> {
        self.containers.values()
    }

    /// Adds a container, unless its sandbox has one of the same name and attempt: then its identifier comes back.
    pub fn add_container(&mut self, container: Arc<Container>) -> Result<(), String> {
        let key = container.key();
        if let Some(other) = self.container_names.get(&key) {
            return Err(other.clone());
        }
        self.container_names.insert(key, container.id.clone());
        self.by_sandbox
            .entry(container.sandbox_id.clone())
            .or_default()
            .insert(container.id.clone());
        self.containers.insert(container.id.clone(), container);
        Ok(())
    }

    /// A sandbox's containers, by identifier.
    pub fn containers_of(&self, sandbox_id: &str) -> Vec<Arc<Container>> {
        self.by_sandbox
            .get(sandbox_id)
            .into_iter()
            .flatten()
            .filter_map(|id| self.containers.get(id).cloned())
            .collect()
    }

    /// Removes a container. Says whether it was there.
    pub fn remove_container(&mut self, id: &str) -> bool {
        let Some(container) = self.containers.remove(id) else {
            return false;
        };
        self.container_names.remove(&container.key());
        if let Some(siblings) = self.by_sandbox.get_mut(&container.sandbox_id) {
            siblings.remove(id);
        }
        true
    }

    /// Removes a sandbox, whose containers are gone. Says whether it was there.
    pub fn remove_sandbox(&mut self, id: &str) -> bool {
        let Some(sandbox) = self.sandboxes.remove(id) else {
            return false;
        };
        self.sandbox_names.remove(&sandbox.key());
        self.by_sandbox.remove(id);
        true
    }
}

fn find<T>(map: &BTreeMap<String, Arc<T>>, id: &str) -> Option<Arc<T>> {
    if let Some(found) = map.get(id) {
        return Some(Arc::clone(found));
    }
    if id.is_empty() {
        return None;
    }
    let mut from: Range<'_, String, Arc<T>> = map.range(id.to_owned()..);
    let (first, found) = from.next()?;
    let unique = !from.next().is_some_and(|(next, _)| next.starts_with(id));
    (first.starts_with(id) && unique).then(|| Arc::clone(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_finds_what_it_names_alone() {
        let map: BTreeMap<String, Arc<u8>> = [("aa1", 1), ("aa2", 2), ("b", 3)]
            .into_iter()
            .map(|(k, v)| (k.to_owned(), Arc::new(v)))
            .collect();
        assert_eq!(find(&map, "aa2").as_deref(), Some(&2));
        assert_eq!(find(&map, "aa"), None);
        assert_eq!(find(&map, "b").as_deref(), Some(&3));
        assert_eq!(find(&map, ""), None);
        assert_eq!(find(&map, "c"), None);
    }
}
