//! Who wants to know of which keys.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    ops::Bound,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::group::Ready;
use crate::{Metrics, mvcc::Change};

/// Changes that wait in an inbox; one more, and the watch is behind.
const MAX_INBOX_CHANGES: usize = 4_096;
/// Bytes of the changes that wait in an inbox.
const MAX_INBOX_BYTES: usize = 16 << 20;

/// What a watch has not taken yet.
#[derive(Debug, Default)]
pub struct Queue {
    /// Changes in step with the hub.
    pub changes: VecDeque<Arc<Change>>,
    bytes: usize,
    /// The revision that the watch needs next from history, if it is behind. What is in `changes` comes before it.
    pub behind: Option<i64>,
    /// Changes before this revision are not wanted.
    pub from: i64,
    /// A response is wanted as soon as everything is taken.
    pub progress: bool,
    /// The store was shut down.
    pub closed: bool,
    /// The watch is listed in its group, and is to be looked at.
    pub listed: bool,
}

/// One watch's end at the hub.
#[derive(Debug)]
pub struct Inbox {
    /// First key.
    pub key: Bytes,
    /// End of the range in etcd's form.
    pub range_end: Bytes,
    /// What waits. Changed through [`Inbox::update`] when the watch is to know of it.
    pub queue: Mutex<Queue>,
    /// Told when something comes, unless the watch is in a group.
    pub wake: Notify,
    group: OnceLock<Place>,
}

/// A watch's place in a group.
#[derive(Debug)]
struct Place {
    ready: Arc<Ready>,
    key: u64,
}

impl Queue {
    /// An empty queue of a watch that wants changes from `from` on, and reads them from history first if it is `behind`.
    pub fn new(from: i64, behind: Option<i64>) -> Self {
        Queue {
            behind,
            from,
            ..Default::default()
        }
    }

    /// Takes the oldest change.
    pub fn pop(&mut self) -> Option<Arc<Change>> {
        let change = self.changes.pop_front()?;
        self.bytes -= change.bytes;
        Some(change)
    }

    fn push(&mut self, change: &Arc<Change>, metrics: &Metrics) {
        let known = self
            .changes
            .back()
            .is_some_and(|last| last.revision == change.revision);
        if known || self.behind.is_some() || change.revision < self.from {
            return;
        }
        if self.changes.len() >= MAX_INBOX_CHANGES || self.bytes >= MAX_INBOX_BYTES {
            self.behind = Some(change.revision);
            metrics.slow_watchers.inc();
            return;
        }
        self.bytes += change.bytes;
        self.changes.push_back(Arc::clone(change));
    }
}

impl Inbox {
    /// An inbox that is in no group.
    pub fn new(key: Bytes, range_end: Bytes, queue: Queue) -> Self {
        Inbox {
            key,
            range_end,
            queue: Mutex::new(queue),
            wake: Notify::new(),
            group: OnceLock::new(),
        }
    }

    /// From now on the watch is listed as `key` when something comes.
    pub fn join(&self, ready: Arc<Ready>, key: u64) {
        let joined = self.group.set(Place { ready, key });
        debug_assert!(joined.is_ok(), "a watch is in one group at most");
    }

    /// Changes what waits, and lets the watch know.
    pub fn update(&self, act: impl FnOnce(&mut Queue)) {
        let mut queue = self.queue.lock();
        act(&mut queue);
        // Looked up under the lock: who joins looks at the queue afterwards.
        match self.group.get() {
            None => {
                drop(queue);
                self.wake.notify_one();
            }
            Some(place) => {
                if !std::mem::replace(&mut queue.listed, true) {
                    drop(queue);
                    place.ready.push(place.key);
                }
            }
        }
    }

    fn push(&self, change: &Arc<Change>, metrics: &Metrics) {
        self.update(|queue| queue.push(change, metrics));
    }
}

/// See the module header.
#[derive(Debug)]
pub struct Hub {
    lists: Mutex<Lists>,
    metrics: Metrics,
}

