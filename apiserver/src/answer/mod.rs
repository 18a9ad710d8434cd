//! From outcomes to HTTP responses: encodings, compression, Tables and metadata, warnings, errors.

pub mod body;
pub mod shape;
pub mod table;

use axum::body::Body;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WARNING, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use hydrofoil_api::status::{ApiError, Status};
use serde_json::Value;

use crate::request::media::{Encoding, Form};

/// What every handler gives back.
pub type Answer = Result<Response<Body>, ApiError>;

/// Most warnings in an answer, and most characters of them, as upstream's.
const MAX_WARNINGS: usize = 64;
/// Longest text of all warnings together.
const MAX_WARNING_TEXT: usize = 4 * 1024;

/// A JSON document, in the form that was asked for.
pub fn json(form: &Form, code: StatusCode, document: Bytes) -> Response<Body> {
    let document = match (form.encoding, form.pretty) {
        (Encoding::Json | Encoding::Protobuf, false) => document,
        (Encoding::Json | Encoding::Protobuf, true) => {
            reencode(&document, serde_json::to_vec_pretty)
        }
        (Encoding::Yaml, _) => reencode(&document, |value| {
            serde_yaml::to_string(value)
                .map(String::into_bytes)
                .map_err(serde::ser::Error::custom)
        }),
    };
    let mut response = body::whole(document, form.gzip);
    *response.status_mut() = code;
    head(&mut response, form);
    response
}

/// A value, in the form that was asked for.
pub fn value(form: &Form, code: StatusCode, value: &Value) -> Response<Body> {
    json(
        form,
        code,
        serde_json::to_vec(value).unwrap_or_default().into(),
    )
}

/// A Status that tells of success.
pub fn status(form: &Form, code: StatusCode, status: &Status) -> Response<Body> {
    json(form, code, status.to_json().into())
}

/// A Status that tells of an error.
pub fn error(form: &Form, error: ApiError) -> Response<Body> {
    let code = StatusCode::from_u16(error.code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let retry = error.retry_after_seconds();
    let status: Status = error.into();
    let mut response = json(form, code, status.to_json().into());
    if let Some(seconds) = retry {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    if code == StatusCode::UNAUTHORIZED {
        response
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Plain text, as the health endpoints and metrics write it.
pub fn text(code: StatusCode, content_type: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = code;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Sets the headers that every answer of the API carries.
pub fn head(response: &mut Response<Body>, form: &Form) {
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(&form.content_type()) {
        headers.insert(CONTENT_TYPE, kind);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
}

/// Adds warnings as `Warning: 299 - "text"` headers, each once.
pub fn warn(response: &mut Response<Body>, warnings: &[String]) {
    let mut told: Vec<&String> = Vec::new();
    let mut size = 0;
    for warning in warnings {
        size += warning.len();
        if told.len() == MAX_WARNINGS || size > MAX_WARNING_TEXT || told.contains(&warning) {
            continue;
        }
        told.push(warning);
        let printable: String = warning
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let quoted = printable.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = HeaderValue::from_bytes(format!("299 - \"{quoted}\"").as_bytes()) {
            response.headers_mut().append(WARNING, value);
        }
    }
}

fn reencode(
    document: &Bytes,
    encode: impl Fn(&Value) -> Result<Vec<u8>, serde_json::Error>,
) -> Bytes {
    let again = serde_json::from_slice::<Value>(document).and_then(|value| encode(&value));
    match again {
        Ok(mut bytes) => {
            if bytes.last() != Some(&b'\n') {
                bytes.push(b'\n');
            }
            bytes.into()
        }
        // Not JSON: as it is.
        Err(_) => document.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_told_once_and_escaped() {
        let mut response = Response::new(Body::empty());
        warn(
            &mut response,
            &[
                "a \"b\"\n".to_owned(),
                "a \"b\"\n".to_owned(),
                "c".to_owned(),
            ],
        );
        let values: Vec<_> = response.headers().get_all(WARNING).iter().collect();
        assert_eq!(values, ["299 - \"a \\\"b\\\" \"", "299 - \"c\""]);
    }

    #[test]
    fn errors_say_when_to_come_back() {
        let response = error(&Form::JSON, ApiError::too_many_requests("busy", 7));
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()[RETRY_AFTER], "7");
    }
}
