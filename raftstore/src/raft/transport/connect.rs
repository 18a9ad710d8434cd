//! The edge to the network between members: how a connection to a peer URL is made. The server gives TLS connections, a
//! simulation gives simulated ones.

use std::{fmt, io};

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

/// A connection to a peer, whatever it runs over.
pub trait PeerIo: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> PeerIo for T {}

/// Makes connections to peers. HTTP/2 is spoken over them from the first byte.
///
/// The contract: an error of kind [`io::ErrorKind::ConnectionRefused`] says that nobody listens there, and is taken for the
/// sign that the peer's process is gone. A connection attempt may take long: whoever calls bounds it.
#[async_trait]
pub trait Connector: fmt::Debug + Send + Sync + 'static {
    /// Connects to `url`, which is one of a member's peer URLs as it was configured.
    async fn connect(&self, url: &http::Uri) -> io::Result<Box<dyn PeerIo>>;
}

/// Connects by plain TCP, to `http` URLs alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

#[async_trait]
impl Connector for Plain {
    async fn connect(&self, url: &http::Uri) -> io::Result<Box<dyn PeerIo>> {
        let invalid =
            |what: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("{url}: {what}"));
        if url.scheme_str() != Some("http") {
            return Err(invalid("only http is spoken without TLS"));
        }
        let host = url.host().ok_or_else(|| invalid("there is no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = url.port_u16().ok_or_else(|| invalid("there is no port"))?;
        let stream = tokio::net::TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }
}

/// Connects to nobody: of a member that was started without a network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unconnected;

#[async_trait]
impl Connector for Unconnected {
    async fn connect(&self, url: &http::Uri) -> io::Result<Box<dyn PeerIo>> {
        Err(io::Error::new(
            io::ErrorKind::NotConnected,
            format!("this member was started without a network to {url}"),
        ))
    }
}
