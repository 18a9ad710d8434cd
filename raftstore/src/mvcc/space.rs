//! The key space: every key with its versions, the leases, the recent changes, and how much of it is in memory.
//!
//! Invariants:
//! - `revision` grows by exactly one with each transaction that changes something; `window` holds the last changes without a gap.
//! - A version whose value is not in memory is on disk: values are dropped only up to `persisted`.
//! - Whatever `compacted` allows to forget is queued in `superseded` or `tombstones`, in the order of revisions, so that
//!   compaction costs what it removes and never walks the index.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque, btree_map::Entry},
    ops::Bound,
    sync::Arc,
};

use bytes::Bytes;

use super::{
    Change, Values,
    version::{Body, History, Item, Meta, Rev, Version},
};
use crate::{
    Error,
    command::Refusal,
    rpc::{Event, EventKind, KeyValue},
};

/// The revision of an empty store, as in etcd.
pub const FIRST_REVISION: i64 = 1;
/// The compacted revision of a store whose history is whole, as in etcd: revision 0 may be compacted, once.
pub const NOT_COMPACTED: i64 = -1;

/// A lease as replicated: how long it is to live is known here, when it ends is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    /// Time to live in seconds.
    pub ttl: i64,
    /// Seconds that were left when the leader last said so; 0 if it has its full time.
    pub remaining: i64,
    /// The keys that hang on it.
    pub keys: BTreeSet<Bytes>,
}

/// Bounds on what the key space holds in memory.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of recent changes.
    pub window_bytes: usize,
    /// Bytes of latest values.
    pub value_bytes: usize,
}

/// The key space.
#[derive(Debug)]
pub struct Space {
    pub(super) tree: BTreeMap<Bytes, History>,
    /// The latest revision.
    pub revision: i64,
    /// History before this revision is gone for readers.
    pub compacted: i64,
    /// Changes up to this revision are on disk.
    pub persisted: i64,
    /// The leases by id.
    pub leases: BTreeMap<i64, Lease>,
    /// The last changes, without a gap up to `revision`.
    pub window: VecDeque<Arc<Change>>,
    window_bytes: usize,
    limits: Limits,
    /// Keys that exist.
    pub live: usize,
    /// Bytes of values in memory that belong to versions.
    pub hot_bytes: usize,
    /// What all versions take on disk, in bytes, see [`stored_bytes`].
    pub stored_bytes: u64,
    /// Compactions that are not done yet: the compacted revision before, and theirs.
    scheduled: VecDeque<(i64, i64)>,
    /// (revision from which on the version before may be forgotten, key)
    superseded: VecDeque<(i64, Bytes)>,
    /// (revision from which on the tombstone may be forgotten, key)
    tombstones: VecDeque<(i64, Bytes)>,
    /// Versions in the past whose values are in memory because they were not on disk yet.
    to_cool: VecDeque<(Rev, Bytes)>,
    /// Where the next round of dropping values begins.
    hand: Bytes,
}

/// What a version takes on disk beside its key and value: two rows with their keys, and their share of pages.
const VERSION_BYTES: u64 = 64;

/// What a version takes on disk, about, in bytes.
pub fn stored_bytes(key: &[u8], value_len: usize) -> u64 {
    VERSION_BYTES + (key.len() + value_len) as u64
}

/// Where a range begins and ends.
pub type KeyBounds<'a> = (Bound<&'a [u8]>, Bound<&'a [u8]>);

/// The bounds of `key` and `range_end` in etcd's form, or `None` if nothing can lie between.
pub fn bounds<'a>(key: &'a [u8], range_end: &'a [u8]) -> Option<KeyBounds<'a>> {
    match range_end {
        [] => Some((Bound::Included(key), Bound::Included(key))),
        [0] => Some((Bound::Included(key), Bound::Unbounded)),
        end if end <= key => None,
        end => Some((Bound::Included(key), Bound::Excluded(end))),
    }
}

/// Whether `key` lies in the range.
pub fn contains(start: &[u8], range_end: &[u8], key: &[u8]) -> bool {
    match range_end {
        [] => key == start,
        [0] => key >= start,
        end => key >= start && key < end,
    }
}

