//! Brings a kubelet up in order: runtime, server, Node, informers, loop; and down again.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use hydrofoil_client::events::Recorder;
use hydrofoil_cri::v1 as wire;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::node::v1::RuntimeClass;
use kube::runtime::reflector::{self, Lookup, Store};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client};
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::admission::Amount;
use super::cri::{CALL_TIMEOUT, Cri, call, go_error};
use super::execute::Shared;
use super::images::Images;
use super::machine::NodeFacts;
use super::metrics::Metrics;
use super::node_status::{self, NodeKeeper, RuntimeFacts};
use super::objects::Objects;
use super::pleg::{self, Recent};
use super::probes::Prober;
use super::record::Events;
use super::server::{Answers, Server};
use super::sync::{MAX_QUEUED, Parts, PodLoop, Sources, WatchedPod};
use super::view::View;
use super::{Config, Error, gc, host};

/// How long a runtime or an API server may take to answer at the start.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// Pause between tries at the start.
const START_PAUSE: Duration = Duration::from_millis(100);
/// Pod stops and clean-ups in flight at a time.
const MAX_STOPS: usize = 64;

/// Runs a kubelet until `shutdown`.
pub(super) async fn run(
    config: Config,
    client: Client,
    shutdown: CancellationToken,
    ready: oneshot::Sender<()>,
) -> Result<(), Error> {
    check(&config)?;
    // Everything this kubelet starts ends with it, also when it ends by an error.
    let stop = shutdown.child_token();
    let guard = stop.clone().drop_guard();
    let mut tasks = JoinSet::new();
    let result = tokio::select! {
        () = shutdown.cancelled() => Ok(()),
        result = bring_up(config, client, stop.clone(), ready, &mut tasks) => result,
    };
    if result.is_ok() {
        // Any task that ends before shutdown takes the kubelet with it.
        tokio::select! {
            () = shutdown.cancelled() => {}
            _ = tasks.join_next() => {}
        }
    }
    drop(guard);
    while tasks.join_next().await.is_some() {}
    result
}

fn check(config: &Config) -> Result<(), Error> {
    let problems = hydrofoil_api::names::is_dns1123_subdomain(&config.node_name);
    if !problems.is_empty() {
        return Err(Error::Config(format!(
            "nodeName {:?}: {}",
            config.node_name,
            problems.join("; ")
        )));
    }
    if config.image_gc_low_threshold_percent > config.image_gc_high_threshold_percent {
        return Err(Error::Config(
            "imageGCLowThresholdPercent is above imageGCHighThresholdPercent".to_owned(),
        ));
    }
    Ok(())
}

async fn bring_up(
    config: Config,
    client: Client,
    stop: CancellationToken,
    ready: oneshot::Sender<()>,
    tasks: &mut JoinSet<()>,
) -> Result<(), Error> {
    for dir in [config.root_dir.join("pods"), config.pod_logs_dir()] {
        tokio::fs::create_dir_all(&dir)
            .await
            .map_err(|source| Error::Io {
                context: format!("directory {}", dir.display()),
                source,
            })?;
    }
    let server = Server::bind(&config).await?;
    let port = server.as_ref().map_or(config.port, Server::port);
    let cri = Cri::new(&config.runtime_endpoint);
    let runtime = greet(&config, &cri).await?;
    let machine = host::machine();
    let recorder = Recorder::new(
        client.clone(),
        "kubelet",
        Some(config.node_name.clone()),
        stop.clone(),
    );
    let events = Events::new(recorder, &config.node_name);
    let mut keeper = NodeKeeper {
        config: config.clone(),
        client: client.clone(),
        cri: cri.clone(),
        machine: machine.clone(),
        runtime: runtime.clone(),
        events: events.clone(),
        port,
        conditions: std::collections::BTreeMap::new(),
    };
    register(&mut keeper).await?;
    let config = Arc::new(config);
    tasks.spawn(node_status::keep_lease(
        config.clone(),
        client.clone(),
        stop.clone(),
    ));

    let services = inform::<Service>(&client, &stop, tasks);
    let runtime_classes = inform::<RuntimeClass>(&client, &stop, tasks);
    let (changed_tx, changed) = mpsc::channel(MAX_QUEUED);
    let recent = Recent::default();
    let usable = node_status::allocatable(&config, &machine);
    let parallel_pulls = if config.serialize_image_pulls {
        1
    } else {
        config.max_parallel_image_pulls
    };
    let host_ips = vec![config.node_ip.to_string()];
    let shared = Arc::new(Shared {
        client: client.clone(),
        cri: cri.clone(),
        images: Images::new(cri.clone(), parallel_pulls),
        objects: Objects::new(&client, &changed_tx),
        events: events.clone(),
        recent: recent.clone(),
        services: services.clone(),
        runtime_classes: runtime_classes.clone(),
        host_dns: host::resolver(),
        starts: Semaphore::new(config.max_parallel_starts.max(1)),
        stops: Semaphore::new(MAX_STOPS),
        host_ips: host_ips.clone(),
        allocatable: usable,
        memory_capacity: i64::try_from(machine.memory_bytes).unwrap_or(i64::MAX),
        makes_log_folders: runtime.name == hydrofoil_cri::RUNTIME_NAME,
        config: (*config).clone(),
    });
    let first = pleg::list(&cri).await.map_err(|status| Error::Runtime {
        endpoint: config.runtime_endpoint.display().to_string(),
        message: go_error(&status),
    })?;
    let view = Arc::new(View::default());
    let metrics = Metrics::new();
    let (probed_tx, probed) = mpsc::channel(MAX_QUEUED);
    let (told_tx, told) = mpsc::channel(MAX_QUEUED);
    let (reports_tx, reports) = mpsc::channel(MAX_QUEUED);
    let prober = Prober::start(cri.clone(), events.clone(), probed_tx, stop.clone());
    if let Some(server) = server {
        let answers = Answers {
            config: config.clone(),
            view: view.clone(),
            metrics: metrics.clone(),
            cri: cri.clone(),
        };
        tasks.spawn(server.serve(answers, stop.clone()));
    }
    tasks.spawn(keeper.keep_status(stop.clone()));
    tasks.spawn(gc::collect_images(shared.clone(), stop.clone()));
    tasks.spawn(gc::rotate_logs(shared.clone(), view.clone(), stop.clone()));
    synced("services", &services).await?;
    synced("runtimeclasses", &runtime_classes).await?;
    tasks.spawn(pleg::run(cri, recent, told_tx, stop.clone()));

    let api: Api<WatchedPod> = Api::all(client);
    let wanted = watcher::Config::default().fields(&format!("spec.nodeName={}", config.node_name));
    let pods = watcher(api, wanted).default_backoff().boxed();
    let parts = Parts {
        facts: NodeFacts {
            host_ips,
            runtime_name: runtime.name,
        },
        prober,
        view,
        metrics,
        capacity: Amount {
            cpu_millis: usable.cpu_millis,
            memory_bytes: usable.memory_bytes,
            pods: i64::from(config.max_pods),
        },
        node_labels: node_status::labels(&config, &machine),
        reports: reports_tx,
        shutdown: stop.clone(),
        first,
        ready: Some(ready),
        shared,
    };
    let sources = Sources {
        pods,
        reports,
        probed,
        told,
        changed,
    };
    tasks.spawn(PodLoop::new(parts).run(sources, stop));
    Ok(())
}

