//! Connections: accepted within a bound, shaken hands with in time, served until either side is done.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use super::tls;
use crate::pipeline::Core;

/// Requests at once on one HTTP/2 connection, as upstream's.
const STREAMS: u32 = 250;
/// Largest request head on HTTP/1.1, bytes.
const HEAD: usize = 64 * 1024;
/// A silent HTTP/2 connection is asked whether it is there this often.
const PING: Duration = Duration::from_secs(30);
/// Wait after the system refused a connection (too many open files).
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections until the server stops.
pub async fn accept(core: Arc<Core>, listener: TcpListener, tls: TlsAcceptor, tasks: TaskTracker) {
    let room = Arc::new(Semaphore::new(core.config.limits.connections));
    loop {
        let permit = tokio::select! {
            () = core.shutdown.cancelled() => return,
            permit = Arc::clone(&room).acquire_owned() => permit,
        };
        let Ok(permit) = permit else { return };
        let accepted = tokio::select! {
            () = core.shutdown.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (core, tls) = (Arc::clone(&core), tls.clone());
                tasks.spawn(async move {
                    let _permit = permit;
                    let _counted = core.metrics.connection();
                    serve(core, tls, stream, peer).await;
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn serve(core: Arc<Core>, tls: TlsAcceptor, stream: TcpStream, peer: SocketAddr) {
    // Small answers must not wait for each other.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "TCP_NODELAY");
    }
    let patience = core.config.limits.handshake;
    let stream = match timeout(patience, tls.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%peer, %error, "TLS handshake");
            return;
        }
        Err(_) => {
            tracing::debug!(%peer, "TLS handshake timed out");
            return;
        }
    };
    let identity = tls::identity(stream.get_ref().1.peer_certificates());
    let service = {
        let core = Arc::clone(&core);
        service_fn(move |request: Request<hyper::body::Incoming>| {
            let core = Arc::clone(&core);
            let mut request = request.map(Body::new);
            if let Some(identity) = &identity {
                request.extensions_mut().insert(identity.clone());
            }
            async move { Ok::<_, std::convert::Infallible>(core.serve(request).await) }
        })
    };
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(HEAD * 4);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD as u32)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    let mut connection =
        pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = core.shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%peer, %error, "connection");
    }
}
