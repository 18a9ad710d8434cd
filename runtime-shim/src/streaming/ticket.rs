//! Addresses that are good once: what was asked for through CRI, until its client comes for it (upstream: the kubelet's `requestCache`).

use std::collections::HashMap;
use std::time::Duration;

use hydrofoil_cri::v1::{AttachRequest, ExecRequest, PortForwardRequest};
use parking_lot::Mutex;
use rand::Rng as _;
use tokio::time::Instant;

/// Most tickets that wait for their client.
const MAX_WAITING: usize = 1000;
/// How long a ticket waits.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// What a client may come for.
#[derive(Clone, Debug)]
pub enum Ticket {
    /// A command.
    Exec(ExecRequest),
    /// A container's streams.
    Attach(AttachRequest),
    /// A pod's ports.
    PortForward(PortForwardRequest),
}

impl Ticket {
    /// The first part of its path.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Exec(_) => "exec",
            Self::Attach(_) => "attach",
            Self::PortForward(_) => "portforward",
        }
    }
}

/// Too many tickets wait.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("maximum number of in-flight requests exceeded")]
pub struct TicketsTaken;

/// All tickets that wait.
#[derive(Debug, Default)]
pub struct Tickets(Mutex<HashMap<String, (Instant, Ticket)>>);

impl Tickets {
    /// The path at which the ticket is taken.
    pub fn issue(&self, ticket: Ticket, now: Instant) -> Result<String, TicketsTaken> {
        let mut waiting = self.0.lock();
        waiting.retain(|_, (end, _)| *end > now);
        if waiting.len() >= MAX_WAITING {
            return Err(TicketsTaken);
        }
        let token = format!("{:032x}", rand::rng().random::<u128>());
        let path = format!("/{}/{token}", ticket.kind());
        waiting.insert(token, (now + GOOD_FOR, ticket));
        Ok(path)
    }

    /// Takes a ticket of this kind, which nobody gets again.
    pub fn take(&self, kind: &str, token: &str, now: Instant) -> Option<Ticket> {
        let mut waiting = self.0.lock();
        let (end, ticket) = waiting.get(token)?;
        let is_good = *end > now && ticket.kind() == kind;
        is_good
            .then(|| waiting.remove(token))
            .flatten()
            .map(|(_, ticket)| ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(path: &str) -> &str {
        path.rsplit('/').next().unwrap()
    }

    #[test]
    fn a_ticket_is_good_once_for_its_kind_and_for_a_while() {
        let (tickets, now) = (Tickets::default(), Instant::now());
        let ticket = Ticket::Exec(ExecRequest::default());
        let path = tickets.issue(ticket, now).unwrap();
        assert!(path.starts_with("/exec/"));
        assert!(tickets.take("attach", token(&path), now).is_none());
        assert!(tickets.take("exec", token(&path), now).is_some());
        assert!(tickets.take("exec", token(&path), now).is_none());
        let late = Ticket::Attach(AttachRequest::default());
        let late = tickets.issue(late, now).unwrap();
        let later = now + GOOD_FOR;
        assert!(tickets.take("attach", token(&late), later).is_none());
    }

    #[test]
    fn those_that_nobody_comes_for_make_room() {
        let (tickets, now) = (Tickets::default(), Instant::now());
        let ticket = || Ticket::Exec(ExecRequest::default());
        for _ in 0..MAX_WAITING {
            tickets.issue(ticket(), now).unwrap();
        }
        assert!(tickets.issue(ticket(), now).is_err());
        tickets.issue(ticket(), now + GOOD_FOR).unwrap();
    }
}
