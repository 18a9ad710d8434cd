//! The journal: what must be known after a restart, so that the kubelet learns which containers are gone and starts them again.
//!
//! An append-only file of checksummed records, written by one thread behind a buffer: starting a pod waits for no disk, and a record is in
//! the kernel's hands a moment later, where a killed process does not lose it. Nothing is fsynced: after a crash of the machine there is
//! nothing running that the lost records would be needed for. A torn end is cut off. Now and then the file is rewritten with what is left
//! of it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use hydrofoil_cri::v1::{ContainerConfig, PodSandboxConfig};
use parking_lot::{Condvar, Mutex};
use prost::Message as _;

/// Bytes appended after which the file is rewritten.
const REWRITE_AFTER: u64 = 16 << 20;
/// Bytes that may wait for the disk; what comes beyond them is lost, and told.
const MAX_WAITING: usize = 64 << 20;
/// Largest record; a longer one is not ours.
const MAX_RECORD: usize = 16 << 20;
/// Length and checksum.
const FRAME_HEAD: usize = 8;

/// A sandbox, as it is kept.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SavedSandbox {
    /// Identifier.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Config.
    #[prost(message, optional, tag = "2")]
    pub config: Option<PodSandboxConfig>,
    /// Runtime handler.
    #[prost(string, tag = "3")]
    pub handler: String,
    /// Nanoseconds since 1970.
    #[prost(int64, tag = "4")]
    pub created_at: i64,
}

/// A container, as it is kept.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SavedContainer {
    /// Identifier.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Identifier of the sandbox.
    #[prost(string, tag = "2")]
    pub sandbox_id: String,
    /// Config, without the environment.
    #[prost(message, optional, tag = "3")]
    pub config: Option<ContainerConfig>,
    /// Image identifier.
    #[prost(string, tag = "4")]
    pub image_id: String,
    /// Image name with a digest.
    #[prost(string, tag = "5")]
    pub image_ref: String,
    /// Nanoseconds since 1970.
    #[prost(int64, tag = "6")]
    pub created_at: i64,
    /// Log file; empty for none.
    #[prost(string, tag = "7")]
    pub log_path: String,
    /// Nanoseconds since 1970; 0 if it never began.
    #[prost(int64, tag = "8")]
    pub started_at: i64,
    /// How it ended, if it has.
    #[prost(message, optional, tag = "9")]
    pub exit: Option<SavedExit>,
}

/// A container's end, as it is kept.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SavedExit {
    /// Nanoseconds since 1970.
    #[prost(int64, tag = "1")]
    pub finished_at: i64,
    /// Exit code.
    #[prost(int32, tag = "2")]
    pub code: i32,
    /// Reason.
    #[prost(string, tag = "3")]
    pub reason: String,
    /// Message.
    #[prost(string, tag = "4")]
    pub message: String,
}

/// A container began.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Started {
    /// Which.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Nanoseconds since 1970.
    #[prost(int64, tag = "2")]
    pub at: i64,
}

/// A container ended.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Exited {
    /// Which.
    #[prost(string, tag = "1")]
    pub id: String,
    /// How.
    #[prost(message, optional, tag = "2")]
    pub exit: Option<SavedExit>,
}

/// One thing that happened.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Change {
    /// A sandbox was made.
    #[prost(message, boxed, tag = "1")]
    SandboxAdded(Box<SavedSandbox>),
    /// A sandbox was removed.
    #[prost(string, tag = "2")]
    SandboxRemoved(String),
    /// A container was made.
    #[prost(message, boxed, tag = "3")]
    ContainerAdded(Box<SavedContainer>),
    /// A container began.
    #[prost(message, tag = "4")]
    ContainerStarted(Started),
    /// A container ended.
    #[prost(message, tag = "5")]
    ContainerExited(Exited),
    /// A container was removed.
    #[prost(string, tag = "6")]
    ContainerRemoved(String),
}

#[derive(Clone, PartialEq, prost::Message)]
struct Record {
    #[prost(oneof = "Change", tags = "1, 2, 3, 4, 5, 6")]
    change: Option<Change>,
}

