//! The status subresource of Jobs. Whoever controls a Job (KEP-4368 lets it be somebody else's controller), its clients may
//! rely on it: a finished Job stays finished, and what is said of it fits together.
//!
//! Most rules hold only for what a write changes, so that a status that breaks one for another reason (its spec was changed
//! under it) can still be written.

use hydrofoil_api::field::{FieldError, Path};
use serde_json::Value;

use super::super::Errors;
use super::super::checks::{IMMUTABLE, not_negative};
use super::super::value::{flag, get, int, int_or_zero, is_set, items, keep, same, text};
use super::{condition, indexes};

pub(super) fn prepare(new: &mut Value, old: &Value) {
    keep(new, old, "spec");
}

fn is_finished(job: &Value) -> bool {
    condition(job, "Complete") || condition(job, "Failed")
}

/// A status write: the Job as it is to be and as it is.
struct Write<'a> {
    new: &'a Value,
    old: &'a Value,
    spec: &'a Value,
    status: &'a Value,
    old_status: &'a Value,
    path: Path,
}

impl Write<'_> {
    fn changes(&self, key: &str) -> bool {
        !same(get(self.status, key), get(self.old_status, key))
    }

    fn changes_condition(&self, kind: &str) -> bool {
        condition(self.new, kind) != condition(self.old, kind)
    }

    fn changes_finished(&self) -> bool {
        is_finished(self.new) != is_finished(self.old)
    }

    fn is_indexed(&self) -> bool {
        text(self.spec, "completionMode") == "Indexed"
    }

    /// What is wrong with a field, which is shown.
    fn wrong(&self, errors: &mut Errors, key: &'static str, sentence: impl Into<String>) {
        let shown = get(self.status, key).clone();
        errors.push(FieldError::invalid(&self.path.child(key), shown, sentence));
    }

    /// What is wrong with the conditions, which are not shown.
    fn wrong_conditions(&self, errors: &mut Errors, sentence: impl Into<String>) {
        let path = self.path.child("conditions");
        errors.push(FieldError::invalid_unshown(&path, sentence));
    }
}

pub(super) fn validate(new: &Value, old: &Value, errors: &mut Errors) {
    let write = Write {
        new,
        old,
        spec: get(new, "spec"),
        status: get(new, "status"),
        old_status: get(old, "status"),
        path: Path::new("status"),
    };
    for key in ["active", "succeeded", "failed", "ready", "terminating"] {
        not_negative(errors, write.status, key, &write.path);
    }
    uncounted(errors, &write);
    outcome(errors, &write);
    times(errors, &write);
    counts(errors, &write);
    index_lists(errors, &write);
    conditions_together(errors, &write);
    stays(errors, &write);
}

/// Pods whose end has not been counted yet, each once.
fn uncounted(errors: &mut Errors, write: &Write<'_>) {
    let (pods, path) = (
        get(write.status, "uncountedTerminatedPods"),
        write.path.child("uncountedTerminatedPods"),
    );
    let mut seen = Vec::new();
    for list in ["succeeded", "failed"] {
        for (index, uid) in items(pods, list).iter().enumerate() {
            let path = path.child(list).index(index);
            if uid.as_str() == Some("") {
                errors.push(FieldError::invalid(&path, "", "must not be empty"));
            } else if seen.contains(&uid) {
                errors.push(FieldError::duplicate(&path, uid.clone()));
            } else {
                seen.push(uid);
            }
        }
    }
}

/// Complete or failed, and announced before.
fn outcome(errors: &mut Errors, write: &Write<'_>) {
    let is = |kind| condition(write.new, kind);
    let changes = |kind| write.changes_condition(kind);
    let rules = [
        (
            changes("Complete") || changes("Failed"),
            is("Complete") && is("Failed"),
            "cannot set Complete=True and Failed=true conditions",
        ),
        (
            changes("Complete") || changes("FailureTarget"),
            is("Complete") && is("FailureTarget"),
            "cannot set Complete=True and FailureTarget=true conditions",
        ),
        (
            changes("Failed") || write.changes("failedIndexes"),
            is("Failed") && !is("FailureTarget"),
            "cannot set Failed=True condition without the FailureTarget=true condition",
        ),
        (
            changes("Complete") || changes("SuccessCriteriaMet"),
            is("Complete") && !is("SuccessCriteriaMet"),
            "cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
        ),
    ];
    for (concerned, broken, sentence) in rules {
        if concerned && broken {
            write.wrong_conditions(errors, sentence);
        }
    }
}

