//! Judging a Job's pods: what succeeded, what failed, and whether that ends the Job.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{DEFAULT_BACKOFF_LIMIT, Sync, as_count, condition, has_condition};
use crate::job::indexes::Indexes;
use crate::job::pods;
use crate::job::policy::{self, Verdict};
use crate::objects::{Meta, Pod};

impl Sync {
    /// Pods that are neither counted nor about to be, and for which `filter` holds.
    fn newly(&self, failed: bool, filter: impl Fn(&Pod) -> bool) -> Vec<Arc<Pod>> {
        let known: HashSet<&str> = self.uncounted(failed).iter().map(String::as_str).collect();
        let indexed = pods::is_indexed(self.job());
        self.view
            .pods
            .iter()
            .filter(|p| self.is_tracked(p) && !known.contains(p.metadata.uid()))
            .filter(|p| !indexed || pods::valid_index(p, self.job()).is_some())
            .filter(|p| filter(p))
            .cloned()
            .collect()
    }

    pub(super) fn judge(&mut self) {
        let job = self.view.job.clone();
        let now = self.view.now;
        let succeeded = self.newly(false, |p| p.status.phase == "Succeeded");
        let failed = self.newly(true, |p| pods::is_failed(p, &job));
        let counted = failed
            .iter()
            .filter(|p| policy::verdict(&job, p) != Verdict::Ignored)
            .count();
        self.succeeded = self.status.succeeded.unwrap_or(0)
            + as_count(succeeded.len() + self.uncounted(false).len());
        let failures =
            self.status.failed.unwrap_or(0) + as_count(counted + self.uncounted(true).len());
        self.backoff = self.backoff.with(&succeeded, &failed, now);
        if self.status.start_time.is_none() && !pods::is_suspended(&job) {
            self.status.start_time =
                Some(Time(Timestamp::from_second(now.as_second()).unwrap_or(now)));
        }
        self.judge_earlier();
        self.judge_limits(failures);
        if pods::is_indexed(&job) {
            self.judge_indexes();
        }
    }

    /// What earlier syncs found, and what `podFailurePolicy` says.
    fn judge_earlier(&mut self) {
        let now = self.view.now;
        if let Some(met) = has_condition(&self.status, "SuccessCriteriaMet") {
            self.end = Some(met.clone());
        } else if let Some(target) = has_condition(&self.status, "FailureTarget") {
            let (reason, message) = (
                target.reason.clone().unwrap_or_default(),
                target.message.clone().unwrap_or_default(),
            );
            self.end = Some(condition("Failed", "True", &reason, &message, now));
        } else {
            let job = self.view.job.clone();
            let fatal = self
                .view
                .pods
                .iter()
                .filter(|p| pods::is_failed(p, &job))
                .find_map(|p| match policy::verdict(&job, p) {
                    Verdict::FailsJob(message) => Some(message),
                    _ => None,
                });
            self.end = fatal.map(|message| {
                condition("FailureTarget", "True", "PodFailurePolicy", &message, now)
            });
        }
    }

    fn fail(&mut self, reason: &str, message: &str) {
        self.end = Some(condition(
            "FailureTarget",
            "True",
            reason,
            message,
            self.view.now,
        ));
    }

    fn judge_limits(&mut self, failures: i32) {
        if self.end.is_some() {
            return;
        }
        let job = self.view.job.clone();
        let limit = job.spec.backoff_limit.unwrap_or(DEFAULT_BACKOFF_LIMIT);
        if failures > limit || self.has_restarted_too_often(limit) {
            self.fail(
                "BackoffLimitExceeded",
                "Job has reached the specified backoff limit",
            );
            return;
        }
        let (Some(seconds), Some(start)) =
            (job.spec.active_deadline_seconds, &self.status.start_time)
        else {
            return;
        };
        if pods::is_suspended(&job) {
            return;
        }
        let left = SignedDuration::from_secs(seconds) - self.view.now.duration_since(start.0);
        match Duration::try_from(left) {
            Ok(left) if !left.is_zero() => self.look_again(left),
            _ => self.fail(
                "DeadlineExceeded",
                "Job was active longer than specified deadline",
            ),
        }
    }

