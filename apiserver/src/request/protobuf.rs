//! Bodies in Kubernetes' protobuf, read into the same values that JSON bodies become.
//!
//! `kubectl create` and typed Go clients send them (`application/vnd.kubernetes.protobuf`). Field numbers come from the facts
//! table, so there is no code per type. Only requests are read; answers are JSON, which those clients accept beside protobuf.
//!
//! The confusing things: an object is wrapped in a `runtime.Unknown` behind four magic bytes; structs that JSON flattens are
//! messages of their own here (`through`); and a few scalars of JSON (times, quantities, int-or-string) are messages.
//! Zero values are left in: the decoder that follows drops them as Go's JSON encoder would.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hydrofoil_api::facts::{Field, FieldType, Type};
use hydrofoil_api::status::ApiError;
use jiff::Timestamp;
use serde_json::{Map, Number, Value};

/// What every body begins with.
const MAGIC: &[u8] = b"k8s\0";
/// Deepest nesting of messages that is followed.
const MAX_DEPTH: usize = 64;

/// Why bytes are no message.
type Wrong = &'static str;

/// Reads a body as an object of this type, `apiVersion` and `kind` as the body says.
///
/// # Errors
/// 400 for what cannot be read.
pub fn decode(body: &[u8], ty: &'static Type) -> Result<Value, ApiError> {
    read(body, ty)
        .map_err(|why| ApiError::bad_request(format!("unable to decode the protobuf body: {why}")))
}

fn read(body: &[u8], ty: &'static Type) -> Result<Value, Wrong> {
    let wrapped = body.strip_prefix(MAGIC).ok_or(
        "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
    )?;
    let mut value = Map::new();
    let mut raw: &[u8] = &[];
    for part in Parts(wrapped) {
        match part? {
            (1, Wire::Bytes(meta)) => {
                for part in Parts(meta) {
                    match part? {
                        (1, Wire::Bytes(text)) => {
                            value.insert("apiVersion".to_owned(), utf8(text)?)
                        }
                        (2, Wire::Bytes(text)) => value.insert("kind".to_owned(), utf8(text)?),
                        _ => None,
                    };
                }
            }
            (2, Wire::Bytes(bytes)) => raw = bytes,
            (3, Wire::Bytes(coding)) if !coding.is_empty() => {
                return Err("encoded contents are not supported");
            }
            _ => {}
        }
    }
    value.retain(|_, text| text != "");
    message(raw, ty, true, 0, &mut value)?;
    Ok(value.into())
}

/// Reads a message of a type. `whole` says that the type is an object of its own, whose `apiVersion` and `kind` stand
/// outside the message.
fn message(
    bytes: &[u8],
    ty: &'static Type,
    whole: bool,
    depth: usize,
    into: &mut Map<String, Value>,
) -> Result<(), Wrong> {
    if depth > MAX_DEPTH {
        return Err("messages are nested too deeply");
    }
    let outside =
        |field: &Field| (whole || ty.gvk.is_some()) && matches!(field.json, "apiVersion" | "kind");
    for part in Parts(bytes) {
        let (number, wire) = part?;
        let own = ty.fields.iter().find(|field| {
            field.number == number && field.through.is_empty() && number > 0 && !outside(field)
        });
        if let Some(field) = own {
            add(field, wire, depth, into)?;
            continue;
        }
        let flattened = ty
            .fields
            .iter()
            .any(|field| field.through.first() == Some(&number));
        if let (true, Wire::Bytes(inner)) = (flattened, wire) {
            flattened_message(inner, ty.fields, number, 0, depth, into)?;
        }
        // Anything else is a field that this version does not know.
    }
    Ok(())
}

/// Reads the message of a struct that JSON flattens into its parent: only fields that go through `number` are in it.
fn flattened_message(
    bytes: &[u8],
    fields: &'static [Field],
    number: u32,
    level: usize,
    depth: usize,
    into: &mut Map<String, Value>,
) -> Result<(), Wrong> {
    if depth > MAX_DEPTH {
        return Err("messages are nested too deeply");
    }
    for part in Parts(bytes) {
        let (inner, wire) = part?;
        let through = |field: &&Field| field.through.get(level) == Some(&number);
        let own = fields
            .iter()
            .filter(through)
            .find(|field| field.number == inner && field.through.len() == level + 1);
        if let Some(field) = own {
            add(field, wire, depth, into)?;
            continue;
        }
        let deeper = fields
            .iter()
            .filter(through)
            .any(|field| field.through.get(level + 1) == Some(&inner));
        if let (true, Wire::Bytes(bytes)) = (deeper, wire) {
            flattened_message(bytes, fields, inner, level + 1, depth + 1, into)?;
        }
    }
    Ok(())
}

