//! One function per end point of the distribution specification (section "Endpoints"), over [`Storage`] and [`Uploads`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, LINK, LOCATION, RANGE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use super::error::{Error, Result};
use super::manifest::{self, Description};
use super::range::{self, Asked};
use super::route::{Route, Target};
use super::storage::{Storage, UPLOAD_ALGORITHM};
use super::uploads::Uploads;
use crate::image::Digest;
use crate::image::content::{CommitError, Writer};

/// The largest manifest in bytes: the least that the specification asks for.
pub const MAX_MANIFEST_BYTES: usize = 4 << 20;
/// The largest blob in bytes.
pub const MAX_BLOB_BYTES: u64 = 16 << 30;
/// The most names in one answer when the client asks for no less.
pub const MAX_PAGE: usize = 10_000;
/// How long a client may send nothing of a body it has begun.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(60);
/// How much of a blob is read at a time, in bytes.
const READ_BUFFER_BYTES: usize = 256 << 10;

const DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const FILTERS: HeaderName = HeaderName::from_static("oci-filters-applied");
const UPLOAD_ID: HeaderName = HeaderName::from_static("docker-upload-uuid");

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
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Storage) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let app = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&app.storage)).await;
        Ok(done.map_err(std::io::Error::other)??)
    }

    // Reading.

    async fn catalog(self: &Arc<Self>, query: &Query) -> Result {
        let all = self.blocking(Storage::repositories).await?;
        let page = Page::of(query)?;
        let (names, more) = page.cut(all, |name, last| name > last);
        let link = more.map(|last| format!("/v2/_catalog?n={}&last={last}", page.size));
        Ok(linked(link, axum::Json(json!({ "repositories": names }))))
    }

    async fn tags(self: &Arc<Self>, name: String, query: &Query) -> Result {
        let repository = name.clone();
        let tags = self
            .blocking(move |storage| {
                let known = storage.exists(&repository);
                known.then(|| storage.tags(&repository)).transpose()
            })
            .await?
            .ok_or_else(|| Error::name_unknown(&name))?;
        let page = Page::of(query)?;
        let order = |tag: &str| (tag.to_ascii_lowercase(), tag.to_owned());
        let (tags, more) = page.cut(tags, |tag, last| order(tag) > order(last));
        let link = more.map(|last| format!("/v2/{name}/tags/list?n={}&last={last}", page.size));
        Ok(linked(
            link,
            axum::Json(json!({ "name": name, "tags": tags })),
        ))
    }

    async fn get_manifest(self: &Arc<Self>, name: String, target: Target) -> Result {
        let wanted = target.clone();
        let stored = self
            .blocking(move |storage| {
                let digest = match target {
                    Target::Digest(digest) => Some(digest),
                    Target::Tag(tag) => storage.tag(&name, &tag)?,
                };
                digest.map_or(Ok(None), |digest| storage.manifest(&name, &digest))
            })
            .await?
            .ok_or_else(|| Error::manifest_unknown(&wanted.to_string()))?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, value(&stored.description.media_type)?);
        headers.insert(DIGEST, value(stored.description.digest.as_str())?);
        headers.insert(CONTENT_LENGTH, stored.bytes.len().into());
        Ok((headers, stored.bytes).into_response())
    }

    async fn get_blob(
        self: &Arc<Self>,
        name: String,
        digest: Digest,
        request: &HeaderMap,
        with_body: bool,
    ) -> Result {
        let wanted = digest.clone();
        let (path, size) = self
            .blocking(move |storage| storage.blob(&name, &wanted))
            .await?
            .ok_or_else(|| Error::blob_unknown(digest.as_str()))?;
        let mut headers = HeaderMap::new();
        headers.insert(DIGEST, value(digest.as_str())?);
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        );
        let (status, start, length) = match range::asked(text(request, RANGE), size) {
            Asked::Whole => (StatusCode::OK, 0, size),
            Asked::Part(part) => {
                headers.insert(
                    CONTENT_RANGE,
                    value(&format!("bytes {}-{}/{size}", part.start, part.end))?,
                );
                (StatusCode::PARTIAL_CONTENT, part.start, part.len())
            }
            Asked::Unsatisfiable => {
                headers.insert(CONTENT_RANGE, value(&format!("bytes */{size}"))?);
                return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
            }
        };
        headers.insert(CONTENT_LENGTH, length.into());
        if !with_body {
            return Ok((status, headers).into_response());
        }
        let mut file = tokio::fs::File::open(path).await?;
        if start > 0 {
            file.seek(std::io::SeekFrom::Start(start)).await?;
        }
        let stream = ReaderStream::with_capacity(file.take(length), READ_BUFFER_BYTES);
        Ok((status, headers, Body::from_stream(stream)).into_response())
    }

    async fn referrers(self: &Arc<Self>, name: String, subject: Digest, query: &Query) -> Result {
        let mut found = self
            .blocking(move |storage| storage.referring(&name, &subject))
            .await?;
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/vnd.oci.image.index.v1+json"),
        );
        if let Some(kind) = query.get("artifactType") {
            found.retain(|description: &Description| {
                description.artifact_type.as_deref() == Some(kind)
            });
            headers.insert(FILTERS, HeaderValue::from_static("artifactType"));
        }
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": found,
        });
        Ok((headers, index.to_string()).into_response())
    }

    // Manifests.

    async fn put_manifest(
        self: &Arc<Self>,
        name: String,
        target: Target,
        request: &HeaderMap,
        body: Body,
    ) -> Result {
        let bytes = small_body(body).await?;
        let (digest, tag) = match &target {
            Target::Digest(expected) => {
                let mut hasher = crate::image::Hasher::new(expected.algorithm());
                hasher.update(&bytes);
                let actual = hasher.finish();
                if actual != *expected {
                    return Err(Error::digest_invalid(format!(
                        "manifest has digest {actual}, the request says {expected}"
                    )));
                }
                (actual, None)
            }
            Target::Tag(tag) => (Digest::of(&bytes), Some(tag.clone())),
        };
        let pushed = manifest::read(&bytes, text(request, CONTENT_TYPE), digest.clone())
            .map_err(Error::manifest_invalid)?;
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, value(&format!("/v2/{name}/manifests/{target}"))?);
        headers.insert(DIGEST, value(digest.as_str())?);
        if let Some(subject) = &pushed.subject {
            headers.insert(SUBJECT, value(subject.as_str())?);
        }
        let missing = self
            .blocking(move |storage| {
                for blob in &pushed.blobs {
                    if storage.blob(&name, blob)?.is_none() {
                        return Ok(Some(blob.clone()));
                    }
                }
                storage.put_manifest(&name, &pushed, &bytes, tag.as_deref())?;
                Ok(None)
            })
            .await?;
        match missing {
            Some(blob) => Err(Error::manifest_blob_unknown(blob.as_str())),
            None => Ok((StatusCode::CREATED, headers).into_response()),
        }
    }

    async fn delete_manifest(self: &Arc<Self>, name: String, target: Target) -> Result {
        let wanted = target.clone();
        let deleted = self
            .blocking(move |storage| match &target {
                Target::Digest(digest) => storage.delete_manifest(&name, digest),
                Target::Tag(tag) => storage.delete_tag(&name, tag),
            })
            .await?;
        if deleted {
            Ok(StatusCode::ACCEPTED.into_response())
        } else {
            Err(Error::manifest_unknown(&wanted.to_string()))
        }
    }

    // Blobs.

    async fn delete_blob(self: &Arc<Self>, name: String, digest: Digest) -> Result {
        let wanted = digest.clone();
        if self
            .blocking(move |storage| storage.delete_blob(&name, &wanted))
            .await?
        {
            Ok(StatusCode::ACCEPTED.into_response())
        } else {
            Err(Error::blob_unknown(digest.as_str()))
        }
    }

    async fn start_upload(self: &Arc<Self>, name: String, query: &Query, body: Body) -> Result {
        if let Some(mount) = query.get("mount") {
            let digest = parse_digest(mount)?;
            let from = query.get("from").map(str::to_owned);
            let (to, wanted) = (name.clone(), digest.clone());
            if self
                .blocking(move |storage| storage.link_blob(&to, &wanted, from.as_deref()))
                .await?
            {
                return created(&name, &digest);
            }
        }
        let mut writer = self.storage.content.writer(UPLOAD_ALGORITHM).await?;
        if let Some(digest) = query.get("digest") {
            let digest = parse_digest(digest)?;
            receive(&mut writer, body, None).await?;
            return self.keep(&name, writer, &digest).await;
        }
        let id = self.uploads.start(&name, writer, Instant::now())?;
        Ok((StatusCode::ACCEPTED, upload_headers(&name, &id, 0)?).into_response())
    }

    async fn upload_status(self: &Arc<Self>, name: &str, id: &str) -> Result {
        let (uuid, session) = self.uploads.get(name, id, Instant::now())?;
        let session = session.lock().await;
        let writer = session.as_ref().ok_or_else(|| Error::upload_unknown(id))?;
        Ok((
            StatusCode::NO_CONTENT,
            upload_headers(name, &uuid, writer.written())?,
        )
            .into_response())
    }

    async fn patch_upload(
        self: &Arc<Self>,
        name: &str,
        id: &str,
        request: &HeaderMap,
        body: Body,
    ) -> Result {
        let (uuid, session) = self.uploads.get(name, id, Instant::now())?;
        let mut session = session.lock().await;
        let writer = session.as_mut().ok_or_else(|| Error::upload_unknown(id))?;
        if let Err(error) = append(writer, request, body).await {
            // A chunk out of order leaves the upload as it is: the client asks where to go on.
            if writer.written() > MAX_BLOB_BYTES {
                *session = None;
                self.uploads.end(&uuid);
            }
            return Err(error);
        }
        Ok((
            StatusCode::ACCEPTED,
            upload_headers(name, &uuid, writer.written())?,
        )
            .into_response())
    }

    async fn finish_upload(
        self: &Arc<Self>,
        name: String,
        id: &str,
        query: &Query,
        request: &HeaderMap,
        body: Body,
    ) -> Result {
        let (uuid, session) = self.uploads.get(&name, id, Instant::now())?;
        let digest = parse_digest(
            query
                .get("digest")
                .ok_or_else(|| Error::digest_invalid("digest is missing"))?,
        )?;
        let mut session = session.lock().await;
        let writer = session.as_mut().ok_or_else(|| Error::upload_unknown(id))?;
        append(writer, request, body).await?;
        let writer = session.take().ok_or_else(|| Error::upload_unknown(id))?;
        self.uploads.end(&uuid);
        self.keep(&name, writer, &digest).await
    }

    async fn keep(self: &Arc<Self>, name: &str, writer: Writer, digest: &Digest) -> Result {
        writer.commit(digest).await.map_err(|error| match error {
            CommitError::Digest { .. } => Error::digest_invalid(error.to_string()),
            CommitError::Io(error) => error.into(),
        })?;
        let (repository, wanted) = (name.to_owned(), digest.clone());
        let linked = self
            .blocking(move |storage| storage.link_blob(&repository, &wanted, None))
            .await?;
        if linked {
            created(name, digest)
        } else {
            Err(Error::upload_invalid(
                "the blob was deleted while it was uploaded",
            ))
        }
    }
}

