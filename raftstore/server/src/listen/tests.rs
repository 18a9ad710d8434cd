//! Listeners with real certificates, made here.

use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::{Router, extract::Request, routing::get};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    IsCa, KeyIdMethod, KeyPair as Key, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use rustls::pki_types::ServerName;
use tempfile::TempDir;
use tokio::{net::TcpStream, sync::Semaphore};
use tokio_rustls::TlsConnector;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    ClientCertificate, Connection,
    address::{self, Listener},
    mux::Mux,
    self_signed,
    serve::{Http2, Server},
    tls::Tls,
};
use crate::flags::{
    settings::Connections,
    tls::{KeyPair, Side, TlsRules, Version},
    url::Url,
};

const RULES: TlsRules = TlsRules {
    min: Version::V12,
    max: Version::V13,
    cipher_suites: Vec::new(),
    self_signed_years: 1,
};

/// An authority, and a folder for what it signs.
struct Authority {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, Key>,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
            .distinguished_name
            .push(DnType::CommonName, "authority");
        let issuer = CertifiedIssuer::self_signed(params, Key::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Authority { folder, issuer }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Signs a certificate for 127.0.0.1 and `names`; the files are called after `cn`.
    fn sign(&self, cn: &str, names: &[&str], serial: u64) -> KeyPair {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, cn);
        params.serial_number = Some(SerialNumber::from(serial));
        let key = Key::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        let pair = KeyPair {
            cert: self.path(&format!("{cn}.crt")),
            key: self.path(&format!("{cn}.key")),
        };
        fs::write(&pair.key, key.serialize_pem()).unwrap();
        fs::write(&pair.cert, cert.pem()).unwrap();
        pair
    }

    /// A side that asks for certificates of this authority.
    fn side(&self, identity: KeyPair) -> Side {
        Side {
            identity: Some(identity),
            trusted_ca: Some(self.path("ca.pem")),
            client_cert_auth: true,
            skip_san_check: true,
            ..Side::default()
        }
    }
}

fn connections() -> Connections {
    Connections {
        max_concurrent_streams: 100,
        keepalive: None,
        reuse_port: false,
        reuse_address: false,
        cors: Vec::new(),
        host_whitelist: Vec::new(),
        gateway: false,
    }
}

/// Says who asked, and over what.
async fn who(request: Request) -> String {
    let identity = request.extensions().get::<ClientCertificate>();
    let connection = request.extensions().get::<Connection>().unwrap();
    let name = identity.map_or("nobody", |identity| &identity.common_name);
    format!("{name} {:?} tls={}", request.version(), connection.tls)
}

struct Running {
    address: SocketAddr,
    server: Server,
}

impl Running {
    async fn start(tls: Option<Side>) -> Running {
        let url = Url::parse("http://127.0.0.1:0").unwrap();
        let mut listeners = address::bind(&url, &connections()).await.unwrap();
        let listener = listeners.pop().unwrap();
        let address = listener.local_address().unwrap();
        let server = server(tls);
        server.listen(listener, server.tls.is_some());
        Running { address, server }
    }

    /// GET / as `client` does it.
    async fn get(&self, client: Option<&Tls>, http2: bool) -> Result<String, String> {
        let stream = TcpStream::connect(self.address)
            .await
            .map_err(|e| e.to_string())?;
        match client {
            None => ask(stream, http2).await,
            Some(tls) => {
                let mut config = (*tls.client()?).clone();
                config.alpn_protocols = vec![if http2 {
                    b"h2".to_vec()
                } else {
                    b"http/1.1".to_vec()
                }];
                let name = ServerName::try_from("127.0.0.1").unwrap();
                let stream = TlsConnector::from(Arc::new(config))
                    .connect(name, stream)
                    .await;
                ask(stream.map_err(|e| e.to_string())?, http2).await
            }
        }
    }

    async fn stop(self) {
        self.server.stop.cancel();
        self.server.tasks.close();
        tokio::time::timeout(Duration::from_secs(10), self.server.tasks.wait())
            .await
            .unwrap();
    }
}

fn server(tls: Option<Side>) -> Server {
    Server {
        side: "client",
        mux: Arc::new(Mux {
            grpc: None,
            slow: None,
            http: Some(Router::new().route("/", get(who))),
            under_way: TaskTracker::new(),
        }),
        tls: tls.map(|side| Arc::new(Tls::new(side, RULES).unwrap())),
        http2: Http2 {
            max_concurrent_streams: 100,
            keepalive: None,
        },
        room: Arc::new(Semaphore::new(10)),
        stop: CancellationToken::new(),
        abort: CancellationToken::new(),
        tasks: TaskTracker::new(),
    }
}

async fn ask(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    http2: bool,
) -> Result<String, String> {
    let request = http::Request::get("http://127.0.0.1/")
        .body(Empty::<Bytes>::new())
        .unwrap();
    let io = TokioIo::new(stream);
    let response = if http2 {
        let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await;
        let (mut client, connection) = handshake.map_err(|e| e.to_string())?;
        tokio::spawn(connection);
        client.send_request(request).await
    } else {
        let handshake = hyper::client::conn::http1::handshake(io).await;
        let (mut client, connection) = handshake.map_err(|e| e.to_string())?;
        tokio::spawn(connection);
        client.send_request(request).await
    };
    let body = response
        .map_err(|e| e.to_string())?
        .into_body()
        .collect()
        .await;
    Ok(String::from_utf8(body.map_err(|e| e.to_string())?.to_bytes().to_vec()).unwrap())
}

