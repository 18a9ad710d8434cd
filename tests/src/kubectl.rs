//! `kubectl`, run as a user runs it, in one namespace of one cluster.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::stream::Stream;
use crate::wait::eventually;

/// No command of a test takes longer, in seconds.
const LIMIT: &str = "150";

/// A `kubectl` with its settings.
#[derive(Clone, Debug)]
pub struct Kubectl {
    program: PathBuf,
    kubeconfig: PathBuf,
    cache: PathBuf,
    namespace: String,
}

/// What a command did.
#[derive(Clone, Debug)]
pub struct Output {
    /// The exit code; -1 if a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// Whether it succeeded.
    pub fn ok(&self) -> bool {
        self.code == 0
    }
}

impl Kubectl {
    /// A `kubectl` that works in `namespace`.
    pub fn new(program: PathBuf, kubeconfig: PathBuf, cache: PathBuf, namespace: &str) -> Self {
        Self {
            program,
            kubeconfig,
            cache,
            namespace: namespace.to_owned(),
        }
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command.arg(LIMIT).arg(&self.program);
        // Plugins and `--raw` know the flag too, but only before their own arguments.
        command
            .args(["--namespace", &self.namespace])
            .args(arguments);
        self.settings(&mut command);
        command
    }

    fn settings(&self, command: &mut Command) {
        command
            .env("KUBECONFIG", &self.kubeconfig)
            .env("KUBECACHEDIR", &self.cache)
            .env("HOME", &self.cache)
            .env("TZ", "UTC")
            .env_remove("KUBE_EDITOR")
            .env_remove("EDITOR");
    }

    /// Runs a command, whatever comes of it.
    pub fn try_run(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        self.feed(arguments, "")
    }

    /// Runs a command with a text on its standard input.
    pub fn feed(&self, arguments: &[&str], input: &str) -> anyhow::Result<Output> {
        finish(self.command(arguments), input)
    }

    /// Runs a command with one more environment variable.
    pub fn with_env(&self, name: &str, value: &str, arguments: &[&str]) -> anyhow::Result<Output> {
        let mut command = self.command(arguments);
        command.env(name, value);
        finish(command, "")
    }

    /// Runs a command that must succeed, and returns what it printed.
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.try_run(arguments)?;
        ensure!(
            output.ok(),
            "kubectl {} ended with {}\n{}{}{}",
            arguments.join(" "),
            output.code,
            output.stdout,
            output.stderr,
            if output.stderr.contains("timed out waiting") {
                self.circumstances()
            } else {
                String::new()
            }
        );
        Ok(output.stdout)
    }

    /// Why pods may not have become what was waited for: they, what happened to them, and what the node says of itself.
    fn circumstances(&self) -> String {
        [
            &["describe", "pods"][..],
            &["get", "events"],
            &["describe", "nodes"],
        ]
        .iter()
        .map(|arguments| match self.try_run(arguments) {
            Ok(output) => format!("\n{}{}", output.stdout, output.stderr),
            Err(error) => format!("\n{error:#}"),
        })
        .collect()
    }

    /// Runs a command that must fail, and returns what it printed on standard error.
    pub fn fails(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.try_run(arguments)?;
        ensure!(
            !output.ok(),
            "kubectl {} succeeded\n{}",
            arguments.join(" "),
            output.stdout
        );
        Ok(output.stderr)
    }

    /// Runs a command whose output must hold every one of `texts`.
    pub fn shows(&self, arguments: &[&str], texts: &[&str]) -> anyhow::Result<String> {
        let output = self.run(arguments)?;
        has(&format!("kubectl {}", arguments.join(" ")), &output, texts)?;
        Ok(output)
    }

    /// Repeats [`Kubectl::shows`] until it succeeds.
    pub fn eventually_shows(&self, arguments: &[&str], texts: &[&str]) -> anyhow::Result<String> {
        eventually(|| self.shows(arguments, texts))
    }

    /// `kubectl apply -f -`.
    pub fn apply(&self, manifest: &str) -> anyhow::Result<String> {
        self.pipe(&["apply", "-f", "-"], manifest)
    }

    /// Runs a command with input that must succeed.
    pub fn pipe(&self, arguments: &[&str], input: &str) -> anyhow::Result<String> {
        let output = self.feed(arguments, input)?;
        ensure!(
            output.ok(),
            "kubectl {} ended with {}\n{}{}\n{input}",
            arguments.join(" "),
            output.code,
            output.stdout,
            output.stderr
        );
        Ok(output.stdout)
    }

    /// An object or a list as JSON.
    pub fn json(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let text = self.run(&[&["get", "-o", "json"], arguments].concat())?;
        serde_json::from_str(&text).with_context(|| text)
    }

    /// One field by JSONPath, as text.
    pub fn field(&self, object: &str, path: &str) -> anyhow::Result<String> {
        self.run(&["get", object, "-o", &format!("jsonpath={{{path}}}")])
    }

    /// Waits until a field has this value.
    pub fn eventually_field(&self, object: &str, path: &str, expected: &str) -> anyhow::Result<()> {
        eventually(|| {
            let found = self.field(object, path)?;
            ensure!(
                found == expected,
                "{object} {path} is {found:?}, expected {expected:?}"
            );
            Ok(())
        })
        .with_context(|| self.circumstances())
    }

    /// Starts a command that goes on by itself.
    pub fn stream(&self, arguments: &[&str]) -> anyhow::Result<Stream> {
        Stream::start(self.command(arguments))
    }

    /// Writes a file beside the cluster's folder and returns its path as text.
    pub fn file(&self, name: &str, contents: &str) -> anyhow::Result<String> {
        let folder = self.cache.join("files").join(&self.namespace);
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(name);
        std::fs::write(&path, contents)?;
        Ok(path.display().to_string())
    }

    /// The kubeconfig in use.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }
}

fn finish(mut command: Command, input: &str) -> anyhow::Result<Output> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {command:?}"))?;
    let pipe = child.stdin.take();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        // A program that reads nothing of it may end before.
        let _ = pipe.map(|mut pipe| pipe.write_all(input.as_bytes()));
    });
    let output = child.wait_with_output()?;
    let _ = writer.join();
    Ok(Output {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Fails unless `text` holds every one of `parts`. Runs of blanks count as one on both sides: columns move with their contents.
pub fn has(what: &str, text: &str, parts: &[&str]) -> anyhow::Result<()> {
    let plain = squeeze(text);
    for part in parts {
        ensure!(
            plain.contains(&squeeze(part)),
            "{what} shows no {part:?}:\n{text}"
        );
    }
    Ok(())
}

fn squeeze(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    lines.join("\n")
}
