//! Reading and writing the store: keys in, bytes and revisions out. Objects are opaque here; what may be written is decided
//! before.
//!
//! Every write is one transaction that names the revision it read. Nothing is serialised: concurrent writes go to the store
//! side by side, which batches them.

pub mod deletion;
mod errors;
mod leases;
pub mod meta;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hydrofoil_api::status::ApiError;
use hydrofoil_raftstore::{
    Compare, DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, ResponseOp, TxnRequest,
    TxnResponse,
};

pub use errors::{is_compacted, store_error};
pub use leases::Leases;

use crate::cache::Caches;
use crate::storage::Storage;

/// Longest wait of a consistent read for the cache, as upstream's.
pub const FRESH_TIMEOUT: Duration = Duration::from_secs(3);

/// What the store holds under a key.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The bytes, without `resourceVersion`.
    pub value: Bytes,
    /// The revision of the last change.
    pub revision: i64,
}

/// The outcome of a write that named the revision it expects.
#[derive(Debug)]
pub enum Outcome {
    /// Written, at this revision.
    Done(i64),
    /// Something else is there; nothing was written. `None` when there is nothing.
    Changed(Option<Stored>),
}

/// The store, with the caches that follow it.
#[derive(Clone)]
pub struct Registry {
    store: Storage,
    caches: Arc<Caches>,
    leases: Arc<Leases>,
}

impl Registry {
    /// A registry over an open store.
    pub fn new(store: Storage, caches: Arc<Caches>) -> Registry {
        let leases = Arc::new(Leases::new(store.clone()));
        Registry {
            store,
            caches,
            leases,
        }
    }

    /// The caches.
    pub fn caches(&self) -> &Arc<Caches> {
        &self.caches
    }

    /// The store.
    pub fn store(&self) -> &Storage {
        &self.store
    }

    /// Waits until the caches hold everything that was written before this call, and gives their revision.
    ///
    /// # Errors
    /// 504 when they do not get there in time, and what the store says.
    pub async fn fresh(&self) -> Result<i64, ApiError> {
        let revision = self.store.revision().await.map_err(store_error)?;
        self.caches
            .wait(revision, FRESH_TIMEOUT)
            .await
            .map_err(|_| ApiError::timeout("the watch cache did not catch up with the store", 1))?;
        Ok(self.caches.revision())
    }

    /// Whether the caches hold everything that is written now, for certain. Of a remote store that cannot be told without
    /// asking it.
    pub fn is_fresh(&self) -> bool {
        let now = self.store.known_revision();
        self.caches.is_ready() && now.is_some_and(|now| self.caches.revision() >= now)
    }

    /// What is under a key, as of now.
    ///
    /// # Errors
    /// What the store says.
    pub async fn read(&self, key: Bytes) -> Result<Option<Stored>, ApiError> {
        let response = self
            .store
            .range(RangeRequest::key(key))
            .await
            .map_err(store_error)?;
        Ok(response.kvs.first().map(|kv| stored(kv)))
    }

    /// Writes a key that must not exist. With `ttl` (seconds) it disappears after that time.
    ///
    /// # Errors
    /// What the store says.
    pub async fn create(
        &self,
        key: Bytes,
        value: Bytes,
        ttl: Option<i64>,
    ) -> Result<Outcome, ApiError> {
        self.put(key, value, 0, ttl).await
    }

    /// Replaces a key that must be at the revision `expected`.
    ///
    /// # Errors
    /// What the store says.
    pub async fn replace(
        &self,
        key: Bytes,
        value: Bytes,
        expected: i64,
        ttl: Option<i64>,
    ) -> Result<Outcome, ApiError> {
        self.put(key, value, expected, ttl).await
    }

    async fn put(
        &self,
        key: Bytes,
        value: Bytes,
        expected: i64,
        ttl: Option<i64>,
    ) -> Result<Outcome, ApiError> {
        let lease = match ttl {
            Some(seconds) => self.leases.lease(seconds).await.map_err(store_error)?,
            None => 0,
        };
        let put = RequestOp::Put(PutRequest {
            key: key.clone(),
            value,
            lease,
            ..PutRequest::default()
        });
        self.compare_and_do(key, expected, put).await
    }

    /// Removes a key that must be at the revision `expected`.
    ///
    /// # Errors
    /// What the store says.
    pub async fn remove(&self, key: Bytes, expected: i64) -> Result<Outcome, ApiError> {
        let delete = RequestOp::DeleteRange(DeleteRangeRequest {
            key: key.clone(),
            ..DeleteRangeRequest::default()
        });
        self.compare_and_do(key, expected, delete).await
    }

    async fn compare_and_do(
        &self,
        key: Bytes,
        expected: i64,
        op: RequestOp,
    ) -> Result<Outcome, ApiError> {
        let request = TxnRequest {
            compare: vec![Compare::mod_revision(key.clone(), expected)],
            success: vec![op],
            failure: vec![RequestOp::Range(RangeRequest::key(key))],
        };
        let response = self.store.txn(request).await.map_err(store_error)?;
        if response.succeeded {
            return Ok(Outcome::Done(response.header.revision));
        }
        Ok(Outcome::Changed(found(&response)))
    }
}

fn found(response: &TxnResponse) -> Option<Stored> {
    let ResponseOp::Range(range) = response.responses.first()? else {
        return None;
    };
    range.kvs.first().map(|kv| stored(kv))
}

fn stored(kv: &hydrofoil_raftstore::KeyValue) -> Stored {
    Stored {
        value: kv.value.clone(),
        revision: kv.mod_revision,
    }
}
