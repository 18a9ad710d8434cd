//! The room's one edge to time. Monotonic only: a wall clock that jumps neither ends a lease nor an election.

use std::time::{Duration, Instant};

/// Time since the store was opened.
#[derive(Clone, Debug)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Clock {
            origin: Instant::now(),
        }
    }

    /// Time since the start.
    pub fn now(&self) -> Duration {
        self.origin.elapsed()
    }
}
