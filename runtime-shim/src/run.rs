//! Puts the runtime together, serves it, and takes it apart again.

use std::fs::{self, File, Permissions};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::runtime::Runtime as Threads;
use tokio::sync::{Semaphore, oneshot};
use tokio_util::sync::CancellationToken;

use crate::containerd::Containerd;
use crate::cpu::Cores;
use crate::cri::{self, Events, Runtime, Sessions};
use crate::engine::{DiskCache, Engines, Loader, Ticker};
use crate::image::{self, ImageStore};
use crate::metrics::Metrics;
use crate::network::Allocator;
use crate::state::{Index, Journal};
use crate::{Config, Error, streaming, toolbox};

/// Fewest threads that run guests.
const FEWEST_THREADS: usize = 4;
/// Threads for guests' file operations.
const BLOCKING_THREADS: usize = 64;
/// Steps of tasks after which a thread looks for input and for others' tasks. Guests' steps may be whole ticks long: seldom looks would
/// make their neighbours wait.
const LOOK_AROUND: u32 = 4;
/// Where clients of exec, attach and port-forward are served: the kubelet passes them on to it, on the same machine.
const STREAMING: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);
/// How long guests may take to be gone at the end.
const LAST_GUESTS: Duration = Duration::from_secs(5);

/// Serves CRI v1 on `config.socket` until `shutdown` is cancelled; `ready` is told once the socket accepts connections.
///
/// Ends soon after the shutdown: guests are interrupted, the socket is removed, what waited for the disk is written.
///
/// # Errors
/// [`Error`], if the root or the socket cannot be had, or another runtime has the socket.
pub async fn run(
    config: Config,
    shutdown: CancellationToken,
    ready: oneshot::Sender<()>,
) -> Result<(), Error> {
    raise_file_limit();
    folder(&config.root)?;
    // Held until the end: two runtimes on one root would undo each other's work.
    let _lock = lock(&config.root)?;
    let threads = guest_threads(&config)?;
    let result = async {
        let listener = TcpListener::bind(STREAMING)
            .await
            .map_err(Error::Streaming)?;
        let streaming = Arc::new(streaming::Server::new(&listener).map_err(Error::Streaming)?);
        let runtime = assemble(&config, &threads, Arc::clone(&streaming), shutdown.clone()).await?;
        let sessions = Arc::new(Sessions(Arc::clone(&runtime)));
        tokio::spawn(streaming.serve(listener, sessions, shutdown.clone()));
        let served = cri::serve(Arc::clone(&runtime), &config.socket, shutdown, || {
            let _ = ready.send(());
        })
        .await;
        end_guests(&runtime).await;
        served
    }
    .await;
    // Dropping a tokio runtime inside another is not allowed; in the background it is.
    threads.shutdown_background();
    result
}

async fn assemble(
    config: &Config,
    threads: &Threads,
    streaming: Arc<streaming::Server>,
    shutdown: CancellationToken,
) -> Result<Arc<Runtime>, Error> {
    let root = &config.root;
    let staging = root.join("staging");
    if staging.exists() {
        fs::remove_dir_all(&staging).map_err(|e| Error::files("clearing", &staging, e))?;
    }
    let images = ImageStore::open(image::Config {
        root: root.join("images"),
        registries: config.registries.clone(),
        limits: image::Limits::default(),
    })
    .await
    .map_err(|e| Error::Images(e.to_string()))?;
    let metrics = Arc::new(Metrics::default());
    let engines = Engines::build(config.request_slots).map_err(engine_error)?;
    let compiled = root.join("compiled");
    let disk = DiskCache::open(
        compiled.clone(),
        &engines.tasks,
        config.compiled_cache_bytes,
    )
    .map_err(|e| Error::files("opening", compiled, e))?;
    let ticker = Ticker::start(vec![engines.tasks.clone(), engines.requests.clone()])
        .map_err(Error::Threads)?;
    let loader = Loader::new(
        engines.clone(),
        disk,
        config.compile_jobs,
        Arc::clone(&metrics),
    )
    .map_err(engine_error)?;
    let path = root.join("journal");
    let (journal, saved) =
        Journal::open(path.clone()).map_err(|e| Error::files("opening", path, e))?;
    let runtime = Arc::new(Runtime {
        index: Mutex::new(Index::default()),
        addresses: Mutex::new(Allocator::new(config.pod_cidr)),
        loader,
        images,
        events: Events::new(shutdown),
        journal,
        guests: threads.handle().clone(),
        cores: Arc::new(Cores::new(cores())),
        ticker: Arc::new(ticker),
        metrics,
        slots: Arc::new(Semaphore::new(engines.slots as usize)),
        staging,
        containerd: config.containerd.as_deref().map(Containerd::new),
        streaming,
        toolbox: toolbox::artifact(root).map_err(|e| Error::files("writing", root, e))?,
    });
    runtime.restore(saved);
    Ok(runtime)
}

fn engine_error(error: wasmtime::Error) -> Error {
    Error::Engine(format!("{error:#}"))
}

fn folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|e| Error::files("making", path, e))?;
    fs::set_permissions(path, Permissions::from_mode(0o700))
        .map_err(|e| Error::files("protecting", path, e))
}

/// Takes the root for this process; the kernel gives it back when the process ends, however it ends.
fn lock(root: &Path) -> Result<File, Error> {
    use rustix::fs::{FlockOperation, flock};
    let path = root.join("lock");
    let file = File::create(&path).map_err(|e| Error::files("making", &path, e))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(Error::RootTaken(root.to_path_buf())),
        Err(errno) => Err(Error::files("locking", path, errno.into())),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Guests have threads of their own: what they compute does not keep the rest of the process from running.
fn guest_threads(config: &Config) -> Result<Threads, Error> {
    let count = match config.guest_threads {
        0 => cores().saturating_mul(2).max(FEWEST_THREADS),
        count => count,
    };
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(count)
        .max_blocking_threads(BLOCKING_THREADS)
        .event_interval(LOOK_AROUND)
        .global_queue_interval(LOOK_AROUND)
        .thread_name("wasm-guest")
        .enable_all()
        .build()
        .map_err(Error::Threads)
}

/// Interrupts every guest and waits until all are gone.
async fn end_guests(runtime: &Runtime) {
    let containers: Vec<_> = runtime.index.lock().containers().cloned().collect();
    let running: Vec<_> = containers
        .into_iter()
        .filter(|c| matches!(c.phase(), crate::state::ContainerPhase::Running { .. }))
        .collect();
    for container in &running {
        container.control.kill.cancel();
        container.control.stop.cancel();
    }
    let gone = async {
        for container in &running {
            container.over.cancelled().await;
        }
    };
    if tokio::time::timeout(LAST_GUESTS, gone).await.is_err() {
        tracing::warn!("some guests did not end in time");
    }
}

/// A pod takes a file descriptor for its listener and one for its log: the soft limit of most systems is too low for a node.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, raised)
    {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
}