#[tokio::test]
async fn who_speaks_tls_where_none_is_spoken_sees_an_end() {
    let authority = Authority::new();
    let client = Tls::new(authority.side(authority.sign("client", &[], 1)), RULES).unwrap();
    let running = Running::start(None).await;
    let error = running.get(Some(&client), true).await.unwrap_err();
    assert_eq!(error, "tls handshake eof");
    assert!(running.get(None, false).await.is_ok());
    running.stop().await;
}

#[tokio::test]
async fn one_port_speaks_both_versions_of_http_without_tls() {
    let running = Running::start(None).await;
    assert_eq!(
        running.get(None, false).await.unwrap(),
        "nobody HTTP/1.1 tls=false"
    );
    assert_eq!(
        running.get(None, true).await.unwrap(),
        "nobody HTTP/2.0 tls=false"
    );
    running.stop().await;
}

#[tokio::test]
async fn a_unix_socket_is_served_and_its_file_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("client.sock");
    let url = Url::parse(&format!("unix://{}", path.display())).unwrap();
    // What an earlier run left is no obstacle.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let listener = address::bind(&url, &connections())
        .await
        .unwrap()
        .pop()
        .unwrap();
    assert!(matches!(listener, Listener::Unix(..)));
    let server = server(None);
    server.listen(listener, false);
    let stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    assert_eq!(
        ask(stream, false).await.unwrap(),
        "nobody HTTP/1.1 tls=false"
    );
    server.stop.cancel();
    server.tasks.close();
    tokio::time::timeout(Duration::from_secs(10), server.tasks.wait())
        .await
        .unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn a_certificate_names_its_client() {
    let authority = Authority::new();
    let running = Running::start(Some(authority.side(authority.sign(
        "server",
        &["127.0.0.1"],
        1,
    ))))
    .await;
    let client = Tls::new(authority.side(authority.sign("alice", &[], 2)), RULES).unwrap();
    assert_eq!(
        running.get(Some(&client), true).await.unwrap(),
        "alice HTTP/2.0 tls=true"
    );
    assert_eq!(
        running.get(Some(&client), false).await.unwrap(),
        "alice HTTP/1.1 tls=true"
    );
    let stranger = Authority::new();
    let mut side = stranger.side(stranger.sign("mallory", &[], 3));
    side.trusted_ca = Some(authority.path("ca.pem"));
    let stranger = Tls::new(side, RULES).unwrap();
    running
        .get(Some(&stranger), true)
        .await
        .expect_err("signed by another authority");
    running.get(None, true).await.expect_err("no TLS at all");
    running.stop().await;
}

#[tokio::test]
async fn without_client_cert_auth_a_certificate_is_wanted_but_names_nobody() {
    let authority = Authority::new();
    let mut side = authority.side(authority.sign("server", &["127.0.0.1"], 1));
    side.client_cert_auth = false;
    let running = Running::start(Some(side)).await;
    let client = Tls::new(authority.side(authority.sign("alice", &[], 2)), RULES).unwrap();
    assert_eq!(
        running.get(Some(&client), true).await.unwrap(),
        "nobody HTTP/2.0 tls=true"
    );
    running.stop().await;
}

#[tokio::test]
async fn names_that_are_not_allowed_are_kept_out() {
    let authority = Authority::new();
    let server = authority.sign("server", &["127.0.0.1"], 1);
    let client = |cn: &str, names: &[&str]| {
        Tls::new(authority.side(authority.sign(cn, names, 2)), RULES).unwrap()
    };
    let mut side = authority.side(server.clone());
    side.allowed_cn = vec!["alice".into(), "bob".into()];
    let running = Running::start(Some(side)).await;
    running.get(Some(&client("bob", &[])), true).await.unwrap();
    running
        .get(Some(&client("carol", &[])), true)
        .await
        .expect_err("carol");
    running.stop().await;

    let mut side = authority.side(server);
    side.allowed_hostname = vec!["a.example.com".into()];
    let running = Running::start(Some(side)).await;
    running
        .get(Some(&client("x", &["*.example.com"])), true)
        .await
        .unwrap();
    running
        .get(Some(&client("y", &["b.example.com"])), true)
        .await
        .expect_err("another name");
    running.stop().await;
}

