//! `hydrofoil up`: a whole single-node cluster in one process, without root, in one data dir.
//!
//! Parts start in the order in which they need each other and stop in the reverse. They meet as they would on many machines: through
//! the API and the CRI socket; only the store is called directly, by the API server.

mod args;
mod parts;
mod progress;
mod start;

use std::time::Instant;

use tokio::signal::unix::{SignalKind, signal};

pub use args::{UpArgs, port_range};

use crate::paths::{self, DataDir};
use parts::Cluster;
use progress::Progress;

/// Runs the command until Ctrl-C or SIGTERM.
pub fn run(args: UpArgs) -> anyhow::Result<()> {
    let begun = Instant::now();
    args.check()?;
    decline_huge_pages();
    raise_open_files();
    let data = DataDir::resolve(args.data_dir.as_deref())?;
    paths::make_private(data.root())?;
    let _lock = data.take()?;
    let mut progress = Progress::new();
    let mut cluster = Cluster::default();
    let outcome = match cluster.start(&args, &data, &mut progress) {
        Ok(()) => {
            progress.ready(begun, &data.kubeconfig());
            wait(&cluster)
        }
        Err(error) => Err(error),
    };
    cluster.stop(&mut progress);
    outcome
}

/// A pod that listens holds a file open, and there may be thousands: the soft limit is raised to what the system allows.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "could not raise the limit of open files");
    }
}

/// Memory comes in pages of 4 KiB: with huge pages the allocator's arenas take twice the memory while nothing runs (140 MB for 78).
fn decline_huge_pages() {
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "huge pages stay as they are");
    }
}

/// Waits until the user ends it, or until a part does.
fn wait(cluster: &Cluster) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
            _ = terminate.recv() => Ok(()),
            failed = cluster.failed() => Err(failed),
        }
    })
}
