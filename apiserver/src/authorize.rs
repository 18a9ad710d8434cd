//! Who may do what: the built-in rules for the cluster's own components, in one table.
//!
//! Rules only allow. They follow upstream's bootstrap roles (`plugin/pkg/auth/authorizer/rbac/bootstrappolicy`) for the
//! resources that are served; a node may touch only what is its own. RBAC objects come on top of this in a later issue.

use hydrofoil_api::status::{ApiError, GroupResource};

use crate::identity::{AUTHENTICATED, Identity, MASTERS, NODES, UNAUTHENTICATED};
use crate::request::info::{RequestInfo, ResourceRequest};

/// Whom a rule is for.
#[derive(Debug, Clone, Copy)]
enum Who {
    User(&'static str),
    Group(&'static str),
}

/// Which objects of a resource a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    /// The object named like the node that asks.
    OwnNode,
    /// Objects in the namespace of node leases, named like the node that asks.
    OwnLease,
}

/// One permission.
struct Rule {
    who: Who,
    verbs: &'static [&'static str],
    group: &'static str,
    /// Resources, with subresources as `pods/status`; `*` is all of the group's.
    resources: &'static [&'static str],
    which: Which,
}

const READ: &[&str] = &["get", "list", "watch"];
const ANY: &str = "*";

const fn rule(
    who: Who,
    verbs: &'static [&'static str],
    group: &'static str,
    resources: &'static [&'static str],
) -> Rule {
    Rule {
        who,
        verbs,
        group,
        resources,
        which: Which::All,
    }
}

const SCHEDULER: Who = Who::User("system:kube-scheduler");
const CONTROLLERS: Who = Who::User("system:kube-controller-manager");
const NODE: Who = Who::Group(NODES);
const PROXY: Who = Who::Group("system:node-proxier");
const PROXY_USER: Who = Who::User("system:kube-proxy");
const EVERYONE: Who = Who::Group(AUTHENTICATED);

