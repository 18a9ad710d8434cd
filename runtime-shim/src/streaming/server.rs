//! The HTTP server: takes a ticket, agrees on a protocol, takes over the connection, and hands what comes of it to the [`Target`].

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts as _, Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, HeaderValue, StatusCode};
use hydrofoil_cri::v1::{AttachRequest, ExecRequest};
use hydrofoil_streams::channel;
use hydrofoil_streams::protocol::{self, Abilities, negotiate};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::remote::{Close, Outgoing, Remote};
use super::spdy::{Connection, Stream};
use super::ticket::{Ticket, Tickets, TicketsTaken};
use super::websocket::{Channels, tunnel};
use super::{STREAMS_WITHIN, forward};

/// Most connections that are streamed over at a time.
const MAX_STREAMS: usize = 1000;
/// Largest message of a websocket, in bytes.
const MAX_MESSAGE: usize = 16 << 20;

/// Who does what is asked for.
#[async_trait]
pub trait Target: Send + Sync + 'static {
    /// Runs a command in a container, and ends the remote.
    async fn exec(&self, request: ExecRequest, remote: Remote);
    /// Joins a container's streams, and ends the remote.
    async fn attach(&self, request: AttachRequest, remote: Remote);
    /// Connects to a port of a pod, from inside of it.
    ///
    /// # Errors
    /// In words for the client.
    async fn connect(&self, sandbox_id: &str, port: u16) -> Result<TcpStream, String>;
}

/// The tickets, and where they are taken.
#[derive(Debug)]
pub struct Server {
    tickets: Tickets,
    address: SocketAddr,
    places: Arc<Semaphore>,
}

#[derive(Clone)]
struct Serving {
    server: Arc<Server>,
    target: Arc<dyn Target>,
}

impl Server {
    /// A server at the address of `listener`, which [`Server::serve`] is given.
    ///
    /// # Errors
    /// What the system says of the listener.
    pub fn new(listener: &TcpListener) -> io::Result<Self> {
        Ok(Self {
            tickets: Tickets::default(),
            address: listener.local_addr()?,
            places: Arc::new(Semaphore::new(MAX_STREAMS)),
        })
    }

    /// The URL at which a client gets what was asked for, once.
    ///
    /// # Errors
    /// When too many wait already.
    pub fn url(&self, ticket: Ticket) -> Result<String, TicketsTaken> {
        Ok(format!(
            "http://{}{}",
            self.address,
            self.tickets.issue(ticket, Instant::now())?
        ))
    }

    /// Serves until `shutdown`.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        target: Arc<dyn Target>,
        shutdown: CancellationToken,
    ) {
        let serving = Serving {
            server: self,
            target,
        };
        let router = Router::new()
            .route("/{kind}/{token}", any(answer))
            .with_state(serving);
        let served = axum::serve(listener, router);
        if let Some(Err(error)) = shutdown.run_until_cancelled(served.into_future()).await {
            tracing::error!(%error, "the streaming server has ended");
        }
    }
}

async fn answer(
    State(serving): State<Serving>,
    Path((kind, token)): Path<(String, String)>,
    request: Request,
) -> Response {
    let Some(ticket) = serving.server.tickets.take(&kind, &token, Instant::now()) else {
        return plain(StatusCode::NOT_FOUND, "404 page not found\n");
    };
    let Ok(place) = Arc::clone(&serving.server.places).try_acquire_owned() else {
        return plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many streams are open\n",
        );
    };
    let admitted = Admitted {
        ticket,
        target: serving.target,
        _place: place,
    };
    let (mut parts, body) = request.into_parts();
    if let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        return websocket(upgrade, &parts.headers, admitted);
    }
    spdy(Request::from_parts(parts, body), admitted)
}

/// A client with what it has come for. While it is streamed to, it has a place.
struct Admitted {
    ticket: Ticket,
    target: Arc<dyn Target>,
    _place: OwnedSemaphorePermit,
}

fn plain(code: StatusCode, text: &str) -> Response {
    (code, text.to_owned()).into_response()
}

/// All values of a header that is a list.
fn listed<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|value| !value.is_empty())
}

