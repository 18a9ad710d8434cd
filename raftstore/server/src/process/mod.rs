//! One member as a process: from settings to listeners, and down again.
//!
//! The order is etcd's: bind everything, open the store, serve peers and metrics, wait until the member is part of its cluster, then
//! serve clients and tell the service manager. Down: accept no more, let what is under way end, close the store
//! (which hands over the lead), cut what is left. A second signal ends the process where it stands.

pub mod config;
pub mod limits;
pub mod notify;
pub mod sockets;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use hydrofoil_raftstore::{Caller, Store};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    flags::{Note, Settings, cluster, settings::Urls, url},
    grpc::Grpc,
    http::{self, Shared, metrics::ServerMetrics},
    listen::{
        connect::ToPeers,
        mux::{Calls, Mux, Slow},
        serve::{Http2, Server},
    },
    services,
};
use sockets::Sockets;

/// How long connections may take to end after the store is closed.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Runs a member until a signal, or until its cluster has no place for it.
///
/// # Errors
/// Why it could not start or had to stop.
pub async fn run(settings: Settings, notes: Vec<Note>) -> Result<(), String> {
    let mut signals = Signals::new()?;
    tell_settings(&settings, &notes);
    if settings.lock_memory {
        limits::lock_memory()?;
    }
    let room = Arc::new(Semaphore::new(
        limits::connections()?.min(Semaphore::MAX_PERMITS),
    ));
    let sockets = Sockets::open(&settings).await?;
    let started = tokio::select! {
        started = Member::start(&settings, sockets, room) => started,
        name = signals.next() => {
            tracing::info!(signal = name, "received signal before the store was open; stopping");
            return Ok(());
        }
    };
    let (member, pending) = started?;
    let ready = tokio::select! {
        ready = member.store.wait_ready() => ready.map_err(|error| error.to_string()),
        why = member.store.ended() => Err(why.to_owned()),
        name = signals.next() => {
            tracing::info!(signal = name, "received signal before the member was ready; stopping");
            return member.stop(&settings, signals).await;
        }
    };
    if let Err(why) = ready {
        member.stop(&settings, signals).await?;
        return Err(why);
    }
    member.serve_clients(&settings, pending)?;
    notify::tell(notify::READY);
    let ended = tokio::select! {
        name = signals.next() => {
            tracing::info!(signal = name, "received signal; shutting down");
            Ok(())
        }
        why = member.store.ended() => {
            tracing::error!(reason = why, "this member has no place in its cluster any more");
            Err(why.to_owned())
        }
    };
    notify::tell(notify::STOPPING);
    member.stop(&settings, signals).await?;
    ended
}

fn tell_settings(settings: &Settings, notes: &[Note]) {
    for note in notes {
        match note {
            Note::Used(name) => tracing::info!(
                variable_name = name,
                "recognized and used environment variable"
            ),
            Note::Unrecognized(name) => tracing::warn!(
                environment_variable = name,
                "unrecognized environment variable"
            ),
            Note::WithoutEffect { flag, why } => {
                tracing::warn!(flag, why, "a flag that has no effect here");
            }
        }
    }
    if settings.default_data_dir {
        tracing::warn!(data_dir = %settings.data_dir.display(), "'data-dir' was empty; using default");
    }
    let Urls {
        listen_peer,
        listen_client,
        listen_metrics,
        advertise_peer,
        advertise_client,
        ..
    } = &settings.urls;
    tracing::info!(
        name = settings.name,
        data_dir = %settings.data_dir.display(),
        listen_peer_urls = url::join(listen_peer),
        listen_client_urls = url::join(listen_client),
        listen_metrics_urls = url::join(listen_metrics),
        initial_advertise_peer_urls = url::join(advertise_peer),
        advertise_client_urls = url::join(advertise_client),
        initial_cluster = cluster::show(&settings.initial_cluster),
        initial_cluster_state = if settings.join_existing { "existing" } else { "new" },
        initial_cluster_token = settings.initial_cluster_token,
        quota_backend_bytes = settings.quota_bytes.unwrap_or(-1),
        "starting a store member"
    );
}

/// Signals that stop a process.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Signals, String> {
        let listen = |kind| signal(kind).map_err(|error| format!("listening for signals: {error}"));
        Ok(Signals {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "terminated",
            _ = self.interrupt.recv() => "interrupt",
        }
    }
}

/// Gives space back before anything is served, if the flags ask for it and there is enough of it.
async fn defragment(store: &Store, settings: &Settings) -> Result<(), String> {
    let Some(threshold) = settings.defrag_at_start else {
        return Ok(());
    };
    let status = store.status();
    let free = u64::try_from(status.db_size - status.db_size_in_use).unwrap_or_default();
    if free < threshold {
        tracing::info!(
            free,
            threshold,
            "skipping defragmentation at start: too little would be freed"
        );
        return Ok(());
    }
    tracing::info!(free, threshold, "defragmenting at start");
    let session = store.session(Caller::Internal);
    session
        .defragment()
        .await
        .map_err(|error| error.to_string())?;
    Ok(())
}

/// A member that is open.
struct Member {
    store: Store,
    shared: Arc<Shared>,
    grpc: Grpc,
    clients: Side,
    peers: Side,
}

/// The listeners of one side, and how they are stopped.
struct Side {
    stop: CancellationToken,
    abort: CancellationToken,
    tasks: TaskTracker,
    under_way: TaskTracker,
    room: Arc<Semaphore>,
    http2: Http2,
    slow: Option<Slow>,
}

