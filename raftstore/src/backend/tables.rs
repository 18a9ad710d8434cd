//! The tables of the state machine's file and how their rows are encoded.
//!
//! Keys of versions are kept apart from values: a start reads every key and no value.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use redb::TableDefinition;
use serde::{Deserialize, Serialize};

use super::FILE;
use crate::{
    Error,
    alarm::AlarmMember,
    codec::{Malformed, Reader, put_bytes, put_signed, put_varint},
    membership::roster::Roster,
    mvcc::{
        Change,
        space::NOT_COMPACTED,
        version::{Meta, Rev},
    },
    raft::{LogId, StoredMembership},
    rpc::{Event, EventKind},
};

/// Revision to what is known of the version without its value.
pub const META: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("meta");
/// Revision to value; empty values have no row.
pub const VALUES: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("values");
/// Lease to its time to live in seconds.
pub const LEASES: TableDefinition<'_, i64, i64> = TableDefinition::new("leases");
/// Lease to the seconds that were left at its last checkpoint; no row if it has its full time.
pub const LEASES_LEFT: TableDefinition<'_, i64, i64> = TableDefinition::new("leases_left");
/// One row: whether auth is enabled, and its revision.
pub const AUTH: TableDefinition<'_, u32, (bool, u64)> = TableDefinition::new("auth");
/// User to its row, see [`crate::auth::state::User`].
pub const USERS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("auth_users");
/// Role to its row, see [`crate::auth::state::Role`].
pub const ROLES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("auth_roles");
/// The alarms that are raised: number of the kind, member.
pub const ALARMS: TableDefinition<'_, (u8, u64), ()> = TableDefinition::new("alarms");
/// One row: the [`State`].
pub const STATE: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("state");

/// Does something with every table, by the number under which its rows travel to other members. A number is never used for
/// another table.
macro_rules! each_table {
    ($do:ident) => {
        $do!(0, $crate::backend::tables::META);
        $do!(1, $crate::backend::tables::VALUES);
        $do!(2, $crate::backend::tables::LEASES);
        $do!(3, $crate::backend::tables::STATE);
        $do!(4, $crate::backend::tables::LEASES_LEFT);
        $do!(5, $crate::backend::tables::AUTH);
        $do!(6, $crate::backend::tables::USERS);
        $do!(7, $crate::backend::tables::ROLES);
        $do!(8, $crate::backend::tables::ALARMS);
    };
}
pub(crate) use each_table;

/// What a commit is the state after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The last entry applied.
    pub applied: Option<LogId>,
    /// The members as of that entry.
    pub membership: StoredMembership,
    /// The revision.
    pub revision: i64,
    /// The compacted revision, or [`NOT_COMPACTED`].
    pub compacted: i64,
    /// The cluster's id; 0 before the first commit.
    pub cluster_id: u64,
    /// The member's id; 0 before the first commit.
    pub member_id: u64,
    /// What members said of themselves, and who was removed.
    #[serde(default)]
    pub roster: Roster,
}

impl Default for State {
    fn default() -> Self {
        State {
            applied: None,
            membership: StoredMembership::default(),
            revision: 0,
            compacted: NOT_COMPACTED,
            cluster_id: 0,
            member_id: 0,
            roster: Roster::default(),
        }
    }
}

impl State {
    /// The row. Plain data: it cannot fail to become JSON.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads the row.
    pub fn decode(row: &[u8]) -> Result<State, Error> {
        serde_json::from_slice(row).map_err(|error| Error::Corrupt {
            file: FILE.to_owned(),
            offset: 0,
            what: format!("the state row: {error}"),
        })
    }
}

/// What is kept of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseRow {
    /// Time to live in seconds.
    pub ttl: i64,
    /// Seconds left at the last checkpoint; 0 if it has its full time.
    pub remaining: i64,
}

/// What waits to be written.
#[derive(Debug, Default)]
pub struct Batch {
    /// Changes, in the order of their revisions.
    pub changes: Vec<Arc<Change>>,
    /// Versions that compaction removed.
    pub removals: Vec<Rev>,
    /// Leases granted or checkpointed (with their time to live and what was left) and revoked.
    pub leases: Vec<(i64, Option<LeaseRow>)>,
    /// Whether auth is enabled, and its revision, if that changed.
    pub auth: Option<(bool, u64)>,
    /// Rows of users that changed; `None`: the user is gone.
    pub users: BTreeMap<String, Option<Vec<u8>>>,
    /// Rows of roles that changed; `None`: the role is gone.
    pub roles: BTreeMap<String, Option<Vec<u8>>>,
    /// Alarms raised and put out.
    pub alarms: BTreeMap<AlarmMember, bool>,
    /// The state after all of that.
    pub state: State,
    /// Bytes that the changes hold in memory.
    pub bytes: usize,
    /// Bytes that the changes will take on disk, about.
    pub disk_bytes: u64,
}

/// The key of a version.
pub fn rev_key(rev: Rev) -> (u64, u32) {
    (rev.main as u64, rev.sub)
}

/// The version of a key.
pub fn rev_of((main, sub): (u64, u32)) -> Rev {
    Rev {
        main: main as i64,
        sub,
    }
}

/// Appends the row of a version.
pub fn encode_meta(event: &Event, row: &mut Vec<u8>) {
    row.push(u8::from(event.kind == EventKind::Put));
    put_bytes(row, &event.kv.key);
    if event.kind == EventKind::Put {
        put_signed(row, event.kv.create_revision);
        put_signed(row, event.kv.version);
        put_signed(row, event.kv.lease);
        put_varint(row, event.kv.value.len() as u64);
    }
}

/// Reads the row of a version; `None` of a tombstone.
pub fn decode_meta(row: &[u8]) -> Result<(Bytes, Option<Meta>), Malformed> {
    let mut reader = Reader::new(row);
    let live = reader.u8()? != 0;
    let key = reader.bytes()?;
    let meta = if live {
        Some(Meta {
            create: reader.signed()?,
            version: reader.signed()?,
            lease: reader.signed()?,
            value_len: reader
                .varint()?
                .try_into()
                .map_err(|_| Malformed("a value too long"))?,
        })
    } else {
        None
    };
    reader.end()?;
    Ok((key, meta))
}
