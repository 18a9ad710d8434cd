//! Sockets, TLS, and one port for gRPC and HTTP.
//!
//! - [`address`]: where to listen, bound.
//! - [`files`], [`crl`], [`self_signed`]: certificates as files, read again when they change, or made here.
//! - [`tls`]: rustls' settings made of those, for listeners and for connections to peers.
//! - [`verify`]: which certificates are let in.
//! - [`connect`]: connections to peers.
//! - [`serve`]: accepting, with bounds; [`mux`]: which of the two services a request is for; [`gather`]: small
//!   answers that go out together.
//!
//! Nothing here knows what is served: services are handed in.

pub mod address;
pub mod connect;
pub mod crl;
pub mod files;
pub mod gather;
pub mod mux;
pub mod self_signed;
pub mod serve;
#[cfg(test)]
mod tests;
pub mod tls;
pub mod verify;

use std::net::SocketAddr;

pub use crate::grpc::ClientCertificate;

/// What is known of the connection that a request came over; an extension of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The other end; `None` of a unix socket, and of a call from inside the process.
    pub remote: Option<SocketAddr>,
    /// Whether TLS is spoken.
    pub tls: bool,
}
