//! The handle that every user of the store holds. Checks requests, reads locally, proposes writes to raft.

use std::{
    fmt, fs,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use parking_lot::Mutex;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::session::Session;
use crate::{
    Clock, Config, Connector, Error, Metrics, PeerService, Watcher,
    alarm::AlarmMember,
    auth::Caller,
    backend::{Image, tables::State},
    blocking,
    cluster::{Changes, Cluster, caretaker, corruption, failover, members::Change},
    command::{Command, Reply},
    compactor,
    config::MAX_SUGGESTED_QUOTA_BYTES,
    core::SharedCore,
    hash::{self, HashKvResponse, HashResponse},
    lease, maintenance, membership, open,
    raft::{
        Raft,
        transport::{connect::Unconnected, wire::proto::change_members_request},
    },
    rpc::*,
    snapshot,
    wal::{disk::Disk, log::Log},
};

mod requests;
mod session;

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
    cluster: Arc<Cluster>,
    stopped: AtomicBool,
    stop: CancellationToken,
    tasks: TaskTracker,
    persist: Mutex<Option<std::thread::JoinHandle<()>>>,
    lock: Option<Arc<fs::File>>,
    log_lock: Option<fs::File>,
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
    /// Bytes that the state machine's file takes on disk, with what waits to be written to it. This is what the quota is
    /// about. What compaction frees is used again, and given back to the file system by defragmenting.
    pub db_size: i64,
    /// Bytes of it that keys, values and their history take.
    pub db_size_in_use: i64,
    /// The alarms that are raised.
    pub alarms: Vec<AlarmMember>,
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
    /// Opens the store in `config.data_dir`, replays what the last run left, and waits until it leads. A directory of etcd's is
    /// adopted first, see [`crate::adopt`].
    ///
    /// # Errors
    /// [`Error::Locked`] if another process has the directory open, [`Error::Corrupt`] if a file is damaged,
    /// [`Error::Incompatible`] if the directory is of another member.
    pub async fn open(config: Config) -> Result<Store, Error> {
        let disk = open::folder(&config.data_dir)?;
        let lock = open::lock(&config.data_dir)?;
        snapshot::adopt_if_etcds(&config).await?;
        Store::open_on(config, disk, Some(lock)).await
    }

    /// Opens a store on a disk of the caller's.
    pub(crate) async fn open_on(
        config: Config,
        disk: Arc<dyn Disk>,
        lock: Option<fs::File>,
    ) -> Result<Store, Error> {
        let (store, _) = Store::open_with(config, disk, lock, Arc::new(Unconnected)).await?;
        Ok(store)
    }

    /// Opens this member's store in `config.data_dir`, and joins it with the other members over connections that `connector`
    /// makes. Whoever calls this serves [`PeerService::routes`] at this member's peer URLs. This returns before the member has
    /// a leader, unless it is alone: see [`Store::wait_ready`].
    ///
    /// # Errors
    /// What [`Store::open`] says, and [`Error::Bootstrap`] if the member cannot begin or join its cluster as configured.
    pub async fn open_cluster(
        config: Config,
        connector: Arc<dyn Connector>,
    ) -> Result<(Store, PeerService), Error> {
        let disk = open::folder(&config.data_dir)?;
        let lock = open::lock(&config.data_dir)?;
        snapshot::adopt_if_etcds(&config).await?;
        Store::open_with(config, disk, Some(lock), connector).await
    }

    /// [`Store::open_cluster`] on a disk of the caller's.
    pub(crate) async fn open_with(
        config: Config,
        disk: Arc<dyn Disk>,
        lock: Option<fs::File>,
        connector: Arc<dyn Connector>,
    ) -> Result<(Store, PeerService), Error> {
        let lock = lock.map(Arc::new);
        if config
            .quota()
            .is_some_and(|quota| quota > MAX_SUGGESTED_QUOTA_BYTES)
        {
            tracing::warn!(
                quota = config.quota_backend_bytes,
                suggested = MAX_SUGGESTED_QUOTA_BYTES,
                "the quota is larger than etcd suggests"
            );
        }
        let (log_disk, log_lock) = match open::log_folder(&config, &disk)? {
            Some(folder) => (folder.disk, Some(folder.lock)),
            None => (Arc::clone(&disk), None),
        };
        // A member that begins has nothing to compare.
        let compare = config.initial_corrupt_check && membership::identity::read(&*disk)?.is_some();
        let identity = membership::boot::identity(&config, &disk, &log_disk, &connector).await?;
        if config.initial_cluster.is_empty()
            && (config.cluster_id, config.member_id) != (identity.cluster, identity.member)
        {
            return Err(Error::Incompatible {
                dir: config.data_dir,
                what: format!(
                    "is of member {:x} of cluster {:x}",
                    identity.member, identity.cluster
                ),
            });
        }
        let opened = open::open(
            &config,
            &identity,
            open::Disks {
                data: Arc::clone(&disk),
                log: log_disk,
            },
            Clock::start(),
            lock.clone(),
            connector,
        )
        .await?;
        let cluster = Arc::new(Cluster::new(
            Arc::clone(&opened.core),
            opened.raft.clone(),
            opened.peers,
            disk,
            config.clone(),
        ));
        let inner = Arc::new(Inner {
            core: opened.core,
            raft: opened.raft,
            log: opened.log,
            cluster: Arc::clone(&cluster),
            stopped: AtomicBool::new(false),
            stop: cluster.stop.clone(),
            tasks: TaskTracker::new(),
            persist: Mutex::new(opened.persist),
            lock,
            log_lock,
            config,
        });
        inner.start_tasks(opened.committed, opened.gone);
        let store = Store { inner };
        if compare && let Err(error) = cluster.check_at_start().await {
            store.shutdown().await;
            return Err(error);
        }
        Ok((store, PeerService::new(cluster)))
    }

    /// Returns once this member is part of its cluster: there is a leader, and every member knows this one by its name.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub async fn wait_ready(&self) -> Result<(), Error> {
        self.inner.cluster.published().await
    }

    /// Returns when this member must be stopped because it was removed from the cluster, lost its disk, or can write no more,
    /// and says why. It does not stop by itself: shut it down.
    pub async fn ended(&self) -> &'static str {
        self.inner.cluster.ended().await
    }

    /// The members there are.
    ///
    /// # Errors
    /// Errors of time if `linearizable` is set, [`Error::Stopped`].
    pub async fn members(&self, linearizable: bool) -> Result<MembersResponse, Error> {
        self.inner.cluster.list_members(linearizable).await
    }

    /// Adds a member with these peer URLs: one that votes, or a learner. Returns at once; it gets its vote when it was started
    /// and has caught up.
    ///
    /// # Errors
    /// [`Error::MemberBadUrls`], [`Error::PeerUrlExist`], [`Error::MemberExist`], [`Error::TooManyLearners`],
    /// [`Error::MemberNotEnoughStarted`], [`Error::Unhealthy`], errors of time.
    pub async fn member_add(
        &self,
        peer_urls: Vec<String>,
        is_learner: bool,
    ) -> Result<MemberAddResponse, Error> {
        self.inner.cluster.member_add(peer_urls, is_learner).await
    }

    /// Removes a member for good.
    ///
    /// # Errors
    /// [`Error::MemberNotFound`], [`Error::MemberNotEnoughStarted`], [`Error::Unhealthy`], errors of time.
    pub async fn member_remove(&self, id: u64) -> Result<MembersResponse, Error> {
        self.inner.cluster.member_change(Change::Remove(id)).await
    }

    /// Gives a member other peer URLs.
    ///
    /// # Errors
    /// [`Error::MemberBadUrls`], [`Error::MemberNotFound`], [`Error::PeerUrlExist`], errors of time.
    pub async fn member_update(
        &self,
        id: u64,
        peer_urls: Vec<String>,
    ) -> Result<MembersResponse, Error> {
        let update = change_members_request::Update { id, peer_urls };
        self.inner
            .cluster
            .member_change(Change::Update(update))
            .await
    }

    /// Gives a learner its vote.
    ///
    /// # Errors
    /// [`Error::MemberNotFound`], [`Error::MemberNotLearner`], [`Error::LearnerNotReady`],
    /// [`Error::MemberNotEnoughStarted`], errors of time.
    pub async fn member_promote(&self, id: u64) -> Result<MembersResponse, Error> {
        self.inner.cluster.member_change(Change::Promote(id)).await
    }

    /// Lets another member lead; only the leader does that.
    ///
    /// # Errors
    /// [`Error::NotLeader`], [`Error::NoLeader`], [`Error::BadLeaderTransferee`], [`Error::TimeoutLeaderTransfer`].
    pub async fn move_leader(&self, to: u64) -> Result<(), Error> {
        self.inner.cluster.move_leader(to).await
    }

    /// Whether this member follows without a vote because nobody promoted it yet. etcd's learners serve serializable reads and
    /// their status, nothing else.
    pub fn is_learner(&self) -> bool {
        self.inner.core.is_learner()
    }

    /// Requests of a caller, checked against users and roles while auth is enabled. The requests of the store itself may do
    /// everything.
    pub fn session(&self, caller: Caller) -> Session {
        Session::new(Arc::clone(&self.inner), caller)
    }

    /// Who a client is that sent a token. While auth is disabled everybody is anonymous, whatever they send.
    ///
    /// # Errors
    /// [`Error::InvalidAuthToken`].
    pub async fn caller_of_token(&self, token: &str) -> Result<Caller, Error> {
        self.inner.caller_of_token(token).await
    }

    /// Who a client is whose certificate has this common name.
    pub fn caller_of_certificate(&self, common_name: &str) -> Caller {
        self.inner.caller_of_certificate(common_name)
    }

    /// Reads keys. Linearizable unless `serializable` is set.
    ///
    /// # Errors
    /// [`Error::EmptyKey`], [`Error::Compacted`], [`Error::FutureRev`].
    pub async fn range(&self, request: RangeRequest) -> Result<RangeResponse, Error> {
        self.inner.range(&Caller::Internal, request).await
    }

    /// Sets a key.
    ///
    /// # Errors
    /// [`Error::EmptyKey`], [`Error::KeyNotFound`], [`Error::LeaseNotFound`] and what [`Store::txn`] says.
    pub async fn put(&self, request: PutRequest) -> Result<PutResponse, Error> {
        self.inner.put(&Caller::Internal, request).await
    }

    /// Deletes keys.
    ///
    /// # Errors
    /// [`Error::EmptyKey`] and what [`Store::txn`] says.
    pub async fn delete_range(
        &self,
        request: DeleteRangeRequest,
    ) -> Result<DeleteRangeResponse, Error> {
        self.inner.delete_range(&Caller::Internal, request).await
    }

    /// Does a transaction. When it returns, what it wrote is on disk and visible to every read that begins later.
    /// A transaction that only reads is not written to the log.
    ///
    /// # Errors
    /// What the operations inside say, [`Error::TooManyOps`], [`Error::DuplicateKey`], [`Error::RequestTooLarge`],
    /// [`Error::TooManyRequests`], [`Error::NoSpace`], [`Error::Timeout`] (the outcome is then unknown), [`Error::Stopped`].
    pub async fn txn(&self, request: TxnRequest) -> Result<TxnResponse, Error> {
        self.inner.txn(&Caller::Internal, request).await
    }

    /// Forgets the history before `revision`: reads and watches older than it fail from now on.
    ///
    /// # Errors
    /// [`Error::Compacted`] if that was done before, [`Error::FutureRev`] if the revision is not reached.
    pub async fn compact(&self, revision: i64) -> Result<CompactionResponse, Error> {
        self.inner.compact_as(&Caller::Internal, revision).await
    }

    /// Like [`Store::compact`], and returns when what was forgotten is gone from the disk as well.
    ///
    /// # Errors
    /// As [`Store::compact`].
    pub async fn compact_physical(&self, revision: i64) -> Result<CompactionResponse, Error> {
        self.inner
            .compact_physical(&Caller::Internal, revision)
            .await
    }

    /// Gives space that nothing uses any more back to the file system. Reads and writes go on; what is written waits in
    /// memory until it is done.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Stopped`].
    pub async fn defragment(&self) -> Result<(), Error> {
        self.inner.cluster.check_running()?;
        self.inner.core.pending.defragment().await
    }

    /// A checksum over everything that is replicated. Members that agree have the same.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub async fn hash(&self) -> Result<HashResponse, Error> {
        self.inner.cluster.check_running()?;
        hash::hash(&self.inner.core).await
    }

    /// etcd's checksum over all keys and their history up to `revision`; 0 is the current one.
    ///
    /// # Errors
    /// [`Error::Compacted`], [`Error::FutureRev`], [`Error::Stopped`].
    pub async fn hash_kv(&self, revision: i64) -> Result<HashKvResponse, Error> {
        self.inner.cluster.check_running()?;
        hash::hash_kv(&self.inner.core, revision).await
    }

    /// Watches keys. Nothing is missed from this call on, however late the first [`Watcher::recv`] is.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::EmptyKey`]. A compacted start revision is told through the watcher, as etcd does.
    pub fn watch(&self, request: WatchRequest) -> Result<Watcher, Error> {
        self.inner.watch(&Caller::Internal, request)
    }

    /// Grants a lease of `ttl` seconds under `id`, or under an id of our choice if `id` is 0.
    ///
    /// # Errors
    /// [`Error::LeaseExist`], [`Error::LeaseTtlTooLarge`], [`Error::NoSpace`].
    pub async fn lease_grant(&self, ttl: i64, id: i64) -> Result<LeaseGrantResponse, Error> {
        self.inner.lease_grant(&Caller::Internal, ttl, id).await
    }

    /// Ends a lease and deletes its keys, at one revision.
    ///
    /// # Errors
    /// [`Error::LeaseNotFound`].
    pub async fn lease_revoke(&self, id: i64) -> Result<LeaseRevokeResponse, Error> {
        self.inner.lease_revoke(&Caller::Internal, id).await
    }

    /// Starts a lease's time to live anew. A lease that does not exist is answered with a `ttl` of 0.
    ///
    /// # Errors
    /// Errors of time, [`Error::Stopped`].
    pub async fn lease_keep_alive(&self, id: i64) -> Result<LeaseKeepAliveResponse, Error> {
        self.inner.lease_keep_alive(&Caller::Internal, id).await
    }

    /// Says how long a lease still lives, and which keys hang on it if `keys` is set.
    ///
    /// # Errors
    /// Errors of time, [`Error::Stopped`].
    pub async fn lease_time_to_live(
        &self,
        id: i64,
        keys: bool,
    ) -> Result<LeaseTimeToLiveResponse, Error> {
        let caller = Caller::Internal;
        self.inner.lease_time_to_live(&caller, id, keys).await
    }

    /// The leases there are.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub async fn leases(&self) -> Result<LeaseLeasesResponse, Error> {
        self.inner.leases(&Caller::Internal).await
    }

    /// The latest revision applied here. 1 in an empty store, as in etcd.
    pub fn revision(&self) -> i64 {
        self.inner.core.revision()
    }

    /// The revision below which history is gone; 0 if nothing was compacted.
    pub fn compact_revision(&self) -> i64 {
        self.inner.core.space.read().compacted.max(0)
    }

    /// How the store is.
    pub fn status(&self) -> Status {
        let core = &self.inner.core;
        let header = core.header(core.revision());
        // Both at once: a leader is said to be one of the term that is said.
        let (raft_term, leader) = self.inner.cluster.term();
        let leader = leader.filter(|leader| self.inner.cluster.is_in_sight(*leader));
        Status {
            header,
            db_size: i64::try_from(core.db_size()).unwrap_or(i64::MAX),
            db_size_in_use: i64::try_from(core.db_size_in_use()).unwrap_or(i64::MAX),
            alarms: core.alarms.read().list(None),
            leader: leader.unwrap_or(0),
            raft_index: self.inner.log.last_index(),
            raft_applied_index: core.applied.lock().0.map_or(0, |id| id.index),
            raft_term,
        }
    }

    /// Events that wait to be taken by watchers. Looks at every watch.
    pub fn pending_events(&self) -> usize {
        self.inner.core.hub.pending_events()
    }

    /// The store's counters.
    pub fn metrics(&self) -> Metrics {
        self.inner.core.metrics.clone()
    }

    /// Writes everything that was applied to the state file. Returns what the file then is.
    pub(crate) async fn flush(&self) -> Result<(State, Image), Error> {
        self.inner.cluster.check_running()?;
        self.inner.core.pending.flush().await
    }

    /// Ends without anything that a clean stop does beyond closing the files.
    #[cfg(test)]
    pub(crate) async fn abort(self) {
        self.inner.cluster.note_stopped();
        self.inner.shutdown().await;
    }

    /// The members that vote, as raft has it.
    #[cfg(test)]
    pub(crate) fn voter_ids(&self) -> Vec<u64> {
        self.inner.raft.voter_ids().collect()
    }

    /// Stops taking requests, ends every watch, writes everything to disk and closes the files. Other clones then answer
    /// [`Error::Stopped`].
    pub async fn shutdown(self) {
        self.inner.shutdown().await;
    }
}

