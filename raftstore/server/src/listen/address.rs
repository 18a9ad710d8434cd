//! Listening sockets of URLs.
//!
//! The one confusing thing: `localhost` is bound at every address that it has, as Go does not: Go takes the first. A client that
//! resolves it otherwise finds us all the same.

use std::{fs, io, net::SocketAddr, os::unix::fs::FileTypeExt, path::PathBuf};

use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};

use crate::flags::{settings::Connections, url::Url};

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// A socket that listens.
#[derive(Debug)]
pub enum Listener {
    /// TCP.
    Tcp(TcpListener),
    /// A unix socket; its file is removed in the end.
    Unix(UnixListener, RemovedAtEnd),
}

/// A file that is removed when this is dropped.
#[derive(Debug)]
pub struct RemovedAtEnd(PathBuf);

impl Drop for RemovedAtEnd {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::debug!(path = %self.0.display(), %error, "the socket's file is gone already");
        }
    }
}

/// An accepted connection.
#[derive(Debug)]
pub enum Stream {
    /// TCP, and who it is from.
    Tcp(TcpStream, SocketAddr),
    /// A unix socket.
    Unix(UnixStream),
}

impl Listener {
    /// The next connection.
    ///
    /// # Errors
    /// What the system says; the listener itself stays usable.
    pub async fn accept(&self) -> io::Result<Stream> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, from) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Stream::Tcp(stream, from))
            }
            Listener::Unix(listener, _) => Ok(Stream::Unix(listener.accept().await?.0)),
        }
    }

    /// The address, as logs and tests want it.
    pub fn local_address(&self) -> Option<SocketAddr> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().ok(),
            Listener::Unix(..) => None,
        }
    }
}

/// Listens at `url`.
///
/// # Errors
/// What was being bound, and what the system says.
pub async fn bind(url: &Url, options: &Connections) -> Result<Vec<Listener>, String> {
    let failed = |error: io::Error| format!("listen {url}: {error}");
    if let Some(path) = url.socket_path() {
        remove_stale_socket(&path).map_err(failed)?;
        let listener = UnixListener::bind(&path).map_err(failed)?;
        return Ok(vec![Listener::Unix(listener, RemovedAtEnd(path))]);
    }
    let Some(port) = url.port() else {
        return Err(format!("listen {url}: there is no port"));
    };
    let host = if url.hostname().is_empty() {
        "::"
    } else {
        url.hostname()
    };
    let mut addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port))
        .await
        .map_err(failed)?
        .collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    addresses.dedup();
    let mut listeners = Vec::new();
    for address in addresses {
        match bind_tcp(address, options) {
            Ok(listener) => listeners.push(Listener::Tcp(listener)),
            // A host without IPv6 has a name for it all the same.
            Err(error)
                if !listeners.is_empty() && error.kind() == io::ErrorKind::AddrNotAvailable => {}
            Err(error) => return Err(failed(error)),
        }
        if port == 0 {
            // Another address would get another port.
            break;
        }
    }
    Ok(listeners)
}

fn bind_tcp(address: SocketAddr, options: &Connections) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // Go sets this on every listener of a unix system, whatever the flag says: a restart need not wait for TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(options.reuse_port)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Removes the socket that an earlier run left. Any other file stays, and is then an error of binding.
fn remove_stale_socket(path: &PathBuf) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => fs::remove_file(path),
        _ => Ok(()),
    }
}
