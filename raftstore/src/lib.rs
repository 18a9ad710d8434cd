//! etcd's MVCC key space: transactions, watches, leases and compaction, replicated by `openraft`, kept in `redb`.
//!
//! What this room promises, in the order in which a write meets it:
//!
//! 1. A write is acknowledged after the raft log holding it is on disk; one flush covers every proposal that was waiting.
//! 2. The state machine lives in memory and is written behind; after a crash it catches up from the log.
//! 3. Revisions only grow. Every transaction that writes takes exactly one main revision.
//! 4. A watcher sees every change after the revision it named, once, in order, or a clear `compact_revision`.
//! 5. A record that is damaged after it was known to be on disk is an error that names file and offset; a torn tail is cut.
//!
//! Names and fields are those of etcd's `rpc.proto` and `kv.proto`, so that gRPC can be laid over them. Nothing here knows Kubernetes.

pub mod alarm;
pub mod auth;
pub mod error;
pub mod rpc;

mod apply;
mod backend;
mod blocking;
mod check;
mod clock;
mod cluster;
mod codec;
mod command;
mod compactor;
mod config;
mod core;
mod forward;
mod hash;
mod lease;
mod maintenance;
mod membership;
mod metrics;
mod mvcc;
mod open;
mod raft;
#[cfg(any(test, feature = "simulation"))]
pub mod simulation;
mod snapshot;
mod store;
mod wal;
mod watch;
mod world;

pub use alarm::{AlarmAction, AlarmKind, AlarmMember, AlarmRequest, AlarmResponse};
pub use auth::{Caller, Secret, TokenConfig};
pub use clock::Clock;
pub use cluster::service::PeerService;
pub use config::{AutoCompaction, Config, InitialClusterState, InitialMember};
pub use error::Error;
pub use hash::{HashKvResponse, HashResponse};
pub use metrics::Metrics;
pub use raft::transport::connect::{Connector, PeerIo, Plain};
pub use rpc::*;
pub use snapshot::{
    Adopted, HashCheck, Restore, Restored, SnapshotChunk, SnapshotError, SnapshotStatus,
    SnapshotStream, adopt, restore, snapshot_status,
};
pub use store::{Session, Status, Store};
pub use watch::{Events, Reached, Remembered, WatchGroup, WatchHandle, Watcher};

#[cfg(test)]
mod tests;
