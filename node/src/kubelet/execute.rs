//! Does what a pod's state machine asks for, one call at a time, and answers with events. Holds no state of any pod.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hydrofoil_client::events::EventType;
use hydrofoil_cri::v1 as wire;
use k8s_openapi::api::core::v1::{Container, Pod, Service};
use k8s_openapi::api::node::v1::RuntimeClass;
use kube::Client;
use kube::runtime::reflector::{ObjectRef, Store};
use rand::Rng;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::config::Config;
use super::cri::{CALL_TIMEOUT, Cri, call, go_error};
use super::cri_config::{self, Parts};
use super::fields::{Allocatable, Place};
use super::images::{self, Images, keyring, reference};
use super::machine::{Action, Event, Failure, Role, SandboxSeen, SlotIndex};
use super::objects::Objects;
use super::pleg::{self, Recent};
use super::record::{Events, field_path};
use super::volumes::{self, Context, pod_dir};
use super::{env, hooks, service_env};

/// Least time a container gets after its preStop hook, in seconds (upstream: `minimumGracePeriodInSeconds`).
const MIN_GRACE_AFTER_HOOK: i64 = 2;

/// What every call of every pod shares.
pub(crate) struct Shared {
    pub config: Config,
    pub client: Client,
    pub cri: Cri,
    pub images: Images,
    pub objects: Objects,
    pub events: Events,
    pub recent: Recent,
    pub services: Store<Service>,
    pub runtime_classes: Store<RuntimeClass>,
    pub host_dns: wire::DnsConfig,
    pub starts: Semaphore,
    pub stops: Semaphore,
    pub host_ips: Vec<String>,
    pub allocatable: Allocatable,
    pub memory_capacity: i64,
    /// Whether the runtime makes the folders that it logs into.
    pub makes_log_folders: bool,
}

/// The pod a call is made for, as it was when the call was asked for.
#[derive(Clone)]
pub(crate) struct Subject {
    pub pod: Arc<Pod>,
    pub sandbox_id: String,
    pub sandbox_attempt: u32,
    pub pod_ips: Vec<String>,
    /// The container that the action is about.
    container: Option<At>,
}

/// A container's place in its pod's spec.
#[derive(Clone)]
struct At {
    role: Role,
    index: usize,
    field_path: String,
}

impl Subject {
    fn uid(&self) -> &str {
        self.pod.metadata.uid.as_deref().unwrap_or_default()
    }

    fn namespace(&self) -> &str {
        self.pod.metadata.namespace.as_deref().unwrap_or_default()
    }

    /// The container that the action is about, and its place as a field path.
    fn about(&self) -> Option<(&Container, &str)> {
        let at = self.container.as_ref()?;
        let container = at.role.spec(at.index, &self.pod)?;
        Some((container, &at.field_path))
    }

    fn container(&self) -> Result<(&Container, &str), Failure> {
        self.about().ok_or_else(|| {
            Failure::new(
                "CreateContainerError",
                "the container is not in the pod's spec",
            )
        })
    }
}

/// The subject of an action about one container or none.
pub(crate) fn subject(machine: &super::machine::PodMachine, slot: Option<SlotIndex>) -> Subject {
    let pod = machine.pod().clone();
    let sandbox = machine.sandbox();
    let container = slot
        .and_then(|slot| machine.slots().get(slot))
        .map(|slot| At {
            role: slot.role,
            index: slot.index,
            field_path: field_path(slot),
        });
    Subject {
        sandbox_id: sandbox
            .map(|sandbox| sandbox.id.clone())
            .unwrap_or_default(),
        sandbox_attempt: sandbox.map_or(0, |sandbox| sandbox.attempt),
        pod_ips: sandbox
            .map(|sandbox| sandbox.ips.clone())
            .unwrap_or_default(),
        container,
        pod,
    }
}

