//! A pod's volumes on the node's disk: where they are, making them, keeping them current, and how containers mount them.
//!
//! Volumes of storage systems (claims, CSI, NFS and their like) are refused by name: nothing here can make them.

pub(crate) mod atomic;
mod payload;

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use hydrofoil_cri::v1 as wire;
use k8s_openapi::api::core::v1::{Container, HostPathVolumeSource, Pod, Volume, VolumeMount};
use kube::Client;

use super::env::expand;
use super::fields::Place;
use super::objects::Objects;
use crate::clock;

/// What is needed to fill volumes.
pub(crate) struct Context<'a> {
    pub root: &'a Path,
    pub client: &'a Client,
    pub objects: &'a Objects,
    pub place: Place,
}

/// The directory of everything the node keeps of a pod.
pub(crate) fn pod_dir(root: &Path, uid: &str) -> PathBuf {
    root.join("pods").join(uid)
}

fn uid_of(pod: &Pod) -> &str {
    pod.metadata.uid.as_deref().unwrap_or_default()
}

/// Where a volume is, and whether the guest can never write to it.
fn place_of(root: &Path, pod: &Pod, volume: &Volume) -> Option<(PathBuf, bool)> {
    let under = |plugin: &str, read_only: bool| {
        let dir = pod_dir(root, uid_of(pod))
            .join("volumes")
            .join(plugin)
            .join(&volume.name);
        Some((dir, read_only))
    };
    if volume.empty_dir.is_some() {
        under("kubernetes.io~empty-dir", false)
    } else if volume.config_map.is_some() {
        under("kubernetes.io~configmap", true)
    } else if volume.secret.is_some() {
        under("kubernetes.io~secret", true)
    } else if volume.downward_api.is_some() {
        under("kubernetes.io~downward-api", true)
    } else if volume.projected.is_some() {
        under("kubernetes.io~projected", true)
    } else {
        let host = volume.host_path.as_ref()?;
        Some((PathBuf::from(&host.path), false))
    }
}

/// Makes every volume of a pod, or brings it up to date. The error is the text of a FailedMount event.
pub(crate) async fn set_up(context: &Context<'_>, pod: &Pod) -> Result<(), String> {
    for volume in pod
        .spec
        .iter()
        .flat_map(|spec| spec.volumes.iter().flatten())
    {
        set_up_one(context, pod, volume).await.map_err(|error| {
            format!(
                "MountVolume.SetUp failed for volume \"{}\" : {error}",
                volume.name
            )
        })?;
    }
    Ok(())
}

async fn set_up_one(context: &Context<'_>, pod: &Pod, volume: &Volume) -> Result<(), String> {
    let Some((dir, _)) = place_of(context.root, pod, volume) else {
        return Err(format!(
            "volumes of type {} are not supported by this node",
            type_of(volume)
        ));
    };
    if let Some(host) = &volume.host_path {
        return check_host_path(host)
            .map_err(|error| format!("hostPath type check failed: {error}"));
    }
    let payload = payload::build(context, pod, volume).await?;
    let group = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.security_context.as_ref())
        .and_then(|context| context.fs_group);
    let now = clock::now();
    let work = tokio::task::spawn_blocking(move || -> io::Result<()> {
        match payload {
            Some(payload) => {
                fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o755)
                    .create(&dir)?;
                atomic::write(&dir, &payload, now)?;
            }
            None => {
                fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o777)
                    .create(&dir)?;
                fs::set_permissions(&dir, fs::Permissions::from_mode(0o777))?;
                own_by_group(&dir, group);
            }
        }
        Ok(())
    });
    match work.await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Gives a directory to the pod's group, as far as this process may. Without root it may not, and the mode lets everybody write.
fn own_by_group(dir: &Path, group: Option<i64>) {
    let Some(group) = group.and_then(|group| u32::try_from(group).ok()) else {
        return;
    };
    if let Err(error) = std::os::unix::fs::chown(dir, None, Some(group)) {
        tracing::debug!(dir = %dir.display(), group, %error, "fsGroup not applied");
    }
}

