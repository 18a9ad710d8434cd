//! The watch cache: what the store holds, as immutable snapshots that lists read without a lock, and the fan-out of changes.
//!
//! One watch on the store feeds every resource. A change is made into one [`Object`] and one [`Event`], whose bytes are
//! encoded once however many readers there are. A snapshot is published before the cache's revision says so; therefore a
//! reader that waits for a revision and then loads a snapshot never sees less than that revision.

mod event;
mod feed;
mod filter;
mod hub;
mod object;
mod projection;
mod resource;
mod sorted;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

pub use event::{Change, Event};
pub use feed::FeedError;
pub use filter::{FieldRef, FieldTerm, Filter};
pub use hub::{Interest, Start, Subscription, TooOld};
pub use object::Object;
pub use resource::{ResourceCache, Schema, Snapshot};
pub use sorted::{Cursor, Sorted};

/// Every key of Kubernetes begins with this, as upstream's `--etcd-prefix`.
pub const ROOT: &str = "/registry/";
/// Time after which a reader that waits asks for the watch's progress again. Upstream's.
const PROGRESS_AGAIN: Duration = Duration::from_millis(100);

/// The caches of all stored resources.
pub struct Caches {
    resources: Vec<ResourceCache>,
    by_prefix: HashMap<&'static str, usize>,
    revision: watch::Sender<i64>,
    ready: AtomicBool,
    /// A reader waits for a revision that may bring no event of ours.
    progress: Notify,
}

/// The cache did not reach a revision in time; it is at this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind(pub i64);

impl Caches {
    /// Empty caches, one for each schema; [`Caches::run`] fills them.
    pub fn new(schemas: Vec<Schema>) -> Arc<Caches> {
        let by_prefix = schemas
            .iter()
            .enumerate()
            .map(|(index, schema)| (schema.prefix, index))
            .collect();
        Arc::new(Caches {
            resources: schemas.into_iter().map(ResourceCache::new).collect(),
            by_prefix,
            revision: watch::Sender::new(0),
            ready: AtomicBool::new(false),
            progress: Notify::new(),
        })
    }

    /// The cache of the resource stored under a prefix (`pods`).
    pub fn resource(&self, prefix: &str) -> Option<&ResourceCache> {
        self.by_prefix
            .get(prefix)
            .map(|index| &self.resources[*index])
    }

    /// Every cache.
    pub fn all(&self) -> &[ResourceCache] {
        &self.resources
    }

    /// Everything up to this revision is in the snapshots.
    pub fn revision(&self) -> i64 {
        *self.revision.borrow()
    }

    /// Whether the caches follow the store.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// Waits until everything up to `revision` is in the snapshots.
    ///
    /// # Errors
    /// [`Behind`] when that takes longer than `limit`.
    pub async fn wait(&self, revision: i64, limit: Duration) -> Result<(), Behind> {
        if self.revision() >= revision {
            return Ok(());
        }
        let mut watched = self.revision.subscribe();
        let deadline = Instant::now() + limit;
        loop {
            self.progress.notify_one();
            // Asked again and again: a store may not answer while the watch catches up, or tell of a revision before.
            let turn = deadline.min(Instant::now() + PROGRESS_AGAIN);
            match timeout_at(turn, watched.wait_for(|at| *at >= revision)).await {
                Ok(Ok(_)) => return Ok(()),
                Err(_) if turn < deadline => {}
                _ => return Err(Behind(self.revision())),
            }
        }
    }

    /// The stored resource of a key and the rest of the key: `/registry/pods/a/b` is pods, `a/b`.
    fn locate<'a>(&self, key: &'a str) -> Option<(usize, &'a str)> {
        let rest = key.strip_prefix(ROOT)?;
        let (first, path) = rest.split_once('/')?;
        if let Some(index) = self.by_prefix.get(first) {
            return Some((*index, path));
        }
        // Prefixes of two segments: services/specs.
        let (second, path) = path.split_once('/')?;
        let index = self
            .by_prefix
            .get(&rest[..first.len() + 1 + second.len()])?;
        Some((*index, path))
    }
}