/// The rules.
const RULES: &[Rule] = &[
    // The controllers run under one name; garbage collection and namespace deletion reach every resource.
    rule(CONTROLLERS, &[ANY], ANY, &[ANY]),
    // system:kube-scheduler
    rule(
        SCHEDULER,
        READ,
        "",
        &[
            "nodes",
            "namespaces",
            "services",
            "replicationcontrollers",
            "endpoints",
        ],
    ),
    rule(
        SCHEDULER,
        READ,
        "",
        &["persistentvolumeclaims", "persistentvolumes"],
    ),
    rule(
        SCHEDULER,
        &["patch", "update"],
        "",
        &["persistentvolumeclaims", "persistentvolumes"],
    ),
    rule(
        SCHEDULER,
        &["get", "list", "watch", "delete"],
        "",
        &["pods"],
    ),
    rule(SCHEDULER, &["create"], "", &["bindings", "pods/binding"]),
    rule(SCHEDULER, &["patch", "update"], "", &["pods/status"]),
    rule(SCHEDULER, READ, "apps", &["replicasets", "statefulsets"]),
    rule(SCHEDULER, READ, "policy", &["poddisruptionbudgets"]),
    rule(SCHEDULER, READ, "storage.k8s.io", &[ANY]),
    rule(SCHEDULER, READ, "resource.k8s.io", &[ANY]),
    rule(
        SCHEDULER,
        &["create", "get", "list", "watch", "update", "patch"],
        "coordination.k8s.io",
        &["leases"],
    ),
    rule(SCHEDULER, &["create", "patch", "update"], "", &["events"]),
    rule(
        SCHEDULER,
        &["create", "patch", "update"],
        "events.k8s.io",
        &["events"],
    ),
    // system:node
    rule(NODE, READ, "", &["nodes", "services", "pods", "endpoints"]),
    rule(NODE, &["create"], "", &["nodes", "pods"]),
    Rule {
        who: NODE,
        verbs: &["update", "patch"],
        group: "",
        resources: &["nodes", "nodes/status"],
        which: Which::OwnNode,
    },
    rule(NODE, &["delete"], "", &["pods"]),
    rule(NODE, &["update", "patch"], "", &["pods/status"]),
    rule(NODE, &["create"], "", &["pods/eviction"]),
    rule(
        NODE,
        READ,
        "",
        &["configmaps", "secrets", "serviceaccounts"],
    ),
    rule(
        NODE,
        &["get"],
        "",
        &["persistentvolumeclaims", "persistentvolumes"],
    ),
    rule(NODE, &["create"], "", &["serviceaccounts/token"]),
    rule(NODE, &["create", "patch", "update"], "", &["events"]),
    rule(
        NODE,
        &["create", "patch", "update"],
        "events.k8s.io",
        &["events"],
    ),
    rule(NODE, READ, "node.k8s.io", &["runtimeclasses"]),
    rule(NODE, READ, "discovery.k8s.io", &["endpointslices"]),
    rule(NODE, READ, "storage.k8s.io", &["csidrivers"]),
    rule(NODE, &["create"], "coordination.k8s.io", &["leases"]),
    Rule {
        who: NODE,
        verbs: &["get", "update", "patch", "delete"],
        group: "coordination.k8s.io",
        resources: &["leases"],
        which: Which::OwnLease,
    },
    // system:node-proxier
    rule(
        PROXY,
        READ,
        "",
        &["services", "endpoints", "nodes", "namespaces"],
    ),
    rule(PROXY, READ, "discovery.k8s.io", &["endpointslices"]),
    rule(PROXY, READ, "networking.k8s.io", &["servicecidrs"]),
    rule(PROXY, &["create", "patch", "update"], "", &["events"]),
    rule(
        PROXY,
        &["create", "patch", "update"],
        "events.k8s.io",
        &["events"],
    ),
    rule(
        PROXY_USER,
        READ,
        "",
        &["services", "endpoints", "nodes", "namespaces"],
    ),
    rule(PROXY_USER, READ, "discovery.k8s.io", &["endpointslices"]),
    rule(PROXY_USER, READ, "networking.k8s.io", &["servicecidrs"]),
    rule(PROXY_USER, &["create", "patch", "update"], "", &["events"]),
    rule(
        PROXY_USER,
        &["create", "patch", "update"],
        "events.k8s.io",
        &["events"],
    ),
    // system:basic-user
    rule(
        EVERYONE,
        &["create"],
        "authorization.k8s.io",
        &["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    ),
    rule(
        EVERYONE,
        &["create"],
        "authentication.k8s.io",
        &["selfsubjectreviews"],
    ),
];

/// Paths that everyone may read who showed who they are (system:discovery).
const DISCOVERY: &[&str] = &[
    "/api", "/apis", "/openapi", "/version", "/healthz", "/livez", "/readyz",
];
/// Paths that everyone may read (system:public-info-viewer).
const PUBLIC: &[&str] = &["/version", "/healthz", "/livez", "/readyz"];

/// Refuses what no rule allows.
///
/// # Errors
/// 403 with upstream's text.
pub fn authorize(who: &Identity, info: &RequestInfo) -> Result<(), ApiError> {
    if who.is_in(MASTERS) {
        return Ok(());
    }
    match info {
        RequestInfo::Resource(request) if RULES.iter().any(|rule| rule.allows(who, request)) => {
            Ok(())
        }
        RequestInfo::Resource(request) => Err(refuse_resource(who, request)),
        RequestInfo::Other { path, verb } if may_read_path(who, path, verb) => Ok(()),
        RequestInfo::Other { path, verb } => {
            let detail = format!("User {:?} cannot {verb} path {path:?}", who.name());
            Err(ApiError::forbidden(GroupResource::new("", ""), "", detail))
        }
    }
}

fn may_read_path(who: &Identity, path: &str, verb: &str) -> bool {
    if !matches!(verb, "get" | "head") {
        return false;
    }
    let covered = |paths: &[&str]| {
        paths.iter().any(|allowed| {
            path.strip_prefix(allowed)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    covered(PUBLIC) && (who.is_in(UNAUTHENTICATED) || who.is_in(AUTHENTICATED))
        || covered(DISCOVERY) && who.is_in(AUTHENTICATED)
}

impl Rule {
    fn allows(&self, who: &Identity, request: &ResourceRequest) -> bool {
        let is_meant = match self.who {
            Who::User(name) => who.name() == name,
            Who::Group(group) => who.is_in(group),
        };
        is_meant
            && (self.group == ANY || self.group == request.group)
            && self
                .verbs
                .iter()
                .any(|verb| *verb == ANY || *verb == request.verb.as_str())
            && self
                .resources
                .iter()
                .any(|resource| matches_resource(resource, request))
            && self.reaches(who, request)
    }

    fn reaches(&self, who: &Identity, request: &ResourceRequest) -> bool {
        match self.which {
            Which::All => true,
            Which::OwnNode => who.node() == Some(&request.name),
            Which::OwnLease => {
                request.namespace == "kube-node-lease" && who.node() == Some(&request.name)
            }
        }
    }
}

fn matches_resource(rule: &str, request: &ResourceRequest) -> bool {
    match rule.split_once('/') {
        _ if rule == ANY => true,
        None => rule == request.resource && request.subresource.is_empty(),
        Some((resource, subresource)) => {
            resource == request.resource && subresource == request.subresource
        }
    }
}

fn refuse_resource(who: &Identity, request: &ResourceRequest) -> ApiError {
    let resource = if request.subresource.is_empty() {
        request.resource.clone()
    } else {
        format!("{}/{}", request.resource, request.subresource)
    };
    let place = if request.namespace.is_empty()
        || request.resource == "namespaces" && request.name == request.namespace
    {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace {:?}", request.namespace)
    };
    let detail = format!(
        "User {:?} cannot {} resource {resource:?} in API group {:?} {place}",
        who.name(),
        request.verb.as_str(),
        request.group,
    );
    ApiError::forbidden(
        GroupResource::new(&request.group, &request.resource),
        &request.name,
        detail,
    )
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::request::info::parse;

    fn may(user: &str, groups: &[&str], method: Method, path: &str) -> Result<(), String> {
        let groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
        let who = if user.is_empty() {
            Identity::anonymous()
        } else {
            Identity::authenticated(user, groups)
        };
        authorize(&who, &parse(&method, path, false)).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn refusals_read_as_upstream() {
        assert_eq!(
            may("", &[], Method::GET, "/api/v1/namespaces/default/pods").unwrap_err(),
            "pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\""
        );
        assert_eq!(
            may(
                "jo",
                &[],
                Method::DELETE,
                "/apis/apps/v1/namespaces/a/deployments/d"
            )
            .unwrap_err(),
            "deployments.apps \"d\" is forbidden: User \"jo\" cannot delete resource \"deployments\" in API group \"apps\" in the namespace \"a\""
        );
        assert_eq!(
            may("jo", &[], Method::GET, "/api/v1/nodes").unwrap_err(),
            "nodes is forbidden: User \"jo\" cannot list resource \"nodes\" in API group \"\" at the cluster scope"
        );
        assert_eq!(
            may("", &[], Method::GET, "/metrics").unwrap_err(),
            "forbidden: User \"system:anonymous\" cannot get path \"/metrics\""
        );
    }

    #[test]
    fn components_may_do_their_work_and_no_more() {
        let node = |method, path| may("system:node:a", &["system:nodes"], method, path);
        assert!(node(Method::PATCH, "/api/v1/nodes/a/status").is_ok());
        assert!(node(Method::PATCH, "/api/v1/nodes/b/status").is_err());
        assert!(
            node(
                Method::PUT,
                "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/a"
            )
            .is_ok()
        );
        assert!(
            node(
                Method::PUT,
                "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/b"
            )
            .is_err()
        );
        assert!(
            node(
                Method::PUT,
                "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/a"
            )
            .is_err()
        );
        assert!(node(Method::POST, "/api/v1/namespaces/d/secrets").is_err());
        let scheduler = |method, path| may("system:kube-scheduler", &[], method, path);
        assert!(scheduler(Method::POST, "/api/v1/namespaces/d/pods/p/binding").is_ok());
        assert!(scheduler(Method::POST, "/api/v1/namespaces/d/pods").is_err());
        assert!(
            may(
                "system:kube-controller-manager",
                &[],
                Method::DELETE,
                "/api/v1/namespaces/d/pods/p"
            )
            .is_ok()
        );
        assert!(may("admin", &["system:masters"], Method::POST, "/anything").is_ok());
    }

    #[test]
    fn everyone_may_ask_for_health_and_only_known_users_for_discovery() {
        assert!(may("", &[], Method::GET, "/readyz/etcd").is_ok());
        assert!(may("", &[], Method::GET, "/version").is_ok());
        assert!(may("", &[], Method::GET, "/apis").is_err());
        assert!(may("jo", &[], Method::GET, "/apis/apps/v1").is_ok());
        assert!(may("jo", &[], Method::POST, "/version").is_err());
        assert!(may("jo", &[], Method::GET, "/apisx").is_err());
    }
}
