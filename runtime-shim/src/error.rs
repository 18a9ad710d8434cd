//! What keeps the runtime from starting, or from going on. What a single CRI call fails with is `cri::error`.

use std::io;
use std::path::PathBuf;

/// The runtime could not be started, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder of the runtime's root could not be made or read.
    #[error("{what} {}: {source}", path.display())]
    Files {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// Another runtime serves on the socket.
    #[error("another runtime is listening on {}", .0.display())]
    SocketTaken(PathBuf),
    /// Another runtime works in the root.
    #[error("another runtime uses {}", .0.display())]
    RootTaken(PathBuf),
    /// wasmtime refused its settings.
    #[error("the WebAssembly engine cannot be set up: {0}")]
    Engine(String),
    /// The image store could not be opened.
    #[error("the image store cannot be opened: {0}")]
    Images(String),
    /// The operating system gave no threads.
    #[error("threads for guests cannot be started: {0}")]
    Threads(io::Error),
    /// The streaming server has no address.
    #[error("the streaming server cannot listen: {0}")]
    Streaming(io::Error),
    /// Serving failed.
    #[error("serving CRI failed: {0}")]
    Serve(String),
}

impl Error {
    /// A failure with a path.
    pub(crate) fn files(what: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Files {
            what,
            path: path.into(),
            source,
        }
    }
}