impl Space {
    /// An empty key space.
    pub fn new(limits: Limits) -> Self {
        Space {
            tree: BTreeMap::new(),
            revision: FIRST_REVISION,
            compacted: NOT_COMPACTED,
            persisted: 0,
            leases: BTreeMap::new(),
            window: VecDeque::new(),
            window_bytes: 0,
            limits,
            live: 0,
            hot_bytes: 0,
            stored_bytes: 0,
            scheduled: VecDeque::new(),
            superseded: VecDeque::new(),
            tombstones: VecDeque::new(),
            to_cool: VecDeque::new(),
            hand: Bytes::new(),
        }
    }

    /// Takes a version from disk; they come in the order of their revisions.
    pub fn load(&mut self, key: Bytes, rev: Rev, meta: Option<Meta>) {
        let body = meta.map_or(Body::Tombstone, Body::Cold);
        if let Some(latest) = self.tree.get(&key).map(|history| &history.latest)
            && let Some(lease) = latest.meta().map(|meta| meta.lease)
        {
            self.detach(lease, &key);
        }
        if let Some(lease) = meta.map(|meta| meta.lease).filter(|lease| *lease != 0) {
            // Leases are loaded first: one that is missing here was revoked with its keys.
            if let Some(lease) = self.leases.get_mut(&lease) {
                lease.keys.insert(key.clone());
            }
        }
        self.insert(key, Version { rev, body });
    }

    fn detach(&mut self, lease: i64, key: &Bytes) {
        if lease != 0
            && let Some(lease) = self.leases.get_mut(&lease)
        {
            lease.keys.remove(key);
        }
    }

    /// The latest version of a key, if the key exists.
    pub fn latest(&self, key: &[u8]) -> Option<Item> {
        let (key, history) = self.tree.get_key_value(key)?;
        Item::of(key, &history.latest)
    }

    /// Calls `found` with every key of the range that exists at `revision`, in order, until it says stop (`false`).
    pub fn visit(
        &self,
        key: &[u8],
        range_end: &[u8],
        revision: i64,
        mut found: impl FnMut(&Bytes, &Version) -> bool,
    ) {
        if range_end.is_empty() {
            if let Some((key, history)) = self.tree.get_key_value(key)
                && let Some(version) = history.at(revision)
                && version.is_live()
            {
                found(key, version);
            }
            return;
        }
        let Some(bounds) = bounds(key, range_end) else {
            return;
        };
        for (key, history) in self.tree.range::<[u8], _>(bounds) {
            if let Some(version) = history.at(revision)
                && version.is_live()
                && !found(key, version)
            {
                return;
            }
        }
    }

    /// Calls `found` with the histories of at most `limit` keys from `start` on. Returns the last key, if there may be more.
    pub fn visit_histories(
        &self,
        start: Bound<&[u8]>,
        limit: usize,
        mut found: impl FnMut(&History),
    ) -> Option<Bytes> {
        let mut seen = 0;
        for (key, history) in self.tree.range::<[u8], _>((start, Bound::Unbounded)) {
            found(history);
            seen += 1;
            if seen >= limit {
                return Some(key.clone());
            }
        }
        None
    }

