//! What is counted of each method, under the names and labels that etcd's servers have (`grpc_server_*`), with what etcd counts
//! of its clients.
//!
//! The cells of every method are made once, so counting is an atomic addition. As in etcd every method and code is there from
//! the start, with zeros.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use parking_lot::RwLock;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, NoLabelSet},
    metrics::{MetricType, counter::Counter},
    registry::Registry,
};
use tonic::Code;

use super::errors::code_name;

/// Codes there are: 0 to 16.
const CODES: usize = 17;
/// Versions that clients may name; those of later clients are counted as unknown.
const MAX_CLIENT_VERSIONS: usize = 64;
/// What is counted for a client that names no version.
const UNKNOWN: &str = "unknown";

/// Every service with its methods, and what each takes and gives.
const METHODS: [(&str, &[(&str, Kind)]); 9] = [
    (
        "etcdserverpb.Auth",
        &[
            ("AuthDisable", Kind::Unary),
            ("AuthEnable", Kind::Unary),
            ("AuthStatus", Kind::Unary),
            ("Authenticate", Kind::Unary),
            ("RoleAdd", Kind::Unary),
            ("RoleDelete", Kind::Unary),
            ("RoleGet", Kind::Unary),
            ("RoleGrantPermission", Kind::Unary),
            ("RoleList", Kind::Unary),
            ("RoleRevokePermission", Kind::Unary),
            ("UserAdd", Kind::Unary),
            ("UserChangePassword", Kind::Unary),
            ("UserDelete", Kind::Unary),
            ("UserGet", Kind::Unary),
            ("UserGrantRole", Kind::Unary),
            ("UserList", Kind::Unary),
            ("UserRevokeRole", Kind::Unary),
        ],
    ),
    (
        "etcdserverpb.Cluster",
        &[
            ("MemberAdd", Kind::Unary),
            ("MemberList", Kind::Unary),
            ("MemberPromote", Kind::Unary),
            ("MemberRemove", Kind::Unary),
            ("MemberUpdate", Kind::Unary),
        ],
    ),
    (
        "etcdserverpb.KV",
        &[
            ("Compact", Kind::Unary),
            ("DeleteRange", Kind::Unary),
            ("Put", Kind::Unary),
            ("Range", Kind::Unary),
            ("Txn", Kind::Unary),
        ],
    ),
    (
        "etcdserverpb.Lease",
        &[
            ("LeaseGrant", Kind::Unary),
            ("LeaseKeepAlive", Kind::BidiStream),
            ("LeaseLeases", Kind::Unary),
            ("LeaseRevoke", Kind::Unary),
            ("LeaseTimeToLive", Kind::Unary),
        ],
    ),
    (
        "etcdserverpb.Maintenance",
        &[
            ("Alarm", Kind::Unary),
            ("Defragment", Kind::Unary),
            ("Downgrade", Kind::Unary),
            ("Hash", Kind::Unary),
            ("HashKV", Kind::Unary),
            ("MoveLeader", Kind::Unary),
            ("Snapshot", Kind::ServerStream),
            ("Status", Kind::Unary),
        ],
    ),
    ("etcdserverpb.Watch", &[("Watch", Kind::BidiStream)]),
    (
        "grpc.health.v1.Health",
        &[("Check", Kind::Unary), ("Watch", Kind::ServerStream)],
    ),
    (
        "v3electionpb.Election",
        &[
            ("Campaign", Kind::Unary),
            ("Leader", Kind::Unary),
            ("Observe", Kind::ServerStream),
            ("Proclaim", Kind::Unary),
            ("Resign", Kind::Unary),
        ],
    ),
    (
        "v3lockpb.Lock",
        &[("Lock", Kind::Unary), ("Unlock", Kind::Unary)],
    ),
];

/// What a method takes and gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One message each way.
    Unary,
    /// One message in, many out.
    ServerStream,
    /// Many each way.
    BidiStream,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Unary => "unary",
            Kind::ServerStream => "server_stream",
            Kind::BidiStream => "bidi_stream",
        }
    }
}

