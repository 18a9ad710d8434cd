//! The log as raft sees it: entries by index, the vote, and what was purged.
//!
//! An append is encoded into memory and returns; the writer's thread calls back when it is on disk. Recent entries stay in
//! memory, because raft reads each one back once to apply it; older ones are read from their segment.

use std::{
    collections::{HashMap, VecDeque},
    fmt, io,
    ops::{Bound, RangeBounds},
    sync::Arc,
    thread::JoinHandle,
};

use openraft::{
    LogState, OptionalSend, RaftLogReader,
    storage::{IOFlushed, RaftLogStorage},
};
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::{
    disk::{Disk, DiskFile},
    record::{Head, Place, Record, frame, parse},
    recover::{Segment, Slot, file_name, recover},
    writer::{self, Chunk, Done, LAY_OUT_BYTES, Last},
};
use crate::{
    Error, Metrics, blocking,
    raft::{Entry, LogId, TypeConfig, Vote},
    world,
};

/// Entries kept in memory after they are on disk, in bytes of their records.
const CACHE_BYTES: usize = 4 << 20;
/// Most entries that one read for replication returns.
const MAX_READ_ENTRIES: u64 = 1_024;
/// Most bytes of them, as in etcd; one entry alone may be more.
const MAX_READ_BYTES: usize = 1 << 20;

/// What a log is opened with.
#[derive(Clone, Copy, Debug)]
pub struct LogConfig {
    /// The cluster's id.
    pub cluster_id: u64,
    /// The member's id.
    pub member_id: u64,
    /// Size at which a segment is closed.
    pub segment_bytes: u64,
}

/// The raft log. Clones are the same log.
#[derive(Clone)]
pub struct Log {
    shared: Arc<Shared>,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}

/// What the log and its writer share.
pub struct Shared {
    pub(super) state: Mutex<State>,
    pub(super) wake: Condvar,
    /// Whether tasks do what a thread does otherwise.
    simulated: bool,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) metrics: Metrics,
    files: Mutex<HashMap<u64, Arc<dyn DiskFile>>>,
    /// Who writes holds it; nobody else does.
    pub(super) last: Mutex<Option<Last>>,
    /// Bytes that a segment is laid out by.
    pub(super) lay_out_bytes: u64,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// The log in memory.
pub struct State {
    config: LogConfig,
    slots: VecDeque<Slot>,
    vote: Option<Vote>,
    committed: Option<LogId>,
    committed_written: Option<LogId>,
    purged: Option<LogId>,
    segments: VecDeque<Segment>,
    last_membership: u64,
    /// Where the next record goes; offset 0 says that the segment is not begun.
    tail: Place,
    /// Offset of the tail's segment that is known to be on disk.
    durable: u64,
    /// Bytes of the entries in memory, and how many slots at the front have none.
    cached_bytes: usize,
    uncached: usize,
    /// Bytes of the records not purged yet.
    pub(super) pending: Vec<Chunk>,
    /// Whether a task writes, in a simulation.
    pub(super) writing: bool,
    pub(super) failed: Option<String>,
    pub(super) closed: bool,
}

impl State {
    /// Adds a record behind the last one. Returns its place and its bytes.
    fn push(&mut self, record: &Record) -> (Place, u32) {
        if self.tail.offset >= self.config.segment_bytes {
            self.tail = Place {
                segment: self.tail.segment + 1,
                offset: 0,
            };
            self.durable = 0;
        }
        if self.tail.offset == 0 && !matches!(record, Record::Head(_)) {
            self.segments.push_back(Segment {
                number: self.tail.segment,
                last_index: None,
            });
            let head = Head {
                cluster_id: self.config.cluster_id,
                member_id: self.config.member_id,
                purged: self.purged,
                vote: self.vote,
                committed: self.committed,
            };
            self.push(&Record::Head(head));
        }
        let place = self.tail;
        let durable = self.durable;
        let chunk = self.chunk();
        let bytes = frame(record, place, durable, &mut chunk.bytes);
        self.tail.offset += bytes as u64;
        (place, bytes as u32)
    }

    /// The chunk that the next record goes into.
    fn chunk(&mut self) -> &mut Chunk {
        let tail = self.tail;
        if self
            .pending
            .last()
            .is_none_or(|chunk| chunk.segment != tail.segment)
        {
            self.pending.push(Chunk {
                segment: tail.segment,
                offset: tail.offset,
                ..Default::default()
            });
        }
        let last = self.pending.len() - 1;
        &mut self.pending[last]
    }

