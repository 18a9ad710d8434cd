//! Why an API server could not be started. What goes wrong with a request is a Status, not one of these.

use std::net::SocketAddr;

/// Why an API server could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A certificate or key in the configuration is not usable.
    #[error("{what}: {reason}")]
    Tls {
        /// Which one.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// The caches could not be filled from the store.
    #[error(transparent)]
    Cache(#[from] crate::cache::FeedError),
    /// The store cannot be used.
    #[error(transparent)]
    Storage(#[from] crate::storage::Error),
    /// The objects that every cluster has could not be written.
    #[error("cannot write the cluster's first objects: {0}")]
    Bootstrap(String),
    /// The ranges of Services make no sense.
    #[error(transparent)]
    Allocation(#[from] crate::allocate::ConfigError),
    /// The Service range has no room.
    #[error("the Service range {0} is too small")]
    ServiceRange(ipnet::IpNet),
}
