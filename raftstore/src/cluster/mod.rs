//! What a member does together with the others: it forwards to the leader what only the leader can do, and does it if it
//! leads itself.
//!
//! - `propose`: writes.
//! - `reads`: up to where a linearizable read must have applied.
//! - `leases`: when leases end, which only the leader knows.
//! - `members`: changes of the members.
//! - `corruption`: members that no longer hold the same.
//! - `transfer`: moving the leadership.
//! - `failover`: when the leader's process is gone.
//! - `caretaker`: what a member does by itself for the cluster.
//! - `service`: what peers ask of this member.
//!
//! A call to the leader that failed is one of two kinds. "Not done" is known to have changed nothing and is tried again until
//! the request's time is over. Of everything else nobody knows whether it was done: it is answered with an error of time,
//! as etcd does, and never tried again.

pub mod caretaker;
pub mod corruption;
pub mod failover;
pub mod leases;
pub mod members;
pub mod propose;
pub mod reads;
pub mod service;
pub mod transfer;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use openraft::{
    async_runtime::watch::WatchReceiver, errors::Fatal, metrics::RaftServerMetrics,
    type_config::alias::WatchReceiverOf,
};
use parking_lot::Mutex;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use crate::{
    Config, Error,
    core::SharedCore,
    raft::{
        Raft, TypeConfig,
        transport::{link::Link, peers::Peers},
    },
    wal::disk::Disk,
};

/// Longest wait between two looks at who leads, while nothing is told.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Tells of changes of the leader, of the term and of the members.
pub type Changes = WatchReceiverOf<TypeConfig, RaftServerMetrics<TypeConfig>>;

/// See the module header.
pub struct Cluster {
    /// This member's id.
    pub id: u64,
    /// The shared state.
    pub core: SharedCore,
    /// Raft.
    pub raft: Raft,
    /// The ways to the others.
    pub peers: Peers,
    /// Where a snapshot is received.
    pub disk: Arc<dyn Disk>,
    /// The settings.
    pub config: Config,
    /// Set when the store is shut down.
    pub stop: CancellationToken,
    server: Changes,
    leadership: Mutex<Leadership>,
    reads: Arc<reads::Gate>,
    pending_bytes: AtomicUsize,
    stopped: AtomicBool,
    receiving: tokio::sync::Mutex<()>,
    changing: tokio::sync::Mutex<()>,
    published: watch::Sender<bool>,
    ended: watch::Sender<Option<&'static str>>,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What was seen of leaders.
#[derive(Clone, Copy, Debug, Default)]
struct Leadership {
    leader: Option<u64>,
    elected: Option<Instant>,
}

/// How a call to the leader failed.
#[derive(Debug)]
pub enum Failed {
    /// It is known to have changed nothing.
    NotDone,
    /// Nobody knows.
    Unknown,
    /// The leader refused it for this reason.
    Refused(Error),
}

impl Cluster {
    /// Of an open store.
    pub fn new(
        core: SharedCore,
        raft: Raft,
        peers: Peers,
        disk: Arc<dyn Disk>,
        config: Config,
    ) -> Cluster {
        Cluster {
            id: core.member_id,
            server: raft.server_metrics(),
            core,
            raft,
            peers,
            disk,
            config,
            stop: CancellationToken::new(),
            leadership: Mutex::default(),
            reads: Arc::default(),
            pending_bytes: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            receiving: tokio::sync::Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            published: watch::Sender::new(false),
            ended: watch::Sender::new(None),
        }
    }

    /// The leader, if one is known.
    pub fn leader(&self) -> Option<u64> {
        self.server.borrow_watched().current_leader
    }

    /// The leader, if one is known and there is a connection to it. Raft remembers a leader until it hears of another one; etcd
    /// says that there is none from when it asks for votes.
    pub fn leader_in_sight(&self) -> Option<u64> {
        self.leader().filter(|leader| self.is_in_sight(*leader))
    }

    /// Whether there is a connection to a member, or it is this one.
    pub fn is_in_sight(&self, id: u64) -> bool {
        let link = || self.peers.get(id);
        id == self.id || link().is_some_and(|link| link.active_since().is_some())
    }

    /// Tells of every change of the leader from now on.
    pub fn leadership(&self) -> Changes {
        let mut changes = self.server.clone();
        changes.borrow_and_update();
        changes
    }

    /// The term, with its leader as far as that is known.
    pub fn term(&self) -> (u64, Option<u64>) {
        let now = self.server.borrow_watched();
        (now.vote.leader_id.term, now.current_leader)
    }

    /// Whether this member leads, as far as it knows.
    pub fn is_leader(&self) -> bool {
        self.raft.is_leader()
    }