fn websocket(upgrade: WebSocketUpgrade, headers: &HeaderMap, admitted: Admitted) -> Response {
    let ours: &[&'static str] = match admitted.ticket {
        Ticket::PortForward(_) => &protocol::FORWARD_OVER_WEBSOCKET,
        Ticket::Exec(_) | Ticket::Attach(_) => &protocol::REMOTE_OVER_WEBSOCKET,
    };
    let asked = listed(headers, "sec-websocket-protocol");
    let Some(chosen) = negotiate(asked, ours).map(ToOwned::to_owned) else {
        let asked: Vec<&str> = listed(headers, "sec-websocket-protocol").collect();
        let text = format!(
            "unable to upgrade: unable to negotiate protocol: client supports {asked:?}, server accepts {ours:?}\n"
        );
        return plain(StatusCode::FORBIDDEN, &text);
    };
    upgrade
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .protocols([chosen.clone()])
        .on_upgrade(move |socket| over_websocket(socket, chosen, admitted))
}

async fn over_websocket(socket: WebSocket, protocol: String, admitted: Admitted) {
    let Admitted {
        ticket,
        target,
        _place,
    } = admitted;
    let abilities = Abilities::of(&protocol);
    match ticket {
        Ticket::Exec(request) => {
            let wanted = Wanted::of_exec(&request);
            let remote = over_channels(socket, abilities, wanted).await;
            target.exec(request, remote).await;
        }
        Ticket::Attach(request) => {
            let wanted = Wanted::of_attach(&request);
            let remote = over_channels(socket, abilities, wanted).await;
            target.attach(request, remote).await;
        }
        Ticket::PortForward(request) if protocol == protocol::TUNNEL => {
            let connection = Connection::new(tunnel(socket));
            forward::over_spdy(connection, request.pod_sandbox_id, target).await;
        }
        Ticket::PortForward(request) => {
            forward::over_channels(socket, abilities, request, target).await;
        }
    }
}

async fn over_channels(socket: WebSocket, abilities: Abilities, wanted: Wanted) -> Remote {
    // The size of the client's terminal is nothing that WASI could tell a guest.
    let readable: &[u8] = if wanted.stdin { &[channel::STDIN] } else { &[] };
    let mut channels = Channels::new(socket, abilities, readable);
    let out = |wanted: bool, channel| wanted.then(|| Outgoing::Channel(channels.sink(channel)));
    let (stdout, stderr) = (
        out(wanted.stdout, channel::STDOUT),
        out(wanted.stderr, channel::STDERR),
    );
    let error = channels.sink(channel::ERROR);
    let first = match (wanted.stdout, wanted.stderr) {
        (true, _) => channel::STDOUT,
        (false, true) => channel::STDERR,
        (false, false) => channel::ERROR,
    };
    channels.announce(first).await;
    Remote {
        stdin: channels.incoming(channel::STDIN),
        stdout,
        stderr,
        gone: channels.gone.clone(),
        error: Outgoing::Channel(error.clone()),
        abilities,
        close: Close::Channel(error),
    }
}

fn spdy(mut request: Request, admitted: Admitted) -> Response {
    let headers = request.headers();
    let asks = |name, value: &str| {
        listed(headers, name).any(|listed| listed.to_ascii_lowercase().contains(value))
    };
    if !asks(CONNECTION.as_str(), "upgrade") || !asks(UPGRADE.as_str(), "spdy/3.1") {
        let connection: Vec<&str> = listed(headers, CONNECTION.as_str()).collect();
        let text = format!(
            "unable to upgrade: missing upgrade headers in request: connection {connection:?}\n"
        );
        return plain(StatusCode::BAD_REQUEST, &text);
    }
    let ours: &[&str] = match admitted.ticket {
        Ticket::PortForward(_) => &[protocol::PORT_FORWARD],
        Ticket::Exec(_) | Ticket::Attach(_) => &protocol::REMOTE_OVER_SPDY,
    };
    let asked: Vec<&str> = listed(headers, protocol::HEADER).collect();
    if asked.is_empty() {
        let text = "unable to upgrade: X-Stream-Protocol-Version is required\n";
        return plain(StatusCode::BAD_REQUEST, text);
    }
    let chosen = negotiate(asked.iter().copied(), ours).map(ToOwned::to_owned);
    let Some(chosen) = chosen else {
        let text = format!(
            "unable to upgrade: unable to negotiate protocol: client supports {asked:?}, server accepts {ours:?}\n"
        );
        return plain(StatusCode::FORBIDDEN, &text);
    };
    let Ok(version) = HeaderValue::from_str(&chosen) else {
        return plain(StatusCode::BAD_REQUEST, "unable to upgrade\n");
    };
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        match upgraded.await {
            Ok(io) => over_spdy(Connection::new(TokioIo::new(io)), &chosen, admitted).await,
            Err(error) => tracing::debug!(%error, "a connection was not upgraded"),
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static(protocol::SPDY));
    headers.insert(protocol::HEADER, version);
    response
}

