//! `wasi:sockets/tcp` and `tcp-create-socket`: the guest's calls, each a few lines over [`TcpSocket`].

use std::net::Shutdown;

use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, subscribe};

use super::SocketsView;
use super::bindings::wasi::sockets::{tcp, tcp_create_socket};
use super::bindings::{ErrorCode, IpAddressFamily, IpSocketAddress};
use super::error::SocketResult;
use super::network::{Network, from_guest, to_guest};
use super::options;
use super::tcp::{Pending, State, TcpSocket};

type Streams = (Resource<DynInputStream>, Resource<DynOutputStream>);

impl tcp_create_socket::Host for SocketsView<'_> {
    fn create_tcp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        let socket = TcpSocket::new(self.net, family.into())?;
        Ok(self.table.push(socket)?)
    }
}

impl SocketsView<'_> {
    /// The socket, when no started operation waits to be finished.
    fn idle(&mut self, this: &Resource<TcpSocket>) -> SocketResult<&mut TcpSocket> {
        let socket = self.table.get_mut(this)?;
        match (socket.pending, &socket.state) {
            (Pending::Nothing, State::Connecting(_) | State::Dialled(_))
            | (Pending::Bind | Pending::Listen, _) => Err(ErrorCode::ConcurrencyConflict.into()),
            _ => Ok(socket),
        }
    }

    fn finish(&mut self, this: &Resource<TcpSocket>, started: Pending) -> SocketResult<()> {
        let socket = self.table.get_mut(this)?;
        if socket.pending != started {
            return Err(ErrorCode::NotInProgress.into());
        }
        socket.pending = Pending::Nothing;
        Ok(())
    }
}

impl tcp::Host for SocketsView<'_> {}

