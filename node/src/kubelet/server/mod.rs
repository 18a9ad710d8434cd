//! The kubelet's HTTPS server on port 10250: pods, logs, metrics and statistics, for clients of the cluster's CA.

mod cadvisor;
mod container_logs;
mod stats;
mod streams;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Json, Router};
use http::{StatusCode, header};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use k8s_openapi::api::core::v1::Pod;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::cri::Cri;
use super::metrics::Metrics;
use super::view::View;
use super::{Config, Error};

/// Most connections open at a time.
const MAX_CONNECTIONS: usize = 1024;
/// Longest TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// What requests are answered from.
pub(crate) struct Answers {
    pub config: Arc<Config>,
    pub view: Arc<View>,
    pub metrics: Arc<Metrics>,
    pub cri: Cri,
}

/// Who is on the other side of a connection: the common name of its certificate, if it showed one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Peer(Option<String>);

/// A bound server.
pub(crate) struct Server {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    address: SocketAddr,
}

impl Server {
    /// Binds the address of the configuration; `None` when it has no certificate.
    pub(crate) async fn bind(config: &Config) -> Result<Option<Self>, Error> {
        let Some(material) = &config.tls else {
            return Ok(None);
        };
        let acceptor = tls::acceptor(material).map_err(Error::Tls)?;
        let wanted = SocketAddr::new(config.address, config.port);
        let io = |source| Error::Io {
            context: format!("kubelet server on {wanted}"),
            source,
        };
        let listener = TcpListener::bind(wanted).await.map_err(io)?;
        let address = listener.local_addr().map_err(io)?;
        Ok(Some(Self {
            listener,
            acceptor,
            address,
        }))
    }

    /// The port it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Serves until `shutdown`.
    pub(crate) async fn serve(self, answers: Answers, shutdown: CancellationToken) {
        let router = router(Arc::new(answers));
        let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let Ok(permit) = permits.clone().acquire_owned().await else {
                return;
            };
            let stream = tokio::select! {
                () = shutdown.cancelled() => return,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        tracing::debug!(%error, "accepting a connection failed");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
            };
            let connection = connection(stream, self.acceptor.clone(), router.clone());
            let shutdown = shutdown.clone();
            tokio::spawn(async move {
                let _permit = permit;
                shutdown.run_until_cancelled(connection).await;
            });
        }
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, router: Router) {
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await
    else {
        return;
    };
    let peer = Peer(tls::common_name(stream.get_ref().1));
    let service = TowerToHyperService::new(router.layer(Extension(peer)));
    let server = auto::Builder::new(TokioExecutor::new());
    if let Err(error) = server
        .serve_connection_with_upgrades(TokioIo::new(stream), service)
        .await
    {
        tracing::debug!(%error, "a connection broke off");
    }
}

fn router(answers: Arc<Answers>) -> Router {
    let guarded = Router::new()
        .route("/pods", get(pods))
        .route("/pods/", get(pods))
        .route("/runningpods/", get(stats::running_pods))
        .route("/metrics", get(metrics))
        .route("/metrics/cadvisor", get(cadvisor::metrics))
        .route("/stats/summary", get(stats::summary))
        .route(
            "/containerLogs/{namespace}/{pod}/{container}",
            get(container_logs::serve),
        )
        .route(
            "/exec/{namespace}/{pod}/{*container}",
            streamed(streams::exec),
        )
        .route(
            "/attach/{namespace}/{pod}/{*container}",
            streamed(streams::attach),
        )
        .route(
            "/portForward/{namespace}/{pod}",
            streamed(streams::port_forward),
        )
        .route(
            "/portForward/{namespace}/{pod}/{uid}",
            streamed(streams::port_forward_of),
        )
        .route("/run/{namespace}/{pod}/{*container}", post(streams::run))
        .layer(middleware::from_fn_with_state(answers.clone(), guard));
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .merge(guarded)
        .with_state(answers)
}

/// A route that clients come to by either method: a websocket begins with GET, SPDY with POST.
fn streamed<H, T>(handler: H) -> MethodRouter<Arc<Answers>>
where
    H: Handler<T, Arc<Answers>> + Clone,
    T: 'static,
{
    get(handler.clone()).post(handler)
}

/// Lets clients of the cluster's CA pass, and of those only the ones the configuration names, if it names any.
async fn guard(
    State(answers): State<Arc<Answers>>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let Some(name) = peer.0 else {
        return (StatusCode::UNAUTHORIZED, "Unauthorized").into_response();
    };
    let allowed = &answers.config.allowed_clients;
    if !allowed.is_empty() && !allowed.contains(&name) {
        let (method, path) = (request.method(), request.uri().path());
        let text = format!("Forbidden (user={name}, verb={method}, resource=nodes, path={path})");
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    next.run(request).await
}

async fn pods(State(answers): State<Arc<Answers>>) -> Response {
    let items: Vec<Pod> = answers
        .view
        .all()
        .iter()
        .map(|view| Pod {
            status: Some((*view.status).clone()),
            ..(*view.pod).clone()
        })
        .collect();
    Json(json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items}))
        .into_response()
}

