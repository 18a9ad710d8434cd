//! How fast one pod starts when its image is in the cache.
//!
//! First through the whole cluster: from the API's create to the pod's first HTTP answer, over one open connection, as a program
//! with a client library would do it; aim: median below 20 ms. Then inside the runtime alone, over its CRI socket: from
//! RunPodSandbox to StartContainer done; aim: below 3 ms.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use futures::StreamExt as _;
use hydrofoil_cri::v1;
use hydrofoil_cri::v1::image_service_client::ImageServiceClient;
use hydrofoil_cri::v1::runtime_service_client::RuntimeServiceClient;
use hydrofoil_tests::measure::Samples;
use hydrofoil_tests::{Cluster, tools};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

const AIM_CLUSTER: Duration = Duration::from_millis(20);
const AIM_RUNTIME: Duration = Duration::from_millis(3);
/// No single pod takes longer.
const LIMIT: Duration = Duration::from_secs(30);
/// Between two tries to connect to a pod whose address is known.
const RETRY: Duration = Duration::from_micros(250);

fn main() -> anyhow::Result<()> {
    let rounds = tools::number("BENCH_ROUNDS", 100)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let cluster = Cluster::start()?;
    cluster.push_guests()?;
    runtime.block_on(through_the_cluster(&cluster, rounds))?;
    drop(cluster);
    runtime.block_on(inside_the_runtime(rounds))
}

// --- Through the cluster.

async fn through_the_cluster(cluster: &Cluster, rounds: u32) -> anyhow::Result<()> {
    let api = Api::new(cluster)?;
    cluster.kubectl("cold-start")?;
    let (mut bound, mut addressed, mut answered) =
        (Samples::default(), Samples::default(), Samples::default());
    for round in 0..=rounds {
        let name = format!("cold-{round}");
        let mut watch = api.watch(&name).await?;
        let begun = Instant::now();
        api.create(&pod(&name, &cluster.image("hello-http")))
            .await?;
        let (bound_at, addressed_at, address) =
            tokio::time::timeout(LIMIT, address_of(&mut watch)).await??;
        tokio::time::timeout(LIMIT, first_answer(&address)).await??;
        // The first pulls the image and compiles it.
        if round > 0 {
            answered.add(begun.elapsed());
            bound.add(bound_at - begun);
            addressed.add(addressed_at - begun);
        }
        api.delete(&name).await?;
    }
    println!("from create, through the cluster:");
    println!("  bound to the node      {bound}");
    println!("  address in its status  {addressed}");
    println!("  first HTTP answer      {answered}");
    verdict(answered.quantile(0.5), AIM_CLUSTER);
    Ok(())
}

fn pod(name: &str, image: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name },
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [{ "name": "main", "image": image, "ports": [{ "containerPort": 8080 }] }],
        },
    })
}

struct Api {
    http: reqwest::Client,
    pods: String,
}

/// A watch's body, line by line.
struct Watch {
    body: futures::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    rest: Vec<u8>,
}

impl Api {
    fn new(cluster: &Cluster) -> anyhow::Result<Self> {
        use base64::Engine as _;
        // An error means that there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config: Value = serde_yaml::from_str(&std::fs::read_to_string(cluster.kubeconfig())?)?;
        let decoded = |value: &Value| -> anyhow::Result<Vec<u8>> {
            let text = value
                .as_str()
                .context("the kubeconfig lacks a certificate")?;
            Ok(base64::engine::general_purpose::STANDARD.decode(text)?)
        };
        let user = &config["users"][0]["user"];
        let target = &config["clusters"][0]["cluster"];
        let mut identity = decoded(&user["client-certificate-data"])?;
        identity.push(b'\n');
        identity.extend(decoded(&user["client-key-data"])?);
        let ca = reqwest::Certificate::from_pem(&decoded(&target["certificate-authority-data"])?)?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([ca])
            .identity(reqwest::Identity::from_pem(&identity)?)
            .tcp_nodelay(true)
            .build()?;
        let server = target["server"]
            .as_str()
            .context("the kubeconfig names no server")?;
        Ok(Self {
            http,
            pods: format!("{server}/api/v1/namespaces/cold-start/pods"),
        })
    }

