//! The kubelet: makes the pods that the API server binds to this node real, through a CRI runtime, and tells how they are.
//!
//! `machine` decides, `execute` does, `sync` is the loop between them. Everything else is a part of one of the three, or stands
//! beside them: the Node object (`node_status`), the HTTPS server (`server`), what is cleaned up (`gc`).

mod admission;
mod api_write;
mod config;
mod cri;
mod cri_config;
mod env;
mod execute;
mod fields;
mod gc;
mod hooks;
mod host;
mod images;
mod labels;
mod logs;
mod machine;
mod metrics;
mod node_status;
mod objects;
mod pleg;
mod probes;
mod record;
mod references;
mod resources;
mod server;
mod service_env;
mod start;
mod status_write;
mod sync;
mod text;
mod view;
mod volumes;

pub use config::{Config, Threshold, Tls};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// Why a kubelet could not start or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration cannot work; the text says which value and why.
    #[error("kubelet configuration: {0}")]
    Config(String),
    /// A file or directory the kubelet needs.
    #[error("{context}: {source}")]
    Io {
        /// What was being done.
        context: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The HTTPS server's certificate, key or CA.
    #[error("kubelet server TLS: {0}")]
    Tls(String),
    /// The container runtime did not answer as CRI v1 says.
    #[error("container runtime at {endpoint}: {message}")]
    Runtime {
        /// The socket.
        endpoint: String,
        /// What went wrong.
        message: String,
    },
    /// The API server refused something without which no node can be.
    #[error("API server: {0}")]
    Api(#[from] Box<kube::Error>),
}

/// Runs a kubelet until `shutdown` is cancelled. `ready` is sent once the Node is registered, the runtime answers and the first
/// list of pods is taken in.
pub async fn run(
    config: Config,
    client: kube::Client,
    shutdown: CancellationToken,
    ready: oneshot::Sender<()>,
) -> Result<(), Error> {
    start::run(config, client, shutdown, ready).await
}
