//! The container runtime: a CRI v1 server on a unix socket that runs WebAssembly in `wasmtime`, and has containerd run the rest.
//!
//! It knows of pods only what CRI says of them, and nothing of the API server. [`run`] serves until told to stop; [`image`] is the store of
//! images, [`registry`] an OCI registry for single machines.

mod clock;
mod config;
mod containerd;
mod cpu;
mod cri;
mod engine;
mod error;
mod guest;
pub mod image;
mod logs;
mod metrics;
mod network;
pub mod registry;
mod run;
mod sockets;
mod state;
mod streaming;
mod toolbox;

pub use config::{
    Config, DEFAULT_COMPILE_JOBS, DEFAULT_COMPILED_CACHE_BYTES, DEFAULT_REQUEST_SLOTS,
};
pub use error::Error;
pub use metrics::{Counter, Metrics};
pub use run::run;
