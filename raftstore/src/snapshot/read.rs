//! Going through the versions of keys in an etcd database, each checked.

use std::sync::Arc;

use hydrofoil_bolt::{Cursor, Db, ReadAt};
use hydrofoil_etcd_wire::files;
use prost::Message;

use super::{SnapshotError, schema, status::buckets};
use crate::{
    mvcc::{space::FIRST_REVISION, version::Rev},
    rpc::{Event, EventKind, KeyValue},
};

/// What was seen of the versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The last revision; 1 if there is none, as in an empty store.
    pub revision: i64,
    /// How many versions there were.
    pub versions: u64,
}

/// Calls `found` with each version, in the order of revisions.
///
/// # Errors
/// A version that etcd would not have written, or what `found` says.
pub fn versions<S: ReadAt>(
    db: &Db<S>,
    mut found: impl FnMut(Rev, Event) -> Result<(), SnapshotError>,
) -> Result<Seen, SnapshotError> {
    // Also refuses what is no bucket.
    let buckets = buckets(db)?;
    let is_key = |(name, _): &&(Vec<u8>, _)| name == schema::KEY.as_bytes();
    let Some((_, bucket)) = buckets.iter().find(is_key) else {
        let what = "the snapshot has no bucket \"key\": it is not of etcd v3";
        return Err(SnapshotError::Refused(what.into()));
    };
    let mut seen = Seen {
        revision: FIRST_REVISION,
        versions: 0,
    };
    let mut cursor = Cursor::new(db, bucket);
    while let Some(item) = cursor.next()? {
        let damaged = |what: &str| SnapshotError::damaged(schema::KEY, item.key, what);
        let (rev, is_tombstone) =
            schema::parse_version_key(item.key).ok_or_else(|| damaged("it is no revision"))?;
        seen.revision = seen.revision.max(rev.main);
        if item.value.is_empty() {
            // What `snapshot restore --bump-revision` leaves: a revision without a key.
            continue;
        }
        let stored = files::KeyValue::decode(item.value)
            .map_err(|error| damaged(&format!("it is no version of a key: {error}")))?;
        let event = event(rev, is_tombstone, stored).map_err(damaged)?;
        seen.versions += 1;
        found(rev, event)?;
    }
    Ok(seen)
}

fn event(rev: Rev, is_tombstone: bool, stored: files::KeyValue) -> Result<Event, &'static str> {
    if stored.key.is_empty() {
        return Err("a version of a key that is empty");
    }
    let kind = if is_tombstone {
        EventKind::Delete
    } else if stored.mod_revision != rev.main {
        return Err("a version of another revision");
    } else if stored.version < 1 || !(1..=rev.main).contains(&stored.create_revision) {
        return Err("a version that was never created");
    } else {
        EventKind::Put
    };
    let kv = KeyValue {
        key: stored.key,
        value: stored.value,
        create_revision: stored.create_revision,
        mod_revision: rev.main,
        version: stored.version,
        lease: stored.lease,
    };
    Ok(Event {
        kind,
        kv: Arc::new(kv),
        prev_kv: None,
    })
}
