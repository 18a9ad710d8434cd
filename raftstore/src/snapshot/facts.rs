//! Everything in etcd's database but the versions of keys, as plain values: read from a database, and written as one.

use std::collections::{BTreeMap, BTreeSet};

use hydrofoil_bolt::{Bucket, Cursor, Db, ReadAt};
use hydrofoil_etcd_wire::files::{AlarmMember, Lease, Role, User};
use prost::Message;
use serde::{Deserialize, Serialize};

use super::{SnapshotError, schema};
use crate::{mvcc::version::Rev, rpc::Member};

/// Most bytes of everything but versions that is taken into memory; a million leases are 30 MB.
const MAX_BYTES: usize = 1 << 30;
/// The version that the cluster is said to have: the release whose layout this is.
pub const CLUSTER_VERSION: &str = "3.5.0";

/// Entries by key.
pub type Entries = BTreeMap<Vec<u8>, Vec<u8>>;
/// Buckets by name, [`schema::KEY`] not among them.
pub type Buckets = BTreeMap<&'static str, Entries>;

/// See the module header.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Index of the last entry applied.
    pub index: u64,
    /// Its term.
    pub term: u64,
    /// History before this revision is gone; 0 if nothing was compacted.
    pub compacted: i64,
    /// The leases by id.
    pub leases: BTreeMap<i64, Lease>,
    /// The alarms that are raised.
    pub alarms: Vec<AlarmMember>,
    /// Whether auth is enabled.
    pub auth_enabled: bool,
    /// Auth's revision; 0 if it was never written.
    pub auth_revision: u64,
    /// The users.
    pub users: Vec<User>,
    /// The roles.
    pub roles: Vec<Role>,
    /// The members by id.
    pub members: BTreeMap<u64, Member>,
    /// Members that were removed.
    pub removed: BTreeSet<u64>,
}

/// A member as etcd has it, in JSON.
#[derive(Debug, Serialize, Deserialize)]
pub struct MemberJson {
    id: u64,
    #[serde(rename = "peerURLs", default, deserialize_with = "null_is_empty")]
    peer_urls: Vec<String>,
    #[serde(
        rename = "isLearner",
        default,
        skip_serializing_if = "std::ops::Not::not"
    )]
    is_learner: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(
        rename = "clientURLs",
        default,
        deserialize_with = "null_is_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    client_urls: Vec<String>,
}

/// Go writes a list that was never made as `null`.
fn null_is_empty<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

impl From<&Member> for MemberJson {
    fn from(member: &Member) -> Self {
        MemberJson {
            id: member.id,
            peer_urls: member.peer_urls.clone(),
            is_learner: member.is_learner,
            name: member.name.clone(),
            client_urls: member.client_urls.clone(),
        }
    }
}

impl From<MemberJson> for Member {
    fn from(json: MemberJson) -> Self {
        Member {
            id: json.id,
            name: json.name,
            peer_urls: json.peer_urls,
            client_urls: json.client_urls,
            is_learner: json.is_learner,
        }
    }
}

/// Raft's members, in JSON.
#[derive(Serialize)]
struct ConfState {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    voters: Vec<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    learners: Vec<u64>,
    auto_leave: bool,
}