#[derive(Debug, Default)]
struct Lists {
    /// Watches of one key.
    keys: HashMap<Bytes, Vec<Arc<Inbox>>>,
    /// Watches of ranges: many watches of one range are one comparison.
    ranges: BTreeMap<(Bytes, Bytes), Vec<Arc<Inbox>>>,
    closed: bool,
}

impl Hub {
    /// A hub without watches.
    pub fn new(metrics: Metrics) -> Self {
        Hub {
            lists: Mutex::default(),
            metrics,
        }
    }

    /// Adds a watch. `false`: the hub is closed.
    pub fn add(&self, inbox: &Arc<Inbox>) -> bool {
        let mut lists = self.lists.lock();
        if lists.closed {
            return false;
        }
        let list = if inbox.range_end.is_empty() {
            lists.keys.entry(inbox.key.clone()).or_default()
        } else {
            lists
                .ranges
                .entry((inbox.key.clone(), inbox.range_end.clone()))
                .or_default()
        };
        list.push(Arc::clone(inbox));
        self.metrics.watchers.inc();
        true
    }

    /// Takes a watch away.
    pub fn remove(&self, inbox: &Arc<Inbox>) {
        let mut lists = self.lists.lock();
        let without = |list: &mut Vec<Arc<Inbox>>| {
            list.retain(|other| !Arc::ptr_eq(other, inbox));
            list.is_empty()
        };
        if inbox.range_end.is_empty() {
            if lists.keys.get_mut(&inbox.key).is_some_and(without) {
                lists.keys.remove(&inbox.key);
            }
        } else {
            let range = (inbox.key.clone(), inbox.range_end.clone());
            if lists.ranges.get_mut(&range).is_some_and(without) {
                lists.ranges.remove(&range);
            }
        }
        drop(lists);
        self.metrics.watchers.dec();
        if inbox.queue.lock().behind.is_some() {
            self.metrics.slow_watchers.dec();
        }
    }

    /// Puts a change into the inbox of every watch that wants to know of one of its keys.
    pub fn publish(&self, change: &Arc<Change>) {
        let lists = self.lists.lock();
        for event in &change.events {
            let key = &event.kv.key;
            if let Some(list) = lists.keys.get(key) {
                for inbox in list {
                    inbox.push(change, &self.metrics);
                }
            }
            let starts_before = (
                Bound::Unbounded,
                Bound::Excluded((after(key), Bytes::new())),
            );
            for ((_, end), list) in lists.ranges.range(starts_before) {
                if end[..] == [0] || key < end {
                    for inbox in list {
                        inbox.push(change, &self.metrics);
                    }
                }
            }
        }
    }

    /// Puts every watch behind, at the revision that it needs next: the key space was replaced under it.
    pub fn resync(&self) {
        self.each(|queue| {
            if queue.behind.is_none() {
                let next = queue
                    .changes
                    .back()
                    .map_or(queue.from, |last| last.revision + 1);
                queue.behind = Some(next.max(queue.from));
                self.metrics.slow_watchers.inc();
            }
        });
    }

    /// Ends every watch.
    pub fn close(&self) {
        self.lists.lock().closed = true;
        self.each(|queue| queue.closed = true);
    }

    /// Events that wait in inboxes to be taken.
    pub fn pending_events(&self) -> usize {
        let lists = self.lists.lock();
        let inboxes = lists.keys.values().chain(lists.ranges.values()).flatten();
        let waiting = |inbox: &Arc<Inbox>| -> usize {
            let queue = inbox.queue.lock();
            queue.changes.iter().map(|change| change.events.len()).sum()
        };
        inboxes.map(waiting).sum()
    }

    fn each(&self, act: impl Fn(&mut Queue)) {
        let lists = self.lists.lock();
        for inbox in lists.keys.values().chain(lists.ranges.values()).flatten() {
            inbox.update(&act);
        }
    }
}

/// The smallest key greater than `key`.
fn after(key: &Bytes) -> Bytes {
    let mut next = Vec::with_capacity(key.len() + 1);
    next.extend_from_slice(key);
    next.push(0);
    next.into()
}
