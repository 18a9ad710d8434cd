//! The key space with its history, in memory: what a revision is, and what each command does to it.
//!
//! Pure: no clock, no socket, no thread. The disk is asked in one case only, for values that were dropped from memory
//! ([`Values`]), so all of this is tested against a naive model without a store around it.
//!
//! - `version`: one version of a key and where its value is.
//! - `space`: the index and its invariants; puts, deletes, compaction, dropping of values.
//! - `range`: reading.
//! - `txn`: transactions, as commands and as reads.
//! - `history`: changes since a revision, for watchers that start in the past.

pub mod history;
pub mod range;
pub mod space;
pub mod txn;
pub mod version;

#[cfg(test)]
mod model;

use std::sync::OnceLock;

use bytes::Bytes;

use self::version::Rev;
use crate::{Error, rpc::Event};

/// Where values are that memory does not hold.
pub trait Values {
    /// The value written at `rev`.
    fn value(&self, rev: Rev) -> Result<Bytes, Error>;
}

/// Everything that one revision changed. The sub-revision of an event is its place in `events`.
#[derive(Debug)]
pub struct Change {
    /// The revision.
    pub revision: i64,
    /// Its events, in the order in which they were done.
    pub events: Vec<Event>,
    /// What the change holds in memory, in bytes of keys and values.
    pub bytes: usize,
    without_prev: OnceLock<Vec<Event>>,
}

impl Change {
    /// What a revision changed.
    pub fn new(revision: i64, events: Vec<Event>, bytes: usize) -> Self {
        Change {
            revision,
            events,
            bytes,
            without_prev: OnceLock::new(),
        }
    }

    /// The events without the versions before, made once for all who want them so.
    pub fn without_prev(&self) -> &[Event] {
        if self.events.iter().all(|event| event.prev_kv.is_none()) {
            return &self.events;
        }
        self.without_prev.get_or_init(|| {
            let events = self.events.iter().cloned();
            events.map(Event::without_prev).collect()
        })
    }
}