fn type_of(volume: &Volume) -> &'static str {
    match volume {
        Volume {
            persistent_volume_claim: Some(_),
            ..
        } => "persistentVolumeClaim",
        Volume { csi: Some(_), .. } => "csi",
        Volume { nfs: Some(_), .. } => "nfs",
        Volume {
            ephemeral: Some(_), ..
        } => "ephemeral",
        Volume { image: Some(_), .. } => "image",
        Volume { iscsi: Some(_), .. } => "iscsi",
        _ => "this kind",
    }
}

fn check_host_path(host: &HostPathVolumeSource) -> Result<(), String> {
    let path = Path::new(&host.path);
    let kind = host.type_.as_deref().unwrap_or_default();
    let create = |result: io::Result<()>| result.map_err(|error| format!("{}: {error}", host.path));
    match kind {
        "" => return Ok(()),
        "DirectoryOrCreate" if !path.exists() => {
            return create(
                fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o755)
                    .create(path),
            );
        }
        "FileOrCreate" if !path.exists() => {
            return create(
                fs::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(path)
                    .map(drop),
            );
        }
        _ => {}
    }
    let meta = fs::metadata(path).map_err(|error| format!("{}: {error}", host.path))?;
    let (fits, word) = match kind {
        "Directory" | "DirectoryOrCreate" => (meta.is_dir(), "directory"),
        "File" | "FileOrCreate" => (meta.is_file(), "file"),
        "Socket" => (meta.file_type().is_socket(), "socket file"),
        "CharDevice" => (meta.file_type().is_char_device(), "character device"),
        "BlockDevice" => (meta.file_type().is_block_device(), "block device"),
        _ => return Err(format!("{kind} is an invalid volume type")),
    };
    if fits {
        Ok(())
    } else {
        Err(format!("{} is not a {word}", host.path))
    }
}

/// The mounts of a container that its spec asks for. The error is what CreateContainerConfigError shows.
pub(crate) fn mounts(
    root: &Path,
    pod: &Pod,
    container: &Container,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Vec<wire::Mount>, String> {
    let empty = Vec::new();
    let volumes = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.volumes.as_ref())
        .unwrap_or(&empty);
    container
        .volume_mounts
        .iter()
        .flatten()
        .map(|mount| {
            let volume = volumes
                .iter()
                .find(|volume| volume.name == mount.name)
                .ok_or_else(|| {
                    format!(
                        "cannot find volume \"{}\" to mount into container \"{}\"",
                        mount.name, container.name
                    )
                })?;
            let (path, always_read_only) = place_of(root, pod, volume).ok_or_else(|| {
                format!("volume \"{}\" cannot be mounted by this node", mount.name)
            })?;
            let host_path = sub_path(path, mount, always_read_only, &lookup)?;
            Ok(wire::Mount {
                container_path: absolute(&mount.mount_path),
                host_path: host_path.to_string_lossy().into_owned(),
                readonly: always_read_only || mount.read_only == Some(true),
                propagation: propagation(mount).into(),
                ..wire::Mount::default()
            })
        })
        .collect()
}

fn absolute(path: &str) -> String {
    if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    }
}

fn propagation(mount: &VolumeMount) -> wire::MountPropagation {
    match mount.mount_propagation.as_deref() {
        Some("HostToContainer") => wire::MountPropagation::PropagationHostToContainer,
        Some("Bidirectional") => wire::MountPropagation::PropagationBidirectional,
        _ => wire::MountPropagation::PropagationPrivate,
    }
}

