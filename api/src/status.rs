//! `metav1.Status` and the errors an API server answers with, worded as upstream's `apimachinery/pkg/api/errors`.
//!
//! Every constructor here is one reason of the API. What an error means to HTTP is in its `code`; nothing here sends it.

use crate::field::{self, FieldError};
use serde::{Deserialize, Serialize};
use std::fmt;

/// `metav1.Status`, in its wire form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Always `Status`.
    #[serde(default)]
    pub kind: String,
    /// Always `v1`.
    #[serde(default)]
    pub api_version: String,
    /// Empty, or a list's metadata.
    #[serde(default)]
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// `Success` or `Failure`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// For machines; see [`reason`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What the error is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
    /// The HTTP status code; 0 when unset.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub code: u16,
}

/// `metav1.StatusDetails`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Details {
    /// The object's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The API group.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The resource, or the kind where the reason says so.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The object's uid.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// One entry for each fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// Seconds to wait before trying again; 0 when unset.
    #[serde(skip_serializing_if = "is_zero_u32")]
    pub retry_after_seconds: u32,
}

/// `metav1.StatusCause`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cause {
    /// For machines, for example `FieldValueRequired` or `FieldManagerConflict`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// For people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The field's path.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
}

fn is_zero(code: &u16) -> bool {
    *code == 0
}

fn is_zero_u32(seconds: &u32) -> bool {
    *seconds == 0
}

/// The values of `Status.reason` (`metav1.StatusReason`).
pub mod reason {
    #![allow(missing_docs, reason = "each constant is its own text")]
    pub const UNAUTHORIZED: &str = "Unauthorized";
    pub const FORBIDDEN: &str = "Forbidden";
    pub const NOT_FOUND: &str = "NotFound";
    pub const ALREADY_EXISTS: &str = "AlreadyExists";
    pub const CONFLICT: &str = "Conflict";
    pub const GONE: &str = "Gone";
    pub const INVALID: &str = "Invalid";
    pub const SERVER_TIMEOUT: &str = "ServerTimeout";
    pub const TIMEOUT: &str = "Timeout";
    pub const TOO_MANY_REQUESTS: &str = "TooManyRequests";
    pub const BAD_REQUEST: &str = "BadRequest";
    pub const METHOD_NOT_ALLOWED: &str = "MethodNotAllowed";
    pub const NOT_ACCEPTABLE: &str = "NotAcceptable";
    pub const REQUEST_ENTITY_TOO_LARGE: &str = "RequestEntityTooLarge";
    pub const UNSUPPORTED_MEDIA_TYPE: &str = "UnsupportedMediaType";
    pub const INTERNAL_ERROR: &str = "InternalError";
    pub const EXPIRED: &str = "Expired";
    pub const SERVICE_UNAVAILABLE: &str = "ServiceUnavailable";
}

/// A resource of a group; `Display` is `pods` or `deployments.apps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupResource<'a> {
    /// The API group, empty for core.
    pub group: &'a str,
    /// The plural.
    pub resource: &'a str,
}

impl<'a> GroupResource<'a> {
    /// A resource of a group.
    pub fn new(group: &'a str, resource: &'a str) -> Self {
        GroupResource { group, resource }
    }
}

impl fmt::Display for GroupResource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        dotted(f, self.resource, self.group)
    }
}

/// A kind of a group; `Display` is `Pod` or `Deployment.apps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupKind<'a> {
    /// The API group, empty for core.
    pub group: &'a str,
    /// The kind.
    pub kind: &'a str,
}

impl<'a> GroupKind<'a> {
    /// A kind of a group.
    pub fn new(group: &'a str, kind: &'a str) -> Self {
        GroupKind { group, kind }
    }
}

impl fmt::Display for GroupKind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        dotted(f, self.kind, self.group)
    }
}

fn dotted(f: &mut fmt::Formatter<'_>, name: &str, group: &str) -> fmt::Result {
    if group.is_empty() {
        f.write_str(name)
    } else {
        write!(f, "{name}.{group}")
    }
}

