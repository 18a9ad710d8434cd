//! `hydrofoil apiserver`, as a user runs it: over a store of its own and over a real etcd.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};
use hydrofoil_tests::kubectl::has;
use hydrofoil_tests::tools;

/// A process that is ended with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the API server and waits until it has told where its kubeconfig is.
fn start(data_dir: &Path, more: &[&str]) -> anyhow::Result<Process> {
    let mut child = Command::new(tools::hydrofoil()?)
        .args([
            "apiserver",
            "--bind-address",
            "127.0.0.1",
            "--secure-port",
            "0",
        ])
        .args(["--service-cluster-ip-range", "127.97.0.0/16"])
        .arg("--data-dir")
        .arg(data_dir)
        .args(more)
        .stdout(Stdio::piped())
        .spawn()?;
    let lines = child.stdout.take().context("its output")?;
    let process = Process(child);
    let mut told = String::new();
    for line in BufReader::new(lines).lines() {
        told = line?;
        if told.starts_with("export KUBECONFIG=") {
            return Ok(process);
        }
    }
    anyhow::bail!("it ended before it was ready; it last said {told:?}")
}

/// Ends it as a service manager does.
fn stop(mut process: Process) -> anyhow::Result<()> {
    let pid = process.0.id().to_string();
    let told = Command::new("kill").args(["-TERM", &pid]).status()?;
    ensure!(told.success());
    let code = process.0.wait()?;
    ensure!(code.success(), "{code}");
    Ok(())
}

fn kubectl(data_dir: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(tools::tool("kubectl")?)
        .arg("--kubeconfig")
        .arg(data_dir.join("kubeconfig"))
        .args(arguments)
        .output()?;
    ensure!(output.status.success(), "{arguments:?}: {output:?}");
    Ok(String::from_utf8(output.stdout)?)
}

fn keeps_objects(more: &[&str]) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let server = start(folder.path(), more)?;
    let create = ["create", "configmap", "kept", "--from-literal=a=1"];
    kubectl(folder.path(), &create)?;
    has(
        "services",
        &kubectl(folder.path(), &["get", "services"])?,
        &["127.97.0.1"],
    )?;
    has(
        "readyz",
        &kubectl(folder.path(), &["get", "--raw", "/readyz?verbose"])?,
        &["[+]etcd-readiness ok"],
    )?;
    stop(server)?;
    let server = start(folder.path(), more)?;
    let read = kubectl(
        folder.path(),
        &["get", "configmap", "kept", "-o", "jsonpath={.data.a}"],
    )?;
    ensure!(read == "1", "{read}");
    stop(server)
}

#[test]
fn over_a_store_of_its_own() -> anyhow::Result<()> {
    keeps_objects(&[])
}

/// How often etcd is started anew on another port.
const ATTEMPTS: usize = 10;

/// Starts etcd, which takes no port from the kernel. Another process may take the one that was free a moment ago: then etcd ends,
/// and another port is tried.
fn start_etcd(folder: &Path) -> anyhow::Result<(Process, String)> {
    for attempt in 0..ATTEMPTS {
        let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let url = format!("http://{free}");
        let mut etcd = Command::new(tools::tool("etcd")?)
            .arg("--data-dir")
            .arg(folder.join(attempt.to_string()))
            .args([
                "--listen-client-urls",
                &url,
                "--advertise-client-urls",
                &url,
            ])
            .args(["--listen-peer-urls", "http://127.0.0.1:0"])
            .args(["--initial-advertise-peer-urls", "http://127.0.0.1:1"])
            .args(["--initial-cluster", "default=http://127.0.0.1:1"])
            .stderr(Stdio::piped())
            .spawn()?;
        let log = etcd.stderr.take().context("its log")?;
        let etcd = Process(etcd);
        let mut lines = BufReader::new(log).lines();
        let mut last = String::new();
        let ready = lines.by_ref().map_while(Result::ok).any(|line| {
            last = line;
            last.contains("ready to serve client requests")
        });
        if ready {
            // Whoever does not read a pipe stops who writes into it.
            std::thread::spawn(move || lines.for_each(drop));
            return Ok((etcd, url));
        }
        ensure!(last.contains("address already in use"), "etcd: {last}");
    }
    anyhow::bail!("{ATTEMPTS} ports were taken one after the other")
}

#[test]
fn over_etcd() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (_etcd, url) = start_etcd(folder.path())?;
    keeps_objects(&["--etcd-servers", &url, "--etcd-prefix", "/here"])
}

#[test]
fn what_is_not_honoured_or_missing_is_named() -> anyhow::Result<()> {
    let said = |arguments: &[&str]| -> anyhow::Result<String> {
        let output = Command::new(tools::hydrofoil()?)
            .arg("apiserver")
            .args(arguments)
            .output()?;
        ensure!(!output.status.success(), "{arguments:?}");
        Ok(String::from_utf8(output.stderr)?)
    };
    has(
        "flag",
        &said(&["--feature-gates=A=true"])?,
        &["--feature-gates"],
    )?;
    has(
        "certificates",
        &said(&["--bind-address=127.0.0.1"])?,
        &["--tls-cert-file", "--data-dir"],
    )?;
    let folder = tempfile::tempdir()?;
    let dir = folder.path().display().to_string();
    let servers = [
        "--bind-address=127.0.0.1",
        "--data-dir",
        &dir,
        "--etcd-servers=127.0.0.1:2379",
    ];
    has(
        "servers",
        &said(&servers)?,
        &["--etcd-servers 127.0.0.1:2379"],
    )
}
