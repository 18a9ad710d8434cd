//! One UDP frontend: each client gets a socket of its own towards its backend, and answers come back from the frontend's address.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

use super::balance::Balancer;
use super::tcp::Common;
use crate::clock;

/// A client that sends nothing and gets nothing for this long is forgotten.
const IDLE: Duration = Duration::from_secs(60);
/// Most clients of one frontend at a time; packets of further ones are dropped.
const MAX_CLIENTS: usize = 4096;
/// Largest packet.
const MAX_PACKET: usize = 65_535;

type Sessions = Arc<Mutex<HashMap<SocketAddr, Arc<UdpSocket>>>>;

/// Serves a frontend until `stop`.
pub(crate) async fn serve(
    socket: UdpSocket,
    balancer: Arc<Mutex<Balancer>>,
    common: Common,
    stop: CancellationToken,
) {
    let socket = Arc::new(socket);
    let sessions = Sessions::default();
    // Sessions end with their frontend: their answers would have no way out.
    let ended = stop.child_token();
    let _guard = ended.clone().drop_guard();
    let mut packet = vec![0; MAX_PACKET];
    loop {
        let received = tokio::select! {
            () = stop.cancelled() => return,
            () = common.shutdown.cancelled() => return,
            received = socket.recv_from(&mut packet) => received,
        };
        // An error belongs to an earlier packet that could not be delivered.
        let Ok((length, client)) = received else {
            continue;
        };
        let known = sessions.lock().get(&client).cloned();
        let upstream = match known {
            Some(upstream) => Some(upstream),
            None => begin(&socket, client, &balancer, &sessions, &common, &ended).await,
        };
        if let Some(upstream) = upstream {
            let _ = upstream.send(&packet[..length]).await;
        }
    }
}

async fn begin(
    socket: &Arc<UdpSocket>,
    client: SocketAddr,
    balancer: &Mutex<Balancer>,
    sessions: &Sessions,
    common: &Common,
    ended: &CancellationToken,
) -> Option<Arc<UdpSocket>> {
    if sessions.lock().len() >= MAX_CLIENTS {
        common.metrics.refused.inc();
        return None;
    }
    let now = clock::now();
    let backend = balancer
        .lock()
        .choose(client.ip(), now)
        .into_iter()
        .next()?;
    let any: SocketAddr = if backend.is_ipv4() {
        ([127, 0, 0, 1], 0).into()
    } else {
        ([0, 0, 0, 0, 0, 0, 0, 1], 0).into()
    };
    // Loopback can only be left from another address.
    let local = if backend.ip().is_loopback() {
        any
    } else {
        unspecified(any)
    };
    let upstream = Arc::new(UdpSocket::bind(local).await.ok()?);
    upstream.connect(backend).await.ok()?;
    balancer.lock().connected(client.ip(), backend, now);
    common.metrics.connections.inc();
    sessions.lock().insert(client, upstream.clone());
    let (socket, sessions, answers) = (socket.clone(), sessions.clone(), upstream.clone());
    let (ended, shutdown) = (ended.clone(), common.shutdown.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = ended.cancelled() => {}
            () = shutdown.cancelled() => {}
            () = answer(&socket, client, &answers) => {}
        }
        sessions.lock().remove(&client);
    });
    Some(upstream)
}

fn unspecified(address: SocketAddr) -> SocketAddr {
    if address.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        ([0, 0, 0, 0, 0, 0, 0, 0], 0).into()
    }
}

/// Takes answers back to the client until there are none for a while.
async fn answer(socket: &UdpSocket, client: SocketAddr, upstream: &UdpSocket) {
    let mut packet = vec![0; MAX_PACKET];
    while let Ok(Ok(length)) = tokio::time::timeout(IDLE, upstream.recv(&mut packet)).await {
        if socket.send_to(&packet[..length], client).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::metrics::Metrics;
    use crate::proxy::table::Route;
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn packets_go_there_and_answers_come_back() {
        let echo = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let route = Route {
            backends: vec![echo.local_addr().unwrap()],
            affinity: None,
        };
        tokio::spawn(async move {
            let mut packet = [0; 64];
            while let Ok((length, from)) = echo.recv_from(&mut packet).await {
                echo.send_to(&packet[..length], from).await.unwrap();
            }
        });
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let common = Common {
            permits: Arc::new(Semaphore::new(8)),
            metrics: Metrics::new(),
            shutdown: CancellationToken::new(),
        };
        let balancer = Arc::new(Mutex::new(Balancer::new(route)));
        tokio::spawn(serve(socket, balancer, common, CancellationToken::new()));
        let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        for text in ["one", "two"] {
            client.send_to(text.as_bytes(), address).await.unwrap();
            let mut packet = [0; 64];
            let (length, from) = client.recv_from(&mut packet).await.unwrap();
            assert_eq!((&packet[..length], from), (text.as_bytes(), address));
        }
    }
}
