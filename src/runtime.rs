//! `hydrofoil runtime`: the container runtime alone, for any kubelet, `crictl` and whoever else speaks CRI.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use ipnet::Ipv4Net;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::paths;
use crate::registries::PullArgs;
use crate::rooms::Room;

/// Flags of `hydrofoil runtime`.
#[derive(Args, Debug)]
pub struct RuntimeArgs {
    /// Unix socket to serve CRI on (a path, or unix://PATH).
    #[arg(long, value_name = "SOCKET", default_value = "/run/hydrofoil/runtime.sock", value_parser = socket)]
    pub listen: PathBuf,
    /// Where images, compiled code and state are kept.
    #[arg(long, value_name = "DIR", default_value = "/var/lib/hydrofoil/runtime")]
    pub root: PathBuf,
    /// The CRI socket of a containerd, which then runs what is no WebAssembly (a path, or unix://PATH).
    #[arg(long, value_name = "SOCKET", value_parser = socket)]
    pub containerd: Option<PathBuf>,
    /// Range of the pods' addresses until a kubelet tells one.
    #[arg(long, value_name = "CIDR")]
    pub pod_cidr: Option<Ipv4Net>,
    #[command(flatten)]
    pub pull: PullArgs,
    /// HTTP requests that all guests together answer at once; further ones wait.
    #[arg(long, value_name = "COUNT", default_value_t = hydrofoil_runtime_shim::DEFAULT_REQUEST_SLOTS)]
    pub request_slots: u32,
    /// Bound of the compiled code on disk, in bytes; the least recently loaded goes first.
    #[arg(long, value_name = "BYTES", default_value_t = hydrofoil_runtime_shim::DEFAULT_COMPILED_CACHE_BYTES)]
    pub compiled_cache_bytes: u64,
    /// Modules compiled at once; further ones wait.
    #[arg(long, value_name = "COUNT", default_value_t = hydrofoil_runtime_shim::DEFAULT_COMPILE_JOBS)]
    pub compile_jobs: usize,
    /// Threads that run guests; 0 means twice the cores, at least 4.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub guest_threads: usize,
}

/// A socket's path, with or without its scheme, as kubelets and `crictl` write it.
fn socket(text: &str) -> Result<PathBuf, String> {
    let path = text.strip_prefix("unix://").unwrap_or(text);
    if Path::new(path).is_absolute() {
        Ok(path.into())
    } else {
        Err(format!(
            "{text:?}: an absolute path is wanted, or unix:// and one"
        ))
    }
}

/// Runs the command until Ctrl-C or SIGTERM.
pub fn run(args: RuntimeArgs) -> anyhow::Result<()> {
    if let Some(folder) = args.listen.parent() {
        paths::make_private(folder)?;
    }
    let config = hydrofoil_runtime_shim::Config {
        socket: args.listen,
        root: args.root,
        registries: args.pull.registries()?,
        containerd: args.containerd,
        pod_cidr: args.pod_cidr,
        request_slots: args.request_slots,
        compiled_cache_bytes: args.compiled_cache_bytes,
        compile_jobs: args.compile_jobs,
        guest_threads: args.guest_threads,
    };
    let room = Room::of_guests("runtime")?;
    let outcome = room.block_on(serve(config));
    room.stop();
    outcome
}

async fn serve(config: hydrofoil_runtime_shim::Config) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let socket = config.socket.clone();
    let stop = CancellationToken::new();
    let (ready, is_ready) = oneshot::channel();
    let serving = hydrofoil_runtime_shim::run(config, stop.clone(), ready);
    let told = async {
        if is_ready.await.is_ok() {
            tracing::info!(socket = %socket.display(), "serving CRI");
        }
        tokio::select! {
            _ = terminate.recv() => Ok(()),
            interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot listen for Ctrl-C"),
        }
    };
    tokio::pin!(serving);
    tokio::select! {
        served = &mut serving => Ok(served?),
        told = told => {
            stop.cancel();
            serving.await?;
            told
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_an_absolute_path_with_or_without_its_scheme() {
        for text in ["/run/a.sock", "unix:///run/a.sock"] {
            assert_eq!(socket(text), Ok(PathBuf::from("/run/a.sock")), "{text}");
        }
        for text in ["a.sock", "unix://a.sock", "tcp://127.0.0.1:1", ""] {
            assert!(socket(text).is_err(), "{text}");
        }
    }
}
