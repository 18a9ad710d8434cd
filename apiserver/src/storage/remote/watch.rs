//! A watch that outlives its connections: after a break it goes on, at whichever endpoint answers, with the revision after
//! the last one that was told.
//!
//! The one confusing thing: the header of etcd's event responses may name a revision whose changes are still to come (a
//! watch that catches up gets them in pieces). Here a header's revision is a promise, so responses with events are given
//! the revision of their last event; only progress notifications are taken at their word.

use std::sync::Arc;

use hydrofoil_etcd_wire::etcdserverpb as pb;
use hydrofoil_etcd_wire::etcdserverpb::watch_client::WatchClient;
use hydrofoil_etcd_wire::etcdserverpb::watch_request::RequestUnion;
use hydrofoil_raftstore::{ResponseHeader, WatchRequest, WatchResponse};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Streaming};

use super::super::Error;
use super::{DIAL_TIMEOUT, FIRST_PAUSE, LONGEST_PAUSE, MAX_MESSAGE, Remote, convert};

/// Responses that may wait for the watch's user; then the store is not read from any more.
const RESPONSES: usize = 64;
/// Requests that may wait to be sent on one stream: its creation, and questions for progress.
const REQUESTS: usize = 4;

/// A running watch. Dropping it ends it.
#[derive(Debug)]
pub struct Watch {
    responses: mpsc::Receiver<WatchResponse>,
    progress: Arc<Notify>,
    _end: DropGuard,
}

impl Watch {
    pub(super) fn start(remote: Remote, request: WatchRequest) -> Watch {
        let (told, responses) = mpsc::channel(RESPONSES);
        let progress = Arc::new(Notify::new());
        let end = CancellationToken::new();
        let follower = Follower {
            next: request.start_revision,
            remote,
            request,
            told,
            progress: progress.clone(),
        };
        let ended = end.clone();
        tokio::spawn(async move { ended.run_until_cancelled(follower.run()).await });
        Watch {
            responses,
            progress,
            _end: end.drop_guard(),
        }
    }

    /// The next response; cancel safe.
    pub async fn recv(&mut self) -> WatchResponse {
        self.responses
            .recv()
            .await
            .unwrap_or_else(|| ended(0, "the watch ended before"))
    }

    /// Asks for a response without events.
    pub fn request_progress(&self) {
        self.progress.notify_one();
    }
}

fn ended(compact_revision: i64, reason: impl Into<String>) -> WatchResponse {
    WatchResponse {
        compact_revision,
        canceled: true,
        cancel_reason: reason.into(),
        ..WatchResponse::default()
    }
}

/// Why a stream is followed no longer.
enum Break {
    /// The stream broke; another can go on.
    Stream(Error),
    /// The watch cannot go on: this is the last that is told.
    Over(WatchResponse),
}

impl From<Error> for Break {
    fn from(error: Error) -> Break {
        Break::Stream(error)
    }
}

impl From<tonic::Status> for Break {
    fn from(status: tonic::Status) -> Break {
        Break::Stream(status.into())
    }
}

/// One watch on one connection.
struct Stream {
    requests: mpsc::Sender<pb::WatchRequest>,
    responses: Streaming<pb::WatchResponse>,
}

struct Follower {
    remote: Remote,
    request: WatchRequest,
    /// The first revision that was not told; 0 when it is to begin with what comes.
    next: i64,
    told: mpsc::Sender<WatchResponse>,
    progress: Arc<Notify>,
}

