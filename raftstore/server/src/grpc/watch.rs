//! The Watch service: many watches on one stream.
//!
//! A stream is one state machine that is driven by its client's reading: it takes a change from a watcher, or a request from the
//! client, when there is room to send what follows from it. There is no queue between the store and the connection: who reads
//! slowly stays behind in the store, which then reads history for them.
//!
//! Behaviour is etcd 3.5's `api/v3rpc/watch.go` and `mvcc/watcher.go`:
//! - a watch is announced with `created` before its first event; a refused one with `created`, `canceled` and the id -1;
//! - an id of 0 is chosen by us, counting from 0; one in use is refused;
//! - a progress request is answered once for the whole stream, with the id -1, when every watch has everything.
//!
//! The one confusing thing: etcd forgets a progress request that comes while a watch is behind; here it waits until the watch
//! has caught up. Clients ask again, so both are right, and this one is asked less.

mod codec;
mod fragment;
mod watches;

use std::{
    collections::VecDeque,
    future::{self, Ready},
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::Stream;
use hydrofoil_etcd_wire::etcdserverpb::{
    WatchCreateRequest, WatchRequest, WatchResponse, watch_request::RequestUnion,
};
use hydrofoil_raftstore::{self as store, Error, Session, Store};
use prometheus_client::metrics::gauge::Gauge;
use tonic::{Request, Response, Status, Streaming, server::StreamingService};

pub use self::codec::{Outgoing, WatchCodec};
use self::watches::{Watched, Watches};
use super::{Limits, caller::Credentials, convert, errors};

/// The id of what is about no watch, or about all.
const NO_WATCH: i64 = -1;
/// Responses sent in a row before the client's requests are looked at again.
const RESPONSES_BETWEEN_REQUESTS: u32 = 32;
/// Why a watch of a range that holds nothing is refused.
const EMPTY_RANGE: &str = "mvcc: watcher range is empty";
/// Why a watch under an id in use is refused.
const DUPLICATE_ID: &str = "mvcc: duplicate watch ID provided on the WatchStream";

/// Why a watch is refused that is more than a stream may have.
const TOO_MANY: &str = "etcdserver: too many watches on the stream";

/// The Watch service of one store.
#[derive(Clone, Debug)]
pub struct WatchService {
    store: Store,
    limits: Limits,
}

impl WatchService {
    /// The service of a store.
    pub fn new(store: Store, limits: Limits) -> Self {
        WatchService { store, limits }
    }

    /// What answers a stream of requests.
    pub fn stream<R>(
        &self,
        credentials: Credentials,
        requests: R,
    ) -> impl Stream<Item = Result<Outgoing, Status>> + Send + use<R>
    where
        R: Stream<Item = Result<WatchRequest, Status>> + Send + Unpin,
    {
        WatchStream {
            store: self.store.clone(),
            limits: self.limits.clone(),
            credentials,
            requests: Some(requests),
            watches: Watches::default(),
            opening: None,
            ready: VecDeque::new(),
            progress: false,
            in_a_row: 0,
            ended: false,
            _counted: Counted::new(self.store.metrics().watch_streams),
        }
    }
}

impl StreamingService<WatchRequest> for WatchService {
    type Response = Outgoing;
    type ResponseStream = Pin<Box<dyn Stream<Item = Result<Outgoing, Status>> + Send>>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Streaming<WatchRequest>>) -> Self::Future {
        let credentials = Credentials::of(request.metadata(), request.extensions());
        let stream = self.stream(credentials, request.into_inner());
        future::ready(Ok(Response::new(Box::pin(stream) as Self::ResponseStream)))
    }
}

struct WatchStream<R> {
    store: Store,
    limits: Limits,
    credentials: Credentials,
    /// `None` when the client said that it will send no more.
    requests: Option<R>,
    watches: Watches,
    /// The watch that begins when it is known who asked for it. Until then nothing else is looked at.
    opening: Option<Opening>,
    /// What is to be sent before anything else is looked at: the answers to one request, or the fragments of one response.
    ready: VecDeque<Outgoing>,
    /// The client wants to know the revision.
    progress: bool,
    in_a_row: u32,
    ended: bool,
    _counted: Counted,
}

struct Opening {
    request: WatchCreateRequest,
    session: Pin<Box<dyn Future<Output = Result<Session, Error>> + Send>>,
}

/// One more in a gauge, as long as it lives.
struct Counted(Gauge);

