//! How each part of `hydrofoil up` is started: which settings it gets, and when it counts as ready.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context as _, anyhow};
use hydrofoil_apiserver::Config;
use hydrofoil_apiserver::pki::{Names, Pki, Subject};
use hydrofoil_client::leader::LeaderConfig;
use hydrofoil_raftstore::Store;
use k8s_openapi::api::core::v1::Node;
use tokio::sync::oneshot;

use super::args::UpArgs;
use super::parts::Cluster;
use super::progress::Progress;
use crate::credentials::{CLUSTER_DOMAIN, now, write_kubeconfig};
use crate::paths::{self, DataDir};
use crate::rooms::Room;

/// Free space below which the node takes no more pods, in bytes. The disk is its user's, whose other files a share of it would
/// count as ours; and images are not collected for the same reason.
const LEAST_FREE_DISK: u64 = 512 * 1024 * 1024;

/// The API server as the other parts need it.
pub struct Api {
    /// Where it listens.
    pub address: SocketAddr,
    pki: Pki,
    controllers: kube::Client,
    scheduler: kube::Client,
    kubelet: kube::Client,
    proxy: kube::Client,
}

/// In one process two candidates cannot meet, and the one that starts again after a crash must not wait for its own Lease.
fn election(name: &str, node_name: &str) -> LeaderConfig {
    LeaderConfig::new(name, format!("{node_name}_hydrofoil-up"))
}

impl Cluster {
    pub(super) fn store(
        &mut self,
        data: &DataDir,
        progress: &mut Progress,
    ) -> anyhow::Result<Store> {
        let room = Room::new("store")?;
        let config = hydrofoil_raftstore::Config::new(data.store());
        let store = room.block_on(Store::open(config));
        let store = store
            .with_context(|| format!("cannot open the store in {}", data.store().display()))?;
        let kept = store.clone();
        self.run("store", room, |stop| async move {
            stop.cancelled().await;
            kept.shutdown().await;
            Ok(())
        });
        progress.part("store", &data.store().display().to_string());
        Ok(store)
    }

    pub(super) fn apiserver(
        &mut self,
        args: &UpArgs,
        data: &DataDir,
        store: Store,
        progress: &mut Progress,
    ) -> anyhow::Result<Api> {
        let pki = Pki::open(&data.pki(), now())?;
        let listen = args.apiserver_listen;
        let mut extra = vec![listen.ip()];
        extra.retain(|ip| !ip.is_unspecified());
        let extra: Vec<String> = extra.iter().map(IpAddr::to_string).collect();
        let serving = pki.apiserver(&Names::apiserver(
            args.service_cidr.hosts().next(),
            CLUSTER_DOMAIN,
            &extra,
        ))?;
        let to_kubelets = pki.client("apiserver-kubelet-client", &Subject::kubelet_client())?;
        let mut config = Config::new(
            serving.certificate,
            serving.key,
            pki.ca_certificate().to_owned(),
        );
        config.listen = listen;
        config.kubelet_client = Some((to_kubelets.certificate, to_kubelets.key));
        config.service_cidr = args.service_cidr;
        config.service_node_ports = args.service_node_port_range.0..=args.service_node_port_range.1;
        let room = Room::new("apiserver")?;
        let server = room
            .block_on(hydrofoil_apiserver::start(config, store))
            .context("--apiserver-listen")?;
        let address = server.local_addr();
        let client = |subject: Subject| {
            let groups: Vec<&str> = subject.group.as_deref().into_iter().collect();
            room.enter(|| server.client(&subject.user, &groups))
        };
        let api = Api {
            address,
            controllers: client(Subject::controller_manager()),
            scheduler: client(Subject::scheduler()),
            kubelet: client(Subject::kubelet(&args.node_name()?)),
            proxy: client(Subject::proxy()),
            pki,
        };
        self.run("apiserver", room, |stop| async move {
            stop.cancelled().await;
            server.shutdown().await;
            Ok(())
        });
        let admin = api.pki.client("admin", &Subject::admin())?;
        write_kubeconfig(data, &api.pki, &admin, address)?;
        progress.part("apiserver", &format!("https://{address}"));
        Ok(api)
    }

    pub(super) fn registry(
        &mut self,
        args: &UpArgs,
        data: &DataDir,
        progress: &mut Progress,
    ) -> anyhow::Result<SocketAddr> {
        use hydrofoil_runtime_shim::registry;
        let room = Room::new("registry")?;
        let config = registry::Config {
            listen: args.registry_listen,
            root: data.registry(),
        };
        let registry = room
            .block_on(registry::start(config))
            .context("--registry-listen")?;
        let address = registry.local_addr();
        self.run("registry", room, |stop| async move {
            stop.cancelled().await;
            registry.shutdown().await;
            Ok(())
        });
        progress.part("registry", &format!("http://{address}"));
        Ok(address)
    }

