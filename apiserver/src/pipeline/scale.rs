//! The `scale` subresource: how many replicas, as an autoscaling/v1 Scale.

use http::StatusCode;
use hydrofoil_api::decode::{self, FieldValidation};
use hydrofoil_api::facts::{self, Type};
use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::selector::Selector;
use hydrofoil_api::status::{ApiError, GroupKind};
use hydrofoil_api::{defaults, object};
use serde_json::{Value, json};

use super::modify::{Part, Proposal, modify, served_form};
use super::patch::patch_value;
use super::{Call, write};
use crate::answer::{self, Answer};
use crate::request::info::Verb;
use crate::request::media::{self, PatchKind};
use crate::request::options::{Write, WriteOptions};

const TYPE: &str = "io.k8s.api.autoscaling.v1.Scale";

/// Answers a get, an update or a patch of a scale.
///
/// # Errors
/// 400, 403, 404, 409, 422 as upstream.
pub async fn scale(call: &Call, body: &[u8]) -> Answer {
    if call.request.verb == Verb::Get {
        let stored = call.stored().await?;
        let scale = scale_of(&served_form(call, &stored)?);
        return Ok(answer::value(&call.form, StatusCode::OK, &scale));
    }
    let ty = facts::type_named(TYPE).ok_or_else(|| ApiError::internal("no type for scales"))?;
    let patching = call.request.verb == Verb::Patch;
    let kind = match patching {
        false => Write::Update,
        true if media::patch_kind(&call.headers)? == PatchKind::Apply => Write::Apply,
        true => Write::Patch,
    };
    let options = WriteOptions::parse(&call.query, kind, call.agent())?;
    let modified = modify(call, Part::Other("scale"), &options, |old| {
        let wanted = if patching {
            let make = || patch_value(call, body, &scale_of(old), ty);
            let again = || make().unwrap_or_default();
            decode::patched(make()?, None, again, Vec::new(), ty, options.validation)?.value
        } else {
            read(call, body, ty, options.validation)?
        };
        rescaled(call, old, wanted, ty)
    })
    .await?
    .ok_or_else(|| call.not_found())?;
    let now: Value = serde_json::from_slice(modified.encoded.as_slice()).unwrap_or_default();
    let mut response = answer::value(&call.form, StatusCode::OK, &scale_of(&now));
    answer::warn(&mut response, &modified.warnings);
    Ok(response)
}

fn read(
    call: &Call,
    body: &[u8],
    ty: &'static Type,
    mode: FieldValidation,
) -> Result<Value, ApiError> {
    let decoded = write::read(ty, body, call.body_encoding()?, mode)?;
    Ok(decoded.value)
}

/// The object with the replicas of a scale.
fn rescaled(
    call: &Call,
    old: &Value,
    mut scale: Value,
    ty: &'static Type,
) -> Result<Proposal, ApiError> {
    defaults::apply(&mut scale, ty);
    let name = object::name(&scale);
    if !name.is_empty() && name != call.request.name {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            call.request.name
        )));
    }
    let replicas = object::int(&scale, &["spec", "replicas"]).unwrap_or(0);
    if replicas < 0 {
        let at = Path::new("spec").child("replicas");
        let error = FieldError::invalid(&at, replicas, "must be greater than or equal to 0");
        return Err(ApiError::invalid(
            GroupKind::new("autoscaling", "Scale"),
            &call.request.name,
            &[error],
        ));
    }
    let make = || {
        let mut new = old.clone();
        object::set(&mut new, &["spec", "replicas"], replicas);
        for field in ["resourceVersion", "uid"] {
            let said = object::text(&scale, &["metadata", field]);
            if !said.is_empty() {
                object::set_metadata(&mut new, field, said);
            }
        }
        new
    };
    let decoded = write::decode_value(
        &call.served,
        make(),
        Some(old),
        make,
        Vec::new(),
        FieldValidation::Ignore,
    )?;
    Ok(Proposal {
        object: decoded.value,
        warnings: Vec::new(),
        managed: false,
    })
}

/// The scale of an object.
fn scale_of(object: &Value) -> Value {
    let mut metadata = serde_json::Map::new();
    for field in [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
    ] {
        if let Some(value) = object["metadata"].get(field) {
            metadata.insert(field.to_owned(), value.clone());
        }
    }
    let selector = Selector::from_label_selector(&object["spec"]["selector"])
        .map(|selector| selector.to_string())
        .unwrap_or_default();
    let mut scale = json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": {},
        "status": { "replicas": object::int(object, &["status", "replicas"]).unwrap_or(0) },
    });
    match object::int(object, &["spec", "replicas"]) {
        None | Some(0) => {}
        Some(replicas) => object::set(&mut scale, &["spec", "replicas"], replicas),
    }
    if !selector.is_empty() {
        object::set(&mut scale, &["status", "selector"], selector);
    }
    scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_shows_replicas_and_selector() {
        let deployment = json!({
            "metadata": {"name": "d", "namespace": "n", "uid": "u", "resourceVersion": "4", "labels": {"x": "y"}},
            "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}},
            "status": {"replicas": 2},
        });
        assert_eq!(
            scale_of(&deployment),
            json!({
                "kind": "Scale", "apiVersion": "autoscaling/v1",
                "metadata": {"name": "d", "namespace": "n", "uid": "u", "resourceVersion": "4"},
                "spec": {"replicas": 3},
                "status": {"replicas": 2, "selector": "app=web"},
            })
        );
    }
}