impl Facts {
    /// The buckets that say so.
    pub fn buckets(&self) -> Buckets {
        let mut buckets: Buckets = schema::BUCKETS
            .into_iter()
            .filter(|name| *name != schema::KEY)
            .map(|name| (name, Entries::new()))
            .collect();
        let mut put = |bucket: &'static str, key: &[u8], value: Vec<u8>| {
            buckets
                .entry(bucket)
                .or_default()
                .insert(key.to_vec(), value);
        };
        put(
            schema::META,
            schema::CONSISTENT_INDEX,
            self.index.to_be_bytes().into(),
        );
        put(schema::META, schema::TERM, self.term.to_be_bytes().into());
        put(schema::META, schema::CONF_STATE, self.conf_state());
        if self.compacted > 0 {
            let compacted = schema::revision(Rev {
                main: self.compacted,
                sub: 0,
            });
            put(schema::META, schema::SCHEDULED_COMPACT, compacted.into());
            put(schema::META, schema::FINISHED_COMPACT, compacted.into());
        }
        for (id, lease) in &self.leases {
            put(schema::LEASE, &id.to_be_bytes(), lease.encode_to_vec());
        }
        for alarm in &self.alarms {
            put(schema::ALARM, &alarm.encode_to_vec(), Vec::new());
        }
        let auth_revision = self.auth_revision.max(1);
        put(
            schema::AUTH,
            schema::AUTH_REVISION,
            auth_revision.to_be_bytes().into(),
        );
        // etcd has no row of it before auth was enabled for the first time.
        if self.auth_enabled {
            put(schema::AUTH, schema::AUTH_ENABLED, vec![1]);
        }
        for user in &self.users {
            put(schema::AUTH_USERS, &user.name, user.encode_to_vec());
        }
        for role in &self.roles {
            put(schema::AUTH_ROLES, &role.name, role.encode_to_vec());
        }
        for (id, member) in &self.members {
            // Numbers and text cannot fail to become JSON.
            let json = serde_json::to_vec(&MemberJson::from(member)).unwrap_or_default();
            put(schema::MEMBERS, format!("{id:x}").as_bytes(), json);
        }
        for id in &self.removed {
            put(
                schema::MEMBERS_REMOVED,
                format!("{id:x}").as_bytes(),
                b"removed".into(),
            );
        }
        put(
            schema::CLUSTER,
            schema::CLUSTER_VERSION,
            CLUSTER_VERSION.into(),
        );
        buckets
    }

    fn conf_state(&self) -> Vec<u8> {
        let ids = |learners: bool| {
            let members = self.members.values();
            let members = members.filter(|member| member.is_learner == learners);
            members.map(|member| member.id).collect()
        };
        let state = ConfState {
            voters: ids(false),
            learners: ids(true),
            auto_leave: false,
        };
        // As above.
        serde_json::to_vec(&state).unwrap_or_default()
    }

    /// Reads them from a database.
    pub fn read<S: ReadAt>(db: &Db<S>) -> Result<Facts, SnapshotError> {
        let mut reader = Reader { db, bytes: 0 };
        let mut facts = Facts::default();
        facts.read_meta(&mut reader)?;
        facts.read_auth(&mut reader)?;
        for (key, value) in reader.entries(schema::LEASE)? {
            let damaged = || SnapshotError::damaged(schema::LEASE, &key, "it is no lease");
            let lease = Lease::decode(&value[..]).map_err(|_| damaged())?;
            if key != lease.id.to_be_bytes() {
                return Err(damaged());
            }
            facts.leases.insert(lease.id, lease);
        }
        for (key, _) in reader.entries(schema::ALARM)? {
            let alarm = AlarmMember::decode(&key[..])
                .map_err(|_| SnapshotError::damaged(schema::ALARM, &key, "it is no alarm"))?;
            facts.alarms.push(alarm);
        }
        for (key, value) in reader.entries(schema::MEMBERS)? {
            let damaged = || SnapshotError::damaged(schema::MEMBERS, &key, "it is no member");
            let id = hexadecimal(&key).ok_or_else(damaged)?;
            let member: MemberJson = serde_json::from_slice(&value).map_err(|_| damaged())?;
            facts.members.insert(
                id,
                Member {
                    id,
                    ..member.into()
                },
            );
        }
        for (key, _) in reader.entries(schema::MEMBERS_REMOVED)? {
            let id = hexadecimal(&key).ok_or_else(|| {
                SnapshotError::damaged(schema::MEMBERS_REMOVED, &key, "it is no id")
            })?;
            facts.removed.insert(id);
        }
        Ok(facts)
    }

    fn read_meta<S: ReadAt>(&mut self, reader: &mut Reader<'_, S>) -> Result<(), SnapshotError> {
        for (key, value) in reader.entries(schema::META)? {
            let damaged = |what| SnapshotError::damaged(schema::META, &key, what);
            let number = || {
                let bytes = value.as_slice().try_into().ok();
                bytes
                    .map(u64::from_be_bytes)
                    .ok_or_else(|| damaged("it is no number of 8 bytes"))
            };
            match key.as_slice() {
                schema::CONSISTENT_INDEX => self.index = number()?,
                schema::TERM => self.term = number()?,
                schema::SCHEDULED_COMPACT | schema::FINISHED_COMPACT => {
                    let revision = schema::parse_revision(&value)
                        .ok_or_else(|| damaged("it is no revision"))?;
                    // A compaction that was asked for and not finished is finished when the database is next opened.
                    self.compacted = self.compacted.max(revision.main);
                }
                // Raft's members follow from the members; a storage version is of etcd 3.6 and later.
                _ => {}
            }
        }
        Ok(())
    }

    fn read_auth<S: ReadAt>(&mut self, reader: &mut Reader<'_, S>) -> Result<(), SnapshotError> {
        for (key, value) in reader.entries(schema::AUTH)? {
            match key.as_slice() {
                schema::AUTH_ENABLED => self.auth_enabled = value == [1],
                schema::AUTH_REVISION => {
                    let bytes = value.as_slice().try_into().map_err(|_| {
                        SnapshotError::damaged(schema::AUTH, &key, "it is no number of 8 bytes")
                    })?;
                    self.auth_revision = u64::from_be_bytes(bytes);
                }
                _ => {}
            }
        }
        for (key, value) in reader.entries(schema::AUTH_USERS)? {
            match User::decode(&value[..]) {
                Ok(user) if user.name == key => self.users.push(user),
                _ => {
                    let what = "it is no user of this name";
                    return Err(SnapshotError::damaged(schema::AUTH_USERS, &key, what));
                }
            }
        }
        for (key, value) in reader.entries(schema::AUTH_ROLES)? {
            match Role::decode(&value[..]) {
                Ok(role) if role.name == key => self.roles.push(role),
                _ => {
                    let what = "it is no role of this name";
                    return Err(SnapshotError::damaged(schema::AUTH_ROLES, &key, what));
                }
            }
        }
        Ok(())
    }
}

/// A member's id, as a bucket's key has it.
pub fn hexadecimal(key: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(key).ok()?, 16).ok()
}

/// Reads whole buckets, within a bound.
struct Reader<'d, S> {
    db: &'d Db<S>,
    bytes: usize,
}

impl<S: ReadAt> Reader<'_, S> {
    /// The entries of a bucket; none if there is no such bucket, because older releases made fewer.
    fn entries(&mut self, name: &'static str) -> Result<Entries, SnapshotError> {
        let Some(bucket): Option<Bucket> = self.db.bucket(name.as_bytes())? else {
            return Ok(Entries::new());
        };
        let mut entries = Entries::new();
        let mut cursor = Cursor::new(self.db, &bucket);
        while let Some(item) = cursor.next()? {
            if item.bucket.is_some() {
                let what = "it is a bucket";
                return Err(SnapshotError::damaged(name, item.key, what));
            }
            self.bytes += item.key.len() + item.value.len();
            if self.bytes > MAX_BYTES {
                let what = "the buckets beside \"key\" are larger than is believed";
                return Err(SnapshotError::damaged(name, item.key, what));
            }
            entries.insert(item.key.to_vec(), item.value.to_vec());
        }
        Ok(entries)
    }
}
