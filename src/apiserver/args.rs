//! The flags of `hydrofoil apiserver`: kube-apiserver's, by name and meaning, those that are honoured. Any other is an error.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use hydrofoil_apiserver::storage::{ClientPair, EtcdConfig};
use ipnet::IpNet;

use crate::up::port_range;

/// Flags of `hydrofoil apiserver`.
#[derive(Args, Debug)]
pub struct ApiserverArgs {
    /// Address to serve HTTPS on.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::UNSPECIFIED))]
    pub bind_address: IpAddr,
    /// Port to serve HTTPS on; port 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 6443)]
    pub secure_port: u16,
    /// Address at which members of the cluster reach this server [default: --bind-address].
    #[arg(long, value_name = "ADDRESS")]
    pub advertise_address: Option<IpAddr>,
    /// Range of the Services' addresses.
    #[arg(long, value_name = "CIDR", default_value = "10.0.0.0/24")]
    pub service_cluster_ip_range: IpNet,
    /// Range of node ports.
    #[arg(long, value_name = "FIRST-LAST", default_value = "30000-32767", value_parser = port_range)]
    pub service_node_port_range: (u16, u16),
    /// Who may sign clients' and kubelets' certificates (PEM).
    #[arg(long, value_name = "FILE")]
    pub client_ca_file: Option<PathBuf>,
    /// Certificate to serve HTTPS with (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_private_key_file")]
    pub tls_cert_file: Option<PathBuf>,
    /// Its key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert_file")]
    pub tls_private_key_file: Option<PathBuf>,
    /// Certificate to show to kubelets (PEM).
    #[arg(long, value_name = "FILE", requires = "kubelet_client_key")]
    pub kubelet_client_certificate: Option<PathBuf>,
    /// Its key (PEM).
    #[arg(long, value_name = "FILE", requires = "kubelet_client_certificate")]
    pub kubelet_client_key: Option<PathBuf>,
    /// How long Events are kept.
    #[arg(long, value_name = "DURATION", default_value = "1h0m0s", value_parser = go_duration)]
    pub event_ttl: Duration,
    /// Where a store of its own is kept, when --etcd-servers names none, and certificates of its own, when no others are given.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    #[command(flatten)]
    pub etcd: EtcdArgs,
}

/// The flags about etcd.
#[derive(Args, Debug)]
pub struct EtcdArgs {
    /// Endpoints of etcd, or of `hydrofoil store`, separated by commas (scheme://host:port).
    #[arg(long, value_name = "URL,…", value_delimiter = ',')]
    pub etcd_servers: Vec<String>,
    /// What all keys begin with [default: /registry].
    #[arg(long, value_name = "PREFIX", requires = "etcd_servers")]
    pub etcd_prefix: Option<String>,
    /// Who may sign etcd's certificates (PEM).
    #[arg(long, value_name = "FILE", requires = "etcd_servers")]
    pub etcd_cafile: Option<PathBuf>,
    /// Certificate to show to etcd (PEM).
    #[arg(long, value_name = "FILE", requires_all = ["etcd_servers", "etcd_keyfile"])]
    pub etcd_certfile: Option<PathBuf>,
    /// Its key (PEM).
    #[arg(long, value_name = "FILE", requires_all = ["etcd_servers", "etcd_certfile"])]
    pub etcd_keyfile: Option<PathBuf>,
    /// How often the store's history is compacted; 0 leaves it to others.
    #[arg(long, value_name = "DURATION", default_value = "5m0s", value_parser = go_duration)]
    pub etcd_compaction_interval: Duration,
    /// Longest time that the store may take to answer a health check.
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = go_duration)]
    pub etcd_healthcheck_timeout: Duration,
    /// Longest time that the store may take to answer a readiness check.
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = go_duration)]
    pub etcd_readycheck_timeout: Duration,
}

/// The certificates that were given: for HTTPS with its key, and the authority of clients. PEM.
pub struct Certificates {
    /// The serving certificate.
    pub serving: String,
    /// Its key.
    pub key: String,
    /// The authority.
    pub client_ca: String,
}

/// Reads a file that a flag names.
pub fn read(flag: &str, path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("--{flag} {}", path.display()))
}

impl ApiserverArgs {
    /// Where HTTPS is served.
    pub fn listen(&self) -> SocketAddr {
        SocketAddr::new(self.bind_address, self.secure_port)
    }

