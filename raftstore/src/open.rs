//! Opening a store: lock the folder, read the state and the log, start raft, and wait until everything committed is applied.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
    sync::Arc,
    time::Duration,
};

use openraft::{
    EntryPayload, RaftLogReader, SnapshotPolicy,
    storage::{RaftLogStorage, RaftLogStorageExt},
};

use crate::{
    Clock, Config, Error, Metrics,
    auth::token::Tokens,
    backend::{Backend, persist},
    blocking,
    core::{Core, Setup, SharedCore},
    membership::{Node, identity::Identity},
    mvcc::space::Limits,
    raft::{
        Entry, LogId, Membership, Raft,
        machine::Machine,
        transport::{connect::Connector, identity::Local, link::Times, peers::Peers},
    },
    wal::{
        disk::{Disk, Folder},
        log::{Log, LogConfig},
        recover,
    },
};

/// Name of the file whose lock says that a folder is in use.
const LOCK_FILE: &str = "LOCK";
/// How long a member that cannot be reached is left alone before it is tried again.
const BACKOFF: &str = "10ms 20ms 50ms 100ms ...500ms";
/// Longest wait for raft to apply what the log holds.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(120);

/// Everything that opening makes.
pub struct Opened {
    /// The shared state.
    pub core: SharedCore,
    /// Raft.
    pub raft: Raft,
    /// The log.
    pub log: Log,
    /// The thread that writes behind.
    pub persist: Option<std::thread::JoinHandle<()>>,
    /// Told after each commit of the state file.
    pub committed: Arc<tokio::sync::Notify>,
    /// The ways to the other members.
    pub peers: Peers,
    /// Told of members whose process is gone.
    pub gone: tokio::sync::mpsc::Receiver<u64>,
}

/// Takes the lock of the folder.
pub fn lock(dir: &Path) -> Result<fs::File, Error> {
    let path = dir.join(LOCK_FILE);
    let file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|e| Error::io(format!("opening {}", path.display()), e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Error::Locked(dir.to_owned())),
        Err(fs::TryLockError::Error(e)) => Err(Error::io(format!("locking {}", path.display()), e)),
    }
}

/// The folder as a disk.
pub fn folder(dir: &Path) -> Result<Arc<dyn Disk>, Error> {
    let folder = Folder::create(dir)
        .map_err(|e| Error::io(format!("making the folder {}", dir.display()), e))?;
    Ok(Arc::new(folder))
}

/// Whether both paths are of one folder that is there.
pub fn same_folder(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    real(one).is_some_and(|one| Some(one) == real(other))
}

/// A folder of the log's own.
#[derive(Debug)]
pub struct LogFolder {
    /// As a disk.
    pub disk: Arc<dyn Disk>,
    /// Its lock.
    pub lock: fs::File,
}

/// The folder of the log, if it is not the data directory.
///
/// # Errors
/// [`Error::Locked`], or there is a log in the data directory already.
pub fn log_folder(config: &Config, data: &Arc<dyn Disk>) -> Result<Option<LogFolder>, Error> {
    let Some(dir) = &config.wal_dir else {
        return Ok(None);
    };
    let disk = folder(dir)?;
    if same_folder(dir, &config.data_dir) {
        return Ok(None);
    }
    if recover::has_log(&**data)? {
        return Err(Error::Incompatible {
            dir: config.data_dir.clone(),
            what: format!(
                "the log is here and not in {}: move its files, {}, there",
                dir.display(),
                recover::FILES
            ),
        });
    }
    let lock = lock(dir)?;
    Ok(Some(LogFolder { disk, lock }))
}

/// The disks of a member.
#[derive(Clone, Debug)]
pub struct Disks {
    /// Of the state.
    pub data: Arc<dyn Disk>,
    /// Of the log.
    pub log: Arc<dyn Disk>,
}

