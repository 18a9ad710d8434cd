//! What the runtime tells of its own accord, and what it tells when asked: CRI's event stream, listings and statuses, turned into
//! observations of pods (upstream: the evented PLEG, KEP-3386).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hydrofoil_cri::v1::{self as wire, ContainerEventType, ContainerState, PodSandboxState};
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::cri::{CALL_TIMEOUT, Cri, call, go_error};
use super::labels;
use super::logs::reader::tail_text;
use super::machine::{ContainerSeen, Doing, Observation, SandboxSeen};
use crate::clock;

/// How often everything is listed while events flow.
const RELIST: Duration = Duration::from_secs(60);
/// How often everything is listed while they do not.
const RELIST_WITHOUT_EVENTS: Duration = Duration::from_secs(1);
/// Most bytes of a termination message (upstream: `MaxPodTerminationMessageLogLength`).
const MAX_TERMINATION_MESSAGE: u64 = 4096;
/// Most bytes and lines of a log that stand in for a termination message.
const MAX_LOG_MESSAGE: (usize, usize) = (2048, 80);
/// Most sandboxes remembered between their event and the answer that names them.
const MAX_RECENT: usize = 4096;

/// Everything of one sandbox or container that a listing tells.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub taken_at: Timestamp,
    pub sandboxes: Vec<wire::PodSandbox>,
    pub containers: Vec<wire::Container>,
}

/// What this task tells the kubelet.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// A pod's sandbox or containers changed.
    Pod(Arc<str>, Observation),
    /// Something of a pod changed, and the runtime did not say what.
    Ask(Arc<str>),
    /// Everything there is.
    All(Listing),
}

/// What other parts ask of this one. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Recent {
    live: Arc<AtomicBool>,
    sandboxes: Arc<Mutex<HashMap<String, Vec<String>>>>,
}

impl Recent {
    /// Whether the runtime's events flow.
    pub(crate) fn is_live(&self) -> bool {
        self.live.load(Ordering::Relaxed)
    }

    /// The addresses of a sandbox that an event told of. They are told once.
    pub(crate) fn take_ips(&self, sandbox: &str) -> Option<Vec<String>> {
        self.sandboxes.lock().remove(sandbox)
    }

    fn note(&self, status: &wire::PodSandboxStatus) {
        let ips = ips_of(status);
        if ips.is_empty() {
            return;
        }
        let mut sandboxes = self.sandboxes.lock();
        if sandboxes.len() >= MAX_RECENT {
            sandboxes.clear();
        }
        sandboxes.insert(status.id.clone(), ips);
    }
}