    async fn create(&self, pod: &Value) -> anyhow::Result<()> {
        let response = self
            .http
            .post(&self.pods)
            .header("content-type", "application/json")
            .body(pod.to_string())
            .send()
            .await?;
        let status = response.status();
        let body = response.text().await?;
        ensure!(status.is_success(), "{status}: {body}");
        Ok(())
    }

    async fn delete(&self, name: &str) -> anyhow::Result<()> {
        let url = format!("{}/{name}?gracePeriodSeconds=0", self.pods);
        self.http.delete(url).send().await?.error_for_status()?;
        Ok(())
    }

    /// Watches one pod that is not there yet.
    async fn watch(&self, name: &str) -> anyhow::Result<Watch> {
        let url = format!(
            "{}?watch=true&fieldSelector=metadata.name%3D{name}",
            self.pods
        );
        let response = self.http.get(url).send().await?.error_for_status()?;
        Ok(Watch {
            body: response.bytes_stream().boxed(),
            rest: Vec::new(),
        })
    }
}

impl Watch {
    async fn next(&mut self) -> anyhow::Result<Value> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return Ok(serde_json::from_slice(&line)?);
            }
            let chunk = self.body.next().await.context("the watch ended")??;
            self.rest.extend_from_slice(&chunk);
        }
    }
}

/// When the watched pod was seen bound, when it was seen with an address, and the address.
async fn address_of(watch: &mut Watch) -> anyhow::Result<(Instant, Instant, String)> {
    let mut bound = None;
    loop {
        let event = watch.next().await?;
        let object = &event["object"];
        if event["type"] == "ERROR" || object["status"]["phase"] == "Failed" {
            bail!("the pod failed: {event}");
        }
        if object["spec"]["nodeName"].is_string() {
            bound.get_or_insert_with(Instant::now);
        }
        if let (Some(bound), Some(address)) = (bound, object["status"]["podIP"].as_str()) {
            return Ok((bound, Instant::now(), address.to_owned()));
        }
    }
}

/// Asks until an answer comes; the listener may open a moment after the address is known.
async fn first_answer(address: &str) -> anyhow::Result<()> {
    loop {
        let Ok(mut stream) = tokio::net::TcpStream::connect((address, 8080)).await else {
            tokio::time::sleep(RETRY).await;
            continue;
        };
        stream
            .write_all(
                format!("GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")
                    .as_bytes(),
            )
            .await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        ensure!(
            answer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
        return Ok(());
    }
}

// --- Inside the runtime.

struct Cri {
    runtime: RuntimeServiceClient<Channel>,
    images: ImageServiceClient<Channel>,
}

async fn inside_the_runtime(rounds: u32) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let registry =
        hydrofoil_runtime_shim::registry::start(hydrofoil_runtime_shim::registry::Config {
            listen: ([127, 0, 0, 1], 0).into(),
            root: folder.path().join("registry"),
        })
        .await?;
    let image = format!("{}/hello-http:v1", registry.local_addr());
    push(&image).await?;

    let socket = folder.path().join("cri.sock");
    let config = hydrofoil_runtime_shim::Config {
        socket: socket.clone(),
        root: folder.path().join("runtime"),
        pod_cidr: Some("127.80.0.0/16".parse()?),
        ..Default::default()
    };
    let shutdown = CancellationToken::new();
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    let server = tokio::spawn(hydrofoil_runtime_shim::run(config, shutdown.clone(), ready));
    is_ready.await.context("the runtime did not start")?;
    let mut cri = Cri::connect(&socket).await?;
    cri.pull(&image).await?;

    let (mut sandboxed, mut created, mut started) =
        (Samples::default(), Samples::default(), Samples::default());
    for round in 0..=rounds {
        let [sandbox, create, start] = cri.pod(round, &image, folder.path()).await?;
        // The first compiles.
        if round > 0 {
            sandboxed.add(sandbox);
            created.add(create);
            started.add(start);
        }
    }
    println!("\nfrom RunPodSandbox, inside the runtime:");
    println!("  RunPodSandbox done     {sandboxed}");
    println!("  CreateContainer done   {created}");
    println!("  StartContainer done    {started}");
    verdict(started.quantile(0.5), AIM_RUNTIME);
    shutdown.cancel();
    server.await??;
    registry.shutdown().await;
    Ok(())
}

