//! The edge to the disk: a flat folder of files that can be read, written, flushed and removed.
//!
//! Everything durable (the raft log and the state machine's file) goes through this trait, so that tests can put a disk
//! beneath it that loses or tears what was not flushed. The contract: after `sync_data` returns, every write to that file that
//! returned before it began survives a crash; after `sync_dir` returns, so do creations and removals. Nothing else does.

use std::{
    fmt, fs,
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::{fs::FallocateFlags, io::Errno};

/// One open file.
pub trait DiskFile: fmt::Debug + Send + Sync + 'static {
    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Bytes that it takes on disk, which are fewer where nothing was ever written.
    fn allocated(&self) -> io::Result<u64> {
        self.len()
    }
    /// Fills `out` from `offset`; less than that is an error.
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<()>;
    /// Writes all of `data` at `offset`.
    fn write_at(&self, data: &[u8], offset: u64) -> io::Result<()>;
    /// Cuts the file, or extends it with zeroes.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Lays the file out up to `len`, with zeroes, so that writing there changes nothing but the bytes: a flush is the cheaper for
    /// it. Returns whether it did; a disk that is full, or cannot do so, is no error.
    fn lay_out(&self, len: u64) -> io::Result<bool> {
        if self.len()? < len {
            self.set_len(len)?;
        }
        Ok(true)
    }
    /// Waits until everything written is on disk.
    fn sync_data(&self) -> io::Result<()>;
}

/// A flat folder.
pub trait Disk: fmt::Debug + Send + Sync + 'static {
    /// Names of the files there are.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Opens a file, and makes it if it is missing.
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;
    /// Removes a file; one that is missing is fine.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Gives a file another name, in the place of a file that has it. After a crash before the next `sync_dir` either is there,
    /// and never neither.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Waits until creations, removals and new names are on disk.
    fn sync_dir(&self) -> io::Result<()>;
    /// How errors name a file.
    fn describe(&self, name: &str) -> String;
}

/// A folder of the file system.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder (readable by its owner alone) if it is missing.
    pub fn create(path: &Path) -> io::Result<Folder> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)?;
        Ok(Folder {
            path: path.to_owned(),
        })
    }
}

impl Disk for Folder {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.path.join(name))?;
        Ok(Box::new(OsFile(file)))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn sync_dir(&self) -> io::Result<()> {
        fs::File::open(&self.path)?.sync_all()
    }

    fn describe(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }
}

/// A file of the operating system.
#[derive(Debug)]
struct OsFile(fs::File);

impl DiskFile for OsFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn allocated(&self) -> io::Result<u64> {
        // What stat calls a block is 512 bytes, whatever the file system's blocks are.
        Ok(self.0.metadata()?.blocks() * 512)
    }

    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(out, offset)
    }

    fn write_at(&self, data: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(data, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn lay_out(&self, len: u64) -> io::Result<bool> {
        match rustix::fs::fallocate(&self.0, FallocateFlags::empty(), 0, len) {
            Ok(()) => Ok(true),
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL | Errno::NOSPC | Errno::DQUOT) => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
