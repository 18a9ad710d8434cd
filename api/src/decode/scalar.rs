//! Single values: what each declared type accepts, and the canonical form it is kept in.

use super::context::Context;
use super::time;
use crate::facts::FieldType;
use crate::quantity::Quantity;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value};

/// A JSON value that is neither list nor map nor null.
pub enum Scalar<'a> {
    Text(String),
    /// The number as it was written.
    Number(&'a str),
    Bool(bool),
}

impl Scalar<'_> {
    /// Go's word for it in type errors.
    fn word(&self) -> &'static str {
        match self {
            Scalar::Text(_) => "string",
            Scalar::Number(_) => "number",
            Scalar::Bool(_) => "bool",
        }
    }

    /// As it is, where any JSON may stand.
    pub fn any(self) -> Value {
        match self {
            Scalar::Text(text) => Value::String(text),
            Scalar::Number(text) => super::cursor::any_number(text),
            Scalar::Bool(truth) => Value::Bool(truth),
        }
    }
}

/// Reads a scalar as a declared type. Nothing means that the error was noted.
pub fn read(scalar: Scalar<'_>, ty: &FieldType, go: &str, cx: &mut Context) -> Option<Value> {
    match (ty, scalar) {
        (FieldType::String, Scalar::Text(text)) => Some(Value::String(text)),
        (FieldType::Bool, Scalar::Bool(truth)) => Some(Value::Bool(truth)),
        (FieldType::Int32, Scalar::Number(text)) => {
            whole(text, |n| in_int32(n, go)).or_else(|| mismatch_number(text, go, cx))
        }
        (FieldType::Int64, Scalar::Number(text)) => {
            whole(text, |_| true).or_else(|| mismatch_number(text, go, cx))
        }
        (FieldType::Double, Scalar::Number(text)) => text
            .parse()
            .ok()
            .and_then(shortest)
            .or_else(|| mismatch_number(text, go, cx)),
        (FieldType::Bytes, Scalar::Text(text)) => bytes(text, cx),
        (FieldType::IntOrString, scalar) => int_or_string(scalar, cx),
        (FieldType::Quantity, scalar) => quantity(scalar, cx),
        (FieldType::Time, Scalar::Text(text)) => parsed(time::seconds(&text), cx),
        (FieldType::MicroTime, Scalar::Text(text)) => parsed(time::micros(&text), cx),
        (FieldType::Duration, Scalar::Text(text)) => parsed(time::duration(&text), cx),
        (FieldType::Time | FieldType::MicroTime | FieldType::Duration, other) => {
            cx.fatal_mismatch(other.word(), "string");
            None
        }
        (FieldType::RawExtension | FieldType::FieldsV1 | FieldType::Json, scalar) => {
            Some(scalar.any())
        }
        (FieldType::OrBool(_), Scalar::Bool(truth)) => Some(Value::Bool(truth)),
        (FieldType::OrBool(_), _) => {
            cx.fatal("boolean or JSON schema expected");
            None
        }
        (FieldType::OrArray(_) | FieldType::OrStrings(_), _) => None,
        (_, scalar) => {
            cx.mismatch(scalar.word(), go);
            None
        }
    }
}

fn mismatch_number(text: &str, go: &str, cx: &mut Context) -> Option<Value> {
    cx.mismatch(&format!("number {text}"), go);
    None
}

fn whole(text: &str, fits: impl Fn(i64) -> bool) -> Option<Value> {
    text.parse::<i64>()
        .ok()
        .filter(|n| fits(*n))
        .map(Value::from)
}

fn in_int32(number: i64, go: &str) -> bool {
    match go {
        "uint32" => u32::try_from(number).is_ok(),
        "uint16" => u16::try_from(number).is_ok(),
        "int16" => i16::try_from(number).is_ok(),
        _ => i32::try_from(number).is_ok(),
    }
}

/// Go prints a float without a fraction as a whole number, up to 1e21.
fn shortest(float: f64) -> Option<Value> {
    /// Beyond this a float no longer tells whole numbers apart.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if float.fract() == 0.0 && float.abs() < EXACT {
        return Some(Value::from(float as i64));
    }
    Number::from_f64(float).map(Value::Number)
}

fn parsed(outcome: Result<String, String>, cx: &mut Context) -> Option<Value> {
    match outcome {
        Ok(text) => Some(Value::String(text)),
        Err(error) => {
            cx.fatal(error);
            None
        }
    }
}

/// Base64; Go passes over line breaks inside it, and prints it without them.
fn bytes(text: String, cx: &mut Context) -> Option<Value> {
    if STANDARD.decode(&text).is_ok() {
        return Some(Value::String(text));
    }
    let joined: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    match STANDARD.decode(&joined) {
        Ok(_) => Some(Value::String(joined)),
        Err(error) => {
            let at = match error {
                base64::DecodeError::InvalidByte(at, _)
                | base64::DecodeError::InvalidLastSymbol(at, _) => at,
                base64::DecodeError::InvalidLength(len) => len,
                base64::DecodeError::InvalidPadding => joined.len(),
            };
            // Go counts the bytes of the text as it was sent.
            let breaks = text
                .char_indices()
                .filter(|(_, c)| matches!(c, '\r' | '\n'));
            let at = breaks.fold(at, |at, (i, _)| if i <= at { at + 1 } else { at });
            cx.save(format!("illegal base64 data at input byte {at}"));
            None
        }
    }
}

fn int_or_string(scalar: Scalar<'_>, cx: &mut Context) -> Option<Value> {
    match scalar {
        Scalar::Text(text) => Some(Value::String(text)),
        Scalar::Number(text) => {
            let number = whole(text, |n| i32::try_from(n).is_ok());
            if number.is_none() {
                cx.fatal_mismatch(&format!("number {text}"), "int32");
            }
            number
        }
        Scalar::Bool(_) => {
            cx.fatal_mismatch("bool", "int32");
            None
        }
    }
}

fn quantity(scalar: Scalar<'_>, cx: &mut Context) -> Option<Value> {
    let canonical = match &scalar {
        Scalar::Text(text) => Quantity::canonicalise(text.trim()),
        Scalar::Number(text) => Quantity::canonicalise(text),
        Scalar::Bool(truth) => Quantity::canonicalise(if *truth { "true" } else { "false" }),
    };
    match canonical {
        Ok(text) => Some(Value::String(text)),
        Err(error) => {
            cx.fatal(error.to_string());
            None
        }
    }
}
