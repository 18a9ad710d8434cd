//! Writing down what ended: first the uids, then, when the finalizers are gone, the counts, then the end of the Job.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{MAX_UNCOUNTED, Sync, Tracking, as_count, condition, ensure, has_condition};
use crate::action::{Event, count};
use crate::job::pods;
use crate::job::policy::{self, Verdict};
use crate::objects::{JOB, Meta, Pod};

impl Sync {
    /// Says what status to write now, and which finalizers may go once it is written.
    pub fn track(&mut self) -> Tracking {
        let job = self.view.job.clone();
        let mut flush = self.suspension_changed
            || job.status.active.unwrap_or(0) != self.active
            || job.status.ready != Some(self.ready)
            || job.status.terminating != Some(self.terminating)
            || job.status.start_time != self.status.start_time;
        self.status.active = Some(self.active);
        self.status.ready = Some(self.ready);
        self.status.terminating = Some(self.terminating);
        let tracked: HashSet<String> = self
            .view
            .pods
            .iter()
            .filter(|p| self.is_tracked(p))
            .map(|p| p.metadata.uid().to_owned())
            .collect();
        flush |= self.count_untracked(&tracked);
        let (untrack, noted) = self.note_ended();
        flush |= noted;
        flush |= self.note_indexes();
        flush |= self.note_end();
        Tracking { flush, untrack }
    }

    /// Moves pods whose finalizers are gone from the status' lists into its counts.
    fn count_untracked(&mut self, tracked: &HashSet<String>) -> bool {
        let Some(lists) = &mut self.status.uncounted_terminated_pods else {
            return false;
        };
        let gone = |list: &mut Option<Vec<String>>| -> i32 {
            let Some(uids) = list else { return 0 };
            let before = uids.len();
            uids.retain(|uid| tracked.contains(uid));
            as_count(before - uids.len())
        };
        let (succeeded, failed) = (gone(&mut lists.succeeded), gone(&mut lists.failed));
        self.status.succeeded = Some(self.status.succeeded.unwrap_or(0) + succeeded);
        self.status.failed = Some(self.status.failed.unwrap_or(0) + failed);
        succeeded + failed > 0
    }

    /// Writes ended pods into the status' lists; returns those whose finalizers may go, and whether the status changed.
    fn note_ended(&mut self) -> (Vec<Arc<Pod>>, bool) {
        let job = self.view.job.clone();
        let indexed = pods::is_indexed(&job);
        let mut all = self.view.pods.clone();
        if indexed {
            all.sort_by_key(|p| pods::index(p));
        }
        let (mut untrack, mut new_indexes, mut changed) = (Vec::new(), Vec::new(), false);
        all.retain(|p| self.is_tracked(p));
        for pod in &all {
            let failed = pods::is_failed(pod, &job);
            if !self.may_untrack(pod, failed) {
                continue;
            }
            untrack.push(pod.clone());
            let uid = pod.metadata.uid().to_owned();
            let known_failed = self.uncounted(true).contains(&uid);
            let index = pods::valid_index(pod, &job);
            if pod.status.phase == "Succeeded" && !known_failed {
                if let Some(index) = index.filter(|i| indexed && !self.succeeded_before.has(*i)) {
                    new_indexes.push(index);
                    changed = true;
                } else if !indexed && !self.uncounted(false).contains(&uid) {
                    self.note(false, uid);
                    changed = true;
                }
            } else if (failed || self.ends_badly())
                && !known_failed
                && (!indexed || index.is_some())
                && policy::verdict(&job, pod) != Verdict::Ignored
            {
                self.note(true, uid);
                changed = true;
            }
            if new_indexes.len() + self.uncounted(false).len() + self.uncounted(true).len()
                >= MAX_UNCOUNTED
            {
                self.all_counted = false;
                break;
            }
        }
        if indexed {
            self.succeeded_indexes = self.succeeded_before.with(new_indexes);
        }
        (untrack, changed)
    }

    fn note(&mut self, failed: bool, uid: String) {
        let lists = self
            .status
            .uncounted_terminated_pods
            .get_or_insert_default();
        let list = if failed {
            &mut lists.failed
        } else {
            &mut lists.succeeded
        };
        list.get_or_insert_default().push(uid);
    }

    /// When a Job ends badly, every pod that has not ended counts as failed.
    fn ends_badly(&self) -> bool {
        self.end
            .as_ref()
            .is_some_and(|end| end.type_ != "SuccessCriteriaMet" && end.type_ != "Complete")
    }