    /// Adds a version and notes what it supersedes.
    fn insert(&mut self, key: Bytes, version: Version) {
        let rev = version.rev;
        let now_live = version.is_live();
        self.hot_bytes += version.hot_bytes();
        self.stored_bytes += stored_bytes(&key, version.value_len());
        let was_live = match self.tree.entry(key.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(History::new(version));
                false
            }
            Entry::Occupied(mut occupied) => {
                let history = occupied.get_mut();
                let before = &mut history.latest;
                let was_live = before.is_live();
                if was_live {
                    self.superseded.push_back((rev.main, key.clone()));
                    if before.rev.main <= self.persisted {
                        self.hot_bytes -= before.cool();
                    } else if matches!(before.body, Body::Hot(_)) {
                        self.to_cool.push_back((before.rev, key.clone()));
                    }
                }
                history.push(version);
                was_live
            }
        };
        if !now_live {
            self.tombstones.push_back((rev.main + 1, key));
        }
        self.live = self.live + usize::from(now_live) - usize::from(was_live);
    }

    /// Begins a transaction that may change something.
    pub fn writer<'a>(&'a mut self, values: &'a dyn Values) -> Writer<'a> {
        Writer {
            main: self.revision + 1,
            space: self,
            values,
            events: Vec::new(),
            bytes: 0,
        }
    }

    fn remember(&mut self, change: Arc<Change>) {
        self.window_bytes += change.bytes;
        self.window.push_back(change);
        while self.window_bytes > self.limits.window_bytes && self.window.len() > 1 {
            if let Some(oldest) = self.window.pop_front() {
                self.window_bytes -= oldest.bytes;
            }
        }
    }

    /// Makes `revision` the oldest that readers may ask for. What that frees is taken away by [`Space::compact_step`].
    pub fn compact(&mut self, revision: i64) -> Result<(), Refusal> {
        if revision <= self.compacted {
            return Err(Refusal::Compacted);
        }
        if revision > self.revision {
            return Err(Refusal::FutureRev);
        }
        self.scheduled.push_back((self.compacted, revision));
        self.compacted = revision;
        Ok(())
    }

    /// The compaction that [`Space::compact_step`] does next: the compacted revision before it, and its own. `None` also if
    /// what is left is that of a compaction of which a restart was in the way.
    pub fn due_compaction(&self) -> Option<(i64, i64)> {
        self.scheduled.front().copied()
    }

    /// Whether [`Space::compact_step`] has something to do.
    pub fn compaction_pending(&self) -> bool {
        let due = |queue: &VecDeque<(i64, Bytes)>| {
            queue.front().is_some_and(|(at, _)| *at <= self.compacted)
        };
        !self.scheduled.is_empty() || due(&self.superseded) || due(&self.tombstones)
    }

    /// Forgets at most about `limit` versions that the compaction that is due allows to forget. Returns their revisions.
    pub fn compact_step(&mut self, limit: usize) -> Vec<Rev> {
        let mut gone = Vec::new();
        let compacted = self.due_compaction().map_or(self.compacted, |due| due.1);
        while gone.len() < limit {
            let due = |queue: &mut VecDeque<(i64, Bytes)>| {
                queue
                    .pop_front_if(|(at, _)| *at <= compacted)
                    .map(|(_, key)| key)
            };
            let Some(key) = due(&mut self.superseded).or_else(|| due(&mut self.tombstones)) else {
                self.scheduled.pop_front();
                break;
            };
            if let Some(history) = self.tree.get_mut(&key) {
                let (versions, dead) = history.compact(compacted);
                for version in versions {
                    self.hot_bytes -= version.hot_bytes();
                    self.stored_bytes -= stored_bytes(&key, version.value_len());
                    gone.push(version.rev);
                }
                if dead {
                    self.tree.remove(&key);
                }
            }
        }
        gone
    }

    /// Notes that changes up to `revision` are on disk, and drops values of the past that were kept until then.
    pub fn note_persisted(&mut self, revision: i64) {
        self.persisted = self.persisted.max(revision);
        while let Some((rev, key)) = self
            .to_cool
            .pop_front_if(|(rev, _)| rev.main <= self.persisted)
        {
            if let Some(history) = self.tree.get_mut(&key)
                && history.latest.rev != rev
                && let Some(version) = history.get_mut(rev)
            {
                self.hot_bytes -= version.cool();
            }
        }
    }

    /// Whether more values are in memory than the bound allows.
    pub fn over_budget(&self) -> bool {
        self.hot_bytes > self.limits.value_bytes
    }

    /// Drops latest values until the bound is met or `limit` keys were looked at. Goes round in the order of keys.
    pub fn evict_step(&mut self, limit: usize) {
        let from = std::mem::take(&mut self.hand);
        let rest = (Bound::Included(&from[..]), Bound::Unbounded);
        for (seen, (key, history)) in self.tree.range_mut::<[u8], _>(rest).enumerate() {
            if seen >= limit || self.hot_bytes <= self.limits.value_bytes {
                self.hand = key.clone();
                return;
            }
            if history.latest.rev.main <= self.persisted {
                self.hot_bytes -= history.latest.cool();
            }
        }
    }

    /// Takes values back into memory that a reader had to fetch, as far as the bound allows.
    pub fn warm(&mut self, fetched: &[Arc<KeyValue>]) {
        for kv in fetched {
            if self.hot_bytes + kv.value.len() > self.limits.value_bytes {
                return;
            }
            if let Some(history) = self.tree.get_mut(&kv.key)
                && history.latest.rev.main == kv.mod_revision
                && matches!(history.latest.body, Body::Cold(_))
            {
                self.hot_bytes += kv.value.len();
                history.latest.body = Body::Hot(Arc::clone(kv));
            }
        }
    }
}