impl Status {
    fn bare(status: &str, code: u16) -> Status {
        Status {
            kind: "Status".to_owned(),
            api_version: "v1".to_owned(),
            metadata: serde_json::Map::new(),
            status: status.to_owned(),
            message: String::new(),
            reason: String::new(),
            details: None,
            code,
        }
    }

    /// A plain success, as answered by a delete that left nothing to show. Upstream leaves `code` out there.
    pub fn success() -> Status {
        Status::bare("Success", 0)
    }

    /// The success of an operation on one object, with its name, resource and uid.
    pub fn success_of(resource: GroupResource<'_>, name: &str, uid: &str) -> Status {
        Status {
            details: Some(Details {
                name: name.to_owned(),
                group: resource.group.to_owned(),
                kind: resource.resource.to_owned(),
                uid: uid.to_owned(),
                ..Details::default()
            }),
            ..Status::success()
        }
    }

    /// The wire form. Serialising these plain fields cannot fail.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// An error that is a [`Status`]. `Display` is its message.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", .0.message)]
pub struct ApiError(Box<Status>);

impl From<ApiError> for Status {
    fn from(error: ApiError) -> Status {
        *error.0
    }
}

impl From<Status> for ApiError {
    fn from(status: Status) -> ApiError {
        ApiError(Box::new(status))
    }
}

impl ApiError {
    /// Any failure: an HTTP code, a reason and a message.
    pub fn new(code: u16, reason: &str, message: impl Into<String>) -> ApiError {
        let mut status = Status::bare("Failure", code);
        status.reason = reason.to_owned();
        status.message = message.into();
        ApiError(Box::new(status))
    }

    /// The status itself.
    pub fn status(&self) -> &Status {
        &self.0
    }

    /// The status itself, to be changed.
    pub fn status_mut(&mut self) -> &mut Status {
        &mut self.0
    }

    /// The HTTP status code.
    pub fn code(&self) -> u16 {
        self.0.code
    }

    /// The machine-readable reason.
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Seconds a client is asked to wait, for the `Retry-After` header.
    pub fn retry_after_seconds(&self) -> Option<u32> {
        self.0
            .details
            .as_ref()
            .map(|d| d.retry_after_seconds)
            .filter(|s| *s > 0)
    }

    /// With these details instead of those there were.
    #[must_use]
    pub fn with_details(mut self, details: Details) -> ApiError {
        self.0.details = Some(details);
        self
    }

    fn about(self, resource: GroupResource<'_>, name: &str) -> ApiError {
        self.with_details(Details {
            name: name.to_owned(),
            group: resource.group.to_owned(),
            kind: resource.resource.to_owned(),
            ..Details::default()
        })
    }

    fn retry_after(mut self, seconds: u32) -> ApiError {
        self.0.details.get_or_insert_default().retry_after_seconds = seconds;
        self
    }

    /// 404: `pods "x" not found`.
    pub fn not_found(resource: GroupResource<'_>, name: &str) -> ApiError {
        let message = format!("{resource} {} not found", quote(name));
        ApiError::new(404, reason::NOT_FOUND, message).about(resource, name)
    }

    /// 404 for a path that is no resource: `the server could not find the requested resource`.
    pub fn no_such_path() -> ApiError {
        ApiError::new(
            404,
            reason::NOT_FOUND,
            "the server could not find the requested resource",
        )
        .with_details(Details::default())
    }

    /// 409: `pods "x" already exists`.
    pub fn already_exists(resource: GroupResource<'_>, name: &str) -> ApiError {
        let message = format!("{resource} {} already exists", quote(name));
        ApiError::new(409, reason::ALREADY_EXISTS, message).about(resource, name)
    }

    /// 409 when `generateName` ran out of luck.
    pub fn generate_name_conflict(
        resource: GroupResource<'_>,
        name: &str,
        retry_after_seconds: u32,
    ) -> ApiError {
        let message = format!(
            "{resource} {} already exists, the server was not able to generate a unique name for the object",
            quote(name)
        );
        ApiError::new(409, reason::ALREADY_EXISTS, message)
            .about(resource, name)
            .retry_after(retry_after_seconds)
    }

