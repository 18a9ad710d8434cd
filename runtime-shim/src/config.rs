//! What the runtime is told at its start. Parsed and checked once; nothing reads settings from anywhere else.

use std::path::PathBuf;

use ipnet::Ipv4Net;

use crate::image::Registries;

/// Guest instances that may exist at once unless told otherwise: a little more than the node's default of 11,000 pods.
pub const DEFAULT_INSTANCE_SLOTS: u32 = 12_000;
/// Compiled code kept on disk unless told otherwise.
pub const DEFAULT_COMPILED_CACHE_BYTES: u64 = 4 << 30;
/// Modules compiled at once unless told otherwise. Each compilation already uses every core.
pub const DEFAULT_COMPILE_JOBS: usize = 2;

/// Settings of one runtime.
#[derive(Clone, Debug)]
pub struct Config {
    /// The unix socket to serve CRI on. Created with mode 0600; a stale one (nobody listening) is replaced.
    pub socket: PathBuf,
    /// Where images, compiled code and state are kept. Created with mode 0700.
    pub root: PathBuf,
    /// How to reach registries.
    pub registries: Registries,
    /// Range of pod addresses before the kubelet has sent one (`UpdateRuntimeConfig`); without either, the network is not ready.
    pub pod_cidr: Option<Ipv4Net>,
    /// Guest instances that may exist at once. Each takes 4 GiB of address space and no memory while unused.
    pub instance_slots: u32,
    /// Bound of the compiled code on disk, in bytes; the least recently loaded goes first.
    pub compiled_cache_bytes: u64,
    /// Modules compiled at once; further ones wait.
    pub compile_jobs: usize,
    /// Threads that run guests; 0 means twice the cores, at least 4.
    pub guest_threads: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            socket: PathBuf::from("runtime.sock"),
            root: PathBuf::from("runtime"),
            registries: Registries::default(),
            pod_cidr: None,
            instance_slots: DEFAULT_INSTANCE_SLOTS,
            compiled_cache_bytes: DEFAULT_COMPILED_CACHE_BYTES,
            compile_jobs: DEFAULT_COMPILE_JOBS,
            guest_threads: 0,
        }
    }
}
