//! Secrets: core/v1. Some types demand certain keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hydrofoil_api::field::{FieldError, Path};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::cells::{AGE, NAME, age, column, name};
use super::checks::IMMUTABLE;
use super::config_map::{DATA_MAX_BYTES, decoded_len, immutable, key_is_valid};
use super::value::{child, entries, get, is_set, remove, set, text, text_at};
use super::{Column, Errors, Kind, PLAIN, Storage};

/// The descriptor of Secrets.
pub static SECRET: Kind = Kind {
    plural: "secrets",
    storage: Storage {
        prefix: "secrets",
        conversion: None,
    },
    default,
    validate,
    validate_update,
    columns: COLUMNS,
    row,
    fields: &[("type", |secret| text(secret, "type").to_owned())],
    ..PLAIN
};

const ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";

const COLUMNS: &[Column] = &[
    NAME,
    column("Type", "string", "What the entries are for."),
    column("Data", "string", "How many entries there are."),
    AGE,
];

/// `stringData` is for writing only: it goes into `data`, over what is there.
fn default(secret: &mut Value) {
    if is_set(secret, "stringData") {
        let plain = get(secret, "stringData")
            .as_object()
            .cloned()
            .unwrap_or_default();
        if !plain.is_empty() {
            let data = child(secret, "data");
            for (key, value) in plain {
                set(data, &key, STANDARD.encode(value.as_str().unwrap_or("")));
            }
        }
    }
    remove(secret, "stringData");
    // An entry without a value is an empty one: upstream's storage cannot tell the two apart.
    if let Some(data) = secret.get_mut("data").and_then(Value::as_object_mut) {
        for value in data.values_mut().filter(|value| value.is_null()) {
            *value = Value::String(String::new());
        }
    }
}

fn validate(secret: &Value, errors: &mut Errors) {
    let path = Path::new("data");
    let mut bytes = 0;
    for (key, value) in entries(secret, "data") {
        key_is_valid(errors, "data", key);
        bytes += decoded_len(value);
    }
    if bytes > DATA_MAX_BYTES {
        errors.push(FieldError::too_long(&path, DATA_MAX_BYTES));
    }
    let has = |key: &str| get(secret, "data").get(key).is_some();
    let mut need = |key: &str| errors.push(FieldError::required(&path.key(key), ""));
    match text(secret, "type") {
        "kubernetes.io/service-account-token"
            if text_at(secret, &["metadata", "annotations", ACCOUNT_NAME]).is_empty() =>
        {
            let at = Path::new("metadata").child("annotations").key(ACCOUNT_NAME);
            errors.push(FieldError::required(&at, ""));
        }
        "kubernetes.io/dockercfg" => docker(errors, secret, ".dockercfg"),
        "kubernetes.io/dockerconfigjson" => docker(errors, secret, ".dockerconfigjson"),
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => {
            need("username");
            need("password");
        }
        "kubernetes.io/ssh-auth" if text_at(secret, &["data", "ssh-privatekey"]).is_empty() => {
            need("ssh-privatekey");
        }
        "kubernetes.io/tls" => {
            for key in ["tls.crt", "tls.key"] {
                if !has(key) {
                    need(key);
                }
            }
        }
        _ => {}
    }
}

/// Registry credentials are a JSON object.
fn docker(errors: &mut Errors, secret: &Value, key: &str) {
    let path = Path::new("data").key(key);
    let Some(encoded) = get(secret, "data").get(key) else {
        errors.push(FieldError::required(&path, ""));
        return;
    };
    let decoded = STANDARD
        .decode(encoded.as_str().unwrap_or(""))
        .unwrap_or_default();
    if let Err(error) = serde_json::from_slice::<Map<String, Value>>(&decoded) {
        let sentence = if decoded.is_empty() {
            "unexpected end of JSON input".to_owned()
        } else {
            error.to_string()
        };
        errors.push(FieldError::invalid(
            &path,
            "<secret contents redacted>",
            sentence,
        ));
    }
}

fn validate_update(new: &Value, old: &Value, errors: &mut Errors) {
    if text(new, "type") != text(old, "type") {
        errors.push(FieldError::invalid(
            &Path::new("type"),
            text(new, "type"),
            IMMUTABLE,
        ));
    }
    immutable(errors, new, old, &["data"]);
}

fn row(secret: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(secret),
        text(secret, "type").into(),
        entries(secret, "data").count().into(),
        age(secret, now),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn plain_text_becomes_data() {
        let mut secret =
            json!({"data": {"a": "eA==", "n": null}, "stringData": {"a": "y", "b": "z"}});
        super::super::tests::fill(&SECRET, &mut secret);
        let expected =
            json!({"metadata": {}, "type": "Opaque", "data": {"a": "eQ==", "b": "eg==", "n": ""}});
        assert_eq!(secret, expected);
        super::super::tests::fill(&SECRET, &mut secret);
        assert_eq!(secret, expected);
    }

    #[test]
    fn types_demand_keys() {
        let found = |secret: Value| {
            let mut errors = Errors::new();
            validate(&secret, &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(found(json!({"type": "Opaque"})).is_empty());
        assert_eq!(
            found(json!({"type": "kubernetes.io/tls"})),
            [
                "data[tls.crt]: Required value",
                "data[tls.key]: Required value"
            ]
        );
        assert_eq!(
            found(json!({"type": "kubernetes.io/basic-auth"})),
            [
                "data[username]: Required value",
                "data[password]: Required value"
            ]
        );
        assert_eq!(
            found(json!({"type": "kubernetes.io/service-account-token"})),
            ["metadata.annotations[kubernetes.io/service-account.name]: Required value"]
        );
        let login = STANDARD.encode("{}");
        assert!(found(json!({"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": login}})).is_empty());
        let broken = found(
            json!({"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": ""}}),
        );
        assert_eq!(
            broken,
            [
                "data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": unexpected end of JSON input"
            ]
        );
    }

    #[test]
    fn the_type_stays() {
        let mut errors = Errors::new();
        validate_update(
            &json!({"type": "x"}),
            &json!({"type": "Opaque"}),
            &mut errors,
        );
        assert_eq!(
            errors[0].to_string(),
            "type: Invalid value: \"x\": field is immutable"
        );
    }
}
