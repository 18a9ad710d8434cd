//! `--config-file`: YAML with etcd's keys. When it is given, flags and variables count for nothing, as in etcd.
//!
//! Most keys are flags' names. TLS stands in two maps of its own, and socket options in a third. etcd forgets keys that it does
//! not know; here they are errors, since a setting that is not honoured must not look as if it were.
//!
//! The one confusing thing: etcd takes durations in a file as nanoseconds alone. Both those and Go's forms are taken.

use serde_yaml::Value;

use super::{
    table::{self, Kind},
    values::Values,
};

/// Keys of `client-transport-security` and the flags that they are; those of peers have `peer-` before them.
const SECURITY: [(&str, &str, &str); 10] = [
    ("cert-file", "cert-file", "peer-cert-file"),
    ("key-file", "key-file", "peer-key-file"),
    (
        "client-cert-file",
        "client-cert-file",
        "peer-client-cert-file",
    ),
    ("client-key-file", "client-key-file", "peer-client-key-file"),
    (
        "client-cert-auth",
        "client-cert-auth",
        "peer-client-cert-auth",
    ),
    ("trusted-ca-file", "trusted-ca-file", "peer-trusted-ca-file"),
    ("auto-tls", "auto-tls", "peer-auto-tls"),
    ("allowed-cn", "", "peer-cert-allowed-cn"),
    (
        "allowed-hostname",
        "client-cert-allowed-hostname",
        "peer-cert-allowed-hostname",
    ),
    (
        "skip-client-san-verify",
        "",
        "peer-skip-client-san-verification",
    ),
];

/// Keys that are not named as their flags are.
const OTHER_NAMES: [(&str, &str); 1] = [(
    "experimental-snapshot-catch-up-entries",
    "experimental-snapshot-catchup-entries",
)];

/// Reads the text of a file into `values`.
///
/// # Errors
/// What YAML says, or the key and what is wrong with its value.
pub fn read(text: &str, values: &mut Values) -> Result<(), String> {
    let document: Value =
        serde_yaml::from_str(text).map_err(|error| format!("error converting YAML: {error}"))?;
    let map = match document {
        Value::Null => return Ok(()),
        Value::Mapping(map) => map,
        _ => return Err("the configuration file is not a map of settings".into()),
    };
    for (key, value) in map {
        let Some(key) = key.as_str() else {
            return Err(format!(
                "a key of the configuration file is not a word: {key:?}"
            ));
        };
        match key {
            "client-transport-security" => security(key, value, values, |row| row.1)?,
            "peer-transport-security" => security(key, value, values, |row| row.2)?,
            "socket-options" => {
                let rows = [
                    ("reuse-port", "socket-reuse-port"),
                    ("reuse-address", "socket-reuse-address"),
                ];
                nested(key, value, values, |inner| {
                    rows.iter().find(|row| row.0 == inner).map(|row| row.1)
                })?;
            }
            key => {
                let other = OTHER_NAMES.iter().find(|(name, _)| *name == key);
                set(key, other.map_or(key, |(_, flag)| flag), value, values)?;
            }
        }
    }
    Ok(())
}

type SecurityRow = (&'static str, &'static str, &'static str);

fn security(
    key: &str,
    value: Value,
    values: &mut Values,
    pick: impl Fn(&SecurityRow) -> &'static str,
) -> Result<(), String> {
    nested(key, value, values, |inner| {
        let row = SECURITY.iter().find(|row| row.0 == inner)?;
        Some(pick(row)).filter(|flag| !flag.is_empty())
    })
}

fn nested(
    key: &str,
    value: Value,
    values: &mut Values,
    flag: impl Fn(&str) -> Option<&'static str>,
) -> Result<(), String> {
    let map = match value {
        Value::Null => return Ok(()),
        Value::Mapping(map) => map,
        _ => return Err(format!("{key} must be a map")),
    };
    for (inner, value) in map {
        let inner = inner.as_str().unwrap_or_default().to_owned();
        let path = format!("{key}.{inner}");
        match flag(&inner) {
            Some(flag) => set(&path, flag, value, values)?,
            None => return Err(format!("unknown setting in the configuration file: {path}")),
        }
    }
    Ok(())
}

fn set(key: &str, flag: &str, value: Value, values: &mut Values) -> Result<(), String> {
    let Some(flag) = table::find(flag) else {
        return Err(format!("unknown setting in the configuration file: {key}"));
    };
    let text = match value {
        // What is left empty has its default.
        Value::Null => return Ok(()),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) if flag.kind == Kind::Duration => format!("{number}ns"),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text,
        Value::Sequence(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| format!("{key} must be a list of words"))?
            .join(","),
        _ => return Err(format!("{key} must not be a map")),
    };
    if text.is_empty() {
        return Ok(());
    }
    values
        .set(flag, &text)
        .map_err(|error| format!("invalid value {text:?} for {key}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_etcds_form() {
        let mut values = Values::default();
        read(
            "name: s1\ndata-dir:\nsnapshot-count: 10000\nlisten-client-urls: http://localhost:2379,http://127.0.0.1:1\n\
             log-outputs: [stderr]\nauto-compaction-retention: \"1\"\ngrpc-keepalive-interval: 5000000000\n\
             client-transport-security:\n  cert-file: a.crt\n  client-cert-auth: true\n\
             peer-transport-security:\n  allowed-cn: [a, b]\n  cert-file: p.crt\n\
             socket-options:\n  reuse-port: true\n",
            &mut values,
        )
        .unwrap();
        assert_eq!(values.text("name"), "s1");
        assert!(!values.is_set("data-dir"));
        assert_eq!(values.urls("listen-client-urls").len(), 2);
        assert_eq!(
            values.duration("grpc-keepalive-interval"),
            Ok(std::time::Duration::from_secs(5))
        );
        assert_eq!(
            (values.text("cert-file"), values.text("peer-cert-file")),
            ("a.crt", "p.crt")
        );
        assert!(values.boolean("client-cert-auth") && values.boolean("socket-reuse-port"));
        assert_eq!(values.list("peer-cert-allowed-cn"), ["a", "b"]);
    }

    #[test]
    fn what_is_not_honoured_is_named() {
        for (text, error) in [
            ("nope: 1", "unknown setting in the configuration file: nope"),
            (
                "client-transport-security: {allowed-cn: [x]}",
                "unknown setting in the configuration file: client-transport-security.allowed-cn",
            ),
            (
                "heartbeat-interval: x",
                "invalid value \"x\" for heartbeat-interval: parse error",
            ),
            ("[1]", "the configuration file is not a map of settings"),
            ("name: {a: b}", "name must not be a map"),
        ] {
            assert_eq!(
                read(text, &mut Values::default()),
                Err(error.into()),
                "{text}"
            );
        }
    }
}
