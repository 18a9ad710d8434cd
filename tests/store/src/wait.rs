//! Waiting for another process, which tells us nothing when it is done: looks repeated up to a limit.

use std::time::{Duration, Instant};

use anyhow::Context as _;

/// How long a test waits for what takes a moment. Machines that build something else meanwhile are slow.
pub const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// Repeats `check` until it succeeds; after `limit` its last error is the answer.
pub fn within<T>(
    limit: Duration,
    mut check: impl FnMut() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let begun = Instant::now();
    loop {
        match check() {
            Ok(value) => return Ok(value),
            Err(error) if begun.elapsed() >= limit => {
                return Err(error).with_context(|| format!("still so after {limit:?}"));
            }
            Err(_) => pause(PAUSE),
        }
    }
}

/// Lets time pass between two looks.
#[allow(
    clippy::disallowed_methods,
    reason = "another process is waited for, which tells us nothing when it is done"
)]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}
