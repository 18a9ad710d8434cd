//! From JSON to a message, as grpc-gateway's reader does it (`jsonpb` over Go's `encoding/json`), with its words for what does not fit:
//! who forgets to encode a key in base64 finds them in search engines.
//!
//! Fields go by either of their names, those that the message does not have are let by, and `null` is as if it were not there.

use prost::Message;
use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, Value,
};
use serde_json::Value as Json;

/// Reads a message.
///
/// # Errors
/// The words for the first thing that does not fit.
pub fn message(json: &Json, kind: &MessageDescriptor) -> Result<DynamicMessage, String> {
    let mut message = DynamicMessage::new(kind.clone());
    let fields = match json {
        Json::Null => return Ok(message),
        Json::Object(fields) => fields,
        other => return Err(mismatch(other, "map[string]json.RawMessage")),
    };
    for field in kind.fields() {
        let named = fields
            .get(field.name())
            .or_else(|| fields.get(field.json_name()));
        if let Some(json) = named.filter(|json| !json.is_null()) {
            message.set_field(&field, value(json, &field)?);
        }
    }
    Ok(message)
}

fn value(json: &Json, field: &FieldDescriptor) -> Result<Value, String> {
    if !field.is_list() {
        return single(json, &field.kind());
    }
    let Json::Array(items) = json else {
        return Err(mismatch(json, "[]json.RawMessage"));
    };
    let items = items.iter().map(|item| match item {
        Json::Null => Ok(Value::default_value(&field.kind())),
        item => single(item, &field.kind()),
    });
    items.collect::<Result<_, _>>().map(Value::List)
}

fn single(json: &Json, kind: &Kind) -> Result<Value, String> {
    match kind {
        Kind::Bool => match json {
            Json::Bool(value) => Ok(Value::Bool(*value)),
            other => Err(mismatch(other, "bool")),
        },
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => number(json, "int32").map(Value::I32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => number(json, "int64").map(Value::I64),
        Kind::Uint32 | Kind::Fixed32 => number(json, "uint32").map(Value::U32),
        Kind::Uint64 | Kind::Fixed64 => number(json, "uint64").map(Value::U64),
        Kind::Float => number(json, "float32").map(Value::F32),
        Kind::Double => number(json, "float64").map(Value::F64),
        Kind::String => match json {
            Json::String(text) => Ok(Value::String(text.clone())),
            other => Err(mismatch(other, "string")),
        },
        Kind::Bytes => match json {
            Json::String(text) => base64(text)
                .map(|bytes| Value::Bytes(bytes.into()))
                .map_err(|at| format!("illegal base64 data at input byte {at}")),
            other => Err(mismatch(other, "[]uint8")),
        },
        Kind::Enum(words) => choice(json, words).map(Value::EnumNumber),
        Kind::Message(kind) => message(json, kind).map(Value::Message),
    }
}

/// A number of an enum: any, or a word that it has.
fn choice(json: &Json, words: &EnumDescriptor) -> Result<i32, String> {
    let Json::String(word) = json else {
        return number(json, "protoreflect.EnumNumber");
    };
    let known = words.get_value_by_name(word);
    known.map(|value| value.number()).ok_or_else(|| {
        let (word, words) = (json.to_string(), words.full_name());
        format!("unknown value {word:?} for enum {words}")
    })
}

/// A number, which may be in quotes.
fn number<N: serde::de::DeserializeOwned>(json: &Json, target: &str) -> Result<N, String> {
    let inner;
    let json = match json {
        Json::String(text) => {
            inner = serde_json::from_str(text).map_err(|_| no_number(text))?;
            &inner
        }
        json => json,
    };
    let Json::Number(digits) = json else {
        return Err(mismatch(json, target));
    };
    serde_json::from_value(json.clone()).map_err(|_| {
        format!("json: cannot unmarshal number {digits} into Go value of type {target}")
    })
}

/// What is wrong with a text that is to be a number.
fn no_number(text: &str) -> String {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let rest = digits.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let place = if text.len() == rest.len() {
        "looking for beginning of value"
    } else if digits.len() == rest.len() {
        "in numeric literal"
    } else {
        "after top-level value"
    };
    rest.chars().next().map_or_else(
        || "unexpected end of JSON input".to_owned(),
        |letter| format!("invalid character {letter:?} {place}"),
    )
}

fn mismatch(json: &Json, target: &str) -> String {
    let kind = match json {
        Json::Null => "null",
        Json::Bool(_) => "bool",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    };
    format!("json: cannot unmarshal {kind} into Go value of type {target}")
}

/// RFC 4648's base64 as Go reads it: padded, over any number of lines.
///
/// # Errors
/// Where it is wrong, counted as Go counts it.
fn base64(text: &str) -> Result<Vec<u8>, usize> {
    let mut letters = text
        .bytes()
        .enumerate()
        .filter(|(_, letter)| !matches!(letter, b'\r' | b'\n'));
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    loop {
        let mut quantum = 0_u32;
        for have in 0..4 {
            let Some((at, letter)) = letters.next() else {
                return if have == 0 {
                    Ok(bytes)
                } else {
                    Err(text.len() - have)
                };
            };
            let bits = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'a'..=b'z' => letter - b'a' + 26,
                b'0'..=b'9' => letter - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'=' if have >= 2 => {
                    if have == 2 {
                        match letters.next() {
                            None => return Err(text.len()),
                            Some((_, b'=')) => {}
                            Some((at, _)) => return Err(at),
                        }
                    }
                    let quantum = quantum << (6 * (4 - have));
                    bytes.extend_from_slice(&quantum.to_be_bytes()[1..have]);
                    return letters.next().map_or(Ok(bytes), |(at, _)| Err(at));
                }
                _ => return Err(at),
            };
            quantum = quantum << 6 | u32::from(bits);
        }
        bytes.extend_from_slice(&quantum.to_be_bytes()[1..]);
    }
}

/// Reads a message into its wire form: see [`message`].
///
/// # Errors
/// As there.
pub fn encoded(json: &Json, kind: &MessageDescriptor) -> Result<Vec<u8>, String> {
    message(json, kind).map(|message| message.encode_to_vec())
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};

    use super::{base64, no_number};

    #[test]
    fn base64_comes_back_and_its_faults_are_where_go_finds_them() {
        for length in 0..50 {
            let bytes: Vec<u8> = (0..length).map(|n: u8| n.wrapping_mul(37)).collect();
            let text = BASE64_STANDARD.encode(&bytes);
            assert_eq!(base64(&text), Ok(bytes.clone()), "{text}");
            let lines = text.replace('A', "A\r\n");
            assert_eq!(base64(&lines), Ok(bytes), "{lines}");
        }
        for (text, at) in [
            ("@@", 0),
            ("YQ", 0),
            ("YWFhYQ", 4),
            ("YQ=", 3),
            ("YQ=a", 3),
            ("YWE=YQ==", 4),
            ("=", 0),
            ("Y===", 1),
            ("_-8=", 0),
            ("YWFh!", 4),
        ] {
            assert_eq!(base64(text), Err(at), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_told_as_go_tells_it() {
        for (text, words) in [
            ("", "unexpected end of JSON input"),
            ("-", "unexpected end of JSON input"),
            ("x", "invalid character 'x' looking for beginning of value"),
            ("-x", "invalid character 'x' in numeric literal"),
            ("0x1", "invalid character 'x' after top-level value"),
        ] {
            assert_eq!(no_number(text), words, "{text:?}");
        }
    }
}
