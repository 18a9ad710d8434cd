//! Taking over a data directory of etcd's: one that `snapshot restore` of its tools made, or that etcd ran on until it was
//! stopped in good order. Cluster, member and members stay who they are; etcd's files are kept beside under another name.
//!
//! What etcd's database does not hold yet, because etcd was killed, is in its log alone. Requests there become entries of our own
//! log under their own index and term, committed as far as etcd knew, and raft does the rest when the store is opened.
//!
//! The one confusing thing is the order in which files move, see [`Move`]: a crash at any moment leaves either a directory that
//! is adopted again from the beginning, or one that is adopted. A log in a folder of its own (`--wal-dir`) stays there, and ours
//! begins beside it.
//!
//! - `wal`: reading etcd's log. `requests`: what is asked for there, as our commands. `replay`: as entries of our log.
//! - `members`: who the members are by database and log.

mod members;
mod replay;
mod requests;
mod wal;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use self::wal::Wal;
use super::{
    SnapshotError,
    facts::Facts,
    file::{self, HashCheck},
    plant::{Seed, plant},
    restore::sync_folder,
};
use crate::{Config, open, raft::Entry, wal::recover};

/// etcd's folder in a data directory.
const ETCD: &str = "member";
/// What it is called once it is adopted.
const KEPT: &str = "member.etcd";
/// Where our files are made; while it is there, adopting is under way.
const BUILDING: &str = "adopting";
/// The state file, the first of ours to be made.
const OURS: &str = crate::backend::FILE;

/// Whose data directory was adopted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adopted {
    /// The cluster's id.
    pub cluster_id: u64,
    /// The member's id.
    pub member_id: u64,
    /// The revision of etcd's database.
    pub revision: i64,
    /// Entries of etcd's log that its database lacks, which are done when the store is opened.
    pub replayed: u64,
}

/// Adopts `data_dir` if it is etcd's. `None`: it is not. `wal_dir` is the folder of its log and of ours, if it has one of its own.
///
/// # Errors
/// Why it is not adopted. It is as it was then.
pub fn adopt(data_dir: &Path, wal_dir: Option<&Path>) -> Result<Option<Adopted>, SnapshotError> {
    let etcd = data_dir.join(ETCD);
    let database = etcd.join("snap/db");
    let moves = Move {
        data_dir,
        log_dir: wal_dir
            .filter(|dir| !open::same_folder(dir, data_dir))
            .unwrap_or(data_dir),
    };
    let interrupted = moves.building().exists();
    if !database.exists() {
        if interrupted {
            // Everything had moved.
            moves.clean()?;
        }
        return Ok(None);
    }
    if !interrupted {
        check_free(data_dir, wal_dir)?;
    }
    let _held = hold(&database)?;
    let db = file::open(&database, HashCheck::Skipped)?;
    let facts = Facts::read(&db)?;
    let etcds_log = wal_dir.map_or_else(|| etcd.join("wal"), Path::to_owned);
    let wal = wal::read(&etcds_log, facts.index)?;
    let seed = seed(&facts, &wal)?;
    if interrupted {
        moves.clean()?;
    }
    for building in moves.both() {
        fs::create_dir(&building).map_err(|error| SnapshotError::io("making", &building, error))?;
    }
    let (state, log) = (moves.building(), moves.log_building());
    let planted = match plant(&state, &log, &db, &facts, &seed) {
        Ok(planted) => planted,
        Err(error) => {
            moves.clean()?;
            return Err(error);
        }
    };
    moves.run()?;
    Ok(Some(Adopted {
        cluster_id: seed.cluster,
        member_id: seed.member,
        revision: planted.revision,
        replayed: seed.entries.len() as u64,
    }))
}

/// That nothing of ours is where our files go.
fn check_free(data_dir: &Path, wal_dir: Option<&Path>) -> Result<(), SnapshotError> {
    if data_dir.join(OURS).exists() {
        return Err(SnapshotError::Refused(format!(
            "{} holds a store of ours and one of etcd's: move one of them away",
            data_dir.display()
        )));
    }
    let Some(wal_dir) = wal_dir else {
        return Ok(());
    };
    let real = |path: &Path| {
        fs::canonicalize(path).map_err(|error| SnapshotError::io("reading", path, error))
    };
    if real(wal_dir)?.starts_with(real(&data_dir.join(ETCD))?) {
        return Err(SnapshotError::Refused(format!(
            "{} is where etcd keeps its log if it is not told another folder: leave --wal-dir out",
            wal_dir.display()
        )));
    }
    if recover::has_log(&*open::folder(wal_dir)?)? {
        return Err(SnapshotError::Refused(format!(
            "{} holds a log of ours and one of etcd's: move the files of one of them away",
            wal_dir.display()
        )));
    }
    Ok(())
}

