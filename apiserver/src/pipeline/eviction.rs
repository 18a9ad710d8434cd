//! `pods/eviction`: a delete that asks for permission first. Disruption budgets come with their kind; until then it is granted.

use http::StatusCode;
use hydrofoil_api::object;
use hydrofoil_api::status::{ApiError, Status};
use serde_json::Value;

use super::Call;
use super::delete::remove;
use crate::answer::{self, Answer};
use crate::request::media::Encoding;
use crate::request::options::{DeleteOptions, Query};

/// Answers an eviction.
///
/// # Errors
/// 400 for a body that is none; 403, 404, 409 as a delete.
pub async fn evict(call: &Call, body: &[u8]) -> Answer {
    let refuse = |error: String| {
        ApiError::bad_request(format!("couldn't decode the body as Eviction: {error}"))
    };
    let eviction: Value = match call.body_encoding()? {
        Encoding::Json => {
            serde_json::from_slice(body).map_err(|error| refuse(error.to_string()))?
        }
        Encoding::Yaml => {
            serde_yaml::from_slice(body).map_err(|error| refuse(error.to_string()))?
        }
    };
    if object::kind(&eviction) != "Eviction"
        || !matches!(
            object::api_version(&eviction),
            "policy/v1" | "policy/v1beta1"
        )
    {
        return Err(refuse(format!(
            "unexpected kind {:?}",
            object::kind(&eviction)
        )));
    }
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
