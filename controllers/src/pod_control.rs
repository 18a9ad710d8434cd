//! Pods made and removed for the object that they belong to, with what goes with each: an event at the owner, and an
//! expectation that is lowered when what it waits for will never be seen.
//!
//! Which pods, and how many, the owner's controller decides.

use std::sync::Arc;

use bytes::Bytes;
use hydrofoil_client::events::{EventType, Recorder};
use k8s_openapi::api::core::v1::ObjectReference;
use tokio::time::Instant;

use crate::context::Context;
use crate::error::Error;
use crate::expectations::Expectations;
use crate::objects::{Key, Meta, POD, Pod};
use crate::worker;

/// One controller's hand on pods.
pub struct PodControl {
    context: Arc<Context>,
    /// Events in the controller's name.
    pub recorder: Recorder,
    /// What was asked for and not yet seen, by the owner's key.
    pub expectations: Expectations,
}

impl PodControl {
    /// For the controller that records events under this name.
    pub fn new(context: &Arc<Context>, component: &str) -> Arc<Self> {
        Arc::new(Self {
            context: context.clone(),
            recorder: context.recorder(component),
            expectations: Expectations::default(),
        })
    }

    /// Creates pods for the owner at `key`, few at first. Returns how many were made and the first error, which is none when
    /// the namespace is on its way out: everything in it goes, and so does the owner.
    pub async fn create(
        self: &Arc<Self>,
        key: &Key,
        about: &ObjectReference,
        bodies: Vec<Bytes>,
    ) -> (usize, Option<Error>) {
        let count = bodies.len();
        self.expectations.expect(key, count, [], Instant::now());
        let once = |i: usize| {
            let (control, key, about) = (self.clone(), key.clone(), about.clone());
            let body = bodies.get(i).cloned().unwrap_or_default();
            async move { control.create_one(&key, &about, body).await }
        };
        let (created, skipped, error) = worker::slow_start(count, once).await;
        if skipped > 0 {
            self.expectations.not_created(key, skipped);
        }
        (created, error.filter(|e| !e.is_namespace_terminating()))
    }

    async fn create_one(
        &self,
        key: &Key,
        about: &ObjectReference,
        body: Bytes,
    ) -> Result<(), Error> {
        let writer = &self.context.writer;
        match writer.create(&POD, &key.namespace, body).await {
            Ok(pod) => {
                let message = format!("Created pod: {}", pod.metadata.name());
                self.recorder
                    .event(about, EventType::Normal, "SuccessfulCreate", message);
                Ok(())
            }
            Err(error) => {
                self.expectations.created(key);
                if !error.is_namespace_terminating() {
                    let message = format!("Error creating: {}", error.message());
                    self.recorder
                        .event(about, EventType::Warning, "FailedCreate", message);
                }
                Err(error)
            }
        }
    }

    /// Tells of a pod's deletion that was tried. A pod that was gone already is as good as deleted.
    ///
    /// # Errors
    /// The deletion's own, when the pod is still there.
    pub fn deleted(
        &self,
        key: &Key,
        about: &ObjectReference,
        pod: &Pod,
        outcome: Result<(), Error>,
    ) -> Result<(), Error> {
        let Err(error) = outcome else {
            let message = format!("Deleted pod: {}", pod.metadata.name());
            self.recorder
                .event(about, EventType::Normal, "SuccessfulDelete", message);
            return Ok(());
        };
        self.expectations.deleted(key, pod.metadata.uid());
        if error.is_not_found() {
            return Ok(());
        }
        let message = format!("Error deleting: {}", error.message());
        self.recorder
            .event(about, EventType::Warning, "FailedDelete", message);
        Err(error)
    }
}