async fn metrics(State(answers): State<Arc<Answers>>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], answers.metrics.text()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use tower::ServiceExt;

    async fn ask(path: &str, peer: Option<&str>, allowed: &[&str]) -> (StatusCode, String) {
        let config = Config {
            allowed_clients: allowed.iter().map(ToString::to_string).collect(),
            ..Config::default()
        };
        let answers = Answers {
            config: Arc::new(config),
            view: Arc::default(),
            metrics: Metrics::new(),
            cri: Cri::new(std::path::Path::new("/nonexistent")),
        };
        let router = router(Arc::new(answers)).layer(Extension(Peer(peer.map(ToOwned::to_owned))));
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let code = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap();
        (code, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn only_health_is_for_everybody() {
        assert_eq!(
            ask("/healthz", None, &[]).await,
            (StatusCode::OK, "ok".into())
        );
        assert_eq!(ask("/pods", None, &[]).await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(ask("/pods", Some("x"), &[]).await.0, StatusCode::OK);
        assert_eq!(
            ask("/pods", Some("x"), &["y"]).await.0,
            StatusCode::FORBIDDEN
        );
    }

    #[tokio::test]
    async fn streams_of_nobody_are_refused() {
        for path in [
            "/exec/n/p/c?output=1&command=ls",
            "/attach/n/p/uid/c?output=1",
            "/portForward/n/p",
            "/portForward/n/p/uid",
        ] {
            let (code, body) = ask(path, Some("x"), &[]).await;
            let told = (code, body.as_str());
            assert_eq!(
                told,
                (StatusCode::NOT_FOUND, "pod does not exist"),
                "{path}"
            );
            assert_eq!(ask(path, None, &[]).await.0, StatusCode::UNAUTHORIZED);
        }
        let (code, body) = ask("/exec/n/p/c?command=ls", Some("x"), &[]).await;
        assert_eq!(code, StatusCode::BAD_REQUEST);
        assert_eq!(body, "you must specify at least 1 of stdin, stdout, stderr");
    }

    #[tokio::test]
    async fn logs_of_nobody_are_not_found() {
        let (code, body) = ask("/containerLogs/n/p/c", Some("x"), &[]).await;
        assert_eq!(code, StatusCode::NOT_FOUND);
        assert_eq!(body, "pod \"p\" does not exist\n");
    }

    /// A CA, and a way to make certificates of it.
    struct Authority {
        pem: String,
        issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    }

    impl Authority {
        fn new() -> Self {
            let mut params = rcgen::CertificateParams::default();
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            let key = rcgen::KeyPair::generate().unwrap();
            let pem = params.self_signed(&key).unwrap().pem();
            Self {
                pem,
                issuer: rcgen::Issuer::new(params, key),
            }
        }

        fn leaf(&self, name: &str) -> (String, String) {
            let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            params
                .distinguished_name
                .push(rcgen::DnType::CommonName, name);
            let key = rcgen::KeyPair::generate().unwrap();
            let certificate = params.signed_by(&key, &self.issuer).unwrap();
            (certificate.pem(), key.serialize_pem())
        }
    }

    /// The status line that a client with that certificate gets for `/pods`; `None` when it is not even let in.
    async fn status_line(
        address: SocketAddr,
        ca: &str,
        leaf: Option<(String, String)>,
    ) -> Option<String> {
        use rustls_pki_types::pem::PemObject;
        use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match leaf {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
                config
                    .with_client_auth_cert(
                        chain,
                        PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
                    )
                    .unwrap()
            }
        };
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let stream = TcpStream::connect(address).await.unwrap();
        let mut stream = connector
            .connect(ServerName::try_from("localhost").unwrap(), stream)
            .await
            .ok()?;
        stream
            .write_all(b"GET /pods HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .await
            .ok()?;
        let mut answer = vec![0; 64];
        let read = stream
            .read(&mut answer)
            .await
            .ok()
            .filter(|read| *read > 0)?;
        let text = String::from_utf8_lossy(&answer[..read]).into_owned();
        text.lines().next().map(ToOwned::to_owned)
    }

    #[tokio::test]
    async fn certificates_decide_who_comes_in() {
        let (ours, theirs) = (Authority::new(), Authority::new());
        let (cert_pem, key_pem) = ours.leaf("node");
        let config = Config {
            port: 0,
            tls: Some(super::super::Tls {
                cert_pem,
                key_pem,
                client_ca_pem: ours.pem.clone(),
            }),
            allowed_clients: vec!["apiserver".to_owned()],
            ..Config::default()
        };
        let server = Server::bind(&config).await.unwrap().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], server.port()));
        let answers = Answers {
            config: Arc::new(config),
            view: Arc::default(),
            metrics: Metrics::new(),
            cri: Cri::new(std::path::Path::new("/nonexistent")),
        };
        let shutdown = CancellationToken::new();
        tokio::spawn(server.serve(answers, shutdown.clone()));
        let ask = |leaf| status_line(address, &ours.pem, leaf);
        assert_eq!(
            ask(Some(ours.leaf("apiserver"))).await.unwrap(),
            "HTTP/1.1 200 OK"
        );
        assert_eq!(
            ask(Some(ours.leaf("somebody"))).await.unwrap(),
            "HTTP/1.1 403 Forbidden"
        );
        assert_eq!(ask(None).await.unwrap(), "HTTP/1.1 401 Unauthorized");
        assert_eq!(ask(Some(theirs.leaf("apiserver"))).await, None);
        shutdown.cancel();
    }
}
