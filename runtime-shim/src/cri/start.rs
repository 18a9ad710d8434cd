//! StartContainer and StopContainer: the way into a guest, and out of it.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use hydrofoil_cri::v1::{
    ContainerEventType, StartContainerRequest, StartContainerResponse, StopContainerRequest,
    StopContainerResponse,
};

use super::container::not_ready;
use super::{CriError, CriResult, Runtime};
use crate::clock;
use crate::engine::Entry;
use crate::guest::{self, Exit, Start, http};
use crate::state::container::Runnable;
use crate::state::journal::{Exited, SavedExit, Started};
use crate::state::sandbox::Phase as SandboxPhase;
use crate::state::{Change, Container, ContainerPhase};

/// How long an interrupted guest may take to be gone. It is some epoch ticks; a longer time is a fault of ours.
const KILL_DEADLINE: Duration = Duration::from_secs(10);
/// When the log of a guest that has written nothing is made. Starts of many pods are over by then, which it would slow down.
const SILENT_LOG_AFTER: Duration = Duration::from_secs(10);

impl Runtime {
    /// Begins a container.
    pub async fn start_container(
        self: &Arc<Self>,
        request: StartContainerRequest,
    ) -> CriResult<StartContainerResponse> {
        let container = self.container(&request.container_id)?;
        let sandbox = self.sandbox(&container.sandbox_id)?;
        if sandbox.phase() != SandboxPhase::Ready {
            return Err(not_ready(&sandbox));
        }
        let now = clock::now_nanos();
        let Some(runnable) = container.start(now) else {
            return Err(CriError::Precondition(format!(
                "container {:?} is in state {}: only a created one can be started",
                container.id,
                container.state().as_str_name()
            )));
        };
        let life = match prepare(runnable, sandbox.address.listen()) {
            Ok(life) => life,
            Err(error) => {
                self.finish(&container, Exit::not_started(error.to_string()));
                return Err(error);
            }
        };
        self.journal.note(Change::ContainerStarted(Started {
            id: container.id.clone(),
            at: now,
        }));
        self.metrics.containers_started.increment();
        // Told before the guest runs: nobody hears of its end first.
        self.tell(&container, ContainerEventType::ContainerStartedEvent);
        tokio::spawn(make_silent_log(Arc::clone(&container)));
        self.spawn(container, life);
        Ok(StartContainerResponse {})
    }

    fn spawn(self: &Arc<Self>, container: Arc<Container>, life: BoxFuture<'static, Exit>) {
        let runtime = Arc::clone(self);
        self.guests.spawn(async move {
            // A fault of ours in one guest's host functions must not leave its container running for ever.
            let exit = AssertUnwindSafe(life)
                .catch_unwind()
                .await
                .unwrap_or_else(|_| {
                    Exit::not_started("the runtime failed while running this guest")
                });
            runtime.finish(&container, exit);
        });
    }

    /// Notes a container's end, once.
    fn finish(&self, container: &Arc<Container>, exit: Exit) {
        let now = clock::now_nanos();
        let saved = SavedExit {
            finished_at: now,
            code: exit.code,
            reason: exit.reason.to_owned(),
            message: exit.message.clone(),
        };
        // Whoever sees the end finds the log.
        container.log.create();
        if container.exit(now, exit) {
            self.journal.note(Change::ContainerExited(Exited {
                id: container.id.clone(),
                exit: Some(saved),
            }));
            self.metrics.containers_exited.increment();
            self.tell(container, ContainerEventType::ContainerStoppedEvent);
        }
        // After it was told of: nobody removes what listeners are still to hear the end of.
        container.over.cancel();
    }

    /// Stops a container: asks, and after the grace orders. Doing it again, or for one that is gone, is no error.
    pub async fn stop_container(
        self: &Arc<Self>,
        request: StopContainerRequest,
    ) -> CriResult<StopContainerResponse> {
        if let Ok(container) = self.container(&request.container_id) {
            let grace = u64::try_from(request.timeout).unwrap_or(0);
            self.end(&container, Duration::from_secs(grace)).await?;
        }
        Ok(StopContainerResponse {})
    }

    /// Waits until a container is over. One that never began is left as it is.
    pub(super) async fn end(&self, container: &Container, grace: Duration) -> CriResult<()> {
        if !matches!(container.phase(), ContainerPhase::Running { .. }) {
            return Ok(());
        }
        if !grace.is_zero() {
            container.control.stop.cancel();
            let asked = tokio::time::timeout(grace, container.over.cancelled());
            if asked.await.is_ok() {
                return Ok(());
            }
        }
        container.control.kill.cancel();
        container.control.stop.cancel();
        let ordered = tokio::time::timeout(KILL_DEADLINE, container.over.cancelled());
        ordered.await.map_err(|_| {
            CriError::Deadline(format!(
                "container {:?} did not end within {} seconds of being interrupted",
                container.id,
                KILL_DEADLINE.as_secs()
            ))
        })
    }
}

/// Makes the log of a guest that writes nothing for a while. What has ended made its log at its end.
async fn make_silent_log(container: Arc<Container>) {
    let while_it_runs = container.over.cancelled();
    if tokio::time::timeout(SILENT_LOG_AFTER, while_it_runs)
        .await
        .is_err()
    {
        // Three inodes at most, while nobody waits: no reason to go to another thread.
        container.log.create();
    }
}

/// Makes the listener, for HTTP; what comes back is the guest's life.
fn prepare(runnable: Runnable, listen: IpAddr) -> CriResult<BoxFuture<'static, Exit>> {
    let Runnable {
        program,
        guest,
        http_port,
    } = runnable;
    let listener = match program.entry {
        Entry::Http(_) => Some(http::bind(SocketAddr::new(listen, http_port))?),
        Entry::Command(_) | Entry::Module(_) => None,
    };
    let life = async move {
        let running = Arc::clone(&guest);
        let exit = match (&program.entry, listener) {
            (Entry::Http(pre), Some(listener)) => http::serve(running, pre.clone(), listener).await,
            (entry, _) => guest::run(running, entry, &Start::Main).await,
        };
        // Commands that were run beside it end with it.
        guest.control.kill.cancel();
        guest.net.closed.cancel();
        guest.mounts.clean();
        exit
    };
    Ok(life.boxed())
}