/// [`adopt`], for whoever must not block.
pub async fn adopt_if_etcds(config: &Config) -> Result<Option<Adopted>, crate::Error> {
    let data_dir = &config.data_dir;
    let (dir, wal_dir) = (data_dir.to_owned(), config.wal_dir.clone());
    let adopted = tokio::task::spawn_blocking(move || adopt(&dir, wal_dir.as_deref()))
        .await
        .map_err(|error| crate::Error::Internal(error.to_string()))?
        .map_err(|error| crate::Error::Incompatible {
            dir: data_dir.to_owned(),
            what: error.to_string(),
        })?;
    if let Some(adopted) = &adopted {
        tracing::info!(
            data_dir = %data_dir.display(),
            cluster = format!("{:x}", adopted.cluster_id),
            member = format!("{:x}", adopted.member_id),
            revision = adopted.revision,
            replayed = adopted.replayed,
            "adopted a data directory of etcd's; its files are kept beside"
        );
    }
    Ok(adopted)
}

fn remove(folder: &Path) -> Result<(), SnapshotError> {
    fs::remove_dir_all(folder).map_err(|error| SnapshotError::io("removing", folder, error))
}

/// Locks etcd's database as etcd does, which fails while etcd runs.
fn hold(database: &Path) -> Result<fs::File, SnapshotError> {
    let file =
        fs::File::open(database).map_err(|error| SnapshotError::io("reading", database, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(SnapshotError::Refused(format!(
            "{} is in use by another process: etcd runs on it",
            database.display()
        ))),
        Err(fs::TryLockError::Error(error)) => Err(SnapshotError::io("locking", database, error)),
    }
}

/// Where raft goes on, and as whom.
fn seed(facts: &Facts, wal: &Wal) -> Result<Seed, SnapshotError> {
    let metadata = wal
        .metadata
        .as_ref()
        .ok_or_else(|| SnapshotError::Refused("etcd's log does not say whose it is".into()))?;
    let members = members::of(facts, wal)?;
    if !members.contains_key(&metadata.node_id) {
        return Err(SnapshotError::Refused(format!(
            "member {:x}, whose log it is, is not a member of its cluster",
            metadata.node_id
        )));
    }
    let entries = replay::entries(wal, facts.index)?;
    let (index, term) = replay::base(facts, wal, &entries);
    let last = entries.last().map_or(index, |entry| entry.log_id.index);
    let committed = wal.hard_state.commit.clamp(index, last);
    let at = |entry: &&Entry| entry.log_id.index == committed;
    Ok(Seed {
        cluster: metadata.cluster_id,
        member: metadata.node_id,
        members,
        removed: facts.removed.clone(),
        index,
        term,
        committed: entries.iter().find(at).map(|entry| entry.log_id),
        vote_term: entries
            .last()
            .map_or(term, |entry| *entry.log_id.leader_id)
            .max(wal.hard_state.term),
        entries,
        bump_revision: 0,
    })
}

/// Our files out of their folders, the log's first, then etcd's away.
struct Move<'a> {
    data_dir: &'a Path,
    log_dir: &'a Path,
}

impl Move<'_> {
    /// Where the state is made.
    fn building(&self) -> PathBuf {
        self.data_dir.join(BUILDING)
    }

    /// Where the log is made.
    fn log_building(&self) -> PathBuf {
        self.log_dir.join(BUILDING)
    }

    /// The folders in which files are made, that of the state first: while it is there, adopting is under way.
    fn both(&self) -> Vec<PathBuf> {
        let mut both = vec![self.building(), self.log_building()];
        both.dedup();
        both
    }

    fn run(&self) -> Result<(), SnapshotError> {
        for (building, to) in [
            (self.log_building(), self.log_dir),
            (self.building(), self.data_dir),
        ] {
            for name in self.files(&building)? {
                self.rename(&building.join(&name), &to.join(&name))?;
            }
            sync_folder(to)?;
        }
        // From here on the directory is ours.
        self.rename(&self.data_dir.join(ETCD), &self.kept())?;
        sync_folder(self.data_dir)?;
        self.clean()
    }

    /// Removes the folders in which files were made, that of the state last.
    fn clean(&self) -> Result<(), SnapshotError> {
        for building in self.both().iter().rev() {
            if building.exists() {
                remove(building)?;
            }
        }
        sync_folder(self.log_dir)?;
        sync_folder(self.data_dir)
    }

    fn files(&self, building: &Path) -> Result<Vec<std::ffi::OsString>, SnapshotError> {
        let names = || -> io::Result<Vec<_>> {
            fs::read_dir(building)?
                .map(|entry| Ok(entry?.file_name()))
                .collect()
        };
        names().map_err(|error| SnapshotError::io("reading", building, error))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), SnapshotError> {
        fs::rename(from, to).map_err(|error| SnapshotError::io("moving", from, error))
    }

    /// A name that is free: etcd may have been adopted from this directory before.
    fn kept(&self) -> PathBuf {
        let mut path = self.data_dir.join(KEPT);
        let mut number = 1;
        while path.exists() {
            number += 1;
            path = self.data_dir.join(format!("{KEPT}.{number}"));
        }
        path
    }
}
