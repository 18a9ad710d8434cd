//! One TCP frontend: accepts, connects to a backend, copies both ways until both sides have closed.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::balance::Balancer;
use super::metrics::Metrics;
use crate::clock;

/// Longest wait for a backend to take a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Most backends tried for one client.
const MAX_TRIES: usize = 4;
/// Pause after accepting failed, as when no descriptors are left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What every frontend shares.
#[derive(Clone)]
pub(crate) struct Common {
    /// Connections open over all frontends.
    pub permits: Arc<Semaphore>,
    pub metrics: Arc<Metrics>,
    /// Ends listeners and connections.
    pub shutdown: CancellationToken,
}

/// Serves a frontend until `stop`. Connections made before go on.
pub(crate) async fn serve(
    listener: TcpListener,
    balancer: Arc<Mutex<Balancer>>,
    common: Common,
    stop: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            () = common.shutdown.cancelled() => return,
            accepted = accept(&listener, &common.permits) => accepted,
        };
        let Some((client, permit)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let balancer = balancer.clone();
        let common = common.clone();
        tokio::spawn(async move {
            let _permit = permit;
            let shutdown = common.shutdown.clone();
            shutdown
                .run_until_cancelled(relay(client, &balancer, &common))
                .await;
        });
    }
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = permits.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((client, _)) => Some((client, permit)),
        Err(error) => {
            tracing::debug!(%error, "accepting a connection failed");
            None
        }
    }
}

async fn relay(mut client: TcpStream, balancer: &Mutex<Balancer>, common: &Common) {
    let Ok(peer) = client.peer_addr() else { return };
    let order = balancer.lock().choose(peer.ip(), clock::now());
    let mut server = None;
    for backend in order.into_iter().take(MAX_TRIES) {
        match tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(backend)).await {
            Ok(Ok(stream)) => {
                balancer.lock().connected(peer.ip(), backend, clock::now());
                server = Some(stream);
                break;
            }
            Ok(Err(error)) => tracing::debug!(%backend, %error, "connecting to a backend failed"),
            Err(_) => tracing::debug!(%backend, "connecting to a backend timed out"),
        }
    }
    let Some(mut server) = server else {
        common.metrics.refused.inc();
        reset(&client);
        return;
    };
    common.metrics.connections.inc();
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    if copy_bidirectional(&mut client, &mut server).await.is_err() {
        // What broke on one side is to look broken on the other.
        reset(&client);
        reset(&server);
    }
}

/// Closes with RST instead of FIN.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::table::Route;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Reads to the end, then answers with a name and what was read.
    async fn backend(name: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut text = name.to_owned();
                    stream.read_to_string(&mut text).await.unwrap();
                    stream.write_all(text.as_bytes()).await.unwrap();
                });
            }
        });
        address
    }

    async fn frontend(mut backends: Vec<SocketAddr>) -> (SocketAddr, CancellationToken) {
        backends.sort();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let route = Route {
            backends,
            affinity: None,
        };
        let common = Common {
            permits: Arc::new(Semaphore::new(8)),
            metrics: Metrics::new(),
            shutdown: CancellationToken::new(),
        };
        let stop = CancellationToken::new();
        let balancer = Arc::new(Mutex::new(Balancer::new(route)));
        tokio::spawn(serve(listener, balancer, common, stop.clone()));
        (address, stop)
    }

    async fn ask(address: SocketAddr) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b" hello").await?;
        // The other direction stays open.
        stream.shutdown().await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        Ok(text)
    }

    #[tokio::test]
    async fn both_directions_close_on_their_own_and_backends_take_turns() {
        let (address, _stop) = frontend(vec![backend("a").await, backend("b").await]).await;
        let mut answers = vec![ask(address).await.unwrap(), ask(address).await.unwrap()];
        answers.sort();
        assert_eq!(answers, ["a hello", "b hello"]);
    }

    #[tokio::test]
    async fn a_dead_backend_is_passed_over() {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dead = gone.local_addr().unwrap();
        drop(gone);
        let (address, _stop) = frontend(vec![dead, backend("a").await]).await;
        for _ in 0..3 {
            assert_eq!(ask(address).await.unwrap(), "a hello");
        }
    }

    #[tokio::test]
    async fn without_any_backend_the_connection_is_reset() {
        let (address, _stop) = frontend(Vec::new()).await;
        assert!(ask(address).await.is_err());
    }
}
