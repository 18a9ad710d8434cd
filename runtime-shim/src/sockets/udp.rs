//! One UDP socket of a guest and its two datagram streams.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustix::net::sockopt;
use tokio::io::Interest;
use tokio::net::UdpSocket as Socket;
use tokio::sync::OwnedSemaphorePermit;
use wasmtime_wasi::p2::Pollable;

use super::GuestNet;
use super::bindings::ErrorCode;
use super::error::{SocketResult, fail};
use super::network::Family;
use crate::network::address::shown_as;

/// Largest datagram there can be.
pub const MAX_DATAGRAM: usize = 65_535;

/// A UDP socket.
#[derive(Debug)]
pub struct UdpSocket {
    pub(super) net: Arc<GuestNet>,
    pub(super) family: Family,
    pub(super) socket: Arc<Socket>,
    /// `start-bind` waits for its `finish-bind`.
    pub(super) binding: bool,
    /// What the guest bound, its port filled in.
    pub(super) bound: Option<SocketAddr>,
    /// The one peer, when the streams were made for one.
    pub(super) remote: Option<SocketAddr>,
    private: bool,
    _permit: OwnedSemaphorePermit,
}

impl UdpSocket {
    /// A new socket, bound to nothing. Waits until it is known to be writable, as a fresh kernel socket always is.
    pub async fn new(net: Arc<GuestNet>, family: Family) -> SocketResult<Self> {
        use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
        let permit = net.socket_permit().ok_or(ErrorCode::NewSocketLimit)?;
        let ipv6 = family.is_v6() && net.address.has_ipv6();
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let domain = if ipv6 {
            AddressFamily::INET6
        } else {
            AddressFamily::INET
        };
        let socket = socket_with(domain, SocketType::DGRAM, flags, None)
            .map_err(|errno| fail(&errno.into()))?;
        if ipv6 {
            sockopt::set_ipv6_v6only(&socket, true).map_err(|errno| fail(&errno.into()))?;
        }
        let socket = Socket::from_std(socket.into()).map_err(|e| fail(&e))?;
        socket.writable().await.map_err(|e| fail(&e))?;
        Ok(Self {
            net,
            family,
            socket: Arc::new(socket),
            binding: false,
            bound: None,
            remote: None,
            private: false,
            _permit: permit,
        })
    }

    /// Binds to what the guest's address means on the host.
    pub fn bind(&mut self, wanted: SocketAddr) -> SocketResult<()> {
        if self.bound.is_some() {
            return Err(ErrorCode::InvalidState.into());
        }
        if !self.family.takes(wanted) {
            return Err(ErrorCode::InvalidArgument.into());
        }
        let bind = self.net.address.bind(wanted).map_err(ErrorCode::from)?;
        rustix::net::bind(&self.socket, &bind.to).map_err(|errno| fail(&errno.into()))?;
        let port = self.socket.local_addr().map_err(|e| fail(&e))?.port();
        self.private = bind.private;
        self.bound = Some(SocketAddr::new(wanted.ip(), port));
        Ok(())
    }

    /// Makes the streams: for one peer, or for any.
    pub fn streams(&mut self, remote: Option<SocketAddr>) -> SocketResult<(Incoming, Outgoing)> {
        if self.bound.is_none() {
            return Err(ErrorCode::InvalidState.into());
        }
        let peer = match remote {
            Some(remote) => Some(self.destination(remote)?),
            None => None,
        };
        self.remote = remote;
        let incoming = Incoming {
            net: Arc::clone(&self.net),
            family: self.family,
            socket: Arc::clone(&self.socket),
            peer,
            remote,
            private: self.private,
        };
        let outgoing = Outgoing {
            net: Arc::clone(&self.net),
            family: self.family,
            socket: Arc::clone(&self.socket),
            peer,
            remote,
            permitted: 0,
        };
        Ok((incoming, outgoing))
    }

    fn destination(&self, wanted: SocketAddr) -> SocketResult<SocketAddr> {
        destination(&self.net, self.family, wanted).map_err(Into::into)
    }

    /// Whether the host's socket is IPv6.
    pub fn host_is_v6(&self) -> bool {
        self.family.is_v6() && self.net.address.has_ipv6()
    }
}

fn destination(
    net: &GuestNet,
    family: Family,
    wanted: SocketAddr,
) -> Result<SocketAddr, ErrorCode> {
    if !family.takes(wanted) || wanted.ip().to_canonical().is_unspecified() || wanted.port() == 0 {
        return Err(ErrorCode::InvalidArgument);
    }
    Ok(net.address.dial(wanted)?.to)
}

#[async_trait::async_trait]
impl Pollable for UdpSocket {
    async fn ready(&mut self) {}
}

/// Datagrams that came in.
#[derive(Debug)]
pub struct Incoming {
    net: Arc<GuestNet>,
    family: Family,
    socket: Arc<Socket>,
    /// The one peer whose datagrams count, as the host sees it.
    peer: Option<SocketAddr>,
    /// The same, in the guest's words.
    remote: Option<SocketAddr>,
    private: bool,
}

impl Incoming {
    /// The next datagram for the guest, if one is there. `buffer` holds [`MAX_DATAGRAM`] bytes.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<(Vec<u8>, SocketAddr)> {
        loop {
            let (size, from) = self.socket.try_recv_from(buffer)?;
            if self.peer.is_some_and(|peer| peer != from) {
                continue;
            }
            if self.private && !self.net.address.is_self(from.ip()) {
                continue;
            }
            self.net.traffic.received(size);
            let shown = self
                .remote
                .unwrap_or_else(|| shown_as(from, self.family.is_v6()));
            return Ok((buffer[..size].to_vec(), shown));
        }
    }
}

#[async_trait::async_trait]
impl Pollable for Incoming {
    async fn ready(&mut self) {
        let _ = self.socket.ready(Interest::READABLE).await;
    }
}

/// Datagrams to send.
#[derive(Debug)]
pub struct Outgoing {
    net: Arc<GuestNet>,
    family: Family,
    socket: Arc<Socket>,
    peer: Option<SocketAddr>,
    remote: Option<SocketAddr>,
    /// Datagrams the last `check-send` allowed.
    pub(super) permitted: usize,
}

impl Outgoing {
    /// Sends one datagram, or says that the kernel has no room.
    pub fn send(&self, data: &[u8], to: Option<SocketAddr>) -> Result<(), ErrorCode> {
        if data.len() > MAX_DATAGRAM {
            return Err(ErrorCode::DatagramTooLarge);
        }
        let target = match (to, self.peer) {
            (None, Some(peer)) => peer,
            (Some(to), None) => destination(&self.net, self.family, to)?,
            (Some(to), Some(peer)) if self.remote == Some(to) => peer,
            (Some(_), Some(_)) | (None, None) => return Err(ErrorCode::InvalidArgument),
        };
        self.socket
            .try_send_to(data, target)
            .map(|sent| self.net.traffic.sent(sent))
            .map_err(|e| super::error::code(&e))
    }
}

#[async_trait::async_trait]
impl Pollable for Outgoing {
    async fn ready(&mut self) {
        let _ = self.socket.writable().await;
    }
}
