//! One watch as its user sees it.

use std::{future::Future, sync::Arc, time::Duration};

use super::{
    events::Events,
    group::Ready,
    handle::WatchHandle,
    hub::{Inbox, Queue},
};
use crate::{
    Error, blocking,
    core::SharedCore,
    mvcc::{
        Change,
        history::{Piece, piece},
        space::contains,
    },
    rpc::{Event, EventKind, WatchFilters, WatchRequest, WatchResponse},
};

/// Events after which a response is closed, at the next revision.
const MAX_RESPONSE_EVENTS: usize = 1_024;

/// One watch. Dropping it ends it.
#[derive(Debug)]
pub struct Watcher {
    core: SharedCore,
    inbox: Arc<Inbox>,
    /// The first revision wanted as it was asked for; 0 is whatever comes.
    start: i64,
    filters: WatchFilters,
    prev_kv: bool,
    progress_interval: Option<Duration>,
    ended: Option<WatchResponse>,
}

/// What a look into the inbox says is to be done.
enum Next {
    Deliver {
        changes: Vec<Arc<Change>>,
        revision: i64,
        more: bool,
    },
    CatchUp(i64),
    Progress,
    Closed,
    Wait,
}

/// How far a watch gets without waiting.
pub enum Step {
    /// To a response, and whether there is more already.
    Response {
        /// The response.
        response: WatchResponse,
        /// Something waits behind it.
        more: bool,
    },
    /// To history, which is to be read from this revision on.
    History(i64),
    /// Nowhere: nothing has come.
    Nothing,
}

impl Watcher {
    /// Begins a watch.
    pub(crate) fn new(
        core: SharedCore,
        request: WatchRequest,
        progress_interval: Duration,
    ) -> Result<Watcher, Error> {
        let inbox = {
            // Under the lock no change can come between the revision read here and the watch's being known to the hub.
            let space = core.space.read();
            let current = space.revision;
            let from = if request.start_revision <= 0 {
                current + 1
            } else {
                request.start_revision
            };
            let behind = (from <= current).then_some(from);
            let queue = Queue::new(from, behind);
            let inbox = Arc::new(Inbox::new(request.key, request.range_end, queue));
            if !core.hub.add(&inbox) {
                return Err(Error::Stopped);
            }
            if behind.is_some() {
                core.metrics.slow_watchers.inc();
            }
            inbox
        };
        Ok(Watcher {
            core,
            inbox,
            start: request.start_revision,
            filters: request.filters,
            prev_kv: request.prev_kv,
            progress_interval: request.progress_notify.then_some(progress_interval),
            ended: None,
        })
    }

    /// The next response. Waits without end while nothing happens; cancel safe. After a response with `canceled`
    /// set, every call returns that response again.
    pub async fn recv(&mut self) -> WatchResponse {
        loop {
            let inbox = Arc::clone(&self.inbox);
            match self.step() {
                Step::Response { response, .. } => return response,
                Step::History(from) => {
                    if let Some(response) = self.catch_up(from).await {
                        return response;
                    }
                }
                Step::Nothing => {
                    if self.wait(inbox.wake.notified()).await
                        && let Some(response) = self.progress()
                    {
                        return response;
                    }
                }
            }
        }
    }

    /// Goes as far as it can be gone without waiting.
    pub(super) fn step(&mut self) -> Step {
        if let Some(ended) = &self.ended {
            return Step::Response {
                response: ended.clone(),
                more: false,
            };
        }
        loop {
            let (response, more) = match self.look() {
                Next::Deliver {
                    changes,
                    revision,
                    more,
                } => (self.deliver(changes, revision), more),
                Next::Progress => (self.progress(), false),
                Next::Closed => (Some(self.end(0, Error::Stopped.to_string())), false),
                Next::CatchUp(from) => return Step::History(from),
                Next::Wait => return Step::Nothing,
            };
            if let Some(response) = response {
                return Step::Response { response, more };
            }
        }
    }

    /// From now on the watch is listed as `key` when there is something to look at, instead of being waited for.
    pub(super) fn join(&self, ready: Arc<Ready>, key: u64) {
        self.inbox.join(ready, key);
    }

    /// How long it is silent until it tells the revision, if it does.
    pub(super) fn progress_interval(&self) -> Option<Duration> {
        self.progress_interval
    }

    /// Asks for a response without events as soon as this watch has everything up to the current revision. A watch that begins
    /// in the future answers nothing, as in etcd: its user takes the answer for progress of what they wait for.
    pub fn request_progress(&self) {
        self.inbox.update(|queue| queue.progress = true);
    }

    /// A second hold on this watch.
    pub fn handle(&self) -> WatchHandle {
        WatchHandle::new(Arc::clone(&self.core), Arc::clone(&self.inbox), self.start)
    }

    /// Waits for the inbox. `true`: nothing came for the interval after which progress is told.
    async fn wait(&self, woken: impl Future<Output = ()>) -> bool {
        match self.progress_interval {
            None => {
                woken.await;
                false
            }
            Some(interval) => {
                let silent = tokio::time::timeout(interval, woken).await.is_err();
                let queue = self.inbox.queue.lock();
                silent && queue.changes.is_empty() && queue.behind.is_none() && !queue.closed
            }
        }
    }