/// Opens the store of the member `identity` on `disks`.
pub async fn open(
    config: &Config,
    identity: &Identity,
    disks: Disks,
    clock: Clock,
    lock: Option<Arc<fs::File>>,
    connector: Arc<dyn Connector>,
) -> Result<Opened, Error> {
    let metrics = Metrics::default();
    let (core, log) = {
        let (config, identity, metrics) = (config.clone(), identity.clone(), metrics.clone());
        blocking::run(move || read(&config, &identity, disks, clock, metrics, lock)).await??
    };
    let committed = Arc::new(tokio::sync::Notify::new());
    let told = Arc::clone(&committed);
    let persist = persist::start(Arc::clone(&core), config.write_behind_interval, move || {
        told.notify_one();
    })?;
    let local = Local {
        cluster: identity.cluster,
        member: identity.member,
        disk: identity.disk,
    };
    let times = Times::new(config.heartbeat_interval, config.election_timeout);
    let (peers, gone) = Peers::new(Arc::clone(&core), local, connector, times);
    match start(config, identity, &core, &log, &peers).await {
        Ok(raft) => {
            // Whoever follows raft says it later, and the first answer has a header already.
            core.set_term(log.term());
            Ok(Opened {
                core,
                raft,
                log,
                persist,
                committed,
                peers,
                gone,
            })
        }
        Err(error) => {
            peers.close();
            core.pending.close();
            log.close_blocking().await;
            Err(error)
        }
    }
}

fn read(
    config: &Config,
    identity: &Identity,
    disks: Disks,
    clock: Clock,
    metrics: Metrics,
    lock: Option<Arc<fs::File>>,
) -> Result<(SharedCore, Log), Error> {
    let Disks { data, log } = disks;
    let backend = Backend::open(&*data, config.backend_cache_bytes)?.on(data);
    let limits = Limits {
        window_bytes: config.watch_window_bytes,
        value_bytes: config.value_cache_bytes,
    };
    let tokens = Tokens::new(&config.auth_token, clock.clone())?;
    let setup = Setup {
        cluster_id: identity.cluster,
        member_id: identity.member,
        limits,
        clock,
        lease_checkpoint_interval: config.lease_checkpoint_interval,
        tokens,
        quota: config.quota(),
        metrics: metrics.clone(),
        lock,
    };
    let core = Core::load(backend, setup)?;
    let log_config = LogConfig {
        cluster_id: identity.cluster,
        member_id: identity.member,
        segment_bytes: config.log_segment_bytes,
    };
    let log = Log::open(log, log_config, metrics)?;
    if log.is_empty() && core.applied_index() > 0 {
        // Not only what it held is gone, but also whom this member voted for.
        log.close();
        return Err(Error::Incompatible {
            dir: config.data_dir.clone(),
            what: format!(
                "its state is that of entry {} and its log is missing: is the log in another folder (--wal-dir)?",
                core.applied_index()
            ),
        });
    }
    Ok((Arc::new(core), log))
}

/// Starts raft, and begins the cluster if it is new. A member alone leads, and has applied what is committed, when this
/// returns; one of several has not.
async fn start(
    config: &Config,
    identity: &Identity,
    core: &SharedCore,
    log: &Log,
    peers: &Peers,
) -> Result<Raft, Error> {
    let internal = |e: &dyn std::fmt::Display| Error::Internal(e.to_string());
    // A leader that was alone leads on at once. One of several must not: others may lead by now.
    let alone = core.is_sole_voter() && log.last_membership() <= core.applied_index();
    if config.force_new_cluster {
        force_alone(config, identity.member, core, log).await?;
    }
    let raft_config = Arc::new(raft_config(config, identity, alone)?);
    let machine = Machine::new(Arc::clone(core));
    let raft = Raft::new(
        identity.member,
        raft_config,
        peers.clone(),
        log.clone(),
        machine,
    )
    .await
    .map_err(|e| internal(&e))?;
    let begun = raft.is_initialized().await.map_err(|e| internal(&e))?;
    if !begun && !identity.seeds.is_empty() {
        let members: BTreeMap<_, _> = identity.seeds.iter().cloned().collect();
        raft.initialize(members).await.map_err(|e| internal(&e))?;
    }
    let voters: Vec<u64> = raft.voter_ids().collect();
    if voters != [identity.member] {
        return Ok(raft);
    }
    if !raft.is_leader() {
        // Alone, there is nobody to wait for.
        raft.trigger()
            .elect(false)
            .await
            .map_err(|e| internal(&e))?;
    }
    raft.wait_for_recovery(Some(RECOVERY_TIMEOUT))
        .await
        .map_err(|e| internal(&e))?;
    raft.wait(Some(RECOVERY_TIMEOUT))
        .current_leader(identity.member, "opening the store")
        .await
        .map_err(|e| internal(&e))?;
    Ok(raft)
}

