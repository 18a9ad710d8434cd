//! How each registry host is reached: scheme, certificate authorities, mirrors.
//!
//! A subset of containerd's `hosts.toml` as plain values: the file's own form is read elsewhere.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::auth::{Auth, DockerConfig};

/// Settings for all registries, by the host (and port) that a reference names.
#[derive(Clone, Debug, Default)]
pub struct Registries {
    /// Per-host settings; a host that is not here has [`Host::default`].
    pub hosts: BTreeMap<String, Host>,
    /// Credentials used when a pull brings none.
    pub docker: DockerConfig,
}

/// One host's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Host {
    /// Plain HTTP instead of HTTPS. Unset: HTTP for loopback addresses, HTTPS for others.
    pub plain_http: Option<bool>,
    /// PEM certificates of authorities to trust beside the system's.
    pub ca_certificates: Vec<String>,
    /// Accept any certificate.
    pub insecure_skip_verify: bool,
    /// Hosts to ask first, in this order; each has settings of its own.
    pub mirrors: Vec<String>,
}

impl Registries {
    /// The settings of `host`.
    pub fn host(&self, host: &str) -> Host {
        self.hosts.get(host).cloned().unwrap_or_default()
    }

    /// Whether `host` (with or without port) is spoken to in plain HTTP.
    pub fn plain_http(&self, host: &str) -> bool {
        self.hosts
            .get(host)
            .and_then(|settings| settings.plain_http)
            .unwrap_or_else(|| is_loopback(host))
    }

    /// The credentials for `registry`: the ones given, or the configured ones.
    pub fn auth_for(&self, registry: &str, given: Auth) -> Auth {
        match given {
            Auth::Anonymous => self.docker.lookup(registry),
            given => given,
        }
    }
}

/// `localhost`, 127.0.0.0/8 and ::1, as Docker and containerd treat them.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(name, _)| name),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost"
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_plain_unless_told() {
        let mut registries = Registries::default();
        for host in ["localhost", "localhost:5000", "127.3.2.1:80", "[::1]:5000"] {
            assert!(registries.plain_http(host), "{host}");
        }
        for host in [
            "docker.io",
            "localhost.example:5000",
            "10.0.0.1:5000",
            "[fe80::1]:5000",
        ] {
            assert!(!registries.plain_http(host), "{host}");
        }
        registries.hosts.insert(
            "localhost:5000".into(),
            Host {
                plain_http: Some(false),
                ..Host::default()
            },
        );
        assert!(!registries.plain_http("localhost:5000"));
    }
}
