//! From an image's WebAssembly to a [`Program`]: compiled once however many ask at once, kept in memory while it is used, and on disk.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use super::disk::DiskCache;
use super::linker::Linkers;
use super::program::{Loaded, Program, ProgramError, serves_http};
use super::settings::Engines;
use crate::image::{Digest, Kind, WasmArtifact};
use crate::metrics::Metrics;

/// Programs kept in memory; beyond it the least recently asked for that no container uses is dropped.
pub const MAX_PROGRAMS: usize = 256;

/// How every WebAssembly binary begins.
const MAGIC: &[u8] = b"\0asm";

type Loading = Shared<BoxFuture<'static, Loaded>>;

enum Slot {
    Loading(Loading),
    /// With the number of the last asking.
    Ready(Arc<Program>, u64),
    /// These bytes will never do.
    Refused(ProgramError, u64),
}

/// Loads programs.
pub struct Loader {
    shared: Arc<LoaderShared>,
}

struct LoaderShared {
    engines: Engines,
    tasks: Linkers,
    requests: Linkers,
    disk: DiskCache,
    jobs: Semaphore,
    metrics: Arc<Metrics>,
    asked: AtomicU64,
    slots: Mutex<HashMap<Digest, Slot>>,
}

impl Loader {
    /// A loader that compiles `jobs` modules at a time.
    pub fn new(
        engines: Engines,
        disk: DiskCache,
        jobs: usize,
        metrics: Arc<Metrics>,
    ) -> wasmtime::Result<Self> {
        Ok(Self {
            shared: Arc::new(LoaderShared {
                tasks: Linkers::new(&engines.tasks)?,
                requests: Linkers::new(&engines.requests)?,
                engines,
                disk,
                jobs: Semaphore::new(jobs.max(1)),
                metrics,
                asked: AtomicU64::new(0),
                slots: Mutex::new(HashMap::new()),
            }),
        })
    }

    /// The program of an artifact. All who ask while it is made share the making; a caller that goes away stops nothing.
    pub async fn load(&self, artifact: &WasmArtifact) -> Loaded {
        let loading = {
            let now = self.shared.asked.fetch_add(1, Ordering::Relaxed);
            let mut slots = self.shared.slots.lock();
            match slots.get_mut(&artifact.digest) {
                Some(Slot::Ready(program, last)) => {
                    *last = now;
                    return Ok(Arc::clone(program));
                }
                Some(Slot::Refused(error, last)) => {
                    *last = now;
                    return Err(error.clone());
                }
                Some(Slot::Loading(loading)) => loading.clone(),
                None => {
                    let loading = LoaderShared::begin(&self.shared, artifact.clone());
                    slots.insert(artifact.digest.clone(), Slot::Loading(loading.clone()));
                    loading
                }
            }
        };
        loading.await
    }
}

impl LoaderShared {
    fn begin(this: &Arc<Self>, artifact: WasmArtifact) -> Loading {
        let this = Arc::clone(this);
        let task = tokio::spawn(async move {
            let loaded = Self::make(&this, &artifact).await.map(Arc::new);
            this.settle(&artifact.digest, &loaded);
            loaded
        });
        task.map(|joined| joined.unwrap_or_else(|e| Err(ProgramError::Internal(e.to_string()))))
            .boxed()
            .shared()
    }

    fn settle(&self, digest: &Digest, loaded: &Loaded) {
        let now = self.asked.load(Ordering::Relaxed);
        let mut slots = self.slots.lock();
        match loaded {
            Ok(program) => {
                slots.insert(digest.clone(), Slot::Ready(Arc::clone(program), now));
            }
            Err(error) if error.is_final() => {
                slots.insert(digest.clone(), Slot::Refused(error.clone(), now));
            }
            Err(_) => {
                slots.remove(digest);
            }
        }
        while slots.len() > MAX_PROGRAMS {
            let Some(oldest) = oldest_unused(&slots) else {
                break;
            };
            slots.remove(&oldest);
        }
    }

    /// From disk if it can be, which waits for nobody who compiles; else compiled, when it is its turn.
    async fn make(this: &Arc<Self>, artifact: &WasmArtifact) -> Result<Program, ProgramError> {
        if let Some(kept) = this.aside(artifact, Self::kept).await? {
            return kept;
        }
        let _permit = this.jobs.acquire().await;
        this.aside(artifact, Self::made).await?
    }

