//! What is served over gRPC and HTTP, put together.

use std::sync::Arc;

use axum::{Router, middleware};
use hydrofoil_raftstore::Store;

use crate::{
    coordination::Coordination,
    flags::Settings,
    gateway::Gateway,
    grpc::{Grpc, Limits},
    http::{
        self, Shared,
        access::{self, Access},
    },
};

/// JSON is larger than what it stands for: base64 is four thirds, and escapes and names come on top.
const JSON_FACTOR: usize = 2;
/// What a request of JSON may be beyond that, in bytes.
const JSON_OVERHEAD: usize = 64 << 10;

/// The services of gRPC: etcd's API, and elections and locks over it.
pub fn over(store: &Store, limits: Limits) -> Grpc {
    let api = Grpc::new(store, limits);
    let coordination = Coordination::new(api.clone().into_router());
    api.add(coordination.routes())
}

/// A store of one member that leads, in a folder that goes with it.
#[cfg(test)]
pub async fn store_of_a_test() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let config = hydrofoil_raftstore::Config::new(folder.path().join("data"));
    let store = Store::open(config).await.unwrap();
    store.wait_ready().await.unwrap();
    (folder, store)
}

/// The services of gRPC as the flags have them.
pub fn grpc(store: &Store, settings: &Settings) -> Grpc {
    let limits = Limits {
        max_request_bytes: settings.max_request_bytes as usize,
        election_timeout: settings.election_timeout,
        ..Limits::default()
    };
    let grpc = over(store, limits);
    if settings.extensive_metrics {
        grpc.metrics().keep_times();
    }
    grpc
}

/// What is served over HTTP at client URLs.
///
/// # Errors
/// A defect of the build: see [`Gateway::new`].
pub fn http_routes(
    shared: &Arc<Shared>,
    grpc: &Router,
    settings: &Settings,
) -> Result<Router, String> {
    let mut routes = http::client_routes(shared);
    if settings.connections.gateway {
        let max_body_bytes = settings.max_request_bytes as usize * JSON_FACTOR + JSON_OVERHEAD;
        routes = routes.merge(Gateway::new(grpc.clone(), max_body_bytes)?.routes());
    }
    let access = Arc::new(Access {
        cors: settings.connections.cors.clone(),
        hosts: settings.connections.host_whitelist.clone(),
    });
    // A layer of `routes` itself would come after routing, too late for a path that is another's older name.
    let control = middleware::from_fn_with_state(access, access::control);
    Ok(Router::new().fallback_service(routes).layer(control))
}
