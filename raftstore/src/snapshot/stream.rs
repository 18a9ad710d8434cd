//! A snapshot on its way to whoever asked for it: written by a thread of its own, a few chunks ahead of its reader.

use std::time::Instant;

use tokio::sync::{Semaphore, mpsc};

use super::{
    SnapshotError,
    export::{Export, SnapshotChunk},
    facts::Facts,
};
use crate::{
    Error, Store,
    backend::{Image, tables::State},
};

/// Chunks that are written ahead.
const CHUNKS_AHEAD: usize = 16;
/// Snapshots under way at once in this process; more wait. Each has a thread, and keeps pages of the state file from being
/// used again.
const MAX_UNDER_WAY: usize = 4;

static UNDER_WAY: Semaphore = Semaphore::const_new(MAX_UNDER_WAY);

/// An etcd snapshot, to be read chunk by chunk. Dropping it stops the writing.
#[derive(Debug)]
pub struct SnapshotStream {
    /// Bytes of the database; the hash follows it.
    pub database_bytes: u64,
    chunks: mpsc::Receiver<Result<SnapshotChunk, Error>>,
}

impl SnapshotStream {
    /// The next chunk; `None` after the hash. Can be dropped without loss.
    pub async fn next(&mut self) -> Option<Result<SnapshotChunk, Error>> {
        self.chunks.recv().await
    }
}

impl Store {
    /// A snapshot of everything that was applied here before the call, as a file of etcd's: what `etcdctl snapshot save`
    /// stores. Writing goes on meanwhile.
    ///
    /// # Errors
    /// [`Error::Stopped`], and what is wrong with the disk.
    pub async fn snapshot(&self) -> Result<SnapshotStream, Error> {
        let permit = UNDER_WAY.acquire().await.map_err(|_| Error::Stopped)?;
        let (state, image) = self.flush().await?;
        let metrics = self.metrics();
        let (told, size) = tokio::sync::oneshot::channel();
        let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
        std::thread::Builder::new()
            .name("store-snapshot".into())
            .spawn(move || {
                let _permit = permit;
                let export = match lay_out(&state, image) {
                    Ok(export) => export,
                    Err(error) => return drop(told.send(Err(error))),
                };
                if told.send(Ok(export.database_bytes())).is_err() {
                    return;
                }
                let begun = Instant::now();
                let mut send = |chunk| sender.blocking_send(Ok(chunk)).is_ok();
                if let Err(error) = export.write(&mut send) {
                    // Nobody may be left to be told.
                    return drop(sender.blocking_send(Err(failed(error))));
                }
                metrics
                    .snapshot_seconds
                    .observe(begun.elapsed().as_secs_f64());
            })
            .map_err(|e| Error::io("starting a snapshot", e))?;
        let database_bytes = size.await.map_err(|_| panicked())??;
        Ok(SnapshotStream {
            database_bytes,
            chunks,
        })
    }
}

fn lay_out(state: &State, image: Image) -> Result<Export, Error> {
    let facts = Facts::of(state, &image)?;
    Export::new(image, &facts).map_err(failed)
}

fn panicked() -> Error {
    Error::Internal("writing a snapshot panicked".into())
}

fn failed(error: SnapshotError) -> Error {
    match error {
        SnapshotError::Store(error) => error,
        error => Error::Internal(format!("writing a snapshot: {error}")),
    }
}