    /// [`Error::Stopped`] after the store was shut down.
    pub fn check_running(&self) -> Result<(), Error> {
        if self.stopped.load(Ordering::Acquire) {
            Err(Error::Stopped)
        } else {
            Ok(())
        }
    }

    /// Notes that the store is shut down. Returns whether it was before.
    pub fn note_stopped(&self) -> bool {
        self.stopped.swap(true, Ordering::AcqRel)
    }

    /// What raft's end means to a caller.
    pub fn fatal(&self, fatal: &Fatal<TypeConfig>) -> Error {
        match (self.check_running(), fatal) {
            (Err(stopped), _) => stopped,
            (_, Fatal::Stopped) => Error::Stopped,
            (_, fatal) => Error::Internal(fatal.to_string()),
        }
    }

    /// Notes who leads now.
    pub fn note_leader(&self, leader: Option<u64>) {
        let mut leadership = self.leadership.lock();
        if leader.is_some() && leader != leadership.leader {
            leadership.elected = Some(Instant::now());
        }
        leadership.leader = leader;
    }

    /// Returns once the cluster knows this member by its name.
    pub async fn published(&self) -> Result<(), Error> {
        let mut published = self.published.subscribe();
        tokio::select! {
            done = published.wait_for(|published| *published) => {
                done.map(|_| ()).map_err(|_| Error::Stopped)
            }
            () = self.stop.cancelled() => Err(Error::Stopped),
        }
    }

    /// Returns when this member must stop because its peers refuse it for good, and says why.
    pub async fn ended(&self) -> &'static str {
        let mut ended = self.ended.subscribe();
        let why = ended.wait_for(Option::is_some).await;
        match why.map(|why| *why) {
            Ok(Some(why)) => why,
            // The sender lives as long as this.
            Ok(None) | Err(_) => "",
        }
    }

    /// Waits until who leads changes, for a while at most.
    ///
    /// # Errors
    /// [`Error::Stopped`], or what ended raft: nothing will change any more.
    async fn wait_for_leader(&self) -> Result<(), Error> {
        self.check_running()?;
        // What there is now was looked at.
        let mut changes = self.leadership();
        match tokio::time::timeout(LOOK_AGAIN, changes.changed()).await {
            Ok(Ok(())) | Err(_) => self.check_running(),
            Ok(Err(_)) => Err(Error::Internal("raft has ended".into())),
        }
    }

    /// The error of a request that began at `started` and whose time is over, by etcd's rule.
    fn timed_out(&self, started: Instant) -> Error {
        let leadership = *self.leadership.lock();
        if let Some(elected) = leadership.elected {
            let lost = elected.checked_sub(self.config.election_timeout * 2);
            if lost.is_none_or(|lost| started > lost) && started < elected {
                return Error::TimeoutDueToLeaderFail;
            }
        }
        match leadership.leader {
            Some(leader) if leader != self.id => {
                let since = self.peers.get(leader).and_then(|link| link.active_since());
                match since {
                    Some(since) if since < started => Error::Timeout,
                    _ => Error::TimeoutDueToConnectionLost,
                }
            }
            _ => Error::Timeout,
        }
    }

    /// The way to the leader, if another member leads.
    fn leader_link(&self) -> Option<Arc<Link>> {
        self.leader().and_then(|leader| self.peers.get(leader))
    }
}

/// The answer to a peer whose call is known to have changed nothing here.
fn not_done() -> Status {
    Status::aborted("not done here")
}

/// The answer to a peer whose call may or may not have been done.
fn unknown() -> Status {
    Status::unknown("nobody knows whether it was done")
}

/// The answer to a peer whose call is refused.
fn refused(error: &Error) -> Status {
    Status::failed_precondition(error.to_string())
}

/// What a failed call to the leader means.
fn failed(status: &Status) -> Failed {
    match status.code() {
        Code::Aborted => Failed::NotDone,
        // Of another cluster, or not the one meant: it was not even looked at.
        Code::PermissionDenied | Code::Unimplemented => Failed::NotDone,
        Code::FailedPrecondition => match Error::from_words(status.message()) {
            Some(error) => Failed::Refused(error),
            None => Failed::NotDone,
        },
        Code::Unavailable if was_not_sent(status) => Failed::NotDone,
        _ => Failed::Unknown,
    }
}

/// Whether the call failed because there was no connection to send it over.
fn was_not_sent(status: &Status) -> bool {
    let mut source = std::error::Error::source(status);
    while let Some(error) = source {
        if error.is::<tonic::ConnectError>() {
            return true;
        }
        source = error.source();
    }
    false
}
