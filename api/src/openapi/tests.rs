//! What clients look for in the documents.

use super::*;
use crate::facts::{RESOURCES, resource};

fn all() -> Vec<&'static Resource> {
    RESOURCES.iter().collect()
}

fn document(group: &str, version: &str) -> Value {
    serde_json::from_slice(&v3(group, version, &all())).unwrap()
}

/// Every reference leads somewhere.
fn check_references(value: &Value, root: &Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(target)) = map.get("$ref") {
                let pointer = target.trim_start_matches('#');
                assert!(root.pointer(pointer).is_some(), "{target} leads nowhere");
            }
            map.values().for_each(|v| check_references(v, root));
        }
        Value::Array(list) => list.iter().for_each(|v| check_references(v, root)),
        _ => {}
    }
}

#[test]
fn references_lead_somewhere() {
    for (group, version) in group_versions(&all()) {
        let document = document(group, version);
        check_references(&document, &document);
    }
    let v2: Value = serde_json::from_slice(&v2(&all())).unwrap();
    check_references(&v2, &v2);
}

#[test]
fn apply_finds_merge_keys_and_kinds() {
    let apps = document("apps", "v1");
    let schemas = &apps["components"]["schemas"];
    let deployment = &schemas["io.k8s.api.apps.v1.Deployment"];
    assert_eq!(
        deployment["x-kubernetes-group-version-kind"],
        json!([{"group": "apps", "version": "v1", "kind": "Deployment"}])
    );
    assert_eq!(
        deployment["properties"]["spec"]["allOf"][0]["$ref"],
        "#/components/schemas/io.k8s.api.apps.v1.DeploymentSpec"
    );
    let containers = &schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"];
    assert_eq!(containers["x-kubernetes-patch-merge-key"], "name");
    assert_eq!(containers["x-kubernetes-patch-strategy"], "merge");
    assert_eq!(containers["x-kubernetes-list-map-keys"], json!(["name"]));
    assert!(
        containers["description"]
            .as_str()
            .is_some_and(|d| d.contains("containers belonging to the pod"))
    );
    let volumes = &schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["volumes"];
    assert_eq!(volumes["x-kubernetes-patch-strategy"], "merge,retainKeys");
    assert_eq!(
        schemas["io.k8s.apimachinery.pkg.util.intstr.IntOrString"]["oneOf"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
}

#[test]
fn clients_find_the_query_parameters_of_patch() {
    let apps = document("apps", "v1");
    let path = &apps["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"];
    let patch = &path["patch"];
    assert_eq!(
        patch["x-kubernetes-group-version-kind"]["kind"],
        "Deployment"
    );
    assert_eq!(patch["x-kubernetes-action"], "patch");
    let names: Vec<&str> = patch["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|p| p["name"].as_str())
        .collect();
    assert_eq!(
        names,
        ["dryRun", "fieldManager", "fieldValidation", "force"]
    );
    assert!(patch["requestBody"]["content"]["application/apply-patch+yaml"].is_object());
}

#[test]
fn operation_ids_are_upstreams() {
    let v2: Value = serde_json::from_slice(&v2(&all())).unwrap();
    let id = |path: &str, method: &str| {
        v2["paths"][path][method]["operationId"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    for (path, method, expected) in [
        (
            "/api/v1/namespaces/{namespace}/pods",
            "post",
            "createCoreV1NamespacedPod",
        ),
        ("/api/v1/pods", "get", "listCoreV1PodForAllNamespaces"),
        (
            "/api/v1/namespaces/{namespace}/pods/{name}/exec",
            "get",
            "connectCoreV1GetNamespacedPodExec",
        ),
        (
            "/api/v1/nodes/{name}/proxy/{path}",
            "put",
            "connectCoreV1PutNodeProxyWithPath",
        ),
        (
            "/apis/rbac.authorization.k8s.io/v1/clusterroles",
            "delete",
            "deleteRbacAuthorizationV1CollectionClusterRole",
        ),
        ("/apis/apps/", "get", "getAppsAPIGroup"),
    ] {
        assert_eq!(id(path, method), expected);
    }
}

#[test]
fn ids_do_not_repeat() {
    let v2: Value = serde_json::from_slice(&v2(&all())).unwrap();
    let mut seen = std::collections::HashSet::new();
    for (path, methods) in v2["paths"].as_object().unwrap() {
        for (method, operation) in methods
            .as_object()
            .unwrap()
            .iter()
            .filter(|(m, _)| *m != "parameters")
        {
            let id = operation["operationId"].as_str().unwrap();
            assert!(seen.insert(id.to_owned()), "{id} again at {method} {path}");
        }
    }
}

#[test]
fn the_index_names_hashes() {
    let documents = vec![(v3_path("apps", "v1"), b"{}".to_vec())];
    let index: Value = serde_json::from_slice(&v3_index(&documents)).unwrap();
    let url = index["paths"]["apis/apps/v1"]["serverRelativeURL"]
        .as_str()
        .unwrap();
    assert!(
        url.starts_with("/openapi/v3/apis/apps/v1?hash=27C74670ADB7507"),
        "{url}"
    );
    assert_eq!(v3_path("", "v1"), "api/v1");
}

/// Reads the fields of a protobuf message: number and bytes (or the varint's).
fn fields(mut bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = bytes[0];
            *bytes = &bytes[1..];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        value
    }
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        if key & 7 == 0 {
            out.push((key >> 3, vec![varint(&mut bytes) as u8]));
        } else {
            assert_eq!(key & 7, 2);
            let len = varint(&mut bytes) as usize;
            out.push((key >> 3, bytes[..len].to_vec()));
            bytes = &bytes[len..];
        }
    }
    out
}

#[test]
fn the_protobuf_form_reads_back() {
    let served = [resource("", "v1", "pods").unwrap()];
    let bytes = v2_protobuf(&v2(&served));
    let document = fields(&bytes);
    let of = |number: u64| {
        document
            .iter()
            .find(|f| f.0 == number)
            .map(|f| f.1.clone())
            .unwrap()
    };
    assert_eq!(of(1), b"2.0");
    let definitions = fields(&of(9));
    let json: Value = serde_json::from_slice(&v2(&served)).unwrap();
    assert_eq!(
        definitions.len(),
        json["definitions"].as_object().unwrap().len()
    );
    let pod = definitions
        .iter()
        .map(|d| fields(&d.1))
        .find(|d| d[0].1 == b"io.k8s.api.core.v1.Pod")
        .unwrap();
    let schema = fields(&pod[1].1);
    let extension = schema
        .iter()
        .find(|f| f.0 == 31)
        .map(|f| fields(&f.1))
        .unwrap();
    assert_eq!(extension[0].1, b"x-kubernetes-group-version-kind");
    let yaml = fields(&extension[1].1)[0].1.clone();
    let kinds: Value = serde_yaml::from_slice(&yaml).unwrap();
    assert_eq!(kinds[0]["kind"], "Pod");
    assert_eq!(
        fields(&of(8)).len(),
        json["paths"].as_object().unwrap().len()
    );
}
