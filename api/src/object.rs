//! Reading and writing the metadata of an object held as JSON, without decoding it into a type.
//!
//! Readers answer with nothing for what is missing or has the wrong type; the decoder has already refused such objects
//! where they came in. Writers make the parents they need.

use serde_json::{Map, Value};

/// A reference to an owner, borrowed from an object's `metadata.ownerReferences`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnerRef<'a> {
    /// For example `apps/v1`.
    pub api_version: &'a str,
    /// For example `ReplicaSet`.
    pub kind: &'a str,
    /// The owner's name.
    pub name: &'a str,
    /// The owner's uid.
    pub uid: &'a str,
    /// Whether this owner is the managing controller.
    pub controller: bool,
    /// Whether a foreground deletion of the owner waits for this object.
    pub block_owner_deletion: bool,
}

/// The value at a path of field names.
pub fn at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, name| value.get(*name))
}

/// The text at a path of field names; empty when there is none.
pub fn text<'a>(object: &'a Value, path: &[&str]) -> &'a str {
    at(object, path).and_then(Value::as_str).unwrap_or_default()
}

/// The list at a path of field names; empty when there is none.
pub fn list<'a>(object: &'a Value, path: &[&str]) -> &'a [Value] {
    at(object, path)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// The map at a path of field names.
pub fn map<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Map<String, Value>> {
    at(object, path).and_then(Value::as_object)
}

/// The whole number at a path of field names.
pub fn int(object: &Value, path: &[&str]) -> Option<i64> {
    at(object, path).and_then(Value::as_i64)
}

/// The truth at a path of field names; false when there is none.
pub fn flag(object: &Value, path: &[&str]) -> bool {
    at(object, path)
        .and_then(Value::as_bool)
        .unwrap_or_default()
}

/// `metadata`.
pub fn metadata(object: &Value) -> Option<&Map<String, Value>> {
    object.get("metadata").and_then(Value::as_object)
}

fn meta<'a>(object: &'a Value, name: &str) -> &'a str {
    metadata(object)
        .and_then(|m| m.get(name))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// `apiVersion`.
pub fn api_version(object: &Value) -> &str {
    object
        .get("apiVersion")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// `kind`.
pub fn kind(object: &Value) -> &str {
    object
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// `metadata.name`.
pub fn name(object: &Value) -> &str {
    meta(object, "name")
}

/// `metadata.generateName`.
pub fn generate_name(object: &Value) -> &str {
    meta(object, "generateName")
}

/// `metadata.namespace`; empty for cluster-scoped objects.
pub fn namespace(object: &Value) -> &str {
    meta(object, "namespace")
}

/// `metadata.uid`.
pub fn uid(object: &Value) -> &str {
    meta(object, "uid")
}

/// `metadata.resourceVersion`, the opaque text.
pub fn resource_version(object: &Value) -> &str {
    meta(object, "resourceVersion")
}

/// `metadata.generation`; 0 when unset.
pub fn generation(object: &Value) -> i64 {
    metadata(object)
        .and_then(|m| m.get("generation"))
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

/// `metadata.creationTimestamp`, as text.
pub fn creation_timestamp(object: &Value) -> &str {
    meta(object, "creationTimestamp")
}

/// `metadata.deletionTimestamp`, as text, when deletion has begun.
pub fn deletion_timestamp(object: &Value) -> Option<&str> {
    Some(meta(object, "deletionTimestamp")).filter(|t| !t.is_empty())
}

/// `metadata.deletionGracePeriodSeconds`.
pub fn deletion_grace_period_seconds(object: &Value) -> Option<i64> {
    metadata(object)?
        .get("deletionGracePeriodSeconds")?
        .as_i64()
}

/// `metadata.labels`.
pub fn labels(object: &Value) -> Option<&Map<String, Value>> {
    metadata(object)?.get("labels")?.as_object()
}

/// One label's value.
pub fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    labels(object)?.get(key)?.as_str()
}

/// `metadata.annotations`.
pub fn annotations(object: &Value) -> Option<&Map<String, Value>> {
    metadata(object)?.get("annotations")?.as_object()
}

/// One annotation's value.
pub fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    annotations(object)?.get(key)?.as_str()
}

/// `metadata.finalizers`.
pub fn finalizers(object: &Value) -> impl Iterator<Item = &str> {
    list(object, &["metadata", "finalizers"])
        .iter()
        .filter_map(Value::as_str)
}

/// `metadata.ownerReferences`.
pub fn owner_references(object: &Value) -> impl Iterator<Item = OwnerRef<'_>> {
    list(object, &["metadata", "ownerReferences"])
        .iter()
        .map(|r| OwnerRef {
            api_version: text(r, &["apiVersion"]),
            kind: text(r, &["kind"]),
            name: text(r, &["name"]),
            uid: text(r, &["uid"]),
            controller: flag(r, &["controller"]),
            block_owner_deletion: flag(r, &["blockOwnerDeletion"]),
        })
}