/// Adds one occurrence of a field: the next element of a list, the next entry of a map, or the value.
fn add(
    field: &'static Field,
    wire: Wire<'_>,
    depth: usize,
    into: &mut Map<String, Value>,
) -> Result<(), Wrong> {
    match &field.ty {
        FieldType::List(element) => {
            let slot = into
                .entry(field.json)
                .or_insert_with(|| Value::Array(Vec::new()));
            let Value::Array(list) = slot else {
                return Err("a list is no list");
            };
            elements(element, wire, depth, list)
        }
        FieldType::Map(element) => {
            let Wire::Bytes(entry) = wire else {
                return Err("a map entry is no message");
            };
            let (key, value) = entry_of(entry, element, depth)?;
            let slot = into
                .entry(field.json)
                .or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(map) = slot else {
                return Err("a map is no map");
            };
            map.insert(key, value);
            Ok(())
        }
        ty => {
            let value = value(ty, wire, depth)?;
            if !value.is_null() {
                into.insert(field.json.to_owned(), value);
            }
            Ok(())
        }
    }
}

fn elements(
    ty: &'static FieldType,
    wire: Wire<'_>,
    depth: usize,
    list: &mut Vec<Value>,
) -> Result<(), Wrong> {
    let packable = matches!(ty, FieldType::Int32 | FieldType::Int64 | FieldType::Bool);
    if let (true, Wire::Bytes(mut packed)) = (packable, wire) {
        while !packed.is_empty() {
            let number = varint(&mut packed)?;
            list.push(value(ty, Wire::Varint(number), depth)?);
        }
        return Ok(());
    }
    list.push(value(ty, wire, depth)?);
    Ok(())
}

fn entry_of(bytes: &[u8], ty: &'static FieldType, depth: usize) -> Result<(String, Value), Wrong> {
    let mut key = String::new();
    let mut found = None;
    for part in Parts(bytes) {
        match part? {
            (1, Wire::Bytes(text)) => key = str_of(text)?.to_owned(),
            (2, wire) => found = Some(value(ty, wire, depth)?),
            _ => {}
        }
    }
    let empty = || match ty {
        FieldType::Message(_) => Value::Object(Map::new()),
        FieldType::List(_) => Value::Array(Vec::new()),
        _ => Value::from(""),
    };
    Ok((key, found.unwrap_or_else(empty)))
}

fn value(ty: &'static FieldType, wire: Wire<'_>, depth: usize) -> Result<Value, Wrong> {
    Ok(match (ty, wire) {
        (FieldType::String, Wire::Bytes(text)) => utf8(text)?,
        (FieldType::Bool, Wire::Varint(number)) => Value::Bool(number != 0),
        (FieldType::Int32 | FieldType::Int64, Wire::Varint(number)) => {
            Value::from(number.cast_signed())
        }
        (FieldType::Double, Wire::Fixed64(bits)) => {
            Number::from_f64(f64::from_bits(bits)).map_or(Value::Null, Value::Number)
        }
        (FieldType::Bytes, Wire::Bytes(bytes)) => Value::from(STANDARD.encode(bytes)),
        (FieldType::Time, Wire::Bytes(bytes)) => time(bytes, "%Y-%m-%dT%H:%M:%SZ")?,
        (FieldType::MicroTime, Wire::Bytes(bytes)) => time(bytes, "%Y-%m-%dT%H:%M:%S%.6fZ")?,
        (FieldType::Duration, Wire::Bytes(bytes)) => {
            Value::from(format!("{}ns", number_in(bytes, 1)?.unwrap_or(0)))
        }
        (FieldType::Quantity, Wire::Bytes(bytes)) => {
            text_in(bytes, 1)?.unwrap_or_else(|| Value::from("0"))
        }
        (FieldType::IntOrString, Wire::Bytes(bytes)) => match number_in(bytes, 1)? {
            Some(1) => text_in(bytes, 3)?.unwrap_or_else(|| Value::from("")),
            _ => Value::from(number_in(bytes, 2)?.unwrap_or(0)),
        },
        (FieldType::RawExtension | FieldType::FieldsV1 | FieldType::Json, Wire::Bytes(bytes)) => {
            raw(bytes)?
        }
        (FieldType::Message(ty), Wire::Bytes(bytes)) => {
            let mut inner = Map::new();
            message(bytes, ty, false, depth + 1, &mut inner)?;
            Value::Object(inner)
        }
        // A named list inside a map is a message of its own.
        (FieldType::List(element), Wire::Bytes(bytes)) => {
            let mut list = Vec::new();
            for part in Parts(bytes) {
                if let (1, wire) = part? {
                    elements(element, wire, depth + 1, &mut list)?;
                }
            }
            Value::Array(list)
        }
        (FieldType::OrBool(_) | FieldType::OrArray(_) | FieldType::OrStrings(_), _) => {
            return Err("schemas are read from JSON and YAML only");
        }
        _ => return Err("a field has the wrong wire type"),
    })
}

