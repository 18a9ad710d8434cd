//! One HTTP request: an instance of the component, from the request's head to the end of its answer.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::guest::exit::{is_trap, trap_text};
use crate::guest::{Denial, Exit, Guest, GuestState, Yielded};

/// Instances of one container that answer requests at the same time; further requests wait their turn.
pub const MAX_REQUESTS: usize = 256;
/// How long a request waits for its turn before it is told to come back.
const TURN_DEADLINE: Duration = Duration::from_secs(10);
/// How long a guest has for the head of its answer.
const HEAD_DEADLINE: Duration = Duration::from_secs(60);
/// How long a client may leave a piece of its answer unread: an instance waits for it.
const UNREAD_DEADLINE: Duration = Duration::from_secs(60);
/// How long a guest may work on after its answer was sent, or its client left.
const AFTERWORK: Duration = Duration::from_secs(30);

/// Body of an answer.
pub type Answer = Response<AnswerBody>;
type Head = Result<Response<HyperOutgoingBody>, ErrorCode>;

/// Answers the requests of one container.
pub struct Handler {
    guest: Arc<Guest>,
    pre: ProxyPre<GuestState>,
    tasks: TaskTracker,
    turns: Arc<Semaphore>,
    fatal: CancellationToken,
}

impl Handler {
    /// A handler whose guests' work is counted in `tasks`.
    pub fn new(guest: Arc<Guest>, pre: ProxyPre<GuestState>, tasks: TaskTracker) -> Self {
        Self {
            guest,
            pre,
            tasks,
            turns: Arc::new(Semaphore::new(MAX_REQUESTS)),
            fatal: CancellationToken::new(),
        }
    }

    /// The container.
    pub const fn guest(&self) -> &Arc<Guest> {
        &self.guest
    }

    /// Waits for what ends the container: a single instance that does not fit its memory limit, however alone.
    pub async fn fatal(&self) -> Exit {
        self.fatal.cancelled().await;
        Exit::out_of_memory(self.guest.budget.limit())
    }
}

/// Answers one request; what goes wrong is an answer, too.
pub async fn answer(
    handler: Arc<Handler>,
    request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    let (guest, begun) = (Arc::clone(&handler.guest), Instant::now());
    let attempted = attempt(handler, request).await;
    guest.served.note(begun.elapsed(), attempted.is_ok());
    Ok(match attempted {
        Ok(answer) => {
            guest.metrics.http_requests.increment();
            answer
        }
        Err(failure) => {
            guest.metrics.http_failures.increment();
            failure.answer()
        }
    })
}

/// Permission to have an instance.
struct Turn {
    _own: OwnedSemaphorePermit,
    _slot: OwnedSemaphorePermit,
}

/// Why a request got no answer of the guest's.
#[derive(Clone, Copy, Debug)]
enum Failure {
    /// The request cannot be given to a guest.
    Malformed,
    /// No instance was free in time, or there is no memory for one.
    Busy,
    /// The guest trapped, or ended without an answer.
    Broken,
    /// The guest took too long.
    Late,
    /// The container is being stopped.
    Stopped,
}

impl Failure {
    fn answer(self) -> Answer {
        let (status, text) = match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, "the request has no host\n"),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "no instance is free to answer\n",
            ),
            Self::Broken => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "the guest failed: its pod's log says why\n",
            ),
            Self::Late => (
                StatusCode::GATEWAY_TIMEOUT,
                "the guest did not answer in time\n",
            ),
            Self::Stopped => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the pod is being stopped\n",
            ),
        };
        let body = Full::new(Bytes::from_static(text.as_bytes()))
            .map_err(|never: Infallible| match never {})
            .boxed_unsync();
        let mut response = Response::new(AnswerBody {
            body,
            unread: Arc::default(),
            _guest: None,
        });
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        if matches!(self, Self::Busy | Self::Stopped) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

async fn attempt(handler: Arc<Handler>, request: Request<Incoming>) -> Result<Answer, Failure> {
    // First the container's turn, then a place among all containers': one that is flooded waits for itself.
    let turn = async {
        let own = Arc::clone(&handler.turns).acquire_owned().await.ok()?;
        let slot = Arc::clone(&handler.guest.slots)
            .acquire_owned()
            .await
            .ok()?;
        Some(Turn {
            _own: own,
            _slot: slot,
        })
    };
    let Ok(Some(turn)) = tokio::time::timeout(TURN_DEADLINE, turn).await else {
        return Err(Failure::Busy);
    };
    let (send, head) = oneshot::channel();
    let answered = CancellationToken::new();
    let unread = Arc::new(Unread::default());
    let work = work(
        Arc::clone(&handler),
        request,
        send,
        answered.clone(),
        Arc::clone(&unread),
        turn,
    );
    // Dropped when the client leaves before the head of the answer is there: then nobody wants the rest.
    let task = AbortOnDropHandle::new(handler.tasks.spawn(work));
    let late = tokio::time::timeout(HEAD_DEADLINE, head).await;
    match late {
        Ok(Ok(Ok(response))) => {
            task.detach();
            Ok(response.map(|body| AnswerBody {
                body,
                unread,
                _guest: Some(answered.drop_guard()),
            }))
        }
        Ok(Ok(Err(_code))) => {
            task.detach();
            Err(Failure::Broken)
        }
        Ok(Err(_gone)) => Err(task.await.unwrap_or(Failure::Broken)),
        Err(_elapsed) => {
            log(&handler.guest, "a request was given up: no answer in time");
            Err(Failure::Late)
        }
    }
}

