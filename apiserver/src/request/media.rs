//! Media types: what an answer should look like (`Accept`) and what a body is (`Content-Type`).
//!
//! JSON and YAML are spoken. Protobuf is read, because Go's typed clients send it, but not written: those clients accept JSON
//! beside it.

use http::HeaderMap;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, USER_AGENT};
use hydrofoil_api::status::ApiError;

/// What bodies may be, as errors list it.
pub const READ: &[&str] = &[
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
];
/// What answers may be, as errors list it.
pub const SPOKEN: &[&str] = &["application/json", "application/yaml"];
/// The patch types, as errors list them.
pub const PATCHES: &[&str] = &[
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
];
/// Most media ranges of an `Accept` header that are looked at.
const MAX_RANGES: usize = 32;

/// The encoding of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// Kubernetes' protobuf; of bodies only.
    Protobuf,
}

/// What the answer is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The object or list itself.
    Object,
    /// `meta.k8s.io` Table of this version.
    Table(&'static str),
    /// PartialObjectMetadata, or its list, of this version.
    Metadata(&'static str),
    /// Aggregated discovery of this version (`apidiscovery.k8s.io`).
    Discovery(&'static str),
}

/// The form an answer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// The encoding.
    pub encoding: Encoding,
    /// What is encoded.
    pub shape: Shape,
    /// Indented, for people.
    pub pretty: bool,
    /// gzip is welcome.
    pub gzip: bool,
}

impl Form {
    /// Compact JSON of the object itself.
    pub const JSON: Form = Form {
        encoding: Encoding::Json,
        shape: Shape::Object,
        pretty: false,
        gzip: false,
    };

    /// The `Content-Type` of the answer.
    pub fn content_type(&self) -> String {
        let base = match self.encoding {
            Encoding::Json | Encoding::Protobuf => "application/json",
            Encoding::Yaml => "application/yaml",
        };
        match self.shape {
            Shape::Discovery(version) => {
                format!("{base};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList")
            }
            _ => base.to_owned(),
        }
    }
}

/// Which shapes an endpoint can answer with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Objects, Tables and PartialObjectMetadata.
    Objects,
    /// Aggregated discovery beside plain documents.
    Discovery,
    /// Plain documents only.
    Plain,
}

struct Range<'a> {
    kind: &'a str,
    quality: f32,
    group: &'a str,
    version: &'a str,
    shape: &'a str,
}

/// Chooses the form of the answer: the best range of `Accept` that is spoken, in order of quality, then of mention.
///
/// # Errors
/// 406 when nothing that is accepted is spoken.
pub fn negotiate(
    headers: &HeaderMap,
    pretty: Option<bool>,
    offer: Offer,
) -> Result<Form, ApiError> {
    let pretty = pretty.unwrap_or_else(|| is_browser(headers));
    let gzip = accepts_gzip(headers);
    let accept: Vec<&str> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    if accept.is_empty() {
        return Ok(Form {
            pretty,
            gzip,
            ..Form::JSON
        });
    }
    let mut ranges: Vec<Range<'_>> = accept
        .iter()
        .flat_map(|value| value.split(','))
        .take(MAX_RANGES)
        .map(range)
        .filter(|range| range.quality > 0.0)
        .collect();
    ranges.sort_by(|a, b| b.quality.total_cmp(&a.quality));
    ranges
        .iter()
        .find_map(|range| serve(range, offer))
        .map(|(encoding, shape)| Form {
            encoding,
            shape,
            pretty,
            gzip,
        })
        .ok_or_else(|| ApiError::not_acceptable(SPOKEN))
}

fn range(text: &str) -> Range<'_> {
    let mut parts = text.split(';').map(str::trim);
    let mut range = Range {
        kind: parts.next().unwrap_or_default(),
        quality: 1.0,
        group: "",
        version: "",
        shape: "",
    };
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        match name.trim() {
            "q" => range.quality = value.trim().parse().unwrap_or(1.0),
            "g" => range.group = value.trim(),
            "v" => range.version = value.trim(),
            "as" => range.shape = value.trim(),
            _ => {}
        }
    }
    range
}

fn serve(range: &Range<'_>, offer: Offer) -> Option<(Encoding, Shape)> {
    let encoding = match range.kind {
        "application/json" | "*/*" | "application/*" => Encoding::Json,
        "application/yaml" => Encoding::Yaml,
        _ => return None,
    };
    let shape = match (offer, range.shape, range.group, range.version) {
        (_, "", _, _) => Shape::Object,
        (Offer::Objects, "Table", "meta.k8s.io", "v1") => Shape::Table("v1"),
        (Offer::Objects, "Table", "meta.k8s.io", "v1beta1") => Shape::Table("v1beta1"),
        (
            Offer::Objects,
            "PartialObjectMetadata" | "PartialObjectMetadataList",
            "meta.k8s.io",
            "v1",
        ) => Shape::Metadata("v1"),
        (
            Offer::Objects,
            "PartialObjectMetadata" | "PartialObjectMetadataList",
            "meta.k8s.io",
            "v1beta1",
        ) => Shape::Metadata("v1beta1"),
        (Offer::Discovery, "APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2") => {
            Shape::Discovery("v2")
        }
        (Offer::Discovery, "APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2beta1") => {
            Shape::Discovery("v2beta1")
        }
        _ => return None,
    };
    Some((encoding, shape))
}

