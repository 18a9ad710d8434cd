//! What a store is started with. Defaults are etcd's where etcd has the setting.

use std::{path::PathBuf, time::Duration};

use crate::auth::{TokenConfig, password::DEFAULT_COST};

/// etcd's quota where none is given, in bytes.
pub const DEFAULT_QUOTA_BYTES: u64 = 2 << 30;
/// A larger quota is taken with a warning, as etcd does.
pub const MAX_SUGGESTED_QUOTA_BYTES: u64 = 8 << 30;

/// How much history the store keeps by itself (etcd's `--auto-compaction-mode` and `--auto-compaction-retention`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoCompaction {
    /// What is younger than this.
    Periodic(Duration),
    /// This many revisions.
    Revision(i64),
}

/// A member of `--initial-cluster`: its name and its peer URLs, such as `("infra0", ["http://10.0.0.1:2380"])`.
pub type InitialMember = (String, Vec<String>);

/// Whether the members of `--initial-cluster` begin a cluster or join one (etcd's `--initial-cluster-state`). It matters
/// only while the data directory is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InitialClusterState {
    /// They begin one, together.
    #[default]
    New,
    /// This member was added to a running one (`member add`) and joins it.
    Existing,
}

/// Settings of a store.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder for the log and the state machine; made if it is missing (mode 0700).
    pub data_dir: PathBuf,
    /// Folder of the raft log, when it is to be on a disk of its own (etcd's `--wal-dir`). `None`: `data_dir`.
    pub wal_dir: Option<PathBuf>,
    /// This member's id while `initial_cluster` is empty. Kept in the data directory: opening with another id is an error.
    pub member_id: u64,
    /// The cluster's id, in every header, while `initial_cluster` is empty. Kept in the data directory as well.
    pub cluster_id: u64,
    /// This member's name (etcd's `--name`). Told to the cluster at every start.
    pub name: String,
    /// The members that the cluster begins with, this one among them by its name, or that it has when this one joins
    /// (etcd's `--initial-cluster`). Ids follow from it by etcd's rule. Ignored once the data directory is of a member.
    /// Empty: one member without peers, under `member_id` and `cluster_id`.
    pub initial_cluster: Vec<InitialMember>,
    /// See [`InitialClusterState`].
    pub initial_cluster_state: InitialClusterState,
    /// Keeps clusters apart that have the same URLs (etcd's `--initial-cluster-token`).
    pub initial_cluster_token: String,
    /// Make this member the only one of its cluster, with the data that it has (etcd's `--force-new-cluster`, for when the
    /// others are lost for good). All others count as removed. Ignored while the data directory is empty.
    pub force_new_cluster: bool,
    /// Peer URLs that `initial_cluster` must have for this member (etcd's `--initial-advertise-peer-urls`). Empty: not checked.
    pub initial_advertise_peer_urls: Vec<String>,
    /// Where clients reach this member (etcd's `--advertise-client-urls`). Told to the cluster at every start.
    pub advertise_client_urls: Vec<String>,
    /// Refuse changes of the members that could lose the quorum (etcd's `--strict-reconfig-check`).
    pub strict_reconfig_check: bool,
    /// Most learners in the cluster.
    pub max_learners: usize,
    /// Do not open if peers hold something else at this member's revision (etcd's `--experimental-initial-corrupt-check`).
    pub initial_corrupt_check: bool,
    /// How often the leader compares what the members hold, and raises the CORRUPT alarm of one that differs (etcd's
    /// `--experimental-corrupt-check-time`). `None`: never.
    pub corrupt_check_interval: Option<Duration>,
    /// Most operations in a transaction (etcd's `--max-txn-ops`).
    pub max_txn_ops: usize,
    /// Largest request in bytes (etcd's `--max-request-bytes`).
    pub max_request_bytes: usize,
    /// Most proposals waiting for the log; more are answered with "too many requests".
    pub max_pending_proposals: usize,
    /// Longest wait for a proposal.
    pub request_timeout: Duration,
    /// Compact the history by itself, keeping this much of it. `None`: only on request.
    pub auto_compaction: Option<AutoCompaction>,
    /// Bytes that the state machine's file may take; see [`crate::Status::db_size`] (etcd's `--quota-backend-bytes`).
    /// 0: etcd's default of 2 GiB. Less: no quota.
    pub quota_backend_bytes: i64,
    /// Which tokens a login gives (etcd's `--auth-token`, `--auth-token-ttl`).
    pub auth_token: TokenConfig,
    /// How dear hashing a password is, from 4 to 31 (etcd's `--bcrypt-cost`).
    pub bcrypt_cost: u32,
    /// How often what is left of a long lease is told to the other members, so that a new leader does not give it its full
    /// time again (etcd's lease checkpoints). `None`: never.
    pub lease_checkpoint_interval: Option<Duration>,
    /// How often a watch with `progress_notify` is told the revision while nothing happens.
    pub watch_progress_interval: Duration,
    /// Values of the latest versions kept in memory, in bytes; beyond it they are read from disk.
    pub value_cache_bytes: usize,
    /// Recent changes kept in memory for watchers that start in the past, in bytes of keys and values.
    pub watch_window_bytes: usize,
    /// Size at which a log file is closed and the next one begun, in bytes.
    pub log_segment_bytes: u64,
    /// Log bytes after which the state machine is made durable and the log is cut.
    pub checkpoint_log_bytes: u64,
    /// Longest time between a change and its being written behind to the state machine's file.
    pub write_behind_interval: Duration,
    /// Ask whether an election could be won before it is begun (etcd's `--pre-vote`).
    pub pre_vote: bool,
    /// Heartbeat of the leader.
    pub heartbeat_interval: Duration,
    /// Silence after which an election begins.
    pub election_timeout: Duration,
    /// Cache of the state machine's file, in bytes.
    pub backend_cache_bytes: usize,
}

