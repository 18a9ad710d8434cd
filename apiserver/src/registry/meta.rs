//! Rules of `metadata` that hold for every kind: what a client may set, what the server sets, what must not change.
//!
//! Wording follows `apimachinery/pkg/api/validation/objectmeta.go`.

use hydrofoil_api::field::{Errors, FieldError, Path};
use hydrofoil_api::{names, object};
use jiff::Timestamp;
use serde_json::Value;

use crate::resources::Served;

/// Most bytes of all annotations of an object.
const MAX_ANNOTATIONS: usize = 256 * 1024;
/// Longest field manager.
const MAX_MANAGER: usize = 128;
/// Longest subresource in a managedFields entry.
const MAX_SUBRESOURCE: usize = 256;
/// Length of a name that is made from `generateName`.
const MAX_GENERATED: usize = 63;
/// Characters that are added to `generateName`.
const SUFFIX: usize = 5;
/// The characters of generated names: no vowels and nothing that looks like another, as upstream's.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Finalizer of an object whose dependents go first.
pub const FOREGROUND: &str = "foregroundDeletion";
/// Finalizer of an object whose dependents stay.
pub const ORPHAN: &str = "orphan";

/// A time as metadata writes it: RFC 3339, whole seconds, UTC.
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A name made from `generateName`. `random` is any number.
pub fn generated_name(base: &str, mut random: u64) -> String {
    let mut cut = base.len().min(MAX_GENERATED - SUFFIX);
    while !base.is_char_boundary(cut) {
        cut -= 1;
    }
    let mut name = base[..cut].to_owned();
    for _ in 0..SUFFIX {
        let radix = ALPHABET.len() as u64;
        let index = usize::try_from(random % radix).unwrap_or(0);
        name.push(char::from(ALPHABET[index]));
        random /= radix;
    }
    name
}

/// Fills in what the server says of a new object, and takes out what a client may not say.
pub fn for_create(new: &mut Value, served: &Served, namespace: &str, uid: &str, now: Timestamp) {
    let Some(metadata) = object::metadata_mut(new) else {
        return;
    };
    for field in [
        "resourceVersion",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
        "generation",
    ] {
        metadata.remove(field);
    }
    metadata.insert("uid".to_owned(), uid.into());
    metadata.insert("creationTimestamp".to_owned(), time(now).into());
    if served.resource.namespaced {
        metadata.insert("namespace".to_owned(), namespace.into());
    }
    if served.kind.generation {
        metadata.insert("generation".to_owned(), 1.into());
    }
}

/// Carries over from the stored object what an update leaves out and what it may not say.
pub fn for_update(new: &mut Value, old: &Value) {
    let Some(was) = object::metadata(old) else {
        return;
    };
    let Some(metadata) = object::metadata_mut(new) else {
        return;
    };
    metadata.remove("selfLink");
    for field in [
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        let unset = metadata
            .get(field)
            .is_none_or(|value| value.is_null() || value == "");
        if unset {
            keep(metadata, was, field);
        }
    }
    for field in ["generation", "resourceVersion"] {
        keep(metadata, was, field);
    }
}

fn keep(
    into: &mut serde_json::Map<String, Value>,
    from: &serde_json::Map<String, Value>,
    field: &str,
) {
    match from.get(field) {
        Some(value) => into.insert(field.to_owned(), value.clone()),
        None => into.remove(field),
    };
}

/// What is wrong with the metadata of an object that is to exist.
pub fn validate(object: &Value, served: &Served, errors: &mut Errors) {
    let at = Path::new("metadata");
    let generate = object::generate_name(object);
    if !generate.is_empty() {
        // A prefix may end where a name may not.
        let probe = format!("{}a", generate.trim_end_matches('-'));
        for detail in (served.kind.name)(if generate.ends_with('-') {
            &probe
        } else {
            generate
        }) {
            errors.push(FieldError::invalid(
                &at.child("generateName"),
                generate,
                detail,
            ));
        }
    }
    let name = object::name(object);
    if name.is_empty() {
        errors.push(FieldError::required(
            &at.child("name"),
            "name or generateName is required",
        ));
    } else {
        for detail in (served.kind.name)(name) {
            errors.push(FieldError::invalid(&at.child("name"), name, detail));
        }
    }
    validate_namespace(object, served, &at, errors);
    if object::generation(object) < 0 {
        let detail = "must be greater than or equal to 0";
        errors.push(FieldError::invalid(
            &at.child("generation"),
            object::generation(object),
            detail,
        ));
    }
    validate_common(object, &at, errors);
    validate_finalizers(object, &at.child("finalizers"), errors);
}

