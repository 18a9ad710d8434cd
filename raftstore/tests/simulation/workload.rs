//! What clients of one member do: they write, read and hold leases, and watch.

use std::{collections::BTreeMap, time::Duration};

use hydrofoil_raftstore::{
    Compare, DeleteRangeRequest, Event, EventKind, PutRequest, RangeRequest, RequestOp, Store,
    TxnRequest, WatchRequest,
};
use rand::{Rng, SeedableRng, rngs::SmallRng, seq::IndexedRandom};

use super::{
    cluster::Hosts,
    history::{Asked, Glance, Lease, Seen, now},
};

/// Keys that clients write and read.
const KEYS: u64 = 4;
/// Clients of each member that write and read.
const CLIENTS: u64 = 2;
/// What each member writes at the end.
pub const MARK: &str = "the end";
/// Revisions that stay when the past is compacted.
const KEPT: i64 = 10;

/// One life of a member, as its clients see it. Clones are the same.
#[derive(Clone)]
pub struct Life {
    hosts: Hosts,
    name: String,
    store: Store,
    life: usize,
}

impl Life {
    /// That begins now.
    pub fn new(hosts: &Hosts, name: &str, store: &Store) -> Life {
        Life {
            hosts: hosts.clone(),
            name: name.to_owned(),
            store: store.clone(),
            life: hosts.new_life(),
        }
    }

    /// Starts everybody. They end with the host.
    pub fn begin(&self) {
        for client in 0..CLIENTS {
            tokio::spawn(self.clone().write_and_read(client));
        }
        tokio::spawn(self.clone().hold_leases());
        tokio::spawn(self.clone().watch());
        tokio::spawn(self.clone().glance());
        tokio::spawn(self.clone().look_for_leader());
        tokio::spawn(self.clone().operate());
    }

    fn rng(&self, salt: u64) -> SmallRng {
        SmallRng::seed_from_u64(self.hosts.seed.rotate_left(32) ^ (self.life as u64) << 8 ^ salt)
    }

    /// One client: one request after the other, until the trouble is over.
    async fn write_and_read(self, client: u64) {
        let mut rng = self.rng(client);
        let mut n = 0;
        while self.hosts.in_trouble() {
            let key = format!("k{}", rng.random_range(0..KEYS));
            n += 1;
            let value = format!("{}/{}/{client}/{n}", self.name, self.life);
            match rng.random_range(0..20) {
                0..7 => self.put(vec![(key, value)]).await,
                7..9 => {
                    let other = format!("{key}/too");
                    let too = format!("{value}/too");
                    self.put(vec![(key, value), (other, too)]).await;
                }
                9..12 => self.swap(key, value).await,
                12 => self.delete(key).await,
                13 => self.get(key, true).await,
                _ => self.get(key, false).await,
            }
            tokio::time::sleep(Duration::from_millis(rng.random_range(1..120))).await;
        }
    }

    async fn put(&self, writes: Vec<(String, String)>) {
        let asked = Asked::Put {
            writes: writes.clone(),
        };
        let number = self.hosts.history.begin(asked);
        let mut puts = writes.into_iter().map(|(key, value)| put(key, value));
        let revision = if puts.len() == 1
            && let Some(put) = puts.next()
        {
            self.store.put(put).await.map(|put| put.header.revision)
        } else {
            let request = TxnRequest {
                success: puts.map(RequestOp::Put).collect(),
                ..Default::default()
            };
            self.store.txn(request).await.map(|txn| txn.header.revision)
        };
        if let Ok(revision) = revision {
            self.hosts.history.end(number, revision, true, None);
        }
    }

    /// Sets a key if it is as it was read before, which is often not so any more.
    async fn swap(&self, key: String, value: String) {
        let mut read = RangeRequest::key(key.clone());
        read.serializable = true;
        let Ok(found) = self.store.range(read).await else {
            return;
        };
        let expected = found.kvs.first().map_or(0, |kv| kv.mod_revision);
        let number = self.hosts.history.begin(Asked::Swap {
            key: key.clone(),
            expected,
            value: value.clone(),
        });
        let request = TxnRequest {
            compare: vec![Compare::mod_revision(key.clone(), expected)],
            success: vec![RequestOp::Put(put(key, value))],
            ..Default::default()
        };
        if let Ok(response) = self.store.txn(request).await {
            let revision = response.header.revision;
            self.hosts
                .history
                .end(number, revision, response.succeeded, None);
        }
    }

