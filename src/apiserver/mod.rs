//! `hydrofoil apiserver`: the API server alone. Objects are kept in etcd (`--etcd-servers`, which may name `hydrofoil store`) or
//! in a store of its own in the data dir; certificates are given, or made by an authority in the data dir.

mod args;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::{Context as _, bail};
use hydrofoil_apiserver::Config;
use hydrofoil_apiserver::pki::{Names, Pki, Subject};
use hydrofoil_apiserver::storage::Storage;
use hydrofoil_raftstore::Store;
use tokio::signal::unix::{SignalKind, signal};

pub use args::ApiserverArgs;

use crate::credentials::{CLUSTER_DOMAIN, now, write_kubeconfig};
use crate::paths::{self, DataDir};
use crate::rooms::Room;

/// Runs the command until Ctrl-C or SIGTERM.
pub fn run(args: &ApiserverArgs) -> anyhow::Result<()> {
    let data = match &args.data_dir {
        Some(dir) => {
            let data = DataDir::resolve(Some(dir))?;
            paths::make_private(data.root())?;
            Some(data)
        }
        None => None,
    };
    let _lock = data.as_ref().map(DataDir::take).transpose()?;
    let (config, authority) = config(args, data.as_ref())?;
    let room = Room::new("apiserver")?;
    let outcome = room.block_on(serve(args, data.as_ref(), config, authority));
    room.stop();
    outcome
}

/// The server's settings; the authority too, when it is the data dir's own.
fn config(args: &ApiserverArgs, data: Option<&DataDir>) -> anyhow::Result<(Config, Option<Pki>)> {
    let advertise = advertise(args)?;
    let mut kubelet_client = args.kubelet_client()?;
    let (mut config, authority) = match (args.certificates()?, data) {
        (Some(given), _) => (Config::new(given.serving, given.key, given.client_ca), None),
        (None, None) => bail!(
            "--tls-cert-file, --tls-private-key-file and --client-ca-file are needed, or a --data-dir to make certificates in"
        ),
        (None, Some(data)) => {
            let pki = Pki::open(&data.pki(), now())?;
            let mut addresses = vec![args.bind_address, advertise];
            addresses.retain(|ip| !ip.is_unspecified());
            addresses.dedup();
            let extra: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
            let kubernetes = args.service_cluster_ip_range.hosts().next();
            let names = Names::apiserver(kubernetes, CLUSTER_DOMAIN, &extra);
            let serving = pki.apiserver(&names)?;
            if kubelet_client.is_none() {
                let pair = pki.client("apiserver-kubelet-client", &Subject::kubelet_client())?;
                kubelet_client = Some((pair.certificate, pair.key));
            }
            let ca = pki.ca_certificate().to_owned();
            (Config::new(serving.certificate, serving.key, ca), Some(pki))
        }
    };
    config.listen = args.listen();
    config.advertise = Some(SocketAddr::new(advertise, args.secure_port));
    config.kubelet_client = kubelet_client;
    config.service_cidr = args.service_cluster_ip_range;
    config.service_node_ports = args.service_node_port_range.0..=args.service_node_port_range.1;
    config.event_ttl = args.event_ttl;
    let every = args.etcd.etcd_compaction_interval;
    config.compaction_interval = (every > Duration::ZERO).then_some(every);
    config.etcd_healthcheck_timeout = args.etcd.etcd_healthcheck_timeout;
    config.etcd_readycheck_timeout = args.etcd.etcd_readycheck_timeout;
    Ok((config, authority))
}

/// Where members of the cluster reach this server: as told, or where it listens, or, when that is everywhere, the address by
/// which the host reaches others.
fn advertise(args: &ApiserverArgs) -> anyhow::Result<IpAddr> {
    if let Some(address) = args.advertise_address {
        return Ok(address);
    }
    if !args.bind_address.is_unspecified() {
        return Ok(args.bind_address);
    }
    // Connecting sends nothing: it asks the routing table. The address is one that belongs to nobody (RFC 5737).
    let ask = || -> std::io::Result<IpAddr> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        Ok(socket.local_addr()?.ip())
    };
    ask().context("this host has no default route: --advertise-address is needed")
}

async fn serve(
    args: &ApiserverArgs,
    data: Option<&DataDir>,
    config: Config,
    authority: Option<Pki>,
) -> anyhow::Result<()> {
    let (storage, own) = storage(args, data).await?;
    let outcome = until_told(config, storage, data.zip(authority.as_ref())).await;
    if let Some(store) = own {
        store.shutdown().await;
    }
    outcome
}

async fn until_told(
    config: Config,
    storage: Storage,
    made_here: Option<(&DataDir, &Pki)>,
) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let starting = hydrofoil_apiserver::start(config, storage);
    let server = tokio::select! {
        started = starting => started?,
        interrupted = tokio::signal::ctrl_c() => return Ok(interrupted?),
        _ = terminate.recv() => return Ok(()),
    };
    let address = server.local_addr();
    println!("apiserver: https://{address}");
    if let Some((data, pki)) = made_here {
        let admin = pki.client("admin", &Subject::admin())?;
        write_kubeconfig(data, pki, &admin, address)?;
        println!("export KUBECONFIG={}", data.kubeconfig().display());
    }
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    server.shutdown().await;
    Ok(())
}

/// Where objects are kept; the store too, when it is this process' own.
async fn storage(
    args: &ApiserverArgs,
    data: Option<&DataDir>,
) -> anyhow::Result<(Storage, Option<Store>)> {
    if let Some(config) = args.etcd.config()? {
        let storage = Storage::connect(&config).await.context("--etcd-servers")?;
        return Ok((storage, None));
    }
    let Some(data) = data else {
        bail!("--etcd-servers, or a --data-dir to keep a store in, is needed");
    };
    let store = Store::open(hydrofoil_raftstore::Config::new(data.store())).await;
    let store =
        store.with_context(|| format!("cannot open the store in {}", data.store().display()))?;
    Ok((store.clone().into(), Some(store)))
}