    /// Does what blocks, on a thread for it.
    async fn aside<T: Send + 'static>(
        self: &Arc<Self>,
        artifact: &WasmArtifact,
        work: fn(&Self, &WasmArtifact) -> T,
    ) -> Result<T, ProgramError> {
        let (this, artifact) = (Arc::clone(self), artifact.clone());
        tokio::task::spawn_blocking(move || work(&this, &artifact))
            .await
            .map_err(|e| ProgramError::Internal(e.to_string()))
    }

    /// Blocking: the program as the disk has it.
    fn kept(&self, artifact: &WasmArtifact) -> Option<Result<Program, ProgramError>> {
        let (digest, kind) = (&artifact.digest, artifact.kind);
        let path = self.disk.find(digest, kind)?;
        let begun = Instant::now();
        match self.program_of_file(kind, &path) {
            Ok(loaded) => {
                if loaded.is_ok() {
                    self.metrics.code_loaded(begun.elapsed());
                }
                Some(loaded)
            }
            Err(error) => {
                tracing::warn!(%digest, error = %format!("{error:#}"), "compiled code does not load: compiling again");
                self.disk.forget(digest, kind);
                None
            }
        }
    }

    /// Blocking: the program compiled.
    fn made(&self, artifact: &WasmArtifact) -> Result<Program, ProgramError> {
        let (digest, kind) = (&artifact.digest, artifact.kind);
        let begun = Instant::now();
        let code = self.compile(artifact)?;
        self.metrics.code_compiled(begun.elapsed());
        slow(digest, begun.elapsed());
        match self.disk.keep(digest, kind, &code) {
            Ok(path) => self.program_of_file(kind, &path).map_err(internal)?,
            Err(error) => {
                tracing::warn!(%digest, %error, "compiled code cannot be kept");
                self.program_of_code(kind, &code).map_err(internal)?
            }
        }
    }

    fn compile(&self, artifact: &WasmArtifact) -> Result<Vec<u8>, ProgramError> {
        let bytes = fs::read(&artifact.path).map_err(|e| ProgramError::Read {
            path: artifact.path.clone(),
            message: e.to_string(),
        })?;
        if !bytes.starts_with(MAGIC) {
            // Pulling has checked the header: the file was changed since.
            let seen = bytes[..bytes.len().min(MAGIC.len())]
                .escape_ascii()
                .to_string();
            return Err(ProgramError::NotWasm(format!("it begins with \"{seen}\"")));
        }
        let compiled = match artifact.kind {
            Kind::Component => self.engines.tasks.precompile_component(&bytes),
            Kind::Module => self.engines.tasks.precompile_module(&bytes),
        };
        compiled.map_err(|e| ProgramError::Invalid(format!("{e:#}")))
    }

    /// The outer error says that the code does not load, the inner that the program does not fit this runtime.
    fn program_of_file(
        &self,
        kind: Kind,
        path: &Path,
    ) -> wasmtime::Result<Result<Program, ProgramError>> {
        match kind {
            Kind::Component => self.component(|engine| {
                // SAFETY: the file was written by this runtime into a folder of its owner alone, and its checksum was just verified.
                unsafe { Component::deserialize_file(engine, path) }
            }),
            Kind::Module => {
                // SAFETY: as above.
                let module = unsafe { Module::deserialize_file(&self.engines.tasks, path) }?;
                Ok(Program::of_module(&self.tasks, &module))
            }
        }
    }

    fn program_of_code(
        &self,
        kind: Kind,
        code: &[u8],
    ) -> wasmtime::Result<Result<Program, ProgramError>> {
        match kind {
            Kind::Component => self.component(|engine| {
                // SAFETY: the bytes come straight from this engine's compiler.
                unsafe { Component::deserialize(engine, code) }
            }),
            Kind::Module => {
                // SAFETY: as above.
                let module = unsafe { Module::deserialize(&self.engines.tasks, code) }?;
                Ok(Program::of_module(&self.tasks, &module))
            }
        }
    }

    /// What a component exports tells which engine it is for; code that is loaded once more is mapped once more, and cheap.
    fn component(
        &self,
        load: impl Fn(&Engine) -> wasmtime::Result<Component>,
    ) -> wasmtime::Result<Result<Program, ProgramError>> {
        let component = load(&self.engines.tasks)?;
        if !serves_http(&component) {
            return Ok(Program::of_component(&self.tasks, &component));
        }
        drop(component);
        let component = load(&self.engines.requests)?;
        Ok(Program::of_component(&self.requests, &component))
    }
}

fn internal(error: wasmtime::Error) -> ProgramError {
    ProgramError::Internal(format!("{error:#}"))
}

fn slow(digest: &Digest, took: Duration) {
    tracing::debug!(%digest, milliseconds = took.as_millis(), "compiled");
}

fn oldest_unused(slots: &HashMap<Digest, Slot>) -> Option<Digest> {
    slots
        .iter()
        .filter_map(|(digest, slot)| match slot {
            Slot::Ready(program, last) if Arc::strong_count(program) == 1 => Some((last, digest)),
            Slot::Refused(_, last) => Some((last, digest)),
            _ => None,
        })
        .min_by_key(|(last, _)| **last)
        .map(|(_, digest)| digest.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn code_on_disk_waits_for_nobody_who_compiles() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = wat::parse_str(r#"(module (func (export "_start")))"#).unwrap();
        let path = folder.path().join("module.wasm");
        fs::write(&path, &bytes).unwrap();
        let artifact = WasmArtifact {
            digest: Digest::of(&bytes),
            size: bytes.len() as u64,
            kind: Kind::Module,
            sees_files: false,
            path,
        };
        let loader = || {
            let engines = Engines::build(32).unwrap();
            let disk = DiskCache::open(folder.path().join("code"), &engines.tasks, 1 << 20);
            let metrics = Arc::new(Metrics::default());
            Loader::new(engines, disk.unwrap(), 1, metrics).unwrap()
        };
        assert!(loader().load(&artifact).await.is_ok());
        let busy = loader();
        let _compiling = busy.shared.jobs.acquire().await.unwrap();
        let loaded = tokio::time::timeout(Duration::from_secs(60), busy.load(&artifact)).await;
        assert!(loaded.expect("it does not wait").is_ok());
    }
}