/// Tells `told` of everything until `shutdown`.
pub(crate) async fn run(
    cri: Cri,
    recent: Recent,
    told: mpsc::Sender<Told>,
    shutdown: CancellationToken,
) {
    let work = async {
        loop {
            if let Err(status) = stream(&cri, &recent, &told).await {
                tracing::debug!(error = %go_error(&status), "container events broke off");
            }
            recent.live.store(false, Ordering::Relaxed);
            // Without events a listing every second keeps pods moving.
            tokio::time::sleep(RELIST_WITHOUT_EVENTS).await;
            list_and_tell(&cri, &told).await;
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = work => {}
    }
}

async fn stream(
    cri: &Cri,
    recent: &Recent,
    told: &mpsc::Sender<Told>,
) -> Result<(), tonic::Status> {
    let mut events = cri
        .runtime()
        .get_container_events(wire::GetEventsRequest {})
        .await?
        .into_inner();
    recent.live.store(true, Ordering::Relaxed);
    // What happened before the stream opened.
    list_and_tell(cri, told).await;
    let mut relist = tokio::time::interval(RELIST);
    relist.reset();
    loop {
        tokio::select! {
            event = events.message() => match event? {
                Some(event) => take(event, recent, told).await,
                None => return Ok(()),
            },
            _ = relist.tick() => list_and_tell(cri, told).await,
        }
    }
}

async fn take(event: wire::ContainerEventResponse, recent: &Recent, told: &mpsc::Sender<Told>) {
    let kind = ContainerEventType::try_from(event.container_event_type)
        .unwrap_or(ContainerEventType::ContainerCreatedEvent);
    let Some(sandbox) = event.pod_sandbox_status else {
        return;
    };
    let Some(uid) = sandbox
        .metadata
        .as_ref()
        .map(|meta| Arc::<str>::from(meta.uid.as_str()))
    else {
        return;
    };
    let about_sandbox = event.container_id == sandbox.id;
    if about_sandbox && kind == ContainerEventType::ContainerStartedEvent {
        // Whoever called RunPodSandbox learns the rest from its answer.
        recent.note(&sandbox);
        return;
    }
    // Who made or removed a container knows it already.
    if matches!(
        kind,
        ContainerEventType::ContainerCreatedEvent | ContainerEventType::ContainerDeletedEvent
    ) {
        return;
    }
    let named = event
        .containers_statuses
        .iter()
        .any(|status| status.id == event.container_id);
    let told_all = about_sandbox || named;
    let told_what = if told_all {
        let mut observation = Observation {
            sandboxes: vec![sandbox_seen(&sandbox)],
            containers: Vec::with_capacity(event.containers_statuses.len()),
            taken_at: clock::now(),
            full: false,
        };
        for status in &event.containers_statuses {
            // Only the one the event is about can be news, and only news is worth reading files for.
            if status.id == event.container_id || about_sandbox {
                observation
                    .containers
                    .push(container_seen(&sandbox.id, status).await);
            }
        }
        Told::Pod(uid, observation)
    } else {
        Told::Ask(uid)
    };
    let _ = told.send(told_what).await;
}

async fn list_and_tell(cri: &Cri, told: &mpsc::Sender<Told>) {
    match list(cri).await {
        Ok(listing) => {
            let _ = told.send(Told::All(listing)).await;
        }
        Err(status) => {
            tracing::warn!(error = %go_error(&status), "listing sandboxes and containers failed")
        }
    }
}

/// Everything there is in the runtime.
pub(crate) async fn list(cri: &Cri) -> Result<Listing, tonic::Status> {
    let taken_at = clock::now();
    let sandboxes = call(
        CALL_TIMEOUT,
        cri.runtime()
            .list_pod_sandbox(wire::ListPodSandboxRequest { filter: None }),
    )
    .await?;
    let containers = call(
        CALL_TIMEOUT,
        cri.runtime()
            .list_containers(wire::ListContainersRequest { filter: None }),
    )
    .await?;
    Ok(Listing {
        taken_at,
        sandboxes: sandboxes.items,
        containers: containers.containers,
    })
}

/// Everything of one pod.
pub(crate) async fn inspect(cri: &Cri, uid: &str) -> Result<Observation, tonic::Status> {
    let taken_at = clock::now();
    let selector = HashMap::from([(labels::POD_UID.to_owned(), uid.to_owned())]);
    let sandboxes = wire::ListPodSandboxRequest {
        filter: Some(wire::PodSandboxFilter {
            label_selector: selector.clone(),
            ..wire::PodSandboxFilter::default()
        }),
    };
    let containers = wire::ListContainersRequest {
        filter: Some(wire::ContainerFilter {
            label_selector: selector,
            ..wire::ContainerFilter::default()
        }),
    };
    let sandboxes = call(CALL_TIMEOUT, cri.runtime().list_pod_sandbox(sandboxes)).await?;
    let containers = call(CALL_TIMEOUT, cri.runtime().list_containers(containers)).await?;
    let mut observation = Observation {
        taken_at,
        full: true,
        ..Observation::default()
    };
    for sandbox in sandboxes.items {
        if let Some(status) = cri.sandbox_status(&sandbox.id).await? {
            observation.sandboxes.push(sandbox_seen(&status));
        }
    }
    observation
        .sandboxes
        .sort_by_key(|sandbox| (sandbox.attempt, sandbox.created_at));
    for container in containers.containers {
        if let Some(status) = cri.container_status(&container.id).await? {
            observation
                .containers
                .push(container_seen(&container.pod_sandbox_id, &status).await);
        }
    }
    Ok(observation)
}

fn ips_of(status: &wire::PodSandboxStatus) -> Vec<String> {
    let Some(network) = &status.network else {
        return Vec::new();
    };
    std::iter::once(&network.ip)
        .chain(network.additional_ips.iter().map(|more| &more.ip))
        .filter(|ip| !ip.is_empty())
        .cloned()
        .collect()
}

fn from_nanos(nanos: i64) -> Option<Timestamp> {
    (nanos > 0)
        .then(|| Timestamp::from_nanosecond(i128::from(nanos)).ok())
        .flatten()
}

/// A sandbox's status as the machine takes it.
pub(crate) fn sandbox_seen(status: &wire::PodSandboxStatus) -> SandboxSeen {
    SandboxSeen {
        id: status.id.clone(),
        attempt: status.metadata.as_ref().map_or(0, |meta| meta.attempt),
        ready: status.state == i32::from(PodSandboxState::SandboxReady),
        created_at: from_nanos(status.created_at).unwrap_or_default(),
        ips: ips_of(status),
    }
}

/// What a container is doing, from CRI's number.
pub(crate) fn doing(state: i32) -> Doing {
    match ContainerState::try_from(state) {
        Ok(ContainerState::ContainerCreated) => Doing::Created,
        Ok(ContainerState::ContainerRunning) => Doing::Running,
        Ok(ContainerState::ContainerExited) => Doing::Exited,
        Ok(ContainerState::ContainerUnknown) | Err(_) => Doing::Unknown,
    }
}

/// A container's status as the machine takes it, with its termination message read.
pub(crate) async fn container_seen(
    sandbox_id: &str,
    status: &wire::ContainerStatus,
) -> ContainerSeen {
    let doing = doing(status.state);
    let attempt = status
        .annotations
        .get(labels::RESTART_COUNT)
        .and_then(|text| text.parse().ok())
        .or_else(|| status.metadata.as_ref().map(|meta| meta.attempt))
        .unwrap_or(0);
    let name = status
        .labels
        .get(labels::CONTAINER_NAME)
        .cloned()
        .or_else(|| status.metadata.as_ref().map(|meta| meta.name.clone()))
        .unwrap_or_default();
    let image_id = if status.image_ref.is_empty() {
        &status.image_id
    } else {
        &status.image_ref
    };
    let image = status.image.as_ref();
    let image = image
        .map(|image| {
            if image.user_specified_image.is_empty() {
                &image.image
            } else {
                &image.user_specified_image
            }
        })
        .cloned()
        .unwrap_or_default();
    ContainerSeen {
        id: status.id.clone(),
        sandbox_id: sandbox_id.to_owned(),
        name,
        attempt,
        doing,
        created_at: from_nanos(status.created_at).unwrap_or_default(),
        started_at: from_nanos(status.started_at),
        finished_at: from_nanos(status.finished_at),
        exit_code: status.exit_code,
        reason: status.reason.clone(),
        message: if doing == Doing::Exited {
            termination_message(status).await
        } else {
            status.message.clone()
        },
        image,
        image_id: image_id.clone(),
        hash: status
            .annotations
            .get(labels::CONTAINER_HASH)
            .cloned()
            .unwrap_or_default(),
    }
}

/// The runtime's message, and the container's own after it.
async fn termination_message(status: &wire::ContainerStatus) -> String {
    let path = status
        .annotations
        .get(labels::TERMINATION_PATH)
        .filter(|path| !path.is_empty());
    let file = path.and_then(|path| {
        status
            .mounts
            .iter()
            .find(|mount| mount.container_path == *path)
    });
    let mut own = match file {
        Some(mount) => read_start(Path::new(&mount.host_path)).await,
        None => String::new(),
    };
    let fall_back = status
        .annotations
        .get(labels::TERMINATION_POLICY)
        .map(String::as_str)
        == Some("FallbackToLogsOnError");
    if own.is_empty() && fall_back && status.exit_code != 0 && !status.log_path.is_empty() {
        let path = PathBuf::from(&status.log_path);
        own = tokio::task::spawn_blocking(move || {
            tail_text(&path, MAX_LOG_MESSAGE.0, MAX_LOG_MESSAGE.1)
        })
        .await
        .unwrap_or_default();
    }
    match (status.message.is_empty(), own.is_empty()) {
        (_, true) => status.message.clone(),
        (true, false) => own,
        (false, false) => format!("{}: {own}", status.message),
    }
}

async fn read_start(path: &Path) -> String {
    use tokio::io::AsyncReadExt;
    let Ok(file) = tokio::fs::File::open(path).await else {
        return String::new();
    };
    let mut bytes = Vec::new();
    match file
        .take(MAX_TERMINATION_MESSAGE)
        .read_to_end(&mut bytes)
        .await
    {
        Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => format!(
            "Error on reading termination log {}: {error}",
            path.display()
        ),
    }
}
