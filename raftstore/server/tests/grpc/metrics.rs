//! What is counted of calls, under etcd's names.

use hydrofoil_etcd_wire::etcdserverpb::*;
use prometheus_client::{encoding::text::encode, registry::Registry};

use crate::{Server, get};

fn value(text: &str, line: &str) -> Option<u64> {
    text.lines()
        .find_map(|l| l.strip_prefix(line)?.trim().parse().ok())
}

#[tokio::test]
async fn calls_are_counted_by_method_and_code() {
    let server = Server::start().await;
    let mut registry = Registry::default();
    server.grpc.metrics().register(&mut registry);
    server.put("a", "1").await;
    server.put("b", "2").await;
    server
        .kv()
        .range(RangeRequest::default())
        .await
        .unwrap_err();
    server.kv().range(get("a")).await.unwrap();
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    let put = r#"grpc_type="unary",grpc_service="etcdserverpb.KV",grpc_method="Put""#;
    let range = r#"grpc_type="unary",grpc_service="etcdserverpb.KV",grpc_method="Range""#;
    for (line, expected) in [
        (format!("grpc_server_started_total{{{put}}}"), 2),
        (format!("grpc_server_msg_received_total{{{put}}}"), 2),
        (format!("grpc_server_msg_sent_total{{{put}}}"), 2),
        (
            format!(r#"grpc_server_handled_total{{grpc_code="OK",{put}}}"#),
            2,
        ),
        (
            format!(r#"grpc_server_handled_total{{grpc_code="OK",{range}}}"#),
            1,
        ),
        (
            format!(r#"grpc_server_handled_total{{grpc_code="InvalidArgument",{range}}}"#),
            1,
        ),
        (
            format!(r#"grpc_server_handled_total{{grpc_code="DataLoss",{range}}}"#),
            0,
        ),
        (format!("grpc_server_msg_sent_total{{{range}}}"), 1),
        (
            r#"etcd_server_client_requests_total{type="unary",client_api_version="unknown"}"#
                .into(),
            4,
        ),
    ] {
        assert_eq!(value(&text, &line), Some(expected), "{line}\n{text}");
    }
    assert!(value(&text, "etcd_network_client_grpc_received_bytes_total").unwrap() > 0);
    assert!(value(&text, "etcd_network_client_grpc_sent_bytes_total").unwrap() > 0);
}

#[tokio::test]
async fn extensive_metrics_say_how_long_calls_took() {
    let server = Server::start().await;
    let mut registry = Registry::default();
    server.grpc.metrics().register(&mut registry);
    let read = |registry: &Registry| {
        let mut text = String::new();
        encode(&mut text, registry).unwrap();
        text
    };
    server.put("a", "1").await;
    assert!(!read(&registry).contains("grpc_server_handling_seconds"));
    server.grpc.metrics().keep_times();
    server.put("a", "2").await;
    server.put("a", "3").await;
    let text = read(&registry);
    let put = r#"grpc_type="unary",grpc_service="etcdserverpb.KV",grpc_method="Put""#;
    let watch = r#"grpc_type="bidi_stream",grpc_service="etcdserverpb.Watch",grpc_method="Watch""#;
    for (line, expected) in [
        (format!("grpc_server_handling_seconds_count{{{put}}}"), 2),
        (format!("grpc_server_handling_seconds_count{{{watch}}}"), 0),
    ] {
        assert_eq!(value(&text, &line), Some(expected), "{line}\n{text}");
    }
    let bucket = |line: &&str| {
        ["handling_seconds_bucket{", put, "le=\"+Inf\""]
            .iter()
            .all(|part| line.contains(part))
    };
    let bucket = text.lines().find(bucket).unwrap();
    assert!(bucket.ends_with("} 2"), "{bucket}");
    let sum = format!("grpc_server_handling_seconds_sum{{{put}}} ");
    let sum = text.lines().find_map(|line| line.strip_prefix(&sum));
    let seconds: f64 = sum.unwrap().parse().unwrap();
    assert!(seconds > 0.0 && seconds < 60.0, "{seconds}");
}