    /// 409: `Operation cannot be fulfilled on pods "x": DETAIL`.
    pub fn conflict(
        resource: GroupResource<'_>,
        name: &str,
        detail: impl fmt::Display,
    ) -> ApiError {
        let message = format!(
            "Operation cannot be fulfilled on {resource} {}: {detail}",
            quote(name)
        );
        ApiError::new(409, reason::CONFLICT, message).about(resource, name)
    }

    /// 409 of an update whose resourceVersion is not the latest.
    pub fn modified(resource: GroupResource<'_>, name: &str) -> ApiError {
        const DETAIL: &str = "the object has been modified; please apply your changes to the latest version and try again";
        ApiError::conflict(resource, name, DETAIL)
    }

    /// 409 of server-side apply, with a cause for each conflicting field.
    pub fn apply_conflict(causes: Vec<Cause>, message: impl Into<String>) -> ApiError {
        ApiError::new(409, reason::CONFLICT, message).with_details(Details {
            causes,
            ..Details::default()
        })
    }

    /// 422: `Pod "x" is invalid: FAULTS`, a cause for each fault.
    pub fn invalid(kind: GroupKind<'_>, name: &str, errors: &[FieldError]) -> ApiError {
        let message = match errors {
            [] => format!("{kind} {} is invalid", quote(name)),
            errors => format!(
                "{kind} {} is invalid: {}",
                quote(name),
                field::aggregate(errors)
            ),
        };
        let causes = errors
            .iter()
            .map(|e| Cause {
                reason: e.kind.reason().to_owned(),
                message: e.body(),
                field: e.path.clone(),
            })
            .collect();
        ApiError::new(422, reason::INVALID, message).with_details(Details {
            name: name.to_owned(),
            group: kind.group.to_owned(),
            kind: kind.kind.to_owned(),
            causes,
            ..Details::default()
        })
    }

    /// 400 with the message as it is.
    pub fn bad_request(message: impl Into<String>) -> ApiError {
        ApiError::new(400, reason::BAD_REQUEST, message)
    }

    /// 401: `Unauthorized`, or the message when there is one to give.
    pub fn unauthorized(message: &str) -> ApiError {
        ApiError::new(
            401,
            reason::UNAUTHORIZED,
            if message.is_empty() {
                "not authorized"
            } else {
                message
            },
        )
    }

    /// 403: `pods "x" is forbidden: DETAIL`; without a name and without a resource the shorter forms.
    pub fn forbidden(
        resource: GroupResource<'_>,
        name: &str,
        detail: impl fmt::Display,
    ) -> ApiError {
        let message = if resource.resource.is_empty() && resource.group.is_empty() {
            format!("forbidden: {detail}")
        } else if name.is_empty() {
            format!("{resource} is forbidden: {detail}")
        } else {
            format!("{resource} {} is forbidden: {detail}", quote(name))
        };
        ApiError::new(403, reason::FORBIDDEN, message).about(resource, name)
    }

    /// 405: `ACTION is not supported on resources of kind "pods"`.
    pub fn method_not_supported(resource: GroupResource<'_>, action: &str) -> ApiError {
        let message = format!(
            "{action} is not supported on resources of kind {}",
            quote(&resource.to_string())
        );
        ApiError::new(405, reason::METHOD_NOT_ALLOWED, message).about(resource, "")
    }

    /// 500 `ServerTimeout`: the operation may be tried again.
    pub fn server_timeout(
        resource: GroupResource<'_>,
        operation: &str,
        retry_after_seconds: u32,
    ) -> ApiError {
        let message = format!(
            "The {operation} operation against {resource} could not be completed at this time, please try again."
        );
        ApiError::new(500, reason::SERVER_TIMEOUT, message)
            .about(resource, operation)
            .retry_after(retry_after_seconds)
    }

    /// 504: `Timeout: MESSAGE`.
    pub fn timeout(message: impl fmt::Display, retry_after_seconds: u32) -> ApiError {
        ApiError::new(504, reason::TIMEOUT, format!("Timeout: {message}"))
            .retry_after(retry_after_seconds)
    }

