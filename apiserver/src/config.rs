//! What an API server is started with, and its limits.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use ipnet::IpNet;

/// Settings of an API server. The defaults are those of `hydrofoil up`.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where HTTPS is served; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address and port that the `kubernetes` Service points to; what is listened on when `None`, and its port when this
    /// one is 0.
    pub advertise: Option<SocketAddr>,
    /// Serving certificate, PEM.
    pub certificate: String,
    /// Its key, PEM.
    pub key: String,
    /// Certificate of the authority that client certificates and kubelets' serving certificates are signed by, PEM.
    pub client_ca: String,
    /// What the API server shows to kubelets: certificate and key, PEM. Without it, logs cannot be read.
    pub kubelet_client: Option<(String, String)>,
    /// ClusterIPs come from here.
    pub service_cidr: IpNet,
    /// Node ports come from here.
    pub service_node_ports: RangeInclusive<u16>,
    /// Compact the store's history this often, keeping as much; `None` leaves it to others.
    pub compaction_interval: Option<Duration>,
    /// Longest time that the store may take to answer a health check.
    pub etcd_healthcheck_timeout: Duration,
    /// Longest time that the store may take to answer a readiness check.
    pub etcd_readycheck_timeout: Duration,
    /// How long Events are kept.
    pub event_ttl: Duration,
    /// Bounds.
    pub limits: Limits,
}

impl Config {
    /// The defaults, with the certificates they need.
    pub fn new(certificate: String, key: String, client_ca: String) -> Config {
        Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 6443)),
            advertise: None,
            certificate,
            key,
            client_ca,
            kubelet_client: None,
            service_cidr: IpNet::V4(ipnet::Ipv4Net::new_assert(Ipv4Addr::new(127, 96, 0, 0), 16)),
            service_node_ports: 30000..=32767,
            compaction_interval: Some(Duration::from_secs(5 * 60)),
            etcd_healthcheck_timeout: Duration::from_secs(2),
            etcd_readycheck_timeout: Duration::from_secs(2),
            event_ttl: Duration::from_secs(60 * 60),
            limits: Limits::default(),
        }
    }

    /// The address of the `kubernetes` Service: the first of the range.
    pub fn kubernetes_address(&self) -> Option<IpAddr> {
        self.service_cidr.hosts().next()
    }
}

/// What a server does at most at once, and how long it takes at most.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open connections.
    pub connections: usize,
    /// Requests that read, at once; watches and logs do not count.
    pub reads: usize,
    /// Requests that write, at once.
    pub writes: usize,
    /// Longest wait of a request for its turn; then 429.
    pub queue_wait: Duration,
    /// Largest body, bytes: upstream's.
    pub body: usize,
    /// Longest time for a request that is no watch and no log.
    pub request: Duration,
    /// Longest time for a connection to finish its TLS handshake or to send the head of a request.
    pub handshake: Duration,
    /// Shortest time after which a watch without a timeout of its own ends; the longest is twice that.
    pub watch: Duration,
    /// Time between a watch's bookmarks.
    pub bookmark: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 8192,
            reads: 2048,
            writes: 4096,
            queue_wait: Duration::from_secs(10),
            body: 3 * 1024 * 1024,
            request: Duration::from_secs(60),
            handshake: Duration::from_secs(10),
            watch: Duration::from_secs(30 * 60),
            bookmark: Duration::from_secs(60),
        }
    }
}
