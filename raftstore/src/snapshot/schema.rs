//! What lies where in etcd's database: names of buckets and keys, and the form of revisions. Source: etcd's
//! `server/storage/schema` and `server/storage/mvcc/revision.go`.

use crate::mvcc::version::Rev;

/// Versions by revision.
pub const KEY: &str = "key";
/// What the database is the state after.
pub const META: &str = "meta";
/// Leases by id, big endian.
pub const LEASE: &str = "lease";
/// Alarms; the message is the key.
pub const ALARM: &str = "alarm";
/// The cluster's version.
pub const CLUSTER: &str = "cluster";
/// Members by id in hexadecimal.
pub const MEMBERS: &str = "members";
/// Members that were removed.
pub const MEMBERS_REMOVED: &str = "members_removed";
/// Whether auth is enabled, and its revision.
pub const AUTH: &str = "auth";
/// Users by name.
pub const AUTH_USERS: &str = "authUsers";
/// Roles by name.
pub const AUTH_ROLES: &str = "authRoles";
/// Every bucket that etcd 3.5 makes, in the order of names.
pub const BUCKETS: [&str; 10] = [
    ALARM,
    AUTH,
    AUTH_ROLES,
    AUTH_USERS,
    CLUSTER,
    KEY,
    LEASE,
    MEMBERS,
    MEMBERS_REMOVED,
    META,
];

/// In [`META`]: index of the last entry applied, 8 bytes big endian.
pub const CONSISTENT_INDEX: &[u8] = b"consistent_index";
/// In [`META`]: its term, 8 bytes big endian.
pub const TERM: &[u8] = b"term";
/// In [`META`]: raft's members as JSON.
pub const CONF_STATE: &[u8] = b"confState";
/// In [`META`]: the compaction that was asked for last, as a revision.
pub const SCHEDULED_COMPACT: &[u8] = b"scheduledCompactRev";
/// In [`META`]: the compaction that was finished last, as a revision.
pub const FINISHED_COMPACT: &[u8] = b"finishedCompactRev";
/// In [`AUTH`]: one byte, 1 or 0.
pub const AUTH_ENABLED: &[u8] = b"authEnabled";
/// In [`AUTH`]: 8 bytes big endian.
pub const AUTH_REVISION: &[u8] = b"authRevision";
/// In [`CLUSTER`]: such as `3.5.0`.
pub const CLUSTER_VERSION: &[u8] = b"clusterVersion";

/// Bytes of a revision: the transaction's, `_`, the place inside.
pub const REVISION_BYTES: usize = 17;
/// Ends the key of a tombstone.
const TOMBSTONE: u8 = b't';

/// The form of a revision.
pub fn revision(rev: Rev) -> [u8; REVISION_BYTES] {
    let mut bytes = [0; REVISION_BYTES];
    bytes[..8].copy_from_slice(&rev.main.to_be_bytes());
    bytes[8] = b'_';
    bytes[9..].copy_from_slice(&u64::from(rev.sub).to_be_bytes());
    bytes
}

/// The key of a version in [`KEY`].
pub fn version_key(rev: Rev, is_tombstone: bool, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&revision(rev));
    if is_tombstone {
        out.push(TOMBSTONE);
    }
}

/// Length of a version's key.
pub fn version_key_len(is_tombstone: bool) -> usize {
    REVISION_BYTES + usize::from(is_tombstone)
}

/// Reads a revision.
pub fn parse_revision(bytes: &[u8]) -> Option<Rev> {
    let (main, rest) = bytes.split_first_chunk()?;
    let (mark, rest) = rest.split_first()?;
    let sub: &[u8; 8] = rest.try_into().ok()?;
    let main = i64::from_be_bytes(*main);
    let sub = u64::from_be_bytes(*sub).try_into().ok()?;
    (*mark == b'_' && main >= 0).then_some(Rev { main, sub })
}

/// Reads a version's key. Returns whether it is a tombstone's.
pub fn parse_version_key(key: &[u8]) -> Option<(Rev, bool)> {
    match key.strip_suffix(&[TOMBSTONE]) {
        Some(rev) if key.len() == REVISION_BYTES + 1 => Some((parse_revision(rev)?, true)),
        _ => Some((parse_revision(key)?, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_etcds_keys() {
        let rev = Rev {
            main: 0x0102,
            sub: 116,
        };
        let mut key = Vec::new();
        version_key(rev, false, &mut key);
        assert_eq!(key, b"\0\0\0\0\0\0\x01\x02_\0\0\0\0\0\0\0t");
        assert_eq!(parse_version_key(&key), Some((rev, false)));
        version_key(rev, true, &mut key);
        assert_eq!(key, b"\0\0\0\0\0\0\x01\x02_\0\0\0\0\0\0\0tt");
        assert_eq!(parse_version_key(&key), Some((rev, true)));
        assert_eq!(key.len(), version_key_len(true));
        for bad in [
            &key[..16],
            b"\0\0\0\0\0\0\x01\x02-\0\0\0\0\0\0\0t",
            b"\xff\0\0\0\0\0\x01\x02_\0\0\0\0\0\0\0t",
            b"\0\0\0\0\0\0\x01\x02_\0\0\x01\0\0\0\0t",
            b"\0\0\0\0\0\0\x01\x02_\0\0\0\0\0\0\0tx",
        ] {
            assert_eq!(parse_version_key(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn buckets_are_in_order() {
        assert!(BUCKETS.is_sorted());
    }
}
