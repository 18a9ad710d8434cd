//! One pull, from reference to image: find the manifest, fetch what it names, see that it is WebAssembly, and keep it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, Weak};

use super::auth::Auth;
use super::classify::{self, Plan};
use super::digest::Digest;
use super::error::Cause;
use super::fetch::Remote;
use super::identity::{self, Actions};
use super::layer::{self, Layer, LayerError};
use super::manifest::{Descriptor, Document, Manifest};
use super::reference::{DEFAULT_TAG, Reference};
use super::store::{Image, Inner, WasmArtifact};
use super::variant::Variant;
use super::wasm::{self, Kind, WasmError};

/// How deep indexes may point to indexes.
pub const MAX_INDEX_DEPTH: usize = 3;

impl Inner {
    /// Brings `reference` here and returns its image.
    pub(super) async fn pull(
        self: &Arc<Self>,
        reference: &Reference,
        auth: Auth,
        variant: Variant,
    ) -> Result<Arc<Image>, Cause> {
        let _turn = self.turns.acquire().await.map_err(|_| Cause::Cancelled)?;
        let (remote, manifest, digest, bytes) = self.resolve(reference, auth, variant).await?;
        let mut reservation = Reservation::new(Arc::clone(self));
        let kept = match self.keep_known(reference, &digest) {
            Some(image) => image,
            None => {
                let image = self
                    .fetch(
                        &remote,
                        &manifest,
                        digest,
                        &bytes,
                        variant,
                        &mut reservation,
                    )
                    .await?;
                self.keep(reference, image)
            }
        };
        self.save()
            .await
            .map_err(|error| Cause::Disk(error.to_string()))?;
        Ok(kept)
    }

    /// Gives an image that is here already one more name. Under one lock, so that it is not removed meanwhile.
    fn keep_known(&self, reference: &Reference, manifest: &Digest) -> Option<Arc<Image>> {
        let mut state = self.state.lock();
        let image = Image::clone(state.index.by_manifest(manifest)?);
        state.sequence += 1;
        Some(state.index.add(reference, image))
    }

    fn keep(&self, reference: &Reference, image: Image) -> Arc<Image> {
        let mut state = self.state.lock();
        state.sequence += 1;
        state.index.add(reference, image)
    }

    /// Finds the manifest: at the first mirror that has it, else at the registry itself; through an index if there is one.
    async fn resolve(
        &self,
        reference: &Reference,
        auth: Auth,
        variant: Variant,
    ) -> Result<(Remote, Manifest, Digest, Vec<u8>), Cause> {
        let own = reference.api_host();
        let endpoints = self
            .registries
            .endpoints(reference)
            .map_err(|error| Cause::Registry(error.to_string()))?;
        let mut last = Cause::NotFound;
        for endpoint in endpoints {
            let can = endpoint.capabilities;
            if !can.pull || reference.digest().is_none() && !can.resolve {
                continue;
            }
            let host = &endpoint.authority;
            // Credentials are for the registry, not for whoever mirrors it.
            let auth = if host == own {
                auth.clone()
            } else {
                self.registries.auth_for(host, Auth::Anonymous)
            };
            let attempt = async {
                let auth = identity::exchanged(auth, &endpoint, reference, Actions::Pull).await?;
                let remote = Remote::new(&endpoint, reference, auth)?;
                let (manifest, digest, bytes) = descend(&remote, reference, variant).await?;
                Ok((remote, manifest, digest, bytes))
            };
            match attempt.await {
                Ok(found) => return Ok(found),
                Err(cause) => {
                    tracing::debug!(host, ?cause, "a host of the registry does not give it");
                    last = cause;
                }
            }
        }
        Err(last)
    }

    async fn fetch(
        &self,
        remote: &Remote,
        manifest: &Manifest,
        digest: Digest,
        bytes: &[u8],
        variant: Variant,
        reservation: &mut Reservation,
    ) -> Result<Image, Cause> {
        reservation.add(&digest);
        reservation.add(&manifest.config.digest);
        self.content
            .put(bytes)
            .await
            .map_err(|error| Cause::Disk(error.to_string()))?;
        let config = remote.document(&self.content, &manifest.config).await?;
        let (artifact, run) = match classify::plan(manifest, &config, variant)? {
            Plan::Layer { layer, run } => {
                reservation.add(&layer.digest);
                remote
                    .blob(&self.content, &layer, self.limits.module_bytes)
                    .await?;
                (self.artifact(layer.digest, layer.size).await?, run)
            }
            Plan::Filesystem {
                layers,
                run,
                may_be_container,
            } => {
                let words: Vec<String> = [&run.entrypoint, &run.cmd]
                    .into_iter()
                    .flatten()
                    .flatten()
                    .cloned()
                    .collect();
                let unpacked = self.unpack(remote, layers, words, reservation).await;
                let artifact = unpacked.map_err(|cause| match cause {
                    Cause::NotWasm(words) if may_be_container => Cause::Container(words),
                    cause => cause,
                })?;
                (artifact, run)
            }
        };
        let id = if classify::config_identifies(manifest) {
            &manifest.config.digest
        } else {
            &digest
        };
        Ok(Image {
            id: id.to_string(),
            config: manifest.config.digest.clone(),
            repo_tags: Vec::new(),
            repo_digests: Vec::new(),
            size: manifest.config.size
                + manifest.layers.iter().map(|layer| layer.size).sum::<u64>(),
            artifact,
            entrypoint: run.entrypoint.unwrap_or_default(),
            cmd: run.cmd.unwrap_or_default(),
            env: run.env.unwrap_or_default(),
            workdir: run.working_dir.unwrap_or_default(),
            annotations: manifest.annotations.clone(),
            manifest: digest,
        })
    }