    pub(super) fn runtime(
        &mut self,
        args: &UpArgs,
        data: &DataDir,
        progress: &mut Progress,
    ) -> anyhow::Result<()> {
        let socket = data.cri_socket();
        if let Some(folder) = socket.parent() {
            paths::make_private(folder)?;
        }
        let config = hydrofoil_runtime_shim::Config {
            socket: socket.clone(),
            root: data.runtime(),
            registries: args.pull.registries()?,
            pod_cidr: Some(args.pod_cidr),
            ..Default::default()
        };
        let (ready, is_ready) = oneshot::channel();
        self.run("runtime", Room::of_guests("runtime")?, |stop| async move {
            Ok(hydrofoil_runtime_shim::run(config, stop, ready).await?)
        });
        self.wait_ready(is_ready)?;
        progress.part("runtime", &format!("unix://{}", socket.display()));
        Ok(())
    }

    pub(super) fn controllers(
        &mut self,
        api: &Api,
        node_name: &str,
        progress: &mut Progress,
    ) -> anyhow::Result<()> {
        let config = hydrofoil_controllers::Config {
            identity: election("kube-controller-manager", node_name).identity,
            root_ca: api.pki.ca_certificate().to_owned(),
            ..Default::default()
        };
        let room = Room::new("controllers")?;
        let client = api.controllers.clone();
        self.run("controllers", room, |stop| async move {
            Ok(hydrofoil_controllers::run(config, client, stop).await?)
        });
        progress.part("controllers", "started");
        Ok(())
    }

    pub(super) fn scheduler(
        &mut self,
        api: &Api,
        node_name: &str,
        progress: &mut Progress,
    ) -> anyhow::Result<()> {
        let config = hydrofoil_scheduler::Config {
            leader: Some(election("kube-scheduler", node_name)),
            ..Default::default()
        };
        let room = Room::new("scheduler")?;
        let client = api.scheduler.clone();
        self.run("scheduler", room, |stop| async move {
            Ok(hydrofoil_scheduler::run(config, client, stop).await?)
        });
        progress.part("scheduler", "started");
        Ok(())
    }

    /// Returns the address that the kubelet listens on.
    pub(super) fn kubelet(
        &mut self,
        args: &UpArgs,
        data: &DataDir,
        api: &Api,
        node_name: &str,
        progress: &mut Progress,
    ) -> anyhow::Result<SocketAddr> {
        use hydrofoil_node::kubelet;
        let names = Names {
            dns: vec![node_name.to_owned()],
            addresses: vec![args.node_ip()],
        };
        let serving = api.pki.kubelet_serving(node_name, &names)?;
        let config = kubelet::Config {
            node_name: node_name.to_owned(),
            runtime_endpoint: data.cri_socket(),
            root_dir: data.kubelet(),
            address: args.kubelet_listen.ip(),
            port: args.kubelet_listen.port(),
            node_ip: args.node_ip(),
            tls: Some(kubelet::Tls {
                cert_pem: serving.certificate,
                key_pem: serving.key,
                client_ca_pem: api.pki.ca_certificate().to_owned(),
            }),
            allowed_clients: vec![Subject::kubelet_client().user],
            pod_cidr: Some(args.pod_cidr.to_string()),
            max_pods: args.max_pods,
            cluster_domain: CLUSTER_DOMAIN.to_owned(),
            disk_pressure: kubelet::Threshold::Bytes(LEAST_FREE_DISK),
            image_gc_high_threshold_percent: 100,
            ..Default::default()
        };
        let (ready, is_ready) = oneshot::channel();
        let room = Room::new("kubelet")?;
        let client = api.kubelet.clone();
        let nodes: kube::Api<Node> = kube::Api::all(client.clone());
        self.run("kubelet", room, |stop| async move {
            Ok(kubelet::run(config, client, stop, ready).await?)
        });
        self.wait_ready(is_ready).context("--kubelet-listen")?;
        let port = self.block_on(kubelet_port(&nodes, node_name))??;
        let address = SocketAddr::new(args.kubelet_listen.ip(), port);
        progress.part(
            "kubelet",
            &format!("node {node_name} is ready, https://{address}"),
        );
        Ok(address)
    }

    /// Returns the address that the proxy tells its health on.
    pub(super) fn proxy(
        &mut self,
        args: &UpArgs,
        api: &Api,
        node_name: &str,
        progress: &mut Progress,
    ) -> anyhow::Result<Option<SocketAddr>> {
        use hydrofoil_node::proxy;
        let config = proxy::Config {
            healthz_address: Some(args.proxy_healthz_listen),
            node_name: node_name.to_owned(),
            ..Default::default()
        };
        let room = Room::new("proxy")?;
        let client = api.proxy.clone();
        let (ready, is_ready) = oneshot::channel();
        self.run("proxy", room, |stop| async move {
            Ok(proxy::run(config, client, stop, ready).await?)
        });
        let healthz = self
            .wait_ready(is_ready)
            .context("--proxy-healthz-listen")?;
        progress.part("proxy", &format!("Services in {}", args.service_cidr));
        Ok(healthz)
    }
}

/// The port that the kubelet got, as its Node tells.
async fn kubelet_port(nodes: &kube::Api<Node>, name: &str) -> anyhow::Result<u16> {
    let node = nodes.get(name).await?;
    let endpoints = node.status.and_then(|s| s.daemon_endpoints);
    let port = endpoints.and_then(|e| e.kubelet_endpoint).map(|e| e.port);
    port.and_then(|p| u16::try_from(p).ok())
        .ok_or_else(|| anyhow!("node {name} does not tell the kubelet's port"))
}
