//! `snapshot restore`: a new data directory from a snapshot file, for a member of a new cluster. It is made in a folder beside
//! and renamed into place at the end: whatever is wrong with the file, nothing is written.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    SnapshotError,
    facts::Facts,
    file::{self, HashCheck},
    plant::{Seed, plant},
};
use crate::{
    config::InitialMember,
    membership::{
        Node,
        id::{cluster_id, member_id},
    },
};

/// What to restore, and as whom. The fields are the flags of `etcdutl snapshot restore`.
#[derive(Clone, Debug)]
pub struct Restore {
    /// The snapshot file.
    pub snapshot: PathBuf,
    /// The data directory to make. It must be missing or empty.
    pub data_dir: PathBuf,
    /// The folder to make for the log, when it is to be on a disk of its own. It must be missing.
    pub wal_dir: Option<PathBuf>,
    /// This member's name.
    pub name: String,
    /// The members of the new cluster.
    pub initial_cluster: Vec<InitialMember>,
    /// Keeps clusters apart that have the same URLs.
    pub initial_cluster_token: String,
    /// Peer URLs of this member; `initial_cluster` must say the same.
    pub initial_advertise_peer_urls: Vec<String>,
    /// Whether the file must end with its hash.
    pub hash_check: HashCheck,
    /// How much is added to the last revision, so that no client sees revisions go back; what is before the sum counts as
    /// compacted. 0: neither.
    pub bump_revision: u64,
}

/// What was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The new cluster's id.
    pub cluster_id: u64,
    /// This member's id.
    pub member_id: u64,
    /// The store's revision.
    pub revision: i64,
    /// Versions of keys.
    pub versions: u64,
}

/// Restores a snapshot file.
///
/// # Errors
/// Why not; nothing is written then.
pub fn restore(request: &Restore) -> Result<Restored, SnapshotError> {
    let seed = seed(request)?;
    check_empty(&request.data_dir)?;
    if let Some(wal_dir) = request.wal_dir.as_ref().filter(|dir| dir.exists()) {
        let wal_dir = wal_dir.display().to_string();
        return Err(SnapshotError::Refused(format!(
            "wal-dir {wal_dir:?} exists"
        )));
    }
    let db = file::open(&request.snapshot, request.hash_check)?;
    let facts = Facts::read(&db)?;
    let building = Building::begin(&request.data_dir)?;
    let log = match &request.wal_dir {
        Some(dir) => Some((dir, Building::begin(dir)?)),
        None => None,
    };
    let log_path = log.as_ref().map_or(&building.path, |(_, log)| &log.path);
    let planted = plant(&building.path, log_path, &db, &facts, &seed)?;
    if let Some((dir, log)) = log {
        log.finish(dir)?;
    }
    building.finish(&request.data_dir)?;
    Ok(Restored {
        cluster_id: seed.cluster,
        member_id: seed.member,
        revision: planted.revision,
        versions: planted.versions,
    })
}

/// As etcd begins a cluster: an entry for each member, all in term 1.
fn seed(request: &Restore) -> Result<Seed, SnapshotError> {
    let refused = |what: String| Err(SnapshotError::Refused(what));
    let Ok(bump_revision) = i64::try_from(request.bump_revision) else {
        return refused(format!(
            "--bump-revision={} is too much",
            request.bump_revision
        ));
    };
    let mut members = BTreeMap::new();
    let mut own = None;
    let mut urls = BTreeSet::new();
    for (name, peer_urls) in &request.initial_cluster {
        if !peer_urls.iter().all(|url| urls.insert(url)) {
            return refused(format!(
                "initial cluster {} has duplicate url",
                list(request)
            ));
        }
        let id = member_id(peer_urls, &request.initial_cluster_token, None);
        if *name == request.name {
            check_advertised(request, peer_urls)?;
            own = Some(id);
        }
        let node = Node {
            name: name.clone(),
            peer_urls: peer_urls.clone(),
            is_learner: false,
        };
        if members.insert(id, node).is_some() {
            return refused(format!("member exists with identical ID {id:x}"));
        }
    }
    let Some(member) = own else {
        return refused(format!(
            "couldn't find local name {:?} in the initial cluster configuration",
            request.name
        ));
    };
    Ok(Seed {
        cluster: cluster_id(members.keys().copied()),
        member,
        index: members.len() as u64,
        members,
        removed: BTreeSet::new(),
        term: 1,
        vote_term: 1,
        entries: Vec::new(),
        committed: None,
        bump_revision,
    })
}

fn list(request: &Restore) -> String {
    let members = request.initial_cluster.iter();
    let members =
        members.flat_map(|(name, urls)| urls.iter().map(move |url| format!("{name}={url}")));
    members.collect::<Vec<_>>().join(",")
}

fn check_advertised(request: &Restore, configured: &[String]) -> Result<(), SnapshotError> {
    let advertised = &request.initial_advertise_peer_urls;
    let missing = |from: &[String], what: &[String]| {
        let missing = what.iter().filter(|url| !from.contains(url));
        missing.cloned().collect::<Vec<_>>().join(",")
    };
    let unadvertised = missing(advertised, configured);
    if !unadvertised.is_empty() {
        return Err(SnapshotError::Refused(format!(
            "--initial-cluster has {}={unadvertised} but missing from --initial-advertise-peer-urls={}",
            request.name,
            advertised.join(",")
        )));
    }
    let unconfigured = missing(configured, advertised);
    if !unconfigured.is_empty() {
        return Err(SnapshotError::Refused(format!(
            "--initial-advertise-peer-urls has {unconfigured} but missing from --initial-cluster={}",
            list(request)
        )));
    }
    Ok(())
}

fn check_empty(dir: &Path) -> Result<(), SnapshotError> {
    let empty = match fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if empty {
        return Ok(());
    }
    Err(SnapshotError::Refused(format!(
        "data-dir {:?} not empty or could not be read",
        dir.display().to_string()
    )))
}

/// A folder beside the data directory, gone again unless it is finished.
struct Building {
    path: PathBuf,
    finished: bool,
}

impl Building {
    fn begin(data_dir: &Path) -> Result<Building, SnapshotError> {
        let parent = parent(data_dir);
        let failed = |error| SnapshotError::io("making a folder in", parent, error);
        fs::create_dir_all(parent).map_err(failed)?;
        let name = data_dir.file_name().unwrap_or_default().to_string_lossy();
        let unique = rand::random::<u32>();
        let path = parent.join(format!(".{name}.restoring-{unique:08x}"));
        fs::create_dir(&path).map_err(failed)?;
        Ok(Building {
            path,
            finished: false,
        })
    }

    fn finish(mut self, data_dir: &Path) -> Result<(), SnapshotError> {
        sync_folder(&self.path)?;
        // Takes the place of an empty folder, too.
        fs::rename(&self.path, data_dir)
            .map_err(|error| SnapshotError::io("moving what was restored to", data_dir, error))?;
        self.finished = true;
        sync_folder(parent(data_dir))
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        if !self.finished {
            // What is left then is in nobody's way.
            drop(fs::remove_dir_all(&self.path));
        }
    }
}

fn parent(data_dir: &Path) -> &Path {
    match data_dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Waits until what was made, renamed and removed in a folder is on disk.
pub fn sync_folder(path: &Path) -> Result<(), SnapshotError> {
    fs::File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| SnapshotError::io("flushing", path, error))
}