/// A `Timestamp` message; an empty one is no time.
fn time(bytes: &[u8], format: &str) -> Result<Value, Wrong> {
    let (seconds, nanos) = (
        number_in(bytes, 1)?.unwrap_or(0),
        number_in(bytes, 2)?.unwrap_or(0),
    );
    if (seconds, nanos) == (0, 0) {
        return Ok(Value::Null);
    }
    let nanos = i32::try_from(nanos).map_err(|_| "a time is out of range")?;
    let at = Timestamp::new(seconds, nanos).map_err(|_| "a time is out of range")?;
    Ok(Value::from(at.strftime(format).to_string()))
}

/// JSON inside a message.
fn raw(bytes: &[u8]) -> Result<Value, Wrong> {
    for part in Parts(bytes) {
        if let (1, Wire::Bytes(json)) = part? {
            if json.is_empty() {
                return Ok(Value::Null);
            }
            return serde_json::from_slice(json).map_err(|_| "embedded JSON cannot be read");
        }
    }
    Ok(Value::Null)
}

fn number_in(bytes: &[u8], wanted: u32) -> Result<Option<i64>, Wrong> {
    for part in Parts(bytes) {
        if let (number, Wire::Varint(value)) = part?
            && number == wanted
        {
            return Ok(Some(value.cast_signed()));
        }
    }
    Ok(None)
}

fn text_in(bytes: &[u8], wanted: u32) -> Result<Option<Value>, Wrong> {
    for part in Parts(bytes) {
        if let (number, Wire::Bytes(text)) = part?
            && number == wanted
        {
            return utf8(text).map(Some);
        }
    }
    Ok(None)
}

fn str_of(bytes: &[u8]) -> Result<&str, Wrong> {
    std::str::from_utf8(bytes).map_err(|_| "a text is not UTF-8")
}

fn utf8(bytes: &[u8]) -> Result<Value, Wrong> {
    str_of(bytes).map(Value::from)
}

/// A value on the wire.
#[derive(Debug, Clone, Copy)]
enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32,
    Bytes(&'a [u8]),
}

/// The fields of a message, in the order in which they come.
struct Parts<'a>(&'a [u8]);

impl<'a> Iterator for Parts<'a> {
    type Item = Result<(u32, Wire<'a>), Wrong>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let part = part(&mut self.0);
        if part.is_err() {
            self.0 = &[];
        }
        Some(part)
    }
}

fn part<'a>(bytes: &mut &'a [u8]) -> Result<(u32, Wire<'a>), Wrong> {
    let tag = varint(bytes)?;
    let number = u32::try_from(tag >> 3).map_err(|_| "a field number is out of range")?;
    let wire = match tag & 7 {
        0 => Wire::Varint(varint(bytes)?),
        1 => {
            let fixed: [u8; 8] = take(bytes, 8)?
                .try_into()
                .map_err(|_| "the message is cut off")?;
            Wire::Fixed64(u64::from_le_bytes(fixed))
        }
        2 => {
            let length = usize::try_from(varint(bytes)?).map_err(|_| "a length is out of range")?;
            Wire::Bytes(take(bytes, length)?)
        }
        5 => {
            take(bytes, 4)?;
            Wire::Fixed32
        }
        _ => return Err("an unknown wire type"),
    };
    Ok((number, wire))
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], Wrong> {
    let (taken, rest) = bytes
        .split_at_checked(length)
        .ok_or("the message is cut off")?;
    *bytes = rest;
    Ok(taken)
}

fn varint(bytes: &mut &[u8]) -> Result<u64, Wrong> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("a number is too long")
}

#[cfg(test)]
mod tests {
    use hydrofoil_api::facts;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn field(number: u32, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![u8::try_from(number << 3 | 2).unwrap()];
        let mut length = bytes.len();
        while length >= 0x80 {
            out.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        out.push(length as u8);
        out.extend_from_slice(bytes);
        out
    }

    fn wrapped(version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
        let meta = [field(1, version.as_bytes()), field(2, kind.as_bytes())].concat();
        [MAGIC.to_vec(), field(1, &meta), field(2, raw)].concat()
    }

    fn ty(name: &str) -> &'static Type {
        facts::type_named(name).unwrap()
    }

