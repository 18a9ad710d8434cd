//! The one file that turns the store's errors into Statuses.

use hydrofoil_api::status::ApiError;
use hydrofoil_raftstore::Error;

/// Seconds a client should wait when the store is busy or has no leader.
const RETRY_SECONDS: u32 = 1;

/// The Status of an error of the store.
pub fn store_error(error: Error) -> ApiError {
    match error {
        Error::Compacted | Error::FutureRev => {
            ApiError::expired("The resourceVersion for the provided list is too old.")
        }
        Error::Timeout => ApiError::timeout(error, 0),
        Error::TooManyRequests => ApiError::too_many_requests(error.to_string(), RETRY_SECONDS),
        Error::NoLeader | Error::NotLeader { .. } | Error::Stopped => {
            ApiError::service_unavailable(error.to_string())
        }
        // Upstream passes these on as they are, without a reason.
        Error::RequestTooLarge => ApiError::new(500, "", error.to_string()),
        other => {
            tracing::error!(error = %other, "the store failed");
            ApiError::internal(other)
        }
    }
}

/// Whether an error says that history is gone.
pub fn is_compacted(error: &Error) -> bool {
    matches!(error, Error::Compacted)
}
