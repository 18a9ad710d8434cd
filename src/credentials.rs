//! What a data dir's own authority makes for people: the admin's kubeconfig.

use std::net::SocketAddr;

use hydrofoil_apiserver::pki::{Kubeconfig, Pair, Pki};

use crate::paths::{self, DataDir};

/// The cluster's DNS domain.
pub const CLUSTER_DOMAIN: &str = "cluster.local";
/// What the cluster, its user and its context are called in kubeconfigs.
const CLUSTER: &str = "hydrofoil";

/// Writes the kubeconfig of the admin, who reaches the API server at this address.
pub fn write_kubeconfig(
    data: &DataDir,
    pki: &Pki,
    admin: &Pair,
    address: SocketAddr,
) -> anyhow::Result<()> {
    let server = match address.ip() {
        ip if ip.is_unspecified() => format!("https://127.0.0.1:{}", address.port()),
        _ => format!("https://{address}"),
    };
    let kubeconfig = Kubeconfig {
        cluster: CLUSTER,
        server: &server,
        ca: pki.ca_certificate(),
        user: "hydrofoil-admin",
        certificate: &admin.certificate,
        key: &admin.key,
    };
    paths::write_private(&data.kubeconfig(), kubeconfig.text().as_bytes())
}

/// The time by which certificates are made and renewed.
#[expect(
    clippy::disallowed_methods,
    reason = "certificates are made and renewed by the wall clock"
)]
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
