//! The one place in this crate that reads the wall clock. Everything else takes the time as a value.

/// The current time.
#[expect(clippy::disallowed_methods, reason = "this file is the clock's edge")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
