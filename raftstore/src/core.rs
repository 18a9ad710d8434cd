//! What the parts of an open store share: the key space under its lock, its file, and everyone who wants to know of changes.
//!
//! Locks are taken in this order and never the other way: `durable`, `space`, then one of `pending`, the watch hub's, or
//! `applied`. A change is put into the key space, handed to watchers and queued for disk under one hold of `space`, so every
//! one of them sees changes in the order of revisions.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use openraft::EntryPayload;
use parking_lot::{Mutex, RwLock};

use crate::{
    Clock, Error, Metrics,
    backend::{Backend, Image, LazyReader, persist::Pending, tables::State},
    command::{Command, Proposal, Reply},
    lease::LeaseClock,
    mvcc::{
        space::{Limits, Space},
        txn,
    },
    raft::{Entry, LogId, StoredMembership},
    rpc::{EventKind, ResponseHeader},
    watch::hub::Hub,
};

/// The last entry applied, and the members as of then.
pub type Applied = (Option<LogId>, StoredMembership);

/// See the module header.
#[derive(Debug)]
pub struct Core {
    /// The cluster's id.
    pub cluster_id: u64,
    /// The member's id.
    pub member_id: u64,
    /// The key space.
    pub space: RwLock<Space>,
    /// Its bounds.
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
    /// When leases end.
    pub leases: LeaseClock,
    /// The counters.
    pub metrics: Metrics,
    /// Held as long as anything may still write to the folder.
    _lock: Option<Arc<fs::File>>,
    revision: AtomicI64,
    term: AtomicU64,
    sole_voter: AtomicBool,
}

impl Core {
    /// Reads the file.
    pub fn load(
        backend: Backend,
        cluster_id: u64,
        member_id: u64,
        limits: Limits,
        clock: Clock,
        metrics: Metrics,
        lock: Option<Arc<fs::File>>,
    ) -> Result<Core, Error> {
        let (space, mut state) = backend.load(limits)?;
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
            limits,
            backend,
            pending: Pending::default(),
            durable: Mutex::new(durable),
            applied: Mutex::new((state.applied, state.membership.clone())),
            hub: Hub::new(metrics.clone()),
            leases: LeaseClock::new(clock),
            metrics,
            term: AtomicU64::new(0),
            _lock: lock,
            sole_voter: AtomicBool::new(false),
            space: RwLock::new(space),
        };
        core.note_members(&state.membership);
        core.pending.discard(state);
        core.restart_leases();
        let space = core.space.read();
        core.note(&space);
        if space.compaction_pending() {
            core.pending.compact();
        }
        drop(space);
        Ok(core)
    }

    /// Gives every lease its full time again: how much of it had passed is not kept, and no lease may end early.
    fn restart_leases(&self) {
        let space = self.space.read();
        self.leases
            .replace(space.leases.iter().map(|(id, lease)| (*id, lease.ttl)));
    }

    /// The latest revision that every watcher was told of.
    pub fn revision(&self) -> i64 {
        self.revision.load(Ordering::Acquire)
    }

    fn note_members(&self, membership: &StoredMembership) {
        let voters = membership.membership().get_joint_config();
        let alone = voters.len() == 1 && voters[0].iter().eq([&self.member_id]);
        self.sole_voter.store(alone, Ordering::Release);
    }

    /// Whether this member decides alone.
    pub fn is_sole_voter(&self) -> bool {
        self.sole_voter.load(Ordering::Acquire)
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
        let (reply, change, lease) = match &entry.payload {
            EntryPayload::Normal(Proposal { command, .. }) => {
                let header = ResponseHeader {
                    raft_term: *entry.log_id.leader_id,
                    ..self.header(0)
                };
                let values = LazyReader::new(&self.backend);
                let applied = txn::apply(&mut space, command, &values, header)?;
                self.count(command, &applied.reply);
                let lease = self.lease_effect(command, &applied.reply);
                (applied.reply, applied.change, lease)
            }
            EntryPayload::Blank | EntryPayload::Membership(_) => (Reply::Nothing, None, None),
        };
        let membership = match &entry.payload {
            EntryPayload::Membership(members) => {
                Some(StoredMembership::new(Some(entry.log_id), members.clone()))
            }
            _ => None,
        };
        if let Some(change) = &change {
            for event in &change.events {
                match event.kind {
                    EventKind::Put => self.metrics.put.inc(),
                    EventKind::Delete => self.metrics.delete.inc(),
                };
            }
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
            if let Some(change) = change {
                batch.bytes += change.bytes;
                batch.changes.push(change);
            }
            batch.leases.extend(lease);
        });
        self.note(&space);
        let index = i64::try_from(entry.log_id.index).unwrap_or(i64::MAX);
        self.metrics.proposals_committed.set(index);
        self.metrics.proposals_applied.set(index);
        Ok(reply)
    }

    fn note(&self, space: &Space) {
        self.revision.store(space.revision, Ordering::Release);
        self.metrics.current_revision.set(space.revision);
        self.metrics.compact_revision.set(space.compacted);
        self.metrics
            .keys
            .set(i64::try_from(space.live).unwrap_or(i64::MAX));
    }

    fn count(&self, command: &Command, reply: &Reply) {
        let metrics = &self.metrics;
        let counter = match (command, reply) {
            (Command::Txn(_), _) => &metrics.txn,
            (Command::LeaseGrant { .. }, Reply::Done(Ok(_))) => &metrics.lease_granted,
            (Command::LeaseRevoke { .. }, Reply::Done(Ok(_))) => &metrics.lease_revoked,
            _ => return,
        };
        counter.inc();
    }

    /// Starts and stops the clocks of leases. Returns what is to be written of it.
    fn lease_effect(&self, command: &Command, reply: &Reply) -> Option<(i64, Option<i64>)> {
        match (command, reply) {
            (Command::LeaseGrant { id, ttl }, Reply::Done(Ok(_))) => {
                self.leases.start(*id, *ttl);
                Some((*id, Some(*ttl)))
            }
            (Command::LeaseRevoke { id }, Reply::Done(Ok(_))) => {
                self.leases.stop(*id);
                Some((*id, None))
            }
            (Command::Compact { .. }, Reply::Done(Ok(_))) => {
                self.pending.compact();
                None
            }
            _ => None,
        }
    }

    /// Puts a snapshot in the place of everything.
    pub fn install(&self, image: &Image) -> Result<(), Error> {
        let mut durable = self.durable.lock();
        self.backend.install(image)?;
        let (loaded, mut state) = self.backend.load(self.limits)?;
        (state.cluster_id, state.member_id) = (self.cluster_id, self.member_id);
        *durable = Some(state.clone());
        let mut space = self.space.write();
        *space = loaded;
        self.hub.resync();
        *self.applied.lock() = (state.applied, state.membership.clone());
        self.note_members(&state.membership);
        self.pending.discard(state);
        self.note(&space);
        drop(space);
        self.restart_leases();
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
