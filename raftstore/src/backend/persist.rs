//! The thread that writes behind: it collects what was applied and commits it durably, at an interval, when much has come
//! together, or when somebody needs it on disk (a snapshot, a clean stop).
//!
//! Between commits it does the chores of the key space that nobody should wait for: compaction, and dropping values.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use parking_lot::{Condvar, Mutex};
use tokio::{
    sync::{Notify, oneshot},
    time::Instant,
};

use super::{
    Image,
    defragment::Failure,
    tables::{Batch, State},
};
use crate::{
    Error,
    core::Core,
    hash::{Compaction, Hasher},
    mvcc::version::Rev,
    world,
};

/// Bytes of changes that are committed without waiting for the interval.
const EAGER_BYTES: usize = 8 << 20;
/// Bytes of changes above which applying waits for the disk.
const MAX_BYTES: usize = 64 << 20;
/// Versions that compaction forgets, and keys that dropping values looks at, under one hold of the lock.
const STEP: usize = 512;

/// What waits to be written, and who waits for it.
#[derive(Debug, Default)]
pub struct Pending {
    queue: Mutex<Queue>,
    wake: Condvar,
    /// What wakes the task that takes the thread's place in a simulation.
    wake_task: Notify,
    /// Bytes that what waits will take on disk, about.
    disk_bytes: AtomicU64,
    /// The same of what is being written.
    writing_bytes: AtomicU64,
    /// Told after each commit.
    pub room: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    batch: Batch,
    dirty_since: Option<Instant>,
    waiting: Vec<oneshot::Sender<Result<(State, Image), Error>>>,
    defragment: Vec<oneshot::Sender<Result<(), Error>>>,
    compact: bool,
    failed: Option<Error>,
    closed: bool,
}

impl Pending {
    /// Adds to what waits.
    pub fn add(&self, add: impl FnOnce(&mut Batch)) {
        let mut queue = self.queue.lock();
        add(&mut queue.batch);
        let first = queue.dirty_since.is_none();
        queue.dirty_since.get_or_insert_with(Instant::now);
        let eager = queue.batch.bytes >= EAGER_BYTES;
        self.disk_bytes
            .store(queue.batch.disk_bytes, Ordering::Relaxed);
        drop(queue);
        if first || eager {
            self.wake();
        }
    }

    /// Throws away what waits: a snapshot was installed in its place.
    pub fn discard(&self, state: State) {
        let mut queue = self.queue.lock();
        queue.batch = Batch {
            state,
            ..Default::default()
        };
        queue.dirty_since = None;
        self.disk_bytes.store(0, Ordering::Relaxed);
    }

    /// Bytes that what waits, or is being written, will take on disk, about.
    pub fn disk_bytes(&self) -> u64 {
        self.disk_bytes.load(Ordering::Relaxed) + self.writing_bytes.load(Ordering::Relaxed)
    }

    /// Whether so much waits that applying should pause, or why nothing is written any more.
    pub fn is_full(&self) -> Result<bool, Error> {
        let queue = self.queue.lock();
        match &queue.failed {
            Some(error) => Err(error.clone()),
            None => Ok(queue.batch.bytes >= MAX_BYTES),
        }
    }

    /// Starts compaction in the background.
    pub fn compact(&self) {
        self.queue.lock().compact = true;
        self.wake();
    }

    /// Writes everything that waits now. Answers with what the file then is.
    pub async fn flush(&self) -> Result<(State, Image), Error> {
        let (tx, rx) = oneshot::channel();
        {
            let mut queue = self.queue.lock();
            if queue.closed {
                return Err(Error::Stopped);
            }
            queue.waiting.push(tx);
        }
        self.wake();
        rx.await.map_err(|_| Error::Stopped)?
    }

    /// Writes the file anew, without holes. Nothing is written meanwhile: what is applied waits in memory.
    pub async fn defragment(&self) -> Result<(), Error> {
        let (tx, rx) = oneshot::channel();
        {
            let mut queue = self.queue.lock();
            if queue.closed {
                return Err(Error::Stopped);
            }
            queue.defragment.push(tx);
        }
        self.wake();
        rx.await.map_err(|_| Error::Stopped)?
    }

    fn wake(&self) {
        self.wake.notify_one();
        self.wake_task.notify_one();
    }

    /// Whether the thread is to end.
    pub fn is_closed(&self) -> bool {
        self.queue.lock().closed
    }

    /// Ends the thread after a last commit.
    pub fn close(&self) {
        self.queue.lock().closed = true;
        self.wake();
    }
}