impl Counted {
    fn new(gauge: Gauge) -> Self {
        gauge.inc();
        Counted(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// What there is to do.
enum Happened {
    Requested(WatchRequest),
    NoMoreRequests,
    Received(Watched, store::WatchResponse),
    Progressed(WatchResponse),
}

impl<R> Stream for WatchStream<R>
where
    R: Stream<Item = Result<WatchRequest, Status>> + Send + Unpin,
{
    type Item = Result<Outgoing, Status>;

    /// The next response, or what ends the stream. `Pending` without end while there is none: the client ends the stream.
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        let response = ready!(this.poll_response(cx));
        this.ended = response.is_err();
        Poll::Ready(Some(response))
    }
}

impl<R> WatchStream<R>
where
    R: Stream<Item = Result<WatchRequest, Status>> + Send + Unpin,
{
    fn poll_response(&mut self, cx: &mut Context<'_>) -> Poll<Result<Outgoing, Status>> {
        loop {
            if let Some(opening) = &mut self.opening {
                let session = ready!(opening.session.as_mut().poll(cx));
                if let Some(Opening { request, .. }) = self.opening.take() {
                    let response = self.open(session, request)?;
                    return Poll::Ready(Ok(Outgoing::Message(response)));
                }
            }
            if let Some(response) = self.ready.pop_front() {
                return Poll::Ready(Ok(response));
            }
            match ready!(self.poll(cx))? {
                Happened::Requested(request) => self.handle(request),
                Happened::NoMoreRequests => self.requests = None,
                Happened::Received(watched, response) => {
                    if let Some(response) = self.received(watched, response)? {
                        return Poll::Ready(Ok(response));
                    }
                }
                Happened::Progressed(response) => {
                    return Poll::Ready(Ok(Outgoing::Message(response)));
                }
            }
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Happened, Status>> {
        let requests_first = self.in_a_row >= RESPONSES_BETWEEN_REQUESTS;
        if requests_first && let Poll::Ready(happened) = self.poll_requests(cx) {
            return Poll::Ready(happened);
        }
        if let Poll::Ready((watched, response)) = self.watches.poll_next(cx) {
            self.in_a_row = if requests_first { 0 } else { self.in_a_row + 1 };
            return Poll::Ready(Ok(Happened::Received(watched, response)));
        }
        if !requests_first && let Poll::Ready(happened) = self.poll_requests(cx) {
            return Poll::Ready(happened);
        }
        // Last, because the watches were polled by now: what they had is sent, so only what came since can be missing.
        if self.progress
            && let Some(response) = self.progressed()
        {
            return Poll::Ready(Ok(Happened::Progressed(response)));
        }
        Poll::Pending
    }

    fn poll_requests(&mut self, cx: &mut Context<'_>) -> Poll<Result<Happened, Status>> {
        let Some(requests) = &mut self.requests else {
            return Poll::Pending;
        };
        let request = ready!(Pin::new(requests).poll_next(cx));
        self.in_a_row = 0;
        Poll::Ready(match request {
            Some(Ok(request)) => Ok(Happened::Requested(request)),
            Some(Err(status)) => Err(status),
            None => Ok(Happened::NoMoreRequests),
        })
    }

    /// The answer to a progress request, if every watch has everything.
    fn progressed(&mut self) -> Option<WatchResponse> {
        let header = self.watches.progress(&self.store, &mut self.progress)?;
        Some(WatchResponse {
            header: convert::header(header),
            watch_id: NO_WATCH,
            ..Default::default()
        })
    }

    fn handle(&mut self, request: WatchRequest) {
        match request.request_union {
            Some(RequestUnion::CreateRequest(request)) if request.start_revision < 0 => {
                let response = self.refused(Error::Compacted.to_string());
                self.ready.push_back(Outgoing::Message(response));
            }
            Some(RequestUnion::CreateRequest(request)) => {
                let (credentials, store) = (self.credentials.clone(), self.store.clone());
                self.opening = Some(Opening {
                    request,
                    session: Box::pin(async move { credentials.session(&store).await }),
                });
            }
            Some(RequestUnion::CancelRequest(request)) => {
                if let Some(header) = self.watches.cancel(request.watch_id) {
                    self.ready.push_back(Outgoing::Message(WatchResponse {
                        header: convert::header(header),
                        watch_id: request.watch_id,
                        canceled: true,
                        ..Default::default()
                    }));
                }
            }
            Some(RequestUnion::ProgressRequest(_)) => self.progress = true,
            // What a later etcd may ask is passed over, as in etcd.
            None => {}
        }
    }

    /// Begins a watch as who asked for it, or says why not.
    fn open(
        &mut self,
        session: Result<Session, Error>,
        request: WatchCreateRequest,
    ) -> Result<WatchResponse, Status> {
        let (id, fragment) = (request.watch_id, request.fragment);
        let request = convert::watch(request);
        let empty = !request.range_end.is_empty()
            && request.range_end[..] != [0]
            && request.key >= request.range_end;
        let watcher = match session.and_then(|session| session.watch(request)) {
            Ok(watcher) => watcher,
            Err(error) => return self.not_permitted(&error),
        };
        if empty {
            return Ok(self.refused(EMPTY_RANGE.into()));
        }
        if self.watches.len() >= self.limits.max_watches_per_stream {
            return Ok(self.refused(TOO_MANY.into()));
        }
        let Some(id) = self.watches.free_id(id) else {
            return Ok(self.refused(DUPLICATE_ID.into()));
        };
        let header = self.watches.add(Watched { id, fragment }, watcher);
        Ok(WatchResponse {
            header: convert::header(header),
            watch_id: id,
            created: true,
            ..Default::default()
        })
    }

    /// The refusal of a watch because of who asks; other errors end the stream.
    fn not_permitted(&self, error: &Error) -> Result<WatchResponse, Status> {
        if matches!(error, Error::Stopped) {
            return Err(errors::status(error));
        }
        Ok(self.refused(errors::printed(&errors::status(error))))
    }

    fn refused(&self, reason: String) -> WatchResponse {
        WatchResponse {
            header: convert::header(self.store.status().header),
            watch_id: NO_WATCH,
            created: true,
            canceled: true,
            cancel_reason: reason,
            ..Default::default()
        }
    }

    /// Makes what is sent of what a watch received. `None`: its fragments are in `ready`.
    fn received(
        &mut self,
        watched: Watched,
        response: store::WatchResponse,
    ) -> Result<Option<Outgoing>, Status> {
        let Watched { id, fragment } = watched;
        if response.canceled && response.compact_revision == 0 {
            // The store ends or fails. The client's watches are to go on elsewhere, which a canceled watch does not.
            return Err(errors::of(&response.cancel_reason));
        }
        if fragment && response.events.len() > 1 {
            let message = convert::watch_response(id, &response);
            let parts = fragment::cut(message, self.limits.receive_bytes());
            self.ready.extend(parts.into_iter().map(Outgoing::Message));
            return Ok(None);
        }
        Ok(Some(Outgoing::Received { id, response }))
    }
}
