//! A store over the network: etcd's gRPC API, at several endpoints, with TLS when the URLs say so.
//!
//! Requests go to one endpoint at a time. When nothing answers there they go to the next: reads whenever that may help,
//! writes only when it is certain that the request was never sent.

mod convert;
mod watch;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hydrofoil_etcd_wire::etcdserverpb as pb;
use hydrofoil_etcd_wire::etcdserverpb::kv_client::KvClient;
use hydrofoil_etcd_wire::etcdserverpb::lease_client::LeaseClient;
use hydrofoil_etcd_wire::etcdserverpb::maintenance_client::MaintenanceClient;
use hydrofoil_raftstore::{
    LeaseGrantResponse, RangeRequest, RangeResponse, TxnRequest, TxnResponse, WatchRequest,
};
use tokio::time::{Instant, sleep_until, timeout_at};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, ConnectError, Response, Status};

use super::Error;
use convert::Prefix;
pub use watch::Watch;

/// Longest time for one request, attempts at other endpoints included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest time for a connection to be made. Upstream's.
const DIAL_TIMEOUT: Duration = Duration::from_secs(20);
/// A connection on which nothing comes for so long is asked for a sign of life. Upstream's.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// Time for that sign. Upstream's.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Time to the next round when no endpoint took a request; doubles with each round.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest such time.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Largest message that is taken from the store; that of etcd's own clients.
const MAX_MESSAGE: usize = i32::MAX as usize;
/// Leases of this id are given one by the store.
const ANY_LEASE: i64 = 0;

/// How a store over the network is reached; the fields are named after kube-apiserver's flags.
#[derive(Clone, Debug)]
pub struct EtcdConfig {
    /// `--etcd-servers`: `scheme://host:port` each.
    pub servers: Vec<String>,
    /// `--etcd-prefix`: what all keys begin with.
    pub prefix: String,
    /// What `--etcd-cafile` holds: who may sign the servers' certificates, PEM.
    pub ca: Option<String>,
    /// What `--etcd-certfile` and `--etcd-keyfile` hold: what is shown to the servers, PEM.
    pub client: Option<ClientPair>,
}

/// A client certificate and its key, PEM.
#[derive(Clone)]
pub struct ClientPair {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

impl std::fmt::Debug for ClientPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientPair").finish_non_exhaustive()
    }
}

/// A store over the network. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Remote {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// A connection each, made when it is first used and made again when it breaks.
    endpoints: Vec<(String, Channel)>,
    /// The endpoint that requests go to.
    current: AtomicUsize,
    prefix: Prefix,
}

fn channel(config: &EtcdConfig, server: &str) -> Result<Channel, Error> {
    let wrong =
        |what: &dyn std::fmt::Display| Error::Config(format!("--etcd-servers {server}: {what}"));
    let endpoint = Endpoint::from_shared(server.to_owned()).map_err(|error| wrong(&error))?;
    let mut endpoint = endpoint
        .connect_timeout(DIAL_TIMEOUT)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .tcp_nodelay(true);
    match endpoint.uri().scheme_str() {
        Some("http") => {}
        Some("https") => {
            let ca = config
                .ca
                .as_ref()
                .ok_or_else(|| wrong(&"https needs --etcd-cafile"))?;
            let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca));
            if let Some(pair) = &config.client {
                tls = tls.identity(Identity::from_pem(&pair.certificate, &pair.key));
            }
            endpoint = endpoint.tls_config(tls).map_err(|error| wrong(&error))?;
        }
        _ => return Err(wrong(&"http://HOST:PORT or https://HOST:PORT is wanted")),
    }
    Ok(endpoint.connect_lazy())
}

impl Remote {
    pub(super) async fn connect(config: &EtcdConfig) -> Result<Remote, Error> {
        if config.servers.is_empty() {
            return Err(Error::Config("--etcd-servers names no server".to_owned()));
        }
        let endpoints = config
            .servers
            .iter()
            .map(|server| Ok((server.clone(), channel(config, server)?)))
            .collect::<Result<_, Error>>()?;
        let remote = Remote {
            inner: Arc::new(Inner {
                endpoints,
                current: AtomicUsize::new(0),
                prefix: Prefix::new(&config.prefix),
            }),
        };
        let status = remote.status(Instant::now() + DIAL_TIMEOUT).await?;
        check_version(&status.version)?;
        let (name, _) = remote.endpoint();
        tracing::info!(endpoint = %name, version = %status.version, "the store answers");
        Ok(remote)
    }