/// Writes a request's body to an upload, after checking where it says it belongs.
async fn append(writer: &mut Writer, request: &HeaderMap, body: Body) -> Result<()> {
    let chunk = match text(request, CONTENT_RANGE) {
        Some(header) => Some(
            range::chunk(header)
                .ok_or_else(|| Error::out_of_order(format!("invalid Content-Range {header:?}")))?,
        ),
        None => None,
    };
    if let Some(chunk) = chunk
        && chunk.start != writer.written()
    {
        return Err(Error::out_of_order(format!(
            "the chunk begins at {}, the upload has {} bytes",
            chunk.start,
            writer.written()
        )));
    }
    receive(writer, body, chunk.map(range::Part::len)).await
}

/// Writes a body of exactly `length` bytes, if that is given.
async fn receive(writer: &mut Writer, mut body: Body, length: Option<u64>) -> Result<()> {
    let start = writer.written();
    while let Some(data) = next(&mut body).await? {
        if writer.written() + data.len() as u64 > MAX_BLOB_BYTES {
            return Err(Error::too_large(MAX_BLOB_BYTES));
        }
        writer.write(&data).await?;
    }
    let received = writer.written() - start;
    match length {
        Some(length) if length != received => Err(Error::upload_invalid(format!(
            "Content-Range says {length} bytes, the body had {received}"
        ))),
        _ => Ok(()),
    }
}

