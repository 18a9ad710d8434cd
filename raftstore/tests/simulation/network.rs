//! Connections over the simulated network.

use std::{io, sync::Arc};

use async_trait::async_trait;
use hydrofoil_raftstore::{Connector, PeerIo, PeerService};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};

/// The port that every member serves its peers on.
pub const PORT: u16 = 2380;

/// The peer URL of the member on the simulated host `name`.
pub fn url(name: &str) -> String {
    format!("http://{name}:{PORT}")
}

/// Connects to simulated hosts by their names.
#[derive(Debug)]
pub struct Simulated;

#[async_trait]
impl Connector for Simulated {
    async fn connect(&self, url: &http::Uri) -> io::Result<Box<dyn PeerIo>> {
        let host = url.host().unwrap_or_default().to_owned();
        let begun = tokio::time::Instant::now();
        match turmoil::net::TcpStream::connect((host, PORT)).await {
            Ok(stream) => Ok(Box::new(stream)),
            // The simulated network says at once that it lost a request for a connection. A real one says nothing.
            Err(_) if begun.elapsed().is_zero() => std::future::pending().await,
            Err(error) => Err(error),
        }
    }
}

/// The connector of every member.
pub fn connector() -> Arc<dyn Connector> {
    Arc::new(Simulated)
}

/// Serves peers until the host ends.
pub async fn serve(service: PeerService) -> io::Result<()> {
    let listener = turmoil::net::TcpListener::bind(("0.0.0.0", PORT)).await?;
    let router = service.routes().into_axum_router();
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            // The other side may go away at any time.
            drop(
                builder
                    .serve_connection(TokioIo::new(stream), service)
                    .await,
            );
        });
    }
}
