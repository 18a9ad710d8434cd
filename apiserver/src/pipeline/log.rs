//! `pods/log`: the lines of a container, streamed from the kubelet of its node.
//!
//! The kubelet is reached over HTTPS at the node's address and the port it reports, with the API server's client
//! certificate; its serving certificate must be signed by the cluster's authority.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures::TryStreamExt;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, BodyStream, Empty, Limited};
use hydrofoil_api::field::{Errors, FieldError, Path};
use hydrofoil_api::object;
use hydrofoil_api::status::{ApiError, GroupKind};
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::Call;
use super::modify::served_form;
use crate::answer::Answer;
use crate::metrics::Running;

/// Longest time to reach a kubelet.
const DIAL: Duration = Duration::from_secs(10);
/// Longest time a kubelet takes to begin its answer.
const FIRST_BYTE: Duration = Duration::from_secs(30);
/// Most of an error's text that is read from a kubelet.
const MAX_ERROR: usize = 50_000;
/// Where a kubelet listens when its node does not say.
const KUBELET_PORT: u16 = 10250;
/// Options that are passed on to the kubelet.
const OPTIONS: [&str; 9] = [
    "follow",
    "previous",
    "sinceSeconds",
    "sinceTime",
    "timestamps",
    "tailLines",
    "limitBytes",
    "insecureSkipTLSVerifyBackend",
    "stream",
];

/// How the API server talks to kubelets.
#[derive(Clone)]
pub struct KubeletClient {
    tls: TlsConnector,
}

impl KubeletClient {
    /// A client with this TLS configuration.
    pub fn new(config: rustls::ClientConfig) -> KubeletClient {
        KubeletClient {
            tls: TlsConnector::from(Arc::new(config)),
        }
    }

    /// Sends a GET and gives the answer with its body still streaming. The connection ends with the body.
    async fn get(
        &self,
        address: IpAddr,
        port: u16,
        path: &str,
    ) -> Result<Response<hyper::body::Incoming>, ApiError> {
        let authority = std::net::SocketAddr::new(address, port).to_string();
        let failed =
            |what: String| ApiError::internal(format!("Get \"https://{authority}{path}\": {what}"));
        let slow = |_| failed(format!("dial tcp {authority}: i/o timeout"));
        let tcp = timeout(DIAL, TcpStream::connect((address, port)))
            .await
            .map_err(slow)?
            .map_err(|error| failed(format!("dial tcp {authority}: connect: {}", plain(&error))))?;
        let name = ServerName::IpAddress(address.into());
        let tls = timeout(DIAL, self.tls.connect(name, tcp))
            .await
            .map_err(slow)?
            .map_err(|error| failed(format!("tls: {error}")))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tls))
            .await
            .map_err(|error| failed(error.to_string()))?;
        // It ends when the body is read or dropped.
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a kubelet's connection ended");
            }
        });
        let request = Request::get(path)
            .header(HOST, &authority)
            .body(Empty::<bytes::Bytes>::new())
            .map_err(|error| failed(error.to_string()))?;
        timeout(FIRST_BYTE, sender.send_request(request))
            .await
            .map_err(|_| failed("the kubelet did not answer in time".to_owned()))?
            .map_err(|error| failed(error.to_string()))
    }
}

/// The system's words for an error, without the number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string().to_lowercase();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Answers with a container's log.
///
/// # Errors
/// 400 when it is not clear which container is meant, 404 without such a pod, what the kubelet says.
pub async fn log(call: Call, running: Running) -> Answer {
    let mut errors = Errors::new();
    check_options(&call, &mut errors)?;
    if !errors.is_empty() {
        return Err(ApiError::invalid(
            GroupKind::new("", "PodLogOptions"),
            &call.request.name,
            &errors,
        ));
    }
    let stored = call
        .core
        .registry
        .read(call.key())
        .await?
        .ok_or_else(|| call.not_found())?;
    let pod = served_form(&call, &stored)?;
    let container = container(&pod, call.query.text("container"))?;
    let node = object::text(&pod, &["spec", "nodeName"]);
    if node.is_empty() {
        // Not scheduled yet: no lines, as upstream.
        return Ok(text(Body::empty()));
    }
    let (address, port) = kubelet_of(&call, node)?;
    let path = kubelet_path(&call, &container);
    let client = call.core.kubelets.as_ref();
    let client = client
        .ok_or_else(|| ApiError::internal("no client certificate for kubelets is configured"))?;
    let response = client.get(address, port, &path).await?;
    if !response.status().is_success() {
        return Err(refused(&call, response).await);
    }
    let shutdown = call.core.shutdown.clone();
    let frames = BodyStream::new(response.into_body()).try_filter_map(move |frame| {
        // Counted as long as it flows.
        let _counted = &running;
        std::future::ready(Ok(frame.into_data().ok()))
    });
    let frames = futures::StreamExt::take_until(frames, shutdown.cancelled_owned());
    Ok(text(Body::from_stream(frames)))
}

