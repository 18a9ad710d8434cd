//! Server-side apply and `metadata.managedFields`.
use crate::facts::Type;
use crate::status::ApiError;
use jiff::Timestamp;
use serde_json::Value;

/// Who writes, when, and through which subresource.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// The field manager.
    pub manager: &'a str,
    /// The subresource written through; empty for the object itself.
    pub subresource: &'a str,
    /// The time to note down; kept to whole seconds.
    pub now: Timestamp,
}

/// Applies a configuration: `PATCH` with `application/apply-patch+yaml`. `live` is `None` when the object does not exist yet.
/// Answers with the merged object, `managedFields` included.
pub fn apply(
    live: Option<&Value>,
    applied: &Value,
    writer: Writer<'_>,
    force: bool,
    ty: &'static Type,
) -> Result<Value, ApiError> {
    let _ = (live, writer, force, ty);
    Ok(applied.clone())
}

/// Brings `new`'s `managedFields` up to date after an ordinary write (create, update, patch). `old` is `None` for a create.
pub fn update_managed(old: Option<&Value>, new: &mut Value, writer: Writer<'_>, ty: &'static Type) {
    let _ = (old, new, writer, ty);
}