fn validate_namespace(object: &Value, served: &Served, at: &Path, errors: &mut Errors) {
    let at = at.child("namespace");
    let namespace = object::namespace(object);
    match (served.resource.namespaced, namespace) {
        (true, "") => errors.push(FieldError::required(&at, "")),
        (true, namespace) => {
            for detail in names::is_dns1123_label(namespace) {
                errors.push(FieldError::invalid(&at, namespace, detail));
            }
        }
        (false, "") => {}
        (false, _) => errors.push(FieldError::forbidden(&at, "not allowed on this type")),
    }
}

/// What is wrong with the metadata of an object that replaces another.
pub fn validate_update(new: &Value, old: &Value, errors: &mut Errors) {
    let at = Path::new("metadata");
    if object::deletion_timestamp(old).is_some() {
        let had: Vec<&str> = object::finalizers(old).collect();
        let mut extra: Vec<&str> = object::finalizers(new)
            .filter(|name| !had.contains(name))
            .collect();
        extra.sort_unstable();
        extra.dedup();
        if !extra.is_empty() {
            let quoted: Vec<String> = extra.iter().map(|name| format!("{name:?}")).collect();
            let detail = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                quoted.join(", ")
            );
            errors.push(FieldError::forbidden(&at.child("finalizers"), detail));
        }
    }
    for field in [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        let value = |object: &Value| {
            object["metadata"]
                .get(field)
                .filter(|value| !value.is_null() && *value != "")
                .cloned()
        };
        let (is, was) = (value(new), value(old));
        if is != was {
            errors.push(FieldError::invalid(
                &at.child(field),
                is.unwrap_or(Value::Null),
                "field is immutable",
            ));
        }
    }
    validate_common(new, &at, errors);
}

/// Labels, annotations, owners and managers: the same for new and changed objects.
fn validate_common(object: &Value, at: &Path, errors: &mut Errors) {
    let labels = at.child("labels");
    for (key, value) in object::labels(object).into_iter().flatten() {
        for detail in names::is_qualified_name(key) {
            errors.push(FieldError::invalid(&labels, key.as_str(), detail));
        }
        let value = value.as_str().unwrap_or_default();
        for detail in names::is_label_value(value) {
            errors.push(FieldError::invalid(&labels, value, detail));
        }
    }
    let annotations = at.child("annotations");
    let mut size = 0;
    for (key, value) in object::annotations(object).into_iter().flatten() {
        for detail in names::is_qualified_name(&key.to_lowercase()) {
            errors.push(FieldError::invalid(&annotations, key.as_str(), detail));
        }
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size > MAX_ANNOTATIONS {
        errors.push(FieldError::too_long(&annotations, MAX_ANNOTATIONS));
    }
    validate_owners(object, &at.child("ownerReferences"), errors);
    validate_managers(object, &at.child("managedFields"), errors);
}

fn validate_owners(object: &Value, at: &Path, errors: &mut Errors) {
    let mut controller = String::new();
    for owner in object::owner_references(object) {
        let (group, version) = object::group_version(owner.api_version);
        if version.is_empty() {
            errors.push(FieldError::invalid(
                &at.child("apiVersion"),
                owner.api_version,
                "version must not be empty",
            ));
        }
        for (field, value) in [
            ("kind", owner.kind),
            ("name", owner.name),
            ("uid", owner.uid),
        ] {
            if value.is_empty() {
                errors.push(FieldError::invalid(
                    &at.child(field),
                    value,
                    "must not be empty",
                ));
            }
        }
        if (group, version, owner.kind) == ("", "v1", "Event") {
            errors.push(FieldError::invalid(
                at,
                owner.name,
                "/v1, Kind=Event is disallowed from being an owner",
            ));
        }
        if owner.controller {
            let this = format!("{}/{}", owner.kind, owner.name);
            if controller.is_empty() {
                controller = this;
            } else {
                let detail = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {controller} and {this}"
                );
                let list = object["metadata"]["ownerReferences"].clone();
                errors.push(FieldError::invalid(at, list, detail));
            }
        }
    }
}

fn validate_finalizers(object: &Value, at: &Path, errors: &mut Errors) {
    let mut both = (false, false);
    for finalizer in object::finalizers(object) {
        for detail in names::is_qualified_name(finalizer) {
            errors.push(FieldError::invalid(at, finalizer, detail));
        }
        both.0 |= finalizer == FOREGROUND;
        both.1 |= finalizer == ORPHAN;
    }
    if both == (true, true) {
        let list = object["metadata"]["finalizers"].clone();
        let detail = format!("finalizer {ORPHAN} and {FOREGROUND} cannot be both set");
        errors.push(FieldError::invalid(at, list, detail));
    }
}

