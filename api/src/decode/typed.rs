//! Values read against their declared types, from JSON text or from a parsed value, with one set of rules.
//!
//! What comes out is what Go would encode after decoding: unknown fields are gone, zero values of `omitempty` fields are
//! gone, zero values that Go always writes are there. One thing differs: where Go writes `null` for an absent list, map or
//! time, the field is left out.

use super::context::Context;
use super::cursor::{Cursor, Kind, Read};
use super::scalar::{self, Scalar};
use crate::facts::{Field, FieldType, Omit, Type};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A value's declared type, with Go's name for it.
#[derive(Clone, Copy)]
struct Slot<'t> {
    ty: &'t FieldType,
    go: &'t str,
}

impl<'t> Slot<'t> {
    /// The type of the elements of a list or map. A named list type (`v1.Verbs`) does not tell its elements' name; those
    /// are texts.
    fn element(self, ty: &'t FieldType) -> Slot<'t> {
        let go = match self.go.strip_prefix("[]") {
            Some(rest) => rest,
            None => match self
                .go
                .strip_prefix("map[")
                .and_then(|rest| rest.split_once(']'))
            {
                Some((_, rest)) => rest,
                None => ty.message().map_or("string", |m| m.go),
            },
        };
        Slot {
            ty,
            go: go.trim_start_matches('*'),
        }
    }
}

/// Reads a whole object from JSON text.
pub fn from_text(bytes: &[u8], ty: &Type, cx: &mut Context) -> Read<Value> {
    let mut cursor = Cursor::new(bytes);
    let value = match cursor.peek()? {
        Kind::Object => Value::Object(read_struct(&mut cursor, ty, cx)?),
        other => {
            cursor.skip()?;
            cx.mismatch(word(other), ty.go);
            Value::Null
        }
    };
    cursor.end()?;
    Ok(value)
}

/// Reads a whole object from a parsed value.
pub fn from_value(value: Value, ty: &Type, cx: &mut Context) -> Value {
    from_changed(value, None, ty, cx)
}

/// Reads a whole object from a value that was made out of `old`, an object in canonical form. What is as it was there is not looked
/// at again: a patch of the status leaves a spec that costs several times as much to read.
pub fn from_changed(value: Value, old: Option<&Value>, ty: &Type, cx: &mut Context) -> Value {
    match value {
        Value::Object(map) => {
            Value::Object(conform_fields(map, old.and_then(Value::as_object), ty, cx))
        }
        other => {
            cx.mismatch(word(kind_of(&other)), ty.go);
            Value::Null
        }
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Object => "object",
        Kind::Array => "array",
        Kind::String => "string",
        Kind::Number => "number",
        Kind::Bool => "bool",
        Kind::Null => "null",
    }
}

fn kind_of(value: &Value) -> Kind {
    match value {
        Value::Object(_) => Kind::Object,
        Value::Array(_) => Kind::Array,
        Value::String(_) => Kind::String,
        Value::Number(_) => Kind::Number,
        Value::Bool(_) => Kind::Bool,
        Value::Null => Kind::Null,
    }
}

// ---- from text

fn read_struct(cursor: &mut Cursor<'_>, ty: &Type, cx: &mut Context) -> Read<Map<String, Value>> {
    let mut map = Map::new();
    let mut seen = Seen::default();
    cursor.object(|cursor, key| {
        let Some((index, field)) = find(ty, &key) else {
            cx.unknown(&key);
            return cursor.skip();
        };
        if seen.again(index) {
            cx.duplicate(&key);
        }
        let slot = Slot {
            ty: &field.ty,
            go: field.go,
        };
        let value = cx.in_field(ty, field.json, |cx| read_value(cursor, slot, cx))?;
        keep(&mut map, key, field, value);
        Ok(())
    })?;
    fill(&mut map, ty);
    Ok(map)
}

/// Reads a value; nothing for null and for what was found wrong.
fn read_value(cursor: &mut Cursor<'_>, slot: Slot<'_>, cx: &mut Context) -> Read<Option<Value>> {
    match cursor.peek()? {
        Kind::Object => read_object(cursor, slot, cx),
        Kind::Array => read_array(cursor, slot, cx),
        Kind::String => Ok(scalar::read(
            Scalar::Text(cursor.string()?),
            slot.ty,
            slot.go,
            cx,
        )),
        Kind::Number => Ok(scalar::read(
            Scalar::Number(cursor.number()?),
            slot.ty,
            slot.go,
            cx,
        )),
        Kind::Bool => Ok(scalar::read(
            Scalar::Bool(cursor.bool()?),
            slot.ty,
            slot.go,
            cx,
        )),
        Kind::Null => {
            cursor.null()?;
            Ok(None)
        }
    }
}

fn read_object(cursor: &mut Cursor<'_>, slot: Slot<'_>, cx: &mut Context) -> Read<Option<Value>> {
    match slot.ty {
        FieldType::Message(ty) => Ok(Some(Value::Object(read_struct(cursor, ty, cx)?))),
        FieldType::Map(element) => {
            let element = slot.element(element);
            let mut map = Map::new();
            cursor.object(|cursor, key| {
                if map.contains_key(&key) {
                    cx.duplicate(&key);
                }
                let value = match cursor.peek()? {
                    Kind::Object | Kind::Array => {
                        cx.in_key(&key, |cx| read_value(cursor, element, cx))?
                    }
                    _ => read_value(cursor, element, cx)?,
                };
                map.insert(key, value.unwrap_or_else(|| zero_element(element.ty)));
                Ok(())
            })?;
            Ok(Some(Value::Object(map)))
        }
        FieldType::RawExtension | FieldType::FieldsV1 | FieldType::Json => {
            Ok(Some(cursor.any(&mut |_| {})?))
        }
        FieldType::OrBool(ty) | FieldType::OrArray(ty) | FieldType::OrStrings(ty) => {
            let strict = std::mem::replace(&mut cx.strict, false);
            let map = read_struct(cursor, ty, cx);
            cx.strict = strict;
            Ok(Some(Value::Object(map?)))
        }
        _ => {
            cursor.skip()?;
            misplaced("object", slot, cx);
            Ok(None)
        }
    }
}

fn read_array(cursor: &mut Cursor<'_>, slot: Slot<'_>, cx: &mut Context) -> Read<Option<Value>> {
    let schemas;
    let element = match slot.ty {
        FieldType::List(element) => slot.element(element),
        FieldType::OrArray(ty) => {
            schemas = FieldType::Message(ty);
            Slot {
                ty: &schemas,
                go: ty.go,
            }
        }
        FieldType::OrStrings(_) => Slot {
            ty: &FieldType::String,
            go: "string",
        },
        FieldType::RawExtension | FieldType::FieldsV1 | FieldType::Json => {
            return Ok(Some(cursor.any(&mut |_| {})?));
        }
        _ => {
            cursor.skip()?;
            misplaced("array", slot, cx);
            return Ok(None);
        }
    };
    let mut list = Vec::new();
    cursor.array(|cursor, index| {
        let value = cx.in_index(index, |cx| read_value(cursor, element, cx))?;
        list.push(value.unwrap_or_else(|| zero_element(element.ty)));
        Ok(())
    })?;
    Ok(Some(Value::Array(list)))
}

/// A list or map where the type is neither.
fn misplaced(what: &str, slot: Slot<'_>, cx: &mut Context) {
    match slot.ty {
        FieldType::Time | FieldType::MicroTime | FieldType::Duration => {
            cx.fatal_mismatch(what, "string")
        }
        FieldType::IntOrString => cx.fatal_mismatch(what, "int32"),
        FieldType::Quantity => cx.fatal(crate::quantity::ParseQuantityError::Format.to_string()),
        FieldType::OrBool(_) => cx.fatal("boolean or JSON schema expected"),
        FieldType::OrStrings(_) | FieldType::OrArray(_) => {}
        FieldType::Bytes => cx.mismatch(what, "[]uint8"),
        _ => cx.mismatch(what, slot.go),
    }
}

// ---- from a parsed value

/// In place: most of what comes here is as it should be, and building maps anew is most of what a patch would cost.
fn conform_struct(map: Map<String, Value>, ty: &Type, cx: &mut Context) -> Map<String, Value> {
    conform_fields(map, None, ty, cx)
}

/// Fields that are as in `old`, which has them in canonical form, stay.
fn conform_fields(
    mut map: Map<String, Value>,
    old: Option<&Map<String, Value>>,
    ty: &Type,
    cx: &mut Context,
) -> Map<String, Value> {
    map.retain(|key, place| {
        if old.is_some_and(|old| old.get(key) == Some(place)) {
            return true;
        }
        let Some((_, field)) = find(ty, key) else {
            cx.unknown(key);
            return false;
        };
        let slot = Slot {
            ty: &field.ty,
            go: field.go,
        };
        let value = std::mem::take(place);
        match cx.in_field(ty, field.json, |cx| conform(value, slot, cx)) {
            Some(value) if is_written(field, &value) => {
                *place = value;
                true
            }
            _ => false,
        }
    });
    fill(&mut map, ty);
    map
}

fn conform(value: Value, slot: Slot<'_>, cx: &mut Context) -> Option<Value> {
    match value {
        Value::Object(map) => conform_object(map, slot, cx),
        Value::Array(list) => conform_array(list, slot, cx),
        Value::String(text) => scalar::read(Scalar::Text(text), slot.ty, slot.go, cx),
        Value::Number(number) => {
            let text: Cow<'_, str> = number.to_string().into();
            scalar::read(Scalar::Number(&text), slot.ty, slot.go, cx)
        }
        Value::Bool(truth) => scalar::read(Scalar::Bool(truth), slot.ty, slot.go, cx),
        Value::Null => None,
    }
}

fn conform_object(
    mut source: Map<String, Value>,
    slot: Slot<'_>,
    cx: &mut Context,
) -> Option<Value> {
    match slot.ty {
        FieldType::Message(ty) => Some(Value::Object(conform_struct(source, ty, cx))),
        FieldType::Map(element) => {
            let element = slot.element(element);
            for (key, place) in &mut source {
                let value = std::mem::take(place);
                let value = match &value {
                    Value::Object(_) | Value::Array(_) => {
                        cx.in_key(key, |cx| conform(value, element, cx))
                    }
                    _ => conform(value, element, cx),
                };
                *place = value.unwrap_or_else(|| zero_element(element.ty));
            }
            Some(Value::Object(source))
        }
        FieldType::RawExtension | FieldType::FieldsV1 | FieldType::Json => {
            Some(Value::Object(source))
        }
        FieldType::OrBool(ty) | FieldType::OrArray(ty) | FieldType::OrStrings(ty) => {
            let strict = std::mem::replace(&mut cx.strict, false);
            let map = conform_struct(source, ty, cx);
            cx.strict = strict;
            Some(Value::Object(map))
        }
        _ => {
            misplaced("object", slot, cx);
            None
        }
    }
}

fn conform_array(source: Vec<Value>, slot: Slot<'_>, cx: &mut Context) -> Option<Value> {
    let schemas;
    let element = match slot.ty {
        FieldType::List(element) => slot.element(element),
        FieldType::OrArray(ty) => {
            schemas = FieldType::Message(ty);
            Slot {
                ty: &schemas,
                go: ty.go,
            }
        }
        FieldType::OrStrings(_) => Slot {
            ty: &FieldType::String,
            go: "string",
        },
        FieldType::RawExtension | FieldType::FieldsV1 | FieldType::Json => {
            return Some(Value::Array(source));
        }
        _ => {
            misplaced("array", slot, cx);
            return None;
        }
    };
    let one = |(index, value)| {
        let value = cx.in_index(index, |cx| conform(value, element, cx));
        value.unwrap_or_else(|| zero_element(element.ty))
    };
    Some(Value::Array(
        source.into_iter().enumerate().map(one).collect(),
    ))
}

// ---- what Go's encoder would write

/// The fields of a struct seen so far: a bit each. No type of the API has more than 64 fields by far.
#[derive(Default)]
struct Seen([u64; 2]);

impl Seen {
    fn again(&mut self, index: usize) -> bool {
        let Some(word) = self.0.get_mut(index / 64) else {
            return false;
        };
        let bit = 1 << (index % 64);
        let before = *word & bit != 0;
        *word |= bit;
        before
    }
}

fn find(ty: &Type, key: &str) -> Option<(usize, &'static Field)> {
    let fields: &'static [Field] = ty.fields;
    fields
        .binary_search_by(|f| f.json.cmp(key))
        .ok()
        .map(|i| (i, &fields[i]))
}

/// A list that means something when it is empty: it resets who owns what (`apply`).
const RESETS: &str = "managedFields";

/// Puts a value into a struct unless Go's encoder would leave it out.
fn keep(map: &mut Map<String, Value>, key: String, field: &Field, value: Option<Value>) {
    match value {
        Some(value) if is_written(field, &value) => {
            map.insert(key, value);
        }
        // A repeated field's last value counts, also when it is nothing.
        _ => {
            map.remove(&key);
        }
    }
}

/// Whether Go's encoder writes this value of a field.
fn is_written(field: &Field, value: &Value) -> bool {
    field.pointer
        || field.omit == Omit::Never
        || field.json == RESETS
        || !is_empty(value, &field.ty)
}

/// `omitempty`'s idea of empty, which no struct is.
fn is_empty(value: &Value, ty: &FieldType) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(truth) => !truth && !matches!(ty, FieldType::Json | FieldType::RawExtension),
        Value::Number(number) => {
            let plain = matches!(ty, FieldType::Int32 | FieldType::Int64 | FieldType::Double);
            plain && number.as_f64() == Some(0.0)
        }
        Value::String(text) => {
            text.is_empty() && matches!(ty, FieldType::String | FieldType::Bytes)
        }
        Value::Array(list) => list.is_empty() && matches!(ty, FieldType::List(_)),
        Value::Object(map) => map.is_empty() && matches!(ty, FieldType::Map(_)),
    }
}

