//! The handle that every user of the store holds. Checks requests, reads locally, proposes writes to raft.

use std::{
    fmt, fs,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use openraft::{
    ReadPolicy,
    async_runtime::watch::WatchReceiver,
    errors::{ClientWriteError, Fatal, LinearizableReadError, RaftError},
};
use parking_lot::Mutex;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Clock, Config, Error, Metrics, Watcher,
    backend::LazyReader,
    check,
    command::{Command, Proposal, Reply},
    core::SharedCore,
    lease::{self, MAX_TTL_SECONDS},
    maintenance,
    mvcc::{range, txn},
    open,
    raft::{Raft, TypeConfig},
    rpc::*,
    wal::{disk::Disk, log::Log},
};

/// Bytes of proposals that wait for the log; more are answered with "too many requests".
const MAX_PENDING_BYTES: usize = 256 << 20;

/// An open store. Cheap to clone; all clones are the same store.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

/// How background tasks hold the store: a store that nobody else holds is not kept open by them.
pub(crate) type WeakStore = Weak<Inner>;

pub(crate) struct Inner {
    core: SharedCore,
    raft: Raft,
    log: Log,
    config: Config,
    pending_bytes: AtomicUsize,
    stopped: AtomicBool,
    stop: CancellationToken,
    tasks: TaskTracker,
    persist: Mutex<Option<std::thread::JoinHandle<()>>>,
    lock: Option<Arc<fs::File>>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("data_dir", &self.config.data_dir)
            .finish_non_exhaustive()
    }
}

/// How the store is, as `etcdserverpb.StatusResponse`.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// Size of the state machine's file in bytes.
    pub db_size: i64,
    /// The leader's id; 0 if there is none.
    pub leader: u64,
    /// Index of the last entry in the log.
    pub raft_index: u64,
    /// Index of the last entry applied.
    pub raft_applied_index: u64,
    /// Term of raft.
    pub raft_term: u64,
}

impl Store {
    /// Opens the store in `config.data_dir`, replays what the last run left, and waits until it leads.
    ///
    /// # Errors
    /// [`Error::Locked`] if another process has the directory open, [`Error::Corrupt`] if a file is damaged,
    /// [`Error::Incompatible`] if the directory is of another member.
    pub async fn open(config: Config) -> Result<Store, Error> {
        let disk = open::folder(&config.data_dir)?;
        let lock = open::lock(&config.data_dir)?;
        Store::open_on(config, disk, Some(lock)).await
    }

    /// Opens a store on a disk of the caller's.
    pub(crate) async fn open_on(
        config: Config,
        disk: Arc<dyn Disk>,
        lock: Option<fs::File>,
    ) -> Result<Store, Error> {
        let lock = lock.map(Arc::new);
        let opened = open::open(&config, disk, Clock::start(), lock.clone()).await?;
        let inner = Arc::new(Inner {
            core: opened.core,
            raft: opened.raft,
            log: opened.log,
            pending_bytes: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            persist: Mutex::new(Some(opened.persist)),
            lock,
            config,
        });
        inner.start_tasks(opened.committed);
        Ok(Store { inner })
    }

    /// Reads keys. Linearizable unless `serializable` is set.
    ///
    /// # Errors
    /// [`Error::EmptyKey`], [`Error::Compacted`], [`Error::FutureRev`].
    pub async fn range(&self, request: RangeRequest) -> Result<RangeResponse, Error> {
        check::range(&request)?;
        if !request.serializable {
            self.inner.linearize().await?;
        }
        self.inner.range(request).await
    }

    /// Sets a key.
    ///
    /// # Errors
    /// [`Error::EmptyKey`], [`Error::KeyNotFound`], [`Error::LeaseNotFound`] and what [`Store::txn`] says.
    pub async fn put(&self, request: PutRequest) -> Result<PutResponse, Error> {
        match self.one(RequestOp::Put(request)).await? {
            (header, Some(ResponseOp::Put(response))) => Ok(PutResponse { header, ..response }),
            _ => Err(mismatch()),
        }
    }

    /// Deletes keys.
    ///
    /// # Errors
    /// [`Error::EmptyKey`] and what [`Store::txn`] says.
    pub async fn delete_range(
        &self,
        request: DeleteRangeRequest,
    ) -> Result<DeleteRangeResponse, Error> {
        match self.one(RequestOp::DeleteRange(request)).await? {
            (header, Some(ResponseOp::DeleteRange(response))) => {
                Ok(DeleteRangeResponse { header, ..response })
            }
            _ => Err(mismatch()),
        }
    }

    async fn one(&self, op: RequestOp) -> Result<(ResponseHeader, Option<ResponseOp>), Error> {
        let request = TxnRequest {
            success: vec![op],
            ..Default::default()
        };
        let mut response = self.txn(request).await?;
        Ok((response.header, response.responses.pop()))
    }

