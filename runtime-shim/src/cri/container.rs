//! CreateContainer, RemoveContainer, UpdateContainerResources, ReopenContainerLog.
//!
//! Creating does everything that takes time or can be refused: the image is compiled (or found compiled), its imports are checked, mounts
//! are looked at. Starting is left with a socket and a task.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use hydrofoil_cri::v1::{
    ContainerConfig, ContainerEventType, CreateContainerRequest, CreateContainerResponse,
    LinuxContainerResources, RemoveContainerRequest, RemoveContainerResponse,
    ReopenContainerLogRequest, ReopenContainerLogResponse, UpdateContainerResourcesRequest,
    UpdateContainerResourcesResponse,
};

use super::{CriError, CriResult, Runtime};
use crate::clock;
use crate::cpu::{Account, Quota};
use crate::engine::Entry;
use crate::guest::{Control, Guest, MemoryBudget, Meter, Mounts, Pipe, Stdio, argv, port};
use crate::image::Image;
use crate::logs::LogFile;
use crate::sockets::GuestNet;
use crate::state::container::{Identity, Runnable};
use crate::state::journal::SavedContainer;
use crate::state::sandbox::Phase as SandboxPhase;
use crate::state::{Change, Container, ContainerPhase, Sandbox, id};

impl Runtime {
    /// Makes a container that can be started at once.
    pub async fn create_container(
        self: &Arc<Self>,
        request: CreateContainerRequest,
    ) -> CriResult<CreateContainerResponse> {
        let sandbox = self.sandbox(&request.pod_sandbox_id)?;
        let config = request.config.unwrap_or_default();
        let image = self.image_of(&config)?;
        let program = self.loader.load(&image.artifact).await?;
        let id = id::new();
        let http_port = match program.entry {
            Entry::Http(_) => port::http_port(&sandbox.config, &config.annotations)?,
            _ => 0,
        };
        let log = Arc::new(LogFile::new(log_path(&sandbox, &config)));
        let mounts = mounts(&config, image.artifact.sees_files, self.staging.join(&id))?;
        let guest = self.guest(mounts, &sandbox, &config, &image, Arc::clone(&log));
        let runnable = Runnable {
            program,
            guest: Arc::new(guest),
            http_port,
        };
        let identity = Identity {
            id: id.clone(),
            sandbox_id: sandbox.id.clone(),
            config,
            image_id: image.id.clone(),
            image_ref: image.repo_digests.first().unwrap_or(&image.id).clone(),
            created_at: clock::now_nanos(),
            log,
        };
        let container = Arc::new(Container::new(identity, runnable));
        self.add(&sandbox, &container)?;
        Ok(CreateContainerResponse { container_id: id })
    }

    fn image_of(&self, config: &ContainerConfig) -> CriResult<Arc<Image>> {
        let name = config.metadata.as_ref().map_or("", |m| m.name.as_str());
        if name.is_empty() {
            return Err(CriError::Invalid(
                "container metadata needs a name".to_owned(),
            ));
        }
        let image = config.image.as_ref().map_or("", |i| i.image.as_str());
        self.images.get(image).ok_or_else(|| {
            CriError::NotFound(format!(
                "image {image:?} is not here: it must be pulled first"
            ))
        })
    }

    fn guest(
        &self,
        mounts: Mounts,
        sandbox: &Sandbox,
        config: &ContainerConfig,
        image: &Image,
        log: Arc<LogFile>,
    ) -> Guest {
        let hostname = sandbox.hostname();
        let linux = config.linux.as_ref();
        let resources = linux.and_then(|linux| linux.resources.clone());
        let resources = resources.unwrap_or_default();
        let meter = self.meter();
        allot(meter.account(), &resources);
        let annotations = sandbox.config.annotations.iter().chain(&config.annotations);
        let settings = annotations.filter_map(|(name, value)| {
            let name = name.strip_prefix(crate::guest::CONFIG_ANNOTATION_PREFIX)?;
            Some((name.to_owned(), value.clone()))
        });
        Guest {
            args: argv::arguments(image, &config.command, &config.args),
            env: argv::environment(&image.env, &config.envs, hostname),
            cwd: if config.working_dir.is_empty() {
                image.workdir.clone()
            } else {
                config.working_dir.clone()
            },
            config: settings.collect(),
            mounts: Arc::new(mounts),
            stdio: Stdio {
                stdin: config.stdin.then(Pipe::default),
                pipes: None,
                terminal: config.tty,
            },
            net: Arc::new(GuestNet::new(sandbox.address, hostname.to_owned())),
            budget: Arc::new(MemoryBudget::new(resources.memory_limit_in_bytes)),
            log,
            control: Control::default(),
            meter,
            served: Arc::default(),
            metrics: Arc::clone(&self.metrics),
            slots: Arc::clone(&self.slots),
            variables: OnceLock::new(),
        }
    }

    /// Of a container that has used no time yet.
    pub(super) fn meter(&self) -> Meter {
        let account = Account::new(Arc::clone(&self.cores), Instant::now());
        Meter::new(Arc::new(account), Arc::clone(&self.ticker))
    }

