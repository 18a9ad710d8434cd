//! Work that waits for the disk, away from the threads that serve.

use crate::{Error, world};

/// Does `work` where it may block.
///
/// # Errors
/// [`Error::Internal`] if it panicked.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    if world::is_simulated() {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::Internal(e.to_string()))
}
