//! From the store to the caches: one read of everything, then one watch, for as long as the server runs.
//!
//! When the store has forgotten the history that the watch needs next, everything is read again and watchers are cut: they
//! come back and are told that their revision is too old. A store that does not answer is asked again and again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hydrofoil_raftstore::{
    EventKind, KeyValue, RangeRequest, WatchRequest, WatchResponse, prefix_end,
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::resource::Applied;
use super::{Caches, Change, Object, ROOT};
use crate::storage::{self, Storage};

/// Keys read in one request when the caches are filled.
const FILL_PAGE: i64 = 1000;
/// Time until the store is read again after that went wrong.
const FILL_AGAIN: Duration = Duration::from_secs(1);

/// Why the caches stopped following the store.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The store failed.
    #[error("the watch cache cannot read the store: {0}")]
    Store(#[from] storage::Error),
}

impl Caches {
    /// Fills the caches and follows the store until `shutdown`.
    ///
    /// # Errors
    /// When the store cannot be read or watched, and will not be able to later either.
    pub async fn run(&self, store: &Storage, shutdown: CancellationToken) -> Result<(), FeedError> {
        let outcome = shutdown.run_until_cancelled(self.follow(store)).await;
        self.ready.store(false, Ordering::Release);
        outcome.unwrap_or(Ok(()))
    }

    async fn follow(&self, store: &Storage) -> Result<(), FeedError> {
        loop {
            let revision = match self.fill(store).await {
                Ok(revision) => revision,
                Err(FeedError::Store(error)) if error.is_passing() => {
                    tracing::warn!(%error, "the store cannot be read; trying again");
                    sleep(FILL_AGAIN).await;
                    continue;
                }
                Err(error) => return Err(error),
            };
            self.ready.store(true, Ordering::Release);
            let mut request = WatchRequest::prefix(ROOT, revision + 1);
            request.prev_kv = false;
            let mut watcher = store.watch(request)?;
            loop {
                tokio::select! {
                    response = watcher.recv() => {
                        if response.canceled {
                            tracing::warn!(reason = %response.cancel_reason, "the store's watch ended; reading everything again");
                            break;
                        }
                        self.take(&response);
                    }
                    () = self.progress.notified() => watcher.request_progress(),
                }
            }
            self.ready.store(false, Ordering::Release);
        }
    }

    /// Reads everything at one revision and gives that revision.
    async fn fill(&self, store: &Storage) -> Result<i64, FeedError> {
        let end = prefix_end(ROOT.as_bytes());
        let mut key = bytes::Bytes::from_static(ROOT.as_bytes());
        let mut revision = 0;
        let mut objects: Vec<Vec<Arc<Object>>> =
            self.resources.iter().map(|_| Vec::new()).collect();
        loop {
            let page = store
                .range(RangeRequest {
                    key: key.clone(),
                    range_end: end.clone(),
                    limit: FILL_PAGE,
                    revision,
                    ..RangeRequest::default()
                })
                .await?;
            if revision == 0 {
                revision = page.header.revision;
            }
            for kv in &page.kvs {
                if let Some((index, Some(object))) = self.read(kv, None) {
                    objects[index].push(object);
                }
            }
            let Some(last) = page.kvs.last().filter(|_| page.more) else {
                break;
            };
            let mut next = last.key.to_vec();
            next.push(0);
            key = next.into();
        }
        for (resource, objects) in self.resources.iter().zip(objects) {
            resource.reset(objects, revision);
        }
        self.revision.send_replace(revision);
        Ok(revision)
    }

    fn take(&self, response: &WatchResponse) {
        let mut changes: BTreeMap<usize, Vec<Applied>> = BTreeMap::new();
        for event in response.events.iter() {
            let kv = &event.kv;
            let applied = match event.kind {
                EventKind::Put => {
                    let change = if kv.version <= 1 {
                        Change::Added
                    } else {
                        Change::Modified
                    };
                    self.read(kv, Some(change))
                        .map(|(index, object)| (index, object.is_some(), object))
                }
                EventKind::Delete => std::str::from_utf8(&kv.key)
                    .ok()
                    .and_then(|key| self.locate(key))
                    .map(|(index, _)| (index, true, None)),
            };
            let Some((index, true, object)) = applied else {
                continue;
            };
            let path = self.path(kv).to_owned();
            let revision = kv.mod_revision;
            changes.entry(index).or_default().push(Applied {
                path,
                revision,
                object,
            });
        }
        for (index, changes) in changes {
            self.resources[index].apply(changes);
        }
        let reached = response.header.revision;
        self.revision.send_if_modified(|at| {
            let grew = reached > *at;
            *at = reached.max(*at);
            grew
        });
    }

    /// The resource and the object of a key; no object when its bytes are none.
    fn read(&self, kv: &KeyValue, frame: Option<Change>) -> Option<(usize, Option<Arc<Object>>)> {
        let key = std::str::from_utf8(&kv.key).ok()?;
        let (index, path) = self.locate(key)?;
        let fields = self.resources[index].schema().fields;
        let object = Object::from_stored(path, &kv.value, kv.mod_revision, fields, frame);
        if object.is_none() {
            tracing::error!(
                key,
                "the store holds something that is not an object; it is left out"
            );
        }
        Some((index, object.map(Arc::new)))
    }

    fn path<'a>(&self, kv: &'a KeyValue) -> &'a str {
        std::str::from_utf8(&kv.key)
            .ok()
            .and_then(|key| self.locate(key))
            .map_or("", |(_, path)| path)
    }
}
