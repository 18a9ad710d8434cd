//! Discovery and OpenAPI: documents made from the table of what is served, when they are first asked for.
//!
//! OpenAPI documents are large and slow to make: they are made off the request threads, once, and kept.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, VARY};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use hydrofoil_api::discovery::{self, Aggregated};
use hydrofoil_api::facts::Resource;
use hydrofoil_api::openapi;
use hydrofoil_api::status::ApiError;
use tokio::sync::OnceCell;

use crate::answer::{self, Answer};
use crate::pipeline::Core;
use crate::request::media::{self, Offer, Shape};
use crate::request::options::Query;
use crate::resources::Table;

const PROTOBUF_V2: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// OpenAPI documents, made when first asked for.
pub struct Documents {
    served: Arc<[&'static Resource]>,
    v3: OnceCell<Arc<V3>>,
    v2: OnceCell<Arc<V2>>,
}

struct V3 {
    index: Document,
    /// By path after `/openapi/v3/`.
    documents: Vec<(String, Document)>,
}

struct V2 {
    json: Document,
    protobuf: Document,
}

#[derive(Clone)]
struct Document {
    bytes: Bytes,
    hash: String,
}

impl Document {
    fn new(bytes: Vec<u8>) -> Document {
        let hash = openapi::hash(&bytes);
        Document {
            bytes: bytes.into(),
            hash,
        }
    }
}

impl Documents {
    /// Nothing is made yet.
    pub fn new(table: &Table) -> Documents {
        Documents {
            served: table.resources().into(),
            v3: OnceCell::new(),
            v2: OnceCell::new(),
        }
    }

    async fn v3(&self) -> Result<&Arc<V3>, ApiError> {
        let served = Arc::clone(&self.served);
        self.v3
            .get_or_try_init(|| async {
                tokio::task::spawn_blocking(move || make_v3(&served)).await
            })
            .await
            .map_err(|_| ApiError::internal("the OpenAPI document could not be made"))
    }

    async fn v2(&self) -> Result<&Arc<V2>, ApiError> {
        let served = Arc::clone(&self.served);
        self.v2
            .get_or_try_init(|| async {
                tokio::task::spawn_blocking(move || make_v2(&served)).await
            })
            .await
            .map_err(|_| ApiError::internal("the OpenAPI document could not be made"))
    }
}

fn make_v3(served: &[&'static Resource]) -> Arc<V3> {
    let mut versions: Vec<(&str, &str)> = served
        .iter()
        .map(|resource| (resource.group, resource.version))
        .collect();
    versions.sort_unstable();
    versions.dedup();
    let documents: Vec<(String, Vec<u8>)> = versions
        .into_iter()
        .map(|(group, version)| {
            let path = if group.is_empty() {
                format!("api/{version}")
            } else {
                format!("apis/{group}/{version}")
            };
            (path, openapi::v3(group, version, served))
        })
        .collect();
    let index = Document::new(openapi::v3_index(&documents));
    let documents = documents
        .into_iter()
        .map(|(path, bytes)| (path, Document::new(bytes)))
        .collect();
    Arc::new(V3 { index, documents })
}

fn make_v2(served: &[&'static Resource]) -> Arc<V2> {
    let json = openapi::v2(served);
    let protobuf = Document::new(openapi::v2_protobuf(&json));
    Arc::new(V2 {
        json: Document::new(json),
        protobuf,
    })
}

/// Answers what is below `/openapi`.
///
/// # Errors
/// 404 for documents that do not exist.
pub async fn openapi(core: &Core, rest: &[&str], query: &Query, headers: &HeaderMap) -> Answer {
    match rest {
        ["v2"] => {
            let made = core.documents.v2().await?;
            let wants_protobuf = accepts(headers, "proto-openapi.spec.v2");
            let (document, kind) = if wants_protobuf {
                (&made.protobuf, PROTOBUF_V2)
            } else {
                (&made.json, "application/json")
            };
            Ok(tagged(document, kind, headers))
        }
        ["v3"] => Ok(tagged(
            &core.documents.v3().await?.index,
            "application/json",
            headers,
        )),
        ["v3", path @ ..] => {
            let made = core.documents.v3().await?;
            let path = path.join("/");
            let (_, document) = made
                .documents
                .iter()
                .find(|(known, _)| *known == path)
                .ok_or_else(ApiError::no_such_path)?;
            match query.get("hash") {
                Some(hash) if hash != document.hash => Ok(moved(&path, &document.hash)),
                Some(_) => {
                    let mut response = tagged(document, "application/json", headers);
                    let forever = HeaderValue::from_static("public, immutable, max-age=31536000");
                    response.headers_mut().insert(CACHE_CONTROL, forever);
                    Ok(response)
                }
                None => Ok(tagged(document, "application/json", headers)),
            }
        }
        _ => Err(ApiError::no_such_path()),
    }
}

fn accepts(headers: &HeaderMap, what: &str) -> bool {
    headers
        .get_all(http::header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains(what))
}

/// A document with its ETag, or 304 when the client has it.
fn tagged(document: &Document, kind: &'static str, headers: &HeaderMap) -> Response<Body> {
    let tag = format!("\"{}\"", document.hash);
    let has = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim().trim_start_matches("W/") == tag);
    let mut response = if has {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        let gzip = media::negotiate(headers, Some(false), Offer::Plain).is_ok_and(|form| form.gzip);
        answer::body::whole(document.bytes.clone(), gzip)
    };
    let out = response.headers_mut();
    out.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    out.insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    out.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        out.insert(ETAG, tag);
    }
    response
}

/// The client knows an older document: it is told where the new one is.
fn moved(path: &str, hash: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    if let Ok(location) = HeaderValue::from_str(&format!("/openapi/v3/{path}?hash={hash}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// Answers `/api`, `/apis` and what is below them without being a resource.
///
/// # Errors
/// 404 for groups and versions that are not served, 406 for forms that are not spoken.
pub fn discovery(core: &Core, segments: &[&str], query: &Query, headers: &HeaderMap) -> Answer {
    let offer = if segments.len() == 1 {
        Offer::Discovery
    } else {
        Offer::Plain
    };
    let form = media::negotiate(headers, query.flag("pretty"), offer)?;
    let served = core.table.resources();
    let aggregated = match form.shape {
        Shape::Discovery("v2") => Some(Aggregated::V2),
        Shape::Discovery(_) => Some(Aggregated::V2Beta1),
        _ => None,
    };
    let document = match (segments, aggregated) {
        (["api"], Some(version)) => discovery::aggregated_api(served, version),
        (["apis"], Some(version)) => discovery::aggregated_apis(served, version),
        (["api"], None) => discovery::api_versions(&core.config.listen.to_string()),
        (["apis"], None) => discovery::api_group_list(served),
        (["api", version], _) => {
            discovery::api_resource_list("", version, served).ok_or_else(ApiError::no_such_path)?
        }
        (["apis", group], _) => {
            discovery::api_group(group, served).ok_or_else(ApiError::no_such_path)?
        }
        (["apis", group, version], _) => discovery::api_resource_list(group, version, served)
            .ok_or_else(ApiError::no_such_path)?,
        _ => return Err(ApiError::no_such_path()),
    };
    let mut response = answer::value(&form, StatusCode::OK, &document);
    response
        .headers_mut()
        .insert(VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}
