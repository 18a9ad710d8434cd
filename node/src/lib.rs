//! The node: the kubelet, which makes a node's pods real through CRI, and the Service proxy, which makes Services reachable.
//!
//! This room knows the API server through its client and a container runtime through its CRI socket. It knows nothing of wasmtime,
//! containerd, or how objects are stored.

mod clock;
pub mod kubelet;
pub mod proxy;