/// A transaction under way: its changes are visible in the space, its revision is taken when it is finished.
#[derive(Debug)]
pub struct Writer<'a> {
    /// The space.
    pub space: &'a mut Space,
    values: &'a dyn Values,
    main: i64,
    events: Vec<Event>,
    bytes: usize,
}

impl std::fmt::Debug for dyn Values + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Values")
    }
}

impl Writer<'_> {
    /// Where values are that memory does not hold.
    pub fn values(&self) -> &dyn Values {
        self.values
    }

    /// The revision that reads inside the transaction see: its own once it changed something.
    pub fn revision(&self) -> i64 {
        if self.events.is_empty() {
            self.main - 1
        } else {
            self.main
        }
    }

    fn whole(&self, item: Item) -> Result<Arc<KeyValue>, Error> {
        match item {
            Item::Hot(kv) => Ok(kv),
            Item::Cold { rev, .. } => Ok(item.with_value(self.values.value(rev)?)),
        }
    }

    /// The latest version of a key with its value.
    pub fn get(&self, key: &[u8]) -> Result<Option<Arc<KeyValue>>, Error> {
        self.space
            .latest(key)
            .map(|item| self.whole(item))
            .transpose()
    }

    /// Sets a key. Returns the version before. The lease must exist.
    pub fn put(
        &mut self,
        key: &Bytes,
        value: Bytes,
        lease: i64,
    ) -> Result<Option<Arc<KeyValue>>, Error> {
        let before = self.get(key)?;
        // Keys of one lifetime share one allocation, whatever the requests came in.
        let key = before
            .as_ref()
            .map_or_else(|| key.clone(), |kv| kv.key.clone());
        let (create, version) = before
            .as_ref()
            .map_or((self.main, 1), |kv| (kv.create_revision, kv.version + 1));
        let kv = Arc::new(KeyValue {
            key: key.clone(),
            value,
            create_revision: create,
            mod_revision: self.main,
            version,
            lease,
        });
        let old_lease = before.as_ref().map_or(0, |kv| kv.lease);
        if old_lease != lease {
            self.space.detach(old_lease, &key);
            if let Some(lease) = self.space.leases.get_mut(&lease) {
                lease.keys.insert(key.clone());
            }
        }
        self.push(EventKind::Put, kv, before.clone());
        Ok(before)
    }

    /// Deletes a key. Returns the version before, or `None` if there was none and nothing changed.
    pub fn delete(&mut self, key: &[u8]) -> Result<Option<Arc<KeyValue>>, Error> {
        let Some(before) = self.get(key)? else {
            return Ok(None);
        };
        self.space.detach(before.lease, &before.key);
        let kv = Arc::new(KeyValue {
            key: before.key.clone(),
            mod_revision: self.main,
            ..Default::default()
        });
        self.push(EventKind::Delete, kv, Some(Arc::clone(&before)));
        Ok(Some(before))
    }

    fn push(&mut self, kind: EventKind, kv: Arc<KeyValue>, prev_kv: Option<Arc<KeyValue>>) {
        let rev = Rev {
            main: self.main,
            sub: self.events.len() as u32,
        };
        let body = match kind {
            EventKind::Put => Body::Hot(Arc::clone(&kv)),
            EventKind::Delete => Body::Tombstone,
        };
        self.space.insert(kv.key.clone(), Version { rev, body });
        let before = prev_kv.as_ref().map_or(0, |kv| kv.value.len());
        self.bytes += kv.key.len() + kv.value.len() + before + CHANGE_OVERHEAD_BYTES;
        self.events.push(Event { kind, kv, prev_kv });
    }

    /// Ends the transaction. Returns what it changed, if it changed something.
    pub fn finish(self) -> Option<Arc<Change>> {
        if self.events.is_empty() {
            return None;
        }
        self.space.revision = self.main;
        let change = Arc::new(Change::new(self.main, self.events, self.bytes));
        self.space.remember(Arc::clone(&change));
        Some(change)
    }
}

/// What an event costs in memory beside its bytes.
const CHANGE_OVERHEAD_BYTES: usize = 256;
