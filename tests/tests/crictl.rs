//! `hydrofoil runtime`, as a node's operator sees it: through the real `crictl`.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use anyhow::{Context as _, ensure};
use hydrofoil_tests::kubectl::has;
use hydrofoil_tests::{Cluster, tools, wait};
use serde_json::{Value, json};

/// A runtime of its own, that is ended with the test.
struct Runtime {
    folder: tempfile::TempDir,
    process: Child,
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Runtime {
    fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        // A range of this process alone, beside those of the tests' clusters.
        let range = format!(
            "127.{}.{}.0/24",
            32 + std::process::id() % 32,
            std::process::id() / 32 % 256
        );
        let process = Command::new(tools::hydrofoil()?)
            .arg("runtime")
            .arg("--listen")
            .arg(format!(
                "unix://{}",
                folder.path().join("cri.sock").display()
            ))
            .arg("--root")
            .arg(folder.path().join("root"))
            .args(["--pod-cidr", &range])
            .stdout(Stdio::null())
            .spawn()?;
        let runtime = Runtime { folder, process };
        wait::eventually(|| runtime.crictl(&["version"]))?;
        Ok(runtime)
    }

    fn run(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        let socket = format!("unix://{}", self.folder.path().join("cri.sock").display());
        let output = Command::new(tools::tool("crictl")?)
            .args(["--runtime-endpoint", &socket, "--image-endpoint", &socket])
            .args(arguments)
            .output()?;
        Ok(output)
    }

    /// What crictl prints, if it succeeds.
    fn crictl(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.run(arguments)?;
        ensure!(output.status.success(), "{arguments:?}: {output:?}");
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    fn json(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&self.crictl(arguments)?)?)
    }

    /// Writes what crictl reads.
    fn file(&self, name: &str, content: &Value) -> anyhow::Result<String> {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content.to_string())?;
        text(&path)
    }

    /// Ends it as a service manager does.
    fn stop(&mut self) -> anyhow::Result<()> {
        let pid = self.process.id().to_string();
        ensure!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()?
                .success()
        );
        let code = self.process.wait()?;
        ensure!(code.success(), "{code}");
        Ok(())
    }
}

fn text(path: &Path) -> anyhow::Result<String> {
    Ok(path.to_str().context("a path that is no text")?.to_owned())
}

#[test]
fn a_pod_lives_and_goes_by_crictl() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let mut runtime = Runtime::start()?;
    let image = cluster.image("hello-http");
    has(
        "version",
        &runtime.crictl(&["version"])?,
        &["RuntimeName:  hydrofoil", "RuntimeApiVersion:  v1"],
    )?;
    let info = runtime.json(&["info"])?;
    let conditions = info["status"]["conditions"]
        .as_array()
        .context("conditions")?;
    ensure!(conditions.iter().all(|c| c["status"] == true), "{info}");

    let pulled = runtime.crictl(&["pull", &image])?;
    has("pull", &pulled, &["Image is up to date for sha256:"])?;
    has(
        "images",
        &runtime.crictl(&["images"])?,
        &[image.trim_end_matches(":v1"), "v1"],
    )?;
    let status = runtime.json(&["inspecti", &image])?;
    ensure!(
        status["status"]["repoTags"][0] == image.as_str(),
        "{status}"
    );

    let pod = json!({
        "metadata": { "name": "by-hand", "namespace": "default", "uid": "u1", "attempt": 1 },
        "log_directory": text(&runtime.folder.path().join("logs"))?,
        "linux": {},
    });
    let pod = runtime.file("pod.json", &pod)?;
    let container = json!({
        "metadata": { "name": "hello" },
        "image": { "image": image },
        "envs": [{ "key": "GREETING", "value": "Hei" }],
        "log_path": "hello.log",
        "linux": {},
    });
    let container = runtime.file("container.json", &container)?;
    let sandbox = runtime.crictl(&["runp", &pod])?;
    let id = runtime.crictl(&["create", &sandbox, &container, &pod])?;
    runtime.crictl(&["start", &id])?;
    has("ps", &runtime.crictl(&["ps"])?, &["hello", "Running"])?;
    has(
        "pods",
        &runtime.crictl(&["pods"])?,
        &["by-hand", "Ready", "default"],
    )?;
    let address = runtime.json(&["inspectp", &sandbox])?;
    let address = address["status"]["network"]["ip"]
        .as_str()
        .context("an address")?
        .to_owned();
    let answer = Command::new("curl")
        .args(["-sS", &format!("http://{address}:8080/")])
        .output()?;
    has("the pod", &String::from_utf8(answer.stdout)?, &["Hei"])?;
    let state = runtime.json(&["inspect", &id])?;
    ensure!(state["status"]["state"] == "CONTAINER_RUNNING", "{state}");
    let stats = runtime.json(&["stats", "-o", "json", &id])?;
    ensure!(
        stats["stats"][0]["attributes"]["id"] == id.as_str(),
        "{stats}"
    );
    let stats = runtime.json(&["statsp", "-o", "json", "--id", &sandbox])?;
    ensure!(
        stats["stats"][0]["attributes"]["id"] == sandbox.as_str(),
        "{stats}"
    );
    runtime.crictl(&["update", "--memory", "67108864", &id])?;
    runtime.crictl(&["logs", &id])?;
    has(
        "imagefsinfo",
        &runtime.crictl(&["imagefsinfo"])?,
        &["imageFilesystems", "mountpoint"],
    )?;

    let refused = runtime.run(&["exec", &id, "ls"])?;
    ensure!(!refused.status.success());
    has(
        "exec",
        &String::from_utf8(refused.stderr)?,
        &["exec is not available for WebAssembly containers"],
    )?;

    runtime.crictl(&["stop", &id])?;
    has(
        "ps -a",
        &runtime.crictl(&["ps", "-a"])?,
        &["hello", "Exited"],
    )?;
    runtime.crictl(&["rm", &id])?;
    runtime.crictl(&["stopp", &sandbox])?;
    has("pods", &runtime.crictl(&["pods"])?, &["NotReady"])?;
    runtime.crictl(&["rmp", &sandbox])?;
    ensure!(runtime.crictl(&["pods", "-q"])?.is_empty());
    runtime.crictl(&["rmi", &image])?;
    ensure!(runtime.crictl(&["images", "-q"])?.is_empty());
    runtime.stop()
}
