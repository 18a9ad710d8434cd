//! A container's log file: made at start so that `kubectl logs` finds it, opened at the first write, opened anew after rotation.
//!
//! A quiet container holds no file descriptor: a thousand idle pods cost a thousand names in folders and nothing in this process.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

/// Owner writes, everyone on the node may read: what containerd sets, and log collectors rely on.
const LOG_MODE: u32 = 0o644;

/// One log file.
#[derive(Debug)]
pub struct LogFile {
    /// `None`: the kubelet asked for no log, and output is dropped.
    path: Option<PathBuf>,
    file: Mutex<Option<File>>,
    failed: AtomicBool,
}

impl LogFile {
    /// A log at `path`; nothing is touched yet.
    pub const fn new(path: Option<PathBuf>) -> Self {
        Self {
            path,
            file: Mutex::new(None),
            failed: AtomicBool::new(false),
        }
    }

    /// The log's path, if there is one.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Makes the file (and its folder) if it is not there.
    pub fn create(&self) -> io::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        match open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(parent) = path.parent() {
                    std::fs::create_dir_all(parent)?;
                }
                open(path).map(drop)
            }
            other => other.map(drop),
        }
    }

    /// Appends whole entries. A failure (disk full, folder gone) is told once and costs the guest nothing.
    pub fn append(&self, entries: &[u8]) {
        let Some(path) = &self.path else {
            return;
        };
        if entries.is_empty() {
            return;
        }
        let mut slot = self.file.lock();
        let result = match slot.as_mut() {
            Some(file) => file.write_all(entries),
            None => open(path).and_then(|file| slot.insert(file).write_all(entries)),
        };
        match result {
            Ok(()) => self.failed.store(false, Ordering::Relaxed),
            Err(error) => {
                *slot = None;
                if !self.failed.swap(true, Ordering::Relaxed) {
                    tracing::warn!(path = %path.display(), %error, "cannot write a container's log");
                }
            }
        }
    }

    /// The file was renamed by whoever rotates logs: makes a new one at the same path, and writes there from now on.
    pub fn reopen(&self) -> io::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let mut slot = self.file.lock();
        *slot = Some(open(path)?);
        Ok(())
    }

    /// Gives the file descriptor back; a later write opens the file again.
    pub fn close(&self) {
        *self.file.lock() = None;
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(LOG_MODE)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_follow_a_rotation_only_after_reopen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pod/0.log");
        let log = LogFile::new(Some(path.clone()));
        log.create().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        log.append(b"a\n");
        let rotated = dir.path().join("pod/0.log.1");
        std::fs::rename(&path, &rotated).unwrap();
        log.append(b"b\n");
        log.reopen().unwrap();
        log.append(b"c\n");
        assert_eq!(std::fs::read(rotated).unwrap(), b"a\nb\n");
        assert_eq!(std::fs::read(path).unwrap(), b"c\n");
    }

    #[test]
    fn no_path_means_no_file_and_no_error() {
        let log = LogFile::new(None);
        log.create().unwrap();
        log.append(b"x\n");
        log.reopen().unwrap();
    }
}
