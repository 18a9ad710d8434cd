//! `wasi:sockets/network` and `instance-network`: the handle that stands for "the network", and addresses in their two forms.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use wasmtime::component::Resource;

use super::SocketsView;
use super::bindings::wasi::sockets::{instance_network, network};
use super::bindings::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use super::error::SocketError;

/// The one network a guest has. It carries nothing: what a guest may do is decided by its container.
#[derive(Debug)]
pub struct Network;

impl network::Host for SocketsView<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        match error {
            SocketError::Code(code) => Ok(code),
            SocketError::Trap(error) => Err(error),
        }
    }
}

impl network::HostNetwork for SocketsView<'_> {
    fn drop(&mut self, this: Resource<Network>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl instance_network::Host for SocketsView<'_> {
    fn instance_network(&mut self) -> wasmtime::Result<Resource<Network>> {
        Ok(self.table.push(Network)?)
    }
}

impl SocketsView<'_> {
    /// Traps unless the guest's handle is a live one.
    pub(super) fn check_network(
        &self,
        handle: &Resource<Network>,
    ) -> Result<(), wasmtime::component::ResourceTableError> {
        self.table.get(handle).map(|_| ())
    }
}

/// A guest's address, as the host writes addresses.
pub fn from_guest(address: IpSocketAddress) -> SocketAddr {
    match address {
        IpSocketAddress::Ipv4(a) => {
            let (b0, b1, b2, b3) = a.address;
            SocketAddrV4::new(Ipv4Addr::new(b0, b1, b2, b3), a.port).into()
        }
        IpSocketAddress::Ipv6(a) => {
            let (s0, s1, s2, s3, s4, s5, s6, s7) = a.address;
            let ip = Ipv6Addr::new(s0, s1, s2, s3, s4, s5, s6, s7);
            SocketAddrV6::new(ip, a.port, a.flow_info, a.scope_id).into()
        }
    }
}

/// A host's address, as guests write addresses.
pub fn to_guest(address: SocketAddr) -> IpSocketAddress {
    match address {
        SocketAddr::V4(a) => IpSocketAddress::Ipv4(Ipv4SocketAddress {
            port: a.port(),
            address: a.ip().octets().into(),
        }),
        SocketAddr::V6(a) => IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port: a.port(),
            flow_info: a.flowinfo(),
            address: a.ip().segments().into(),
            scope_id: a.scope_id(),
        }),
    }
}

/// A host's IP address, as guests write it.
pub fn ip_to_guest(ip: IpAddr) -> IpAddress {
    match ip {
        IpAddr::V4(v4) => IpAddress::Ipv4(v4.octets().into()),
        IpAddr::V6(v6) => IpAddress::Ipv6(v6.segments().into()),
    }
}

/// The family a guest asked a socket for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6; on the host it may be an IPv4 socket, when the pod has no IPv6 address.
    V6,
}

impl Family {
    /// Whether the guest sees IPv6 addresses.
    pub const fn is_v6(self) -> bool {
        matches!(self, Self::V6)
    }

    /// Whether an address may be used on a socket of this family.
    pub const fn takes(self, address: SocketAddr) -> bool {
        matches!(
            (self, address),
            (Self::V4, SocketAddr::V4(_)) | (Self::V6, SocketAddr::V6(_))
        )
    }

    /// The "every address" of this family.
    pub const fn unspecified(self) -> IpAddr {
        match self {
            Self::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Self::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        }
    }
}

impl From<IpAddressFamily> for Family {
    fn from(family: IpAddressFamily) -> Self {
        match family {
            IpAddressFamily::Ipv4 => Self::V4,
            IpAddressFamily::Ipv6 => Self::V6,
        }
    }
}

impl From<Family> for IpAddressFamily {
    fn from(family: Family) -> Self {
        match family {
            Family::V4 => Self::Ipv4,
            Family::V6 => Self::Ipv6,
        }
    }
}
