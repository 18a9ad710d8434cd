//! One watch per kind, shared by every controller: a local copy of all objects with indexes, and a call to each handler
//! for each change, in the order in which the API server told them.
//!
//! Handlers run on the watch's own task and must only note keys; whatever takes time belongs in a worker.

mod store;

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;

use futures::StreamExt;
use kube::api::Api;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event};
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use store::Store;

use crate::objects::{Key, Object};

/// Objects in one page of a first list (upstream's pager has the same).
const PAGE_SIZE: u32 = 500;

/// One object's change: `old` is absent for a new one, `new` for a deleted one.
#[derive(Debug)]
pub struct Change<'a, K> {
    /// As the cache had it.
    pub old: Option<&'a Arc<K>>,
    /// As it is now.
    pub new: Option<&'a Arc<K>>,
}

impl<'a, K> Change<'a, K> {
    /// The object as it was seen last.
    pub fn latest(&self) -> Option<&'a Arc<K>> {
        self.new.or(self.old)
    }
}

type Handler<K> = Box<dyn Fn(&Change<'_, K>) + Send + Sync>;

/// The shared cache of one kind.
pub struct Informer<K> {
    store: RwLock<Store<K>>,
    handlers: Mutex<Vec<Handler<K>>>,
    synced: watch::Sender<bool>,
}

impl<K: Object> Default for Informer<K> {
    fn default() -> Self {
        Self {
            store: RwLock::new(Store::new()),
            handlers: Mutex::new(Vec::new()),
            synced: watch::Sender::new(false),
        }
    }
}

impl<K: Object> Informer<K> {
    /// Calls `handler` for every change from now on; must be called before [`run`](Self::run).
    pub fn on_change(&self, handler: impl Fn(&Change<'_, K>) + Send + Sync + 'static) {
        self.handlers.lock().push(Box::new(handler));
    }

    /// Waits until the first list is in the cache.
    pub async fn synced(&self) {
        // The sender lives as long as `self`, so that waiting cannot fail.
        let _ = self.synced.subscribe().wait_for(|synced| *synced).await;
    }

    /// The object at `key`.
    pub fn get(&self, key: &Key) -> Option<Arc<K>> {
        self.store.read().get(key)
    }

    /// Asks the cache under its read lock; `ask` must be short.
    pub fn read<T>(&self, ask: impl FnOnce(&Store<K>) -> T) -> T {
        ask(&self.store.read())
    }

    /// Follows the API server until `shutdown`: lists, watches, lists again when the watch was lost.
    pub fn run(
        self: Arc<Self>,
        client: kube::Client,
        field_selector: Option<&str>,
        shutdown: CancellationToken,
    ) -> impl Future<Output = ()> + Send + 'static {
        let mut config = watcher::Config::default().page_size(PAGE_SIZE);
        if let Some(fields) = field_selector {
            config = config.fields(fields);
        }
        let handlers = std::mem::take(&mut *self.handlers.lock());
        async move {
            let stream = watcher::watcher(Api::<K>::all(client), config).default_backoff();
            let mut stream = std::pin::pin!(stream);
            let mut listed: Option<HashSet<Key>> = None;
            loop {
                let event = tokio::select! {
                    () = shutdown.cancelled() => return,
                    event = stream.next() => event,
                };
                match event {
                    None => return,
                    Some(Ok(event)) => self.apply(event, &mut listed, &handlers),
                    Some(Err(error)) => {
                        tracing::debug!(kind = %K::resource().kind, %error, "a watch was lost");
                    }
                }
            }
        }
    }

    /// Takes one event of the watch into the cache and tells the handlers.
    fn apply(&self, event: Event<K>, listed: &mut Option<HashSet<Key>>, handlers: &[Handler<K>]) {
        match event {
            Event::Init => *listed = Some(HashSet::new()),
            Event::InitApply(object) => {
                if let Some(listed) = listed {
                    listed.insert(Key::of(object.meta()));
                }
                self.upsert(object, handlers);
            }
            Event::InitDone => {
                if let Some(listed) = listed.take() {
                    let gone = self.store.read().keys_but(&listed);
                    for key in gone {
                        self.remove(&key, None, handlers);
                    }
                }
                self.synced.send_replace(true);
            }
            Event::Apply(object) => self.upsert(object, handlers),
            Event::Delete(object) => {
                let key = Key::of(object.meta());
                self.remove(&key, Some(object), handlers);
            }
        }
    }

    fn upsert(&self, object: K, handlers: &[Handler<K>]) {
        let new = Arc::new(object);
        let old = self.store.write().upsert(new.clone());
        let change = Change {
            old: old.as_ref(),
            new: Some(&new),
        };
        for handler in handlers {
            handler(&change);
        }
    }

    fn remove(&self, key: &Key, last: Option<K>, handlers: &[Handler<K>]) {
        let cached = self.store.write().remove(key);
        let old = last.map(Arc::new).or(cached);
        if old.is_none() {
            return;
        }
        let change = Change {
            old: old.as_ref(),
            new: None,
        };
        for handler in handlers {
            handler(&change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::{Meta, Pod};

    fn pod(name: &str, version: &str) -> Pod {
        serde_yaml::from_str(&format!(
            "{{metadata: {{namespace: n, name: {name}, resourceVersion: '{version}'}}}}"
        ))
        .unwrap()
    }

    /// A second list drops what was deleted while nobody watched, and tells it as a deletion.
    #[test]
    fn a_list_after_a_lost_watch_deletes_what_is_gone() {
        let informer = Informer::<Pod>::default();
        let log = Arc::new(Mutex::new(Vec::new()));
        let handlers: Vec<Handler<Pod>> = vec![{
            let log = log.clone();
            Box::new(move |change| {
                let name = change.latest().unwrap().metadata.name().to_owned();
                log.lock()
                    .push((name, change.old.is_some(), change.new.is_some()));
            })
        }];
        let mut listed = None;
        let events = [
            Event::Init,
            Event::InitApply(pod("a", "1")),
            Event::InitApply(pod("b", "2")),
            Event::InitDone,
            Event::Apply(pod("c", "3")),
            Event::Init,
            Event::InitApply(pod("b", "4")),
            Event::InitDone,
            Event::Delete(pod("b", "5")),
        ];
        for event in events {
            informer.apply(event, &mut listed, &handlers);
        }
        let mut seen = log.lock().clone();
        seen[4..6].sort();
        assert_eq!(
            seen,
            [
                ("a".into(), false, true),
                ("b".into(), false, true),
                ("c".into(), false, true),
                ("b".into(), true, true),
                ("a".into(), true, false),
                ("c".into(), true, false),
                ("b".into(), true, false),
            ]
        );
        assert!(informer.get(&Key::new("n", "b")).is_none());
    }
}
