//! The room's one edge to the wall clock. Everything else in `node` takes the time as a value, so that it can be tested without waiting.

use jiff::Timestamp;

/// The current time.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the room's clock edge; logic takes the time as a value"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
