//! The bytes of an object: how it is stored, and how its `resourceVersion` is spliced in without encoding it again.
//!
//! Stored JSON begins `{"kind":K,"apiVersion":V,"metadata":{` and has no `resourceVersion`, because the store gives the
//! revision only when it has the bytes. Readers get `"resourceVersion":"N",` copied in right after that beginning. Items of a
//! list leave `kind` and `apiVersion` out, as upstream's do: they are a suffix of the same bytes.

use std::ops::Range;

use bytes::Bytes;
use serde_json::{Map, Value};

/// How far into an object its metadata may begin; kinds and versions are short.
const HEAD: usize = 512;
const METADATA: &[u8] = b"\"metadata\":{";
const VERSION: &[u8] = b"\"resourceVersion\":\"";

/// Encodes an object as it is stored: `kind`, `apiVersion`, `metadata` first, no `resourceVersion`.
pub fn store_form(object: &Value) -> Vec<u8> {
    let empty = Map::new();
    let fields = object.as_object().unwrap_or(&empty);
    let mut out = Vec::with_capacity(1024);
    out.push(b'{');
    for name in ["kind", "apiVersion"] {
        let text = fields.get(name).and_then(Value::as_str).unwrap_or_default();
        write_name(&mut out, name);
        write_value(&mut out, &Value::String(text.to_owned()));
    }
    write_name(&mut out, "metadata");
    write_metadata(&mut out, fields.get("metadata"));
    for (name, value) in fields {
        if !matches!(name.as_str(), "kind" | "apiVersion" | "metadata") {
            write_name(&mut out, name);
            write_value(&mut out, value);
        }
    }
    out.push(b'}');
    out
}

fn write_metadata(out: &mut Vec<u8>, metadata: Option<&Value>) {
    out.push(b'{');
    for (name, value) in metadata.and_then(Value::as_object).into_iter().flatten() {
        if name != "resourceVersion" {
            write_name(out, name);
            write_value(out, value);
        }
    }
    out.push(b'}');
}

fn write_name(out: &mut Vec<u8>, name: &str) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    write_value(out, &Value::String(name.to_owned()));
    out.push(b':');
}

fn write_value(out: &mut Vec<u8>, value: &Value) {
    // Writing a Value into memory cannot fail: keys are strings and the writer never errs.
    let _ = serde_json::to_writer(out, value);
}

/// An object's bytes with its `resourceVersion`, inside a buffer that may hold something around it.
#[derive(Debug, Clone)]
pub struct Encoded {
    buffer: Bytes,
    object: Range<usize>,
    metadata: usize,
    version: Range<usize>,
}

impl Encoded {
    /// Splices the revision into stored bytes, with `before` and `after` around the object in the same buffer.
    ///
    /// `None` when the bytes are not an object in JSON.
    pub fn splice(stored: &[u8], revision: i64, before: &[u8], after: &[u8]) -> Option<Encoded> {
        let Some(metadata) = find_metadata(stored) else {
            // Written by someone else, such as an etcd tool: bring it into our form first.
            let value: Value = serde_json::from_slice(stored).ok()?;
            value.as_object()?;
            let again = store_form(&value);
            find_metadata(&again)?;
            return Encoded::splice(&again, revision, before, after);
        };
        let cut = metadata + METADATA.len();
        let digits = revision.to_string();
        let start = before.len();
        let mut buffer =
            Vec::with_capacity(stored.len() + before.len() + after.len() + VERSION.len() + 24);
        buffer.extend_from_slice(before);
        buffer.extend_from_slice(&stored[..cut]);
        buffer.extend_from_slice(VERSION);
        let version = buffer.len()..buffer.len() + digits.len();
        buffer.extend_from_slice(digits.as_bytes());
        buffer.push(b'"');
        if stored.get(cut) != Some(&b'}') {
            buffer.push(b',');
        }
        buffer.extend_from_slice(&stored[cut..]);
        let object = start..buffer.len();
        buffer.extend_from_slice(after);
        Some(Encoded {
            buffer: buffer.into(),
            object,
            metadata: start + metadata,
            version,
        })
    }

