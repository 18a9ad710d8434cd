//! Writes on a member that does not lead: they go to the leader, and are answered here, when they are applied here, so that
//! a client reads its own writes from the member that it talks to.
//!
//! The one confusing thing: the leader's answer is not the client's. It says whether the command got into the log; what
//! applying it answers is found out here, by the number that the entry carries (see [`Origin`](crate::command::Origin)).

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::{command::Reply, world};

/// Who waits for entries that were proposed through another member. Bounded by `Config::max_pending_proposals`, which is
/// checked before somebody waits.
#[derive(Debug)]
pub struct Forwarded {
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Reply>>>,
}

impl Default for Forwarded {
    fn default() -> Self {
        // An earlier run of this member may have entries in the log that are not applied yet: its numbers must not be used
        // again, and 64 random bits are not.
        Forwarded {
            next: AtomicU64::new(world::random()),
            waiting: Mutex::default(),
        }
    }
}

/// A place among those who wait. It is left when this is dropped.
#[derive(Debug)]
pub struct Place<'a> {
    forwarded: &'a Forwarded,
    /// The number that the entry carries.
    pub number: u64,
    /// Gets the reply. It is closed without one if the entry may have been applied as part of a snapshot.
    pub reply: oneshot::Receiver<Reply>,
}

impl Forwarded {
    /// Begins to wait.
    pub fn wait(&self) -> Place<'_> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (tx, reply) = oneshot::channel();
        self.waiting.lock().insert(number, tx);
        Place {
            forwarded: self,
            number,
            reply,
        }
    }

    /// Gives the reply to whoever waits for it, if somebody does.
    pub fn answer(&self, number: u64, reply: Reply) {
        if let Some(tx) = self.waiting.lock().remove(&number) {
            // The one who waited may have given up.
            drop(tx.send(reply));
        }
    }

    /// Lets everybody go without a reply: a snapshot was installed, which may hold what they wait for.
    pub fn give_up(&self) {
        self.waiting.lock().clear();
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.forwarded.waiting.lock().remove(&self.number);
    }
}
