//! A CRI runtime in memory, served over a real unix socket: it runs nothing, but tells of everything as a runtime does.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use hydrofoil_cri::v1::image_service_server::{ImageService, ImageServiceServer};
use hydrofoil_cri::v1::runtime_service_server::{RuntimeService, RuntimeServiceServer};
use hydrofoil_cri::v1::{self as wire, ContainerEventType, ContainerState, PodSandboxState};
use parking_lot::Mutex;
use tokio::net::UnixListener;
use tokio::sync::broadcast;
use tokio_stream::wrappers::{BroadcastStream, UnixListenerStream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

type Nothing<T> = futures::stream::Empty<Result<T, Status>>;

fn unserved<T>() -> Result<T, Status> {
    Err(Status::unimplemented("not served by the fake"))
}

struct Sandbox {
    config: wire::PodSandboxConfig,
    ready: bool,
    ip: String,
}

struct Container {
    sandbox: String,
    config: wire::ContainerConfig,
    state: ContainerState,
    exit_code: i32,
    finished_at: i64,
}

/// What the fake holds, for tests to look at and to break.
#[derive(Default)]
pub struct State {
    next: u64,
    sandboxes: BTreeMap<String, Sandbox>,
    containers: BTreeMap<String, Container>,
    /// Images that are on the node.
    pub images: BTreeMap<String, u64>,
    /// Images that cannot be pulled, with the error.
    pub broken: BTreeMap<String, String>,
    /// How often each call was made.
    pub calls: BTreeMap<&'static str, u64>,
}

/// The fake. Clones share its state.
#[derive(Clone)]
pub struct FakeCri {
    pub state: Arc<Mutex<State>>,
    events: broadcast::Sender<wire::ContainerEventResponse>,
}

impl FakeCri {
    /// Serves a new fake at `socket` until `stop`.
    pub fn serve(socket: &Path, stop: CancellationToken) -> Self {
        let fake = Self {
            state: Arc::default(),
            events: broadcast::channel(65_536).0,
        };
        let incoming = UnixListenerStream::new(UnixListener::bind(socket).unwrap());
        let server = tonic::transport::Server::builder()
            .add_service(RuntimeServiceServer::new(fake.clone()))
            .add_service(ImageServiceServer::new(fake.clone()))
            .serve_with_incoming_shutdown(incoming, async move { stop.cancelled().await });
        tokio::spawn(server);
        fake
    }

    /// Ends a running container of that name in that pod.
    pub fn exit(&self, pod: &str, container: &str, code: i32) {
        let id = {
            let state = self.state.lock();
            let found = state.containers.iter().find(|(_, known)| {
                let meta = state.sandboxes[&known.sandbox]
                    .config
                    .metadata
                    .clone()
                    .unwrap();
                let name = known.config.metadata.clone().unwrap().name;
                meta.name == pod
                    && name == container
                    && known.state == ContainerState::ContainerRunning
            });
            found.map(|(id, _)| id.clone()).expect("it runs")
        };
        self.end(&id, code);
    }

    /// Sandboxes and containers there are.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.sandboxes.len(), state.containers.len())
    }

    /// The configuration of the newest container of that name.
    pub fn container_config(&self, name: &str) -> Option<wire::ContainerConfig> {
        let state = self.state.lock();
        let named = |known: &Container| {
            known
                .config
                .metadata
                .as_ref()
                .is_some_and(|meta| meta.name == name)
        };
        let newest = state
            .containers
            .iter()
            .filter(|(_, known)| named(known))
            .max_by_key(|(id, _)| id[1..].parse::<u64>().unwrap_or(0));
        newest.map(|(_, known)| known.config.clone())
    }

    pub fn calls(&self, call: &str) -> u64 {
        self.state.lock().calls.get(call).copied().unwrap_or(0)
    }

    fn count(&self, call: &'static str) {
        *self.state.lock().calls.entry(call).or_default() += 1;
    }

    fn end(&self, id: &str, code: i32) {
        {
            let mut state = self.state.lock();
            let Some(container) = state.containers.get_mut(id) else {
                return;
            };
            if container.state == ContainerState::ContainerExited {
                return;
            }
            container.state = ContainerState::ContainerExited;
            container.exit_code = code;
            container.finished_at = 2_000_000_000;
        }
        self.tell(id, ContainerEventType::ContainerStoppedEvent);
    }

    fn tell(&self, id: &str, kind: ContainerEventType) {
        let state = self.state.lock();
        let sandbox = state
            .containers
            .get(id)
            .map_or(id, |container| &container.sandbox);
        let event = wire::ContainerEventResponse {
            container_id: id.to_owned(),
            container_event_type: kind.into(),
            created_at: 1,
            pod_sandbox_status: state
                .sandboxes
                .get(sandbox)
                .map(|known| sandbox_status(sandbox, known)),
            containers_statuses: state
                .containers
                .iter()
                .filter(|(_, container)| container.sandbox == sandbox)
                .map(|(id, container)| container_status(id, container))
                .collect(),
        };
        let _ = self.events.send(event);
    }
}

