//! GET of a collection: which revision, which objects, which page, in which shape.
//!
//! `resourceVersion` means what the API concepts page says: unset is everything written so far, `0` is whatever is at hand,
//! anything else is at least that, or exactly that with `resourceVersionMatch=Exact` (and, as ever, with a limit). Snapshots
//! answer all but exact revisions that are past, which come from the store's history.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use hydrofoil_api::status::{ApiError, Cause};
use hydrofoil_raftstore::{RangeRequest, prefix_end};
use serde_json::{Map, Value, json};

use super::token::Token;
use super::{Call, select};
use crate::answer::shape::{View, meta_version};
use crate::answer::{self, Answer, body, table};
use crate::cache::{Filter, Object, ROOT, ResourceCache, Snapshot};
use crate::registry::{FRESH_TIMEOUT, is_compacted, store_error};
use crate::request::media::{Encoding, Shape};
use crate::request::options::{ListOptions, Match};

/// Answers are sent in chunks of about this many bytes, once they are larger.
const CHUNK: usize = 128 * 1024;
/// Keys read from the store's history in one request.
const HISTORY_PAGE: i64 = 1000;
/// Seconds a client should wait when it asked for a revision that is not reached.
const AHEAD_RETRY: u32 = 1;

/// A page of a list.
struct Page {
    objects: Vec<Arc<Object>>,
    revision: i64,
    next: Option<Token>,
    remaining: Option<usize>,
}

/// Answers a list.
///
/// # Errors
/// 400 for bad options, 410 for a revision that is forgotten, 504 for one that is not reached.
pub async fn list(call: &Call) -> Answer {
    let options = ListOptions::parse(&call.query, false)?;
    let filter = select::filter(call, &options)?;
    let page = find(call, &options, &filter).await?;
    Ok(respond(call, call.view()?, page))
}

/// Every object that a list with these options would show, for deletecollection.
///
/// # Errors
/// As [`list`].
pub async fn objects(
    call: &Call,
    options: &ListOptions,
) -> Result<(Vec<Arc<Object>>, i64), ApiError> {
    let filter = select::filter(call, options)?;
    let page = find(call, options, &filter).await?;
    Ok((page.objects, page.revision))
}

/// Answers with these objects as a list.
///
/// # Errors
/// 400 for options that are none.
pub fn show(call: &Call, objects: Vec<Arc<Object>>, revision: i64) -> Answer {
    let page = Page {
        objects,
        revision,
        next: None,
        remaining: None,
    };
    Ok(respond(call, call.view()?, page))
}

/// Waits until the cache is not older than a revision.
///
/// # Errors
/// 504 when that revision is not reached in time.
pub async fn await_revision(call: &Call, revision: i64) -> Result<(), ApiError> {
    call.core
        .caches()
        .wait(revision, FRESH_TIMEOUT)
        .await
        .map_err(|behind| too_large(revision, behind.0))
}

fn too_large(wanted: i64, current: i64) -> ApiError {
    let message = format!("Too large resource version: {wanted}, current: {current}");
    let mut error = ApiError::timeout(message, AHEAD_RETRY);
    if let Some(details) = &mut error.status_mut().details {
        details.causes.push(Cause {
            reason: "ResourceVersionTooLarge".to_owned(),
            message: "Too large resource version".to_owned(),
            field: String::new(),
        });
    }
    error
}

