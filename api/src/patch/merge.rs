//! JSON Merge Patch, RFC 7386.

use serde_json::{Map, Value};

/// The outcome of a patch on a value: null removes, maps merge, everything else replaces.
pub(super) fn apply(original: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch.clone();
    };
    let mut out: Map<String, Value> = original.as_object().cloned().unwrap_or_default();
    for (key, value) in patch {
        if value.is_null() {
            out.remove(key);
        } else {
            let merged = apply(out.get(key).unwrap_or(&Value::Null), value);
            out.insert(key.clone(), merged);
        }
    }
    Value::Object(out)
}