fn sandbox_status(id: &str, sandbox: &Sandbox) -> wire::PodSandboxStatus {
    wire::PodSandboxStatus {
        id: id.to_owned(),
        metadata: sandbox.config.metadata.clone(),
        state: ready(sandbox.ready).into(),
        created_at: 1,
        network: Some(wire::PodSandboxNetworkStatus {
            ip: sandbox.ip.clone(),
            additional_ips: Vec::new(),
        }),
        labels: sandbox.config.labels.clone(),
        ..wire::PodSandboxStatus::default()
    }
}

fn ready(ready: bool) -> PodSandboxState {
    if ready {
        PodSandboxState::SandboxReady
    } else {
        PodSandboxState::SandboxNotready
    }
}

fn container_status(id: &str, container: &Container) -> wire::ContainerStatus {
    let config = &container.config;
    wire::ContainerStatus {
        id: id.to_owned(),
        metadata: config.metadata.clone(),
        state: container.state.into(),
        created_at: 1,
        started_at: 1_000_000_000,
        finished_at: container.finished_at,
        exit_code: container.exit_code,
        image: config.image.clone(),
        image_ref: "fake@sha256:1".to_owned(),
        labels: config.labels.clone(),
        annotations: config.annotations.clone(),
        mounts: config.mounts.clone(),
        ..wire::ContainerStatus::default()
    }
}

fn fits(labels: &HashMap<String, String>, wanted: &HashMap<String, String>) -> bool {
    wanted
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value))
}

#[tonic::async_trait]
impl RuntimeService for FakeCri {
    type GetContainerEventsStream =
        Pin<Box<dyn Stream<Item = Result<wire::ContainerEventResponse, Status>> + Send>>;

    async fn version(
        &self,
        _: Request<wire::VersionRequest>,
    ) -> Result<Response<wire::VersionResponse>, Status> {
        Ok(Response::new(wire::VersionResponse {
            version: "0.1.0".into(),
            runtime_name: "fake".into(),
            runtime_version: "1".into(),
            runtime_api_version: "v1".into(),
        }))
    }

    async fn status(
        &self,
        _: Request<wire::StatusRequest>,
    ) -> Result<Response<wire::StatusResponse>, Status> {
        let condition = |kind: &str| wire::RuntimeCondition {
            r#type: kind.into(),
            status: true,
            ..wire::RuntimeCondition::default()
        };
        Ok(Response::new(wire::StatusResponse {
            status: Some(wire::RuntimeStatus {
                conditions: vec![condition("RuntimeReady"), condition("NetworkReady")],
            }),
            ..wire::StatusResponse::default()
        }))
    }