impl tcp::HostTcpSocket for SocketsView<'_> {
    fn start_bind(
        &mut self,
        this: Resource<TcpSocket>,
        network: Resource<Network>,
        local: IpSocketAddress,
    ) -> SocketResult<()> {
        self.check_network(&network)?;
        let socket = self.idle(&this)?;
        socket.bind(from_guest(local))?;
        socket.pending = Pending::Bind;
        Ok(())
    }

    fn finish_bind(&mut self, this: Resource<TcpSocket>) -> SocketResult<()> {
        self.finish(&this, Pending::Bind)
    }

    fn start_connect(
        &mut self,
        this: Resource<TcpSocket>,
        network: Resource<Network>,
        remote: IpSocketAddress,
    ) -> SocketResult<()> {
        self.check_network(&network)?;
        self.idle(&this)?.connect(from_guest(remote))
    }

    fn finish_connect(&mut self, this: Resource<TcpSocket>) -> SocketResult<Streams> {
        let (input, output) = self.table.get_mut(&this)?.finish_connect()?;
        let input = self.table.push_child(input, &this)?;
        let output = self.table.push_child(output, &this)?;
        Ok((input, output))
    }

    fn start_listen(&mut self, this: Resource<TcpSocket>) -> SocketResult<()> {
        let socket = self.idle(&this)?;
        socket.listen()?;
        socket.pending = Pending::Listen;
        Ok(())
    }

    fn finish_listen(&mut self, this: Resource<TcpSocket>) -> SocketResult<()> {
        self.finish(&this, Pending::Listen)
    }

    fn accept(
        &mut self,
        this: Resource<TcpSocket>,
    ) -> SocketResult<(
        Resource<TcpSocket>,
        Resource<DynInputStream>,
        Resource<DynOutputStream>,
    )> {
        let (socket, input, output) = self.idle(&this)?.accept()?;
        let socket = self.table.push(socket)?;
        let input = self.table.push_child(input, &socket)?;
        let output = self.table.push_child(output, &socket)?;
        Ok((socket, input, output))
    }

    fn local_address(&mut self, this: Resource<TcpSocket>) -> SocketResult<IpSocketAddress> {
        Ok(to_guest(self.table.get(&this)?.local()?))
    }

    fn remote_address(&mut self, this: Resource<TcpSocket>) -> SocketResult<IpSocketAddress> {
        Ok(to_guest(self.table.get(&this)?.remote()?))
    }

    fn is_listening(&mut self, this: Resource<TcpSocket>) -> wasmtime::Result<bool> {
        Ok(matches!(
            self.table.get(&this)?.state,
            State::Listening { .. }
        ))
    }

    fn address_family(&mut self, this: Resource<TcpSocket>) -> wasmtime::Result<IpAddressFamily> {
        Ok(self.table.get(&this)?.family.into())
    }

    fn set_listen_backlog_size(
        &mut self,
        this: Resource<TcpSocket>,
        value: u64,
    ) -> SocketResult<()> {
        self.table.get_mut(&this)?.set_backlog(value)
    }

    fn keep_alive_enabled(&mut self, this: Resource<TcpSocket>) -> SocketResult<bool> {
        options::keep_alive(self.table.get(&this)?.fd()?)
    }

    fn set_keep_alive_enabled(
        &mut self,
        this: Resource<TcpSocket>,
        value: bool,
    ) -> SocketResult<()> {
        options::set_keep_alive(self.table.get(&this)?.fd()?, value)
    }

    fn keep_alive_idle_time(&mut self, this: Resource<TcpSocket>) -> SocketResult<u64> {
        options::keep_alive_idle(self.table.get(&this)?.fd()?)
    }

    fn set_keep_alive_idle_time(
        &mut self,
        this: Resource<TcpSocket>,
        value: u64,
    ) -> SocketResult<()> {
        options::set_keep_alive_idle(self.table.get(&this)?.fd()?, value)
    }

    fn keep_alive_interval(&mut self, this: Resource<TcpSocket>) -> SocketResult<u64> {
        options::keep_alive_interval(self.table.get(&this)?.fd()?)
    }

    fn set_keep_alive_interval(
        &mut self,
        this: Resource<TcpSocket>,
        value: u64,
    ) -> SocketResult<()> {
        options::set_keep_alive_interval(self.table.get(&this)?.fd()?, value)
    }

    fn keep_alive_count(&mut self, this: Resource<TcpSocket>) -> SocketResult<u32> {
        options::keep_alive_count(self.table.get(&this)?.fd()?)
    }

    fn set_keep_alive_count(&mut self, this: Resource<TcpSocket>, value: u32) -> SocketResult<()> {
        options::set_keep_alive_count(self.table.get(&this)?.fd()?, value)
    }

    fn hop_limit(&mut self, this: Resource<TcpSocket>) -> SocketResult<u8> {
        let socket = self.table.get(&this)?;
        options::hop_limit(socket.fd()?, socket.host_is_v6())
    }

    fn set_hop_limit(&mut self, this: Resource<TcpSocket>, value: u8) -> SocketResult<()> {
        let socket = self.table.get(&this)?;
        options::set_hop_limit(socket.fd()?, socket.host_is_v6(), value)
    }

    fn receive_buffer_size(&mut self, this: Resource<TcpSocket>) -> SocketResult<u64> {
        options::receive_buffer(self.table.get(&this)?.fd()?)
    }

    fn set_receive_buffer_size(
        &mut self,
        this: Resource<TcpSocket>,
        value: u64,
    ) -> SocketResult<()> {
        options::set_receive_buffer(self.table.get(&this)?.fd()?, value)
    }

    fn send_buffer_size(&mut self, this: Resource<TcpSocket>) -> SocketResult<u64> {
        options::send_buffer(self.table.get(&this)?.fd()?)
    }

    fn set_send_buffer_size(&mut self, this: Resource<TcpSocket>, value: u64) -> SocketResult<()> {
        options::set_send_buffer(self.table.get(&this)?.fd()?, value)
    }

    fn subscribe(&mut self, this: Resource<TcpSocket>) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn shutdown(
        &mut self,
        this: Resource<TcpSocket>,
        shutdown_type: tcp::ShutdownType,
    ) -> SocketResult<()> {
        let State::Connected(connection) = &self.table.get(&this)?.state else {
            return Err(ErrorCode::InvalidState.into());
        };
        connection.shutdown(match shutdown_type {
            tcp::ShutdownType::Receive => Shutdown::Read,
            tcp::ShutdownType::Send => Shutdown::Write,
            tcp::ShutdownType::Both => Shutdown::Both,
        });
        Ok(())
    }

    fn drop(&mut self, this: Resource<TcpSocket>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}
