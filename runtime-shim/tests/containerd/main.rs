//! Containers beside WebAssembly: a real containerd behind the runtime, and a kubelet's calls before it. Needs root, and containerd, runc
//! and busybox from Debian's packages. The pods use the node's own network.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod daemon;
mod images;
#[allow(dead_code, reason = "shared with the tests of the runtime alone")]
#[path = "../cri/node.rs"]
mod node;

use std::time::Duration;

use daemon::Daemon;
use hydrofoil_cri::v1::*;
use node::{Node, PATIENCE, Pod, spec};
use tonic::Code;

/// A guest that ends when it is told to.
const WAITS: &str = r#"(module (memory (export "memory") 1)
    (func (export "_start") (loop $forever (br $forever))))"#;

/// A node with containerd behind it, and an image in its registry that sleeps.
async fn start() -> (Node, Daemon, String) {
    let dir = tempfile::tempdir().unwrap();
    let socket = Daemon::socket_in(dir.path());
    let node = Node::start_with(|config| config.containerd = Some(socket)).await;
    let pause = images::push(
        node.registry.local_addr(),
        "pause",
        &["/bin/sleep", "1000000"],
    )
    .await;
    let image = images::push(
        node.registry.local_addr(),
        "tools",
        &["/bin/sleep", "1000000"],
    )
    .await;
    let daemon = Daemon::start(dir, node.registry.local_addr(), &pause);
    let mut node = node;
    ready(&mut node, &daemon).await;
    (node, daemon, image)
}