impl Follower {
    async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let (name, channel) = self.remote.endpoint();
            let begun = Instant::now();
            let error = match self.follow(channel).await {
                Break::Stream(error) => error,
                Break::Over(last) => {
                    // Nobody who does not listen needs to be told.
                    let _ = self.told.send(last).await;
                    return;
                }
            };
            tracing::warn!(endpoint = %name, %error, next = self.next, "the watch of the store broke; it goes on elsewhere");
            self.remote.turn_from(&name);
            if begun.elapsed() > LONGEST_PAUSE {
                pause = FIRST_PAUSE;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Opens a stream and tells what comes on it, until it breaks.
    async fn follow(&mut self, channel: Channel) -> Break {
        let opened = async {
            let mut stream = self.open(channel).await?;
            self.await_creation(&mut stream).await?;
            Ok::<_, Break>(stream)
        };
        let mut stream = match timeout_at(Instant::now() + DIAL_TIMEOUT, opened).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(broken)) => return broken,
            Err(_) => {
                let text = "context deadline exceeded".to_owned();
                return Break::Stream(Error::Timeout(text));
            }
        };
        loop {
            tokio::select! {
                response = stream.responses.message() => {
                    let taken = match response {
                        Ok(Some(response)) => self.take(response).await,
                        Ok(None) => Err(closed()),
                        Err(status) => Err(status.into()),
                    };
                    if let Err(broken) = taken {
                        return broken;
                    }
                }
                () = self.progress.notified() => {
                    // A question that finds no room is the same as those that wait.
                    let _ = stream.requests.try_send(asking(RequestUnion::ProgressRequest(
                        pb::WatchProgressRequest {},
                    )));
                }
            }
        }
    }

    async fn open(&self, channel: Channel) -> Result<Stream, Break> {
        let create = self.remote.inner.prefix.watch(&self.request, self.next);
        let (requests, outgoing) = mpsc::channel(REQUESTS);
        // There is room for it.
        let _ = requests.try_send(asking(RequestUnion::CreateRequest(create)));
        let mut request = Request::new(ReceiverStream::new(outgoing));
        // A member that has lost its leader is to end the watch, not to hold its tongue.
        request
            .metadata_mut()
            .insert("hasleader", MetadataValue::from_static("true"));
        let mut client = WatchClient::new(channel).max_decoding_message_size(MAX_MESSAGE);
        let responses = client.watch(request).await?.into_inner();
        Ok(Stream {
            requests,
            responses,
        })
    }

    async fn await_creation(&mut self, stream: &mut Stream) -> Result<(), Break> {
        let response = stream.responses.message().await?.ok_or_else(closed)?;
        self.check_canceled(&response)?;
        let at = response.header.as_ref().map_or(0, |header| header.revision);
        if self.next == 0 {
            self.next = at + 1;
        } else if at + 1 < self.next {
            // The member lags behind, or the store was put back to an earlier state: then what was told is not so.
            let reached = self.remote.revision().await?;
            if reached + 1 < self.next {
                let reason = format!(
                    "the store is at revision {reached}, before {}: it was restored",
                    self.next
                );
                return Err(Break::Over(ended(0, reason)));
            }
        }
        Ok(())
    }

    fn check_canceled(&self, response: &pb::WatchResponse) -> Result<(), Break> {
        if response.compact_revision > 0 {
            let reason = Error::Compacted.to_string();
            return Err(Break::Over(ended(response.compact_revision, reason)));
        }
        if response.canceled {
            let reason = response.cancel_reason.clone();
            return Err(Break::Stream(Error::Unavailable(reason)));
        }
        Ok(())
    }

    async fn take(&mut self, response: pb::WatchResponse) -> Result<(), Break> {
        self.check_canceled(&response)?;
        let header = convert::header(response.header);
        let prefix = &self.remote.inner.prefix;
        let events: Vec<_> = response
            .events
            .into_iter()
            .filter_map(|event| prefix.event(event))
            .collect();
        let reached = events
            .last()
            .map_or(header.revision, |event| event.kv.mod_revision);
        self.next = self.next.max(reached + 1);
        let response = WatchResponse {
            header: ResponseHeader {
                revision: reached,
                ..header
            },
            events: events.into(),
            ..WatchResponse::default()
        };
        self.told
            .send(response)
            .await
            .map_err(|_| Break::Over(ended(0, "nobody listens")))
    }
}

fn asking(what: RequestUnion) -> pb::WatchRequest {
    pb::WatchRequest {
        request_union: Some(what),
    }
}

fn closed() -> Break {
    Break::Stream(Error::Unavailable("the store closed the stream".to_owned()))
}
