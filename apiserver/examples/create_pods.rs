//! How fast pods are created through the in-process client: `create_pods [PODS] [AT ONCE]`.
//!
//! Prints creates per second and the CPU time of this process per create, for a real store on disk.

#![allow(clippy::unwrap_used, reason = "a bench: what fails ends it")]

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use http::Request;
use http_body_util::BodyExt;
use hydrofoil_apiserver::pki::{Names, Pki};
use hydrofoil_apiserver::{Config, start};
use hydrofoil_raftstore::Store;
use serde_json::json;

/// CPU time of this process so far, user and system, from `/proc/self/stat` in ticks of 10 ms.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<u64> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse().unwrap())
        .collect();
    Duration::from_millis(10 * (fields[0] + fields[1]))
}

fn pod(index: usize) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": "hello-http-7d9c5b8f6d-",
            "namespace": "default",
            "labels": {"app": "hello-http", "pod-template-hash": "7d9c5b8f6d"},
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "hello-http-7d9c5b8f6d",
                "uid": "0f6f3c1e-6f0e-4b7e-9f55-3c9f0f1a2b3c", "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "spec": {
            "containers": [{
                "name": "hello-http",
                "image": "localhost:5000/hello-http:v1",
                "env": [{"name": "GREETING", "value": format!("hello {index}")}],
                "ports": [{"name": "http", "containerPort": 8080}],
                "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1},
                "resources": {"limits": {"memory": "64Mi"}, "requests": {"cpu": "1m"}},
            }],
        },
    })
    .to_string()
}

#[tokio::main]
async fn main() {
    let number = |at: usize, default: usize| {
        std::env::args()
            .nth(at)
            .map_or(default, |text| text.parse().unwrap())
    };
    let (pods, at_once) = (number(1, 10_000), number(2, 500));
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(hydrofoil_raftstore::Config::new(dir.path().join("store")))
        .await
        .unwrap();
    let pki = Pki::open(
        &dir.path().join("pki"),
        "2026-01-01T00:00:00Z".parse().unwrap(),
    )
    .unwrap();
    let pair = pki
        .apiserver(&Names::apiserver(None, "cluster.local", &[]))
        .unwrap();
    let mut config = Config::new(pair.certificate, pair.key, pki.ca_certificate().to_owned());
    config.listen = "127.0.0.1:0".parse().unwrap();
    let server = start(config, store.clone()).await.unwrap();
    let client = server.client("admin", &["system:masters"]);
    let post = |path: &'static str, body: String| {
        let client = client.clone();
        async move {
            let request = Request::post(path)
                .header("content-type", "application/json")
                .header("user-agent", "bench/1")
                .body(kube::client::Body::from(body.into_bytes()))
                .unwrap();
            let response = client.send(request).await.unwrap();
            let code = response.status();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert!(
                code.is_success(),
                "{code} {}",
                String::from_utf8_lossy(&body)
            );
        }
    };
    let account = json!({"metadata": {"name": "default"}}).to_string();
    post("/api/v1/namespaces/default/serviceaccounts", account).await;
    let bodies: Vec<String> = (0..pods).map(pod).collect();
    let (begin, before) = (Instant::now(), cpu());
    stream::iter(bodies)
        .map(|body| tokio::spawn(post("/api/v1/namespaces/default/pods", body)))
        .buffer_unordered(at_once)
        .for_each(|done| async { done.unwrap() })
        .await;
    let (took, used) = (begin.elapsed(), cpu() - before);
    let each = used.as_secs_f64() * 1e6 / pods as f64;
    let rate = pods as f64 / took.as_secs_f64();
    println!("{pods} pods, {at_once} at once: {rate:.0} creates/s, {each:.0} µs of CPU a create");
    server.shutdown().await;
    store.shutdown().await;
}
