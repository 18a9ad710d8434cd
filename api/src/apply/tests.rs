//! Apply, data in and data out: each case is a story of writes to one object.

use super::*;
use crate::facts::type_named;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Story {
    name: String,
    r#type: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    apply: Option<Value>,
    update: Option<Value>,
    by: String,
    #[serde(default)]
    force: bool,
    #[serde(default)]
    subresource: String,
    object: Option<Value>,
    owners: Option<BTreeMap<String, Value>>,
    error: Option<String>,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

#[test]
fn stories() {
    let stories: Vec<Story> = serde_yaml::from_str(include_str!("cases.yaml")).unwrap();
    for story in stories {
        let ty = type_named(&story.r#type).unwrap();
        let mut object: Option<Value> = None;
        for (i, step) in story.steps.into_iter().enumerate() {
            let name = format!("{}, step {i}", story.name);
            let writer = Writer {
                manager: &step.by,
                subresource: &step.subresource,
                now: at(i as i64),
            };
            let outcome = match (&step.apply, &step.update) {
                (Some(applied), None) => apply(object.as_ref(), applied, writer, step.force, ty),
                (None, Some(patch)) => {
                    let base = object.clone().unwrap_or_else(|| json!({}));
                    let mut new = decode::canonical(crate::patch::merge(&base, patch).unwrap(), ty);
                    update_managed(object.as_ref(), &mut new, writer, ty);
                    Ok(new)
                }
                _ => panic!("{name}: a step is an apply or an update"),
            };
            match (outcome, step.error) {
                (Ok(new), None) => {
                    check(
                        &name,
                        &new,
                        step.object.map(|o| decode::canonical(o, ty)),
                        step.owners,
                    );
                    object = Some(new);
                }
                (Err(error), Some(expected)) => assert_eq!(error.message(), expected, "{name}"),
                (outcome, expected) => panic!("{name}: {outcome:?}, expected {expected:?}"),
            }
        }
    }
}

fn check(name: &str, new: &Value, object: Option<Value>, owners: Option<BTreeMap<String, Value>>) {
    if let Some(expected) = object {
        let mut bare = new.clone();
        object::set_metadata(&mut bare, "managedFields", Value::Null);
        assert_eq!(bare, expected, "{name}");
    }
    if let Some(expected) = owners {
        let entries = managed_fields(new).cloned().unwrap_or_default();
        let found: BTreeMap<String, Value> = entries
            .iter()
            .map(|e| {
                (
                    e["manager"].as_str().unwrap().to_owned(),
                    e["fieldsV1"].clone(),
                )
            })
            .collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn entries_have_upstreams_form() {
    let ty = type_named("io.k8s.api.core.v1.ConfigMap").unwrap();
    let mut new = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1"}});
    let writer = Writer {
        manager: "kubectl-create",
        subresource: "",
        now: at(0),
    };
    update_managed(None, &mut new, writer, ty);
    assert_eq!(
        new["metadata"]["managedFields"],
        json!([{
            "manager": "kubectl-create", "operation": "Update", "apiVersion": "v1", "time": "2023-11-14T22:13:20Z",
            "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {".": {}, "f:a": {}}}
        }])
    );
}

#[test]
fn an_apply_that_changes_nothing_changes_nothing() {
    let ty = type_named("io.k8s.api.core.v1.ConfigMap").unwrap();
    let applied = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1"}});
    let writer = |second| Writer {
        manager: "one",
        subresource: "",
        now: at(second),
    };
    let first = apply(None, &applied, writer(0), false, ty).unwrap();
    let second = apply(Some(&first), &applied, writer(9), false, ty).unwrap();
    assert_eq!(first, second);
}

#[test]
fn untracked_objects_stay_untracked() {
    let ty = type_named("io.k8s.api.core.v1.ConfigMap").unwrap();
    let old = json!({"metadata": {"name": "c", "uid": "u"}});
    let mut new = json!({"metadata": {"name": "c", "uid": "u"}, "data": {"a": "1"}});
    update_managed(
        Some(&old),
        &mut new,
        Writer {
            manager: "one",
            subresource: "",
            now: at(0),
        },
        ty,
    );
    assert!(managed_fields(&new).is_none());
}

#[test]
fn an_empty_list_resets() {
    let ty = type_named("io.k8s.api.core.v1.ConfigMap").unwrap();
    let writer = Writer {
        manager: "one",
        subresource: "",
        now: at(0),
    };
    let mut old = json!({"metadata": {"name": "c"}, "data": {"a": "1"}});
    update_managed(None, &mut old, writer, ty);
    object::set_metadata(&mut old, "uid", "u");
    let mut new = old.clone();
    object::set_metadata(&mut new, "managedFields", Value::Array(Vec::new()));
    let mut new = decode::canonical(new, ty);
    update_managed(Some(&old), &mut new, writer, ty);
    assert!(managed_fields(&new).is_none());
}

#[test]
fn many_updaters_are_put_together() {
    let ty = type_named("io.k8s.api.core.v1.ConfigMap").unwrap();
    let mut object = json!({"metadata": {"name": "c"}, "data": {"first": "1"}});
    update_managed(
        None,
        &mut object,
        Writer {
            manager: "m0",
            subresource: "",
            now: at(0),
        },
        ty,
    );
    for i in 1..=12 {
        let mut new = object.clone();
        new["data"][format!("k{i}")] = "1".into();
        let manager = format!("m{i}");
        update_managed(
            Some(&object),
            &mut new,
            Writer {
                manager: &manager,
                subresource: "",
                now: at(i),
            },
            ty,
        );
        object = new;
    }
    let entries = managed_fields(&object).unwrap();
    assert_eq!(entries.len(), 10);
    let ancient = entries
        .iter()
        .find(|e| e["manager"] == "ancient-changes")
        .unwrap();
    assert_eq!(
        ancient["fieldsV1"]["f:data"].as_object().map(Map::len),
        Some(5),
        "{ancient}"
    );
}

#[test]
fn objects_from_before_get_an_owner() {
    let ty = type_named("io.k8s.api.core.v1.ConfigMap").unwrap();
    let live = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "uid": "u"}, "data": {"a": "1"}});
    let applied = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "2"}});
    let error = apply(
        Some(&live),
        &applied,
        Writer {
            manager: "one",
            subresource: "",
            now: at(0),
        },
        false,
        ty,
    );
    assert_eq!(
        error.unwrap_err().message(),
        "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.a"
    );
}

#[test]
fn conflicts_have_a_cause_each() {
    let ty = type_named("io.k8s.api.core.v1.ConfigMap").unwrap();
    let config = |v: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": v}});
    let one = apply(
        None,
        &config("1"),
        Writer {
            manager: "one",
            subresource: "",
            now: at(0),
        },
        false,
        ty,
    )
    .unwrap();
    let error = apply(
        Some(&one),
        &config("2"),
        Writer {
            manager: "two",
            subresource: "",
            now: at(1),
        },
        false,
        ty,
    );
    let error = error.unwrap_err();
    assert_eq!((error.code(), error.reason()), (409, "Conflict"));
    let causes = &error.status().details.as_ref().unwrap().causes;
    assert_eq!(causes.len(), 1);
    assert_eq!(causes[0].reason, "FieldManagerConflict");
    assert_eq!(causes[0].field, ".data.a");
    assert_eq!(causes[0].message, "conflict with \"one\"");
}
