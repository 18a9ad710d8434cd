//! Requests to the API server that `kubectl` would not send: over HTTPS with the admin's certificate, by `curl`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use serde_json::Value;

use crate::cluster::Cluster;

/// No request takes longer, in seconds.
const LIMIT: &str = "30";

/// The admin's certificate and key as files, and the server's address.
pub struct Raw {
    folder: PathBuf,
    server: String,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("{}: {}", self.status, self.body))
    }
}

impl Raw {
    /// Reads the cluster's kubeconfig. `name` keeps tests apart.
    pub fn new(cluster: &Cluster, name: &str) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(cluster.kubeconfig())?;
        let config: Value = serde_yaml::from_str(&text)?;
        let folder = cluster.scratch().join(format!("raw-{name}"));
        std::fs::create_dir_all(&folder)?;
        let user = &config["users"][0]["user"];
        let target = &config["clusters"][0]["cluster"];
        for (file, value) in [
            ("ca.crt", &target["certificate-authority-data"]),
            ("client.crt", &user["client-certificate-data"]),
            ("client.key", &user["client-key-data"]),
        ] {
            let encoded = value
                .as_str()
                .with_context(|| format!("the kubeconfig has no {file}"))?;
            let decoded = base64::engine::general_purpose::STANDARD.decode(encoded)?;
            std::fs::write(folder.join(file), decoded)?;
        }
        Ok(Self {
            folder,
            server: target["server"]
                .as_str()
                .context("the kubeconfig names no server")?
                .to_owned(),
        })
    }

    /// Sends a request. `kind` is the body's media type.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: &[u8],
    ) -> anyhow::Result<Answer> {
        self.send_with(method, path, &[&format!("Content-Type: {kind}")], body)
    }

    /// Sends a request with these header lines.
    pub fn send_with(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &[u8],
    ) -> anyhow::Result<Answer> {
        let body_file = tempfile::NamedTempFile::new_in(&self.folder)?;
        std::fs::write(body_file.path(), body)?;
        let mut command = self.curl();
        command.args([
            "--request",
            method,
            "--header",
            "Accept: application/json",
            "--header",
            "Expect:",
        ]);
        for header in headers {
            command.args(["--header", header]);
        }
        if !body.is_empty() {
            let mut data = std::ffi::OsString::from("@");
            data.push(body_file.path());
            command.arg("--data-binary").arg(data);
        }
        command.arg(format!("{}{path}", self.server));
        run(command)
    }

    /// Reads a path without any certificate of the client.
    pub fn anonymous(&self, path: &str) -> anyhow::Result<Answer> {
        let mut command = base();
        command.arg("--cacert").arg(self.folder.join("ca.crt"));
        command.arg(format!("{}{path}", self.server));
        run(command)
    }

    /// Reads a path.
    pub fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.send_with("GET", path, &[], b"")
    }

    fn curl(&self) -> Command {
        let mut command = base();
        command
            .arg("--cacert")
            .arg(self.folder.join("ca.crt"))
            .arg("--cert")
            .arg(self.folder.join("client.crt"))
            .arg("--key")
            .arg(self.folder.join("client.key"));
        command
    }
}

fn base() -> Command {
    let mut command = Command::new("curl");
    command.args([
        "--silent",
        "--show-error",
        "--noproxy",
        "*",
        "--max-time",
        LIMIT,
    ]);
    command.args(["--write-out", "\n%{http_code}"]);
    command
}

fn run(mut command: Command) -> anyhow::Result<Answer> {
    let output = command.output().context("cannot start curl")?;
    ensure!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, status) = text.rsplit_once('\n').context("curl said nothing")?;
    Ok(Answer {
        status: status.parse()?,
        body: body.to_owned(),
    })
}

/// Fetches a URL in plain HTTP and returns the body.
pub fn http(url: &str) -> anyhow::Result<Answer> {
    let mut command = base();
    command.arg(url);
    run(command)
}
