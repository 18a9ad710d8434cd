//! The three patches that are not server-side apply.
use crate::facts::Type;
use crate::status::ApiError;
use serde_json::Value;

/// JSON Patch, RFC 6902.
pub fn json(original: &Value, patch: &[u8]) -> Result<Value, ApiError> {
    let _ = patch;
    Ok(original.clone())
}

/// JSON Merge Patch, RFC 7386.
pub fn merge(original: &Value, patch: &Value) -> Result<Value, ApiError> {
    let _ = patch;
    Ok(original.clone())
}

/// Strategic merge patch.
pub fn strategic(original: &Value, patch: &Value, ty: &Type) -> Result<Value, ApiError> {
    let _ = (patch, ty);
    Ok(original.clone())
}