    /// Notes that a segment is on disk up to `offset`.
    pub(super) fn note_durable(&mut self, segment: u64, offset: u64) {
        if segment == self.tail.segment {
            self.durable = self.durable.max(offset);
        }
        self.shrink_cache();
    }

    /// Drops entries from memory, oldest first, that are on disk and beyond the bound.
    fn shrink_cache(&mut self) {
        while self.cached_bytes > CACHE_BYTES {
            let (tail, durable) = (self.tail.segment, self.durable);
            let Some(slot) = self.slots.get_mut(self.uncached) else {
                return;
            };
            if slot.place.segment == tail && slot.place.offset >= durable {
                return;
            }
            if slot.cached.take().is_some() {
                self.cached_bytes -= slot.bytes as usize;
            }
            self.uncached += 1;
        }
    }

    fn pop_front(&mut self) {
        if let Some(slot) = self.slots.pop_front() {
            self.uncached = self.uncached.saturating_sub(1);
            if slot.cached.is_some() {
                self.cached_bytes -= slot.bytes as usize;
            }
        }
    }

    fn pop_back(&mut self) {
        if let Some(slot) = self.slots.pop_back() {
            self.uncached = self.uncached.min(self.slots.len());
            if slot.cached.is_some() {
                self.cached_bytes -= slot.bytes as usize;
            }
        }
    }

    fn check(&self) -> io::Result<()> {
        match &self.failed {
            Some(reason) => Err(io::Error::other(reason.clone())),
            None if self.closed => Err(io::Error::other("the log is closed")),
            None => Ok(()),
        }
    }
}

impl Shared {
    /// Lets what waits be written.
    fn wake(shared: &Arc<Shared>) {
        if !shared.simulated {
            shared.wake.notify_one();
        } else if !std::mem::replace(&mut shared.state.lock().writing, true) {
            tokio::spawn(writer::run_as_task(Arc::clone(shared)));
        }
    }

    /// The file of a segment, opened once.
    pub(super) fn file(&self, number: u64) -> io::Result<Arc<dyn DiskFile>> {
        let mut files = self.files.lock();
        if let Some(file) = files.get(&number) {
            return Ok(Arc::clone(file));
        }
        let file: Arc<dyn DiskFile> = Arc::from(self.disk.open(&file_name(number))?);
        files.insert(number, Arc::clone(&file));
        Ok(file)
    }

    pub(super) fn forget_file(&self, number: u64) {
        self.files.lock().remove(&number);
    }

    fn read(&self, slot: &Slot) -> io::Result<Entry> {
        let mut bytes = vec![0; slot.bytes as usize];
        self.file(slot.place.segment)?
            .read_at(&mut bytes, slot.place.offset)?;
        match parse(&bytes, slot.place) {
            Ok(framed) => match framed.record {
                Record::Entry(entry) => Ok(entry),
                _ => Err(self.damage(slot.place, "no entry where one was written")),
            },
            Err(problem) => Err(self.damage(slot.place, &problem.to_string())),
        }
    }

    fn damage(&self, place: Place, what: &str) -> io::Error {
        let error = Error::Corrupt {
            file: self.disk.describe(&file_name(place.segment)),
            offset: place.offset,
            what: what.to_owned(),
        };
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}

impl Log {
    /// Opens the log of `disk`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] names the place of a record that was on disk and is not whole.
    pub fn open(disk: Arc<dyn Disk>, config: LogConfig, metrics: Metrics) -> Result<Log, Error> {
        let recovered = recover(&*disk)?;
        if let Some((cluster, member)) = recovered.identity
            && (cluster, member) != (config.cluster_id, config.member_id)
        {
            return Err(Error::Incompatible {
                dir: disk.describe("").into(),
                what: format!("the log is of member {member:x} of cluster {cluster:x}"),
            });
        }
        let tail = Place {
            segment: recovered
                .segments
                .back()
                .map_or(1, |segment| segment.number),
            offset: recovered.end,
        };
        if tail.offset > 0 {
            // What was read may be in the system's memory alone; raft will take it for written.
            let name = file_name(tail.segment);
            let failed = |e| Error::io(format!("flushing {}", disk.describe(&name)), e);
            disk.open(&name)
                .and_then(|file| file.sync_data())
                .map_err(failed)?;
            disk.sync_dir().map_err(failed)?;
        }
        let mut segments = recovered.segments;
        if tail.offset == 0 {
            // Not begun, or torn within its first record: it is begun again.
            segments.pop_back();
        }
        let state = State {
            config,
            uncached: recovered.slots.len(),
            slots: recovered.slots,
            vote: recovered.vote,
            committed: recovered.committed,
            committed_written: recovered.committed,
            purged: recovered.purged,
            last_membership: recovered.last_membership,
            segments,
            tail,
            durable: recovered.end,
            cached_bytes: 0,
            pending: Vec::new(),
            writing: false,
            failed: None,
            closed: false,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            wake: Condvar::new(),
            simulated: world::is_simulated(),
            disk,
            metrics,
            files: Mutex::default(),
            last: Mutex::default(),
            lay_out_bytes: LAY_OUT_BYTES.min(config.segment_bytes),
            writer: Mutex::default(),
        });
        if !shared.simulated {
            let thread = Arc::clone(&shared);
            let writer = std::thread::Builder::new()
                .name("store-log".into())
                .spawn(move || writer::run(&thread))
                .map_err(|e| Error::io("starting the log's thread", e))?;
            *shared.writer.lock() = Some(writer);
        }
        Ok(Log { shared })
    }

