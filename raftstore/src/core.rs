//! What the parts of an open store share: the key space under its lock, its file, and everyone who wants to know of changes.
//!
//! Locks are taken in this order and never the other way: `durable`, `space`, `auth`, `alarms`, then one of `pending`, the watch
//! hub's, or `applied`. Users, roles and alarms change under `space` alone, so whoever holds it sees them as of one revision. A change is put into the key space, handed to watchers and queued for disk under one hold of `space`, so every
//! one of them sees changes in the order of revisions.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use openraft::EntryPayload;
use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

use crate::{
    Clock, Error, Metrics,
    alarm::Alarms,
    apply::Effects,
    auth::{state::AuthState, token::Tokens},
    backend::{Backend, Image, Loaded, persist::Pending, tables::State},
    command::{Command, Proposal, Reply},
    forward::Forwarded,
    hash::Remembered,
    lease::LeaseClock,
    membership::roster::Roster,
    mvcc::space::{Limits, Space, stored_bytes},
    raft::{Entry, LogId, StoredMembership},
    rpc::{Event, EventKind, Member, ResponseHeader},
    watch::hub::Hub,
};

/// The last entry applied, and the members as of then.
pub type Applied = (Option<LogId>, StoredMembership);

/// What the state file takes before anything is in it.
const HEAD_BYTES: u64 = 4_096;

/// See the module header.
#[derive(Debug)]
pub struct Core {
    /// The cluster's id.
    pub cluster_id: u64,
    /// The member's id.
    pub member_id: u64,
    /// The key space.
    pub space: RwLock<Space>,
    /// Users and roles.
    pub auth: RwLock<AuthState>,
    /// What clients are known by.
    pub tokens: Tokens,
    /// What is wrong with members.
    pub alarms: RwLock<Alarms>,
    /// Bounds of the key space.
    pub limits: Limits,
    /// Its file.
    pub backend: Backend,
    /// What waits to be written to the file.
    pub pending: Pending,
    /// What the file is the state after.
    pub durable: Mutex<Option<State>>,
    /// What the key space is the state after.
    pub applied: Mutex<Applied>,
    /// The watchers.
    pub hub: Hub,
    /// What compactions are remembered by.
    pub compactions: Remembered,
    /// When leases end.
    pub leases: LeaseClock,
    /// The time.
    pub clock: Clock,
    /// What members said of themselves, and who was removed.
    pub roster: RwLock<Roster>,
    /// Who waits here for entries that were proposed through another member.
    pub forwarded: Forwarded,
    /// Bytes that the file may take; `None` is without end.
    pub quota: Option<u64>,
    /// Told when something was applied that does not fit into the quota.
    pub short_of_space: Notify,
    /// The counters.
    pub metrics: Metrics,
    /// Held as long as anything may still write to the folder.
    _lock: Option<Arc<fs::File>>,
    applied_index: AtomicU64,
    /// Told when more was applied.
    progress: Notify,
    /// How often a snapshot took the place of everything.
    installs: AtomicU64,
    revision: AtomicI64,
    compacted: AtomicI64,
    stored_bytes: AtomicU64,
    term: AtomicU64,
    sole_voter: AtomicBool,
    learner: AtomicBool,
}

/// What a core is made with, beside its file.
#[derive(Debug)]
pub struct Setup {
    /// The cluster's id.
    pub cluster_id: u64,
    /// The member's id.
    pub member_id: u64,
    /// Bounds of the key space.
    pub limits: Limits,
    /// The clock of leases.
    pub clock: Clock,
    /// How often leases are checkpointed.
    pub lease_checkpoint_interval: Option<Duration>,
    /// What clients are known by.
    pub tokens: Tokens,
    /// Bytes that the file may take; `None` is without end.
    pub quota: Option<u64>,
    /// The counters.
    pub metrics: Metrics,
    /// Held as long as anything may still write to the folder.
    pub lock: Option<Arc<fs::File>>,
}

