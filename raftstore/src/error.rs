//! Everything that can go wrong here, with etcd's words where etcd has words. Maps to no protocol: one file above makes
//! gRPC codes, another makes a Kubernetes `Status`.
//!
//! Texts are those of etcd's `api/v3rpc/rpctypes/error.go`: clients match on them.

use std::{io, path::PathBuf};

/// An answer other than success.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A key is empty.
    #[error("etcdserver: key is not provided")]
    EmptyKey,
    /// `ignore_value` or `ignore_lease` on a key that does not exist.
    #[error("etcdserver: key not found")]
    KeyNotFound,
    /// `ignore_value` together with a value.
    #[error("etcdserver: value is provided")]
    ValueProvided,
    /// `ignore_lease` together with a lease.
    #[error("etcdserver: lease is provided")]
    LeaseProvided,
    /// More operations than `Config::max_txn_ops`.
    #[error("etcdserver: too many operations in txn request")]
    TooManyOps,
    /// A transaction writes a key twice.
    #[error("etcdserver: duplicate key given in txn request")]
    DuplicateKey,
    /// The request is larger than `Config::max_request_bytes`.
    #[error("etcdserver: request is too large")]
    RequestTooLarge,
    /// More proposals wait than `Config::max_pending_proposals`.
    #[error("etcdserver: too many requests")]
    TooManyRequests,
    /// The revision is compacted.
    #[error("etcdserver: mvcc: required revision has been compacted")]
    Compacted,
    /// The revision is not reached yet.
    #[error("etcdserver: mvcc: required revision is a future revision")]
    FutureRev,
    /// The lease does not exist.
    #[error("etcdserver: requested lease not found")]
    LeaseNotFound,
    /// The lease's id is taken.
    #[error("etcdserver: lease already exists")]
    LeaseExist,
    /// The lease's time to live is longer than etcd allows.
    #[error("etcdserver: too large lease TTL")]
    LeaseTtlTooLarge,
    /// No leader is known.
    #[error("etcdserver: no leader")]
    NoLeader,
    /// This member is not the leader; ask the one named, if it is known.
    #[error("etcdserver: not leader")]
    NotLeader {
        /// The leader's id.
        leader: Option<u64>,
    },
    /// No answer in time.
    #[error("etcdserver: request timed out")]
    Timeout,
    /// The store was shut down.
    #[error("etcdserver: server stopped")]
    Stopped,
    /// A file holds what was not written, or lost what was.
    #[error("etcdserver: corrupt cluster: {file} at offset {offset}: {what}")]
    Corrupt {
        /// The file.
        file: String,
        /// Where in it, in bytes.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// Another process has the data directory open.
    #[error("data directory {} is in use by another process", .0.display())]
    Locked(PathBuf),
    /// The data directory was written by another version or is of another cluster.
    #[error("data directory {}: {what}", .dir.display())]
    Incompatible {
        /// The directory.
        dir: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// The disk failed.
    #[error("{what}: {message}")]
    Io {
        /// What was being done.
        what: String,
        /// What the system said.
        message: String,
    },
    /// Raft or the backend stopped for a reason that is not the caller's.
    #[error("etcdserver: {0}")]
    Internal(String),
}

impl Error {
    /// The disk failed while `what` was being done.
    pub(crate) fn io(what: impl Into<String>, error: io::Error) -> Error {
        Error::Io {
            what: what.into(),
            message: error.to_string(),
        }
    }
}
