//! The way to one peer: its URLs, the connections to it, and whether it is there.
//!
//! Two HTTP/2 connections: raft's own messages must not wait behind a snapshot. Both are made when they are first used and
//! again after they broke. That a connection broke is known at once, from the socket; whether the peer's process is gone is
//! asked by connecting again, see `health`.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{Notify, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};

use super::{
    connect::{Connector, PeerIo},
    identity::{self, Local},
    wire::proto::{MembersRequest, MembersResponse, peer_client::PeerClient},
};
use crate::{core::SharedCore, metrics::PeerCounts};

/// Largest message between peers, in bytes: a batch of entries, each of which is a request of bounded size.
pub const MAX_MESSAGE_BYTES: usize = 256 << 20;
/// What HTTP/2 may send before it is read, for a stream and for a connection, in bytes.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;

/// Times that follow from the cluster's settings.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Longest wait for a connection.
    pub connect: Duration,
    /// How often an idle connection is asked whether it lives.
    pub keep_alive: Duration,
    /// Silence after which a connection counts as dead.
    pub silence: Duration,
}

impl Times {
    /// From the heartbeat and the election timeout.
    pub fn new(heartbeat: Duration, election: Duration) -> Self {
        Times {
            connect: election,
            keep_alive: heartbeat * 5,
            silence: election,
        }
    }
}

/// What a link shares with its connections.
#[derive(Debug)]
struct Shared {
    connector: Arc<dyn Connector>,
    urls: Mutex<Urls>,
    live: Mutex<Live>,
    counts: PeerCounts,
    /// Told when a connection broke.
    lost: Notify,
}

#[derive(Debug, Default)]
struct Urls {
    all: Vec<Uri>,
    next: usize,
}

#[derive(Debug, Default)]
struct Live {
    connections: usize,
    since: Option<Instant>,
}

/// The way to a peer.
#[derive(Debug)]
pub struct Link {
    /// The peer.
    pub id: u64,
    local: Local,
    core: SharedCore,
    shared: Arc<Shared>,
    raft: Channel,
    rest: Channel,
    /// Set when a peer says that this member must stop.
    refused: watch::Sender<Option<&'static str>>,
    closed: CancellationToken,
}

/// A client of the peer's service.
pub type Client = PeerClient<Channel>;

impl Link {
    /// To `id`, without a connection yet.
    pub fn new(
        id: u64,
        urls: &[String],
        local: Local,
        core: SharedCore,
        connector: Arc<dyn Connector>,
        times: Times,
        refused: watch::Sender<Option<&'static str>>,
    ) -> Link {
        let shared = Arc::new(Shared {
            connector,
            urls: Mutex::default(),
            live: Mutex::default(),
            counts: core.metrics.peers.of(local.member, id),
            lost: Notify::new(),
        });
        let channel = || {
            Endpoint::from_static("http://peer")
                .connect_timeout(times.connect)
                .http2_keep_alive_interval(times.keep_alive)
                .keep_alive_timeout(times.silence)
                .keep_alive_while_idle(true)
                .initial_stream_window_size(STREAM_WINDOW)
                .initial_connection_window_size(CONNECTION_WINDOW)
                // Calls that are given up are no fault of the peer, however many answers come after that.
                .http2_max_local_error_reset_streams(None)
                .connect_with_connector_lazy(Dial(Arc::clone(&shared)))
        };
        let (raft, rest) = (channel(), channel());
        let link = Link {
            id,
            local,
            core,
            shared,
            raft,
            rest,
            refused,
            closed: CancellationToken::new(),
        };
        link.set_urls(urls);
        link
    }

    /// From now on the peer is there. Connections that exist stay.
    pub fn set_urls(&self, urls: &[String]) {
        let parsed = urls.iter().filter_map(|url| match url.parse::<Uri>() {
            Ok(uri) => Some(uri),
            Err(error) => {
                tracing::warn!(url, %error, "a peer URL that is none");
                None
            }
        });
        let all: Vec<Uri> = parsed.collect();
        let mut urls = self.shared.urls.lock();
        if urls.all != all {
            *urls = Urls { all, next: 0 };
        }
    }

    /// For raft's own messages.
    pub fn raft(&self) -> Client {
        limited(self.raft.clone())
    }

    /// For everything else.
    pub fn rest(&self) -> Client {
        limited(self.rest.clone())
    }

    /// A call with who calls and who is meant.
    pub fn request<T>(&self, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        let disk = self.core.roster.read().disk(self.id);
        identity::sign(request.metadata_mut(), self.local, self.id, disk);
        request
    }

    /// A call that must be answered within `timeout`.
    pub fn request_within<T>(&self, message: T, timeout: Duration) -> tonic::Request<T> {
        let mut request = self.request(message);
        request.set_timeout(timeout);
        request
    }

    /// Looks at an error that the peer answered with: it may say that this member must stop.
    pub fn note(&self, status: &tonic::Status) {
        if let Some(why) = identity::must_stop(status) {
            self.refused.send_replace(Some(why));
        }
    }

    /// Since when there is a connection; `None` if there is none.
    pub fn active_since(&self) -> Option<Instant> {
        self.shared.live.lock().since
    }

    /// What is counted of the peer.
    pub fn counts(&self) -> &PeerCounts {
        &self.shared.counts
    }

    /// Ends what is done for the link in the background.
    pub fn close(&self) {
        self.closed.cancel();
    }

