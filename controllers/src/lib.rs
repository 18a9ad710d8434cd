//! The controller manager: controllers that make the cluster what its objects say it shall be.
//!
//! Every controller has the same shape: handlers of the shared informers note keys in a work queue, a worker takes a key,
//! reads what belongs to it from the caches by index, asks a pure function what to do, and writes that through [`writer`].
//! Controllers know nothing of each other: they meet in the API's objects alone.
//!
//! Not for: scheduling, nodes' own work, or the API server's rules.

mod action;
mod clock;
mod config;
mod context;
mod deployment;
mod discovery;
mod endpoints;
mod endpointslice;
mod endpointslice_mirroring;
mod error;
mod expectations;
mod garbage;
mod informer;
mod job;
mod metrics;
mod namespace;
mod node_ipam;
mod node_lifecycle;
mod objects;
mod ownership;
mod pod_control;
mod pod_gc;
mod queue;
mod replicaset;
mod root_ca;
mod selector;
mod service_account;
mod ttl_after_finished;
mod worker;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use hydrofoil_client::leader::{self, LeaderConfig};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use config::Config;
pub use error::Error;
pub use metrics::Metrics;

use context::{Context, Informers, Work};
use discovery::Catalog;
use writer::Writer;

/// The Lease that says which manager acts.
const LEASE_NAME: &str = "kube-controller-manager";
/// The pause before another attempt to lead, when the leadership was lost.
const RETRY: Duration = Duration::from_secs(2);

/// Runs all controllers until `shutdown`, whenever this candidate leads.
///
/// # Errors
/// None today: what fails is tried again for as long as it takes.
pub async fn run(
    config: Config,
    client: kube::Client,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    run_with(config, client, Metrics::default(), shutdown).await
}

/// As [`run`], with metrics that the caller serves.
///
/// # Errors
/// As [`run`].
pub async fn run_with(
    config: Config,
    client: kube::Client,
    metrics: Metrics,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    if !config.leader_elect {
        lead(config, client, metrics, shutdown).await;
        return Ok(());
    }
    while !shutdown.is_cancelled() {
        let election = LeaderConfig::new(LEASE_NAME, config.identity.clone());
        let (config, metrics, own_client) = (config.clone(), metrics.clone(), client.clone());
        leader::run(client.clone(), election, shutdown.clone(), move |leading| {
            lead(config, own_client, metrics, leading)
        })
        .await;
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(RETRY) => tracing::info!("the controller manager's leadership was lost; trying again"),
        }
    }
    Ok(())
}

/// All controllers, until `shutdown`.
async fn lead(config: Config, client: kube::Client, metrics: Metrics, shutdown: CancellationToken) {
    // Whatever ends this future ends everything that it started.
    let shutdown = shutdown.child_token();
    let _end = shutdown.clone().drop_guard();
    let context = Arc::new(Context {
        writer: Writer::new(client),
        informers: Informers::default(),
        catalog: Catalog::default(),
        config,
        metrics,
        shutdown: shutdown.clone(),
    });
    let works = controllers(&context);
    let mut tasks = JoinSet::new();
    watch(&context, &mut tasks);
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = synced(&context.informers) => {
            for work in works {
                tasks.spawn(work);
            }
            shutdown.cancelled().await;
        }
    }
    tasks.shutdown().await;
}

/// Every controller, with its handlers registered and its work not yet begun.
fn controllers(context: &Arc<Context>) -> Vec<Work> {
    let mut works = vec![
        deployment::start(context),
        replicaset::start(context),
        job::start(context),
        endpointslice::start(context),
        endpoints::start(context),
        endpointslice_mirroring::start(context),
        service_account::start(context),
        namespace::start(context),
        garbage::start(context),
        root_ca::start(context),
        ttl_after_finished::start(context),
        pod_gc::start(context),
        node_lifecycle::start(context),
    ];
    works.extend(node_ipam::start(context));
    works
}

/// The field selector for the only ConfigMaps that are watched whole.
const ROOT_CA_ONLY: &str = "metadata.name=kube-root-ca.crt";

fn watch(context: &Context, tasks: &mut JoinSet<()>) {
    let informers = &context.informers;
    macro_rules! follow {
        ($($name:ident: $fields:expr),* $(,)?) => { $(
            let client = context.writer.client().clone();
            tasks.spawn(informers.$name.clone().run(client, $fields, context.shutdown.clone()));
        )* };
    }
    follow! {
        pods: None,
        replica_sets: None,
        deployments: None,
        jobs: None,
        services: None,
        endpoint_slices: None,
        endpoints: None,
        namespaces: None,
        nodes: None,
        leases: None,
        service_accounts: None,
        root_ca: Some(ROOT_CA_ONLY),
    }
}

async fn synced(informers: &Informers) {
    tokio::join!(
        informers.pods.synced(),
        informers.replica_sets.synced(),
        informers.deployments.synced(),
        informers.jobs.synced(),
        informers.services.synced(),
        informers.endpoint_slices.synced(),
        informers.endpoints.synced(),
        informers.namespaces.synced(),
        informers.nodes.synced(),
        informers.leases.synced(),
        informers.service_accounts.synced(),
        informers.root_ca.synced(),
    );
}
