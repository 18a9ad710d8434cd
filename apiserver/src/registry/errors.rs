//! The one file that turns the store's errors into Statuses.

use hydrofoil_api::status::ApiError;

use crate::storage::Error;

/// Seconds a client should wait when the store is busy or has no leader.
const RETRY_SECONDS: u32 = 1;

/// The Status of an error of the store.
pub fn store_error(error: Error) -> ApiError {
    match error {
        Error::Compacted | Error::FutureRevision => {
            ApiError::expired("The resourceVersion for the provided list is too old.")
        }
        Error::Timeout(_) => ApiError::timeout(error, 0),
        Error::Busy(_) => ApiError::too_many_requests(error.to_string(), RETRY_SECONDS),
        Error::Unavailable(_) | Error::Stopped => ApiError::service_unavailable(error.to_string()),
        // Upstream passes these on as they are, without a reason.
        Error::TooLarge => ApiError::new(500, "", error.to_string()),
        Error::Config(_) | Error::Other(_) => {
            tracing::error!(%error, "the store failed");
            ApiError::internal(error)
        }
    }
}

/// Whether an error says that history is gone.
pub fn is_compacted(error: &Error) -> bool {
    matches!(error, Error::Compacted)
}
