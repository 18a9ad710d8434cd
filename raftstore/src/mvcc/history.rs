//! Changes since a revision, for a watcher that starts in the past or fell behind.
//!
//! Recent changes are in the window, shared as they are. Older ones are put together from the index: first what happened,
//! under the lock, then the values, without it.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;

use super::{
    Change, Values,
    space::{Space, bounds},
    version::{Item, Rev},
};
use crate::{
    Error,
    rpc::{Event, EventKind, KeyValue},
};

/// Most changes of the window that are looked at in one go.
const MAX_WINDOW_SCAN: usize = 4_096;
/// Events after which a piece of history is cut, at the next revision.
const MAX_EVENTS: usize = 2_048;

/// A piece of history, every change in `from..next` that touches a range.
#[derive(Debug)]
pub enum Piece {
    /// The revision asked for is compacted; this is the oldest that is not.
    Compacted(i64),
    /// From the window. May hold changes whose events all lie outside the range.
    Recent {
        /// The changes.
        changes: Vec<Arc<Change>>,
        /// The revision that the next piece begins with.
        next: i64,
    },
    /// From the index, values not fetched yet.
    Past {
        /// The events.
        past: Past,
        /// The revision that the next piece begins with.
        next: i64,
    },
}

/// Events put together from the index.
#[derive(Debug, Default)]
pub struct Past {
    events: BTreeMap<Rev, (Bytes, Option<Item>, Option<Item>)>,
}

/// The piece of history that begins at `from`, which is at most the current revision.
pub fn piece(space: &Space, key: &[u8], range_end: &[u8], from: i64) -> Piece {
    if from < space.compacted {
        return Piece::Compacted(space.compacted);
    }
    let window_first = space
        .window
        .front()
        .map_or(space.revision + 1, |change| change.revision);
    if from >= window_first {
        let skip = (from - window_first) as usize;
        let changes: Vec<_> = space
            .window
            .iter()
            .skip(skip)
            .take(MAX_WINDOW_SCAN)
            .cloned()
            .collect();
        let next = changes
            .last()
            .map_or(space.revision, |change| change.revision)
            + 1;
        return Piece::Recent { changes, next };
    }
    let upto = cut(space, key, range_end, from, window_first - 1);
    let mut past = Past::default();
    for_each_history(space, key, range_end, |key, history| {
        let mut before: Option<Item> = None;
        for version in history.iter() {
            if version.rev.main > upto {
                break;
            }
            let item = Item::of(key, version);
            if version.rev.main >= from {
                past.events
                    .insert(version.rev, (key.clone(), item.clone(), before));
            }
            before = item;
        }
    });
    Piece::Past {
        past,
        next: upto + 1,
    }
}

/// The revision at which a piece from `from` to `last` is to be cut.
fn cut(space: &Space, key: &[u8], range_end: &[u8], from: i64, last: i64) -> i64 {
    let mut revisions = Vec::new();
    for_each_history(space, key, range_end, |_, history| {
        let made = history.iter().map(|version| version.rev.main);
        revisions.extend(made.filter(|main| (from..=last).contains(main)));
    });
    if revisions.len() <= MAX_EVENTS {
        return last;
    }
    *revisions.select_nth_unstable(MAX_EVENTS).1
}

fn for_each_history(
    space: &Space,
    key: &[u8],
    range_end: &[u8],
    mut each: impl FnMut(&Bytes, &super::version::History),
) {
    if let Some(bounds) = bounds(key, range_end) {
        for (key, history) in space.tree.range::<[u8], _>(bounds) {
            each(key, history);
        }
    }
}

impl Past {
    /// Whether values must be fetched from disk.
    pub fn needs_disk(&self) -> bool {
        let cold = |item: &Option<Item>| matches!(item, Some(Item::Cold { .. }));
        self.events
            .values()
            .any(|(_, item, before)| cold(item) || cold(before))
    }

    /// Makes the events. Values of versions before are fetched only if they are wanted.
    pub fn finish(self, values: &dyn Values, want_prev: bool) -> Result<Vec<Event>, Error> {
        let whole = |item: Item| match item {
            Item::Hot(kv) => Ok::<_, Error>(kv),
            Item::Cold { rev, .. } => Ok(item.with_value(values.value(rev)?)),
        };
        let mut events = Vec::with_capacity(self.events.len());
        for (rev, (key, item, before)) in self.events {
            let prev_kv = before.filter(|_| want_prev).map(whole).transpose()?;
            events.push(match item {
                Some(item) => Event {
                    kind: EventKind::Put,
                    kv: whole(item)?,
                    prev_kv,
                },
                None => Event {
                    kind: EventKind::Delete,
                    kv: Arc::new(KeyValue {
                        key,
                        mod_revision: rev.main,
                        ..Default::default()
                    }),
                    prev_kv,
                },
            });
        }
        Ok(events)
    }
}
