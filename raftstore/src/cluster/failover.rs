//! What a follower does when the leader's process is gone: it does not wait for the election timeout.
//!
//! The sign is that the connection to the leader broke and that nobody listens at its URLs any more. A follower that sees it
//! gives up the leader's lease and asks, after a moment that depends on its place among the members, for a pre-vote. Every
//! voter that sees the same grants it; one that still hears from the leader refuses. So the leader is only replaced if a
//! quorum finds it gone, and nothing is risked if they are wrong: votes are given by raft's rules alone, the lease only
//! spares a healthy leader from being disturbed.

use std::{sync::Arc, time::Duration};

use openraft::{async_runtime::watch::WatchReceiver, raft::TransferLeaderRequest};
use tokio::sync::mpsc;

use super::Cluster;
use crate::raft::Vote;

/// By how much later each next voter asks. The one before should be through by then.
const STAGGER: Duration = Duration::from_millis(25);
/// How long until a voter asks again, if nobody leads by then: others may have seen the leader's end later, or two may have asked
/// for the same term, of which neither got it. Each next wait is longer by as much, and so are the differences between voters, so
/// that an election over slow disks is left the time it takes.
const AGAIN: Duration = Duration::from_millis(75);
/// How often a voter asks; afterwards the election timeout decides.
const ATTEMPTS: u32 = 5;

/// Runs until the store stops.
pub async fn run(cluster: Arc<Cluster>, mut gone: mpsc::Receiver<u64>) {
    loop {
        let id = tokio::select! {
            () = cluster.stop.cancelled() => return,
            id = gone.recv() => match id {
                Some(id) => id,
                None => return,
            },
        };
        if cluster.leader() == Some(id) {
            tokio::select! {
                () = cluster.stop.cancelled() => return,
                () = replace(&cluster, id) => {}
            }
        }
    }
}

async fn replace(cluster: &Cluster, leader: u64) {
    let vote = cluster.vote();
    tracing::warn!(
        leader = format!("{leader:x}"),
        "the leader's process is gone"
    );
    // To raft this is a leader that lets another one take over, which is what ends its lease.
    let request = TransferLeaderRequest::new(vote, leader, None);
    if cluster.raft.handle_transfer_leader(request).await.is_err() {
        return;
    }
    let members = cluster.effective();
    let before_me = members
        .membership()
        .voter_ids()
        .filter(|id| *id != leader && *id < cluster.id)
        .count();
    let stagger = STAGGER * u32::try_from(before_me).unwrap_or(u32::MAX);
    let somebody_asks = changes_within(cluster, stagger, |now| now != vote).await;
    if somebody_asks && changes_within(cluster, AGAIN, |now| is_led(now, vote)).await {
        return;
    }
    for attempt in 1..=ATTEMPTS {
        let asked = cluster.raft.trigger().elect(true).await;
        let wait = (AGAIN + stagger) * attempt;
        if asked.is_err() || changes_within(cluster, wait, |now| is_led(now, vote)).await {
            return;
        }
    }
}

/// Whether the vote `now` is for a leader that follows the one of `before`.
fn is_led(now: Vote, before: Vote) -> bool {
    now.committed && now != before
}

/// Whether this member's vote is as wanted before `limit` is over.
async fn changes_within(cluster: &Cluster, limit: Duration, wanted: impl Fn(Vote) -> bool) -> bool {
    let mut changes = cluster.server.clone();
    let changed = async {
        while !wanted(cluster.vote()) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::time::timeout(limit, changed).await.is_ok()
}

impl Cluster {
    fn vote(&self) -> Vote {
        self.server.borrow_watched().vote
    }
}
