//! From method and path to verb, group, version, resource, namespace, name and subresource.
//!
//! The rules are those of upstream's RequestInfoFactory (`apiserver/pkg/endpoints/request/requestinfo.go`). The confusing
//! one: `/api/v1/namespaces/a/status` is the subresource `status` of namespace `a`, while `/api/v1/namespaces/a/pods` is the
//! resource `pods` in it.

use http::Method;
use percent_encoding::percent_decode_str;

/// Longest path that is looked at; a name has at most 253 characters and there are at most eight segments.
pub const MAX_PATH: usize = 4096;

/// What is to be done, as authorization and metrics name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Read one object.
    Get,
    /// Read a collection.
    List,
    /// Follow a collection or an object.
    Watch,
    /// Add an object, or post to a subresource.
    Create,
    /// Replace an object.
    Update,
    /// Change parts of an object.
    Patch,
    /// Remove an object.
    Delete,
    /// Remove what a list would show.
    DeleteCollection,
}

impl Verb {
    /// The verb as RBAC rules and discovery write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "get",
            Verb::List => "list",
            Verb::Watch => "watch",
            Verb::Create => "create",
            Verb::Update => "update",
            Verb::Patch => "patch",
            Verb::Delete => "delete",
            Verb::DeleteCollection => "deletecollection",
        }
    }

    /// Whether the verb may change something.
    pub fn mutates(self) -> bool {
        !matches!(self, Verb::Get | Verb::List | Verb::Watch)
    }
}

/// A request for a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceRequest {
    /// What is to be done.
    pub verb: Verb,
    /// API group, empty for the core group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Namespace; empty for cluster-scoped resources and for all namespaces.
    pub namespace: String,
    /// Plural name of the resource.
    pub resource: String,
    /// Subresource, empty for the resource itself.
    pub subresource: String,
    /// Name of the object, empty for the collection.
    pub name: String,
    /// What follows the subresource (`proxy` paths).
    pub rest: Vec<String>,
}

/// What a path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestInfo {
    /// Something under `/api/v1/…` or `/apis/GROUP/VERSION/…`.
    Resource(ResourceRequest),
    /// Everything else, by its decoded path without a trailing slash and the verb RBAC knows it by.
    Other {
        /// The path.
        path: String,
        /// Lower-case method, as RBAC names verbs of paths.
        verb: &'static str,
    },
}

/// Reads method and path. `watch` tells whether the query asks for a watch.
pub fn parse(method: &Method, path: &str, watch: bool) -> RequestInfo {
    let decoded: Vec<String> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    resource_request(method, &decoded, watch).map_or_else(
        || RequestInfo::Other {
            path: format!("/{}", decoded.join("/")),
            verb: method_verb(method),
        },
        RequestInfo::Resource,
    )
}

fn resource_request(method: &Method, segments: &[String], watch: bool) -> Option<ResourceRequest> {
    let (group, version, mut parts) = match segments {
        [api, version, parts @ ..] if api == "api" => (String::new(), version, parts),
        [apis, group, version, parts @ ..] if apis == "apis" => (group.clone(), version, parts),
        _ => return None,
    };
    let mut verb = match *method {
        Method::GET | Method::HEAD => Verb::Get,
        Method::POST => Verb::Create,
        Method::PUT => Verb::Update,
        Method::PATCH => Verb::Patch,
        Method::DELETE => Verb::Delete,
        _ => return None,
    };
    let mut watch = watch;
    // The old form of a watch: /api/v1/watch/namespaces/a/pods.
    if parts.len() > 1 && parts[0] == "watch" {
        parts = &parts[1..];
        watch = true;
    }
    let mut namespace = String::new();
    if parts.first().is_some_and(|part| part == "namespaces") && parts.len() > 1 {
        namespace = parts[1].clone();
        if parts.len() > 2 && !matches!(parts[2].as_str(), "status" | "finalize") {
            parts = &parts[2..];
        }
    }
    let resource = parts.first()?.clone();
    let name = parts.get(1).cloned().unwrap_or_default();
    let subresource = parts.get(2).cloned().unwrap_or_default();
    let rest = parts.get(3..).unwrap_or_default().to_vec();
    if name.is_empty() {
        verb = match verb {
            Verb::Get if watch => Verb::Watch,
            Verb::Get => Verb::List,
            Verb::Delete => Verb::DeleteCollection,
            other => other,
        };
    }
    Some(ResourceRequest {
        verb,
        group,
        version: version.clone(),
        namespace,
        resource,
        subresource,
        name,
        rest,
    })
}

fn method_verb(method: &Method) -> &'static str {
    match *method {
        Method::GET => "get",
        Method::HEAD => "head",
        Method::POST => "post",
        Method::PUT => "put",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        Method::OPTIONS => "options",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(method: Method, path: &str, watch: bool) -> String {
        match parse(&method, path, watch) {
            RequestInfo::Other { path, verb } => format!("{verb} {path}"),
            RequestInfo::Resource(r) => format!(
                "{} {}/{} ns={} {} name={} sub={}",
                r.verb.as_str(),
                r.group,
                r.version,
                r.namespace,
                r.resource,
                r.name,
                r.subresource
            ),
        }
    }

    #[test]
    fn paths_mean_what_they_mean_upstream() {
        let cases = [
            (
                Method::GET,
                "/api/v1/pods",
                false,
                "list /v1 ns= pods name= sub=",
            ),
            (
                Method::GET,
                "/api/v1/pods",
                true,
                "watch /v1 ns= pods name= sub=",
            ),
            (
                Method::GET,
                "/api/v1/namespaces/a/pods/b",
                false,
                "get /v1 ns=a pods name=b sub=",
            ),
            (
                Method::HEAD,
                "/api/v1/namespaces/a/pods/b/log",
                false,
                "get /v1 ns=a pods name=b sub=log",
            ),
            (
                Method::POST,
                "/api/v1/namespaces/a/pods",
                false,
                "create /v1 ns=a pods name= sub=",
            ),
            (
                Method::DELETE,
                "/api/v1/namespaces/a/pods",
                false,
                "deletecollection /v1 ns=a pods name= sub=",
            ),
            (
                Method::GET,
                "/api/v1/namespaces",
                false,
                "list /v1 ns= namespaces name= sub=",
            ),
            (
                Method::GET,
                "/api/v1/namespaces/a",
                false,
                "get /v1 ns=a namespaces name=a sub=",
            ),
            (
                Method::PUT,
                "/api/v1/namespaces/a/finalize",
                false,
                "update /v1 ns=a namespaces name=a sub=finalize",
            ),
            (
                Method::PATCH,
                "/apis/apps/v1/namespaces/a/deployments/d/scale",
                false,
                "patch apps/v1 ns=a deployments name=d sub=scale",
            ),
            (
                Method::GET,
                "/api/v1/watch/namespaces/a/pods",
                false,
                "watch /v1 ns=a pods name= sub=",
            ),
            (Method::GET, "/apis/apps/v1", false, "get /apis/apps/v1"),
            (Method::GET, "/api/v1", false, "get /api/v1"),
            (Method::GET, "/healthz/", false, "get /healthz"),
            (Method::GET, "/", false, "get /"),
            (
                Method::GET,
                "/api/v1/nodes/a%2Fb",
                false,
                "get /v1 ns= nodes name=a/b sub=",
            ),
        ];
        for (method, path, watch, want) in cases {
            assert_eq!(short(method, path, watch), want, "{path}");
        }
    }
}