    /// Checks that the content is WebAssembly, and what it may see.
    async fn artifact(&self, digest: Digest, size: u64) -> Result<WasmArtifact, Cause> {
        let path = self.content.path(&digest);
        let program = path.clone();
        let disk = |error: std::io::Error| Cause::Disk(error.to_string());
        let outline = tokio::task::spawn_blocking(move || outline(&program));
        let (kind, sees_files) = outline
            .await
            .map_err(|error| Cause::Disk(error.to_string()))?
            .map_err(disk)?
            .map_err(|error| Cause::NotWasm(format!("layer {digest} is {error}")))?;
        Ok(WasmArtifact {
            digest,
            size,
            kind,
            sees_files,
            path,
        })
    }

    /// Fetches filesystem layers and keeps the module that is in them; the layers themselves are not kept.
    async fn unpack(
        &self,
        remote: &Remote,
        layers: Vec<(Descriptor, bool)>,
        words: Vec<String>,
        reservation: &mut Reservation,
    ) -> Result<WasmArtifact, Cause> {
        let mut files = Vec::with_capacity(layers.len());
        for (layer, gzip) in &layers {
            reservation.add(&layer.digest);
            remote
                .blob(&self.content, layer, self.limits.module_bytes)
                .await?;
            files.push(Layer {
                path: self.content.path(&layer.digest),
                gzip: *gzip,
            });
        }
        let content = self.content.clone();
        let max = self.limits.unpacked_layer_bytes;
        let (digest, size) = tokio::task::spawn_blocking(move || -> Result<_, LayerError> {
            let (mut file, path) = content.unfinished_file()?;
            let (digest, size) = layer::extract(&files, &words, max, &mut file)?;
            content.adopt(&file, path, &digest)?;
            Ok((digest, size))
        })
        .await
        .map_err(|error| Cause::Disk(error.to_string()))?
        .map_err(|error| match error {
            LayerError::NotWasm(detail) => Cause::NotWasm(detail),
            LayerError::TooLarge(detail) => Cause::TooLarge(detail),
            LayerError::Io(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
                Cause::TooLarge(error.to_string())
            }
            LayerError::Io(error) => Cause::Corrupt(format!("layer archive: {error}")),
        })?;
        reservation.add(&digest);
        self.artifact(digest, size).await
    }
}

/// What a program is and whether it can see files. Only of a component is more read than its first bytes.
fn outline(program: &Path) -> std::io::Result<Result<(Kind, bool), WasmError>> {
    let mut file = File::open(program)?;
    let mut bytes = Vec::with_capacity(wasm::HEADER_BYTES);
    file.by_ref()
        .take(wasm::HEADER_BYTES as u64)
        .read_to_end(&mut bytes)?;
    let kind = match wasm::kind(&bytes) {
        Ok(kind) => kind,
        Err(error) => return Ok(Err(error)),
    };
    if kind == Kind::Component {
        file.read_to_end(&mut bytes)?;
    }
    Ok(Ok((kind, wasm::sees_files(kind, &bytes))))
}

/// Follows indexes to the manifest that we run.
async fn descend(
    remote: &Remote,
    reference: &Reference,
    variant: Variant,
) -> Result<(Manifest, Digest, Vec<u8>), Cause> {
    let mut wanted = reference.digest().cloned();
    for _ in 0..=MAX_INDEX_DEPTH {
        let name = match &wanted {
            Some(digest) => digest.as_str(),
            None => reference.tag().unwrap_or(DEFAULT_TAG),
        };
        let (bytes, digest) = remote.manifest(name, wanted.as_ref()).await?;
        match Document::parse(&bytes).map_err(Cause::NotWasm)? {
            Document::Manifest(manifest) => return Ok((*manifest, digest, bytes.to_vec())),
            Document::Index(index) => {
                wanted = Some(classify::choose(&index, variant)?.digest.clone());
            }
        }
    }
    Err(Cause::Registry(format!(
        "indexes point to indexes more than {MAX_INDEX_DEPTH} deep"
    )))
}

/// Content that a pull uses before an image does. What no image has taken over by the end is deleted.
struct Reservation {
    store: Weak<Inner>,
    digests: Vec<Digest>,
}

impl Reservation {
    fn new(store: Arc<Inner>) -> Self {
        Self {
            store: Arc::downgrade(&store),
            digests: Vec::new(),
        }
    }

    fn add(&mut self, digest: &Digest) {
        if let Some(store) = self.store.upgrade() {
            *store
                .state
                .lock()
                .reserved
                .entry(digest.clone())
                .or_default() += 1;
            self.digests.push(digest.clone());
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let Some(store) = self.store.upgrade() else {
            return;
        };
        let mut state = store.state.lock();
        for digest in &self.digests {
            if let Some(count) = state.reserved.get_mut(digest) {
                *count -= 1;
                if *count == 0 {
                    state.reserved.remove(digest);
                }
            }
        }
        let unused = state.unused(self.digests.iter());
        store.delete(&unused);
    }
}
