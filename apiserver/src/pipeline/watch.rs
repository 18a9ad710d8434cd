//! GET with `watch`: what is there, then what happens, for as long as both sides want.
//!
//! A watch is a subscription on the cache's hub, seen through a filter and a shape. Plain objects go out as the bytes that
//! all watchers share. A bookmark tells a revision up to which this watcher has seen everything: the revision is read first
//! and the queue emptied after it, so that nothing before it can still be under way.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::Stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use hydrofoil_api::status::ApiError;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::list::await_revision;
use super::{Call, select};
use crate::answer::shape::View;
use crate::answer::{Answer, table};
use crate::cache::{Caches, Change, Cursor, Event, Filter, Start, Subscription, TooOld};
use crate::metrics::Running;
use crate::request::media::{Encoding, Shape};
use crate::request::options::ListOptions;

/// What is there goes out in chunks of about this many bytes.
const CHUNK: usize = 64 * 1024;
/// The annotation of the bookmark after what was there.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// Answers a watch.
///
/// # Errors
/// 400 for bad options, 504 for a revision that is not reached. A revision that is too old is told in the stream, as
/// upstream does.
pub async fn watch(call: Call, running: Running) -> Answer {
    if call.form.encoding == Encoding::Yaml {
        return Err(ApiError::not_acceptable(&["application/json"]));
    }
    let options = ListOptions::parse(&call.query, true)?;
    let filter = select::filter(&call, &options)?;
    let view = call.view()?;
    let cache = call
        .core
        .caches()
        .resource(call.served.kind.storage.prefix)
        .ok_or_else(ApiError::no_such_path)?;
    let start = start(&call, &options).await?;
    let interest = select::interest(cache, &filter, call.served.resource.namespaced);
    let caches = Arc::clone(call.core.caches());
    let subscription = match cache.watch(interest, start, || caches.revision()) {
        Ok(subscription) => subscription,
        Err(TooOld(floor)) => {
            let Start::After(revision) = start else {
                return Err(ApiError::internal("no history"));
            };
            return Ok(respond(Body::from(too_old(revision, floor))));
        }
    };
    let initial = subscription
        .snapshot
        .as_ref()
        .map(|snapshot| select::cursor(cache, snapshot, &filter, ""));
    let limits = &call.core.config.limits;
    let marked = options.bookmarks && options.send_initial_events == Some(true);
    let tail = Tail {
        state: State::Initial {
            objects: initial,
            marked,
        },
        revision: subscription.revision,
        seen: subscription.revision,
        replay: VecDeque::new(),
        subscription,
        caches,
        filter,
        view,
        told_columns: false,
        bookmarks: options.bookmarks,
        bookmark_every: limits.bookmark,
        next_bookmark: Instant::now() + limits.bookmark,
        deadline: Instant::now() + lifetime(&options, limits.watch),
        shutdown: call.core.shutdown.clone(),
        _running: running,
    };
    Ok(respond(Body::from_stream(tail.stream())))
}

/// Where the watch begins.
async fn start(call: &Call, options: &ListOptions) -> Result<Start, ApiError> {
    let initial = options.send_initial_events;
    match options.revision {
        None => {
            let reached = call.core.registry.fresh().await?;
            Ok(if initial == Some(false) {
                Start::After(reached)
            } else {
                Start::Snapshot
            })
        }
        Some(revision) if initial == Some(true) => {
            await_revision(call, revision).await?;
            Ok(Start::Snapshot)
        }
        Some(0) if initial == Some(false) => Ok(Start::After(call.core.caches().revision())),
        Some(0) => Ok(Start::Snapshot),
        Some(revision) => Ok(Start::After(revision)),
    }
}

/// How long the watch lasts: as asked for, otherwise some time between once and twice the configured shortest.
fn lifetime(options: &ListOptions, shortest: Duration) -> Duration {
    match options.timeout_seconds {
        Some(seconds) => Duration::from_secs(seconds).min(shortest * 4),
        None => shortest.mul_f64(1.0 + rand::random::<f64>()),
    }
}

