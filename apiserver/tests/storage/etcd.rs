//! A real etcd as a process of its own, which can be killed and started again at the same address.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use hydrofoil_apiserver::pki::{Names, Pair, Pki, Subject};
use hydrofoil_apiserver::storage::{ClientPair, EtcdConfig, Storage};
use tempfile::TempDir;

/// The etcd that `tests/run tools` builds.
fn binary() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/tools/bin/etcd");
    assert!(
        path.is_file(),
        "{} is missing: `tests/run tools` builds it",
        path.display()
    );
    path
}

/// Certificates by which etcd and its client know each other.
struct Tls {
    ca: String,
    ca_path: PathBuf,
    serving: Pair,
    client: Pair,
}

/// A running etcd. Dropping it ends the process and removes its data.
pub struct Etcd {
    dir: TempDir,
    address: SocketAddr,
    tls: Option<Tls>,
    process: Option<Child>,
}

/// An address of loopback that nobody listens on.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

impl Etcd {
    pub fn start() -> Etcd {
        Etcd::begin(|_| None)
    }

    /// With TLS, and client certificates demanded.
    pub fn start_tls() -> Etcd {
        Etcd::begin(|dir| {
            let pki = Pki::open(&dir.join("pki"), "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
            let names = Names {
                dns: vec!["localhost".to_owned()],
                addresses: vec!["127.0.0.1".parse().unwrap()],
            };
            Some(Tls {
                ca: pki.ca_certificate().to_owned(),
                ca_path: pki.ca_path(),
                serving: pki.serving("etcd", "etcd", &names).unwrap(),
                client: pki.client("etcd-client", &Subject::admin()).unwrap(),
            })
        })
    }

    fn begin(tls: impl FnOnce(&Path) -> Option<Tls>) -> Etcd {
        let dir = tempfile::tempdir().unwrap();
        let tls = tls(dir.path());
        let mut etcd = Etcd {
            address: free_address(),
            dir,
            tls,
            process: None,
        };
        etcd.restart();
        etcd
    }

    /// Starts it, at the address that it had before. Who connects waits until it listens.
    pub fn restart(&mut self) {
        let log = File::create(self.dir.path().join("log")).unwrap();
        let url = self.url();
        let mut command = Command::new(binary());
        command
            .arg("--data-dir")
            .arg(self.dir.path().join("data"))
            .args([
                "--listen-client-urls",
                &url,
                "--advertise-client-urls",
                &url,
            ])
            // Its peers are none; where it listens for them does not matter.
            .args(["--listen-peer-urls", "http://127.0.0.1:0"])
            .args(["--initial-advertise-peer-urls", "http://127.0.0.1:1"])
            .args(["--initial-cluster", "default=http://127.0.0.1:1"])
            .args(["--unsafe-no-fsync", "--log-level", "warn"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        if let Some(tls) = &self.tls {
            command
                .arg("--client-cert-auth")
                .arg("--trusted-ca-file")
                .arg(&tls.ca_path)
                .arg("--cert-file")
                .arg(&tls.serving.certificate_path)
                .arg("--key-file")
                .arg(&tls.serving.key_path);
        }
        self.process = Some(command.spawn().unwrap());
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// How it is reached, below a prefix.
    pub fn config(&self, prefix: &str) -> EtcdConfig {
        EtcdConfig {
            servers: vec![self.url()],
            prefix: prefix.to_owned(),
            ca: self.tls.as_ref().map(|tls| tls.ca.clone()),
            client: self.tls.as_ref().map(|tls| ClientPair {
                certificate: tls.client.certificate.clone(),
                key: tls.client.key.clone(),
            }),
        }
    }

    pub async fn storage(&self) -> Storage {
        Storage::connect(&self.config("/registry")).await.unwrap()
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.dir.path().join("log"));
            eprintln!("etcd: {}", log.unwrap_or_default());
        }
        self.kill();
    }
}