/// Starts the thread. `committed` is called after each commit.
pub fn start(
    core: Arc<Core>,
    interval: Duration,
    committed: impl Fn() + Send + Sync + 'static,
) -> Result<Option<JoinHandle<()>>, Error> {
    if world::is_simulated() {
        tokio::spawn(run_as_task(core, interval, committed));
        return Ok(None);
    }
    std::thread::Builder::new()
        .name("store-persist".into())
        .spawn(move || run(&core, interval, committed))
        .map(Some)
        .map_err(|e| Error::io("starting the thread that writes behind", e))
}

struct Work {
    commit: bool,
    compact: bool,
    defragment: Vec<oneshot::Sender<Result<(), Error>>>,
    last: bool,
}

fn run(core: &Arc<Core>, interval: Duration, committed: impl Fn()) {
    let hasher = Hasher::start(core);
    loop {
        let work = next_work(&core.pending, interval);
        if !work.do_it(core, &hasher, &committed) {
            return;
        }
    }
}

/// The thread's work as a task, in a simulation.
async fn run_as_task(core: Arc<Core>, interval: Duration, committed: impl Fn() + Sync) {
    let hasher = Hasher::none(&core);
    loop {
        let look = core.pending.queue.lock().look(interval);
        let due = match look {
            Ok(work) => {
                if !work.do_it(&core, &hasher, &committed) {
                    return;
                }
                continue;
            }
            Err(due) => due,
        };
        let woken = core.pending.wake_task.notified();
        match due {
            // Woken or due, it looks again.
            Some(due) => drop(tokio::time::timeout_at(due, woken).await),
            None => woken.await,
        }
    }
}

impl Work {
    /// Returns whether more is to follow.
    fn do_it(self, core: &Core, hasher: &Hasher, committed: &impl Fn()) -> bool {
        if self.compact {
            compact(core, hasher);
        }
        if self.commit {
            // It says itself what went wrong.
            let _ = commit(core, Answer::All);
            committed();
        }
        if !self.defragment.is_empty() {
            let result = defragment(core);
            if let Err(error) = &result {
                tracing::error!(%error, "defragmenting failed");
            }
            for waiter in self.defragment {
                // The one who waited may have given up.
                drop(waiter.send(result.clone()));
            }
        }
        if !self.last {
            evict(core);
        }
        !self.last
    }
}

impl Queue {
    /// What is to be done now, or when something will be.
    fn look(&mut self, interval: Duration) -> Result<Work, Option<Instant>> {
        let due = self.dirty_since.map(|since| since + interval);
        let compact = std::mem::take(&mut self.compact);
        let commit = self.closed
            || !self.waiting.is_empty()
            || !self.defragment.is_empty()
            || self.batch.bytes >= EAGER_BYTES
            || due.is_some_and(|due| due <= Instant::now());
        if commit || compact {
            Ok(Work {
                commit,
                compact,
                defragment: std::mem::take(&mut self.defragment),
                last: self.closed,
            })
        } else {
            Err(due)
        }
    }
}

/// Waits until something is to be done.
fn next_work(pending: &Pending, interval: Duration) -> Work {
    let mut queue = pending.queue.lock();
    loop {
        match queue.look(interval) {
            Ok(work) => return work,
            Err(Some(due)) => drop(pending.wake.wait_until(&mut queue, due.into_std())),
            Err(None) => pending.wake.wait(&mut queue),
        }
    }
}

/// Who is told of a commit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Everyone who waits for one.
    All,
    /// Nobody yet: what they wait for is still to come.
    None,
}

/// Commits what waits, and answers with what the file then is.
fn commit(core: &Core, answer: Answer) -> Result<Image, Error> {
    let result = try_commit(core, answer);
    if let Err(error) = &result {
        tracing::error!(%error, "writing the state file failed; the store stops applying");
    }
    core.pending.room.notify_waiters();
    result
}

