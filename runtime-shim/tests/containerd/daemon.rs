//! A real containerd of the test's own: its folders, its socket, its containers, and nothing of it left at the end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// See the module header.
pub struct Daemon {
    dir: TempDir,
    child: Child,
}

impl Daemon {
    /// Where one that is started in `dir` listens.
    pub fn socket_in(dir: &Path) -> PathBuf {
        dir.join("containerd.sock")
    }

    /// Starts one in `dir` whose sandboxes are made of `pause`. Needs root.
    pub fn start(dir: TempDir, registry: SocketAddr, pause: &str) -> Daemon {
        assert!(
            rustix::process::geteuid().is_root(),
            "containerd needs root"
        );
        let at = dir.path().display();
        let hosts = dir.path().join(format!("hosts/{registry}"));
        std::fs::create_dir_all(&hosts).unwrap();
        let host = format!("server = \"http://{registry}\"\n[host.\"http://{registry}\"]\n");
        std::fs::write(hosts.join("hosts.toml"), host).unwrap();
        let config = format!(
            r#"
version = 2
root = "{at}/root"
state = "{at}/state"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
address = "{at}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
restrict_oom_score_adj = true
stream_server_address = "127.0.0.1"
stream_server_port = "0"
[plugins."io.containerd.grpc.v1.cri".cni]
conf_dir = "{at}/cni"
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "{at}/hosts"
"#
        );
        std::fs::write(dir.path().join("config.toml"), config).unwrap();
        let child = run(dir.path());
        Daemon { dir, child }
    }

    /// Kills it as `kill -9` does; its containers go on.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again after [`Daemon::kill`].
    pub fn start_again(&mut self) {
        self.child = run(self.dir.path());
    }

    /// The last lines of its log.
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
        let from = log.lines().count().saturating_sub(20);
        log.lines().skip(from).collect::<Vec<_>>().join("\n")
    }
}

fn run(dir: &Path) -> Child {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(dir.join("log"))
        .unwrap();
    Command::new("containerd")
        .arg("--config")
        .arg(dir.join("config.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("containerd is installed: tests/run does it")
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // What fails here has nothing to end or nothing to unmount.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let at = self.dir.path().display().to_string();
        for pid in ours(&at) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        for mount in mounts(&at).iter().rev() {
            let _ = Command::new("umount").args(["--lazy", mount]).status();
        }
    }
}

/// The shims that serve this daemon, and the first processes of their containers.
fn ours(at: &str) -> Vec<rustix::process::Pid> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&line).contains(at) {
            found.extend(rustix::process::Pid::from_raw(pid));
        }
    }
    let bundles = Path::new(at).join("state/io.containerd.runtime.v2.task/k8s.io");
    for bundle in std::fs::read_dir(bundles).into_iter().flatten().flatten() {
        let pid = std::fs::read_to_string(bundle.path().join("init.pid")).unwrap_or_default();
        let pid = pid
            .trim()
            .parse()
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        found.extend(pid);
    }
    found
}

/// What is mounted below a folder, outermost first.
fn mounts(at: &str) -> Vec<String> {
    let all = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let points = all.lines().filter_map(|line| line.split(' ').nth(1));
    points
        .filter(|point| point.starts_with(at))
        .map(str::to_owned)
        .collect()
}
