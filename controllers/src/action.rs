//! What a reconcile decides, as plain values, and the one place that carries it out.

use std::time::Duration;

use bytes::Bytes;
use hydrofoil_client::events::{EventType, Recorder};
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use crate::error::Error;
use crate::objects::{Kind, Meta};
use crate::writer::{DeleteOptions, PatchType, Target, Writer};

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Create an object.
    Create {
        /// Its kind.
        kind: &'static Kind,
        /// Its namespace.
        namespace: String,
        /// The object.
        body: Value,
    },
    /// Patch an object or a subresource.
    Patch {
        /// Its kind.
        kind: &'static Kind,
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Such as `status`.
        subresource: Option<&'static str>,
        /// How to understand the patch.
        patch: PatchType,
        /// The patch.
        body: Value,
    },
    /// Delete an object.
    Delete {
        /// Its kind.
        kind: &'static Kind,
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Only if it still is the object with this uid.
        uid: String,
    },
    /// Tell users.
    Event(Event),
}

/// Something users should know.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Of which object.
    pub about: ObjectReference,
    /// Whether somebody may have to look.
    pub warning: bool,
    /// In a word.
    pub reason: String,
    /// In a sentence.
    pub message: String,
}

impl Event {
    /// A `Normal` event about the object of that kind and metadata.
    pub fn normal(
        kind: &Kind,
        meta: &ObjectMeta,
        reason: &str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            about: kind.reference(meta),
            warning: false,
            reason: reason.into(),
            message: message.into(),
        }
    }

    /// A `Warning` event about the object of that kind and metadata.
    pub fn warning(
        kind: &Kind,
        meta: &ObjectMeta,
        reason: &str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            warning: true,
            ..Self::normal(kind, meta, reason, message)
        }
    }

    /// Hands it to a recorder.
    pub fn record(self, recorder: &Recorder) {
        let kind = if self.warning {
            EventType::Warning
        } else {
            EventType::Normal
        };
        recorder.event(&self.about, kind, self.reason, self.message);
    }
}

/// What a reconcile decided.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// What to do, in this order; what follows a failure is not done.
    pub actions: Vec<Action>,
    /// When to look again even if nothing changes.
    pub again_after: Option<Duration>,
}

impl Action {
    /// A patch of an object's `status`.
    pub fn status(kind: &'static Kind, meta: &ObjectMeta, status: Value) -> Self {
        Self::subresource(kind, meta, "status", json!({ "status": status }))
    }

    /// A merge patch of an object's subresource.
    pub fn subresource(
        kind: &'static Kind,
        meta: &ObjectMeta,
        subresource: &'static str,
        body: Value,
    ) -> Self {
        Action::Patch {
            kind,
            namespace: meta.namespace().into(),
            name: meta.name().into(),
            subresource: Some(subresource),
            patch: PatchType::Merge,
            body,
        }
    }

    /// A merge patch of an object.
    pub fn merge(kind: &'static Kind, meta: &ObjectMeta, body: Value) -> Self {
        Action::Patch {
            kind,
            namespace: meta.namespace().into(),
            name: meta.name().into(),
            subresource: None,
            patch: PatchType::Merge,
            body,
        }
    }

    /// The deletion of that very object.
    pub fn delete(kind: &'static Kind, meta: &ObjectMeta) -> Self {
        Action::Delete {
            kind,
            namespace: meta.namespace().into(),
            name: meta.name().into(),
            uid: meta.uid().into(),
        }
    }
}

/// Carries out one action; returns the metadata of what was written. What is already gone counts as deleted.
pub async fn execute(
    writer: &Writer,
    recorder: &Recorder,
    action: Action,
) -> Result<Option<ObjectMeta>, Error> {
    match action {
        Action::Create {
            kind,
            namespace,
            body,
        } => {
            let body = Bytes::from(body.to_string());
            let written = writer.create(kind, &namespace, body).await?;
            Ok(Some(written.metadata))
        }
        Action::Patch {
            kind,
            namespace,
            name,
            subresource,
            patch,
            body,
        } => {
            let target = Target::new(kind, &namespace, &name);
            let written = writer.patch(target, subresource, patch, &body).await?;
            Ok(Some(written.metadata))
        }
        Action::Delete {
            kind,
            namespace,
            name,
            uid,
        } => {
            let options = DeleteOptions {
                uid: Some(&uid),
                propagation: Some("Background"),
                ..Default::default()
            };
            match writer
                .delete(Target::new(kind, &namespace, &name), &options)
                .await
            {
                Err(error) if error.is_not_found() || error.is_conflict() => Ok(None),
                other => other.map(|()| None),
            }
        }
        Action::Event(event) => {
            event.record(recorder);
            Ok(None)
        }
    }
}

/// Carries out actions in their order until one fails.
pub async fn execute_all(
    writer: &Writer,
    recorder: &Recorder,
    actions: impl IntoIterator<Item = Action>,
) -> Result<(), Error> {
    for action in actions {
        execute(writer, recorder, action).await?;
    }
    Ok(())
}

/// A number as a status field: absent when 0, as upstream leaves it out.
pub fn count(number: i32) -> Value {
    if number == 0 {
        Value::Null
    } else {
        number.into()
    }
}