impl Inner {
    pub(crate) fn core(&self) -> &SharedCore {
        &self.core
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn is_leader(&self) -> bool {
        self.raft.is_leader()
    }

    /// Whether this member leads. If it has begun to, every lease was started anew by then.
    pub(crate) fn lead_leases(&self) -> bool {
        self.cluster.lead_leases()
    }

    /// Tells of every change of the leader from now on.
    pub(crate) fn leadership(&self) -> Changes {
        self.cluster.leadership()
    }

    fn start_tasks(
        self: &Arc<Self>,
        committed: Arc<tokio::sync::Notify>,
        gone: tokio::sync::mpsc::Receiver<u64>,
    ) {
        let stop = || self.stop.clone();
        let (raft, log) = (self.raft.clone(), self.log.clone());
        let limit = self.config.checkpoint_log_bytes;
        self.tasks.spawn(maintenance::after_commits(
            raft,
            log,
            committed,
            limit,
            stop(),
        ));
        self.tasks.spawn(maintenance::mind_quota(
            Arc::downgrade(self),
            Arc::clone(&self.core),
            stop(),
        ));
        let cluster = || Arc::clone(&self.cluster);
        self.tasks.spawn(caretaker::follow_raft(cluster()));
        self.tasks.spawn(caretaker::publish(cluster()));
        self.tasks.spawn(caretaker::promote(cluster()));
        self.tasks.spawn(caretaker::watch_refusal(cluster()));
        self.tasks.spawn(failover::run(cluster(), gone));
        if let Some(interval) = self.config.corrupt_check_interval {
            self.tasks.spawn(corruption::watch(cluster(), interval));
        }
        self.tasks
            .spawn(lease::expiry::run(Arc::downgrade(self), stop()));
        if let Some(mode) = self.config.auto_compaction {
            self.tasks
                .spawn(compactor::run(Arc::downgrade(self), mode, stop()));
        }
    }

    /// Returns once everything that was acknowledged before the call is applied here.
    pub(crate) async fn linearize(&self) -> Result<(), Error> {
        self.cluster.linearize().await
    }

    /// Proposes a small command; answers with the revision afterwards.
    pub(crate) async fn propose(&self, command: Command) -> Result<i64, Error> {
        match self.propose_sized(command, 0).await? {
            Reply::Done(result) => Ok(result?),
            _ => Err(requests::mismatch()),
        }
    }

    /// Proposes a command and waits until it is on disk and applied. Proposals that wait together share one flush.
    pub(crate) async fn propose_sized(
        &self,
        command: Command,
        bytes: usize,
    ) -> Result<Reply, Error> {
        self.cluster.propose(command, bytes).await
    }

    /// Waits, as long as a request may take, until an entry is applied here. `false`: it is not.
    pub(crate) async fn wait_applied(&self, index: u64) -> bool {
        if self.core.applied_index() >= index {
            return false;
        }
        let applied = self.core.wait_applied(index);
        tokio::time::timeout(self.config.request_timeout, applied)
            .await
            .is_ok()
    }

    async fn shutdown(&self) {
        if self.stopped.swap(true, Ordering::AcqRel) {
            self.tasks.wait().await;
            return;
        }
        self.cluster.hand_over_before_stop().await;
        self.cluster.note_stopped();
        self.stop.cancel();
        self.cluster.peers.close();
        self.core.hub.close();
        self.tasks.close();
        if self.raft.shutdown().await.is_err() {
            tracing::error!("raft panicked while it was shut down");
        }
        self.core.pending.close();
        let thread = self.persist.lock().take();
        if let Some(thread) = thread
            && !matches!(blocking::run(move || thread.join()).await, Ok(Ok(())))
        {
            tracing::error!("the thread that writes behind panicked");
        }
        self.log.close_blocking().await;
        self.tasks.wait().await;
        for lock in self.lock.as_deref().into_iter().chain(&self.log_lock) {
            if let Err(error) = lock.unlock() {
                tracing::warn!(%error, "a folder stays locked until the process ends");
            }
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.stopped.load(Ordering::Acquire) {
            return;
        }
        // Nobody shut the store down: let its threads and tasks end by themselves.
        self.cluster.note_stopped();
        self.stop.cancel();
        self.cluster.peers.close();
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
