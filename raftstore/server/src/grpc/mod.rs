//! etcd's gRPC API over a [`Store`]: one file per service, and what lies under all of them.
//!
//! - `head`: what a request says of itself; `frame`: how messages are written. `dispatch`: from a path to its method. `unary`: how a call with one message each way is served; `body`: bodies, and streams that are counted and cut.
//! - `admit`: what is asked of every call before its service sees it: that a leader is known if the client wants one, and what
//!   a learner does not serve. `caller`: who asks.
//! - `convert`: between the wire's messages and the store's; `errors`: the one map to gRPC codes; `metrics`: what is counted.
//! - `kv`, `watch`, `lease`, `cluster`, `maintenance`, `auth`: the services. They implement the generated traits, so who has a
//!   request already (the JSON gateway) calls them without a socket.
//!
//! Whoever listens makes one [`Grpc`] and hands it every request whose content type is `application/grpc`, or mounts
//! [`Grpc::into_router`]. Listening, TLS and HTTP/2 settings are not here; [`http2`] has the values that etcd's servers use.
//!
//! The one confusing thing: unary methods do not go through the generated servers (`KvServer` and so on), see `unary`;
//! streaming methods and services that others add do.

mod admit;
mod auth;
mod body;
mod caller;
mod cluster;
mod convert;
mod dispatch;
pub mod errors;
mod frame;
mod head;
mod health;
pub mod http2;
mod kv;
mod lease;
mod maintenance;
mod metrics;
mod unary;
mod watch;

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hydrofoil_raftstore::Store;
use tonic::{codec::CompressionEncoding, service::Routes};
use tonic_health::pb::health_server::HealthServer;
use tower::Service;

use self::{admit::Leader, health::HealthService};
pub use self::{
    auth::AuthService,
    body::{Body, BoxError},
    caller::ClientCertificate,
    cluster::ClusterService,
    dispatch::dispatch,
    head::is_grpc,
    kv::KvService,
    lease::LeaseService,
    maintenance::MaintenanceService,
    metrics::Metrics,
    watch::WatchService,
};

/// What a message may be longer than the largest request (etcd's `grpcOverheadBytes`).
const OVERHEAD_BYTES: usize = 512 * 1024;

/// Limits of the gRPC front.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest request in bytes (etcd's `--max-request-bytes`). A message may be 512 KiB longer. Watch responses are cut into
    /// fragments of this size for those who ask for it.
    pub max_request_bytes: usize,
    /// Watches that one stream may have; one more is refused.
    pub max_watches_per_stream: usize,
    /// Election timeout: after three of them without a leader, streams that want one are ended.
    pub election_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_request_bytes: 3 << 19, // 1.5 MiB
            max_watches_per_stream: 1 << 17,
            election_timeout: Duration::from_millis(1000),
        }
    }
}

impl Limits {
    /// Longest message that is received.
    fn receive_bytes(&self) -> usize {
        self.max_request_bytes.saturating_add(OVERHEAD_BYTES)
    }
}

/// The gRPC API of one store. Cheap to clone.
#[derive(Clone)]
pub struct Grpc {
    inner: Arc<Inner>,
    others: axum::Router,
}

impl std::fmt::Debug for Grpc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grpc")
            .field("limits", &self.inner.limits)
            .finish_non_exhaustive()
    }
}

struct Inner {
    limits: Limits,
    metrics: Metrics,
    leader: Leader,
    kv: KvService,
    watch: WatchService,
    lease: LeaseService,
    cluster: ClusterService,
    maintenance: MaintenanceService,
    auth: AuthService,
}

impl Grpc {
    /// The API of a store. Must be called within a tokio runtime: it begins to watch for the loss of the leader.
    pub fn new(store: &Store, limits: Limits) -> Self {
        let leader = Leader::watch(store, limits.election_timeout);
        let health = HealthServer::new(HealthService)
            .accept_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Gzip);
        Grpc {
            inner: Arc::new(Inner {
                metrics: Metrics::default(),
                leader,
                kv: KvService::new(store.clone()),
                watch: WatchService::new(store.clone(), limits.clone()),
                lease: LeaseService::new(store.clone()),
                cluster: ClusterService::new(store.clone()),
                maintenance: MaintenanceService::new(store.clone()),
                auth: AuthService::new(store.clone()),
                limits,
            }),
            others: Routes::new(health).into_axum_router(),
        }
    }

    /// Adds services that are none of ours, as generated servers make them. They are admitted, counted and cut like ours.
    #[allow(
        clippy::should_implement_trait,
        reason = "services are added, nothing is summed"
    )]
    pub fn add(mut self, services: axum::Router) -> Self {
        self.others = self.others.merge(services);
        self
    }

    /// What is counted of calls.
    pub fn metrics(&self) -> Metrics {
        self.inner.metrics.clone()
    }

    /// Ends every stream with "server stopped", those of later requests too.
    pub fn close(&self) {
        self.inner.leader.close();
    }

    /// Everything as a router that answers whatever is posted to it.
    pub fn into_router(self) -> axum::Router {
        axum::Router::new().fallback_service(self)
    }

    /// The KV service.
    pub fn kv(&self) -> &KvService {
        &self.inner.kv
    }

    /// The Watch service.
    pub fn watch(&self) -> &WatchService {
        &self.inner.watch
    }

    /// The Lease service.
    pub fn lease(&self) -> &LeaseService {
        &self.inner.lease
    }

    /// The Cluster service.
    pub fn cluster(&self) -> &ClusterService {
        &self.inner.cluster
    }

    /// The Auth service.
    pub fn auth(&self) -> &AuthService {
        &self.inner.auth
    }

    /// The Maintenance service.
    pub fn maintenance(&self) -> &MaintenanceService {
        &self.inner.maintenance
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

impl<B> Service<http::Request<B>> for Grpc
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Answer {
        dispatch(self, request)
    }
}
