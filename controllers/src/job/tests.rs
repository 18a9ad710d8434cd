//! A Job through its life, sync by sync: YAML in, pods and status out.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::backoff::Record;
use super::sync::{Need, Sync, View, is_finished};
use crate::objects::{Job, Meta, Pod};

const NOW: &str = "2026-01-01T00:10:00Z";

/// The API server, as far as one Job is concerned.
struct World {
    job: Job,
    pods: Vec<Pod>,
    backoff: Record,
    made: usize,
    told: Vec<String>,
    again_after: Option<Duration>,
}

impl World {
    fn new(spec: &str) -> Self {
        let yaml = format!(
            "{{metadata: {{name: j, namespace: n, uid: u, resourceVersion: '1'}}, spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: c}}]}}}}, {spec}}}}}"
        );
        Self {
            job: serde_yaml::from_str(&yaml).unwrap(),
            pods: Vec::new(),
            backoff: Record::default(),
            made: 0,
            told: Vec::new(),
            again_after: None,
        }
    }

    fn view(&self) -> View {
        View {
            job: Arc::new(self.job.clone()),
            pods: self.pods.iter().cloned().map(Arc::new).collect(),
            satisfied: true,
            untracked: HashSet::new(),
            backoff: self.backoff,
            now: NOW.parse().unwrap(),
        }
    }

    fn make(&mut self, mut body: Value) {
        self.made += 1;
        body["metadata"]["name"] = format!("p{}", self.made).into();
        body["metadata"]["uid"] = format!("u{}", self.made).into();
        self.pods.push(serde_json::from_value(body).unwrap());
    }

    /// One sync, carried out.
    fn sync(&mut self) {
        if is_finished(&self.job) {
            return;
        }
        let mut sync = Sync::new(self.view());
        match sync.need() {
            Need::Nothing => sync.managed(0, &[]),
            Need::Create(bodies) => {
                sync.managed(bodies.len(), &[]);
                bodies.into_iter().for_each(|b| self.make(b));
            }
            Need::CreateAlike(count, body) => {
                sync.managed(count, &[]);
                (0..count).for_each(|_| self.make(body.clone()));
            }
            Need::Delete { pods, untrack } => {
                sync.managed(0, &pods);
                for gone in &pods {
                    let pod = self
                        .pods
                        .iter_mut()
                        .find(|p| p.metadata.uid() == gone.metadata.uid())
                        .unwrap();
                    pod.metadata.deletion_timestamp = serde_yaml::from_str(NOW).unwrap();
                    if untrack {
                        pod.metadata.finalizers = None;
                    }
                }
            }
        }
        let tracking = sync.track();
        if tracking.flush {
            self.write(&sync);
            self.backoff = sync.backoff;
        }
        let gone: HashSet<String> = tracking
            .untrack
            .iter()
            .map(|p| p.metadata.uid().to_owned())
            .collect();
        for pod in self
            .pods
            .iter_mut()
            .filter(|p| gone.contains(p.metadata.uid()))
        {
            pod.metadata.finalizers = None;
        }
        if sync.settle(&gone) {
            self.write(&sync);
        }
        self.told.extend(
            sync.events
                .iter()
                .map(|e| format!("{}: {}", e.reason, e.message)),
        );
        self.again_after = sync.again_after;
    }

    fn write(&mut self, sync: &Sync) {
        let patch = sync.patch("1");
        let mut status = patch["status"].clone();
        status.as_object_mut().unwrap().retain(|_, v| !v.is_null());
        self.job.status = serde_json::from_value(status).unwrap();
    }

    /// Ends the first active pods in a phase.
    fn end(&mut self, count: usize, phase: &str, code: i32) {
        let statuses: Value =
            json!([{"name": "c", "state": {"terminated": {"exitCode": code, "finishedAt": NOW}}}]);
        for pod in self.pods.iter_mut().filter(|p| p.is_active()).take(count) {
            pod.status.phase = phase.into();
            pod.status.container_statuses = serde_json::from_value(statuses.clone()).unwrap();
        }
    }

    /// Kubelets end what is being deleted.
    fn reap(&mut self) {
        self.pods
            .retain(|p| !p.metadata.is_deleting() || p.metadata.finalizers.is_some());
        for pod in self.pods.iter_mut().filter(|p| p.metadata.is_deleting()) {
            pod.status.phase = "Failed".into();
        }
    }

    fn active(&self) -> usize {
        self.pods.iter().filter(|p| p.is_active()).count()
    }

    fn conditions(&self) -> Vec<(String, String)> {
        let list = self.job.status.conditions.iter().flatten();
        list.filter(|c| c.status == "True")
            .map(|c| (c.type_.clone(), c.reason.clone().unwrap_or_default()))
            .collect()
    }

