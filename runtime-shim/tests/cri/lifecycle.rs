//! The verbs as such: idempotence, filters, names, events, and what is not there.

use std::collections::HashMap;

use hydrofoil_cri::v1::*;
use tonic::Code;

use crate::guests::*;
use crate::node::Node;

#[tokio::test]
async fn stopping_and_removing_twice_or_nothing_is_fine() {
    let mut node = Node::start().await;
    let pod = node.pod("twice").await;
    let image = node.image_of_text("waits", WAITS).await;
    let id = node.run(&pod, &image, |_| {}).await;
    let created = node.create(&pod, &image, |_| {}).await.unwrap();
    for _ in 0..2 {
        node.stop(&id, 0).await;
        let stop = StopPodSandboxRequest {
            pod_sandbox_id: pod.id.clone(),
        };
        node.runtime.stop_pod_sandbox(stop).await.unwrap();
    }
    assert_eq!(
        node.pod_status(&pod.id).await.state,
        i32::from(PodSandboxState::SandboxNotready)
    );
    assert_eq!(
        node.begin(&created).await.unwrap_err().code(),
        Code::FailedPrecondition
    );
    let late = node.create(&pod, &image, |_| {}).await.unwrap_err();
    assert_eq!(late.code(), Code::FailedPrecondition);
    for _ in 0..2 {
        let remove = RemoveContainerRequest {
            container_id: id.clone(),
        };
        node.runtime.remove_container(remove).await.unwrap();
        node.remove_pod(&pod.id).await;
    }
    node.stop("no such container", 0).await;
    let gone = ContainerStatusRequest {
        container_id: id,
        verbose: false,
    };
    let status = node.runtime.container_status(gone).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    let list = node
        .runtime
        .list_containers(ListContainersRequest::default())
        .await
        .unwrap();
    assert!(list.into_inner().containers.is_empty());
}

