//! Health, version and metrics over HTTP, as etcd answers them, to the byte where probes and tools read bytes.
//!
//! - [`health`]: `/health`; [`checks`]: `/livez` and `/readyz`.
//! - [`metrics`]: what is counted here; [`exposition`]: `/metrics` as Prometheus reads it; [`process`]: what the system says of us.
//! - [`access`]: origins and host names.
//!
//! The v2 API and `/debug/` are not there: 404, as the v2 API is in etcd 3.6.

pub mod access;
pub mod checks;
pub mod exposition;
pub mod health;
pub mod metrics;
pub mod process;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use http::{
    HeaderValue, StatusCode,
    header::{ALLOW, CONTENT_TYPE, LOCATION, X_CONTENT_TYPE_OPTIONS},
};
use hydrofoil_raftstore::Store;

use crate::version;

/// Text as Go's server marks it.
pub const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
/// JSON.
pub const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What the handlers share.
#[derive(Debug)]
pub struct Shared {
    /// The store.
    pub store: Store,
    /// What is counted.
    pub metrics: metrics::ServerMetrics,
    /// The quota in bytes; 0 is none.
    pub quota_bytes: u64,
    /// All that is registered.
    pub registry: prometheus_client::registry::Registry,
}

/// A path that answers GET alone, and not HEAD either.
pub fn get_only<H, T>(handler: H) -> MethodRouter<Arc<Shared>>
where
    H: axum::handler::Handler<T, Arc<Shared>>,
    T: 'static,
{
    let refuse = || async { method_not_allowed() };
    get(handler).head(refuse).fallback(refuse)
}

/// What is served beside the gateway at client URLs.
pub fn client_routes(shared: &Arc<Shared>) -> Router {
    metrics_routes(shared).route(
        "/version",
        get_only(serve_version).with_state(Arc::clone(shared)),
    )
}

/// What is served at metrics URLs.
pub fn metrics_routes(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/metrics", get_only(exposition::serve))
        .route("/health", get_only(health::serve))
        .merge(checks::routes())
        .with_state(Arc::clone(shared))
        .fallback(|| async { not_found() })
}

/// What is served at peer URLs beside the peers' own service.
pub fn peer_routes(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/version", get_only(serve_version))
        .with_state(Arc::clone(shared))
        .fallback(|| async { not_found() })
}

async fn serve_version(State(_): State<Arc<Shared>>) -> Response {
    let body = format!(
        "{{\"etcdserver\":\"{}\",\"etcdcluster\":\"{}\"}}",
        version::SERVER,
        version::CLUSTER
    );
    ([(CONTENT_TYPE, JSON)], body).into_response()
}

/// An answer as Go's `http.Error` writes it.
pub fn go_error(status: StatusCode, words: &str) -> Response {
    let mut response = Response::new(Body::from(format!("{words}\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, TEXT);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Where to go for a path that is another's without its last slash, as Go's `ServeMux` tells it.
pub fn go_redirect(to: &'static str) -> Response {
    let body = format!("<a href=\"{to}\">Temporary Redirect</a>.\n\n");
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = [
        (LOCATION, HeaderValue::from_static(to)),
        (CONTENT_TYPE, kind),
    ];
    (StatusCode::TEMPORARY_REDIRECT, headers, body).into_response()
}

/// Go's answer to a path that is not there.
pub fn not_found() -> Response {
    go_error(StatusCode::NOT_FOUND, "404 page not found")
}

fn method_not_allowed() -> Response {
    let mut response = go_error(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("GET"));
    response
}

/// The values of a parameter of a query, decoded.
pub fn query_values(query: Option<&str>, name: &str) -> Vec<String> {
    let pairs = query.unwrap_or_default().split('&');
    pairs
        .filter_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then(|| decode(value))
        })
        .collect()
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|digit| digit.map(char::from));
                let value = match digits {
                    [Some(a), Some(b)] => a.to_digit(16).zip(b.to_digit(16)),
                    _ => None,
                };
                let Some((a, b)) = value else {
                    return text.to_owned();
                };
                bytes.push(u8::try_from(a * 16 + b).unwrap_or_default());
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
