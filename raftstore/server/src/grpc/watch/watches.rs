//! The watches of one stream: their ids, and waiting for all of them at once.
//!
//! The one confusing thing: a canceled watch is still waited for until its watcher says that it ended, and meanwhile its id can
//! be another watch's. So each has a serial number as well, and what comes from a watch that is not in the table any more is
//! dropped.

use std::{
    collections::HashMap,
    pin::Pin,
    task::{Context, Poll},
};

use futures::{Stream, StreamExt as _, stream, stream::SelectAll};
use hydrofoil_raftstore::{Reached, ResponseHeader, Store, WatchHandle, WatchResponse, Watcher};

/// What a watcher received.
pub struct Delivery {
    /// The watch's id.
    pub id: i64,
    serial: u64,
    /// What it received.
    pub response: WatchResponse,
}

/// A watch of the stream.
pub struct Entry {
    serial: u64,
    handle: WatchHandle,
    /// Its responses are cut into fragments.
    pub fragment: bool,
}

type Deliveries = Pin<Box<dyn Stream<Item = Delivery> + Send>>;

/// See the module header.
#[derive(Default)]
pub struct Watches {
    entries: HashMap<i64, Entry>,
    next_id: i64,
    next_serial: u64,
    waiting: SelectAll<Deliveries>,
}

impl Watches {
    /// How many watches there are, with those that have not ended yet.
    pub fn len(&self) -> usize {
        self.waiting.len()
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
    pub fn add(&mut self, id: i64, watcher: Watcher, fragment: bool) -> ResponseHeader {
        let serial = self.next_serial;
        self.next_serial += 1;
        let handle = watcher.handle();
        let header = handle.header();
        let entry = Entry {
            serial,
            handle,
            fragment,
        };
        self.entries.insert(id, entry);
        let deliveries = stream::unfold(Some(watcher), move |watcher| async move {
            let mut watcher = watcher?;
            let response = watcher.recv().await;
            let goes_on = (!response.canceled).then_some(watcher);
            let delivery = Delivery {
                id,
                serial,
                response,
            };
            Some((delivery, goes_on))
        });
        self.waiting.push(Box::pin(deliveries));
        header
    }

    /// The watch that received this, unless it was canceled meanwhile.
    pub fn get(&self, delivery: &Delivery) -> Option<&Entry> {
        let entry = self.entries.get(&delivery.id)?;
        (entry.serial == delivery.serial).then_some(entry)
    }

    /// Takes a watch away that ended by itself.
    pub fn remove(&mut self, id: i64) {
        self.entries.remove(&id);
    }

    /// Ends a watch. Returns the header for saying so, or `None` if there is no such watch.
    pub fn cancel(&mut self, id: i64) -> Option<ResponseHeader> {
        let entry = self.entries.remove(&id)?;
        entry.handle.end();
        Some(entry.handle.header())
    }

    /// What the next watch received. `Ready(None)` if there are no watches.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        if self.waiting.is_empty() {
            return Poll::Ready(None);
        }
        self.waiting.poll_next_unpin(cx)
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