async fn find(call: &Call, options: &ListOptions, filter: &Filter) -> Result<Page, ApiError> {
    let cache = call
        .core
        .caches()
        .resource(call.served.kind.storage.prefix)
        .ok_or_else(ApiError::no_such_path)?;
    if !options.continue_token.is_empty() {
        if options.revision.is_some_and(|revision| revision != 0) {
            return Err(ApiError::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        let token = Token::decode(&options.continue_token)?;
        return go_on(call, cache, options, filter, &token).await;
    }
    let exact = match (options.revision, options.revision_match) {
        (Some(_), Some(Match::Exact)) => true,
        (Some(revision), None) => revision > 0 && options.limit > 0,
        _ => false,
    };
    match options.revision {
        Some(revision) if exact => {
            await_revision(call, revision).await?;
            at_revision(call, cache, options, filter, revision, "").await
        }
        Some(0) => Ok(from_current(call, cache, options, filter, "")),
        Some(revision) => {
            await_revision(call, revision).await?;
            Ok(from_current(call, cache, options, filter, ""))
        }
        None => {
            call.core.registry.fresh().await?;
            Ok(from_current(call, cache, options, filter, ""))
        }
    }
}

async fn go_on(
    call: &Call,
    cache: &ResourceCache,
    options: &ListOptions,
    filter: &Filter,
    token: &Token,
) -> Result<Page, ApiError> {
    if token.rv < 0 {
        call.core.registry.fresh().await?;
        return Ok(from_current(call, cache, options, filter, &token.start));
    }
    await_revision(call, token.rv).await?;
    at_revision(call, cache, options, filter, token.rv, &token.start)
        .await
        .map_err(|error| {
            if error.code() != 410 {
                return error;
            }
            let mut error = ApiError::expired(
                "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
            );
            let next = token.inconsistent().encode();
            error.status_mut().metadata.insert("continue".to_owned(), next.into());
            error
        })
}

/// A page of what is there now.
fn from_current(
    call: &Call,
    cache: &ResourceCache,
    options: &ListOptions,
    filter: &Filter,
    start: &str,
) -> Page {
    // Read before the snapshot: whatever is in the snapshot beyond it is said by the snapshot's own revision.
    let reached = call.core.caches().revision();
    let snapshot = cache.snapshot();
    let revision = snapshot.revision.max(reached);
    from_snapshot(cache, &snapshot, options, filter, revision, start)
}

/// A page of exactly one revision: from the current snapshot if it is still that, from one kept for paging, or from history.
async fn at_revision(
    call: &Call,
    cache: &ResourceCache,
    options: &ListOptions,
    filter: &Filter,
    revision: i64,
    start: &str,
) -> Result<Page, ApiError> {
    let snapshot = cache.snapshot();
    // The cache has reached the revision, and this resource has not changed since.
    if snapshot.revision <= revision {
        return Ok(from_snapshot(
            cache, &snapshot, options, filter, revision, start,
        ));
    }
    if let Some(snapshot) = cache.page(revision) {
        return Ok(from_snapshot(
            cache, &snapshot, options, filter, revision, start,
        ));
    }
    from_history(call, cache, options, filter, revision, start).await
}

fn from_snapshot(
    cache: &ResourceCache,
    snapshot: &Arc<Snapshot>,
    options: &ListOptions,
    filter: &Filter,
    revision: i64,
    start: &str,
) -> Page {
    let mut cursor = select::cursor(cache, snapshot, filter, start);
    let mut objects = Vec::new();
    let mut more = false;
    for object in cursor.by_ref() {
        if !filter.matches(&object) {
            continue;
        }
        if options.limit > 0 && objects.len() == options.limit {
            more = true;
            break;
        }
        objects.push(object);
    }
    let mut page = Page {
        objects,
        revision,
        next: None,
        remaining: None,
    };
    if let (true, Some(last)) = (more, page.objects.last()) {
        page.next = Some(Token::after(revision, last.path()));
        // One was taken from the cursor to know that there is more.
        page.remaining = (!filter.selects()).then(|| cursor.remaining() + 1);
        cache.keep_page(revision, snapshot);
    }
    page
}

/// A page of a past revision, from the store.
async fn from_history(
    call: &Call,
    cache: &ResourceCache,
    options: &ListOptions,
    filter: &Filter,
    revision: i64,
    start: &str,
) -> Result<Page, ApiError> {
    let prefix = [ROOT, cache.schema().prefix, "/"].concat();
    let namespace = filter
        .namespace
        .as_ref()
        .map_or(String::new(), |namespace| format!("{namespace}/"));
    let begin = [prefix.as_str(), &namespace].concat();
    let end = prefix_end(begin.as_bytes());
    let mut key = begin.clone().into_bytes();
    let first = [prefix.as_str(), start].concat().into_bytes();
    if first > key {
        key = first;
    }
    let mut page = Page {
        objects: Vec::new(),
        revision,
        next: None,
        remaining: None,
    };
    loop {
        let response = call
            .core
            .registry
            .store()
            .range(RangeRequest {
                key: key.clone().into(),
                range_end: end.clone(),
                revision,
                limit: HISTORY_PAGE,
                ..RangeRequest::default()
            })
            .await
            .map_err(|error| {
                if is_compacted(&error) {
                    return ApiError::expired(
                        "The resourceVersion for the provided list is too old.",
                    );
                }
                store_error(error)
            })?;
        for (index, kv) in response.kvs.iter().enumerate() {
            let path = kv
                .key
                .strip_prefix(prefix.as_bytes())
                .and_then(|path| std::str::from_utf8(path).ok());
            let Some(path) = path else { continue };
            let fields = cache.schema().fields;
            let Some(object) = Object::from_stored(path, &kv.value, kv.mod_revision, fields, None)
            else {
                continue;
            };
            if !filter.matches(&object) {
                continue;
            }
            if let (true, Some(last)) = (
                options.limit > 0 && page.objects.len() == options.limit,
                page.objects.last(),
            ) {
                page.next = Some(Token::after(revision, last.path()));
                let left = usize::try_from(response.count)
                    .unwrap_or(0)
                    .saturating_sub(index);
                page.remaining = (!filter.selects()).then_some(left);
                return Ok(page);
            }
            page.objects.push(Arc::new(object));
        }
        let Some(last) = response.kvs.last().filter(|_| response.more) else {
            return Ok(page);
        };
        key = last.key.to_vec();
        key.push(0);
    }
}

fn list_metadata(page: &Page) -> Value {
    let mut metadata = Map::new();
    metadata.insert(
        "resourceVersion".to_owned(),
        crate::revision::format(page.revision).into(),
    );
    if let Some(token) = &page.next {
        metadata.insert("continue".to_owned(), token.encode().into());
    }
    if let Some(remaining) = page.remaining {
        metadata.insert("remainingItemCount".to_owned(), remaining.into());
    }
    metadata.into()
}

fn respond(call: &Call, view: View, page: Page) -> axum::response::Response {
    let metadata = list_metadata(&page);
    if let Shape::Table(version) = view.shape {
        let rows = page
            .objects
            .iter()
            .map(|object| table::row(&view, version, &view.parse(object.encoded().as_slice())))
            .collect();
        let table = table::table(version, metadata, Some(table::columns(&view)), rows);
        return answer::value(&call.form, StatusCode::OK, &table);
    }
    let (kind, version) = match view.shape {
        Shape::Metadata(version) => (
            "PartialObjectMetadataList".to_owned(),
            meta_version(version),
        ),
        _ => (
            format!("{}List", view.served.resource.kind),
            view.served.resource.api_version(),
        ),
    };
    let head = json!([kind, version]);
    let start = format!(
        "{{\"kind\":{},\"apiVersion\":{},\"metadata\":{metadata},\"items\":[",
        head[0], head[1]
    );
    let size: usize = page
        .objects
        .iter()
        .map(|object| object.encoded().size())
        .sum();
    let mut chunks = Chunks {
        view,
        start: Some(start),
        objects: page.objects.into_iter(),
        any: false,
        done: false,
    };
    let whole = size <= 2 * CHUNK || call.form.pretty || call.form.encoding == Encoding::Yaml;
    if whole {
        let mut document = Vec::with_capacity(size + 256);
        chunks
            .by_ref()
            .for_each(|chunk| document.extend_from_slice(&chunk));
        return answer::json(&call.form, StatusCode::OK, document.into());
    }
    let mut response = body::chunked(chunks, call.form.gzip);
    answer::head(&mut response, &call.form);
    response
}

/// A list's JSON, chunk by chunk.
struct Chunks {
    view: View,
    start: Option<String>,
    objects: std::vec::IntoIter<Arc<Object>>,
    any: bool,
    done: bool,
}

impl Iterator for Chunks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.done {
            return None;
        }
        let mut chunk = Vec::with_capacity(CHUNK + CHUNK / 4);
        if let Some(start) = self.start.take() {
            chunk.extend_from_slice(start.as_bytes());
        }
        while chunk.len() < CHUNK {
            let Some(object) = self.objects.next() else {
                chunk.extend_from_slice(b"]}");
                self.done = true;
                break;
            };
            if std::mem::replace(&mut self.any, true) {
                chunk.push(b',');
            }
            if self.view.is_plain() {
                // Items of a list leave out what the list says.
                chunk.push(b'{');
                chunk.extend_from_slice(object.encoded().item_tail());
            } else {
                chunk.extend_from_slice(&self.view.object(&object));
            }
        }
        Some(chunk.into())
    }
}
