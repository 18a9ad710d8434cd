//! One object as a client wants to see it: itself, its metadata, or a Table of one row.

use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::table::{self, Include};
use crate::cache::Object;
use crate::encoding::Encoded;
use crate::request::media::Shape;
use crate::resources::Served;

/// How objects of a resource are shown.
#[derive(Clone, Copy)]
pub struct View {
    /// The resource.
    pub served: Served,
    /// The shape asked for.
    pub shape: Shape,
    /// What rows of Tables carry.
    pub include: Include,
    /// The time, for ages.
    pub now: Timestamp,
}

impl View {
    /// Whether an object is shown as its own bytes.
    pub fn is_plain(&self) -> bool {
        matches!(self.shape, Shape::Object | Shape::Discovery(_))
            && self.served.kind.storage.conversion.is_none()
    }

    /// An object, in its shape.
    pub fn object(&self, object: &Object) -> Bytes {
        if self.is_plain() {
            object.json()
        } else {
            self.encoded(object.encoded())
        }
    }

    /// An object that was just read or written, in its shape. `json` is its stored form with its `resourceVersion`.
    pub fn encoded(&self, encoded: &Encoded) -> Bytes {
        match self.shape {
            Shape::Metadata(version) => metadata(encoded.as_slice(), version),
            _ if self.is_plain() => encoded.object(),
            _ => self.value(self.parse(encoded.as_slice())),
        }
    }

    /// A value in its served form, in its shape.
    pub fn value(&self, value: Value) -> Bytes {
        let shown = match self.shape {
            Shape::Table(version) => table::one(self, version, &value),
            Shape::Metadata(version) => partial(&value, version),
            Shape::Object | Shape::Discovery(_) => value,
        };
        serde_json::to_vec(&shown).unwrap_or_default().into()
    }

    /// Stored bytes as a value in the served form.
    pub fn parse(&self, json: &[u8]) -> Value {
        let mut value: Value = serde_json::from_slice(json).unwrap_or_default();
        if let Some(conversion) = &self.served.kind.storage.conversion {
            (conversion.from_stored)(&mut value);
        }
        value
    }
}

/// `apiVersion` of the shapes of `meta.k8s.io`.
pub fn meta_version(version: &str) -> String {
    format!("meta.k8s.io/{version}")
}

/// The metadata of an object as a PartialObjectMetadata.
pub fn partial(object: &Value, version: &str) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": meta_version(version),
        "metadata": object["metadata"],
    })
}

/// The same from bytes, without decoding the metadata.
pub fn metadata(json: &[u8], version: &str) -> Bytes {
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(borrow)]
        metadata: &'a RawValue,
    }
    let metadata =
        serde_json::from_slice::<Outer<'_>>(json).map_or("{}", |outer| outer.metadata.get());
    let head = "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/";
    [head, version, "\",\"metadata\":", metadata, "}"]
        .concat()
        .into()
}
