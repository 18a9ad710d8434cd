//! One TCP socket of a guest: its states, and what the guest believes about its addresses.
//!
//! Open (perhaps bound) → Connecting → Connected, or Open → Listening. A failed connection leaves the socket closed. The guest's calls on it
//! are in `tcp_host`, the byte streams in `tcp_streams`.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustix::net::sockopt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, Pollable};

use super::GuestNet;
use super::bindings::ErrorCode;
use super::error::{SocketResult, code, fail};
use super::network::Family;
use super::tcp_streams::Connection;
use crate::network::address::shown_as;

/// Pending connections a listener keeps unless the guest says otherwise; the standard library's value.
const DEFAULT_BACKLOG: u32 = 128;
/// Largest backlog that is handed to the kernel, which cuts it further.
const MAX_BACKLOG: u64 = 4096;

type Connect = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

/// What a started operation waits to be finished by the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// Nothing was started.
    Nothing,
    /// `start-bind` was called.
    Bind,
    /// `start-listen` was called.
    Listen,
}

/// A connection that came in and waits for the guest to take it.
type Accepted = (TcpStream, SocketAddr, OwnedSemaphorePermit);

pub(super) enum State {
    Open(tokio::net::TcpSocket),
    Connecting(Connect),
    /// The connection is made (or has failed), and the guest has not asked yet.
    Dialled(io::Result<TcpStream>),
    Connected(Arc<Connection>),
    Listening {
        listener: Box<TcpListener>,
        next: Option<Result<Box<Accepted>, ErrorCode>>,
    },
    Closed,
}

/// A TCP socket.
pub struct TcpSocket {
    pub(super) net: Arc<GuestNet>,
    pub(super) family: Family,
    pub(super) state: State,
    pub(super) pending: Pending,
    backlog: u32,
    /// What the guest bound; its port is filled in once known.
    bound: Option<SocketAddr>,
    /// Where the guest connected to, in its own words.
    remote: Option<SocketAddr>,
    /// Bound to the guest's loopback: strangers are turned away.
    private: bool,
    _permit: OwnedSemaphorePermit,
}

impl std::fmt::Debug for TcpSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TcpSocket")
            .field("bound", &self.bound)
            .field("remote", &self.remote)
            .finish_non_exhaustive()
    }
}

impl TcpSocket {
    /// A new socket, bound to nothing.
    pub fn new(net: &Arc<GuestNet>, family: Family) -> SocketResult<Self> {
        let permit = net.socket_permit().ok_or(ErrorCode::NewSocketLimit)?;
        let socket = if family.is_v6() && net.address.has_ipv6() {
            let socket = tokio::net::TcpSocket::new_v6().map_err(|e| fail(&e))?;
            sockopt::set_ipv6_v6only(&socket, true).map_err(|e| fail(&e.into()))?;
            socket
        } else {
            tokio::net::TcpSocket::new_v4().map_err(|e| fail(&e))?
        };
        Ok(Self {
            net: Arc::clone(net),
            family,
            state: State::Open(socket),
            pending: Pending::Nothing,
            backlog: DEFAULT_BACKLOG,
            bound: None,
            remote: None,
            private: false,
            _permit: permit,
        })
    }

    fn accepted(&self, (stream, peer, permit): Accepted) -> Self {
        let shown = |address| shown_as(address, self.family.is_v6());
        let bound = stream.local_addr().ok().map(shown);
        Self {
            net: Arc::clone(&self.net),
            family: self.family,
            state: State::Connected(Arc::new(Connection::new(stream, &self.net))),
            pending: Pending::Nothing,
            backlog: DEFAULT_BACKLOG,
            bound: bound.map(|b| self.local_as_bound(b)),
            remote: Some(if self.private {
                SocketAddr::new(
                    self.bound
                        .map_or(self.family.unspecified(), |bound| bound.ip()),
                    peer.port(),
                )
            } else {
                shown(peer)
            }),
            private: self.private,
            _permit: permit,
        }
    }

