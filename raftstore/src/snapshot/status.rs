//! What `snapshot status` says of a file, as `etcdutl/snapshot` finds it out.

use std::path::Path;

use hydrofoil_bolt::{Bucket, Cursor, Db};
use serde::Serialize;

use super::{
    SnapshotError,
    file::{self, HashCheck},
    schema,
};

/// The status of a snapshot file; serialized as etcd's tools print it in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotStatus {
    /// CRC-32C over the names of buckets, and their keys and values, in order.
    pub hash: u32,
    /// The last revision.
    pub revision: i64,
    /// Entries of all buckets.
    pub total_key: u64,
    /// Bytes of the database, without the hash at the file's end.
    pub total_size: u64,
}

/// Reads a whole snapshot file and says what it holds. The hash at its end is not looked at, as by etcd's tools.
///
/// # Errors
/// The file cannot be read, or its pages do not fit together.
pub fn snapshot_status(path: &Path) -> Result<SnapshotStatus, SnapshotError> {
    let db = file::open(path, HashCheck::Skipped)?;
    let mut status = SnapshotStatus {
        total_size: db.size(),
        ..Default::default()
    };
    for (name, bucket) in buckets(&db)? {
        status.hash = crc32c::crc32c_append(status.hash, &name);
        let is_key = name == schema::KEY.as_bytes();
        let mut cursor = Cursor::new(&db, &bucket);
        while let Some(item) = cursor.next()? {
            status.hash = crc32c::crc32c_append(status.hash, item.key);
            status.hash = crc32c::crc32c_append(status.hash, item.value);
            status.total_key += 1;
            if is_key {
                let (rev, _) = schema::parse_version_key(item.key).ok_or_else(|| {
                    SnapshotError::damaged(schema::KEY, item.key, "it is no revision")
                })?;
                status.revision = rev.main;
            }
        }
    }
    Ok(status)
}

/// The buckets of a database, which has nothing else in its root.
pub fn buckets<S: hydrofoil_bolt::ReadAt>(
    db: &Db<S>,
) -> Result<Vec<(Vec<u8>, Bucket)>, SnapshotError> {
    let root = db.root();
    let mut cursor = Cursor::new(db, &root);
    let mut found = Vec::new();
    while let Some(item) = cursor.next()? {
        let Some(bucket) = item.bucket else {
            let name = String::from_utf8_lossy(item.key).into_owned();
            return Err(SnapshotError::Refused(format!(
                "cannot get hash of bucket {name}"
            )));
        };
        found.push((item.key.to_vec(), bucket));
    }
    Ok(found)
}
