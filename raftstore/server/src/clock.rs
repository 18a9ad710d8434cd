//! The room's one edge to wall time: when a certificate made here begins to be good, and when a process started.

use std::time::SystemTime;

/// Now, by the wall.
#[allow(clippy::disallowed_methods, reason = "this is the edge")]
pub fn now() -> SystemTime {
    SystemTime::now()
}