    /// Does a transaction. When it returns, what it wrote is on disk and visible to every read that begins later.
    /// A transaction that only reads is not written to the log.
    ///
    /// # Errors
    /// What the operations inside say, [`Error::TooManyOps`], [`Error::DuplicateKey`], [`Error::RequestTooLarge`],
    /// [`Error::TooManyRequests`], [`Error::Timeout`] (the outcome is then unknown), [`Error::Stopped`].
    pub async fn txn(&self, request: TxnRequest) -> Result<TxnResponse, Error> {
        let bytes = check::txn(&request, self.inner.config.max_txn_ops)?;
        if bytes > self.inner.config.max_request_bytes {
            return Err(Error::RequestTooLarge);
        }
        if txn::only_reads(&request) {
            self.inner.linearize().await?;
            let core = &self.inner.core;
            let space = core.space.read();
            return txn::read_only(
                &space,
                &request,
                &LazyReader::new(&core.backend),
                core.header(0),
            );
        }
        match self
            .inner
            .propose_sized(Command::Txn(request), bytes)
            .await?
        {
            Reply::Txn(result) => Ok(result?),
            _ => Err(mismatch()),
        }
    }

    /// Forgets the history before `revision`: reads and watches older than it fail from now on.
    ///
    /// # Errors
    /// [`Error::Compacted`] if that was done before, [`Error::FutureRev`] if the revision is not reached.
    pub async fn compact(&self, revision: i64) -> Result<CompactionResponse, Error> {
        let revision = self.inner.compact(revision).await?;
        Ok(CompactionResponse {
            header: self.inner.core.header(revision),
        })
    }

    /// Watches keys. Nothing is missed from this call on, however late the first [`Watcher::recv`] is.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::EmptyKey`]. A compacted start revision is told through the watcher, as etcd does.
    pub fn watch(&self, request: WatchRequest) -> Result<Watcher, Error> {
        if request.key.is_empty() {
            return Err(Error::EmptyKey);
        }
        let interval = self.inner.config.watch_progress_interval;
        Watcher::new(Arc::clone(&self.inner.core), request, interval)
    }