    /// Reads the certificates, when they are given.
    pub fn certificates(&self) -> anyhow::Result<Option<Certificates>> {
        match (
            &self.tls_cert_file,
            &self.tls_private_key_file,
            &self.client_ca_file,
        ) {
            (Some(serving), Some(key), Some(ca)) => Ok(Some(Certificates {
                serving: read("tls-cert-file", serving)?,
                key: read("tls-private-key-file", key)?,
                client_ca: read("client-ca-file", ca)?,
            })),
            (None, None, None) => Ok(None),
            (None, ..) => {
                bail!("--client-ca-file needs --tls-cert-file and --tls-private-key-file")
            }
            _ => bail!("--tls-cert-file needs --client-ca-file"),
        }
    }

    /// Reads what is shown to kubelets, when it is given.
    pub fn kubelet_client(&self) -> anyhow::Result<Option<(String, String)>> {
        let pair = self
            .kubelet_client_certificate
            .as_ref()
            .zip(self.kubelet_client_key.as_ref());
        pair.map(|(certificate, key)| {
            Ok((
                read("kubelet-client-certificate", certificate)?,
                read("kubelet-client-key", key)?,
            ))
        })
        .transpose()
    }
}

impl EtcdArgs {
    /// How etcd is reached, when it is named.
    pub fn config(&self) -> anyhow::Result<Option<EtcdConfig>> {
        if self.etcd_servers.is_empty() {
            return Ok(None);
        }
        let pair = self.etcd_certfile.as_ref().zip(self.etcd_keyfile.as_ref());
        let client = pair
            .map(|(certificate, key)| {
                Ok::<_, anyhow::Error>(ClientPair {
                    certificate: read("etcd-certfile", certificate)?,
                    key: read("etcd-keyfile", key)?,
                })
            })
            .transpose()?;
        let ca = self.etcd_cafile.as_ref();
        Ok(Some(EtcdConfig {
            servers: self.etcd_servers.clone(),
            prefix: self
                .etcd_prefix
                .clone()
                .unwrap_or_else(|| "/registry".to_owned()),
            ca: ca.map(|path| read("etcd-cafile", path)).transpose()?,
            client,
        }))
    }
}

/// A duration as Go writes it, not below zero: `1h30m`, `2s`, `1.5s`, `100ms`, `0`.
fn go_duration(text: &str) -> Result<Duration, String> {
    let nanos = hydrofoil_api::decode::time::parse_duration(text).ok();
    nanos
        .and_then(|nanos| u64::try_from(nanos).ok())
        .map(Duration::from_nanos)
        .ok_or_else(|| format!("{text:?}: a duration is wanted, such as 5m0s"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        args: ApiserverArgs,
    }

    fn parse(flags: &[&str]) -> Result<ApiserverArgs, clap::Error> {
        Cli::try_parse_from([&["apiserver"], flags].concat()).map(|cli| cli.args)
    }

    #[test]
    fn defaults_are_upstreams() {
        let args = parse(&[]).expect("no flag is required");
        assert_eq!(args.listen().to_string(), "0.0.0.0:6443");
        assert_eq!(args.etcd.etcd_compaction_interval, Duration::from_secs(300));
        assert_eq!(args.etcd.etcd_readycheck_timeout, Duration::from_secs(2));
        assert_eq!(args.service_cluster_ip_range.to_string(), "10.0.0.0/24");
        assert!(args.etcd.config().expect("read").is_none());
    }

    #[test]
    fn etcd_is_named_by_several_servers() {
        let args = parse(&["--etcd-servers", "http://a:1,http://b:2"]).expect("parsed");
        let config = args.etcd.config().expect("read").expect("named");
        assert_eq!(config.servers, ["http://a:1", "http://b:2"]);
        assert_eq!(config.prefix, "/registry");
    }

    #[test]
    fn what_would_have_no_effect_is_refused() {
        assert!(parse(&["--etcd-prefix", "/x"]).is_err());
        assert!(parse(&["--etcd-servers", "http://a:1", "--etcd-certfile", "x"]).is_err());
        assert!(parse(&["--tls-cert-file", "x"]).is_err());
        assert!(parse(&["--feature-gates", "A=true"]).is_err());
        let half = parse(&["--client-ca-file", "x"]).expect("parsed");
        assert!(half.certificates().is_err());
    }

    #[test]
    fn durations_are_gos() {
        let of = |text: &str| go_duration(text).ok();
        assert_eq!(of("1h0m0s"), Some(Duration::from_secs(3600)));
        assert_eq!(of("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(of("0"), Some(Duration::ZERO));
        for wrong in ["", "5", "s", "5x", "-1s", "1..5s"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
