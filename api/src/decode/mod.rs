//! Bodies to objects: JSON and YAML read against a type of the facts table.
use crate::facts::Type;
use crate::status::ApiError;
use serde_json::Value;

/// What to do about unknown and duplicate fields: the request's `fieldValidation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldValidation {
    /// Drop them.
    Ignore,
    /// Drop them and say so in warnings.
    Warn,
    /// Refuse the object.
    Strict,
}

/// An object that was read.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The object, without what the type does not know, in canonical form.
    pub value: Value,
    /// For the `Warning` header.
    pub warnings: Vec<String>,
}

/// Reads JSON.
pub fn json(bytes: &[u8], expected: &Type, mode: FieldValidation) -> Result<Decoded, ApiError> {
    let _ = (bytes, expected, mode);
    Err(ApiError::internal("unfinished"))
}

/// Reads YAML.
pub fn yaml(bytes: &[u8], expected: &Type, mode: FieldValidation) -> Result<Decoded, ApiError> {
    json(bytes, expected, mode)
}

/// Reads an object that is parsed already, for example the outcome of a patch.
pub fn value(value: Value, expected: &Type, mode: FieldValidation) -> Result<Decoded, ApiError> {
    let _ = (expected, mode);
    Ok(Decoded {
        value,
        warnings: Vec::new(),
    })
}
