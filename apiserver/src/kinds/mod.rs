//! One descriptor per served kind, and the table of all of them.
//!
//! A [`Kind`] holds what is a *rule*: defaults that depend on other fields, validation, what an update or a status
//! update may change, how a row of `kubectl get` is made. What is a *fact* (fields, types, list types, verbs, short names,
//! subresources) is in [`hydrofoil_api::facts`] and found by group, version and plural. Every function here is pure: it is
//! given the time, it touches no cache, no socket and no clock. The pipeline (`crate::pipeline`) is the only caller.

use hydrofoil_api::field::FieldError;
use serde_json::Value;

pub(crate) mod cells;
pub(crate) mod checks;
mod config_map;
mod deployment;
mod endpoint_slice;
mod endpoints;
mod event;
mod job;
mod lease;
mod namespace;
mod node;
mod pod;
mod pod_spec;
mod replica_set;
mod runtime_class;
mod secret;
pub(crate) mod service;
mod service_account;
mod template;
pub(crate) mod value;

/// What validation found wrong, in the order found; empty means valid.
pub type Errors = Vec<FieldError>;

/// Selectable fields with what reads each.
pub type Fields = &'static [(&'static str, fn(&Value) -> String)];

/// What a strategy may know of the request beside the object.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The time of the request, taken once.
    pub now: jiff::Timestamp,
    /// The name of the user who asks.
    pub user: &'a str,
    /// Nothing will be stored.
    pub dry_run: bool,
}

/// A served kind: one group, version and plural with its rules.
pub struct Kind {
    /// API group, `""` for the core group.
    pub group: &'static str,
    /// API version in the group, such as `v1`.
    pub version: &'static str,
    /// Resource name in paths, such as `pods`.
    pub plural: &'static str,
    /// What a name must look like: upstream's sentences about what is wrong with it, none when it is right. Called by
    /// the core when it validates `metadata.name`.
    pub name: fn(&str) -> Vec<String>,
    /// Where the objects live in the store.
    pub storage: Storage,
    /// Whether a change outside metadata and status raises `metadata.generation` (and creation sets it to 1).
    pub generation: bool,
    /// Before an object is created: drop what a client may not set, set what the server sets.
    pub create: fn(&mut Value, &Context<'_>),
    /// Defaults that are rules, after the defaults that are facts; runs on every decode and must be idempotent.
    pub default: fn(&mut Value),
    /// Whether an object may exist: everything but metadata, which the core validates. Runs for every create and update.
    pub validate: fn(&Value, &mut Errors),
    /// Before an object is replaced: keep what an update may not change (status, when it is a subresource).
    /// The first value is the new object, the second the stored one.
    pub update: fn(&mut Value, &Value, &Context<'_>),
    /// Whether the first value may replace the second. Runs beside `validate`, which is not called again by it.
    pub validate_update: fn(&Value, &Value, &mut Errors),
    /// Rules of the `status` subresource; `None` when the kind has none.
    pub status: Option<StatusRules>,
    /// Warnings for the client about an object that is valid but unwise.
    pub warnings: fn(&Value) -> Vec<String>,
    /// The columns of Table output; the first is always the name.
    pub columns: &'static [Column],
    /// The cells of one row, one per column.
    pub row: fn(&Value, jiff::Timestamp) -> Vec<Value>,
    /// Fields that field selectors may name besides `metadata.name` and `metadata.namespace`.
    pub fields: Fields,
    /// How an object goes away.
    pub delete: Deletion,
    /// What becomes of the objects that name this one as their owner, when the deletion does not say.
    pub dependents: Dependents,
}

/// What most kinds have in common: nothing to default, to check or to keep.
const PLAIN: Kind = Kind {
    group: "",
    version: "v1",
    plural: "",
    name: hydrofoil_api::names::is_dns1123_subdomain,
    storage: Storage {
        prefix: "",
        conversion: None,
    },
    generation: false,
    create: |_, _| {},
    default: |_| {},
    validate: |_, _| {},
    update: |_, _, _| {},
    validate_update: |_, _, _| {},
    status: None,
    warnings: |_| Vec::new(),
    columns: &[],
    row: |_, _| Vec::new(),
    fields: &[],
    delete: Deletion::Immediate,
    dependents: Dependents::Collected,
};

/// Where the objects of a kind live in the store.
pub struct Storage {
    /// The key segment after `/registry/`, as upstream: `pods`, `services/specs`, `minions`.
    pub prefix: &'static str,
    /// Set when the stored form is another group-version than the served one (events.k8s.io Events are stored as
    /// core/v1 Events): both kinds then share the prefix.
    pub conversion: Option<Conversion>,
}

/// Conversion between the served form of a kind and the form that is stored.
pub struct Conversion {
    /// Group, version and plural of the kind whose form is stored (it has no conversion itself).
    pub stored: (&'static str, &'static str, &'static str),
    /// From the served to the stored form, `apiVersion` and `kind` included.
    pub to_stored: fn(&mut Value),
    /// From the stored to the served form, `apiVersion` and `kind` included.
    pub from_stored: fn(&mut Value),
}

/// Rules of a `status` subresource.
pub struct StatusRules {
    /// Before a status update is stored: keep everything but status (and what else upstream lets a status update
    /// change) from the stored object. The first value is the new object, the second the stored one.
    pub prepare: fn(&mut Value, &Value),
    /// Whether the status of the first value may replace that of the second.
    pub validate: fn(&Value, &Value, &mut Errors),
}

/// A column of Table output (`meta.k8s.io/v1` TableColumnDefinition).
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Heading, such as `Ready`.
    pub name: &'static str,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub kind: &'static str,
    /// OpenAPI format, `name` for the first column, otherwise mostly empty.
    pub format: &'static str,
    /// Explanation for people.
    pub description: &'static str,
    /// 0 is always shown, 1 with `-o wide`.
    pub priority: i32,
}

/// How an object of a kind goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// At once, unless finalizers hold it.
    Immediate,
    /// Pods: marked, then removed by their node (or at once when no node has them).
    GracefulPod,
    /// Namespaces: phase Terminating until their contents are gone and `spec.finalizers` is empty.
    Namespace,
}

/// What becomes of the dependents of a deleted object (upstream's `DefaultGarbageCollectionPolicy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependents {
    /// They go, unless the deletion says otherwise.
    Collected,
    /// They stay, unless the deletion says otherwise (batch/v1 Jobs, for the sake of old clients). The answer to a deletion
    /// that says nothing carries a warning.
    Orphaned,
    /// Objects of this kind own nothing; a deletion's propagation policy has no effect.
    Ungoverned,
}

/// Every served kind.
pub static KINDS: &[&Kind] = &[
    &config_map::CONFIG_MAP,
    &deployment::DEPLOYMENT,
    &endpoint_slice::ENDPOINT_SLICE,
    &endpoints::ENDPOINTS,
    &event::EVENT,
    &event::EVENT_OF_EVENTS,
    &job::JOB,
    &lease::LEASE,
    &namespace::NAMESPACE,
    &node::NODE,
    &pod::POD,
    &replica_set::REPLICA_SET,
    &runtime_class::RUNTIME_CLASS,
    &secret::SECRET,
    &service::SERVICE,
    &service_account::SERVICE_ACCOUNT,
];

#[cfg(test)]
pub(crate) mod tests;
