//! The two neighbours of a kubelet, in memory: a container runtime and the few calls of an API server that a kubelet makes.

pub mod api;
pub mod cri;
