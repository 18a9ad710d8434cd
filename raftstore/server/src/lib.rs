//! The store as a server: etcd's gRPC and HTTP over the store, its flags, its tools.

pub mod flags;
pub mod grpc;
pub mod snapshot;
pub mod version;