    async fn delete(&self, key: String) {
        let number = self.hosts.history.begin(Asked::Delete { key: key.clone() });
        let request = DeleteRangeRequest {
            key: key.into(),
            ..Default::default()
        };
        if let Ok(response) = self.store.delete_range(request).await {
            let wrote = response.deleted > 0;
            self.hosts
                .history
                .end(number, response.header.revision, wrote, None);
        }
    }

    async fn get(&self, key: String, serializable: bool) {
        let number = self.hosts.history.begin(Asked::Get {
            key: key.clone(),
            serializable,
        });
        let mut request = RangeRequest::key(key);
        request.serializable = serializable;
        if let Ok(response) = self.store.range(request).await {
            let found = response.kvs.first();
            let found = found.map(|kv| (text(&kv.value), kv.mod_revision));
            self.hosts
                .history
                .end(number, response.header.revision, false, found);
        }
    }

    /// Holds one lease after the other, with a key on it: renews it for a while, then lets it go.
    async fn hold_leases(self) {
        let mut rng = self.rng(0x1ea5e);
        while self.hosts.in_trouble() {
            tokio::time::sleep(Duration::from_millis(rng.random_range(50..500))).await;
            let begun = now();
            let Ok(granted) = self.store.lease_grant(rng.random_range(1..=2), 0).await else {
                continue;
            };
            let ttl = Duration::from_secs(granted.ttl.unsigned_abs());
            let key = format!("lease/{:x}", granted.id);
            let lease = Lease {
                key: key.clone(),
                ttl,
                renewed: begun,
                lost: None,
            };
            self.hosts.history.lock().leases.insert(granted.id, lease);
            let request = PutRequest {
                lease: granted.id,
                ..put(key, format!("{:x}", granted.id))
            };
            // It may end without a key as well.
            drop(self.store.put(request).await);
            for _ in 0..rng.random_range(0..4) {
                tokio::time::sleep(ttl.mul_f64(rng.random_range(0.1..0.8))).await;
                if !self.renew(granted.id).await {
                    break;
                }
            }
        }
    }

    /// Returns whether the lease was there, or may have been.
    async fn renew(&self, id: i64) -> bool {
        let begun = now();
        let answer = self.store.lease_keep_alive(id).await;
        let mut history = self.hosts.history.lock();
        let Some(lease) = history.leases.get_mut(&id) else {
            return false;
        };
        match answer {
            Ok(renewed) if renewed.ttl > 0 => lease.renewed = begun,
            Ok(_) => lease.lost = Some(now()),
            Err(_) => {}
        }
        lease.lost.is_none()
    }

    /// Watches everything from where the member's watchers stopped before.
    async fn watch(self) {
        let from = {
            let mut history = self.hosts.history.lock();
            let seen = history.watched.entry(self.name.clone()).or_default();
            seen.last().map_or(2, |last| last.revision + 1)
        };
        let Some(compacted) = self.watch_from(from).await else {
            return;
        };
        // Only a member that joins late may begin there: the past is compacted up to where everybody else is.
        assert!(
            from == 2 && compacted > 2,
            "{} is too late for {from}",
            self.name
        );
        self.hosts
            .history
            .lock()
            .joined
            .insert(self.name.clone(), compacted);
        self.watch_from(compacted).await;
    }

    /// Returns where to go on instead if what was asked for is compacted.
    async fn watch_from(&self, from: i64) -> Option<i64> {
        let mut watcher = self.store.watch(WatchRequest::prefix("", from)).ok()?;
        loop {
            let response = watcher.recv().await;
            if response.canceled {
                return (response.compact_revision > 0).then_some(response.compact_revision);
            }
            let mut history = self.hosts.history.lock();
            let seen = history.watched.entry(self.name.clone()).or_default();
            seen.extend(response.events.iter().map(seen_of));
        }
    }