/// The part of a volume that a mount names. It must lie inside the volume, links followed.
fn sub_path(
    volume: PathBuf,
    mount: &VolumeMount,
    ours_alone: bool,
    lookup: &impl Fn(&str) -> Option<String>,
) -> Result<PathBuf, String> {
    let part = match (&mount.sub_path_expr, &mount.sub_path) {
        (Some(expression), _) if !expression.is_empty() => {
            let part = expand(expression, lookup);
            if part.contains("$(") {
                return Err(format!(
                    "failed to expand subPathExpr for volume \"{}\"",
                    mount.name
                ));
            }
            part
        }
        (_, Some(part)) if !part.is_empty() => part.clone(),
        _ => return Ok(volume),
    };
    let inside = Path::new(&part)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !inside {
        return Err(format!(
            "subPath \"{part}\" must be a relative path without '..'"
        ));
    }
    let failed = |error: io::Error| {
        format!(
            "failed to prepare subPath for volumeMount \"{}\": {error}",
            mount.name
        )
    };
    let path = volume.join(&part);
    if ours_alone {
        // Only this kubelet writes there: the links are its own, and following them late shows updates.
        return match fs::metadata(&path) {
            Ok(_) => Ok(path),
            Err(error) => Err(failed(error)),
        };
    }
    let root = volume.canonicalize().map_err(failed)?;
    // The deepest part that exists must lie inside before anything is made under it.
    let mut existing = path.as_path();
    while !existing.exists() {
        match existing.parent() {
            Some(parent) if parent.starts_with(&volume) => existing = parent,
            _ => break,
        }
    }
    let outside = || {
        format!(
            "subPath \"{part}\" of volume \"{}\" leads outside of the volume",
            mount.name
        )
    };
    if !existing.canonicalize().map_err(failed)?.starts_with(&root) {
        return Err(outside());
    }
    if !path.exists() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o777)
            .create(&path)
            .map_err(failed)?;
    }
    let real = path.canonicalize().map_err(failed)?;
    if real.starts_with(&root) {
        Ok(real)
    } else {
        Err(outside())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(mount: serde_json::Value) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": "p", "namespace": "n", "uid": "u"},
            "spec": {
                "volumes": [{"name": "scratch", "emptyDir": {}}, {"name": "cm", "configMap": {"name": "cm"}}],
                "containers": [{"name": "c", "volumeMounts": [mount]}]
            }
        }))
        .unwrap()
    }

    fn mount_of(root: &Path, mount: serde_json::Value) -> Result<wire::Mount, String> {
        let pod = pod(mount);
        let container = &pod.spec.as_ref().unwrap().containers[0];
        mounts(root, &pod, container, |name| {
            (name == "A").then(|| "made".to_owned())
        })
        .map(|mut list| list.remove(0))
    }

    #[test]
    fn config_maps_are_always_read_only() {
        let dir = tempfile::tempdir().unwrap();
        let mount = mount_of(dir.path(), json!({"name": "cm", "mountPath": "etc/x"})).unwrap();
        assert!(mount.readonly);
        assert_eq!(mount.container_path, "/etc/x");
        assert!(
            mount
                .host_path
                .ends_with("pods/u/volumes/kubernetes.io~configmap/cm")
        );
    }

    #[test]
    fn sub_paths_are_made_inside_and_refused_outside() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let volume = pod_dir(root, "u").join("volumes/kubernetes.io~empty-dir/scratch");
        fs::create_dir_all(&volume).unwrap();
        let mount = mount_of(
            root,
            json!({"name": "scratch", "mountPath": "/d", "subPathExpr": "x/$(A)"}),
        )
        .unwrap();
        assert!(Path::new(&mount.host_path).is_dir());
        assert!(mount.host_path.ends_with("scratch/x/made"));
        assert!(
            mount_of(
                root,
                json!({"name": "scratch", "mountPath": "/d", "subPath": "../.."})
            )
            .is_err()
        );
        std::os::unix::fs::symlink("/", volume.join("trap")).unwrap();
        let error = mount_of(
            root,
            json!({"name": "scratch", "mountPath": "/d", "subPath": "trap/tmp"}),
        )
        .unwrap_err();
        assert!(error.contains("leads outside"), "{error}");
    }

    #[test]
    fn an_unknown_volume_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = mount_of(dir.path(), json!({"name": "nope", "mountPath": "/d"})).unwrap_err();
        assert!(error.contains("\"nope\""), "{error}");
    }

    #[test]
    fn host_paths_are_checked_by_type() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("made");
        let host = |type_: &str| HostPathVolumeSource {
            path: path.to_string_lossy().into_owned(),
            type_: Some(type_.to_owned()),
        };
        assert!(check_host_path(&host("Directory")).is_err());
        assert!(check_host_path(&host("DirectoryOrCreate")).is_ok());
        assert!(
            check_host_path(&host("File"))
                .unwrap_err()
                .ends_with("is not a file")
        );
    }
}
