//! The kubelet's end of the CRI socket: one HTTP/2 connection that every call shares, with a time limit for each kind of call.
//!
//! Nothing here knows what a call means to a pod.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::future::BoxFuture;
use hydrofoil_cri::v1::image_service_client::ImageServiceClient;
use hydrofoil_cri::v1::runtime_service_client::RuntimeServiceClient;
use hydrofoil_cri::v1::{self as wire};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Response, Status};

/// Longest wait for an ordinary call (upstream: `runtimeRequestTimeout`).
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(120);
/// Longest wait for an image pull that makes no answer.
pub(crate) const PULL_TIMEOUT: Duration = Duration::from_secs(1800);
/// Largest message taken (upstream: `maxMsgSize`).
const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// Both CRI services over one connection.
#[derive(Clone, Debug)]
pub(crate) struct Cri {
    runtime: RuntimeServiceClient<Channel>,
    images: ImageServiceClient<Channel>,
}

impl Cri {
    /// Clients over the unix socket `path`. The connection is made when first used and again when it breaks.
    pub(crate) fn new(path: &Path) -> Self {
        let path: PathBuf = path.to_owned();
        let connector = tower::service_fn(move |_: http::Uri| {
            let path = path.clone();
            async move { UnixStream::connect(path).await.map(TokioIo::new) }
        });
        // The authority is never resolved: the connector knows the way.
        let channel =
            Endpoint::from_static("http://localhost").connect_with_connector_lazy(connector);
        Self {
            runtime: RuntimeServiceClient::new(channel.clone())
                .max_decoding_message_size(MAX_MESSAGE)
                .max_encoding_message_size(MAX_MESSAGE),
            images: ImageServiceClient::new(channel)
                .max_decoding_message_size(MAX_MESSAGE)
                .max_encoding_message_size(MAX_MESSAGE),
        }
    }

    /// The runtime service. A clone shares the connection.
    pub(crate) fn runtime(&self) -> RuntimeServiceClient<Channel> {
        self.runtime.clone()
    }

    /// The image service. A clone shares the connection.
    pub(crate) fn images(&self) -> ImageServiceClient<Channel> {
        self.images.clone()
    }

    /// Stops and forgets a sandbox's containers; one that is not there counts as stopped.
    pub(crate) async fn stop_sandbox(&self, id: &str) -> Result<(), Status> {
        let request = wire::StopPodSandboxRequest {
            pod_sandbox_id: id.to_owned(),
        };
        absent_is_fine(call(CALL_TIMEOUT, self.runtime().stop_pod_sandbox(request)).await)
    }

    /// Removes a sandbox and its containers; one that is not there counts as removed.
    pub(crate) async fn remove_sandbox(&self, id: &str) -> Result<(), Status> {
        let request = wire::RemovePodSandboxRequest {
            pod_sandbox_id: id.to_owned(),
        };
        absent_is_fine(call(CALL_TIMEOUT, self.runtime().remove_pod_sandbox(request)).await)
    }

    /// Stops a container within `grace` seconds; one that is not there counts as stopped.
    pub(crate) async fn stop_container(&self, id: &str, grace: i64) -> Result<(), Status> {
        let request = wire::StopContainerRequest {
            container_id: id.to_owned(),
            timeout: grace,
        };
        let limit = CALL_TIMEOUT.saturating_add(Duration::from_secs(grace.unsigned_abs()));
        absent_is_fine(call(limit, self.runtime().stop_container(request)).await)
    }

    /// Removes a container; one that is not there counts as removed.
    pub(crate) async fn remove_container(&self, id: &str) -> Result<(), Status> {
        let request = wire::RemoveContainerRequest {
            container_id: id.to_owned(),
        };
        absent_is_fine(call(CALL_TIMEOUT, self.runtime().remove_container(request)).await)
    }

    /// A container's status; `None` when there is no such container.
    pub(crate) async fn container_status(
        &self,
        id: &str,
    ) -> Result<Option<wire::ContainerStatus>, Status> {
        let request = wire::ContainerStatusRequest {
            container_id: id.to_owned(),
            verbose: false,
        };
        absent_is_none(call(CALL_TIMEOUT, self.runtime().container_status(request)).await)
            .map(|response| response.and_then(|response| response.status))
    }

    /// A sandbox's status; `None` when there is no such sandbox.
    pub(crate) async fn sandbox_status(
        &self,
        id: &str,
    ) -> Result<Option<wire::PodSandboxStatus>, Status> {
        let request = wire::PodSandboxStatusRequest {
            pod_sandbox_id: id.to_owned(),
            verbose: false,
        };
        absent_is_none(call(CALL_TIMEOUT, self.runtime().pod_sandbox_status(request)).await)
            .map(|response| response.and_then(|response| response.status))
    }
}

/// Waits for a call at most `limit`.
///
/// A call of tonic's is some 15 KB, which every future around it would hold and move several times: it is boxed first.
pub(crate) fn call<'a, T>(
    limit: Duration,
    call: impl Future<Output = Result<Response<T>, Status>> + Send + 'a,
) -> impl Future<Output = Result<T, Status>> + Send
where
    T: 'a,
{
    let call: BoxFuture<'a, _> = Box::pin(call);
    async move {
        match tokio::time::timeout(limit, call).await {
            Ok(answer) => answer.map(Response::into_inner),
            Err(_) => Err(Status::deadline_exceeded("context deadline exceeded")),
        }
    }
}

fn absent_is_fine<T>(result: Result<T, Status>) -> Result<(), Status> {
    absent_is_none(result).map(|_| ())
}

fn absent_is_none<T>(result: Result<T, Status>) -> Result<Option<T>, Status> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(status),
    }
}

/// An error as gRPC's Go client prints it, which is how the kubelet's messages carry it.
pub(crate) fn go_error(status: &Status) -> String {
    let code = match status.code() {
        // The others are called the same in Rust.
        Code::Ok => "OK".to_owned(),
        Code::Cancelled => "Canceled".to_owned(),
        code => format!("{code:?}"),
    };
    format!("rpc error: code = {code} desc = {}", status.message())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_in_gos_words() {
        let told = |code| go_error(&Status::new(code, "why"));
        assert_eq!(told(Code::Ok), "rpc error: code = OK desc = why");
        assert_eq!(
            told(Code::Cancelled),
            "rpc error: code = Canceled desc = why"
        );
        assert_eq!(
            told(Code::DeadlineExceeded),
            "rpc error: code = DeadlineExceeded desc = why"
        );
    }
}
