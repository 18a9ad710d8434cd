//! What a store does by itself: cut the log, mind the quota, and tell raft's state to the counters. Compaction is in `compactor`.

use std::sync::Arc;

use openraft::async_runtime::watch::WatchReceiver;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{core::SharedCore, raft::Raft, store::WeakStore, wal::log::Log};

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

/// Keeps what raft says of itself where headers and counters read it.
pub async fn follow_raft(raft: Raft, core: SharedCore, stop: CancellationToken) {
    let mut changes = raft.server_metrics();
    let mut leader = None;
    loop {
        {
            let now = changes.borrow_watched();
            core.set_term(now.vote.leader_id.term);
            core.metrics
                .has_leader
                .set(i64::from(now.current_leader.is_some()));
            core.metrics
                .is_leader
                .set(i64::from(now.current_leader == Some(core.member_id)));
            if now.current_leader.is_some() && now.current_leader != leader {
                leader = now.current_leader;
                core.metrics.leader_changes_seen.inc();
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            changed = changes.changed() => if changed.is_err() { return },
        }
    }
}
