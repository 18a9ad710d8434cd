//! Workloads as the controllers see them. Pod templates stay JSON: a controller copies them, and must lose no field it does not know.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{DeploymentStatus, DeploymentStrategy, ReplicaSetStatus};
use k8s_openapi::api::batch::v1::{JobStatus, PodFailurePolicy, SuccessPolicy};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde::Deserialize;
use serde_json::Value;

use super::{DEPLOYMENT, JOB, Kind, Object, REPLICA_SET, object, view};

/// A pod template as JSON.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Template(pub Arc<Value>);

impl Template {
    /// The template's labels.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .pointer("/metadata/labels")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(k, v)| Some((k.as_str(), v.as_str()?)))
    }

    /// The pod spec's field of that name, if it is a string.
    pub fn spec_text(&self, field: &str) -> &str {
        self.0
            .pointer("/spec")
            .and_then(|s| s.get(field))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

object! {
    /// A Deployment.
    Deployment = DEPLOYMENT, {
        /// What shall be.
        spec: DeploymentSpec,
        /// What is.
        status: DeploymentStatus,
    }
    /// A ReplicaSet.
    ReplicaSet = REPLICA_SET, {
        /// What shall be.
        spec: ReplicaSetSpec,
        /// What is.
        status: ReplicaSetStatus,
    }
    /// A Job.
    Job = JOB, {
        /// What shall be.
        spec: JobSpec,
        /// What is.
        status: JobStatus,
    }
}

view! {
    /// What a Deployment shall be.
    pub struct DeploymentSpec {
        /// How many pods; 1 if unset.
        replicas: Option<i32>,
        /// Whose pods.
        selector: LabelSelector,
        /// What pods.
        template: Template,
        /// How old pods are replaced.
        strategy: DeploymentStrategy,
        /// How long a pod must be ready to be available.
        min_ready_seconds: i32,
        /// How many old ReplicaSets to keep.
        revision_history_limit: Option<i32>,
        /// Whether rollouts stand still.
        paused: bool,
        /// How long a rollout may make no progress.
        progress_deadline_seconds: Option<i32>,
    }
    /// What a ReplicaSet shall be.
    pub struct ReplicaSetSpec {
        /// How many pods; 1 if unset.
        replicas: Option<i32>,
        /// How long a pod must be ready to be available.
        min_ready_seconds: i32,
        /// Whose pods.
        selector: LabelSelector,
        /// What pods.
        template: Template,
    }
    /// What a Job shall be.
    pub struct JobSpec {
        /// How many pods at once; 1 if unset.
        parallelism: Option<i32>,
        /// How many successes.
        completions: Option<i32>,
        /// How long it may run.
        active_deadline_seconds: Option<i64>,
        /// What a failed pod means.
        pod_failure_policy: Option<PodFailurePolicy>,
        /// When enough is done.
        success_policy: Option<SuccessPolicy>,
        /// How many failures; 6 if unset.
        backoff_limit: Option<i32>,
        /// How many failures of one index.
        backoff_limit_per_index: Option<i32>,
        /// How many indexes may fail.
        max_failed_indexes: Option<i32>,
        /// Whose pods.
        selector: LabelSelector,
        /// What pods.
        template: Template,
        /// How long to keep it when it has finished.
        ttl_seconds_after_finished: Option<i32>,
        /// `NonIndexed` or `Indexed`.
        completion_mode: String,
        /// Whether it stands still.
        suspend: bool,
        /// `TerminatingOrFailed` or `Failed`.
        pod_replacement_policy: String,
        /// Another controller's name.
        managed_by: Option<String>,
    }
}

impl Object for Deployment {
    fn resource() -> &'static Kind {
        &DEPLOYMENT
    }
}

impl Object for ReplicaSet {
    fn resource() -> &'static Kind {
        &REPLICA_SET
    }
}

impl Object for Job {
    fn resource() -> &'static Kind {
        &JOB
    }
}

impl Deployment {
    /// `spec.replicas` with its default.
    pub fn replicas(&self) -> i32 {
        self.spec.replicas.unwrap_or(1)
    }
}

impl ReplicaSet {
    /// `spec.replicas` with its default.
    pub fn replicas(&self) -> i32 {
        self.spec.replicas.unwrap_or(1)
    }
}
