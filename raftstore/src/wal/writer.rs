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

/// Bytes that a file is laid out by at a time, unless its segment is smaller.
pub const LAY_OUT_BYTES: u64 = 256 << 10;

/// The file that was written last.
pub struct Last {
    segment: u64,
    file: Arc<dyn DiskFile>,
    /// Where what was written ends.
    end: u64,
    /// Up to where the file is laid out; without end where the disk does not do so.
    room: u64,
    /// Whether there is something that was not flushed.
    unsynced: bool,
}

impl Last {
    /// Opens the file of a segment, and makes it if it is missing.
    fn open(shared: &Shared, segment: u64) -> io::Result<Last> {
        let file = shared.file(segment)?;
        shared.disk.sync_dir()?;
        let room = file.len()?;
        Ok(Last {
            segment,
            file,
            end: 0,
            room,
            unsynced: false,
        })
    }

    fn write(&mut self, shared: &Shared, chunk: &Chunk) -> io::Result<()> {
        let metrics = &shared.metrics;
        let begun = Instant::now();
        self.end = chunk.offset + chunk.bytes.len() as u64;
        if self.end > self.room {
            let room = self.end + shared.lay_out_bytes;
            self.room = if self.file.lay_out(room)? {
                room
            } else {
                u64::MAX
            };
        }
        self.file.write_at(&chunk.bytes, chunk.offset)?;
        self.unsynced = true;
        let took = begun.elapsed().as_secs_f64();
        metrics.wal_write_seconds.observe(took);
        metrics.wal_write_bytes.inc_by(chunk.bytes.len() as u64);
        Ok(())
    }

    fn sync(&mut self, shared: &Shared) -> io::Result<()> {
        let begun = Instant::now();
        self.file.sync_data()?;
        self.unsynced = false;
        let took = begun.elapsed().as_secs_f64();
        shared.metrics.wal_fsync_seconds.observe(took);
        Ok(())
    }

    /// Leaves the file as it stays: whole on disk, and no longer than what is in it.
    fn finish(mut self, shared: &Shared) -> io::Result<()> {
        if self.file.len()? > self.end {
            self.file.set_len(self.end)?;
            self.unsynced = true;
        }
        if self.unsynced {
            self.sync(shared)?;
        }
        Ok(())
    }
}

/// Runs until the log is closed and nothing waits.
pub fn run(shared: &Shared) {
    loop {
        let chunks = {
            let mut state = shared.state.lock();
            while state.pending.is_empty() && !state.closed {
                shared.wake.wait(&mut state);
            }
            if state.pending.is_empty() {
                drop(state);
                return close(shared);
            }
            std::mem::take(&mut state.pending)
        };
        write_chunks(shared, chunks);
    }
}

/// Leaves no room behind in the last file. If that fails, recovery does it.
fn close(shared: &Shared) {
    if let Some(last) = shared.last.lock().take()
        && let Err(error) = last.finish(shared)
    {
        tracing::warn!(%error, "the raft log's last file is longer than what is in it");
    }
}

/// How long a simulated disk takes.
const SIMULATED_FLUSH: Duration = Duration::from_millis(1);

/// The thread's work as a task, in a simulation: until nothing waits.
pub async fn run_as_task(shared: Arc<Shared>) {
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
        write_chunks(&shared, chunks);
    }
}

/// Writes what waits, here and now.
pub fn write_all(shared: &Shared) {
    let chunks = std::mem::take(&mut shared.state.lock().pending);
    write_chunks(shared, chunks);
}

fn write_chunks(shared: &Shared, chunks: Vec<Chunk>) {
    let failed = shared.state.lock().failed.clone();
    let result = match failed {
        Some(reason) => Err(reason),
        None => write(shared, &chunks).map_err(|error| {
            tracing::error!(%error, "writing the raft log failed; the store stops taking writes");
            format!("writing the raft log: {error}")
        }),
    };
    finish(shared, chunks, result);
}

fn write(shared: &Shared, chunks: &[Chunk]) -> io::Result<()> {
    let mut last = shared.last.lock();
    for chunk in chunks {
        let current = match &mut *last {
            Some(current) if current.segment == chunk.segment => current,
            _ => {
                // The segment before must be whole on disk before the next one exists: recovery relies on it.
                if let Some(before) = last.take() {
                    before.finish(shared)?;
                }
                last.insert(Last::open(shared, chunk.segment)?)
            }
        };
        current.write(shared, chunk)?;
    }
    if let Some(current) = last.as_mut().filter(|current| current.unsynced) {
        current.sync(shared)?;
    }
    let entries: u64 = chunks.iter().map(|chunk| chunk.entries).sum();
    if entries > 0 {
        shared.metrics.wal_batch_entries.observe(entries as f64);
    }
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
