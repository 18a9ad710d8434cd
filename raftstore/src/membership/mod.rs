//! The members of the cluster, as etcd has them.
//!
//! - `id`: ids of members and of the cluster.
//! - `node`: what raft's membership entries say of a member.
//! - `roster`: what members said of themselves, and who was removed.

pub mod id;
pub mod node;
pub mod roster;

pub use node::Node;
