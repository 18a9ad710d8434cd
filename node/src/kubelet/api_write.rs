//! The two writes a kubelet makes for every pod, status and deletion, without decoding the answers: nobody reads them.

use http::{Method, Request, header};
use http_body_util::BodyExt;
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

/// Most bytes of an error's body that are read.
const MAX_ERROR: usize = 64 * 1024;

/// How a write ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Done,
    /// There is no such object, or another has its name.
    Gone,
    Failed(String),
}

/// The path of a pod.
pub(crate) fn pod_path(pod: &Pod) -> String {
    let meta = &pod.metadata;
    format!(
        "/api/v1/namespaces/{}/pods/{}",
        meta.namespace.as_deref().unwrap_or_default(),
        meta.name.as_deref().unwrap_or_default()
    )
}

/// Patches a pod's status.
pub(crate) async fn patch_status(client: &Client, path: &str, body: &Value) -> Written {
    let uri = format!("{path}/status?fieldManager=kubelet");
    send(
        client,
        Method::PATCH,
        &uri,
        "application/strategic-merge-patch+json",
        body,
    )
    .await
}

/// Deletes a pod for good, if it is still the one with that uid.
pub(crate) async fn delete(client: &Client, path: &str, uid: &str) -> Written {
    let body = json!({
        "kind": "DeleteOptions",
        "apiVersion": "v1",
        "gracePeriodSeconds": 0,
        "preconditions": {"uid": uid}
    });
    send(client, Method::DELETE, path, "application/json", &body).await
}

async fn send(
    client: &Client,
    method: Method,
    uri: &str,
    content_type: &str,
    body: &Value,
) -> Written {
    let bytes = match serde_json::to_vec(body) {
        Ok(bytes) => bytes,
        Err(error) => return Written::Failed(error.to_string()),
    };
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header(header::CONTENT_TYPE, content_type)
        .header(header::ACCEPT, "application/json")
        .body(Body::from(bytes));
    let request = match request {
        Ok(request) => request,
        Err(error) => return Written::Failed(error.to_string()),
    };
    let response = match client.send(request).await {
        Ok(response) => response,
        Err(error) => return Written::Failed(error.to_string()),
    };
    let code = response.status();
    if code.is_success() {
        return Written::Done;
    }
    let body = http_body_util::Limited::new(response.into_body(), MAX_ERROR);
    let bytes = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let status: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let message = status["message"].as_str().unwrap_or_default();
    // A precondition or a uid in the body that does not fit means that another pod has the name.
    if code == http::StatusCode::NOT_FOUND
        || (code == http::StatusCode::CONFLICT && message.contains("UID"))
    {
        return Written::Gone;
    }
    Written::Failed(format!("{code}: {message}"))
}