#[tokio::test]
async fn removing_a_running_container_ends_it() {
    let mut node = Node::start().await;
    let pod = node.pod("forced").await;
    let image = node.image_of_text("spins", SPINS).await;
    let id = node.run(&pod, &image, |_| {}).await;
    let remove = RemoveContainerRequest { container_id: id };
    node.runtime.remove_container(remove).await.unwrap();
    let id = node.run(&pod, &image, |_| {}).await;
    node.remove_pod(&pod.id).await;
    let request = ContainerStatusRequest {
        container_id: id,
        verbose: false,
    };
    assert_eq!(
        node.runtime
            .container_status(request)
            .await
            .unwrap_err()
            .code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn a_container_starts_once() {
    let mut node = Node::start().await;
    let pod = node.pod("once").await;
    let image = node.image_of_text("returns", RETURNS).await;
    let id = node.run(&pod, &image, |_| {}).await;
    node.wait(&id).await;
    let status = node.begin(&id).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(status.message().contains("CONTAINER_EXITED"), "{status}");
}

#[tokio::test]
async fn names_are_taken_until_their_holder_is_removed() {
    let mut node = Node::start().await;
    let pod = node.pod("name").await;
    let request = RunPodSandboxRequest {
        config: Some(pod.config.clone()),
        runtime_handler: String::new(),
    };
    let status = node
        .runtime
        .run_pod_sandbox(request.clone())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::AlreadyExists);
    assert!(status.message().contains(&pod.id), "{status}");
    let image = node.image_of_text("returns", RETURNS).await;
    let same = |c: &mut ContainerConfig| c.metadata.as_mut().unwrap().attempt = 99;
    node.create(&pod, &image, same).await.unwrap();
    let status = node.create(&pod, &image, same).await.unwrap_err();
    assert_eq!(status.code(), Code::AlreadyExists);
    node.remove_pod(&pod.id).await;
    node.runtime.run_pod_sandbox(request).await.unwrap();
    let mut other = node.pod_config("other");
    other.metadata.as_mut().unwrap().uid.clear();
    let request = RunPodSandboxRequest {
        config: Some(other),
        runtime_handler: String::new(),
    };
    let status = node.runtime.run_pod_sandbox(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let request = RunPodSandboxRequest {
        config: Some(node.pod_config("handler")),
        runtime_handler: "runc".to_owned(),
    };
    let status = node.runtime.run_pod_sandbox(request).await.unwrap_err();
    assert!(
        status.message().contains("no runtime for \"runc\""),
        "{status}"
    );
}

#[tokio::test]
async fn lists_are_filtered() {
    let mut node = Node::start().await;
    let image = node.image_of_text("waits", WAITS).await;
    let labels = |app: &str| HashMap::from([("app".to_owned(), app.to_owned())]);
    let mut pods = Vec::new();
    for app in ["a", "b"] {
        let mut config = node.pod_config(app);
        config.labels = labels(app);
        let pod = node.pod_of(config).await;
        let id = node.run(&pod, &image, |c| c.labels = labels(app)).await;
        pods.push((pod, id));
    }
    node.stop(&pods[1].1, 0).await;
    let mut containers = async |filter| {
        let request = ListContainersRequest {
            filter: Some(filter),
        };
        let list = node.runtime.list_containers(request).await.unwrap();
        let mut ids: Vec<_> = list
            .into_inner()
            .containers
            .into_iter()
            .map(|c| c.id)
            .collect();
        ids.sort();
        ids
    };
    let mut all: Vec<_> = pods.iter().map(|(_, id)| id.clone()).collect();
    all.sort();
    assert_eq!(containers(ContainerFilter::default()).await, all);
    let state = ContainerStateValue {
        state: ContainerState::ContainerRunning.into(),
    };
    let running = ContainerFilter {
        state: Some(state),
        ..ContainerFilter::default()
    };
    assert_eq!(containers(running).await, [pods[0].1.clone()]);
    let of_pod = ContainerFilter {
        pod_sandbox_id: pods[1].0.id.clone(),
        ..ContainerFilter::default()
    };
    assert_eq!(containers(of_pod).await, [pods[1].1.clone()]);
    let labelled = ContainerFilter {
        label_selector: labels("a"),
        ..ContainerFilter::default()
    };
    assert_eq!(containers(labelled).await, [pods[0].1.clone()]);
    let prefix = ContainerFilter {
        id: pods[0].1[..12].to_owned(),
        ..ContainerFilter::default()
    };
    assert_eq!(containers(prefix).await, [pods[0].1.clone()]);

    let request = ListPodSandboxRequest {
        filter: Some(PodSandboxFilter {
            label_selector: labels("b"),
            ..PodSandboxFilter::default()
        }),
    };
    let list = node
        .runtime
        .list_pod_sandbox(request)
        .await
        .unwrap()
        .into_inner()
        .items;
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].id, pods[1].0.id);
    let mut streamed = node
        .runtime
        .stream_containers(StreamContainersRequest::default())
        .await
        .unwrap()
        .into_inner();
    let first = streamed.message().await.unwrap().unwrap();
    assert_eq!(first.containers.len(), 2);
    assert!(streamed.message().await.unwrap().is_none());
}

#[tokio::test]
async fn events_tell_a_containers_life_in_order() {
    let mut node = Node::start().await;
    let pod = node.pod("events").await;
    let image = node.image_of_text("exit3", &exits_with(3)).await;
    let mut events = node
        .runtime
        .get_container_events(GetEventsRequest {})
        .await
        .unwrap()
        .into_inner();
    let id = node.run(&pod, &image, |_| {}).await;
    node.wait(&id).await;
    let remove = RemoveContainerRequest {
        container_id: id.clone(),
    };
    node.runtime.remove_container(remove).await.unwrap();
    let mut kinds = Vec::new();
    while kinds.len() < 4 {
        let event = events.message().await.unwrap().unwrap();
        assert_eq!(event.container_id, id);
        assert_eq!(event.pod_sandbox_status.as_ref().unwrap().id, pod.id);
        if event.container_event_type() == ContainerEventType::ContainerStoppedEvent {
            assert_eq!(event.containers_statuses[0].exit_code, 3);
        }
        kinds.push(event.container_event_type());
    }
    assert_eq!(
        kinds,
        [
            ContainerEventType::ContainerCreatedEvent,
            ContainerEventType::ContainerStartedEvent,
            ContainerEventType::ContainerStoppedEvent,
            ContainerEventType::ContainerDeletedEvent,
        ]
    );
    // The stream ends with the runtime, and does not keep it from ending.
    node.down().await;
    assert!(!matches!(events.message().await, Ok(Some(_))));
}

