//! The container runtime: a CRI v1 server on a unix socket that runs WebAssembly in `wasmtime`.
//!
//! It knows of pods only what CRI says of them, and nothing of the API server. [`run`] serves until told to stop; [`image`] is the store of
//! images, [`registry`] an OCI registry for single machines.

mod clock;
mod config;
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

pub use config::Config;
pub use error::Error;
pub use metrics::{Counter, Metrics};
pub use run::run;