fn times(errors: &mut Errors, write: &Write<'_>) {
    let (start, end) = (
        get(write.status, "startTime"),
        get(write.status, "completionTime"),
    );
    let complete = condition(write.new, "Complete");
    if write.changes_condition("Complete") || write.changes("completionTime") {
        if !end.is_null() && !complete {
            let sentence = "cannot set completionTime when there is no Complete=True condition";
            write.wrong(errors, "completionTime", sentence);
        }
        if end.is_null() && complete {
            errors.push(FieldError::required(
                &write.path.child("completionTime"),
                "completionTime is required for Complete jobs",
            ));
        }
    }
    let moved = write.changes("startTime") || write.changes("completionTime");
    let at = |time: &Value| super::time(time);
    if moved
        && at(start)
            .zip(at(end))
            .is_some_and(|(start, end)| end < start)
    {
        let sentence = "must be equal to or after `startTime`";
        write.wrong(errors, "completionTime", sentence);
    }
    let never_ran = flag(write.spec, "suspend") && int(write.spec, "completions") == Some(0);
    let concerned = write.changes_finished() || write.changes("startTime");
    if concerned && !never_ran && start.is_null() && is_finished(write.new) {
        errors.push(FieldError::required(
            &write.path.child("startTime"),
            "startTime is required for finished job",
        ));
    }
}

fn counts(errors: &mut Errors, write: &Write<'_>) {
    let (status, finished) = (write.status, is_finished(write.new));
    for (key, sentence) in [
        ("active", "active>0 is invalid for finished job"),
        ("terminating", "terminating>0 is invalid for finished job"),
    ] {
        let concerned = write.changes_finished() || write.changes(key);
        if concerned && finished && int_or_zero(status, key) > 0 {
            write.wrong(errors, key, sentence);
        }
    }
    let pods = get(status, "uncountedTerminatedPods");
    let uncounted = items(pods, "failed").len() + items(pods, "succeeded").len();
    let concerned = write.changes_finished() || write.changes("uncountedTerminatedPods");
    if concerned && finished && uncounted > 0 {
        let sentence = "must be empty for finished job";
        write.wrong(errors, "uncountedTerminatedPods", sentence);
    }
    let concerned = write.changes("ready") || write.changes("active");
    if concerned && int_or_zero(status, "ready") > int_or_zero(status, "active") {
        write.wrong(errors, "ready", "cannot set more ready pods than active");
    }
}

fn index_lists(errors: &mut Errors, write: &Write<'_>) {
    let (completed, failed) = (
        text(write.status, "completedIndexes"),
        text(write.status, "failedIndexes"),
    );
    let (completed_changes, failed_changes) = (
        write.changes("completedIndexes"),
        write.changes("failedIndexes"),
    );
    let per_index = is_set(write.spec, "backoffLimitPerIndex");
    let completions = int(write.spec, "completions");
    for (key, list, concerned) in [
        ("completedIndexes", completed, completed_changes),
        ("failedIndexes", failed, failed_changes && per_index),
    ] {
        let counted = completions.map(|completions| indexes::count(list, completions));
        if let Some(Err(wrong)) = counted.filter(|_| concerned) {
            write.wrong(errors, key, format!("error parsing {key}: {wrong}"));
        }
    }
    if completed_changes && !completed.is_empty() && !write.is_indexed() {
        let sentence = "cannot set non-empty completedIndexes when non-indexed completion mode";
        write.wrong(errors, "completedIndexes", sentence);
    }
    if failed_changes && is_set(write.status, "failedIndexes") && !per_index {
        let sentence = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
        write.wrong(errors, "failedIndexes", sentence);
    }
    if let Some(completions) = completions
        && (completed_changes || failed_changes)
        && let Some(index) = indexes::overlap(completed, failed, completions)
    {
        let sentence = format!("failedIndexes and completedIndexes overlap at index: {index}");
        write.wrong(errors, "failedIndexes", sentence);
    }
}

