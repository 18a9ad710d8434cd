//! What is cleaned up behind pods: directories nobody owns, and images when the disk fills.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hydrofoil_client::events::EventType;
use hydrofoil_cri::v1 as wire;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::cri::{CALL_TIMEOUT, call, go_error};
use super::execute::{Shared, remove_tree};
use super::host::Disk;
use super::images::GC_PERIOD;
use super::{host, logs};
use crate::clock;

/// How often container logs are measured (upstream: `containerLogMonitorInterval`).
const LOG_PERIOD: Duration = Duration::from_secs(10);

/// Removes directories of pods whose uid is not `known`.
pub(crate) fn remove_orphans(pods: &Path, logs: &Path, known: &HashSet<String>) {
    for (dir, uid_of) in [
        (pods, whole as fn(&str) -> &str),
        (logs, after_last_underscore),
    ] {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if known.contains(uid_of(name)) {
                continue;
            }
            if let Err(error) = remove_tree(&entry.path()) {
                tracing::warn!(dir = %entry.path().display(), %error, "removing an orphaned pod directory failed");
            }
        }
    }
}

fn whole(name: &str) -> &str {
    name
}

fn after_last_underscore(name: &str) -> &str {
    name.rsplit_once('_').map_or(name, |(_, uid)| uid)
}

/// An image as collection sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Candidate {
    id: String,
    size: u64,
    last_used: Timestamp,
    first_seen: Timestamp,
}

/// Which images to remove, the longest unused first, to free `wanted` bytes. Young ones stay.
fn choose(
    mut candidates: Vec<Candidate>,
    wanted: u64,
    minimum_age: SignedDuration,
    now: Timestamp,
) -> Vec<String> {
    candidates.sort_by_key(|image| (image.last_used, image.first_seen));
    let mut freed: u64 = 0;
    let mut chosen = Vec::new();
    for image in candidates {
        if freed >= wanted {
            break;
        }
        if now.duration_since(image.first_seen) < minimum_age {
            continue;
        }
        freed = freed.saturating_add(image.size);
        chosen.push(image.id);
    }
    chosen
}

/// Bytes to free so that no more than `low` percent are used, when more than `high` percent are; a `high` of 100 frees none.
fn to_free(disk: Disk, high: u8, low: u8) -> u64 {
    if disk.size == 0 || high >= 100 {
        return 0;
    }
    let used = disk.size.saturating_sub(disk.available);
    if used < disk.size / 100 * u64::from(high) {
        return 0;
    }
    used.saturating_sub(disk.size / 100 * u64::from(low))
}

/// Collects images when the disk is too full, until `shutdown`.
pub(crate) async fn collect_images(shared: Arc<Shared>, shutdown: CancellationToken) {
    let mut used: HashMap<String, (Timestamp, Timestamp)> = HashMap::new();
    let mut ticks = tokio::time::interval(GC_PERIOD);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(status) = collect_once(&shared, &mut used).await {
            tracing::debug!(error = %go_error(&status), "collecting images failed");
        }
    }
}

async fn collect_once(
    shared: &Shared,
    used: &mut HashMap<String, (Timestamp, Timestamp)>,
) -> Result<(), tonic::Status> {
    let now = clock::now();
    let images = call(
        CALL_TIMEOUT,
        shared
            .cri
            .images()
            .list_images(wire::ListImagesRequest { filter: None }),
    )
    .await?;
    let containers = call(
        CALL_TIMEOUT,
        shared
            .cri
            .runtime()
            .list_containers(wire::ListContainersRequest { filter: None }),
    )
    .await?;
    let in_use: HashSet<&str> = containers
        .containers
        .iter()
        .flat_map(|container| {
            let image = container.image.as_ref().map(|image| image.image.as_str());
            [container.image_id.as_str(), container.image_ref.as_str()]
                .into_iter()
                .chain(image)
        })
        .collect();
    let present: HashSet<&str> = images
        .images
        .iter()
        .map(|image| image.id.as_str())
        .collect();
    used.retain(|id, _| present.contains(id.as_str()));
    let mut candidates = Vec::new();
    for image in &images.images {
        let times = used.entry(image.id.clone()).or_insert((now, now));
        let names = image
            .repo_digests
            .iter()
            .chain(&image.repo_tags)
            .map(String::as_str);
        if names
            .chain([image.id.as_str()])
            .any(|name| in_use.contains(name))
        {
            times.0 = now;
        } else if !image.pinned {
            candidates.push(Candidate {
                id: image.id.clone(),
                size: image.size,
                last_used: times.0,
                first_seen: times.1,
            });
        }
    }
    let config = &shared.config;
    let disk = image_disk(shared).await.unwrap_or_default();
    let wanted = to_free(
        disk,
        config.image_gc_high_threshold_percent,
        config.image_gc_low_threshold_percent,
    );
    if wanted == 0 {
        return Ok(());
    }
    let age = SignedDuration::try_from(config.image_minimum_gc_age).unwrap_or(SignedDuration::ZERO);
    let chosen = choose(candidates, wanted, age, now);
    if chosen.is_empty() {
        shared.events.node(
            EventType::Warning,
            "ImageGCFailed",
            format!("Failed to garbage collect required amount of images. Attempted to free {wanted} bytes, but only found 0 bytes eligible to free."),
        );
    }
    for id in chosen {
        let request = wire::RemoveImageRequest {
            image: Some(wire::ImageSpec {
                image: id.clone(),
                ..wire::ImageSpec::default()
            }),
        };
        call(CALL_TIMEOUT, shared.cri.images().remove_image(request)).await?;
        used.remove(&id);
    }
    shared.images.forget_all();
    Ok(())
}

