//! Port-forwarding: each of a client's connections is a pair of streams, one for its bytes and one for what went wrong.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::ws::WebSocket;
use bytes::{Bytes, BytesMut};
use hydrofoil_cri::v1::PortForwardRequest;
use hydrofoil_streams::protocol::Abilities;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::remote::{Incoming, Outgoing};
use super::server::Target;
use super::spdy::{Connection, Stream};
use super::websocket::Channels;
use super::{PIECE, STREAMS_WITHIN};

/// Most ports of one websocket.
const MAX_PORTS: usize = 127;

/// One of the client's connections.
struct Pair {
    incoming: Incoming,
    data: Outgoing,
    error: Outgoing,
}

/// The half of a pair that came first.
struct Half {
    stream: Stream,
    since: Instant,
}

/// Forwards what the client opens, until it leaves.
pub async fn over_spdy(mut connection: Connection, sandbox_id: String, target: Arc<dyn Target>) {
    let mut halves: HashMap<String, Half> = HashMap::new();
    let running = TaskTracker::new();
    while let Some(stream) = connection.opened.recv().await {
        halves.retain(|_, half| half.since.elapsed() < STREAMS_WITHIN);
        // A client of before there were identifiers opens its two streams one after the other.
        let id = stream.header("requestid").unwrap_or_default().to_owned();
        let Some(first) = halves.remove(&id) else {
            let since = Instant::now();
            halves.insert(id, Half { stream, since });
            continue;
        };
        let is_error = |stream: &Stream| stream.header("streamtype") == Some("error");
        let (error, data) = match (is_error(&first.stream), is_error(&stream)) {
            (true, false) => (first.stream, stream),
            (false, true) => (stream, first.stream),
            _ => {
                tracing::debug!("two streams of one kind for a port");
                continue;
            }
        };
        let port = data.header("port").map(ToOwned::to_owned);
        let pair = Pair {
            incoming: data.incoming,
            data: Outgoing::Spdy(data.sink),
            error: Outgoing::Spdy(error.sink),
        };
        let (sandbox, target) = (sandbox_id.clone(), Arc::clone(&target));
        let gone = connection.gone.clone();
        running.spawn(async move {
            let forwarding = forward(pair, &sandbox, port.as_deref(), &*target);
            gone.run_until_cancelled(forwarding).await;
        });
    }
    running.close();
    running.wait().await;
}

/// Forwards the ports of the request, each over two channels, until the client leaves (protocol `v4.channel.k8s.io`).
pub async fn over_channels(
    socket: WebSocket,
    abilities: Abilities,
    request: PortForwardRequest,
    target: Arc<dyn Target>,
) {
    let ports: Vec<u16> = request
        .port
        .iter()
        .filter_map(|port| u16::try_from(*port).ok())
        .take(MAX_PORTS)
        .collect();
    let data_of = |index: usize| u8::try_from(index * 2).unwrap_or(u8::MAX);
    let readable: Vec<u8> = (0..ports.len()).map(data_of).collect();
    let mut channels = Channels::new(socket, abilities, &readable);
    let running = TaskTracker::new();
    for (index, port) in ports.into_iter().enumerate() {
        let channel = data_of(index);
        let Some(incoming) = channels.incoming(channel) else {
            continue;
        };
        let pair = Pair {
            incoming,
            data: Outgoing::Channel(channels.sink(channel)),
            error: Outgoing::Channel(channels.sink(channel + 1)),
        };
        let (sandbox, target) = (request.pod_sandbox_id.clone(), Arc::clone(&target));
        let gone = channels.gone.clone();
        running.spawn(async move {
            // Which channel is which port's is said first.
            let name = Bytes::copy_from_slice(&port.to_le_bytes());
            if pair.data.send(name.clone()).await.is_err() || pair.error.send(name).await.is_err() {
                return;
            }
            let port = port.to_string();
            let forwarding = forward(pair, &sandbox, Some(&port), &*target);
            gone.run_until_cancelled(forwarding).await;
        });
    }
    running.close();
    running.wait().await;
}

/// Forwards one connection to its end, and tells what went wrong.
async fn forward(pair: Pair, sandbox_id: &str, port: Option<&str>, target: &dyn Target) {
    let Pair {
        incoming,
        data,
        error,
    } = pair;
    let told = match port.and_then(|port| port.parse::<u16>().ok()) {
        None | Some(0) => Err(format!(
            "unable to parse {:?} as a port",
            port.unwrap_or_default()
        )),
        Some(port) => match target.connect(sandbox_id, port).await {
            Ok(connection) => copy(connection, incoming, &data).await,
            Err(words) => Err(words),
        }
        .map_err(|words| {
            // The pod's uid is CRI's to know, and CRI does not tell it.
            format!("error forwarding port {port} to pod {sandbox_id}, uid : {words}")
        }),
    };
    if let Err(words) = told {
        let _ = error.send(words.into()).await;
    }
    data.finish().await;
    error.finish().await;
}

/// Copies both ways until the pod's side has nothing more to say.
async fn copy(
    connection: tokio::net::TcpStream,
    mut incoming: Incoming,
    data: &Outgoing,
) -> Result<(), String> {
    let (mut from, mut to) = connection.into_split();
    let inwards = async {
        while let Some(bytes) = incoming.recv().await {
            if to.write_all(&bytes).await.is_err() {
                break;
            }
        }
        let _ = to.shutdown().await;
        // What comes back is waited for by the other direction.
        std::future::pending::<()>().await;
    };
    let outwards = async {
        let mut piece = BytesMut::with_capacity(PIECE);
        loop {
            match from.read_buf(&mut piece).await {
                Ok(0) => return Ok(()),
                Ok(_) if data.send(piece.split().freeze()).await.is_err() => return Ok(()),
                Ok(_) => piece.reserve(PIECE),
                Err(error) => return Err(error.to_string()),
            }
        }
    };
    tokio::select! {
        () = inwards => Ok(()),
        ended = outwards => ended,
    }
}
