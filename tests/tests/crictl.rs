//! `hydrofoil runtime`, as a node's operator sees it: through the real `crictl`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
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

    fn endpoints(&self) -> [String; 2] {
        let socket = self.folder.path().join("cri.sock");
        ["runtime", "image"].map(|which| format!("--{which}-endpoint=unix://{}", socket.display()))
    }

    fn run(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        let output = Command::new(tools::tool("crictl")?)
            .args(self.endpoints())
            .args(arguments)
            .output()?;
        Ok(output)
    }

    /// What crictl prints when it is typed to, if it succeeds.
    fn typed(&self, arguments: &[&str], input: &str) -> anyhow::Result<String> {
        let mut process = Command::new(tools::tool("crictl")?)
            .args(self.endpoints())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut stdin = process.stdin.take().context("stdin")?;
        stdin.write_all(input.as_bytes())?;
        drop(stdin);
        let output = process.wait_with_output()?;
        ensure!(output.status.success(), "{arguments:?}: {output:?}");
        Ok(String::from_utf8(output.stdout)?)
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

/// What was printed. `exec --sync` has empty lines at its end.
fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned()
}

/// A pod with a container that runs, and what it is called.
fn running(runtime: &Runtime, image: &str, args: &[&str]) -> anyhow::Result<(String, String)> {
    runtime.crictl(&["pull", image])?;
    let pod = json!({
        "metadata": { "name": "streams", "namespace": "default", "uid": "u2", "attempt": 1 },
        "log_directory": text(&runtime.folder.path().join("logs"))?,
        "linux": {},
    });
    let container = json!({
        "metadata": { "name": "main" },
        "image": { "image": image },
        "envs": [{ "key": "COLOUR", "value": "red" }],
        "log_path": "main.log",
        "args": args,
        "linux": {},
    });
    let pod = runtime.file("pod.json", &pod)?;
    let container = runtime.file("container.json", &container)?;
    let sandbox = runtime.crictl(&["runp", &pod])?;
    let id = runtime.crictl(&["create", &sandbox, &container, &pod])?;
    runtime.crictl(&["start", &id])?;
    Ok((sandbox, id))
}

#[test]
fn commands_are_run_by_crictl() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let mut runtime = Runtime::start()?;
    let (_, id) = running(&runtime, &cluster.image("probe-module"), &[])?;
    for way in [
        &["exec", "--sync"][..],
        &["exec", "--transport", "spdy"],
        &["exec", "--transport", "websocket"],
    ] {
        let run = |words: &[&str]| runtime.run(&[way, &[id.as_str()], words].concat());
        let own = run(&["probe-module", "say", "hello"])?;
        ensure!(printed(&own) == "hello" && own.status.success(), "{own:?}");
        let seven = run(&["probe-module", "exit", "7"])?;
        ensure!(!seven.status.success(), "{seven:?}");
        let told = String::from_utf8(seven.stderr)?;
        let words = ["exited with 7", "exit code 7"];
        ensure!(words.iter().any(|words| told.contains(words)), "{told}");
        let tools = run(&["sh", "-c", "echo out; echo $COLOUR; nothing || true"])?;
        // With `--sync` crictl prints both on its stdout.
        let said = [printed(&tools), String::from_utf8(tools.stderr)?].concat();
        ensure!(said.starts_with("out\nred"), "{said}");
        has("both outputs", &said, &["sh: nothing: not found"])?;
        let nobody = run(&["bash"])?;
        ensure!(!nobody.status.success(), "{nobody:?}");
        has(
            "nobody",
            &String::from_utf8(nobody.stderr)?,
            &["executable file not found in $PATH"],
        )?;
    }
    for transport in ["spdy", "websocket"] {
        let said = runtime.typed(
            &["exec", "-i", "--transport", transport, &id, "wc", "-c"],
            "hello\n",
        )?;
        ensure!(said.trim() == "6", "{transport}: {said}");
    }
    runtime.stop()
}

#[test]
fn crictl_attaches_to_what_runs() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let mut runtime = Runtime::start()?;
    let (_, id) = running(&runtime, &cluster.image("probe"), &["tick"])?;
    for transport in ["spdy", "websocket"] {
        let mut attached = Command::new(tools::tool("crictl")?)
            .args(runtime.endpoints())
            .args(["attach", "--transport", transport, &id])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut out = BufReader::new(attached.stdout.take().context("stdout")?);
        let mut line = String::new();
        out.read_line(&mut line)?;
        ensure!(line.starts_with("tick "), "{transport}: {line:?}");
        if transport == "websocket" {
            // It ends with the container, and that is no error.
            runtime.crictl(&["stop", &id])?;
            out.read_to_string(&mut line)?;
            let ended = attached.wait_with_output()?;
            ensure!(ended.status.success(), "{ended:?}");
        } else {
            attached.kill()?;
            attached.wait()?;
        }
    }
    runtime.stop()
}

#[test]
fn crictl_forwards_ports() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let mut runtime = Runtime::start()?;
    let (sandbox, _) = running(&runtime, &cluster.image("hello-http"), &[])?;
    for transport in ["spdy", "websocket"] {
        let mut forwarding = Command::new(tools::tool("crictl")?)
            .args(runtime.endpoints())
            .args([
                "port-forward",
                "--transport",
                transport,
                &sandbox,
                ":8080",
                ":9",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let out = forwarding.stdout.take().context("stdout")?;
        let mut lines = BufReader::new(out).lines();
        let mut port = |remote: &str| -> anyhow::Result<String> {
            for line in lines.by_ref() {
                // Forwarding from 127.0.0.1:40123 -> 8080
                let line = line?;
                if let Some(from) = line.strip_suffix(&format!(" -> {remote}"))
                    && from.contains("127.0.0.1")
                {
                    return Ok(from.rsplit(':').next().unwrap_or_default().to_owned());
                }
            }
            anyhow::bail!("{transport}: nothing is forwarded to {remote}")
        };
        let open = port("8080")?;
        let closed = port("9")?;
        let ask = |port: &str| {
            Command::new("curl")
                .args(["-sS", &format!("http://127.0.0.1:{port}/")])
                .output()
        };
        for _ in 0..3 {
            let answer = ask(&open)?;
            ensure!(answer.status.success(), "{transport}: {answer:?}");
            has("the pod", &String::from_utf8(answer.stdout)?, &["Hello"])?;
        }
        ensure!(!ask(&closed)?.status.success(), "nobody listens there");
        forwarding.kill()?;
        let ended = forwarding.wait_with_output()?;
        has(
            "what went wrong",
            &String::from_utf8(ended.stderr)?,
            &["error forwarding port 9 to pod", "connection refused"],
        )?;
    }
    runtime.stop()
}
