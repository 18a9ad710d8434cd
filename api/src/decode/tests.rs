//! What is read, what it becomes, and what is said of the rest.

use super::{json as read_json, *};
use crate::facts::type_named;
use proptest::prelude::*;
use serde_json::json;

fn ty(name: &str) -> &'static Type {
    type_named(&format!("io.k8s.api.{name}")).unwrap()
}

fn pod(value: Value) -> Value {
    let bytes = value.to_string();
    read_json(bytes.as_bytes(), ty("core.v1.Pod"), FieldValidation::Strict)
        .unwrap()
        .value
}

fn refused(text: &str, name: &str, mode: FieldValidation) -> String {
    let error = read_json(text.as_bytes(), ty(name), mode).unwrap_err();
    assert_eq!((error.code(), error.reason()), (400, "BadRequest"));
    error.message().to_owned()
}

#[test]
fn sets_kind_and_writes_what_go_writes() {
    assert_eq!(
        pod(
            json!({"metadata": {"name": "a"}, "spec": {"containers": [{"name": "c", "image": null}]}})
        ),
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
            "spec": {"containers": [{"name": "c", "resources": {}}]}, "status": {}
        })
    );
}

#[test]
fn drops_zero_values_but_not_behind_pointers() {
    let read = pod(json!({
        "metadata": {"name": "", "labels": {}, "annotations": {"a": null}},
        "spec": {"hostNetwork": false, "terminationGracePeriodSeconds": 0, "containers": [], "volumes": []}
    }));
    assert_eq!(read["metadata"], json!({"annotations": {"a": ""}}));
    assert_eq!(
        read["spec"],
        json!({"terminationGracePeriodSeconds": 0, "containers": []})
    );
}

#[test]
fn canonical_forms() {
    let read = pod(json!({
        "metadata": {"creationTimestamp": "2024-01-01T02:00:00.5+02:00", "deletionTimestamp": null},
        "spec": {"containers": [{"name": "c", "resources": {"limits": {"cpu": 0.5, "memory": "1024Mi"}},
            "ports": [{"containerPort": 80}],
            "livenessProbe": {"httpGet": {"port": "http"}, "periodSeconds": 5}}]}
    }));
    assert_eq!(
        read["metadata"]["creationTimestamp"],
        "2024-01-01T00:00:00Z"
    );
    let container = &read["spec"]["containers"][0];
    assert_eq!(
        container["resources"]["limits"],
        json!({"cpu": "500m", "memory": "1Gi"})
    );
    assert_eq!(container["livenessProbe"]["httpGet"]["port"], "http");
}

