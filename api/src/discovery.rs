//! Discovery documents: which groups, versions and resources are served.
//!
//! Two families: the legacy documents (`/api`, `/apis`, one list for each version) and the aggregated ones, which hold
//! everything in two answers. Both are made from the list of resources that a server serves; built-in groups come in
//! upstream's order of priority, others after them by name.

use crate::facts::{Resource, Subresource};
use crate::object::join_group_version;
use serde_json::{Map, Value, json};

/// The order in which upstream lists its groups (the priorities in `pkg/controlplane/apiserver/aggregator.go`), core aside.
const GROUP_ORDER: &[&str] = &[
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
    "resource.k8s.io",
    "flowcontrol.apiserver.k8s.io",
];

/// The groups of some resources, core first when it is among them.
fn groups(served: &[&'static Resource]) -> Vec<&'static str> {
    let mut groups: Vec<&str> = served.iter().map(|r| r.group).collect();
    let rank = |group: &str| match GROUP_ORDER.iter().position(|g| *g == group) {
        _ if group.is_empty() => 0,
        Some(at) => at + 1,
        None => GROUP_ORDER.len() + 1,
    };
    groups.sort_by_key(|g| (rank(g), *g));
    groups.dedup();
    groups
}

/// The versions of a group, the preferred one first: stable ones before beta before alpha, later ones before earlier.
fn versions(group: &str, served: &[&'static Resource]) -> Vec<&'static str> {
    let mut versions: Vec<&str> = served
        .iter()
        .filter(|r| r.group == group)
        .map(|r| r.version)
        .collect();
    versions.sort_by_key(|v| std::cmp::Reverse(version_rank(v)));
    versions.dedup();
    versions
}

/// `v2` over `v1` over `v1beta2` over `v1alpha1` over anything else, as `apimachinery/pkg/version` compares.
fn version_rank(version: &str) -> (u8, u32, u32, std::cmp::Reverse<&str>) {
    let number = |text: &str| text.parse::<u32>().ok();
    let Some(rest) = version.strip_prefix('v') else {
        return (0, 0, 0, std::cmp::Reverse(version));
    };
    let (major, level, minor) = match (rest.split_once("alpha"), rest.split_once("beta")) {
        (Some((major, minor)), _) => (number(major), 1, number(minor)),
        (_, Some((major, minor))) => (number(major), 2, number(minor)),
        _ => (number(rest), 3, Some(0)),
    };
    match (major, minor) {
        (Some(major), Some(minor)) => (level, major, minor, std::cmp::Reverse("")),
        _ => (0, 0, 0, std::cmp::Reverse(version)),
    }
}

fn of_version(group: &str, version: &str, served: &[&'static Resource]) -> Vec<&'static Resource> {
    let mut found: Vec<_> = served
        .iter()
        .filter(|r| r.group == group && r.version == version)
        .copied()
        .collect();
    found.sort_by_key(|r| r.plural);
    found
}

/// `/api`: `APIVersions`. `address` is the server's `host:port`.
pub fn api_versions(address: &str) -> Value {
    json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    })
}

/// `/apis`: `APIGroupList`.
pub fn api_group_list(served: &[&'static Resource]) -> Value {
    let named = groups(served).into_iter().filter(|g| !g.is_empty());
    let groups: Vec<Value> = named
        .map(|g| Value::Object(group_entry(g, served)))
        .collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

fn group_entry(group: &str, served: &[&'static Resource]) -> Map<String, Value> {
    let version = |v: &&str| json!({"groupVersion": join_group_version(group, v), "version": v});
    let versions: Vec<Value> = versions(group, served).iter().map(version).collect();
    let mut entry = Map::new();
    entry.insert("name".to_owned(), group.into());
    entry.insert(
        "preferredVersion".to_owned(),
        versions.first().cloned().unwrap_or_default(),
    );
    entry.insert("versions".to_owned(), versions.into());
    entry
}

/// `/apis/GROUP`: `APIGroup`; none when the group is not served.
pub fn api_group(group: &str, served: &[&'static Resource]) -> Option<Value> {
    served.iter().find(|r| r.group == group)?;
    let mut entry = group_entry(group, served);
    entry.insert("kind".to_owned(), "APIGroup".into());
    entry.insert("apiVersion".to_owned(), "v1".into());
    Some(Value::Object(entry))
}

/// `/api/v1` and `/apis/GROUP/VERSION`: `APIResourceList`; none when the version is not served.
pub fn api_resource_list(
    group: &str,
    version: &str,
    served: &[&'static Resource],
) -> Option<Value> {
    let resources = of_version(group, version, served);
    if resources.is_empty() {
        return None;
    }
    let mut entries: Vec<Value> = Vec::new();
    for resource in resources {
        entries.push(resource_entry(resource));
        entries.extend(
            resource
                .subresources
                .iter()
                .map(|s| subresource_entry(resource, s)),
        );
    }
    let mut list = json!({
        "kind": "APIResourceList",
        "groupVersion": join_group_version(group, version),
        "resources": entries
    });
    // Core's list has been without it since before there were groups.
    if !group.is_empty() {
        list["apiVersion"] = "v1".into();
    }
    Some(list)
}

fn resource_entry(resource: &Resource) -> Value {
    let mut entry = json!({
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": resource.verbs
    });
    if !resource.short_names.is_empty() {
        entry["shortNames"] = resource.short_names.into();
    }
    if !resource.categories.is_empty() {
        entry["categories"] = resource.categories.into();
    }
    entry
}

fn subresource_entry(resource: &Resource, subresource: &Subresource) -> Value {
    let (group, version, kind) = subresource.gvk;
    let mut entry = json!({
        "name": format!("{}/{}", resource.plural, subresource.name),
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": kind,
        "verbs": subresource.verbs
    });
    if (group, version) != (resource.group, resource.version) {
        entry["group"] = group.into();
        entry["version"] = version.into();
    }
    entry
}

/// Which form of aggregated discovery is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregated {
    /// `apidiscovery.k8s.io/v2`
    V2,
    /// `apidiscovery.k8s.io/v2beta1`
    V2Beta1,
}

impl Aggregated {
    /// The value of `v` in `Accept: application/json;as=APIGroupDiscoveryList;g=apidiscovery.k8s.io;v=...`.
    pub fn version(self) -> &'static str {
        match self {
            Aggregated::V2 => "v2",
            Aggregated::V2Beta1 => "v2beta1",
        }
    }
}

/// `/api` in the aggregated form: the core group alone.
pub fn aggregated_api(served: &[&'static Resource], form: Aggregated) -> Value {
    aggregated(
        groups(served).into_iter().filter(|g| g.is_empty()),
        served,
        form,
    )
}

/// `/apis` in the aggregated form: every named group.
pub fn aggregated_apis(served: &[&'static Resource], form: Aggregated) -> Value {
    aggregated(
        groups(served).into_iter().filter(|g| !g.is_empty()),
        served,
        form,
    )
}

fn aggregated(
    groups: impl Iterator<Item = &'static str>,
    served: &[&'static Resource],
    form: Aggregated,
) -> Value {
    let items: Vec<Value> = groups
        .map(|group| {
            let versions: Vec<Value> = versions(group, served)
                .into_iter()
                .map(|version| {
                    let resources: Vec<Value> = of_version(group, version, served)
                        .into_iter()
                        .map(aggregated_resource)
                        .collect();
                    json!({"version": version, "resources": resources, "freshness": "Current"})
                })
                .collect();
            let metadata = if group.is_empty() {
                json!({})
            } else {
                json!({"name": group})
            };
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": format!("apidiscovery.k8s.io/{}", form.version()),
        "metadata": {},
        "items": items
    })
}

fn aggregated_resource(resource: &Resource) -> Value {
    let response = |(group, version, kind): (&str, &str, &str)| json!({"group": group, "version": version, "kind": kind});
    let mut entry = json!({
        "resource": resource.plural,
        "responseKind": response((resource.group, resource.version, resource.kind)),
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular,
        "verbs": resource.verbs
    });
    if !resource.short_names.is_empty() {
        entry["shortNames"] = resource.short_names.into();
    }
    if !resource.categories.is_empty() {
        entry["categories"] = resource.categories.into();
    }
    if !resource.subresources.is_empty() {
        let subresource = |s: &Subresource| json!({"subresource": s.name, "responseKind": response(s.gvk), "verbs": s.verbs});
        entry["subresources"] = resource.subresources.iter().map(subresource).collect();
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{RESOURCES, resource};

    fn all() -> Vec<&'static Resource> {
        RESOURCES.iter().collect()
    }

    #[test]
    fn groups_and_versions_in_upstreams_order() {
        let list = api_group_list(&all());
        let names: Vec<&str> = list["groups"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|g| g["name"].as_str())
            .collect();
        assert_eq!(
            names[..3],
            ["apiregistration.k8s.io", "apps", "events.k8s.io"]
        );
        assert!(!names.contains(&""));
        let autoscaling = api_group("autoscaling", &all()).unwrap();
        assert_eq!(autoscaling["preferredVersion"]["version"], "v2");
        assert_eq!(autoscaling["versions"][1]["groupVersion"], "autoscaling/v1");
        assert!(api_group("none", &all()).is_none());
    }

    #[test]
    fn versions_rank() {
        let mut versions = ["v1alpha1", "v2", "v1", "v1beta2", "v1beta1", "v10", "foo"];
        versions.sort_by_key(|v| std::cmp::Reverse(version_rank(v)));
        assert_eq!(
            versions,
            ["v10", "v2", "v1", "v1beta2", "v1beta1", "v1alpha1", "foo"]
        );
    }

    #[test]
    fn resource_lists_name_subresources() {
        let list = api_resource_list("", "v1", &all()).unwrap();
        let entry = |name: &str| {
            list["resources"]
                .as_array()
                .unwrap()
                .iter()
                .find(|r| r["name"] == name)
                .unwrap()
        };
        assert_eq!(
            *entry("pods"),
            json!({"name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod", "shortNames": ["po"],
                "categories": ["all"],
                "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]})
        );
        assert_eq!(
            *entry("pods/eviction"),
            json!({"name": "pods/eviction", "singularName": "", "namespaced": true, "kind": "Eviction",
                "group": "policy", "version": "v1", "verbs": ["create"]})
        );
        assert!(api_resource_list("apps", "v9", &all()).is_none());
    }

    #[test]
    fn aggregated_documents() {
        let pods = [
            resource("", "v1", "pods").unwrap(),
            resource("apps", "v1", "deployments").unwrap(),
        ];
        let core = aggregated_api(&pods, Aggregated::V2);
        assert_eq!(core["apiVersion"], "apidiscovery.k8s.io/v2");
        assert_eq!(core["items"].as_array().unwrap().len(), 1);
        assert_eq!(
            core["items"][0]["versions"][0]["resources"][0]["resource"],
            "pods"
        );
        let apis = aggregated_apis(&pods, Aggregated::V2Beta1);
        let deployments = &apis["items"][0]["versions"][0]["resources"][0];
        assert_eq!(deployments["scope"], "Namespaced");
        assert_eq!(
            deployments["subresources"][0]["responseKind"],
            json!({"group": "autoscaling", "version": "v1", "kind": "Scale"})
        );
    }
}
