//! The tools beside real ones: a real etcd is saved from, and `etcdutl` prints what we print. Without the Go tools
//! (`tests/run tools` builds them) these tests say so and pass.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use super::*;

fn tool(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/tools/bin")
        .join(name);
    if !path.exists() {
        eprintln!("{} is missing: real etcd was not asked", path.display());
        return None;
    }
    Some(path)
}

struct Etcd {
    process: Child,
    client: String,
}

impl Drop for Etcd {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Starts etcd on a data directory, and waits until it serves.
fn etcd(dir: &Path) -> Option<Etcd> {
    let (client, peer) = (free_address(), free_address());
    let mut process = Command::new(tool("etcd")?)
        .arg("--data-dir")
        .arg(dir)
        .arg(format!("--listen-client-urls=http://{client}"))
        .arg(format!("--advertise-client-urls=http://{client}"))
        .arg(format!("--listen-peer-urls=http://{peer}"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = BufReader::new(process.stderr.take().unwrap());
    let mut lines = log.lines();
    let ready = lines
        .by_ref()
        .any(|line| line.unwrap().contains("ready to serve client requests"));
    assert!(ready, "etcd did not start");
    std::thread::spawn(move || lines.for_each(drop));
    Some(Etcd { process, client })
}

fn tool_output(name: &str, args: &[&str]) -> String {
    let output = Command::new(tool(name).unwrap())
        .args(args)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {args:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn ours(args: &[&str]) -> Result<String, ToolError> {
    let args = std::iter::once("snapshot").chain(args.iter().copied());
    let mut out = Vec::new();
    run(SnapshotArgs::try_parse_from(args).unwrap(), &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn a_real_etcd_is_saved_and_its_snapshot_summed_up_alike() {
    let dir = tempfile::tempdir().unwrap();
    let Some(etcd) = etcd(&dir.path().join("etcd")) else {
        return;
    };
    for n in 0..50 {
        let endpoint = format!("--endpoints={}", etcd.client);
        tool_output(
            "etcdctl",
            &[&endpoint, "put", &format!("key{n}"), &"x".repeat(n * 40)],
        );
    }
    let file = dir.path().join("snapshot.db");
    let path = file.to_str().unwrap();
    let printed = ours(&["save", path, "--endpoints", &etcd.client]).unwrap();
    assert_eq!(printed, format!("Snapshot saved at {path}\n"));
    assert!(!file.with_extension("db.part").exists());
    for form in ["simple", "fields", "json", "table"] {
        let theirs = tool_output("etcdutl", &["snapshot", "status", path, "-w", form]);
        assert_eq!(
            ours(&["status", path, "-w", form]).unwrap(),
            theirs,
            "{form}"
        );
    }
    let data = dir.path().join("data");
    ours(&["restore", path, "--data-dir", data.to_str().unwrap()]).unwrap();
    assert!(data.join("state.redb").exists());
    let error = ours(&["restore", path, "--data-dir", data.to_str().unwrap()]).unwrap_err();
    assert!(error.to_string().contains("not empty"), "{error}");
}

#[test]
fn who_is_not_there_is_named_and_nothing_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("snapshot.db");
    let address = free_address();
    let error = ours(&["save", file.to_str().unwrap(), "--endpoints", &address]).unwrap_err();
    assert!(error.to_string().contains(&address), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn mistakes_are_named() {
    let error = |args: &[&str]| ours(args).unwrap_err().to_string();
    assert_eq!(
        error(&["save", "/nonexistent/a", "--endpoints", "a:1"]),
        "could not open /nonexistent/a.part: No such file or directory (os error 2)"
    );
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("f");
    let file = file.to_str().unwrap();
    assert!(error(&["save", file, "--endpoints", "a:1,b:1"]).contains("not multiple [a:1 b:1]"));
    assert!(error(&["save", file, "--endpoints", "https://a:1"]).contains("--cacert"));
    assert_eq!(
        error(&["restore", file, "--data-dir", "/x", "--bump-revision", "3"]),
        "--mark-compacted required if --revision-bump > 0"
    );
    let unknown = [
        "snapshot",
        "restore",
        file,
        "--data-dir",
        "/x",
        "--initial-memory-map-size",
        "1",
    ];
    assert!(SnapshotArgs::try_parse_from(unknown).is_err());
}
