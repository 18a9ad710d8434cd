//! The words of etcd's `rpc.proto` and `kv.proto` as plain Rust values. No behaviour beyond constructors.
//!
//! The one confusing thing: an empty `range_end` means "this key alone", and a `range_end` of a single zero byte means
//! "every key from `key` on". [`prefix_end`] makes the end of a prefix. Byte strings are shared [`Bytes`]; a [`KeyValue`]
//! is handed out behind an [`Arc`], so that the log, the index, every reader and every watcher point at the same memory.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::watch::Events;

/// One version of a key, as `mvccpb.KeyValue`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyValue {
    /// The key, never empty.
    pub key: Bytes,
    /// The value. Empty in a delete event and in `keys_only` answers.
    pub value: Bytes,
    /// The revision of the transaction that created this generation of the key.
    pub create_revision: i64,
    /// The revision of the transaction that made this version.
    pub mod_revision: i64,
    /// 1 for the first version of a generation, and one more for each change; 0 in a delete event.
    pub version: i64,
    /// The lease that the key hangs on; 0 is none.
    pub lease: i64,
}

/// What happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The key got a value.
    Put,
    /// The key was deleted, or its lease ended.
    Delete,
}

/// One change of one key, as `mvccpb.Event`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The new version. Of a delete only `key` and `mod_revision` are set.
    pub kv: Arc<KeyValue>,
    /// The version before, if the watch asked for it, there was one, and it is not compacted.
    pub prev_kv: Option<Arc<KeyValue>>,
}

impl Event {
    /// This event, with nothing said of the version before.
    pub fn without_prev(self) -> Self {
        Event {
            prev_kv: None,
            ..self
        }
    }
}

/// Says which store answered, and at which revision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseHeader {
    /// The cluster's id.
    pub cluster_id: u64,
    /// The id of the member that answered.
    pub member_id: u64,
    /// The store's revision when the answer was made.
    pub revision: i64,
    /// The raft term of the member that answered.
    pub raft_term: u64,
}

/// Order of a sorted range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SortOrder {
    /// Not sorted: by key ascending, which is the order of the index.
    #[default]
    None,
    /// Lowest first.
    Ascend,
    /// Highest first.
    Descend,
}

/// What a range is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SortTarget {
    /// By key.
    #[default]
    Key,
    /// By version.
    Version,
    /// By create revision.
    Create,
    /// By modification revision.
    Mod,
    /// By value.
    Value,
}

/// Reads keys, as `etcdserverpb.RangeRequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeRequest {
    /// The first key.
    pub key: Bytes,
    /// The end of the range, exclusive; see the module header.
    pub range_end: Bytes,
    /// At most this many keys; 0 or less is no limit.
    pub limit: i64,
    /// Read at this revision; 0 or less is the latest.
    pub revision: i64,
    /// Order of the result.
    pub sort_order: SortOrder,
    /// What the order is about.
    pub sort_target: SortTarget,
    /// Whether an answer from this member's state, without asking the others, will do.
    pub serializable: bool,
    /// Leave the values out.
    pub keys_only: bool,
    /// Answer with the count alone.
    pub count_only: bool,
    /// Drop keys modified before this revision (0: none).
    pub min_mod_revision: i64,
    /// Drop keys modified after this revision (0: none).
    pub max_mod_revision: i64,
    /// Drop keys created before this revision (0: none).
    pub min_create_revision: i64,
    /// Drop keys created after this revision (0: none).
    pub max_create_revision: i64,
}

impl RangeRequest {
    /// Reads one key at the latest revision.
    pub fn key(key: impl Into<Bytes>) -> Self {
        RangeRequest {
            key: key.into(),
            ..Default::default()
        }
    }

    /// Reads every key that starts with `prefix`, at the latest revision. An empty prefix reads every key.
    pub fn prefix(prefix: impl Into<Bytes>) -> Self {
        let (key, range_end) = prefix_range(prefix.into());
        RangeRequest {
            key,
            range_end,
            ..Default::default()
        }
    }
}

