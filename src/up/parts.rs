//! The parts of `hydrofoil up`, in the order in which they need each other: store, API server, registry, runtime, controllers,
//! scheduler, kubelet, proxy. Each has threads of its own, named after it.

use std::future::Future;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::args::UpArgs;
use super::progress::Progress;
use crate::paths::{self, DataDir};
use crate::rooms::Room;

/// How long a part may take to say that it is ready.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long a part may take to end once it was told to.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// A part that runs: its room, how it is told to stop, and its end.
struct Part {
    name: &'static str,
    room: Room,
    stop: CancellationToken,
    task: Option<JoinHandle<anyhow::Result<()>>>,
}

/// All parts that have been started.
#[derive(Default)]
pub struct Cluster {
    parts: Vec<Part>,
    failed: CancellationToken,
}

impl Cluster {
    /// Starts every part and waits until each is ready. What was started stays to be stopped, also on failure.
    pub fn start(
        &mut self,
        args: &UpArgs,
        data: &DataDir,
        progress: &mut Progress,
    ) -> anyhow::Result<()> {
        let node_name = args.node_name()?;
        let store = self.store(data, progress)?;
        let api = self.apiserver(args, data, store, progress)?;
        let registry = if args.no_registry {
            None
        } else {
            Some(self.registry(args, data, progress)?)
        };
        self.runtime(args, data, progress)?;
        self.controllers(&api, &node_name, progress)?;
        self.scheduler(&api, &node_name, progress)?;
        let kubelet = self.kubelet(args, data, &api, &node_name, progress)?;
        let healthz = self.proxy(args, &api, &node_name, progress)?;
        let addresses = json!({
            "apiserver": api.address,
            "kubelet": kubelet,
            "proxyHealthz": healthz,
            "registry": registry,
        });
        paths::write_private(&data.addresses(), &serde_json::to_vec_pretty(&addresses)?)
    }

    /// Waits until a part ends before it was told to.
    pub async fn failed(&self) -> anyhow::Error {
        self.failed.cancelled().await;
        anyhow::anyhow!("a part ended by itself; the lines above say which and why")
    }

    /// Stops every part, the last first.
    pub fn stop(&mut self, progress: &mut Progress) {
        progress.line("stopping");
        while let Some(mut part) = self.parts.pop() {
            part.stop.cancel();
            if let Some(task) = part.task.take() {
                let ended = async { tokio::time::timeout(STOP_WITHIN, task).await };
                match part.room.block_on(ended) {
                    Ok(Ok(Ok(()))) => {}
                    Ok(Ok(Err(error))) => eprintln!("{}: {error:#}", part.name),
                    Ok(Err(panicked)) => eprintln!("{}: {panicked}", part.name),
                    Err(_) => eprintln!(
                        "{}: did not stop within {} s",
                        part.name,
                        STOP_WITHIN.as_secs()
                    ),
                }
            }
            part.room.stop();
        }
        progress.line("stopped");
    }

    /// Runs a part until it is told to stop; should it end before, the cluster has failed.
    pub(super) fn run<F>(
        &mut self,
        name: &'static str,
        room: Room,
        part: impl FnOnce(CancellationToken) -> F,
    ) where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let stop = CancellationToken::new();
        let (work, stopped, failed) = (part(stop.clone()), stop.clone(), self.failed.clone());
        let task = room.spawn(async move {
            let outcome = work.await;
            if !stopped.is_cancelled() {
                if let Err(error) = &outcome {
                    eprintln!("{name}: {error:#}");
                }
                failed.cancel();
            }
            outcome
        });
        self.parts.push(Part {
            name,
            room,
            stop,
            task: Some(task),
        });
    }

    /// Runs something to its end in the last part's room.
    pub(super) fn block_on<F: Future>(&self, work: F) -> anyhow::Result<F::Output> {
        let part = self.parts.last().context("no part runs")?;
        Ok(part.room.block_on(work))
    }

    /// Waits for the last part's word that it is ready, or for its end.
    pub(super) fn wait_ready<T>(&mut self, ready: oneshot::Receiver<T>) -> anyhow::Result<T> {
        let part = self.parts.last_mut().context("no part runs")?;
        let mut task = part.task.take().context("the part has ended")?;
        let name = part.name;
        let outcome = part.room.block_on(async {
            tokio::select! {
                biased;
                Ok(word) = ready => Ok(word),
                ended = &mut task => Err(Some(ended)),
                () = tokio::time::sleep(READY_WITHIN) => Err(None),
            }
        });
        match outcome {
            Ok(word) => {
                part.task = Some(task);
                Ok(word)
            }
            Err(None) => {
                part.task = Some(task);
                bail!("{name} was not ready within {} s", READY_WITHIN.as_secs())
            }
            Err(Some(Ok(Ok(())))) => bail!("{name} ended while it started"),
            Err(Some(Ok(Err(error)))) => Err(error),
            Err(Some(Err(panicked))) => Err(panicked.into()),
        }
    }
}