impl Core {
    /// Reads the file.
    pub fn load(backend: Backend, setup: Setup) -> Result<Core, Error> {
        let Setup {
            cluster_id,
            member_id,
            limits,
            clock,
            lease_checkpoint_interval,
            tokens,
            quota,
            metrics,
            lock,
        } = setup;
        let Loaded {
            space,
            mut state,
            auth,
            alarms,
        } = backend.load(limits)?;
        let durable = state.applied.is_some().then(|| state.clone());
        let known = (state.cluster_id, state.member_id);
        if durable.is_some() && known != (cluster_id, member_id) {
            return Err(Error::Incompatible {
                dir: crate::backend::FILE.into(),
                what: format!("is of member {:x} of cluster {:x}", known.1, known.0),
            });
        }
        (state.cluster_id, state.member_id) = (cluster_id, member_id);
        state.revision = space.revision;
        let core = Core {
            cluster_id,
            member_id,
            revision: AtomicI64::new(space.revision),
            compacted: AtomicI64::new(space.compacted),
            limits,
            backend,
            pending: Pending::default(),
            durable: Mutex::new(durable),
            applied: Mutex::new((state.applied, state.membership.clone())),
            hub: Hub::new(metrics.clone()),
            roster: RwLock::new(state.roster.clone()),
            forwarded: Forwarded::default(),
            applied_index: AtomicU64::new(state.applied.map_or(0, |id| id.index)),
            progress: Notify::new(),
            installs: AtomicU64::new(0),
            leases: LeaseClock::new(clock.clone(), lease_checkpoint_interval),
            clock,
            compactions: Remembered::default(),
            quota,
            short_of_space: Notify::new(),
            metrics,
            stored_bytes: AtomicU64::new(0),
            term: AtomicU64::new(0),
            _lock: lock,
            sole_voter: AtomicBool::new(false),
            learner: AtomicBool::new(false),
            space: RwLock::new(space),
            auth: RwLock::new(auth),
            tokens,
            alarms: RwLock::new(alarms),
        };
        core.note_members(&state.membership);
        core.note_auth(&core.auth.read());
        core.pending.discard(state);
        core.restart_leases(Duration::ZERO);
        let space = core.space.read();
        core.note(&space);
        if space.compaction_pending() {
            core.pending.compact();
        }
        drop(space);
        Ok(core)
    }

    /// Gives every lease the time that it had at its last checkpoint, or its full time: no lease may end early.
    pub fn restart_leases(&self, extra: Duration) {
        let space = self.space.read();
        let leases = space.leases.iter();
        self.leases.replace(
            leases.map(|(id, lease)| (*id, lease.ttl, lease.remaining)),
            extra,
        );
    }

    /// Bytes that the file takes on disk, with what waits to be written to it.
    pub fn db_size(&self) -> u64 {
        self.backend.size() + self.pending.disk_bytes()
    }

    /// Whether something that takes `cost` bytes still fits into the quota. What takes none always does.
    pub fn has_room(&self, cost: u64) -> bool {
        cost == 0 || self.quota.is_none_or(|quota| self.db_size() + cost < quota)
    }

    /// Bytes of it that are used: keys, values and their history, and the file's own head. Never 0, as in etcd.
    pub fn db_size_in_use(&self) -> u64 {
        (HEAD_BYTES + self.stored_bytes.load(Ordering::Relaxed)).min(self.db_size().max(HEAD_BYTES))
    }

    /// The latest revision that every watcher was told of.
    pub fn revision(&self) -> i64 {
        self.revision.load(Ordering::Acquire)
    }

    /// History before this revision is gone.
    pub fn compacted(&self) -> i64 {
        self.compacted.load(Ordering::Acquire)
    }

    fn note_members(&self, membership: &StoredMembership) {
        let voters = membership.membership().get_joint_config();
        let alone = voters.len() == 1 && voters[0].iter().eq([&self.member_id]);
        self.sole_voter.store(alone, Ordering::Release);
        let known = membership.membership().get_node(&self.member_id);
        let votes = voters.iter().any(|ids| ids.contains(&self.member_id));
        let learns = known.is_some_and(|node| node.is_learner && !votes);
        self.learner.store(learns, Ordering::Release);
    }

