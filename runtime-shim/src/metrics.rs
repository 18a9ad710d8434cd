//! What the runtime counts. Plain atomics: the API that exports them is elsewhere.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counters of one runtime. All only grow, except where said.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Sandboxes begun.
    pub sandboxes_started: Counter,
    /// Containers begun.
    pub containers_started: Counter,
    /// Containers that ended by themselves or were stopped.
    pub containers_exited: Counter,
    /// Guests that trapped: containers and HTTP requests.
    pub traps: Counter,
    /// Guests ended for want of memory.
    pub out_of_memory: Counter,
    /// HTTP requests answered by guests.
    pub http_requests: Counter,
    /// HTTP requests answered by the runtime for a guest that could not: trap, deadline, no place.
    pub http_failures: Counter,
    /// Modules compiled.
    pub modules_compiled: Counter,
    /// Time spent compiling, in microseconds.
    pub compile_micros: Counter,
    /// Modules loaded from compiled code on disk.
    pub modules_loaded: Counter,
    /// Time spent verifying and loading, in microseconds.
    pub load_micros: Counter,
}

/// A number that grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn increment(&self) {
        self.add(1);
    }

    /// Some more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// The number now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Metrics {
    /// A module was compiled.
    pub fn code_compiled(&self, took: Duration) {
        self.modules_compiled.increment();
        self.compile_micros.add(micros(took));
    }

    /// Compiled code was verified and loaded.
    pub fn code_loaded(&self, took: Duration) {
        self.modules_loaded.increment();
        self.load_micros.add(micros(took));
    }

    /// Name and value of each counter, named as Prometheus counters are.
    pub fn list(&self) -> [(&'static str, u64); 11] {
        [
            ("sandboxes_started_total", self.sandboxes_started.get()),
            ("containers_started_total", self.containers_started.get()),
            ("containers_exited_total", self.containers_exited.get()),
            ("guest_traps_total", self.traps.get()),
            ("guest_out_of_memory_total", self.out_of_memory.get()),
            ("http_requests_total", self.http_requests.get()),
            ("http_failures_total", self.http_failures.get()),
            ("modules_compiled_total", self.modules_compiled.get()),
            (
                "module_compile_microseconds_total",
                self.compile_micros.get(),
            ),
            ("modules_loaded_total", self.modules_loaded.get()),
            ("module_load_microseconds_total", self.load_micros.get()),
        ]
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