    /// Bytes of an object that is not stored: without `resourceVersion`.
    pub fn unversioned(stored: Vec<u8>) -> Encoded {
        let metadata = find_metadata(&stored).unwrap_or(0);
        let object = 0..stored.len();
        Encoded {
            buffer: stored.into(),
            object,
            metadata,
            version: 0..0,
        }
    }

    /// The object with another `resourceVersion`, and something around it.
    pub fn at_revision(&self, revision: i64, before: &[u8], after: &[u8]) -> Encoded {
        let digits = revision.to_string();
        let mut buffer =
            Vec::with_capacity(self.object.len() + before.len() + after.len() + digits.len());
        buffer.extend_from_slice(before);
        buffer.extend_from_slice(&self.buffer[self.object.start..self.version.start]);
        let version = buffer.len()..buffer.len() + digits.len();
        buffer.extend_from_slice(digits.as_bytes());
        buffer.extend_from_slice(&self.buffer[self.version.end..self.object.end]);
        let object = before.len()..buffer.len();
        buffer.extend_from_slice(after);
        let metadata = object.start + (self.metadata - self.object.start);
        Encoded {
            buffer: buffer.into(),
            object,
            metadata,
            version,
        }
    }

    /// The whole object.
    pub fn object(&self) -> Bytes {
        self.buffer.slice(self.object.clone())
    }

    /// The object's bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.buffer[self.object.clone()]
    }

    /// The whole buffer, with what is around the object.
    pub fn framed(&self) -> Bytes {
        self.buffer.clone()
    }

    /// The object as an item of a list, after its opening brace: without `kind` and `apiVersion`.
    pub fn item_tail(&self) -> &[u8] {
        &self.buffer[self.metadata..self.object.end]
    }

    /// Size in memory, in bytes.
    pub fn size(&self) -> usize {
        self.buffer.len()
    }
}

fn find_metadata(stored: &[u8]) -> Option<usize> {
    if !stored.starts_with(b"{\"kind\":\"") {
        return None;
    }
    let head = &stored[..stored.len().min(HEAD)];
    let at = head
        .windows(METADATA.len())
        .position(|window| window == METADATA)?;
    // A resourceVersion inside would be doubled.
    let rest = &stored[at + METADATA.len()..];
    (!rest.starts_with(VERSION)).then_some(at)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_revision_is_spliced_and_replaced() {
        let object = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"a": 1}, "metadata": {"name": "x", "resourceVersion": "3"}});
        let stored = store_form(&object);
        assert_eq!(
            text(&stored),
            r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x"},"spec":{"a":1}}"#
        );
        let encoded = Encoded::splice(&stored, 42, b"<", b">").unwrap();
        let want = r#"{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"42","name":"x"},"spec":{"a":1}}"#;
        assert_eq!(text(&encoded.object()), want);
        assert_eq!(text(&encoded.framed()), format!("<{want}>"));
        assert_eq!(
            text(encoded.item_tail()),
            &want[want.find("\"metadata\"").unwrap()..]
        );
        let later = encoded.at_revision(1000, b"[", b"]");
        assert_eq!(
            text(&later.framed()),
            format!("[{}]", want.replace("42", "1000"))
        );
        assert_eq!(
            text(later.item_tail()),
            &want.replace("42", "1000")[want.find("\"metadata\"").unwrap()..]
        );
        let back = later.at_revision(7, b"", b"");
        assert_eq!(text(&back.object()), want.replace("42", "7"));
    }

    #[test]
    fn foreign_forms_are_brought_into_ours() {
        let foreign = br#"{ "metadata": {"name":"x","resourceVersion":"9"}, "apiVersion":"v1", "kind":"ConfigMap" }"#;
        let encoded = Encoded::splice(foreign, 5, b"", b"").unwrap();
        assert_eq!(
            text(&encoded.object()),
            r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"5","name":"x"}}"#
        );
        assert!(Encoded::splice(b"rubbish", 5, b"", b"").is_none());
        assert!(Encoded::splice(b"[]", 5, b"", b"").is_none());
        let empty = Encoded::splice(
            br#"{"kind":"A","apiVersion":"v1","metadata":{}}"#,
            5,
            b"",
            b"",
        )
        .unwrap();
        assert_eq!(
            text(&empty.object()),
            r#"{"kind":"A","apiVersion":"v1","metadata":{"resourceVersion":"5"}}"#
        );
    }
}
