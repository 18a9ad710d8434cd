//! Our OpenAPI document and resource table against the one that Kubernetes 1.36 publishes.
//!
//! The published document is not part of this project: it is looked for in the folder that `HYDROFOIL_SHARED` names, else in
//! `shared` beside the checkout. Without it the tests pass over themselves, saying so. What differs must be in the lists of
//! reasons below.

use hydrofoil_api::facts::{RESOURCES, Resource};
use hydrofoil_api::openapi;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::PathBuf;

fn published() -> Option<Value> {
    let shared = std::env::var_os("HYDROFOIL_SHARED").map(PathBuf::from);
    let shared =
        shared.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"));
    let found = std::fs::read(shared.join("data/swagger-1.36.json")).ok();
    if found.is_none() {
        eprintln!(
            "passed over: no swagger-1.36.json below {} (set HYDROFOIL_SHARED)",
            shared.display()
        );
    }
    serde_json::from_slice(&found?).ok()
}

fn ours() -> Value {
    let served: Vec<&'static Resource> = RESOURCES.iter().collect();
    serde_json::from_slice(&openapi::v2(&served)).expect("our own document is JSON")
}

/// Alpha and beta versions are off by default and not served.
fn off_by_default(name: &str) -> bool {
    name.split(['.', '/']).any(|part| {
        part.strip_prefix('v')
            .is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()))
            && (part.contains("alpha") || part.contains("beta"))
    })
}

/// Members of a definition that differ, and why.
const REASONS: &[(&str, &str)] = &[
    (
        "version.Info/",
        "no API type: its words are not in k8s-openapi",
    ),
    (
        "x-kubernetes-unions",
        "told by union markers, which no client in use reads",
    ),
];

/// Definitions that only the published document has, and why.
const ONLY_PUBLISHED: &[(&str, &str)] = &[
    (
        "io.k8s.api.storagemigration.",
        "the group is beta, off by default",
    ),
    (
        "io.k8s.api.apiserverinternal.",
        "the group is alpha, off by default",
    ),
    (
        "io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent",
        "it belongs to the deprecated /watch/ paths, which we do not tell of",
    ),
    (
        "io.k8s.apimachinery.pkg.apis.meta.v1.GroupResource",
        "it belongs to a group that is off by default",
    ),
];

fn compare(path: &str, expected: &Value, found: &Value, out: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let path = format!("{path}/{name}");
                match (a.get(name), b.get(name)) {
                    (Some(x), Some(y)) => compare(&path, x, y, out),
                    (Some(_), None) => out.push(format!("{path} is missing")),
                    (None, _) => out.push(format!("{path} is ours alone")),
                }
            }
        }
        (a, b) if a == b => {}
        (a, b) => out.push(format!("{path}: published {}, ours {}", short(a), short(b))),
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(120).collect()
}

/// `required` is a set.
fn sorted_required(value: &mut Value) {
    if let Some(Value::Array(required)) = value.get_mut("required") {
        required.sort_by_key(ToString::to_string);
    }
}

