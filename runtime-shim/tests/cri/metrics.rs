//! What is told of pods' work: requests, traffic, metrics by cAdvisor's names.

use std::collections::HashMap;

use hydrofoil_cri::v1::*;

use crate::guests::*;
use crate::http::get;
use crate::node::Node;

/// The pod's and its containers' metrics, by name and then by the value of the label `le`, which is empty where there is none.
async fn told(node: &mut Node, pod: &str) -> HashMap<(String, String), u64> {
    let request = ListMetricDescriptorsRequest {};
    let described = node.runtime.list_metric_descriptors(request).await.unwrap();
    let labels: HashMap<String, Vec<String>> = described
        .into_inner()
        .descriptors
        .into_iter()
        .map(|descriptor| (descriptor.name, descriptor.label_keys))
        .collect();
    let request = ListPodSandboxMetricsRequest {};
    let all = node
        .runtime
        .list_pod_sandbox_metrics(request)
        .await
        .unwrap();
    let pods = all.into_inner().pod_metrics;
    let pod = pods.into_iter().find(|p| p.pod_sandbox_id == pod).unwrap();
    let containers = pod.container_metrics.into_iter();
    let metrics = containers.flat_map(|container| container.metrics);
    let mut told = HashMap::new();
    for metric in pod.metrics.into_iter().chain(metrics) {
        let labels = &labels[&metric.name];
        assert_eq!(labels.len(), metric.label_values.len(), "{metric:?}");
        let bound = labels.iter().position(|label| label == "le");
        let bound = bound.map_or_else(String::new, |at| metric.label_values[at].clone());
        let before = told.insert((metric.name, bound), metric.value.unwrap().value);
        assert_eq!(before, None, "each is told once");
    }
    told
}

#[tokio::test]
async fn requests_and_traffic_are_counted() {
    let mut node = Node::start().await;
    let pod = node.pod("counted").await;
    let image = node.image("hello", &example("hello_http.wasm")).await;
    let id = node.run(&pod, &image, |_| {}).await;
    for _ in 0..3 {
        assert_eq!(get(&format!("http://{}:8080/", pod.ip)).await.0, 200);
    }
    let metrics = told(&mut node, &pod.id).await;
    let value = |name: &str, bound: &str| metrics[&(name.to_owned(), bound.to_owned())];
    assert_eq!(value("hydrofoil_http_requests_total", ""), 3);
    assert_eq!(value("hydrofoil_http_request_failures_total", ""), 0);
    let bucket = "hydrofoil_http_request_duration_milliseconds_bucket";
    assert_eq!(value(bucket, "+Inf"), 3);
    assert!(value(bucket, "5") <= value(bucket, "10000"));
    let (received, sent) = (
        value("container_network_receive_bytes_total", ""),
        value("container_network_transmit_bytes_total", ""),
    );
    assert!(received > 3 * 20 && sent > 3 * 20, "{received}, {sent}");
    assert!(value("container_start_time_seconds", "") > 0);
    let request = PodSandboxStatsRequest {
        pod_sandbox_id: pod.id.clone(),
    };
    let stats = node.runtime.pod_sandbox_stats(request).await.unwrap();
    let network = stats.into_inner().stats.unwrap().linux.unwrap().network;
    let interface = network.unwrap().default_interface.unwrap();
    assert_eq!(interface.rx_bytes.unwrap().value, received);
    assert_eq!(interface.tx_bytes.unwrap().value, sent);
    // What has ended has no metrics, but what it sent is still the pod's.
    node.stop(&id, 0).await;
    let metrics = told(&mut node, &pod.id).await;
    assert_eq!(metrics.len(), 2);
    let key = (
        "container_network_transmit_bytes_total".to_owned(),
        String::new(),
    );
    assert_eq!(metrics[&key], sent);
}

#[tokio::test]
async fn a_request_that_fails_is_told_apart() {
    let mut node = Node::start().await;
    let pod = node.pod("failing").await;
    let image = node.image_of_text("traps", HTTP_TRAPS).await;
    node.run(&pod, &image, |_| {}).await;
    assert_eq!(get(&format!("http://{}:8080/", pod.ip)).await.0, 500);
    let metrics = told(&mut node, &pod.id).await;
    let value = |name: &str| metrics[&(name.to_owned(), String::new())];
    assert_eq!(value("hydrofoil_http_requests_total"), 1);
    assert_eq!(value("hydrofoil_http_request_failures_total"), 1);
}
