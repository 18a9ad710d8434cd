//! Counters under etcd's names. The one who serves `/metrics` registers them; nothing here opens a port.

mod peers;

use std::{
    sync::{Arc, OnceLock, atomic::AtomicU64},
    time::Duration,
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

pub use peers::{PeerCounts, PeerMetrics};

/// What the store counts. Cheap to clone: every copy counts into the same cells.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Seconds that flushing the raft log took.
    pub wal_fsync_seconds: Histogram,
    /// Seconds that a durable commit of the state machine's file took.
    pub backend_commit_seconds: Histogram,
    /// Entries in one flush of the raft log.
    pub wal_batch_entries: Histogram,
    /// Bytes written to the raft log.
    pub wal_write_bytes: Counter,
    /// Proposals handed to raft and not answered yet.
    pub proposals_pending: Gauge,
    /// Proposals that failed.
    pub proposals_failed: Counter,
    /// Proposals committed, as a raft index.
    pub proposals_committed: Gauge,
    /// Proposals applied, as a raft index.
    pub proposals_applied: Gauge,
    /// 1 if a leader is known.
    pub has_leader: Gauge,
    /// 1 if this member leads.
    pub is_leader: Gauge,
    /// Leader changes seen.
    pub leader_changes_seen: Counter,
    /// Ranges served.
    pub range: Counter,
    /// Puts applied.
    pub put: Counter,
    /// Deletes applied.
    pub delete: Counter,
    /// Transactions of more than one operation.
    pub txn: Counter,
    /// Keys there are.
    pub keys: Gauge,
    /// Current revision.
    pub current_revision: Gauge,
    /// Compacted revision.
    pub compact_revision: Gauge,
    /// Revisions removed by compaction.
    pub compaction_keys: Counter,
    /// Watchers there are.
    pub watchers: Gauge,
    /// Watchers that are catching up.
    pub slow_watchers: Gauge,
    /// Events handed to watchers.
    pub events: Counter,
    /// Leases granted.
    pub lease_granted: Counter,
    /// Leases revoked.
    pub lease_revoked: Counter,
    /// Leases renewed.
    pub lease_renewed: Counter,
    /// Leases expired.
    pub lease_expired: Counter,
    /// Members with a NOSPACE alarm.
    pub no_space_alarms: Gauge,
    /// Size of the state machine's file in bytes.
    pub db_total_size: Gauge<i64, std::sync::atomic::AtomicI64>,
    /// Bytes of values held in memory.
    pub value_cache_bytes: Gauge<f64, AtomicU64>,
    /// What is counted of each peer.
    pub peers: PeerMetrics,
    /// Seconds that writing to the raft log took, its flush aside.
    pub wal_write_seconds: Histogram,
    /// Seconds that it took to do what an entry says, by what it says.
    pub apply_seconds: ApplySeconds,
    /// Revision of users and roles.
    pub auth_revision: Gauge,
    /// Seconds for which leases were granted.
    pub lease_ttl_seconds: Histogram,
    /// When compaction last ended, in seconds since 1970.
    pub compaction_last: Gauge,
    /// Milliseconds for which compaction kept others from the key space.
    pub compaction_pause_milliseconds: Histogram,
    /// Milliseconds that compaction took.
    pub compaction_milliseconds: Histogram,
    /// Bytes of keys and values that were put.
    pub put_bytes: Gauge,
    /// Streams of watches there are.
    pub watch_streams: Gauge,
    /// Seconds that defragmenting took.
    pub defragment_seconds: Histogram,
    /// 1 while the file is defragmented.
    pub defragment_inflight: Gauge,
    /// Seconds that making a snapshot took, as fast as its reader took it.
    pub snapshot_seconds: Histogram,
    /// 1 while the state of another member is taken in the place of this one's.
    pub snapshot_apply_in_progress: Gauge,
    /// Seconds that a hash over everything took.
    pub hash_seconds: Histogram,
    /// Seconds that a hash over keys took.
    pub hash_rev_seconds: Histogram,
    /// Learners promoted by this member as the leader.
    pub learner_promotions: Counter,
    /// Rounds of linearizable reads that failed.
    pub read_indexes_failed: Counter,
    /// Rounds of linearizable reads that took long.
    pub slow_read_indexes: Counter,
}

/// What an entry said, and how it went, under the names that etcd's labels have.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Applied {
    version: &'static str,
    op: &'static str,
    success: &'static str,
}

/// Seconds by what was done. The commonest is found without a search.
#[derive(Clone, Debug)]
pub struct ApplySeconds {
    all: Family<Applied, Histogram>,
    puts: Arc<OnceLock<Histogram>>,
}

impl Default for ApplySeconds {
    fn default() -> Self {
        // etcd's buckets: 0.1 ms doubling 20 times.
        let histogram = || Histogram::new(doubling(0.0001, 20));
        ApplySeconds {
            all: Family::new_with_constructor(histogram),
            puts: Arc::default(),
        }
    }
}