impl Shared {
    /// Does one action. Actions that are not answered give no event.
    pub(crate) async fn execute(&self, action: Action, subject: Subject) -> Vec<Event> {
        match action {
            Action::Inspect => vec![match pleg::inspect(&self.cri, subject.uid()).await {
                Ok(observation) => Event::Observed(observation),
                Err(status) => Event::InspectFailed(go_error(&status)),
            }],
            Action::MountVolumes => {
                let _permit = self.starts.acquire().await;
                vec![Event::Mounted(self.mount(&subject).await)]
            }
            Action::RunSandbox { attempt } => {
                let _permit = self.starts.acquire().await;
                vec![Event::SandboxStarted(
                    self.run_sandbox(&subject, attempt).await,
                )]
            }
            Action::EnsureImage { slot } => vec![Event::ImageReady {
                slot,
                result: self.ensure_image(&subject).await,
            }],
            Action::StartContainer {
                slot,
                attempt,
                image_ref,
            } => {
                let _permit = self.starts.acquire().await;
                self.start(&subject, slot, attempt, image_ref).await
            }
            Action::PostStart { slot, id } => {
                let result = self.post_start(&subject, &id).await;
                vec![Event::PostStarted { slot, id, result }]
            }
            Action::Kill {
                slot,
                id,
                grace_seconds,
                pre_stop,
                message,
            } => {
                let result = self
                    .kill(&subject, &id, grace_seconds, pre_stop, message)
                    .await;
                vec![Event::Killed { slot, id, result }]
            }
            Action::StopSandboxes { ids } => {
                let _permit = self.stops.acquire().await;
                let mut result = Ok(());
                for id in &ids {
                    if let Err(status) = self.cri.stop_sandbox(id).await {
                        result = Err(go_error(&status));
                    }
                }
                vec![Event::SandboxStopped(result)]
            }
            Action::RemoveContainer { id, attempt, .. } => {
                self.remove_container(&subject, &id, attempt).await;
                Vec::new()
            }
            Action::CleanUp { sandboxes } => {
                let _permit = self.stops.acquire().await;
                vec![Event::CleanedUp(self.clean_up(&subject, &sandboxes).await)]
            }
            // Done by the loop itself.
            Action::StartProbes { .. }
            | Action::StopProbes { .. }
            | Action::Record { .. }
            | Action::DeletePod
            | Action::Forget => Vec::new(),
        }
    }

    fn place(&self, subject: &Subject) -> Place {
        let host_network =
            subject.pod.spec.as_ref().and_then(|spec| spec.host_network) == Some(true);
        Place {
            node_name: self.config.node_name.clone(),
            host_ips: self.host_ips.clone(),
            pod_ips: if host_network {
                self.host_ips.clone()
            } else {
                subject.pod_ips.clone()
            },
            allocatable: self.allocatable,
        }
    }

    /// Makes a pod's volumes, or brings them up to date.
    pub(crate) async fn mount(&self, subject: &Subject) -> Result<(), String> {
        let context = Context {
            root: &self.config.root_dir,
            client: &self.client,
            objects: &self.objects,
            place: self.place(subject),
        };
        volumes::set_up(&context, &subject.pod).await
    }

    /// The runtime handler of a pod's RuntimeClass; the runtime's default when it names none.
    fn runtime_handler(&self, pod: &Pod) -> Result<String, String> {
        let wanted = pod
            .spec
            .as_ref()
            .and_then(|spec| spec.runtime_class_name.as_deref());
        let Some(name) = wanted.filter(|name| !name.is_empty()) else {
            return Ok(String::new());
        };
        self.runtime_classes
            .get(&ObjectRef::new(name))
            .map(|class| class.handler.clone())
            .ok_or_else(|| format!("failed to get sandbox runtime: failed to get runtime class \"{name}\": runtimeclass.node.k8s.io \"{name}\" not found"))
    }

    async fn run_sandbox(&self, subject: &Subject, attempt: u32) -> Result<SandboxSeen, String> {
        let pod = &subject.pod;
        let runtime_handler = self.runtime_handler(pod)?;
        let config = cri_config::sandbox(&self.config, pod, attempt, &self.host_dns);
        let logs = PathBuf::from(&config.log_directory);
        if !self.makes_log_folders {
            make_folders(log_folders(pod, &logs)).await?;
        }
        let request = wire::RunPodSandboxRequest {
            config: Some(config),
            runtime_handler,
        };
        let answer = call(CALL_TIMEOUT, self.cri.runtime().run_pod_sandbox(request))
            .await
            .map_err(|status| go_error(&status))?;
        let id = answer.pod_sandbox_id;
        if let Some(ips) = self.recent.take_ips(&id) {
            return Ok(SandboxSeen {
                id,
                attempt,
                ready: true,
                created_at: crate::clock::now(),
                ips,
            });
        }
        match self.cri.sandbox_status(&id).await {
            Ok(Some(status)) => Ok(pleg::sandbox_seen(&status)),
            Ok(None) => Err(format!("sandbox {id} vanished")),
            Err(status) => Err(go_error(&status)),
        }
    }

