//! Commands beside a container, through ExecSync: what a name means, and what the command shares with its container.

use std::fs;
use std::time::Duration;

use hydrofoil_cri::v1::*;
use tonic::{Code, Status};

use crate::guests::*;
use crate::node::{Node, PATIENCE, memory_limit, mount};

/// A component that computes until it is stopped, and has two other beginnings: `migrate` succeeds, `fails` does not.
const SEVERAL_BEGINNINGS: &str = r#"(component
    (core module $m
      (func (export "spin") (result i32) (loop $again (br $again)) (i32.const 0))
      (func (export "succeed") (result i32) (i32.const 0))
      (func (export "fail") (result i32) (i32.const 1)))
    (core instance $i (instantiate $m))
    (func $spin (result (result)) (canon lift (core func $i "spin")))
    (func $succeed (result (result)) (canon lift (core func $i "succeed")))
    (func $fail (result (result)) (canon lift (core func $i "fail")))
    (instance $main (export "run" (func $spin)))
    (instance $migrate (export "run" (func $succeed)))
    (instance $fails (export "run" (func $fail)))
    (export "wasi:cli/run@0.2.0" (instance $main))
    (export "migrate" (instance $migrate))
    (export "example:jobs/fails@1.0.0" (instance $fails)))"#;

pub async fn exec(
    node: &mut Node,
    id: &str,
    words: &[&str],
    timeout: i64,
) -> Result<ExecSyncResponse, Status> {
    let request = ExecSyncRequest {
        container_id: id.to_owned(),
        cmd: words.iter().map(ToString::to_string).collect(),
        timeout,
    };
    let answer = tokio::time::timeout(PATIENCE, node.runtime.exec_sync(request));
    answer.await.unwrap().map(tonic::Response::into_inner)
}

/// Waits until the files that were gathered are the one container's, which are there once it has begun.
async fn only_the_containers_files_are_left(node: &Node) {
    let staging = node.root().join("staging");
    let gathered = || fs::read_dir(&staging).map(Iterator::count).unwrap_or(0);
    let one = async {
        while gathered() != 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let cleaned = tokio::time::timeout(PATIENCE, one).await;
    cleaned.expect("a command's gathered files are removed");
}

/// What a command prints, if it succeeds.
async fn printed(node: &mut Node, id: &str, words: &[&str]) -> String {
    let done = exec(node, id, words, 0).await.unwrap();
    let errors = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.exit_code, 0, "{words:?}: {errors}");
    String::from_utf8(done.stdout).unwrap()
}

#[tokio::test]
async fn the_programs_own_name_is_another_instance_of_it() {
    let mut node = Node::start().await;
    let pod = node.pod("own").await;
    let data = node.dir.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("file"), "content").unwrap();
    for file in [probe(), probe_module()] {
        let image = node.image("probe", &file).await;
        let id = node
            .run(&pod, &image, |c| {
                c.mounts = vec![mount("/data", &data, true)];
                c.envs = vec![KeyValue {
                    key: "COLOUR".to_owned(),
                    value: b"red".to_vec(),
                }];
            })
            .await;
        let words = [
            "probe",
            "say",
            "hello",
            "env",
            "COLOUR",
            "cat",
            "/data/file",
        ];
        assert_eq!(
            printed(&mut node, &id, &words).await,
            "hello\nCOLOUR=red\ncontent"
        );
        let done = exec(&mut node, &id, &["probe", "err", "no", "exit", "3"], 0)
            .await
            .unwrap();
        assert_eq!(done.stderr, b"no\n");
        assert_ne!(done.exit_code, 0);
        let trapped = exec(&mut node, &id, &["probe", "trap"], 0).await.unwrap();
        assert_eq!(trapped.exit_code, 134);
        assert!(
            String::from_utf8(trapped.stderr)
                .unwrap()
                .contains("wasm backtrace")
        );
        let state = node.status(&id).await.state;
        assert_eq!(state, i32::from(ContainerState::ContainerRunning));
        assert!(
            !fs::exists(node.status(&id).await.log_path).unwrap(),
            "nothing is logged"
        );
        node.stop(&id, 0).await;
    }
}

#[tokio::test]
async fn a_modules_exit_code_is_told() {
    let mut node = Node::start().await;
    let pod = node.pod("codes").await;
    let image = node.image("probe", &probe_module()).await;
    let id = node.run(&pod, &image, |_| {}).await;
    let done = exec(&mut node, &id, &["probe", "exit", "3"], 0)
        .await
        .unwrap();
    assert_eq!(done.exit_code, 3);
}