#[tokio::test]
async fn what_is_not_there_says_so() {
    let mut node = Node::start().await;
    let request = CheckpointContainerRequest::default();
    let status = node
        .runtime
        .checkpoint_container(request)
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    let version = node
        .runtime
        .version(VersionRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(version.runtime_api_version, "v1");
    assert_eq!(version.runtime_name, "hydrofoil");
    let status = node
        .runtime
        .status(StatusRequest::default())
        .await
        .unwrap()
        .into_inner();
    let handlers: Vec<_> = status
        .runtime_handlers
        .iter()
        .map(|h| h.name.as_str())
        .collect();
    assert_eq!(handlers, ["", "wasm"]);
}

#[tokio::test]
async fn images_are_listed_and_removed() {
    let mut node = Node::start().await;
    let image = node.image_of_text("returns", RETURNS).await;
    let list = node
        .images
        .list_images(ListImagesRequest::default())
        .await
        .unwrap();
    let images = list.into_inner().images;
    assert_eq!(images.len(), 1);
    assert_eq!(images[0].repo_tags, std::slice::from_ref(&image));
    let info = node
        .images
        .image_fs_info(ImageFsInfoRequest {})
        .await
        .unwrap()
        .into_inner();
    assert!(info.image_filesystems[0].used_bytes.unwrap().value > 0);
    for _ in 0..2 {
        let request = RemoveImageRequest {
            image: Some(crate::node::spec(&image)),
        };
        node.images.remove_image(request).await.unwrap();
    }
    let request = ImageStatusRequest {
        image: Some(crate::node::spec(&image)),
        verbose: true,
    };
    let status = node
        .images
        .image_status(request)
        .await
        .unwrap()
        .into_inner();
    assert!(status.image.is_none());
    let request = PullImageRequest {
        image: Some(crate::node::spec("127.0.0.1:1/nothing/there:v1")),
        ..PullImageRequest::default()
    };
    let status = node.images.pull_image(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}

#[tokio::test]
async fn one_socket_one_runtime() {
    use hydrofoil_runtime_shim::{Config, Error, run};
    let node = Node::start().await;
    let config = Config {
        socket: node.socket().to_path_buf(),
        root: node.dir.path().join("other"),
        request_slots: 32,
        ..Config::default()
    };
    let (ready, _) = tokio::sync::oneshot::channel();
    let error = run(config, tokio_util::sync::CancellationToken::new(), ready)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::SocketTaken(_)), "{error}");
    let config = Config {
        socket: node.dir.path().join("other.sock"),
        root: node.root().to_path_buf(),
        request_slots: 32,
        ..Config::default()
    };
    let (ready, _) = tokio::sync::oneshot::channel();
    let error = run(config, tokio_util::sync::CancellationToken::new(), ready)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::RootTaken(_)), "{error}");
}

/// The code with which a call of such a timeout ends, from a client that keeps no time itself.
async fn code_within(node: &Node, timeout: &str, path: &str, message: Vec<u8>) -> String {
    let stream = tokio::net::UnixStream::connect(node.socket())
        .await
        .unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io)
        .await
        .unwrap();
    tokio::spawn(connection);
    let mut body = vec![0];
    body.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend_from_slice(&message);
    let request = http::Request::post(format!("http://localhost{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-timeout", timeout)
        .body(http_body_util::Full::new(bytes::Bytes::from(body)))
        .unwrap();
    let answer = tokio::time::timeout(crate::node::PATIENCE, sender.send_request(request))
        .await
        .unwrap()
        .unwrap();
    let code = answer.headers().get("grpc-status");
    code.map_or_else(String::new, |code| code.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_call_ends_at_its_deadline_and_says_so() {
    use prost::Message as _;
    let node = Node::start().await;
    // A registry that never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let pull = PullImageRequest {
        image: Some(crate::node::spec(&format!(
            "{}/app:v1",
            silent.local_addr().unwrap()
        ))),
        ..PullImageRequest::default()
    };
    let path = "/runtime.v1.ImageService/PullImage";
    let code = code_within(&node, "200m", path, pull.encode_to_vec()).await;
    assert_eq!(code, (Code::DeadlineExceeded as i32).to_string());
    let code = code_within(&node, "soon", path, pull.encode_to_vec()).await;
    assert_eq!(code, (Code::Internal as i32).to_string());
}