/// The file system that images are on.
async fn image_disk(shared: &Shared) -> Option<Disk> {
    let info = call(
        CALL_TIMEOUT,
        shared
            .cri
            .images()
            .image_fs_info(wire::ImageFsInfoRequest {}),
    )
    .await
    .ok()?;
    let mountpoint = info
        .image_filesystems
        .first()?
        .fs_id
        .as_ref()?
        .mountpoint
        .clone();
    host::disk(Path::new(&mountpoint))
}

/// Rotates the logs of running containers that have grown too large, until `shutdown`.
pub(crate) async fn rotate_logs(
    shared: Arc<Shared>,
    view: Arc<super::view::View>,
    shutdown: CancellationToken,
) {
    let mut ticks = tokio::time::interval(LOG_PERIOD);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let root = shared.config.pod_logs_dir();
        let max_size = shared.config.container_log_max_size;
        let running: Vec<(String, std::path::PathBuf)> = view
            .all()
            .iter()
            .flat_map(|pod| running_logs(pod, &root))
            .collect();
        let due = tokio::task::spawn_blocking(move || {
            running
                .into_iter()
                .filter(|(_, path)| logs::rotate::is_due(path, max_size))
                .collect::<Vec<_>>()
        });
        for (id, path) in due.await.unwrap_or_default() {
            if let Err(error) = rotate(&shared, &id, &path).await {
                tracing::warn!(container = id, error, "rotating a container's log failed");
            }
        }
    }
}

/// Ids and log files of a pod's running containers.
fn running_logs(pod: &super::view::PodView, root: &Path) -> Vec<(String, std::path::PathBuf)> {
    let dir = root.join(super::cri_config::log_directory_name(&pod.pod));
    let statuses = pod.status.container_statuses.iter().flatten();
    statuses
        .chain(pod.status.init_container_statuses.iter().flatten())
        .filter(|status| {
            status
                .state
                .as_ref()
                .is_some_and(|state| state.running.is_some())
        })
        .filter_map(|status| {
            let (_, id) = status.container_id.as_deref()?.split_once("://")?;
            let attempt = u32::try_from(status.restart_count).ok()?;
            Some((
                id.to_owned(),
                dir.join(super::cri_config::log_path(&status.name, attempt)),
            ))
        })
        .collect()
}

async fn rotate(shared: &Shared, id: &str, path: &Path) -> Result<(), String> {
    let aside = logs::rotate::begin(path, clock::now()).map_err(|error| error.to_string())?;
    let request = wire::ReopenContainerLogRequest {
        container_id: id.to_owned(),
    };
    if let Err(status) = call(
        CALL_TIMEOUT,
        shared.cri.runtime().reopen_container_log(request),
    )
    .await
    {
        logs::rotate::undo(path, &aside).map_err(|error| error.to_string())?;
        return Err(go_error(&status));
    }
    logs::rotate::prune(path, shared.config.container_log_max_files)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn image(id: &str, size: u64, last_used: i64) -> Candidate {
        Candidate {
            id: id.into(),
            size,
            last_used: at(last_used),
            first_seen: at(0),
        }
    }

    #[test]
    fn the_longest_unused_go_first_until_enough_is_free() {
        let images = vec![
            image("new", 10, 90),
            image("old", 10, 10),
            image("mid", 10, 50),
        ];
        let age = SignedDuration::from_secs(60);
        assert_eq!(choose(images.clone(), 15, age, at(100)), ["old", "mid"]);
        assert!(choose(images, 15, age, at(30)).is_empty());
    }

    #[test]
    fn thresholds_decide_how_much() {
        let disk = |available| Disk {
            size: 1000,
            available,
            ..Disk::default()
        };
        assert_eq!(to_free(disk(200), 85, 80), 0);
        assert_eq!(to_free(disk(100), 85, 80), 100);
        assert_eq!(to_free(disk(0), 100, 80), 0);
        assert_eq!(to_free(Disk::default(), 85, 80), 0);
    }

    #[test]
    fn only_unknown_pods_lose_their_directories() {
        let dir = tempfile::tempdir().unwrap();
        let (pods, logs) = (dir.path().join("pods"), dir.path().join("logs"));
        for path in [
            pods.join("a"),
            pods.join("b"),
            logs.join("n_p_a"),
            logs.join("n_p_b"),
        ] {
            std::fs::create_dir_all(path).unwrap();
        }
        remove_orphans(&pods, &logs, &HashSet::from(["a".to_owned()]));
        assert!(pods.join("a").exists() && logs.join("n_p_a").exists());
        assert!(!pods.join("b").exists() && !logs.join("n_p_b").exists());
    }
}
