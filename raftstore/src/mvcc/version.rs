//! One version of a key: when it was made, and where its value is.

use std::sync::Arc;

use bytes::Bytes;

use crate::rpc::KeyValue;

/// The revision of a transaction, and the place of one change inside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rev {
    /// The transaction's revision.
    pub main: i64,
    /// The place inside, from 0.
    pub sub: u32,
}

/// What is known of a version without its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Revision at which this generation of the key began.
    pub create: i64,
    /// How many versions this generation has up to here.
    pub version: i64,
    /// The lease, or 0.
    pub lease: i64,
    /// Length of the value in bytes.
    pub value_len: u32,
}

/// What a version holds.
#[derive(Clone, Debug)]
pub enum Body {
    /// The key was deleted.
    Tombstone,
    /// The value is in memory.
    Hot(Arc<KeyValue>),
    /// The value is on disk alone.
    Cold(Meta),
}

/// One version of a key.
#[derive(Clone, Debug)]
pub struct Version {
    /// When it was made.
    pub rev: Rev,
    /// What it holds.
    pub body: Body,
}

impl Version {
    /// Whether the key exists in this version.
    pub fn is_live(&self) -> bool {
        !matches!(self.body, Body::Tombstone)
    }

    /// What is known without the value; `None` of a tombstone.
    pub fn meta(&self) -> Option<Meta> {
        match &self.body {
            Body::Tombstone => None,
            Body::Hot(kv) => Some(Meta {
                create: kv.create_revision,
                version: kv.version,
                lease: kv.lease,
                value_len: kv.value.len() as u32,
            }),
            Body::Cold(meta) => Some(*meta),
        }
    }

    /// Bytes of the value, wherever it is.
    pub fn value_len(&self) -> usize {
        match &self.body {
            Body::Tombstone => 0,
            Body::Hot(kv) => kv.value.len(),
            Body::Cold(meta) => meta.value_len as usize,
        }
    }

    /// Bytes of the value, if it is in memory.
    pub fn hot_bytes(&self) -> usize {
        match &self.body {
            Body::Hot(kv) => kv.value.len(),
            _ => 0,
        }
    }

    /// Drops the value from memory. Returns how many bytes that are.
    pub fn cool(&mut self) -> usize {
        let bytes = self.hot_bytes();
        if let (Body::Hot(_), Some(meta)) = (&self.body, self.meta()) {
            self.body = Body::Cold(meta);
        }
        bytes
    }
}

/// The versions of a key that are not compacted, oldest first; there is at least one.
#[derive(Clone, Debug)]
pub struct History {
    /// The last version. Apart from the rest, because most keys have no other and most reads want no other.
    pub latest: Version,
    /// The versions before.
    pub older: Vec<Version>,
}

impl History {
    /// A history of one version.
    pub fn new(first: Version) -> Self {
        History {
            latest: first,
            older: Vec::new(),
        }
    }

    /// Adds a version; the one before is dropped into the past.
    pub fn push(&mut self, version: Version) {
        let before = std::mem::replace(&mut self.latest, version);
        self.older.push(before);
    }

    /// The version that a reader at `revision` sees, if any was there by then.
    pub fn at(&self, revision: i64) -> Option<&Version> {
        if self.latest.rev.main <= revision {
            return Some(&self.latest);
        }
        let after = self
            .older
            .partition_point(|version| version.rev.main <= revision);
        self.older.get(after.checked_sub(1)?)
    }

    /// The versions, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Version> {
        self.older.iter().chain(std::iter::once(&self.latest))
    }

    /// The version made at exactly `rev`.
    pub fn get_mut(&mut self, rev: Rev) -> Option<&mut Version> {
        if self.latest.rev == rev {
            return Some(&mut self.latest);
        }
        let n = self
            .older
            .binary_search_by_key(&rev, |version| version.rev)
            .ok()?;
        self.older.get_mut(n)
    }

    /// Forgets what no reader at `revision` or later can see. A tombstone made at exactly `revision` stays: a watcher may
    /// start there. Returns what was forgotten, and whether nothing is left.
    pub fn compact(&mut self, revision: i64) -> (Vec<Version>, bool) {
        if self.latest.rev.main <= revision {
            let mut gone: Vec<Version> = std::mem::take(&mut self.older);
            let dead = !self.latest.is_live() && self.latest.rev.main < revision;
            if dead {
                gone.push(self.latest.clone());
            }
            return (gone, dead);
        }
        let seen = self
            .older
            .partition_point(|version| version.rev.main <= revision);
        let mut cut = seen.saturating_sub(1);
        if seen > 0 && !self.older[cut].is_live() && self.older[cut].rev.main < revision {
            cut = seen;
        }
        let gone = self.older.drain(..cut).collect();
        self.older.shrink_to_fit();
        (gone, false)
    }
}