    /// With `restartPolicy: OnFailure` restarts of containers are what fails.
    fn has_restarted_too_often(&self, limit: i32) -> bool {
        if self.job().spec.template.spec_text("restartPolicy") != "OnFailure" {
            return false;
        }
        let restarts: i32 = self
            .view
            .pods
            .iter()
            .filter(|p| matches!(p.status.phase.as_str(), "Running" | "Pending"))
            .flat_map(|p| {
                p.status
                    .container_statuses
                    .iter()
                    .chain(&p.status.init_container_statuses)
            })
            .map(|s| s.restart_count)
            .sum();
        if limit == 0 {
            restarts > 0
        } else {
            restarts >= limit
        }
    }

    fn judge_indexes(&mut self) {
        let job = self.view.job.clone();
        let completions = self.completions();
        self.succeeded_before = Indexes::parse(
            self.status.completed_indexes.as_deref().unwrap_or_default(),
            completions,
        );
        let newly = self
            .view
            .pods
            .iter()
            .filter(|p| p.status.phase == "Succeeded" && pods::is_tracked(p));
        self.succeeded_indexes = self
            .succeeded_before
            .with(newly.filter_map(|p| pods::valid_index(p, &job)));
        self.succeeded = self.succeeded_indexes.total();
        if job.spec.backoff_limit_per_index.is_some() {
            self.judge_failed_indexes();
        }
        if self.end.is_none()
            && let Some(message) = policy::success(
                job.spec.success_policy.as_ref(),
                completions,
                &self.succeeded_indexes,
            )
        {
            self.end = Some(condition(
                "SuccessCriteriaMet",
                "True",
                "SuccessPolicy",
                &message,
                self.view.now,
            ));
        }
    }

    fn judge_failed_indexes(&mut self) {
        let job = self.view.job.clone();
        let before = Indexes::parse(
            self.status.failed_indexes.as_deref().unwrap_or_default(),
            self.completions(),
        );
        let newly = self
            .view
            .pods
            .iter()
            .filter(|p| pods::is_tracked(p) && pods::ends_index(p, &job));
        let failed = before.with(newly.filter_map(|p| pods::valid_index(p, &job)));
        if self.end.is_none() {
            let total = failed.total();
            if job.spec.max_failed_indexes.is_some_and(|max| total > max) {
                self.fail(
                    "MaxFailedIndexesExceeded",
                    "Job has exceeded the specified maximal number of failed indexes",
                );
            } else if total > 0 && total + self.succeeded_indexes.total() >= self.completions() {
                self.fail("FailedIndexes", "Job has failed indexes");
            }
        }
        self.delayed = self.awaiting_successors(&failed);
        self.failed_indexes = Some(failed);
    }

    /// Failed pods whose count must still be handed to the pod that takes their index over.
    fn awaiting_successors(&self, failed_indexes: &Indexes) -> HashMap<i32, Arc<Pod>> {
        let job = self.job();
        let taken: HashSet<i32> = self
            .active_pods
            .iter()
            .filter_map(|p| pods::valid_index(p, job))
            .collect();
        let mut waiting: HashMap<i32, Arc<Pod>> = HashMap::new();
        for pod in &self.view.pods {
            let Some(index) = pods::valid_index(pod, job)
                .filter(|_| self.is_tracked(pod) && pods::is_failed(pod, job))
            else {
                continue;
            };
            if taken.contains(&index)
                || failed_indexes.has(index)
                || self.succeeded_indexes.has(index)
            {
                continue;
            }
            let known = waiting.get(&index).map(|p| pods::failures_before(p));
            if known.is_none_or(|failures| failures <= pods::failures_before(pod)) {
                waiting.insert(index, pod.clone());
            }
        }
        waiting
    }
}
