//! ConfigMaps: core/v1. The rules of keys, sizes and immutability are shared with Secrets.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use jiff::Timestamp;
use serde_json::Value;

use super::cells::{AGE, NAME, age, column, name};
use super::checks::all_invalid;
use super::value::{entries, flag, get, is_set, same};
use super::{Column, Errors, Kind, PLAIN, Storage};

/// The descriptor of ConfigMaps.
pub static CONFIG_MAP: Kind = Kind {
    plural: "configmaps",
    storage: Storage {
        prefix: "configmaps",
        conversion: None,
    },
    validate,
    validate_update: |new, old, errors| immutable(errors, new, old, &["data", "binaryData"]),
    columns: COLUMNS,
    row,
    ..PLAIN
};

/// Bytes all values of a ConfigMap or a Secret may take together.
pub(super) const DATA_MAX_BYTES: usize = 1 << 20;

const COLUMNS: &[Column] = &[
    NAME,
    column("Data", "string", "How many entries there are."),
    AGE,
];

fn validate(map: &Value, errors: &mut Errors) {
    let mut bytes = 0;
    for (key, value) in entries(map, "data") {
        key_is_valid(errors, "data", key);
        if is_set(get(map, "binaryData"), key) {
            errors.push(FieldError::invalid(
                &Path::new("data").key(key),
                key,
                "duplicate of key present in binaryData",
            ));
        }
        bytes += value.as_str().map_or(0, str::len);
    }
    for (key, value) in entries(map, "binaryData") {
        key_is_valid(errors, "binaryData", key);
        bytes += decoded_len(value);
    }
    if bytes > DATA_MAX_BYTES {
        // The fault is that of the whole object, which upstream names with an empty path.
        errors.push(FieldError::too_long(&Path::new(""), DATA_MAX_BYTES));
    }
}

/// A key that can be the name of a file.
pub(super) fn key_is_valid(errors: &mut Errors, field: &'static str, key: &str) {
    let wrong = names::is_config_map_key(key);
    if !wrong.is_empty() {
        all_invalid(errors, &Path::new(field).key(key), key, wrong);
    }
}

/// How many bytes a base64 value stands for.
pub(super) fn decoded_len(value: &Value) -> usize {
    let text = value.as_str().unwrap_or("");
    let padding = text.bytes().rev().take_while(|&byte| byte == b'=').count();
    (text.len() / 4 * 3).saturating_sub(padding)
}

/// What is marked immutable stays, mark included.
pub(super) fn immutable(errors: &mut Errors, new: &Value, old: &Value, fields: &[&'static str]) {
    const STAYS: &str = "field is immutable when `immutable` is set";
    if !flag(old, "immutable") {
        return;
    }
    if !flag(new, "immutable") {
        errors.push(FieldError::forbidden(&Path::new("immutable"), STAYS));
    }
    for field in fields {
        if !same(get(new, field), get(old, field)) {
            errors.push(FieldError::forbidden(&Path::new(*field), STAYS));
        }
    }
}

fn row(map: &Value, now: Timestamp) -> Vec<Value> {
    let count = entries(map, "data").count() + entries(map, "binaryData").count();
    vec![name(map), count.into(), age(map, now)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(map: Value) -> Vec<String> {
        let mut errors = Errors::new();
        validate(&map, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn keys_and_sizes() {
        assert!(found(json!({"data": {"a.b_c-1": "x"}, "binaryData": {"d": "AAEC"}})).is_empty());
        assert_eq!(
            found(json!({"data": {"a": "x"}, "binaryData": {"a": "AAEC"}})),
            ["data[a]: Invalid value: \"a\": duplicate of key present in binaryData"]
        );
        assert!(found(json!({"data": {"a/b": "x"}}))[0].starts_with(
            "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        ));
        assert_eq!(
            found(json!({"data": {"a": "x".repeat(DATA_MAX_BYTES + 1)}})),
            [": Too long: may not be more than 1048576 bytes"]
        );
        assert!(found(json!({"data": {"a": "x".repeat(DATA_MAX_BYTES)}})).is_empty());
        assert_eq!(decoded_len(&json!("AAECAw==")), 4);
    }

    #[test]
    fn the_immutable_stay() {
        let judge = |new: Value, old: Value| {
            let mut errors = Errors::new();
            (CONFIG_MAP.validate_update)(&new, &old, &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let old = json!({"immutable": true, "data": {"a": "1"}});
        assert!(judge(old.clone(), old.clone()).is_empty());
        assert_eq!(
            judge(json!({"data": {"a": "2"}}), old),
            [
                "immutable: Forbidden: field is immutable when `immutable` is set",
                "data: Forbidden: field is immutable when `immutable` is set",
            ]
        );
        assert!(
            judge(
                json!({"immutable": true, "data": {}}),
                json!({"data": {"a": "1"}})
            )
            .is_empty()
        );
    }

    #[test]
    fn rows() {
        let map = json!({"metadata": {"name": "m"}, "data": {"a": ""}, "binaryData": {"b": ""}});
        assert_eq!(
            row(&map, Timestamp::UNIX_EPOCH),
            [json!("m"), json!(2), json!("<unknown>")]
        );
    }
}
