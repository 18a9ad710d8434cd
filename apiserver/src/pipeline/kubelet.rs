//! The kubelet of a pod's node, and the container of a pod that is meant.
//!
//! The kubelet is reached over HTTPS at the node's address and the port it reports, with the API server's client
//! certificate; its serving certificate must be signed by the cluster's authority.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::header::HOST;
use http::{Request, Response};
use http_body_util::Empty;
use hydrofoil_api::object;
use hydrofoil_api::status::ApiError;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Call;

/// Longest time to reach a kubelet.
const DIAL: Duration = Duration::from_secs(10);
/// Longest time a kubelet takes to begin its answer.
const FIRST_BYTE: Duration = Duration::from_secs(30);
/// Where a kubelet listens when its node does not say.
const KUBELET_PORT: u16 = 10250;

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
    ///
    /// # Errors
    /// 500 when there is no answer.
    pub(super) async fn get(
        &self,
        address: IpAddr,
        port: u16,
        path: &str,
    ) -> Result<Response<hyper::body::Incoming>, ApiError> {
        let authority = SocketAddr::new(address, port).to_string();
        let failed =
            |what: String| ApiError::internal(format!("Get \"https://{authority}{path}\": {what}"));
        let tls = self.dial(address, port).await.map_err(failed)?;
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
    /// A connection to a kubelet. The error is in words.
    ///
    /// # Errors
    /// Nobody there, too slow, or not of this cluster.
    pub(super) async fn dial(
        &self,
        address: IpAddr,
        port: u16,
    ) -> Result<TlsStream<TcpStream>, String> {
        let to = SocketAddr::new(address, port);
        let slow = |_| format!("dial tcp {to}: i/o timeout");
        let tcp = timeout(DIAL, TcpStream::connect(to))
            .await
            .map_err(slow)?
            .map_err(|error| format!("dial tcp {to}: connect: {}", plain(&error)))?;
        // Keys that are typed one by one do not wait for each other.
        let _ = tcp.set_nodelay(true);
        let name = ServerName::IpAddress(address.into());
        timeout(DIAL, self.tls.connect(name, tcp))
            .await
            .map_err(slow)?
            .map_err(|error| format!("tls: {error}"))
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

/// The client for kubelets.
///
/// # Errors
/// 500 when none is configured.
pub(super) fn client(call: &Call) -> Result<&KubeletClient, ApiError> {
    let client = call.core.kubelets.as_ref();
    client.ok_or_else(|| ApiError::internal("no client certificate for kubelets is configured"))
}

/// The container that is meant.
pub(super) fn container(pod: &Value, named: &str) -> Result<String, ApiError> {
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
pub(super) fn address(call: &Call, name: &str) -> Result<(IpAddr, u16), ApiError> {
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
