//! One runtime with its registry, and the calls a kubelet would make.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hydrofoil_cri::v1::image_service_client::ImageServiceClient;
use hydrofoil_cri::v1::runtime_service_client::RuntimeServiceClient;
use hydrofoil_cri::v1::*;
use hydrofoil_runtime_shim::image::{PushOptions, push};
use hydrofoil_runtime_shim::registry::{self, Registry};
use hydrofoil_runtime_shim::{Config, run};
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::UnixStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

/// Nothing here takes this long unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Node {
    pub dir: TempDir,
    pub runtime: RuntimeServiceClient<Channel>,
    pub images: ImageServiceClient<Channel>,
    pub registry: Registry,
    config: Config,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
    attempt: u32,
}

#[derive(Clone)]
pub struct Pod {
    pub id: String,
    pub ip: String,
    pub config: PodSandboxConfig,
}

/// A range of pod addresses that no other test uses, in this process or another.
fn own_range() -> ipnet::Ipv4Net {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = (std::process::id() * 61 + NEXT.fetch_add(1, Ordering::Relaxed)) % 32_000;
    let base = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 128, 0, 0)) + number * 256);
    ipnet::Ipv4Net::new(base, 24).unwrap()
}

async fn serve(config: Config) -> (CancellationToken, JoinHandle<()>, Channel) {
    let shutdown = CancellationToken::new();
    let (ready, is_ready) = oneshot::channel();
    let socket = config.socket.clone();
    let running = run(config, shutdown.clone(), ready);
    let task = tokio::spawn(async move { running.await.unwrap() });
    is_ready.await.unwrap();
    (shutdown, task, connect(socket).await)
}

pub async fn connect(socket: PathBuf) -> Channel {
    Endpoint::from_static("http://runtime.invalid")
        .connect_with_connector(tower::service_fn(move |_| {
            let socket = socket.clone();
            async move { UnixStream::connect(socket).await.map(TokioIo::new) }
        }))
        .await
        .unwrap()
}

