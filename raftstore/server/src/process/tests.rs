//! A member in this process: from flags to answers over TCP, and down again.

use std::{path::Path, sync::Arc};

use http_body_util::{BodyExt, Empty};
use hydrofoil_etcd_wire::etcdserverpb::{PutRequest, RangeRequest, kv_client::KvClient};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::Semaphore};

use super::*;
use crate::flags::{self, Parsed};

fn settings(folder: &Path, more: &str) -> Settings {
    let data = folder.join("data");
    let line = format!(
        "--name=m1 --data-dir={} --listen-client-urls=http://127.0.0.1:0 --advertise-client-urls=http://127.0.0.1:1 \
         --listen-peer-urls=http://127.0.0.1:0 --initial-advertise-peer-urls=http://127.0.0.1:2 {more}",
        data.display()
    );
    let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    match flags::parse(&args, []) {
        Ok(Parsed::Run { settings, .. }) => *settings,
        other => panic!("{other:?}"),
    }
}

struct Running {
    member: Member,
    client: std::net::SocketAddr,
    metrics: Option<std::net::SocketAddr>,
}

async fn start(settings: &Settings) -> Running {
    let sockets = Sockets::open(settings).await.unwrap();
    let address =
        |bound: &[sockets::Bound]| bound.first().and_then(|(socket, _)| socket.local_address());
    let (client, metrics) = (address(&sockets.client).unwrap(), address(&sockets.metrics));
    let room = Arc::new(Semaphore::new(100));
    let (member, pending) = Member::start(settings, sockets, room).await.unwrap();
    member.store.wait_ready().await.unwrap();
    member.serve_clients(settings, pending).unwrap();
    Running {
        member,
        client,
        metrics,
    }
}

async fn get(address: std::net::SocketAddr, path: &str) -> (u16, String) {
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut client, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let request = ::http::Request::get(path)
        .header("host", "x")
        .body(Empty::<bytes::Bytes>::new())
        .unwrap();
    let response = client.send_request(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn one_port_serves_grpc_and_http_and_what_was_written_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), "--listen-metrics-urls=http://127.0.0.1:0");
    let running = start(&settings).await;
    let endpoint = format!("http://{}", running.client);
    let mut kv = KvClient::connect(endpoint).await.unwrap();
    let put = PutRequest {
        key: "a".into(),
        value: "b".into(),
        ..Default::default()
    };
    kv.put(put).await.unwrap();
    assert_eq!(
        get(running.client, "/health").await,
        (200, "{\"health\":\"true\",\"reason\":\"\"}".into())
    );
    let metrics = running.metrics.unwrap();
    assert_eq!(get(metrics, "/readyz").await, (200, "ok\n".into()));
    assert_eq!(get(metrics, "/version").await.0, 404);
    let (_, text) = get(metrics, "/metrics").await;
    let counted = "grpc_server_started_total{grpc_type=\"unary\",grpc_service=\"etcdserverpb.KV\",grpc_method=\"Put\"} 1";
    assert!(text.lines().any(|line| line == counted), "{text}");
    running
        .member
        .stop(&settings, Signals::new().unwrap())
        .await
        .unwrap();
    TcpStream::connect(running.client)
        .await
        .expect_err("nobody listens any more");

    let running = start(&settings).await;
    let mut kv = KvClient::connect(format!("http://{}", running.client))
        .await
        .unwrap();
    let range = RangeRequest {
        key: "a".into(),
        ..Default::default()
    };
    let found = kv.range(range).await.unwrap().into_inner();
    assert_eq!(found.kvs[0].value, "b");
    running
        .member
        .stop(&settings, Signals::new().unwrap())
        .await
        .unwrap();
}

#[tokio::test]
async fn http_may_have_a_port_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(
        folder.path(),
        "--listen-client-http-urls=http://127.0.0.2:0",
    );
    let sockets = Sockets::open(&settings).await.unwrap();
    let address = |bound: &[sockets::Bound]| bound[0].0.local_address().unwrap();
    let (grpc, http) = (address(&sockets.client), address(&sockets.client_http));
    let room = Arc::new(Semaphore::new(100));
    let (member, pending) = Member::start(&settings, sockets, room).await.unwrap();
    member.store.wait_ready().await.unwrap();
    member.serve_clients(&settings, pending).unwrap();
    assert_eq!(get(http, "/health").await.0, 200);
    assert_eq!(get(grpc, "/health").await.0, 415);
    KvClient::connect(format!("http://{grpc}"))
        .await
        .unwrap()
        .range(RangeRequest {
            key: "a".into(),
            ..Default::default()
        })
        .await
        .unwrap();
    member
        .stop(&settings, Signals::new().unwrap())
        .await
        .unwrap();
}

#[tokio::test]
async fn what_cannot_be_bound_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{}", taken.local_addr().unwrap());
    let settings = settings(folder.path(), &format!("--listen-metrics-urls={url}"));
    let error = Sockets::open(&settings).await.unwrap_err();
    assert!(error.starts_with(&format!("listen {url}: ")), "{error}");
}
