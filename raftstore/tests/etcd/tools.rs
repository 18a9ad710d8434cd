//! Real etcd and its tools as processes.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A Go tool.
pub fn tool(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/tools/bin")
        .join(name);
    assert!(
        path.exists(),
        "{} is missing: `tests/run tools` builds it",
        path.display()
    );
    path
}

/// Runs a tool to its end. Returns what it printed.
pub fn run(tool: &Path, args: &[&str]) -> String {
    let output = Command::new(tool).args(args).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{} {args:?}: {errors}",
        tool.display()
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Reads JSON.
pub fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// Reads base64, as etcdctl prints keys and values in JSON.
pub fn base64(text: &str) -> String {
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        bits = bits << 6 | u32::from(value(letter));
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// A running etcd; it is killed when it is dropped.
#[derive(Debug)]
pub struct Etcd {
    process: Child,
    client: String,
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

impl Etcd {
    /// Starts on a data directory, and waits until it serves.
    pub fn start(dir: &Path) -> Etcd {
        Etcd::start_with(dir, &[])
    }

    /// [`Etcd::start`] with more flags.
    pub fn start_with(dir: &Path, flags: &[&str]) -> Etcd {
        let (client, peer) = (free_address(), free_address());
        let mut process = Command::new(tool("etcd"))
            .arg("--data-dir")
            .arg(dir)
            .arg(format!("--listen-client-urls=http://{client}"))
            .arg(format!("--advertise-client-urls=http://{client}"))
            .arg(format!("--listen-peer-urls=http://{peer}"))
            .args(flags)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        let mut lines = log.lines();
        let ready = "ready to serve client requests";
        assert!(
            lines.by_ref().any(|line| line.unwrap().contains(ready)),
            "etcd did not start"
        );
        // Whoever does not read a pipe stops who writes into it.
        std::thread::spawn(move || lines.for_each(drop));
        Etcd { process, client }
    }

    /// Runs etcdctl against it.
    pub fn ctl(&self, args: &[&str]) -> String {
        let endpoint = format!("--endpoints={}", self.client);
        let args: Vec<&str> = std::iter::once(endpoint.as_str())
            .chain(args.iter().copied())
            .collect();
        run(&tool("etcdctl"), &args)
    }

    /// Where it serves.
    pub fn url(&self) -> String {
        format!("http://{}", self.client)
    }

    /// A transaction in etcdctl's language.
    pub fn txn(&self, user: &[&str], text: &str) {
        let mut process = Command::new(tool("etcdctl"))
            .args(["txn", "--interactive=false", "--endpoints", &self.client])
            .args(user)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = process.stdin.take().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        drop(stdin);
        assert!(process.wait().unwrap().success(), "{text}");
    }

    /// Stops it in good order.
    pub fn stop(mut self) {
        let id = self.process.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        self.process.wait().unwrap();
    }

    /// Stops it without a chance to do anything.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        // It may have ended.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
