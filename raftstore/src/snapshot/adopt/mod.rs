//! Taking over a data directory of etcd's: one that `snapshot restore` of its tools made, or that etcd ran on until it was
//! stopped in good order. Cluster, member and members stay who they are; etcd's files are kept beside under another name.
//!
//! What etcd's database does not hold yet is in its log alone. Entries there that only say who leads, or who the members are,
//! are taken over; a directory with requests that the database lacks is refused, since doing them belongs to etcd.
//!
//! The one confusing thing is the order in which files move, see [`Move`]: a crash at any moment leaves either a directory that
//! is adopted again from the beginning, or one that is adopted.
//!
//! - `wal`: reading etcd's log.
//! - `members`: who the members are by database and log.

mod members;
mod wal;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use self::wal::{Kept, Wal};
use super::{
    SnapshotError,
    facts::Facts,
    file::{self, HashCheck},
    plant::{Seed, plant},
    restore::sync_folder,
};

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
    /// The store's revision.
    pub revision: i64,
}

/// Adopts `data_dir` if it is etcd's. `None`: it is not.
///
/// # Errors
/// Why it is not adopted. It is as it was then.
pub fn adopt(data_dir: &Path) -> Result<Option<Adopted>, SnapshotError> {
    let etcd = data_dir.join(ETCD);
    let database = etcd.join("snap/db");
    let building = data_dir.join(BUILDING);
    let interrupted = building.exists();
    if !database.exists() {
        if interrupted {
            // Everything had moved.
            remove(&building)?;
        }
        return Ok(None);
    }
    if data_dir.join(OURS).exists() && !interrupted {
        return Err(SnapshotError::Refused(format!(
            "{} holds a store of ours and one of etcd's: move one of them away",
            data_dir.display()
        )));
    }
    let _held = hold(&database)?;
    let db = file::open(&database, HashCheck::Skipped)?;
    let facts = Facts::read(&db)?;
    let wal = wal::read(&etcd.join("wal"))?;
    let seed = seed(&facts, &wal)?;
    if interrupted {
        remove(&building)?;
    }
    fs::create_dir(&building).map_err(|error| SnapshotError::io("making", &building, error))?;
    let planted = match plant(&building, &db, &facts, &seed) {
        Ok(planted) => planted,
        Err(error) => {
            remove(&building)?;
            return Err(error);
        }
    };
    Move { data_dir }.run()?;
    Ok(Some(Adopted {
        cluster_id: seed.cluster,
        member_id: seed.member,
        revision: planted.revision,
    }))
}

/// [`adopt`], for whoever must not block.
pub async fn adopt_if_etcds(data_dir: &Path) -> Result<Option<Adopted>, crate::Error> {
    let dir = data_dir.to_owned();
    let adopted = tokio::task::spawn_blocking(move || adopt(&dir))
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
    let behind = wal.entries.range(facts.index + 1..);
    let mut requests = behind.filter(|(_, (_, kept))| *kept == Kept::Request);
    if let Some((first, _)) = requests.next() {
        return Err(SnapshotError::Refused(format!(
            "{} requests from index {first} on are in etcd's log and not in its database, which is that of index {}: start \
             etcd on this directory once more and stop it in good order, or restore a snapshot of it",
            1 + requests.count(),
            facts.index
        )));
    }
    if !members.contains_key(&metadata.node_id) {
        return Err(SnapshotError::Refused(format!(
            "member {:x}, whose log it is, is not a member of its cluster",
            metadata.node_id
        )));
    }
    let last = wal.entries.last_key_value();
    let last = last.map(|(index, (term, _))| (*index, *term));
    let (index, term) = match last {
        Some((index, term)) if index >= facts.index => (index, term),
        // etcd before 3.5 keeps no term in its database.
        _ => (
            facts.index,
            if facts.term > 0 {
                facts.term
            } else {
                wal.hard_state.term
            },
        ),
    };
    Ok(Seed {
        cluster: metadata.cluster_id,
        member: metadata.node_id,
        members,
        removed: facts.removed.clone(),
        index,
        term,
        vote_term: wal.hard_state.term.max(term),
        bump_revision: 0,
    })
}

/// Our files out of their folder, then etcd's away.
struct Move<'a> {
    data_dir: &'a Path,
}

impl Move<'_> {
    fn run(&self) -> Result<(), SnapshotError> {
        let building = self.data_dir.join(BUILDING);
        for name in self.files(&building)? {
            self.rename(&building.join(&name), &self.data_dir.join(&name))?;
        }
        sync_folder(self.data_dir)?;
        // From here on the directory is ours.
        self.rename(&self.data_dir.join(ETCD), &self.kept())?;
        sync_folder(self.data_dir)?;
        remove(&building)?;
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
