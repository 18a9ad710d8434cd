//! The refusals of the create and update handlers (`apiserver/pkg/endpoints/handlers`): which kind was found, and why it
//! cannot be taken.

use crate::facts::{self, Type};
use crate::field::{FieldError, Path};
use crate::gotext;
use crate::object;
use crate::status::{ApiError, GroupKind};
use serde_json::Value;

/// How much of a body a message shows.
const SUMMARY_BYTES: usize = 30;
/// Where upstream's types are registered; part of the message for kinds that are not.
const SCHEME: &str = "pkg/api/legacyscheme/scheme.go:30";
/// Types that every group registers, `DeleteOptions` for one.
const META: &str = "io.k8s.apimachinery.pkg.apis.meta.";

fn expected_gvk(expected: &Type) -> (&'static str, &'static str, &'static str) {
    expected.gvk.unwrap_or(("", "v1", expected.short_name()))
}

/// The body's kind could not even be told.
pub fn unrecognized(error: &str, bytes: &[u8], expected: &Type) -> ApiError {
    let kind = expected_gvk(expected).2;
    let summary = summarize(bytes);
    ApiError::bad_request(format!(
        "the object provided is unrecognized (must be of type {kind}): {error} ({summary})"
    ))
}

/// The body's kind is known, and it does not make an object of the expected type.
pub fn unhandled(value: &Value, error: &str, expected: &Type) -> ApiError {
    let (_, version, kind) = expected_gvk(expected);
    let found_version = object::group_version(object::api_version(value)).1;
    let found_kind = object::kind(value);
    let found_version = if found_version.is_empty() {
        version
    } else {
        found_version
    };
    let found_kind = if found_kind.is_empty() {
        kind
    } else {
        found_kind
    };
    ApiError::bad_request(format!(
        "{found_kind} in version {} cannot be handled as a {kind}: {error}",
        gotext::quote(found_version)
    ))
}

/// The outcome of a patch is no object of the expected type.
pub fn bad_outcome(outcome: &Value, error: &str) -> ApiError {
    let fault = FieldError::invalid(&Path::new("patch"), outcome.to_string(), error);
    ApiError::invalid(GroupKind::new("", ""), "", &[fault])
}

fn summarize(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(SUMMARY_BYTES)];
    let more = if bytes.len() > SUMMARY_BYTES {
        " ..."
    } else {
        ""
    };
    match bytes.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{more}", String::from_utf8_lossy(shown)),
        Some(_) => {
            let hex: String = shown.iter().map(|b| format!("{b:02x}")).collect();
            format!("{hex}{more}")
        }
    }
}

/// Checks `apiVersion` and `kind` and sets those that were left out.
pub fn check_kind(
    mut value: Value,
    error: Option<&str>,
    bytes: &[u8],
    expected: &Type,
) -> Result<Value, ApiError> {
    let (group, version, kind) = expected_gvk(expected);
    let own = expected.short_name();
    for name in ["apiVersion", "kind"] {
        let at = format!("Go struct field {own}.{name} of type string");
        if let Some(error) = error.filter(|e| e.ends_with(&at)) {
            let error = error.replace(&at, &format!("Go struct field .{name} of type string"));
            return Err(unrecognized(
                &format!("couldn't get version/kind; json parse error: {error}"),
                bytes,
                expected,
            ));
        }
    }
    let Some(map) = value.as_object_mut() else {
        let what = error
            .and_then(|e| e.split_once(" into Go value"))
            .map_or("json: cannot unmarshal null", |e| e.0);
        const INTO: &str = r#"into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;
        let error = format!("couldn't get version/kind; json parse error: {what} {INTO}");
        return Err(unrecognized(&error, bytes, expected));
    };
    let wanted = object::join_group_version(group, version);
    let found = map
        .entry("apiVersion")
        .or_insert_with(|| wanted.as_str().into())
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let found_kind = map
        .entry("kind")
        .or_insert_with(|| kind.into())
        .as_str()
        .unwrap_or_default()
        .to_owned();
    if found == wanted && found_kind == kind {
        return Ok(value);
    }
    if found.matches('/').count() > 1 {
        return Err(unrecognized(
            &format!("unexpected GroupVersion string: {found}"),
            bytes,
            expected,
        ));
    }
    if expected.name.starts_with(META) && found_kind == kind {
        return Ok(value);
    }
    Err(mismatch(&value, &found, &found_kind, expected))
}

fn mismatch(value: &Value, found: &str, found_kind: &str, expected: &Type) -> ApiError {
    let (group, version, kind) = expected_gvk(expected);
    let (found_group, found_version) = object::group_version(found);
    let registered = facts::types()
        .iter()
        .find(|t| t.gvk == Some((found_group, found_version, found_kind)))
        .copied();
    let Some(registered) = registered else {
        let (kind, version) = (gotext::quote(found_kind), gotext::quote(found));
        let error = format!(
            "no kind {kind} is registered for version {version} in scheme {}",
            gotext::quote(SCHEME)
        );
        return unhandled(value, &error, expected);
    };
    if found_kind == kind {
        let wanted = object::join_group_version(group, version);
        return ApiError::bad_request(format!(
            "the API version in the data ({found}) does not match the expected API version ({wanted})"
        ));
    }
    let error = format!(
        "converting ({}) to ({}.{kind}): unknown conversion",
        registered.go,
        package(expected)
    );
    unhandled(value, &error, expected)
}

/// The Go package of a type's unversioned form: `core` for `io.k8s.api.core.v1.Pod`.
fn package(ty: &Type) -> &'static str {
    ty.name.rsplit('.').nth(2).unwrap_or("core")
}
