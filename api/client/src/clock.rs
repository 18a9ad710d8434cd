//! The one place in this crate that reads the wall clock, for the timestamps that Leases and Events carry.

/// The current time, as it is written into an object.
#[expect(clippy::disallowed_methods, reason = "this file is the clock's edge")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