async fn over_spdy(connection: Connection, protocol: &str, admitted: Admitted) {
    let Admitted {
        ticket,
        target,
        _place,
    } = admitted;
    let abilities = Abilities::of(protocol);
    let wanted = match &ticket {
        Ticket::Exec(request) => Wanted::of_exec(request),
        Ticket::Attach(request) => Wanted::of_attach(request),
        Ticket::PortForward(request) => {
            let sandbox = request.pod_sandbox_id.clone();
            return forward::over_spdy(connection, sandbox, target).await;
        }
    };
    let opened = over_streams(connection, abilities, wanted);
    let Ok(Some(remote)) = tokio::time::timeout(STREAMS_WITHIN, opened).await else {
        tracing::debug!("a client did not open the streams of its command");
        return;
    };
    match ticket {
        Ticket::Exec(request) => target.exec(request, remote).await,
        Ticket::Attach(request) => target.attach(request, remote).await,
        Ticket::PortForward(_) => {}
    }
}

/// Waits for the streams that the client has to open: one for the error, and those it has asked for.
async fn over_streams(
    mut connection: Connection,
    abilities: Abilities,
    wanted: Wanted,
) -> Option<Remote> {
    let (mut error, mut stdin, mut stdout, mut stderr) = (None, None, None, None);
    let mut missing = 1
        + usize::from(wanted.stdin)
        + usize::from(wanted.stdout)
        + usize::from(wanted.stderr)
        + usize::from(wanted.tty && abilities.resize);
    while missing > 0 {
        let stream = connection.opened.recv().await?;
        let place: &mut Option<Stream> = match stream.header("streamtype") {
            Some("error") => &mut error,
            Some("stdin") => &mut stdin,
            Some("stdout") => &mut stdout,
            Some("stderr") => &mut stderr,
            Some("resize") => {
                // The size of the client's terminal is nothing that WASI could tell a guest.
                missing -= 1;
                continue;
            }
            other => {
                tracing::debug!(?other, "a stream of a type that is not known");
                continue;
            }
        };
        *place = Some(stream);
        missing -= 1;
    }
    let incoming = |stream: Option<Stream>| stream.map(|stream| stream.incoming);
    let outgoing = |stream: Option<Stream>| stream.map(|stream| Outgoing::Spdy(stream.sink));
    Some(Remote {
        stdin: incoming(stdin),
        stdout: outgoing(stdout),
        stderr: outgoing(stderr),
        gone: connection.gone,
        error: outgoing(error)?,
        abilities,
        close: Close::Spdy(connection.closer),
    })
}

/// Which streams there are.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    stdin: bool,
    stdout: bool,
    stderr: bool,
    tty: bool,
}

impl Wanted {
    const fn of_exec(request: &ExecRequest) -> Self {
        Self {
            stdin: request.stdin,
            stdout: request.stdout,
            stderr: request.stderr,
            tty: request.tty,
        }
    }

    const fn of_attach(request: &AttachRequest) -> Self {
        Self {
            stdin: request.stdin,
            stdout: request.stdout,
            stderr: request.stderr,
            tty: request.tty,
        }
    }
}