    async fn update_runtime_config(
        &self,
        _: Request<wire::UpdateRuntimeConfigRequest>,
    ) -> Result<Response<wire::UpdateRuntimeConfigResponse>, Status> {
        Ok(Response::new(wire::UpdateRuntimeConfigResponse {}))
    }

    async fn run_pod_sandbox(
        &self,
        request: Request<wire::RunPodSandboxRequest>,
    ) -> Result<Response<wire::RunPodSandboxResponse>, Status> {
        self.count("RunPodSandbox");
        let config = request.into_inner().config.unwrap();
        let id = {
            let mut state = self.state.lock();
            state.next += 1;
            let id = format!("s{}", state.next);
            let ip = format!("127.64.{}.{}", state.next / 250, state.next % 250 + 1);
            let sandbox = Sandbox {
                config,
                ready: true,
                ip,
            };
            state.sandboxes.insert(id.clone(), sandbox);
            id
        };
        self.tell(&id, ContainerEventType::ContainerStartedEvent);
        Ok(Response::new(wire::RunPodSandboxResponse {
            pod_sandbox_id: id,
        }))
    }

    async fn stop_pod_sandbox(
        &self,
        request: Request<wire::StopPodSandboxRequest>,
    ) -> Result<Response<wire::StopPodSandboxResponse>, Status> {
        let id = request.into_inner().pod_sandbox_id;
        let inside: Vec<String> = {
            let mut state = self.state.lock();
            if let Some(sandbox) = state.sandboxes.get_mut(&id) {
                sandbox.ready = false;
            }
            let inside = state
                .containers
                .iter()
                .filter(|(_, container)| container.sandbox == id);
            inside.map(|(id, _)| id.clone()).collect()
        };
        for container in inside {
            self.end(&container, 137);
        }
        self.tell(&id, ContainerEventType::ContainerStoppedEvent);
        Ok(Response::new(wire::StopPodSandboxResponse {}))
    }

    async fn remove_pod_sandbox(
        &self,
        request: Request<wire::RemovePodSandboxRequest>,
    ) -> Result<Response<wire::RemovePodSandboxResponse>, Status> {
        let id = request.into_inner().pod_sandbox_id;
        let mut state = self.state.lock();
        state.sandboxes.remove(&id);
        state
            .containers
            .retain(|_, container| container.sandbox != id);
        Ok(Response::new(wire::RemovePodSandboxResponse {}))
    }

    async fn pod_sandbox_status(
        &self,
        request: Request<wire::PodSandboxStatusRequest>,
    ) -> Result<Response<wire::PodSandboxStatusResponse>, Status> {
        let id = request.into_inner().pod_sandbox_id;
        let state = self.state.lock();
        let sandbox = state
            .sandboxes
            .get(&id)
            .ok_or_else(|| Status::not_found("no such sandbox"))?;
        Ok(Response::new(wire::PodSandboxStatusResponse {
            status: Some(sandbox_status(&id, sandbox)),
            ..wire::PodSandboxStatusResponse::default()
        }))
    }

    async fn list_pod_sandbox(
        &self,
        request: Request<wire::ListPodSandboxRequest>,
    ) -> Result<Response<wire::ListPodSandboxResponse>, Status> {
        let wanted = request
            .into_inner()
            .filter
            .unwrap_or_default()
            .label_selector;
        let state = self.state.lock();
        let items = state
            .sandboxes
            .iter()
            .filter(|(_, sandbox)| fits(&sandbox.config.labels, &wanted))
            .map(|(id, sandbox)| wire::PodSandbox {
                id: id.clone(),
                metadata: sandbox.config.metadata.clone(),
                state: ready(sandbox.ready).into(),
                created_at: 1,
                labels: sandbox.config.labels.clone(),
                ..wire::PodSandbox::default()
            })
            .collect();
        Ok(Response::new(wire::ListPodSandboxResponse { items }))
    }

