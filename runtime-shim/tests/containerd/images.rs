//! Container images made of what the machine has: a static busybox from Debian's package.

use std::net::SocketAddr;

use serde_json::json;
use sha2::{Digest as _, Sha256};

const BUSYBOX: &str = "/bin/busybox";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// Puts an image with busybox's tools into a registry, which runs `command` if it is told nothing else. Returns its reference.
pub async fn push(registry: SocketAddr, name: &str, command: &[&str]) -> String {
    let layer = layer();
    let config = json!({
        "os": "linux",
        "architecture": architecture(),
        "config": { "Cmd": command, "Env": ["PATH=/bin"] },
        "rootfs": { "type": "layers", "diff_ids": [digest(&layer)] },
    });
    let config = config.to_string().into_bytes();
    // Another test of this process may have done so already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::new();
    for blob in [&config, &layer] {
        let url = format!(
            "http://{registry}/v2/{name}/blobs/uploads/?digest={}",
            digest(blob)
        );
        let sent = http.post(url).body(blob.clone()).send().await.unwrap();
        sent.error_for_status().unwrap();
    }
    let descriptor = |kind: &str, bytes: &[u8]| json!({ "mediaType": kind, "digest": digest(bytes), "size": bytes.len() });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(CONFIG, &config),
        "layers": [descriptor(LAYER, &layer)],
    });
    let put = http
        .put(format!("http://{registry}/v2/{name}/manifests/v1"))
        .header("content-type", MANIFEST)
        .body(manifest.to_string());
    put.send().await.unwrap().error_for_status().unwrap();
    format!("{registry}/{name}:v1")
}

/// busybox, and links to it by the names of the tools that are used.
fn layer() -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let busybox = std::fs::read(BUSYBOX).expect("busybox-static is installed: tests/run does it");
    let mut header = tar::Header::new_gnu();
    header.set_size(busybox.len() as u64);
    header.set_mode(0o755);
    tar.append_data(&mut header, "bin/busybox", &busybox[..])
        .unwrap();
    for tool in ["sh", "sleep", "echo", "cat"] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, format!("bin/{tool}"), "busybox")
            .unwrap();
    }
    tar.into_inner().unwrap()
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
