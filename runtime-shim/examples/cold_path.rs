//! How long the runtime takes from RunPodSandbox to a started container, and what an idle pod costs: printed as lines of JSON.
//!
//! ```sh
//! cargo run --release -p hydrofoil-runtime-shim --example cold_path -- [PODS] [FILE.wasm]
//! ```
//! Drives a runtime in this process through its unix socket, as a kubelet would; the image comes from a registry on loopback. Without a file
//! it is the example `hello-http`, built beforehand (`examples/target/wasm32-wasip2/release/hello_http.wasm`).

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hydrofoil_cri::v1::image_service_client::ImageServiceClient;
use hydrofoil_cri::v1::runtime_service_client::RuntimeServiceClient;
use hydrofoil_cri::v1::*;
use hydrofoil_runtime_shim::image::{PushOptions, push};
use hydrofoil_runtime_shim::{Config, registry, run};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};

type Outcome<T> = Result<T, Box<dyn Error>>;

const DEFAULT_PODS: usize = 1000;
/// Pods whose first answer is timed.
const ANSWERS: usize = 50;
/// Requests in the throughput run, and how many at once.
const REQUESTS: usize = 5000;
const CLIENTS: usize = 16;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let pods = match arguments.next() {
        Some(text) => text.parse()?,
        None => DEFAULT_PODS,
    };
    let file = arguments.next().map_or_else(example, PathBuf::from);
    let dir = tempfile::tempdir()?;
    let registry = registry::start(registry::Config {
        listen: "127.0.0.1:0".parse()?,
        root: dir.path().join("registry"),
    })
    .await?;
    let image = format!("{}/bench:v1", registry.local_addr());
    push(&file, &image.parse()?, PushOptions::default(), |_| {}).await?;

    let config = Config {
        socket: dir.path().join("cri.sock"),
        root: dir.path().join("runtime"),
        pod_cidr: Some("127.80.0.0/16".parse()?),
        ..Config::default()
    };
    let socket = config.socket.clone();
    let shutdown = CancellationToken::new();
    let (ready, is_ready) = oneshot::channel();
    let before_runtime = resident();
    let begun = Instant::now();
    let task = tokio::spawn(run(config, shutdown.clone(), ready));
    is_ready.await?;
    report(
        "runtime_ready",
        &[
            ("ms", ms(begun.elapsed())),
            ("resident_kib_added", resident() - before_runtime),
        ],
    );
    let mut bench = Bench::connect(socket, image, dir.path()).await?;
    bench.pull().await?;

    let begun = Instant::now();
    let first = bench.start_pod(0).await?;
    report(
        "first_start_with_compilation",
        &[("ms", ms(begun.elapsed()))],
    );
    first_answer(&first.ip).await?;
    let idle = resident();
    report(
        "resident_kib",
        &[("before_runtime", before_runtime), ("one_pod", idle)],
    );

    let begun = Instant::now();
    let mut started = Vec::with_capacity(pods);
    for number in 1..=pods {
        started.push(bench.start_pod(number).await?);
    }
    let all = begun.elapsed();
    timings("pod_start", started.iter().map(|p| p.took).collect());
    report("pods", &[("count", pods as f64), ("total_ms", ms(all))]);
    let full = resident();
    report(
        "idle_pods_kib",
        &[
            ("resident", full),
            ("per_pod", (full - idle) / pods.max(1) as f64),
        ],
    );

    let mut answers = Vec::new();
    for pod in started.iter().take(ANSWERS) {
        let begun = Instant::now();
        first_answer(&pod.ip).await?;
        answers.push(begun.elapsed());
    }
    timings("first_answer_of_an_idle_pod", answers);
    throughput(&first.ip).await?;

    let begun = Instant::now();
    for pod in &started {
        bench.remove(&pod.id).await?;
    }
    report(
        "removed",
        &[
            ("total_ms", ms(begun.elapsed())),
            ("resident_kib_after", resident()),
        ],
    );
    shutdown.cancel();
    task.await??;
    registry.shutdown().await;
    Ok(())
}

struct Bench {
    runtime: RuntimeServiceClient<Channel>,
    images: ImageServiceClient<Channel>,
    image: ImageSpec,
    logs: PathBuf,
}

struct Pod {
    id: String,
    ip: String,
    took: Duration,
}

impl Bench {
    async fn connect(socket: PathBuf, image: String, dir: &Path) -> Outcome<Self> {
        let channel = Endpoint::from_static("http://runtime.invalid")
            .connect_with_connector(tower::service_fn(move |_| {
                let socket = socket.clone();
                async move { UnixStream::connect(socket).await.map(TokioIo::new) }
            }))
            .await?;
        Ok(Self {
            runtime: RuntimeServiceClient::new(channel.clone()),
            images: ImageServiceClient::new(channel),
            image: ImageSpec {
                image,
                ..ImageSpec::default()
            },
            logs: dir.join("logs"),
        })
    }

