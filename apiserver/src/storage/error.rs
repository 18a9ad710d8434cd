//! What goes wrong with a store, near or far, as far as the API server acts upon it. Texts are the store's own.

/// What goes wrong with a store.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The revision is gone.
    #[error("etcdserver: mvcc: required revision has been compacted")]
    Compacted,
    /// The revision is not reached yet.
    #[error("etcdserver: mvcc: required revision is a future revision")]
    FutureRevision,
    /// No answer in time. A write may have been done or not.
    #[error("{0}")]
    Timeout(String),
    /// Nobody answers, or whoever does cannot serve now. A write may have been done or not.
    #[error("{0}")]
    Unavailable(String),
    /// The store has too much to do.
    #[error("{0}")]
    Busy(String),
    /// The request is larger than the store takes.
    #[error("etcdserver: request is too large")]
    TooLarge,
    /// The store in this process was shut down.
    #[error("etcdserver: server stopped")]
    Stopped,
    /// The configuration makes no sense.
    #[error("{0}")]
    Config(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// Whether the same may go well a little later.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Error::Compacted | Error::Timeout(_) | Error::Unavailable(_) | Error::Busy(_)
        )
    }
}

impl From<hydrofoil_raftstore::Error> for Error {
    fn from(error: hydrofoil_raftstore::Error) -> Error {
        use hydrofoil_raftstore::Error as Store;
        match error {
            Store::Compacted => Error::Compacted,
            Store::FutureRev => Error::FutureRevision,
            Store::Timeout
            | Store::DeadlineExceeded
            | Store::TimeoutDueToLeaderFail
            | Store::TimeoutDueToConnectionLost
            | Store::TimeoutWaitAppliedIndex => Error::Timeout(error.to_string()),
            Store::TooManyRequests => Error::Busy(error.to_string()),
            Store::NoLeader | Store::NotLeader { .. } | Store::LeaderChanged => {
                Error::Unavailable(error.to_string())
            }
            Store::Stopped => Error::Stopped,
            Store::RequestTooLarge => Error::TooLarge,
            other => Error::Other(other.to_string()),
        }
    }
}

/// Of etcd's answers only the texts tell apart what its codes do not.
impl From<tonic::Status> for Error {
    fn from(status: tonic::Status) -> Error {
        use tonic::Code;
        let message = status.message();
        let says = |words: &str| message.contains(words);
        if says("required revision has been compacted") {
            return Error::Compacted;
        }
        if says("required revision is a future revision") {
            return Error::FutureRevision;
        }
        if says("request is too large") {
            return Error::TooLarge;
        }
        let text = format!("{}: {message}", status.code());
        match status.code() {
            Code::ResourceExhausted if says("too many requests") => Error::Busy(text),
            Code::DeadlineExceeded => Error::Timeout(text),
            _ if says("request timed out") => Error::Timeout(text),
            // A connection that breaks is told in any of these.
            Code::Unavailable
            | Code::Unknown
            | Code::Internal
            | Code::Cancelled
            | Code::Aborted => Error::Unavailable(text),
            _ => Error::Other(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::{Code, Status};

    #[test]
    fn etcds_words_are_understood() {
        let of = |code, text: &str| Error::from(Status::new(code, text));
        let compacted = of(
            Code::OutOfRange,
            "etcdserver: mvcc: required revision has been compacted",
        );
        assert!(matches!(compacted, Error::Compacted));
        let large = of(Code::InvalidArgument, "etcdserver: request is too large");
        assert!(matches!(large, Error::TooLarge));
        let slow = of(Code::Unavailable, "etcdserver: request timed out");
        assert!(matches!(slow, Error::Timeout(_)));
        let busy = of(Code::ResourceExhausted, "etcdserver: too many requests");
        assert!(matches!(busy, Error::Busy(_)));
        let full = of(
            Code::ResourceExhausted,
            "etcdserver: mvcc: database space exceeded",
        );
        assert!(matches!(full, Error::Other(_)) && !full.is_passing());
        assert!(of(Code::Unavailable, "etcdserver: no leader").is_passing());
        assert!(!of(Code::PermissionDenied, "etcdserver: permission denied").is_passing());
    }
}
