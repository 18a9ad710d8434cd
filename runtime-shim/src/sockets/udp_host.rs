//! `wasi:sockets/udp` and `udp-create-socket`: the guest's calls over [`UdpSocket`].

use std::net::SocketAddr;
use std::os::fd::AsFd as _;
use std::sync::Arc;

use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynPollable, subscribe};

use super::SocketsView;
use super::bindings::wasi::sockets::{udp, udp_create_socket};
use super::bindings::{ErrorCode, IpAddressFamily, IpSocketAddress};
use super::error::{SocketError, SocketResult, fail};
use super::network::{Network, from_guest, to_guest};
use super::options;
use super::udp::{Incoming, MAX_DATAGRAM, Outgoing, UdpSocket};

/// Datagrams in one call, both ways.
const MAX_BATCH: usize = 16;

impl udp_create_socket::Host for SocketsView<'_> {
    async fn create_udp_socket(
        &mut self,
        family: IpAddressFamily,
    ) -> SocketResult<Resource<UdpSocket>> {
        let socket = UdpSocket::new(Arc::clone(self.net), family.into()).await?;
        Ok(self.table.push(socket)?)
    }
}

impl udp::Host for SocketsView<'_> {}

impl udp::HostUdpSocket for SocketsView<'_> {
    fn start_bind(
        &mut self,
        this: Resource<UdpSocket>,
        network: Resource<Network>,
        local: IpSocketAddress,
    ) -> SocketResult<()> {
        self.check_network(&network)?;
        let socket = self.table.get_mut(&this)?;
        if socket.binding {
            return Err(ErrorCode::ConcurrencyConflict.into());
        }
        socket.bind(from_guest(local))?;
        socket.binding = true;
        Ok(())
    }

    fn finish_bind(&mut self, this: Resource<UdpSocket>) -> SocketResult<()> {
        let socket = self.table.get_mut(&this)?;
        if !std::mem::replace(&mut socket.binding, false) {
            return Err(ErrorCode::NotInProgress.into());
        }
        Ok(())
    }

    fn stream(
        &mut self,
        this: Resource<UdpSocket>,
        remote: Option<IpSocketAddress>,
    ) -> SocketResult<(Resource<Incoming>, Resource<Outgoing>)> {
        let busy = self
            .table
            .iter_children(&this)?
            .any(|child| child.is::<Incoming>() || child.is::<Outgoing>());
        if busy {
            return Err(SocketError::Trap(wasmtime::format_err!(
                "the socket's earlier datagram streams are still open"
            )));
        }
        let (incoming, outgoing) = self.table.get_mut(&this)?.streams(remote.map(from_guest))?;
        let incoming = self.table.push_child(incoming, &this)?;
        let outgoing = self.table.push_child(outgoing, &this)?;
        Ok((incoming, outgoing))
    }

    fn local_address(&mut self, this: Resource<UdpSocket>) -> SocketResult<IpSocketAddress> {
        let bound = self.table.get(&this)?.bound;
        Ok(to_guest(bound.ok_or(ErrorCode::InvalidState)?))
    }

    fn remote_address(&mut self, this: Resource<UdpSocket>) -> SocketResult<IpSocketAddress> {
        let remote = self.table.get(&this)?.remote;
        Ok(to_guest(remote.ok_or(ErrorCode::InvalidState)?))
    }

    fn address_family(&mut self, this: Resource<UdpSocket>) -> wasmtime::Result<IpAddressFamily> {
        Ok(self.table.get(&this)?.family.into())
    }

    fn unicast_hop_limit(&mut self, this: Resource<UdpSocket>) -> SocketResult<u8> {
        let socket = self.table.get(&this)?;
        options::hop_limit(socket.socket.as_fd(), socket.host_is_v6())
    }

    fn set_unicast_hop_limit(&mut self, this: Resource<UdpSocket>, value: u8) -> SocketResult<()> {
        let socket = self.table.get(&this)?;
        options::set_hop_limit(socket.socket.as_fd(), socket.host_is_v6(), value)
    }

    fn receive_buffer_size(&mut self, this: Resource<UdpSocket>) -> SocketResult<u64> {
        options::receive_buffer(self.table.get(&this)?.socket.as_fd())
    }

    fn set_receive_buffer_size(
        &mut self,
        this: Resource<UdpSocket>,
        value: u64,
    ) -> SocketResult<()> {
        options::set_receive_buffer(self.table.get(&this)?.socket.as_fd(), value)
    }

    fn send_buffer_size(&mut self, this: Resource<UdpSocket>) -> SocketResult<u64> {
        options::send_buffer(self.table.get(&this)?.socket.as_fd())
    }

    fn set_send_buffer_size(&mut self, this: Resource<UdpSocket>, value: u64) -> SocketResult<()> {
        options::set_send_buffer(self.table.get(&this)?.socket.as_fd(), value)
    }

    fn subscribe(&mut self, this: Resource<UdpSocket>) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn drop(&mut self, this: Resource<UdpSocket>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl udp::HostIncomingDatagramStream for SocketsView<'_> {
    fn receive(
        &mut self,
        this: Resource<Incoming>,
        max_results: u64,
    ) -> SocketResult<Vec<udp::IncomingDatagram>> {
        let stream = self.table.get(&this)?;
        let most = usize::try_from(max_results).map_or(MAX_BATCH, |n| n.min(MAX_BATCH));
        let mut found = Vec::new();
        let mut buffer = vec![0; if most == 0 { 0 } else { MAX_DATAGRAM }];
        while found.len() < most {
            match stream.receive(&mut buffer) {
                Ok((data, from)) => found.push(udp::IncomingDatagram {
                    data,
                    remote_address: to_guest(from),
                }),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(_) if !found.is_empty() => break,
                Err(error) => return Err(fail(&error)),
            }
        }
        Ok(found)
    }

    fn subscribe(&mut self, this: Resource<Incoming>) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn drop(&mut self, this: Resource<Incoming>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl udp::HostOutgoingDatagramStream for SocketsView<'_> {
    fn check_send(&mut self, this: Resource<Outgoing>) -> SocketResult<u64> {
        let stream = self.table.get_mut(&this)?;
        stream.permitted = MAX_BATCH;
        Ok(MAX_BATCH as u64)
    }

    fn send(
        &mut self,
        this: Resource<Outgoing>,
        datagrams: Vec<udp::OutgoingDatagram>,
    ) -> SocketResult<u64> {
        let stream = self.table.get_mut(&this)?;
        if datagrams.len() > std::mem::take(&mut stream.permitted) {
            return Err(SocketError::Trap(wasmtime::format_err!(
                "sent more datagrams than check-send permitted"
            )));
        }
        let mut sent = 0;
        for datagram in datagrams {
            let to: Option<SocketAddr> = datagram.remote_address.map(from_guest);
            match stream.send(&datagram.data, to) {
                Ok(()) => sent += 1,
                Err(ErrorCode::WouldBlock) => break,
                Err(_) if sent > 0 => break,
                Err(code) => return Err(code.into()),
            }
        }
        Ok(sent)
    }

    fn subscribe(&mut self, this: Resource<Outgoing>) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn drop(&mut self, this: Resource<Outgoing>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}
