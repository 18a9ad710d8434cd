//! What can go wrong in a controller. Not for: turning errors into HTTP, which only the API server does.

use kube::core::Status;

/// A reconcile that did not come to its end; its key is tried again after a back-off.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The API server refused a request, or could not be reached.
    #[error(transparent)]
    Client(Box<kube::Error>),
    /// The API server's answer was not what its API promises.
    #[error("the API server's answer to {request} could not be read: {source}")]
    Answer {
        /// Method and path.
        request: String,
        /// What was wrong with it.
        source: serde_json::Error,
    },
    /// A request could not be formed from an object's own data.
    #[error("no request can be made: {0}")]
    Request(#[from] http::Error),
    /// The informer has not yet seen this controller's own last write.
    #[error("the cache is behind this controller's own writes")]
    Stale,
    /// An object's content keeps a controller from acting on it.
    #[error("{0}")]
    Object(String),
    /// Several requests of one reconcile failed.
    #[error("{count} requests failed, the first with: {first}")]
    Several {
        /// How many.
        count: usize,
        /// The first failure's text.
        first: String,
    },
}

impl From<kube::Error> for Error {
    fn from(error: kube::Error) -> Self {
        Error::Client(Box::new(error))
    }
}

impl Error {
    /// The `Status` that the API server answered with, if this is one.
    pub fn status(&self) -> Option<&Status> {
        match self {
            Error::Client(error) => match error.as_ref() {
                kube::Error::Api(status) => Some(status),
                _ => None,
            },
            _ => None,
        }
    }

    fn has_reason(&self, reason: &str) -> bool {
        self.status().is_some_and(|status| status.reason == reason)
    }

    /// The object is gone (404).
    pub fn is_not_found(&self) -> bool {
        self.status().is_some_and(|status| status.code == 404)
    }

    /// The object changed since it was read (409 Conflict).
    pub fn is_conflict(&self) -> bool {
        self.has_reason("Conflict")
    }

    /// An object of that name exists (409 AlreadyExists).
    pub fn is_already_exists(&self) -> bool {
        self.has_reason("AlreadyExists")
    }

    /// The object could never be valid (422), so that trying again as it is cannot help.
    pub fn is_invalid(&self) -> bool {
        self.has_reason("Invalid")
    }

    /// The namespace is being torn down, so nothing can be created in it.
    pub fn is_namespace_terminating(&self) -> bool {
        self.status().is_some_and(|status| {
            status
                .details
                .as_ref()
                .is_some_and(|d| d.causes.iter().any(|c| c.reason == "NamespaceTerminating"))
        })
    }

    /// Whether an object that every namespace is to have need not be written any more: somebody was faster, or the namespace is
    /// on its way out. A 404 is neither: where the namespace is gone the informer soon says so, and until it does the answer may
    /// come from a server that has yet to hear of a new one.
    pub fn settles_namespace_object(&self) -> bool {
        self.is_already_exists() || self.is_namespace_terminating()
    }

    /// What to tell a user: the server's own message without decoration.
    pub fn message(&self) -> String {
        match self.status() {
            Some(status) => status.message.clone(),
            None => self.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: serde_json::Value) -> Error {
        let status: Status = serde_json::from_value(status).unwrap();
        kube::Error::Api(Box::new(status)).into()
    }

    #[test]
    fn a_namespace_that_is_not_known_yet_is_tried_again() {
        let not_found = serde_json::json!({"code": 404, "reason": "NotFound"});
        assert!(!refused(not_found).settles_namespace_object());
        let exists = serde_json::json!({"code": 409, "reason": "AlreadyExists"});
        assert!(refused(exists).settles_namespace_object());
        let terminating = serde_json::json!({"code": 403, "reason": "Forbidden",
            "details": {"causes": [{"reason": "NamespaceTerminating", "message": "", "field": ""}]}});
        assert!(refused(terminating).settles_namespace_object());
    }
}
