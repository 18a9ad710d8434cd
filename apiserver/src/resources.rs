//! What is served: every kind that has both a fact and a rule, found by path.

use std::collections::HashMap;

use hydrofoil_api::facts::{self, Resource};
use hydrofoil_api::status::GroupResource;

use crate::cache::{ROOT, Schema};
use crate::kinds::Kind;

/// A resource without objects: what is posted to it binds a pod. The pipeline sends it to `pods/binding`.
pub const BINDINGS: &str = "bindings";
/// The field by which pods are indexed: the node they run on.
const NODE_NAME: &str = "spec.nodeName";

/// A served resource.
#[derive(Clone, Copy)]
pub struct Served {
    /// Its rules.
    pub kind: &'static Kind,
    /// Its facts.
    pub resource: &'static Resource,
}

impl Served {
    /// Group and plural, for messages.
    pub fn group_resource(&self) -> GroupResource<'static> {
        self.resource.group_resource()
    }

    /// The path of an object after the resource's prefix.
    pub fn path(&self, namespace: &str, name: &str) -> String {
        if self.resource.namespaced {
            format!("{namespace}/{name}")
        } else {
            name.to_owned()
        }
    }

    /// The store's key of an object.
    pub fn key(&self, namespace: &str, name: &str) -> bytes::Bytes {
        let prefix = self.kind.storage.prefix;
        let key = if self.resource.namespaced {
            [ROOT, prefix, "/", namespace, "/", name].concat()
        } else {
            [ROOT, prefix, "/", name].concat()
        };
        key.into()
    }
}

/// Everything that is served.
pub struct Table {
    by_path: HashMap<(&'static str, &'static str, &'static str), Served>,
    by_group: HashMap<(&'static str, &'static str), Served>,
    resources: Vec<&'static Resource>,
}

impl Table {
    /// The table of these kinds. A kind without a fact is left out, with an error in the log: a test holds that there is none.
    pub fn new(kinds: &'static [&'static Kind]) -> Table {
        let mut table = Table {
            by_path: HashMap::new(),
            by_group: HashMap::new(),
            resources: Vec::new(),
        };
        for kind in kinds {
            let Some(resource) = facts::resource(kind.group, kind.version, kind.plural) else {
                tracing::error!(
                    kind.group,
                    kind.version,
                    kind.plural,
                    "no such resource in the facts table"
                );
                continue;
            };
            let served = Served { kind, resource };
            table
                .by_path
                .insert((kind.group, kind.version, kind.plural), served);
            table
                .by_group
                .entry((kind.group, kind.plural))
                .or_insert(served);
            table.resources.push(resource);
        }
        table.resources.extend(facts::resource("", "v1", BINDINGS));
        table
    }

    /// The resource at a path.
    pub fn get(&self, group: &str, version: &str, plural: &str) -> Option<Served> {
        self.by_path.get(&(group, version, plural)).copied()
    }

    /// The resource of a group, in whatever version is served.
    pub fn any_version(&self, group: &str, plural: &str) -> Option<Served> {
        self.by_group.get(&(group, plural)).copied()
    }

    /// The facts of all of them, in the order of the kinds.
    pub fn resources(&self) -> &[&'static Resource] {
        &self.resources
    }

    /// What the caches must know: one schema for each stored resource.
    pub fn schemas(&self) -> Vec<Schema> {
        let mut stored: Vec<&Served> = self
            .by_path
            .values()
            .filter(|served| served.kind.storage.conversion.is_none())
            .collect();
        stored.sort_by_key(|served| served.kind.storage.prefix);
        stored.dedup_by_key(|served| served.kind.storage.prefix);
        stored
            .into_iter()
            .map(|served| Schema {
                prefix: served.kind.storage.prefix,
                label: served.group_resource().to_string(),
                fields: served.kind.fields,
                index: served
                    .kind
                    .fields
                    .iter()
                    .position(|(name, _)| *name == NODE_NAME),
            })
            .collect()
    }
}