    fn counts(&self) -> (i32, i32, i32) {
        let s = &self.job.status;
        (
            s.active.unwrap_or(0),
            s.succeeded.unwrap_or(0),
            s.failed.unwrap_or(0),
        )
    }
}

fn pair(a: &str, b: &str) -> (String, String) {
    (a.into(), b.into())
}

#[test]
fn a_job_runs_to_its_completions() {
    let mut w = World::new("completions: 3, parallelism: 2, backoffLimit: 6");
    w.sync();
    assert_eq!((w.active(), w.counts()), (2, (2, 0, 0)));
    assert!(w.job.status.start_time.is_some());
    w.end(2, "Succeeded", 0);
    w.sync();
    assert_eq!((w.active(), w.counts()), (1, (1, 2, 0)));
    assert!(
        w.pods
            .iter()
            .filter(|p| p.is_terminal())
            .all(|p| p.metadata.finalizers.is_none())
    );
    w.sync();
    assert_eq!(w.counts(), (1, 2, 0), "nobody is counted twice");
    w.end(1, "Succeeded", 0);
    w.sync();
    assert_eq!(w.counts(), (0, 3, 0));
    assert_eq!(
        w.conditions(),
        [
            pair("SuccessCriteriaMet", "CompletionsReached"),
            pair("Complete", "CompletionsReached")
        ]
    );
    assert!(w.job.status.completion_time.is_some());
    assert_eq!(w.told, ["Completed: Job completed"]);
}

#[test]
fn failures_back_off_and_then_end_the_job() {
    let mut w = World::new("completions: 1, parallelism: 1, backoffLimit: 1");
    w.sync();
    w.end(1, "Failed", 1);
    w.sync();
    assert_eq!((w.active(), w.counts()), (0, (0, 0, 1)));
    assert_eq!(w.again_after, Some(Duration::from_secs(10)));
    w.backoff = Record::default();
    w.sync();
    assert_eq!(w.active(), 1);
    w.end(1, "Failed", 1);
    w.sync();
    assert_eq!(
        w.conditions(),
        [
            pair("FailureTarget", "BackoffLimitExceeded"),
            pair("Failed", "BackoffLimitExceeded")
        ]
    );
    assert_eq!(w.counts(), (0, 0, 2));
    assert_eq!(
        w.told,
        ["BackoffLimitExceeded: Job has reached the specified backoff limit"]
    );
}

#[test]
fn a_job_past_its_deadline_stops_its_pods_before_it_ends() {
    let mut w =
        World::new("completions: 2, parallelism: 2, backoffLimit: 6, activeDeadlineSeconds: 30");
    w.sync();
    assert_eq!(w.again_after, Some(Duration::from_secs(30)));
    w.job.status.start_time = serde_yaml::from_str("2026-01-01T00:09:00Z").unwrap();
    w.sync();
    assert_eq!(w.conditions(), [pair("FailureTarget", "DeadlineExceeded")]);
    assert_eq!(w.counts(), (0, 0, 2), "what had not ended counts as failed");
    assert!(!is_finished(&w.job), "its pods still stop");
    w.reap();
    w.sync();
    assert_eq!(w.conditions()[1], pair("Failed", "DeadlineExceeded"));
}

#[test]
fn an_indexed_job_fills_its_indexes() {
    let mut w =
        World::new("completions: 4, parallelism: 2, backoffLimit: 6, completionMode: Indexed");
    let indexes = |w: &World| {
        w.pods
            .iter()
            .filter(|p| p.is_active())
            .map(|p| p.metadata.labels()[super::pods::COMPLETION_INDEX].clone())
            .collect::<Vec<_>>()
    };
    w.sync();
    assert_eq!(indexes(&w), ["0", "1"]);
    w.end(1, "Succeeded", 0);
    w.sync();
    assert_eq!(indexes(&w), ["1", "2"]);
    assert_eq!(w.job.status.completed_indexes.as_deref(), Some("0"));
    w.end(2, "Succeeded", 0);
    w.sync();
    w.end(1, "Succeeded", 0);
    w.sync();
    assert_eq!(w.job.status.completed_indexes.as_deref(), Some("0-3"));
    assert_eq!(
        w.conditions().last(),
        Some(&pair("Complete", "CompletionsReached"))
    );
    assert_eq!(w.counts(), (0, 4, 0));
}

