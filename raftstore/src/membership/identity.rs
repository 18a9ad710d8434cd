//! The file that says whose data directory this is. It is written before anything else is, and never changed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Node;
use crate::{Error, wal::disk::Disk};

/// Name of the file.
pub const FILE: &str = "member.json";
/// Largest file that is read, in bytes; what we write is a few hundred.
const MAX_BYTES: u64 = 1 << 20;

/// Whose data directory it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The cluster's id.
    pub cluster: u64,
    /// The member's id.
    pub member: u64,
    /// A random number that tells this directory from another one of the same member.
    pub disk: u64,
    /// The members that the cluster begins with; empty for a member that joins a running one.
    pub seeds: Vec<(u64, Node)>,
}

/// Reads the file, if there is a whole one.
///
/// # Errors
/// [`Error::Corrupt`] if there is one that is not whole beside a log: a log is begun only after this file is on disk.
pub fn read(disk: &dyn Disk) -> Result<Option<Identity>, Error> {
    let failed = |e| Error::io(format!("reading {}", disk.describe(FILE)), e);
    let names = disk.list().map_err(failed)?;
    if !names.iter().any(|name| name == FILE) {
        return Ok(None);
    }
    let file = disk.open(FILE).map_err(failed)?;
    let mut bytes = vec![0; file.len().map_err(failed)?.min(MAX_BYTES) as usize];
    file.read_at(&mut bytes, 0).map_err(failed)?;
    match parse(&bytes) {
        Some(identity) => Ok(Some(identity)),
        None if names.iter().any(|name| name.ends_with(".log")) => Err(Error::Corrupt {
            file: disk.describe(FILE),
            offset: 0,
            what: "it does not say whose data directory this is".into(),
        }),
        None => Ok(None),
    }
}

/// Writes the file, and waits until it is on disk.
pub fn write(disk: &Arc<dyn Disk>, identity: &Identity) -> Result<(), Error> {
    let failed = |e| Error::io(format!("writing {}", disk.describe(FILE)), e);
    // Numbers and text cannot fail to become JSON.
    let json = serde_json::to_vec(identity).unwrap_or_default();
    let mut bytes = format!("{:08x}\n", crc32c::crc32c(&json)).into_bytes();
    bytes.extend(json);
    let file = disk.open(FILE).map_err(failed)?;
    file.set_len(bytes.len() as u64).map_err(failed)?;
    file.write_at(&bytes, 0).map_err(failed)?;
    file.sync_data().map_err(failed)?;
    disk.sync_dir().map_err(failed)
}

fn parse(bytes: &[u8]) -> Option<Identity> {
    let (sum, json) = bytes.split_at_checked(9)?;
    let sum = std::str::from_utf8(&sum[..8]).ok()?;
    if u32::from_str_radix(sum, 16).ok()? != crc32c::crc32c(json) {
        return None;
    }
    serde_json::from_slice(json).ok()
}
