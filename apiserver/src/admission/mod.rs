//! Admission: what may be refused or changed because of the rest of the cluster, after a request is authorised and decoded
//! and before the object is validated.
//!
//! Steps run in upstream's order, one file each, and look at other objects through [`Lookup`] alone. What depends on
//! the object itself is not here but with its kind. LimitRanger, ResourceQuota, PodSecurity, NodeRestriction and webhooks are
//! not there yet.

use std::sync::Arc;

use hydrofoil_api::status::{ApiError, GroupResource};
use serde_json::Value;

mod default_toleration_seconds;
mod namespace_lifecycle;
mod priority;
mod runtime_class;
mod service_account;
mod taint_nodes_by_condition;

pub use service_account::{ACCOUNT_ATTEMPTS, awaits_account};

/// What a request does, as admission sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// POST, and the creation an apply or an update may become.
    Create,
    /// PUT and PATCH of something that exists, subresources included.
    Update,
    /// DELETE and the parts of a deletecollection.
    Delete,
    /// exec, attach, port-forward and proxy.
    Connect,
}

/// A request on its way in.
#[derive(Debug)]
pub struct Request<'a> {
    /// What it does.
    pub verb: Verb,
    /// API group of the resource, empty for core.
    pub group: &'a str,
    /// Plural of the resource, such as `pods`.
    pub resource: &'a str,
    /// Subresource such as `status`, empty for the object itself.
    pub subresource: &'a str,
    /// Namespace of the object, empty when it has none.
    pub namespace: &'a str,
    /// Name of the object; may be empty for a creation whose name is in the object.
    pub name: &'a str,
    /// Who asks.
    pub user: &'a str,
    /// The object as it would be stored; none for deletions.
    pub object: Option<&'a mut Value>,
    /// The object as it is stored; none for creations.
    pub old: Option<&'a Value>,
    /// Nothing will be stored.
    pub dry_run: bool,
}

impl Request<'_> {
    /// Whether this is the named core resource itself, not a subresource of it.
    fn is_core(&self, resource: &str) -> bool {
        self.group.is_empty() && self.resource == resource && self.subresource.is_empty()
    }

    /// 403 with upstream's beginning: `pods "x" is forbidden: REASON`. An object without a name yet is named by the
    /// beginning of its name, or `Unknown`.
    fn forbidden(&self, reason: impl std::fmt::Display) -> ApiError {
        let metadata = |key: &str| -> Option<&str> {
            let text = self
                .object
                .as_deref()?
                .get("metadata")?
                .get(key)?
                .as_str()?;
            (!text.is_empty()).then_some(text)
        };
        let name = if self.name.is_empty() {
            metadata("name")
                .or_else(|| metadata("generateName"))
                .unwrap_or("Unknown")
        } else {
            self.name
        };
        ApiError::forbidden(GroupResource::new(self.group, self.resource), name, reason)
    }
}

/// Other objects of the cluster, as fresh as the last write this server acknowledged.
pub trait Lookup {
    /// The object in its stored form, if it exists. `namespace` is empty for cluster-scoped kinds; `plural` may name a
    /// kind that is not served, which has no objects.
    fn get(&self, group: &str, plural: &str, namespace: &str, name: &str) -> Option<Arc<Value>>;
}

type Step = fn(&mut Request<'_>, &dyn Lookup) -> Result<(), ApiError>;

/// Every step, in upstream's order.
const STEPS: &[Step] = &[
    namespace_lifecycle::admit,
    service_account::admit,
    taint_nodes_by_condition::admit,
    priority::admit,
    default_toleration_seconds::admit,
    runtime_class::admit,
];

/// Runs every step; the first refusal ends it.
///
/// # Errors
/// The Status to answer with: mostly 403, or 404 for a namespace that does not exist.
pub fn admit(request: &mut Request<'_>, lookup: &dyn Lookup) -> Result<(), ApiError> {
    STEPS.iter().try_for_each(|step| step(request, lookup))
}

#[cfg(test)]
pub(crate) mod testing {
    //! A cluster of a few objects for the tests of the steps.

    use super::*;
    use std::collections::HashMap;

    /// Objects by `group/plural/namespace/name`.
    #[derive(Default)]
    pub(crate) struct Objects(HashMap<String, Arc<Value>>);

    impl Objects {
        pub(crate) fn with(mut self, key: &str, object: Value) -> Self {
            self.0.insert(key.to_owned(), Arc::new(object));
            self
        }
    }

    impl Lookup for Objects {
        fn get(
            &self,
            group: &str,
            plural: &str,
            namespace: &str,
            name: &str,
        ) -> Option<Arc<Value>> {
            self.0
                .get(&format!("{group}/{plural}/{namespace}/{name}"))
                .cloned()
        }
    }

    /// A creation of a pod in namespace `default`.
    pub(crate) fn pod_create(object: &mut Value) -> Request<'_> {
        Request {
            verb: Verb::Create,
            group: "",
            resource: "pods",
            subresource: "",
            namespace: "default",
            name: "",
            user: "someone",
            object: Some(object),
            old: None,
            dry_run: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{Objects, pod_create};
    use super::*;
    use serde_json::json;

    #[test]
    fn a_plain_pod_passes_every_step() {
        let objects = Objects::default()
            .with(
                "/namespaces//default",
                json!({"status": {"phase": "Active"}}),
            )
            .with(
                "/serviceaccounts/default/default",
                json!({"metadata": {"name": "default"}}),
            );
        let mut pod = json!({"metadata": {"name": "p"}, "spec": {"containers": []}});
        admit(&mut pod_create(&mut pod), &objects).unwrap();
        assert_eq!(
            pod["spec"],
            json!({
                "containers": [],
                "serviceAccount": "default",
                "serviceAccountName": "default",
                "priority": 0,
                "preemptionPolicy": "PreemptLowerPriority",
                "tolerations": [
                    {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
                    {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
                ],
            })
        );
    }
}