    /// Returns once the link is closed.
    pub async fn closed(&self) {
        self.closed.cancelled().await;
    }

    /// Returns when a connection broke.
    pub async fn lost(&self) {
        self.shared.lost.notified().await;
    }

    /// Whether nobody listens at any of the peer's URLs. `None`: it cannot be said within `timeout`.
    pub async fn is_gone(&self, timeout: Duration) -> Option<bool> {
        let urls = self.shared.urls.lock().all.clone();
        for url in &urls {
            let connecting = self.shared.connector.connect(url);
            match tokio::time::timeout(timeout, connecting).await {
                Ok(Ok(_)) => return Some(false),
                Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Ok(Err(_)) | Err(_) => return None,
            }
        }
        Some(!urls.is_empty())
    }
}

fn limited(channel: Channel) -> Client {
    PeerClient::new(channel)
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES)
}

/// Makes the connections of a link.
#[derive(Clone, Debug)]
struct Dial(Arc<Shared>);

impl tower::Service<Uri> for Dial {
    type Response = TokioIo<Counted>;
    type Error = io::Error;
    type Future = BoxFuture<'static, Result<Self::Response, io::Error>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _any: Uri) -> Self::Future {
        let shared = Arc::clone(&self.0);
        Box::pin(async move {
            let url = {
                let urls = shared.urls.lock();
                urls.all.get(urls.next).cloned()
            };
            let Some(url) = url else {
                let what = "the peer has no URL";
                return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, what));
            };
            match shared.connector.connect(&url).await {
                Ok(io) => Ok(TokioIo::new(Counted::new(io, shared))),
                Err(error) => {
                    let mut urls = shared.urls.lock();
                    urls.next = (urls.next + 1) % urls.all.len().max(1);
                    Err(error)
                }
            }
        })
    }
}

/// A connection that is counted while it lives, from the first byte that the peer sent on. That it was made says nothing: TLS 1.3 is
/// done for who connects before the other side has looked at the certificate, and one that is refused ends a moment later.
struct Counted {
    io: Box<dyn PeerIo>,
    shared: Arc<Shared>,
    was_heard: bool,
}

impl Counted {
    fn new(io: Box<dyn PeerIo>, shared: Arc<Shared>) -> Self {
        Counted {
            io,
            shared,
            was_heard: false,
        }
    }

    fn count_received(&mut self, bytes: usize) {
        self.shared.counts.received_bytes.inc_by(bytes as u64);
        if bytes == 0 || self.was_heard {
            return;
        }
        self.was_heard = true;
        let mut live = self.shared.live.lock();
        live.connections += 1;
        live.since.get_or_insert_with(Instant::now);
        self.shared.counts.active.set(1);
    }

    fn count_sent(&self, written: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = written {
            self.shared.counts.sent_bytes.inc_by(*bytes as u64);
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.was_heard {
            let mut live = self.shared.live.lock();
            live.connections -= 1;
            if live.connections == 0 {
                live.since = None;
                self.shared.counts.active.set(0);
                self.shared.counts.disconnected.inc();
            }
        }
        self.shared.lost.notify_one();
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buf);
        self.count_received(buf.filled().len().saturating_sub(before));
        read
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.count_sent(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.count_sent(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Asks whoever is at `url` for the members, as somebody who is none yet.
pub async fn ask_members(
    connector: &Arc<dyn Connector>,
    url: &str,
    limit: Duration,
) -> Result<MembersResponse, tonic::Status> {
    let url: Uri = url
        .parse()
        .map_err(|error| tonic::Status::invalid_argument(format!("{url}: {error}")))?;
    let shared = Arc::new(Shared {
        connector: Arc::clone(connector),
        urls: Mutex::new(Urls {
            all: vec![url],
            next: 0,
        }),
        live: Mutex::default(),
        counts: PeerCounts::default(),
        lost: Notify::new(),
    });
    let channel = Endpoint::from_static("http://peer")
        .connect_timeout(limit)
        .connect_with_connector_lazy(Dial(shared));
    let mut client = limited(channel);
    match tokio::time::timeout(limit, client.members(MembersRequest {})).await {
        Ok(answer) => answer.map(tonic::Response::into_inner),
        Err(_) => Err(tonic::Status::deadline_exceeded("no answer in time")),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::raft::transport::connect::Plain;

    #[tokio::test]
    async fn a_peer_is_there_once_it_has_said_something() {
        let shared = Arc::new(Shared {
            connector: Arc::new(Plain),
            urls: Mutex::default(),
            live: Mutex::default(),
            counts: PeerCounts::default(),
            lost: Notify::new(),
        });
        let since = || shared.live.lock().since;
        let (ours, theirs) = tokio::io::duplex(16);
        drop(theirs);
        let mut refused = Counted::new(Box::new(ours), Arc::clone(&shared));
        assert_eq!(refused.read(&mut [0; 1]).await.unwrap(), 0);
        assert_eq!(since(), None, "nobody answered");
        let (ours, mut theirs) = tokio::io::duplex(16);
        let mut heard = Counted::new(Box::new(ours), Arc::clone(&shared));
        assert_eq!(since(), None, "a connection is no answer");
        theirs.write_all(b"a").await.unwrap();
        heard.read_exact(&mut [0; 1]).await.unwrap();
        assert!(since().is_some());
        drop(refused);
        assert!(since().is_some(), "the other one is there");
        drop(heard);
        assert_eq!(since(), None);
        assert_eq!(shared.counts.disconnected.get(), 1);
    }
}
