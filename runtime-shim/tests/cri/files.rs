//! What a guest sees of the file system: its mounts, and not a step beyond.

use std::fs;
use std::os::unix::fs::symlink;

use crate::guests::{open::*, *};
use crate::node::{Node, mount};

/// WASI's numbers of errors that a refused open may give.
const REFUSED: [i32; 4] = [2, 63, 69, 76]; // access, not permitted, read-only, not capable
const NO_ENTRY: i32 = 44;

#[tokio::test]
async fn read_only_stays_and_writable_is() {
    let mut node = Node::start().await;
    let pod = node.pod("mounts").await;
    let data = node.dir.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("old"), "old").unwrap();
    let creates = node
        .image_of_text("creates", &opens("new", WRITE, CREATE))
        .await;
    let writes = node.image_of_text("writes", &opens("old", WRITE, 0)).await;
    let reads = node.image_of_text("reads", &opens("old", READ, 0)).await;
    let mut run = async |image: &str, readonly| {
        let id = node
            .run(&pod, image, |c| {
                c.mounts = vec![mount("/data", &data, readonly)]
            })
            .await;
        let status = node.wait(&id).await;
        assert_eq!(status.mounts.len(), 1);
        status.exit_code
    };
    assert!(REFUSED.contains(&run(&creates, true).await));
    assert!(!data.join("new").exists());
    assert!(REFUSED.contains(&run(&writes, true).await));
    assert_eq!(run(&reads, true).await, 0);
    assert_eq!(run(&creates, false).await, 0);
    assert!(data.join("new").exists());
}

#[tokio::test]
async fn links_work_inside_a_mount_and_not_out_of_it() {
    let mut node = Node::start().await;
    let pod = node.pod("links").await;
    let volume = node.dir.path().join("volume");
    fs::create_dir_all(volume.join("..2026_01_01")).unwrap();
    fs::write(volume.join("..2026_01_01/key"), "value").unwrap();
    symlink("..2026_01_01", volume.join("..data")).unwrap();
    symlink("..data/key", volume.join("key")).unwrap();
    let secret = node.dir.path().join("secret");
    fs::write(&secret, "not yours").unwrap();
    symlink(&secret, volume.join("absolute")).unwrap();
    symlink("../secret", volume.join("upwards")).unwrap();
    symlink("/proc/self/root", volume.join("root")).unwrap();
    for (path, inside) in [
        ("key", true),
        ("..data/key", true),
        ("..2026_01_01/../key", true),
        ("../secret", false),
        ("..2026_01_01/../../secret", false),
        ("absolute", false),
        ("upwards", false),
        ("root/etc/passwd", false),
        ("/etc/passwd", false),
    ] {
        let name = format!(
            "opens-{}",
            path.replace(|c: char| !c.is_ascii_alphanumeric(), "-")
        );
        let image = node
            .image_of_text(name.trim_matches('-'), &opens(path, READ, 0))
            .await;
        let id = node
            .run(&pod, &image, |c| {
                c.mounts = vec![mount("/v", &volume, true)]
            })
            .await;
        let code = node.wait(&id).await.exit_code;
        if inside {
            assert_eq!(code, 0, "{path}");
        } else {
            assert!(REFUSED.contains(&code), "{path} gave {code}");
        }
    }
}

#[tokio::test]
async fn without_mounts_there_are_no_files() {
    let mut node = Node::start().await;
    let pod = node.pod("bare").await;
    let image = node
        .image_of_text("bare", &opens("etc/passwd", READ, 0))
        .await;
    assert_eq!(
        node.finish(&pod, &image, &[]).await.exit_code,
        8,
        "bad descriptor"
    );
    let probe = node.image("probe", &probe()).await;
    let status = node.finish(&pod, &probe, &["cat", "/etc/passwd"]).await;
    assert_eq!(status.exit_code, 1);
}

#[tokio::test]
async fn single_files_and_a_rust_guest_by_absolute_path() {
    let mut node = Node::start().await;
    let pod = node.pod("single").await;
    let config = node.dir.path().join("config");
    fs::create_dir(&config).unwrap();
    fs::write(config.join("greeting"), "hello\n").unwrap();
    let hosts = node.dir.path().join("hosts");
    fs::write(&hosts, "127.0.0.1 localhost\n").unwrap();
    let probe = node.image("probe", &probe()).await;
    let id = node
        .run(&pod, &probe, |c| {
            c.args = ["cat", "/config/greeting", "cat", "/etc/hosts"]
                .map(str::to_owned)
                .to_vec();
            c.mounts = vec![
                mount("/config", &config, true),
                mount("/etc/hosts", &hosts, true),
            ];
        })
        .await;
    assert_eq!(node.wait(&id).await.exit_code, 0);
    assert_eq!(
        node.log(&id).await,
        ["stdout F hello", "stdout F 127.0.0.1 localhost"]
    );
    let left = fs::read_dir(node.root().join("staging")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "gathered files are gone with the container");
    let missing = node.dir.path().join("missing");
    let status = node
        .create(&pod, &probe, |c| {
            c.mounts = vec![mount("/m", &missing, false)]
        })
        .await
        .unwrap_err();
    assert!(status.message().starts_with("mount /m: "), "{status}");
    let absent = node
        .image_of_text("absent", &opens("nothing", READ, 0))
        .await;
    let id = node
        .run(&pod, &absent, |c| {
            c.mounts = vec![mount("/c", &config, true)]
        })
        .await;
    assert_eq!(node.wait(&id).await.exit_code, NO_ENTRY);
}

#[tokio::test]
async fn arguments_environment_and_host_name_arrive() {
    use hydrofoil_cri::v1::KeyValue;
    let mut node = Node::start().await;
    let pod = node.pod("told").await;
    let probe = node.image("probe", &probe()).await;
    let id = node
        .run(&pod, &probe, |c| {
            c.command = ["tool", "env", "COLOUR"].map(str::to_owned).to_vec();
            c.args = ["env", "HOSTNAME", "env", "HOME"]
                .map(str::to_owned)
                .to_vec();
            c.envs = vec![KeyValue {
                key: "COLOUR".to_owned(),
                value: b"green".to_vec(),
            }];
        })
        .await;
    assert_eq!(node.wait(&id).await.exit_code, 0);
    assert_eq!(
        node.log(&id).await,
        [
            "stdout F COLOUR=green",
            "stdout F HOSTNAME=told",
            "stdout F HOME="
        ]
    );
}
