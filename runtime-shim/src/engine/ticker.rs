//! The epoch clock: one thread that moves the engines' epochs on, so that a guest that only computes gives way, and can be stopped.
//!
//! It sleeps while no guest runs: an idle node is not woken two hundred times a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use parking_lot::Mutex;
use wasmtime::Engine;

/// How long a guest may compute before it gives way to others, and how fast one is interrupted.
pub const TICK: Duration = Duration::from_millis(5);
/// Ticks without a step of any guest after which the thread sleeps.
const QUIET_TICKS: u32 = 20;

/// The clock. It stops when dropped.
#[derive(Debug)]
pub struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
    handle: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// A guest took a step since the last tick.
    active: AtomicBool,
    asleep: AtomicBool,
    stop: AtomicBool,
}

impl Ticker {
    /// Starts the clock of `engines`.
    pub fn start(engines: Vec<Engine>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let clock = Arc::clone(&shared);
        let handle = thread::Builder::new()
            .name("wasm-epoch".to_owned())
            .spawn(move || clock.run(&engines))?;
        Ok(Self {
            shared,
            thread: handle.thread().clone(),
            handle: Mutex::new(Some(handle)),
        })
    }

    /// Called at every step of a guest: wakes the clock if it sleeps.
    pub fn keep_awake(&self) {
        if !self.shared.active.load(Ordering::Relaxed) {
            self.shared.active.store(true, Ordering::SeqCst);
        }
        if self.shared.asleep.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
    }
}

impl Shared {
    fn run(&self, engines: &[Engine]) {
        let mut quiet = 0;
        while !self.stop.load(Ordering::Relaxed) {
            thread::park_timeout(TICK);
            engines.iter().for_each(Engine::increment_epoch);
            if self.active.swap(false, Ordering::SeqCst) {
                quiet = 0;
                continue;
            }
            quiet += 1;
            if quiet >= QUIET_TICKS {
                self.asleep.store(true, Ordering::SeqCst);
                while !self.active.load(Ordering::SeqCst) && !self.stop.load(Ordering::SeqCst) {
                    thread::park();
                }
                self.asleep.store(false, Ordering::SeqCst);
                quiet = 0;
            }
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.thread.unpark();
        if let Some(handle) = self.handle.get_mut().take() {
            let _ = handle.join();
        }
    }
}
