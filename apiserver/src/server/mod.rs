//! Starting and stopping: the store's caches, the listener, the cluster's first objects, clients in this process.

mod connection;
mod inprocess;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bootstrap;
use crate::cache::{Caches, FeedError};
use crate::config::Config;
use crate::error::Error;
use crate::identity::Identity;
use crate::kinds::KINDS;
use crate::pipeline::{Core, KubeletClient};
use crate::registry::Registry;
use crate::resources::Table;
use crate::storage::{Compactor, Storage};

/// Longest time that requests under way are given when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// A running API server.
pub struct ApiServer {
    core: Arc<Core>,
    local_addr: SocketAddr,
    tasks: TaskTracker,
    /// Ends the caches, after everything that reads them.
    feed_end: CancellationToken,
    feed: JoinHandle<Result<(), FeedError>>,
}

/// Starts an API server over an open store. When it returns, the caches are filled, the cluster's first objects are there,
/// and HTTPS is served.
///
/// # Errors
/// When the address is taken, a certificate is not usable, or the store cannot be read or written.
pub async fn start(config: Config, storage: impl Into<Storage>) -> Result<ApiServer, Error> {
    let (mut config, storage) = (config, storage.into());
    let tls = tls::acceptor(&config)?;
    let kubelets = tls::kubelet_client(&config)?.map(KubeletClient::new);
    let listener = listen(config.listen).await?;
    let local_addr = listener.local_addr().map_err(|source| Error::Listen {
        address: config.listen,
        source,
    })?;
    config.listen = local_addr;
    let table = Table::new(KINDS);
    let caches = Caches::new(table.schemas());
    let feed_end = CancellationToken::new();
    let feed = follow(Arc::clone(&caches), storage.clone(), feed_end.clone());
    let registry = Registry::new(storage, caches);
    let shutdown = CancellationToken::new();
    let core = Arc::new(Core::new(config, table, registry, kubelets, shutdown)?);
    let mut server = ApiServer {
        core,
        local_addr,
        tasks: TaskTracker::new(),
        feed_end,
        feed,
    };
    if let Err(error) = server.fill().await {
        server.stop().await;
        return Err(error);
    }
    let core = Arc::clone(&server.core);
    server.tasks.spawn(connection::accept(
        core,
        listener,
        tls,
        server.tasks.clone(),
    ));
    server
        .tasks
        .spawn(bootstrap::keep(Arc::clone(&server.core)));
    server.tasks.spawn(compact(Arc::clone(&server.core)));
    Ok(server)
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address)
        .await
        .map_err(|source| Error::Listen { address, source })
}

fn follow(
    caches: Arc<Caches>,
    storage: Storage,
    end: CancellationToken,
) -> JoinHandle<Result<(), FeedError>> {
    tokio::spawn(async move {
        let outcome = caches.run(&storage, end).await;
        if let Err(error) = &outcome {
            tracing::error!(%error, "the watch cache stopped");
        }
        outcome
    })
}

impl ApiServer {
    /// Waits for the caches and writes what every cluster has.
    async fn fill(&mut self) -> Result<(), Error> {
        let core = Arc::clone(&self.core);
        let filled = async {
            // What fills them reads all that was written before, so that any revision says that they are filled. Without
            // end: a large store takes its time, and one that fails for good ends the feed.
            while core.caches().wait(1, GRACE).await.is_err() {}
        };
        tokio::select! {
            () = filled => {}
            outcome = &mut self.feed => {
                outcome.unwrap_or(Ok(()))?;
                return Err(Error::Bootstrap("the watch cache ended".to_owned()));
            }
        }
        core.allocation.fill(core.caches());
        bootstrap::first_objects(&core).await
    }

    /// The address that HTTPS is served on.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// A client in this process: no socket, no TLS, acting as this user in these groups.
    pub fn client(&self, user: &str, groups: &[&str]) -> kube::Client {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        inprocess::client(&self.core, Identity::authenticated(user, groups))
    }

    /// Whether everything that is served is ready, as `/readyz` says.
    pub fn is_ready(&self) -> bool {
        self.core.caches().is_ready() && !self.core.shutdown.is_cancelled()
    }

    /// Stops: watches end, requests under way are answered, connections close. The store stays open.
    pub async fn shutdown(self) {
        self.stop().await;
    }

    async fn stop(self) {
        self.core.shutdown.cancel();
        self.tasks.close();
        if timeout(GRACE, self.tasks.wait()).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        self.feed_end.cancel();
        // A feed that failed has said so itself.
        let _ = self.feed.await;
    }
}

/// Forgets the store's history, keeping what is younger than the interval.
async fn compact(core: Arc<Core>) {
    let Some(interval) = core.config.compaction_interval else {
        return;
    };
    let storage = core.registry.store();
    let mut compactor = Compactor::new(storage);
    loop {
        tokio::select! {
            () = core.shutdown.cancelled() => return,
            () = tokio::time::sleep(interval) => {}
        }
        if let Err(error) = compactor.step(storage).await {
            tracing::warn!(%error, "the store's history was not compacted");
        }
    }
}