    /// Watches from somewhere in the past or in the future, for a moment, again and again.
    async fn glance(self) {
        let mut rng = self.rng(0x61a);
        while self.hosts.in_trouble() {
            tokio::time::sleep(Duration::from_millis(rng.random_range(50..400))).await;
            let revision = self.store.revision();
            let from = rng
                .random_range((revision - 200).max(1)..revision + 5)
                .max(2);
            let Ok(mut watcher) = self.store.watch(WatchRequest::prefix("", from)) else {
                continue;
            };
            let mut seen = Vec::new();
            let moment = Duration::from_millis(rng.random_range(10..600));
            let watching = async {
                loop {
                    let response = watcher.recv().await;
                    if response.canceled {
                        return;
                    }
                    seen.extend(response.events.iter().map(seen_of));
                }
            };
            drop(tokio::time::timeout(moment, watching).await);
            self.hosts.history.lock().glances.push(Glance {
                member: self.name.clone(),
                from,
                seen,
            });
        }
    }

    async fn look_for_leader(self) {
        loop {
            let status = self.store.status();
            if status.leader == status.header.member_id {
                let mut history = self.hosts.history.lock();
                let leaders = history.leaders.entry(status.raft_term).or_default();
                leaders.insert(self.name.clone());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What operators do: they move the leadership and compact the past.
    async fn operate(self) {
        let mut rng = self.rng(0x09);
        while self.hosts.in_trouble() {
            tokio::time::sleep(Duration::from_millis(rng.random_range(100..1_500))).await;
            let status = self.store.status();
            if status.leader != status.header.member_id {
                continue;
            }
            if rng.random_bool(0.5) {
                self.compact().await;
            } else if let Ok(listed) = self.store.members(false).await {
                // A leader of the first moment has not applied who the members are.
                if let Some(to) = listed.members.choose(&mut rng) {
                    // It may not be there, or not want to.
                    drop(self.store.move_leader(to.id).await);
                }
            }
        }
    }

    /// Compacts what every watcher that goes on has behind it.
    async fn compact(&self) {
        let upto = {
            let mut history = self.hosts.history.lock();
            let last = |name| {
                let seen: Option<&Vec<Seen>> = history.watched.get(name);
                seen.and_then(|seen| seen.last())
                    .map_or(0, |seen| seen.revision)
            };
            let upto = self.hosts.names.iter().map(last).min().unwrap_or(0) - KEPT;
            if upto <= history.compacted {
                return;
            }
            history.compacted = upto;
            upto
        };
        // Another one may have been quicker.
        drop(self.store.compact(upto).await);
    }

    /// After the trouble: writes once more, and says what the member has when it has everything and all leases have ended.
    pub async fn finish(&self) {
        while self.hosts.in_trouble() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mark = put(format!("mark/{}", self.name), MARK.to_owned());
        while self.store.put(mark.clone()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // Everybody's mark is to be there and every lease to have ended, so that nothing changes any more.
        let (all, revision) = loop {
            if let Ok(found) = self.store.range(RangeRequest::prefix("")).await {
                let count = |prefix: &[u8]| {
                    let keys = found.kvs.iter().map(|kv| &kv.key);
                    keys.filter(|key| key.starts_with(prefix)).count()
                };
                if count(b"mark/") >= self.hosts.names.len() && count(b"lease/") == 0 {
                    break (found.kvs, found.header.revision);
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        // A watcher is told in its own time.
        while self.last_seen() < revision {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let has: BTreeMap<_, _> = all
            .iter()
            .map(|kv| (text(&kv.key), (text(&kv.value), kv.mod_revision)))
            .collect();
        let mut history = self.hosts.history.lock();
        history.last.insert(self.name.clone(), has);
        history.revisions.insert(self.name.clone(), revision);
        drop(history);
        self.hosts.note_finished();
    }

    fn last_seen(&self) -> i64 {
        let history = self.hosts.history.lock();
        let seen = history.watched.get(&self.name);
        seen.and_then(|seen| seen.last())
            .map_or(0, |seen| seen.revision)
    }
}

fn put(key: String, value: String) -> PutRequest {
    PutRequest {
        key: key.into(),
        value: value.into(),
        ..Default::default()
    }
}

fn seen_of(event: &Event) -> Seen {
    Seen {
        revision: event.kv.mod_revision,
        key: text(&event.kv.key),
        value: (event.kind == EventKind::Put).then(|| text(&event.kv.value)),
        at: now(),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
