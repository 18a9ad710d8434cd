//! A container's log file: made with its folders at the first write, opened anew after rotation.
//!
//! A start waits for no file, since most guests write nothing while they start and a thousand of them would wait for three thousand
//! inodes. The log of a guest that stays silent is made by whoever holds it (see `cri::start`), so that one who looks finds it. A
//! quiet container holds no file descriptor.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::Listeners;
use super::rate::Rate;

/// Owner writes, everyone on the node may read: what containerd sets, and log collectors rely on.
const LOG_MODE: u32 = 0o644;

/// One log file.
#[derive(Debug)]
pub struct LogFile {
    /// `None`: the kubelet asked for no log, and output is dropped.
    path: Option<PathBuf>,
    file: Mutex<Option<File>>,
    made: AtomicBool,
    failed: AtomicBool,
    listeners: Listeners,
    rate: Mutex<Rate>,
}

impl LogFile {
    /// A log at `path`; nothing is touched yet.
    pub fn new(path: Option<PathBuf>) -> Self {
        Self {
            path,
            file: Mutex::new(None),
            made: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            listeners: Listeners::default(),
            rate: Mutex::new(Rate::new(Instant::now())),
        }
    }

    /// Bytes that a guest may write now.
    pub fn room(&self) -> usize {
        self.rate.lock().room(Instant::now())
    }

    /// How long a guest must wait until it may write.
    pub fn wait(&self) -> Duration {
        self.rate.lock().wait(Instant::now())
    }

    /// A guest wrote so many bytes.
    pub fn spend(&self, bytes: usize) {
        self.rate.lock().spend(bytes);
    }

    /// Those who hear what is written into it.
    pub const fn listeners(&self) -> &Listeners {
        &self.listeners
    }

    /// The log's path, if there is one.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Makes the file if nothing was written by now.
    pub fn create(&self) {
        let Some(path) = &self.path else {
            return;
        };
        // Under the lock of those who write, so that it is opened once.
        let _writers = self.file.lock();
        if !self.made.load(Ordering::Relaxed) {
            self.tell(path, self.open(path).map(drop));
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
            None => self
                .open(path)
                .and_then(|file| slot.insert(file).write_all(entries)),
        };
        if result.is_err() {
            *slot = None;
        }
        self.tell(path, result);
    }

    fn tell(&self, path: &Path, result: io::Result<()>) {
        match result {
            Ok(()) => self.failed.store(false, Ordering::Relaxed),
            Err(error) => {
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
        *slot = Some(self.open(path)?);
        Ok(())
    }

    /// Opens the file to append to it, and makes it. Its folders are made the first time only: later, who removed them meant it.
    fn open(&self, path: &Path) -> io::Result<File> {
        let file = match open(path) {
            Err(error)
                if error.kind() == io::ErrorKind::NotFound
                    && !self.made.load(Ordering::Relaxed) =>
            {
                if let Some(parent) = path.parent() {
                    std::fs::create_dir_all(parent)?;
                }
                open(path)?
            }
            other => other?,
        };
        self.made.store(true, Ordering::Relaxed);
        Ok(file)
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
    fn a_silent_log_is_made_when_asked_for_and_a_removed_one_is_not_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pod/container/0.log");
        let log = LogFile::new(Some(path.clone()));
        assert!(!dir.path().join("pod").exists());
        log.create();
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        std::fs::remove_dir_all(dir.path().join("pod")).unwrap();
        log.create();
        assert!(!dir.path().join("pod").exists());
    }

    #[test]
    fn a_log_that_cannot_be_made_costs_the_guest_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("pod"), "no folder").unwrap();
        let log = LogFile::new(Some(dir.path().join("pod/0.log")));
        log.append(b"a\n");
        log.create();
        std::fs::remove_file(dir.path().join("pod")).unwrap();
        log.append(b"b\n");
        assert_eq!(std::fs::read(dir.path().join("pod/0.log")).unwrap(), b"b\n");
    }

    #[test]
    fn no_path_means_no_file_and_no_error() {
        let log = LogFile::new(None);
        log.create();
        log.append(b"x\n");
        log.reopen().unwrap();
    }
}
