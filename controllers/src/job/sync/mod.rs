//! One sync of a Job, without its requests: each step takes what happened in the one before and says what to do next.
//!
//! [`Sync::new`] judges the pods, [`Sync::need`] says which to create or delete, [`Sync::managed`] takes in how that went,
//! [`Sync::track`] says what status to write and which pods' finalizers may then go, and [`Sync::settle`] counts those that
//! went and ends the Job if all is done. A pod's uid is written into the status before its finalizer goes and counted after:
//! whatever crashes in between, it is counted once.

mod judge;
mod tracking;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::{JobCondition, JobStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::Value;

use super::backoff::{self, Record};
use super::indexes::Indexes;
use super::{pods, removal};
use crate::action::Event;
use crate::objects::{JOB, Job, Meta, Pod};

/// Pods that one sync creates or deletes at most (upstream: `MaxPodCreateDeletePerSync`).
pub const MAX_PODS: usize = 500;
/// Uids that the status holds at most (upstream: `MaxUncountedPods`).
const MAX_UNCOUNTED: usize = 500;
/// `backoffLimit` when it is unset.
const DEFAULT_BACKOFF_LIMIT: i32 = 6;

/// What a sync is made on.
pub struct View {
    /// The Job.
    pub job: Arc<Job>,
    /// Its pods.
    pub pods: Vec<Arc<Pod>>,
    /// Whether the cache shows everything this controller did before.
    pub satisfied: bool,
    /// Uids of pods whose finalizers were removed though the cache still shows them.
    pub untracked: HashSet<String>,
    /// Failures so far.
    pub backoff: Record,
    /// The time.
    pub now: Timestamp,
}

/// Which pods to create or delete.
#[derive(Clone, Debug, PartialEq)]
pub enum Need {
    /// None.
    Nothing,
    /// One of each of these.
    Create(Vec<Value>),
    /// So many of this one.
    CreateAlike(usize, Value),
    /// These pods; when the Job is over their finalizers stay until they were counted.
    Delete {
        /// Which.
        pods: Vec<Arc<Pod>>,
        /// Whether they are taken off the books first.
        untrack: bool,
    },
}

/// What to write, and what may be done once it is written.
#[derive(Debug, Default, PartialEq)]
pub struct Tracking {
    /// Whether the status must be written.
    pub flush: bool,
    /// Pods whose finalizers may then go.
    pub untrack: Vec<Arc<Pod>>,
}

/// One sync.
pub struct Sync {
    view: View,
    /// The status as it shall be.
    pub status: JobStatus,
    /// Failures, with the pods that ended since.
    pub backoff: Record,
    /// When to look again.
    pub again_after: Option<Duration>,
    /// What to tell.
    pub events: Vec<Event>,
    active_pods: Vec<Arc<Pod>>,
    active: i32,
    ready: i32,
    terminating: i32,
    succeeded: i32,
    end: Option<JobCondition>,
    succeeded_before: Indexes,
    succeeded_indexes: Indexes,
    failed_indexes: Option<Indexes>,
    /// The failed pod of each index that waits for its successor, which takes its count over.
    delayed: HashMap<i32, Arc<Pod>>,
    managed: bool,
    suspension_changed: bool,
    all_counted: bool,
}

/// Whether a Job is over.
pub fn is_finished(job: &Job) -> bool {
    has_condition(&job.status, "Complete")
        .or(has_condition(&job.status, "Failed"))
        .is_some()
}

fn has_condition<'a>(status: &'a JobStatus, kind: &str) -> Option<&'a JobCondition> {
    status
        .conditions
        .iter()
        .flatten()
        .find(|c| c.type_ == kind && c.status == "True")
}

fn condition(
    kind: &str,
    status: &str,
    reason: &str,
    message: &str,
    now: Timestamp,
) -> JobCondition {
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    JobCondition {
        type_: kind.into(),
        status: status.into(),
        reason: Some(reason.into()),
        message: Some(message.into()),
        last_probe_time: Some(Time(now)),
        last_transition_time: Some(Time(now)),
    }
}

