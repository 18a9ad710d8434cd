//! What verbs fail with, and the one place that makes gRPC statuses of it.
//!
//! The kubelet acts on `NotFound` and shows every text to users, so texts name what was asked for and what is wrong with it.

use tonic::{Code, Status};

use crate::engine::ProgramError;
use crate::guest::MountError;
use crate::guest::http::BindError;
use crate::guest::port::PortError;
use crate::image::{Cause, PullError, StoreError};
use crate::network::AllocatorError;

/// A verb's failure.
#[derive(Debug, thiserror::Error)]
pub enum CriError {
    /// No such sandbox, container or image.
    #[error("{0}")]
    NotFound(String),
    /// The request itself is wrong.
    #[error("{0}")]
    Invalid(String),
    /// It is there already.
    #[error("{0}")]
    AlreadyExists(String),
    /// Not in this state.
    #[error("{0}")]
    Precondition(String),
    /// No room.
    #[error("{0}")]
    Exhausted(String),
    /// This runtime does not do that.
    #[error("{0}")]
    Unimplemented(String),
    /// A pull failed.
    #[error("{0}")]
    Pull(#[from] PullError),
    /// Not in time.
    #[error("{0}")]
    Deadline(String),
    /// Anything else.
    #[error("{0}")]
    Unknown(String),
    /// What containerd said.
    #[error("{}", .0.message())]
    Containerd(Box<Status>),
}

impl CriError {
    /// No `what` of this identifier.
    pub fn not_found(what: &str, id: &str) -> Self {
        Self::NotFound(format!("{what} {id:?} not found"))
    }
}

impl From<Status> for CriError {
    fn from(status: Status) -> Self {
        Self::Containerd(Box::new(status))
    }
}

impl From<AllocatorError> for CriError {
    fn from(error: AllocatorError) -> Self {
        let text = format!("failed to set up the pod's network: {error}");
        match error {
            AllocatorError::NoRange => Self::Precondition(text),
            AllocatorError::Exhausted(_) => Self::Exhausted(text),
        }
    }
}

impl From<ProgramError> for CriError {
    fn from(error: ProgramError) -> Self {
        if error.is_final() {
            Self::Precondition(error.to_string())
        } else {
            Self::Unknown(error.to_string())
        }
    }
}

impl From<MountError> for CriError {
    fn from(error: MountError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<PortError> for CriError {
    fn from(error: PortError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<BindError> for CriError {
    fn from(error: BindError) -> Self {
        Self::Precondition(error.to_string())
    }
}

impl From<StoreError> for CriError {
    fn from(error: StoreError) -> Self {
        Self::Unknown(error.to_string())
    }
}

impl From<CriError> for Status {
    fn from(error: CriError) -> Self {
        let error = match error {
            CriError::Containerd(status) => return *status,
            error => error,
        };
        let code = match &error {
            CriError::Containerd(status) => status.code(),
            CriError::NotFound(_) => Code::NotFound,
            CriError::Invalid(_) => Code::InvalidArgument,
            CriError::AlreadyExists(_) => Code::AlreadyExists,
            CriError::Precondition(_) => Code::FailedPrecondition,
            CriError::Exhausted(_) => Code::ResourceExhausted,
            CriError::Unimplemented(_) => Code::Unimplemented,
            CriError::Deadline(_) => Code::DeadlineExceeded,
            CriError::Unknown(_) => Code::Unknown,
            CriError::Pull(pull) => match pull.cause {
                Cause::NotFound => Code::NotFound,
                Cause::InvalidReference(_) => Code::InvalidArgument,
                Cause::Unauthorized(_) => Code::PermissionDenied,
                Cause::Unreachable(_) => Code::Unavailable,
                Cause::NotWasm(_) | Cause::Container(_) | Cause::TooLarge(_) => {
                    Code::FailedPrecondition
                }
                Cause::Corrupt(_) => Code::DataLoss,
                Cause::Cancelled => Code::Cancelled,
                Cause::Registry(_) | Cause::Disk(_) => Code::Unknown,
            },
        };
        Self::new(code, error.to_string())
    }
}
