//! The three patches that are not server-side apply: JSON Patch, JSON Merge Patch, strategic merge patch.
//!
//! Each takes the object as it is and answers with the object as it would be; reading the outcome against the type again is
//! `decode::patched`'s business. Errors are those of upstream's patch handler (`apiserver/pkg/endpoints/handlers/patch.go`).

mod json_patch;
mod merge;
mod strategic;

use crate::facts::Type;
use crate::status::{ApiError, Details, reason};
use serde_json::Value;

pub use json_patch::MAX_OPERATIONS;

/// JSON Patch, RFC 6902. `patch` is the body.
pub fn json(original: &Value, patch: &[u8]) -> Result<Value, ApiError> {
    json_patch::apply(original, patch)
}

/// JSON Merge Patch, RFC 7386.
pub fn merge(original: &Value, patch: &Value) -> Result<Value, ApiError> {
    if !patch.is_object() {
        return Err(not_a_map(patch));
    }
    Ok(merge::apply(original, patch))
}

/// Strategic merge patch against a type of the facts table.
pub fn strategic(original: &Value, patch: &Value, ty: &'static Type) -> Result<Value, ApiError> {
    match (original, patch) {
        (Value::Object(original), Value::Object(patch)) => {
            strategic::apply(original.clone(), patch, ty)
                .map(Value::Object)
                .map_err(Into::into)
        }
        (_, patch) => Err(not_a_map(patch)),
    }
}

fn not_a_map(patch: &Value) -> ApiError {
    let what = match patch {
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) => "bool",
        Value::Null | Value::Object(_) => "null",
    };
    ApiError::bad_request(format!(
        "error decoding patch: json: cannot unmarshal {what} into Go value of type map[string]interface {{}}"
    ))
}

/// 422 as upstream words a patch that is well formed and does not fit the object.
fn unprocessable() -> ApiError {
    ApiError::new(
        422,
        reason::INVALID,
        "the server rejected our request due to an error in our request",
    )
    .with_details(Details::default())
}

#[cfg(test)]
mod tests;
