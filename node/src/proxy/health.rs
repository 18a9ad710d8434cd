//! `/healthz`, `/livez`, `/metrics` and `/proxyMode` on port 10256, as kube-proxy answers them.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{StatusCode, header};
use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Error;
use super::metrics::Metrics;
use crate::clock;

/// What the health server tells.
#[derive(Clone)]
pub(crate) struct Health {
    pub metrics: Arc<Metrics>,
    /// When changes were last applied; `None` before the first time.
    pub updated: Arc<Mutex<Option<Timestamp>>>,
}

/// Binds the address.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address)
        .await
        .map_err(|source| Error::Healthz { address, source })
}

/// Serves until `shutdown`.
pub(crate) async fn serve(listener: TcpListener, health: Health, shutdown: CancellationToken) {
    let served = axum::serve(listener, router(health))
        .with_graceful_shutdown(async move { shutdown.cancelled().await });
    if let Err(error) = served.await {
        tracing::warn!(%error, "the proxy's health server ended");
    }
}

fn router(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(status))
        .route("/livez", get(status))
        .route("/metrics", get(metrics))
        .route("/proxyMode", get(|| async { "userspace" }))
        .with_state(health)
}

async fn status(State(health): State<Health>) -> Response {
    let updated = *health.updated.lock();
    let code = if updated.is_some() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({
        "lastUpdated": updated.map(|at| at.to_string()),
        "currentTime": clock::now().to_string(),
        "nodeEligible": true
    });
    (code, Json(body)).into_response()
}

async fn metrics(State(health): State<Health>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], health.metrics.text()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use http::Request;
    use tower::ServiceExt;

    #[tokio::test]
    async fn healthy_once_changes_were_applied() {
        let health = Health {
            metrics: Metrics::new(),
            updated: Arc::default(),
        };
        let ask = |path: &str| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let router = router(health.clone());
            async move { router.oneshot(request).await.unwrap().status() }
        };
        assert_eq!(ask("/healthz").await, StatusCode::SERVICE_UNAVAILABLE);
        *health.updated.lock() = Some(clock::now());
        assert_eq!(ask("/healthz").await, StatusCode::OK);
        assert_eq!(ask("/livez").await, StatusCode::OK);
        assert_eq!(ask("/metrics").await, StatusCode::OK);
    }
}
