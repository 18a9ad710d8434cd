//! Typed reads and writes on the JSON form of an object.
//!
//! Rules are written over [`Value`] because that is the only form the server keeps. These functions give what Go's zero
//! values give upstream: a missing string is `""`, a missing list is empty, and an empty value equals a missing one.

use serde_json::{Map, Value};

/// What a missing field reads as.
pub(crate) static NULL: Value = Value::Null;

/// The field of an object, or null.
pub(crate) fn get<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(&NULL)
}

/// The field at the end of a chain of names, or null.
pub(crate) fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(value, |inner, key| get(inner, key))
}

/// A string field; missing reads as `""`.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    get(value, key).as_str().unwrap_or("")
}

/// A string at the end of a chain of names; missing reads as `""`.
pub(crate) fn text_at<'a>(value: &'a Value, path: &[&str]) -> &'a str {
    at(value, path).as_str().unwrap_or("")
}

/// An integer field that may be unset.
pub(crate) fn int(value: &Value, key: &str) -> Option<i64> {
    get(value, key).as_i64()
}

/// An integer field whose zero means unset.
pub(crate) fn int_or_zero(value: &Value, key: &str) -> i64 {
    int(value, key).unwrap_or(0)
}

/// A boolean field; missing reads as `false`.
pub(crate) fn flag(value: &Value, key: &str) -> bool {
    get(value, key).as_bool().unwrap_or(false)
}

/// A list field; missing reads as empty.
pub(crate) fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    get(value, key).as_array().map_or(&[], Vec::as_slice)
}

/// The entries of a map field; missing reads as empty.
pub(crate) fn entries<'a>(
    value: &'a Value,
    key: &str,
) -> impl Iterator<Item = (&'a str, &'a Value)> {
    get(value, key)
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, inner)| (name.as_str(), inner))
}

/// Whether the field is there and not null.
pub(crate) fn is_set(value: &Value, key: &str) -> bool {
    value.get(key).is_some_and(|inner| !inner.is_null())
}

/// Whether a value is what Go would leave out: null, `""`, `[]` or `{}`.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether two values mean the same: an empty value equals a missing one, as upstream's semantic equality says, and a
/// `false` or 0 equals a missing field, because fields that are no pointers upstream cannot tell them apart.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(a), Value::Object(b)) => {
            a.iter()
                .all(|(key, value)| same(value, b.get(key).unwrap_or(&NULL)))
                && b.iter()
                    .all(|(key, value)| a.contains_key(key) || is_zero(value))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(x, y)| same(x, y))
        }
        _ => left == right || (is_zero(left) && is_zero(right)),
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(set) => !set,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Object(map) => map.values().all(is_zero),
        other => is_empty(other),
    }
}

/// The object behind a value, made if something else is there.
pub(crate) fn map_of(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("was made an object above"),
    }
}

/// The field as an object, made when it is missing or null.
pub(crate) fn child<'a>(value: &'a mut Value, key: &str) -> &'a mut Value {
    let slot = map_of(value).entry(key).or_insert(Value::Null);
    if slot.is_null() {
        *slot = Value::Object(Map::new());
    }
    slot
}

/// The field, when it is an object; nothing is made.
pub(crate) fn existing<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    value.get_mut(key).filter(|inner| inner.is_object())
}

/// The elements of a list field, to be changed.
pub(crate) fn items_mut<'a>(
    value: &'a mut Value,
    key: &str,
) -> impl Iterator<Item = &'a mut Value> {
    value
        .get_mut(key)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}

/// Sets the field when it is missing or null.
pub(crate) fn set_missing(value: &mut Value, key: &str, default: impl Into<Value>) {
    let map = map_of(value);
    match map.get_mut(key) {
        Some(slot) if slot.is_null() => *slot = default.into(),
        Some(_) => {}
        None => {
            map.insert(key.to_owned(), default.into());
        }
    }
}

/// Sets a string field when it is missing, null or `""`.
pub(crate) fn set_blank(value: &mut Value, key: &str, default: &str) {
    if text(value, key).is_empty() && get(value, key).as_i64().is_none() {
        set(value, key, default);
    }
}

/// Sets the field, whatever is there.
pub(crate) fn set(value: &mut Value, key: &str, new: impl Into<Value>) {
    map_of(value).insert(key.to_owned(), new.into());
}

/// Removes the field.
pub(crate) fn remove(value: &mut Value, key: &str) {
    if let Some(map) = value.as_object_mut() {
        map.remove(key);
    }
}

/// Makes the field of the new object what it is in the old one, absent included.
pub(crate) fn keep(new: &mut Value, old: &Value, key: &str) {
    match old.get(key) {
        // Most often it is, and a whole spec costs more to copy than to compare.
        Some(value) if new.get(key) == Some(value) => {}
        Some(value) => set(new, key, value.clone()),
        None => remove(new, key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn missing_fields_read_as_zero_values() {
        let value = json!({"a": {"b": "x"}, "n": null, "l": [1]});
        assert_eq!(text_at(&value, &["a", "b"]), "x");
        assert_eq!(text_at(&value, &["a", "c", "d"]), "");
        assert_eq!(items(&value, "l").len(), 1);
        assert!(items(&value, "n").is_empty());
        assert!(!is_set(&value, "n"));
    }

    #[test]
    fn empty_equals_missing_but_values_differ() {
        assert!(same(&json!({"a": [], "b": "", "c": false}), &json!({})));
        assert!(same(&json!({}), &json!({"a": {}, "d": 0})));
        assert!(!same(&json!({"a": 1}), &json!({})));
        assert!(!same(&json!({}), &json!({"a": {"b": "x"}})));
        assert!(!same(&json!([1]), &json!([1, 2])));
    }

    #[test]
    fn keep_restores_absence() {
        let mut new = json!({"status": {"phase": "Running"}});
        keep(&mut new, &json!({}), "status");
        assert_eq!(new, json!({}));
    }

    #[test]
    fn writes_make_what_is_missing() {
        let mut value = json!({"spec": null});
        set_blank(child(&mut value, "spec"), "type", "ClusterIP");
        set_missing(child(&mut value, "spec"), "n", 3);
        set_missing(&mut value, "spec", "unused");
        assert_eq!(value, json!({"spec": {"type": "ClusterIP", "n": 3}}));
    }
}
