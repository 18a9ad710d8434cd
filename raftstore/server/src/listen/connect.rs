//! Connections to peers: TCP, TLS where the URL says `https`, unix sockets.

use std::{io, sync::Arc};

use async_trait::async_trait;
use hydrofoil_raftstore::{Connector, PeerIo};
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use super::tls::Tls;

/// Connects to peers as the flags say.
#[derive(Clone, Debug)]
pub struct ToPeers {
    tls: Option<Arc<Tls>>,
}

impl ToPeers {
    /// With TLS, if there is any.
    pub fn new(tls: Option<Arc<Tls>>) -> ToPeers {
        ToPeers { tls }
    }
}

#[async_trait]
impl Connector for ToPeers {
    async fn connect(&self, url: &http::Uri) -> io::Result<Box<dyn PeerIo>> {
        let invalid =
            |what: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("{url}: {what}"));
        let scheme = url.scheme_str().unwrap_or_default();
        let host = url
            .host()
            .unwrap_or_default()
            .trim_start_matches('[')
            .trim_end_matches(']');
        if scheme == "unix" {
            let name = format!(
                "{}{}",
                url.authority().map_or("", |a| a.as_str()),
                url.path()
            );
            return Ok(Box::new(UnixStream::connect(name).await?));
        }
        if !matches!(scheme, "http" | "https") {
            return Err(invalid("peers are reached by http, https or unix"));
        }
        let port = url.port_u16().ok_or_else(|| invalid("there is no port"))?;
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        if scheme == "http" {
            return Ok(Box::new(stream));
        }
        let Some(tls) = &self.tls else {
            return Err(invalid(
                "--peer-cert-file and --peer-key-file are needed to speak TLS",
            ));
        };
        let name =
            ServerName::try_from(host.to_owned()).map_err(|_| invalid("its host is not a name"))?;
        let config = tls.client().map_err(io::Error::other)?;
        let stream = TlsConnector::from(config).connect(name, stream).await?;
        Ok(Box::new(stream))
    }
}
