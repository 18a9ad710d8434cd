//! Ends leases whose time is over, by proposing it: keys go at one revision, on every member alike. Proposes checkpoints of
//! leases that live long.

use std::time::Duration;

use futures::{StreamExt, stream};
use openraft::async_runtime::watch::WatchReceiver;
use tokio_util::sync::CancellationToken;

use crate::{command::Command, store::WeakStore};

/// Leases ended in one go.
const MAX_BATCH: usize = 1_000;
/// Checkpoints in one command, as in etcd.
const MAX_CHECKPOINTS: usize = 1_000;
/// Revocations under way at once.
const MAX_IN_FLIGHT: usize = 64;
/// Longest sleep; bounds what a missed wake-up could cost.
const MAX_SLEEP: Duration = Duration::from_secs(10);

/// Runs until `stop`.
pub async fn run(store: WeakStore, stop: CancellationToken) {
    loop {
        let Some(inner) = store.upgrade() else {
            return;
        };
        let mut ended = Vec::new();
        let mut changes = inner.leadership();
        let leads = inner.lead_leases();
        if leads {
            ended = inner.core().leases.ended(MAX_BATCH);
            let due = inner.core().leases.due_checkpoints(MAX_CHECKPOINTS);
            if !due.is_empty()
                && let Err(error) = inner.propose(Command::LeaseCheckpoint(due)).await
            {
                tracing::warn!(%error, "what is left of leases could not be told");
            }
        }
        if !ended.is_empty() {
            stream::iter(ended)
                .for_each_concurrent(MAX_IN_FLIGHT, |id| {
                    let inner = &inner;
                    async move {
                        match inner.propose(Command::LeaseRevoke { id }).await {
                            Ok(_) => drop(inner.core().metrics.lease_expired.inc()),
                            Err(error) => {
                                tracing::warn!(%error, id, "a lease that ended stays for now")
                            }
                        }
                    }
                })
                .await;
        }
        // Who does not lead knows of no renewals: to it, leases have ended that have not, and there is nothing to do about it.
        let next = inner.core().leases.next_look().filter(|_| leads);
        let sleep = next.unwrap_or(MAX_SLEEP).min(MAX_SLEEP);
        let core = std::sync::Arc::clone(inner.core());
        drop(inner);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(sleep) => {}
            () = core.leases.sooner.notified() => {}
            changed = changes.changed() => if changed.is_err() {
                // Raft has ended.
                return;
            }
        }
    }
}
