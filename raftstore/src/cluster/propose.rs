//! Writes: through raft if this member leads, through the leader if not.

use std::sync::{Arc, atomic::Ordering};

use openraft::errors::{ClientWriteError, RaftError};
use tokio::time::Instant;
use tonic::Status;

use super::{Cluster, Failed, failed, not_done, unknown};
use crate::{
    Error,
    command::{Command, Origin, Proposal, Reply},
    raft::transport::{
        link::Link,
        wire::{self, proto},
    },
};

/// Bytes of proposals that wait for the log; more are answered with "too many requests".
const MAX_PENDING_BYTES: usize = 256 << 20;

impl Cluster {
    /// Proposes a command of `bytes` bytes and waits until it is on a quorum's disks and applied here. Proposals that wait
    /// together share one flush.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`], errors of time (nobody knows then whether it was done), [`Error::Stopped`].
    pub async fn propose(&self, command: Command, bytes: usize) -> Result<Reply, Error> {
        self.check_running()?;
        let waiting = Waiting::enter(self, bytes)?;
        let started = Instant::now();
        let deadline = started + self.config.request_timeout;
        let command = Arc::new(command);
        let result = loop {
            match self.try_propose(&command, deadline).await {
                Ok(reply) => break Ok(reply),
                Err(Failed::NotDone) if Instant::now() < deadline => {
                    if let Err(error) = self.wait_for_leader().await {
                        break Err(error);
                    }
                }
                Err(Failed::NotDone) if self.leader_in_sight().is_none() => {
                    break Err(Error::DeadlineExceeded);
                }
                Err(Failed::NotDone | Failed::Unknown) => break Err(self.timed_out(started)),
                Err(Failed::Refused(error)) => break Err(error),
            }
        };
        drop(waiting);
        if result.is_err() {
            self.core.metrics.proposals_failed.inc();
        }
        result
    }

    async fn try_propose(
        &self,
        command: &Arc<Command>,
        deadline: Instant,
    ) -> Result<Reply, Failed> {
        let leader = self.leader().ok_or(Failed::NotDone)?;
        if leader == self.id {
            let proposal = Proposal {
                command: Arc::clone(command),
                origin: None,
            };
            return Ok(self.write(proposal, deadline).await?.1);
        }
        let link = self.peers.get(leader).ok_or(Failed::NotDone)?;
        self.forward(&link, command, deadline).await
    }

    /// Proposes to raft itself. Returns where the entry is, and the reply.
    async fn write(&self, proposal: Proposal, deadline: Instant) -> Result<(u64, Reply), Failed> {
        let installs = self.core.installs();
        let write = self.raft.client_write(proposal);
        match tokio::time::timeout_at(deadline, write).await {
            Ok(Ok(response)) => Ok((response.log_id.index, response.data)),
            // It did not get into the log, or it was taken out of it again by a new leader, unless a snapshot took the
            // place of the log, in which it may be.
            Ok(Err(RaftError::APIError(ClientWriteError::ForwardToLeader(_))))
                if self.core.installs() == installs =>
            {
                Err(Failed::NotDone)
            }
            Ok(Err(RaftError::APIError(_))) | Err(_) => Err(Failed::Unknown),
            Ok(Err(RaftError::Fatal(fatal))) => Err(Failed::Refused(self.fatal(&fatal))),
        }
    }

    async fn forward(
        &self,
        link: &Link,
        command: &Command,
        deadline: Instant,
    ) -> Result<Reply, Failed> {
        let mut place = self.core.forwarded.wait();
        let message = proto::ProposeRequest {
            number: place.number,
            command: wire::command(command),
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let request = link.request_within(message, left);
        let mut client = link.rest();
        // On its own: the entry is often applied here before the leader's answer comes, and a call that is given up then is
        // reset, at a cost for both sides, and known no more when its answer comes.
        let call = tokio::spawn(async move { client.propose(request).await });
        let mut until = deadline;
        tokio::select! {
            reply = &mut place.reply => return reply.map_err(|_| Failed::Unknown),
            answer = call => if let Err(status) = answer.unwrap_or_else(|_| Err(unknown())) {
                link.note(&status);
                match failed(&status) {
                    // It may have been sent before the connection broke: the next leader may bring it yet.
                    Failed::Unknown => {
                        until = deadline.min(Instant::now() + self.config.election_timeout * 2);
                    }
                    other => return Err(other),
                }
            },
        }
        match tokio::time::timeout_at(until, &mut place.reply).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(_)) | Err(_) => Err(Failed::Unknown),
        }
    }

    /// Proposes what a peer forwarded. Returns where the entry is.
    pub(super) async fn accept(
        &self,
        member: u64,
        message: proto::ProposeRequest,
    ) -> Result<u64, Status> {
        if !self.is_leader() {
            return Err(not_done());
        }
        let command = wire::read_command(&message.command)
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        let waiting =
            Waiting::enter(self, message.command.len()).map_err(|error| super::refused(&error))?;
        let proposal = Proposal {
            command,
            origin: Some(Origin {
                member,
                number: message.number,
            }),
        };
        let deadline = Instant::now() + self.config.request_timeout;
        let written = self.write(proposal, deadline).await;
        drop(waiting);
        match written {
            Ok((index, _)) => Ok(index),
            Err(Failed::NotDone) => Err(not_done()),
            Err(Failed::Unknown | Failed::Refused(_)) => Err(unknown()),
        }
    }
}

/// A proposal under way, counted while it lives.
struct Waiting<'a> {
    cluster: &'a Cluster,
    bytes: usize,
}

impl<'a> Waiting<'a> {
    fn enter(cluster: &'a Cluster, bytes: usize) -> Result<Self, Error> {
        let before = cluster.pending_bytes.fetch_add(bytes, Ordering::Relaxed);
        let waiting = cluster.core.metrics.proposals_pending.inc();
        let entered = Waiting { cluster, bytes };
        let limit = cluster.config.max_pending_proposals;
        let full = usize::try_from(waiting).is_ok_and(|n| n >= limit);
        if full || before + bytes > MAX_PENDING_BYTES {
            return Err(Error::TooManyRequests);
        }
        Ok(entered)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.cluster
            .pending_bytes
            .fetch_sub(self.bytes, Ordering::Relaxed);
        self.cluster.core.metrics.proposals_pending.dec();
    }
}