/// Waits until containerd answers.
async fn ready(node: &mut Node, daemon: &Daemon) {
    let asking = async {
        loop {
            let status = node.runtime.status(StatusRequest::default()).await.unwrap();
            let conditions = status.into_inner().status.unwrap().conditions;
            let ready = |c: &RuntimeCondition| c.r#type == "RuntimeReady" && c.status;
            if conditions.iter().any(ready) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, asking).await;
    assert!(
        waited.is_ok(),
        "containerd does not start:\n{}",
        daemon.log()
    );
}

/// A pod on the node's network whose containers containerd runs.
async fn container_pod(node: &mut Node, name: &str) -> Pod {
    let mut config = node.pod_config(name);
    std::fs::create_dir_all(&config.log_directory).unwrap();
    config.hostname = String::new();
    config.linux = Some(LinuxPodSandboxConfig {
        security_context: Some(LinuxSandboxSecurityContext {
            namespace_options: Some(NamespaceOption {
                network: NamespaceMode::Node.into(),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    });
    let request = RunPodSandboxRequest {
        config: Some(config.clone()),
        runtime_handler: "runc".to_owned(),
    };
    let made = node.runtime.run_pod_sandbox(request).await.unwrap();
    Pod {
        id: made.into_inner().pod_sandbox_id,
        ip: String::new(),
        config,
    }
}

/// Pulls an image as a kubelet does for a pod, and runs a container of it.
async fn run(node: &mut Node, pod: &Pod, image: &str) -> String {
    let request = PullImageRequest {
        image: Some(spec(image)),
        sandbox_config: Some(pod.config.clone()),
        ..Default::default()
    };
    node.images.pull_image(request).await.unwrap();
    node.run(pod, image, |config| {
        config.log_path = "main.log".to_owned();
        config.linux = Some(LinuxContainerConfig::default());
    })
    .await
}

async fn exec(node: &mut Node, id: &str, words: &[&str]) -> ExecSyncResponse {
    let request = ExecSyncRequest {
        container_id: id.to_owned(),
        cmd: words.iter().map(|word| (*word).to_owned()).collect(),
        timeout: 20,
    };
    node.runtime.exec_sync(request).await.unwrap().into_inner()
}

async fn containers(node: &mut Node) -> Vec<String> {
    let request = ListContainersRequest::default();
    let listed = node.runtime.list_containers(request).await.unwrap();
    let listed = listed.into_inner().containers;
    listed.into_iter().map(|container| container.id).collect()
}

#[tokio::test]
async fn containers_and_webassembly_are_one_node() {
    let (mut node, _daemon, image) = start().await;
    let pod = container_pod(&mut node, "container").await;
    let container = run(&mut node, &pod, &image).await;
    let wasm_pod = node.pod("wasm").await;
    let wasm_image = node.image_of_text("waits", WAITS).await;
    let wasm = node.run(&wasm_pod, &wasm_image, |_| {}).await;

    let said = exec(
        &mut node,
        &container,
        &["/bin/sh", "-c", "echo hello; exit 3"],
    )
    .await;
    assert_eq!((said.exit_code, &said.stdout[..]), (3, &b"hello\n"[..]));
    let status = node.status(&container).await;
    assert_eq!(status.state, i32::from(ContainerState::ContainerRunning));
    let listed = containers(&mut node).await;
    assert!(listed.len() == 2 && listed.contains(&container) && listed.contains(&wasm));

    let request = ListPodSandboxRequest::default();
    let pods = node.runtime.list_pod_sandbox(request).await.unwrap();
    let mut handlers: Vec<String> = pods
        .into_inner()
        .items
        .into_iter()
        .map(|pod| pod.runtime_handler)
        .collect();
    handlers.sort();
    assert_eq!(handlers, ["", "runc"]);
    assert_eq!(node.pod_status(&pod.id).await.runtime_handler, "runc");

    let request = ListImagesRequest::default();
    let images = node.images.list_images(request).await.unwrap().into_inner();
    let tags: Vec<&String> = images.images.iter().flat_map(|i| &i.repo_tags).collect();
    assert!(
        tags.contains(&&image) && tags.contains(&&wasm_image),
        "{tags:?}"
    );
    let request = ListContainerStatsRequest::default();
    let stats = node.runtime.list_container_stats(request).await.unwrap();
    assert_eq!(stats.into_inner().stats.len(), 2);
    let filesystems = node
        .images
        .image_fs_info(ImageFsInfoRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(filesystems.image_filesystems.len(), 2);

    for id in [&container, &wasm] {
        node.stop(id, 0).await;
        node.stop(id, 0).await;
    }
    for pod in [&pod, &wasm_pod] {
        node.remove_pod(&pod.id).await;
        node.remove_pod(&pod.id).await;
    }
    assert!(containers(&mut node).await.is_empty());
    for image in [&image, &wasm_image] {
        let request = RemoveImageRequest {
            image: Some(spec(image)),
        };
        node.images.remove_image(request.clone()).await.unwrap();
        node.images.remove_image(request).await.unwrap();
        let request = ImageStatusRequest {
            image: Some(spec(image)),
            verbose: false,
        };
        let status = node.images.image_status(request).await.unwrap();
        assert_eq!(status.into_inner().image, None, "{image}");
    }
}

#[tokio::test]
async fn what_containerd_runs_outlives_the_runtime_and_containerd() {
    let (mut node, mut daemon, image) = start().await;
    let pod = container_pod(&mut node, "lasting").await;
    let container = run(&mut node, &pod, &image).await;
    let before = node.status(&container).await;

    node.restart().await;
    assert_eq!(node.status(&container).await, before);

    daemon.kill();
    let request = ListContainersRequest::default();
    let status = node.runtime.list_containers(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(
        status
            .message()
            .starts_with("containerd cannot be reached at /"),
        "{status}"
    );
    let status = node.runtime.status(StatusRequest::default()).await.unwrap();
    let conditions = status.into_inner().status.unwrap().conditions;
    let told = conditions
        .iter()
        .find(|c| c.r#type == "RuntimeReady")
        .unwrap();
    assert_eq!(
        (told.status, &told.reason[..]),
        (false, "ContainerdNotReady")
    );

    daemon.start_again();
    ready(&mut node, &daemon).await;
    let after = node.status(&container).await;
    assert_eq!(
        (after.state, after.started_at),
        (before.state, before.started_at)
    );
    assert_eq!(
        exec(&mut node, &container, &["/bin/echo", "a"])
            .await
            .stdout,
        b"a\n"
    );
    node.remove_pod(&pod.id).await;
}

#[tokio::test]
async fn the_end_of_a_container_is_told_to_who_listens() {
    let (mut node, _daemon, image) = start().await;
    let pod = container_pod(&mut node, "watched").await;
    let events = node.runtime.get_container_events(GetEventsRequest {}).await;
    let mut events = events.unwrap().into_inner();
    let container = run(&mut node, &pod, &image).await;
    let mut next = async |kind: ContainerEventType| loop {
        let event = tokio::time::timeout(PATIENCE, events.message()).await;
        let event = event
            .expect("it is told")
            .unwrap()
            .expect("the stream goes on");
        if event.container_event_type == i32::from(kind) {
            return event;
        }
    };
    let started = next(ContainerEventType::ContainerStartedEvent).await;
    assert_eq!(started.container_id, container);
    assert_eq!(started.pod_sandbox_status.unwrap().id, pod.id);
    node.stop(&container, 0).await;
    let stopped = next(ContainerEventType::ContainerStoppedEvent).await;
    assert_eq!(stopped.containers_statuses[0].exit_code, 137);
    node.remove_pod(&pod.id).await;
    next(ContainerEventType::ContainerDeletedEvent).await;
}

#[tokio::test]
async fn without_containerd_a_container_is_refused_by_its_platform() {
    let mut node = Node::start().await;
    let image = images::push(node.registry.local_addr(), "tools", &["/bin/sleep", "1"]).await;
    let request = PullImageRequest {
        image: Some(spec(&image)),
        ..Default::default()
    };
    let status = node.images.pull_image(request).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(
        status
            .message()
            .contains("it is a container image for platform linux/"),
        "{status}"
    );
    let request = RunPodSandboxRequest {
        config: Some(node.pod_config("refused")),
        runtime_handler: "runc".to_owned(),
    };
    let status = node.runtime.run_pod_sandbox(request).await.unwrap_err();
    assert!(
        status.message().contains("this runtime has no containerd"),
        "{status}"
    );
}
