//! The garbage collector: deletes what lost its last owner, sets free what shall outlive its owner, and keeps owners that are
//! deleted in the foreground until their dependents are gone.
//!
//! Kinds with an informer of their own are heard through it; every other deletable kind has one watch of metadata alone.

mod graph;
mod monitor;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use hydrofoil_client::events::Recorder;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::action::Event;
use crate::context::{Context, Work};
use crate::discovery::Kinds;
use crate::error::Error;
use crate::informer::{Change, Informer};
use crate::objects::{Key, Kind, Meta, Object};
use crate::queue::Queue;
use crate::worker::{self, Next};
use crate::writer::{DeleteOptions, PatchType, Target};

use graph::{FOREGROUND, Graph, Item, Node, ORPHAN, Owner, Verdict};

/// Objects that are worked on at once (upstream: `concurrent-gc-syncs`).
const WORKERS: usize = 20;
/// How long one look waits for the watches to catch up before it asks again.
const RETRY: Duration = Duration::from_millis(100);

/// Finds an object's metadata in an informer.
type Lookup = Box<dyn Fn(&Key) -> Option<ObjectMeta> + Send + Sync>;

/// The collector.
pub(crate) struct Collector {
    context: Arc<Context>,
    queue: Arc<Queue<Item>>,
    recorder: Recorder,
    graph: Mutex<Graph>,
    /// By kind, the metadata that an informer has of an object.
    cached: HashMap<Kind, Lookup>,
    /// Cancelled, in the sense of "reached", once every watch has listed its objects.
    complete: CancellationToken,
}

/// Does something with every informer whose objects can be owned or own.
macro_rules! informers_of {
    ($do:ident, $informers:ident) => {
        $do!(&$informers.pods);
        $do!(&$informers.replica_sets);
        $do!(&$informers.deployments);
        $do!(&$informers.jobs);
        $do!(&$informers.services);
        $do!(&$informers.endpoint_slices);
        $do!(&$informers.endpoints);
        $do!(&$informers.namespaces);
        $do!(&$informers.nodes);
        $do!(&$informers.leases);
        $do!(&$informers.service_accounts);
    };
}

/// Registers the collector's interest in changes and returns its work.
pub fn start(context: &Arc<Context>) -> Work {
    let informers = &context.informers;
    let mut cached = HashMap::new();
    macro_rules! look_up {
        ($informer:expr) => {
            remember(&mut cached, $informer)
        };
    }
    informers_of!(look_up, informers);
    let collector = Arc::new(Collector {
        context: context.clone(),
        queue: context.queue("garbage_collector_attempt_to_delete"),
        recorder: context.recorder("garbage-collector-controller"),
        graph: Mutex::default(),
        cached,
        complete: CancellationToken::new(),
    });
    macro_rules! listen {
        ($informer:expr) => {
            hear(&collector, $informer)
        };
    }
    informers_of!(listen, informers);
    let (queue, shutdown) = (collector.queue.clone(), context.shutdown.clone());
    let monitors = monitor::run(collector.clone());
    let work = worker::work("garbage-collector", queue, WORKERS, shutdown, move |item| {
        let collector = collector.clone();
        async move { collector.sync(item).await }
    });
    Box::pin(async move {
        tokio::join!(monitors, work);
    })
}

fn remember<K: Object>(cached: &mut HashMap<Kind, Lookup>, informer: &Arc<Informer<K>>) {
    let informer = informer.clone();
    let find = move |key: &Key| informer.get(key).map(|object| object.meta().clone());
    cached.insert(K::resource().clone(), Box::new(find));
}

/// Hears of a kind's objects through its informer.
fn hear<K: Object>(collector: &Arc<Collector>, informer: &Informer<K>) {
    let kind = Arc::new(K::resource().clone());
    let collector = collector.clone();
    informer.on_change(
        move |change: &Change<'_, K>| match (change.old, change.new) {
            (old, Some(new)) => {
                if old.is_none_or(|old| matters(old.meta(), new.meta())) {
                    collector.seen(&kind, new.meta());
                }
            }
            (Some(old), None) => collector.gone(old.meta().uid()),
            (None, None) => {}
        },
    );
}

/// Whether a change of metadata touches ownership. Nearly none does.
fn matters(old: &ObjectMeta, new: &ObjectMeta) -> bool {
    old.uid != new.uid
        || old.owner_references != new.owner_references
        || old.deletion_timestamp != new.deletion_timestamp
        || old.finalizers != new.finalizers
}

impl Collector {
    fn seen(&self, kind: &Arc<Kind>, meta: &ObjectMeta) {
        let items = self.graph.lock().seen(kind, meta);
        items.into_iter().for_each(|item| self.queue.add(item));
    }

    fn gone(&self, uid: &str) {
        let items = self.graph.lock().gone(uid);
        items.into_iter().for_each(|item| self.queue.add(item));
    }