#[tokio::test]
async fn revoked_certificates_are_kept_out_also_when_the_list_grows() {
    let authority = Authority::new();
    let crl = |serials: &[u64]| {
        let revoked = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: rcgen::date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(2026, 1, 1),
            next_update: rcgen::date_time_ymd(2027, 1, 1),
            crl_number: SerialNumber::from(serials.len() as u64),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&authority.issuer).unwrap().pem().unwrap()
    };
    let path = authority.path("revoked.crl");
    fs::write(&path, crl(&[77])).unwrap();
    let mut side = authority.side(authority.sign("server", &["127.0.0.1"], 1));
    side.crl = Some(path.clone());
    let running = Running::start(Some(side)).await;
    let client = |cn: &str, serial| {
        Tls::new(authority.side(authority.sign(cn, &[], serial)), RULES).unwrap()
    };
    let (good, bad) = (client("good", 2), client("bad", 77));
    running.get(Some(&good), true).await.unwrap();
    running.get(Some(&bad), true).await.expect_err("revoked");
    replace(&path, &crl(&[77, 2]));
    running
        .get(Some(&good), true)
        .await
        .expect_err("revoked by now");
    running.stop().await;
}

/// Puts another file in the place of one, as those who renew certificates do.
fn replace(path: &Path, text: &str) {
    let other = path.with_extension("new");
    fs::write(&other, text).unwrap();
    fs::rename(other, path).unwrap();
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_and_a_broken_one_is_not() {
    let authority = Authority::new();
    let pair = authority.sign("server", &["127.0.0.1"], 1);
    let running = Running::start(Some(authority.side(pair.clone()))).await;
    let client = Tls::new(authority.side(authority.sign("alice", &[], 2)), RULES).unwrap();
    let shown = || async {
        let stream = TcpStream::connect(running.address).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let stream = TlsConnector::from(client.client().unwrap())
            .connect(name, stream)
            .await
            .unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone()
    };
    let first = shown().await;
    let renewed = authority.sign("renewed", &["127.0.0.1"], 9);
    replace(&pair.key, &fs::read_to_string(&renewed.key).unwrap());
    replace(&pair.cert, &fs::read_to_string(&renewed.cert).unwrap());
    let second = shown().await;
    assert_ne!(first, second);
    replace(&pair.cert, "not a certificate");
    assert_eq!(shown().await, second);
    running.stop().await;
}

#[tokio::test]
async fn made_certificates_are_kept_and_unusable_ones_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let fixtures = folder.path().join("fixtures/client");
    let urls = Url::parse_list("https://127.0.0.1:2379,https://localhost:2379").unwrap();
    let pair = self_signed::pair(&fixtures, &urls, 1).unwrap();
    let first = fs::read_to_string(&pair.cert).unwrap();
    assert_eq!(self_signed::pair(&fixtures, &urls, 1).unwrap(), pair);
    assert_eq!(fs::read_to_string(&pair.cert).unwrap(), first);
    fs::write(&pair.key, "broken").unwrap();
    self_signed::pair(&fixtures, &urls, 1).unwrap();
    assert_ne!(fs::read_to_string(&pair.cert).unwrap(), first);

    let side = Side {
        identity: Some(pair.clone()),
        auto: true,
        skip_san_check: true,
        ..Side::default()
    };
    let running = Running::start(Some(side.clone())).await;
    let client = Tls::new(side, RULES).unwrap();
    assert_eq!(
        running.get(Some(&client), true).await.unwrap(),
        "nobody HTTP/2.0 tls=true"
    );
    running.stop().await;
}

#[test]
fn files_that_do_not_fit_are_named() {
    let authority = Authority::new();
    let (a, b) = (authority.sign("a", &[], 1), authority.sign("b", &[], 2));
    let mixed = KeyPair {
        cert: a.cert.clone(),
        key: b.key.clone(),
    };
    let error = Tls::new(authority.side(mixed), RULES).unwrap_err();
    assert!(error.starts_with(&b.key.display().to_string()), "{error}");
    let gone = KeyPair {
        cert: authority.path("gone"),
        key: a.key.clone(),
    };
    let error = Tls::new(authority.side(gone), RULES).unwrap_err();
    assert!(
        error.contains("gone") && error.contains("No such file"),
        "{error}"
    );
}

#[tokio::test]
async fn a_stop_lets_a_request_end_and_then_closes() {
    let (begun, waited) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (tell, wait) = (Arc::clone(&begun), Arc::clone(&waited));
    let slow = get(move || async move {
        tell.add_permits(1);
        drop(wait.acquire().await);
        "done"
    });
    let mut server = server(None);
    server.mux = Arc::new(Mux {
        grpc: None,
        slow: None,
        http: Some(Router::new().route("/", slow)),
        under_way: TaskTracker::new(),
    });
    let url = Url::parse("http://127.0.0.1:0").unwrap();
    let listener = address::bind(&url, &connections())
        .await
        .unwrap()
        .pop()
        .unwrap();
    let address = listener.local_address().unwrap();
    server.listen(listener, false);
    let asking =
        tokio::spawn(async move { ask(TcpStream::connect(address).await.unwrap(), true).await });
    drop(begun.acquire().await);
    server.stop.cancel();
    server.mux.under_way.close();
    server.tasks.close();
    assert!(!server.mux.under_way.is_empty());
    waited.add_permits(1);
    assert_eq!(asking.await.unwrap().unwrap(), "done");
    tokio::time::timeout(Duration::from_secs(10), server.tasks.wait())
        .await
        .unwrap();
    assert!(server.mux.under_way.is_empty());
    TcpStream::connect(address)
        .await
        .expect_err("nobody listens");
}
