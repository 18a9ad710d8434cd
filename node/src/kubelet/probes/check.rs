//! One try of a probe: HTTP, TCP, gRPC health and exec, with upstream's words for what went wrong (`pkg/probe`).

use std::sync::Arc;
use std::time::Duration;

use http::header::{HOST, HeaderName, HeaderValue, LOCATION, USER_AGENT};
use http_body_util::Empty;
use hydrofoil_cri::v1 as wire;
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::{Container, HTTPGetAction, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tonic::codegen::http::uri::PathAndQuery;

use super::run::Outcome;
use crate::kubelet::cri::Cri;

/// Most redirects followed on one host.
const MAX_REDIRECTS: usize = 10;
/// Most bytes of an exec probe's output that are told.
const MAX_OUTPUT: usize = 10 * 1024;

/// What a try is made against.
pub(crate) struct Target<'a> {
    pub cri: &'a Cri,
    pub container: &'a Container,
    pub container_id: &'a str,
    pub pod_ip: &'a str,
}

/// Makes one try, within the probe's timeout.
pub(crate) async fn check(probe: &Probe, target: &Target<'_>) -> Outcome {
    let seconds = probe
        .timeout_seconds
        .and_then(|seconds| u64::try_from(seconds).ok())
        .unwrap_or(1)
        .max(1);
    let limit = Duration::from_secs(seconds);
    if let Some(action) = &probe.http_get {
        return http(action, target, limit).await;
    }
    if let Some(action) = &probe.tcp_socket {
        let host = action
            .host
            .as_deref()
            .filter(|host| !host.is_empty())
            .unwrap_or(target.pod_ip);
        return match port(&action.port, target.container) {
            Ok(port) => tcp(host, port, limit).await,
            Err(error) => Outcome::Unknown(error),
        };
    }
    if let Some(action) = &probe.grpc {
        let service = action.service.clone().unwrap_or_default();
        return match u16::try_from(action.port) {
            Ok(port) => grpc(target.pod_ip, port, service, limit).await,
            Err(_) => Outcome::Unknown(format!("invalid port number: {}", action.port)),
        };
    }
    if let Some(action) = &probe.exec {
        let command = action.command.clone().unwrap_or_default();
        return exec(target.cri, target.container_id, command, limit).await;
    }
    Outcome::Unknown("missing probe handler".to_owned())
}

/// The number of a port given by number or by a declared name.
pub(crate) fn port(port: &IntOrString, container: &Container) -> Result<u16, String> {
    let number = match port {
        IntOrString::Int(number) => i64::from(*number),
        IntOrString::String(name) => {
            let declared = container
                .ports
                .iter()
                .flatten()
                .find(|declared| declared.name.as_deref() == Some(name))
                .map(|declared| i64::from(declared.container_port));
            match declared.or_else(|| name.parse().ok()) {
                Some(number) => number,
                None => return Err(format!("couldn't find port name {name:?} in container")),
            }
        }
    };
    u16::try_from(number)
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| format!("invalid port number: {number}"))
}

/// `host:port`, with brackets around an IPv6 address.
pub(crate) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// An error as Go's `net` prints it.
fn dial_error(address: &str, error: &std::io::Error) -> String {
    let text = match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connect: connection refused".to_owned(),
        std::io::ErrorKind::HostUnreachable => "connect: no route to host".to_owned(),
        std::io::ErrorKind::NetworkUnreachable => "connect: network is unreachable".to_owned(),
        _ => error.to_string(),
    };
    format!("dial tcp {address}: {text}")
}

async fn tcp(host: &str, port: u16, limit: Duration) -> Outcome {
    let address = authority(host, port);
    match tokio::time::timeout(limit, TcpStream::connect(&address)).await {
        Ok(Ok(_)) => Outcome::Success,
        Ok(Err(error)) => Outcome::Failure(dial_error(&address, &error)),
        Err(_) => Outcome::Failure(format!("dial tcp {address}: i/o timeout")),
    }
}

