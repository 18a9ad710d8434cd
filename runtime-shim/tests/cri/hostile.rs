//! Guests that mean ill: the runtime goes on, and so do their neighbours.

use std::time::{Duration, Instant};

use crate::guests::*;
use crate::node::{Node, PATIENCE, mount};

/// Opens a file again and again without closing it, until it is refused, and exits with the error.
const OPENS_FOR_EVER: &str = r#"(module
    (import "wasi_snapshot_preview1" "path_open"
      (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 1024) "file")
    (func (export "_start") (local $error i32)
      (loop $again
        (local.set $error
          (call $open (i32.const 3) (i32.const 1) (i32.const 1024) (i32.const 4)
            (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0)))
        (br_if $again (i32.eqz (local.get $error))))
      (call $exit (local.get $error))))"#;

/// Writes lines of 64 KiB for ever.
const FLOODS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    (func (export "_start")
      (memory.fill (i32.const 4096) (i32.const 120) (i32.const 65535))
      (i32.store8 (i32.const 69631) (i32.const 10))
      (i32.store (i32.const 0) (i32.const 4096))
      (i32.store (i32.const 4) (i32.const 65536))
      (loop $again
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (br $again))))"#;

#[tokio::test]
async fn open_files_are_bounded() {
    let mut node = Node::start().await;
    let pod = node.pod("files").await;
    let data = node.dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("file"), "").unwrap();
    let image = node.image_of_text("opens", OPENS_FOR_EVER).await;
    let id = node
        .run(&pod, &image, |c| {
            c.mounts = vec![mount("/data", &data, true)]
        })
        .await;
    let status = tokio::time::timeout(PATIENCE, node.wait(&id))
        .await
        .unwrap();
    assert_ne!(status.exit_code, 0);
    let image = node.image_of_text("returns", RETURNS).await;
    assert_eq!(node.finish(&pod, &image, &[]).await.exit_code, 0);
}

#[tokio::test]
async fn a_flooded_log_grows_no_faster_than_it_may() {
    /// What is written at once, and then in a second.
    const BURST: u64 = 16 << 20;
    const RATE: u64 = 8 << 20;
    let mut node = Node::start().await;
    let pod = node.pod("flood").await;
    let image = node.image_of_text("floods", FLOODS).await;
    let begun = Instant::now();
    let id = node.run(&pod, &image, |_| {}).await;
    let path = node.status(&id).await.log_path;
    let size = || std::fs::metadata(&path).map_or(0, |found| found.len());
    let grown = async {
        while size() < BURST + RATE {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, grown).await.unwrap();
    let (size, passed) = (size(), begun.elapsed());
    // The log's own words are a little more than what the guest wrote.
    let allowed = (BURST as f64 + RATE as f64 * passed.as_secs_f64()) * 1.01 + 65_536.0;
    assert!(size as f64 <= allowed, "{size} bytes in {passed:?}");
    // A guest that waits for its log is stopped like any other.
    node.stop(&id, 0).await;
    assert_eq!(node.status(&id).await.exit_code, 137);
}
