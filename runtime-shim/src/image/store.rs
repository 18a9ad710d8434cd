//! The image store: one folder, pulled into by reference, read by id or reference.
//!
//! Pulls of one reference with the same credentials share one transfer, and end when the last who waits goes away. Content that a
//! pull in progress uses is reserved, so that a removal beside it deletes nothing under its feet.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

use super::auth::Auth;
use super::content::Content;
use super::digest::Digest;
use super::error::{Cause, PullError, StoreError};
use super::hosts::Registries;
use super::index::{self, Index};
use super::reference::Reference;
use super::variant::Variant;
use super::wasm::Kind;

/// How many pulls transfer at the same time; more wait their turn.
pub const MAX_CONCURRENT_PULLS: usize = 8;

/// How to open a store.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder; made if missing. One process at a time.
    pub root: PathBuf,
    /// How registries are reached.
    pub registries: Registries,
    /// Bounds.
    pub limits: Limits,
}

/// Bounds on what a pull may bring.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest module, compressed or not, in bytes.
    pub module_bytes: u64,
    /// The most that one layer may unpack to, in bytes.
    pub unpacked_layer_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            module_bytes: 512 << 20,
            unpacked_layer_bytes: 4 << 30,
        }
    }
}

/// An image on our disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// `sha256:…` of the config, as CRI's image id; of the manifest where the config is a placeholder that many artifacts share.
    pub id: String,
    /// The manifest.
    pub manifest: Digest,
    /// The config.
    pub config: Digest,
    /// Full references with a tag, sorted.
    pub repo_tags: Vec<String>,
    /// Full references with the manifest's digest, sorted.
    pub repo_digests: Vec<String>,
    /// Bytes of config and layers as transferred: what CRI calls the size.
    pub size: u64,
    /// The WebAssembly.
    pub artifact: WasmArtifact,
    /// From an OCI image's config; empty for artifacts.
    pub entrypoint: Vec<String>,
    /// From an OCI image's config; empty for artifacts.
    pub cmd: Vec<String>,
    /// `NAME=value`, from an OCI image's config.
    pub env: Vec<String>,
    /// From an OCI image's config; may be empty.
    pub workdir: String,
    /// The manifest's annotations.
    pub annotations: BTreeMap<String, String>,
}

/// The module or component of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WasmArtifact {
    /// Digest of its bytes: the key for compiled code.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Module or component.
    pub kind: Kind,
    /// Whether it can see files, as its imports tell. Indexes from before this was kept do not say: it is taken to.
    #[serde(default = "may_see_files")]
    pub sees_files: bool,
    /// Where it is, read-only. Set by the store that it was read from.
    #[serde(skip)]
    pub path: PathBuf,
}

fn may_see_files() -> bool {
    true
}

impl Image {
    /// The content that the image keeps alive.
    pub(super) fn content(&self) -> [&Digest; 3] {
        [&self.manifest, &self.config, &self.artifact.digest]
    }
}

/// What the store takes of its filesystem, for CRI's ImageFsInfo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FsUsage {
    /// Bytes of content.
    pub bytes: u64,
    /// Files.
    pub inodes: u64,
}

type PullResult = Result<Arc<Image>, PullError>;
type SharedPull = Shared<BoxFuture<'static, PullResult>>;
/// Pulls in progress, by reference and credentials.
type Pulls = HashMap<(String, Auth, Variant), WeakShared<BoxFuture<'static, PullResult>>>;

/// The store. Clones are the same store.
#[derive(Clone)]
pub struct ImageStore {
    inner: Arc<Inner>,
}

/// What all clones of a store share.
pub(super) struct Inner {
    root: PathBuf,
    pub(super) content: Content,
    pub(super) registries: Registries,
    pub(super) limits: Limits,
    pub(super) state: Mutex<State>,
    /// Held while the index file is written, with the number of the state that was written last.
    saved: Mutex<u64>,
    pulls: Mutex<Pulls>,
    pub(super) turns: Semaphore,
}

/// What is where, and in use.
#[derive(Default)]
pub(super) struct State {
    pub(super) index: Index,
    /// Content in use by pulls, by how many.
    pub(super) reserved: HashMap<Digest, usize>,
    /// Grows with each change of `index`.
    pub(super) sequence: u64,
}