    /// Bytes of the segments that hold entries not purged yet, at least.
    pub fn size(&self) -> u64 {
        let state = self.shared.state.lock();
        let whole = state.segments.len().saturating_sub(1) as u64 * state.config.segment_bytes;
        whole + state.tail.offset
    }

    /// Index of the last entry that was read when the log was opened and says who the members are; 0 if none does.
    pub fn last_membership(&self) -> u64 {
        self.shared.state.lock().last_membership
    }

    /// The term of the last vote; 0 if there was none.
    pub fn term(&self) -> u64 {
        let state = self.shared.state.lock();
        state.vote.map_or(0, |vote| vote.leader_id.term)
    }

    /// Whether nothing was ever written: not even a vote.
    pub fn is_empty(&self) -> bool {
        let state = self.shared.state.lock();
        state.slots.is_empty() && state.purged.is_none() && state.vote.is_none()
    }

    /// Index of the last entry.
    pub fn last_index(&self) -> u64 {
        let state = self.shared.state.lock();
        let last = state.slots.back().map(|slot| slot.log_id).or(state.purged);
        last.map_or(0, |id| id.index)
    }

    /// Writes everything that waits, marks a clean stop, and ends the writer. Blocks until that is done.
    pub fn close(&self) {
        if self.shared.simulated {
            writer::write_all(&self.shared);
            self.shared.state.lock().closed = true;
            return;
        }
        {
            let mut state = self.shared.state.lock();
            if !state.closed && state.failed.is_none() && state.tail.offset > 0 {
                // The mark must say that all before it is on disk, so all before it is flushed first.
                let (tx, rx) = oneshot::channel();
                state.chunk().done.push(Done::Signal(tx));
                drop(state);
                Shared::wake(&self.shared);
                let flushed = rx.blocking_recv();
                state = self.shared.state.lock();
                if matches!(flushed, Ok(Ok(()))) && state.pending.is_empty() {
                    state.push(&Record::Seal);
                }
            }
            state.closed = true;
        }
        Shared::wake(&self.shared);
        if let Some(writer) = self.shared.writer.lock().take()
            && writer.join().is_err()
        {
            tracing::error!("the log's thread panicked");
        }
    }

    /// [`Log::close`], for whoever must not block.
    pub async fn close_blocking(&self) {
        let log = self.clone();
        if blocking::run(move || log.close()).await.is_err() {
            tracing::error!("closing the log panicked");
        }
    }

    /// Adds records, and waits until they are on disk.
    async fn write_through(&self, change: impl FnOnce(&mut State)) -> io::Result<()> {
        let (tx, rx) = oneshot::channel();
        {
            let mut state = self.shared.state.lock();
            state.check()?;
            change(&mut state);
            state.chunk().done.push(Done::Signal(tx));
        }
        Shared::wake(&self.shared);
        rx.await
            .map_err(|_| io::Error::other("the log's thread ended"))?
    }

    fn slots(&self, range: impl RangeBounds<u64>, limit: u64) -> Vec<Slot> {
        let state = self.shared.state.lock();
        let Some(first) = state.slots.front().map(|slot| slot.log_id.index) else {
            return Vec::new();
        };
        let end = first + state.slots.len() as u64;
        let from = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(start) => start.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let to = match range.end_bound() {
            Bound::Included(last) => last.saturating_add(1),
            Bound::Excluded(to) => *to,
            Bound::Unbounded => u64::MAX,
        };
        let from = from.max(first);
        let to = to.min(end).min(from.saturating_add(limit));
        if from >= to {
            return Vec::new();
        }
        state
            .slots
            .range((from - first) as usize..(to - first) as usize)
            .cloned()
            .collect()
    }

