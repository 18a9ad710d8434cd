//! How containers end, and that one's end is nobody else's.

use std::time::{Duration, Instant};

use hydrofoil_cri::v1::ContainerState;

use crate::guests::*;
use crate::node::{Node, memory_limit};

#[tokio::test]
async fn exit_codes_arrive_as_the_guest_gave_them() {
    let mut node = Node::start().await;
    let pod = node.pod("exits").await;
    for (code, reason) in [
        (0, "Completed"),
        (7, "Error"),
        (200, "Error"),
        (255, "Error"),
    ] {
        let image = node
            .image_of_text(&format!("exit{code}"), &exits_with(code))
            .await;
        let status = node.finish(&pod, &image, &[]).await;
        assert_eq!(
            (status.exit_code as u32, status.reason.as_str()),
            (code, reason)
        );
        assert!(status.finished_at >= status.started_at && status.started_at >= status.created_at);
        assert!(status.created_at > 0);
    }
    let image = node.image_of_text("returns", RETURNS).await;
    let status = node.finish(&pod, &image, &[]).await;
    assert_eq!((status.exit_code, status.reason.as_str()), (0, "Completed"));
}

#[tokio::test]
async fn a_component_exits_too() {
    let mut node = Node::start().await;
    let pod = node.pod("component").await;
    let image = node.image("probe", &probe()).await;
    let status = node
        .finish(&pod, &image, &["say", "hello", "exit", "0"])
        .await;
    assert_eq!(status.exit_code, 0);
    assert_eq!(node.log(&status.id).await, ["stdout F hello"]);
    let status = node.finish(&pod, &image, &["err", "no", "exit", "7"]).await;
    // Rust's standard library tells a wasip2 host only whether it went well.
    assert_eq!((status.exit_code, status.reason.as_str()), (1, "Error"));
    assert_eq!(node.log(&status.id).await, ["stderr F no"]);
}

#[tokio::test]
async fn a_trap_is_134_and_its_backtrace_is_in_the_log() {
    let mut node = Node::start().await;
    let pod = node.pod("traps").await;
    let image = node.image_of_text("traps", TRAPS).await;
    let status = node.finish(&pod, &image, &[]).await;
    assert_eq!((status.exit_code, status.reason.as_str()), (134, "Error"));
    assert!(status.message.contains("unreachable"), "{}", status.message);
    let log = node.log(&status.id).await.join("\n");
    assert!(log.contains("wasm backtrace"), "{log}");
    assert!(log.contains("deep_inside"), "{log}");
    let image = node.image_of_text("recurses", RECURSES).await;
    let status = node.finish(&pod, &image, &[]).await;
    assert_eq!(status.exit_code, 134);
    assert!(status.message.contains("stack"), "{}", status.message);
}

#[tokio::test]
async fn memory_beyond_the_limit_is_an_oom_kill() {
    let mut node = Node::start().await;
    let pod = node.pod("eats").await;
    for (name, text, limit) in [
        ("memory", EATS_MEMORY, 8 << 20),
        ("table", EATS_TABLE, 256 << 10),
    ] {
        let image = node.image_of_text(name, text).await;
        let id = node.run(&pod, &image, |c| memory_limit(c, limit)).await;
        let status = node.wait(&id).await;
        assert_eq!(
            (status.exit_code, status.reason.as_str()),
            (137, "OOMKilled"),
            "{name}: {}",
            status.message
        );
        let text = limit.to_string();
        assert!(status.message.contains(&text), "{}", status.message);
    }
    let probe = node.image("probe", &probe()).await;
    let id = node
        .run(&pod, &probe, |c| {
            memory_limit(c, 8 << 20);
            c.args = vec!["eat".to_owned(), "64".to_owned()];
        })
        .await;
    let status = node.wait(&id).await;
    assert_eq!(
        (status.exit_code, status.reason.as_str()),
        (137, "OOMKilled")
    );
    assert!(
        node.log(&id)
            .await
            .contains(&"stdout F ate 4 MiB".to_owned())
    );
    // Too large from the beginning: it never runs a step.
    let image = node
        .image_of_text(
            "large",
            r#"(module (memory (export "memory") 200) (func (export "_start")))"#,
        )
        .await;
    let id = node.run(&pod, &image, |c| memory_limit(c, 8 << 20)).await;
    assert_eq!(node.wait(&id).await.reason, "OOMKilled");
}

