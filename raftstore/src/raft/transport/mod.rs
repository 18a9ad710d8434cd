//! What carries raft between members: gRPC over connections that the caller makes.
//!
//! - `connect`: how a connection is made.

pub mod connect;
