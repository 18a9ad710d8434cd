//! The proxy's loop: Services and EndpointSlices in, listeners opened, led elsewhere and closed. Changes of one Service cost work
//! for that Service alone, and changes that come together are applied together.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use hydrofoil_client::events::{EventType, Recorder};
use k8s_openapi::api::core::v1::{ObjectReference, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::runtime::watcher;
use parking_lot::Mutex;
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::balance::Balancer;
use super::health::Health;
use super::table::{Frontend, Node, Route, Transport, routes};
use super::tcp::Common;
use super::{tcp, udp};
use crate::clock;

/// Changes within this time are applied together.
const GATHER: Duration = Duration::from_millis(15);
/// What could not be bound is tried again after this, besides at every change.
const RETRY: Duration = Duration::from_secs(30);
/// Label that names a slice's Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

type Key = (String, String);

/// A frontend that is listened on.
struct Listening {
    balancer: Arc<Mutex<Balancer>>,
    route: Route,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Listening {
    /// Closes the listener; when this returns the address is free.
    async fn close(self) {
        self.stop.cancel();
        // An error would be a panic of the task, and then it listens no more either.
        let _ = self.task.await;
    }
}

#[derive(Default)]
struct Known {
    service: Option<Arc<Service>>,
    slices: BTreeMap<String, EndpointSlice>,
    frontends: HashSet<Frontend>,
    /// Frontends that could not be bound, with what was told of each.
    failed: HashMap<Frontend, String>,
}

/// The loop's state.
pub(crate) struct ProxyLoop {
    node: Node,
    common: Common,
    health: Health,
    recorder: Recorder,
    services: HashMap<Key, Known>,
    listening: HashMap<Frontend, Listening>,
    dirty: HashSet<Key>,
    services_listed: Option<HashSet<Key>>,
    slices_listed: Option<HashSet<(Key, String)>>,
    synced: (bool, bool),
}

impl ProxyLoop {
    pub(crate) fn new(node: Node, common: Common, health: Health, recorder: Recorder) -> Self {
        Self {
            node,
            common,
            health,
            recorder,
            services: HashMap::new(),
            listening: HashMap::new(),
            dirty: HashSet::new(),
            services_listed: None,
            slices_listed: None,
            synced: (false, false),
        }
    }

    /// Runs until shutdown.
    pub(crate) async fn run<A, B>(mut self, mut services: A, mut slices: B)
    where
        A: Stream<Item = Result<watcher::Event<Service>, watcher::Error>> + Unpin,
        B: Stream<Item = Result<watcher::Event<EndpointSlice>, watcher::Error>> + Unpin,
    {
        let mut apply_at: Option<Instant> = None;
        let mut retry = tokio::time::interval(RETRY);
        retry.reset();
        loop {
            let shutdown = self.common.shutdown.clone();
            tokio::select! {
                () = shutdown.cancelled() => return,
                event = services.next() => match event {
                    Some(Ok(event)) => self.service_event(event),
                    Some(Err(error)) => tracing::debug!(%error, "the watch of services broke off"),
                    None => return,
                },
                event = slices.next() => match event {
                    Some(Ok(event)) => self.slice_event(event),
                    Some(Err(error)) => tracing::debug!(%error, "the watch of endpoint slices broke off"),
                    None => return,
                },
                () = tokio::time::sleep_until(apply_at.unwrap_or_else(Instant::now)), if apply_at.is_some() => {
                    apply_at = None;
                    self.apply().await;
                }
                _ = retry.tick() => self.retry_failed(),
            }
            // Until both lists are in, what is not known is not gone.
            if self.synced == (true, true) && apply_at.is_none() && !self.dirty.is_empty() {
                apply_at = Some(Instant::now() + GATHER);
            }
        }
    }

    fn service_event(&mut self, event: watcher::Event<Service>) {
        match event {
            watcher::Event::Init => self.services_listed = Some(HashSet::new()),
            watcher::Event::InitApply(service) => {
                let key = service_key(&service);
                if let Some(listed) = &mut self.services_listed {
                    listed.insert(key.clone());
                }
                self.set_service(key, Some(service));
            }
            watcher::Event::InitDone => {
                let listed = self.services_listed.take().unwrap_or_default();
                let gone: Vec<Key> = self
                    .services
                    .keys()
                    .filter(|key| !listed.contains(*key))
                    .cloned()
                    .collect();
                for key in gone {
                    self.set_service(key, None);
                }
                self.synced.0 = true;
            }
            watcher::Event::Apply(service) => {
                self.set_service(service_key(&service), Some(service))
            }
            watcher::Event::Delete(service) => self.set_service(service_key(&service), None),
        }
    }

    fn set_service(&mut self, key: Key, service: Option<Service>) {
        let known = self.services.entry(key.clone()).or_default();
        // A change is a new chance for what could not be bound.
        known.failed.clear();
        known.service = service.map(Arc::new);
        self.dirty.insert(key);
    }

    fn slice_event(&mut self, event: watcher::Event<EndpointSlice>) {
        match event {
            watcher::Event::Init => self.slices_listed = Some(HashSet::new()),
            watcher::Event::InitApply(slice) => {
                if let (Some(listed), Some(key)) = (&mut self.slices_listed, slice_key(&slice)) {
                    listed.insert((key, slice.metadata.name.clone().unwrap_or_default()));
                }
                self.set_slice(slice, true);
            }
            watcher::Event::InitDone => {
                let listed = self.slices_listed.take().unwrap_or_default();
                for (key, known) in &mut self.services {
                    let before = known.slices.len();
                    known
                        .slices
                        .retain(|name, _| listed.contains(&(key.clone(), name.clone())));
                    if known.slices.len() != before {
                        self.dirty.insert(key.clone());
                    }
                }
                self.synced.1 = true;
            }
            watcher::Event::Apply(slice) => self.set_slice(slice, true),
            watcher::Event::Delete(slice) => self.set_slice(slice, false),
        }
    }

    fn set_slice(&mut self, mut slice: EndpointSlice, present: bool) {
        let Some(key) = slice_key(&slice) else { return };
        let name = slice.metadata.name.clone().unwrap_or_default();
        let known = self.services.entry(key.clone()).or_default();
        if present {
            slice.metadata.managed_fields = None;
            known.slices.insert(name, slice);
        } else {
            known.slices.remove(&name);
        }
        self.dirty.insert(key);
    }

    fn retry_failed(&mut self) {
        for (key, known) in &self.services {
            if !known.failed.is_empty() {
                self.dirty.insert(key.clone());
            }
        }
    }

    /// Applies every change gathered.
    async fn apply(&mut self) {
        for key in std::mem::take(&mut self.dirty) {
            self.apply_service(&key).await;
        }
        let count = i64::try_from(self.listening.len()).unwrap_or(i64::MAX);
        self.common.metrics.frontends.set(count);
        self.common.metrics.syncs.inc();
        *self.health.updated.lock() = Some(clock::now());
    }

    async fn apply_service(&mut self, key: &Key) {
        let Some(mut known) = self.services.remove(key) else {
            return;
        };
        let wanted = match &known.service {
            Some(service) => routes(service, known.slices.values(), &self.node),
            None => Vec::new(),
        };
        let wanted: HashMap<Frontend, Route> = wanted
            .into_iter()
            .filter(|(_, route)| !route.backends.is_empty())
            .collect();
        // Nothing behind it: nobody listens, and the kernel refuses.
        let idle: Vec<Frontend> = known
            .frontends
            .iter()
            .filter(|frontend| !wanted.contains_key(frontend))
            .copied()
            .collect();
        for frontend in idle {
            known.frontends.remove(&frontend);
            if let Some(listening) = self.listening.remove(&frontend) {
                listening.close().await;
            }
        }
        known
            .failed
            .retain(|frontend, _| wanted.contains_key(frontend));
        for (frontend, route) in wanted {
            if known.frontends.contains(&frontend) {
                if let Some(listening) = self.listening.get_mut(&frontend)
                    && listening.route != route
                {
                    listening.route = route.clone();
                    listening.balancer.lock().set(route);
                }
                continue;
            }
            match self.listen(frontend, route).await {
                Ok(()) => {
                    known.failed.remove(&frontend);
                    known.frontends.insert(frontend);
                }
                Err(error) => self.tell_failure(&mut known, frontend, &error),
            }
        }
        if known.service.is_some() || !known.slices.is_empty() {
            self.services.insert(key.clone(), known);
        }
    }

    async fn listen(&mut self, frontend: Frontend, route: Route) -> io::Result<()> {
        if self.listening.contains_key(&frontend) {
            return Err(io::Error::new(
                io::ErrorKind::AddrInUse,
                "another Service has it",
            ));
        }
        let balancer = Arc::new(Mutex::new(Balancer::new(route.clone())));
        let stop = CancellationToken::new();
        let common = self.common.clone();
        let task = match frontend.transport {
            Transport::Tcp => {
                let listener = TcpListener::bind(frontend.address).await?;
                tokio::spawn(tcp::serve(listener, balancer.clone(), common, stop.clone()))
            }
            Transport::Udp => {
                let socket = UdpSocket::bind(frontend.address).await?;
                tokio::spawn(udp::serve(socket, balancer.clone(), common, stop.clone()))
            }
        };
        let listening = Listening {
            balancer,
            route,
            stop,
            task,
        };
        self.listening.insert(frontend, listening);
        Ok(())
    }

    fn tell_failure(&self, known: &mut Known, frontend: Frontend, error: &io::Error) {
        let text = why(frontend, error);
        if known.failed.get(&frontend) == Some(&text) {
            return;
        }
        self.common.metrics.bind_failures.inc();
        if let Some(service) = &known.service {
            let (namespace, name) = service_key(service);
            tracing::warn!(service = %format_args!("{namespace}/{name}"), "{text}");
            let about = ObjectReference {
                api_version: Some("v1".to_owned()),
                kind: Some("Service".to_owned()),
                name: Some(name),
                namespace: Some(namespace),
                uid: service.metadata.uid.clone(),
                resource_version: service.metadata.resource_version.clone(),
                field_path: None,
            };
            self.recorder
                .event(&about, EventType::Warning, "FailedToListen", text.clone());
        }
        known.failed.insert(frontend, text);
    }
}

/// What a person needs to know of a bind that failed.
fn why(frontend: Frontend, error: &io::Error) -> String {
    let transport = if frontend.transport == Transport::Udp {
        "UDP"
    } else {
        "TCP"
    };
    let address = frontend.address;
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!(
            "Cannot listen on {address}/{transport}: ports below 1024 need root or a lower net.ipv4.ip_unprivileged_port_start; \
             use a port of 1024 or more to reach this Service without root"
        ),
        io::ErrorKind::AddrInUse => {
            format!("Cannot listen on {address}/{transport}: the port is taken")
        }
        _ => format!("Cannot listen on {address}/{transport}: {error}"),
    }
}

fn service_key(service: &Service) -> Key {
    let meta = &service.metadata;
    (
        meta.namespace.clone().unwrap_or_default(),
        meta.name.clone().unwrap_or_default(),
    )
}

fn slice_key(slice: &EndpointSlice) -> Option<Key> {
    let meta = &slice.metadata;
    let name = meta.labels.as_ref()?.get(SERVICE_NAME)?.clone();
    Some((meta.namespace.clone().unwrap_or_default(), name))
}

/// The labels by which Services and slices say that no proxy is to serve them.
pub(crate) const SELECTOR: &str =
    "!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name";

#[cfg(test)]
mod tests {
    use super::*;
    use futures::channel::mpsc;
    use futures::stream;
    use serde_json::{Value, json};
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpStream;
    use tokio::sync::Semaphore;

    type Events<K> = mpsc::UnboundedSender<Result<watcher::Event<K>, watcher::Error>>;

    struct Rig {
        services: Events<Service>,
        slices: Events<EndpointSlice>,
        health: Health,
        shutdown: CancellationToken,
    }

    /// A proxy over streams that the test feeds.
    fn rig() -> Rig {
        let shutdown = CancellationToken::new();
        let metrics = super::super::metrics::Metrics::new();
        let health = Health {
            metrics: metrics.clone(),
            updated: Arc::default(),
        };
        let common = Common {
            permits: Arc::new(Semaphore::new(64)),
            metrics,
            shutdown: shutdown.clone(),
        };
        let refuse = tower::service_fn(|_: http::Request<kube::client::Body>| async {
            let answer = http::Response::builder()
                .status(503)
                .body(http_body_util::Empty::<bytes::Bytes>::new());
            Ok::<_, std::convert::Infallible>(answer.unwrap())
        });
        let client = kube::Client::new(refuse, "default");
        let recorder = Recorder::new(client, "kube-proxy", None, shutdown.clone());
        let node = Node {
            name: "here".into(),
            port_address: "127.0.0.1".parse().unwrap(),
        };
        let (services, services_in) = mpsc::unbounded();
        let (slices, slices_in) = mpsc::unbounded();
        tokio::spawn(ProxyLoop::new(node, common, health.clone(), recorder).run(
            services_in.chain(stream::pending()),
            slices_in.chain(stream::pending()),
        ));
        Rig {
            services,
            slices,
            health,
            shutdown,
        }
    }

    fn service(port: u16) -> Service {
        serde_json::from_value(json!({
            "metadata": {"name": "s", "namespace": "n"},
            "spec": {"clusterIP": "127.96.77.7", "clusterIPs": ["127.96.77.7"], "ports": [{"port": port, "protocol": "TCP"}]}
        }))
        .unwrap()
    }

    fn slice(endpoints: Value, port: u16) -> EndpointSlice {
        serde_json::from_value(json!({
            "addressType": "IPv4", "endpoints": endpoints, "ports": [{"name": "", "port": port, "protocol": "TCP"}],
            "metadata": {"name": "s-1", "namespace": "n", "labels": {"kubernetes.io/service-name": "s"}}
        }))
        .unwrap()
    }

    impl Rig {
        async fn applied(&self, change: impl FnOnce(&Rig)) {
            let before = self.health.metrics.syncs.get();
            change(self);
            tokio::time::timeout(Duration::from_secs(10), async {
                while self.health.metrics.syncs.get() == before {
                    tokio::task::yield_now().await;
                }
            })
            .await
            .unwrap();
        }
    }

    #[tokio::test]
    async fn a_service_is_reachable_while_it_has_endpoints_and_refuses_otherwise() {
        let backend = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let backend_port = backend.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = backend.accept().await {
                stream.try_write(b"hi").unwrap();
            }
        });
        // A port that is free on the Service's own address.
        let probe = TcpListener::bind("127.96.77.7:0").await.unwrap();
        let port = probe.local_addr().unwrap().port();
        drop(probe);
        let rig = rig();
        let address = format!("127.96.77.7:{port}");
        rig.applied(|rig| {
            for event in [
                watcher::Event::Init,
                watcher::Event::InitApply(service(port)),
                watcher::Event::InitDone,
            ] {
                rig.services.unbounded_send(Ok(event)).unwrap();
            }
            for event in [watcher::Event::Init, watcher::Event::InitDone] {
                rig.slices.unbounded_send(Ok(event)).unwrap();
            }
        })
        .await;
        let refused = TcpStream::connect(&address).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        rig.applied(|rig| {
            let ready = slice(json!([{"addresses": ["127.0.0.1"]}]), backend_port);
            rig.slices
                .unbounded_send(Ok(watcher::Event::Apply(ready)))
                .unwrap();
        })
        .await;
        let mut text = String::new();
        TcpStream::connect(&address)
            .await
            .unwrap()
            .read_to_string(&mut text)
            .await
            .unwrap();
        assert_eq!(text, "hi");
        rig.applied(|rig| {
            rig.slices
                .unbounded_send(Ok(watcher::Event::Apply(slice(json!([]), backend_port))))
                .unwrap()
        })
        .await;
        let refused = TcpStream::connect(&address).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        rig.shutdown.cancel();
    }

    #[test]
    fn a_forbidden_port_says_what_helps() {
        let frontend = Frontend {
            address: "127.96.0.1:80".parse().unwrap(),
            transport: Transport::Tcp,
        };
        let text = why(frontend, &io::ErrorKind::PermissionDenied.into());
        assert!(
            text.starts_with("Cannot listen on 127.96.0.1:80/TCP: ports below 1024 need root"),
            "{text}"
        );
    }
}
