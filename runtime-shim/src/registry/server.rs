//! The registry's socket: accepts a bounded number of connections, serves HTTP/1.1 and HTTP/2 without TLS, and stops cleanly.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::handlers::App;

/// The most connections at the same time; more wait to be accepted.
pub const MAX_CONNECTIONS: usize = 512;
/// How long a client may take for a request's head.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long requests in progress may go on after [`super::Registry::shutdown`].
pub const DRAIN_LIMIT: Duration = Duration::from_secs(5);
/// How often idle uploads are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(5 * 60);
/// How long to wait after the system refused a connection (no file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown`.
pub async fn serve(listener: TcpListener, app: Arc<App>, shutdown: CancellationToken) {
    let router = Router::new()
        .fallback(super::handlers::handle)
        .with_state(Arc::clone(&app));
    let turns = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let connections = TaskTracker::new();
    let mut sweep = tokio::time::interval(SWEEP_EVERY);
    loop {
        let turn = tokio::select! {
            () = shutdown.cancelled() => break,
            turn = Arc::clone(&turns).acquire_owned() => turn,
        };
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            _ = sweep.tick() => {
                app.uploads.expire(Instant::now());
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = connection(stream, peer, router.clone(), shutdown.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(turn);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "registry cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(DRAIN_LIMIT, connections.wait())
        .await
        .is_err()
    {
        tracing::warn!("registry leaves requests unfinished");
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    shutdown: CancellationToken,
) {
    // Small answers matter more than full packets; without it the connection still works.
    let _ = stream.set_nodelay(true);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    let connection =
        builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "registry connection ended");
    }
}
