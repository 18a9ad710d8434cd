//! The room's one edge to time. Monotonic: a wall clock that jumps neither ends a lease nor an election. The wall clock is asked
//! where others than this process read the time alone: when signed tokens end, in the ids of members that are added, and in metrics.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::world;

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

    /// Seconds since 1970 by the wall clock; see the module header for what may ask.
    #[allow(clippy::disallowed_methods, reason = "this is the room's clock")]
    pub fn wall_seconds(&self) -> u64 {
        world::wall_seconds().unwrap_or_else(|| {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs())
        })
    }
}