fn text(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

fn check_options(call: &Call, errors: &mut Errors) -> Result<(), ApiError> {
    let query = &call.query;
    let least =
        |name: &'static str, least: i64, text: &str, errors: &mut Errors| -> Result<(), ApiError> {
            if let Some(number) = query.number(name)?.filter(|number| *number < least) {
                errors.push(FieldError::invalid(&Path::new(name), number, text));
            }
            Ok(())
        };
    least("tailLines", 0, "must be greater than or equal to 0", errors)?;
    least("limitBytes", 1, "must be greater than 0", errors)?;
    least("sinceSeconds", 1, "must be greater than 0", errors)?;
    let since = (query.text("sinceSeconds"), query.text("sinceTime"));
    if !since.0.is_empty() && !since.1.is_empty() {
        let text = "at most one of `sinceTime` or `sinceSeconds` may be specified";
        errors.push(FieldError::forbidden(&Path::root(), text));
    }
    if !since.1.is_empty() && since.1.parse::<jiff::Timestamp>().is_err() {
        return Err(ApiError::bad_request(format!(
            "sinceTime: {:?} is not a time",
            since.1
        )));
    }
    Ok(())
}

/// The container that is meant.
fn container(pod: &Value, named: &str) -> Result<String, ApiError> {
    let names = |list: &str| -> Vec<&str> {
        object::list(pod, &["spec", list])
            .iter()
            .filter_map(|container| container["name"].as_str())
            .collect()
    };
    let (main, init, ephemeral) = (
        names("containers"),
        names("initContainers"),
        names("ephemeralContainers"),
    );
    if !named.is_empty() {
        if [&main, &init, &ephemeral]
            .iter()
            .any(|list| list.contains(&named))
        {
            return Ok(named.to_owned());
        }
        return Err(ApiError::bad_request(format!(
            "container {named} is not valid for pod {}",
            object::name(pod)
        )));
    }
    match main.as_slice() {
        [] => Ok(String::new()),
        [only] => Ok((*only).to_owned()),
        several => {
            let mut text = format!(
                "a container name must be specified for pod {}, choose one of: [{}]",
                object::name(pod),
                several.join(" ")
            );
            if !init.is_empty() {
                text.push_str(&format!(
                    " or one of the init containers: [{}]",
                    init.join(" ")
                ));
            }
            Err(ApiError::bad_request(text))
        }
    }
}

/// Address and port of a node's kubelet.
fn kubelet_of(call: &Call, name: &str) -> Result<(IpAddr, u16), ApiError> {
    let node = call
        .core
        .caches()
        .resource("minions")
        .and_then(|nodes| nodes.get(name))
        .ok_or_else(|| ApiError::internal(format!("nodes \"{name}\" not found")))?
        .parse();
    let addresses = object::list(&node, &["status", "addresses"]);
    let address = ["InternalIP", "ExternalIP", "Hostname"]
        .iter()
        .find_map(|kind| {
            addresses
                .iter()
                .filter(|address| address["type"] == *kind)
                .find_map(|address| address["address"].as_str()?.parse().ok())
        });
    let address = address.ok_or_else(|| {
        ApiError::internal(format!("no preferred addresses found for node {name:?}"))
    })?;
    let port = object::int(
        &node,
        &["status", "daemonEndpoints", "kubeletEndpoint", "Port"],
    )
    .and_then(|port| u16::try_from(port).ok())
    .filter(|port| *port > 0)
    .unwrap_or(KUBELET_PORT);
    Ok((address, port))
}

fn kubelet_path(call: &Call, container: &str) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (namespace, pod) = (encode(call.namespace()), encode(&call.request.name));
    let mut path = format!("/containerLogs/{namespace}/{pod}/{}", encode(container));
    let mut separator = '?';
    for name in OPTIONS {
        if let Some(value) = call.query.get(name) {
            path.push(separator);
            path.push_str(&format!("{name}={}", encode(value)));
            separator = '&';
        }
    }
    path
}

/// What a kubelet's refusal means to the client, as upstream's GenericHttpResponseChecker has it.
async fn refused(call: &Call, response: Response<hyper::body::Incoming>) -> ApiError {
    let code = response.status();
    let body = Limited::new(response.into_body(), MAX_ERROR)
        .collect()
        .await;
    let text = body
        .map(|body| {
            String::from_utf8_lossy(&body.to_bytes())
                .trim_end()
                .to_owned()
        })
        .unwrap_or_default();
    match code {
        StatusCode::BAD_REQUEST => ApiError::bad_request(text),
        StatusCode::INTERNAL_SERVER_ERROR => ApiError::internal(text),
        StatusCode::NOT_FOUND => {
            let message = format!(
                "the server could not find the requested resource ( pods/log {})",
                call.request.name
            );
            ApiError::new(404, hydrofoil_api::status::reason::NOT_FOUND, message)
        }
        other => ApiError::internal(format!("the kubelet answered {other}: {text}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_container_must_be_clear() {
        let one = json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a"}], "initContainers": [{"name": "i"}]}});
        assert_eq!(container(&one, "").unwrap(), "a");
        assert_eq!(container(&one, "i").unwrap(), "i");
        assert_eq!(
            container(&one, "x").unwrap_err().message(),
            "container x is not valid for pod p"
        );
        let two = json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a"}, {"name": "b"}], "initContainers": [{"name": "i"}]}});
        assert_eq!(
            container(&two, "").unwrap_err().message(),
            "a container name must be specified for pod p, choose one of: [a b] or one of the init containers: [i]"
        );
    }
}
