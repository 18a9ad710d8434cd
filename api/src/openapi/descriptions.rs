//! The words of OpenAPI documents, kept compressed in the binary and unpacked while a document is made.

use crate::facts::Type;
use flate2::read::ZlibDecoder;
use std::collections::HashMap;
use std::io::Read;

/// Made by `build.rs` from the schemas of k8s-openapi.
static BLOB: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptions.z"));
/// The most that the blob unpacks to; it is ours, and about 1.3 MB.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// A type's description and its fields'.
type Entry = (Option<String>, HashMap<String, String>);

/// Every description.
pub(super) struct Descriptions(HashMap<String, Entry>);

impl Descriptions {
    /// Unpacks them: some milliseconds and megabytes, not to be kept.
    pub(super) fn load() -> Descriptions {
        let mut json = Vec::new();
        let read = ZlibDecoder::new(BLOB)
            .take(MAX_BYTES)
            .read_to_end(&mut json);
        let entries = read.ok().and_then(|_| serde_json::from_slice(&json).ok());
        Descriptions(entries.unwrap_or_default())
    }

    /// What a type is. Lists are not in the source: they are described by what they list.
    pub(super) fn of(&self, ty: &Type) -> Option<String> {
        if let Some((Some(description), _)) = self.0.get(ty.name) {
            return Some(description.clone());
        }
        let listed = ty.short_name().strip_suffix("List")?;
        Some(format!("{} is a collection of {listed}.", ty.short_name()))
    }

    /// What a type that the facts table keeps as a scalar is.
    pub(super) fn named(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.0.as_deref()
    }

    /// What a field is. `apiVersion`, `kind` and a list's `metadata` mean the same everywhere.
    pub(super) fn field(&self, ty: &Type, field: &str) -> Option<String> {
        const OBJECT: &str = "io.k8s.api.core.v1.ConfigMap";
        if let Some(description) = self.0.get(ty.name).and_then(|e| e.1.get(field)) {
            return Some(description.clone());
        }
        match field {
            "apiVersion" | "kind" => self.0.get(OBJECT)?.1.get(field).cloned(),
            "items" => Some(format!(
                "items is the list of {}.",
                ty.short_name().strip_suffix("List")?
            )),
            "metadata" if ty.short_name().ends_with("List") => {
                Some("Standard list metadata.".to_owned())
            }
            _ => None,
        }
    }
}
