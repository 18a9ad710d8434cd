//! The one map from what goes wrong to gRPC codes, with etcd's words.
//!
//! Codes and words are those of etcd 3.5's `api/v3rpc/rpctypes/error.go`. Clients match on both: on the code to know whether
//! to try again, on the words to know what happened.
//!
//! The one confusing thing: the store's errors carry etcd's words already, so the map goes from words to codes. What etcd has
//! no words for is `Unknown`, as in etcd.

use hydrofoil_raftstore::Error;
use tonic::{Code, Status};

/// A request without its operation.
pub const EMPTY_OPERATION: &str = "etcdserver: key not found";
/// A sort order or a sort target that does not exist.
pub const INVALID_SORT_OPTION: &str = "etcdserver: invalid sort option";
/// No member leads.
pub const NO_LEADER: &str = "etcdserver: no leader";
/// The server ends.
pub const STOPPED: &str = "etcdserver: server stopped";
/// A learner was asked what it does not serve.
pub const NOT_SUPPORTED_FOR_LEARNER: &str = "etcdserver: rpc not supported for learner";

/// A version to downgrade to that is none.
pub const WRONG_DOWNGRADE_FORMAT: &str = "etcdserver: wrong downgrade target version format";
/// A version that cannot be downgraded to.
pub const INVALID_DOWNGRADE_TARGET: &str = "etcdserver: invalid downgrade target version";
/// There is no downgrade to cancel.
pub const NO_DOWNGRADE: &str = "etcdserver: no inflight downgrade job";

/// What a client is told.
pub fn status(error: &Error) -> Status {
    let words = error.to_string();
    let code = match error {
        Error::Corrupt { .. } => Code::DataLoss,
        _ => code(&words),
    };
    Status::new(code, words)
}

/// A refusal in the words that it has inside etcd's auth, before etcd maps it to a code. Other errors are as everywhere.
pub fn in_auths_words(error: &Error) -> Status {
    let words = match error {
        Error::UserEmpty => "auth: user name is empty",
        Error::UserNotFound => "auth: user not found",
        Error::PermissionDenied => "auth: permission denied",
        Error::InvalidAuthToken => "auth: invalid auth token",
        other => return status(other),
    };
    Status::unknown(words)
}

/// A status of etcd's words.
pub fn of(words: &str) -> Status {
    Status::new(code(words), words)
}

/// How Go prints a gRPC error: what etcd gives as the reason for a watch that it refuses.
pub fn printed(status: &Status) -> String {
    format!(
        "rpc error: code = {} desc = {}",
        code_name(status.code()),
        status.message()
    )
}