    /// Grants a lease of `ttl` seconds under `id`, or under an id of our choice if `id` is 0.
    ///
    /// # Errors
    /// [`Error::LeaseExist`], [`Error::LeaseTtlTooLarge`].
    pub async fn lease_grant(&self, ttl: i64, id: i64) -> Result<LeaseGrantResponse, Error> {
        if ttl > MAX_TTL_SECONDS {
            return Err(Error::LeaseTtlTooLarge);
        }
        let ttl = ttl.max(self.inner.min_lease_ttl());
        loop {
            let chosen = if id == 0 {
                rand::random_range(1..i64::MAX)
            } else {
                id
            };
            match self
                .inner
                .propose(Command::LeaseGrant { id: chosen, ttl })
                .await
            {
                Ok(revision) => {
                    let header = self.inner.core.header(revision);
                    return Ok(LeaseGrantResponse {
                        header,
                        id: chosen,
                        ttl,
                    });
                }
                Err(Error::LeaseExist) if id == 0 => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Ends a lease and deletes its keys, at one revision.
    ///
    /// # Errors
    /// [`Error::LeaseNotFound`].
    pub async fn lease_revoke(&self, id: i64) -> Result<LeaseRevokeResponse, Error> {
        let revision = self.inner.propose(Command::LeaseRevoke { id }).await?;
        Ok(LeaseRevokeResponse {
            header: self.inner.core.header(revision),
        })
    }

    /// Starts a lease's time to live anew. A lease that does not exist is answered with a `ttl` of 0.
    ///
    /// # Errors
    /// [`Error::NotLeader`]: only the leader knows when leases end. [`Error::Stopped`].
    pub async fn lease_keep_alive(&self, id: i64) -> Result<LeaseKeepAliveResponse, Error> {
        self.inner.linearize().await?;
        let core = &self.inner.core;
        let renewed = core.leases.renew(id);
        if renewed.is_some() {
            core.metrics.lease_renewed.inc();
        }
        let header = core.header(core.revision());
        Ok(LeaseKeepAliveResponse {
            header,
            id,
            ttl: renewed.unwrap_or(0),
        })
    }

    /// Says how long a lease still lives, and which keys hang on it if `keys` is set.
    ///
    /// # Errors
    /// [`Error::NotLeader`], [`Error::Stopped`].
    pub async fn lease_time_to_live(
        &self,
        id: i64,
        keys: bool,
    ) -> Result<LeaseTimeToLiveResponse, Error> {
        self.inner.linearize().await?;
        let core = &self.inner.core;
        let space = core.space.read();
        let mut response = LeaseTimeToLiveResponse {
            header: core.header(space.revision),
            id,
            ttl: -1,
            ..Default::default()
        };
        if let Some(lease) = space.leases.get(&id) {
            let left = core.leases.remaining(id).unwrap_or_default();
            response.ttl = i64::try_from(left.as_secs()).unwrap_or(i64::MAX);
            response.granted_ttl = lease.ttl;
            if keys {
                response.keys = lease.keys.iter().cloned().collect();
            }
        }
        Ok(response)
    }

    /// The leases there are.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub async fn leases(&self) -> Result<LeaseLeasesResponse, Error> {
        self.inner.linearize().await?;
        let core = &self.inner.core;
        let space = core.space.read();
        Ok(LeaseLeasesResponse {
            header: core.header(space.revision),
            leases: space.leases.keys().copied().collect(),
        })
    }

    /// The latest revision applied here. 1 in an empty store, as in etcd.
    pub fn revision(&self) -> i64 {
        self.inner.core.revision()
    }

    /// The revision below which history is gone; 0 if nothing was compacted.
    pub fn compact_revision(&self) -> i64 {
        self.inner.core.space.read().compacted
    }

    /// How the store is.
    pub fn status(&self) -> Status {
        let core = &self.inner.core;
        let header = core.header(core.revision());
        let leader = self
            .inner
            .raft
            .server_metrics()
            .borrow_watched()
            .current_leader;
        Status {
            header,
            db_size: i64::try_from(core.backend.size()).unwrap_or(i64::MAX),
            leader: leader.unwrap_or(0),
            raft_index: self.inner.log.last_index(),
            raft_applied_index: core.applied.lock().0.map_or(0, |id| id.index),
            raft_term: header.raft_term,
        }
    }

    /// The store's counters.
    pub fn metrics(&self) -> Metrics {
        self.inner.core.metrics.clone()
    }

    /// Stops taking requests, ends every watch, writes everything to disk and closes the files. Other clones then answer
    /// [`Error::Stopped`].
    pub async fn shutdown(self) {
        self.inner.shutdown().await;
    }
}

fn mismatch() -> Error {
    Error::Internal("an answer of another kind than the request".into())
}

impl Inner {
    pub(crate) fn core(&self) -> &SharedCore {
        &self.core
    }

    pub(crate) fn is_leader(&self) -> bool {
        self.raft.is_leader()
    }

    fn start_tasks(self: &Arc<Self>, committed: Arc<tokio::sync::Notify>) {
        let stop = || self.stop.clone();
        let (raft, log) = (self.raft.clone(), self.log.clone());
        let limit = self.config.checkpoint_log_bytes;
        self.tasks.spawn(maintenance::cut_log(
            raft.clone(),
            log,
            committed,
            limit,
            stop(),
        ));
        self.tasks.spawn(maintenance::follow_raft(
            raft,
            Arc::clone(&self.core),
            stop(),
        ));
        self.tasks
            .spawn(lease::expiry::run(Arc::downgrade(self), stop()));
        if let Some(keep) = self.config.auto_compaction {
            self.tasks.spawn(maintenance::auto_compact(
                Arc::downgrade(self),
                keep,
                stop(),
            ));
        }
    }

    fn min_lease_ttl(&self) -> i64 {
        // etcd's rule: one and a half election timeouts, in whole seconds.
        let seconds = (self.config.election_timeout.as_secs_f64() * 1.5).ceil();
        seconds.max(1.0) as i64
    }

    fn check_running(&self) -> Result<(), Error> {
        if self.stopped.load(Ordering::Acquire) {
            Err(Error::Stopped)
        } else {
            Ok(())
        }
    }

    /// Returns once everything that was acknowledged before the call is applied here.
    async fn linearize(&self) -> Result<(), Error> {
        self.check_running()?;
        if self.core.is_sole_voter() {
            // Alone, a write is acknowledged by the one who applied it: nothing acknowledged can be missing here.
            return Ok(());
        }
        match self.raft.ensure_linearizable(ReadPolicy::ReadIndex).await {
            Ok(_) => Ok(()),
            Err(RaftError::APIError(LinearizableReadError::ForwardToLeader(to))) => {
                Err(not_leader(to.leader_id))
            }
            Err(RaftError::APIError(LinearizableReadError::QuorumNotEnough(_))) => {
                Err(Error::Timeout)
            }
            Err(RaftError::Fatal(fatal)) => Err(self.fatal(&fatal)),
        }
    }

    async fn range(&self, request: RangeRequest) -> Result<RangeResponse, Error> {
        self.core.metrics.range.inc();
        let (found, header, reader) = {
            let space = self.core.space.read();
            let found = range::find(&space, &request, space.revision)?;
            let reader = found
                .needs_disk()
                .then(|| self.core.reader(&space))
                .transpose()?;
            (found, self.core.header(space.revision), reader)
        };
        let Some(reader) = reader else {
            return found.finish(header, &LazyReader::new(&self.core.backend), |_| {});
        };
        let core = Arc::clone(&self.core);
        tokio::task::spawn_blocking(move || {
            let mut fetched = Vec::new();
            let answer = found.finish(header, &reader, |kv| fetched.push(Arc::clone(kv)))?;
            core.space.write().warm(&fetched);
            Ok(answer)
        })
        .await
        .map_err(|e| Error::Internal(e.to_string()))?
    }

    pub(crate) async fn compact(&self, revision: i64) -> Result<i64, Error> {
        self.propose(Command::Compact { revision }).await
    }

    /// Proposes a small command; answers with the revision afterwards.
    pub(crate) async fn propose(&self, command: Command) -> Result<i64, Error> {
        match self.propose_sized(command, 0).await? {
            Reply::Done(result) => Ok(result?),
            _ => Err(mismatch()),
        }
    }

    /// Proposes a command and waits until it is on disk and applied. Proposals that wait together share one flush.
    async fn propose_sized(&self, command: Command, bytes: usize) -> Result<Reply, Error> {
        self.check_running()?;
        let metrics = &self.core.metrics;
        let waiting = Waiting::enter(self, bytes)?;
        let write = self.raft.client_write(Proposal::new(command));
        let result = match tokio::time::timeout(self.config.request_timeout, write).await {
            Ok(Ok(response)) => Ok(response.data),
            Ok(Err(RaftError::APIError(ClientWriteError::ForwardToLeader(to)))) => {
                Err(not_leader(to.leader_id))
            }
            Ok(Err(RaftError::APIError(_))) | Err(_) => Err(Error::Timeout),
            Ok(Err(RaftError::Fatal(fatal))) => Err(self.fatal(&fatal)),
        };
        drop(waiting);
        if result.is_err() {
            metrics.proposals_failed.inc();
        }
        result
    }

    fn fatal(&self, fatal: &Fatal<TypeConfig>) -> Error {
        match (self.check_running(), fatal) {
            (Err(stopped), _) => stopped,
            (_, Fatal::Stopped) => Error::Stopped,
            (_, fatal) => Error::Internal(fatal.to_string()),
        }
    }

    async fn shutdown(&self) {
        if self.stopped.swap(true, Ordering::AcqRel) {
            self.tasks.wait().await;
            return;
        }
        self.stop.cancel();
        self.core.hub.close();
        self.tasks.close();
        if self.raft.shutdown().await.is_err() {
            tracing::error!("raft panicked while it was shut down");
        }
        self.core.pending.close();
        let thread = self.persist.lock().take();
        if let Some(thread) = thread
            && !matches!(
                tokio::task::spawn_blocking(move || thread.join()).await,
                Ok(Ok(()))
            )
        {
            tracing::error!("the thread that writes behind panicked");
        }
        self.log.close_blocking().await;
        self.tasks.wait().await;
        if let Some(lock) = &self.lock
            && let Err(error) = lock.unlock()
        {
            tracing::warn!(%error, "the data directory stays locked until the process ends");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.stopped.load(Ordering::Acquire) {
            return;
        }
        // Nobody shut the store down: let its threads and tasks end by themselves.
        self.stop.cancel();
        self.core.hub.close();
        self.core.pending.close();
        let (raft, log) = (self.raft.clone(), self.log.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // It only says whether raft panicked, and nobody is left to tell.
                drop(raft.shutdown().await);
                log.close_blocking().await;
            });
        }
    }
}

fn not_leader(leader: Option<u64>) -> Error {
    match leader {
        Some(_) => Error::NotLeader { leader },
        None => Error::NoLeader,
    }
}

/// A proposal under way, counted while it lives.
struct Waiting<'a> {
    inner: &'a Inner,
    bytes: usize,
}

impl<'a> Waiting<'a> {
    fn enter(inner: &'a Inner, bytes: usize) -> Result<Self, Error> {
        let before = inner.pending_bytes.fetch_add(bytes, Ordering::Relaxed);
        let waiting = inner.core.metrics.proposals_pending.inc();
        let entered = Waiting { inner, bytes };
        let full = usize::try_from(waiting).is_ok_and(|n| n >= inner.config.max_pending_proposals);
        if full || before + bytes > MAX_PENDING_BYTES {
            return Err(Error::TooManyRequests);
        }
        Ok(entered)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.inner
            .pending_bytes
            .fetch_sub(self.bytes, Ordering::Relaxed);
        self.inner.core.metrics.proposals_pending.dec();
    }
}
