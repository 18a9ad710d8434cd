//! `wasi:sockets` 0.2 by our own host: the same interfaces as wasmtime-wasi's, with the pod's address where that one has only yes and no.
//!
//! A guest's `0.0.0.0:80` is its pod's address, its loopback is its own, its connections leave from its address, and how many sockets it may
//! hold is bounded. The address rules are `network::address`; here they meet the kernel's sockets. Everything else of WASI is wasmtime-wasi's.

mod bindings;
mod error;
mod lookup;
mod network;
mod options;
mod tcp;
mod tcp_host;
mod tcp_streams;
mod udp;
mod udp_host;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use wasmtime::component::{HasData, Linker, ResourceTable};

use crate::network::{PodAddress, Traffic};

pub use lookup::resolve;

/// Sockets one container may hold at once, accepted connections among them. Beyond it, creating fails and accepting waits.
pub const MAX_SOCKETS: usize = 4096;
/// Name lookups one container may have under way.
pub const MAX_LOOKUPS: usize = 16;

/// The network as one container has it, shared by its instances.
#[derive(Debug)]
pub struct GuestNet {
    /// The pod's address.
    pub address: PodAddress,
    /// The pod's host name, which resolves to its address.
    pub hostname: String,
    sockets: Arc<Semaphore>,
    lookups: Arc<Semaphore>,
    /// What went over it.
    pub traffic: Arc<Traffic>,
    /// Cancelled at the container's end: background writes stop.
    pub closed: CancellationToken,
}

impl GuestNet {
    /// A container's network, with nothing open.
    pub fn new(address: PodAddress, hostname: String) -> Self {
        Self {
            address,
            hostname,
            sockets: Arc::new(Semaphore::new(MAX_SOCKETS)),
            lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)),
            traffic: Arc::default(),
            closed: CancellationToken::new(),
        }
    }

    /// A place for one more socket, if there is one.
    pub fn socket_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.sockets).try_acquire_owned().ok()
    }
}

/// What the host functions see of a store.
pub struct SocketsView<'a> {
    /// The container's network.
    pub net: &'a Arc<GuestNet>,
    /// The store's resources.
    pub table: &'a mut ResourceTable,
}

/// Names [`SocketsView`] for wasmtime's linker.
pub struct Sockets;

impl HasData for Sockets {
    type Data<'a> = SocketsView<'a>;
}

/// Adds every `wasi:sockets` interface.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> SocketsView<'_>,
) -> wasmtime::Result<()> {
    use bindings::wasi::sockets;
    sockets::network::add_to_linker::<T, Sockets>(linker, view)?;
    sockets::instance_network::add_to_linker::<T, Sockets>(linker, view)?;
    sockets::tcp::add_to_linker::<T, Sockets>(linker, view)?;
    sockets::tcp_create_socket::add_to_linker::<T, Sockets>(linker, view)?;
    sockets::udp::add_to_linker::<T, Sockets>(linker, view)?;
    sockets::udp_create_socket::add_to_linker::<T, Sockets>(linker, view)?;
    sockets::ip_name_lookup::add_to_linker::<T, Sockets>(linker, view)?;
    Ok(())
}
