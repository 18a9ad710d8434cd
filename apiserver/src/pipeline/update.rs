//! PUT of an object, its status, or a namespace's finalizers.

use http::StatusCode;
use hydrofoil_api::object;
use hydrofoil_api::status::ApiError;
use serde_json::Value;

use super::create::{Draft, insert, manage};
use super::modify::{Modified, Part, Proposal, modify};
use super::{Call, created, write};
use crate::answer::Answer;
use crate::request::options::{Write, WriteOptions};

/// Resources that a PUT may create (upstream's `AllowCreateOnUpdate`).
const CREATED_BY_UPDATE: &[(&str, &str)] = &[
    ("", "endpoints"),
    ("", "events"),
    ("", "services"),
    ("", "limitranges"),
    ("", "podtemplates"),
    ("coordination.k8s.io", "leases"),
    ("discovery.k8s.io", "endpointslices"),
    ("events.k8s.io", "events"),
    ("rbac.authorization.k8s.io", "roles"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("rbac.authorization.k8s.io", "clusterrolebindings"),
];

/// Answers an update.
///
/// # Errors
/// 400, 403, 404, 409, 422 as upstream.
pub async fn update(call: &Call, body: &[u8]) -> Answer {
    let options = WriteOptions::parse(&call.query, Write::Update, call.agent())?;
    let decoded = write::decode(
        &call.served,
        body,
        call.body_encoding()?,
        options.validation,
    )?;
    let mut object = decoded.value;
    call.check_name(&mut object)?;
    call.check_place(&mut object)?;
    let part = match call.request.subresource.as_str() {
        "status" => Part::Status,
        "finalize" => Part::Finalize,
        _ => Part::Main,
    };
    let outcome = modify(call, part, &options, |old| {
        let object = match part {
            Part::Finalize => finalized(&object, old),
            _ => object.clone(),
        };
        Ok(Proposal {
            object,
            warnings: decoded.warnings.clone(),
            managed: false,
        })
    })
    .await?;
    match outcome {
        Some(Modified { encoded, warnings }) => call.object(StatusCode::OK, &encoded, &warnings),
        None if part == Part::Main && may_create(call) => {
            create(call, object, decoded.warnings, &options).await
        }
        None => Err(call.not_found()),
    }
}

fn may_create(call: &Call) -> bool {
    let resource = call.served.resource;
    CREATED_BY_UPDATE.contains(&(resource.group, resource.plural))
}

async fn create(
    call: &Call,
    mut object: Value,
    warnings: Vec<String>,
    options: &WriteOptions,
) -> Answer {
    if !object::resource_version(&object).is_empty() {
        // Somebody meant to replace what is not there.
        return Err(ApiError::conflict(
            call.group_resource(),
            &call.request.name,
            "StorageError: invalid object, Code: 4, Key: , ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: the object does not exist",
        ));
    }
    manage(call, &mut object, options);
    let (encoded, warnings) = insert(call, Draft { object, warnings }, options).await?;
    call.object(created(true), &encoded, &warnings)
}

/// A namespace with the finalizers of `new`, everything else as it was.
fn finalized(new: &Value, old: &Value) -> Value {
    let mut object = old.clone();
    let finalizers = object::list(new, &["spec", "finalizers"]).to_vec();
    object::set(&mut object, &["spec", "finalizers"], finalizers);
    if !object::resource_version(new).is_empty() {
        object::set_metadata(
            &mut object,
            "resourceVersion",
            object::resource_version(new),
        );
    }
    object
}
