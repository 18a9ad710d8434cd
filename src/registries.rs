//! How the commands that speak to registries reach them.

use std::path::PathBuf;

use anyhow::Context as _;
use hydrofoil_runtime_shim::image::{DockerConfig, Host, Registries};

/// Settings from a docker configuration (the user's own, if none is named) and the hosts that are spoken to in plain HTTP.
pub fn registries(
    named: Option<PathBuf>,
    plain_http: impl IntoIterator<Item = String>,
) -> anyhow::Result<Registries> {
    let plain = Host {
        plain_http: Some(true),
        ..Default::default()
    };
    Ok(Registries {
        docker: docker_config(named)?,
        hosts: plain_http
            .into_iter()
            .map(|host| (host, plain.clone()))
            .collect(),
    })
}

fn docker_config(named: Option<PathBuf>) -> anyhow::Result<DockerConfig> {
    if let Some(path) = named {
        return DockerConfig::load(&path)
            .with_context(|| format!("--registry-config {}", path.display()));
    }
    let folder = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let Some(folder) = folder.or_else(|| std::env::home_dir().map(|home| home.join(".docker")))
    else {
        return Ok(DockerConfig::default());
    };
    let path = folder.join("config.json");
    DockerConfig::load(&path).with_context(|| format!("cannot read {}", path.display()))
}