/// What holds whatever changes.
fn conditions_together(errors: &mut Errors, write: &Write<'_>) {
    let is = |kind| condition(write.new, kind);
    let met = is("SuccessCriteriaMet");
    if met && is("Failed") {
        let sentence = "cannot set SuccessCriteriaMet=True and Failed=true conditions";
        write.wrong_conditions(errors, sentence);
    }
    if met && is("FailureTarget") {
        let sentence = "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions";
        write.wrong_conditions(errors, sentence);
    }
    if is_set(write.spec, "successPolicy") && !met && is("Complete") {
        let sentence =
            "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True";
        write.wrong_conditions(errors, sentence);
    }
}

/// What is said once is not taken back.
fn stays(errors: &mut Errors, write: &Write<'_>) {
    let withdrawn = |kind| condition(write.old, kind) && !condition(write.new, kind);
    for kind in ["Failed", "Complete", "FailureTarget"] {
        if withdrawn(kind) {
            let sentence = format!("cannot disable the terminal {kind}=True condition");
            write.wrong_conditions(errors, sentence);
        }
    }
    let number = |status, key| int_or_zero(status, key);
    // An indexed Job can be scaled down.
    let scales = write.is_indexed()
        && same(
            get(write.spec, "completions"),
            get(write.spec, "parallelism"),
        );
    for (key, concerned) in [("failed", true), ("succeeded", !scales)] {
        if concerned && number(write.status, key) < number(write.old_status, key) {
            write.wrong(errors, key, format!("cannot decrease the {key} counter"));
        }
    }
    let both_ended =
        is_set(write.status, "completionTime") && is_set(write.old_status, "completionTime");
    if both_ended && write.changes("completionTime") {
        write.wrong(errors, "completionTime", IMMUTABLE);
    }
    // Its pods start anew when it is resumed.
    let resumes = condition(write.old, "Suspended") && super::denied(write.new, "Suspended");
    let restarted = is_set(write.old_status, "startTime") && write.changes("startTime");
    if restarted && !resumes && !flag(write.spec, "suspend") {
        let sentence = "field is immutable for unsuspended job once set";
        write.wrong(errors, "startTime", sentence);
    }
    if withdrawn("SuccessCriteriaMet") {
        let sentence = "cannot disable the SuccessCriteriaMet=True condition";
        write.wrong_conditions(errors, sentence);
    }
    let late = condition(write.old, "Complete") && write.changes_condition("SuccessCriteriaMet");
    if late && condition(write.new, "SuccessCriteriaMet") {
        let sentence =
            "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions";
        write.wrong_conditions(errors, sentence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judged(spec: Value, new: Value, old: Value) -> Vec<String> {
        let mut errors = Errors::new();
        validate(
            &json!({"spec": spec, "status": new}),
            &json!({"spec": spec, "status": old}),
            &mut errors,
        );
        errors.iter().map(ToString::to_string).collect()
    }

    fn found(new: Value, old: Value) -> Vec<String> {
        judged(json!({"completionMode": "NonIndexed"}), new, old)
    }

    fn conditions(kinds: &[&str]) -> Value {
        kinds
            .iter()
            .map(|kind| json!({"type": kind, "status": "True"}))
            .collect()
    }

    const START: &str = "2026-01-01T00:00:00Z";
    const END: &str = "2026-01-01T00:00:05Z";

    fn done() -> Value {
        let conditions = conditions(&["SuccessCriteriaMet", "Complete"]);
        json!({"conditions": conditions, "startTime": START, "completionTime": END, "succeeded": 1})
    }

    #[test]
    fn finished_jobs_stay_finished() {
        assert!(found(done(), json!({})).is_empty());
        assert!(found(done(), done()).is_empty());
        assert_eq!(
            found(json!({"startTime": START, "succeeded": 1}), done()),
            [
                "status.conditions: Invalid value: cannot disable the terminal Complete=True condition",
                "status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition",
            ]
        );
        let mut later = done();
        later["completionTime"] = json!("2026-01-01T00:00:06Z");
        assert_eq!(
            found(later, done()),
            ["status.completionTime: Invalid value: \"2026-01-01T00:00:06Z\": field is immutable"]
        );
        let mut less = done();
        less["succeeded"] = json!(0);
        assert_eq!(
            found(less, done()),
            ["status.succeeded: Invalid value: 0: cannot decrease the succeeded counter"]
        );
    }

    #[test]
    fn an_outcome_is_announced_and_fits_together() {
        let cases = [
            (
                json!({"conditions": conditions(&["Failed"]), "startTime": START}),
                "status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition",
            ),
            (
                json!({"conditions": conditions(&["Complete"]), "startTime": START, "completionTime": END}),
                "status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
            ),
            (
                json!({"conditions": conditions(&["FailureTarget", "Failed"])}),
                "status.startTime: Required value: startTime is required for finished job",
            ),
            (
                json!({"conditions": conditions(&["FailureTarget", "Failed"]), "startTime": START, "active": 1}),
                "status.active: Invalid value: 1: active>0 is invalid for finished job",
            ),
            (
                json!({"startTime": START, "completionTime": END}),
                "status.completionTime: Invalid value: \"2026-01-01T00:00:05Z\": cannot set completionTime when there is no Complete=True condition",
            ),
            (
                json!({"active": -1}),
                "status.active: Invalid value: -1: must be greater than or equal to 0",
            ),
            (
                json!({"active": 1, "ready": 2}),
                "status.ready: Invalid value: 2: cannot set more ready pods than active",
            ),
            (
                json!({"completedIndexes": "0"}),
                "status.completedIndexes: Invalid value: \"0\": cannot set non-empty completedIndexes when non-indexed completion mode",
            ),
            (
                json!({"uncountedTerminatedPods": {"succeeded": ["a"], "failed": ["a"]}}),
                "status.uncountedTerminatedPods.failed[0]: Duplicate value: \"a\"",
            ),
        ];
        for (status, expected) in cases {
            let found = found(status, json!({}));
            assert!(
                found.contains(&expected.to_owned()),
                "{expected} not in {found:?}"
            );
        }
    }

    #[test]
    fn indexes_are_in_one_list() {
        let spec = json!({"completionMode": "Indexed", "completions": 5, "parallelism": 5, "backoffLimitPerIndex": 1});
        let judge = |new: Value, old: Value| judged(spec.clone(), new, old);
        let lists = |completed: &str, failed: &str| json!({"completedIndexes": completed, "failedIndexes": failed, "succeeded": 1});
        assert!(judge(lists("0-1", "3"), json!({})).is_empty());
        assert_eq!(
            judge(lists("0-3", "3"), json!({})),
            [
                "status.failedIndexes: Invalid value: \"3\": failedIndexes and completedIndexes overlap at index: 3"
            ]
        );
        assert_eq!(
            judge(lists("7", ""), json!({})),
            [
                "status.completedIndexes: Invalid value: \"7\": error parsing completedIndexes: too large index: \"7\""
            ]
        );
        // It was scaled down: what was there before is not looked at.
        assert!(judge(lists("7", ""), lists("7", "")).is_empty());
        let mut fewer = lists("0-1", "3");
        fewer["succeeded"] = json!(0);
        assert!(judge(fewer, lists("0-1", "3")).is_empty());
    }

    #[test]
    fn a_start_moves_when_a_job_is_resumed() {
        let suspended = |status: &str| json!([{"type": "Suspended", "status": status}]);
        let old = json!({"startTime": START, "conditions": suspended("True")});
        let new = |status: &str| json!({"startTime": END, "conditions": suspended(status)});
        assert!(found(new("False"), old.clone()).is_empty());
        assert_eq!(
            found(new("True"), old),
            [
                "status.startTime: Invalid value: \"2026-01-01T00:00:05Z\": field is immutable for unsuspended job once set"
            ]
        );
    }
}
