//! The wire: tonic's traits over [`Runtime`]'s verbs, on a unix socket.

use std::convert::identity;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::middleware;
use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};
use hydrofoil_cri::v1::image_service_server::{ImageService, ImageServiceServer};
use hydrofoil_cri::v1::runtime_service_server::{RuntimeService, RuntimeServiceServer};
use hydrofoil_cri::v1::*;
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use super::streaming::not_yet;
use super::{CriError, Runtime, deadline};
use crate::Error;
use crate::containerd::or_gone;

/// Largest message in bytes, both ways: the kubelet's own limit.
pub const MAX_MESSAGE: usize = 16 << 20;
/// Items in one message of a streaming list.
const STREAM_CHUNK: usize = 500;
/// How long calls under way may take at the end.
const LAST_CALLS: Duration = Duration::from_secs(2);

type Streamed<T> = BoxStream<'static, Result<T, Status>>;

/// Binds the socket: an old one that nobody listens on is replaced, a living one is an error.
pub async fn bind(path: &Path) -> Result<UnixListener, Error> {
    let fail = |what| move |source| Error::files(what, path, source);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(fail("making the folder of"))?;
    }
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.file_type().is_socket() => {
            if UnixStream::connect(path).await.is_ok() {
                return Err(Error::SocketTaken(path.to_path_buf()));
            }
            fs::remove_file(path).map_err(fail("removing the old socket"))?;
        }
        Ok(_) => {
            let source = io::Error::other("something that is no socket is in its place");
            return Err(Error::files("binding", path, source));
        }
        Err(_) => {}
    }
    let listener = UnixListener::bind(path).map_err(fail("binding"))?;
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(fail("protecting"))?;
    Ok(listener)
}

/// Serves until `shutdown`, then lets calls under way end, for a moment.
pub async fn serve(
    runtime: Arc<Runtime>,
    path: &Path,
    shutdown: CancellationToken,
    ready: impl FnOnce(),
) -> Result<(), Error> {
    let listener = bind(path).await?;
    let service = Service(runtime);
    let runtime = RuntimeServiceServer::new(service.clone())
        .max_decoding_message_size(MAX_MESSAGE)
        .max_encoding_message_size(MAX_MESSAGE);
    let images = ImageServiceServer::new(service)
        .max_decoding_message_size(MAX_MESSAGE)
        .max_encoding_message_size(MAX_MESSAGE);
    let router = Routes::new(runtime)
        .add_service(images)
        .prepare()
        .into_axum_router()
        .layer(middleware::from_fn(deadline::keep));
    let serving = axum::serve(listener, router)
        .with_graceful_shutdown(shutdown.clone().cancelled_owned())
        .into_future();
    ready();
    let cut = async {
        shutdown.cancelled().await;
        tokio::time::sleep(LAST_CALLS).await;
    };
    let result = tokio::select! {
        served = serving => served.map_err(|e| Error::Serve(e.to_string())),
        () = cut => Ok(()),
    };
    let _ = fs::remove_file(path);
    result
}

#[derive(Clone)]
struct Service(Arc<Runtime>);

fn reply<T>(verb: &'static str, result: Result<T, CriError>) -> Result<Response<T>, Status> {
    match result {
        Ok(message) => Ok(Response::new(message)),
        Err(error) => {
            tracing::debug!(verb, %error, "a CRI call failed");
            Err(error.into())
        }
    }
}

/// A list, in messages of [`STREAM_CHUNK`] items.
fn chunked<I: Send + 'static, T: Send + 'static>(
    items: Vec<I>,
    message: fn(Vec<I>) -> T,
) -> Response<Streamed<T>> {
    let mut items = items.into_iter();
    let chunks = std::iter::from_fn(move || {
        let chunk: Vec<I> = items.by_ref().take(STREAM_CHUNK).collect();
        (!chunk.is_empty()).then(|| Ok(message(chunk)))
    });
    Response::new(stream::iter(chunks).boxed())
}

