//! The gRPC front, driven by the wire crate's own clients over loopback.

#![allow(clippy::unwrap_used, reason = "tests")]

mod apiserver;
mod arbitrary;
mod arbitrary_json;
mod auth;
mod health;
mod kv;
mod lease;
mod maintenance;
mod metrics;
mod watch;

use std::time::Duration;

use bytes::Bytes;
use hydrofoil_etcd_wire::etcdserverpb::{
    PutRequest, PutResponse, RangeRequest, auth_client::AuthClient, cluster_client::ClusterClient,
    kv_client::KvClient, lease_client::LeaseClient, maintenance_client::MaintenanceClient,
    watch_client::WatchClient,
};
use hydrofoil_raftstore::{Config, Store};
use hydrofoil_store_server::grpc::{Grpc, Limits};
use tonic::{Code, Status, transport::Channel};

/// Longest wait for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A store with its front on a port of its own.
struct Server {
    store: Store,
    grpc: Grpc,
    channel: Channel,
    serving: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Server {
    async fn start() -> Server {
        Server::with(Limits::default(), |_| {}).await
    }

    async fn with(limits: Limits, change: impl FnOnce(&mut Config)) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::new(folder.path().join("data"));
        change(&mut config);
        let store = Store::open(config).await.unwrap();
        store.wait_ready().await.unwrap();
        let grpc = Grpc::new(&store, limits);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = grpc.clone().into_router();
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let endpoint = Channel::from_shared(format!("http://{address}")).unwrap();
        Server {
            store,
            grpc,
            channel: endpoint.connect_lazy(),
            serving,
            _folder: folder,
        }
    }

    fn kv(&self) -> KvClient<Channel> {
        KvClient::new(self.channel.clone()).max_decoding_message_size(usize::MAX)
    }

    fn watch(&self) -> WatchClient<Channel> {
        WatchClient::new(self.channel.clone()).max_decoding_message_size(usize::MAX)
    }

    fn lease(&self) -> LeaseClient<Channel> {
        LeaseClient::new(self.channel.clone())
    }

    fn auth(&self) -> AuthClient<Channel> {
        AuthClient::new(self.channel.clone())
    }

    fn maintenance(&self) -> MaintenanceClient<Channel> {
        MaintenanceClient::new(self.channel.clone())
    }

    fn cluster(&self) -> ClusterClient<Channel> {
        ClusterClient::new(self.channel.clone())
    }

    async fn put(&self, key: &str, value: impl Into<Bytes>) -> PutResponse {
        let request = put(key, value);
        self.kv().put(request).await.unwrap().into_inner()
    }

    /// Puts, and says the revision.
    async fn revision_of_put(&self, key: &str, value: &'static str) -> i64 {
        self.put(key, value).await.header.unwrap().revision
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn put(key: &str, value: impl Into<Bytes>) -> PutRequest {
    PutRequest {
        key: Bytes::copy_from_slice(key.as_bytes()),
        value: value.into(),
        ..Default::default()
    }
}

fn get(key: &str) -> RangeRequest {
    RangeRequest {
        key: Bytes::copy_from_slice(key.as_bytes()),
        ..Default::default()
    }
}

fn range(key: &'static str, end: &'static str) -> RangeRequest {
    RangeRequest {
        key: key.into(),
        range_end: end.into(),
        ..Default::default()
    }
}

#[track_caller]
fn assert_status<T: std::fmt::Debug>(result: Result<T, Status>, code: Code, message: &str) {
    let status = result.unwrap_err();
    assert_eq!((status.code(), status.message()), (code, message));
}
