//! The cache of one stored resource: its current snapshot, its indexes, its watchers.

use std::collections::VecDeque;
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::hub::Hub;
use super::object::Field;
use super::{Event, Interest, Object, Sorted, Start, Subscription, TooOld};

/// Snapshots kept for lists that are read page by page.
const PAGED_SNAPSHOTS: usize = 16;

/// What the cache must know of a stored resource.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The key segment after `/registry/`.
    pub prefix: &'static str,
    /// The resource, as metrics name it (`pods`, `deployments.apps`).
    pub label: String,
    /// Selectable fields.
    pub fields: &'static [Field],
    /// The field by which objects are indexed, as a position in `fields`.
    pub index: Option<usize>,
}

/// Everything of one resource at one revision.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// By path.
    pub objects: Sorted,
    /// By value of the index field, then `/`, then path.
    pub indexed: Sorted,
    /// The last change of this resource that is in it.
    pub revision: i64,
}

/// The cache of one stored resource.
#[derive(Debug)]
pub struct ResourceCache {
    schema: Schema,
    snapshot: ArcSwap<Snapshot>,
    hub: Hub,
    pages: Mutex<VecDeque<(i64, Arc<Snapshot>)>>,
}

impl ResourceCache {
    pub(super) fn new(schema: Schema) -> ResourceCache {
        ResourceCache {
            schema,
            snapshot: ArcSwap::default(),
            hub: Hub::default(),
            pages: Mutex::default(),
        }
    }

    /// What the cache knows of the resource.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The current snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// The object at a path now.
    pub fn get(&self, path: &str) -> Option<Arc<Object>> {
        self.snapshot.load().objects.get(path).cloned()
    }

    /// Watchers there are, and watchers that were cut since the start.
    pub fn watchers(&self) -> (usize, u64) {
        self.hub.counts()
    }

    /// Begins a watch. `reached` gives the revision that all caches have reached.
    ///
    /// # Errors
    /// [`TooOld`] when changes after the start are forgotten already.
    pub fn watch(
        &self,
        interest: Interest,
        start: Start,
        reached: impl FnOnce() -> i64,
    ) -> Result<Subscription, TooOld> {
        self.hub.subscribe(interest, start, || {
            let snapshot = self.snapshot();
            let revision = snapshot.revision.max(reached());
            (snapshot, revision)
        })
    }

    /// Keeps a snapshot for the next page of a list at `revision`.
    pub fn keep_page(&self, revision: i64, snapshot: &Arc<Snapshot>) {
        let mut pages = self.pages.lock();
        if pages.iter().any(|(kept, _)| *kept == revision) {
            return;
        }
        if pages.len() == PAGED_SNAPSHOTS {
            pages.pop_front();
        }
        pages.push_back((revision, Arc::clone(snapshot)));
    }

    /// The snapshot kept for pages of a list at `revision`.
    pub fn page(&self, revision: i64) -> Option<Arc<Snapshot>> {
        let pages = self.pages.lock();
        let found = pages.iter().find(|(kept, _)| *kept == revision);
        found.map(|(_, snapshot)| Arc::clone(snapshot))
    }

    /// The value by which an object is indexed; objects without one are not.
    fn index_of(&self, object: &Object) -> Option<String> {
        let value = object.field(self.schema.index?);
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Replaces everything: the start, or a start anew after history was lost.
    pub(super) fn reset(&self, objects: Vec<Arc<Object>>, revision: i64) {
        let mut next = Snapshot {
            revision,
            ..Snapshot::default()
        };
        for object in objects {
            self.put(&mut next, object);
        }
        self.pages.lock().clear();
        self.hub
            .reset(revision, || self.snapshot.store(Arc::new(next)));
    }

    /// Applies changes, in order, and tells watchers.
    pub(super) fn apply(&self, changes: Vec<Applied>) {
        let mut next = Snapshot::clone(&self.snapshot.load());
        let mut events = Vec::with_capacity(changes.len());
        for change in changes {
            next.revision = change.revision;
            match change.object {
                Some(object) => {
                    let before = self.put(&mut next, Arc::clone(&object));
                    // The event is framed as a creation or not by the store's versions; the snapshot agrees with them.
                    events.push(Arc::new(Event::put(object, before)));
                }
                None => {
                    if let Some(last) = self.take(&mut next, &change.path) {
                        events.push(Arc::new(Event::removed(&last, change.revision)));
                    }
                }
            }
        }
        self.hub.publish(
            events,
            |object| self.index_of(object),
            || self.snapshot.store(Arc::new(next)),
        );
    }

    fn put(&self, snapshot: &mut Snapshot, object: Arc<Object>) -> Option<Arc<Object>> {
        let before = snapshot
            .objects
            .insert(object.shared_path(), Arc::clone(&object));
        if self.schema.index.is_some() {
            let old = before.as_ref().and_then(|before| self.index_of(before));
            let new = self.index_of(&object);
            if let Some(old) = old.filter(|old| Some(old) != new.as_ref()) {
                snapshot.indexed.remove(&format!("{old}/{}", object.path()));
            }
            if let Some(new) = new {
                let key = format!("{new}/{}", object.path());
                snapshot.indexed.insert(key.into(), object);
            }
        }
        before
    }

    fn take(&self, snapshot: &mut Snapshot, path: &str) -> Option<Arc<Object>> {
        let last = snapshot.objects.remove(path)?;
        if let Some(value) = self.index_of(&last) {
            snapshot.indexed.remove(&format!("{value}/{path}"));
        }
        Some(last)
    }
}

/// One change from the store, with its object made already.
#[derive(Debug)]
pub(super) struct Applied {
    pub path: String,
    pub revision: i64,
    /// `None` is a removal.
    pub object: Option<Arc<Object>>,
}
