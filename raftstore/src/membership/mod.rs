//! The members of the cluster, as etcd has them.
//!
//! - `boot`: who this member is, when it starts.
//! - `identity`: the file that says so from then on.
//! - `id`: ids of members and of the cluster.
//! - `node`: what raft's membership entries say of a member.
//! - `roster`: what members said of themselves, and who was removed.
//! - `urls`: what a peer URL may be.

pub mod boot;
pub mod id;
pub mod identity;
pub mod node;
pub mod roster;
pub mod urls;

pub use node::Node;