/// Sets a condition; one that would be new and False is left out. Returns whether anything changed.
fn ensure(status: &mut JobStatus, next: JobCondition) -> bool {
    let conditions = status.conditions.get_or_insert_default();
    match conditions.iter_mut().find(|c| c.type_ == next.type_) {
        Some(known)
            if known.status == next.status
                && known.reason == next.reason
                && known.message == next.message =>
        {
            false
        }
        Some(known) => {
            *known = next;
            true
        }
        None if next.status == "False" => false,
        None => {
            conditions.push(next);
            true
        }
    }
}

fn as_count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

impl Sync {
    /// Judges a Job's pods.
    pub fn new(view: View) -> Self {
        let active_pods: Vec<_> = view
            .pods
            .iter()
            .filter(|p| p.is_active())
            .cloned()
            .collect();
        let ready = as_count(active_pods.iter().filter(|p| p.is_ready()).count());
        let terminating = as_count(view.pods.iter().filter(|p| p.is_terminating()).count());
        let mut status = view.job.status.clone();
        status.uncounted_terminated_pods.get_or_insert_default();
        let mut sync = Self {
            active: as_count(active_pods.len()),
            ready,
            terminating,
            active_pods,
            succeeded: 0,
            end: None,
            succeeded_before: Indexes::default(),
            succeeded_indexes: Indexes::default(),
            failed_indexes: None,
            delayed: HashMap::new(),
            managed: false,
            suspension_changed: false,
            all_counted: true,
            backoff: view.backoff,
            again_after: None,
            events: Vec::new(),
            status,
            view,
        };
        sync.judge();
        sync
    }

    fn job(&self) -> &Job {
        &self.view.job
    }

    fn completions(&self) -> i32 {
        self.view.job.spec.completions.unwrap_or(0)
    }

    fn uncounted(&self, failed: bool) -> &[String] {
        let lists = self.status.uncounted_terminated_pods.as_ref();
        let list = lists.and_then(|u| {
            if failed {
                u.failed.as_ref()
            } else {
                u.succeeded.as_ref()
            }
        });
        list.map(Vec::as_slice).unwrap_or_default()
    }

    fn is_tracked(&self, pod: &Pod) -> bool {
        pods::is_tracked(pod) && !self.view.untracked.contains(pod.metadata.uid())
    }

    fn look_again(&mut self, after: Duration) {
        self.again_after = Some(self.again_after.map_or(after, |earlier| earlier.min(after)));
    }

    /// Says which pods to create or delete.
    pub fn need(&mut self) -> Need {
        if self.end.is_some() {
            return Need::Delete {
                pods: self.active_pods.clone(),
                untrack: false,
            };
        }
        if !self.view.satisfied || self.job().metadata.is_deleting() {
            return Need::Nothing;
        }
        self.managed = true;
        let wanted = self.wanted();
        let surplus = (self.active - wanted).max(0);
        let mut doomed = removal::choose(
            self.job(),
            &self.active_pods,
            surplus.unsigned_abs() as usize,
            self.view.now,
        );
        doomed.truncate(MAX_PODS);
        if !doomed.is_empty() {
            return Need::Delete {
                pods: doomed,
                untrack: true,
            };
        }
        if pods::is_suspended(self.job()) {
            return Need::Nothing;
        }
        self.creations(wanted)
    }

    /// How many pods shall be active.
    fn wanted(&self) -> i32 {
        let spec = &self.job().spec;
        if spec.suspend {
            return 0;
        }
        let parallelism = spec.parallelism.unwrap_or(1);
        match spec.completions {
            None if self.succeeded > 0 => self.active,
            None => parallelism,
            Some(completions) => (completions - self.succeeded).min(parallelism).max(0),
        }
    }

