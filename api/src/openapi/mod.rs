//! OpenAPI documents.
use crate::facts::Resource;

/// The OpenAPI v3 document of one group and version, as JSON.
pub fn v3(group: &str, version: &str, served: &[&'static Resource]) -> Vec<u8> {
    let _ = (group, version, served);
    Vec::new()
}

/// The index at `/openapi/v3`, as JSON: each document's path with its hash. `documents` are (path such as `apis/apps/v1`, bytes).
pub fn v3_index(documents: &[(String, Vec<u8>)]) -> Vec<u8> {
    let _ = documents;
    Vec::new()
}

/// The OpenAPI v2 document, as JSON.
pub fn v2(served: &[&'static Resource]) -> Vec<u8> {
    let _ = served;
    Vec::new()
}

/// The OpenAPI v2 document in gnostic's protobuf form, from the JSON form.
pub fn v2_protobuf(document: &[u8]) -> Vec<u8> {
    let _ = document;
    Vec::new()
}

/// The hash a document is known by in URLs and ETags: upper-case hexadecimal.
pub fn hash(document: &[u8]) -> String {
    let _ = document;
    String::new()
}
