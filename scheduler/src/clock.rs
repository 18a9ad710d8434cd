//! The one place in this room that reads the wall clock, for the timestamps that conditions carry.

/// The current time, as it is written into a condition.
#[expect(clippy::disallowed_methods, reason = "this file is the clock's edge")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