async fn push(image: &str) -> anyhow::Result<()> {
    use hydrofoil_runtime_shim::image;
    let (_, file) = tools::guests().swap_remove(0);
    image::push(
        &file,
        &image.parse()?,
        image::PushOptions::default(),
        |_| {},
    )
    .await?;
    Ok(())
}

impl Cri {
    async fn connect(socket: &Path) -> anyhow::Result<Self> {
        let socket = socket.to_owned();
        let channel = tonic::transport::Endpoint::from_static("http://cri")
            .connect_with_connector(tower::service_fn(move |_| {
                let socket = socket.clone();
                async move {
                    let stream = tokio::net::UnixStream::connect(socket).await?;
                    Ok::<_, std::io::Error>(hyper_util::rt::TokioIo::new(stream))
                }
            }))
            .await?;
        Ok(Self {
            runtime: RuntimeServiceClient::new(channel.clone()),
            images: ImageServiceClient::new(channel),
        })
    }

    async fn pull(&mut self, image: &str) -> anyhow::Result<()> {
        self.images
            .pull_image(v1::PullImageRequest {
                image: Some(spec(image)),
                ..Default::default()
            })
            .await?;
        Ok(())
    }

    /// Starts one pod and removes it; the times since its beginning.
    async fn pod(
        &mut self,
        number: u32,
        image: &str,
        folder: &Path,
    ) -> anyhow::Result<[Duration; 3]> {
        let sandbox_config = v1::PodSandboxConfig {
            metadata: Some(v1::PodSandboxMetadata {
                name: format!("pod-{number}"),
                uid: format!("uid-{number}"),
                namespace: "bench".to_owned(),
                attempt: 0,
            }),
            log_directory: folder.join(format!("logs-{number}")).display().to_string(),
            port_mappings: vec![v1::PortMapping {
                container_port: 8080,
                ..Default::default()
            }],
            linux: Some(v1::LinuxPodSandboxConfig::default()),
            ..Default::default()
        };
        let container_config = v1::ContainerConfig {
            metadata: Some(v1::ContainerMetadata {
                name: "main".to_owned(),
                attempt: 0,
            }),
            image: Some(spec(image)),
            log_path: "main/0.log".to_owned(),
            linux: Some(v1::LinuxContainerConfig::default()),
            ..Default::default()
        };
        std::fs::create_dir_all(Path::new(&sandbox_config.log_directory).join("main"))?;
        let begun = Instant::now();
        let sandbox = self
            .runtime
            .run_pod_sandbox(v1::RunPodSandboxRequest {
                config: Some(sandbox_config.clone()),
                ..Default::default()
            })
            .await?
            .into_inner()
            .pod_sandbox_id;
        let sandboxed = begun.elapsed();
        let container = self
            .runtime
            .create_container(v1::CreateContainerRequest {
                pod_sandbox_id: sandbox.clone(),
                config: Some(container_config),
                sandbox_config: Some(sandbox_config),
            })
            .await?
            .into_inner()
            .container_id;
        let created = begun.elapsed();
        self.runtime
            .start_container(v1::StartContainerRequest {
                container_id: container,
            })
            .await?;
        let started = begun.elapsed();
        let stop = v1::StopPodSandboxRequest {
            pod_sandbox_id: sandbox.clone(),
        };
        self.runtime.stop_pod_sandbox(stop).await?;
        let remove = v1::RemovePodSandboxRequest {
            pod_sandbox_id: sandbox,
        };
        self.runtime.remove_pod_sandbox(remove).await?;
        Ok([sandboxed, created, started])
    }
}

fn spec(image: &str) -> v1::ImageSpec {
    v1::ImageSpec {
        image: image.to_owned(),
        ..Default::default()
    }
}

fn verdict(median: Duration, aim: Duration) {
    println!(
        "aim: median below {} ms: {}",
        aim.as_millis(),
        if median < aim { "met" } else { "missed" }
    );
}
