//! Errors of gRPC as grpc-gateway tells them over HTTP.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{StatusCode, header::CONTENT_TYPE};
use serde::Serialize;
use tonic::{Code, Status};

use crate::http::JSON;

#[derive(Serialize)]
struct Error<'a> {
    error: &'a str,
    code: i32,
    message: &'a str,
}

#[derive(Serialize)]
struct StreamError<'a> {
    error: StreamErrorBody<'a>,
}

#[derive(Serialize)]
struct StreamErrorBody<'a> {
    grpc_code: i32,
    http_code: u16,
    message: &'a str,
    http_status: &'a str,
}

/// HTTP's status for a code.
pub fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::Cancelled => StatusCode::REQUEST_TIMEOUT,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => {
            StatusCode::BAD_REQUEST
        }
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The answer to a call that failed.
pub fn answer(error: &Status) -> Response {
    let body = Error {
        error: error.message(),
        code: error.code() as i32,
        message: error.message(),
    };
    json(error, serde_json::to_string(&body))
}

/// The answer to a call of many answers that failed before the first.
pub fn stream_answer(error: &Status) -> Response {
    json(error, serde_json::to_string(&stream_error(error)))
}

/// The last line of answers that end in an error.
pub fn stream_line(error: &Status) -> Bytes {
    serde_json::to_vec(&stream_error(error))
        .unwrap_or_default()
        .into()
}

fn stream_error(error: &Status) -> StreamError<'_> {
    let status = http_status(error.code());
    StreamError {
        error: StreamErrorBody {
            grpc_code: error.code() as i32,
            http_code: status.as_u16(),
            message: error.message(),
            http_status: status.canonical_reason().unwrap_or_default(),
        },
    }
}

fn json(error: &Status, body: serde_json::Result<String>) -> Response {
    let body = body.unwrap_or_else(|_| "{\"error\": \"failed to marshal error message\"}".into());
    (http_status(error.code()), [(CONTENT_TYPE, JSON)], body).into_response()
}
