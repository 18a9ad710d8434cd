//! What the runtime is told at its start. Parsed and checked once; nothing reads settings from anywhere else.

use std::path::PathBuf;

use ipnet::Ipv4Net;

use crate::image::Registries;

/// HTTP requests that all guests together answer at once, unless told otherwise.
pub const DEFAULT_REQUEST_SLOTS: u32 = 1024;
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
    /// The socket of a containerd that runs what is no WebAssembly; without one nothing but WebAssembly is run.
    pub containerd: Option<PathBuf>,
    /// Range of pod addresses before the kubelet has sent one (`UpdateRuntimeConfig`); without either, the network is not ready.
    pub pod_cidr: Option<Ipv4Net>,
    /// HTTP requests that all guests together answer at once; further ones wait. A slot takes 4 GiB of address space and no memory while
    /// it is unused.
    pub request_slots: u32,
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
            containerd: None,
            pod_cidr: None,
            request_slots: DEFAULT_REQUEST_SLOTS,
            compiled_cache_bytes: DEFAULT_COMPILED_CACHE_BYTES,
            compile_jobs: DEFAULT_COMPILE_JOBS,
            guest_threads: 0,
        }
    }
}