    async fn create_container(
        &self,
        request: Request<wire::CreateContainerRequest>,
    ) -> Result<Response<wire::CreateContainerResponse>, Status> {
        self.count("CreateContainer");
        let request = request.into_inner();
        let config = request.config.unwrap();
        if config
            .args
            .first()
            .is_some_and(|first| first == "no-such-import")
        {
            return Err(Status::invalid_argument(
                "component imports example:nothing/here, which this host lacks",
            ));
        }
        let mut state = self.state.lock();
        state.next += 1;
        let id = format!("c{}", state.next);
        let container = Container {
            sandbox: request.pod_sandbox_id,
            config,
            state: ContainerState::ContainerCreated,
            exit_code: 0,
            finished_at: 0,
        };
        state.containers.insert(id.clone(), container);
        Ok(Response::new(wire::CreateContainerResponse {
            container_id: id,
        }))
    }

    async fn start_container(
        &self,
        request: Request<wire::StartContainerRequest>,
    ) -> Result<Response<wire::StartContainerResponse>, Status> {
        let id = request.into_inner().container_id;
        let exits = {
            let mut state = self.state.lock();
            let container = state
                .containers
                .get_mut(&id)
                .ok_or_else(|| Status::not_found("no such container"))?;
            container.state = ContainerState::ContainerRunning;
            let code = container
                .config
                .args
                .first()
                .and_then(|first| first.strip_prefix("exit:"));
            code.and_then(|code| code.parse().ok())
        };
        self.tell(&id, ContainerEventType::ContainerStartedEvent);
        if let Some(code) = exits {
            self.end(&id, code);
        }
        Ok(Response::new(wire::StartContainerResponse {}))
    }

    async fn stop_container(
        &self,
        request: Request<wire::StopContainerRequest>,
    ) -> Result<Response<wire::StopContainerResponse>, Status> {
        self.end(&request.into_inner().container_id, 0);
        Ok(Response::new(wire::StopContainerResponse {}))
    }

    async fn remove_container(
        &self,
        request: Request<wire::RemoveContainerRequest>,
    ) -> Result<Response<wire::RemoveContainerResponse>, Status> {
        self.state
            .lock()
            .containers
            .remove(&request.into_inner().container_id);
        Ok(Response::new(wire::RemoveContainerResponse {}))
    }

    async fn list_containers(
        &self,
        request: Request<wire::ListContainersRequest>,
    ) -> Result<Response<wire::ListContainersResponse>, Status> {
        let wanted = request
            .into_inner()
            .filter
            .unwrap_or_default()
            .label_selector;
        let state = self.state.lock();
        let containers = state
            .containers
            .iter()
            .filter(|(_, container)| fits(&container.config.labels, &wanted))
            .map(|(id, container)| wire::Container {
                id: id.clone(),
                pod_sandbox_id: container.sandbox.clone(),
                metadata: container.config.metadata.clone(),
                state: container.state.into(),
                labels: container.config.labels.clone(),
                annotations: container.config.annotations.clone(),
                ..wire::Container::default()
            })
            .collect();
        Ok(Response::new(wire::ListContainersResponse { containers }))
    }

    async fn container_status(
        &self,
        request: Request<wire::ContainerStatusRequest>,
    ) -> Result<Response<wire::ContainerStatusResponse>, Status> {
        self.count("ContainerStatus");
        let id = request.into_inner().container_id;
        let state = self.state.lock();
        let container = state
            .containers
            .get(&id)
            .ok_or_else(|| Status::not_found("no such container"))?;
        Ok(Response::new(wire::ContainerStatusResponse {
            status: Some(container_status(&id, container)),
            ..wire::ContainerStatusResponse::default()
        }))
    }

    async fn reopen_container_log(
        &self,
        _: Request<wire::ReopenContainerLogRequest>,
    ) -> Result<Response<wire::ReopenContainerLogResponse>, Status> {
        Ok(Response::new(wire::ReopenContainerLogResponse {}))
    }

