//! Upstream's serialization fixtures: every field of every kind set to something, read and written back.
//!
//! The fixtures are in the Go module `k8s.io/api`. Where it is not at hand the test passes over itself, saying so.

use hydrofoil_api::decode::{self, FieldValidation};
use hydrofoil_api::facts::{Type, types};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

const VERSION: &str = "v0.36.2";

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|o| o.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// The module's folder: as the tests' own Go module resolves it, else in the module cache.
fn module() -> Option<PathBuf> {
    let tools = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/tools");
    if tools.is_dir()
        && let Some(folder) = output(
            Command::new("go")
                .args(["list", "-m", "-f", "{{.Dir}}", "k8s.io/api"])
                .current_dir(tools),
        )
    {
        return Some(PathBuf::from(folder));
    }
    let cache = std::env::var("GOMODCACHE")
        .ok()
        .or_else(|| output(Command::new("go").args(["env", "GOMODCACHE"])))?;
    Some(PathBuf::from(cache).join(format!("k8s.io/api@{VERSION}"))).filter(|f| f.is_dir())
}

/// The fixtures of the kinds that the facts table has, each with its type.
fn fixtures() -> Option<Vec<(String, PathBuf, &'static Type)>> {
    let folder = module()?.join("testdata/HEAD");
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).ok()? {
        let path = entry.ok()?.path();
        let name = path.file_name()?.to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".json") else {
            continue;
        };
        let text = std::fs::read_to_string(&path).ok()?;
        let value: Value = serde_json::from_str(&text).ok()?;
        let api_version = value["apiVersion"].as_str().unwrap_or_default();
        let (group, version) = hydrofoil_api::object::group_version(api_version);
        let gvk = Some((group, version, value["kind"].as_str().unwrap_or_default()));
        if let Some(ty) = types().iter().find(|t| t.gvk == gvk) {
            out.push((stem.to_owned(), path, *ty));
        }
    }
    Some(out)
}

/// Go writes `null` for lists, maps and times that are not set; we leave them out.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .filter(|(_, v)| !v.is_null())
                .map(|(k, v)| (k, without_nulls(v)))
                .collect(),
        ),
        Value::Array(list) => Value::Array(list.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

#[test]
fn every_fixture_survives_in_json_and_yaml() {
    let Some(fixtures) = fixtures() else {
        eprintln!(
            "passed over: the Go module k8s.io/api is not at hand (go mod download k8s.io/api@{VERSION})"
        );
        return;
    };
    assert!(
        fixtures.len() > 60,
        "only {} fixtures of served kinds",
        fixtures.len()
    );
    let mut wrong = Vec::new();
    for (name, path, ty) in fixtures {
        let json = std::fs::read(&path).unwrap();
        let expected = without_nulls(serde_json::from_slice(&json).unwrap());
        match decode::json(&json, ty, FieldValidation::Strict) {
            Ok(read) => compare(&name, &expected, read.value, &mut wrong),
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
        let yaml = std::fs::read(path.with_extension("yaml")).unwrap();
        match decode::yaml(&yaml, ty, FieldValidation::Strict) {
            Ok(read) => compare(&name, &expected, read.value, &mut wrong),
            Err(error) => wrong.push(format!("{name} in YAML: {error}")),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differences:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn compare(name: &str, expected: &Value, read: Value, wrong: &mut Vec<String>) {
    let read = without_nulls(read);
    if read != *expected {
        wrong.push(format!("{name}: {}", first_difference("", expected, &read)));
    }
}

fn first_difference(path: &str, expected: &Value, found: &Value) -> String {
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in a {
                match b.get(key) {
                    Some(other) if other == value => {}
                    Some(other) => return first_difference(&format!("{path}.{key}"), value, other),
                    None => return format!("{path}.{key} is gone"),
                }
            }
            let more = b.keys().find(|k| !a.contains_key(*k));
            format!(
                "{path}.{} is new",
                more.map(String::as_str).unwrap_or_default()
            )
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let at = a
                .iter()
                .zip(b)
                .position(|(x, y)| x != y)
                .unwrap_or_default();
            first_difference(&format!("{path}[{at}]"), &a[at], &b[at])
        }
        (expected, found) => format!("{path}: expected {expected}, found {found}"),
    }
}