/// Everything that a journal tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Saved {
    /// Sandboxes, by identifier.
    pub sandboxes: BTreeMap<String, SavedSandbox>,
    /// Containers, by identifier.
    pub containers: BTreeMap<String, SavedContainer>,
}

impl Saved {
    fn apply(&mut self, change: Change) {
        match change {
            Change::SandboxAdded(sandbox) => {
                self.sandboxes.insert(sandbox.id.clone(), *sandbox);
            }
            Change::SandboxRemoved(id) => {
                self.sandboxes.remove(&id);
            }
            Change::ContainerAdded(container) => {
                self.containers.insert(container.id.clone(), *container);
            }
            Change::ContainerStarted(Started { id, at }) => {
                if let Some(container) = self.containers.get_mut(&id) {
                    container.started_at = at;
                }
            }
            Change::ContainerExited(Exited { id, exit }) => {
                if let Some(container) = self.containers.get_mut(&id) {
                    container.exit = exit;
                }
            }
            Change::ContainerRemoved(id) => {
                self.containers.remove(&id);
            }
        }
    }

    /// Reads frames until they end or make no sense.
    fn read(mut bytes: &[u8]) -> Self {
        let mut saved = Self::default();
        while let Some((record, rest)) = frame(bytes) {
            if let Some(change) = record.change {
                saved.apply(change);
            }
            bytes = rest;
        }
        if !bytes.is_empty() {
            tracing::warn!(
                bytes = bytes.len(),
                "the end of the runtime's journal is torn: left out"
            );
        }
        saved
    }

    fn write(self) -> Vec<u8> {
        let sandboxes = self.sandboxes.into_values().map(Box::new);
        let sandboxes = sandboxes.map(Change::SandboxAdded);
        let containers = self.containers.into_values().map(Box::new);
        let containers = containers.map(Change::ContainerAdded);
        let mut out = Vec::new();
        for change in sandboxes.chain(containers) {
            encode(change, &mut out);
        }
        out
    }
}

fn frame(bytes: &[u8]) -> Option<(Record, &[u8])> {
    let (head, rest) = bytes.split_at_checked(FRAME_HEAD)?;
    let size = u32::from_le_bytes(head[..4].try_into().ok()?);
    let sum = u32::from_le_bytes(head[4..].try_into().ok()?);
    let size = usize::try_from(size).ok().filter(|s| *s <= MAX_RECORD)?;
    let (body, rest) = rest.split_at_checked(size)?;
    if crc32c::crc32c(body) != sum {
        return None;
    }
    Some((Record::decode(body).ok()?, rest))
}

fn encode(change: Change, out: &mut Vec<u8>) {
    let record = Record {
        change: Some(change),
    };
    let start = out.len();
    out.extend_from_slice(&[0; FRAME_HEAD]);
    if record.encode(out).is_err() {
        // Encoding into a Vec has all the room there is.
        out.truncate(start);
        return;
    }
    let body = &out[start + FRAME_HEAD..];
    let sum = crc32c::crc32c(body).to_le_bytes();
    let size = u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes();
    out[start..start + 4].copy_from_slice(&size);
    out[start + 4..start + FRAME_HEAD].copy_from_slice(&sum);
}

/// The journal of a running runtime. Dropping it writes what still waits.
pub struct Journal {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    wake: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    lost: u64,
    closing: bool,
}

impl Journal {
    /// Reads what an earlier run left, rewrites it without what is gone, and goes on from there.
    pub fn open(path: PathBuf) -> io::Result<(Self, Saved)> {
        let saved = read(&path)?;
        let mut writer = Writer {
            file: rewrite(&path, saved.clone())?,
            path,
            since_rewrite: 0,
        };
        let shared = Arc::new(Shared::default());
        let work = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("runtime-journal".to_owned())
            .spawn(move || writer.run(&work))?;
        Ok((
            Self {
                shared,
                thread: Some(thread),
            },
            saved,
        ))
    }

