//! Exec, attach, port-forward, checkpoints and per-pod metrics: not done for Wasm guests yet, and said so.

use super::CriError;

/// What a verb that is not there answers.
pub(super) fn not_yet(what: &str) -> CriError {
    CriError::Unimplemented(format!(
        "{what} is not available for WebAssembly containers"
    ))
}
