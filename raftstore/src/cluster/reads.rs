//! Linearizable reads: a read must see everything that was acknowledged before it began, by whichever member.
//!
//! The leader says up to which entry that is, after it has made sure by a round of heartbeats that it still leads; the read
//! waits until that entry is applied here. Reads that come while a round is under way share the next one: there is one round
//! at a time, however many read.

use std::{sync::Arc, time::Duration};

use openraft::{
    ReadPolicy,
    errors::{LinearizableReadError, RaftError},
};
use parking_lot::Mutex;
use tokio::{sync::oneshot, time::Instant};

use super::{Cluster, Failed, failed};
use crate::{Error, raft::transport::wire::proto};

/// Most reads that wait for a round; more are answered with "too many requests".
const MAX_WAITING: usize = 65_536;

/// A round that takes longer is counted as slow: the time after which etcd asks for a read index again.
const SLOW_ROUND: Duration = Duration::from_millis(500);

/// Where reads wait for a round.
#[derive(Debug, Default)]
pub struct Gate {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: bool,
    waiting: Vec<oneshot::Sender<Result<u64, Error>>>,
}

impl Cluster {
    /// Returns once everything that was acknowledged before the call is applied here.
    ///
    /// # Errors
    /// Errors of time, [`Error::TooManyRequests`], [`Error::Stopped`].
    pub async fn linearize(self: &Arc<Self>) -> Result<(), Error> {
        self.check_running()?;
        if self.core.is_sole_voter() {
            // Alone, a write is acknowledged by the one who applied it: nothing acknowledged can be missing here.
            return Ok(());
        }
        let deadline = Instant::now() + self.config.request_timeout;
        let index = self.read_index().await?;
        tokio::select! {
            () = self.core.wait_applied(index) => Ok(()),
            () = self.stop.cancelled() => Err(Error::Stopped),
            () = tokio::time::sleep_until(deadline) => Err(Error::TimeoutWaitAppliedIndex),
        }
    }

    /// The entry up to which a read that begins now must have applied.
    pub(super) async fn read_index(self: &Arc<Self>) -> Result<u64, Error> {
        let (tx, rx) = oneshot::channel();
        let begin = {
            let mut state = self.reads.state.lock();
            if state.waiting.len() >= MAX_WAITING {
                return Err(Error::TooManyRequests);
            }
            state.waiting.push(tx);
            !std::mem::replace(&mut state.running, true)
        };
        if begin {
            tokio::spawn(rounds(Arc::clone(self)));
        }
        rx.await.map_err(|_| Error::Stopped)?
    }

    /// One round: asks until there is an answer or the time is over.
    async fn round(&self) -> Result<u64, Error> {
        let deadline = Instant::now() + self.config.request_timeout;
        loop {
            match self.try_round(deadline).await {
                Ok(index) => return Ok(index),
                Err(Failed::Refused(error)) => return Err(error),
                // A question can be asked again whatever became of it.
                Err(Failed::NotDone | Failed::Unknown) if Instant::now() < deadline => {
                    self.wait_for_leader().await?;
                }
                // etcd says no more of a read than this.
                Err(_) => return Err(Error::Timeout),
            }
        }
    }

    async fn try_round(&self, deadline: Instant) -> Result<u64, Failed> {
        if self.leader() == Some(self.id) {
            return self.confirm().await;
        }
        let link = self.leader_link().ok_or(Failed::NotDone)?;
        // A leader that cannot be reached is asked again, or another one is: the time for one question is that of an election.
        let limit = self.config.election_timeout;
        let limit = limit.min(deadline.saturating_duration_since(Instant::now()));
        let request = link.request_within(proto::ReadIndexRequest {}, limit);
        let mut client = link.raft();
        match tokio::time::timeout(limit, client.read_index(request)).await {
            Ok(Ok(response)) => Ok(response.into_inner().index),
            Ok(Err(status)) => {
                link.note(&status);
                Err(failed(&status))
            }
            Err(_) => Err(Failed::Unknown),
        }
    }

    /// As the leader: makes sure of that, and says what is committed.
    pub(super) async fn confirm(&self) -> Result<u64, Failed> {
        match self.raft.get_read_log_id(ReadPolicy::ReadIndex).await {
            Ok((read, _)) => Ok(read.index()),
            Err(RaftError::APIError(LinearizableReadError::ForwardToLeader(_))) => {
                Err(Failed::NotDone)
            }
            Err(RaftError::APIError(LinearizableReadError::QuorumNotEnough(_))) => {
                Err(Failed::NotDone)
            }
            Err(RaftError::Fatal(fatal)) => Err(Failed::Refused(self.fatal(&fatal))),
        }
    }
}

/// Does rounds until nobody waits any more.
async fn rounds(cluster: Arc<Cluster>) {
    loop {
        let waiting = {
            let mut state = cluster.reads.state.lock();
            let waiting = std::mem::take(&mut state.waiting);
            if waiting.is_empty() {
                state.running = false;
                return;
            }
            waiting
        };
        let begun = Instant::now();
        let result = cluster.round().await;
        let metrics = &cluster.core.metrics;
        if result.is_err() {
            metrics.read_indexes_failed.inc();
        }
        if begun.elapsed() > SLOW_ROUND {
            metrics.slow_read_indexes.inc();
        }
        for waiter in waiting {
            // The one who waited may have given up.
            drop(waiter.send(result.clone()));
        }
    }
}