/// Runs the instance. What it returns matters only if the guest gave no answer.
async fn work(
    handler: Arc<Handler>,
    request: Request<Incoming>,
    send: oneshot::Sender<Head>,
    answered: CancellationToken,
    unread: Arc<Unread>,
    turn: Turn,
) -> Failure {
    let guest = Arc::clone(&handler.guest);
    let yielded = Yielded::default();
    let instance = instance(&handler, request, send, Arc::clone(&yielded));
    let instance = guest.meter.measure(yielded, instance);
    let failure = tokio::select! {
        failure = instance => failure,
        () = afterwork(&answered) => Failure::Late,
        () = unread.too_long(UNREAD_DEADLINE) => {
            log(&guest, "an answer was given up: its client does not read it");
            Failure::Late
        }
        () = guest.control.kill.cancelled() => Failure::Stopped,
    };
    drop(turn);
    failure
}

/// Since when a piece of an answer waits for its client; `None` while the answer waits for the guest.
#[derive(Debug, Default)]
struct Unread(Mutex<Option<Instant>>);

impl Unread {
    /// Waits until the client has left a piece unread for so long.
    async fn too_long(&self, deadline: Duration) {
        loop {
            let since = *self.0.lock();
            let until = since.unwrap_or_else(Instant::now) + deadline;
            tokio::time::sleep_until(until).await;
            let still = *self.0.lock();
            if still.is_some() && still == since {
                return;
            }
        }
    }
}

async fn afterwork(answered: &CancellationToken) {
    answered.cancelled().await;
    tokio::time::sleep(AFTERWORK).await;
}

async fn instance(
    handler: &Handler,
    request: Request<Incoming>,
    send: oneshot::Sender<Head>,
    yielded: Yielded,
) -> Failure {
    let guest = &handler.guest;
    let mut store = match guest.store(handler.pre.engine(), yielded) {
        Ok(store) => store,
        Err(error) => {
            log(guest, &format!("an instance could not be made: {error}"));
            return Failure::Broken;
        }
    };
    let Ok(incoming) = store
        .data_mut()
        .http()
        .new_incoming_request(Scheme::Http, request)
    else {
        return Failure::Malformed;
    };
    let Ok(outparam) = store.data_mut().http().new_response_outparam(send) else {
        return Failure::Broken;
    };
    let result = async {
        let proxy = handler.pre.instantiate_async(&mut store).await?;
        proxy
            .wasi_http_incoming_handler()
            .call_handle(&mut store, incoming, outparam)
            .await
    }
    .await;
    match result {
        Ok(()) => Failure::Broken,
        Err(error) => broken(handler, store.data(), &error),
    }
}

/// A request's instance failed: the pod's log says how, and the container goes on, unless one instance alone is too large for it.
fn broken(handler: &Handler, state: &GuestState, error: &wasmtime::Error) -> Failure {
    let guest = &handler.guest;
    if guest.control.kill.is_cancelled() {
        return Failure::Stopped;
    }
    if !is_trap(error) {
        return Failure::Broken;
    }
    state.log_line(&trap_text(error));
    match state.denied() {
        Some(Denial::Alone) => {
            guest.metrics.out_of_memory.increment();
            handler.fatal.cancel();
            Failure::Broken
        }
        Some(Denial::Shared) => {
            guest.metrics.out_of_memory.increment();
            Failure::Busy
        }
        None if error.is::<wasmtime::PoolConcurrencyLimitError>() => Failure::Busy,
        None => {
            guest.metrics.traps.increment();
            Failure::Broken
        }
    }
}

fn log(guest: &Guest, text: &str) {
    let sink = crate::logs::LogSink::new(Arc::clone(&guest.log), crate::logs::Source::Stderr);
    sink.write(format!("{text}\n").as_bytes());
}

/// An answer's body. When it is gone, sent or not wanted any more, the guest's time for afterwork begins.
pub struct AnswerBody {
    body: HyperOutgoingBody,
    unread: Arc<Unread>,
    _guest: Option<DropGuard>,
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = wasmtime_wasi_http::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        // Whoever asks for the next piece has passed the one before on.
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        let waits = matches!(frame, Poll::Ready(Some(Ok(_))));
        *self.unread.0.lock() = waits.then(Instant::now);
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_that_is_not_read_is_given_up_and_one_that_waits_for_its_guest_is_not() {
        const SHORT: Duration = Duration::from_millis(20);
        let unread = Unread::default();
        let waits = tokio::time::timeout(SHORT * 5, unread.too_long(SHORT)).await;
        assert!(waits.is_err(), "the guest has not written");
        *unread.0.lock() = Some(Instant::now());
        unread.too_long(SHORT).await;
    }
}
