//! Several members over loopback: they elect a leader, replicate, serve everything from each of them, and go on when one of
//! them is lost.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{get, put, set};
use crate::{Config, Error, InitialClusterState, InitialMember, Plain, Store, rpc::*};

/// Longest wait for anything that must happen.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// One member that runs.
pub struct Running {
    /// Its store.
    pub store: Store,
    serving: JoinHandle<()>,
    stop: CancellationToken,
    /// Connections that are still taken, and broken, after the stop.
    last: Arc<AtomicUsize>,
}

impl Running {
    /// Takes the member away as `kill -9` does, as far as its peers can tell: its connections break and nobody listens any
    /// more. Its data directory can be opened again afterwards.
    pub async fn kill(self) {
        self.stop.cancel();
        drop(self.serving.await);
        self.store.abort().await;
    }

    /// [`Running::kill`] of a process that goes bit by bit: its connections are broken before it ceases to listen, and so many
    /// are taken in between.
    pub async fn kill_bit_by_bit(self, connections: usize) {
        self.last.store(connections, Ordering::Relaxed);
        self.stop.cancel();
        self.store.abort().await;
        let served = tokio::time::timeout(PATIENCE, self.serving).await;
        served.expect("nobody looks whether it listens").unwrap();
    }

    /// Stops the member cleanly.
    pub async fn shutdown(self) {
        self.store.shutdown().await;
        self.stop.cancel();
        drop(self.serving.await);
    }
}

/// Serves a member at `listener`.
async fn serve(config: Config, listener: TcpListener) -> Result<Running, Error> {
    let (store, service) = Store::open_cluster(config, Arc::new(Plain)).await?;
    let stop = CancellationToken::new();
    let router = service.routes().into_axum_router();
    let last = Arc::new(AtomicUsize::new(0));
    let serving = tokio::spawn(accept(listener, router, stop.clone(), Arc::clone(&last)));
    Ok(Running {
        store,
        serving,
        stop,
        last,
    })
}

/// Accepts until `stop`, and then breaks every connection, and the `last` that come after.
async fn accept(
    listener: TcpListener,
    router: axum::Router,
    stop: CancellationToken,
    last: Arc<AtomicUsize>,
) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else { continue };
        stream.set_nodelay(true).unwrap();
        let service = hyper_util::service::TowerToHyperService::new(router.clone());
        connections.spawn(async move {
            let builder =
                hyper::server::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new());
            // The other side may go away at any time.
            drop(
                builder
                    .serve_connection(hyper_util::rt::TokioIo::new(stream), service)
                    .await,
            );
        });
    }
    drop(connections);
    for _ in 0..last.load(Ordering::Relaxed) {
        drop(listener.accept().await);
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// Several members in one folder.
pub struct Members {
    dir: tempfile::TempDir,
    initial: Vec<InitialMember>,
    /// Etcd's own unless a test is about who does not wait for it.
    election_timeout: Duration,
    /// By name.
    pub running: BTreeMap<String, Running>,
}

impl Members {
    /// Starts `count` new ones together, and waits until each knows the others.
    pub async fn start(count: usize) -> Members {
        Members::start_with(count, |_| ()).await
    }

    /// [`Members::start`], after something was done to each data directory.
    pub async fn start_with(count: usize, prepare: impl Fn(&Config)) -> Members {
        let election_timeout = Config::new("").election_timeout;
        Members::start_at(election_timeout, count, prepare).await
    }

    async fn start_at(
        election_timeout: Duration,
        count: usize,
        prepare: impl Fn(&Config),
    ) -> Members {
        let dir = tempfile::tempdir().unwrap();
        let mut listeners = Vec::new();
        for _ in 0..count {
            listeners.push(TcpListener::bind("127.0.0.1:0").await.unwrap());
        }
        let initial: Vec<InitialMember> = listeners
            .iter()
            .enumerate()
            .map(|(n, listener)| (format!("m{n}"), vec![url(listener.local_addr().unwrap())]))
            .collect();
        let mut members = Members {
            dir,
            initial,
            election_timeout,
            running: BTreeMap::new(),
        };
        for (n, listener) in listeners.into_iter().enumerate() {
            let name = format!("m{n}");
            let config = members.config(&name, &members.initial);
            prepare(&config);
            let running = serve(config, listener).await.unwrap();
            members.running.insert(name, running);
        }
        members.ready().await;
        members
    }

    /// The configuration of the member `name` of a cluster of `initial`.
    fn config(&self, name: &str, initial: &[InitialMember]) -> Config {
        Config {
            name: name.to_owned(),
            initial_cluster: initial.to_vec(),
            advertise_client_urls: vec![format!("http://{name}.example:2379")],
            election_timeout: self.election_timeout,
            ..Config::new(self.dir.path().join(name))
        }
    }

    /// Waits until every member is ready.
    pub async fn ready(&self) {
        for running in self.running.values() {
            tokio::time::timeout(PATIENCE, running.store.wait_ready())
                .await
                .expect("a member is ready in time")
                .unwrap();
        }
    }

    /// The store of `name`.
    pub fn store(&self, name: &str) -> &Store {
        &self.running[name].store
    }

    /// The name of the leader, once all agree.
    pub async fn leader(&self) -> String {
        eventually("all agree upon a leader", || async {
            let seen: Vec<u64> = self
                .running
                .values()
                .map(|r| r.store.status().leader)
                .collect();
            let first = seen[0];
            let agreed = first != 0 && seen.iter().all(|id| *id == first);
            let mut all = self.running.iter();
            let found = all.find(|(_, r)| r.store.status().header.member_id == first);
            agreed
                .then_some(found.map(|(name, _)| name.clone()))
                .flatten()
        })
        .await
    }

    /// A name that is not the leader's.
    pub async fn follower(&self) -> String {
        let leader = self.leader().await;
        self.running
            .keys()
            .find(|name| **name != leader)
            .unwrap()
            .clone()
    }

    /// Starts a member again that was stopped, at its old address.
    pub async fn restart(&mut self, name: &str) {
        let (_, urls) = self.initial.iter().find(|(n, _)| n == name).unwrap();
        let address = urls[0].strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind(&address).await.unwrap();
        let config = self.config(name, &self.initial);
        let running = serve(config, listener).await.unwrap();
        self.running.insert(name.to_owned(), running);
    }

    /// Starts a member that was added under `urls` to the running ones.
    pub async fn join(&mut self, name: &str, listener: TcpListener) -> Result<(), Error> {
        let mut members = self.initial.clone();
        members.push((name.to_owned(), vec![url(listener.local_addr().unwrap())]));
        let config = Config {
            initial_cluster_state: InitialClusterState::Existing,
            ..self.config(name, &members)
        };
        let running = serve(config, listener).await?;
        self.initial = members;
        self.running.insert(name.to_owned(), running);
        Ok(())
    }

    /// Throws a stopped member's data away.
    pub fn wipe(&self, name: &str) {
        std::fs::remove_dir_all(self.dir.path().join(name)).unwrap();
    }

    /// Tries to start a stopped member as a new one.
    pub async fn begin_again(&self, name: &str) -> Result<Running, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        serve(self.config(name, &self.initial), listener).await
    }

    /// Takes a member out of the running ones.
    pub fn take(&mut self, name: &str) -> Running {
        self.running.remove(name).unwrap()
    }

    /// Stops everybody.
    pub async fn stop(self) {
        for running in self.running.into_values() {
            running.shutdown().await;
        }
    }
}

