//! The Service proxy: makes ClusterIPs and node ports lead to the pods behind them. Knows Services and EndpointSlices, and nothing
//! of pods or of the kubelet.

mod balance;
mod health;
mod metrics;
mod sync;
mod table;
mod tcp;
mod udp;

use std::net::SocketAddr;
use std::sync::Arc;

use futures::StreamExt;
use hydrofoil_client::events::Recorder;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::Api;
use kube::runtime::{WatchStreamExt, watcher};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use health::Health;
use metrics::Metrics;
use sync::ProxyLoop;

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

/// Runs the proxy until `shutdown` is cancelled. `ready` is sent the address of the health server, if there is one, once it listens.
pub async fn run(
    config: Config,
    client: kube::Client,
    shutdown: CancellationToken,
    ready: oneshot::Sender<Option<SocketAddr>>,
) -> Result<(), Error> {
    let Mode::Userspace = config.mode;
    let stop = shutdown.child_token();
    let _guard = stop.clone().drop_guard();
    let metrics = Metrics::new();
    let health = Health {
        metrics: metrics.clone(),
        updated: Arc::default(),
    };
    let mut tasks = JoinSet::new();
    let mut healthz = None;
    if let Some(address) = config.healthz_address {
        let listener = health::bind(address).await?;
        healthz = Some(listener.local_addr().unwrap_or(address));
        tasks.spawn(health::serve(listener, health.clone(), stop.clone()));
    }
    // Nobody may be waiting.
    let _ = ready.send(healthz);
    let recorder = Recorder::new(
        client.clone(),
        "kube-proxy",
        Some(config.node_name.clone()),
        stop.clone(),
    );
    let node = table::Node {
        name: config.node_name,
        port_address: config.node_port_address,
    };
    let common = tcp::Common {
        permits: Arc::new(Semaphore::new(config.max_connections.max(1))),
        metrics,
        shutdown: stop.clone(),
    };
    let wanted = || watcher::Config::default().labels(sync::SELECTOR);
    let services = watcher(Api::<Service>::all(client.clone()), wanted())
        .default_backoff()
        .boxed();
    let slices = watcher(Api::<EndpointSlice>::all(client), wanted())
        .default_backoff()
        .boxed();
    ProxyLoop::new(node, common, health, recorder)
        .run(services, slices)
        .await;
    stop.cancel();
    while tasks.join_next().await.is_some() {}
    Ok(())
}
