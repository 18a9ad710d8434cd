//! Discovery documents: which groups, versions and resources are served.
use crate::facts::Resource;
use serde_json::{Value, json};

/// `/api`: `APIVersions`. `address` is the server's `host:port`.
pub fn api_versions(address: &str) -> Value {
    let _ = address;
    json!({})
}

/// `/apis`: `APIGroupList`.
pub fn api_group_list(served: &[&'static Resource]) -> Value {
    let _ = served;
    json!({})
}

/// `/apis/GROUP`: `APIGroup`; none when the group is not served.
pub fn api_group(group: &str, served: &[&'static Resource]) -> Option<Value> {
    let _ = (group, served);
    None
}

/// `/api/v1` and `/apis/GROUP/VERSION`: `APIResourceList`; none when the version is not served.
pub fn api_resource_list(
    group: &str,
    version: &str,
    served: &[&'static Resource],
) -> Option<Value> {
    let _ = (group, version, served);
    None
}

/// Which form of aggregated discovery is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregated {
    /// `apidiscovery.k8s.io/v2`
    V2,
    /// `apidiscovery.k8s.io/v2beta1`
    V2Beta1,
}

/// `/api` in the aggregated form: the core group alone.
pub fn aggregated_api(served: &[&'static Resource], form: Aggregated) -> Value {
    let _ = (served, form);
    json!({})
}

/// `/apis` in the aggregated form: every named group.
pub fn aggregated_apis(served: &[&'static Resource], form: Aggregated) -> Value {
    let _ = (served, form);
    json!({})
}
