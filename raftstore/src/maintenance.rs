//! What a store does by itself: cut the log, compact history, and tell raft's state to the counters.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use openraft::async_runtime::watch::WatchReceiver;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{core::SharedCore, raft::Raft, store::WeakStore, wal::log::Log};

/// Samples of the revision within the time that auto compaction keeps, as in etcd.
const SAMPLES: u32 = 10;

/// Makes a snapshot, which cuts the log, whenever the log has grown past `limit` bytes.
pub async fn cut_log(
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
    }
}

/// Compacts everything older than `keep`.
pub async fn auto_compact(store: WeakStore, keep: Duration, stop: CancellationToken) {
    let mut samples = VecDeque::new();
    let mut ticks = tokio::time::interval((keep / SAMPLES).max(Duration::from_millis(1)));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let Some(inner) = store.upgrade() else {
            return;
        };
        samples.push_back(inner.core().revision());
        if samples.len() <= SAMPLES as usize {
            continue;
        }
        let Some(revision) = samples.pop_front() else {
            continue;
        };
        if !inner.is_leader() || revision <= inner.core().space.read().compacted {
            continue;
        }
        match inner.compact(revision).await {
            Ok(_) => tracing::debug!(revision, "compacted history"),
            Err(error) => tracing::warn!(%error, revision, "compacting history failed"),
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
