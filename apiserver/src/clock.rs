//! The room's one look at the wall clock. Everything else is handed a timestamp.

use jiff::Timestamp;

/// The time now, UTC.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the API server's clock edge"
)]
pub fn now() -> Timestamp {
    Timestamp::now()
}
