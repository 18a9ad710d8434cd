//! The watches of one stream: their ids, and what is received from any of them.

use std::{
    collections::HashMap,
    task::{Context, Poll},
};

use hydrofoil_raftstore::{
    Reached, ResponseHeader, Store, WatchGroup, WatchHandle, WatchResponse, Watcher,
};

/// A watch as it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    /// Its id.
    pub id: i64,
    /// Its responses are cut into fragments.
    pub fragment: bool,
}

struct Entry {
    key: u64,
    handle: WatchHandle,
}

/// See the module header.
#[derive(Default)]
pub struct Watches {
    entries: HashMap<i64, Entry>,
    next_id: i64,
    group: WatchGroup<Watched>,
}

impl Watches {
    /// How many watches there are, with those that have not ended yet.
    pub fn len(&self) -> usize {
        self.group.len()
    }

    /// The id that a watch gets that wants this one, or any if it wants 0. `None`: it is in use.
    pub fn free_id(&mut self, wanted: i64) -> Option<i64> {
        if wanted != 0 {
            return (!self.entries.contains_key(&wanted)).then_some(wanted);
        }
        while self.entries.contains_key(&self.next_id) {
            self.next_id += 1;
        }
        self.next_id += 1;
        Some(self.next_id - 1)
    }

    /// Adds a watch. Returns the header for announcing it.
    pub fn add(&mut self, watched: Watched, watcher: Watcher) -> ResponseHeader {
        let handle = watcher.handle();
        let header = handle.header();
        let key = self.group.add(watcher, watched);
        self.entries.insert(watched.id, Entry { key, handle });
        header
    }

    /// Ends a watch. Returns the header for saying so, or `None` if there is no such watch.
    pub fn cancel(&mut self, id: i64) -> Option<ResponseHeader> {
        let entry = self.entries.remove(&id)?;
        self.group.remove(entry.key);
        Some(entry.handle.header())
    }

    /// What the next watch received. One that ends is taken away.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<(Watched, WatchResponse)> {
        self.group.poll_recv(cx).map(|(watched, response)| {
            if response.canceled {
                self.entries.remove(&watched.id);
            }
            (watched, response)
        })
    }

    /// The header that answers a progress request, when everything up to its revision was received from every watch. `wanted` is
    /// put out when it was answered or never will be: without watches, or with one that begins in the future, as in etcd.
    pub fn progress(&self, store: &Store, wanted: &mut bool) -> Option<ResponseHeader> {
        // Read first: a change is given to the watches before the revision is told.
        let revision = store.revision();
        let mut some = None;
        for entry in self.entries.values() {
            match entry.handle.reached(revision) {
                Reached::Yes => some = Some(&entry.handle),
                Reached::NotYet => return None,
                Reached::Never => {
                    *wanted = false;
                    return None;
                }
            }
        }
        *wanted = false;
        some.map(|handle| ResponseHeader {
            revision,
            ..handle.header()
        })
    }
}