#[test]
fn definitions_are_the_published_ones() {
    let Some(published) = published() else { return };
    let ours = ours();
    let (theirs, ours) = (&published["definitions"], &ours["definitions"]);
    let mut differences = Vec::new();
    for (name, definition) in theirs.as_object().unwrap() {
        if off_by_default(name)
            || ONLY_PUBLISHED
                .iter()
                .any(|(prefix, _)| name.starts_with(prefix))
        {
            continue;
        }
        let Some(own) = ours.get(name) else {
            differences.push(format!("{name} is missing"));
            continue;
        };
        let (mut expected, mut found) = (definition.clone(), own.clone());
        for value in [&mut expected, &mut found] {
            sorted_required(value);
            served_kinds(value);
        }
        let mut here = Vec::new();
        compare(name, &expected, &found, &mut here);
        // Lists are described by what they list: k8s-openapi has no words for them.
        let list = name.ends_with("List");
        here.retain(|d| {
            let reasoned =
                REASONS.iter().any(|(what, _)| d.contains(what)) && (d.ends_with("is missing"));
            let words = list && d.contains("/description");
            !reasoned && !words
        });
        differences.extend(here);
    }
    for name in ours.as_object().unwrap().keys() {
        if theirs.get(name).is_none() {
            differences.push(format!("{name} is ours alone"));
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// Kinds of versions that are off by default are not registered here; admission's are, upstream, and no resource.
fn served_kinds(definition: &mut Value) {
    if let Some(Value::Array(kinds)) = definition.get_mut("x-kubernetes-group-version-kind") {
        kinds.retain(|k| {
            let (group, version) = (
                k["group"].as_str().unwrap_or_default(),
                k["version"].as_str().unwrap_or_default(),
            );
            RESOURCES
                .iter()
                .any(|r| r.group == group && r.version == version)
                || !k["kind"]
                    .as_str()
                    .is_some_and(|k| k == "DeleteOptions" || k == "WatchEvent")
        });
        kinds.sort_by_key(ToString::to_string);
    }
}

/// Paths that only the published document has, and why.
fn path_reason(path: &str) -> Option<&'static str> {
    if off_by_default(path) {
        return Some("off by default");
    }
    if path.contains("/watch/") {
        return Some("deprecated: the watch parameter of lists does it");
    }
    const OTHERS: &[(&str, &str)] = &[
        ("/.well-known/", "the issuer's documents are no API"),
        ("/openid/", "the issuer's documents are no API"),
        ("/logs", "off by default"),
        ("/apis/internal.apiserver.k8s.io", "off by default"),
        ("/apis/storagemigration.k8s.io", "off by default"),
    ];
    OTHERS
        .iter()
        .find(|(prefix, _)| path.starts_with(prefix))
        .map(|(_, reason)| *reason)
}

/// Parameters that only the published document has, and why: alpha, and dropped by servers without its feature gate.
const PARAMETERS: &[&str] = &["shardSelector"];

/// The names of the parameters of a path and a method of it.
fn parameters(document: &Value, item: &Value, operation: &Value) -> BTreeSet<String> {
    let lists = [&item["parameters"], &operation["parameters"]];
    let all = lists.into_iter().filter_map(Value::as_array).flatten();
    all.map(|p| {
        let p = p["$ref"]
            .as_str()
            .and_then(|r| document.pointer(r.trim_start_matches('#')))
            .unwrap_or(p);
        format!(
            "{} in {}",
            p["name"].as_str().unwrap_or_default(),
            p["in"].as_str().unwrap_or_default()
        )
    })
    .filter(|name| !PARAMETERS.iter().any(|p| name.starts_with(p)))
    .collect()
}

fn answers(operation: &Value) -> Map<String, Value> {
    let responses = operation["responses"].as_object().into_iter().flatten();
    responses
        .map(|(code, r)| (code.clone(), r["schema"].clone()))
        .collect()
}

#[test]
fn paths_are_the_published_ones() {
    let Some(published) = published() else { return };
    let ours = ours();
    let mut differences = Vec::new();
    for (path, item) in published["paths"].as_object().unwrap() {
        if path_reason(path).is_some() {
            continue;
        }
        let Some(own) = ours["paths"].get(path) else {
            differences.push(format!("{path} is missing"));
            continue;
        };
        for (method, operation) in item
            .as_object()
            .unwrap()
            .iter()
            .filter(|(m, _)| *m != "parameters")
        {
            let at = format!("{method} {path}");
            let Some(mine) = own.get(method) else {
                differences.push(format!("{at} is missing"));
                continue;
            };
            for member in [
                "operationId",
                "description",
                "tags",
                "x-kubernetes-action",
                "x-kubernetes-group-version-kind",
            ] {
                compare(
                    &format!("{at} {member}"),
                    &operation[member],
                    &mine[member],
                    &mut differences,
                );
            }
            let (theirs, our) = (
                parameters(&published, item, operation),
                parameters(&ours, own, mine),
            );
            if theirs != our {
                let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| {
                    a.difference(b).cloned().collect::<Vec<_>>()
                };
                differences.push(format!(
                    "{at}: parameters missing {:?}, ours alone {:?}",
                    only(&theirs, &our),
                    only(&our, &theirs)
                ));
            }
            compare(
                &format!("{at} responses"),
                &answers(operation).into(),
                &answers(mine).into(),
                &mut differences,
            );
        }
        for method in own
            .as_object()
            .unwrap()
            .keys()
            .filter(|m| item.get(*m).is_none() && *m != "parameters")
        {
            differences.push(format!("{method} {path} is ours alone"));
        }
    }
    for path in ours["paths"].as_object().unwrap().keys() {
        if published["paths"].get(path).is_none() {
            differences.push(format!("{path} is ours alone"));
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}
