//! The one thread that writes the log and flushes it.
//!
//! It takes everything that waits, writes it, flushes once, and tells all of it that it is on disk; what comes in meanwhile
//! waits for the next flush. After the first error it writes nothing more: what a failed flush left on disk is not known.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use openraft::storage::IOFlushed;
use tokio::sync::oneshot;

use super::{disk::DiskFile, log::Shared, recover::file_name};
use crate::raft::TypeConfig;

/// Who is told when a chunk is on disk.
pub enum Done {
    /// Raft's own callback.
    Raft(IOFlushed<TypeConfig>),
    /// Whoever waits here.
    Signal(oneshot::Sender<io::Result<()>>),
}

impl Done {
    fn tell(self, result: Result<(), &str>) {
        let result = result.map_err(io::Error::other);
        match self {
            Done::Raft(callback) => callback.io_completed(result),
            // The one who waited may have given up: nothing is lost by not telling it.
            Done::Signal(tx) => drop(tx.send(result)),
        }
    }
}

/// Bytes that go to one place, and what follows from their being there.
#[derive(Default)]
pub struct Chunk {
    /// The segment's number.
    pub segment: u64,
    /// Offset of the first byte.
    pub offset: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Entries in them.
    pub entries: u64,
    /// Who is told.
    pub done: Vec<Done>,
    /// Segments that are not needed any more once this is on disk.
    pub obsolete: Vec<u64>,
}

/// The file that was written last, with its segment.
type Last = Option<(u64, Arc<dyn DiskFile>)>;

/// Runs until the log is closed and nothing waits.
pub fn run(shared: &Shared) {
    let mut file = None;
    loop {
        let chunks = {
            let mut state = shared.state.lock();
            while state.pending.is_empty() && !state.closed {
                shared.wake.wait(&mut state);
            }
            if state.pending.is_empty() {
                return;
            }
            std::mem::take(&mut state.pending)
        };
        write_chunks(shared, chunks, &mut file);
    }
}

/// How long a simulated disk takes.
const SIMULATED_FLUSH: Duration = Duration::from_millis(1);

/// The thread's work as a task, in a simulation: until nothing waits.
pub async fn run_as_task(shared: Arc<Shared>) {
    let mut file = None;
    loop {
        tokio::time::sleep(SIMULATED_FLUSH).await;
        let chunks = {
            let mut state = shared.state.lock();
            if state.pending.is_empty() {
                state.writing = false;
                return;
            }
            std::mem::take(&mut state.pending)
        };
        write_chunks(&shared, chunks, &mut file);
    }
}

/// Writes what waits, here and now.
pub fn write_all(shared: &Shared) {
    let chunks = std::mem::take(&mut shared.state.lock().pending);
    write_chunks(shared, chunks, &mut None);
}

fn write_chunks(shared: &Shared, chunks: Vec<Chunk>, file: &mut Last) {
    let failed = shared.state.lock().failed.clone();
    let result = match failed {
        Some(reason) => Err(reason),
        None => write(shared, &chunks, file).map_err(|error| {
            tracing::error!(%error, "writing the raft log failed; the store stops taking writes");
            format!("writing the raft log: {error}")
        }),
    };
    finish(shared, chunks, result);
}

fn write(shared: &Shared, chunks: &[Chunk], file: &mut Last) -> io::Result<()> {
    let mut unsynced: Option<Arc<dyn DiskFile>> = None;
    for chunk in chunks {
        let current = match file {
            Some((number, current)) if *number == chunk.segment => Arc::clone(current),
            _ => {
                // The segment before must be whole on disk before the next one exists: recovery relies on it.
                if let Some(before) = unsynced.take() {
                    sync(shared, &*before)?;
                }
                let opened = shared.file(chunk.segment)?;
                shared.disk.sync_dir()?;
                *file = Some((chunk.segment, Arc::clone(&opened)));
                opened
            }
        };
        let begun = Instant::now();
        current.write_at(&chunk.bytes, chunk.offset)?;
        shared
            .metrics
            .wal_write_seconds
            .observe(begun.elapsed().as_secs_f64());
        shared
            .metrics
            .wal_write_bytes
            .inc_by(chunk.bytes.len() as u64);
        unsynced = Some(current);
    }
    if let Some(last) = unsynced {
        sync(shared, &*last)?;
    }
    let entries: u64 = chunks.iter().map(|chunk| chunk.entries).sum();
    if entries > 0 {
        shared.metrics.wal_batch_entries.observe(entries as f64);
    }
    Ok(())
}

fn sync(shared: &Shared, file: &dyn DiskFile) -> io::Result<()> {
    let begun = Instant::now();
    file.sync_data()?;
    shared
        .metrics
        .wal_fsync_seconds
        .observe(begun.elapsed().as_secs_f64());
    Ok(())
}

/// Notes what is on disk, tells everyone, and removes what is not needed any more.
fn finish(shared: &Shared, chunks: Vec<Chunk>, result: Result<(), String>) {
    {
        let mut state = shared.state.lock();
        match &result {
            Ok(()) => {
                for chunk in &chunks {
                    state.note_durable(chunk.segment, chunk.offset + chunk.bytes.len() as u64);
                }
            }
            Err(reason) => state.failed = Some(reason.clone()),
        }
    }
    let told = result.as_ref().copied().map_err(String::as_str);
    for chunk in chunks {
        for done in chunk.done {
            done.tell(told);
        }
        if told.is_ok() {
            for number in chunk.obsolete {
                shared.forget_file(number);
                if let Err(error) = shared.disk.remove(&file_name(number)) {
                    tracing::warn!(%error, number, "a log file that is not needed any more stays");
                }
            }
        }
    }
}
