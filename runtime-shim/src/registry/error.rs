//! The registry's errors, as the distribution specification's "Error Codes" has them: a status, a code, and JSON.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

/// An error response.
#[derive(Debug)]
pub struct Error {
    status: StatusCode,
    code: &'static str,
    message: String,
    detail: Value,
}

/// Short for what every handler returns.
pub type Result<T = Response> = std::result::Result<T, Error>;

impl Error {
    fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        detail: Value,
    ) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            detail,
        }
    }

    /// `NAME_INVALID`
    pub fn name_invalid(name: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "NAME_INVALID",
            "invalid repository name",
            json!({ "name": name }),
        )
    }

    /// `NAME_UNKNOWN`
    pub fn name_unknown(name: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "NAME_UNKNOWN",
            "repository name not known to registry",
            json!({ "name": name }),
        )
    }

    /// `MANIFEST_INVALID` for a tag that is none.
    pub fn tag_invalid(tag: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "MANIFEST_INVALID",
            "neither a digest nor a valid tag",
            json!({ "tag": tag }),
        )
    }

    /// `MANIFEST_UNKNOWN`
    pub fn manifest_unknown(reference: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "MANIFEST_UNKNOWN",
            "manifest unknown",
            json!({ "reference": reference }),
        )
    }

    /// `MANIFEST_INVALID`
    pub fn manifest_invalid(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "MANIFEST_INVALID",
            message,
            Value::Null,
        )
    }

    /// `MANIFEST_BLOB_UNKNOWN`
    pub fn manifest_blob_unknown(digest: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "MANIFEST_BLOB_UNKNOWN",
            "manifest references a blob unknown to the repository",
            json!({ "digest": digest }),
        )
    }

    /// A manifest larger than the limit.
    pub fn manifest_too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "MANIFEST_INVALID",
            format!("manifest is larger than {limit} bytes"),
            Value::Null,
        )
    }

    /// `DIGEST_INVALID`
    pub fn digest_invalid(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "DIGEST_INVALID",
            message,
            Value::Null,
        )
    }

    /// `BLOB_UNKNOWN`
    pub fn blob_unknown(digest: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "BLOB_UNKNOWN",
            "blob unknown to registry",
            json!({ "digest": digest }),
        )
    }

    /// `BLOB_UPLOAD_UNKNOWN`
    pub fn upload_unknown(id: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "BLOB_UPLOAD_UNKNOWN",
            "blob upload unknown to registry",
            json!({ "uuid": id }),
        )
    }

    /// `BLOB_UPLOAD_INVALID`
    pub fn upload_invalid(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "BLOB_UPLOAD_INVALID",
            message,
            Value::Null,
        )
    }

    /// A chunk that does not begin where the last one ended.
    pub fn out_of_order(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "BLOB_UPLOAD_INVALID",
            message,
            Value::Null,
        )
    }

    /// `SIZE_INVALID`
    pub fn too_large(limit: u64) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "SIZE_INVALID",
            format!("blob is larger than {limit} bytes"),
            Value::Null,
        )
    }

    /// `TOOMANYREQUESTS`
    pub fn too_many(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "TOOMANYREQUESTS",
            message,
            Value::Null,
        )
    }

    /// `UNSUPPORTED`: the path is known, the method is not for it.
    pub fn method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "UNSUPPORTED",
            "the operation is unsupported",
            Value::Null,
        )
    }

    /// A path that the specification does not have.
    pub fn path() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "UNSUPPORTED",
            "page not found",
            Value::Null,
        )
    }

    /// A query parameter that cannot be used.
    pub fn parameter(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "UNSUPPORTED", message, Value::Null)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        tracing::error!(%error, "registry storage failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "UNKNOWN",
            format!("storage: {error}"),
            Value::Null,
        )
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let body = json!({ "errors": [{ "code": self.code, "message": self.message, "detail": self.detail }] });
        (self.status, Json(body)).into_response()
    }
}