    async fn exec_sync(
        &self,
        _: Request<wire::ExecSyncRequest>,
    ) -> Result<Response<wire::ExecSyncResponse>, Status> {
        Ok(Response::new(wire::ExecSyncResponse::default()))
    }

    async fn get_container_events(
        &self,
        _: Request<wire::GetEventsRequest>,
    ) -> Result<Response<Self::GetContainerEventsStream>, Status> {
        let events = BroadcastStream::new(self.events.subscribe())
            .map(|event| event.map_err(|error| Status::data_loss(error.to_string())));
        Ok(Response::new(Box::pin(events)))
    }

    type StreamPodSandboxesStream = Nothing<wire::StreamPodSandboxesResponse>;

    async fn stream_pod_sandboxes(
        &self,
        _: Request<wire::StreamPodSandboxesRequest>,
    ) -> Result<Response<Self::StreamPodSandboxesStream>, Status> {
        unserved()
    }

    type StreamContainersStream = Nothing<wire::StreamContainersResponse>;

    async fn stream_containers(
        &self,
        _: Request<wire::StreamContainersRequest>,
    ) -> Result<Response<Self::StreamContainersStream>, Status> {
        unserved()
    }

    async fn update_container_resources(
        &self,
        _: Request<wire::UpdateContainerResourcesRequest>,
    ) -> Result<Response<wire::UpdateContainerResourcesResponse>, Status> {
        unserved()
    }

    async fn exec(
        &self,
        _: Request<wire::ExecRequest>,
    ) -> Result<Response<wire::ExecResponse>, Status> {
        unserved()
    }

    async fn attach(
        &self,
        _: Request<wire::AttachRequest>,
    ) -> Result<Response<wire::AttachResponse>, Status> {
        unserved()
    }

    async fn port_forward(
        &self,
        _: Request<wire::PortForwardRequest>,
    ) -> Result<Response<wire::PortForwardResponse>, Status> {
        unserved()
    }

    async fn container_stats(
        &self,
        _: Request<wire::ContainerStatsRequest>,
    ) -> Result<Response<wire::ContainerStatsResponse>, Status> {
        unserved()
    }

    async fn list_container_stats(
        &self,
        _: Request<wire::ListContainerStatsRequest>,
    ) -> Result<Response<wire::ListContainerStatsResponse>, Status> {
        unserved()
    }

    type StreamContainerStatsStream = Nothing<wire::StreamContainerStatsResponse>;

    async fn stream_container_stats(
        &self,
        _: Request<wire::StreamContainerStatsRequest>,
    ) -> Result<Response<Self::StreamContainerStatsStream>, Status> {
        unserved()
    }

    async fn pod_sandbox_stats(
        &self,
        _: Request<wire::PodSandboxStatsRequest>,
    ) -> Result<Response<wire::PodSandboxStatsResponse>, Status> {
        unserved()
    }

    async fn list_pod_sandbox_stats(
        &self,
        _: Request<wire::ListPodSandboxStatsRequest>,
    ) -> Result<Response<wire::ListPodSandboxStatsResponse>, Status> {
        unserved()
    }

    type StreamPodSandboxStatsStream = Nothing<wire::StreamPodSandboxStatsResponse>;

    async fn stream_pod_sandbox_stats(
        &self,
        _: Request<wire::StreamPodSandboxStatsRequest>,
    ) -> Result<Response<Self::StreamPodSandboxStatsStream>, Status> {
        unserved()
    }

    async fn checkpoint_container(
        &self,
        _: Request<wire::CheckpointContainerRequest>,
    ) -> Result<Response<wire::CheckpointContainerResponse>, Status> {
        unserved()
    }

    async fn list_metric_descriptors(
        &self,
        _: Request<wire::ListMetricDescriptorsRequest>,
    ) -> Result<Response<wire::ListMetricDescriptorsResponse>, Status> {
        unserved()
    }