/// Answer to a [`RangeRequest`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// The keys, within the limit.
    pub kvs: Vec<Arc<KeyValue>>,
    /// Whether the limit left keys out.
    pub more: bool,
    /// How many keys the range holds, whatever the limit and the revision filters say.
    pub count: i64,
}

/// Sets a key, as `etcdserverpb.PutRequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutRequest {
    /// The key.
    pub key: Bytes,
    /// The value.
    pub value: Bytes,
    /// The lease to hang the key on; 0 is none.
    pub lease: i64,
    /// Answer with the version before.
    pub prev_kv: bool,
    /// Keep the value, change the lease; the key must exist.
    pub ignore_value: bool,
    /// Keep the lease, change the value; the key must exist.
    pub ignore_lease: bool,
}

/// Answer to a [`PutRequest`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// The version before, if it was asked for and there was one.
    pub prev_kv: Option<Arc<KeyValue>>,
}

/// Deletes keys, as `etcdserverpb.DeleteRangeRequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteRangeRequest {
    /// The first key.
    pub key: Bytes,
    /// The end of the range, exclusive; see the module header.
    pub range_end: Bytes,
    /// Answer with the versions before.
    pub prev_kv: bool,
}

/// Answer to a [`DeleteRangeRequest`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteRangeResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// How many keys were deleted.
    pub deleted: i64,
    /// The versions before, if they were asked for.
    pub prev_kvs: Vec<Arc<KeyValue>>,
}

/// One operation of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RequestOp {
    /// Reads, and sees the writes before it in the same transaction.
    Range(RangeRequest),
    /// Sets a key.
    Put(PutRequest),
    /// Deletes keys.
    DeleteRange(DeleteRangeRequest),
    /// A transaction inside a transaction; all compares are evaluated before anything is written.
    Txn(TxnRequest),
}

/// Answer to one operation of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResponseOp {
    /// Answer to a range.
    Range(RangeResponse),
    /// Answer to a put.
    Put(PutResponse),
    /// Answer to a delete.
    DeleteRange(DeleteRangeResponse),
    /// Answer to a nested transaction.
    Txn(TxnResponse),
}

/// How a compare relates the stored to the given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CompareResult {
    /// Stored equals given.
    #[default]
    Equal,
    /// Stored is greater.
    Greater,
    /// Stored is less.
    Less,
    /// Stored differs.
    NotEqual,
}

/// What a compare looks at, with the value given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CompareTarget {
    /// The version; 0 says that the key does not exist.
    Version(i64),
    /// The create revision; 0 says that the key does not exist.
    CreateRevision(i64),
    /// The modification revision; 0 says that the key does not exist.
    ModRevision(i64),
    /// The value; a key that does not exist fails every compare of values.
    Value(Bytes),
    /// The lease.
    Lease(i64),
}

/// One condition of a transaction. With a `range_end`, every key of the range must meet it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compare {
    /// The relation.
    pub result: CompareResult,
    /// What is compared, and with what.
    pub target: CompareTarget,
    /// The key.
    pub key: Bytes,
    /// The end of the range, exclusive; see the module header.
    pub range_end: Bytes,
}

impl Compare {
    /// True if the key was last modified at `revision`; 0 says that it must not exist.
    pub fn mod_revision(key: impl Into<Bytes>, revision: i64) -> Self {
        Compare {
            result: CompareResult::Equal,
            target: CompareTarget::ModRevision(revision),
            key: key.into(),
            range_end: Bytes::new(),
        }
    }
}

/// If all compares hold do `success`, otherwise `failure`; atomically, at one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TxnRequest {
    /// The conditions; none is true.
    pub compare: Vec<Compare>,
    /// Done when every condition holds.
    pub success: Vec<RequestOp>,
    /// Done otherwise.
    pub failure: Vec<RequestOp>,
}

/// Answer to a [`TxnRequest`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TxnResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// Whether the conditions held.
    pub succeeded: bool,
    /// An answer for each operation that was done.
    pub responses: Vec<ResponseOp>,
}

/// Answer to a compaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompactionResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
}