impl ApplySeconds {
    /// Notes that something was done.
    pub fn observe(&self, op: &'static str, success: bool, took: Duration) {
        let labels = Applied {
            version: "v3",
            op,
            success: if success { "true" } else { "false" },
        };
        let seconds = took.as_secs_f64();
        if op == "Put" && success {
            let puts = || self.all.get_or_create(&labels).clone();
            self.puts.get_or_init(puts).observe(seconds);
        } else {
            self.all.get_or_create(&labels).observe(seconds);
        }
    }
}

/// `count` bounds, each twice the one before.
fn doubling(first: f64, count: u32) -> impl Iterator<Item = f64> {
    (0..count).map(move |n| first * f64::from(1u32 << n))
}

/// etcd's buckets for disk latencies: 1 ms doubling 14 times.
fn disk_buckets() -> impl Iterator<Item = f64> {
    (0..14).map(|n| 0.001 * f64::from(1u32 << n))
}

/// Entries per flush: 1 doubling 13 times.
fn batch_buckets() -> impl Iterator<Item = f64> {
    (0..13).map(|n| f64::from(1u32 << n))
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics {
            wal_fsync_seconds: Histogram::new(disk_buckets()),
            backend_commit_seconds: Histogram::new(disk_buckets()),
            wal_batch_entries: Histogram::new(batch_buckets()),
            wal_write_bytes: Counter::default(),
            proposals_pending: Gauge::default(),
            proposals_failed: Counter::default(),
            proposals_committed: Gauge::default(),
            proposals_applied: Gauge::default(),
            has_leader: Gauge::default(),
            is_leader: Gauge::default(),
            leader_changes_seen: Counter::default(),
            range: Counter::default(),
            put: Counter::default(),
            delete: Counter::default(),
            txn: Counter::default(),
            keys: Gauge::default(),
            current_revision: Gauge::default(),
            compact_revision: Gauge::default(),
            compaction_keys: Counter::default(),
            watchers: Gauge::default(),
            slow_watchers: Gauge::default(),
            events: Counter::default(),
            lease_granted: Counter::default(),
            lease_revoked: Counter::default(),
            lease_renewed: Counter::default(),
            lease_expired: Counter::default(),
            no_space_alarms: Gauge::default(),
            db_total_size: Gauge::default(),
            value_cache_bytes: Gauge::default(),
            peers: PeerMetrics::default(),
            wal_write_seconds: Histogram::new(disk_buckets()),
            apply_seconds: ApplySeconds::default(),
            auth_revision: Gauge::default(),
            // One second to three months.
            lease_ttl_seconds: Histogram::new(doubling(1.0, 24)),
            compaction_last: Gauge::default(),
            compaction_pause_milliseconds: Histogram::new(doubling(1.0, 13)),
            compaction_milliseconds: Histogram::new(doubling(100.0, 14)),
            put_bytes: Gauge::default(),
            watch_streams: Gauge::default(),
            defragment_seconds: Histogram::new(doubling(0.1, 13)),
            defragment_inflight: Gauge::default(),
            snapshot_seconds: Histogram::new(doubling(0.01, 17)),
            snapshot_apply_in_progress: Gauge::default(),
            hash_seconds: Histogram::new(doubling(0.01, 15)),
            hash_rev_seconds: Histogram::new(doubling(0.01, 15)),
            learner_promotions: Counter::default(),
            read_indexes_failed: Counter::default(),
            slow_read_indexes: Counter::default(),
        }
    }
}