#[test]
fn type_errors_read_like_gos() {
    for (text, message) in [
        (
            r#"{"spec":{"containers":[{"name":5}]}}"#,
            "json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string",
        ),
        (
            r#"{"spec":{"containers":"x"}}"#,
            "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container",
        ),
        (
            r#"{"spec":{"containers":[[]]}}"#,
            "json: cannot unmarshal array into Go struct field PodSpec.spec.containers of type v1.Container",
        ),
        (
            r#"{"metadata":{"labels":{"a":1}}}"#,
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        (
            r#"{"spec":{"containers":[{"ports":[{"containerPort":99999999999}]}]}}"#,
            "json: cannot unmarshal number 99999999999 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32",
        ),
        (
            r#"{"spec":{"terminationGracePeriodSeconds":1.5}}"#,
            "json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64",
        ),
        (
            r#"{"spec":{"containers":[{"resources":{"limits":{"cpu":"much"}}}]}}"#,
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        (
            r#"{"metadata":{"creationTimestamp":5}}"#,
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string",
        ),
        (
            r#"{"spec":5}"#,
            "json: cannot unmarshal number into Go struct field Pod.spec of type v1.PodSpec",
        ),
        (
            r#"{"spec":{"dnsPolicy":true}}"#,
            "json: cannot unmarshal bool into Go struct field PodSpec.spec.dnsPolicy of type v1.DNSPolicy",
        ),
    ] {
        let expected = format!("Pod in version \"v1\" cannot be handled as a Pod: {message}");
        assert_eq!(
            refused(text, "core.v1.Pod", FieldValidation::Ignore),
            expected,
            "{text}"
        );
    }
    assert_eq!(
        refused(
            r#"{"data":{"a":"x*=="}}"#,
            "core.v1.Secret",
            FieldValidation::Ignore
        ),
        "Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data at input byte 1"
    );
}

#[test]
fn syntax_errors_read_like_gos() {
    for (text, message, summary) in [
        ("", "unexpected end of JSON input", "<empty>"),
        ("{", "unexpected end of JSON input", "{"),
        (
            "{]",
            "invalid character ']' looking for beginning of object key string",
            "{]",
        ),
        (
            r#"{"a" 1}"#,
            "invalid character '1' after object key",
            r#"{"a" 1}"#,
        ),
        (
            r#"{"a":1 "b"}"#,
            "invalid character '\"' after object key:value pair",
            r#"{"a":1 "b"}"#,
        ),
        (
            r#"{"a":[1 2]}"#,
            "invalid character '2' after array element",
            r#"{"a":[1 2]}"#,
        ),
        (
            r#"{"a":tru}"#,
            "invalid character '}' in literal true (expecting 'e')",
            r#"{"a":tru}"#,
        ),
        (
            r#"{"a":01}"#,
            "invalid character '1' after object key:value pair",
            r#"{"a":01}"#,
        ),
        (
            "{} x",
            "invalid character 'x' after top-level value",
            "{} x",
        ),
        (
            r#"{"a":"\x"}"#,
            "invalid character 'x' in string escape code",
            r#"{"a":"\x"}"#,
        ),
    ] {
        let expected = format!(
            "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: {message} ({summary})"
        );
        assert_eq!(
            refused(text, "core.v1.Pod", FieldValidation::Strict),
            expected,
            "{text}"
        );
    }
    let deep = format!("{{\"spec\":{}", "[".repeat(MAX_DEPTH + 1));
    assert!(refused(&deep, "core.v1.Pod", FieldValidation::Strict).contains("exceeded max depth"));
}

#[test]
fn kinds_must_fit() {
    for (text, message) in [
        (
            r#"{"apiVersion":"v1","kind":"Service"}"#,
            "Service in version \"v1\" cannot be handled as a Pod: converting (v1.Service) to (core.Pod): unknown conversion",
        ),
        (
            r#"{"apiVersion":"v9","kind":"Pod"}"#,
            "Pod in version \"v9\" cannot be handled as a Pod: no kind \"Pod\" is registered for version \"v9\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"",
        ),
        (
            r#"{"kind":5}"#,
            "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string ({\"kind\":5})",
        ),
    ] {
        assert_eq!(
            refused(text, "core.v1.Pod", FieldValidation::Ignore),
            message,
            "{text}"
        );
    }
    assert_eq!(
        refused(
            r#"{"apiVersion":"events.k8s.io/v1","kind":"Event"}"#,
            "core.v1.Event",
            FieldValidation::Ignore
        ),
        "the API version in the data (events.k8s.io/v1) does not match the expected API version (v1)"
    );
    let options = type_named("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions").unwrap();
    let body = br#"{"apiVersion":"apps/v1","kind":"DeleteOptions","propagationPolicy":"Orphan"}"#;
    assert!(read_json(body, options, FieldValidation::Strict).is_ok());
}

#[test]
fn unknown_and_repeated_fields() {
    let text = r#"{"foo":1,"metadata":{"name":"a","name":"b","labels":{"x":"1","x":"2"}},
        "spec":{"containers":[{"name":"c","bar":{"deep":1}},{"name":"d","bar":2}]}}"#;
    assert_eq!(
        refused(text, "core.v1.Pod", FieldValidation::Strict),
        "Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown field \"foo\", duplicate field \"metadata.name\", duplicate field \"metadata.labels.x\", unknown field \"spec.containers[0].bar\", unknown field \"spec.containers[1].bar\""
    );
    let warned = read_json(text.as_bytes(), ty("core.v1.Pod"), FieldValidation::Warn).unwrap();
    assert_eq!(warned.warnings.len(), 5);
    assert_eq!(warned.warnings[0], "unknown field \"foo\"");
    assert_eq!(warned.value["metadata"]["name"], "b");
    assert_eq!(warned.value["spec"]["containers"][0].get("bar"), None);
    let ignored = read_json(text.as_bytes(), ty("core.v1.Pod"), FieldValidation::Ignore).unwrap();
    assert!(ignored.warnings.is_empty());
}

#[test]
fn yaml_reads_as_json_does() {
    let text = "kind: Pod\nmetadata:\n  name: a\n  foo: 1\nspec:\n  containers:\n  - name: c\n    image: x\n    image: y\n";
    let error = yaml(text.as_bytes(), ty("core.v1.Pod"), FieldValidation::Strict).unwrap_err();
    assert_eq!(
        error.message(),
        "Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: yaml: unmarshal errors:\n  line 9: key \"image\" already set in map, unknown field \"metadata.foo\""
    );
    let read = yaml(text.as_bytes(), ty("core.v1.Pod"), FieldValidation::Warn).unwrap();
    assert_eq!(read.value["spec"]["containers"][0]["image"], "y");
    let error = yaml(b"a: [1", ty("core.v1.Pod"), FieldValidation::Warn).unwrap_err();
    assert!(
        error
            .message()
            .starts_with("the object provided is unrecognized (must be of type Pod): yaml: line "),
        "{error}"
    );
}

#[test]
fn outcomes_of_patches() {
    let outcome = json!({"spec": {"replicas": "x"}});
    let error = patched(
        outcome.clone(),
        None,
        || outcome,
        Vec::new(),
        ty("apps.v1.Deployment"),
        FieldValidation::Warn,
    )
    .unwrap_err();
    assert_eq!(
        error.message(),
        " \"\" is invalid: patch: Invalid value: \"{\\\"spec\\\":{\\\"replicas\\\":\\\"x\\\"}}\": json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
    );
    assert_eq!(error.code(), 422);
    let (value, duplicates) = patch(br#"{"a":1,"a":2,"b":[{"c":1,"c":2}]}"#).unwrap();
    assert_eq!(value, json!({"a": 2, "b": [{"c": 2}]}));
    assert_eq!(
        duplicates,
        ["duplicate field \"a\"", "duplicate field \"b[0].c\""]
    );
}

#[test]
fn what_a_patch_left_alone_is_read_as_before() {
    let deployment = ty("apps.v1.Deployment");
    let template = json!({"spec": {"containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 80}]}]}});
    let old = canonical(
        json!({"metadata": {"name": "a", "labels": {"l": "1"}}, "spec": {"replicas": 2, "template": template},
            "status": {"replicas": 1}}),
        deployment,
    );
    let changes = [
        json!({}),
        json!({"status": {"replicas": 2, "conditions": [{"type": "Available", "status": "True"}]}}),
        json!({"status": {"replicas": 0, "nonsense": 1}}),
        json!({"status": {"replicas": "x"}}),
        json!({"spec": {"replicas": 1.5}}),
        json!({"spec": {"replicas": 2.0}, "metadata": {"labels": {}}}),
        json!({"metadata": {"annotations": {"a": null}}, "spec": null, "more": 1}),
        json!({"metadata": 7}),
    ];
    for change in changes {
        for mode in [FieldValidation::Strict, FieldValidation::Warn] {
            let mut outcome = old.clone();
            for (key, value) in change.as_object().unwrap() {
                match (&mut outcome[key], value) {
                    (Value::Object(place), Value::Object(value)) => place.extend(value.clone()),
                    (place, value) => *place = value.clone(),
                }
            }
            let read = |old: Option<&Value>| {
                let again = || outcome.clone();
                patched(outcome.clone(), old, again, Vec::new(), deployment, mode)
                    .map(|read| (read.value, read.warnings))
                    .map_err(|error| error.message().to_owned())
            };
            assert_eq!(read(Some(&old)), read(None), "{change}");
        }
    }
}

#[test]
fn schemas_are_schemas_or_simpler() {
    let crd =
        type_named("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps")
            .unwrap();
    let schema = json!({
        "type": "object", "additionalProperties": {"type": "string", "nonsense": 1}, "default": {"a": null, "b": 0},
        "items": [{"type": "integer"}], "dependencies": {"a": ["b"]},
        "properties": {"x": {"additionalProperties": false, "maximum": 3.0}}
    });
    let read = canonical(schema, crd);
    assert_eq!(
        read,
        json!({
            "type": "object", "additionalProperties": {"type": "string"}, "default": {"a": null, "b": 0},
            "items": [{"type": "integer"}], "dependencies": {"a": ["b"]},
            "properties": {"x": {"additionalProperties": false, "maximum": 3}}
        })
    );
}

proptest! {
    #[test]
    fn no_text_makes_a_panic(text in ".{0,60}") {
        let _ = read_json(text.as_bytes(), ty("core.v1.Pod"), FieldValidation::Strict);
        let _ = yaml(text.as_bytes(), ty("core.v1.Pod"), FieldValidation::Strict);
        let _ = apply_patch(text.as_bytes(), FieldValidation::Warn);
    }

    #[test]
    fn near_json_makes_no_panic(text in r#"(\{|\}|\[|\]|,|:|"spec"|"metadata"|"containers"|null|1e9|-|"\\u12"|true| ){0,24}"#) {
        let ours = read_json(text.as_bytes(), ty("core.v1.Pod"), FieldValidation::Ignore);
        // What serde_json refuses, we refuse.
        if serde_json::from_str::<Value>(&text).is_err() {
            prop_assert!(ours.is_err());
        }
    }
}
