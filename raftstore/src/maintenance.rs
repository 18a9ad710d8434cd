//! What a store does by itself: cut the log and mind the quota. Compaction is in `compactor`.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{raft::Raft, store::WeakStore, wal::log::Log};

/// After each commit of the state file: makes a snapshot, which cuts the log, if the log has grown past `limit` bytes, and
/// raises the alarm if the file has grown past the quota.
pub async fn after_commits(
    store: WeakStore,
    raft: Raft,
    log: Log,
    committed: Arc<Notify>,
    limit: u64,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = committed.notified() => {}
        }
        if log.size() > limit && raft.trigger().snapshot().await.is_err() {
            return;
        }
        let Some(inner) = store.upgrade() else { return };
        let quota = inner.config().quota();
        if quota.is_some_and(|quota| inner.core().db_size() >= quota)
            && let Err(error) = inner.raise_no_space().await
        {
            tracing::warn!(%error, "the quota is used up, and the alarm could not be raised");
        }
    }
}