    async fn ensure_image(&self, subject: &Subject) -> Result<String, Failure> {
        let (container, path) = subject.container()?;
        let image = container.image.as_deref().unwrap_or_default();
        let runtime_handler = self
            .runtime_handler(&subject.pod)
            .map_err(|error| Failure::new("ErrImagePull", error))?;
        let sandbox = cri_config::sandbox(
            &self.config,
            &subject.pod,
            subject.sandbox_attempt,
            &self.host_dns,
        );
        let auths = self.auths(subject, image).await;
        let record = |kind: EventType, reason: &'static str, message: String| {
            self.events
                .container(&subject.pod, path, kind, reason, message);
        };
        let request = images::Request {
            image,
            policy: images::pull_policy(container),
            runtime_handler: &runtime_handler,
            annotations: &sandbox.annotations,
            auths,
            sandbox: &sandbox,
            record: &record,
        };
        self.images.ensure(&request).await
    }

    /// Credentials out of the pod's pull secrets. One that is missing is told, and the pull tried without it.
    async fn auths(&self, subject: &Subject, image: &str) -> Vec<wire::AuthConfig> {
        let names = subject
            .pod
            .spec
            .iter()
            .flat_map(|spec| spec.image_pull_secrets.iter().flatten());
        let mut secrets = Vec::new();
        let mut missing = Vec::new();
        for wanted in names {
            match self.objects.secret(subject.namespace(), &wanted.name).await {
                Ok(Some(secret)) => secrets.push(secret),
                Ok(None) | Err(_) => missing.push(wanted.name.as_str()),
            }
        }
        if !missing.is_empty() {
            self.events.pod(
                &subject.pod,
                EventType::Warning,
                "FailedToRetrieveImagePullSecret",
                format!(
                    "Unable to retrieve some image pull secrets ({}); attempting to pull the image may not succeed.",
                    missing.join(", ")
                ),
            );
        }
        match reference::parse(image) {
            Ok(parsed) => keyring::credentials(&parsed, secrets.iter().map(|secret| &**secret)),
            Err(_) => Vec::new(),
        }
    }

    async fn start(
        &self,
        subject: &Subject,
        slot: SlotIndex,
        attempt: u32,
        image_ref: String,
    ) -> Vec<Event> {
        let result = self.create_and_start(subject, attempt, image_ref).await;
        let mut events = Vec::with_capacity(2);
        let id = result.as_ref().ok().cloned();
        events.push(Event::ContainerStarted { slot, result });
        // Without the runtime's events its word is asked for.
        if let Some(id) = id
            && !self.recent.is_live()
            && let Ok(Some(status)) = self.cri.container_status(&id).await
        {
            events.push(Event::Observed(super::machine::Observation {
                containers: vec![pleg::container_seen(&subject.sandbox_id, &status).await],
                taken_at: crate::clock::now(),
                ..super::machine::Observation::default()
            }));
        }
        events
    }

    async fn create_and_start(
        &self,
        subject: &Subject,
        attempt: u32,
        image_ref: String,
    ) -> Result<String, Failure> {
        let (container, path) = subject.container()?;
        let pod = &subject.pod;
        let config_error = |error: String| Failure::new("CreateContainerConfigError", error);
        cri_config::verify_non_root(pod, container).map_err(config_error)?;
        let place = self.place(subject);
        let links = pod
            .spec
            .as_ref()
            .and_then(|spec| spec.enable_service_links)
            .unwrap_or(true);
        let services = self.services.state();
        let services = service_env::variables(
            services.iter().map(|service| &**service),
            subject.namespace(),
            links,
        );
        let environment = env::build(pod, container, &place, services, &self.objects)
            .await
            .map_err(config_error)?;
        let mut mounts = volumes::mounts(&self.config.root_dir, pod, container, |name| {
            environment.get(name).cloned()
        })
        .map_err(config_error)?;
        // What nobody could read is not made: files are most of what a start costs a disk.
        if self.images.sees_files(&image_ref) {
            let own = self.own_mounts(subject, container).await;
            mounts.extend(own.map_err(config_error)?);
        }
        let runtime_handler = self.runtime_handler(pod).map_err(config_error)?;
        let parts = Parts {
            attempt,
            image_ref,
            runtime_handler,
            environment,
            mounts,
            memory_capacity: self.memory_capacity,
        };
        let request = wire::CreateContainerRequest {
            pod_sandbox_id: subject.sandbox_id.clone(),
            config: Some(cri_config::container(pod, container, parts)),
            sandbox_config: Some(cri_config::sandbox(
                &self.config,
                pod,
                subject.sandbox_attempt,
                &self.host_dns,
            )),
        };
        let created = call(CALL_TIMEOUT, self.cri.runtime().create_container(request))
            .await
            .map_err(|status| Failure::new("CreateContainerError", status.message()))?;
        let id = created.container_id;
        self.events.container(
            pod,
            path,
            EventType::Normal,
            "Created",
            "Container created".to_owned(),
        );
        let request = wire::StartContainerRequest {
            container_id: id.clone(),
        };
        call(CALL_TIMEOUT, self.cri.runtime().start_container(request))
            .await
            .map_err(|status| Failure::new("RunContainerError", status.message()))?;
        self.events.container(
            pod,
            path,
            EventType::Normal,
            "Started",
            "Container started".to_owned(),
        );
        Ok(id)
    }

    /// The mounts that every container gets: its termination log and the pod's hosts file, unless it mounts its own there.
    async fn own_mounts(
        &self,
        subject: &Subject,
        container: &Container,
    ) -> Result<Vec<wire::Mount>, String> {
        let dir = pod_dir(&self.config.root_dir, subject.uid());
        let mounted = |path: &str| {
            container
                .volume_mounts
                .iter()
                .flatten()
                .any(|mount| mount.mount_path.trim_end_matches('/') == path)
        };
        let termination_path = container
            .termination_message_path
            .clone()
            .filter(|path| !path.is_empty() && !mounted(path));
        let hosts =
            (!mounted("/etc/hosts")).then(|| hosts_file(&subject.pod, &self.place(subject)));
        let name = container.name.clone();
        let unique: u32 = rand::rng().random();
        let work = tokio::task::spawn_blocking(move || -> io::Result<Vec<wire::Mount>> {
            let mut mounts = Vec::new();
            // One folder a pod, whatever is in it.
            fs::create_dir_all(&dir)?;
            if let Some(container_path) = termination_path {
                let file = dir.join(format!("termination-{name}-{unique:08x}"));
                create_writable(&file)?;
                mounts.push(mount(container_path, &file, false));
            }
            if let Some(content) = hosts {
                let file = dir.join("etc-hosts");
                fs::write(&file, content)?;
                mounts.push(mount("/etc/hosts".to_owned(), &file, false));
            }
            Ok(mounts)
        });
        match work.await {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn post_start(&self, subject: &Subject, id: &str) -> Result<(), String> {
        let Ok((container, _)) = subject.container() else {
            return Ok(());
        };
        let handler = container
            .lifecycle
            .as_ref()
            .and_then(|lifecycle| lifecycle.post_start.as_ref());
        let Some(handler) = handler else {
            return Ok(());
        };
        let place = self.place(subject);
        let ip = place
            .pod_ips
            .first()
            .map(String::as_str)
            .unwrap_or_default();
        hooks::run(&self.cri, handler, container, id, ip).await
    }

    async fn kill(
        &self,
        subject: &Subject,
        id: &str,
        grace_seconds: i64,
        pre_stop: bool,
        message: Option<String>,
    ) -> Result<(), String> {
        let container = subject.about();
        if let (Some(message), Some((_, path))) = (message, container) {
            self.events
                .container(&subject.pod, path, EventType::Normal, "Killing", message);
        }
        let mut grace = grace_seconds;
        let handler = container
            .filter(|_| pre_stop)
            .and_then(|(container, _)| container.lifecycle.as_ref()?.pre_stop.as_ref());
        if let (Some(handler), Some((container, path))) = (handler, container) {
            let began = Instant::now();
            let place = self.place(subject);
            let ip = place
                .pod_ips
                .first()
                .map(String::as_str)
                .unwrap_or_default();
            let limit = Duration::from_secs(u64::try_from(grace).unwrap_or(0));
            let hook = hooks::run(&self.cri, handler, container, id, ip);
            match tokio::time::timeout(limit, hook).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => self.events.container(
                    &subject.pod,
                    path,
                    EventType::Warning,
                    "FailedPreStopHook",
                    format!("PreStopHook failed: {error}"),
                ),
                Err(_) => {
                    tracing::info!(container = %container.name, "preStop hook did not end within the grace period")
                }
            }
            let spent = i64::try_from(began.elapsed().as_secs()).unwrap_or(i64::MAX);
            grace = grace.saturating_sub(spent).max(MIN_GRACE_AFTER_HOOK);
        }
        self.cri
            .stop_container(id, grace)
            .await
            .map_err(|status| go_error(&status))
    }

    async fn remove_container(&self, subject: &Subject, id: &str, attempt: u32) {
        if let Err(status) = self.cri.remove_container(id).await {
            tracing::debug!(container = id, error = %go_error(&status), "removing a dead container failed");
            return;
        }
        let Some((container, _)) = subject.about() else {
            return;
        };
        let log = self
            .config
            .pod_logs_dir()
            .join(cri_config::log_directory_name(&subject.pod))
            .join(cri_config::log_path(&container.name, attempt));
        let _ = tokio::task::spawn_blocking(move || {
            for path in super::logs::follow::files(&log) {
                // Whatever is left is removed with the pod.
                let _ = fs::remove_file(path);
            }
        })
        .await;
    }

    async fn clean_up(&self, subject: &Subject, sandboxes: &[String]) -> Result<(), String> {
        for id in sandboxes {
            self.cri
                .remove_sandbox(id)
                .await
                .map_err(|status| go_error(&status))?;
        }
        let dirs = [
            pod_dir(&self.config.root_dir, subject.uid()),
            self.config
                .pod_logs_dir()
                .join(cri_config::log_directory_name(&subject.pod)),
        ];
        let work =
            tokio::task::spawn_blocking(move || dirs.iter().try_for_each(|dir| remove_tree(dir)));
        match work.await {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// The folders that a pod's containers log into, one each: runtimes make files in them, and not all of them make the folders.
fn log_folders(pod: &Pod, logs: &Path) -> Vec<PathBuf> {
    let spec = pod.spec.as_ref();
    let init = spec.and_then(|spec| spec.init_containers.as_ref());
    let containers = spec.map(|spec| &spec.containers);
    let folders = init
        .into_iter()
        .chain(containers)
        .flatten()
        .map(|container| logs.join(&container.name));
    folders.collect()
}

async fn make_folders(folders: Vec<PathBuf>) -> Result<(), String> {
    let made = tokio::task::spawn_blocking(move || {
        folders
            .into_iter()
            .try_for_each(|folder| fs::create_dir_all(&folder).map_err(|error| (folder, error)))
    });
    match made.await {
        Ok(Err((folder, error))) => Err(format!(
            "failed to create log directory {}: {error}",
            folder.display()
        )),
        Ok(Ok(())) => Ok(()),
        Err(error) => Err(format!("failed to create log directories: {error}")),
    }
}

/// Removes a directory and what is in it; one that is not there counts as removed.
pub(crate) fn remove_tree(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn mount(container_path: String, host: &Path, readonly: bool) -> wire::Mount {
    wire::Mount {
        container_path,
        host_path: host.to_string_lossy().into_owned(),
        readonly,
        ..wire::Mount::default()
    }
}

/// An empty file that a container of any user may write to.
fn create_writable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let file = fs::File::create(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o666))
}

/// The hosts file of a pod: loopback, the pod itself, and its aliases (upstream: `managedHostsFileContent`).
fn hosts_file(pod: &Pod, place: &Place) -> String {
    let spec = pod.spec.as_ref();
    if spec.and_then(|spec| spec.host_network) == Some(true) {
        let mut text = fs::read_to_string("/etc/hosts").unwrap_or_default();
        text.push_str(&aliases(pod));
        return text;
    }
    let hostname = cri_config::hostname(pod);
    let domain = spec
        .and_then(|spec| spec.subdomain.as_deref())
        .filter(|subdomain| !subdomain.is_empty())
        .map(|subdomain| {
            let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
            format!("{subdomain}.{namespace}.svc.cluster.local")
        });
    let mut text = String::from(
        "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n\
         fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n",
    );
    for ip in &place.pod_ips {
        match &domain {
            Some(domain) => text.push_str(&format!("{ip}\t{hostname}.{domain}\t{hostname}\n")),
            None => text.push_str(&format!("{ip}\t{hostname}\n")),
        }
    }
    text.push_str(&aliases(pod));
    text
}

fn aliases(pod: &Pod) -> String {
    let aliases = pod
        .spec
        .iter()
        .flat_map(|spec| spec.host_aliases.iter().flatten());
    let lines: String = aliases
        .map(|alias| {
            let names = alias.hostnames.clone().unwrap_or_default().join("\t");
            format!("{}\t{names}\n", alias.ip)
        })
        .collect();
    if lines.is_empty() {
        lines
    } else {
        format!("\n# Entries added by HostAliases.\n{lines}")
    }
}