/// The owner that manages this object.
pub fn controller_of(object: &Value) -> Option<OwnerRef<'_>> {
    owner_references(object).find(|r| r.controller)
}

/// `metadata`, made when missing. `None` only when the object is not a JSON object.
pub fn metadata_mut(object: &mut Value) -> Option<&mut Map<String, Value>> {
    child_mut(object.as_object_mut()?, "metadata")
}

/// A child map, made when missing or null. `None` when something else is there.
pub fn child_mut<'a>(
    map: &'a mut Map<String, Value>,
    name: &str,
) -> Option<&'a mut Map<String, Value>> {
    let slot = map.entry(name).or_insert(Value::Null);
    if slot.is_null() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut()
}

/// Sets a field of `metadata`; [`Value::Null`] removes it.
pub fn set_metadata(object: &mut Value, name: &str, value: impl Into<Value>) {
    let Some(metadata) = metadata_mut(object) else {
        return;
    };
    match value.into() {
        Value::Null => {
            metadata.remove(name);
        }
        value => {
            metadata.insert(name.to_owned(), value);
        }
    }
}

/// Sets the value at a path of field names, making the maps on the way. A parent that is no map is left alone, and
/// nothing is set.
pub fn set(object: &mut Value, path: &[&str], value: impl Into<Value>) {
    let Some((last, parents)) = path.split_last() else {
        return;
    };
    let mut map = object.as_object_mut();
    for name in parents {
        map = map.and_then(|m| child_mut(m, name));
    }
    if let Some(map) = map {
        map.insert((*last).to_owned(), value.into());
    }
}

/// Removes the value at a path of field names, and answers with it.
pub fn remove(object: &mut Value, path: &[&str]) -> Option<Value> {
    let (last, parents) = path.split_last()?;
    let parent = parents
        .iter()
        .try_fold(object, |value, name| value.get_mut(*name))?;
    parent.as_object_mut()?.remove(*last)
}

/// Splits `apps/v1` into group and version; core's `v1` has the empty group.
pub fn group_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// Joins group and version into an `apiVersion`.
pub fn join_group_version(group: &str, version: &str) -> String {
    if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_metadata() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {
            "name": "a", "namespace": "n", "labels": {"x": "1"}, "generation": 3,
            "ownerReferences": [{"kind": "ReplicaSet", "name": "r", "uid": "u", "apiVersion": "apps/v1", "controller": true}]
        }});
        assert_eq!(
            (name(&pod), namespace(&pod), generation(&pod)),
            ("a", "n", 3)
        );
        assert_eq!(label(&pod, "x"), Some("1"));
        assert_eq!(controller_of(&pod).map(|o| o.kind), Some("ReplicaSet"));
        assert_eq!(deletion_timestamp(&pod), None);
    }

    #[test]
    fn missing_or_wrong_is_nothing() {
        for bad in [
            json!(null),
            json!({}),
            json!({"metadata": 1}),
            json!({"metadata": {"name": 1, "labels": []}}),
        ] {
            assert_eq!(name(&bad), "");
            assert!(labels(&bad).is_none());
            assert_eq!(owner_references(&bad).count(), 0);
        }
    }

    #[test]
    fn writes_make_parents() {
        let mut object = json!({});
        set(&mut object, &["spec", "nodeName"], "n");
        set_metadata(&mut object, "uid", "u");
        assert_eq!(
            object,
            json!({"spec": {"nodeName": "n"}, "metadata": {"uid": "u"}})
        );
        set_metadata(&mut object, "uid", Value::Null);
        assert_eq!(remove(&mut object, &["spec", "nodeName"]), Some(json!("n")));
        assert_eq!(object, json!({"spec": {}, "metadata": {}}));
    }

    #[test]
    fn group_versions() {
        assert_eq!(group_version("v1"), ("", "v1"));
        assert_eq!(group_version("apps/v1"), ("apps", "v1"));
        assert_eq!(join_group_version("apps", "v1"), "apps/v1");
    }
}