    fn look(&self) -> Next {
        let mut queue = self.inbox.queue.lock();
        queue.listed = false;
        if queue.closed {
            return Next::Closed;
        }
        let mut changes = Vec::new();
        let mut events = 0;
        while events < MAX_RESPONSE_EVENTS
            && let Some(change) = queue.pop()
        {
            events += change.events.len();
            changes.push(change);
        }
        if let Some(last) = changes.last() {
            // In step and with everything taken, the watch is as far as the store.
            let in_step = queue.changes.is_empty() && queue.behind.is_none();
            let revision = if in_step {
                self.core.revision().max(last.revision)
            } else {
                last.revision
            };
            queue.from = last.revision + 1;
            let more = !in_step || queue.progress;
            queue.listed = more;
            return Next::Deliver {
                changes,
                revision,
                more,
            };
        }
        if let Some(from) = queue.behind {
            return Next::CatchUp(from);
        }
        if std::mem::take(&mut queue.progress) {
            return Next::Progress;
        }
        Next::Wait
    }

    /// The response to changes, unless none of their events is wanted.
    fn deliver(&self, changes: Vec<Arc<Change>>, revision: i64) -> Option<WatchResponse> {
        let first = changes.first()?;
        // The versions before are wanted of all events or of none, unless a compaction came between them.
        let whole = !self.prev_kv || first.revision > self.core.compacted();
        let mut events = changes.iter().flat_map(|change| &change.events);
        if whole && events.all(|event| self.wants(event)) {
            let events = Events::shared(changes, self.prev_kv);
            return Some(self.response(events, revision));
        }
        let events = changes.iter().flat_map(|change| &change.events);
        self.pick(events.cloned(), revision)
    }

    /// The response to those of some events that are wanted, unless none is.
    fn pick(
        &self,
        events: impl IntoIterator<Item = Event>,
        revision: i64,
    ) -> Option<WatchResponse> {
        let wanted = events.into_iter().filter(|event| self.wants(event));
        let events: Vec<Event> = wanted.map(|event| self.trim(event)).collect();
        (!events.is_empty()).then(|| self.response(events.into(), revision))
    }

    fn wants(&self, event: &Event) -> bool {
        let filtered = match event.kind {
            EventKind::Put => self.filters.no_put,
            EventKind::Delete => self.filters.no_delete,
        };
        !filtered && contains(&self.inbox.key, &self.inbox.range_end, &event.kv.key)
    }

    /// Takes the version before from an event, unless it is wanted and can still be read: etcd reads it at the revision before
    /// the event's when it sends the event.
    fn trim(&self, event: Event) -> Event {
        if self.prev_kv && event.kv.mod_revision > self.core.compacted() {
            event
        } else {
            event.without_prev()
        }
    }

    /// The response that tells the revision, if the watch has begun by then.
    fn progress(&self) -> Option<WatchResponse> {
        let revision = self.core.revision();
        (self.start <= revision).then(|| self.response(Events::default(), revision))
    }

    fn response(&self, events: Events, revision: i64) -> WatchResponse {
        self.core.metrics.events.inc_by(events.len() as u64);
        WatchResponse {
            header: self.core.header(revision),
            events,
            ..Default::default()
        }
    }

    /// The last response. One that tells of a compaction has no revision, as in etcd.
    fn end(&mut self, compact_revision: i64, reason: String) -> WatchResponse {
        let revision = match compact_revision {
            0 => self.core.revision(),
            _ => 0,
        };
        let response = WatchResponse {
            header: self.core.header(revision),
            compact_revision,
            canceled: true,
            cancel_reason: reason,
            ..Default::default()
        };
        self.ended = Some(response.clone());
        response
    }

    /// Takes a piece of history. `None`: nothing in it is wanted.
    pub(super) async fn catch_up(&mut self, from: i64) -> Option<WatchResponse> {
        let (piece, reader) = {
            let space = self.core.space.read();
            if from > space.revision {
                self.get_in_step(from);
                return None;
            }
            let piece = piece(&space, &self.inbox.key, &self.inbox.range_end, from);
            let reader = match &piece {
                Piece::Past { past, .. } if past.needs_disk() => Some(self.core.reader(&space)),
                _ => None,
            };
            if let Piece::Recent { next, .. } | Piece::Past { next, .. } = &piece
                && *next > space.revision
                && reader.is_none()
            {
                // The piece reaches the present, and what it needs is in hand.
                self.get_in_step(*next);
            }
            (piece, reader)
        };
        match piece {
            Piece::Compacted(revision) => Some(self.end(revision, Error::Compacted.to_string())),
            Piece::Recent { changes, next } => {
                self.advance(from, next);
                self.deliver(changes, next - 1)
            }
            Piece::Past { past, next } => {
                let want_prev = self.prev_kv;
                let events = match reader {
                    None => past.finish(&NoDisk, want_prev),
                    Some(Err(error)) => Err(error),
                    Some(Ok(reader)) => {
                        let read = blocking::run(move || past.finish(&reader, want_prev));
                        read.await.and_then(|events| events)
                    }
                };
                match events {
                    Err(error) => Some(self.end(0, error.to_string())),
                    Ok(events) => {
                        self.advance(from, next);
                        self.pick(events, next - 1)
                    }
                }
            }
        }
    }

    /// Lets the hub put changes from `next` on into the inbox. The key space must be locked.
    fn get_in_step(&self, next: i64) {
        let mut queue = self.inbox.queue.lock();
        queue.behind = None;
        queue.from = next;
        self.core.metrics.slow_watchers.dec();
    }

    /// Notes that history before `next` is taken, if the watch is still where it was.
    fn advance(&self, from: i64, next: i64) {
        let mut queue = self.inbox.queue.lock();
        if queue.behind == Some(from) {
            queue.behind = Some(next);
            queue.from = next;
        }
    }
}

/// For history that needs no disk.
struct NoDisk;

impl crate::mvcc::Values for NoDisk {
    fn value(&self, rev: crate::mvcc::version::Rev) -> Result<bytes::Bytes, Error> {
        Err(Error::Internal(format!(
            "the value of revision {} is not in memory",
            rev.main
        )))
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.core.hub.remove(&self.inbox);
    }
}