impl Side {
    fn new(room: Arc<Semaphore>, settings: &Settings, slow: Option<Slow>) -> Side {
        Side {
            stop: CancellationToken::new(),
            abort: CancellationToken::new(),
            tasks: TaskTracker::new(),
            under_way: TaskTracker::new(),
            slow,
            room,
            http2: Http2 {
                max_concurrent_streams: settings.connections.max_concurrent_streams,
                keepalive: settings.connections.keepalive,
            },
        }
    }

    fn server(
        &self,
        side: &'static str,
        tls: Option<Arc<crate::listen::tls::Tls>>,
        grpc: Option<Calls>,
        http: Option<axum::Router>,
    ) -> Server {
        let under_way = self.under_way.clone();
        Server {
            side,
            mux: Arc::new(Mux {
                grpc,
                http,
                slow: self.slow.clone(),
                under_way,
            }),
            tls,
            http2: self.http2,
            room: Arc::clone(&self.room),
            stop: self.stop.clone(),
            abort: self.abort.clone(),
            tasks: self.tasks.clone(),
        }
    }

    /// No more is accepted; what is under way may end within `limit`.
    async fn finish(&self, limit: Duration) {
        self.stop.cancel();
        self.under_way.close();
        if tokio::time::timeout(limit, self.under_way.wait())
            .await
            .is_err()
        {
            tracing::warn!(limit = ?limit, "requests were still under way when their time was up");
        }
    }

    /// What is left is cut, after a moment to hear its last words.
    async fn cut(&self) {
        self.stop.cancel();
        self.tasks.close();
        let quiet = tokio::time::timeout(LAST_WORDS, self.tasks.wait()).await;
        self.abort.cancel();
        if quiet.is_err() {
            self.tasks.wait().await;
        }
    }
}

impl Member {
    /// Opens the store, serves peers and metrics. What is answered with waits for [`Member::serve_clients`].
    async fn start(
        settings: &Settings,
        sockets: Sockets,
        room: Arc<Semaphore>,
    ) -> Result<(Member, Sockets), String> {
        let connector = Arc::new(ToPeers::new(sockets.peer_tls.clone()));
        let config = config::of(settings)?;
        let (store, peer_service) = Store::open_cluster(config, connector)
            .await
            .map_err(|error| error.to_string())?;
        defragment(&store, settings).await?;
        let metrics = ServerMetrics::default();
        let mut registry = prometheus_client::registry::Registry::default();
        store.metrics().register(&mut registry);
        metrics.register(&mut registry);
        let grpc = services::grpc(&store, settings);
        grpc.metrics().register(&mut registry);
        let shared = Arc::new(Shared {
            store: store.clone(),
            metrics,
            quota_bytes: settings.quota_bytes.map_or(0, i64::unsigned_abs),
            registry,
        });
        let slow = Slow {
            apply: settings.warn_apply,
            unary: settings.warn_unary,
            slow_applies: shared.metrics.slow_applies.clone(),
        };
        let peer_room = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        let member = Member {
            clients: Side::new(room, settings, Some(slow)),
            // Peers are few and known: they are never kept out by clients.
            peers: Side::new(peer_room, settings, None),
            store,
            shared,
            grpc,
        };
        let mut sockets = sockets;
        let peers = member.peers.server(
            "peer",
            sockets.peer_tls.clone(),
            Some(Calls::Routes(peer_service.routes().into_axum_router())),
            Some(http::peer_routes(&member.shared)),
        );
        for (listener, tls) in sockets.peer.drain(..) {
            tracing::info!(
                address = listener.local_address().map(tracing::field::display),
                "serving peer traffic"
            );
            peers.listen(listener, tls);
        }
        let metrics = member.clients.server(
            "metrics",
            sockets.client_tls.clone(),
            None,
            Some(http::metrics_routes(&member.shared)),
        );
        for (listener, tls) in sockets.metrics.drain(..) {
            tracing::info!(
                address = listener.local_address().map(tracing::field::display),
                "serving metrics"
            );
            metrics.listen(listener, tls);
        }
        Ok((member, sockets))
    }

    /// Serves clients.
    fn serve_clients(&self, settings: &Settings, sockets: Sockets) -> Result<(), String> {
        let routes =
            services::http_routes(&self.shared, &self.grpc.clone().into_router(), settings)?;
        let grpc = Calls::Store(Box::new(self.grpc.clone()));
        let split = !sockets.client_http.is_empty();
        let tls = sockets.client_tls.clone();
        let both = self.clients.server(
            "client",
            tls.clone(),
            Some(grpc),
            (!split).then(|| routes.clone()),
        );
        let http = self.clients.server("client", tls, None, Some(routes));
        for (server, listeners) in [(both, sockets.client), (http, sockets.client_http)] {
            for (listener, tls) in listeners {
                if tls {
                    tracing::info!(
                        address = listener.local_address().map(tracing::field::display),
                        "serving client traffic securely"
                    );
                } else {
                    tracing::info!(
                        address = listener.local_address().map(tracing::field::display),
                        "serving client traffic insecurely; this is strongly discouraged!"
                    );
                }
                server.listen(listener, tls);
            }
        }
        Ok(())
    }

    /// Stops, gracefully unless another signal comes.
    async fn stop(self, settings: &Settings, mut signals: Signals) -> Result<(), String> {
        let name = settings.name.as_str();
        tracing::info!(name, "closing store member");
        let stop = async {
            self.clients.finish(config::request_timeout(settings)).await;
            self.grpc.close();
            // Closing the store hands over the lead first, which peers must still hear.
            self.store.shutdown().await;
            self.clients.cut().await;
            self.peers.cut().await;
        };
        tokio::select! {
            () = stop => {
                tracing::info!(name, "closed store member");
                Ok(())
            }
            signal = signals.next() => Err(format!("received another signal ({signal}); ending at once")),
        }
    }
}
