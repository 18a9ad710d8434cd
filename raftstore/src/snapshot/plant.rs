//! Making a data directory of ours from an etcd database: the state file with everything in it, and a log that begins after it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
};

use futures::executor::block_on;
use hydrofoil_bolt::{Db, ReadAt};
use openraft::storage::{RaftLogStorage, RaftLogStorageExt};

use super::{SnapshotError, facts::Facts, read};
use crate::{
    Config, Metrics,
    backend::{Backend, tables::State},
    membership::{
        Node,
        identity::{self, Identity},
        roster::Roster,
    },
    mvcc::space::NOT_COMPACTED,
    open,
    raft::{CommittedLeaderId, Entry, LogId, Membership, StoredMembership, Vote},
    wal::log::{Log, LogConfig},
};

/// Bytes that redb holds while the state file is filled, of which it gives a tenth to pages that wait to be written: more than a
/// [batch](Backend::bulk) makes, so that no page is written twice.
const CACHE_BYTES: usize = 128 << 20;
/// Entries that are written to the log at a time.
const APPEND_ENTRIES: usize = 1_024;

/// Whose data directory it becomes, and where raft goes on.
#[derive(Clone, Debug)]
pub struct Seed {
    /// The cluster's id.
    pub cluster: u64,
    /// The member's id.
    pub member: u64,
    /// The members that the cluster then has.
    pub members: BTreeMap<u64, Node>,
    /// Ids that are refused for good.
    pub removed: BTreeSet<u64>,
    /// Index of the last entry that the state holds.
    pub index: u64,
    /// Its term.
    pub term: u64,
    /// The last term that the member knows of.
    pub vote_term: u64,
    /// What the log holds behind that entry.
    pub entries: Vec<Entry>,
    /// The last of them that is known to be committed.
    pub committed: Option<LogId>,
    /// Added to the last revision; what is before the sum counts as compacted. 0: neither.
    pub bump_revision: i64,
}

/// What was planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planted {
    /// The store's revision.
    pub revision: i64,
    /// Versions of keys.
    pub versions: u64,
}

/// Fills the empty folder `dir`, with the log in the empty folder `log_dir` (which may be the same), and waits until all of it is
/// on disk.
///
/// # Errors
/// What is wrong with the database, or with the disk. The folder then holds nothing that counts.
pub fn plant<S: ReadAt>(
    dir: &Path,
    log_dir: &Path,
    db: &Db<S>,
    facts: &Facts,
    seed: &Seed,
) -> Result<Planted, SnapshotError> {
    let disk = open::folder(dir)?;
    let identity = Identity {
        cluster: seed.cluster,
        member: seed.member,
        disk: rand::random_range(1..=u64::MAX),
        // The state that follows already has the members.
        seeds: Vec::new(),
    };
    identity::write(&disk, &identity)?;
    let config = Config::default();
    let backend = Backend::open(&*disk, CACHE_BYTES)?;
    let mut bulk = backend.bulk();
    let seen = read::versions(db, |rev, event| Ok(bulk.add(rev, event)?))?;
    bulk.write()?;
    let planted = Planted {
        revision: bumped(seen.revision.max(facts.compacted), seed.bump_revision)?,
        versions: seen.versions,
    };
    let log_id = LogId::new(CommittedLeaderId::new(seed.term), seed.index);
    let state = State {
        applied: Some(log_id),
        membership: StoredMembership::new(Some(log_id), membership(seed)?),
        revision: planted.revision,
        compacted: if seed.bump_revision > 0 {
            planted.revision
        } else if facts.compacted > 0 {
            facts.compacted
        } else {
            NOT_COMPACTED
        },
        cluster_id: seed.cluster,
        member_id: seed.member,
        // Each member says anew what it is called when it starts.
        roster: Roster {
            removed: seed.removed.clone(),
            ..Default::default()
        },
    };
    backend.commit(&facts.batch(state)?)?;
    drop(backend);
    let log_config = LogConfig {
        cluster_id: seed.cluster,
        member_id: seed.member,
        segment_bytes: config.log_segment_bytes,
    };
    begin_log(log_dir, log_config, seed, log_id)?;
    Ok(planted)
}

/// Begins the log with a vote: none is given in a term in which this member may have voted before. On a thread of its own,
/// because closing a log waits, which a thread of an async runtime must not.
fn begin_log(dir: &Path, config: LogConfig, seed: &Seed, base: LogId) -> Result<(), SnapshotError> {
    let vote = Vote::new(seed.vote_term, seed.member);
    let failed = |error| SnapshotError::io("writing the log in", dir, error);
    let disk = open::folder(dir)?;
    let begin = || {
        let mut log = Log::open(disk, config, Metrics::default())?;
        let written = block_on(async {
            log.save_vote(&vote).await.map_err(failed)?;
            if seed.entries.is_empty() {
                return Ok(());
            }
            log.purge(base).await.map_err(failed)?;
            log.save_committed(seed.committed).await.map_err(failed)?;
            for entries in seed.entries.chunks(APPEND_ENTRIES) {
                let appended = log.blocking_append(entries.to_vec()).await;
                appended.map_err(|error| failed(io::Error::other(error)))?;
            }
            Ok(())
        });
        log.close();
        written
    };
    let done = std::thread::scope(|scope| scope.spawn(begin).join());
    done.unwrap_or_else(|_| Err(SnapshotError::Refused("beginning the log panicked".into())))
}

fn bumped(revision: i64, by: i64) -> Result<i64, SnapshotError> {
    revision.checked_add(by).ok_or_else(|| {
        SnapshotError::Refused(format!("revision {revision} cannot be bumped by {by}"))
    })
}

fn membership(seed: &Seed) -> Result<Membership, SnapshotError> {
    let voters = seed.members.iter().filter(|(_, node)| !node.is_learner);
    let voters = voters.map(|(id, _)| *id).collect();
    Membership::new(vec![voters], seed.members.clone())
        .map_err(|error| SnapshotError::Refused(format!("the members: {error}")))
}