/// The counters of one method.
#[derive(Debug)]
pub struct Method {
    /// What it takes and gives.
    pub kind: Kind,
    service: &'static str,
    name: &'static str,
    started: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
    handled: [AtomicU64; CODES],
    /// How long calls took, once that is kept.
    times: OnceLock<Times>,
}

/// Upper ends of what calls are sorted into by the time they took, in seconds: those of Go's Prometheus client.
const TIMES: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// How long the calls of one method took.
#[derive(Debug, Default)]
struct Times {
    /// One for each of [`TIMES`], and one for what took longer.
    counts: [AtomicU64; TIMES.len() + 1],
    total_nanos: AtomicU64,
}

impl Times {
    fn observe(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let place = TIMES.partition_point(|end| *end < seconds);
        self.counts[place].fetch_add(1, Relaxed);
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.total_nanos.fetch_add(nanos, Relaxed);
    }

    /// Sum in seconds, count, and the counts by upper end.
    fn read(&self) -> (f64, u64, Vec<(f64, u64)>) {
        let ends = TIMES.into_iter().chain([f64::INFINITY]);
        let counts = self.counts.iter().map(|count| count.load(Relaxed));
        let buckets: Vec<(f64, u64)> = ends.zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let seconds = Duration::from_nanos(self.total_nanos.load(Relaxed)).as_secs_f64();
        (seconds, count, buckets)
    }
}

impl Method {
    fn new(service: &'static str, name: &'static str, kind: Kind) -> Self {
        Method {
            kind,
            service,
            name,
            started: AtomicU64::new(0),
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            handled: [const { AtomicU64::new(0) }; CODES],
            times: OnceLock::new(),
        }
    }

    /// A call began. Returns when, if that is of interest.
    pub fn start(&self) -> Option<Instant> {
        self.started.fetch_add(1, Relaxed);
        self.times.get().map(|_| Instant::now())
    }

    /// Messages came from the client.
    pub fn receive(&self, messages: u64) {
        self.received.fetch_add(messages, Relaxed);
    }

    /// Messages went to the client.
    pub fn send(&self, messages: u64) {
        self.sent.fetch_add(messages, Relaxed);
    }

    /// A call ended that began at `begun`.
    pub fn handle(&self, code: Code, begun: Option<Instant>) {
        if let (Some(times), Some(begun)) = (self.times.get(), begun) {
            times.observe(begun.elapsed());
        }
        if let Some(cell) = self.handled.get(code as usize) {
            cell.fetch_add(1, Relaxed);
        }
    }

    fn labels(&self) -> [(&'static str, &'static str); 3] {
        [
            ("grpc_type", self.kind.name()),
            ("grpc_service", self.service),
            ("grpc_method", self.name),
        ]
    }
}

/// What the gRPC server counts. Cheap to clone: every copy counts into the same cells.
#[derive(Clone)]
pub struct Metrics {
    cells: Arc<Cells>,
}

struct Cells {
    methods: HashMap<String, Arc<Method>>,
    clients: RwLock<BTreeMap<(&'static str, String), AtomicU64>>,
    received_bytes: Counter,
    sent_bytes: Counter,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let methods = METHODS
            .iter()
            .flat_map(|(service, methods)| {
                methods.iter().map(move |(name, kind)| {
                    let method = Arc::new(Method::new(service, name, *kind));
                    (format!("/{service}/{name}"), method)
                })
            })
            .collect();
        Metrics {
            cells: Arc::new(Cells {
                methods,
                clients: RwLock::default(),
                received_bytes: Counter::default(),
                sent_bytes: Counter::default(),
            }),
        }
    }
}