/// Whether a person reads the answer: curl, wget and browsers get indented JSON, as upstream gives them.
fn is_browser(headers: &HeaderMap) -> bool {
    let agent = headers
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    ["curl", "Wget", "Mozilla/5.0"]
        .iter()
        .any(|prefix| agent.starts_with(prefix))
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            parts.next() == Some("gzip") && !parts.any(|part| part == "q=0")
        })
}

/// The media type of the body, without parameters; JSON when it is not said.
pub fn content_type(headers: &HeaderMap) -> &str {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(str::trim)
        .filter(|value| !value.is_empty())
        .unwrap_or("application/json")
}

/// The encoding of the body of a create, an update or a delete.
///
/// # Errors
/// 415 for anything but JSON, YAML and protobuf.
pub fn body_encoding(headers: &HeaderMap) -> Result<Encoding, ApiError> {
    match content_type(headers) {
        "application/json" | "*/*" => Ok(Encoding::Json),
        "application/yaml" => Ok(Encoding::Yaml),
        "application/vnd.kubernetes.protobuf" => Ok(Encoding::Protobuf),
        _ => Err(ApiError::unsupported_media_type(READ)),
    }
}

/// How a patch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchKind {
    /// RFC 6902.
    Json,
    /// RFC 7386.
    Merge,
    /// Kubernetes' strategic merge.
    Strategic,
    /// Server-side apply.
    Apply,
}

/// How the patch in the body is written.
///
/// # Errors
/// 415 for what is not a patch.
pub fn patch_kind(headers: &HeaderMap) -> Result<PatchKind, ApiError> {
    match content_type(headers) {
        "application/json-patch+json" => Ok(PatchKind::Json),
        "application/merge-patch+json" => Ok(PatchKind::Merge),
        "application/strategic-merge-patch+json" => Ok(PatchKind::Strategic),
        "application/apply-patch+yaml" => Ok(PatchKind::Apply),
        _ => Err(ApiError::unsupported_media_type(PATCHES)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(accept: &str, offer: Offer) -> Result<Form, ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        negotiate(&headers, None, offer)
    }

    #[test]
    fn kubectl_gets_tables_and_discovery() {
        let kubectl = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        assert_eq!(
            form(kubectl, Offer::Objects).unwrap().shape,
            Shape::Table("v1")
        );
        assert_eq!(form(kubectl, Offer::Plain).unwrap().shape, Shape::Object);
        let discovery = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
        assert_eq!(
            form(discovery, Offer::Discovery).unwrap().shape,
            Shape::Discovery("v2")
        );
    }

    #[test]
    fn protobuf_falls_back_or_is_refused() {
        let both = "application/vnd.kubernetes.protobuf,application/json";
        assert_eq!(form(both, Offer::Objects).unwrap(), Form::JSON);
        let error = form("application/vnd.kubernetes.protobuf", Offer::Objects).unwrap_err();
        assert_eq!(error.code(), 406);
        let quality = form("application/json;q=0.5, application/yaml", Offer::Objects).unwrap();
        assert_eq!(quality.encoding, Encoding::Yaml);
    }

    #[test]
    fn bodies_are_json_yaml_or_refused() {
        let mut headers = HeaderMap::new();
        assert_eq!(body_encoding(&headers).unwrap(), Encoding::Json);
        headers.insert(
            CONTENT_TYPE,
            "application/yaml; charset=utf-8".parse().unwrap(),
        );
        assert_eq!(body_encoding(&headers).unwrap(), Encoding::Yaml);
        assert!(patch_kind(&headers).is_err());
        headers.insert(
            CONTENT_TYPE,
            "application/vnd.kubernetes.protobuf".parse().unwrap(),
        );
        assert_eq!(body_encoding(&headers).unwrap(), Encoding::Protobuf);
        headers.insert(CONTENT_TYPE, "application/cbor".parse().unwrap());
        assert_eq!(body_encoding(&headers).unwrap_err().code(), 415);
        headers.insert(
            CONTENT_TYPE,
            "application/apply-patch+yaml".parse().unwrap(),
        );
        assert_eq!(patch_kind(&headers).unwrap(), PatchKind::Apply);
    }
}
