//! When leases end: the leader's knowledge, asked of it by the others.

use std::{sync::Arc, time::Duration};

use openraft::async_runtime::watch::WatchReceiver;
use tokio::time::Instant;

use super::{Cluster, Failed, failed};
use crate::{
    Error,
    command::{Command, LeaseCheckpoint},
    raft::transport::wire::proto,
    rpc::LeaseTimeToLiveResponse,
};

impl Cluster {
    /// Whether this member leads. If it has begun to, every lease was started anew by then.
    pub fn lead_leases(&self) -> bool {
        let (leads, term) = {
            let now = self.server.borrow_watched();
            let leads = now.current_leader == Some(self.id);
            (leads, now.vote.leader_id.term)
        };
        if leads {
            let extra = self.config.election_timeout;
            self.core
                .leases
                .lead(term, || self.core.restart_leases(extra));
        }
        leads
    }

    /// Starts a lease's time anew. Returns it in seconds; 0 says that there is no such lease.
    ///
    /// # Errors
    /// Errors of time, [`Error::Stopped`].
    pub async fn lease_renew(self: &Arc<Self>, id: i64) -> Result<i64, Error> {
        self.ask_leader(
            || async { self.renew_here(id).await },
            |link, limit| async move {
                let request = link.request_within(proto::LeaseRenewRequest { id }, limit);
                let answer = link.rest().lease_renew(request).await;
                answer.map(|response| response.into_inner().ttl)
            },
        )
        .await
    }

    /// Says how long a lease still lives, and which keys hang on it if `keys` is set.
    ///
    /// # Errors
    /// Errors of time, [`Error::Stopped`].
    pub async fn lease_time_to_live(
        self: &Arc<Self>,
        id: i64,
        keys: bool,
    ) -> Result<LeaseTimeToLiveResponse, Error> {
        self.ask_leader(
            || async { self.time_to_live_here(id, keys).await },
            |link, limit| async move {
                let message = proto::LeaseTimeToLiveRequest { id, keys };
                let request = link.request_within(message, limit);
                let answer = link.rest().lease_time_to_live(request).await?.into_inner();
                Ok(LeaseTimeToLiveResponse {
                    header: self.core.header(answer.revision),
                    id,
                    ttl: answer.ttl,
                    granted_ttl: answer.granted_ttl,
                    keys: answer.keys,
                })
            },
        )
        .await
    }

    /// Asks the leader, or does as one, until there is an answer or the time is over.
    async fn ask_leader<T, H, R>(
        self: &Arc<Self>,
        here: impl Fn() -> H,
        remote: impl Fn(Arc<crate::raft::transport::link::Link>, Duration) -> R,
    ) -> Result<T, Error>
    where
        H: Future<Output = Result<T, Failed>>,
        R: Future<Output = Result<T, tonic::Status>>,
    {
        self.check_running()?;
        let deadline = Instant::now() + self.config.request_timeout;
        loop {
            let tried = if self.leader() == Some(self.id) {
                match tokio::time::timeout_at(deadline, here()).await {
                    Ok(tried) => tried,
                    Err(_) => Err(Failed::Unknown),
                }
            } else if let Some(link) = self.leader_link() {
                let limit = self.config.election_timeout;
                match tokio::time::timeout(limit, remote(Arc::clone(&link), limit)).await {
                    Ok(Ok(answer)) => Ok(answer),
                    Ok(Err(status)) => {
                        link.note(&status);
                        Err(failed(&status))
                    }
                    Err(_) => Err(Failed::Unknown),
                }
            } else {
                Err(Failed::NotDone)
            };
            match tried {
                Ok(answer) => return Ok(answer),
                Err(Failed::Refused(error)) => return Err(error),
                // Renewing twice is renewing, and a question can be asked again.
                Err(_) if Instant::now() < deadline => self.wait_for_leader().await?,
                Err(_) if self.leader_in_sight().is_none() => return Err(Error::NoLeader),
                Err(_) => return Err(Error::Timeout),
            }
        }
    }

    /// As the leader, if this member is it: a leader whose followers have not answered for long may have been replaced by
    /// one that has ended the lease.
    pub(super) async fn renew_here(&self, id: i64) -> Result<i64, Failed> {
        self.check_leading().await?;
        self.lead_leases();
        if self.core.leases.is_checkpointed(id) {
            let taken_back = vec![LeaseCheckpoint { id, remaining: 0 }];
            let proposed = self.propose(Command::LeaseCheckpoint(taken_back), 0).await;
            proposed.map_err(Failed::Refused)?;
        }
        let renewed = self.core.leases.renew(id);
        if renewed.is_some() {
            self.core.metrics.lease_renewed.inc();
        }
        Ok(renewed.unwrap_or(0))
    }

    pub(super) async fn time_to_live_here(
        self: &Arc<Self>,
        id: i64,
        keys: bool,
    ) -> Result<LeaseTimeToLiveResponse, Failed> {
        self.check_leading().await?;
        self.lead_leases();
        let core = &self.core;
        let space = core.space.read();
        let mut response = LeaseTimeToLiveResponse {
            header: core.header(space.revision),
            id,
            ttl: -1,
            ..Default::default()
        };
        if let Some(lease) = space.leases.get(&id) {
            let left = core.leases.remaining(id).unwrap_or_default();
            response.ttl = i64::try_from(left.as_secs()).unwrap_or(i64::MAX);
            response.granted_ttl = lease.ttl;
            if keys {
                response.keys = lease.keys.iter().cloned().collect();
            }
        }
        Ok(response)
    }

    /// Whether this member leads and its followers said so not long ago, and everything that earlier leaders acknowledged
    /// Whether a quorum says now that this member leads, and everything that earlier leaders acknowledged is applied here. That its
    /// followers said so not long ago is not enough: whoever hears that a leader is lost elects another before that time is over,
    /// and a renewal by the old one would not be known to the new.
    async fn check_leading(&self) -> Result<(), Failed> {
        if self.core.is_sole_voter() {
            return Ok(());
        }
        if !self.is_leader() {
            return Err(Failed::NotDone);
        }
        let read = self.confirm().await?;
        self.core.wait_applied(read).await;
        Ok(())
    }
}
