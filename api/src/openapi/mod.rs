//! OpenAPI documents, made from the facts table: what `kubectl explain`, `apply`, `diff` and `edit`, and client-side checks
//! of what the server supports, read.
//!
//! Making a document takes some tens of milliseconds and a few megabytes: make it once, keep the bytes. Version 2 has a
//! protobuf form, which older clients ask for first.

mod descriptions;
mod paths;
mod protobuf;
mod schema;
mod write;

use crate::facts::Resource;
use descriptions::Descriptions;
use schema::{Format, Schemas};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

/// What the documents call themselves.
const TITLE: &str = "Kubernetes";
/// The release whose API they describe.
const RELEASE: &str = "v1.36.2";

fn group_versions(served: &[&'static Resource]) -> Vec<(&'static str, &'static str)> {
    let mut out: Vec<_> = served.iter().map(|r| (r.group, r.version)).collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// The name of a version's document: `api/v1` or `apis/apps/v1`, as it stands in the index and in the URL after
/// `/openapi/v3/`.
pub fn v3_path(group: &str, version: &str) -> String {
    paths::root(group, version)
        .trim_start_matches('/')
        .to_owned()
}

/// The OpenAPI v3 document of one group and version, as JSON.
pub fn v3(group: &str, version: &str, served: &[&'static Resource]) -> Vec<u8> {
    let words = Descriptions::load();
    let all = group_versions(served);
    let mut schemas = Schemas::new(Format::V3, &words, &all);
    let paths = write::paths(
        Format::V3,
        paths::of_version(group, version, served),
        &mut schemas,
    );
    let document = json!({
        "openapi": "3.0.0",
        "info": {"title": TITLE, "version": RELEASE},
        "paths": paths,
        "components": {
            "schemas": schemas.finish(),
            "securitySchemes": {"BearerToken": bearer()}
        }
    });
    bytes(&document)
}

/// The index at `/openapi/v3`, as JSON: each document's URL with its hash. `documents` are names ([`v3_path`]) and bytes.
pub fn v3_index(documents: &[(String, Vec<u8>)]) -> Vec<u8> {
    let entry = |(name, document): &(String, Vec<u8>)| {
        let url = format!("/openapi/v3/{name}?hash={}", hash(document));
        (name.clone(), json!({"serverRelativeURL": url}))
    };
    let paths: serde_json::Map<String, Value> = documents.iter().map(entry).collect();
    bytes(&json!({"paths": paths}))
}

/// The OpenAPI v2 document, as JSON.
pub fn v2(served: &[&'static Resource]) -> Vec<u8> {
    bytes(&v2_value(served))
}

/// The OpenAPI v2 document in gnostic's protobuf form (`application/com.github.proto-openapi.spec.v2@v1.0+protobuf`), from
/// its JSON form as [`v2`] makes it. Empty when it is no JSON.
pub fn v2_protobuf(document: &[u8]) -> Vec<u8> {
    serde_json::from_slice(document)
        .map(|value| protobuf::document(&value))
        .unwrap_or_default()
}

fn v2_value(served: &[&'static Resource]) -> Value {
    let words = Descriptions::load();
    let all = group_versions(served);
    let mut groups: Vec<&str> = all.iter().map(|(group, _)| *group).collect();
    groups.dedup();
    let mut schemas = Schemas::new(Format::V2, &words, &all);
    let mut items = paths::discovery(&groups);
    for (group, version) in &all {
        items.extend(paths::of_version(group, version, served));
    }
    let paths = write::paths(Format::V2, items, &mut schemas);
    json!({
        "swagger": "2.0",
        "info": {"title": TITLE, "version": RELEASE},
        "paths": paths,
        "definitions": schemas.finish(),
        "securityDefinitions": {"BearerToken": bearer()},
        "security": [{"BearerToken": []}]
    })
}

fn bearer() -> Value {
    json!({"type": "apiKey", "name": "authorization", "in": "header", "description": "Bearer Token authentication"})
}

fn bytes(document: &Value) -> Vec<u8> {
    // A value of texts and numbers always serialises.
    serde_json::to_vec(document).unwrap_or_default()
}

/// The hash that a document is known by in URLs and ETags: SHA-512 in upper-case hexadecimal.
pub fn hash(document: &[u8]) -> String {
    Sha512::digest(document)
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect()
}

#[cfg(test)]
mod tests;
