//! Limits of the system: descriptors, and memory that is not swapped.

use rustix::{
    mm::{MlockAllFlags, mlockall},
    process::{Resource, Rlimit, getrlimit, setrlimit},
};

/// Descriptors kept for files, peers and the runtime; etcd's number.
const RESERVED_DESCRIPTORS: u64 = 150;
/// Connections of clients where the system sets no bound.
const MAX_CONNECTIONS: u64 = 1 << 20;

/// Raises the limit of descriptors as far as this process may, as Go's runtime does, and answers with the connections of clients
/// that then fit.
///
/// # Errors
/// The limit is too low to serve anyone.
pub fn connections() -> Result<usize, String> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let current = current.unwrap_or(MAX_CONNECTIONS).min(MAX_CONNECTIONS);
    if current <= RESERVED_DESCRIPTORS {
        return Err(format!(
            "file descriptor limit of this process is too low; please set higher (limit {current}, recommended {RESERVED_DESCRIPTORS})"
        ));
    }
    Ok(usize::try_from(current - RESERVED_DESCRIPTORS).unwrap_or(usize::MAX))
}

/// Keeps all memory of this process, now and later, from being swapped.
///
/// # Errors
/// The system does not let it.
pub fn lock_memory() -> Result<(), String> {
    mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE)
        .map_err(|error| format!("--memory-mlock: the system does not lock memory: {error}"))
}
