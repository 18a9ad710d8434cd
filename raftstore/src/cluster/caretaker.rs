//! What a member does by itself for the cluster: it tells raft's state to the counters, keeps ways to all members, says what
//! it is called, and as the leader gives their vote to members that have caught up.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use openraft::{ChangeMembers, async_runtime::watch::WatchReceiver};
use tokio::time::Instant;

use super::Cluster;
use crate::{
    command::{Command, Reply},
    membership::roster::Attributes,
};

/// Entries that a member may lack when it gets its vote: what it lacks delays the first writes after that.
const CAUGHT_UP_ENTRIES: u64 = 1_000;
/// What is said of a member that cannot go on by itself.
const DISK_FAILED: &str = "raft has ended because the log or the state could not be written";
/// How long until something that failed is tried again.
const AGAIN: Duration = Duration::from_millis(100);

/// Keeps what raft says of itself where headers, counters and connections need it.
pub async fn follow_raft(cluster: Arc<Cluster>) {
    let mut changes = cluster.raft.server_metrics();
    let mut leader = None;
    loop {
        {
            let now = changes.borrow_watched();
            let (core, metrics) = (&cluster.core, &cluster.core.metrics);
            core.set_term(now.vote.leader_id.term);
            metrics
                .is_leader
                .set(i64::from(now.current_leader == Some(cluster.id)));
            cluster.note_leader(now.current_leader);
            cluster.peers.follow(&now.membership_config);
            if now.current_leader.is_some() && now.current_leader != leader {
                leader = now.current_leader;
                metrics.leader_changes_seen.inc();
            }
        }
        let in_sight = cluster.leader_in_sight().is_some();
        cluster.core.metrics.has_leader.set(i64::from(in_sight));
        tokio::select! {
            () = cluster.stop.cancelled() => return,
            changed = changes.changed() => if changed.is_err() { return },
            // Whether there is a connection to the leader changes without raft.
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}

/// Says through the log what this member is called and where clients reach it, if the cluster does not know it so already.
pub async fn publish(cluster: Arc<Cluster>) {
    let attributes = Attributes {
        name: cluster.config.name.clone(),
        client_urls: cluster.config.advertise_client_urls.clone(),
        disk: cluster.peers.local().disk,
    };
    loop {
        if cluster.core.roster.read().attributes.get(&cluster.id) == Some(&attributes) {
            cluster.published.send_replace(true);
            return;
        }
        let command = Command::Publish {
            member: cluster.id,
            attributes: attributes.clone(),
        };
        tokio::select! {
            () = cluster.stop.cancelled() => return,
            result = cluster.propose(command, 0) => match result {
                Ok(Reply::Done(Ok(_))) => {}
                Ok(_) | Err(_) => tokio::time::sleep(AGAIN).await,
            },
        }
    }
}

/// Gives their vote to members that were added as voters and have caught up.
pub async fn promote(cluster: Arc<Cluster>) {
    let interval = cluster.config.heartbeat_interval * 2;
    loop {
        tokio::select! {
            () = cluster.stop.cancelled() => return,
            () = tokio::time::sleep(interval) => {}
        }
        if !cluster.is_leader() {
            continue;
        }
        let Some(id) = next_voter(&cluster) else {
            continue;
        };
        let _one = cluster.changing.lock().await;
        let deadline = Instant::now() + cluster.config.request_timeout;
        let change = ChangeMembers::AddVoterIds(BTreeSet::from([id]));
        match cluster.write_members(change, deadline).await {
            Ok(_) => tracing::info!(
                member = format!("{id:x}"),
                "a member has caught up and votes"
            ),
            Err(failed) => {
                tracing::warn!(
                    member = format!("{id:x}"),
                    ?failed,
                    "a member could not be given its vote"
                );
            }
        }
    }
}

/// A member that waits for its vote, is there, and has caught up.
fn next_voter(cluster: &Cluster) -> Option<u64> {
    let members = cluster.effective();
    let voters: BTreeSet<u64> = members.membership().voter_ids().collect();
    members
        .nodes()
        .filter(|(id, node)| !voters.contains(id) && !node.is_learner)
        .map(|(id, _)| *id)
        .find(|id| {
            let (matched, last) = cluster.progress(*id);
            let is_there = cluster
                .peers
                .get(*id)
                .is_some_and(|link| link.active_since().is_some());
            is_there && matched > 0 && matched + CAUGHT_UP_ENTRIES >= last
        })
}

/// Tells whoever waits in [`Cluster::ended`] when peers refuse this member for good, when it is no member any more, or when
/// raft ended by itself, which it does when it cannot write.
pub async fn watch_refusal(cluster: Arc<Cluster>) {
    let mut refused = cluster.peers.refused();
    let mut changes = cluster.raft.server_metrics();
    loop {
        let why = *refused.borrow_and_update();
        let was_removed = cluster.core.roster.read().removed.contains(&cluster.id);
        let why = why.or(was_removed.then_some(crate::raft::transport::identity::REMOVED));
        if let Some(why) = why {
            tracing::error!("{why}");
            cluster.ended.send_replace(Some(why));
            return;
        }
        tokio::select! {
            () = cluster.stop.cancelled() => return,
            changed = refused.changed() => if changed.is_err() { return },
            changed = changes.changed() => if changed.is_err() {
                if !cluster.stop.is_cancelled() {
                    cluster.ended.send_replace(Some(DISK_FAILED));
                }
                return;
            },
            () = tokio::time::sleep(AGAIN * 10) => {}
        }
    }
}
