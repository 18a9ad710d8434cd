//! Waiting for something to become true, with a limit.

use std::time::{Duration, Instant};

use anyhow::Context as _;

/// How long the tests wait for what takes a moment: pods that start, conditions, logs.
pub const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);

/// Repeats `check` until it succeeds, and fails with its last error after [`PATIENCE`].
pub fn eventually<T>(check: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<T> {
    within(PATIENCE, check)
}

/// Repeats `check` until it succeeds, and fails with its last error after `limit`.
pub fn within<T>(
    limit: Duration,
    mut check: impl FnMut() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let begun = Instant::now();
    loop {
        match check() {
            Ok(value) => return Ok(value),
            Err(error) if begun.elapsed() >= limit => {
                return Err(error).with_context(|| format!("still so after {} s", limit.as_secs()));
            }
            Err(_) => settle(PAUSE),
        }
    }
}

/// Leaves the cluster alone for a while: between two looks, or before a measurement. Not to wait for something to have happened.
#[allow(
    clippy::disallowed_methods,
    reason = "another process is waited for, which tells us nothing when it is done"
)]
pub fn settle(time: Duration) {
    std::thread::sleep(time);
}