/// The verbs of a service: those that are ours as they are; those that go to containerd where it has what is asked for (`who`, by which
/// field, and what is made of its answer); and those that only containerd has.
macro_rules! service {
    (
        $service:ident;
        has { $($verb:ident: $request:ident => $response:ident,)* }
        either { $($either:ident: $either_request:ident => $either_response:ident, $who:ident $id:ident $end:ident;)* }
        theirs { $($their:ident: $their_request:ident => $their_response:ident, $their_who:ident $their_id:ident $ours:literal;)* }
        $($rest:tt)*
    ) => {
        #[tonic::async_trait]
        impl $service for Service {
            $(async fn $verb(&self, request: Request<$request>) -> Result<Response<$response>, Status> {
                reply(stringify!($verb), self.0.$verb(request.into_inner()).await)
            })*
            $(async fn $either(&self, request: Request<$either_request>) -> Result<Response<$either_response>, Status> {
                let request = request.into_inner();
                let Some(containerd) = self.0.$who(&request.$id) else {
                    return reply(stringify!($either), self.0.$either(request).await);
                };
                let mut client = containerd.runtime();
                $end(containerd.ask(client.$either(request)).await).map(Response::new)
            })*
            $(async fn $their(&self, request: Request<$their_request>) -> Result<Response<$their_response>, Status> {
                let request = request.into_inner();
                let Some(containerd) = self.0.$their_who(&request.$their_id) else {
                    return Err(not_yet($ours).into());
                };
                let mut client = containerd.runtime();
                containerd.ask(client.$their(request)).await.map(Response::new)
            })*
            $($rest)*
        }
    };
}