/// A version found by a reader, with what is needed to answer it.
#[derive(Clone, Debug)]
pub enum Item {
    /// Whole.
    Hot(Arc<KeyValue>),
    /// Without its value.
    Cold {
        /// The key.
        key: Bytes,
        /// When it was made.
        rev: Rev,
        /// What is known.
        meta: Meta,
    },
}

impl Item {
    /// The item of a version, unless it is a tombstone.
    pub fn of(key: &Bytes, version: &Version) -> Option<Item> {
        match &version.body {
            Body::Tombstone => None,
            Body::Hot(kv) => Some(Item::Hot(Arc::clone(kv))),
            Body::Cold(meta) => Some(Item::Cold {
                key: key.clone(),
                rev: version.rev,
                meta: *meta,
            }),
        }
    }

    /// The key.
    pub fn key(&self) -> &Bytes {
        match self {
            Item::Hot(kv) => &kv.key,
            Item::Cold { key, .. } => key,
        }
    }

    /// Modification revision.
    pub fn mod_revision(&self) -> i64 {
        match self {
            Item::Hot(kv) => kv.mod_revision,
            Item::Cold { rev, .. } => rev.main,
        }
    }

    /// Create revision.
    pub fn create_revision(&self) -> i64 {
        match self {
            Item::Hot(kv) => kv.create_revision,
            Item::Cold { meta, .. } => meta.create,
        }
    }

    /// Version.
    pub fn version(&self) -> i64 {
        match self {
            Item::Hot(kv) => kv.version,
            Item::Cold { meta, .. } => meta.version,
        }
    }

    /// Lease.
    pub fn lease(&self) -> i64 {
        match self {
            Item::Hot(kv) => kv.lease,
            Item::Cold { meta, .. } => meta.lease,
        }
    }

    /// The key with this value.
    pub fn with_value(&self, value: Bytes) -> Arc<KeyValue> {
        Arc::new(KeyValue {
            key: self.key().clone(),
            value,
            create_revision: self.create_revision(),
            mod_revision: self.mod_revision(),
            version: self.version(),
            lease: self.lease(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(main: i64, live: bool) -> Version {
        let body = if live {
            Body::Cold(Meta {
                create: 1,
                version: 1,
                lease: 0,
                value_len: 0,
            })
        } else {
            Body::Tombstone
        };
        Version {
            rev: Rev { main, sub: 0 },
            body,
        }
    }

    fn history(versions: &[(i64, bool)]) -> History {
        let mut history = History::new(version(versions[0].0, versions[0].1));
        for (main, live) in &versions[1..] {
            history.push(version(*main, *live));
        }
        history
    }

    fn left(history: &History) -> Vec<i64> {
        history.iter().map(|version| version.rev.main).collect()
    }

    #[test]
    fn a_reader_sees_the_last_version_up_to_its_revision() {
        let history = history(&[(3, true), (5, false), (9, true)]);
        let seen = |revision| history.at(revision).map(|version| version.rev.main);
        assert_eq!(
            [2, 3, 4, 5, 8, 9, 10].map(seen),
            [None, Some(3), Some(3), Some(5), Some(5), Some(9), Some(9)]
        );
    }

    #[test]
    fn compaction_keeps_what_its_revision_sees() {
        let versions = [(3, true), (5, false), (9, true), (12, false)];
        for (at, expected) in [
            (2, vec![3, 5, 9, 12]),
            (3, vec![3, 5, 9, 12]),
            (4, vec![3, 5, 9, 12]),
            (5, vec![5, 9, 12]),
            (6, vec![9, 12]),
            (9, vec![9, 12]),
            (11, vec![9, 12]),
            (12, vec![12]),
        ] {
            let mut history = history(&versions);
            assert!(!history.compact(at).1);
            assert_eq!(left(&history), expected, "compacted at {at}");
        }
        let (gone, dead) = history(&versions).compact(13);
        assert!(dead);
        assert_eq!(gone.len(), 4);
    }
}
