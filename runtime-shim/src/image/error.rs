//! What can go wrong with a pull, worded for `kubectl describe pod`.
//!
//! The kubelet copies these texts into the pod's events and its waiting message, so they begin as containerd's do and name the
//! reference as the user wrote it. They know no gRPC: the CRI service maps [`Cause`] to a status code.

use std::fmt;

/// A failed pull of one reference. Cheap to clone: everyone who waited for a shared pull gets the same error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullError {
    /// The reference as asked for.
    pub reference: String,
    /// What happened.
    pub cause: Cause,
}

/// Why a pull failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The text is no image reference (kubelet: `InvalidImageName`).
    InvalidReference(String),
    /// The registry has no such manifest or repository.
    NotFound,
    /// The registry wants credentials, or others.
    Unauthorized(String),
    /// No answer: connection refused, no such host, TLS, timeout.
    Unreachable(String),
    /// The registry answered, with an error or nonsense.
    Registry(String),
    /// The artifact is there and holds no WebAssembly that we know how to find. The text lists what was seen and expected.
    NotWasm(String),
    /// The same, of what is a container image: containerd may run it.
    Container(String),
    /// A blob or a manifest is larger than its limit.
    TooLarge(String),
    /// The content is not what its digest or size says.
    Corrupt(String),
    /// Our own disk.
    Disk(String),
    /// The pull was given up: the store is closing.
    Cancelled,
}

impl PullError {
    /// An error for `reference`.
    pub fn new(reference: impl fmt::Display, cause: Cause) -> Self {
        Self {
            reference: reference.to_string(),
            cause,
        }
    }
}

impl fmt::Display for PullError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reference = &self.reference;
        if let Cause::InvalidReference(detail) = &self.cause {
            return write!(f, "failed to parse image reference {reference:?}: {detail}");
        }
        write!(f, "failed to pull and unpack image {reference:?}: ")?;
        match &self.cause {
            Cause::InvalidReference(detail) => f.write_str(detail),
            Cause::NotFound => write!(
                f,
                "failed to resolve reference {reference:?}: {reference}: not found"
            ),
            Cause::Unauthorized(detail) => write!(
                f,
                "failed to resolve reference {reference:?}: pull access denied, repository does not exist or may require \
                 authorization: {detail}"
            ),
            Cause::Unreachable(detail) => {
                write!(
                    f,
                    "failed to resolve reference {reference:?}: failed to do request: {detail}"
                )
            }
            Cause::Registry(detail)
            | Cause::NotWasm(detail)
            | Cause::Container(detail)
            | Cause::TooLarge(detail)
            | Cause::Corrupt(detail) => f.write_str(detail),
            Cause::Disk(detail) => write!(f, "image store: {detail}"),
            Cause::Cancelled => f.write_str("context canceled"),
        }
    }
}

impl std::error::Error for PullError {}

/// Why the store could not be opened or changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or a folder.
    #[error("image store: {path}: {source}")]
    Io {
        /// What was touched.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The index is there and is not ours.
    #[error("image store: {path} is not readable as an image index: {detail}")]
    Index {
        /// The index file.
        path: String,
        /// What the parser said.
        detail: String,
    },
}

impl StoreError {
    pub(super) fn io(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.display().to_string(),
            source,
        }
    }
}
