//! A Hydrofoil cluster in a process of its own: `hydrofoil up` on free ports in a temporary folder.
//!
//! A small shell stands between: it waits for the end of its standard input, which comes when the test process ends, however it
//! ends, and then stops the cluster by its process id and deletes the folder.

use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;

use crate::kubectl::Kubectl;
use crate::tools;
use crate::wait::{eventually, within};

/// How long a cluster may take to be ready, on a machine that does other things too.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// Clusters beside each other on one machine need address ranges of their own: so many there are, for pods from here on and for
/// Services after them.
const RANGES: u8 = 32;
const FIRST_POD_RANGE: u8 = 64;

/// A range for a new cluster: by the process's id, since test binaries may run side by side, and then the next.
fn next_range() -> anyhow::Result<u8> {
    static STARTED: AtomicU32 = AtomicU32::new(0);
    let number = std::process::id().wrapping_add(STARTED.fetch_add(1, Ordering::Relaxed));
    Ok(u8::try_from(number % u32::from(RANGES))?)
}

/// Starts the program, writes its process id, and stops it when nobody holds our standard input any more.
const GUARD: &str = r#"
folder=$1; shift
"$@" >>"$folder/up.log" 2>&1 </dev/null &
pid=$!
echo "$pid" >"$folder/pid.new" && mv "$folder/pid.new" "$folder/pid"
read -r word || true
[ "$word" = leave ] || kill -TERM "$pid" 2>/dev/null
for _ in $(seq 200); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
kill -KILL "$pid" 2>/dev/null
wait "$pid"
echo "$?" >"$folder/code"
[ "$word" = "" ] && [ -z "$HYDROFOIL_TESTS_KEEP" ] && rm -rf "$folder"
exit 0
"#;

/// Where the parts listen, as `hydrofoil up` writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Addresses {
    /// HTTPS.
    pub apiserver: String,
    /// HTTPS.
    pub kubelet: String,
    /// HTTP.
    pub proxy_healthz: String,
    /// HTTP.
    pub registry: String,
}

/// A running cluster, or one that was stopped and can be started again on the same data.
pub struct Cluster {
    folder: PathBuf,
    guard: Option<Guard>,
    addresses: Addresses,
    range: u8,
}

struct Guard {
    shell: Child,
    stdin: ChildStdin,
}

