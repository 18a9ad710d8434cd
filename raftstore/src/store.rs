//! The handle that every user of the store holds. Checks requests, reads locally, proposes writes to raft.

use std::sync::Arc;

use crate::{Config, Error, Metrics, Watcher, rpc::*};

/// An open store. Cheap to clone; all clones are the same store.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    metrics: Metrics,
}

/// How the store is, as `etcdserverpb.StatusResponse`.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// Size of the state machine's file in bytes.
    pub db_size: i64,
    /// The leader's id; 0 if there is none.
    pub leader: u64,
    /// Index of the last entry in the log.
    pub raft_index: u64,
    /// Index of the last entry applied.
    pub raft_applied_index: u64,
    /// Term of raft.
    pub raft_term: u64,
}

impl Store {
    /// Opens the store in `config.data_dir`, replays what the last run left, and waits until it leads.
    ///
    /// # Errors
    /// [`Error::Locked`] if another process has the directory open, [`Error::Corrupt`] if a file is damaged.
    pub async fn open(_config: Config) -> Result<Store, Error> {
        Err(Error::Stopped)
    }

    /// Reads keys. Linearizable unless `serializable` is set.
    ///
    /// # Errors
    /// [`Error::EmptyKey`], [`Error::Compacted`], [`Error::FutureRev`].
    pub async fn range(&self, _request: RangeRequest) -> Result<RangeResponse, Error> {
        Err(Error::Stopped)
    }

    /// Sets a key.
    ///
    /// # Errors
    /// [`Error::EmptyKey`], [`Error::KeyNotFound`], [`Error::LeaseNotFound`] and what [`Store::txn`] says.
    pub async fn put(&self, _request: PutRequest) -> Result<PutResponse, Error> {
        Err(Error::Stopped)
    }

    /// Deletes keys.
    ///
    /// # Errors
    /// [`Error::EmptyKey`] and what [`Store::txn`] says.
    pub async fn delete_range(
        &self,
        _request: DeleteRangeRequest,
    ) -> Result<DeleteRangeResponse, Error> {
        Err(Error::Stopped)
    }

    /// Does a transaction. When it returns, what it wrote is on disk and visible to every read that begins later.
    /// A transaction that only reads is not written to the log.
    ///
    /// # Errors
    /// What the operations inside say, [`Error::TooManyOps`], [`Error::DuplicateKey`], [`Error::RequestTooLarge`],
    /// [`Error::TooManyRequests`], [`Error::Timeout`] (the outcome is then unknown), [`Error::Stopped`].
    pub async fn txn(&self, _request: TxnRequest) -> Result<TxnResponse, Error> {
        Err(Error::Stopped)
    }

    /// Forgets the history before `revision`: reads and watches older than it fail from now on.
    ///
    /// # Errors
    /// [`Error::Compacted`] if that was done before, [`Error::FutureRev`] if the revision is not reached.
    pub async fn compact(&self, _revision: i64) -> Result<CompactionResponse, Error> {
        Err(Error::Stopped)
    }

    /// Watches keys.
    ///
    /// # Errors
    /// [`Error::Stopped`]. A compacted start revision is told through the watcher, as etcd does.
    pub fn watch(&self, _request: WatchRequest) -> Result<Watcher, Error> {
        Err(Error::Stopped)
    }

    /// Grants a lease of `ttl` seconds under `id`, or under an id of our choice if `id` is 0.
    ///
    /// # Errors
    /// [`Error::LeaseExist`], [`Error::LeaseTtlTooLarge`].
    pub async fn lease_grant(&self, _ttl: i64, _id: i64) -> Result<LeaseGrantResponse, Error> {
        Err(Error::Stopped)
    }

    /// Ends a lease and deletes its keys, at one revision.
    ///
    /// # Errors
    /// [`Error::LeaseNotFound`].
    pub async fn lease_revoke(&self, _id: i64) -> Result<LeaseRevokeResponse, Error> {
        Err(Error::Stopped)
    }

    /// Starts a lease's time to live anew. A lease that does not exist is answered with a `ttl` of 0.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub async fn lease_keep_alive(&self, _id: i64) -> Result<LeaseKeepAliveResponse, Error> {
        Err(Error::Stopped)
    }

    /// Says how long a lease still lives, and which keys hang on it if `keys` is set.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub async fn lease_time_to_live(
        &self,
        _id: i64,
        _keys: bool,
    ) -> Result<LeaseTimeToLiveResponse, Error> {
        Err(Error::Stopped)
    }

    /// The leases there are.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub async fn leases(&self) -> Result<LeaseLeasesResponse, Error> {
        Err(Error::Stopped)
    }

    /// The latest revision applied here. 1 in an empty store, as in etcd.
    pub fn revision(&self) -> i64 {
        1
    }

    /// The revision below which history is gone; 0 if nothing was compacted.
    pub fn compact_revision(&self) -> i64 {
        0
    }

    /// How the store is.
    pub fn status(&self) -> Status {
        Status::default()
    }

    /// The store's counters.
    pub fn metrics(&self) -> Metrics {
        self.inner.metrics.clone()
    }

    /// Stops taking requests, ends every watch, writes everything to disk and closes the files.
    pub async fn shutdown(self) {}
}