/// Adds what Go's encoder writes even when it was not set.
fn fill(map: &mut Map<String, Value>, ty: &Type) {
    for field in ty.fields {
        if !field.pointer
            && has_written_zero(field)
            && !map.contains_key(field.json)
            && let Some(value) = written_zero(field)
        {
            map.insert(field.json.to_owned(), value);
        }
    }
}

/// Whether [`written_zero`] gives a value, which it would have to make.
fn has_written_zero(field: &Field) -> bool {
    match field.omit {
        Omit::Zero => false,
        Omit::Empty => matches!(field.ty, FieldType::Message(_) | FieldType::Quantity),
        Omit::Never => true,
    }
}

fn written_zero(field: &Field) -> Option<Value> {
    match (&field.ty, field.omit) {
        (_, Omit::Zero) => None,
        (FieldType::Message(ty), _) => {
            let mut map = Map::new();
            fill(&mut map, ty);
            Some(Value::Object(map))
        }
        (FieldType::Quantity, _) => Some("0".into()),
        (_, Omit::Empty) => None,
        (FieldType::String, _) => Some("".into()),
        (FieldType::Bool, _) => Some(false.into()),
        (FieldType::Int32 | FieldType::Int64 | FieldType::Double | FieldType::IntOrString, _) => {
            Some(0.into())
        }
        (FieldType::Duration, _) => Some("0s".into()),
        _ => None,
    }
}

/// What null stands for as an element of a list or map.
fn zero_element(ty: &FieldType) -> Value {
    match ty {
        FieldType::Message(ty) => {
            let mut map = Map::new();
            fill(&mut map, ty);
            Value::Object(map)
        }
        FieldType::Quantity => "0".into(),
        FieldType::String => "".into(),
        FieldType::Bool => false.into(),
        FieldType::Int32 | FieldType::Int64 | FieldType::Double | FieldType::IntOrString => {
            0.into()
        }
        _ => Value::Null,
    }
}