impl Metrics {
    /// Adds everything to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_collector(Box::new(self.clone()));
        registry.register(
            "etcd_network_client_grpc_received_bytes",
            "The total number of bytes received from grpc clients.",
            self.cells.received_bytes.clone(),
        );
        registry.register(
            "etcd_network_client_grpc_sent_bytes",
            "The total number of bytes sent to grpc clients.",
            self.cells.sent_bytes.clone(),
        );
    }

    /// From now on it is kept how long calls take (etcd's `--metrics=extensive`).
    pub fn keep_times(&self) {
        for method in self.cells.methods.values() {
            method.times.get_or_init(Times::default);
        }
    }

    /// The counters of the method at a path, if there is such a method.
    pub fn method(&self, path: &str) -> Option<&Arc<Method>> {
        self.cells.methods.get(path)
    }

    /// Whether there is a service of this name.
    pub fn has_service(&self, name: &str) -> bool {
        METHODS.iter().any(|(service, _)| *service == name)
    }

    /// Counts bytes of messages from a client.
    pub fn receive_bytes(&self, bytes: usize) {
        self.cells.received_bytes.inc_by(bytes as u64);
    }

    /// Counts bytes of messages to a client.
    pub fn send_bytes(&self, bytes: usize) {
        self.cells.sent_bytes.inc_by(bytes as u64);
    }

    /// Counts a request of a client that says it speaks this version of the API.
    pub fn client_request(&self, kind: Kind, version: Option<&str>) {
        let kind = match kind {
            Kind::Unary => "unary",
            Kind::ServerStream | Kind::BidiStream => "stream",
        };
        let version = version.unwrap_or(UNKNOWN);
        {
            let clients = self.cells.clients.read();
            let known = clients
                .iter()
                .find(|((k, v), _)| *k == kind && v == version);
            if let Some((_, count)) = known {
                count.fetch_add(1, Relaxed);
                return;
            }
        }
        let mut clients = self.cells.clients.write();
        let version = if clients.len() < MAX_CLIENT_VERSIONS {
            version
        } else {
            UNKNOWN
        };
        clients
            .entry((kind, version.to_owned()))
            .or_default()
            .fetch_add(1, Relaxed);
    }
}

impl Collector for Metrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut methods: Vec<&Method> = self.cells.methods.values().map(|m| &**m).collect();
        methods.sort_by_key(|method| (method.service, method.name));
        type Cell = fn(&Method) -> &AtomicU64;
        let by_method: [(&str, &str, Cell); 3] = [
            (
                "grpc_server_started",
                "Total number of RPCs started on the server",
                |method| &method.started,
            ),
            (
                "grpc_server_msg_received",
                "Total number of RPC stream messages received on the server",
                |method| &method.received,
            ),
            (
                "grpc_server_msg_sent",
                "Total number of gRPC stream messages sent by the server",
                |method| &method.sent,
            ),
        ];
        for (name, help, cell) in by_method {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for method in &methods {
                family
                    .encode_family(&method.labels())?
                    .encode_counter::<NoLabelSet, _, u64>(&cell(method).load(Relaxed), None)?;
            }
        }
        let mut family = encoder.encode_descriptor(
            "grpc_server_handled",
            "Total number of RPCs completed on the server, regardless of success or failure",
            None,
            MetricType::Counter,
        )?;
        for method in &methods {
            let [kind, service, name] = method.labels();
            for (code, count) in method.handled.iter().enumerate() {
                let code = Code::from_i32(i32::try_from(code).unwrap_or(2));
                let labels = [("grpc_code", code_name(code)), kind, service, name];
                family
                    .encode_family(&labels)?
                    .encode_counter::<NoLabelSet, _, u64>(&count.load(Relaxed), None)?;
            }
        }
        if methods.iter().any(|method| method.times.get().is_some()) {
            let mut family = encoder.encode_descriptor(
                "grpc_server_handling_seconds",
                "Histogram of response latency (seconds) of gRPC that had been application-level handled by the server",
                None,
                MetricType::Histogram,
            )?;
            for method in &methods {
                let Some(times) = method.times.get() else {
                    continue;
                };
                let (seconds, count, buckets) = times.read();
                family
                    .encode_family(&method.labels())?
                    .encode_histogram::<NoLabelSet>(seconds, count, &buckets, None)?;
            }
        }
        let mut family = encoder.encode_descriptor(
            "etcd_server_client_requests",
            "The total number of client requests per client version",
            None,
            MetricType::Counter,
        )?;
        for ((kind, version), count) in self.cells.clients.read().iter() {
            let labels = [("type", *kind), ("client_api_version", version.as_str())];
            family
                .encode_family(&labels)?
                .encode_counter::<NoLabelSet, _, u64>(&count.load(Relaxed), None)?;
        }
        Ok(())
    }
}
