//! Why a snapshot, or a data directory of etcd's, is not taken. Where etcd's tools have words for it, they are theirs.

use std::{io, path::Path};

/// See the module header.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The disk failed.
    #[error("{what}: {error}")]
    Io {
        /// What was being done.
        what: String,
        /// What the system said.
        error: io::Error,
    },
    /// The file does not end with a hash.
    #[error("snapshot missing hash but --skip-hash-check=false")]
    MissingHash,
    /// The hash at the end is not that of what is before it.
    #[error("expected sha256 {}, got {}", bytes(.expected), bytes(.found))]
    WrongHash {
        /// The one in the file.
        expected: [u8; 32],
        /// The one of its contents.
        found: [u8; 32],
    },
    /// The file is no database.
    #[error("snapshot file cannot be read: {0}")]
    Bolt(#[from] hydrofoil_bolt::Error),
    /// The database's pages do not fit together.
    #[error("snapshot file integrity check failed. {} errors found.\n{}", .0.count, .0.problems.join("\n"))]
    Inconsistent(hydrofoil_bolt::Report),
    /// An entry is not what it should be.
    #[error("bucket {bucket:?}, key {key}: {what}")]
    Damaged {
        /// The bucket.
        bucket: &'static str,
        /// The entry's key, in hexadecimal.
        key: String,
        /// What is wrong.
        what: String,
    },
    /// What was asked for cannot be done.
    #[error("{0}")]
    Refused(String),
    /// Writing our own data directory failed.
    #[error(transparent)]
    Store(#[from] crate::Error),
}

/// Most bytes of a key that an error shows.
const MAX_KEY_BYTES: usize = 64;

impl SnapshotError {
    pub(crate) fn damaged(bucket: &'static str, key: &[u8], what: impl Into<String>) -> Self {
        let key = key.iter().take(MAX_KEY_BYTES);
        SnapshotError::Damaged {
            bucket,
            key: key.map(|byte| format!("{byte:02x}")).collect(),
            what: what.into(),
        }
    }

    pub(crate) fn io(what: &str, path: &Path, error: io::Error) -> Self {
        SnapshotError::Io {
            what: format!("{what} {}", path.display()),
            error,
        }
    }
}

/// As Go prints a list of bytes.
fn bytes(bytes: &[u8]) -> String {
    let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
    format!("[{}]", numbers.join(" "))
}
