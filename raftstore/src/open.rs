//! Opening a store: lock the folder, read the state and the log, start raft, and wait until everything committed is applied.

use std::{fs, path::Path, sync::Arc, time::Duration};

use openraft::SnapshotPolicy;

use crate::{
    Clock, Config, Error, Metrics,
    auth::token::Tokens,
    backend::{Backend, persist},
    core::{Core, Setup, SharedCore},
    membership::Node,
    mvcc::space::Limits,
    raft::{Raft, machine::Machine, network::NoPeers},
    wal::{
        disk::{Disk, Folder},
        log::{Log, LogConfig},
    },
};

/// Name of the file whose lock says that a folder is in use.
const LOCK_FILE: &str = "LOCK";
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
    pub persist: std::thread::JoinHandle<()>,
    /// Told after each commit of the state file.
    pub committed: Arc<tokio::sync::Notify>,
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

/// Opens a store on `disk`.
pub async fn open(
    config: &Config,
    disk: Arc<dyn Disk>,
    clock: Clock,
    lock: Option<Arc<fs::File>>,
) -> Result<Opened, Error> {
    let metrics = Metrics::default();
    let (core, log) = {
        let (config, metrics) = (config.clone(), metrics.clone());
        tokio::task::spawn_blocking(move || read(&config, disk, clock, metrics, lock))
            .await
            .map_err(|e| Error::Internal(e.to_string()))??
    };
    let committed = Arc::new(tokio::sync::Notify::new());
    let told = Arc::clone(&committed);
    let persist = persist::start(Arc::clone(&core), config.write_behind_interval, move || {
        told.notify_one();
    })?;
    match start(config, &core, &log).await {
        Ok(raft) => Ok(Opened {
            core,
            raft,
            log,
            persist,
            committed,
        }),
        Err(error) => {
            core.pending.close();
            log.close_blocking().await;
            Err(error)
        }
    }
}

fn read(
    config: &Config,
    disk: Arc<dyn Disk>,
    clock: Clock,
    metrics: Metrics,
    lock: Option<Arc<fs::File>>,
) -> Result<(SharedCore, Log), Error> {
    let backend = Backend::open(&*disk, config.backend_cache_bytes)?;
    let limits = Limits {
        window_bytes: config.watch_window_bytes,
        value_bytes: config.value_cache_bytes,
    };
    let tokens = Tokens::new(&config.auth_token, clock.clone())?;
    let setup = Setup {
        cluster_id: config.cluster_id,
        member_id: config.member_id,
        limits,
        clock,
        lease_checkpoint_interval: config.lease_checkpoint_interval,
        tokens,
        metrics: metrics.clone(),
        lock,
    };
    let core = Core::load(backend, setup)?;
    let log_config = LogConfig {
        cluster_id: config.cluster_id,
        member_id: config.member_id,
        segment_bytes: config.log_segment_bytes,
    };
    let log = Log::open(disk, log_config, metrics)?;
    Ok((Arc::new(core), log))
}

/// Starts raft, makes it a cluster of one if it is new, and waits until what is committed is applied.
async fn start(config: &Config, core: &SharedCore, log: &Log) -> Result<Raft, Error> {
    let internal = |e: &dyn std::fmt::Display| Error::Internal(e.to_string());
    let raft_config = openraft::Config {
        cluster_name: format!("{:x}", config.cluster_id),
        heartbeat_interval: millis(config.heartbeat_interval),
        election_timeout_min: millis(config.election_timeout),
        election_timeout_max: millis(config.election_timeout) * 2,
        // Snapshots are made when the log has grown, see `maintenance`.
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: 0,
        enable_pre_vote: Some(true),
        ..Default::default()
    };
    let raft_config = Arc::new(raft_config.validate().map_err(|e| internal(&e))?);
    let machine = Machine::new(Arc::clone(core));
    let raft = Raft::new(config.member_id, raft_config, NoPeers, log.clone(), machine)
        .await
        .map_err(|e| internal(&e))?;
    if !raft.is_initialized().await.map_err(|e| internal(&e))? {
        let members = std::collections::BTreeMap::from([(
            config.member_id,
            Node {
                name: config.name.clone(),
                ..Default::default()
            },
        )]);
        raft.initialize(members).await.map_err(|e| internal(&e))?;
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
        .current_leader(config.member_id, "opening the store")
        .await
        .map_err(|e| internal(&e))?;
    Ok(raft)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis())
        .unwrap_or(u64::MAX)
        .max(1)
}
