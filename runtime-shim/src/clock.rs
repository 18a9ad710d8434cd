//! The room's one clock: wall time for what CRI reports, and the CPU time of the calling thread for metering guests.
//!
//! Logic takes a `Timestamp` (or nanoseconds) as a value; only the edges that react to the world call in here.

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// The wall clock now.
#[allow(
    clippy::disallowed_methods,
    reason = "the room's only reading of the wall clock"
)]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// The wall clock now, in nanoseconds since 1970, CRI's unit for `created_at` and its like.
pub fn now_nanos() -> i64 {
    i64::try_from(now().as_nanosecond()).unwrap_or(i64::MAX)
}

/// CPU time the calling thread has used so far, in nanoseconds.
pub fn thread_cpu_nanos() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}