    async fn list_pod_sandbox_metrics(
        &self,
        _: Request<wire::ListPodSandboxMetricsRequest>,
    ) -> Result<Response<wire::ListPodSandboxMetricsResponse>, Status> {
        unserved()
    }

    type StreamPodSandboxMetricsStream = Nothing<wire::StreamPodSandboxMetricsResponse>;

    async fn stream_pod_sandbox_metrics(
        &self,
        _: Request<wire::StreamPodSandboxMetricsRequest>,
    ) -> Result<Response<Self::StreamPodSandboxMetricsStream>, Status> {
        unserved()
    }

    async fn runtime_config(
        &self,
        _: Request<wire::RuntimeConfigRequest>,
    ) -> Result<Response<wire::RuntimeConfigResponse>, Status> {
        unserved()
    }

    async fn update_pod_sandbox_resources(
        &self,
        _: Request<wire::UpdatePodSandboxResourcesRequest>,
    ) -> Result<Response<wire::UpdatePodSandboxResourcesResponse>, Status> {
        unserved()
    }
}

#[tonic::async_trait]
impl ImageService for FakeCri {
    type StreamImagesStream = Nothing<wire::StreamImagesResponse>;

    async fn list_images(
        &self,
        _: Request<wire::ListImagesRequest>,
    ) -> Result<Response<wire::ListImagesResponse>, Status> {
        let state = self.state.lock();
        let images = state
            .images
            .iter()
            .map(|(name, size)| image(name, *size))
            .collect();
        Ok(Response::new(wire::ListImagesResponse { images }))
    }

    async fn stream_images(
        &self,
        _: Request<wire::StreamImagesRequest>,
    ) -> Result<Response<Self::StreamImagesStream>, Status> {
        unserved()
    }

    async fn image_status(
        &self,
        request: Request<wire::ImageStatusRequest>,
    ) -> Result<Response<wire::ImageStatusResponse>, Status> {
        self.count("ImageStatus");
        let name = request.into_inner().image.unwrap_or_default().image;
        let found = self
            .state
            .lock()
            .images
            .get(&name)
            .map(|size| image(&name, *size));
        Ok(Response::new(wire::ImageStatusResponse {
            image: found,
            ..wire::ImageStatusResponse::default()
        }))
    }

    async fn pull_image(
        &self,
        request: Request<wire::PullImageRequest>,
    ) -> Result<Response<wire::PullImageResponse>, Status> {
        self.count("PullImage");
        let name = request.into_inner().image.unwrap_or_default().image;
        let mut state = self.state.lock();
        if let Some(error) = state.broken.get(&name) {
            return Err(Status::not_found(error.clone()));
        }
        state.images.insert(name.clone(), 4096);
        Ok(Response::new(wire::PullImageResponse { image_ref: name }))
    }

    async fn remove_image(
        &self,
        request: Request<wire::RemoveImageRequest>,
    ) -> Result<Response<wire::RemoveImageResponse>, Status> {
        self.state
            .lock()
            .images
            .remove(&request.into_inner().image.unwrap_or_default().image);
        Ok(Response::new(wire::RemoveImageResponse {}))
    }

    async fn image_fs_info(
        &self,
        _: Request<wire::ImageFsInfoRequest>,
    ) -> Result<Response<wire::ImageFsInfoResponse>, Status> {
        Ok(Response::new(wire::ImageFsInfoResponse::default()))
    }
}

/// Images are told by their names: those that see no files say so.
fn image(name: &str, size: u64) -> wire::Image {
    let mut annotations = HashMap::new();
    if name.contains("fileless") {
        annotations.insert(hydrofoil_cri::SEES_FILES.to_owned(), "false".to_owned());
    }
    wire::Image {
        spec: Some(wire::ImageSpec {
            image: name.to_owned(),
            annotations,
            ..wire::ImageSpec::default()
        }),
        id: name.to_owned(),
        repo_tags: vec![name.to_owned()],
        size,
        ..wire::Image::default()
    }
}