#[test]
fn an_index_that_fails_too_often_fails_alone() {
    let mut w = World::new(
        "completions: 2, parallelism: 2, backoffLimit: 100, backoffLimitPerIndex: 1, completionMode: Indexed",
    );
    w.sync();
    w.end(1, "Failed", 1);
    w.sync();
    assert_eq!(w.active(), 1, "index 0 waits for its own back-off");
    assert_eq!(w.again_after, Some(Duration::from_secs(10)));
    let failed = w
        .pods
        .iter_mut()
        .find(|p| p.status.phase == "Failed")
        .unwrap();
    assert!(
        failed.metadata.finalizers.is_some(),
        "its count is not handed over yet"
    );
    failed.status.container_statuses = serde_yaml::from_str(
        "[{name: c, state: {terminated: {exitCode: 1, finishedAt: '2026-01-01T00:00:00Z'}}}]",
    )
    .unwrap();
    w.sync();
    assert_eq!(w.active(), 2);
    assert_eq!(
        w.pods
            .last()
            .unwrap()
            .metadata
            .annotation("batch.kubernetes.io/job-index-failure-count"),
        Some("1")
    );
    w.sync();
    let successor = w.pods.last_mut().unwrap();
    successor.status.phase = "Failed".into();
    w.sync();
    assert_eq!(w.job.status.failed_indexes.as_deref(), Some("0"));
    assert!(!is_finished(&w.job));
    w.end(1, "Succeeded", 0);
    w.sync();
    assert_eq!(
        w.conditions().last(),
        Some(&pair("Failed", "FailedIndexes"))
    );
    assert_eq!(w.job.status.completed_indexes.as_deref(), Some("1"));
}

#[test]
fn policies_end_a_job_early() {
    let mut w = World::new(
        "completions: 2, parallelism: 2, backoffLimit: 6, podFailurePolicy: {rules: [{action: Ignore, onExitCodes: {operator: In, values: [7]}}, {action: FailJob, onExitCodes: {operator: In, values: [9]}}]}",
    );
    w.sync();
    w.end(1, "Failed", 7);
    w.backoff = Record::default();
    w.sync();
    assert_eq!(
        w.job.status.failed, None,
        "an ignored failure does not count"
    );
    w.end(1, "Failed", 9);
    w.sync();
    w.reap();
    w.sync();
    assert_eq!(
        w.conditions().first(),
        Some(&pair("FailureTarget", "PodFailurePolicy"))
    );
    assert!(
        w.told
            .iter()
            .any(|t| t.contains("exit code 9 matching FailJob rule at index 1")),
        "{:?}",
        w.told
    );

    let mut w = World::new(
        "completions: 5, parallelism: 5, backoffLimit: 6, completionMode: Indexed, successPolicy: {rules: [{succeededIndexes: '0'}]}",
    );
    w.sync();
    w.end(1, "Succeeded", 0);
    w.sync();
    assert_eq!(
        w.conditions(),
        [pair("SuccessCriteriaMet", "SuccessPolicy")]
    );
    assert_eq!(w.active(), 0);
    w.reap();
    w.sync();
    w.reap();
    w.sync();
    assert_eq!(
        w.conditions().last(),
        Some(&pair("Complete", "SuccessPolicy"))
    );
    assert_eq!(w.job.status.failed, None, "stopping the rest is no failure");
}

#[test]
fn a_suspended_job_has_no_pods_and_resumes_with_a_new_start() {
    let mut w = World::new("completions: 2, parallelism: 2, backoffLimit: 6");
    w.sync();
    w.job.spec.suspend = true;
    w.sync();
    assert_eq!(
        (w.active(), w.conditions()),
        (0, vec![pair("Suspended", "JobSuspended")])
    );
    w.reap();
    w.sync();
    assert_eq!(
        w.counts(),
        (0, 0, 0),
        "pods stopped by a suspension have not failed"
    );
    w.job.spec.suspend = false;
    w.sync();
    assert_eq!((w.active(), w.conditions()), (2, vec![]));
    assert_eq!(w.told, ["Suspended: Job suspended", "Resumed: Job resumed"]);
}

#[test]
fn less_parallelism_stops_the_surplus() {
    let mut w = World::new("completions: 9, parallelism: 3, backoffLimit: 6");
    w.sync();
    w.job.spec.parallelism = Some(1);
    w.sync();
    assert_eq!((w.active(), w.counts().0), (1, 1));
    w.reap();
    w.sync();
    assert_eq!((w.active(), w.counts()), (1, (1, 0, 0)));
}

#[test]
fn restarts_count_when_pods_restart_in_place() {
    let mut w = World::new("completions: 1, parallelism: 1, backoffLimit: 2");
    w.job.spec.template =
        serde_yaml::from_str("{spec: {restartPolicy: OnFailure, containers: [{name: c}]}}")
            .unwrap();
    w.sync();
    let pod = &mut w.pods[0];
    pod.status.phase = "Running".into();
    pod.status.container_statuses = serde_yaml::from_str("[{name: c, restartCount: 2}]").unwrap();
    w.sync();
    assert_eq!(
        w.conditions(),
        [pair("FailureTarget", "BackoffLimitExceeded")]
    );
}