/// Which events a watch leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WatchFilters {
    /// Leave puts out.
    pub no_put: bool,
    /// Leave deletes out.
    pub no_delete: bool,
}

/// Watches keys, as `etcdserverpb.WatchCreateRequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchRequest {
    /// The first key.
    pub key: Bytes,
    /// The end of the range, exclusive; see the module header.
    pub range_end: Bytes,
    /// The first revision wanted; 0 or less is "from now on".
    pub start_revision: i64,
    /// Tell the revision now and then while nothing happens (see `Config::watch_progress_interval`).
    pub progress_notify: bool,
    /// Events to leave out.
    pub filters: WatchFilters,
    /// Send the version before with each event.
    pub prev_kv: bool,
}

impl WatchRequest {
    /// Watches every key that starts with `prefix`, from `start_revision` on, with the versions before.
    pub fn prefix(prefix: impl Into<Bytes>, start_revision: i64) -> Self {
        let (key, range_end) = prefix_range(prefix.into());
        WatchRequest {
            key,
            range_end,
            start_revision,
            prev_kv: true,
            ..Default::default()
        }
    }
}

/// What a watcher receives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchResponse {
    /// Who answered, when. Every change up to `header.revision` within the watch's range was sent by the end of this response.
    pub header: ResponseHeader,
    /// Changes in order; a revision is never split over two responses. Empty in a progress notification.
    pub events: Events,
    /// When not 0, the watch ended because the revision it needs next is compacted; start again from here at the earliest.
    pub compact_revision: i64,
    /// The watch ended; no response follows.
    pub canceled: bool,
    /// Why it ended.
    pub cancel_reason: String,
}

/// Answer to a lease grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseGrantResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// The lease's id.
    pub id: i64,
    /// The time to live in seconds, which may be longer than asked for.
    pub ttl: i64,
}

/// Answer to a lease revocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRevokeResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
}

/// Answer to a keep-alive. A `ttl` of 0 says that the lease does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeaseKeepAliveResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// The lease's id.
    pub id: i64,
    /// The time to live in seconds, from now on.
    pub ttl: i64,
}

/// Answer to a question about a lease. A `ttl` of -1 says that it does not exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaseTimeToLiveResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// The lease's id.
    pub id: i64,
    /// Seconds left.
    pub ttl: i64,
    /// Seconds it was granted for.
    pub granted_ttl: i64,
    /// The keys that hang on it, if they were asked for.
    pub keys: Vec<Bytes>,
}

/// The leases there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaseLeasesResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// Their ids, ascending.
    pub leases: Vec<i64>,
}

/// A member of the cluster, as `etcdserverpb.Member`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its id.
    pub id: u64,
    /// Its name; empty until it was started for the first time.
    pub name: String,
    /// Where other members reach it.
    pub peer_urls: Vec<String>,
    /// Where clients reach it; empty until it was started for the first time.
    pub client_urls: Vec<String>,
    /// Whether it follows without a vote.
    pub is_learner: bool,
}

/// The members there are. The answer to listing, removing, updating and promoting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MembersResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// The members by ascending id.
    pub members: Vec<Member>,
}

/// Answer to adding a member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberAddResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// The new member.
    pub member: Member,
    /// The members there are now, by ascending id.
    pub members: Vec<Member>,
}

/// The end of the range of all keys that start with `prefix`: the smallest byte string greater than all of them, or a
/// single zero byte ("no end") if there is none.
pub fn prefix_end(prefix: &[u8]) -> Bytes {
    let mut end = prefix.to_vec();
    while let Some(last) = end.last_mut() {
        if *last < 0xff {
            *last += 1;
            return end.into();
        }
        end.pop();
    }
    Bytes::from_static(&[0])
}

/// `(key, range_end)` of a prefix; an empty prefix is every key, written as etcd's clients write it.
fn prefix_range(prefix: Bytes) -> (Bytes, Bytes) {
    let end = prefix_end(&prefix);
    if prefix.is_empty() {
        (Bytes::from_static(&[0]), end)
    } else {
        (prefix, end)
    }
}