impl Node {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let registry = registry::start(registry::Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            root: dir.path().join("registry"),
        })
        .await
        .unwrap();
        let mut config = Config {
            socket: dir.path().join("cri.sock"),
            root: dir.path().join("runtime"),
            pod_cidr: Some(own_range()),
            request_slots: 64,
            ..Config::default()
        };
        change(&mut config);
        let (shutdown, task, channel) = serve(config.clone()).await;
        Self {
            dir,
            runtime: RuntimeServiceClient::new(channel.clone()),
            images: ImageServiceClient::new(channel),
            registry,
            config,
            shutdown,
            task,
            attempt: 0,
        }
    }

    pub fn socket(&self) -> &Path {
        &self.config.socket
    }

    pub fn root(&self) -> &Path {
        &self.config.root
    }

    /// Ends the runtime and starts it again on the same folder.
    pub async fn restart(&mut self) {
        self.down().await;
        self.restart_after_down().await;
    }

    /// The second half of [`Self::restart`].
    pub async fn restart_after_down(&mut self) {
        let (shutdown, task, channel) = serve(self.config.clone()).await;
        self.shutdown = shutdown;
        self.task = task;
        self.runtime = RuntimeServiceClient::new(channel.clone());
        self.images = ImageServiceClient::new(channel);
    }

    pub async fn down(&mut self) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, &mut self.task)
            .await
            .unwrap()
            .unwrap();
    }

    /// Pushes a WebAssembly file to the registry and pulls it.
    pub async fn image(&mut self, name: &str, file: &Path) -> String {
        let text = format!("{}/{name}:test", self.registry.local_addr());
        push(file, &text.parse().unwrap(), PushOptions::default(), |_| {})
            .await
            .unwrap();
        let request = PullImageRequest {
            image: Some(spec(&text)),
            ..PullImageRequest::default()
        };
        self.images.pull_image(request).await.unwrap();
        text
    }

    /// The same for a guest given as text.
    pub async fn image_of_text(&mut self, name: &str, text: &str) -> String {
        let file = self.dir.path().join(format!("{name}.wasm"));
        std::fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
        self.image(name, &file).await
    }

    pub fn pod_config(&self, name: &str) -> PodSandboxConfig {
        PodSandboxConfig {
            metadata: Some(PodSandboxMetadata {
                name: name.to_owned(),
                uid: format!("uid-{name}"),
                namespace: "default".to_owned(),
                attempt: 0,
            }),
            hostname: name.to_owned(),
            log_directory: self
                .dir
                .path()
                .join("logs")
                .join(name)
                .display()
                .to_string(),
            ..PodSandboxConfig::default()
        }
    }

    pub async fn pod(&mut self, name: &str) -> Pod {
        let config = self.pod_config(name);
        self.pod_of(config).await
    }

    pub async fn pod_of(&mut self, config: PodSandboxConfig) -> Pod {
        let request = RunPodSandboxRequest {
            config: Some(config.clone()),
            runtime_handler: String::new(),
        };
        let id = self
            .runtime
            .run_pod_sandbox(request)
            .await
            .unwrap()
            .into_inner()
            .pod_sandbox_id;
        let ip = self.pod_status(&id).await.network.unwrap().ip;
        Pod { id, ip, config }
    }

    pub async fn pod_status(&mut self, id: &str) -> PodSandboxStatus {
        let request = PodSandboxStatusRequest {
            pod_sandbox_id: id.to_owned(),
            verbose: false,
        };
        let response = self.runtime.pod_sandbox_status(request).await.unwrap();
        response.into_inner().status.unwrap()
    }

    pub async fn create(
        &mut self,
        pod: &Pod,
        image: &str,
        change: impl FnOnce(&mut ContainerConfig),
    ) -> Result<String, Status> {
        self.attempt += 1;
        let mut config = ContainerConfig {
            metadata: Some(ContainerMetadata {
                name: "main".to_owned(),
                attempt: self.attempt,
            }),
            image: Some(spec(image)),
            log_path: format!("main/{}.log", self.attempt),
            ..ContainerConfig::default()
        };
        change(&mut config);
        let request = CreateContainerRequest {
            pod_sandbox_id: pod.id.clone(),
            config: Some(config),
            sandbox_config: Some(pod.config.clone()),
        };
        let response = self.runtime.create_container(request).await?;
        Ok(response.into_inner().container_id)
    }

    pub async fn begin(&mut self, id: &str) -> Result<(), Status> {
        let request = StartContainerRequest {
            container_id: id.to_owned(),
        };
        self.runtime.start_container(request).await.map(drop)
    }

    pub async fn run(
        &mut self,
        pod: &Pod,
        image: &str,
        change: impl FnOnce(&mut ContainerConfig),
    ) -> String {
        let id = self.create(pod, image, change).await.unwrap();
        self.begin(&id).await.unwrap();
        id
    }

    pub async fn run_args(&mut self, pod: &Pod, image: &str, args: &[&str]) -> String {
        let args = args.iter().map(|a| (*a).to_owned()).collect();
        self.run(pod, image, |c| c.args = args).await
    }

    /// Runs to the end.
    pub async fn finish(&mut self, pod: &Pod, image: &str, args: &[&str]) -> ContainerStatus {
        let id = self.run_args(pod, image, args).await;
        self.wait(&id).await
    }

    pub async fn status(&mut self, id: &str) -> ContainerStatus {
        let request = ContainerStatusRequest {
            container_id: id.to_owned(),
            verbose: false,
        };
        let response = self.runtime.container_status(request).await.unwrap();
        response.into_inner().status.unwrap()
    }

    /// Waits for a container's end, by its events.
    pub async fn wait(&mut self, id: &str) -> ContainerStatus {
        let mut events = self
            .runtime
            .get_container_events(GetEventsRequest {})
            .await
            .unwrap()
            .into_inner();
        loop {
            let status = self.status(id).await;
            if status.state == i32::from(ContainerState::ContainerExited) {
                return status;
            }
            tokio::time::timeout(PATIENCE, events.message())
                .await
                .unwrap_or_else(|_| panic!("container {id} does not end"))
                .unwrap();
        }
    }

    pub async fn stop(&mut self, id: &str, seconds: i64) {
        let request = StopContainerRequest {
            container_id: id.to_owned(),
            timeout: seconds,
        };
        self.runtime.stop_container(request).await.unwrap();
    }

    pub async fn remove_pod(&mut self, id: &str) {
        let request = RemovePodSandboxRequest {
            pod_sandbox_id: id.to_owned(),
        };
        self.runtime.remove_pod_sandbox(request).await.unwrap();
    }

    /// A container's log, without times: `stdout F text`.
    pub async fn log(&mut self, id: &str) -> Vec<String> {
        let path = self.status(id).await.log_path;
        let text = std::fs::read_to_string(path).unwrap();
        text.lines()
            .map(|line| line.split_once(' ').unwrap().1.to_owned())
            .collect()
    }
}

pub fn spec(image: &str) -> ImageSpec {
    ImageSpec {
        image: image.to_owned(),
        ..ImageSpec::default()
    }
}

pub fn mount(guest: &str, host: &Path, readonly: bool) -> Mount {
    Mount {
        container_path: guest.to_owned(),
        host_path: host.display().to_string(),
        readonly,
        ..Mount::default()
    }
}

pub fn memory_limit(config: &mut ContainerConfig, bytes: i64) {
    config.linux = Some(LinuxContainerConfig {
        resources: Some(LinuxContainerResources {
            memory_limit_in_bytes: bytes,
            ..LinuxContainerResources::default()
        }),
        security_context: None,
    });
}
