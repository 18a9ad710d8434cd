//! Blobs on their way in: in one request, in chunks, or mounted from another repository.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::response::IntoResponse;
use http::header::{CONTENT_RANGE, LOCATION, RANGE};
use http::{HeaderMap, HeaderName, StatusCode};
use uuid::Uuid;

use super::error::{Error, Result};
use super::handlers::{App, DIGEST, Query, next, parse_digest, text, value};
use super::range;
use super::storage::UPLOAD_ALGORITHM;
use crate::image::Digest;
use crate::image::content::{CommitError, Writer};

/// The largest blob in bytes.
pub const MAX_BLOB_BYTES: u64 = 16 << 30;

const UPLOAD_ID: HeaderName = HeaderName::from_static("docker-upload-uuid");

impl App {
    pub(super) async fn start_upload(
        self: &Arc<Self>,
        name: String,
        query: &Query,
        body: Body,
    ) -> Result {
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

    pub(super) async fn upload_status(self: &Arc<Self>, name: &str, id: &str) -> Result {
        let (uuid, session) = self.uploads.get(name, id, Instant::now())?;
        let session = session.lock().await;
        let writer = session.as_ref().ok_or_else(|| Error::upload_unknown(id))?;
        Ok((
            StatusCode::NO_CONTENT,
            upload_headers(name, &uuid, writer.written())?,
        )
            .into_response())
    }

    pub(super) async fn patch_upload(
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

    pub(super) async fn finish_upload(
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
