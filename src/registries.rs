//! How the commands that speak to registries reach them.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use hydrofoil_runtime_shim::image::{DockerConfig, Registries};

/// The flags.
#[derive(Args, Debug)]
pub struct RegistryArgs {
    /// The docker configuration with registries' credentials [default: `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`].
    #[arg(long, value_name = "FILE")]
    pub registry_config: Option<PathBuf>,
    /// A folder of containerd's `hosts.toml` files, one for each registry, as `/etc/containerd/certs.d` is.
    #[arg(long, value_name = "DIR")]
    pub registry_hosts: Option<PathBuf>,
}

/// The flags of who pulls from any number of registries.
#[derive(Args, Debug)]
pub struct PullArgs {
    #[command(flatten)]
    registries: RegistryArgs,
    /// Speak plain HTTP to a registry, beside those on loopback.
    #[arg(long = "plain-http", value_name = "HOST[:PORT]")]
    plain_http: Vec<String>,
}

impl RegistryArgs {
    /// The settings, with the registries that are spoken to in plain HTTP.
    pub fn registries(
        &self,
        plain_http: impl IntoIterator<Item = String>,
    ) -> anyhow::Result<Registries> {
        Ok(Registries {
            docker: docker_config(self.registry_config.as_deref())?,
            folder: self.registry_hosts.clone(),
            plain_http: plain_http.into_iter().collect(),
        })
    }
}

impl PullArgs {
    /// The settings.
    pub fn registries(&self) -> anyhow::Result<Registries> {
        self.registries.registries(self.plain_http.iter().cloned())
    }
}

fn docker_config(named: Option<&Path>) -> anyhow::Result<DockerConfig> {
    if let Some(path) = named {
        return DockerConfig::load(path)
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
