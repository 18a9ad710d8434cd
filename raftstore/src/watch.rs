//! Watches: from a change to everyone who asked for it.

use crate::rpc::WatchResponse;

/// One watch. Dropping it ends it.
#[derive(Debug)]
pub struct Watcher {}

impl Watcher {
    /// The next response. Waits without end while nothing happens; cancel safe. After a response with `canceled`
    /// set, every call returns that response again.
    pub async fn recv(&mut self) -> WatchResponse {
        std::future::pending().await
    }

    /// Asks for a response without events as soon as this watch has everything up to the current revision.
    pub fn request_progress(&self) {}
}
