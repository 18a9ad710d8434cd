//! Patches, data in and data out.

use super::*;
use crate::facts::type_named;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Case {
    name: String,
    r#type: String,
    original: Value,
    patch: Value,
    #[serde(default)]
    result: Option<Value>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    code: u16,
}

#[test]
fn strategic_cases() {
    let cases: Vec<Case> = serde_yaml::from_str(include_str!("cases.yaml")).unwrap();
    for case in cases {
        let outcome = strategic(
            &case.original,
            &case.patch,
            type_named(&case.r#type).unwrap(),
        );
        match (outcome, case.result, case.error) {
            (Ok(value), Some(expected), None) => assert_eq!(value, expected, "{}", case.name),
            (Err(error), None, Some(expected)) => {
                assert!(
                    error.message().starts_with(&expected),
                    "{}: {error}",
                    case.name
                );
                assert_eq!(error.code(), case.code, "{}", case.name);
            }
            (outcome, ..) => panic!("{}: {outcome:?}", case.name),
        }
    }
}

#[test]
fn merge_patches() {
    // The examples of RFC 7386, appendix A, whose patches are objects.
    for (original, patch, expected) in [
        (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
        (
            json!({"a": "b"}),
            json!({"b": "c"}),
            json!({"a": "b", "b": "c"}),
        ),
        (json!({"a": "b"}), json!({"a": null}), json!({})),
        (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
        (
            json!({"a": {"b": "c"}}),
            json!({"a": {"b": "d", "c": null}}),
            json!({"a": {"b": "d"}}),
        ),
        (
            json!({}),
            json!({"a": {"bb": {"ccc": null}}}),
            json!({"a": {"bb": {}}}),
        ),
        (
            json!([1, 2]),
            json!({"a": "b", "c": null}),
            json!({"a": "b"}),
        ),
    ] {
        assert_eq!(merge(&original, &patch).unwrap(), expected);
    }
    assert_eq!(
        merge(&json!({}), &json!([])).unwrap_err().message(),
        "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
    );
}

#[test]
fn json_patches() {
    let original = json!({"metadata": {"labels": {"a": "1"}}, "list": [1, 2]});
    let patch = br#"[{"op":"test","path":"/metadata/labels/a","value":"1"},{"op":"add","path":"/list/-","value":3},
        {"op":"remove","path":"/metadata/labels/a"},{"op":"copy","from":"/list","path":"/more"}]"#;
    assert_eq!(
        json(&original, patch).unwrap(),
        json!({"metadata": {"labels": {}}, "list": [1, 2, 3], "more": [1, 2, 3]})
    );
}

#[test]
fn json_patches_that_do_not_fit() {
    for (patch, code, message) in [
        (
            r#"{"op":"add"}"#,
            400,
            "json: cannot unmarshal object into Go value of type jsonpatch.Patch",
        ),
        ("[", 400, "unexpected end of JSON input"),
        (
            r#"[{"op":"remove","path":"/gone"}]"#,
            422,
            "the server rejected our request due to an error in our request",
        ),
        (
            r#"[{"op":"test","path":"/a","value":2}]"#,
            422,
            "the server rejected our request due to an error in our request",
        ),
    ] {
        let error = json(&json!({"a": 1}), patch.as_bytes()).unwrap_err();
        assert_eq!((error.code(), error.message()), (code, message), "{patch}");
    }
    let many = serde_json::to_vec(&vec![
        json!({"op": "test", "path": "/a", "value": 1});
        MAX_OPERATIONS + 1
    ])
    .unwrap();
    assert_eq!(json(&json!({"a": 1}), &many).unwrap_err().code(), 413);
    let growing = serde_json::to_vec(&vec![
        json!({"op": "copy", "from": "/a", "path": "/a/-"});
        64
    ])
    .unwrap();
    assert_eq!(
        json(&json!({"a": ["x"]}), &growing).unwrap_err().code(),
        422
    );
}
