//! The embedded registry: the OCI distribution specification v1.1 over files, without authentication, for one machine.
//!
//! Pull, push, discovery (tags, referrers) and management. It knows nothing of WebAssembly: any OCI artifact can be pushed. It is
//! not for the open network: whoever reaches its port can write.

mod blobs;
mod discovery;
mod error;
mod handlers;
mod manifest;
mod manifests;
mod range;
mod route;
mod server;
mod storage;
#[cfg(test)]
mod tests;
mod uploading;
mod uploads;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use manifests::MAX_MANIFEST_BYTES;
pub use server::MAX_CONNECTIONS;
pub use uploading::MAX_BLOB_BYTES;
pub use uploads::MAX_UPLOADS;

/// How to start a registry.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The folder that holds everything; made if missing. One process at a time.
    pub root: PathBuf,
}

/// Why a registry could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken, or not allowed.
    #[error("registry: cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder.
    #[error("registry: {path}: {source}")]
    Storage {
        /// Which.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A running registry. Dropped without [`Registry::shutdown`], it stops too, without waiting for requests in progress.
#[derive(Debug)]
pub struct Registry {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Registry {
    /// Where it listens, with the actual port.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, lets requests in progress end (for a short while), and returns.
    pub async fn shutdown(mut self) {
        self.shutdown.cancel();
        // An error means that the server panicked, which the panic has reported.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Opens the folder, binds the port, and serves in the background.
pub async fn start(config: Config) -> Result<Registry, StartError> {
    let root = config.root.clone();
    let failed = |source| StartError::Storage {
        path: config.root.display().to_string(),
        source,
    };
    let storage = tokio::task::spawn_blocking(move || storage::Storage::open(&root))
        .await
        .map_err(|error| failed(std::io::Error::other(error)))?
        .map_err(failed)?;
    let refused = |source| StartError::Listen {
        address: config.listen,
        source,
    };
    let listener = TcpListener::bind(config.listen).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let app = Arc::new(handlers::App {
        storage,
        uploads: uploads::Uploads::default(),
    });
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(server::serve(listener, app, shutdown.clone()));
    Ok(Registry {
        address,
        shutdown,
        task,
    })
}
