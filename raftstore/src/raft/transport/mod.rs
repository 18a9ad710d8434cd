//! What carries raft between members: gRPC over connections that the caller makes.
//!
//! - `connect`: how a connection is made.
//! - `link`, `peers`: the way to one peer, and to all.
//! - `health`: whether a peer is there.
//! - `identity`: who speaks and whom it means.
//! - `wire`: the messages.
//! - `send_snapshot`: a snapshot on its way out.
//!
//! What raft itself calls is in `network`, what peers call is in the `cluster` folder's `service`.

pub mod connect;
pub mod health;
pub mod identity;
pub mod link;
pub mod peers;
pub mod send_snapshot;
pub mod wire;
