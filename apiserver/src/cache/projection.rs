//! Reads from an object's JSON only what indexes and selectors need, skipping the rest unparsed.
//!
//! Kept are `metadata.labels`, and the scalars one level below the top (`spec.nodeName`, `status.phase`, `type`), which is
//! where every selectable field of the built-in kinds lies; the exception is a list of pod addresses. Lists, deeper maps and
//! the payload of ConfigMaps and Secrets are skipped at scanning speed.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Maps at the top level that are payload, never selected by.
const PAYLOAD: [&str; 3] = ["data", "binaryData", "stringData"];
/// Longest text that is kept: selectors compare names, phases and reasons.
const MAX_TEXT: usize = 1024;

/// The part of an object that selectors see, as an object of the same shape; `None` when the bytes are not a JSON object.
pub(super) fn project(bytes: &[u8]) -> Option<Value> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    Keep(Level::Top).deserialize(&mut deserializer).ok()?
}

#[derive(Clone, Copy)]
enum Level {
    /// The object.
    Top,
    /// `metadata`.
    Metadata,
    /// A map whose texts are all kept: labels.
    Texts,
    /// Any other map at the top level.
    Section,
    /// A short list of maps of texts: `status.podIPs`.
    Addresses,
    /// A scalar or nothing.
    Scalar,
}

struct Keep(Level);

impl Keep {
    fn child(&self, key: &str) -> Option<Level> {
        match self.0 {
            Level::Top if key == "metadata" => Some(Level::Metadata),
            Level::Top if PAYLOAD.contains(&key) => None,
            Level::Top => Some(Level::Section),
            Level::Metadata if key == "labels" => Some(Level::Texts),
            Level::Metadata => None,
            Level::Section if key == "podIPs" => Some(Level::Addresses),
            Level::Texts | Level::Section => Some(Level::Scalar),
            Level::Addresses | Level::Scalar => None,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Keep {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Value>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keep {
    type Value = Option<Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Option<Value>, A::Error> {
        if matches!(self.0, Level::Scalar | Level::Addresses) {
            while access.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(None);
        }
        let mut map = Map::new();
        while let Some(wanted) = access.next_key_seed(Name(&self))? {
            let Some((key, level)) = wanted else {
                access.next_value::<IgnoredAny>()?;
                continue;
            };
            if let Some(value) = access.next_value_seed(Keep(level))? {
                map.insert(key, value);
            }
        }
        Ok(Some(Value::Object(map)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Option<Value>, A::Error> {
        let mut list = Vec::new();
        if matches!(self.0, Level::Addresses) {
            while let Some(item) = access.next_element_seed(Keep(Level::Texts))? {
                list.extend(item);
            }
            return Ok(Some(Value::Array(list)));
        }
        while access.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<Value>, E> {
        Ok((text.len() <= MAX_TEXT).then(|| Value::from(text)))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Option<Value>, E> {
        Ok(Some(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Option<Value>, E> {
        Ok(Some(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Option<Value>, E> {
        Ok(Some(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Option<Value>, E> {
        Ok(Some(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Option<Value>, E> {
        Ok(None)
    }
}

/// Decides by its key whether a value is kept, before anything is allocated.
struct Name<'a>(&'a Keep);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<(String, Level)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<(String, Level)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.child(key).map(|level| (key.to_owned(), level)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_selectors_see_is_kept() {
        let pod = json!({
            "kind": "Pod", "apiVersion": "v1",
            "metadata": {"name": "x", "labels": {"a": "b"}, "managedFields": [{"manager": "m"}]},
            "spec": {"nodeName": "n", "containers": [{"name": "c"}], "hostNetwork": true, "securityContext": {"a": 1}},
            "status": {"phase": "Running", "podIPs": [{"ip": "127.64.0.1"}], "conditions": []},
            "data": {"k": "v"},
        });
        assert_eq!(
            project(pod.to_string().as_bytes()).unwrap(),
            json!({
                "kind": "Pod", "apiVersion": "v1",
                "metadata": {"labels": {"a": "b"}},
                "spec": {"nodeName": "n", "hostNetwork": true},
                "status": {"phase": "Running", "podIPs": [{"ip": "127.64.0.1"}]},
            })
        );
        assert_eq!(project(b"rubbish"), None);
        assert_eq!(project(b"[1]"), None);
    }
}