/// The code that belongs to etcd's words.
fn code(words: &str) -> Code {
    match words {
        "etcdserver: key is not provided"
        | "etcdserver: key not found"
        | "etcdserver: value is provided"
        | "etcdserver: lease is provided"
        | "etcdserver: too many operations in txn request"
        | "etcdserver: duplicate key given in txn request"
        | "etcdserver: invalid sort option"
        | "etcdserver: invalid client api version"
        | "etcdserver: given member URLs are invalid"
        | "etcdserver: request is too large"
        | "etcdserver: user name is empty"
        | "etcdserver: role name is empty"
        | "etcdserver: authentication failed, invalid user ID or password"
        | "etcdserver: permission not given"
        | "etcdserver: invalid auth management"
        | "etcdserver: revision of auth store is old"
        | "etcdserver: wrong downgrade target version format"
        | "etcdserver: invalid downgrade target version" => Code::InvalidArgument,
        "etcdserver: mvcc: required revision has been compacted"
        | "etcdserver: mvcc: required revision is a future revision"
        | "etcdserver: too large lease TTL" => Code::OutOfRange,
        "etcdserver: mvcc: database space exceeded" | "etcdserver: too many requests" => {
            Code::ResourceExhausted
        }
        "etcdserver: requested lease not found" | "etcdserver: member not found" => Code::NotFound,
        "etcdserver: lease already exists"
        | "etcdserver: member ID already exist"
        | "etcdserver: Peer URLs already exists"
        | "etcdserver: re-configuration failed due to not enough started members"
        | "etcdserver: can only promote a learner member"
        | "etcdserver: can only promote a learner member which is in sync with leader"
        | "etcdserver: too many learner members in cluster"
        | "etcdserver: cluster ID mismatch"
        | "etcdserver: root user does not exist"
        | "etcdserver: root user does not have root role"
        | "etcdserver: user name already exists"
        | "etcdserver: user name not found"
        | "etcdserver: role name already exists"
        | "etcdserver: role name not found"
        | "etcdserver: role is not granted to the user"
        | "etcdserver: permission is not granted to the role"
        | "etcdserver: authentication is not enabled"
        | "etcdserver: not leader"
        | "etcdserver: bad leader transferee"
        | "etcdserver: cluster has a downgrade job in progress"
        | "etcdserver: no inflight downgrade job" => Code::FailedPrecondition,
        "etcdserver: permission denied" => Code::PermissionDenied,
        "etcdserver: invalid auth token" => Code::Unauthenticated,
        "etcdserver: no leader"
        | "etcdserver: leader changed"
        | "etcdserver: not capable"
        | "etcdserver: server stopped"
        | "etcdserver: request timed out"
        | "etcdserver: request timed out, possibly due to previous leader failure"
        | "etcdserver: request timed out, possibly due to connection lost"
        | "etcdserver: request timed out, waiting for the applied index took too long"
        | "etcdserver: unhealthy cluster"
        | "etcdserver: rpc not supported for learner"
        | "etcdserver: cluster version not found during downgrade" => Code::Unavailable,
        "etcdserver: corrupt cluster" => Code::DataLoss,
        "etcdserver: watch canceled" | "etcdserver: request canceled" => Code::Cancelled,
        "context deadline exceeded" | "etcdserver: context deadline exceeded" => {
            Code::DeadlineExceeded
        }
        _ => Code::Unknown,
    }
}

/// Go's name of a code, in error texts and in metrics.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "Canceled",
        Code::Unknown => "Unknown",
        Code::InvalidArgument => "InvalidArgument",
        Code::DeadlineExceeded => "DeadlineExceeded",
        Code::NotFound => "NotFound",
        Code::AlreadyExists => "AlreadyExists",
        Code::PermissionDenied => "PermissionDenied",
        Code::ResourceExhausted => "ResourceExhausted",
        Code::FailedPrecondition => "FailedPrecondition",
        Code::Aborted => "Aborted",
        Code::OutOfRange => "OutOfRange",
        Code::Unimplemented => "Unimplemented",
        Code::Internal => "Internal",
        Code::Unavailable => "Unavailable",
        Code::DataLoss => "DataLoss",
        Code::Unauthenticated => "Unauthenticated",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_store_says_has_the_code_that_clients_expect() {
        let cases = [
            (Error::EmptyKey, Code::InvalidArgument),
            (Error::Compacted, Code::OutOfRange),
            (Error::FutureRev, Code::OutOfRange),
            (Error::LeaseNotFound, Code::NotFound),
            (Error::LeaseExist, Code::FailedPrecondition),
            (Error::TooManyRequests, Code::ResourceExhausted),
            (Error::NoLeader, Code::Unavailable),
            (Error::NotLeader { leader: None }, Code::FailedPrecondition),
            (Error::Timeout, Code::Unavailable),
            (Error::TimeoutDueToLeaderFail, Code::Unavailable),
            (Error::MemberNotFound, Code::NotFound),
            (Error::Stopped, Code::Unavailable),
            (Error::Internal("x".into()), Code::Unknown),
        ];
        for (error, code) in cases {
            assert_eq!(status(&error).code(), code, "{error}");
        }
        let corrupt = Error::Corrupt {
            file: "f".into(),
            offset: 1,
            what: "w".into(),
        };
        assert_eq!(status(&corrupt).code(), Code::DataLoss);
    }

    #[test]
    fn a_printed_status_is_as_go_prints_it() {
        assert_eq!(
            printed(&of("etcdserver: permission denied")),
            "rpc error: code = PermissionDenied desc = etcdserver: permission denied"
        );
    }
}