#[tokio::test]
async fn a_guest_that_lives_with_a_refusal_is_not_killed() {
    let mut node = Node::start().await;
    let pod = node.pod("modest").await;
    let image = node.image_of_text("modest", TAKES_NO_FOR_AN_ANSWER).await;
    let id = node.run(&pod, &image, |c| memory_limit(c, 8 << 20)).await;
    let status = node.wait(&id).await;
    assert_eq!((status.exit_code, status.reason.as_str()), (0, "Completed"));
}

#[tokio::test]
async fn a_guest_that_waits_ends_at_once_and_one_that_computes_gets_its_grace() {
    let mut node = Node::start().await;
    let pod = node.pod("stops").await;
    let waits = node.image_of_text("waits", WAITS).await;
    let id = node.run(&pod, &waits, |_| {}).await;
    let begun = Instant::now();
    node.stop(&id, 30).await;
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    let status = node.status(&id).await;
    assert_eq!((status.exit_code, status.reason.as_str()), (143, "Error"));

    let spins = node.image_of_text("spins", SPINS).await;
    let id = node.run(&pod, &spins, |_| {}).await;
    let begun = Instant::now();
    node.stop(&id, 1).await;
    assert!(
        begun.elapsed() >= Duration::from_secs(1),
        "it was given its grace"
    );
    let status = node.status(&id).await;
    assert_eq!((status.exit_code, status.reason.as_str()), (137, "Error"));

    let id = node.run(&pod, &waits, |_| {}).await;
    node.stop(&id, 0).await;
    assert_eq!(node.status(&id).await.exit_code, 137, "no grace is a kill");
}

#[tokio::test]
async fn busy_and_dying_neighbours_leave_others_alone() {
    let mut node = Node::start().await;
    let quiet = node.pod("quiet").await;
    let waits = node.image_of_text("waits", WAITS).await;
    let kept = node.run(&quiet, &waits, |_| {}).await;
    let spins = node.image_of_text("spins", SPINS).await;
    let traps = node.image_of_text("traps", TRAPS).await;
    let eats = node.image_of_text("eats", EATS_MEMORY).await;
    let noisy = node.pod("noisy").await;
    for _ in 0..8 {
        node.run(&noisy, &spins, |_| {}).await;
    }
    for _ in 0..5 {
        assert_eq!(node.finish(&noisy, &traps, &[]).await.exit_code, 134);
        let id = node.run(&noisy, &eats, |c| memory_limit(c, 4 << 20)).await;
        assert_eq!(node.wait(&id).await.reason, "OOMKilled");
    }
    let status = node.status(&kept).await;
    assert_eq!(status.state, i32::from(ContainerState::ContainerRunning));
    let begun = Instant::now();
    node.remove_pod(&noisy.id).await;
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(
        node.status(&kept).await.state,
        i32::from(ContainerState::ContainerRunning)
    );
}

#[tokio::test]
async fn cpu_and_memory_are_counted_and_the_limit_can_be_changed() {
    use hydrofoil_cri::v1::*;
    let mut node = Node::start().await;
    let pod = node.pod("counted").await;
    let spins = node.image_of_text("spins", SPINS).await;
    let id = node.run(&pod, &spins, |c| memory_limit(c, 1 << 20)).await;
    let request = ContainerStatsRequest {
        container_id: id.clone(),
    };
    // The counters move on with the epoch; wait until they have.
    let stats = loop {
        let response = node.runtime.container_stats(request.clone()).await.unwrap();
        let stats = response.into_inner().stats.unwrap();
        if stats.cpu.unwrap().usage_core_nano_seconds.unwrap().value > 20_000_000 {
            break stats;
        }
        tokio::task::yield_now().await;
    };
    let memory = stats.memory.unwrap();
    assert_eq!(memory.working_set_bytes.unwrap().value, 65536);
    assert_eq!(memory.available_bytes.unwrap().value, (1 << 20) - 65536);
    let request = UpdateContainerResourcesRequest {
        container_id: id.clone(),
        linux: Some(LinuxContainerResources {
            memory_limit_in_bytes: 2 << 20,
            ..LinuxContainerResources::default()
        }),
        ..UpdateContainerResourcesRequest::default()
    };
    node.runtime
        .update_container_resources(request)
        .await
        .unwrap();
    let resources = node.status(&id).await.resources.unwrap().linux.unwrap();
    assert_eq!(resources.memory_limit_in_bytes, 2 << 20);
    let pods = node
        .runtime
        .list_pod_sandbox_stats(ListPodSandboxStatsRequest::default())
        .await
        .unwrap()
        .into_inner()
        .stats;
    assert_eq!(pods.len(), 1);
    assert_eq!(pods[0].linux.as_ref().unwrap().containers.len(), 1);
    node.stop(&id, 0).await;
}
