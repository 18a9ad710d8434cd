//! Moving the leadership: by request, and before a clean stop, so that nobody waits for an election.

use std::{sync::Arc, time::Duration};

use openraft::async_runtime::watch::WatchReceiver;
use tokio::time::Instant;

use super::Cluster;
use crate::Error;

impl Cluster {
    /// Lets the voter `to` lead. Only the leader does that, as in etcd.
    ///
    /// # Errors
    /// [`Error::NotLeader`], [`Error::BadLeaderTransferee`], [`Error::TimeoutLeaderTransfer`].
    pub async fn move_leader(self: &Arc<Self>, to: u64) -> Result<(), Error> {
        self.check_running()?;
        match self.leader() {
            Some(leader) if leader == self.id => {
                self.hand_over(to, self.config.request_timeout).await
            }
            Some(leader) => Err(Error::NotLeader {
                leader: Some(leader),
            }),
            None => Err(Error::NoLeader),
        }
    }

    /// As the leader: hands over, and waits until that is done.
    pub(super) async fn hand_over(&self, to: u64, limit: Duration) -> Result<(), Error> {
        let members = self.effective();
        if !members.membership().voter_ids().any(|id| id == to) {
            return Err(Error::BadLeaderTransferee);
        }
        let deadline = Instant::now() + limit;
        tracing::info!(to = format!("{to:x}"), "handing the leadership over");
        if to != self.id {
            let sent = self.raft.trigger().transfer_leader(to).await;
            sent.map_err(|fatal| self.fatal(&fatal))?;
        }
        let mut changes = self.server.clone();
        while self.leader() != Some(to) {
            match tokio::time::timeout_at(deadline, changes.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(Error::Stopped),
                Err(_) => return Err(Error::TimeoutLeaderTransfer),
            }
        }
        Ok(())
    }

    /// Before a clean stop: lets the voter lead that has most of the log, if this member leads and another one is there.
    pub async fn hand_over_before_stop(&self) {
        if self.check_running().is_err() || !self.is_leader() || self.core.is_sole_voter() {
            return;
        }
        let members = self.effective();
        let others = members.membership().voter_ids().filter(|id| *id != self.id);
        let there = others.filter(|id| {
            self.peers
                .get(*id)
                .is_some_and(|link| link.active_since().is_some())
        });
        let Some(to) = there.max_by_key(|id| self.progress(*id).0) else {
            return;
        };
        if let Err(error) = self.hand_over(to, self.config.election_timeout).await {
            tracing::warn!(%error, "stopping without handing the leadership over");
        }
    }
}