/// Asks until there is an answer.
pub async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(answer) => answer,
        Err(_) => panic!("not in time: {what}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_member_serves_writes_and_reads() {
    let members = Members::start(3).await;
    let listed = members.store("m0").members(true).await.unwrap().members;
    assert_eq!(listed.len(), 3);
    for (n, running) in members.running.values().enumerate() {
        let key = format!("k{n}");
        let response = running.store.put(put(&key, "1")).await.unwrap();
        assert_eq!(response.header.revision, n as i64 + 2);
        assert_eq!(
            response.header.member_id,
            running.store.status().header.member_id,
            "the member that was asked answers"
        );
        assert_eq!(
            running.store.revision(),
            n as i64 + 2,
            "it has applied what it says"
        );
        for other in members.running.values() {
            let found = get(&other.store, &key, 0).await.unwrap();
            assert_eq!(
                found.as_deref(),
                Some("1"),
                "read from another member at once"
            );
        }
    }
    let refused = members.store("m0").compact(1_000).await;
    assert!(
        matches!(refused, Err(Error::FutureRev)),
        "every member refuses alike"
    );
    members.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_answers_for_the_leader_in_everything_about_leases() {
    let members = Members::start(3).await;
    let follower = members.follower().await;
    let store = members.store(&follower);
    let lease = store.lease_grant(600, 0).await.unwrap();
    store
        .put(PutRequest {
            lease: lease.id,
            ..put("a", "1")
        })
        .await
        .unwrap();
    assert_eq!(store.lease_keep_alive(lease.id).await.unwrap().ttl, 600);
    let asked = store.lease_time_to_live(lease.id, true).await.unwrap();
    assert!(asked.ttl > 590 && asked.granted_ttl == 600);
    assert_eq!(asked.keys, ["a"]);
    assert_eq!(store.lease_keep_alive(lease.id + 1).await.unwrap().ttl, 0);
    store.lease_revoke(lease.id).await.unwrap();
    assert_eq!(
        store.lease_time_to_live(lease.id, true).await.unwrap().ttl,
        -1
    );
    members.stop().await;
}

/// More answers of the leader come too late to matter than a connection of HTTP/2 forgives at its defaults.
#[tokio::test(flavor = "multi_thread")]
async fn a_follower_forwards_any_number_of_writes_without_an_error() {
    const WRITERS: usize = 64;
    const WRITES: usize = 150;
    let members = Members::start(3).await;
    let follower = members.follower().await;
    let store = members.store(&follower);
    let writers = (0..WRITERS).map(|writer| async move {
        for n in 0..WRITES {
            let key = format!("{writer}/{}", n % 10);
            let written = store.put(put(&key, "x")).await;
            written.unwrap_or_else(|error| panic!("write {n} of writer {writer}: {error}"));
        }
    });
    futures::future::join_all(writers).await;
    let revision = i64::try_from(1 + WRITERS * WRITES).unwrap();
    assert_eq!(store.revision(), revision);
    members.stop().await;
}

/// An election timeout that is longer than anything takes which does not wait for it.
const LONG: Duration = Duration::from_secs(4);

/// Loses the leader and writes through `follower`, before an election timeout is over. Returns the revision.
async fn next_write(
    members: &Members,
    follower: &str,
    round: i64,
    losing: impl Future<Output = ()>,
) -> i64 {
    let begun = Instant::now();
    losing.await;
    let written = async {
        loop {
            let write = members.store(follower).put(put("a", &round.to_string()));
            // One that was on its way to the leader may be lost with it, and then a client writes again.
            if let Ok(answer) = tokio::time::timeout(LONG / 4, write).await {
                return answer.unwrap().header.revision;
            }
        }
    };
    let revision = tokio::time::timeout(LONG, written).await;
    eprintln!(
        "round {round}: the next write was acknowledged after {:?}",
        begun.elapsed()
    );
    revision.expect("nobody waits for an election timeout")
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_go_on_soon_after_the_leader_is_killed() {
    let mut members = Members::start_at(LONG, 3, |_| ()).await;
    set(members.store("m0"), "a", "0").await;
    for round in 1..=2 {
        let leader = members.leader().await;
        let follower = members.follower().await;
        let killed = members.take(&leader);
        let revision = next_write(&members, &follower, round, killed.kill()).await;
        assert!(revision >= 2 + round);
        members.restart(&leader).await;
        members.ready().await;
        let found = get(members.store(&leader), "a", 0).await.unwrap();
        assert_eq!(
            found,
            Some(round.to_string()),
            "the member that came back has it"
        );
    }
    members.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_is_missed_that_still_listened_when_its_connections_broke() {
    let mut members = Members::start_at(LONG, 3, |_| ()).await;
    set(members.store("m0"), "a", "0").await;
    for round in 1..=2 {
        let leader = members.leader().await;
        let follower = members.follower().await;
        let killed = members.take(&leader);
        // One for the first look of each of the others.
        next_write(&members, &follower, round, killed.kill_bit_by_bit(2)).await;
        members.restart(&leader).await;
        members.ready().await;
    }
    members.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_stop_of_the_leader_hands_over_first() {
    let mut members = Members::start(3).await;
    let leader = members.leader().await;
    let stopped = members.take(&leader);
    let begun = Instant::now();
    stopped.shutdown().await;
    let next = members.leader().await;
    assert_ne!(next, leader);
    set(members.store(&next), "a", "1").await;
    eprintln!(
        "the next write was acknowledged after {:?}",
        begun.elapsed()
    );
    members.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_leadership_moves_where_it_is_told_to() {
    let members = Members::start(3).await;
    let (leader, follower) = (members.leader().await, members.follower().await);
    let id = |name: &str| members.store(name).status().header.member_id;
    assert!(matches!(
        members.store(&follower).move_leader(id(&follower)).await,
        Err(Error::NotLeader { .. })
    ));
    assert!(matches!(
        members.store(&leader).move_leader(12345).await,
        Err(Error::BadLeaderTransferee)
    ));
    members
        .store(&leader)
        .move_leader(id(&follower))
        .await
        .unwrap();
    assert_eq!(members.leader().await, follower);
    set(members.store(&leader), "a", "1").await;
    members.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_on_a_follower_sees_every_change_once_and_in_order() {
    let members = Members::start(3).await;
    let follower = members.follower().await;
    let mut watcher = members
        .store(&follower)
        .watch(WatchRequest::prefix("", 2))
        .unwrap();
    let writers = members
        .running
        .values()
        .enumerate()
        .map(|(n, running)| async move {
            for i in 0..50 {
                set(&running.store, &format!("{n}/{i}"), "x").await;
            }
        });
    futures::future::join_all(writers).await;
    let mut revisions = Vec::new();
    while revisions.len() < 150 {
        let response = tokio::time::timeout(PATIENCE, watcher.recv())
            .await
            .unwrap();
        revisions.extend(response.events.iter().map(|event| event.kv.mod_revision));
    }
    assert_eq!(revisions, (2..152).collect::<Vec<i64>>());
    members.stop().await;
}