async fn http(action: &HTTPGetAction, target: &Target<'_>, limit: Duration) -> Outcome {
    let host = action
        .host
        .as_deref()
        .filter(|host| !host.is_empty())
        .unwrap_or(target.pod_ip);
    let port = match port(&action.port, target.container) {
        Ok(port) => port,
        Err(error) => return Outcome::Unknown(error),
    };
    let tls = action.scheme.as_deref() == Some("HTTPS");
    let path = action
        .path
        .as_deref()
        .filter(|path| !path.is_empty())
        .unwrap_or("/");
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    let headers: Vec<(&str, &str)> = action
        .http_headers
        .iter()
        .flatten()
        .map(|header| (header.name.as_str(), header.value.as_str()))
        .collect();
    let scheme = if tls { "https" } else { "http" };
    let url = format!("{scheme}://{}{path}", authority(host, port));
    match tokio::time::timeout(limit, get(host, port, tls, &path, &headers)).await {
        Ok(Ok(status)) if (200..400).contains(&status) => Outcome::Success,
        Ok(Ok(status)) => Outcome::Failure(format!("HTTP probe failed with statuscode: {status}")),
        Ok(Err(error)) => Outcome::Failure(format!("Get \"{url}\": {error}")),
        Err(_) => Outcome::Failure(format!(
            "Get \"{url}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        )),
    }
}

/// The status code of a GET, redirects on the same host followed.
pub(crate) async fn get(
    host: &str,
    port: u16,
    tls: bool,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<u16, String> {
    let address = authority(host, port);
    let mut path = path.to_owned();
    for _ in 0..=MAX_REDIRECTS {
        let stream = TcpStream::connect(&address)
            .await
            .map_err(|error| dial_error(&address, &error))?;
        let request = request(&address, &path, headers)?;
        let response = if tls {
            let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
            let connector = tokio_rustls::TlsConnector::from(unverified()?);
            let stream = connector
                .connect(name, stream)
                .await
                .map_err(|error| error.to_string())?;
            send(stream, request).await?
        } else {
            send(stream, request).await?
        };
        let status = response.status();
        let location = response
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok());
        match location.and_then(|location| same_host(location, &address)) {
            Some(next) if status.is_redirection() => path = next,
            _ => return Ok(status.as_u16()),
        }
    }
    Err(format!("stopped after {MAX_REDIRECTS} redirects"))
}

/// The path of a redirect, if it stays on the host.
fn same_host(location: &str, address: &str) -> Option<String> {
    if location.starts_with('/') && !location.starts_with("//") {
        return Some(location.to_owned());
    }
    let uri: http::Uri = location.parse().ok()?;
    (uri.authority()?.as_str() == address).then(|| {
        uri.path_and_query()
            .map_or("/", PathAndQuery::as_str)
            .to_owned()
    })
}

fn request(
    address: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<http::Request<Empty<bytes::Bytes>>, String> {
    let mut request = http::Request::get(path)
        .body(Empty::new())
        .map_err(|error| error.to_string())?;
    let map = request.headers_mut();
    for (name, value) in headers {
        let name = HeaderName::try_from(*name).map_err(|error| error.to_string())?;
        let value = HeaderValue::try_from(*value).map_err(|error| error.to_string())?;
        map.append(name, value);
    }
    if !map.contains_key(HOST) {
        map.insert(
            HOST,
            HeaderValue::try_from(address).map_err(|error| error.to_string())?,
        );
    }
    map.entry(USER_AGENT)
        .or_insert(HeaderValue::from_static("kube-probe/1.36"));
    map.entry(http::header::ACCEPT)
        .or_insert(HeaderValue::from_static("*/*"));
    map.insert(http::header::CONNECTION, HeaderValue::from_static("close"));
    Ok(request)
}

async fn send<S>(
    stream: S,
    request: http::Request<Empty<bytes::Bytes>>,
) -> Result<http::Response<hyper::body::Incoming>, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let mut connection = std::pin::pin!(connection);
    let mut response = std::pin::pin!(sender.send_request(request));
    // The connection is driven only until the head is there: dropping it is what ends it, as the body is not wanted.
    tokio::select! {
        result = &mut response => result.map_err(|error| go_http_error(&error)),
        result = &mut connection => match result {
            Ok(()) => response.await.map_err(|error| go_http_error(&error)),
            Err(error) => Err(go_http_error(&error)),
        },
    }
}

fn go_http_error(error: &hyper::Error) -> String {
    if error.is_incomplete_message() {
        "EOF".to_owned()
    } else {
        error.to_string()
    }
}

/// TLS that takes any certificate, as probes do.
fn unverified() -> Result<Arc<rustls::ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Takes every certificate: a probe asks whether something answers, not who.
#[derive(Debug)]
struct AnyCertificate(Arc<rustls::crypto::CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// `grpc.health.v1.HealthCheckRequest`.
#[derive(Clone, PartialEq, prost::Message)]
struct HealthRequest {
    #[prost(string, tag = "1")]
    service: String,
}

/// `grpc.health.v1.HealthCheckResponse`; 1 is SERVING.
#[derive(Clone, PartialEq, prost::Message)]
struct HealthResponse {
    #[prost(int32, tag = "1")]
    status: i32,
}

async fn grpc(host: &str, port: u16, service: String, limit: Duration) -> Outcome {
    let address = authority(host, port);
    let refused = || {
        Outcome::Failure(format!(
            "timeout: failed to connect service {address:?} within {}s",
            limit.as_secs()
        ))
    };
    match tokio::time::timeout(limit, health(&address, service)).await {
        Err(_) | Ok(Err(None)) => refused(),
        Ok(Err(Some(status))) if status.code() == tonic::Code::Unimplemented => Outcome::Failure(
            "this server does not implement the grpc health protocol (grpc.health.v1.Health)"
                .to_owned(),
        ),
        Ok(Err(Some(status))) => Outcome::Failure(format!("rpc error: {}", status.message())),
        Ok(Ok(1)) => Outcome::Success,
        Ok(Ok(status)) => {
            let name = match status {
                0 => "UNKNOWN",
                2 => "NOT_SERVING",
                3 => "SERVICE_UNKNOWN",
                _ => "an unknown status",
            };
            Outcome::Failure(format!("service unhealthy (responded with {name:?})"))
        }
    }
}

async fn health(address: &str, service: String) -> Result<i32, Option<tonic::Status>> {
    let endpoint =
        tonic::transport::Endpoint::from_shared(format!("http://{address}")).map_err(|_| None)?;
    let channel = endpoint.connect().await.map_err(|_| None)?;
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.map_err(|_| None)?;
    let codec: tonic_prost::ProstCodec<HealthRequest, HealthResponse> =
        tonic_prost::ProstCodec::default();
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Check");
    let response = client
        .unary(tonic::Request::new(HealthRequest { service }), path, codec)
        .await
        .map_err(Some)?;
    Ok(response.into_inner().status)
}

async fn exec(cri: &Cri, container: &str, command: Vec<String>, limit: Duration) -> Outcome {
    let text = command.join(" ");
    match exec_sync(cri, container, command, limit).await {
        Ok((0, _)) => Outcome::Success,
        Ok((_, output)) => Outcome::Failure(output),
        Err(status) if status.code() == tonic::Code::DeadlineExceeded => Outcome::Failure(format!(
            "command timed out: {text:?} timed out after {}s",
            limit.as_secs()
        )),
        Err(status) => Outcome::Unknown(crate::kubelet::cri::go_error(&status)),
    }
}

/// Runs a command in a container: its exit code and what it wrote. A limit of zero is none.
pub(crate) async fn exec_sync(
    cri: &Cri,
    container: &str,
    command: Vec<String>,
    limit: Duration,
) -> Result<(i32, String), tonic::Status> {
    /// What the runtime gets beyond the command's own limit to say that it was reached.
    const MARGIN: Duration = Duration::from_secs(2);
    let request = wire::ExecSyncRequest {
        container_id: container.to_owned(),
        cmd: command,
        timeout: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
    };
    let wait = if limit.is_zero() {
        crate::kubelet::cri::PULL_TIMEOUT
    } else {
        limit.saturating_add(MARGIN)
    };
    let answer = crate::kubelet::cri::call(wait, cri.runtime().exec_sync(request)).await?;
    let mut output = answer.stdout;
    output.extend_from_slice(&answer.stderr);
    output.truncate(MAX_OUTPUT);
    Ok((
        answer.exit_code,
        String::from_utf8_lossy(&output).into_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Answers every connection with these bytes after the request's head.
    async fn server(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut head = vec![0; 4096];
                    let _ = stream.read(&mut head).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        address
    }

    async fn ask(probe: serde_json::Value, ip: &str) -> Outcome {
        let probe: Probe = serde_json::from_value(probe).unwrap();
        let cri = Cri::new(std::path::Path::new("/nonexistent"));
        let container: Container = serde_json::from_value(
            serde_json::json!({"name": "c", "ports": [{"name": "web", "containerPort": 81}]}),
        )
        .unwrap();
        let target = Target {
            cri: &cri,
            container: &container,
            container_id: "id",
            pod_ip: ip,
        };
        check(&probe, &target).await
    }

    #[tokio::test]
    async fn http_status_decides() {
        let good = server("HTTP/1.1 204 No Content\r\n\r\n").await;
        let bad = server("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n").await;
        let probe = |address: SocketAddr| serde_json::json!({"httpGet": {"path": "/healthz", "port": address.port()}});
        assert_eq!(ask(probe(good), "127.0.0.1").await, Outcome::Success);
        assert_eq!(
            ask(probe(bad), "127.0.0.1").await,
            Outcome::Failure("HTTP probe failed with statuscode: 503".into())
        );
    }

    #[tokio::test]
    async fn a_redirect_to_elsewhere_is_not_followed() {
        let address = server(
            "HTTP/1.1 302 Found\r\nlocation: http://192.0.2.1/x\r\ncontent-length: 0\r\n\r\n",
        )
        .await;
        let probe = serde_json::json!({"httpGet": {"port": address.port()}});
        assert_eq!(ask(probe, "127.0.0.1").await, Outcome::Success);
    }

    #[tokio::test]
    async fn a_closed_port_is_told_as_go_tells_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let expected = format!("dial tcp 127.0.0.1:{port}: connect: connection refused");
        assert_eq!(
            ask(
                serde_json::json!({"tcpSocket": {"port": port}}),
                "127.0.0.1"
            )
            .await,
            Outcome::Failure(expected.clone())
        );
        let Outcome::Failure(text) =
            ask(serde_json::json!({"httpGet": {"port": port}}), "127.0.0.1").await
        else {
            panic!("must fail")
        };
        assert_eq!(
            text,
            format!("Get \"http://127.0.0.1:{port}/\": {expected}")
        );
    }

    #[tokio::test]
    async fn an_open_port_is_enough_for_tcp() {
        let address = server("").await;
        let probe = serde_json::json!({"tcpSocket": {"port": address.port()}});
        assert_eq!(ask(probe, "127.0.0.1").await, Outcome::Success);
    }

    #[test]
    fn ports_by_name() {
        let container: Container = serde_json::from_value(
            serde_json::json!({"name": "c", "ports": [{"name": "web", "containerPort": 81}]}),
        )
        .unwrap();
        assert_eq!(port(&IntOrString::String("web".into()), &container), Ok(81));
        assert!(port(&IntOrString::String("nope".into()), &container).is_err());
        assert!(port(&IntOrString::Int(0), &container).is_err());
    }
}
