//! Manifests: read, stored and deleted, by tag or digest.

use std::sync::Arc;

use axum::body::Body;
use axum::response::IntoResponse;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, StatusCode};

use super::error::{Error, Result};
use super::handlers::{App, DIGEST, next, text, value};
use super::manifest;
use super::route::Target;
use crate::image::{Digest, Hasher};

/// The largest manifest in bytes: the least that the specification asks for.
pub const MAX_MANIFEST_BYTES: usize = 4 << 20;

const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");

impl App {
    pub(super) async fn get_manifest(self: &Arc<Self>, name: String, target: Target) -> Result {
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

    pub(super) async fn put_manifest(
        self: &Arc<Self>,
        name: String,
        target: Target,
        request: &HeaderMap,
        body: Body,
    ) -> Result {
        let bytes = small_body(body).await?;
        let (digest, tag) = match &target {
            Target::Digest(expected) => {
                let mut hasher = Hasher::new(expected.algorithm());
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

    pub(super) async fn delete_manifest(self: &Arc<Self>, name: String, target: Target) -> Result {
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