impl ImageStore {
    /// Opens the store. Images whose content is incomplete are forgotten, content that no image uses is deleted.
    pub async fn open(config: Config) -> Result<Self, StoreError> {
        let inner = tokio::task::spawn_blocking(move || open_blocking(config))
            .await
            .map_err(|error| StoreError::io(Path::new("."), std::io::Error::other(error)))??;
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Pulls `reference` and returns the image. Asks the registry even if the image is here: whether to is the caller's policy
    /// (`imagePullPolicy`); what is here already is not transferred again. `variant` is what whoever wants it run says of it.
    ///
    /// # Errors
    /// [`PullError`], worded for the user.
    pub async fn pull(&self, reference: &Reference, auth: Auth, variant: Variant) -> PullResult {
        let auth = self.inner.registries.auth_for(reference.registry(), auth);
        self.shared_pull(reference, auth, variant).await
    }

    fn shared_pull(&self, reference: &Reference, auth: Auth, variant: Variant) -> SharedPull {
        let key = (reference.to_string(), auth.clone(), variant);
        let mut pulls = self.inner.pulls.lock();
        if let Some(running) = pulls.get(&key).and_then(WeakShared::upgrade) {
            return running;
        }
        pulls.retain(|_, pull| pull.upgrade().is_some());
        let inner = Arc::clone(&self.inner);
        let reference = reference.clone();
        let task_reference = reference.clone();
        let task_key = key.clone();
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            let result = inner
                .pull(&task_reference, auth, variant)
                .await
                .map_err(|cause| PullError::new(&task_reference, cause));
            inner.pulls.lock().remove(&task_key);
            result
        }));
        let pull = async move {
            match task.await {
                Ok(result) => result,
                Err(_) => Err(PullError::new(&reference, Cause::Cancelled)),
            }
        }
        .boxed()
        .shared();
        if let Some(weak) = pull.downgrade() {
            pulls.insert(key, weak);
        }
        pull
    }

    /// The image of this id (with or without `sha256:`) or reference, if it is here.
    pub fn get(&self, name: &str) -> Option<Arc<Image>> {
        self.inner.state.lock().index.get(name).cloned()
    }

    /// All images, in the order of their ids.
    pub fn list(&self) -> Vec<Arc<Image>> {
        self.inner.state.lock().index.images().cloned().collect()
    }

    /// Removes the image that `name` leads to, with all its names, and returns whether there was one. Programs that already run
    /// from it go on.
    pub async fn remove(&self, name: &str) -> Result<bool, StoreError> {
        {
            let mut state = self.inner.state.lock();
            let Some(id) = state.index.get(name).map(|image| image.id.clone()) else {
                return Ok(false);
            };
            let Some(image) = state.index.remove(&id) else {
                return Ok(false);
            };
            state.sequence += 1;
            let unused = state.unused(image.content().into_iter());
            self.inner.delete(&unused);
        }
        self.inner.save().await?;
        Ok(true)
    }

    /// What the images take on disk.
    pub fn fs_usage(&self) -> FsUsage {
        let state = self.inner.state.lock();
        let mut usage = FsUsage::default();
        for digest in state.index.content() {
            if let Some(size) = self.inner.content.size(digest) {
                usage.bytes += size;
                usage.inodes += 1;
            }
        }
        usage
    }

    /// The folder that holds the images, for CRI's filesystem identifier.
    pub fn root(&self) -> &Path {
        &self.inner.root
    }
}

fn open_blocking(config: Config) -> Result<Inner, StoreError> {
    let content =
        Content::open(&config.root).map_err(|error| StoreError::io(&config.root, error))?;
    let mut index = index::load(&config.root.join(INDEX_FILE))?;
    index.retain(|image| {
        let whole = image
            .content()
            .into_iter()
            .all(|digest| content.size(digest).is_some())
            && content.size(&image.artifact.digest) == Some(image.artifact.size);
        if !whole {
            tracing::warn!(
                id = image.id,
                "image has lost content, it will be pulled again"
            );
        }
        whole
    });
    index.set_paths(|digest| content.path(digest));
    let digests = content
        .digests()
        .map_err(|error| StoreError::io(&config.root, error))?;
    let used = index.content();
    for digest in digests.iter().filter(|digest| !used.contains(digest)) {
        content.remove(digest);
    }
    Ok(Inner {
        root: config.root,
        content,
        registries: config.registries,
        limits: config.limits,
        state: Mutex::new(State {
            index,
            ..State::default()
        }),
        saved: Mutex::new(0),
        pulls: Mutex::default(),
        turns: Semaphore::new(MAX_CONCURRENT_PULLS),
    })
}

const INDEX_FILE: &str = "images.json";

impl State {
    /// Those of `digests` that neither an image nor a pull uses.
    pub(super) fn unused<'a>(&self, digests: impl Iterator<Item = &'a Digest>) -> Vec<Digest> {
        let used = self.index.content();
        digests
            .filter(|digest| !used.contains(digest) && !self.reserved.contains_key(*digest))
            .cloned()
            .collect()
    }
}

impl Inner {
    /// Deletes content.
    pub(super) fn delete(&self, digests: &[Digest]) {
        for digest in digests {
            self.content.remove(digest);
        }
    }

    /// Writes the index, unless a later state of it has been written meanwhile.
    pub(super) async fn save(self: &Arc<Self>) -> Result<(), StoreError> {
        let inner = Arc::clone(self);
        let path = self.root.join(INDEX_FILE);
        let save = move || {
            let mut saved = inner.saved.lock();
            let (sequence, bytes) = {
                let state = inner.state.lock();
                (state.sequence, state.index.encode())
            };
            if *saved == sequence {
                return Ok(());
            }
            let bytes = bytes.map_err(|error| StoreError::io(&path, error.into()))?;
            index::save(&path, &bytes)?;
            *saved = sequence;
            Ok(())
        };
        tokio::task::spawn_blocking(save)
            .await
            .map_err(|error| StoreError::io(&self.root, std::io::Error::other(error)))?
    }
}
