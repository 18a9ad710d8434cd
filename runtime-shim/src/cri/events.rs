//! GetContainerEvents: what happens to containers, to everyone who listens.
//!
//! Events are made only while someone listens. A listener that does not keep up is cut off with an error, so that it lists again.

use std::sync::Arc;

use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};
use hydrofoil_cri::v1::{ContainerEventResponse, ContainerEventType};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::{Runtime, elsewhere};
use crate::clock;
use crate::state::Container;

/// Events a listener may lag behind.
pub const MAX_LAG: usize = 8192;

/// Everyone who listens.
pub struct Events {
    sender: broadcast::Sender<Arc<ContainerEventResponse>>,
    shutdown: CancellationToken,
}

impl Events {
    /// Nobody yet. Listeners are let go at `shutdown`.
    pub fn new(shutdown: CancellationToken) -> Self {
        Self {
            sender: broadcast::Sender::new(MAX_LAG),
            shutdown,
        }
    }

    fn listen(&self) -> BoxStream<'static, Result<ContainerEventResponse, Status>> {
        struct Listener {
            receiver: broadcast::Receiver<Arc<ContainerEventResponse>>,
            shutdown: CancellationToken,
            over: bool,
        }
        let listener = Listener {
            receiver: self.sender.subscribe(),
            shutdown: self.shutdown.clone(),
            over: false,
        };
        stream::unfold(listener, |mut listener| async move {
            if listener.over {
                return None;
            }
            let next = tokio::select! {
                next = listener.receiver.recv() => next,
                () = listener.shutdown.cancelled() => return None,
            };
            let item = match next {
                Ok(event) => Ok(Arc::unwrap_or_clone(event)),
                Err(RecvError::Closed) => return None,
                Err(RecvError::Lagged(missed)) => {
                    listener.over = true;
                    Err(Status::resource_exhausted(format!(
                        "{missed} events were missed: list again"
                    )))
                }
            };
            Some((item, listener))
        })
        .boxed()
    }
}

impl Runtime {
    /// The stream of events from now on, ours and containerd's.
    pub(super) fn container_events(
        &self,
    ) -> BoxStream<'static, Result<ContainerEventResponse, Status>> {
        let ours = self.events.listen();
        let Some(containerd) = &self.containerd else {
            return ours;
        };
        let theirs = elsewhere::events(containerd.clone());
        let over = self.events.shutdown.clone().cancelled_owned();
        stream::select(ours, theirs.take_until(over)).boxed()
    }

    /// Tells everyone what happened to a container.
    pub(super) fn tell(&self, container: &Container, kind: ContainerEventType) {
        if self.events.sender.receiver_count() == 0 {
            return;
        }
        let (sandbox, containers) = {
            let index = self.index.lock();
            (
                index.sandbox(&container.sandbox_id),
                index.containers_of(&container.sandbox_id),
            )
        };
        // Without a receiver by now there is nobody to miss it.
        let _ = self.events.sender.send(Arc::new(ContainerEventResponse {
            container_id: container.id.clone(),
            container_event_type: kind.into(),
            created_at: clock::now_nanos(),
            pod_sandbox_status: sandbox.map(|s| s.status()),
            containers_statuses: containers.iter().map(|c| c.status()).collect(),
        }));
    }
}