impl Config {
    /// The quota in bytes, if there is one.
    pub fn quota(&self) -> Option<u64> {
        match self.quota_backend_bytes {
            0 => Some(DEFAULT_QUOTA_BYTES),
            bytes => u64::try_from(bytes).ok(),
        }
    }

    /// The defaults, in `data_dir`.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Config {
            data_dir: data_dir.into(),
            ..Default::default()
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            data_dir: PathBuf::from("default.etcd"),
            wal_dir: None,
            member_id: 1,
            cluster_id: 1,
            name: "default".into(),
            initial_cluster: Vec::new(),
            initial_cluster_state: InitialClusterState::New,
            initial_cluster_token: "etcd-cluster".into(),
            force_new_cluster: false,
            initial_advertise_peer_urls: Vec::new(),
            advertise_client_urls: Vec::new(),
            strict_reconfig_check: true,
            max_learners: 1,
            initial_corrupt_check: false,
            corrupt_check_interval: None,
            max_txn_ops: 128,
            max_request_bytes: 3 << 19, // 1.5 MiB
            max_pending_proposals: 65_536,
            request_timeout: Duration::from_secs(7),
            auto_compaction: None,
            quota_backend_bytes: 0,
            auth_token: TokenConfig::default(),
            bcrypt_cost: DEFAULT_COST,
            lease_checkpoint_interval: Some(Duration::from_secs(300)),
            watch_progress_interval: Duration::from_secs(600),
            value_cache_bytes: 256 << 20,
            watch_window_bytes: 32 << 20,
            log_segment_bytes: 8 << 20,
            checkpoint_log_bytes: 16 << 20,
            write_behind_interval: Duration::from_secs(2),
            pre_vote: true,
            heartbeat_interval: Duration::from_millis(100),
            election_timeout: Duration::from_millis(1000),
            backend_cache_bytes: 16 << 20,
        }
    }
}
