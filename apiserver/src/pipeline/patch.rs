//! PATCH of an object or its status, in four forms; an apply may create.

use http::StatusCode;
use hydrofoil_api::apply::{self, Writer};
use hydrofoil_api::decode::{self, FieldValidation};
use hydrofoil_api::status::ApiError;
use hydrofoil_api::{object, patch as patches};
use serde_json::Value;

use super::create::{Draft, insert, manage};
use super::modify::{Modified, Part, Proposal, modify};
use super::{Call, created, write};
use crate::answer::Answer;
use crate::request::media::{self, PatchKind};
use crate::request::options::{Write, WriteOptions};

/// A patch, read once and applied to whatever state it meets.
enum Patch {
    /// RFC 6902, as text.
    Json(Vec<u8>),
    /// RFC 7386, with the fields that it names twice.
    Merge {
        value: Value,
        duplicates: Vec<String>,
    },
    /// Strategic merge, with the fields that it names twice.
    Strategic {
        value: Value,
        duplicates: Vec<String>,
    },
    /// An apply configuration.
    Apply(Value),
}

/// Answers a patch.
///
/// # Errors
/// 400, 403, 404, 409, 415, 422 as upstream.
pub async fn patch(call: &Call, body: &[u8]) -> Answer {
    let kind = media::patch_kind(&call.headers)?;
    let write = if kind == PatchKind::Apply {
        Write::Apply
    } else {
        Write::Patch
    };
    let options = WriteOptions::parse(&call.query, write, call.agent())?;
    let part = if call.request.subresource == "status" {
        Part::Status
    } else {
        Part::Main
    };
    let (patch, warnings) = read(call, kind, part, body, options.validation)?;
    let outcome = modify(call, part, &options, |old| {
        let mut proposal = propose(call, &patch, Some(old), part, &options)?;
        proposal.warnings.extend(warnings.iter().cloned());
        Ok(proposal)
    })
    .await?;
    match outcome {
        Some(Modified { encoded, warnings }) => call.object(StatusCode::OK, &encoded, &warnings),
        None if kind == PatchKind::Apply && part == Part::Main => {
            let mut proposal = propose(call, &patch, None, part, &options)?;
            if !object::resource_version(&proposal.object).is_empty()
                || !object::uid(&proposal.object).is_empty()
            {
                return Err(call.not_found());
            }
            if !proposal.managed {
                manage(call, &mut proposal.object, &options);
            }
            proposal.warnings.extend(warnings);
            let draft = Draft {
                object: proposal.object,
                warnings: proposal.warnings,
            };
            let (encoded, warnings) = insert(call, draft, &options).await?;
            call.object(created(true), &encoded, &warnings)
        }
        None => Err(call.not_found()),
    }
}

/// Reads the patch in a body.
fn read(
    call: &Call,
    kind: PatchKind,
    part: Part,
    body: &[u8],
    mode: FieldValidation,
) -> Result<(Patch, Vec<String>), ApiError> {
    match kind {
        PatchKind::Json => Ok((Patch::Json(body.to_vec()), Vec::new())),
        PatchKind::Merge => {
            let (value, duplicates) = decode::patch(body)?;
            Ok((Patch::Merge { value, duplicates }, Vec::new()))
        }
        PatchKind::Strategic => {
            let (value, duplicates) = decode::patch(body)?;
            Ok((Patch::Strategic { value, duplicates }, Vec::new()))
        }
        PatchKind::Apply => {
            let decoded = decode::apply_patch(body, mode)?;
            let mut applied = decoded.value;
            check_applied(call, &mut applied)?;
            limit_to(call, part, &mut applied);
            Ok((Patch::Apply(applied), decoded.warnings))
        }
    }
}

fn check_applied(call: &Call, applied: &mut Value) -> Result<(), ApiError> {
    if applied["metadata"]
        .get("managedFields")
        .is_some_and(|fields| !fields.is_null())
    {
        return Err(ApiError::bad_request("metadata.managedFields must be nil"));
    }
    call.check_name(applied)?;
    call.check_place(applied)
}

/// An apply speaks of the object without its status, or of its status alone.
fn limit_to(call: &Call, part: Part, applied: &mut Value) {
    let Some(fields) = applied.as_object_mut() else {
        return;
    };
    match part {
        Part::Status => fields.retain(|name, _| {
            matches!(name.as_str(), "apiVersion" | "kind" | "metadata" | "status")
        }),
        _ if call.served.kind.status.is_some() => {
            fields.remove("status");
        }
        _ => {}
    }
}

/// What the patch makes of an object.
fn propose(
    call: &Call,
    patch: &Patch,
    old: Option<&Value>,
    part: Part,
    options: &WriteOptions,
) -> Result<Proposal, ApiError> {
    let ty = call.served.resource.ty;
    if let Patch::Apply(applied) = patch {
        let writer = Writer {
            manager: &options.manager,
            subresource: part.subresource(),
            now: call.now,
        };
        let make = || apply::apply(old, applied, writer, options.force, ty);
        let decoded = write::decode_value(
            &call.served,
            make()?,
            old,
            || make().unwrap_or_default(),
            Vec::new(),
            FieldValidation::Ignore,
        )?;
        return Ok(Proposal {
            object: decoded.value,
            warnings: Vec::new(),
            managed: true,
        });
    }
    let Some(old) = old else {
        return Err(call.not_found());
    };
    let make = || match patch {
        Patch::Json(text) => patches::json(old, text),
        Patch::Merge { value, .. } => patches::merge(old, value),
        Patch::Strategic { value, .. } => patches::strategic(old, value, ty),
        Patch::Apply(_) => Ok(old.clone()),
    };
    let duplicates = match patch {
        Patch::Merge { duplicates, .. } | Patch::Strategic { duplicates, .. } => duplicates.clone(),
        Patch::Json(_) | Patch::Apply(_) => Vec::new(),
    };
    let decoded = write::decode_value(
        &call.served,
        make()?,
        Some(old),
        || make().unwrap_or_default(),
        duplicates,
        options.validation,
    )?;
    Ok(Proposal {
        object: decoded.value,
        warnings: decoded.warnings,
        managed: false,
    })
}

/// What a patch makes of a value that is no object of the table (a Scale).
///
/// # Errors
/// 400 and 422 as upstream.
pub fn patch_value(
    call: &Call,
    body: &[u8],
    old: &Value,
    ty: &'static hydrofoil_api::facts::Type,
) -> Result<Value, ApiError> {
    match media::patch_kind(&call.headers)? {
        PatchKind::Json => patches::json(old, body),
        PatchKind::Merge => patches::merge(old, &decode::patch(body)?.0),
        PatchKind::Strategic => patches::strategic(old, &decode::patch(body)?.0, ty),
        // Scales are small: an apply sets what it names.
        PatchKind::Apply => patches::merge(
            old,
            &decode::apply_patch(body, FieldValidation::Ignore)?.value,
        ),
    }
}