fn validate_managers(object: &Value, at: &Path, errors: &mut Errors) {
    for (index, entry) in object::list(object, &["metadata", "managedFields"])
        .iter()
        .enumerate()
    {
        let at = at.index(index);
        let operation = entry["operation"].as_str().unwrap_or_default();
        if !matches!(operation, "Apply" | "Update") {
            errors.push(FieldError::invalid(
                &at.child("operation"),
                operation,
                "must be `Apply` or `Update`",
            ));
        }
        let fields = entry["fieldsType"].as_str().unwrap_or_default();
        if !matches!(fields, "" | "FieldsV1") {
            errors.push(FieldError::invalid(
                &at.child("fieldsType"),
                fields,
                "must be `FieldsV1`",
            ));
        }
        if entry["manager"]
            .as_str()
            .is_some_and(|manager| manager.len() > MAX_MANAGER)
        {
            errors.push(FieldError::too_long(&at.child("manager"), MAX_MANAGER));
        }
        if entry["subresource"]
            .as_str()
            .is_some_and(|name| name.len() > MAX_SUBRESOURCE)
        {
            errors.push(FieldError::too_long(
                &at.child("subresource"),
                MAX_SUBRESOURCE,
            ));
        }
    }
}

/// Whether two objects differ outside metadata and status: what raises a generation.
pub fn spec_differs(new: &Value, old: &Value) -> bool {
    let (Some(new), Some(old)) = (new.as_object(), old.as_object()) else {
        return new != old;
    };
    let outside = |name: &str| !matches!(name, "metadata" | "status");
    new.iter()
        .any(|(name, value)| outside(name) && old.get(name) != Some(value))
        || old
            .keys()
            .any(|name| outside(name) && !new.contains_key(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn generated_names_fit_and_differ() {
        assert_eq!(generated_name("web-", 0), "web-bbbbb");
        assert_eq!(generated_name("web-", 28), "web-ccbbb");
        let long = "a".repeat(100);
        assert_eq!(generated_name(&long, 7).len(), 63);
        assert_eq!(generated_name(&"ä".repeat(40), 7).chars().count(), 29 + 5);
    }

    #[test]
    fn updates_keep_what_the_server_said() {
        let old = json!({"metadata": {"name": "a", "uid": "u", "creationTimestamp": "t", "generation": 4, "resourceVersion": "9"}});
        let mut new =
            json!({"metadata": {"name": "a", "generation": 1, "creationTimestamp": null}});
        for_update(&mut new, &old);
        assert_eq!(new, old);
        let mut errors = Errors::new();
        let other = json!({"metadata": {"name": "a", "uid": "other", "creationTimestamp": "t"}});
        validate_update(&other, &old, &mut errors);
        assert_eq!(
            errors[0].to_string(),
            "metadata.uid: Invalid value: \"other\": field is immutable"
        );
    }

    #[test]
    fn an_object_on_its_way_out_gets_no_new_finalizers() {
        let old = json!({"metadata": {"deletionTimestamp": "t", "finalizers": ["a/b"]}});
        let new = json!({"metadata": {"deletionTimestamp": "t", "finalizers": ["a/b", "c/d"]}});
        let mut errors = Errors::new();
        validate_update(&new, &old, &mut errors);
        assert_eq!(
            errors[0].to_string(),
            "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"c/d\"}"
        );
    }

    #[test]
    fn owners_must_be_whole_and_only_one_controls() {
        let owner = |name: &str| json!({"apiVersion": "v1", "kind": "A", "name": name, "uid": "u", "controller": true});
        let mut errors = Errors::new();
        validate_owners(
            &json!({"metadata": {"ownerReferences": [owner("x"), owner("y")]}}),
            &Path::new("o"),
            &mut errors,
        );
        assert!(errors[0].detail.ends_with("references for A/x and A/y"));
        errors.clear();
        validate_owners(
            &json!({"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "Event", "name": "", "uid": "u"}]}}),
            &Path::new("o"),
            &mut errors,
        );
        assert_eq!(errors.len(), 2);
    }

    #[test]
    fn only_what_is_beside_metadata_and_status_is_spec() {
        let old = json!({"metadata": {}, "spec": {"a": 1}, "status": {"b": 1}});
        assert!(!spec_differs(
            &json!({"metadata": {"x": 1}, "spec": {"a": 1}}),
            &old
        ));
        assert!(spec_differs(&json!({"spec": {"a": 2}}), &old));
        assert!(spec_differs(&json!({}), &old));
    }
}
