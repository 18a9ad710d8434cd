//! Backup and restore as etcd's: snapshots of ours are etcd's database files, and etcd's files become data directories of ours.
//!
//! - `schema`: what lies where in etcd's database.
//! - `key_value`: a version of a key as etcd stores it.
//! - `facts`: everything in a database but the versions.
//! - `stored`: between facts and our state file.
//! - `export`, `stream`: our state as a snapshot file, chunk by chunk.
//! - `file`, `status`, `read`: a snapshot file, checked, summed up, and gone through.
//! - `plant`: a data directory of ours from a database.
//! - `restore`: `snapshot restore`.
//! - `adopt`: a data directory that etcd's tools made.
//!
//! The one confusing thing: raft's own snapshots, by which a member catches up, are not these; see `raft::snapshot`.

mod adopt;
mod error;
mod export;
pub mod facts;
mod file;
pub mod key_value;
mod plant;
mod read;
mod restore;
pub mod schema;
mod status;
mod stored;
mod stream;

pub(crate) use adopt::adopt_if_etcds;
pub use adopt::{Adopted, adopt};
pub use error::SnapshotError;
pub use export::SnapshotChunk;
pub use file::HashCheck;
pub use restore::{Restore, Restored, restore};
pub use status::{SnapshotStatus, snapshot_status};
pub use stream::SnapshotStream;

#[cfg(test)]
mod tests;
