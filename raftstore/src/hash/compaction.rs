//! What a compaction is remembered by: a hash over the history that it ends, by which members that compacted at the same
//! revision are compared. etcd computes it while it compacts; so does a thread here, over the file as it was before.
//!
//! The one confusing thing: etcd's hash of a compaction goes by the compacted revision *before* it. Rows up to that one count if
//! this compaction keeps them, rows after it all count.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::each_row;
use crate::{Error, backend::Image, core::Core, mvcc::version::Rev, snapshot::schema};

/// Compactions that are remembered, as in etcd.
const MAX_REMEMBERED: usize = 10;
/// Compactions that wait for their hash; one more is not remembered. Each keeps pages of the file from being used again.
const MAX_WAITING: usize = 4;

/// The hash of a compaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    revision: i64,
    /// The compacted revision before.
    pub before: i64,
    /// The hash.
    pub hash: u32,
}

/// The compactions that are remembered since the store was opened.
#[derive(Debug, Default)]
pub struct Remembered {
    state: Mutex<State>,
    /// Told when a hash was computed, or will not be.
    done: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// In the order of revisions.
    known: VecDeque<Known>,
    waiting: usize,
}

impl Remembered {
    /// What a compaction at exactly this revision is remembered by.
    pub fn at(&self, revision: i64) -> Option<Known> {
        let state = self.state.lock();
        let mut known = state.known.iter();
        known.find(|known| known.revision == revision).copied()
    }

    /// Returns once no compaction waits for its hash.
    pub async fn settle(&self) {
        loop {
            let told = self.done.notified();
            tokio::pin!(told);
            told.as_mut().enable();
            if self.state.lock().waiting == 0 {
                return;
            }
            told.await;
        }
    }

    fn finish(&self, known: Option<Known>) {
        {
            let mut state = self.state.lock();
            state.waiting -= 1;
            state.known.extend(known);
            if state.known.len() > MAX_REMEMBERED {
                state.known.pop_front();
            }
        }
        self.done.notify_waiters();
    }
}

/// A compaction that is to be remembered.
#[derive(Debug)]
pub struct Compaction {
    image: Image,
    before: i64,
    revision: i64,
    /// Rows that it removed up to the compacted revision before, in order.
    removed_before: Vec<Rev>,
    removed: usize,
}

impl Compaction {
    /// The compaction at `revision` after one at `before`, which removed the rows `gone` of what is in `image`.
    pub fn new(image: Image, before: i64, revision: i64, mut gone: Vec<Rev>) -> Self {
        let removed = gone.len();
        gone.retain(|rev| rev.main <= before);
        gone.sort_unstable();
        Compaction {
            image,
            before,
            revision,
            removed_before: gone,
            removed,
        }
    }

    fn hash(&self, stop: &dyn Fn() -> bool) -> Result<Known, Error> {
        let (mut hash, rows) = self.pass(stop, &self.removed_before)?;
        if rows == self.removed && !self.removed_before.is_empty() {
            // etcd's rule when nothing at all is kept: whatever was there counts.
            (hash, _) = self.pass(stop, &[])?;
        }
        Ok(Known {
            revision: self.revision,
            before: self.before,
            hash,
        })
    }

    /// Returns the hash without the rows `skipped`, and how many rows there are up to the revision.
    fn pass(&self, stop: &dyn Fn() -> bool, skipped: &[Rev]) -> Result<(u32, usize), Error> {
        let mut crc = crc32c::crc32c(schema::KEY.as_bytes());
        let mut rows = 0;
        let mut skipped = skipped.iter().peekable();
        each_row(&self.image, |rev, tombstone, key, value| {
            if rows % 1024 == 0 && stop() {
                return Err(Error::Stopped);
            }
            if rev.main > self.revision {
                return Ok(());
            }
            rows += 1;
            let gone = skipped.next_if_eq(&&rev).is_some();
            let skip = gone || (tombstone && rev.main == self.before);
            if !skip {
                crc = crc32c::crc32c_append(crc32c::crc32c_append(crc, key), value);
            }
            Ok(())
        })?;
        Ok((crc, rows))
    }
}

/// Computes what compactions are remembered by, away from the thread that writes. Dropping it ends its thread, which gives up
/// what it has not done.
#[derive(Debug)]
pub struct Hasher {
    core: Arc<Core>,
    queue: Option<SyncSender<Compaction>>,
    thread: Option<JoinHandle<()>>,
}

impl Hasher {
    /// Starts the thread. Without one, compactions are not remembered.
    pub fn start(core: &Arc<Core>) -> Self {
        let (queue, waiting) = sync_channel(MAX_WAITING);
        let hashing = Arc::clone(core);
        let thread = std::thread::Builder::new()
            .name("store-hash".into())
            .spawn(move || run(&hashing, &waiting));
        if let Err(error) = &thread {
            tracing::warn!(%error, "compactions are not remembered: no thread to hash them");
        }
        Hasher {
            core: Arc::clone(core),
            queue: thread.is_ok().then_some(queue),
            thread: thread.ok(),
        }
    }

    /// A hasher for a simulation, which has no threads.
    pub fn none(core: &Arc<Core>) -> Self {
        Hasher {
            core: Arc::clone(core),
            queue: None,
            thread: None,
        }
    }

    /// Whether compactions are remembered.
    pub fn works(&self) -> bool {
        self.queue.is_some()
    }

    /// Lets a compaction be remembered, if there is a place for it.
    pub fn take(&self, compaction: Compaction) {
        let Some(queue) = &self.queue else { return };
        let remembered = &self.core.compactions;
        remembered.state.lock().waiting += 1;
        if queue.try_send(compaction).is_err() {
            remembered.finish(None);
        }
    }
}

impl Drop for Hasher {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that hashes compactions panicked");
        }
    }
}

fn run(core: &Core, waiting: &Receiver<Compaction>) {
    for compaction in waiting {
        let known = match compaction.hash(&|| core.pending.is_closed()) {
            Ok(known) => Some(known),
            Err(Error::Stopped) => None,
            Err(error) => {
                tracing::warn!(%error, revision = compaction.revision, "a compaction is not remembered");
                None
            }
        };
        core.compactions.finish(known);
    }
}
