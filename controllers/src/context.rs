//! What every controller is given: the shared informers, the writer, settings and metrics.

use std::hash::Hash;
use std::sync::Arc;

use futures::future::BoxFuture;
use hydrofoil_client::events::Recorder;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::discovery::Catalog;
use crate::informer::Informer;
use crate::metrics::Metrics;
use crate::objects::{
    ConfigMap, Deployment, EndpointSlice, Endpoints, Job, Lease, Namespace, Node, Pod, ReplicaSet,
    Service, ServiceAccount,
};
use crate::queue::Queue;
use crate::writer::Writer;

/// A controller's work, to be run once the caches are full.
pub type Work = BoxFuture<'static, ()>;

/// One watch per kind for all controllers.
#[derive(Default)]
pub struct Informers {
    /// Pods.
    pub pods: Arc<Informer<Pod>>,
    /// ReplicaSets.
    pub replica_sets: Arc<Informer<ReplicaSet>>,
    /// Deployments.
    pub deployments: Arc<Informer<Deployment>>,
    /// Jobs.
    pub jobs: Arc<Informer<Job>>,
    /// Services.
    pub services: Arc<Informer<Service>>,
    /// EndpointSlices.
    pub endpoint_slices: Arc<Informer<EndpointSlice>>,
    /// Legacy Endpoints.
    pub endpoints: Arc<Informer<Endpoints>>,
    /// Namespaces.
    pub namespaces: Arc<Informer<Namespace>>,
    /// Nodes.
    pub nodes: Arc<Informer<Node>>,
    /// Leases.
    pub leases: Arc<Informer<Lease>>,
    /// ServiceAccounts.
    pub service_accounts: Arc<Informer<ServiceAccount>>,
    /// The ConfigMaps called `kube-root-ca.crt`, no others.
    pub root_ca: Arc<Informer<ConfigMap>>,
}

/// What every controller is given.
pub struct Context {
    /// Writes to the API server.
    pub writer: Writer,
    /// The shared caches.
    pub informers: Informers,
    /// The kinds that the API server serves.
    pub catalog: Catalog,
    /// Settings.
    pub config: Config,
    /// What is counted.
    pub metrics: Metrics,
    /// Cancelled when all controllers must end.
    pub shutdown: CancellationToken,
}

impl Context {
    /// A recorder of events in the name of one controller.
    pub fn recorder(&self, component: &str) -> Recorder {
        let client = self.writer.client().clone();
        Recorder::new(client, component, None, self.shutdown.clone())
    }

    /// A work queue that reports under a name.
    pub fn queue<K: Clone + Eq + Hash>(&self, name: &'static str) -> Arc<Queue<K>> {
        Queue::new(self.metrics.queue(name))
    }
}