    /// The endpoint that requests go to now.
    fn endpoint(&self) -> (String, Channel) {
        let inner = &self.inner;
        let at = inner.current.load(Ordering::Relaxed) % inner.endpoints.len();
        inner.endpoints[at].clone()
    }

    /// Sends requests to the next endpoint, unless somebody did so already.
    fn turn_from(&self, name: &str) {
        let inner = &self.inner;
        let at = inner.current.load(Ordering::Relaxed);
        if inner.endpoints[at % inner.endpoints.len()].0 == name {
            let next = (at + 1) % inner.endpoints.len();
            let _ = inner
                .current
                .compare_exchange(at, next, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Sends a request until somebody answers. What only reads is repeated also when it may have been done.
    async fn call<T, Fut>(
        &self,
        deadline: Instant,
        reads: bool,
        send: impl Fn(Channel) -> Fut,
    ) -> Result<T, Error>
    where
        Fut: Future<Output = Result<Response<T>, Status>>,
    {
        let mut pause = FIRST_PAUSE;
        let mut tried = 0;
        loop {
            let (name, channel) = self.endpoint();
            let status = match timeout_at(deadline, send(channel)).await {
                Ok(Ok(response)) => return Ok(response.into_inner()),
                Ok(Err(status)) => status,
                Err(_) => {
                    self.turn_from(&name);
                    let text = format!("{name}: context deadline exceeded");
                    return Err(Error::Timeout(text));
                }
            };
            let unsent = was_never_sent(&status);
            let error = Error::from(status);
            if !(unsent || reads && matches!(error, Error::Unavailable(_))) {
                return Err(error);
            }
            tracing::debug!(endpoint = %name, %error, "the store does not answer here");
            self.turn_from(&name);
            tried += 1;
            if tried % self.inner.endpoints.len() == 0 {
                let next = Instant::now() + pause;
                if next >= deadline {
                    return Err(error);
                }
                sleep_until(next).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    pub(super) async fn range(&self, request: RangeRequest) -> Result<RangeResponse, Error> {
        let request = self.inner.prefix.range(request);
        let response = self
            .call(soon(), true, |channel| {
                let request = request.clone();
                async move { kv(channel).range(request).await }
            })
            .await?;
        Ok(self.inner.prefix.range_response(response))
    }

    pub(super) async fn txn(&self, request: TxnRequest) -> Result<TxnResponse, Error> {
        let request = self.inner.prefix.txn(request);
        let response = self
            .call(soon(), false, |channel| {
                let request = request.clone();
                async move { kv(channel).txn(request).await }
            })
            .await?;
        Ok(self.inner.prefix.txn_response(response))
    }

    /// Somebody else's compaction beyond this revision is as good.
    pub(super) async fn compact(&self, revision: i64) -> Result<(), Error> {
        let request = pb::CompactionRequest {
            revision,
            ..pb::CompactionRequest::default()
        };
        let compacted = self
            .call(soon(), false, |channel| async move {
                kv(channel).compact(request).await
            })
            .await;
        match compacted {
            Ok(_) | Err(Error::Compacted) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn lease_grant(&self, ttl: i64) -> Result<LeaseGrantResponse, Error> {
        let request = pb::LeaseGrantRequest { ttl, id: ANY_LEASE };
        let response = self
            .call(soon(), false, |channel| async move {
                LeaseClient::new(channel).lease_grant(request).await
            })
            .await?;
        Ok(LeaseGrantResponse {
            header: convert::header(response.header),
            id: response.id,
            ttl: response.ttl,
        })
    }

    /// A linearizable read that reads nothing: its header tells the revision.
    pub(super) async fn revision(&self) -> Result<i64, Error> {
        let nothing = RangeRequest {
            count_only: true,
            limit: 1,
            ..RangeRequest::key("/registry/health")
        };
        Ok(self.range(nothing).await?.header.revision)
    }

    async fn status(&self, deadline: Instant) -> Result<pb::StatusResponse, Error> {
        self.call(deadline, true, |channel| async move {
            let request = pb::StatusRequest::default();
            MaintenanceClient::new(channel).status(request).await
        })
        .await
    }

    pub(super) fn watch(&self, request: WatchRequest) -> Watch {
        Watch::start(self.clone(), request)
    }
}

fn soon() -> Instant {
    Instant::now() + REQUEST_TIMEOUT
}

fn kv(channel: Channel) -> KvClient<Channel> {
    KvClient::new(channel).max_decoding_message_size(MAX_MESSAGE)
}

/// Whether no connection was there to send the request on.
fn was_never_sent(status: &Status) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(status);
    while let Some(error) = cause {
        if error.is::<ConnectError>() {
            return status.code() == Code::Unavailable;
        }
        cause = error.source();
    }
    false
}

/// Refuses stores that tell a watch's progress before the changes that belong to it (etcd before 3.4.31, and 3.5.0 to
/// 3.5.12), as upstream does. A version that cannot be read is taken to be a newer one.
fn check_version(version: &str) -> Result<(), Error> {
    let numbers: Vec<u32> = version
        .split(['.', '-', '+'])
        .take(3)
        .map_while(|part| part.parse().ok())
        .collect();
    let [major, minor, patch] = numbers[..] else {
        tracing::warn!(version, "the store's version cannot be read");
        return Ok(());
    };
    let at = (major, minor, patch);
    if at < (3, 4, 31) || ((3, 5, 0)..(3, 5, 13)).contains(&at) {
        return Err(Error::Config(format!(
            "etcd {version} does not tell the progress of watches reliably: 3.4.31, 3.5.13 or a later one is needed"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(servers: &[&str]) -> EtcdConfig {
        EtcdConfig {
            servers: servers.iter().map(|server| (*server).to_owned()).collect(),
            prefix: "/registry".to_owned(),
            ca: None,
            client: None,
        }
    }

    #[test]
    fn versions_that_cannot_be_relied_upon_are_refused() {
        for good in [
            "3.4.31",
            "3.5.13",
            "3.5.21",
            "3.6.0",
            "3.7.0-alpha.0",
            "dev",
        ] {
            assert!(check_version(good).is_ok(), "{good}");
        }
        for bad in ["3.3.27", "3.4.30", "3.5.0", "3.5.12", "2.3.8"] {
            assert!(check_version(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn what_makes_no_sense_is_named() {
        for (servers, words) in [
            (&[][..], "--etcd-servers names no server"),
            (&["https://127.0.0.1:1"], "https needs --etcd-cafile"),
            (&["127.0.0.1:2379"], "--etcd-servers 127.0.0.1:2379: "),
            (&["ftp://127.0.0.1:1"], "http://HOST:PORT or https"),
        ] {
            let error = Remote::connect(&config(servers)).await.unwrap_err();
            assert!(matches!(error, Error::Config(_)), "{error:?}");
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        let pair = ClientPair {
            certificate: "c".to_owned(),
            key: "secret".to_owned(),
        };
        assert!(!format!("{pair:?}").contains("secret"));
    }

    /// Nobody listens at the first endpoint: the write was not sent there, and goes to the second, which says no.
    #[tokio::test]
    async fn what_was_never_sent_goes_elsewhere() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let nobody = format!("http://{}", free.local_addr().unwrap());
        drop(free);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let somebody = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            // A server without services says that it does not know the method.
            let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
            tonic::transport::Server::builder()
                .add_routes(tonic::service::Routes::default())
                .serve_with_incoming(incoming)
                .await
        });
        let config = config(&[&nobody, &somebody]);
        let endpoints = config
            .servers
            .iter()
            .map(|server| (server.clone(), channel(&config, server).unwrap()))
            .collect();
        let remote = Remote {
            inner: Arc::new(Inner {
                endpoints,
                current: AtomicUsize::new(0),
                prefix: Prefix::new("/registry"),
            }),
        };
        let error = remote.txn(TxnRequest::default()).await.unwrap_err();
        assert!(matches!(error, Error::Other(_)), "{error:?}");
        assert_eq!(remote.endpoint().0, somebody);
        server.abort();
    }
}
