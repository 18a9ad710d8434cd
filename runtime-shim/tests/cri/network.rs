//! Pods' addresses: each its own, two servers on one port, and nobody else's.

use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use hydrofoil_cri::v1::*;
use tonic::Code;

use crate::guests::{self, compiled};
use crate::node::{Node, Pod};

/// Waits until a guest has said this. There is no log before the first word of it.
async fn says(node: &mut Node, id: &str, what: &str) {
    let path = node.status(id).await.log_path;
    let deadline = tokio::time::Instant::now() + crate::node::PATIENCE;
    while !std::fs::read_to_string(&path)
        .unwrap_or_default()
        .contains(what)
    {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the guest does not say {what:?}"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn echo(ip: &str, text: &str) -> String {
    let (address, text) = (format!("{ip}:7000"), text.to_owned());
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(crate::node::PATIENCE))
            .unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut back = String::new();
        stream.read_to_string(&mut back).unwrap();
        back
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn two_pods_listen_on_one_port_each_on_its_address() {
    let mut node = Node::start().await;
    let image = node.image("echo", &guests::example("echo-tcp.wasm")).await;
    let mut pods: Vec<(Pod, String)> = Vec::new();
    for name in ["one", "two"] {
        let pod = node.pod(name).await;
        let id = node.run(&pod, &image, |_| {}).await;
        says(&mut node, &id, "listening on").await;
        assert_eq!(node.log(&id).await, ["stdout F listening on 0.0.0.0:7000"]);
        pods.push((pod, id));
    }
    assert_ne!(pods[0].0.ip, pods[1].0.ip);
    let long = "0123456789".repeat(100_000);
    for (pod, _) in &pods {
        assert_eq!(echo(&pod.ip, "hello").await, "hello");
        assert_eq!(echo(&pod.ip, &long).await, long);
    }
    node.stop(&pods[0].1, 5).await;
    assert_eq!(node.status(&pods[0].1).await.exit_code, 143);
    assert!(TcpStream::connect(format!("{}:7000", pods[0].0.ip)).is_err());
    assert_eq!(echo(&pods[1].0.ip, "still here").await, "still here");
}

#[tokio::test]
async fn addresses_are_unique_and_come_back() {
    let mut node = Node::start_with(|c| c.pod_cidr = None).await;
    let request = RunPodSandboxRequest {
        config: Some(node.pod_config("early")),
        runtime_handler: "wasm".to_owned(),
    };
    let status = node
        .runtime
        .run_pod_sandbox(request.clone())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    let ready = async |node: &mut Node| {
        let response = node.runtime.status(StatusRequest::default()).await.unwrap();
        let conditions = response.into_inner().status.unwrap().conditions;
        conditions
            .iter()
            .find(|c| c.r#type == "NetworkReady")
            .unwrap()
            .status
    };
    assert!(!ready(&mut node).await);
    let update = |cidr: &str| UpdateRuntimeConfigRequest {
        runtime_config: Some(RuntimeConfig {
            network_config: Some(NetworkConfig {
                pod_cidr: cidr.to_owned(),
            }),
        }),
    };
    let status = node
        .runtime
        .update_runtime_config(update("nonsense"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    node.runtime
        .update_runtime_config(update("127.70.7.0/29"))
        .await
        .unwrap();
    assert!(ready(&mut node).await);

    let mut pods = Vec::new();
    for number in 0..5 {
        pods.push(node.pod(&format!("pod{number}")).await);
    }
    let unique: HashSet<_> = pods.iter().map(|p| p.ip.clone()).collect();
    assert_eq!(unique.len(), 5);
    let status = node
        .runtime
        .run_pod_sandbox(request.clone())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    let freed = pods.remove(2);
    node.remove_pod(&freed.id).await;
    let id = node
        .runtime
        .run_pod_sandbox(request)
        .await
        .unwrap()
        .into_inner()
        .pod_sandbox_id;
    assert_eq!(node.pod_status(&id).await.network.unwrap().ip, freed.ip);
}

#[tokio::test]
async fn a_pod_on_the_nodes_network_has_no_address_of_its_own() {
    let mut node = Node::start().await;
    let mut config = node.pod_config("host");
    config.linux = Some(LinuxPodSandboxConfig {
        security_context: Some(LinuxSandboxSecurityContext {
            namespace_options: Some(NamespaceOption {
                network: NamespaceMode::Node.into(),
                ..NamespaceOption::default()
            }),
            ..LinuxSandboxSecurityContext::default()
        }),
        ..LinuxPodSandboxConfig::default()
    });
    assert_eq!(node.pod_of(config).await.ip, "");
}

#[tokio::test]
async fn loopback_is_the_pods_own_and_strangers_are_turned_away() {
    let mut node = Node::start().await;
    let image = node.image("net", &compiled("network_guest.rs")).await;
    let pod = node.pod("private").await;
    let ip = pod.ip.clone();
    let steps = [
        "listen=0.0.0.0:8081",
        "self=127.0.0.1",
        "self=localhost",
        "self=::1",
    ];
    let status = node.finish(&pod, &image, &steps).await;
    let log = node.log(&status.id).await;
    assert_eq!(
        log,
        [
            "stdout F listen=0.0.0.0:8081: listening on 0.0.0.0:8081".to_owned(),
            format!("stdout F self=127.0.0.1: hi to 127.0.0.1 from {ip}"),
            format!("stdout F self=localhost: hi to 127.0.0.1 from {ip}"),
            format!("stdout F self=::1: hi to ::1 from {ip}"),
        ]
    );
    let steps = ["listen=127.0.0.1:8082", "self=127.0.0.1", "serve"];
    let id = node.run_args(&pod, &image, &steps).await;
    says(&mut node, &id, "self=").await;
    let stranger = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(format!("{ip}:8082")).unwrap();
        stream
            .set_read_timeout(Some(crate::node::PATIENCE))
            .unwrap();
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        text
    });
    assert_eq!(stranger.await.unwrap(), "", "a stranger gets nothing");
    assert_eq!(
        node.status(&id).await.state,
        i32::from(ContainerState::ContainerRunning),
        "and the guest has not heard of it"
    );
    let log = node.log(&id).await;
    assert_eq!(
        log[1],
        "stdout F self=127.0.0.1: hi to 127.0.0.1 from 127.0.0.1"
    );
    node.stop(&id, 0).await;
}

#[tokio::test]
async fn other_addresses_cannot_be_taken_and_traffic_leaves_from_the_pods() {
    let mut node = Node::start().await;
    let image = node.image("net", &compiled("network_guest.rs")).await;
    let server = node.pod("server").await;
    let client = node.pod("client").await;
    for taken in [
        format!("{}:80", server.ip),
        "10.0.0.1:8080".to_owned(),
        "127.1.0.1:8080".to_owned(),
    ] {
        let step = format!("listen={taken}");
        let status = node.finish(&client, &image, &[&step]).await;
        assert_eq!(status.exit_code, 1);
        let log = node.log(&status.id).await;
        assert!(log[0].contains("AddrNotAvailable"), "{log:?}");
    }
    let id = node
        .run_args(&server, &image, &["listen=0.0.0.0:8083", "serve"])
        .await;
    says(&mut node, &id, "listening").await;
    let step = format!("connect={}:8083", server.ip);
    let status = node.finish(&client, &image, &[&step]).await;
    let said = node.log(&status.id).await;
    assert_eq!(
        said,
        [format!(
            "stdout F {step}: connected from {}: hello",
            client.ip
        )]
    );
    node.wait(&id).await;
    let served = node.log(&id).await;
    assert_eq!(
        served[1],
        format!(
            "stdout F serve: served {}:8083 from {}",
            server.ip, client.ip
        )
    );
}

#[tokio::test]
async fn datagrams_and_refusals() {
    let mut node = Node::start().await;
    let image = node.image("net", &compiled("network_guest.rs")).await;
    let pod = node.pod("udp").await;
    let status = node.finish(&pod, &image, &["udp=127.0.0.1:0"]).await;
    let log = node.log(&status.id).await;
    assert_eq!(
        log,
        [format!(
            "stdout F udp=127.0.0.1:0: datagram from {}",
            pod.ip
        )]
    );
    let status = node.finish(&pod, &image, &["connect=127.0.0.1:1"]).await;
    let log = node.log(&status.id).await;
    assert!(log[0].contains("ConnectionRefused"), "{log:?}");
}
