//! Everything that a member listens on, bound, with the certificates that it shows.

use std::{path::Path, sync::Arc};

use crate::{
    flags::{Settings, tls::Side, url::Url},
    listen::{
        address::{self, Listener},
        self_signed,
        tls::Tls,
    },
};

/// A socket, and whether TLS is spoken on it.
pub type Bound = (Listener, bool);

/// The sockets of a member.
#[derive(Debug)]
pub struct Sockets {
    /// For peers.
    pub peer: Vec<Bound>,
    /// For gRPC, and for HTTP if `client_http` is empty.
    pub client: Vec<Bound>,
    /// For HTTP alone.
    pub client_http: Vec<Bound>,
    /// For metrics and health.
    pub metrics: Vec<Bound>,
    /// TLS of peers.
    pub peer_tls: Option<Arc<Tls>>,
    /// TLS of clients.
    pub client_tls: Option<Arc<Tls>>,
}

impl Sockets {
    /// Reads or makes certificates, then binds.
    ///
    /// # Errors
    /// The file, or the URL, and what is wrong.
    pub async fn open(settings: &Settings) -> Result<Sockets, String> {
        let urls = &settings.urls;
        let fixtures = settings.data_dir.join("fixtures");
        let client_urls: Vec<Url> = urls
            .listen_client
            .iter()
            .chain(&urls.listen_client_http)
            .cloned()
            .collect();
        warn_of_unused("client", &client_urls, &settings.client_tls);
        warn_of_unused("peer", &urls.listen_peer, &settings.peer_tls);
        let client_tls = tls(
            settings,
            &settings.client_tls,
            &fixtures.join("client"),
            &client_urls,
        )?;
        let peer_tls = tls(
            settings,
            &settings.peer_tls,
            &fixtures.join("peer"),
            &urls.listen_peer,
        )?;
        Ok(Sockets {
            peer: bind(settings, &urls.listen_peer).await?,
            client: bind(settings, &urls.listen_client).await?,
            client_http: bind(settings, &urls.listen_client_http).await?,
            metrics: bind(settings, &urls.listen_metrics).await?,
            peer_tls,
            client_tls,
        })
    }
}

async fn bind(settings: &Settings, urls: &[Url]) -> Result<Vec<Bound>, String> {
    let mut bound = Vec::new();
    for url in urls {
        for listener in address::bind(url, &settings.connections).await? {
            bound.push((listener, url.scheme.is_tls()));
        }
    }
    Ok(bound)
}

fn tls(
    settings: &Settings,
    side: &Side,
    folder: &Path,
    urls: &[Url],
) -> Result<Option<Arc<Tls>>, String> {
    let mut side = side.clone();
    if side.auto && side.identity.is_some() {
        tracing::warn!("ignoring auto TLS since certs given");
        side.auto = false;
    }
    if side.auto {
        let years = settings.tls_rules.self_signed_years;
        let pair = self_signed::pair(folder, urls, years)?;
        side.identity = Some(pair);
    }
    if side.identity.is_none() {
        return Ok(None);
    }
    Tls::new(side, settings.tls_rules.clone()).map(|tls| Some(Arc::new(tls)))
}

fn warn_of_unused(kind: &str, urls: &[Url], side: &Side) {
    for url in urls.iter().filter(|url| !url.scheme.is_tls()) {
        if side.identity.is_some() {
            tracing::warn!(kind, %url, "scheme is http or unix while key and cert files are present; ignoring key and cert files");
        }
        if side.client_cert_auth {
            tracing::warn!(kind, %url, "scheme is http or unix while client cert auth is enabled; ignoring client cert auth for this URL");
        }
    }
}
