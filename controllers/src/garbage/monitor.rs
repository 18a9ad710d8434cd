//! The watches of kinds that have no informer: metadata alone, one watch each, started and stopped as kinds come and go.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use kube::api::{Api, ApiResource};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Collector;
use crate::discovery::Served;
use crate::objects::{
    DEPLOYMENT, ENDPOINT_SLICE, ENDPOINTS, JOB, Kind, LEASE, Meta, NAMESPACE, NODE, POD, Partial,
    REPLICA_SET, SERVICE, SERVICE_ACCOUNT,
};

/// How long the first lists of all kinds are waited for; a kind that cannot be listed must not stop all collecting.
const FIRST_LISTS: Duration = Duration::from_secs(30);
/// The pause after a discovery that failed.
const RETRY: Duration = Duration::from_secs(1);

/// Whether a kind is heard of through an informer.
fn has_informer(kind: &Kind) -> bool {
    let heard: [&Kind; 11] = [
        &POD,
        &REPLICA_SET,
        &DEPLOYMENT,
        &JOB,
        &SERVICE,
        &ENDPOINT_SLICE,
        &ENDPOINTS,
        &NAMESPACE,
        &NODE,
        &LEASE,
        &SERVICE_ACCOUNT,
    ];
    heard
        .iter()
        .any(|h| h.group == kind.group && h.plural == kind.plural)
}

/// Whether a kind's objects are watched here. Events own nothing, are owned by nothing and are many.
fn is_watched(served: &Served) -> bool {
    served.deletable
        && served.watchable
        && served.kind.kind != "Event"
        && !has_informer(&served.kind)
}

struct Monitor {
    stop: CancellationToken,
    listed: watch::Receiver<bool>,
}

/// Follows the kinds that the API server serves, until shutdown.
pub async fn run(collector: Arc<Collector>) {
    let shutdown = collector.context.shutdown.clone();
    let mut tasks = JoinSet::new();
    let mut monitors: HashMap<Kind, Monitor> = HashMap::new();
    loop {
        let pause = match collector.kinds().await {
            Ok(kinds) => {
                let wanted: HashSet<Kind> = kinds
                    .iter()
                    .filter(|s| is_watched(s))
                    .map(|s| s.kind.clone())
                    .collect();
                adjust(&collector, &mut tasks, &mut monitors, &wanted);
                if !collector.complete.is_cancelled() {
                    first_lists(&monitors, &shutdown).await;
                    collector.complete.cancel();
                }
                collector.context.config.discovery_period()
            }
            Err(error) => {
                tracing::debug!(%error, "kinds could not be discovered");
                RETRY
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => break,
            () = tokio::time::sleep(pause) => {}
        }
    }
    tasks.shutdown().await;
}

fn adjust(
    collector: &Arc<Collector>,
    tasks: &mut JoinSet<()>,
    monitors: &mut HashMap<Kind, Monitor>,
    wanted: &HashSet<Kind>,
) {
    monitors.retain(|kind, monitor| {
        let keep = wanted.contains(kind);
        if !keep {
            monitor.stop.cancel();
        }
        keep
    });
    while tasks.try_join_next().is_some() {}
    for kind in wanted {
        if monitors.contains_key(kind) {
            continue;
        }
        let stop = collector.context.shutdown.child_token();
        let (listed, receiver) = watch::channel(false);
        tasks.spawn(follow(
            collector.clone(),
            Arc::new(kind.clone()),
            stop.clone(),
            listed,
        ));
        monitors.insert(
            kind.clone(),
            Monitor {
                stop,
                listed: receiver,
            },
        );
    }
}

async fn first_lists(monitors: &HashMap<Kind, Monitor>, shutdown: &CancellationToken) {
    let all = async {
        for monitor in monitors.values() {
            // An error means that the monitor ended: then there is nothing to wait for.
            let _ = monitor.listed.clone().wait_for(|listed| *listed).await;
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        _ = tokio::time::timeout(FIRST_LISTS, all) => {}
    }
}

/// Watches one kind.
async fn follow(
    collector: Arc<Collector>,
    kind: Arc<Kind>,
    stop: CancellationToken,
    listed: watch::Sender<bool>,
) {
    let resource = ApiResource {
        group: kind.group.to_string(),
        version: kind.version.to_string(),
        api_version: kind.api_version(),
        kind: kind.kind.to_string(),
        plural: kind.plural.to_string(),
    };
    let api: Api<Partial> = Api::all_with(collector.context.writer.client().clone(), &resource);
    let stream = watcher::watcher(api, watcher::Config::default()).default_backoff();
    let mut stream = std::pin::pin!(stream);
    let mut seen: Option<HashSet<String>> = None;
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => break,
            event = stream.next() => event,
        };
        match event {
            None => break,
            Some(Err(error)) => tracing::debug!(kind = %kind.kind, %error, "a watch was lost"),
            Some(Ok(Event::Init)) => seen = Some(HashSet::new()),
            Some(Ok(Event::InitApply(object))) => {
                if let Some(seen) = &mut seen {
                    seen.insert(object.metadata.uid().to_owned());
                }
                collector.seen(&kind, &object.metadata);
            }
            Some(Ok(Event::InitDone)) => {
                let seen = seen.take().unwrap_or_default();
                forget_all_but(&collector, &kind, &seen);
                listed.send_replace(true);
            }
            Some(Ok(Event::Apply(object))) => collector.seen(&kind, &object.metadata),
            Some(Ok(Event::Delete(object))) => collector.gone(object.metadata.uid()),
        }
    }
    if !collector.context.shutdown.is_cancelled() {
        // The kind is no more, and its objects with it.
        forget_all_but(&collector, &kind, &HashSet::new());
    }
}

fn forget_all_but(collector: &Collector, kind: &Kind, kept: &HashSet<String>) {
    let gone: Vec<String> = collector
        .graph
        .lock()
        .of_kind(kind)
        .filter(|uid| !kept.contains(*uid))
        .cloned()
        .collect();
    gone.iter().for_each(|uid| collector.gone(uid));
}
