//! Who asks: a name and groups. Where it comes from (a certificate, a component in this process) is decided before the pipeline.

use std::sync::Arc;

/// Members may do everything.
pub const MASTERS: &str = "system:masters";
/// Everyone who showed who they are.
pub const AUTHENTICATED: &str = "system:authenticated";
/// Everyone who did not.
pub const UNAUTHENTICATED: &str = "system:unauthenticated";
/// Kubelets.
pub const NODES: &str = "system:nodes";
/// What the name of a kubelet begins with; the rest is its node's name.
pub const NODE_PREFIX: &str = "system:node:";

/// Who asks. Cheap to clone; it travels in the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity(Arc<Inner>);

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    name: String,
    groups: Vec<String>,
}

impl Identity {
    /// Someone who showed who they are.
    pub fn authenticated(name: impl Into<String>, mut groups: Vec<String>) -> Identity {
        if !groups.iter().any(|group| group == AUTHENTICATED) {
            groups.push(AUTHENTICATED.to_owned());
        }
        Identity(Arc::new(Inner {
            name: name.into(),
            groups,
        }))
    }

    /// Someone who did not.
    pub fn anonymous() -> Identity {
        Identity(Arc::new(Inner {
            name: "system:anonymous".to_owned(),
            groups: vec![UNAUTHENTICATED.to_owned()],
        }))
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether they are in a group.
    pub fn is_in(&self, group: &str) -> bool {
        self.0.groups.iter().any(|own| own == group)
    }

    /// The node whose kubelet this is.
    pub fn node(&self) -> Option<&str> {
        self.is_in(NODES)
            .then(|| self.name().strip_prefix(NODE_PREFIX))?
    }
}
