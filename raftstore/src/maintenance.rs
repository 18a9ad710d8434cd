//! What a store does by itself: cut the log and mind the quota. Compaction is in `compactor`.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{alarm::AlarmKind, core::SharedCore, raft::Raft, store::WeakStore, wal::log::Log};

/// By which part of its limit the log grows until it is cut again while a cut did not help: raft keeps what it is sending to a
/// peer, and every cut commits the file, which is what wakes [`after_commits`].
const GROWTH: u64 = 4;

/// After each commit of the state file: makes a snapshot, which cuts the log, if the log has grown past `limit` bytes.
pub async fn after_commits(
    raft: Raft,
    log: Log,
    committed: Arc<Notify>,
    limit: u64,
    stop: CancellationToken,
) {
    // What the log had after the last cut, or less.
    let mut floor = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = committed.notified() => {}
        }
        let size = log.size();
        floor = floor.min(size);
        if size > limit && size - floor >= limit / GROWTH {
            floor = size;
            if raft.trigger().snapshot().await.is_err() {
                return;
            }
        }
    }
}

/// Raises this member's alarm when something was applied that does not fit into its quota, unless there is one, as etcd does.
pub async fn mind_quota(store: WeakStore, core: SharedCore, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = core.short_of_space.notified() => {}
        }
        let Some(inner) = store.upgrade() else { return };
        if !core.alarms.read().any(AlarmKind::NoSpace)
            && let Err(error) = inner.raise_no_space().await
        {
            tracing::warn!(%error, "the quota is used up, and the alarm could not be raised");
        }
    }
}
