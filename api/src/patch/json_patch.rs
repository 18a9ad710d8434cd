//! JSON Patch, RFC 6902, with the API server's bounds.

use super::unprocessable;
use crate::status::ApiError;
use json_patch::{PatchOperation, patch_unsafe};
use serde_json::Value;

/// The most operations in one patch (`maxJSONPatchOperations`).
pub const MAX_OPERATIONS: usize = 10_000;
/// The most bytes that `copy` operations may add up to: a body's bound, so that a small patch cannot make a huge object.
const MAX_COPIED_BYTES: usize = 3 * 1024 * 1024;

pub(super) fn apply(original: &Value, patch: &[u8]) -> Result<Value, ApiError> {
    let operations = read(patch)?;
    if operations.len() > MAX_OPERATIONS {
        return Err(ApiError::request_entity_too_large(format!(
            "The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {}",
            operations.len()
        )));
    }
    let mut out = original.clone();
    let mut copied = 0;
    for operation in &operations {
        if let PatchOperation::Copy(copy) = operation {
            copied += out
                .pointer(copy.from.as_str())
                .map_or(0, |v| v.to_string().len());
            if copied > MAX_COPIED_BYTES {
                return Err(unprocessable());
            }
        }
        patch_unsafe(&mut out, std::slice::from_ref(operation)).map_err(|_| unprocessable())?;
    }
    Ok(out)
}

/// Reads the operations. Bad JSON and a body that is no list are 400s; an operation that is none is found when it is
/// applied, upstream, and so is a 422.
fn read(patch: &[u8]) -> Result<Vec<PatchOperation>, ApiError> {
    let (value, _) = crate::decode::patch(patch).map_err(|e| {
        let message = e
            .message()
            .trim_start_matches("error decoding patch: ")
            .to_owned();
        ApiError::bad_request(message)
    })?;
    let what = match &value {
        Value::Array(operations) if operations.iter().all(Value::is_object) => {
            return serde_json::from_value(value).map_err(|_| unprocessable());
        }
        Value::Array(_) => {
            "json: cannot unmarshal string into Go value of type jsonpatch.Operation"
        }
        Value::Object(_) => "json: cannot unmarshal object into Go value of type jsonpatch.Patch",
        Value::String(_) => "json: cannot unmarshal string into Go value of type jsonpatch.Patch",
        Value::Number(_) => "json: cannot unmarshal number into Go value of type jsonpatch.Patch",
        Value::Bool(_) => "json: cannot unmarshal bool into Go value of type jsonpatch.Patch",
        Value::Null => return Ok(Vec::new()),
    };
    Err(ApiError::bad_request(what))
}
