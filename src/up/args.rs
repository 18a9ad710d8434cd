//! The flags of `hydrofoil up`: every address, port and range, with defaults that need no root.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use ipnet::{IpNet, Ipv4Net};

use crate::registries::PullArgs;

/// Flags of `hydrofoil up`.
#[derive(Args, Debug)]
pub struct UpArgs {
    /// Where everything is kept [default: `hydrofoil` under the XDG data folder].
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Name of the one node [default: the host's name].
    #[arg(long, value_name = "NAME")]
    pub node_name: Option<String>,
    /// Where the API server listens (HTTPS); port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = loopback(6443))]
    pub apiserver_listen: SocketAddr,
    /// Where the kubelet listens (HTTPS); port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = loopback(10250))]
    pub kubelet_listen: SocketAddr,
    /// Where the Service proxy tells its health (HTTP); port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = loopback(10256))]
    pub proxy_healthz_listen: SocketAddr,
    /// Where the embedded OCI registry listens (HTTP); port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = loopback(5000))]
    pub registry_listen: SocketAddr,
    /// Do not run the embedded registry.
    #[arg(long)]
    pub no_registry: bool,
    /// Range of the pods' addresses. Without root it must lie in 127.0.0.0/8.
    #[arg(long, value_name = "CIDR", default_value = "127.64.0.0/16")]
    pub pod_cidr: Ipv4Net,
    /// Range of the Services' addresses. Without root it must lie in 127.0.0.0/8.
    #[arg(long, value_name = "CIDR", default_value = "127.96.0.0/16")]
    pub service_cidr: IpNet,
    /// Range of node ports.
    #[arg(long, value_name = "FIRST-LAST", default_value = "30000-32767", value_parser = port_range)]
    pub service_node_port_range: (u16, u16),
    #[command(flatten)]
    pub pull: PullArgs,
    /// Most pods on the node.
    #[arg(long, value_name = "COUNT", default_value_t = 11_000)]
    pub max_pods: u32,
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

pub fn port_range(text: &str) -> Result<(u16, u16), String> {
    let wrong = || format!("{text:?}: FIRST-LAST is wanted, such as 30000-32767");
    let (first, last) = text.split_once('-').ok_or_else(wrong)?;
    let (first, last) = (
        first.parse().map_err(|_| wrong())?,
        last.parse().map_err(|_| wrong())?,
    );
    if first == 0 || first > last {
        Err(wrong())
    } else {
        Ok((first, last))
    }
}

impl UpArgs {
    /// Checks what flags say together.
    pub fn check(&self) -> anyhow::Result<()> {
        if let IpNet::V4(services) = self.service_cidr
            && (services.contains(&self.pod_cidr.network())
                || self.pod_cidr.contains(&services.network()))
        {
            bail!(
                "--pod-cidr {} and --service-cidr {services} overlap",
                self.pod_cidr
            );
        }
        Ok(())
    }

    /// The node's name: the one given, or the host's, as a DNS-1123 subdomain.
    pub fn node_name(&self) -> anyhow::Result<String> {
        let name = match &self.node_name {
            Some(name) => name.clone(),
            None => rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .to_lowercase(),
        };
        let wrong = hydrofoil_api::names::is_dns1123_subdomain(&name);
        if !wrong.is_empty() {
            bail!("--node-name {name:?}: {}", wrong.join("; "));
        }
        Ok(name)
    }

    /// The address at which others reach the node.
    pub fn node_ip(&self) -> IpAddr {
        match self.kubelet_listen.ip() {
            ip if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            ip => ip,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        up: UpArgs,
    }

    fn parse(flags: &[&str]) -> Result<UpArgs, clap::Error> {
        Cli::try_parse_from([&["up"], flags].concat()).map(|cli| cli.up)
    }

    #[test]
    fn the_defaults_need_no_root() {
        let up = parse(&[]).expect("no flag is required");
        assert!(up.check().is_ok());
        assert_eq!(up.apiserver_listen.to_string(), "127.0.0.1:6443");
        assert_eq!(up.pod_cidr.to_string(), "127.64.0.0/16");
        assert_eq!(up.service_node_port_range, (30000, 32767));
    }

    #[test]
    fn ranges_that_overlap_are_refused() {
        let up = parse(&["--pod-cidr", "127.96.4.0/24"]).expect("parsed");
        assert!(
            up.check()
                .expect_err("they overlap")
                .to_string()
                .contains("overlap")
        );
    }

    #[test]
    fn a_port_range_is_two_ports_in_order() {
        assert!(parse(&["--service-node-port-range", "31000-30000"]).is_err());
        assert!(parse(&["--service-node-port-range", "x"]).is_err());
        assert!(parse(&["--service-node-port-range", "70000-70001"]).is_err());
    }

    #[test]
    fn a_node_name_is_a_dns_name() {
        let up = parse(&["--node-name", "Not_A_Name"]).expect("parsed");
        assert!(up.node_name().is_err());
    }
}