    async fn pull(&mut self) -> Outcome<()> {
        let request = PullImageRequest {
            image: Some(self.image.clone()),
            ..PullImageRequest::default()
        };
        let begun = Instant::now();
        self.images.pull_image(request).await?;
        report("pull", &[("ms", ms(begun.elapsed()))]);
        Ok(())
    }

    /// RunPodSandbox, CreateContainer, StartContainer: `took` is the three together.
    async fn start_pod(&mut self, number: usize) -> Outcome<Pod> {
        let name = format!("bench-{number}");
        let config = PodSandboxConfig {
            metadata: Some(PodSandboxMetadata {
                name: name.clone(),
                uid: format!("00000000-0000-0000-0000-{number:012}"),
                namespace: "default".to_owned(),
                attempt: 0,
            }),
            hostname: name.clone(),
            log_directory: self.logs.join(&name).display().to_string(),
            ..PodSandboxConfig::default()
        };
        let begun = Instant::now();
        let id = self
            .runtime
            .run_pod_sandbox(RunPodSandboxRequest {
                config: Some(config.clone()),
                runtime_handler: String::new(),
            })
            .await?
            .into_inner()
            .pod_sandbox_id;
        let container_id = self
            .runtime
            .create_container(CreateContainerRequest {
                pod_sandbox_id: id.clone(),
                config: Some(ContainerConfig {
                    metadata: Some(ContainerMetadata {
                        name: "main".to_owned(),
                        attempt: 0,
                    }),
                    image: Some(self.image.clone()),
                    log_path: "main/0.log".to_owned(),
                    ..ContainerConfig::default()
                }),
                sandbox_config: Some(config),
            })
            .await?
            .into_inner()
            .container_id;
        self.runtime
            .start_container(StartContainerRequest { container_id })
            .await?;
        let took = begun.elapsed();
        let request = PodSandboxStatusRequest {
            pod_sandbox_id: id.clone(),
            verbose: false,
        };
        let status = self.runtime.pod_sandbox_status(request).await?.into_inner();
        let network = status.status.and_then(|s| s.network).unwrap_or_default();
        Ok(Pod {
            id,
            ip: network.ip,
            took,
        })
    }

    async fn remove(&mut self, id: &str) -> Outcome<()> {
        let request = RemovePodSandboxRequest {
            pod_sandbox_id: id.to_owned(),
        };
        self.runtime.remove_pod_sandbox(request).await?;
        Ok(())
    }
}

async fn first_answer(ip: &str) -> Outcome<()> {
    let mut stream = TcpStream::connect((ip, 8080)).await?;
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")
        .await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    if !answer.starts_with(b"HTTP/1.1 200") {
        return Err(String::from_utf8_lossy(&answer).into_owned().into());
    }
    Ok(())
}

/// Requests over kept connections, from as many clients as [`CLIENTS`].
async fn throughput(ip: &str) -> Outcome<()> {
    let begun = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let ip = ip.to_owned();
        clients.spawn(async move {
            let mut stream = TcpStream::connect((ip, 8080)).await?;
            let mut buffer = [0; 2048];
            for _ in 0..REQUESTS / CLIENTS {
                stream
                    .write_all(b"GET /healthz HTTP/1.1\r\nhost: bench\r\n\r\n")
                    .await?;
                let mut seen = 0;
                // The body is "ok\n", in chunks: the last chunk ends the answer.
                while !buffer[..seen].ends_with(b"0\r\n\r\n") {
                    let size = stream.read(&mut buffer[seen..]).await?;
                    if size == 0 {
                        return Err(std::io::ErrorKind::UnexpectedEof.into());
                    }
                    seen += size;
                }
            }
            Ok::<(), std::io::Error>(())
        });
    }
    while let Some(joined) = clients.join_next().await {
        joined??;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let count = (REQUESTS / CLIENTS * CLIENTS) as f64;
    report(
        "http",
        &[("requests", count), ("per_second", count / seconds)],
    );
    Ok(())
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/target/wasm32-wasip2/release/hello_http.wasm")
}

/// Resident memory of this process in KiB.
fn resident() -> f64 {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    rollup
        .lines()
        .find_map(|line| line.strip_prefix("Rss:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .and_then(|number| number.trim().parse().ok())
        .unwrap_or(0.0)
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn timings(what: &str, mut durations: Vec<Duration>) {
    durations.sort_unstable();
    if durations.is_empty() {
        return;
    }
    let at = |share: f64| ms(durations[((durations.len() - 1) as f64 * share) as usize]);
    report(
        what,
        &[
            ("median_ms", at(0.5)),
            ("p99_ms", at(0.99)),
            ("max_ms", at(1.0)),
        ],
    );
}

fn report(what: &str, numbers: &[(&str, f64)]) {
    let mut line = serde_json::Map::new();
    line.insert("what".to_owned(), what.into());
    for (name, number) in numbers {
        let rounded = (number * 1000.0).round() / 1000.0;
        line.insert((*name).to_owned(), rounded.into());
    }
    println!("{}", serde_json::Value::Object(line));
}
