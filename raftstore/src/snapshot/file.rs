//! A snapshot file: a database, then the SHA-256 of it. A file that was copied out of a data directory has no hash.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use hydrofoil_bolt::{Db, ReadAt};
use sha2::{Digest, Sha256};

use super::SnapshotError;

/// Bytes of the hash.
pub const HASH_BYTES: u64 = 32;
/// A database's size is a multiple of this; so what is beyond is the hash.
const SECTOR_BYTES: u64 = 512;
/// Bytes that are read at once for the hash.
const READ_BYTES: usize = 1 << 20;

/// A database file, the hash cut away.
#[derive(Debug)]
pub struct Database {
    file: fs::File,
    len: u64,
}

impl ReadAt for Database {
    fn len(&self) -> io::Result<u64> {
        Ok(self.len)
    }

    fn read_exact_at(&self, out: &mut [u8], offset: u64) -> io::Result<()> {
        ReadAt::read_exact_at(&self.file, out, offset)
    }
}

/// Whether a snapshot's hash is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashCheck {
    /// There must be one, and it must be right.
    Required,
    /// It is ignored (`--skip-hash-check`).
    Skipped,
}

/// Opens a snapshot file, and checks that it is whole: the hash, then every page.
pub fn open(path: &Path, check: HashCheck) -> Result<Db<Database>, SnapshotError> {
    let failed = |error| SnapshotError::io("reading", path, error);
    let mut file = fs::File::open(path).map_err(failed)?;
    let whole = file.metadata().map_err(failed)?.len();
    let hashed = whole % SECTOR_BYTES == HASH_BYTES;
    let len = if hashed { whole - HASH_BYTES } else { whole };
    if check == HashCheck::Required {
        if !hashed {
            return Err(SnapshotError::MissingHash);
        }
        check_hash(&mut file, len, failed)?;
    }
    let db = Db::open(Database { file, len })?;
    let report = db.check()?;
    if !report.is_clean() {
        return Err(SnapshotError::Inconsistent(report));
    }
    Ok(db)
}

fn check_hash(
    file: &mut fs::File,
    len: u64,
    failed: impl Fn(io::Error) -> SnapshotError,
) -> Result<(), SnapshotError> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; READ_BYTES];
    let mut left = len;
    while left > 0 {
        let want = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let part = &mut buffer[..want];
        file.read_exact(part).map_err(&failed)?;
        hash.update(&*part);
        left -= part.len() as u64;
    }
    let mut expected = [0; HASH_BYTES as usize];
    file.read_exact(&mut expected).map_err(&failed)?;
    let found: [u8; HASH_BYTES as usize] = hash.finalize().into();
    if found != expected {
        return Err(SnapshotError::WrongHash { expected, found });
    }
    Ok(())
}