#[tokio::test]
async fn a_programs_exports_are_commands() {
    let mut node = Node::start().await;
    let pod = node.pod("exports").await;
    let image = node.image_of_text("several", SEVERAL_BEGINNINGS).await;
    let id = node.run(&pod, &image, |_| {}).await;
    assert_eq!(printed(&mut node, &id, &["migrate"]).await, "");
    let failed = exec(&mut node, &id, &["fails"], 0).await.unwrap();
    assert_eq!(failed.exit_code, 1);
    let late = exec(&mut node, &id, &["several"], 1).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn the_toolbox_looks_around_in_any_container() {
    let mut node = Node::start().await;
    let pod = node.pod("tools").await;
    let (data, fixed) = (node.dir.path().join("data"), node.dir.path().join("fixed"));
    fs::create_dir(&data).unwrap();
    fs::write(&fixed, "one\ntwo\n").unwrap();
    let image = node.image_of_text("waits", WAITS).await;
    let id = node
        .run(&pod, &image, |c| {
            c.mounts = vec![
                mount("/data", &data, false),
                mount("/etc/fixed", &fixed, true),
            ];
            c.envs = vec![KeyValue {
                key: "COLOUR".to_owned(),
                value: b"red".to_vec(),
            }];
        })
        .await;
    assert_eq!(
        printed(&mut node, &id, &["cat", "/etc/fixed"]).await,
        "one\ntwo\n"
    );
    assert_eq!(printed(&mut node, &id, &["ls", "/etc"]).await, "fixed\n");
    assert_eq!(printed(&mut node, &id, &["hostname"]).await, "tools\n");
    let line = "echo $COLOUR > /data/new && cat /data/new | wc -c; test -e /data/none || echo no";
    assert_eq!(
        printed(&mut node, &id, &["/bin/sh", "-c", line]).await,
        "4\nno\n"
    );
    assert_eq!(fs::read_to_string(data.join("new")).unwrap(), "red\n");
    let refused = exec(&mut node, &id, &["cat", "/etc/passwd"], 0)
        .await
        .unwrap();
    assert_eq!(refused.exit_code, 1);
    assert_eq!(
        refused.stderr,
        b"cat: /etc/passwd: No such file or directory\n"
    );
    let nobody = exec(&mut node, &id, &["bash"], 0).await.unwrap_err();
    assert_eq!(
        nobody.message(),
        "failed to exec in container: exec: \"bash\": executable file not found in $PATH"
    );
    only_the_containers_files_are_left(&node).await;
}

#[tokio::test]
async fn the_toolbox_reaches_the_pod_and_what_it_can_reach() {
    let mut node = Node::start().await;
    let pod = node.pod("net").await;
    let image = node.image("hello", &example("hello_http.wasm")).await;
    let id = node.run(&pod, &image, |_| {}).await;
    let url = ["wget", "-q", "-O", "-", "http://127.0.0.1:8080/"];
    let answer = printed(&mut node, &id, &url).await;
    assert!(answer.contains("Hello"), "{answer}");
    let named = printed(&mut node, &id, &["nslookup", "localhost"]).await;
    assert!(named.contains("Address:\t127.0.0.1"), "{named}");
}

#[tokio::test]
async fn a_command_has_its_containers_limits_and_ends_with_it() {
    let mut node = Node::start().await;
    let pod = node.pod("limits").await;
    let image = node.image("probe", &probe_module()).await;
    let id = node.run(&pod, &image, |c| memory_limit(c, 32 << 20)).await;
    let hungry = exec(&mut node, &id, &["probe", "eat", "64"], 0)
        .await
        .unwrap();
    assert_eq!(hungry.exit_code, 137);
    let mut other = node.runtime.clone();
    let request = ExecSyncRequest {
        container_id: id.clone(),
        cmd: vec!["probe".to_owned(), "forever".to_owned()],
        timeout: 0,
    };
    let command = tokio::spawn(async move { other.exec_sync(request).await });
    let stops = async {
        // Both hold memory while they run.
        let request = || ContainerStatsRequest {
            container_id: id.clone(),
        };
        loop {
            let stats = node.runtime.container_stats(request()).await.unwrap();
            let memory = stats.into_inner().stats.unwrap().memory.unwrap();
            if memory.usage_bytes.unwrap().value >= 2 << 20 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        node.stop(&id, 0).await;
    };
    tokio::time::timeout(PATIENCE, stops).await.unwrap();
    let ended = tokio::time::timeout(PATIENCE, command)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(ended.into_inner().exit_code, 137);
    let late = exec(&mut node, &id, &["probe"], 0).await.unwrap_err();
    assert_eq!(late.code(), Code::FailedPrecondition);
    assert!(late.message().contains("CONTAINER_EXITED"), "{late}");
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_ended() {
    let mut node = Node::start().await;
    let pod = node.pod("slow").await;
    let image = node.image_of_text("waits", WAITS).await;
    let fixed = node.dir.path().join("fixed");
    fs::write(&fixed, "").unwrap();
    let id = node
        .run(&pod, &image, |c| {
            c.mounts = vec![mount("/etc/fixed", &fixed, true)];
        })
        .await;
    let late = exec(&mut node, &id, &["sleep", "1h"], 1).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded);
    assert_eq!(
        late.message(),
        "failed to exec in container: timeout 1s exceeded: context deadline exceeded"
    );
    only_the_containers_files_are_left(&node).await;
    let empty = exec(&mut node, &id, &[], 0).await.unwrap_err();
    assert!(empty.message().contains("no command"), "{empty}");
    let nobody = exec(&mut node, "no-such", &["ls"], 0).await.unwrap_err();
    assert_eq!(nobody.code(), Code::NotFound);
}
