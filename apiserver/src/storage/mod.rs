//! Where objects are kept: the store in this process, or etcd (or `hydrofoil store`) over its gRPC API.
//!
//! Exactly what the API server does with a store, in the store's own words ([`hydrofoil_raftstore`]'s plain types). Objects
//! are bytes here. What goes wrong is an [`Error`] that knows no HTTP; `registry::errors` makes Statuses of them.
//!
//! The one confusing thing: the rest of the server names keys below `/registry` whatever `--etcd-prefix` says. The prefix
//! is put on and taken off at the edge to a remote store.

mod compactor;
mod error;
mod remote;

use hydrofoil_raftstore::{
    LeaseGrantResponse, RangeRequest, RangeResponse, Store, TxnRequest, TxnResponse, WatchRequest,
    WatchResponse, Watcher,
};

pub use compactor::Compactor;
pub use error::Error;
pub use remote::{ClientPair, EtcdConfig, Remote};

/// Where objects are kept. Cheap to clone; all clones are the same store.
#[derive(Clone, Debug)]
pub enum Storage {
    /// The store in this process.
    Local(Store),
    /// A store over the network.
    Remote(Remote),
}

impl From<Store> for Storage {
    fn from(store: Store) -> Storage {
        Storage::Local(store)
    }
}

impl Storage {
    /// A store over the network, once one of its endpoints has answered.
    ///
    /// # Errors
    /// When the configuration makes no sense, no endpoint answers in time, or the store is one whose watches cannot be
    /// relied upon.
    pub async fn connect(config: &EtcdConfig) -> Result<Storage, Error> {
        Remote::connect(config).await.map(Storage::Remote)
    }

    /// Reads keys.
    ///
    /// # Errors
    /// [`Error::Compacted`] for a revision that is gone, and what the store says.
    pub async fn range(&self, request: RangeRequest) -> Result<RangeResponse, Error> {
        match self {
            Storage::Local(store) => Ok(store.range(request).await?),
            // In a place of its own: the future of a local read stays small.
            Storage::Remote(remote) => Box::pin(remote.range(request)).await,
        }
    }

    /// Does a transaction. After [`Error::Timeout`] and [`Error::Unavailable`] it may have been done or not.
    ///
    /// # Errors
    /// What the store says.
    pub async fn txn(&self, request: TxnRequest) -> Result<TxnResponse, Error> {
        match self {
            Storage::Local(store) => Ok(store.txn(request).await?),
            Storage::Remote(remote) => Box::pin(remote.txn(request)).await,
        }
    }

    /// Grants a lease of so many seconds.
    ///
    /// # Errors
    /// What the store says.
    pub async fn lease_grant(&self, ttl: i64) -> Result<LeaseGrantResponse, Error> {
        match self {
            Storage::Local(store) => Ok(store.lease_grant(ttl, 0).await?),
            Storage::Remote(remote) => Box::pin(remote.lease_grant(ttl)).await,
        }
    }

    /// Watches keys. A remote watch outlives its connections: what it tells has no gap.
    ///
    /// # Errors
    /// What the store says.
    pub fn watch(&self, request: WatchRequest) -> Result<Watch, Error> {
        match self {
            Storage::Local(store) => Ok(Watch::Local(store.watch(request)?)),
            Storage::Remote(remote) => Ok(Watch::Remote(remote.watch(request))),
        }
    }

    /// The revision that everything written before this call is at or below.
    ///
    /// # Errors
    /// What the store says.
    pub async fn revision(&self) -> Result<i64, Error> {
        match self {
            Storage::Local(store) => Ok(store.revision()),
            Storage::Remote(remote) => Box::pin(remote.revision()).await,
        }
    }

    /// The revision now, when it can be told without asking anybody.
    pub fn known_revision(&self) -> Option<i64> {
        match self {
            Storage::Local(store) => Some(store.revision()),
            // Others write to it as well.
            Storage::Remote(_) => None,
        }
    }
}

/// A running watch. Dropping it ends it.
#[derive(Debug)]
pub enum Watch {
    /// Of the store in this process.
    Local(Watcher),
    /// Of a store over the network.
    Remote(remote::Watch),
}

impl Watch {
    /// The next response. Waits without end while nothing happens; cancel safe. After a response with `canceled` set there
    /// is no other.
    pub async fn recv(&mut self) -> WatchResponse {
        match self {
            Watch::Local(watcher) => watcher.recv().await,
            Watch::Remote(watch) => watch.recv().await,
        }
    }

    /// Asks for a response without events as soon as this watch has everything up to the current revision. A store may
    /// leave it unanswered while the watch catches up: ask again.
    pub fn request_progress(&self) {
        match self {
            Watch::Local(watcher) => watcher.request_progress(),
            Watch::Remote(watch) => watch.request_progress(),
        }
    }
}
