//! `pods/log`: the lines of a container, streamed from the kubelet of its node.

use axum::body::Body;
use futures::TryStreamExt;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, BodyStream, Limited};
use hydrofoil_api::field::{Errors, FieldError, Path};
use hydrofoil_api::object;
use hydrofoil_api::status::{ApiError, GroupKind};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::modify::served_form;
use super::{Call, kubelet};
use crate::answer::Answer;
use crate::metrics::Running;

/// Most of an error's text that is read from a kubelet.
const MAX_ERROR: usize = 50_000;
/// Options that are passed on to the kubelet.
const OPTIONS: [&str; 9] = [
    "follow",
    "previous",
    "sinceSeconds",
    "sinceTime",
    "timestamps",
    "tailLines",
    "limitBytes",
    "insecureSkipTLSVerifyBackend",
    "stream",
];

/// Answers with a container's log.
///
/// # Errors
/// 400 when it is not clear which container is meant, 404 without such a pod, what the kubelet says.
pub async fn log(call: Call, running: Running) -> Answer {
    let mut errors = Errors::new();
    check_options(&call, &mut errors)?;
    if !errors.is_empty() {
        return Err(ApiError::invalid(
            GroupKind::new("", "PodLogOptions"),
            &call.request.name,
            &errors,
        ));
    }
    let stored = call.stored().await?;
    let pod = served_form(&call, &stored)?;
    let container = kubelet::container(&pod, call.query.text("container"))?;
    let node = object::text(&pod, &["spec", "nodeName"]);
    if node.is_empty() {
        // Not scheduled yet: no lines, as upstream.
        return Ok(text(Body::empty()));
    }
    let (address, port) = kubelet::address(&call, node)?;
    let path = path_of(&call, &container);
    let response = kubelet::client(&call)?.get(address, port, &path).await?;
    if !response.status().is_success() {
        return Err(refused(&call, response).await);
    }
    let shutdown = call.core.shutdown.clone();
    let frames = BodyStream::new(response.into_body()).try_filter_map(move |frame| {
        // Counted as long as it flows.
        let _counted = &running;
        std::future::ready(Ok(frame.into_data().ok()))
    });
    let frames = futures::StreamExt::take_until(frames, shutdown.cancelled_owned());
    Ok(text(Body::from_stream(frames)))
}

fn text(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

fn check_options(call: &Call, errors: &mut Errors) -> Result<(), ApiError> {
    let query = &call.query;
    let least =
        |name: &'static str, least: i64, text: &str, errors: &mut Errors| -> Result<(), ApiError> {
            if let Some(number) = query.number(name)?.filter(|number| *number < least) {
                errors.push(FieldError::invalid(&Path::new(name), number, text));
            }
            Ok(())
        };
    least("tailLines", 0, "must be greater than or equal to 0", errors)?;
    least("limitBytes", 1, "must be greater than 0", errors)?;
    least("sinceSeconds", 1, "must be greater than 0", errors)?;
    let since = (query.text("sinceSeconds"), query.text("sinceTime"));
    if !since.0.is_empty() && !since.1.is_empty() {
        let text = "at most one of `sinceTime` or `sinceSeconds` may be specified";
        errors.push(FieldError::forbidden(&Path::root(), text));
    }
    if !since.1.is_empty() && since.1.parse::<jiff::Timestamp>().is_err() {
        return Err(ApiError::bad_request(format!(
            "sinceTime: {:?} is not a time",
            since.1
        )));
    }
    Ok(())
}

fn path_of(call: &Call, container: &str) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (namespace, pod) = (encode(call.namespace()), encode(&call.request.name));
    let mut path = format!("/containerLogs/{namespace}/{pod}/{}", encode(container));
    let mut separator = '?';
    for name in OPTIONS {
        if let Some(value) = call.query.get(name) {
            path.push(separator);
            path.push_str(&format!("{name}={}", encode(value)));
            separator = '&';
        }
    }
    path
}

/// What a kubelet's refusal means to the client, as upstream's GenericHttpResponseChecker has it.
async fn refused(call: &Call, response: Response<hyper::body::Incoming>) -> ApiError {
    let code = response.status();
    let body = Limited::new(response.into_body(), MAX_ERROR)
        .collect()
        .await;
    let text = body
        .map(|body| {
            String::from_utf8_lossy(&body.to_bytes())
                .trim_end()
                .to_owned()
        })
        .unwrap_or_default();
    match code {
        StatusCode::BAD_REQUEST => ApiError::bad_request(text),
        StatusCode::INTERNAL_SERVER_ERROR => ApiError::internal(text),
        StatusCode::NOT_FOUND => {
            let message = format!(
                "the server could not find the requested resource ( pods/log {})",
                call.request.name
            );
            ApiError::new(404, hydrofoil_api::status::reason::NOT_FOUND, message)
        }
        other => ApiError::internal(format!("the kubelet answered {other}: {text}")),
    }
}