fn respond(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

fn line(event: &Value) -> Bytes {
    let mut text = serde_json::to_vec(event).unwrap_or_default();
    text.push(b'\n');
    text.into()
}

fn too_old(revision: i64, floor: i64) -> Bytes {
    let error = ApiError::expired(format!("too old resource version: {revision} ({floor})"));
    line(&json!({ "type": "ERROR", "object": error.status() }))
}

enum State {
    /// What is there, then perhaps a marked bookmark.
    Initial {
        objects: Option<Cursor>,
        marked: bool,
    },
    /// What happens.
    Live,
    /// A bookmark at this revision goes out when the queue is empty.
    Draining(i64),
    /// Nothing follows.
    Over,
}

/// A watch on its way out.
struct Tail {
    state: State,
    /// Changes up to this revision are told by what was there, or were not asked for.
    revision: i64,
    /// The last revision that was told.
    seen: i64,
    replay: VecDeque<Arc<Event>>,
    subscription: Subscription,
    caches: Arc<Caches>,
    filter: Filter,
    view: View,
    told_columns: bool,
    bookmarks: bool,
    bookmark_every: Duration,
    next_bookmark: Instant,
    deadline: Instant,
    shutdown: CancellationToken,
    _running: Running,
}

enum Woken {
    Event(Option<Arc<Event>>),
    Bookmark,
    Deadline,
}

impl Tail {
    fn stream(mut self) -> impl Stream<Item = Result<Bytes, std::convert::Infallible>> {
        self.replay = std::mem::take(&mut self.subscription.replay);
        futures::stream::unfold(self, |mut tail| async move {
            let chunk = tail.next().await?;
            Some((Ok(chunk), tail))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            match &mut self.state {
                State::Over => return None,
                State::Initial { .. } => {
                    if let Some(chunk) = self.initial() {
                        return Some(chunk);
                    }
                }
                State::Draining(revision) => {
                    let reached = *revision;
                    match self.subscription.events.try_recv() {
                        Ok(event) => {
                            if let Some(chunk) = self.tell(&event) {
                                return Some(chunk);
                            }
                        }
                        Err(_) => {
                            self.state = if Instant::now() >= self.deadline {
                                State::Over
                            } else {
                                State::Live
                            };
                            self.seen = self.seen.max(reached);
                            return Some(self.bookmark(false));
                        }
                    }
                }
                State::Live => {
                    if let Some(chunk) = self.live().await {
                        return Some(chunk);
                    }
                }
            }
        }
    }

    /// The next chunk of what was there; moves on to what happens.
    fn initial(&mut self) -> Option<Bytes> {
        let State::Initial { objects, marked } = &mut self.state else {
            return None;
        };
        if let Some(cursor) = objects {
            let mut chunk = BytesMut::new();
            let (before, after) = Change::Added.around();
            while chunk.len() < CHUNK {
                let Some(object) = cursor.next() else {
                    *objects = None;
                    break;
                };
                if !self.filter.matches(&object) {
                    continue;
                }
                if self.view.is_plain() {
                    chunk.extend_from_slice(before);
                    chunk.extend_from_slice(object.encoded().as_slice());
                    chunk.extend_from_slice(after);
                } else {
                    let columns = !std::mem::replace(&mut self.told_columns, true);
                    chunk.extend_from_slice(&shaped(&self.view, Change::Added, &object, columns));
                }
            }
            if !chunk.is_empty() {
                return Some(chunk.freeze());
            }
            return None;
        }
        let marked = *marked;
        self.state = State::Live;
        self.subscription.snapshot = None;
        marked.then(|| self.bookmark(true))
    }

    async fn live(&mut self) -> Option<Bytes> {
        if let Some(event) = self.replay.pop_front() {
            return self.tell(&event);
        }
        let at = if self.bookmarks {
            self.next_bookmark.min(self.deadline)
        } else {
            self.deadline
        };
        let woken = tokio::select! {
            biased;
            () = self.shutdown.cancelled() => Woken::Event(None),
            event = self.subscription.events.recv() => Woken::Event(event),
            () = sleep_until(at) => if Instant::now() >= self.deadline { Woken::Deadline } else { Woken::Bookmark },
        };
        match woken {
            Woken::Event(Some(event)) => self.tell(&event),
            // Cut, or the server is going: the client comes back with the last revision it saw.
            Woken::Event(None) => {
                self.state = State::Over;
                None
            }
            Woken::Deadline if !self.bookmarks => {
                self.state = State::Over;
                None
            }
            Woken::Bookmark | Woken::Deadline => {
                self.next_bookmark = Instant::now() + self.bookmark_every;
                self.state = State::Draining(self.caches.revision());
                None
            }
        }
    }

    fn tell(&mut self, event: &Event) -> Option<Bytes> {
        if event.revision() <= self.revision {
            return None;
        }
        self.seen = self.seen.max(event.revision());
        let seen = event.seen_by(&self.filter)?;
        if self.view.is_plain() {
            return Some(seen.frame);
        }
        let columns = !std::mem::replace(&mut self.told_columns, true);
        Some(shaped(&self.view, seen.change, &seen.object, columns))
    }

    fn bookmark(&self, marked: bool) -> Bytes {
        let mut metadata = json!({ "resourceVersion": crate::revision::format(self.seen), "creationTimestamp": null });
        if marked {
            metadata["annotations"] = json!({ INITIAL_EVENTS_END: "true" });
        }
        let object = match self.view.shape {
            Shape::Table(version) => table::table(version, metadata, None, Vec::new()),
            Shape::Metadata(version) => json!({
                "kind": "PartialObjectMetadata",
                "apiVersion": crate::answer::shape::meta_version(version),
                "metadata": metadata,
            }),
            Shape::Object | Shape::Discovery(_) => json!({
                "kind": self.view.served.resource.kind,
                "apiVersion": self.view.served.resource.api_version(),
                "metadata": metadata,
            }),
        };
        line(&json!({ "type": "BOOKMARK", "object": object }))
    }
}

/// An event in another shape than the object's own. Tables tell their columns once.
fn shaped(view: &View, change: Change, object: &crate::cache::Object, columns: bool) -> Bytes {
    let (before, after) = change.around();
    let shown = match view.shape {
        Shape::Table(version) => {
            let value = view.parse(object.encoded().as_slice());
            let metadata = json!({ "resourceVersion": value["metadata"]["resourceVersion"] });
            let columns = columns.then(|| table::columns(view));
            let table = table::table(
                version,
                metadata,
                columns,
                vec![table::row(view, version, &value)],
            );
            serde_json::to_vec(&table).unwrap_or_default().into()
        }
        _ => view.object(object),
    };
    [before, &shown, after].concat().into()
}