    /// Whether this member decides alone.
    pub fn is_sole_voter(&self) -> bool {
        self.sole_voter.load(Ordering::Acquire)
    }

    /// Whether this member follows without a vote because nobody promoted it yet.
    pub fn is_learner(&self) -> bool {
        self.learner.load(Ordering::Acquire)
    }

    /// Notes raft's term.
    pub fn set_term(&self, term: u64) {
        self.term.store(term, Ordering::Relaxed);
    }

    /// A header for an answer at `revision`.
    pub fn header(&self, revision: i64) -> ResponseHeader {
        ResponseHeader {
            cluster_id: self.cluster_id,
            member_id: self.member_id,
            revision,
            raft_term: self.term.load(Ordering::Relaxed),
        }
    }

    /// Waits while too much waits for the disk.
    pub async fn wait_for_room(&self) -> Result<(), Error> {
        loop {
            let notified = self.pending.room.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if !self.pending.is_full()? {
                return Ok(());
            }
            notified.await;
        }
    }

    /// Does what a committed entry says.
    pub fn apply(&self, entry: &Entry) -> Result<Reply, Error> {
        let mut space = self.space.write();
        let Effects {
            reply,
            change,
            rows,
        } = match &entry.payload {
            EntryPayload::Normal(proposal) => {
                let header = ResponseHeader {
                    raft_term: *entry.log_id.leader_id,
                    ..self.header(0)
                };
                self.execute(&mut space, &proposal.command, header, entry.log_id.index)?
            }
            EntryPayload::Blank | EntryPayload::Membership(_) => Effects::default(),
        };
        let membership = match &entry.payload {
            EntryPayload::Membership(members) => {
                Some(StoredMembership::new(Some(entry.log_id), members.clone()))
            }
            _ => None,
        };
        let roster = self.note_roster(entry);
        if let Some(change) = &change {
            let size = |event: &Event| event.kv.key.len() + event.kv.value.len();
            let puts = change
                .events
                .iter()
                .filter(|event| event.kind == EventKind::Put);
            let bytes: usize = puts.map(size).sum();
            self.metrics.put_bytes.inc_by(bytes as i64);
            self.hub.publish(change);
        }
        {
            let mut applied = self.applied.lock();
            applied.0 = Some(entry.log_id);
            if let Some(membership) = &membership {
                applied.1 = membership.clone();
                self.note_members(membership);
            }
        }
        self.pending.add(|batch| {
            batch.state.applied = Some(entry.log_id);
            batch.state.revision = space.revision;
            batch.state.compacted = space.compacted;
            if let Some(membership) = membership {
                batch.state.membership = membership;
            }
            if let Some(roster) = roster {
                batch.state.roster = roster;
            }
            if let Some(change) = change {
                batch.bytes += change.bytes;
                let stored = |event: &Event| stored_bytes(&event.kv.key, event.kv.value.len());
                batch.disk_bytes += change.events.iter().map(stored).sum::<u64>();
                batch.changes.push(change);
            }
            rows.add_to(batch);
        });
        self.note(&space);
        let index = i64::try_from(entry.log_id.index).unwrap_or(i64::MAX);
        self.metrics.proposals_committed.set(index);
        self.metrics.proposals_applied.set(index);
        self.applied_index
            .store(entry.log_id.index, Ordering::Release);
        Ok(reply)
    }

    /// Does what an entry says of the members. Returns the roster if it changed.
    fn note_roster(&self, entry: &Entry) -> Option<Roster> {
        let mut roster = self.roster.write();
        match &entry.payload {
            EntryPayload::Membership(after) => {
                let changed = roster.note_change(&self.applied.lock().1, after);
                changed.then(|| roster.clone())
            }
            EntryPayload::Normal(Proposal { command, .. }) => match &**command {
                Command::Publish { member, attributes } => {
                    roster.publish(*member, attributes.clone());
                    Some(roster.clone())
                }
                _ => None,
            },
            EntryPayload::Blank => None,
        }
    }