fn try_commit(core: &Core, answer: Answer) -> Result<Image, Error> {
    // Held until the durable state is noted: a snapshot must not pair one commit's state with another's file.
    let mut durable = core.durable.lock();
    let (batch, waiting, dirty, failed) = {
        let mut queue = core.pending.queue.lock();
        let state = queue.batch.state.clone();
        let batch = std::mem::replace(
            &mut queue.batch,
            Batch {
                state,
                ..Default::default()
            },
        );
        let dirty = queue.dirty_since.take().is_some();
        let pending = &core.pending;
        pending
            .writing_bytes
            .store(batch.disk_bytes, Ordering::Relaxed);
        pending.disk_bytes.store(0, Ordering::Relaxed);
        (
            batch,
            match answer {
                Answer::All => std::mem::take(&mut queue.waiting),
                Answer::None => Vec::new(),
            },
            dirty,
            queue.failed.clone(),
        )
    };
    let result = match failed {
        Some(error) => Err(error),
        None if dirty => write(core, &batch),
        None => Ok(()),
    };
    // Written, it is in the file's size.
    core.pending.writing_bytes.store(0, Ordering::Relaxed);
    let result = result.and_then(|()| {
        if dirty {
            *durable = Some(batch.state.clone());
        }
        core.backend.image()
    });
    drop(durable);
    match result {
        Ok(image) => {
            for waiter in waiting {
                // The one who waited may have given up.
                drop(waiter.send(Ok((batch.state.clone(), image.clone()))));
            }
            if dirty {
                core.space.write().note_persisted(batch.state.revision);
            }
            Ok(image)
        }
        Err(error) => {
            core.pending.queue.lock().failed = Some(error.clone());
            for waiter in waiting {
                drop(waiter.send(Err(error.clone())));
            }
            Err(error)
        }
    }
}

fn write(core: &Core, batch: &Batch) -> Result<(), Error> {
    let begun = std::time::Instant::now();
    core.backend.commit(batch)?;
    core.metrics
        .backend_commit_seconds
        .observe(begun.elapsed().as_secs_f64());
    core.metrics
        .db_total_size
        .set(i64::try_from(core.backend.size()).unwrap_or(i64::MAX));
    Ok(())
}

fn defragment(core: &Core) -> Result<(), Error> {
    // Whoever installs a snapshot writes to the file as well.
    let _durable = core.durable.lock();
    if let Some(error) = core.pending.queue.lock().failed.clone() {
        return Err(error);
    }
    let begun = Instant::now();
    let before = core.backend.size();
    core.metrics.defragment_inflight.set(1);
    let result = core.backend.defragment().map_err(|failure| match failure {
        Failure::Unchanged(error) => error,
        Failure::Unknown(error) => {
            core.pending.queue.lock().failed = Some(error.clone());
            error
        }
    });
    core.metrics.defragment_inflight.set(0);
    core.metrics
        .defragment_seconds
        .observe(begun.elapsed().as_secs_f64());
    if result.is_ok() {
        let (after, took) = (core.backend.size(), begun.elapsed());
        tracing::info!(before, after, ?took, "defragmented the state file");
        core.metrics
            .db_total_size
            .set(i64::try_from(after).unwrap_or(i64::MAX));
    }
    result
}

/// Does what compactions wait for, one after the other.
fn compact(core: &Core, hasher: &Hasher) {
    loop {
        let due = {
            let space = core.space.read();
            if !space.compaction_pending() {
                return;
            }
            space.due_compaction()
        };
        // What a compaction is remembered by is hashed over the file as it was before.
        let remembered = due.filter(|_| hasher.works());
        let before = remembered.and_then(|due| Some((due, commit(core, Answer::None).ok()?)));
        let gone = forget(core, due);
        if let Some(((before, revision), image)) = before {
            hasher.take(Compaction::new(image, before, revision, gone));
        }
    }
}

/// Forgets what one compaction allows to forget. Returns the revisions that are gone.
fn forget(core: &Core, due: Option<(i64, i64)>) -> Vec<Rev> {
    let milliseconds = |begun: Instant| begun.elapsed().as_secs_f64() * 1000.0;
    let metrics = &core.metrics;
    let begun = Instant::now();
    let mut all = Vec::new();
    loop {
        let mut space = core.space.write();
        let locked = Instant::now();
        let gone = space.compact_step(STEP);
        metrics.compaction_keys.inc_by(gone.len() as u64);
        if !gone.is_empty() {
            all.extend_from_slice(&gone);
            core.pending.add(|batch| batch.removals.extend(gone));
        }
        core.note(&space);
        let done = !space.compaction_pending() || space.due_compaction() != due;
        drop(space);
        metrics
            .compaction_pause_milliseconds
            .observe(milliseconds(locked));
        if done {
            metrics.compaction_milliseconds.observe(milliseconds(begun));
            let now = core.clock.wall_seconds();
            metrics
                .compaction_last
                .set(i64::try_from(now).unwrap_or(i64::MAX));
            return all;
        }
    }
}

/// Drops values until the bound is met, or once round.
fn evict(core: &Core) {
    let rounds = core.space.read().live / STEP + 1;
    for _ in 0..rounds {
        if !core.space.read().over_budget() {
            break;
        }
        core.space.write().evict_step(STEP);
    }
    core.metrics
        .value_cache_bytes
        .set(core.space.read().hot_bytes as f64);
}
