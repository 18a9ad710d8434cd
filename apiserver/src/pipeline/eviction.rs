//! `pods/eviction`: a delete that asks for permission first. Disruption budgets come with their kind; until then it is granted.

use http::StatusCode;
use hydrofoil_api::object;
use hydrofoil_api::status::{ApiError, Status};

use super::delete::remove;
use super::{Call, write};
use crate::answer::{self, Answer};
use crate::request::options::{DeleteOptions, Query};

const TYPE: &str = "io.k8s.api.policy.v1.Eviction";

/// Answers an eviction.
///
/// # Errors
/// 400 for a body that is none; 403, 404, 409 as a delete.
pub async fn evict(call: &Call, body: &[u8]) -> Answer {
    let eviction = write::read_options(TYPE, "Eviction", body, call.body_encoding()?)?;
    let name = object::name(&eviction);
    if !name.is_empty() && name != call.request.name {
        return Err(ApiError::bad_request(
            "name in URL does not match name in Eviction object",
        ));
    }
    let mut options = match eviction.get("deleteOptions") {
        Some(options) if options.is_object() => DeleteOptions::parse(&call.query, Some(options))?,
        _ => DeleteOptions::default(),
    };
    options.dry_run |= Query::all(&call.query, "dryRun").any(|value| value == "All");
    remove(call, &call.request.name, &options).await?;
    let mut status = Status::success();
    status.code = StatusCode::CREATED.as_u16();
    Ok(answer::status(&call.form, StatusCode::CREATED, &status))
}
