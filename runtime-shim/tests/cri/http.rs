//! HTTP guests: an instance per request, on the pod's address, and nothing at all in between.

use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hydrofoil_cri::v1::*;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tonic::Code;

use crate::guests::*;
use crate::node::Node;

pub async fn get(url: &str) -> (u16, String) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let response = client.get(url.parse().unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn get2(url: &str) -> (u16, String) {
    let client = Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http::<Empty<Bytes>>();
    let response = client.get(url.parse().unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn with_port(mut config: PodSandboxConfig, port: i32) -> PodSandboxConfig {
    config.port_mappings = vec![PortMapping {
        container_port: port,
        ..PortMapping::default()
    }];
    config
}

#[tokio::test]
async fn requests_are_answered_on_the_declared_port_and_the_defaults() {
    let mut node = Node::start().await;
    let image = node.image("hello", &example("hello_http.wasm")).await;
    let declared = with_port(node.pod_config("declared"), 9090);
    let mut annotated = with_port(node.pod_config("annotated"), 9090);
    annotated
        .annotations
        .insert("hydrofoil.dev/http-port".to_owned(), "9191".to_owned());
    let plain = node.pod_config("plain");
    for (config, port) in [(declared, 9090), (annotated, 9191), (plain, 8080)] {
        let name = config.hostname.clone();
        let pod = node.pod_of(config).await;
        let id = node
            .run(&pod, &image, |c| {
                c.envs = vec![KeyValue {
                    key: "POD_NAME".to_owned(),
                    value: name.clone().into_bytes(),
                }];
            })
            .await;
        let url = format!("http://{}:{port}", pod.ip);
        assert_eq!(
            get(&format!("{url}/")).await,
            (200, format!("Hello from {name}\n"))
        );
        assert_eq!(get2(&format!("{url}/")).await.0, 200, "HTTP/2 too");
        assert_eq!(get(&format!("{url}/none")).await.0, 404);
        assert_eq!(
            node.log(&id).await,
            ["stdout F / 200", "stdout F / 200", "stdout F /none 404"]
        );
        let stats = node
            .runtime
            .container_stats(ContainerStatsRequest { container_id: id })
            .await
            .unwrap()
            .into_inner()
            .stats
            .unwrap();
        let used = stats.memory.unwrap().working_set_bytes.unwrap().value;
        assert_eq!(used, 0, "no instance is kept");
        assert!(stats.cpu.unwrap().usage_core_nano_seconds.unwrap().value > 0);
    }
}

#[tokio::test]
async fn a_trap_is_a_500_and_a_line_in_the_log_and_the_pod_lives_on() {
    let mut node = Node::start().await;
    let image = node.image_of_text("http-traps", HTTP_TRAPS).await;
    let pod = node.pod("traps").await;
    let id = node.run(&pod, &image, |_| {}).await;
    for _ in 0..3 {
        let (status, body) = get(&format!("http://{}:8080/", pod.ip)).await;
        assert_eq!(status, 500);
        assert!(body.contains("log"), "{body}");
    }
    let log = node.log(&id).await.join("\n");
    assert_eq!(log.matches("answering_goes_wrong").count(), 3, "{log}");
    let status = node.status(&id).await;
    assert_eq!(status.state, i32::from(ContainerState::ContainerRunning));
    node.stop(&id, 5).await;
    let status = node.status(&id).await;
    assert_eq!((status.exit_code, status.reason.as_str()), (0, "Completed"));
}

#[tokio::test]
async fn an_instance_too_large_for_the_limit_ends_the_container() {
    let mut node = Node::start().await;
    let image = node.image("hello", &example("hello_http.wasm")).await;
    let pod = node.pod("small").await;
    let id = node
        .run(&pod, &image, |c| crate::node::memory_limit(c, 64 << 10))
        .await;
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let url = format!("http://{}:8080/", pod.ip);
    // The answer may be lost with the container; its end is what counts.
    let _ = client.get(url.parse().unwrap()).await;
    let status = node.wait(&id).await;
    assert_eq!(
        (status.exit_code, status.reason.as_str()),
        (137, "OOMKilled")
    );
}

#[tokio::test]
async fn a_port_that_cannot_be_had_is_told_at_start() {
    let mut node = Node::start().await;
    let image = node.image("hello", &example("hello_http.wasm")).await;
    let pod = node.pod("busy").await;
    node.run(&pod, &image, |_| {}).await;
    let second = node.create(&pod, &image, |_| {}).await.unwrap();
    let status = node.begin(&second).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(status.message().contains(":8080"), "{status}");
    let ended = node.status(&second).await;
    assert_eq!(
        (ended.exit_code, ended.reason.as_str()),
        (128, "StartError")
    );
    let mut nonsense = node.pod_config("nonsense");
    nonsense
        .annotations
        .insert("hydrofoil.dev/http-port".to_owned(), "http".to_owned());
    let pod = node.pod_of(nonsense).await;
    let status = node.create(&pod, &image, |_| {}).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn requests_are_answered_beside_guests_that_only_compute() {
    let mut node = Node::start().await;
    let spins = node.image_of_text("spins", SPINS).await;
    let noisy = node.pod("noisy").await;
    for _ in 0..12 {
        node.run(&noisy, &spins, |_| {}).await;
    }
    let image = node.image("hello", &example("hello_http.wasm")).await;
    let pod = node.pod("beside").await;
    node.run(&pod, &image, |_| {}).await;
    let url = format!("http://{}:8080/healthz", pod.ip);
    for _ in 0..10 {
        let answer = tokio::time::timeout(Duration::from_secs(5), get(&url));
        assert_eq!(answer.await.unwrap().0, 200);
    }
    node.remove_pod(&noisy.id).await;
}

#[tokio::test]
async fn stopping_closes_idle_connections_and_frees_the_port() {
    let mut node = Node::start().await;
    let image = node.image("hello", &example("hello_http.wasm")).await;
    let pod = node.pod("drains").await;
    let id = node.run(&pod, &image, |_| {}).await;
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let url = format!("http://{}:8080/", pod.ip);
    let response = client.get(url.parse().unwrap()).await.unwrap();
    response.into_body().collect().await.unwrap();
    // The client keeps its connection open: it must not hold up the stop.
    let begun = std::time::Instant::now();
    node.stop(&id, 30).await;
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(node.status(&id).await.exit_code, 0);
    assert!(client.get(url.parse().unwrap()).await.is_err());
    let again = node.run(&pod, &image, |_| {}).await;
    assert_eq!(get(&url).await.0, 200);
    node.stop(&again, 0).await;
}
