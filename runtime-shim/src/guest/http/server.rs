//! The listener of one HTTP container: an accept loop that costs a task and a socket while idle, and holds no instance.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use wasmtime_wasi_http::p2::bindings::ProxyPre;

use super::request::{self, Handler};
use crate::guest::{Exit, Guest, GuestState};
use crate::network::Counted;

/// Connections one container takes at once; further ones wait in the kernel.
pub const MAX_CONNECTIONS: usize = 1024;
/// Requests under way on one HTTP/2 connection.
const MAX_STREAMS: u32 = 128;
/// How long a new connection may be silent.
const FIRST_BYTE_DEADLINE: Duration = Duration::from_secs(30);
/// Connections the kernel keeps for us.
const BACKLOG: i32 = 1024;

/// The port cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// A privileged port without the privilege.
    #[error(
        "listening on {0}: ports below 1024 need root or CAP_NET_BIND_SERVICE (or a lower net.ipv4.ip_unprivileged_port_start); declare a port from 1024 on"
    )]
    Privileged(SocketAddr),
    /// Anything else.
    #[error("listening on {address}: {source}")]
    Other {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
}

/// Listens on the pod's address. Not yet part of any runtime.
pub fn bind(address: SocketAddr) -> Result<StdListener, BindError> {
    listen(address).map_err(|errno| match errno {
        Errno::ACCESS | Errno::PERM if address.port() < 1024 => BindError::Privileged(address),
        errno => BindError::Other {
            address,
            source: errno.into(),
        },
    })
}

fn listen(address: SocketAddr) -> Result<StdListener, Errno> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    rustix::net::bind(&socket, &address)?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(socket.into())
}

/// Serves until the container is stopped, then drains: connections that do nothing close at once, requests under way may finish until the
/// order to end comes.
pub async fn serve(guest: Arc<Guest>, pre: ProxyPre<GuestState>, listener: StdListener) -> Exit {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return Exit::not_started(format!("taking the listener: {error}")),
    };
    let tasks = TaskTracker::new();
    let handler = Arc::new(Handler::new(Arc::clone(&guest), pre, tasks.clone()));
    let ended = accept(&guest, &handler, listener, &tasks).await;
    tasks.close();
    if let Some(exit) = ended {
        guest.control.kill.cancel();
        tasks.wait().await;
        return exit;
    }
    tokio::select! {
        () = tasks.wait() => Exit::with_code(0),
        () = guest.control.kill.cancelled() => Exit::killed(),
    }
}

/// Accepts until told to stop, or until the container has come to an end of its own.
async fn accept(
    guest: &Guest,
    handler: &Arc<Handler>,
    listener: TcpListener,
    tasks: &TaskTracker,
) -> Option<Exit> {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            biased;
            () = guest.control.stop.cancelled() => return None,
            () = guest.control.kill.cancelled() => return None,
            exit = handler.fatal() => return Some(exit),
            next = next => next,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(Arc::clone(handler), stream);
                tasks.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of file descriptors or buffers: wait for some to come back, rather than spin.
                tracing::warn!(%error, "cannot accept a connection for a guest");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Pause after a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

async fn connection(handler: Arc<Handler>, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let control = handler.guest().control.clone();
    let traffic = Arc::clone(&handler.guest().net.traffic);
    // Who connects and says nothing keeps a place for so long and no longer.
    let speaks = tokio::time::timeout(FIRST_BYTE_DEADLINE, stream.readable());
    tokio::select! {
        Ok(Ok(())) = speaks => {}
        () = control.stop.cancelled() => return,
        else => return,
    }
    let service = service_fn(move |request| request::answer(Arc::clone(&handler), request));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS);
    let stream = Counted::new(stream, traffic);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = control.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection => ended,
                () = control.kill.cancelled() => Ok(()),
            }
        }
        () = control.kill.cancelled() => Ok(()),
    };
    if let Err(error) = ended {
        tracing::trace!(%error, "a guest's connection ended with an error");
    }
}