    fn add(&self, sandbox: &Sandbox, container: &Arc<Container>) -> CriResult<()> {
        {
            let mut index = self.index.lock();
            // Under the lock: a sandbox that is being stopped sees the container, or the container sees it stopped.
            if sandbox.phase() != SandboxPhase::Ready || index.sandbox(&sandbox.id).is_none() {
                return Err(not_ready(sandbox));
            }
            index.add_container(Arc::clone(container)).map_err(|other| {
                let (_, name, attempt) = container.key();
                CriError::AlreadyExists(format!(
                    "failed to reserve container name {name:?} attempt {attempt}: it is reserved for {other:?}"
                ))
            })?;
        }
        self.journal
            .note(Change::ContainerAdded(Box::new(SavedContainer {
                id: container.id.clone(),
                sandbox_id: container.sandbox_id.clone(),
                config: Some(container.config.clone()),
                image_id: container.image_id.clone(),
                image_ref: container.image_ref.clone(),
                created_at: container.created_at,
                log_path: container
                    .log
                    .path()
                    .map(|p| p.display().to_string())
                    .unwrap_or_default(),
                ..SavedContainer::default()
            })));
        self.tell(container, ContainerEventType::ContainerCreatedEvent);
        Ok(())
    }

    /// Removes a container, ending it first. Doing it again is no error.
    pub async fn remove_container(
        self: &Arc<Self>,
        request: RemoveContainerRequest,
    ) -> CriResult<RemoveContainerResponse> {
        if let Ok(container) = self.container(&request.container_id) {
            self.remove(&container).await?;
        }
        Ok(RemoveContainerResponse {})
    }

    /// Ends and removes a container.
    pub(super) async fn remove(self: &Arc<Self>, container: &Arc<Container>) -> CriResult<()> {
        self.end(container, std::time::Duration::ZERO).await?;
        let now = clock::now_nanos();
        // Created and never begun: nothing runs, and nothing may begin any more.
        if container.exit(now, crate::guest::Exit::killed()) {
            container.over.cancel();
        } else {
            container.over.cancelled().await;
        }
        if self.index.lock().remove_container(&container.id) {
            self.journal
                .note(Change::ContainerRemoved(container.id.clone()));
            self.tell(container, ContainerEventType::ContainerDeletedEvent);
        }
        Ok(())
    }

    /// Changes a container's limits. Memory and CPU time are enforced.
    pub async fn update_container_resources(
        self: &Arc<Self>,
        request: UpdateContainerResourcesRequest,
    ) -> CriResult<UpdateContainerResourcesResponse> {
        let container = self.container(&request.container_id)?;
        if matches!(container.phase(), ContainerPhase::Exited { .. }) {
            return Err(CriError::Precondition(format!(
                "container {:?} has exited: its resources cannot be changed",
                container.id
            )));
        }
        let Some(linux) = request.linux else {
            return Ok(UpdateContainerResourcesResponse {});
        };
        if linux.memory_limit_in_bytes != 0 {
            container.budget.set_limit(linux.memory_limit_in_bytes);
        }
        let mut resources = container.resources.lock();
        let known = resources.get_or_insert_default();
        // Zero and empty mean "leave as it is".
        let keep = |new: i64, old: &mut i64| {
            if new != 0 {
                *old = new;
            }
        };
        keep(linux.cpu_period, &mut known.cpu_period);
        keep(linux.cpu_quota, &mut known.cpu_quota);
        keep(linux.cpu_shares, &mut known.cpu_shares);
        keep(
            linux.memory_limit_in_bytes,
            &mut known.memory_limit_in_bytes,
        );
        keep(
            linux.memory_swap_limit_in_bytes,
            &mut known.memory_swap_limit_in_bytes,
        );
        keep(linux.oom_score_adj, &mut known.oom_score_adj);
        if !linux.cpuset_cpus.is_empty() {
            known.cpuset_cpus = linux.cpuset_cpus;
        }
        if !linux.cpuset_mems.is_empty() {
            known.cpuset_mems = linux.cpuset_mems;
        }
        known.unified.extend(linux.unified);
        allot(container.meter.account(), known);
        Ok(UpdateContainerResourcesResponse {})
    }

    /// The log was rotated: go on in a new file.
    pub async fn reopen_container_log(
        self: &Arc<Self>,
        request: ReopenContainerLogRequest,
    ) -> CriResult<ReopenContainerLogResponse> {
        let container = self.container(&request.container_id)?;
        if !matches!(container.phase(), ContainerPhase::Running { .. }) {
            return Err(CriError::Precondition(format!(
                "container {:?} is not running",
                container.id
            )));
        }
        container.log.reopen().map_err(|e| {
            CriError::Unknown(format!("reopening the log of {:?}: {e}", container.id))
        })?;
        Ok(ReopenContainerLogResponse {})
    }
}

/// Gives a container its part of the CPU.
fn allot(account: &Account, resources: &LinuxContainerResources) {
    let quota = Quota::of_cri(resources.cpu_quota, resources.cpu_period);
    account.set_limit(quota, Instant::now());
    account.set_shares(resources.cpu_shares);
}

/// A sandbox that containers cannot be put into.
pub(super) fn not_ready(sandbox: &Sandbox) -> CriError {
    CriError::Precondition(format!("sandbox {:?} is not running", sandbox.id))
}

/// A container's mounts, checked; opened only for a program that can see them.
fn mounts(config: &ContainerConfig, sees_files: bool, staging: PathBuf) -> CriResult<Mounts> {
    let mounts = Mounts::new(&config.mounts, staging)?;
    Ok(if sees_files { mounts } else { mounts.unseen() })
}

fn log_path(sandbox: &Sandbox, config: &ContainerConfig) -> Option<PathBuf> {
    let folder = &sandbox.config.log_directory;
    if folder.is_empty() || config.log_path.is_empty() {
        return None;
    }
    Some(PathBuf::from(folder).join(&config.log_path))
}
