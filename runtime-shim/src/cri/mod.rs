//! CRI v1, a file per group of verbs. [`Runtime`] holds the parts; `service` is the wire; everything between is in the verbs' files.
//!
//! What is no WebAssembly is containerd's: `front` says what goes there, and puts its answers beside ours.
//!
//! A verb's function takes the request's message and gives the response's, or a [`CriError`].

mod command;
mod container;
mod deadline;
mod elsewhere;
mod error;
mod events;
mod front;
mod image;
mod metrics;
mod node;
mod query;
mod restore;
mod sandbox;
mod service;
mod start;
mod stats;
mod streaming;

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

pub use error::CriError;
pub use events::Events;
pub use service::{MAX_MESSAGE, serve};
pub use streaming::Sessions;

use crate::containerd::Containerd;
use crate::cpu::Cores;
use crate::engine::{Loader, Ticker};
use crate::image::{ImageStore, WasmArtifact};
use crate::metrics::Metrics;
use crate::network::Allocator;
use crate::state::{Container, Index, Journal, Sandbox};
use crate::streaming::Server;

/// Result of a verb.
pub type CriResult<T> = Result<T, CriError>;

/// The parts of a running runtime.
pub struct Runtime {
    /// Sandboxes and containers.
    pub index: Mutex<Index>,
    /// Pod addresses.
    pub addresses: Mutex<Allocator>,
    /// Compiled programs.
    pub loader: Loader,
    /// Images.
    pub images: ImageStore,
    /// Who listens for containers' events.
    pub events: Events,
    /// What outlives the process.
    pub journal: Journal,
    /// Where guests run.
    pub guests: Handle,
    /// The cores that guests share.
    pub cores: Arc<Cores>,
    /// The engine's epoch clock.
    pub ticker: Arc<Ticker>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Requests that all guests together may answer at once.
    pub slots: Arc<Semaphore>,
    /// Containers' folders of gathered files.
    pub staging: PathBuf,
    /// Who runs what is no WebAssembly.
    pub containerd: Option<Containerd>,
    /// Where clients come for streams.
    pub streaming: Arc<Server>,
    /// The tools that every container has.
    pub toolbox: WasmArtifact,
}

impl Runtime {
    fn sandbox(&self, id: &str) -> CriResult<Arc<Sandbox>> {
        self.index
            .lock()
            .sandbox(id)
            .ok_or_else(|| CriError::not_found("sandbox", id))
    }

    fn container(&self, id: &str) -> CriResult<Arc<Container>> {
        self.index
            .lock()
            .container(id)
            .ok_or_else(|| CriError::not_found("container", id))
    }
}