    #[test]
    fn an_object_is_unwrapped_by_number() {
        // ConfigMap: metadata = 1 (ObjectMeta: name = 1, creationTimestamp = 8), data = 2, binaryData = 3, immutable = 4.
        let metadata = [field(1, b"cm"), field(8, b"\x08\x80\x94\xeb\xdc\x03")].concat();
        let entry = [field(1, b"a"), field(2, b"b")].concat();
        let binary = [field(1, b"x"), field(2, &[0, 255])].concat();
        let raw = [
            field(1, &metadata),
            field(2, &entry),
            field(3, &binary),
            vec![0x20, 1],
        ]
        .concat();
        let value = decode(
            &wrapped("v1", "ConfigMap", &raw),
            ty("io.k8s.api.core.v1.ConfigMap"),
        )
        .unwrap();
        assert_eq!(
            value,
            json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "cm", "creationTimestamp": "2001-09-09T01:46:40Z"},
                "data": {"a": "b"}, "binaryData": {"x": "AP8="}, "immutable": true,
            })
        );
    }

    #[test]
    fn what_json_flattens_is_found_inside() {
        // Volume: name = 1, volumeSource = 2 (configMap = 19: localObjectReference = 1 (name = 1)).
        let reference = field(1, &field(1, b"cm"));
        let mut source = vec![0x9a, 0x01];
        source.push(reference.len() as u8);
        source.extend(&reference);
        let volume = [field(1, b"v"), field(2, &source)].concat();
        let mut out = Map::new();
        message(&volume, ty("io.k8s.api.core.v1.Volume"), false, 0, &mut out).unwrap();
        assert_eq!(
            Value::Object(out),
            json!({"name": "v", "configMap": {"name": "cm"}})
        );
    }

    #[test]
    fn scalars_that_are_messages_are_scalars_again() {
        // ServicePort: targetPort = 4 (type = 1, intVal = 2, strVal = 3), port = 3.
        let port = [vec![0x18, 80], field(4, b"\x08\x01\x10\x00\x1a\x04http")].concat();
        let mut out = Map::new();
        message(
            &port,
            ty("io.k8s.api.core.v1.ServicePort"),
            false,
            0,
            &mut out,
        )
        .unwrap();
        assert_eq!(
            Value::Object(out),
            json!({"port": 80, "targetPort": "http"})
        );
        // ResourceRequirements: limits = 1, a map of quantities (string = 1).
        let entry = [field(1, b"memory"), field(2, &field(1, b"64Mi"))].concat();
        let mut out = Map::new();
        message(
            &field(1, &entry),
            ty("io.k8s.api.core.v1.ResourceRequirements"),
            false,
            0,
            &mut out,
        )
        .unwrap();
        assert_eq!(Value::Object(out), json!({"limits": {"memory": "64Mi"}}));
    }

    #[test]
    fn what_is_cut_off_or_foreign_is_refused() {
        let whole = wrapped("v1", "ConfigMap", &field(1, &field(1, b"cm")));
        let config_map = ty("io.k8s.api.core.v1.ConfigMap");
        decode(&whole, config_map).unwrap();
        assert!(decode(&whole[..whole.len() - 1], config_map).is_err());
        assert!(
            decode(b"{}", config_map)
                .unwrap_err()
                .message()
                .contains("expected prefix")
        );
    }

    /// Every built-in resource of upstream's serialization fixtures: its protobuf reads as its JSON does.
    #[test]
    #[ignore = "needs K8S_API_TESTDATA, the folder testdata/HEAD of the Go module k8s.io/api"]
    fn upstreams_fixtures_read_as_their_json() {
        use hydrofoil_api::decode::{self, FieldValidation};
        let folder = std::path::PathBuf::from(std::env::var("K8S_API_TESTDATA").unwrap());
        let mut wrong = Vec::new();
        let mut read = 0;
        for resource in facts::RESOURCES {
            let group = if resource.group.is_empty() {
                "core"
            } else {
                resource.group
            };
            let file = folder.join(format!("{group}.{}.{}", resource.version, resource.kind));
            let Ok(binary) = std::fs::read(format!("{}.pb", file.display())) else {
                continue;
            };
            let text = std::fs::read(format!("{}.json", file.display())).unwrap();
            read += 1;
            let canonical = |bytes: &[u8]| {
                decode::json(bytes, resource.ty, FieldValidation::Ignore).map(|d| d.value)
            };
            let value = decode(&binary, resource.ty)
                .and_then(|value| canonical(value.to_string().as_bytes()));
            if value != canonical(&text) {
                wrong.push((resource.kind, value.err()));
            }
        }
        assert!(
            read > 20 && wrong.is_empty(),
            "{read} read, wrong: {wrong:?}"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let body = [MAGIC, bytes.as_slice()].concat();
            let _ = decode(&body, ty("io.k8s.api.core.v1.Pod"));
            let _ = decode(&wrapped("v1", "Pod", &bytes), ty("io.k8s.api.core.v1.Pod"));
        }
    }
}
