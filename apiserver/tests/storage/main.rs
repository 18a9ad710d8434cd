//! The API server over every store that it can be given: the one in its process, and etcd's API over the network with the
//! real etcd behind it. One suite for all, and what only a store over the network can do: be away, be restarted, forget
//! history that is still needed.

#![allow(clippy::unwrap_used, reason = "what fails ends the test")]

#[path = "../api/cluster.rs"]
#[allow(dead_code, reason = "shared with the tests of the API")]
mod cluster;
mod etcd;
mod relay;
mod remote;
mod suite;
