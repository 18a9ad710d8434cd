//! The registry that the images are pulled from: Debian's `docker-registry`, at the port of references that name none.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use hydrofoil_tests::wait;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::process::Process;

/// Of this network namespace alone.
pub const ADDRESS: &str = "127.0.0.1:80";

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// What a container of an image is told if it is told nothing else.
#[derive(Clone, Copy, Default)]
pub struct Defaults<'a> {
    /// Its words.
    pub command: &'a [&'a str],
    /// Its user, and group.
    pub user: &'a str,
}

/// See the module header.
pub struct Registry {
    http: reqwest::Client,
    _process: Process,
}

impl Registry {
    /// Starts one that keeps its files in `folder`.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let config = folder.join("config.yml");
        let content = json!({
            "version": 0.1,
            "log": { "level": "warn" },
            "storage": { "filesystem": { "rootdirectory": folder.join("data") } },
            "http": { "addr": ADDRESS, "secret": "none" },
        });
        std::fs::write(&config, content.to_string())?;
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&config);
        let process = Process::start("docker-registry", &mut command, folder)?;
        // Another test of this process may have done so already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let registry = Self {
            http: reqwest::Client::new(),
            _process: process,
        };
        wait::eventually(|| std::net::TcpStream::connect(ADDRESS).context("docker-registry"))?;
        Ok(registry)
    }

    /// Puts an image under one or more tags of a repository.
    pub async fn push(
        &self,
        repository: &str,
        tags: &[&str],
        layers: &[&[u8]],
        defaults: Defaults<'_>,
    ) -> anyhow::Result<()> {
        let digests: Vec<String> = layers.iter().map(|layer| digest(layer)).collect();
        let config = json!({
            "os": "linux",
            "architecture": architecture(),
            "config": {
                "Cmd": defaults.command,
                "User": defaults.user,
                "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            },
            "rootfs": { "type": "layers", "diff_ids": digests },
        });
        let config = config.to_string().into_bytes();
        for blob in layers.iter().copied().chain([&config[..]]) {
            self.upload(repository, blob).await?;
        }
        let descriptor = |kind: &str, bytes: &[u8]| json!({ "mediaType": kind, "digest": digest(bytes), "size": bytes.len() });
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(CONFIG, &config),
            "layers": layers.iter().map(|layer| descriptor(LAYER, layer)).collect::<Vec<_>>(),
        });
        for tag in tags {
            let request = self
                .http
                .put(format!("http://{ADDRESS}/v2/{repository}/manifests/{tag}"))
                .header("content-type", MANIFEST)
                .body(manifest.to_string());
            accepted(request.send().await?).await?;
        }
        Ok(())
    }

    async fn upload(&self, repository: &str, blob: &[u8]) -> anyhow::Result<()> {
        let digest = digest(blob);
        let at = format!("http://{ADDRESS}/v2/{repository}/blobs/");
        let known = self.http.head(format!("{at}{digest}")).send().await?;
        if known.status().is_success() {
            return Ok(());
        }
        let begun = accepted(self.http.post(format!("{at}uploads/")).send().await?).await?;
        let location = begun
            .headers()
            .get("location")
            .context("an upload has no location")?
            .to_str()?;
        let request = self
            .http
            .put(format!("{location}&digest={digest}"))
            .header("content-type", "application/octet-stream")
            .body(blob.to_vec());
        accepted(request.send().await?).await?;
        Ok(())
    }
}

async fn accepted(response: reqwest::Response) -> anyhow::Result<reqwest::Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let url = response.url().clone();
    let said = response.text().await?;
    bail!("{url}: {status}: {said}")
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
