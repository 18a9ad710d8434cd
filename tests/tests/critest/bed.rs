//! What the suite runs against: a containerd with a network for its pods, and `hydrofoil runtime` before it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use hydrofoil_tests::{tools, wait};
use serde_json::json;

use crate::inside;
use crate::process::Process;
use crate::{images, registry};

/// The registries that the suite names.
const HOSTS: [&str; 3] = ["registry.k8s.io", "gcr.io", "k8s.gcr.io"];

/// Debian's network plugins.
const PLUGINS: &str = "/usr/lib/cni";

/// The name of a runtime's socket in its folder.
const SOCKET: &str = "cri.sock";

/// Addresses of pods that containerd runs, inside this network namespace alone.
const POD_RANGE: &str = "10.85.0.0/16";

/// Addresses of pods that we run. The suite has none of those, but a runtime that has no range is not ready.
const OWN_POD_RANGE: &str = "127.85.0.0/16";

/// A containerd of its own folder. Pods that are left in it at the end are removed.
pub struct Containerd {
    folder: PathBuf,
    _process: Process,
}

impl Containerd {
    /// Starts one, and waits until it answers.
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("config.toml"), config(folder))?;
        for host in HOSTS {
            let hosts = folder.join("hosts").join(host);
            std::fs::create_dir_all(&hosts)?;
            let at = registry::ADDRESS;
            let host = format!("server = \"http://{at}\"\n[host.\"http://{at}\"]\n");
            std::fs::write(hosts.join("hosts.toml"), host)?;
        }
        let networks = folder.join("networks");
        std::fs::create_dir_all(&networks)?;
        std::fs::write(networks.join("10-pods.conflist"), network(folder))?;
        let mut command = Command::new("containerd");
        command.arg("--config").arg(folder.join("config.toml"));
        let process = Process::start("containerd", &mut command, folder)?;
        let socket = folder.join(SOCKET);
        wait::eventually(|| crictl(&socket, &["version"])).with_context(|| process.said())?;
        Ok(Self {
            folder: folder.to_owned(),
            _process: process,
        })
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        self.folder.join(SOCKET)
    }
}

impl Drop for Containerd {
    fn drop(&mut self) {
        // While it can still do so: control groups are what outlives this test's namespaces.
        if let Err(error) = crictl(&self.socket(), &["rmp", "--all", "--force"]) {
            eprintln!("pods may be left: {error:#}");
        }
    }
}

fn config(folder: &Path) -> String {
    let at = folder.display();
    let sandbox = images::SANDBOX;
    format!(
        r#"
version = 2
root = "{at}/root"
state = "{at}/state"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
address = "{at}/{SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{sandbox}"
restrict_oom_score_adj = true
stream_server_address = "127.0.0.1"
stream_server_port = "0"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{PLUGINS}"
conf_dir = "{at}/networks"
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "{at}/hosts"
"#
    )
}

fn network(folder: &Path) -> String {
    let addresses = json!({
        "type": "host-local",
        "dataDir": folder.join("addresses"),
        "ranges": [[{ "subnet": POD_RANGE }]],
        "routes": [{ "dst": "0.0.0.0/0" }],
    });
    json!({
        "cniVersion": "0.4.0",
        "name": "pods",
        "plugins": [
            { "type": "bridge", "bridge": "pods", "isGateway": true, "hairpinMode": true, "ipam": addresses },
            { "type": "portmap", "capabilities": { "portMappings": true } },
        ],
    })
    .to_string()
}

/// `hydrofoil runtime` before a containerd.
pub struct Hydrofoil {
    folder: PathBuf,
    _process: Process,
}

impl Hydrofoil {
    /// Starts one, and waits until it answers. It finds the suite's registries where containerd does.
    pub fn start(folder: &Path, containerd: &Containerd) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut command = Command::new(tools::hydrofoil()?);
        command
            .arg("runtime")
            .arg("--listen")
            .arg(folder.join(SOCKET))
            .arg("--root")
            .arg(folder.join("root"))
            .arg("--containerd")
            .arg(containerd.socket())
            .arg("--registry-hosts")
            .arg(containerd.folder.join("hosts"))
            .args(["--pod-cidr", OWN_POD_RANGE])
            .env("HOME", folder);
        let process = Process::start("hydrofoil", &mut command, folder)?;
        let socket = folder.join(SOCKET);
        wait::eventually(|| crictl(&socket, &["version"])).with_context(|| process.said())?;
        Ok(Self {
            folder: folder.to_owned(),
            _process: process,
        })
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        self.folder.join(SOCKET)
    }
}

fn crictl(socket: &Path, words: &[&str]) -> anyhow::Result<()> {
    let socket = format!("unix://{}", socket.display());
    let mut command = Command::new(tools::tool("crictl")?);
    command
        .args(["--config", "/dev/null", "--runtime-endpoint", &socket])
        .args(["--image-endpoint", &socket, "--timeout", "30s"])
        .args(words);
    inside::run(&mut command)
}
