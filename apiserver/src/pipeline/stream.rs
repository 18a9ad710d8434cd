//! `pods/exec`, `pods/attach`, `pods/portforward`: a connection that is passed on to the kubelet of the pod's node, whatever is spoken
//! over it (upstream: `pkg/registry/core/pod/rest/subresources.go`).

use std::net::SocketAddr;

use axum::body::Body;
use hydrofoil_api::object;
use hydrofoil_api::status::ApiError;
use hydrofoil_streams::proxy::{Upgrade, pass_on};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::modify::served_form;
use super::{Call, kubelet};
use crate::answer::Answer;
use crate::metrics::Running;
use crate::request::info::Verb;

/// Whether a subresource of pods is such a connection.
pub fn is_stream(subresource: &str) -> bool {
    matches!(subresource, "exec" | "attach" | "portforward")
}

/// Passes the connection on.
///
/// # Errors
/// 400 when it is not clear which container is meant or the pod has no node, 404 without such a pod, 500 when its kubelet is not there.
pub async fn stream(mut call: Call, running: Running) -> Answer {
    let stored = call.stored().await?;
    let pod = served_form(&call, &stored)?;
    let path = match call.request.subresource.as_str() {
        "portforward" => forward_path(&call),
        kind => {
            let container = kubelet::container(&pod, call.query.text("container"))?;
            command_path(&call, kind, &container)
        }
    };
    let node = object::text(&pod, &["spec", "nodeName"]);
    if node.is_empty() {
        let name = &call.request.name;
        return Err(ApiError::bad_request(format!(
            "pod {name} does not have a host assigned"
        )));
    }
    let (address, port) = kubelet::address(&call, node)?;
    let failed = |what: String| ApiError::internal(format!("error dialing backend: {what}"));
    let io = kubelet::client(&call)?
        .dial(address, port)
        .await
        .map_err(failed)?;
    let upgrade = Upgrade {
        method: match call.request.verb {
            Verb::Create => http::Method::POST,
            _ => http::Method::GET,
        },
        headers: std::mem::take(&mut call.headers),
        connection: call.connection.take(),
    };
    let authority = SocketAddr::new(address, port).to_string();
    let answer = pass_on(upgrade, io, &authority, &path, running)
        .await
        .map_err(|error| failed(error.to_string()))?;
    Ok(answer.map(Body::new))
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The kubelet's path for a command or a container's streams; its words for the options are older than the API's.
fn command_path(call: &Call, kind: &str, container: &str) -> String {
    let (namespace, pod) = (encode(call.namespace()), encode(&call.request.name));
    let mut path = format!("/{kind}/{namespace}/{pod}/{}?", encode(container));
    for (option, word) in [
        ("stdin", "input=1"),
        ("stdout", "output=1"),
        ("stderr", "error=1"),
        ("tty", "tty=1"),
    ] {
        if call.query.flag(option) == Some(true) {
            path.push_str(word);
            path.push('&');
        }
    }
    if kind == "exec" {
        for word in call.query.all("command") {
            path.push_str(&format!("command={}&", encode(word)));
        }
    }
    path.pop();
    path
}

/// The kubelet's path for a pod's ports.
fn forward_path(call: &Call) -> String {
    let (namespace, pod) = (encode(call.namespace()), encode(&call.request.name));
    let ports: Vec<&str> = call.query.all("ports").collect();
    let mut path = format!("/portForward/{namespace}/{pod}");
    if !ports.is_empty() {
        path.push_str(&format!("?port={}", encode(&ports.join(","))));
    }
    path
}
