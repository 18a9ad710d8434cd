//! What is asked of every call before its service sees it, as etcd's interceptors do.
//!
//! - A client that sends `hasleader: true` is refused while no leader is known, and its streams are ended when none was known for
//!   three election timeouts: ending a stream costs its client more than refusing a request.
//! - A learner serves its status and serializable ranges, and of the streams the snapshot.

use std::{sync::Arc, time::Duration};

use http::HeaderMap;
use hydrofoil_raftstore::Store;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::Status;

use super::{Inner, body::Cut, errors, metrics::Method};

/// Election timeouts without a leader after which streams that want one are ended (etcd's `maxNoLeaderCnt`).
const LEADERLESS_TIMEOUTS: u32 = 3;
/// The one stream that a learner serves.
const SNAPSHOT: &str = "/etcdserverpb.Maintenance/Snapshot";

/// Whether there is a leader, and when streams end.
pub struct Leader {
    store: Store,
    metrics: hydrofoil_raftstore::Metrics,
    /// Counts how often the leader was lost.
    losses: watch::Receiver<u64>,
    closed: CancellationToken,
    _watching: DropGuard,
}

impl Leader {
    /// Begins to watch for the loss of the leader. Must be called within a runtime.
    pub fn watch(store: &Store, election_timeout: Duration) -> Self {
        let (lost, losses) = watch::channel(0);
        let stop = CancellationToken::new();
        let metrics = store.metrics();
        let has_leader = metrics.has_leader.clone();
        let stopped = stop.clone();
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(election_timeout.max(Duration::from_millis(1)));
            let mut leaderless = 0;
            loop {
                tokio::select! {
                    () = stopped.cancelled() => return,
                    _ = ticks.tick() => {}
                }
                if has_leader.get() != 0 {
                    leaderless = 0;
                    continue;
                }
                leaderless += 1;
                if leaderless >= LEADERLESS_TIMEOUTS {
                    lost.send_modify(|losses| *losses += 1);
                }
            }
        });
        Leader {
            store: store.clone(),
            metrics,
            losses,
            closed: CancellationToken::new(),
            _watching: stop.drop_guard(),
        }
    }

    fn is_known(&self) -> bool {
        // The gauge follows raft at a small distance: only "none" is asked for again.
        self.metrics.has_leader.get() != 0 || self.store.status().leader != 0
    }

    fn is_learner(&self) -> bool {
        self.store.is_learner()
    }

    /// Ends every stream.
    pub fn close(&self) {
        self.closed.cancel();
    }

    /// Resolves when a stream is to be ended.
    fn cut(&self, wants_leader: bool) -> Cut {
        let closed = self.closed.clone();
        let losses = wants_leader.then(|| self.losses.clone());
        Box::pin(async move {
            let Some(mut losses) = losses else {
                closed.cancelled().await;
                return errors::of(errors::STOPPED);
            };
            losses.mark_unchanged();
            tokio::select! {
                () = closed.cancelled() => errors::of(errors::STOPPED),
                // The sender goes when the front does: that is no loss of the leader.
                lost = losses.changed() => errors::of(match lost {
                    Ok(()) => errors::NO_LEADER,
                    Err(_) => errors::STOPPED,
                }),
            }
        })
    }
}

impl Inner {
    /// Whether a unary call is served now.
    pub(super) fn admit_unary(
        &self,
        kind: &Method,
        headers: &HeaderMap,
        learner_may: impl FnOnce() -> bool,
    ) -> Result<(), Status> {
        if self.leader.is_learner() && !learner_may() {
            return Err(errors::of(errors::NOT_SUPPORTED_FOR_LEARNER));
        }
        self.metrics
            .client_request(kind.kind, client_version(headers));
        if wants_leader(headers) && !self.leader.is_known() {
            return Err(errors::of(errors::NO_LEADER));
        }
        Ok(())
    }

    /// Whether a streaming call is served now, and what ends it.
    pub(super) fn admit_stream(
        self: &Arc<Self>,
        kind: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Cut, Status> {
        if self.leader.is_learner() && path != SNAPSHOT {
            return Err(errors::of(errors::NOT_SUPPORTED_FOR_LEARNER));
        }
        self.metrics
            .client_request(kind.kind, client_version(headers));
        let wants_leader = wants_leader(headers);
        if wants_leader && !self.leader.is_known() {
            return Err(errors::of(errors::NO_LEADER));
        }
        Ok(self.leader.cut(wants_leader))
    }
}

fn wants_leader(headers: &HeaderMap) -> bool {
    headers
        .get("hasleader")
        .is_some_and(|value| value.as_bytes() == b"true")
}

fn client_version(headers: &HeaderMap) -> Option<&str> {
    headers.get("client-api-version")?.to_str().ok()
}