    /// Tells whoever waits in [`Core::wait_applied`] to look again.
    pub fn tell_progress(&self) {
        self.progress.notify_waiters();
    }

    /// Index of the last entry applied.
    pub fn applied_index(&self) -> u64 {
        self.applied_index.load(Ordering::Acquire)
    }

    /// Returns once the entry at `index` is applied.
    pub async fn wait_applied(&self, index: u64) {
        while self.applied_index() < index {
            let told = self.progress.notified();
            tokio::pin!(told);
            told.as_mut().enable();
            if self.applied_index() >= index {
                return;
            }
            told.await;
        }
    }

    /// How often a snapshot took the place of everything: entries that it covers were not applied one by one.
    pub fn installs(&self) -> u64 {
        self.installs.load(Ordering::Acquire)
    }

    /// The members there are, by ascending id.
    pub fn members(&self) -> Vec<Member> {
        let roster = self.roster.read();
        let applied = self.applied.lock();
        roster.members(&applied.1)
    }

    /// Tells the counters what users and roles are.
    pub fn note_auth(&self, auth: &AuthState) {
        let revision = i64::try_from(auth.revision).unwrap_or(i64::MAX);
        self.metrics.auth_revision.set(revision);
    }

    /// Tells the counters what the key space is.
    pub fn note(&self, space: &Space) {
        self.revision.store(space.revision, Ordering::Release);
        self.compacted.store(space.compacted, Ordering::Release);
        self.stored_bytes
            .store(space.stored_bytes, Ordering::Relaxed);
        self.metrics.current_revision.set(space.revision);
        self.metrics.compact_revision.set(space.compacted);
        self.metrics
            .keys
            .set(i64::try_from(space.live).unwrap_or(i64::MAX));
    }

    /// Puts a snapshot in the place of everything.
    pub fn install(&self, image: &Image) -> Result<(), Error> {
        let progress = &self.metrics.snapshot_apply_in_progress;
        progress.inc();
        let result = self.take_over(image);
        progress.dec();
        result
    }

    fn take_over(&self, image: &Image) -> Result<(), Error> {
        let mut durable = self.durable.lock();
        let mut state = image.state()?.unwrap_or_default();
        (state.cluster_id, state.member_id) = (self.cluster_id, self.member_id);
        self.backend.install(image, &state)?;
        let Loaded {
            space: loaded,
            state,
            auth,
            alarms,
        } = self.backend.load(self.limits)?;
        *durable = Some(state.clone());
        let mut space = self.space.write();
        *space = loaded;
        self.note_auth(&auth);
        *self.auth.write() = auth;
        *self.alarms.write() = alarms;
        // Whose tokens were forgotten by what the snapshot stands for is not known: everyone logs in again.
        self.tokens.clear();
        self.hub.resync();
        *self.roster.write() = state.roster.clone();
        *self.applied.lock() = (state.applied, state.membership.clone());
        self.applied_index
            .store(state.applied.map_or(0, |id| id.index), Ordering::Release);
        self.note_members(&state.membership);
        self.pending.discard(state);
        self.note(&space);
        drop(space);
        self.restart_leases(Duration::ZERO);
        self.installs.fetch_add(1, Ordering::AcqRel);
        self.forwarded.give_up();
        self.tell_progress();
        Ok(())
    }

    /// The file as it is, and what it is the state after, if anything was written.
    pub fn durable_image(&self) -> Result<Option<(State, Image)>, Error> {
        let durable = self.durable.lock();
        match &*durable {
            Some(state) => Ok(Some((state.clone(), self.backend.image()?))),
            None => Ok(None),
        }
    }

    /// A reader for values, opened while `space` is locked so that it sees every value the space says is on disk.
    pub fn reader(&self, _space: &Space) -> Result<crate::backend::Reader, Error> {
        self.backend.reader()
    }
}

/// Shared.
pub type SharedCore = Arc<Core>;
