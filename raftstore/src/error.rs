//! Everything that can go wrong here, with etcd's words where etcd has words. Maps to no protocol: one file above makes
//! gRPC codes, another makes a Kubernetes `Status`.
//!
//! Texts are those of etcd's `api/v3rpc/rpctypes/error.go`: clients match on them.

use std::{io, path::PathBuf};

/// An answer other than success.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A key is empty.
    #[error("etcdserver: key is not provided")]
    EmptyKey,
    /// `ignore_value` or `ignore_lease` on a key that does not exist.
    #[error("etcdserver: key not found")]
    KeyNotFound,
    /// `ignore_value` together with a value.
    #[error("etcdserver: value is provided")]
    ValueProvided,
    /// `ignore_lease` together with a lease.
    #[error("etcdserver: lease is provided")]
    LeaseProvided,
    /// More operations than `Config::max_txn_ops`.
    #[error("etcdserver: too many operations in txn request")]
    TooManyOps,
    /// A transaction writes a key twice.
    #[error("etcdserver: duplicate key given in txn request")]
    DuplicateKey,
    /// The request is larger than `Config::max_request_bytes`.
    #[error("etcdserver: request is too large")]
    RequestTooLarge,
    /// More proposals wait than `Config::max_pending_proposals`.
    #[error("etcdserver: too many requests")]
    TooManyRequests,
    /// The revision is compacted.
    #[error("etcdserver: mvcc: required revision has been compacted")]
    Compacted,
    /// The revision is not reached yet.
    #[error("etcdserver: mvcc: required revision is a future revision")]
    FutureRev,
    /// The lease does not exist.
    #[error("etcdserver: requested lease not found")]
    LeaseNotFound,
    /// The lease's id is taken.
    #[error("etcdserver: lease already exists")]
    LeaseExist,
    /// The lease's time to live is longer than etcd allows.
    #[error("etcdserver: too large lease TTL")]
    LeaseTtlTooLarge,
    /// The quota is used up, or a NOSPACE alarm is raised.
    #[error("etcdserver: mvcc: database space exceeded")]
    NoSpace,
    /// A CORRUPT alarm is raised: nothing is changed any more.
    #[error("etcdserver: corrupt cluster")]
    CorruptCluster,
    /// Auth cannot be enabled without the user `root`.
    #[error("etcdserver: root user does not exist")]
    RootUserNotExist,
    /// Auth cannot be enabled before `root` has the role `root`.
    #[error("etcdserver: root user does not have root role")]
    RootRoleNotExist,
    /// The user's name is taken.
    #[error("etcdserver: user name already exists")]
    UserAlreadyExist,
    /// No user is named, or nobody said who they are.
    #[error("etcdserver: user name is empty")]
    UserEmpty,
    /// The user does not exist.
    #[error("etcdserver: user name not found")]
    UserNotFound,
    /// The role's name is taken.
    #[error("etcdserver: role name already exists")]
    RoleAlreadyExist,
    /// The role does not exist.
    #[error("etcdserver: role name not found")]
    RoleNotFound,
    /// No role is named.
    #[error("etcdserver: role name is empty")]
    RoleEmpty,
    /// The user or the password is wrong.
    #[error("etcdserver: authentication failed, invalid user ID or password")]
    AuthFailed,
    /// A password for a user who has none. etcd has no gRPC code for it: clients see `Unknown`.
    #[error("auth: authentication failed, password was given for no password user")]
    NoPasswordUser,
    /// A password that bcrypt does not take. etcd has no gRPC code for it: clients see `Unknown`.
    #[error("bcrypt: password length exceeds 72 bytes")]
    PasswordTooLong,
    /// A role is granted no permission.
    #[error("etcdserver: permission not given")]
    PermissionNotGiven,
    /// The user may not do that.
    #[error("etcdserver: permission denied")]
    PermissionDenied,
    /// The user does not have the role.
    #[error("etcdserver: role is not granted to the user")]
    RoleNotGranted,
    /// The role does not have the permission.
    #[error("etcdserver: permission is not granted to the role")]
    PermissionNotGranted,
    /// Nobody can log in while auth is disabled.
    #[error("etcdserver: authentication is not enabled")]
    AuthNotEnabled,
    /// The token is unknown, over, or of another cluster.
    #[error("etcdserver: invalid auth token")]
    InvalidAuthToken,
    /// What would lock everybody out, or a range that holds nothing.
    #[error("etcdserver: invalid auth management")]
    InvalidAuthMgmt,
    /// Users, roles or permissions changed since the caller was known.
    #[error("etcdserver: revision of auth store is old")]
    AuthOldRevision,
    /// The member has only the public key of its tokens. etcd has no gRPC code for it: clients see `Unknown`.
    #[error("auth: token signing attempted with verify-only key")]
    VerifyOnly,
    /// `--auth-token` says what cannot be.
    #[error("invalid auth token options: {0}")]
    InvalidAuthOptions(String),
    /// No leader is known.
    #[error("etcdserver: no leader")]
    NoLeader,
    /// This member is not the leader; ask the one named, if it is known.
    #[error("etcdserver: not leader")]
    NotLeader {
        /// The leader's id.
        leader: Option<u64>,
    },
    /// No answer in time.
    #[error("etcdserver: request timed out")]
    Timeout,
    /// There was no leader in all that time to give it to: it was not done.
    #[error("context deadline exceeded")]
    DeadlineExceeded,
    /// No answer in time, and the leader was lost meanwhile. A write may have been done or not.
    #[error("etcdserver: request timed out, possibly due to previous leader failure")]
    TimeoutDueToLeaderFail,
    /// No answer in time, and the leader could not be reached meanwhile. A write may have been done or not.
    #[error("etcdserver: request timed out, possibly due to connection lost")]
    TimeoutDueToConnectionLost,
    /// What a read needs was not applied here in time.
    #[error("etcdserver: request timed out, waiting for the applied index took too long")]
    TimeoutWaitAppliedIndex,
    /// The leader changed before it could confirm a read.
    #[error("etcdserver: leader changed")]
    LeaderChanged,
    /// Too few members are connected to change the members safely.
    #[error("etcdserver: unhealthy cluster")]
    Unhealthy,
    /// No member has this id.
    #[error("etcdserver: member not found")]
    MemberNotFound,
    /// The id is taken.
    #[error("etcdserver: member ID already exist")]
    MemberExist,
    /// Another member has one of the peer URLs.
    #[error("etcdserver: Peer URLs already exists")]
    PeerUrlExist,
    /// The change would leave fewer started members than a quorum.
    #[error("etcdserver: re-configuration failed due to not enough started members")]
    MemberNotEnoughStarted,
    /// A peer URL is none, or there is none.
    #[error("etcdserver: given member URLs are invalid")]
    MemberBadUrls,
    /// Only a learner can be promoted.
    #[error("etcdserver: can only promote a learner member")]
    MemberNotLearner,
    /// The learner has not caught up.
    #[error("etcdserver: can only promote a learner member which is in sync with leader")]
    LearnerNotReady,
    /// There are as many learners as may be.
    #[error("etcdserver: too many learner members in cluster")]
    TooManyLearners,
    /// A request came from, or went to, a member of another cluster.
    #[error("etcdserver: cluster ID mismatch")]
    ClusterIdMismatch,
    /// A learner does not serve this.
    #[error("etcdserver: rpc not supported for learner")]
    NotSupportedForLearner,
    /// The leadership cannot go to this member.
    #[error("etcdserver: bad leader transferee")]
    BadLeaderTransferee,
    /// Moving the leadership took too long.
    #[error("etcdserver: request timed out, leader transfer took too long")]
    TimeoutLeaderTransfer,
    /// The member cannot begin or join its cluster as it was told to.
    #[error("{0}")]
    Bootstrap(String),
    /// The store was shut down.
    #[error("etcdserver: server stopped")]
    Stopped,
    /// A file holds what was not written, or lost what was.
    #[error("etcdserver: corrupt cluster: {file} at offset {offset}: {what}")]
    Corrupt {
        /// The file.
        file: String,
        /// Where in it, in bytes.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// Another process has the data directory open.
    #[error("data directory {} is in use by another process", .0.display())]
    Locked(PathBuf),
    /// The data directory was written by another version or is of another cluster.
    #[error("data directory {}: {what}", .dir.display())]
    Incompatible {
        /// The directory.
        dir: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// The disk failed.
    #[error("{what}: {message}")]
    Io {
        /// What was being done.
        what: String,
        /// What the system said.
        message: String,
    },
    /// Raft or the backend stopped for a reason that is not the caller's.
    #[error("etcdserver: {0}")]
    Internal(String),
}

impl Error {
    /// The error that a peer told by its words, if it is one that a peer tells.
    pub(crate) fn from_words(words: &str) -> Option<Error> {
        [
            Error::TooManyRequests,
            Error::NoLeader,
            Error::Timeout,
            Error::Unhealthy,
            Error::MemberNotFound,
            Error::MemberExist,
            Error::PeerUrlExist,
            Error::MemberNotEnoughStarted,
            Error::MemberBadUrls,
            Error::MemberNotLearner,
            Error::LearnerNotReady,
            Error::TooManyLearners,
        ]
        .into_iter()
        .find(|error| error.to_string() == words)
    }

    /// The disk failed while `what` was being done.
    pub(crate) fn io(what: impl Into<String>, error: io::Error) -> Error {
        Error::Io {
            what: what.into(),
            message: error.to_string(),
        }
    }
}
