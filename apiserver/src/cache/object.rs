//! One object at one revision: its bytes, and what selectors and indexes look at. Never changed after it is made.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use hydrofoil_api::selector::Lookup;
use serde_json::Value;

use super::event::Change;
use super::projection::project;
use crate::encoding::Encoded;

/// A selectable field: its name and how it is read from an object.
pub type Field = (&'static str, fn(&Value) -> String);

/// An object's labels, sorted by key.
#[derive(Debug, Clone, Default)]
pub struct Labels(Box<[(Box<str>, Box<str>)]>);

impl Labels {
    fn of(object: &Value) -> Labels {
        let mut labels: Vec<(Box<str>, Box<str>)> = object["metadata"]["labels"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.as_str().into(), value.as_str()?.into())))
            .collect();
        labels.sort_unstable();
        Labels(labels.into())
    }
}

impl Lookup for Labels {
    fn label(&self, key: &str) -> Option<&str> {
        let at = self
            .0
            .binary_search_by(|(name, _)| (**name).cmp(key))
            .ok()?;
        Some(&self.0[at].1)
    }
}

/// One object at one revision.
#[derive(Debug)]
pub struct Object {
    path: Arc<str>,
    encoded: Encoded,
    revision: i64,
    labels: Labels,
    fields: Arc<[Box<str>]>,
    parsed: OnceLock<Arc<Value>>,
}

impl Object {
    /// Makes an object from what the store holds. `path` is the key after the resource's prefix (`namespace/name`, or
    /// `name`). With a `frame` the bytes are encoded as the watch event of that change, of which the object is a part.
    ///
    /// `None` when the bytes are not an object.
    pub fn from_stored(
        path: &str,
        stored: &[u8],
        revision: i64,
        fields: &[Field],
        frame: Option<Change>,
    ) -> Option<Object> {
        let (before, after) = frame.map_or((&b""[..], &b""[..]), Change::around);
        let encoded = Encoded::splice(stored, revision, before, after)?;
        let seen = project(stored)?;
        Some(Object {
            path: path.into(),
            encoded,
            revision,
            labels: Labels::of(&seen),
            fields: fields.iter().map(|(_, read)| read(&seen).into()).collect(),
            parsed: OnceLock::new(),
        })
    }

    /// The same object as its removal at `revision` shows it.
    pub(super) fn removed_at(&self, revision: i64) -> Object {
        let (before, after) = Change::Deleted.around();
        Object {
            path: Arc::clone(&self.path),
            encoded: self.encoded.at_revision(revision, before, after),
            revision,
            labels: self.labels.clone(),
            fields: Arc::clone(&self.fields),
            parsed: OnceLock::new(),
        }
    }

    /// The key after the resource's prefix.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The key, shared.
    pub(super) fn shared_path(&self) -> Arc<str> {
        Arc::clone(&self.path)
    }

    /// Empty for cluster-scoped objects.
    pub fn namespace(&self) -> &str {
        self.path
            .rsplit_once('/')
            .map_or("", |(namespace, _)| namespace)
    }

    /// The object's name.
    pub fn name(&self) -> &str {
        self.path
            .rsplit_once('/')
            .map_or(&*self.path, |(_, name)| name)
    }

    /// The revision that made this version.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// The object's bytes.
    pub fn encoded(&self) -> &Encoded {
        &self.encoded
    }

    /// The object in JSON, with its `resourceVersion`.
    pub fn json(&self) -> Bytes {
        self.encoded.object()
    }

    /// The object's labels.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The value of the n-th selectable field of its kind.
    pub fn field(&self, index: usize) -> &str {
        self.fields.get(index).map_or("", |value| value)
    }

    /// The object as a value, parsed at the first call and kept: for the few objects that admission asks for again and
    /// again (namespaces, service accounts, runtime classes).
    pub fn value(&self) -> Arc<Value> {
        Arc::clone(self.parsed.get_or_init(|| Arc::new(self.parse())))
    }

    /// The object as a value, not kept.
    pub fn parse(&self) -> Value {
        // The bytes were made from an object, or checked to be one.
        serde_json::from_slice(self.encoded.as_slice()).unwrap_or_default()
    }
}