    /// Notes a change. Never waits for the disk.
    pub fn note(&self, change: Change) {
        let mut waiting = self.shared.waiting.lock();
        if waiting.bytes.len() > MAX_WAITING {
            waiting.lost += 1;
            return;
        }
        let idle = waiting.bytes.is_empty();
        encode(change, &mut waiting.bytes);
        drop(waiting);
        if idle {
            self.shared.wake.notify_one();
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.shared.waiting.lock().closing = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Writer {
    path: PathBuf,
    file: File,
    since_rewrite: u64,
}

impl Writer {
    fn run(&mut self, shared: &Shared) {
        loop {
            let mut waiting = shared.waiting.lock();
            while waiting.bytes.is_empty() && !waiting.closing {
                shared.wake.wait(&mut waiting);
            }
            let bytes = std::mem::take(&mut waiting.bytes);
            let lost = std::mem::take(&mut waiting.lost);
            let closing = waiting.closing;
            drop(waiting);
            if lost > 0 {
                tracing::error!(
                    records = lost,
                    "the journal's disk is too slow: records were lost"
                );
            }
            if let Err(error) = self.write(&bytes) {
                tracing::error!(path = %self.path.display(), %error, "cannot write the runtime's journal");
            }
            if closing && bytes.is_empty() {
                return;
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.since_rewrite += bytes.len() as u64;
        if self.since_rewrite > REWRITE_AFTER {
            self.since_rewrite = 0;
            self.file = rewrite(&self.path, read(&self.path)?)?;
        }
        Ok(())
    }
}

fn read(path: &Path) -> io::Result<Saved> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(mut file) => file.read_to_end(&mut bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    Ok(Saved::read(&bytes))
}

/// Replaces the file by one that tells `saved`, and opens it for appending.
fn rewrite(path: &Path, saved: Saved) -> io::Result<File> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&saved.write())?;
    file.persist(path).map_err(|e| e.error)?;
    OpenOptions::new().append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sandbox(id: &str) -> Change {
        Change::SandboxAdded(Box::new(SavedSandbox {
            id: id.to_owned(),
            created_at: 7,
            ..SavedSandbox::default()
        }))
    }

    fn container(id: &str) -> Change {
        Change::ContainerAdded(Box::new(SavedContainer {
            id: id.to_owned(),
            ..SavedContainer::default()
        }))
    }

    fn fill(path: &Path) {
        let (journal, before) = Journal::open(path.to_path_buf()).unwrap();
        assert_eq!(before, Saved::default());
        journal.note(sandbox("s1"));
        journal.note(sandbox("s2"));
        journal.note(container("c1"));
        journal.note(Change::ContainerStarted(Started {
            id: "c1".to_owned(),
            at: 9,
        }));
        journal.note(container("c2"));
        journal.note(Change::ContainerExited(Exited {
            id: "c2".to_owned(),
            exit: Some(SavedExit {
                finished_at: 11,
                code: 3,
                ..SavedExit::default()
            }),
        }));
        journal.note(Change::SandboxRemoved("s2".to_owned()));
    }

    #[test]
    fn a_second_run_knows_what_the_first_did() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        fill(&path);
        for _ in 0..2 {
            let (_journal, saved) = Journal::open(path.clone()).unwrap();
            assert_eq!(saved.sandboxes.keys().collect::<Vec<_>>(), ["s1"]);
            assert_eq!(saved.containers["c1"].started_at, 9);
            assert_eq!(saved.containers["c1"].exit, None);
            assert_eq!(saved.containers["c2"].exit.as_ref().unwrap().code, 3);
        }
    }

    #[test]
    fn whatever_is_cut_off_or_flipped_costs_only_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        fill(&path);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            let saved = Saved::read(&whole[..cut]);
            assert!(saved.sandboxes.len() <= 2);
            let mut flipped = whole.clone();
            flipped[cut] ^= 0x40;
            let saved = Saved::read(&flipped);
            assert!(saved.containers.len() <= 2);
        }
    }
}