/// Waits until the runtime answers, and tells it the pod range.
async fn greet(config: &Config, cri: &Cri) -> Result<RuntimeFacts, Error> {
    let failed = |status: &tonic::Status| Error::Runtime {
        endpoint: config.runtime_endpoint.display().to_string(),
        message: go_error(status),
    };
    let deadline = Instant::now() + START_TIMEOUT;
    let version = loop {
        let request = wire::VersionRequest {
            version: "0.1.0".to_owned(),
        };
        match call(CALL_TIMEOUT, cri.runtime().version(request)).await {
            Ok(version) => break version,
            Err(status)
                if status.code() == tonic::Code::Unavailable && Instant::now() < deadline =>
            {
                tokio::time::sleep(START_PAUSE).await;
            }
            Err(status) => return Err(failed(&status)),
        }
    };
    if let Some(pod_cidr) = &config.pod_cidr {
        let request = wire::UpdateRuntimeConfigRequest {
            runtime_config: Some(wire::RuntimeConfig {
                network_config: Some(wire::NetworkConfig {
                    pod_cidr: pod_cidr.clone(),
                }),
            }),
        };
        call(CALL_TIMEOUT, cri.runtime().update_runtime_config(request))
            .await
            .map_err(|status| failed(&status))?;
    }
    Ok(RuntimeFacts {
        name: version.runtime_name,
        version: version.runtime_version,
    })
}

async fn register(keeper: &mut NodeKeeper) -> Result<(), Error> {
    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        match keeper.register().await {
            Ok(()) => return Ok(()),
            // A refusal with a reason stays a refusal.
            Err(kube::Error::Api(status))
                if (400..500).contains(&status.code) && ![408, 409, 429].contains(&status.code) =>
            {
                return Err(Error::Api(Box::new(kube::Error::Api(status))));
            }
            Err(error) if Instant::now() >= deadline => return Err(Error::Api(Box::new(error))),
            Err(error) => {
                tracing::debug!(%error, "registering the node failed");
                tokio::time::sleep(START_PAUSE).await;
            }
        }
    }
}

/// A cache of all objects of a kind, kept until `stop`.
fn inform<K>(client: &Client, stop: &CancellationToken, tasks: &mut JoinSet<()>) -> Store<K>
where
    K: kube::Resource<DynamicType = ()>
        + Lookup<DynamicType = ()>
        + Clone
        + std::fmt::Debug
        + DeserializeOwned
        + Send
        + Sync
        + 'static,
{
    let (store, writer) = reflector::store::<K>();
    let events = watcher(Api::<K>::all(client.clone()), watcher::Config::default())
        .default_backoff()
        .modify(|object| object.meta_mut().managed_fields = None);
    let keep = reflector::reflector(writer, events).for_each(|event| async move {
        if let Err(error) = event {
            tracing::debug!(%error, "a watch broke off");
        }
    });
    let stop = stop.clone();
    tasks.spawn(async move {
        stop.run_until_cancelled(keep).await;
    });
    store
}

async fn synced<K>(what: &str, store: &Store<K>) -> Result<(), Error>
where
    K: kube::Resource<DynamicType = ()> + Lookup<DynamicType = ()> + Clone + 'static,
{
    match tokio::time::timeout(START_TIMEOUT, store.wait_until_ready()).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Error::Config(format!(
            "the API server did not list {what} in time"
        ))),
    }
}
