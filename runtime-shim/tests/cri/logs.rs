//! The log files that the kubelet reads.

use std::time::Duration;

use hydrofoil_cri::v1::ReopenContainerLogRequest;

use crate::guests::*;
use crate::node::Node;

#[tokio::test]
async fn lines_of_both_streams_are_in_one_file_with_time_and_tag() {
    let mut node = Node::start().await;
    let pod = node.pod("says").await;
    let image = node
        .image_of_text("pieces", &writes(1, &["one\ntw", "o\n", "three"]))
        .await;
    let id = node.finish(&pod, &image, &[]).await.id;
    assert_eq!(
        node.log(&id).await,
        ["stdout F one", "stdout F two", "stdout F three"]
    );
    let text = std::fs::read_to_string(node.status(&id).await.log_path).unwrap();
    for line in text.lines() {
        let time = line.split(' ').next().unwrap();
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{line}");
        assert_eq!(time.len(), "2026-01-01T00:00:00.000000000Z".len());
    }
    let probe = node.image("probe", &probe()).await;
    let id = node
        .finish(&pod, &probe, &["say", "out", "err", "problem"])
        .await
        .id;
    let mut log = node.log(&id).await;
    log.sort();
    assert_eq!(log, ["stderr F problem", "stdout F out"]);
}

#[tokio::test]
async fn a_long_line_is_split_into_partial_entries() {
    let mut node = Node::start().await;
    let pod = node.pod("long").await;
    let long = "x".repeat(40_000);
    let image = node
        .image_of_text("long", &writes(2, &[&long, "\nshort\n"]))
        .await;
    let id = node.finish(&pod, &image, &[]).await.id;
    let log = node.log(&id).await;
    let tags: Vec<&str> = log.iter().map(|l| &l[..8]).collect();
    assert_eq!(tags, ["stderr P", "stderr P", "stderr F", "stderr F"]);
    let joined: String = log[..3].iter().map(|l| &l[9..]).collect();
    assert_eq!(joined, long);
    assert_eq!(log[3], "stderr F short");
}

#[tokio::test]
async fn a_silent_container_has_an_empty_log_at_its_end_or_a_while_after_its_start() {
    let mut node = Node::start().await;
    let pod = node.pod("silent").await;
    let image = node.image_of_text("waits", WAITS).await;
    let ended = node.run(&pod, &image, |_| {}).await;
    let path = node.status(&ended).await.log_path;
    assert!(
        !std::path::Path::new(&path).exists(),
        "a start makes no log"
    );
    node.stop(&ended, 0).await;
    assert_eq!(std::fs::read(&path).unwrap(), b"");
    let running = node
        .run(&pod, &image, |config| {
            config.log_path = "other/0.log".to_owned();
        })
        .await;
    let path = node.status(&running).await.log_path;
    let deadline = tokio::time::Instant::now() + crate::node::PATIENCE;
    while !std::path::Path::new(&path).exists() {
        assert!(tokio::time::Instant::now() < deadline, "no log is made");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"");
}

#[tokio::test]
async fn a_rotated_log_goes_on() {
    let mut node = Node::start().await;
    let pod = node.pod("rotates").await;
    let image = node.image_of_text("waits", WAITS).await;
    let id = node.run(&pod, &image, |_| {}).await;
    let path = node.status(&id).await.log_path;
    let request = ReopenContainerLogRequest {
        container_id: id.clone(),
    };
    node.runtime
        .reopen_container_log(request.clone())
        .await
        .unwrap();
    std::fs::rename(&path, format!("{path}.1")).unwrap();
    node.runtime
        .reopen_container_log(request.clone())
        .await
        .unwrap();
    assert!(
        std::path::Path::new(&path).exists(),
        "a new file is at the old path"
    );
    node.stop(&id, 0).await;
    let status = node
        .runtime
        .reopen_container_log(request)
        .await
        .unwrap_err();
    assert!(status.message().contains("is not running"), "{status}");
}