/// Adds an entry to the log that leaves this member as the only one. Everything in the log stays: what was written here and is
/// not known to be committed may have been acknowledged, and the members who would know are gone.
async fn force_alone(
    config: &Config,
    member: u64,
    core: &SharedCore,
    log: &Log,
) -> Result<(), Error> {
    let failed = |e| Error::io("forcing a new cluster", e);
    let mut log = log.clone();
    let (applied, mut members) = {
        let applied = core.applied.lock();
        (applied.0, applied.1.membership().clone())
    };
    let logged = log.get_log_state().await.map_err(failed)?.last_log_id;
    let Some(last) = logged.max(applied) else {
        // Nothing was ever begun.
        return Ok(());
    };
    let from = applied.map_or(0, |id| id.index + 1);
    for entry in log.try_get_log_entries(from..).await.map_err(failed)? {
        if let EntryPayload::Membership(later) = entry.payload {
            members = later;
        }
    }
    let alone = members.nodes().count() == 1 && members.voter_ids().eq([member]);
    if alone {
        return Ok(());
    }
    tracing::warn!(
        member = format!("{member:x}"),
        before = ?members.nodes().map(|(id, _)| format!("{id:x}")).collect::<Vec<_>>(),
        "forcing a new cluster of this member alone; all others count as removed"
    );
    let node = members.get_node(&member).cloned().unwrap_or(Node {
        name: config.name.clone(),
        peer_urls: config.initial_advertise_peer_urls.clone(),
        is_learner: false,
    });
    let node = Node {
        is_learner: false,
        ..node
    };
    let only = Membership::new(
        vec![BTreeSet::from([member])],
        BTreeMap::from([(member, node)]),
    )
    .map_err(|e| Error::Internal(e.to_string()))?;
    if logged < Some(last) {
        // The state is ahead of the log.
        log.purge(last).await.map_err(failed)?;
    }
    let entry = Entry {
        log_id: LogId::new(last.leader_id, last.index + 1),
        payload: EntryPayload::Membership(only),
    };
    log.blocking_append([entry])
        .await
        .map_err(|e| failed(io::Error::other(e)))
}

fn raft_config(
    config: &Config,
    identity: &Identity,
    alone: bool,
) -> Result<openraft::Config, Error> {
    let election = millis(config.election_timeout);
    let raft_config = openraft::Config {
        cluster_name: format!("{:x}", identity.cluster),
        heartbeat_interval: millis(config.heartbeat_interval),
        // A follower begins an election when it has heard nothing for the second of these, during which it gives nobody its
        // vote, and then a random time between both: in all between one election timeout and somewhat less than two.
        election_timeout_min: (election * 3 / 10).max(millis(config.heartbeat_interval) + 1),
        election_timeout_max: (election * 8 / 10).max(millis(config.heartbeat_interval) + 2),
        // Snapshots are made when the log has grown, see `maintenance`.
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: 0,
        enable_pre_vote: Some(config.pre_vote),
        enable_leader_restore: Some(alone),
        backoff: BACKOFF.into(),
        ..Default::default()
    };
    raft_config
        .validate()
        .map_err(|e| Error::Internal(e.to_string()))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis())
        .unwrap_or(u64::MAX)
        .max(1)
}
