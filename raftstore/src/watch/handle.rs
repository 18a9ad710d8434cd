//! What the owner of many watches asks of one while somebody else waits for its responses.

use std::sync::Arc;

use super::hub::Inbox;
use crate::{core::SharedCore, rpc::ResponseHeader};

/// A second hold on a watch. It does not keep the watch alive.
#[derive(Clone, Debug)]
pub struct WatchHandle {
    core: SharedCore,
    inbox: Arc<Inbox>,
    start: i64,
}

/// How far a watch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Everything up to the revision was received.
    Yes,
    /// Something before it waits to be received, or is still to be read from history.
    NotYet,
    /// The watch begins after it.
    Never,
}

impl WatchHandle {
    pub(super) fn new(core: SharedCore, inbox: Arc<Inbox>, start: i64) -> Self {
        WatchHandle { core, inbox, start }
    }

    /// Whether everything up to `revision`, which the store has reached, was received from the watch. `Never` of one that was
    /// asked to begin later, also at the very next revision.
    pub fn reached(&self, revision: i64) -> Reached {
        if self.start > revision {
            return Reached::Never;
        }
        let queue = self.inbox.queue.lock();
        if queue.behind.is_some() || !queue.changes.is_empty() {
            Reached::NotYet
        } else {
            Reached::Yes
        }
    }

    /// A header at the latest revision.
    pub fn header(&self) -> ResponseHeader {
        self.core.header(self.core.revision())
    }

    /// Ends the watch: its next response is its last.
    pub fn end(&self) {
        self.inbox.update(|queue| queue.closed = true);
    }
}