impl Cluster {
    /// The cluster that all tests of a test binary share, with the guests' images in its registry.
    pub fn shared() -> anyhow::Result<&'static Self> {
        static SHARED: OnceLock<Result<Cluster, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| {
            let cluster = Self::start().and_then(|cluster| {
                cluster.push_guests()?;
                Ok(cluster)
            });
            cluster.map_err(|error| format!("{error:#}"))
        });
        shared
            .as_ref()
            .map_err(|error| anyhow::anyhow!("the shared cluster: {error}"))
    }

    /// A new cluster.
    pub fn start() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("hydrofoil-test.")
            .tempdir()?
            .keep();
        let mut cluster = Self {
            range: next_range()?,
            addresses: Addresses {
                apiserver: String::new(),
                kubelet: String::new(),
                proxy_healthz: String::new(),
                registry: String::new(),
            },
            folder,
            guard: None,
        };
        cluster.start_again(&[])?;
        Ok(cluster)
    }

    /// Starts the stopped cluster on its data. Ports are those that were free the first time, so that addresses stay.
    pub fn start_again(&mut self, more: &[&str]) -> anyhow::Result<()> {
        ensure!(self.guard.is_none(), "the cluster runs");
        for name in ["pid", "code"] {
            // Left from the last time, if any.
            let _ = std::fs::remove_file(self.folder.join(name));
        }
        let at = |known: &str| {
            if known.is_empty() {
                "127.0.0.1:0".to_owned()
            } else {
                known.to_owned()
            }
        };
        let mut command = Command::new("bash");
        command
            .args(["-c", GUARD, "guard"])
            .arg(&self.folder)
            .arg(tools::hydrofoil()?)
            .arg("up")
            .arg("--data-dir")
            .arg(self.data_dir())
            .args(["--apiserver-listen", &at(&self.addresses.apiserver)])
            .args(["--kubelet-listen", &at(&self.addresses.kubelet)])
            .args(["--proxy-healthz-listen", &at(&self.addresses.proxy_healthz)])
            .args(["--registry-listen", &at(&self.addresses.registry)])
            .args(["--pod-cidr", &format!("{}0.0/16", self.pod_prefix())])
            .args([
                "--service-cidr",
                &format!("{}0.0/16", self.service_prefix()),
            ])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut shell = command.spawn().context("cannot start bash")?;
        let stdin = shell.stdin.take().context("bash has no standard input")?;
        self.guard = Some(Guard { shell, stdin });
        let lines_before = self.log().matches("ready in ").count();
        within(READY_WITHIN, || {
            if self.folder.join("code").exists() {
                return Ok(Err(anyhow::anyhow!("hydrofoil up ended:\n{}", self.log())));
            }
            ensure!(
                self.pid().is_ok() && self.log().matches("ready in ").count() > lines_before,
                "hydrofoil up is not ready:\n{}",
                self.log()
            );
            Ok(Ok(()))
        })??;
        let addresses = self.data_dir().join("addresses.json");
        let text =
            std::fs::read_to_string(&addresses).with_context(|| addresses.display().to_string())?;
        self.addresses = serde_json::from_str(&text)?;
        Ok(())
    }

    /// Where the parts listen.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// How the pods' addresses begin: `127.64.`.
    pub fn pod_prefix(&self) -> String {
        format!("127.{}.", FIRST_POD_RANGE + self.range)
    }

    /// How the Services' addresses begin: `127.96.`.
    pub fn service_prefix(&self) -> String {
        format!("127.{}.", FIRST_POD_RANGE + RANGES + self.range)
    }

    /// The data dir.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The admin's kubeconfig.
    pub fn kubeconfig(&self) -> PathBuf {
        self.data_dir().join("kubeconfig")
    }

    /// A folder for what a test writes.
    pub fn scratch(&self) -> &Path {
        &self.folder
    }

    /// What `hydrofoil up` printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("up.log")).unwrap_or_default()
    }

    /// The process.
    pub fn pid(&self) -> anyhow::Result<i32> {
        let text = std::fs::read_to_string(self.folder.join("pid"))?;
        Ok(text.trim().parse()?)
    }

    /// The `kubectl` of Kubernetes 1.36, in a namespace of its own that is made for `test`.
    pub fn kubectl(&self, test: &str) -> anyhow::Result<Kubectl> {
        self.kubectl_of(tools::tool("kubectl")?, test)
    }

    /// The `kubectl` on PATH, likewise.
    pub fn path_kubectl(&self, test: &str) -> anyhow::Result<Kubectl> {
        self.kubectl_of(
            tools::on_path("kubectl").context("there is no kubectl on PATH")?,
            test,
        )
    }

    fn kubectl_of(&self, program: PathBuf, test: &str) -> anyhow::Result<Kubectl> {
        let kubectl = Kubectl::new(
            program,
            self.kubeconfig(),
            self.folder.join("kubecache"),
            test,
        );
        let made = kubectl.try_run(&["create", "namespace", test])?;
        ensure!(
            made.ok() || made.stderr.contains("already exists"),
            "cannot make namespace {test}: {}",
            made.stderr
        );
        // Pods are refused until their namespace has it, here as upstream.
        eventually(|| kubectl.run(&["get", "serviceaccount", "default"]))?;
        Ok(kubectl)
    }

    /// The reference of a guest in the cluster's registry.
    pub fn image(&self, name: &str) -> String {
        format!("{}/{name}:v1", self.addresses.registry)
    }

    /// Pushes the examples and the tests' guests.
    pub fn push_guests(&self) -> anyhow::Result<()> {
        for (name, file) in tools::guests() {
            self.push(&file, &self.image(name))?;
        }
        Ok(())
    }

    /// Pushes one file.
    pub fn push(&self, file: &Path, reference: &str) -> anyhow::Result<String> {
        let output = Command::new(tools::hydrofoil()?)
            .arg("push")
            .arg(file)
            .arg(reference)
            .output()?;
        ensure!(
            output.status.success(),
            "hydrofoil push {} {reference}: {}",
            file.display(),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Stops the cluster as Ctrl-C would, and returns its exit code.
    pub fn stop(&mut self) -> anyhow::Result<i32> {
        self.signal("INT")?;
        self.wait_code()
    }

    /// Kills the cluster where it stands.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.signal("KILL")?;
        self.wait_code().map(|_| ())
    }

    fn signal(&self, name: &str) -> anyhow::Result<()> {
        let pid = self.pid()?.to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status()?;
        ensure!(sent.success(), "cannot send {name} to {pid}");
        Ok(())
    }

    fn wait_code(&mut self) -> anyhow::Result<i32> {
        let Some(Guard {
            mut shell,
            mut stdin,
        }) = self.guard.take()
        else {
            bail!("the cluster does not run");
        };
        // The process is on its way out: the shell is to wait for it and keep the folder.
        std::io::Write::write_all(&mut stdin, b"leave\n")?;
        drop(stdin);
        shell.wait()?;
        let code = eventually(|| Ok(std::fs::read_to_string(self.folder.join("code"))?))?;
        Ok(code.trim().parse()?)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        match self.guard.take() {
            Some(Guard { mut shell, stdin }) => {
                drop(stdin);
                let _ = shell.wait();
            }
            None if std::env::var_os("HYDROFOIL_TESTS_KEEP").is_none() => {
                let _ = std::fs::remove_dir_all(&self.folder);
            }
            None => {}
        }
    }
}