    async fn sync(&self, item: Item) -> Result<Next, Error> {
        if !self.complete.is_cancelled() {
            // Dependents may still be unknown.
            return Ok(Next {
                after: Some(RETRY),
                rest: Duration::ZERO,
            });
        }
        match item {
            Item::Delete(uid) => self.look_at(&uid).await?,
            Item::Orphan(uid) => self.set_free(&uid).await?,
        }
        Ok(Next::default())
    }

    async fn look_at(&self, uid: &str) -> Result<(), Error> {
        let (node, unknown) = {
            let graph = self.graph.lock();
            let Some(node) = graph.node(uid).cloned() else {
                return Ok(());
            };
            let unknown: Vec<OwnerReference> = node
                .owners
                .iter()
                .filter(|o| graph.owner(&node, o) == Owner::Unknown)
                .cloned()
                .collect();
            (node, unknown)
        };
        let mut exists = HashMap::new();
        for owner in unknown {
            let there = self.owner_exists(&node, uid, &owner).await?;
            exists.insert(owner.uid, there);
        }
        let verdict = self.graph.lock().judge(uid, &exists);
        self.carry_out(uid, &node, verdict).await
    }

    /// Asks the API server whether an owner that no watch has shown exists.
    async fn owner_exists(
        &self,
        node: &Node,
        uid: &str,
        owner: &OwnerReference,
    ) -> Result<bool, Error> {
        let Some(kind) = find(&self.kinds().await?, owner) else {
            // Nobody can say that what cannot be looked up is gone.
            return Err(Error::Object(format!(
                "owner {} {} of {} {}/{} is of an unknown kind",
                owner.api_version, owner.kind, node.kind.kind, node.namespace, node.name
            )));
        };
        if kind.namespaced && node.namespace.is_empty() {
            self.warn_of_owner(node, uid, owner);
            return Ok(false);
        }
        let namespace = if kind.namespaced {
            node.namespace.as_str()
        } else {
            ""
        };
        match self
            .context
            .writer
            .live(Target::new(&kind, namespace, &owner.name))
            .await
        {
            Ok(live) => Ok(live.metadata.uid() == owner.uid),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn warn_of_owner(&self, node: &Node, uid: &str, owner: &OwnerReference) {
        let message = format!(
            "ownerRef [{}/{}, namespace: {}, name: {}, uid: {}] does not exist in namespace \"{}\"",
            owner.api_version, owner.kind, node.namespace, owner.name, owner.uid, node.namespace
        );
        let meta = ObjectMeta {
            name: Some(node.name.clone()),
            uid: Some(uid.into()),
            ..Default::default()
        };
        Event::warning(&node.kind, &meta, "OwnerRefInvalidNamespace", message)
            .record(&self.recorder);
    }

    async fn kinds(&self) -> Result<Kinds, Error> {
        let period = self.context.config.discovery_period();
        self.context
            .catalog
            .kinds(self.context.writer.client(), period)
            .await
    }

    async fn carry_out(&self, uid: &str, node: &Node, verdict: Verdict) -> Result<(), Error> {
        match verdict {
            Verdict::Leave => Ok(()),
            Verdict::Await(items) => {
                items.into_iter().for_each(|item| self.queue.add(item));
                Ok(())
            }
            Verdict::Delete(propagation) => self.delete(uid, node, propagation).await,
            Verdict::Release => self.drop_finalizer(uid, node, FOREGROUND).await,
            Verdict::Forget(owners) => {
                self.patch_owners(uid, node, |list| list.retain(|o| !owners.contains(&o.uid)))
                    .await
            }
            Verdict::Unblock => {
                self.patch_owners(uid, node, |list| {
                    list.iter_mut()
                        .for_each(|o| o.block_owner_deletion = Some(false))
                })
                .await?;
                // The graph does not show it yet, but this object can be deleted now.
                self.delete_anew(uid, node).await
            }
        }
    }

    /// Deletes an object as it was judged: if it changed since, the API server refuses and it is judged again.
    async fn delete(&self, uid: &str, node: &Node, propagation: &str) -> Result<(), Error> {
        // The graph follows ownership alone; the informer knows the version of every other change.
        let find = self.cached.get(&*node.kind);
        let cached =
            find.and_then(|find| find(&Key::new(node.namespace.as_str(), node.name.as_str())));
        let cached = cached.filter(|meta| meta.uid() == uid && meta.owners() == node.owners);
        let version = cached.as_ref().map_or(node.version.as_str(), Meta::version);
        let options = DeleteOptions {
            uid: Some(uid),
            resource_version: Some(version),
            propagation: Some(propagation),
            ..Default::default()
        };
        let target = Target::new(&node.kind, &node.namespace, &node.name);
        match self.context.writer.delete(target, &options).await {
            Err(error) if error.is_not_found() => {
                // The watch will tell, unless it told before this object was put into the graph.
                self.gone_for_certain(uid, node).await
            }
            Err(error) if error.is_conflict() => self.judge_live(uid, node, propagation).await,
            other => other,
        }
    }

    /// Metadata that matters is followed closely, other changes are not: with the live version at hand the judgement holds if
    /// the owners are the same.
    async fn judge_live(&self, uid: &str, node: &Node, propagation: &str) -> Result<(), Error> {
        let target = Target::new(&node.kind, &node.namespace, &node.name);
        let live = match self.context.writer.live(target).await {
            Err(error) if error.is_not_found() => return self.gone_for_certain(uid, node).await,
            other => other?.metadata,
        };
        if live.uid() != uid {
            self.gone(uid);
            return Ok(());
        }
        if live.owners() != node.owners || live.is_deleting() {
            self.seen(&node.kind, &live);
            return Ok(());
        }
        let options = DeleteOptions {
            uid: Some(uid),
            resource_version: Some(live.version()),
            propagation: Some(propagation),
            ..Default::default()
        };
        match self.context.writer.delete(target, &options).await {
            Err(error) if error.is_not_found() => Ok(()),
            other => other,
        }
    }

    async fn delete_anew(&self, uid: &str, node: &Node) -> Result<(), Error> {
        let options = DeleteOptions {
            uid: Some(uid),
            propagation: Some("Foreground"),
            ..Default::default()
        };
        let target = Target::new(&node.kind, &node.namespace, &node.name);
        match self.context.writer.delete(target, &options).await {
            Err(error) if error.is_not_found() || error.is_conflict() => Ok(()),
            other => other,
        }
    }

    async fn gone_for_certain(&self, uid: &str, node: &Node) -> Result<(), Error> {
        let target = Target::new(&node.kind, &node.namespace, &node.name);
        match self.context.writer.live(target).await {
            Ok(live) if live.metadata.uid() == uid => Ok(()),
            Err(error) if !error.is_not_found() => Err(error),
            _ => {
                self.gone(uid);
                Ok(())
            }
        }
    }

    /// Changes an object's owners by its live metadata.
    async fn patch_owners(
        &self,
        uid: &str,
        node: &Node,
        change: impl FnOnce(&mut Vec<OwnerReference>),
    ) -> Result<(), Error> {
        self.patch_live(uid, node, |live| {
            let mut owners = live.owners().to_vec();
            change(&mut owners);
            (owners != live.owners()).then(|| json!({ "ownerReferences": owners }))
        })
        .await
    }

    async fn drop_finalizer(&self, uid: &str, node: &Node, finalizer: &str) -> Result<(), Error> {
        self.patch_live(uid, node, |live| {
            let mut finalizers = live.finalizers.clone().unwrap_or_default();
            let before = finalizers.len();
            finalizers.retain(|f| f != finalizer);
            (finalizers.len() != before).then(|| json!({ "finalizers": finalizers }))
        })
        .await
    }

    /// Patches metadata made out of the live metadata; what is gone needs none.
    async fn patch_live(
        &self,
        uid: &str,
        node: &Node,
        make: impl FnOnce(&ObjectMeta) -> Option<Value>,
    ) -> Result<(), Error> {
        let target = Target::new(&node.kind, &node.namespace, &node.name);
        let live = match self.context.writer.live(target).await {
            Err(error) if error.is_not_found() => return Ok(()),
            other => other?.metadata,
        };
        if live.uid() != uid {
            return Ok(());
        }
        let Some(mut metadata) = make(&live) else {
            return Ok(());
        };
        metadata["resourceVersion"] = live.version().into();
        let patch = json!({ "metadata": metadata });
        match self
            .context
            .writer
            .patch(target, None, PatchType::Merge, &patch)
            .await
        {
            Err(error) if error.is_not_found() => Ok(()),
            other => other.map(drop),
        }
    }

    /// Takes an owner out of its dependents' references and then lets it go.
    async fn set_free(&self, uid: &str) -> Result<(), Error> {
        let (owner, dependents) = {
            let graph = self.graph.lock();
            let Some(owner) = graph.node(uid).cloned() else {
                return Ok(());
            };
            let dependents: Vec<(String, Node)> = graph
                .dependents(uid)
                .into_iter()
                .filter_map(|d| graph.node(&d).cloned().map(|node| (d, node)))
                .collect();
            (owner, dependents)
        };
        for (dependent, node) in dependents {
            self.patch_owners(&dependent, &node, |list| list.retain(|o| o.uid != uid))
                .await?;
        }
        self.drop_finalizer(uid, &owner, ORPHAN).await
    }
}

/// The kind that an owner reference names, whatever version it names.
fn find(kinds: &Kinds, owner: &OwnerReference) -> Option<Kind> {
    let group = owner
        .api_version
        .rsplit_once('/')
        .map_or("", |(group, _)| group);
    kinds
        .iter()
        .map(|s| &s.kind)
        .find(|k| k.group == group && k.kind == owner.kind)
        .cloned()
}