impl Metrics {
    /// Registers every counter under etcd's name. A `_total` that etcd's name ends in is added by the encoder of counters.
    #[rustfmt::skip]
    pub fn register(&self, registry: &mut Registry) {
        let r = registry;
        r.register("etcd_disk_wal_fsync_duration_seconds", "The latency distributions of fsync called by WAL.", self.wal_fsync_seconds.clone());
        r.register("etcd_disk_backend_commit_duration_seconds", "The latency distributions of commit called by backend.", self.backend_commit_seconds.clone());
        r.register("hydrofoil_store_wal_batch_entries", "Entries covered by one flush of the raft log", self.wal_batch_entries.clone());
        r.register("etcd_disk_wal_write_bytes", "Total number of bytes written in WAL.", self.wal_write_bytes.clone());
        r.register("etcd_server_proposals_pending", "The current number of pending proposals to commit.", self.proposals_pending.clone());
        r.register("etcd_server_proposals_failed", "The total number of failed proposals seen.", self.proposals_failed.clone());
        r.register("etcd_server_proposals_committed_total", "The total number of consensus proposals committed.", self.proposals_committed.clone());
        r.register("etcd_server_proposals_applied_total", "The total number of consensus proposals applied.", self.proposals_applied.clone());
        r.register("etcd_server_has_leader", "Whether or not a leader exists; 1 is existence, 0 is not", self.has_leader.clone());
        r.register("etcd_server_is_leader", "Whether or not this member is a leader; 1 if is, 0 otherwise", self.is_leader.clone());
        r.register("etcd_server_leader_changes_seen", "The number of leader changes seen.", self.leader_changes_seen.clone());
        r.register("etcd_mvcc_range", "Total number of ranges seen by this member.", self.range.clone());
        r.register("etcd_mvcc_put", "Total number of puts seen by this member.", self.put.clone());
        r.register("etcd_mvcc_delete", "Total number of deletes seen by this member.", self.delete.clone());
        r.register("etcd_mvcc_txn", "Total number of txns seen by this member.", self.txn.clone());
        r.register("etcd_debugging_mvcc_keys_total", "Total number of keys.", self.keys.clone());
        r.register("etcd_debugging_mvcc_current_revision", "The current revision of store.", self.current_revision.clone());
        r.register("etcd_debugging_mvcc_compact_revision", "The revision of the last compaction in store.", self.compact_revision.clone());
        r.register("etcd_debugging_mvcc_db_compaction_keys", "Total number of db keys compacted.", self.compaction_keys.clone());
        r.register("etcd_debugging_mvcc_watcher_total", "Total number of watchers.", self.watchers.clone());
        r.register("etcd_debugging_mvcc_slow_watcher_total", "Total number of unsynced slow watchers.", self.slow_watchers.clone());
        r.register("etcd_debugging_mvcc_events", "Total number of events sent by this member.", self.events.clone());
        r.register("etcd_debugging_lease_granted", "The total number of granted leases.", self.lease_granted.clone());
        r.register("etcd_debugging_lease_revoked", "The total number of revoked leases.", self.lease_revoked.clone());
        r.register("etcd_debugging_lease_renewed", "The number of renewed leases seen by the leader.", self.lease_renewed.clone());
        r.register("etcd_debugging_server_lease_expired", "The total number of expired leases.", self.lease_expired.clone());
        r.register("hydrofoil_store_no_space_alarms", "Members with a NOSPACE alarm", self.no_space_alarms.clone());
        r.register("etcd_mvcc_db_total_size_in_bytes", "Total size of the underlying database physically allocated in bytes.", self.db_total_size.clone());
        self.peers.register(r);
        r.register("etcd_disk_wal_write_duration_seconds", "The latency distributions of write called by WAL.", self.wal_write_seconds.clone());
        r.register("etcd_server_apply_duration_seconds", "The latency distributions of v2 apply called by backend.", self.apply_seconds.all.clone());
        r.register("etcd_debugging_auth_revision", "The current revision of auth store.", self.auth_revision.clone());
        r.register("etcd_debugging_lease_ttl_total", "Bucketed histogram of lease TTLs.", self.lease_ttl_seconds.clone());
        r.register("etcd_debugging_mvcc_db_compaction_last", "The unix time of the last db compaction. Resets to 0 on start.", self.compaction_last.clone());
        r.register("etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds", "Bucketed histogram of db compaction pause duration.", self.compaction_pause_milliseconds.clone());
        r.register("etcd_debugging_mvcc_db_compaction_total_duration_milliseconds", "Bucketed histogram of db compaction total duration.", self.compaction_milliseconds.clone());
        r.register("etcd_debugging_mvcc_total_put_size_in_bytes", "The total size of put kv pairs seen by this member.", self.put_bytes.clone());
        r.register("etcd_debugging_mvcc_watch_stream_total", "Total number of watch streams.", self.watch_streams.clone());
        r.register("etcd_disk_backend_defrag_duration_seconds", "The latency distribution of backend defragmentation.", self.defragment_seconds.clone());
        r.register("etcd_disk_defrag_inflight", "Whether or not defrag is active on the member. 1 means active, 0 means not.", self.defragment_inflight.clone());
        r.register("etcd_disk_backend_snapshot_duration_seconds", "The latency distribution of backend snapshots.", self.snapshot_seconds.clone());
        r.register("etcd_server_snapshot_apply_in_progress_total", "1 if the server is applying the incoming snapshot. 0 if none.", self.snapshot_apply_in_progress.clone());
        r.register("etcd_mvcc_hash_duration_seconds", "The latency distribution of storage hash operation.", self.hash_seconds.clone());
        r.register("etcd_mvcc_hash_rev_duration_seconds", "The latency distribution of storage hash by revision operation.", self.hash_rev_seconds.clone());
        r.register("etcd_server_learner_promote_successes", "The total number of successful learner promotions while this member is leader.", self.learner_promotions.clone());
        r.register("etcd_server_read_indexes_failed", "The total number of failed read indexes seen.", self.read_indexes_failed.clone());
        r.register("etcd_server_slow_read_indexes", "The total number of pending read indexes not in sync with leader's or timed out read index requests.", self.slow_read_indexes.clone());
        r.register("hydrofoil_store_value_cache_bytes", "Bytes of values held in memory", self.value_cache_bytes.clone());
    }
}
