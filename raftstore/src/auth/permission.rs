//! Ranges of keys that a role may read or write, and whether together they cover what is asked.
//!
//! etcd's rules: an empty `range_end` is the key alone, a single zero byte is "every key from `key` on". A range that is asked
//! must be covered wholly, if need be by several ranges that touch; ranges are half-open over byte strings, and a single key
//! `k` is the range from `k` to `k` with a zero byte after it.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// What may be done, as `authpb.Permission.Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PermissionKind {
    /// Reading and watching.
    Read,
    /// Putting and deleting.
    Write,
    /// Both.
    ReadWrite,
}

impl PermissionKind {
    /// The number in `authpb.Permission.Type`.
    pub fn number(self) -> u8 {
        match self {
            PermissionKind::Read => 0,
            PermissionKind::Write => 1,
            PermissionKind::ReadWrite => 2,
        }
    }

    /// The kind of a number.
    pub fn from_number(number: u8) -> Option<PermissionKind> {
        match number {
            0 => Some(PermissionKind::Read),
            1 => Some(PermissionKind::Write),
            2 => Some(PermissionKind::ReadWrite),
            _ => None,
        }
    }

    fn reads(self) -> bool {
        self != PermissionKind::Write
    }

    fn writes(self) -> bool {
        self != PermissionKind::Read
    }
}

/// A range of keys and what may be done with it, as `authpb.Permission`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    /// What may be done.
    pub kind: PermissionKind,
    /// The first key.
    pub key: Bytes,
    /// The end of the range, exclusive; see the module header.
    pub range_end: Bytes,
}

impl Permission {
    /// Whether the range can hold a key. etcd refuses to grant one that cannot.
    pub fn is_valid(&self) -> bool {
        !self.key.is_empty()
            && (self.range_end.is_empty() || self.key < self.range_end || self.range_end[..] == [0])
    }
}

/// A set of keys: ranges that neither touch nor overlap, by their first key. `None` is no end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges(BTreeMap<Bytes, Option<Bytes>>);

/// A range in half-open form.
fn half_open(key: &Bytes, range_end: &Bytes) -> (Bytes, Option<Bytes>) {
    let end = match &range_end[..] {
        [] => {
            let mut after = Vec::with_capacity(key.len() + 1);
            after.extend_from_slice(key);
            after.push(0);
            Some(after.into())
        }
        [0] => None,
        _ => Some(range_end.clone()),
    };
    (key.clone(), end)
}

/// Whether `a` ends at or after `b`.
fn reaches(a: &Option<Bytes>, b: &Option<Bytes>) -> bool {
    match (a, b) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(a), Some(b)) => a >= b,
    }
}

impl Ranges {
    /// Adds a range, and joins it with those that it touches.
    pub fn add(&mut self, key: &Bytes, range_end: &Bytes) {
        let (mut start, mut end) = half_open(key, range_end);
        if let Some((before, reach)) = self.0.range(..=start.clone()).next_back()
            && reaches(reach, &Some(start.clone()))
        {
            start = before.clone();
        }
        let within = |next: &Bytes, end: &Option<Bytes>| end.as_ref().is_none_or(|end| next <= end);
        while let Some((next, reach)) = self.0.range(start.clone()..).next()
            && within(next, &end)
        {
            let (next, reach) = (next.clone(), reach.clone());
            if reaches(&reach, &end) {
                end = reach;
            }
            self.0.remove(&next);
        }
        self.0.insert(start, end);
    }

    /// Whether every key of a range is in the set. A range that can hold no key is, like in etcd, covered if its ends are.
    pub fn cover(&self, key: &Bytes, range_end: &Bytes) -> bool {
        let (start, end) = half_open(key, range_end);
        self.0
            .range(..=start.clone())
            .next_back()
            .is_some_and(|(begin, reach)| {
                reaches(reach, &end)
                    // Both hold by themselves, unless the range ends before it begins.
                    && reach.as_ref().is_none_or(|reach| *reach > start)
                    && end.as_ref().is_none_or(|end| begin < end)
            })
    }
}

/// What a user may read and write, over all of their roles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// May be read.
    pub read: Ranges,
    /// May be written.
    pub write: Ranges,
}

impl Rights {
    /// Adds a permission.
    pub fn add(&mut self, permission: &Permission) {
        if permission.kind.reads() {
            self.read.add(&permission.key, &permission.range_end);
        }
        if permission.kind.writes() {
            self.write.add(&permission.key, &permission.range_end);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ranges(of: &[(&'static str, &'static str)]) -> Ranges {
        let mut ranges = Ranges::default();
        for (key, end) in of {
            ranges.add(&(*key).into(), &(*end).into());
        }
        ranges
    }

    fn covers(ranges: &Ranges, key: &'static str, end: &'static str) -> bool {
        ranges.cover(&key.into(), &end.into())
    }

    #[test]
    fn a_range_is_covered_by_ranges_that_touch() {
        let set = ranges(&[("a", "c"), ("c", "e"), ("g", "")]);
        assert!(covers(&set, "a", "e") && covers(&set, "b", "d") && covers(&set, "d", ""));
        assert!(!covers(&set, "a", "f") && !covers(&set, "e", "") && !covers(&set, "a", "\0"));
        assert!(covers(&set, "g", "") && !covers(&set, "g", "h"));
        let open = ranges(&[("m", "\0")]);
        assert!(covers(&open, "m", "\0") && covers(&open, "z", "") && covers(&open, "n", "zz"));
        assert!(!covers(&open, "l", "\0") && !covers(&open, "\0", "\0"));
        let all = ranges(&[("\0", "\0")]);
        assert!(covers(&all, "\0", "\0") && covers(&all, "\0", "") && covers(&all, "a", "b"));
    }

    #[test]
    fn what_can_be_granted() {
        let valid = |key: &'static str, end: &'static str| {
            Permission {
                kind: PermissionKind::Read,
                key: key.into(),
                range_end: end.into(),
            }
            .is_valid()
        };
        assert!(valid("a", "") && valid("a", "b") && valid("a", "\0") && valid("\0", "\0"));
        assert!(!valid("", "") && !valid("", "a") && !valid("b", "a") && !valid("b", "b"));
    }

    proptest! {
        /// Against every single key: a set of ranges covers a range if every key that the range can hold is in one of them.
        #[test]
        fn covering_is_covering_every_key(
            granted in prop::collection::vec((0u8..12, 0u8..14), 0..6),
            asked in (0u8..12, 0u8..14),
        ) {
            let key = |n: u8| Bytes::copy_from_slice(&[b'a' + n]);
            // 12 is the key alone, 13 no end; an end before the key is put after it.
            let range = |(start, end): (u8, u8)| match end {
                12 => (key(start), Bytes::new()),
                13 => (key(start), Bytes::from_static(&[0])),
                end => (key(start), key(start.max(end) + 1)),
            };
            let mut set = Ranges::default();
            for one in &granted {
                let (start, end) = range(*one);
                set.add(&start, &end);
            }
            let holds = |(start, end): &(Bytes, Bytes), key: &[u8]| crate::mvcc::space::contains(start, end, key);
            let asked = range(asked);
            // Keys of one and of two bytes tell a single key from a range that begins with it.
            let mut keys = (0..16u8).flat_map(|n| [vec![b'a' + n], vec![b'a' + n, 0], vec![b'a' + n, 7]]);
            let covered = keys
                .all(|key| !holds(&asked, &key) || granted.iter().any(|one| holds(&range(*one), &key)));
            prop_assert_eq!(set.cover(&asked.0, &asked.1), covered);
        }
    }
}
