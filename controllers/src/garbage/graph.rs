//! Who owns whom, among all objects of the cluster, and what follows when one of them goes.
//!
//! Pure: it is told what the watches told, and answers which objects to look at. What is done about an object is decided by
//! [`Graph::judge`], once it is known which of its owners that the graph does not hold exist all the same.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use crate::objects::{Kind, Meta};

/// Keeps an object until its dependents are gone.
pub const FOREGROUND: &str = "foregroundDeletion";
/// Keeps an object until its dependents know it no more.
pub const ORPHAN: &str = "orphan";
/// Uids of deleted objects that are remembered, so that nobody asks the API server about each of their dependents
/// (upstream: the absent owner cache has 500).
const MAX_GONE: usize = 10_000;

/// An object, as far as ownership is concerned.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its kind.
    pub kind: Arc<Kind>,
    /// Its namespace, empty for cluster-scoped objects.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The version that was seen last.
    pub version: String,
    /// Its owners.
    pub owners: Vec<OwnerReference>,
    /// Whether somebody asked for its deletion.
    pub deleting: bool,
    /// Whether it waits for its dependents to be gone.
    pub foreground: bool,
    /// Whether it waits for its dependents to be set free.
    pub orphaning: bool,
    /// Its finalizers that say how it is to be deleted.
    policy: Option<&'static str>,
}

impl Node {
    fn of(kind: &Arc<Kind>, meta: &ObjectMeta) -> Self {
        let deleting = meta.is_deleting();
        let (foreground, orphan) = (meta.has_finalizer(FOREGROUND), meta.has_finalizer(ORPHAN));
        Self {
            kind: kind.clone(),
            namespace: meta.namespace().into(),
            name: meta.name().into(),
            version: meta.version().into(),
            owners: meta.owners().to_vec(),
            deleting,
            foreground: deleting && foreground,
            orphaning: deleting && orphan,
            policy: if orphan {
                Some("Orphan")
            } else if foreground {
                Some("Foreground")
            } else {
                None
            },
        }
    }
}

/// An object to look at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Item {
    /// Perhaps it must be deleted.
    Delete(String),
    /// Its dependents must be set free.
    Orphan(String),
}

impl std::fmt::Display for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Item::Delete(uid) => write!(f, "delete {uid}"),
            Item::Orphan(uid) => write!(f, "orphan {uid}"),
        }
    }
}

/// What is to be done about an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Nothing.
    Leave,
    /// Delete it with this propagation.
    Delete(&'static str),
    /// Take these owners' uids out of its references, for others keep it.
    Forget(Vec<String>),
    /// Its dependents are gone: take the finalizer away.
    Release,
    /// First these must be looked at.
    Await(Vec<Item>),
    /// Its dependents wait for it as it waits for them: it must not block, then it can be deleted.
    Unblock,
}

/// What the graph holds of an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// It is there and stays.
    Solid,
    /// It is there and waits for its dependents to go.
    Waiting,
    /// It is gone.
    Gone,
    /// The graph does not know: ask the API server.
    Unknown,
}

/// All objects.
#[derive(Debug, Default)]
pub struct Graph {
    nodes: HashMap<String, Node>,
    dependents: HashMap<String, BTreeSet<String>>,
    gone: HashSet<String>,
    gone_order: VecDeque<String>,
}

impl Graph {
    /// The object with that uid.
    pub fn node(&self, uid: &str) -> Option<&Node> {
        self.nodes.get(uid)
    }

    /// The uids of all objects of a kind.
    pub fn of_kind<'a>(&'a self, kind: &'a Kind) -> impl Iterator<Item = &'a String> {
        self.nodes
            .iter()
            .filter(move |(_, n)| *n.kind == *kind)
            .map(|(uid, _)| uid)
    }

    /// The uids of an object's dependents.
    pub fn dependents(&self, uid: &str) -> Vec<String> {
        self.dependents
            .get(uid)
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }

    /// An object was seen. Returns what to look at.
    pub fn seen(&mut self, kind: &Arc<Kind>, meta: &ObjectMeta) -> Vec<Item> {
        let uid = meta.uid().to_owned();
        let node = Node::of(kind, meta);
        let old = self.nodes.insert(uid.clone(), node.clone());
        let mut items = Vec::new();
        if old.as_ref().is_none_or(|o| o.owners != node.owners) {
            self.relink(&uid, old.as_ref(), &node);
            self.look_at_unblocked(old.as_ref(), &node, &mut items);
        }
        let news = |was: fn(&Node) -> bool| was(&node) && !old.as_ref().is_some_and(was);
        if news(|n| n.orphaning) {
            items.push(Item::Orphan(uid.clone()));
        }
        if news(|n| n.foreground) {
            items.extend(self.dependents(&uid).into_iter().map(Item::Delete));
            items.push(Item::Delete(uid.clone()));
        }
        let unsure = node
            .owners
            .iter()
            .any(|o| self.owner(&node, o) != Owner::Solid);
        if unsure && old.is_none_or(|o| o.owners != node.owners) {
            items.push(Item::Delete(uid));
        }
        items
    }

