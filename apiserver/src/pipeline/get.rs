//! GET of one object.
//!
//! Without a `resourceVersion` the answer is what was last written anywhere: from the cache when that has everything the
//! store has, from the store otherwise. With one, the cache answers as soon as it is not older than that.

use http::StatusCode;
use hydrofoil_api::status::ApiError;

use super::Call;
use super::list::await_revision;
use crate::answer::Answer;
use crate::encoding::Encoded;
use crate::revision;

/// Answers a get.
///
/// # Errors
/// 404 when there is no such object.
pub async fn get(call: &Call) -> Answer {
    let wanted = revision::parse(call.query.text("resourceVersion"))?;
    if let Some(revision) = wanted {
        await_revision(call, revision).await?;
    }
    let cached = wanted.is_some() || call.core.registry.is_fresh();
    let encoded = if cached {
        from_cache(call)?
    } else {
        from_store(call).await?
    };
    call.object(StatusCode::OK, &encoded, &[])
}

fn from_cache(call: &Call) -> Result<Encoded, ApiError> {
    let path = call.served.path(call.namespace(), &call.request.name);
    call.core
        .caches()
        .resource(call.served.kind.storage.prefix)
        .and_then(|cache| cache.get(&path))
        .map(|object| object.encoded().clone())
        .ok_or_else(|| call.not_found())
}

async fn from_store(call: &Call) -> Result<Encoded, ApiError> {
    let stored = call.stored().await?;
    Encoded::splice(&stored.value, stored.revision, b"", b"")
        .ok_or_else(|| ApiError::internal("the stored object cannot be read"))
}
