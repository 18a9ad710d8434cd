//! A room of the program in a process that holds several: its own tokio runtime, with threads that carry its name.
//!
//! So a guest that spins in the runtime cannot hold up the API server's workers, and the CPU time of each room can be read from the
//! threads' names (`/proc/PID/task/*/stat`).

use std::future::Future;
use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// How long a room may take to end its last tasks once it was told to stop.
const STOP_WITHIN: Duration = Duration::from_secs(5);
/// Most threads of one room that wait for disks. Their work is short: more of them cost their making and overtake nobody.
const BLOCKING_THREADS: usize = 8;
/// The same where guests' own reads and writes are waited for, which may take as long as they like.
const GUESTS_BLOCKING_THREADS: usize = 512;

/// One room's runtime.
pub struct Room {
    name: &'static str,
    runtime: Runtime,
}

impl Room {
    /// A room whose threads are called `name` (15 characters at most, as Linux cuts the rest).
    pub fn new(name: &'static str) -> anyhow::Result<Self> {
        Self::with_blocking_threads(name, BLOCKING_THREADS)
    }

    /// A room that runs guests.
    pub fn of_guests(name: &'static str) -> anyhow::Result<Self> {
        Self::with_blocking_threads(name, GUESTS_BLOCKING_THREADS)
    }

    fn with_blocking_threads(name: &'static str, most: usize) -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .thread_name(name)
            .max_blocking_threads(most)
            .enable_all()
            .build()
            .with_context(|| format!("cannot start the threads of {name}"))?;
        Ok(Self { name, runtime })
    }

    /// Runs something to its end in this room, from outside any runtime.
    pub fn block_on<F: Future>(&self, work: F) -> F::Output {
        self.runtime.block_on(work)
    }

    /// Does something that starts tasks of its own, which then are this room's.
    pub fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        let _guard = self.runtime.enter();
        work()
    }

    /// Starts something in this room; its failure is the room's.
    pub fn spawn<F>(&self, work: F) -> JoinHandle<anyhow::Result<()>>
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let name = self.name;
        self.runtime
            .spawn(async move { work.await.with_context(|| format!("{name} failed")) })
    }

    /// Ends what still runs.
    pub fn stop(self) {
        self.runtime.shutdown_timeout(STOP_WITHIN);
    }
}