    fn creations(&mut self, wanted: i32) -> Need {
        let blocked = if pods::replaces_failed_only(self.job()) {
            self.terminating
        } else {
            0
        };
        let missing = wanted - blocked - self.active;
        if missing <= 0 {
            return Need::Nothing;
        }
        let per_index = self.job().spec.backoff_limit_per_index.is_some();
        let wait = self.backoff.remaining(self.view.now);
        if !per_index && !wait.is_zero() {
            self.look_again(wait);
            return Need::Nothing;
        }
        let missing = usize::try_from(missing).unwrap_or(0).min(MAX_PODS);
        if !pods::is_indexed(self.job()) {
            return Need::CreateAlike(missing, pods::new(self.job(), None, None));
        }
        let indexes = self.ready_indexes(self.pending_indexes(missing), per_index);
        if indexes.is_empty() {
            return Need::Nothing;
        }
        let body = |index: i32| {
            pods::new(
                self.job(),
                Some(index),
                self.delayed.get(&index).map(AsRef::as_ref),
            )
        };
        Need::Create(indexes.into_iter().map(body).collect())
    }

    /// The first indexes that nothing works on.
    fn pending_indexes(&self, limit: usize) -> Vec<i32> {
        let job = self.job();
        let blocking =
            |p: &Pod| p.is_active() || (pods::replaces_failed_only(job) && p.is_terminating());
        let taken: HashSet<i32> = self
            .view
            .pods
            .iter()
            .filter(|p| blocking(p))
            .filter_map(|p| pods::valid_index(p, job))
            .collect();
        (0..self.completions())
            .filter(|i| !taken.contains(i) && !self.succeeded_indexes.has(*i))
            .filter(|i| {
                self.failed_indexes
                    .as_ref()
                    .is_none_or(|failed| !failed.has(*i))
            })
            .take(limit)
            .collect()
    }

    /// Those indexes whose own back-off has passed; if none, the sync is to be repeated when the first has.
    fn ready_indexes(&mut self, pending: Vec<i32>, per_index: bool) -> Vec<i32> {
        if !per_index {
            return pending;
        }
        let now = self.view.now;
        let (mut ready, mut shortest) = (Vec::new(), None::<Duration>);
        for index in pending {
            let wait = self.delayed.get(&index).map_or(Duration::ZERO, |pod| {
                backoff::remaining(
                    pods::failures_before(pod) + 1,
                    pods::finished_at(pod, now),
                    now,
                )
            });
            if wait.is_zero() {
                ready.push(index);
            } else {
                shortest = Some(shortest.map_or(wait, |s| s.min(wait)));
            }
        }
        if let Some(wait) = shortest {
            self.look_again(wait);
        }
        ready
    }

    /// Takes in how many pods were created, or which were deleted.
    pub fn managed(&mut self, created: usize, deleted: &[Arc<Pod>]) {
        self.active += as_count(created) - as_count(deleted.len());
        self.terminating += as_count(deleted.len());
        self.ready -= as_count(deleted.iter().filter(|p| p.is_ready()).count());
        if self.end.is_some() {
            if self.active > 0 || !self.view.satisfied {
                // There may be pods that still run, or that the cache does not show: the Job is not over.
                self.end = None;
            }
            return;
        }
        let complete = match self.job().spec.completions {
            None => self.succeeded > 0 && self.active == 0,
            Some(completions) => self.succeeded >= completions && self.active == 0,
        };
        if complete {
            let message = "Reached expected number of succeeded pods";
            self.end = Some(condition(
                "SuccessCriteriaMet",
                "True",
                "CompletionsReached",
                message,
                self.view.now,
            ));
        } else if self.managed {
            self.note_suspension();
        }
    }

    fn note_suspension(&mut self) {
        let now = self.view.now;
        let suspended = pods::is_suspended(self.job());
        let (status, reason, message, event) = if suspended {
            ("True", "JobSuspended", "Job suspended", "Suspended")
        } else {
            ("False", "JobResumed", "Job resumed", "Resumed")
        };
        if !ensure(
            &mut self.status,
            condition("Suspended", status, reason, message, now),
        ) {
            return;
        }
        self.suspension_changed = true;
        self.events
            .push(Event::normal(&JOB, &self.view.job.metadata, event, message));
        if !suspended {
            // The deadline counts the time since the Job went on.
            self.status.start_time =
                Some(Time(Timestamp::from_second(now.as_second()).unwrap_or(now)));
        }
    }
}
