//! `/metrics/cadvisor`: the runtime's metrics of pods and containers, as Prometheus reads them (KEP-2371).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use hydrofoil_cri::v1 as wire;

use super::Answers;
use super::stats::failed;
use crate::kubelet::cri::{CALL_TIMEOUT, call};

pub(super) async fn metrics(State(answers): State<Arc<Answers>>) -> Response {
    let runtime = || answers.cri.runtime();
    let told = async {
        let request = wire::ListMetricDescriptorsRequest {};
        let descriptors = call(CALL_TIMEOUT, runtime().list_metric_descriptors(request)).await?;
        let request = wire::ListPodSandboxMetricsRequest {};
        let pods = call(CALL_TIMEOUT, runtime().list_pod_sandbox_metrics(request)).await?;
        Ok::<_, tonic::Status>(text(&descriptors.descriptors, &pods.pod_metrics))
    };
    match told.await {
        Ok(text) => {
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(status) => failed(&status),
    }
}

/// Prometheus' text form: each metric once, in the order of the names, with all that have it.
fn text(descriptors: &[wire::MetricDescriptor], pods: &[wire::PodSandboxMetrics]) -> String {
    let mut by_name: BTreeMap<&str, Vec<&wire::Metric>> = BTreeMap::new();
    for pod in pods {
        let containers = pod.container_metrics.iter();
        let all = containers.flat_map(|container| &container.metrics);
        for metric in pod.metrics.iter().chain(all) {
            by_name.entry(&metric.name).or_default().push(metric);
        }
    }
    let mut out = String::new();
    for (name, metrics) in by_name {
        let described = descriptors
            .iter()
            .find(|descriptor| descriptor.name == name);
        let Some(descriptor) = described else {
            continue;
        };
        let kind = match metrics.first().map(|metric| metric.metric_type()) {
            Some(wire::MetricType::Gauge) => "gauge",
            _ => "counter",
        };
        // Writing to a String cannot fail.
        let help = descriptor.help.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for metric in metrics {
            let labels = descriptor.label_keys.iter().zip(&metric.label_values);
            let labels: Vec<String> = labels
                .map(|(key, value)| format!("{key}=\"{}\"", escaped(value)))
                .collect();
            let value = metric.value.map_or(0, |value| value.value);
            let millis = metric.timestamp / 1_000_000;
            let _ = writeln!(out, "{name}{{{}}} {value} {millis}", labels.join(","));
        }
    }
    out
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_written_by_name_with_their_labels() {
        let metric = |name: &str, kind: wire::MetricType, pod: &str, value| wire::Metric {
            name: name.to_owned(),
            timestamp: 5_000_000,
            metric_type: kind.into(),
            label_values: vec![pod.to_owned()],
            value: Some(wire::UInt64Value { value }),
        };
        let describe = |name: &str| wire::MetricDescriptor {
            name: name.to_owned(),
            help: "Some\nhelp.".to_owned(),
            label_keys: vec!["pod".to_owned()],
        };
        let pod = |name: &str| wire::PodSandboxMetrics {
            pod_sandbox_id: name.to_owned(),
            metrics: vec![metric("sent", wire::MetricType::Counter, name, 7)],
            container_metrics: vec![wire::ContainerMetrics {
                container_id: "c".to_owned(),
                metrics: vec![
                    metric("memory", wire::MetricType::Gauge, "a\"b", 1),
                    metric("nobody knows it", wire::MetricType::Gauge, name, 1),
                ],
            }],
        };
        assert_eq!(
            text(
                &[describe("sent"), describe("memory")],
                &[pod("p"), pod("q")]
            ),
            "# HELP memory Some\\nhelp.\n# TYPE memory gauge\n\
             memory{pod=\"a\\\"b\"} 1 5\nmemory{pod=\"a\\\"b\"} 1 5\n\
             # HELP sent Some\\nhelp.\n# TYPE sent counter\n\
             sent{pod=\"p\"} 7 5\nsent{pod=\"q\"} 7 5\n"
        );
    }
}