    /// 429 with the message as it is.
    pub fn too_many_requests(message: impl Into<String>, retry_after_seconds: u32) -> ApiError {
        ApiError::new(429, reason::TOO_MANY_REQUESTS, message).retry_after(retry_after_seconds)
    }

    /// 410 `Gone`.
    pub fn gone(message: impl Into<String>) -> ApiError {
        ApiError::new(410, reason::GONE, message)
    }

    /// 410 `Expired`: a resourceVersion or continue token that is too old.
    pub fn expired(message: impl Into<String>) -> ApiError {
        ApiError::new(410, reason::EXPIRED, message)
    }

    /// 500: `Internal error occurred: DETAIL`.
    pub fn internal(detail: impl fmt::Display) -> ApiError {
        let detail = detail.to_string();
        let message = format!("Internal error occurred: {detail}");
        let cause = Cause {
            message: detail,
            ..Cause::default()
        };
        ApiError::new(500, reason::INTERNAL_ERROR, message).with_details(Details {
            causes: vec![cause],
            ..Details::default()
        })
    }

    /// 503 with the message as it is.
    pub fn service_unavailable(message: impl Into<String>) -> ApiError {
        ApiError::new(503, reason::SERVICE_UNAVAILABLE, message)
    }

    /// 413: `Request entity too large: MESSAGE`.
    pub fn request_entity_too_large(message: impl fmt::Display) -> ApiError {
        ApiError::new(
            413,
            reason::REQUEST_ENTITY_TOO_LARGE,
            format!("Request entity too large: {message}"),
        )
    }

    /// 406: none of the media types in `Accept` can be made.
    pub fn not_acceptable(accepted: &[&str]) -> ApiError {
        let message = format!(
            "only the following media types are accepted: {}",
            accepted.join(", ")
        );
        ApiError::new(406, reason::NOT_ACCEPTABLE, message)
    }

    /// 415: the body's `Content-Type` is not understood.
    pub fn unsupported_media_type(accepted: &[&str]) -> ApiError {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {}",
            accepted.join(", ")
        );
        ApiError::new(415, reason::UNSUPPORTED_MEDIA_TYPE, message)
    }
}

fn quote(name: &str) -> String {
    crate::gotext::quote(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Path;

    #[test]
    fn not_found_is_upstreams_document() {
        let status: Status =
            ApiError::not_found(GroupResource::new("apps", "deployments"), "x").into();
        assert_eq!(
            serde_json::to_value(status).unwrap(),
            serde_json::json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                "message": "deployments.apps \"x\" not found", "reason": "NotFound",
                "details": {"name": "x", "group": "apps", "kind": "deployments"}, "code": 404
            })
        );
    }

    #[test]
    fn invalid_names_each_fault() {
        let errors = [FieldError::required(
            &Path::new("spec").child("containers"),
            "",
        )];
        let error = ApiError::invalid(GroupKind::new("", "Pod"), "p", &errors);
        assert_eq!(
            error.message(),
            "Pod \"p\" is invalid: spec.containers: Required value"
        );
        let causes = &error.status().details.as_ref().unwrap().causes;
        assert_eq!(causes[0].field, "spec.containers");
        assert_eq!(causes[0].reason, "FieldValueRequired");
    }

    #[test]
    fn forbidden_has_three_forms() {
        let pods = GroupResource::new("", "pods");
        assert_eq!(
            ApiError::forbidden(pods, "a", "no").message(),
            "pods \"a\" is forbidden: no"
        );
        assert_eq!(
            ApiError::forbidden(pods, "", "no").message(),
            "pods is forbidden: no"
        );
        assert_eq!(
            ApiError::forbidden(GroupResource::new("", ""), "", "no").message(),
            "forbidden: no"
        );
    }

    #[test]
    fn retry_after_is_told() {
        assert_eq!(ApiError::timeout("x", 3).retry_after_seconds(), Some(3));
        assert_eq!(ApiError::gone("x").retry_after_seconds(), None);
    }
}
