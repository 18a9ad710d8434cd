//! Everything that is no resource: discovery, OpenAPI, the version, health, metrics.

mod documents;
mod health;
mod version;

use http::{HeaderMap, StatusCode};
use hydrofoil_api::status::ApiError;
use serde_json::json;

pub use documents::Documents;
pub use version::GIT_VERSION;

use crate::answer::{self, Answer};
use crate::pipeline::Core;
use crate::request::media::{self, Offer};
use crate::request::options::Query;

/// The content type of Prometheus' text format.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers a request for a path. `reading` tells whether it is a GET or a HEAD.
///
/// # Errors
/// 404 for paths that are not served, 405 for other methods.
pub async fn serve(
    core: &Core,
    path: &str,
    reading: bool,
    query: &Query,
    headers: &HeaderMap,
) -> Answer {
    let segments: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let known = matches!(
        segments.first(),
        None | Some(
            &("api" | "apis" | "openapi" | "version" | "healthz" | "livez" | "readyz" | "metrics")
        )
    );
    if !known {
        return Err(ApiError::no_such_path());
    }
    if !reading {
        let message = "the server does not allow this method on the requested resource";
        return Err(ApiError::new(
            405,
            hydrofoil_api::status::reason::METHOD_NOT_ALLOWED,
            message,
        ));
    }
    match segments.as_slice() {
        [] => index(core, query, headers),
        ["version"] => {
            let form = media::negotiate(headers, query.flag("pretty"), Offer::Plain)?;
            Ok(answer::value(&form, StatusCode::OK, &version::document()))
        }
        ["metrics"] => Ok(answer::text(
            StatusCode::OK,
            METRICS_TYPE,
            core.metrics.text(core.caches()),
        )),
        [endpoint @ ("healthz" | "livez" | "readyz"), check @ ..] => {
            health::serve(core, endpoint, check, query).await
        }
        ["openapi", rest @ ..] => documents::openapi(core, rest, query, headers).await,
        ["api" | "apis", ..] => documents::discovery(core, &segments, query, headers),
        _ => Err(ApiError::no_such_path()),
    }
}

/// The paths that are served, as upstream's index shows them.
fn index(core: &Core, query: &Query, headers: &HeaderMap) -> Answer {
    let mut paths: Vec<String> = [
        "/api",
        "/apis",
        "/healthz",
        "/livez",
        "/metrics",
        "/openapi/v2",
        "/openapi/v3",
        "/readyz",
        "/version",
    ]
    .map(str::to_owned)
    .into();
    for resource in core.table.resources() {
        let group = resource.group;
        if group.is_empty() {
            paths.push(format!("/api/{}", resource.version));
        } else {
            paths.push(format!("/apis/{group}"));
            paths.push(format!("/apis/{group}/{}", resource.version));
        }
    }
    paths.extend(health::paths());
    paths.sort_unstable();
    paths.dedup();
    let form = media::negotiate(headers, query.flag("pretty"), Offer::Plain)?;
    Ok(answer::value(
        &form,
        StatusCode::OK,
        &json!({ "paths": paths }),
    ))
}