    /// An object is gone. Returns what to look at.
    pub fn gone(&mut self, uid: &str) -> Vec<Item> {
        let node = self.nodes.remove(uid);
        self.remember_gone(uid);
        let mut items: Vec<Item> = self.dependents(uid).into_iter().map(Item::Delete).collect();
        for owner in node.iter().flat_map(|n| &n.owners) {
            if let Some(siblings) = self.dependents.get_mut(&owner.uid) {
                siblings.remove(uid);
                if siblings.is_empty() {
                    self.dependents.remove(&owner.uid);
                }
            }
            if self.nodes.get(&owner.uid).is_some_and(|o| o.foreground) {
                items.push(Item::Delete(owner.uid.clone()));
            }
        }
        items
    }

    fn remember_gone(&mut self, uid: &str) {
        if !self.dependents.contains_key(uid) || !self.gone.insert(uid.to_owned()) {
            return;
        }
        self.gone_order.push_back(uid.to_owned());
        if self.gone_order.len() > MAX_GONE
            && let Some(oldest) = self.gone_order.pop_front()
        {
            self.gone.remove(&oldest);
        }
    }

    fn relink(&mut self, uid: &str, old: Option<&Node>, new: &Node) {
        for owner in old.iter().flat_map(|n| &n.owners) {
            if let Some(siblings) = self.dependents.get_mut(&owner.uid) {
                siblings.remove(uid);
                if siblings.is_empty() {
                    self.dependents.remove(&owner.uid);
                }
            }
        }
        for owner in &new.owners {
            self.dependents
                .entry(owner.uid.clone())
                .or_default()
                .insert(uid.to_owned());
        }
    }

    /// Owners that wait for their dependents are looked at when one no longer blocks them.
    fn look_at_unblocked(&self, old: Option<&Node>, new: &Node, items: &mut Vec<Item>) {
        let blocks = |node: &Node, uid: &str| {
            node.owners
                .iter()
                .any(|o| o.uid == uid && o.block_owner_deletion == Some(true))
        };
        for owner in old.iter().flat_map(|n| &n.owners) {
            let was = owner.block_owner_deletion == Some(true);
            if was
                && !blocks(new, &owner.uid)
                && self.nodes.get(&owner.uid).is_some_and(|o| o.foreground)
            {
                items.push(Item::Delete(owner.uid.clone()));
            }
        }
    }

    /// What the graph holds of one of an object's owners. An owner in another namespace is none.
    pub fn owner(&self, node: &Node, reference: &OwnerReference) -> Owner {
        match self.nodes.get(&reference.uid) {
            Some(owner) if owner.kind.namespaced && owner.namespace != node.namespace => {
                Owner::Gone
            }
            Some(owner) if owner.foreground => Owner::Waiting,
            Some(_) => Owner::Solid,
            None if self.gone.contains(&reference.uid) => Owner::Gone,
            None => Owner::Unknown,
        }
    }

    /// What is to be done about an object. `exists` says of owners that the graph does not hold whether they exist.
    pub fn judge(&self, uid: &str, exists: &HashMap<String, bool>) -> Verdict {
        let Some(node) = self.nodes.get(uid) else {
            return Verdict::Leave;
        };
        if node.foreground {
            return self.judge_foreground(uid);
        }
        if node.deleting || node.owners.is_empty() {
            return Verdict::Leave;
        }
        let (mut solid, mut dangling, mut waiting) = (0, Vec::new(), Vec::new());
        for reference in &node.owners {
            match self.owner(node, reference) {
                Owner::Solid => solid += 1,
                Owner::Waiting => waiting.push(reference.uid.clone()),
                Owner::Gone => dangling.push(reference.uid.clone()),
                Owner::Unknown => match exists.get(&reference.uid) {
                    Some(false) => dangling.push(reference.uid.clone()),
                    // What is not known to be gone counts as there.
                    _ => solid += 1,
                },
            }
        }
        if solid > 0 {
            dangling.extend(waiting);
            return if dangling.is_empty() {
                Verdict::Leave
            } else {
                Verdict::Forget(dangling)
            };
        }
        let dependents = self.dependents.get(uid);
        if !waiting.is_empty()
            && let Some(dependents) = dependents.filter(|d| !d.is_empty())
        {
            let circle = dependents
                .iter()
                .any(|d| self.nodes.get(d).is_some_and(|n| n.foreground));
            let blocks = node
                .owners
                .iter()
                .any(|o| o.block_owner_deletion == Some(true));
            return if circle && blocks {
                Verdict::Unblock
            } else {
                Verdict::Delete("Foreground")
            };
        }
        Verdict::Delete(node.policy.unwrap_or("Background"))
    }

    /// An object that waits for its dependents is free when none blocks it.
    fn judge_foreground(&self, uid: &str) -> Verdict {
        let blocking = |dependent: &Node| {
            dependent
                .owners
                .iter()
                .any(|o| o.uid == uid && o.block_owner_deletion == Some(true))
        };
        let dependents = self.dependents.get(uid).into_iter().flatten();
        let blockers: Vec<(&String, &Node)> = dependents
            .filter_map(|d| Some((d, self.nodes.get(d)?)))
            .filter(|(_, n)| blocking(n))
            .collect();
        if blockers.is_empty() {
            return Verdict::Release;
        }
        let idle = blockers.into_iter().filter(|(_, n)| !n.foreground);
        Verdict::Await(idle.map(|(d, _)| Item::Delete(d.clone())).collect())
    }
}
