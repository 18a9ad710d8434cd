//! Blobs: read in whole or in part, and deleted.

use std::sync::Arc;

use axum::body::Body;
use axum::response::IntoResponse;
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::error::{Error, Result};
use super::handlers::{App, DIGEST, text, value};
use super::range::{self, Asked};
use crate::image::Digest;

/// How much of a blob is read at a time, in bytes.
const READ_BUFFER_BYTES: usize = 256 << 10;

impl App {
    pub(super) async fn get_blob(
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

    pub(super) async fn delete_blob(self: &Arc<Self>, name: String, digest: Digest) -> Result {
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
}
