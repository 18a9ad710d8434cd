//! What a resource of the API is, and how to find one. The table itself is in `resource_table.rs`.

use super::{RESOURCES, Type};
use crate::status::{GroupKind, GroupResource};

/// A resource of the API.
#[derive(Debug)]
pub struct Resource {
    /// The API group; empty for core.
    pub group: &'static str,
    /// For example `v1`.
    pub version: &'static str,
    /// For example `Deployment`.
    pub kind: &'static str,
    /// For example `deployments`.
    pub plural: &'static str,
    /// For example `deployment`.
    pub singular: &'static str,
    /// For example `deploy`.
    pub short_names: &'static [&'static str],
    /// For example `all`.
    pub categories: &'static [&'static str],
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// The verbs of the resource itself, sorted.
    pub verbs: &'static [&'static str],
    /// The type of its objects.
    pub ty: &'static Type,
    /// What lies below an object, sorted by name.
    pub subresources: &'static [Subresource],
}

/// A part of an object, or an action upon it, with a path of its own.
#[derive(Debug)]
pub struct Subresource {
    /// For example `status` or `scale`.
    pub name: &'static str,
    /// Group, version and kind of what is read or written there; `scale` speaks `autoscaling/v1`.
    pub gvk: (&'static str, &'static str, &'static str),
    /// The verbs, sorted.
    pub verbs: &'static [&'static str],
    /// The type of what is written there; none for streams and proxies.
    pub ty: Option<&'static Type>,
}

/// Resources whose delete answers with the object instead of a `Status` (`ReturnDeletedObject` of upstream's stores), by
/// group and plural.
const RETURN_DELETED: &[(&str, &str)] = &[
    ("", "persistentvolumeclaims"),
    ("", "persistentvolumes"),
    ("", "pods"),
    ("", "podtemplates"),
    ("", "resourcequotas"),
    ("", "serviceaccounts"),
    ("", "services"),
    ("resource.k8s.io", "deviceclasses"),
    ("resource.k8s.io", "resourceclaims"),
    ("resource.k8s.io", "resourceclaimtemplates"),
    ("resource.k8s.io", "resourceslices"),
    ("storage.k8s.io", "csidrivers"),
    ("storage.k8s.io", "csinodes"),
    ("storage.k8s.io", "storageclasses"),
    ("storage.k8s.io", "volumeattachments"),
    ("storage.k8s.io", "volumeattributesclasses"),
];

impl Resource {
    /// Whether a delete that is done at once answers with the object, not with a `Status`.
    pub fn returns_deleted(&self) -> bool {
        RETURN_DELETED.contains(&(self.group, self.plural))
    }

    /// Group and plural, for messages.
    pub fn group_resource(&self) -> GroupResource<'static> {
        GroupResource::new(self.group, self.plural)
    }

    /// Group and kind, for messages.
    pub fn group_kind(&self) -> GroupKind<'static> {
        GroupKind::new(self.group, self.kind)
    }

    /// `v1` or `apps/v1`.
    pub fn api_version(&self) -> String {
        crate::object::join_group_version(self.group, self.version)
    }

    /// Whether the resource itself has a verb.
    pub fn has_verb(&self, verb: &str) -> bool {
        self.verbs.contains(&verb)
    }

    /// A subresource by name.
    pub fn subresource(&self, name: &str) -> Option<&'static Subresource> {
        let subresources: &'static [Subresource] = self.subresources;
        subresources.iter().find(|s| s.name == name)
    }
}

/// The resource at a path.
pub fn resource(group: &str, version: &str, plural: &str) -> Option<&'static Resource> {
    RESOURCES
        .iter()
        .find(|r| r.plural == plural && r.version == version && r.group == group)
}

/// The resource of a kind.
pub fn kind(group: &str, version: &str, kind: &str) -> Option<&'static Resource> {
    RESOURCES
        .iter()
        .find(|r| r.kind == kind && r.version == version && r.group == group)
}
