//! The handlers' common ground: what they reach, how a request finds its handler, and how bodies and headers are read and written.
//!
//! The end points themselves, as the distribution specification's section "Endpoints" lists them, are beside this file:
//! [`super::discovery`], [`super::manifests`], [`super::blobs`] and [`super::uploading`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;

use super::error::{Error, Result};
use super::route::Route;
use super::storage::Storage;
use super::uploads::Uploads;
use crate::image::Digest;

/// How long a client may send nothing of a body it has begun.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// The digest of what is sent, in answers.
pub const DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

/// What every handler reaches.
pub struct App {
    /// The files.
    pub storage: Storage,
    /// Uploads in progress.
    pub uploads: Uploads,
}

/// Answers every request.
pub async fn handle(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    let mut response = app
        .dispatch(parts, body)
        .await
        .unwrap_or_else(Error::into_response);
    response
        .headers_mut()
        .insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
    tracing::debug!(%method, path, status = response.status().as_u16(), "registry request");
    response
}

impl App {
    async fn dispatch(self: &Arc<Self>, parts: Parts, body: Body) -> Result {
        let route = Route::parse(&parts.method, parts.uri.path())?;
        let query = Query::parse(parts.uri.query());
        let read = matches!(parts.method, Method::GET | Method::HEAD);
        match (route, parts.method.as_str()) {
            (Route::Base, _) if read => Ok(axum::Json(json!({})).into_response()),
            (Route::Catalog, "GET") => self.catalog(&query).await,
            (Route::Tags(name), "GET") => self.tags(name, &query).await,
            (Route::Manifest(name, target), _) if read => self.get_manifest(name, target).await,
            (Route::Manifest(name, target), "PUT") => {
                self.put_manifest(name, target, &parts.headers, body).await
            }
            (Route::Manifest(name, target), "DELETE") => self.delete_manifest(name, target).await,
            (Route::Blob(name, digest), _) if read => {
                self.get_blob(name, digest, &parts.headers, parts.method == Method::GET)
                    .await
            }
            (Route::Blob(name, digest), "DELETE") => self.delete_blob(name, digest).await,
            (Route::Uploads(name), "POST") => self.start_upload(name, &query, body).await,
            (Route::Upload(name, id), "GET") => self.upload_status(&name, &id).await,
            (Route::Upload(name, id), "PATCH") => {
                self.patch_upload(&name, &id, &parts.headers, body).await
            }
            (Route::Upload(name, id), "PUT") => {
                self.finish_upload(name, &id, &query, &parts.headers, body)
                    .await
            }
            (Route::Upload(name, id), "DELETE") => {
                let (id, _) = self.uploads.get(&name, &id, Instant::now())?;
                self.uploads.end(&id);
                Ok(StatusCode::NO_CONTENT.into_response())
            }
            (Route::Referrers(name, digest), "GET") => self.referrers(name, digest, &query).await,
            _ => Err(Error::method()),
        }
    }

    /// Runs file work where it may block.
    pub(super) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Storage) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let app = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&app.storage)).await;
        Ok(done.map_err(std::io::Error::other)??)
    }
}

/// The next piece of a body; `None` at its end.
pub async fn next(body: &mut Body) -> Result<Option<Bytes>> {
    loop {
        let frame = tokio::time::timeout(BODY_TIMEOUT, body.frame())
            .await
            .map_err(|_| Error::upload_invalid("the body stopped coming"))?;
        match frame {
            None => return Ok(None),
            Some(Err(error)) => {
                return Err(Error::upload_invalid(format!(
                    "the body broke off: {error}"
                )));
            }
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// A header's value.
pub fn value(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text)
        .map_err(|_| Error::manifest_invalid(format!("{text:?} cannot stand in a header")))
}

/// A header of a request as text, if it is there and is text.
pub fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// A digest out of a query.
pub fn parse_digest(text: &str) -> Result<Digest> {
    text.parse()
        .map_err(|error: crate::image::DigestError| Error::digest_invalid(error.to_string()))
}

/// A query's parameters, decoded.
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string; what cannot be decoded counts as none.
    pub fn parse(query: Option<&str>) -> Self {
        let uri = http::Uri::builder()
            .path_and_query(format!("/?{}", query.unwrap_or_default()))
            .build();
        let parameters = uri
            .ok()
            .and_then(|uri| axum::extract::Query::try_from_uri(&uri).ok())
            .map(|axum::extract::Query(parameters)| parameters);
        Self(parameters.unwrap_or_default())
    }

    /// The first value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}