    /// A loopback listener's connections are on loopback too, for the guest.
    fn local_as_bound(&self, local: SocketAddr) -> SocketAddr {
        match self.bound {
            Some(bound) if self.private => bound,
            _ => local,
        }
    }

    /// The kernel's socket, for options.
    pub fn fd(&self) -> SocketResult<BorrowedFd<'_>> {
        match &self.state {
            State::Open(socket) => Ok(socket.as_fd()),
            State::Connected(connection) => Ok(connection.stream().as_fd()),
            State::Listening { listener, .. } => Ok(listener.as_fd()),
            State::Connecting(_) | State::Dialled(_) | State::Closed => {
                Err(ErrorCode::InvalidState.into())
            }
        }
    }

    /// Whether the host's socket is IPv6.
    pub fn host_is_v6(&self) -> bool {
        self.family.is_v6() && self.net.address.has_ipv6()
    }

    /// Binds to what the guest's address means on the host.
    pub fn bind(&mut self, wanted: SocketAddr) -> SocketResult<()> {
        let State::Open(socket) = &self.state else {
            return Err(ErrorCode::InvalidState.into());
        };
        if self.bound.is_some() {
            return Err(ErrorCode::InvalidState.into());
        }
        if !self.family.takes(wanted) || wanted.ip().to_canonical().is_multicast() {
            return Err(ErrorCode::InvalidArgument.into());
        }
        let bind = self.net.address.bind(wanted).map_err(ErrorCode::from)?;
        // wasi:sockets promises that TIME_WAIT of an earlier socket does not stand in the way.
        socket.set_reuseaddr(true).map_err(|e| fail(&e))?;
        socket.bind(bind.to).map_err(|e| fail(&e))?;
        let port = socket.local_addr().map_err(|e| fail(&e))?.port();
        self.private = bind.private;
        self.bound = Some(SocketAddr::new(wanted.ip(), port));
        Ok(())
    }

    /// Starts a connection, from the pod's address.
    pub fn connect(&mut self, wanted: SocketAddr) -> SocketResult<()> {
        if !matches!(self.state, State::Open(_)) {
            return Err(ErrorCode::InvalidState.into());
        }
        let ip = wanted.ip().to_canonical();
        if !self.family.takes(wanted)
            || ip.is_multicast()
            || ip.is_unspecified()
            || wanted.port() == 0
        {
            return Err(ErrorCode::InvalidArgument.into());
        }
        let dial = self.net.address.dial(wanted).map_err(ErrorCode::from)?;
        let State::Open(socket) = std::mem::replace(&mut self.state, State::Closed) else {
            return Err(ErrorCode::InvalidState.into());
        };
        if let (None, Some(from)) = (self.bound, dial.from) {
            socket
                .bind(SocketAddr::new(from, 0))
                .map_err(|e| fail(&e))?;
        }
        self.remote = Some(wanted);
        self.state = State::Connecting(Box::pin(socket.connect(dial.to)));
        // The first poll sends the SYN: a guest need not wait for it to happen.
        let _ = self.poll_connect(&mut noop());
        Ok(())
    }

    /// Moves a connection on. Ready when it is made or has failed, and when there is none.
    pub fn poll_connect(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let State::Connecting(connect) = &mut self.state else {
            return Poll::Ready(());
        };
        match connect.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(result) => {
                self.state = State::Dialled(result);
                Poll::Ready(())
            }
        }
    }

    /// Takes the streams of a connection that was started.
    pub fn finish_connect(&mut self) -> SocketResult<(DynInputStream, DynOutputStream)> {
        if self.poll_connect(&mut noop()).is_pending() {
            return Err(ErrorCode::WouldBlock.into());
        }
        let State::Dialled(_) = self.state else {
            return Err(ErrorCode::NotInProgress.into());
        };
        let State::Dialled(result) = std::mem::replace(&mut self.state, State::Closed) else {
            return Err(ErrorCode::InvalidState.into());
        };
        let stream = result.map_err(|e| fail(&e))?;
        let connection = Arc::new(Connection::new(stream, &self.net));
        let streams = connection.streams();
        self.state = State::Connected(connection);
        Ok(streams)
    }

    /// Turns a bound socket into a listener.
    pub fn listen(&mut self) -> SocketResult<()> {
        if self.bound.is_none() || !matches!(self.state, State::Open(_)) {
            return Err(ErrorCode::InvalidState.into());
        }
        let State::Open(socket) = std::mem::replace(&mut self.state, State::Closed) else {
            return Err(ErrorCode::InvalidState.into());
        };
        let listener = socket.listen(self.backlog).map_err(|e| fail(&e))?;
        self.state = State::Listening {
            listener: Box::new(listener),
            next: None,
        };
        Ok(())
    }

    /// Takes the next connection, if one is there.
    pub fn accept(&mut self) -> SocketResult<(Self, DynInputStream, DynOutputStream)> {
        if !matches!(self.state, State::Listening { .. }) {
            return Err(ErrorCode::InvalidState.into());
        }
        wasmtime_wasi::runtime::poll_noop(std::pin::pin!(self.next_connection()));
        let State::Listening { next, .. } = &mut self.state else {
            return Err(ErrorCode::InvalidState.into());
        };
        let accepted = next.take().ok_or(ErrorCode::WouldBlock)??;
        let socket = self.accepted(*accepted);
        let State::Connected(connection) = &socket.state else {
            return Err(ErrorCode::InvalidState.into());
        };
        let (input, output) = connection.streams();
        Ok((socket, input, output))
    }

    /// Waits until a connection is there for [`Self::accept`]. A container that holds all the sockets it may waits until one is closed.
    async fn next_connection(&mut self) {
        let net = Arc::clone(&self.net);
        let private = self.private;
        let State::Listening { listener, next } = &mut self.state else {
            return;
        };
        while next.is_none() {
            let Ok(permit) = Arc::clone(&net.sockets).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((_stranger, peer)) if private && !net.address.is_self(peer.ip()) => {}
                Ok((stream, peer)) => *next = Some(Ok(Box::new((stream, peer, permit)))),
                Err(error) => *next = Some(Err(code(&error))),
            }
        }
    }

    /// The local address as the guest knows it.
    pub fn local(&self) -> SocketResult<SocketAddr> {
        if let Some(bound) = self.bound {
            return Ok(bound);
        }
        match &self.state {
            State::Connected(connection) => {
                let local = connection.stream().local_addr().map_err(|e| fail(&e))?;
                Ok(shown_as(local, self.family.is_v6()))
            }
            _ => Err(ErrorCode::InvalidState.into()),
        }
    }

    /// The other end as the guest knows it.
    pub fn remote(&self) -> SocketResult<SocketAddr> {
        match (&self.state, self.remote) {
            (State::Connected(_), Some(remote)) => Ok(remote),
            _ => Err(ErrorCode::InvalidState.into()),
        }
    }

    /// Sets how many connections may wait to be accepted.
    pub fn set_backlog(&mut self, value: u64) -> SocketResult<()> {
        if value == 0 {
            return Err(ErrorCode::InvalidArgument.into());
        }
        let backlog = u32::try_from(value.min(MAX_BACKLOG)).unwrap_or(DEFAULT_BACKLOG);
        match &self.state {
            State::Open(_) => {
                self.backlog = backlog;
                Ok(())
            }
            State::Listening { listener, .. } => {
                let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
                rustix::net::listen(listener, backlog).map_err(|e| fail(&e.into()))
            }
            _ => Err(ErrorCode::InvalidState.into()),
        }
    }
}

#[async_trait::async_trait]
impl Pollable for TcpSocket {
    async fn ready(&mut self) {
        match self.state {
            State::Connecting(_) => std::future::poll_fn(|cx| self.poll_connect(cx)).await,
            State::Listening { .. } => self.next_connection().await,
            _ => {}
        }
    }
}

fn noop() -> Context<'static> {
    Context::from_waker(std::task::Waker::noop())
}
