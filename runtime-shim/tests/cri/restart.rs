//! After a restart the kubelet learns what is gone, and can begin again.

use hydrofoil_cri::v1::*;

use crate::guests::*;
use crate::node::Node;

#[tokio::test]
async fn what_ran_is_reported_as_over_and_what_was_over_stays_as_it_was() {
    let mut node = Node::start().await;
    let pod = node.pod("restarted").await;
    let waits = node.image_of_text("waits", WAITS).await;
    let exits = node.image_of_text("exit3", &exits_with(3)).await;
    let running = node.run(&pod, &waits, |_| {}).await;
    let done = node.finish(&pod, &exits, &[]).await;
    let removed = node.finish(&pod, &exits, &[]).await.id;
    let request = RemoveContainerRequest {
        container_id: removed.clone(),
    };
    node.runtime.remove_container(request).await.unwrap();
    let created = node.create(&pod, &waits, |_| {}).await.unwrap();
    let before = node.status(&running).await;

    for _ in 0..2 {
        node.restart().await;
        let status = node.pod_status(&pod.id).await;
        assert_eq!(status.state, i32::from(PodSandboxState::SandboxNotready));
        assert_eq!(status.metadata, pod.config.metadata);
        assert_eq!(status.network.unwrap().ip, "");
        let status = node.status(&running).await;
        assert_eq!(status.state, i32::from(ContainerState::ContainerExited));
        assert_ne!(status.exit_code, 0);
        assert_eq!(status.started_at, before.started_at);
        assert_eq!(status.log_path, before.log_path);
        assert_eq!(status.metadata, before.metadata);
        let status = node.status(&created).await;
        assert_eq!((status.exit_code, status.reason.as_str()), (255, "Unknown"));
        let status = node.status(&done.id).await;
        assert_eq!(status, done);
        let list = node
            .runtime
            .list_containers(ListContainersRequest::default())
            .await
            .unwrap();
        assert!(!list.into_inner().containers.iter().any(|c| c.id == removed));
    }
    let mut config = node.pod_config("restarted");
    config.metadata.as_mut().unwrap().attempt = 1;
    let again = node.pod_of(config).await;
    let id = node.run(&again, &waits, |_| {}).await;
    assert_eq!(
        node.status(&id).await.state,
        i32::from(ContainerState::ContainerRunning)
    );
    node.remove_pod(&pod.id).await;
}
