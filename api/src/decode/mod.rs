//! Bodies to objects: JSON and YAML read against a type of the facts table, in one pass.
//!
//! What comes out is what upstream would store: unknown fields gone, quantities and times canonical, zero values as Go's
//! encoder leaves or writes them (`typed.rs` says where we differ). What goes wrong is said in upstream's words, which are
//! those of Go's `encoding/json` and of the API server's create and update handlers. Defaults are `defaults`' business, and
//! the size of a body its reader's.

mod context;
mod cursor;
mod errors;
mod scalar;
pub mod time;
mod typed;
mod yaml;

use crate::facts::Type;
use crate::status::ApiError;
use context::Context;
use cursor::{Cursor, Syntax};
use serde_json::Value;

pub use cursor::MAX_DEPTH;

/// What to do about unknown and repeated fields: the request's `fieldValidation`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// Drop them.
    Ignore,
    /// Drop them and say so in warnings. What applies when the request does not say.
    #[default]
    Warn,
    /// Refuse the object.
    Strict,
}

impl FieldValidation {
    /// From the query parameter; empty means the default. Nothing when it is none of the three.
    pub fn parse(text: &str) -> Option<FieldValidation> {
        Some(match text {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            _ => return None,
        })
    }
}

/// An object that was read.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The object, without what the type does not know, in canonical form, `apiVersion` and `kind` set.
    pub value: Value,
    /// For the `Warning` header.
    pub warnings: Vec<String>,
}

/// Reads a JSON body as an object of the expected type. Errors are 400s.
pub fn json(bytes: &[u8], expected: &Type, mode: FieldValidation) -> Result<Decoded, ApiError> {
    let mut cx = Context::new(mode != FieldValidation::Ignore);
    match typed::from_text(bytes, expected, &mut cx) {
        Ok(value) => finish(value, cx, Vec::new(), bytes, expected, mode),
        Err(Syntax(message)) => Err(errors::unrecognized(
            &format!("couldn't get version/kind; json parse error: {message}"),
            bytes,
            expected,
        )),
    }
}

/// Reads a YAML body as an object of the expected type. Errors are 400s. YAML 1.2's scalars: `yes` and `on` are texts.
pub fn yaml(bytes: &[u8], expected: &Type, mode: FieldValidation) -> Result<Decoded, ApiError> {
    let parsed =
        yaml::parse(bytes).map_err(|message| errors::unrecognized(&message, bytes, expected))?;
    let mut cx = Context::new(mode != FieldValidation::Ignore);
    let value = typed::from_value(parsed.value, expected, &mut cx);
    finish(value, cx, parsed.duplicates, bytes, expected, mode)
}

fn finish(
    value: Value,
    cx: Context,
    mut strict_errors: Vec<String>,
    bytes: &[u8],
    expected: &Type,
    mode: FieldValidation,
) -> Result<Decoded, ApiError> {
    let (error, more) = cx.finish();
    strict_errors.extend(more);
    let value = errors::check_kind(value, error.as_deref(), bytes, expected)?;
    if let Some(error) = error {
        return Err(errors::unhandled(&value, &error, expected));
    }
    match mode {
        FieldValidation::Strict if !strict_errors.is_empty() => {
            let message = format!("strict decoding error: {}", strict_errors.join(", "));
            Err(errors::unhandled(&value, &message, expected))
        }
        FieldValidation::Warn => Ok(Decoded {
            value,
            warnings: strict_errors,
        }),
        _ => Ok(Decoded {
            value,
            warnings: Vec::new(),
        }),
    }
}

/// Reads the outcome of a patch of `old`, an object in canonical form, as an object of the expected type. `duplicates` are the
/// repeated fields that were found in the patch itself ([`patch`]). Errors are 422s that show the outcome, as upstream's patch handler has them: `again` makes it
/// once more for them, since a copy for the rare error would cost every patch.
pub fn patched(
    value: Value,
    old: Option<&Value>,
    again: impl FnOnce() -> Value,
    duplicates: Vec<String>,
    expected: &Type,
    mode: FieldValidation,
) -> Result<Decoded, ApiError> {
    let mut cx = Context::new(mode != FieldValidation::Ignore);
    let out = typed::from_changed(value, old, expected, &mut cx);
    let (error, more) = cx.finish();
    if let Some(error) = error {
        return Err(errors::bad_outcome(&again(), &error));
    }
    let mut strict_errors = duplicates;
    strict_errors.extend(more);
    match mode {
        FieldValidation::Strict if !strict_errors.is_empty() => Err(errors::bad_outcome(
            &again(),
            &format!("strict decoding error: {}", strict_errors.join(", ")),
        )),
        FieldValidation::Warn => Ok(Decoded {
            value: out,
            warnings: strict_errors,
        }),
        _ => Ok(Decoded {
            value: out,
            warnings: Vec::new(),
        }),
    }
}

/// Brings an object that the server made itself into canonical form. Fields of a wrong type are dropped: what the server
/// makes has none.
pub fn canonical(value: Value, ty: &Type) -> Value {
    typed::from_value(value, ty, &mut Context::new(false))
}

/// Reads the body of a JSON Patch, merge patch or strategic merge patch: any JSON. Answers with the value and the repeated
/// fields in it. Errors are 400s.
pub fn patch(bytes: &[u8]) -> Result<(Value, Vec<String>), ApiError> {
    let mut duplicates = Vec::new();
    let mut cursor = Cursor::new(bytes);
    let read = cursor.any(&mut |path| {
        let text = format!("duplicate field {}", crate::gotext::quote(path));
        if !duplicates.contains(&text) {
            duplicates.push(text);
        }
    });
    match read.and_then(|value| cursor.end().map(|()| value)) {
        Ok(value) => Ok((value, duplicates)),
        Err(Syntax(message)) => Err(ApiError::bad_request(format!(
            "error decoding patch: {message}"
        ))),
    }
}

/// Reads the body of a server-side apply: YAML, or JSON, as kubectl sends it. Errors are 400s.
pub fn apply_patch(bytes: &[u8], mode: FieldValidation) -> Result<Decoded, ApiError> {
    // JSON is YAML, and what kubectl sends; it is read as JSON when it is, unless it repeats a key, of which YAML's reader tells.
    let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
    let json = first
        .filter(|b| **b == b'{')
        .and_then(|_| patch(bytes).ok());
    let (value, duplicates) = match json {
        Some((value, duplicates)) if duplicates.is_empty() => (value, duplicates),
        _ => {
            let parsed = yaml::parse(bytes).map_err(|message| {
                ApiError::bad_request(format!(
                    "error decoding YAML: error converting YAML to JSON: {message}"
                ))
            })?;
            (parsed.value, parsed.duplicates)
        }
    };
    if !value.is_object() && !value.is_null() {
        let what = if value.is_array() { "array" } else { "string" };
        return Err(ApiError::bad_request(format!(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {what} into Go value of type map[string]interface {{}}"
        )));
    }
    let told = |d: &String| format!("error converting YAML to JSON: {d}");
    match (mode, duplicates.first()) {
        (FieldValidation::Strict, Some(duplicate)) => Err(ApiError::bad_request(format!(
            "error strict decoding YAML: {}",
            told(duplicate)
        ))),
        (FieldValidation::Warn, Some(duplicate)) => Ok(Decoded {
            value,
            warnings: vec![told(duplicate)],
        }),
        _ => Ok(Decoded {
            value,
            warnings: Vec::new(),
        }),
    }
}

#[cfg(test)]
mod tests;