    fn may_untrack(&self, pod: &Pod, failed: bool) -> bool {
        if self.job().metadata.is_deleting()
            || self.end.is_some()
            || pod.status.phase == "Succeeded"
        {
            return true;
        }
        let waits = pods::valid_index(pod, self.job())
            .and_then(|index| self.delayed.get(&index))
            .is_some_and(|waiting| waiting.metadata.uid() == pod.metadata.uid());
        failed && !waits
    }

    fn note_indexes(&mut self) -> bool {
        if !pods::is_indexed(self.job()) {
            return false;
        }
        let before = (
            self.status.completed_indexes.clone().unwrap_or_default(),
            self.status.failed_indexes.clone(),
        );
        let completed = self.succeeded_indexes.to_string();
        let failed = self.failed_indexes.as_ref().map(ToString::to_string);
        self.status.succeeded = Some(self.succeeded_indexes.total());
        self.status.completed_indexes = Some(completed.clone()).filter(|c| !c.is_empty());
        self.status.failed_indexes.clone_from(&failed);
        before != (completed, failed)
    }

    /// Announces the end before the finalizers go, and keeps for later what the end will be.
    fn note_end(&mut self) -> bool {
        let now = self.view.now;
        let Some(end) = self.end.take() else {
            return false;
        };
        let (reason, message) = (
            end.reason.clone().unwrap_or_default(),
            end.message.clone().unwrap_or_default(),
        );
        match end.type_.as_str() {
            "FailureTarget" => {
                self.status.conditions.get_or_insert_default().push(end);
                self.end = Some(condition("Failed", "True", &reason, &message, now));
                true
            }
            "SuccessCriteriaMet" => {
                let known = has_condition(&self.status, "SuccessCriteriaMet").is_some();
                if !known {
                    self.status.conditions.get_or_insert_default().push(end);
                }
                self.end = Some(condition("Complete", "True", &reason, &message, now));
                !known
            }
            _ => {
                self.end = Some(end);
                false
            }
        }
    }

    /// Counts the pods whose finalizers went, and ends the Job if nothing is left to wait for. Returns whether the status must
    /// be written again.
    pub fn settle(&mut self, untracked: &HashSet<String>) -> bool {
        self.view.untracked.extend(untracked.iter().cloned());
        let tracked: HashSet<String> = self
            .view
            .pods
            .iter()
            .filter(|p| self.is_tracked(p))
            .map(|p| p.metadata.uid().to_owned())
            .collect();
        let counted = self.count_untracked(&tracked);
        let ended = self.all_counted && self.enact_end();
        counted || ended
    }

    fn enact_end(&mut self) -> bool {
        let Some(end) = self.end.clone() else {
            return false;
        };
        if !self.uncounted(true).is_empty()
            || !self.uncounted(false).is_empty()
            || self.terminating > 0
        {
            return false;
        }
        let meta = &self.view.job.metadata;
        if end.type_ == "Complete" {
            self.status
                .completion_time
                .clone_from(&end.last_transition_time);
            let succeeded = self.status.succeeded.unwrap_or(0);
            if self
                .view
                .job
                .spec
                .completions
                .is_some_and(|c| succeeded > c)
            {
                let message = "Too many succeeded pods running after completion count reached";
                self.events
                    .push(Event::warning(&JOB, meta, "TooManySucceededPods", message));
            }
            self.events
                .push(Event::normal(&JOB, meta, "Completed", "Job completed"));
        } else {
            let (reason, message) = (
                end.reason.clone().unwrap_or_default(),
                end.message.clone().unwrap_or_default(),
            );
            self.events
                .push(Event::warning(&JOB, meta, &reason, message));
        }
        ensure(&mut self.status, end);
        true
    }

    /// The status as a merge patch against the version that it was made from.
    pub fn patch(&self, resource_version: &str) -> Value {
        let s = &self.status;
        let number = |n: Option<i32>| count(n.unwrap_or(0));
        let list = |l: Option<&Vec<String>>| l.filter(|l| !l.is_empty()).cloned();
        let uncounted = s.uncounted_terminated_pods.as_ref();
        json!({
            "metadata": {"resourceVersion": resource_version},
            "status": {
                "active": number(s.active),
                "ready": s.ready,
                "terminating": s.terminating,
                "succeeded": number(s.succeeded),
                "failed": number(s.failed),
                "startTime": s.start_time,
                "completionTime": s.completion_time,
                "completedIndexes": s.completed_indexes,
                "failedIndexes": s.failed_indexes,
                "conditions": s.conditions,
                "uncountedTerminatedPods": {
                    "succeeded": list(uncounted.and_then(|u| u.succeeded.as_ref())),
                    "failed": list(uncounted.and_then(|u| u.failed.as_ref())),
                },
            },
        })
    }
}