async fn next(body: &mut Body) -> Result<Option<Bytes>> {
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

async fn small_body(mut body: Body) -> Result<Bytes> {
    let mut bytes = BytesMut::new();
    while let Some(data) = next(&mut body).await? {
        if bytes.len() + data.len() > MAX_MANIFEST_BYTES {
            return Err(Error::manifest_too_large(MAX_MANIFEST_BYTES));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

fn created(name: &str, digest: &Digest) -> Result {
    let mut headers = HeaderMap::new();
    headers.insert(LOCATION, value(&format!("/v2/{name}/blobs/{digest}"))?);
    headers.insert(DIGEST, value(digest.as_str())?);
    Ok((StatusCode::CREATED, headers).into_response())
}

fn upload_headers(name: &str, id: &Uuid, written: u64) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(LOCATION, value(&format!("/v2/{name}/blobs/uploads/{id}"))?);
    headers.insert(RANGE, value(&format!("0-{}", written.saturating_sub(1)))?);
    headers.insert(UPLOAD_ID, value(&id.to_string())?);
    Ok(headers)
}

fn linked(link: Option<String>, body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    if let Some(link) = link
        && let Ok(value) = HeaderValue::from_str(&format!("<{link}>; rel=\"next\""))
    {
        response.headers_mut().insert(LINK, value);
    }
    response
}

fn value(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text)
        .map_err(|_| Error::manifest_invalid(format!("{text:?} cannot stand in a header")))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn parse_digest(text: &str) -> Result<Digest> {
    text.parse()
        .map_err(|error: crate::image::DigestError| Error::digest_invalid(error.to_string()))
}

/// A query's parameters, decoded.
struct Query(Vec<(String, String)>);

impl Query {
    fn parse(query: Option<&str>) -> Self {
        let uri = http::Uri::builder()
            .path_and_query(format!("/?{}", query.unwrap_or_default()))
            .build();
        let parameters = uri
            .ok()
            .and_then(|uri| axum::extract::Query::try_from_uri(&uri).ok())
            .map(|axum::extract::Query(parameters)| parameters);
        Self(parameters.unwrap_or_default())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Pagination by `n` and `last`.
struct Page {
    size: usize,
    last: Option<String>,
}

impl Page {
    fn of(query: &Query) -> Result<Self> {
        let size = match query.get("n") {
            None => MAX_PAGE,
            Some(text) => text
                .parse::<usize>()
                .map_err(|_| Error::parameter(format!("n is {text:?}, expected a number")))?
                .min(MAX_PAGE),
        };
        Ok(Self {
            size,
            last: query.get("last").map(str::to_owned),
        })
    }

    /// The names of this page, and the last of them if more follow.
    fn cut(
        &self,
        mut names: Vec<String>,
        after: impl Fn(&str, &str) -> bool,
    ) -> (Vec<String>, Option<String>) {
        if let Some(last) = &self.last {
            names.retain(|name| after(name, last));
        }
        let more = names.len() > self.size;
        names.truncate(self.size);
        let last = if more { names.last().cloned() } else { None };
        (names, last)
    }
}
