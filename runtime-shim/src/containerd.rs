//! The way to containerd, whose CRI this runtime fronts: what is no WebAssembly goes there and comes back as it is.
//!
//! Nothing is kept here of what containerd runs: its sandboxes and containers go by its own identifiers, so that they are there after a
//! restart of this runtime as they were before. The connection is made when it is needed, and made again when containerd was restarted.

use std::future::Future;
use std::path::{Path, PathBuf};

use hydrofoil_cri::v1::image_service_client::ImageServiceClient;
use hydrofoil_cri::v1::runtime_service_client::RuntimeServiceClient;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Response, Status};

use crate::cri::MAX_MESSAGE;

/// The clients of one containerd. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Containerd {
    socket: PathBuf,
    channel: Channel,
}

impl Containerd {
    /// The one that listens on `socket`. Must be called within a runtime; connects later.
    pub fn new(socket: &Path) -> Self {
        let path = socket.to_path_buf();
        let connector = tower::service_fn(move |_| {
            let path = path.clone();
            async move { UnixStream::connect(path).await.map(TokioIo::new) }
        });
        let channel =
            Endpoint::from_static("http://localhost").connect_with_connector_lazy(connector);
        Self {
            socket: socket.to_path_buf(),
            channel,
        }
    }

    /// Its RuntimeService.
    pub fn runtime(&self) -> RuntimeServiceClient<Channel> {
        RuntimeServiceClient::new(self.channel.clone())
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE)
    }

    /// Its ImageService.
    pub fn images(&self) -> ImageServiceClient<Channel> {
        ImageServiceClient::new(self.channel.clone())
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE)
    }

    /// Waits for a call. An error that is of the way to containerd says so.
    ///
    /// # Errors
    /// containerd's own, unchanged.
    pub async fn ask<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>> + Send,
    ) -> Result<T, Status> {
        // A call of tonic's is some 15 KB: it is boxed before others hold it.
        match Box::pin(call).await {
            Ok(answer) => Ok(answer.into_inner()),
            Err(status) if is_of_the_way(&status) => Err(Status::unavailable(format!(
                "containerd cannot be reached at {}: {}",
                self.socket.display(),
                status.message()
            ))),
            Err(status) => Err(status),
        }
    }
}

/// Whether no server said this.
fn is_of_the_way(status: &Status) -> bool {
    status.code() == Code::Unavailable && std::error::Error::source(status).is_some()
}

/// What a containerd that is older than a method does not have.
pub fn or_none<T>(answer: Result<T, Status>) -> Result<Option<T>, Status> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(status) if status.code() == Code::Unimplemented => Ok(None),
        Err(status) => Err(status),
    }
}

/// Stopping or removing what is not there is done, which old containerds take for an error.
pub fn or_gone<T: Default>(answer: Result<T, Status>) -> Result<T, Status> {
    match answer {
        Err(status) if status.code() == Code::NotFound => Ok(T::default()),
        answer => answer,
    }
}