    fn entries(&self, slots: Vec<Slot>) -> io::Result<Vec<Entry>> {
        slots
            .into_iter()
            .map(|slot| match &slot.cached {
                Some(entry) => Ok(Entry::clone(entry)),
                None => self.shared.read(&slot),
            })
            .collect()
    }
}

impl RaftLogReader<TypeConfig> for Log {
    async fn try_get_log_entries<R>(&mut self, range: R) -> io::Result<Vec<Entry>>
    where
        R: RangeBounds<u64> + Clone + fmt::Debug + OptionalSend,
    {
        self.entries(self.slots(range, u64::MAX))
    }

    async fn read_vote(&mut self) -> io::Result<Option<Vote>> {
        Ok(self.shared.state.lock().vote)
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> io::Result<Vec<Entry>> {
        let mut slots = self.slots(start..end, MAX_READ_ENTRIES);
        let mut bytes = 0;
        let fits = slots.iter().take_while(|slot| {
            let first = bytes == 0;
            bytes += slot.bytes as usize;
            first || bytes <= MAX_READ_BYTES
        });
        slots.truncate(fits.count());
        self.entries(slots)
    }
}

impl RaftLogStorage<TypeConfig> for Log {
    type LogReader = Log;

    async fn get_log_state(&mut self) -> io::Result<LogState<TypeConfig>> {
        let state = self.shared.state.lock();
        Ok(LogState {
            last_purged_log_id: state.purged,
            last_log_id: state.slots.back().map(|slot| slot.log_id).or(state.purged),
        })
    }

    async fn get_log_reader(&mut self) -> Log {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> io::Result<()> {
        self.write_through(|state| {
            state.vote = Some(*vote);
            state.push(&Record::Vote(*vote));
        })
        .await
    }

    async fn save_committed(&mut self, committed: Option<LogId>) -> io::Result<()> {
        // A hint that goes along with the next append; it is not worth a flush of its own.
        self.shared.state.lock().committed = committed;
        Ok(())
    }

    async fn read_committed(&mut self) -> io::Result<Option<LogId>> {
        Ok(self.shared.state.lock().committed)
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<TypeConfig>) -> io::Result<()>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        {
            let mut state = self.shared.state.lock();
            state.check()?;
            if state.committed != state.committed_written {
                state.committed_written = state.committed;
                let committed = Record::Committed(state.committed);
                state.push(&committed);
            }
            for entry in entries {
                let index = entry.log_id.index;
                if let Some(last) = state.slots.back()
                    && index != last.log_id.index + 1
                {
                    let what = format!("entry {index} cannot follow {}", last.log_id.index);
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
                }
                let record = Record::Entry(entry);
                let (place, bytes) = state.push(&record);
                let Record::Entry(entry) = record else {
                    continue;
                };
                state.chunk().entries += 1;
                if let Some(segment) = state.segments.back_mut() {
                    segment.last_index = segment.last_index.max(Some(index));
                }
                state.cached_bytes += bytes as usize;
                state.slots.push_back(Slot {
                    log_id: entry.log_id,
                    place,
                    bytes,
                    cached: Some(Arc::new(entry)),
                });
            }
            state.chunk().done.push(Done::Raft(callback));
        }
        Shared::wake(&self.shared);
        Ok(())
    }

    async fn truncate_after(&mut self, last: Option<LogId>) -> io::Result<()> {
        self.write_through(|state| {
            let keep = last.map_or(0, |id| id.index + 1);
            while state
                .slots
                .back()
                .is_some_and(|slot| slot.log_id.index >= keep)
            {
                state.pop_back();
            }
            state.push(&Record::Truncate(last));
        })
        .await
    }

    async fn purge(&mut self, upto: LogId) -> io::Result<()> {
        let mut state = self.shared.state.lock();
        state.check()?;
        if state.purged >= Some(upto) {
            return Ok(());
        }
        state.purged = Some(upto);
        state.push(&Record::Purge(upto));
        while state
            .slots
            .front()
            .is_some_and(|slot| slot.log_id.index <= upto.index)
        {
            state.pop_front();
        }
        let mut obsolete = Vec::new();
        while state.segments.len() > 1
            && state.segments[0]
                .last_index
                .is_none_or(|last| last <= upto.index)
        {
            obsolete.extend(state.segments.pop_front().map(|segment| segment.number));
        }
        state.chunk().obsolete.extend(obsolete);
        drop(state);
        Shared::wake(&self.shared);
        Ok(())
    }
}