service! {
    RuntimeService;
    has {
        version: VersionRequest => VersionResponse,
        run_pod_sandbox: RunPodSandboxRequest => RunPodSandboxResponse,
        pod_sandbox_status: PodSandboxStatusRequest => PodSandboxStatusResponse,
        list_pod_sandbox: ListPodSandboxRequest => ListPodSandboxResponse,
        list_containers: ListContainersRequest => ListContainersResponse,
        list_container_stats: ListContainerStatsRequest => ListContainerStatsResponse,
        list_pod_sandbox_stats: ListPodSandboxStatsRequest => ListPodSandboxStatsResponse,
        update_runtime_config: UpdateRuntimeConfigRequest => UpdateRuntimeConfigResponse,
        status: StatusRequest => StatusResponse,
        runtime_config: RuntimeConfigRequest => RuntimeConfigResponse,
        list_metric_descriptors: ListMetricDescriptorsRequest => ListMetricDescriptorsResponse,
        list_pod_sandbox_metrics: ListPodSandboxMetricsRequest => ListPodSandboxMetricsResponse,
    }
    either {
        stop_pod_sandbox: StopPodSandboxRequest => StopPodSandboxResponse, who_has_sandbox pod_sandbox_id or_gone;
        remove_pod_sandbox: RemovePodSandboxRequest => RemovePodSandboxResponse, who_has_sandbox pod_sandbox_id or_gone;
        pod_sandbox_stats: PodSandboxStatsRequest => PodSandboxStatsResponse, who_has_sandbox pod_sandbox_id identity;
        update_pod_sandbox_resources: UpdatePodSandboxResourcesRequest => UpdatePodSandboxResourcesResponse, who_has_sandbox pod_sandbox_id identity;
        create_container: CreateContainerRequest => CreateContainerResponse, who_has_sandbox pod_sandbox_id identity;
        start_container: StartContainerRequest => StartContainerResponse, who_has_container container_id identity;
        stop_container: StopContainerRequest => StopContainerResponse, who_has_container container_id or_gone;
        remove_container: RemoveContainerRequest => RemoveContainerResponse, who_has_container container_id or_gone;
        container_status: ContainerStatusRequest => ContainerStatusResponse, who_has_container container_id identity;
        container_stats: ContainerStatsRequest => ContainerStatsResponse, who_has_container container_id identity;
        update_container_resources: UpdateContainerResourcesRequest => UpdateContainerResourcesResponse, who_has_container container_id identity;
        reopen_container_log: ReopenContainerLogRequest => ReopenContainerLogResponse, who_has_container container_id identity;
        exec_sync: ExecSyncRequest => ExecSyncResponse, who_has_container container_id identity;
        exec: ExecRequest => ExecResponse, who_has_container container_id identity;
        attach: AttachRequest => AttachResponse, who_has_container container_id identity;
        port_forward: PortForwardRequest => PortForwardResponse, who_has_sandbox pod_sandbox_id identity;
    }
    theirs {
        checkpoint_container: CheckpointContainerRequest => CheckpointContainerResponse, who_has_container container_id "checkpoint";
    }

    type StreamPodSandboxesStream = Streamed<StreamPodSandboxesResponse>;
    type StreamContainersStream = Streamed<StreamContainersResponse>;
    type StreamContainerStatsStream = Streamed<StreamContainerStatsResponse>;
    type StreamPodSandboxStatsStream = Streamed<StreamPodSandboxStatsResponse>;
    type GetContainerEventsStream = Streamed<ContainerEventResponse>;
    type StreamPodSandboxMetricsStream = Streamed<StreamPodSandboxMetricsResponse>;

    async fn stream_pod_sandboxes(
        &self,
        request: Request<StreamPodSandboxesRequest>,
    ) -> Result<Response<Self::StreamPodSandboxesStream>, Status> {
        let items = self.0.all_sandboxes(request.into_inner().filter).await?;
        Ok(chunked(items, |pod_sandboxes| StreamPodSandboxesResponse { pod_sandboxes }))
    }

    async fn stream_containers(
        &self,
        request: Request<StreamContainersRequest>,
    ) -> Result<Response<Self::StreamContainersStream>, Status> {
        let items = self.0.all_containers(request.into_inner().filter).await?;
        Ok(chunked(items, |containers| StreamContainersResponse { containers }))
    }

    async fn stream_container_stats(
        &self,
        request: Request<StreamContainerStatsRequest>,
    ) -> Result<Response<Self::StreamContainerStatsStream>, Status> {
        let items = self.0.all_container_stats(request.into_inner().filter).await?;
        Ok(chunked(items, |container_stats| StreamContainerStatsResponse { container_stats }))
    }

    async fn stream_pod_sandbox_stats(
        &self,
        request: Request<StreamPodSandboxStatsRequest>,
    ) -> Result<Response<Self::StreamPodSandboxStatsStream>, Status> {
        let items = self.0.all_sandbox_stats(request.into_inner().filter).await?;
        Ok(chunked(items, |pod_sandbox_stats| StreamPodSandboxStatsResponse { pod_sandbox_stats }))
    }

    async fn get_container_events(
        &self,
        _request: Request<GetEventsRequest>,
    ) -> Result<Response<Self::GetContainerEventsStream>, Status> {
        Ok(Response::new(self.0.container_events()))
    }

    async fn stream_pod_sandbox_metrics(
        &self,
        _request: Request<StreamPodSandboxMetricsRequest>,
    ) -> Result<Response<Self::StreamPodSandboxMetricsStream>, Status> {
        let items = self.0.all_metrics().await?;
        Ok(chunked(items, |pod_sandbox_metrics| StreamPodSandboxMetricsResponse { pod_sandbox_metrics }))
    }
}

service! {
    ImageService;
    has {
    list_images: ListImagesRequest => ListImagesResponse,
    image_status: ImageStatusRequest => ImageStatusResponse,
    pull_image: PullImageRequest => PullImageResponse,
    remove_image: RemoveImageRequest => RemoveImageResponse,
    image_fs_info: ImageFsInfoRequest => ImageFsInfoResponse,
    }
    either {}
    theirs {}

    type StreamImagesStream = Streamed<StreamImagesResponse>;

    async fn stream_images(
        &self,
        request: Request<StreamImagesRequest>,
    ) -> Result<Response<Self::StreamImagesStream>, Status> {
        let items = self.0.all_images(request.into_inner().filter).await?;
        Ok(chunked(items, |images| StreamImagesResponse { images }))
    }
}
