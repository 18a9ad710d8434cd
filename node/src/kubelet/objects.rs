//! ConfigMaps and Secrets that pods of this node refer to: each is watched once, however many pods refer to it, and not at all when
//! none does. A thousand pods of one Deployment cost one list of one object.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, Resource};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::references::{Reference, ReferenceKind};

/// Longest wait for an object's first word.
const FIRST_WORD: Duration = Duration::from_secs(30);

/// An object that a pod refers to has changed, appeared or vanished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// The pods that refer to it.
    pub users: Vec<Arc<str>>,
}

#[derive(Clone, Debug)]
enum Known<K> {
    Nothing,
    Missing,
    Present(Arc<K>),
    Failed(String),
}

struct Entry<K> {
    users: HashSet<Arc<str>>,
    known: watch::Receiver<Known<K>>,
    _stop: DropGuard,
}

/// What is watched, by namespace and name.
type Entries<K> = Arc<Mutex<HashMap<(String, String), Entry<K>>>>;

/// Objects of one kind.
struct Watched<K> {
    client: Client,
    word: &'static str,
    entries: Entries<K>,
    changed: mpsc::Sender<Changed>,
}

impl<K> Watched<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
        + Send
        + Sync
        + 'static,
{
    fn new(client: Client, word: &'static str, changed: mpsc::Sender<Changed>) -> Self {
        Self {
            client,
            word,
            entries: Arc::default(),
            changed,
        }
    }

    fn acquire(&self, user: &Arc<str>, namespace: &str, name: &str) {
        let mut entries = self.entries.lock();
        let key = (namespace.to_owned(), name.to_owned());
        let entry = entries.entry(key.clone()).or_insert_with(|| {
            let (tell, known) = watch::channel(Known::Nothing);
            let stop = CancellationToken::new();
            let api = Api::namespaced(self.client.clone(), namespace);
            tokio::spawn(follow(
                api,
                key,
                tell,
                self.entries.clone(),
                self.changed.clone(),
                stop.clone(),
            ));
            Entry {
                users: HashSet::new(),
                known,
                _stop: stop.drop_guard(),
            }
        });
        entry.users.insert(user.clone());
    }

    fn release(&self, user: &Arc<str>, namespace: &str, name: &str) {
        let mut entries = self.entries.lock();
        let key = (namespace.to_owned(), name.to_owned());
        if let Some(entry) = entries.get_mut(&key) {
            entry.users.remove(user);
            if entry.users.is_empty() {
                entries.remove(&key);
            }
        }
    }

    /// The object, or `None` when there is none. The error says why that is not known.
    async fn get(&self, namespace: &str, name: &str) -> Result<Option<Arc<K>>, String> {
        let key = (namespace.to_owned(), name.to_owned());
        let known = self
            .entries
            .lock()
            .get(&key)
            .map(|entry| entry.known.clone());
        let Some(mut known) = known else {
            let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
            let found = api.get_opt(name).await.map_err(|error| error.to_string())?;
            return Ok(found.map(Arc::new));
        };
        let heard = known.wait_for(|known| !matches!(known, Known::Nothing));
        match tokio::time::timeout(FIRST_WORD, heard).await {
            Ok(Ok(known)) => match &*known {
                Known::Present(object) => Ok(Some(object.clone())),
                Known::Missing | Known::Nothing => Ok(None),
                Known::Failed(error) => Err(error.clone()),
            },
            Ok(Err(_)) => Err(format!(
                "{} {namespace}/{name} is not watched any more",
                self.word
            )),
            Err(_) => Err(format!(
                "failed to sync {} cache: timed out waiting for the condition",
                self.word
            )),
        }
    }
}

/// Watches one object for as long as somebody refers to it.
async fn follow<K>(
    api: Api<K>,
    key: (String, String),
    tell: watch::Sender<Known<K>>,
    entries: Entries<K>,
    changed: mpsc::Sender<Changed>,
    stop: CancellationToken,
) where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    let config = watcher::Config::default().fields(&format!("metadata.name={}", key.1));
    let mut events = watcher(api, config).default_backoff().boxed();
    let mut listed = None;
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => return,
            event = events.next() => event,
        };
        let now_known = match event {
            None => return,
            Some(Ok(watcher::Event::Init)) => {
                listed = None;
                continue;
            }
            Some(Ok(watcher::Event::InitApply(object))) => {
                listed = Some(Arc::new(object));
                continue;
            }
            Some(Ok(watcher::Event::InitDone)) => {
                listed.take().map_or(Known::Missing, Known::Present)
            }
            Some(Ok(watcher::Event::Apply(object))) => Known::Present(Arc::new(object)),
            Some(Ok(watcher::Event::Delete(_))) => Known::Missing,
            Some(Err(error)) => {
                // What is known stays known through a break of the watch.
                tell.send_if_modified(|known| {
                    let ignorant = matches!(known, Known::Nothing | Known::Failed(_));
                    if ignorant {
                        *known = Known::Failed(error.to_string());
                    }
                    ignorant
                });
                continue;
            }
        };
        let before = tell.send_replace(now_known);
        if matches!(before, Known::Nothing) {
            continue;
        }
        let users = entries
            .lock()
            .get(&key)
            .map(|entry| entry.users.iter().cloned().collect::<Vec<_>>())
            .unwrap_or_default();
        if !users.is_empty() && changed.send(Changed { users }).await.is_err() {
            return;
        }
    }
}

/// Both kinds.
pub(crate) struct Objects {
    config_maps: Watched<ConfigMap>,
    secrets: Watched<Secret>,
}

impl Objects {
    /// Changes of objects in use are told to `changed`.
    pub(crate) fn new(client: &Client, changed: &mpsc::Sender<Changed>) -> Self {
        Self {
            config_maps: Watched::new(client.clone(), "configmap", changed.clone()),
            secrets: Watched::new(client.clone(), "secret", changed.clone()),
        }
    }

    /// A pod refers to these from now on.
    pub(crate) fn acquire(&self, user: &Arc<str>, namespace: &str, references: &[Reference]) {
        for reference in references {
            match reference.kind {
                ReferenceKind::ConfigMap => {
                    self.config_maps.acquire(user, namespace, &reference.name)
                }
                ReferenceKind::Secret => self.secrets.acquire(user, namespace, &reference.name),
            }
        }
    }

    /// A pod refers to these no more.
    pub(crate) fn release(&self, user: &Arc<str>, namespace: &str, references: &[Reference]) {
        for reference in references {
            match reference.kind {
                ReferenceKind::ConfigMap => {
                    self.config_maps.release(user, namespace, &reference.name)
                }
                ReferenceKind::Secret => self.secrets.release(user, namespace, &reference.name),
            }
        }
    }

    pub(crate) async fn config_map(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<ConfigMap>>, String> {
        self.config_maps.get(namespace, name).await
    }

    pub(crate) async fn secret(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<Secret>>, String> {
        self.secrets.get(namespace, name).await
    }
}
