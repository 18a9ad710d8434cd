//! `wasi:sockets/ip-name-lookup`, by the node's resolver. `localhost` is the pod's own loopback and the pod's host name is its address,
//! without asking anyone.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::vec::IntoIter;

use tokio::task::JoinHandle;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::bindings::wasi::sockets::ip_name_lookup;
use super::bindings::{ErrorCode, IpAddress};
use super::error::SocketResult;
use super::network::{Network, ip_to_guest};
use super::{GuestNet, SocketsView};

/// Longest name looked up, in bytes (RFC 1035).
const MAX_NAME: usize = 253;
/// Addresses of one name that a guest is given.
const MAX_ADDRESSES: usize = 64;

/// Answers of one lookup, or the wait for them.
#[derive(Debug)]
pub enum AddressStream {
    /// Under way.
    Waiting(JoinHandle<Result<Vec<IpAddr>, ErrorCode>>),
    /// There, some already taken.
    Ready(IntoIter<IpAddr>),
    /// Failed.
    Failed(ErrorCode),
}

impl AddressStream {
    async fn settle(&mut self) {
        if let Self::Waiting(task) = self {
            *self = match task.await {
                Ok(Ok(found)) => Self::Ready(found.into_iter()),
                Ok(Err(code)) => Self::Failed(code),
                Err(_) => Self::Failed(ErrorCode::TemporaryResolverFailure),
            };
        }
    }
}

impl Drop for AddressStream {
    fn drop(&mut self) {
        if let Self::Waiting(task) = self {
            task.abort();
        }
    }
}

#[async_trait::async_trait]
impl Pollable for AddressStream {
    async fn ready(&mut self) {
        self.settle().await;
    }
}

/// Finds a name's addresses as a container sees them. Also used for outgoing HTTP.
pub async fn resolve(net: &GuestNet, name: &str) -> Result<Vec<IpAddr>, ErrorCode> {
    if let Some(known) = known(net, name)? {
        return Ok(known);
    }
    let Ok(_permit) = net.lookups.acquire().await else {
        return Err(ErrorCode::TemporaryResolverFailure);
    };
    let found = tokio::net::lookup_host((name, 0))
        .await
        .map_err(|_| ErrorCode::NameUnresolvable)?;
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in found.map(|a| a.ip()) {
        if addresses.len() < MAX_ADDRESSES && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() {
        return Err(ErrorCode::NameUnresolvable);
    }
    Ok(addresses)
}

/// Names that need no resolver.
fn known(net: &GuestNet, name: &str) -> Result<Option<Vec<IpAddr>>, ErrorCode> {
    let bare = name.strip_suffix('.').unwrap_or(name);
    if bare.is_empty() || bare.len() > MAX_NAME || bare.contains(|c: char| c.is_whitespace()) {
        return Err(ErrorCode::InvalidArgument);
    }
    let literal = bare
        .strip_prefix('[')
        .and_then(|b| b.strip_suffix(']'))
        .unwrap_or(bare);
    if let Ok(ip) = literal.parse() {
        return Ok(Some(vec![ip]));
    }
    if bare.eq_ignore_ascii_case("localhost") {
        return Ok(Some(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]));
    }
    if bare.eq_ignore_ascii_case(&net.hostname)
        && let Some(own) = net.address.own()
    {
        return Ok(Some(vec![IpAddr::V4(own)]));
    }
    Ok(None)
}

impl ip_name_lookup::Host for SocketsView<'_> {
    fn resolve_addresses(
        &mut self,
        network: Resource<Network>,
        name: String,
    ) -> SocketResult<Resource<AddressStream>> {
        self.check_network(&network)?;
        let stream = match known(self.net, &name)? {
            Some(found) => AddressStream::Ready(found.into_iter()),
            None => {
                let net = Arc::clone(self.net);
                AddressStream::Waiting(tokio::spawn(async move { resolve(&net, &name).await }))
            }
        };
        Ok(self.table.push(stream)?)
    }
}

impl ip_name_lookup::HostResolveAddressStream for SocketsView<'_> {
    fn resolve_next_address(
        &mut self,
        this: Resource<AddressStream>,
    ) -> SocketResult<Option<IpAddress>> {
        let stream = self.table.get_mut(&this)?;
        wasmtime_wasi::runtime::poll_noop(std::pin::pin!(stream.settle()));
        match stream {
            AddressStream::Waiting(_) => Err(ErrorCode::WouldBlock.into()),
            AddressStream::Ready(found) => Ok(found.next().map(ip_to_guest)),
            AddressStream::Failed(code) => Err((*code).into()),
        }
    }

    fn subscribe(
        &mut self,
        this: Resource<AddressStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn drop(&mut self, this: Resource<AddressStream>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::PodAddress;

    fn net() -> GuestNet {
        GuestNet::new(
            PodAddress::Own(Ipv4Addr::new(127, 64, 0, 9)),
            "web-0".to_owned(),
        )
    }

    #[tokio::test]
    async fn the_pods_own_names_need_no_resolver() {
        let net = net();
        assert_eq!(
            resolve(&net, "localhost").await.unwrap(),
            [IpAddr::V4(Ipv4Addr::LOCALHOST)]
        );
        assert_eq!(
            resolve(&net, "WEB-0.").await.unwrap(),
            [IpAddr::V4(Ipv4Addr::new(127, 64, 0, 9))]
        );
        assert_eq!(
            resolve(&net, "[::1]").await.unwrap(),
            ["::1".parse::<IpAddr>().unwrap()]
        );
    }

    #[tokio::test]
    async fn what_cannot_be_a_name_is_an_argument_error() {
        for name in ["", ".", "a b", &"x".repeat(300)] {
            assert!(
                matches!(resolve(&net(), name).await, Err(ErrorCode::InvalidArgument)),
                "{name:?}"
            );
        }
    }
}
