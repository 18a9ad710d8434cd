//! CPU limits: a guest that computes all the time gets its part and no more.

use std::time::{Duration, Instant};

use hydrofoil_cri::v1::*;

use crate::exec::exec;
use crate::guests::*;
use crate::node::{Node, PATIENCE};

/// A tenth of a core, as `limits.cpu: 100m` is.
const TENTH: (i64, i64) = (10_000, 100_000);
/// What may be beyond it: the period that has begun, and a turn that lasts until the epoch's clock gets its own.
const SLACK: Duration = Duration::from_millis(100);
/// Used in a moment without a limit, and in seconds with it.
const ENOUGH: Duration = Duration::from_millis(300);

fn limit(config: &mut ContainerConfig, (cpu_quota, cpu_period): (i64, i64)) {
    config.linux = Some(LinuxContainerConfig {
        resources: Some(LinuxContainerResources {
            cpu_quota,
            cpu_period,
            ..LinuxContainerResources::default()
        }),
        security_context: None,
    });
}

async fn used(node: &mut Node, id: &str) -> Duration {
    let request = ContainerStatsRequest {
        container_id: id.to_owned(),
    };
    let stats = node.runtime.container_stats(request).await.unwrap();
    let cpu = stats.into_inner().stats.unwrap().cpu.unwrap();
    Duration::from_nanos(cpu.usage_core_nano_seconds.unwrap().value)
}

/// Waits until a container has used so much CPU time, and gives the wall time that it took.
async fn until_used(node: &mut Node, id: &str, time: Duration) -> Duration {
    let begun = Instant::now();
    let from = used(node, id).await;
    let wait = async {
        while used(node, id).await - from < time {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
    begun.elapsed()
}

#[tokio::test]
async fn a_busy_loop_gets_its_limit_and_no_more() {
    let mut node = Node::start().await;
    let pod = node.pod("tenth").await;
    let image = node.image_of_text("spins", SPINS).await;
    let id = node.run(&pod, &image, |c| limit(c, TENTH)).await;
    let begun = Instant::now();
    until_used(&mut node, &id, ENOUGH).await;
    let (used_now, passed) = (used(&mut node, &id).await, begun.elapsed());
    assert!(
        used_now <= passed / 10 + SLACK,
        "{used_now:?} in {passed:?}"
    );
    // What is run beside it is under the same limit.
    let late = exec(&mut node, &id, &["spins"], 1).await.unwrap_err();
    assert_eq!(late.code(), tonic::Code::DeadlineExceeded);
    let (used_now, passed) = (used(&mut node, &id).await, begun.elapsed());
    assert!(
        used_now <= passed / 10 + SLACK,
        "{used_now:?} in {passed:?}"
    );
    // Without a limit it takes what it needs.
    let request = UpdateContainerResourcesRequest {
        container_id: id.clone(),
        linux: Some(LinuxContainerResources {
            cpu_quota: -1,
            ..LinuxContainerResources::default()
        }),
        ..UpdateContainerResourcesRequest::default()
    };
    node.runtime
        .update_container_resources(request)
        .await
        .unwrap();
    let took = until_used(&mut node, &id, ENOUGH).await;
    assert!(took < ENOUGH * 9, "no limit, and {took:?} for {ENOUGH:?}");
    node.stop(&id, 0).await;
    assert_eq!(node.status(&id).await.exit_code, 137);
}

#[tokio::test]
async fn a_guest_that_rests_is_stopped_at_once() {
    let mut node = Node::start().await;
    let pod = node.pod("rests").await;
    let image = node.image_of_text("spins", SPINS).await;
    // A hundredth: after a turn it rests for half a second.
    let id = node.run(&pod, &image, |c| limit(c, (1_000, 100_000))).await;
    until_used(&mut node, &id, Duration::from_millis(5)).await;
    node.stop(&id, 0).await;
    assert_eq!(node.status(&id).await.exit_code, 137);
}
