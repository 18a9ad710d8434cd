//! Jobs: batch/v1.
//!
//! A Job gets a selector of its own when it is created, from its uid, unless it is told to use a given one; that is why
//! the uid must be set before [`Kind::create`](super::Kind) runs.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cells::{
    AGE, NAME, age, column, human_duration, label_selector, name, or_none, seconds_between, time,
    wide,
};
use super::value::{
    at, child, flag, get, int, int_or_zero, is_empty, is_set, items, keep, set, set_blank,
    set_missing, text, text_at,
};
use super::{Column, Context, Dependents, Kind, PLAIN, StatusRules, Storage, template};

mod indexes;
mod policies;
mod status;
mod validation;

/// The descriptor of Jobs.
pub static JOB: Kind = Kind {
    group: "batch",
    plural: "jobs",
    storage: Storage {
        prefix: "jobs",
        conversion: None,
    },
    generation: true,
    create,
    default,
    validate: validation::validate,
    update: |new, old, _| keep(new, old, "status"),
    validate_update: validation::validate_update,
    status: Some(StatusRules {
        prepare: status::prepare,
        validate: status::validate,
    }),
    warnings,
    columns: COLUMNS,
    row,
    fields: &[("status.successful", |job| {
        int_or_zero(get(job, "status"), "succeeded").to_string()
    })],
    dependents: Dependents::Orphaned,
    ..PLAIN
};

/// Labels that tie pods to their Job, the new name and the one it had before.
const UID_LABELS: [&str; 2] = ["batch.kubernetes.io/controller-uid", "controller-uid"];
const NAME_LABELS: [&str; 2] = ["batch.kubernetes.io/job-name", "job-name"];
/// Failed pods a Job puts up with.
const BACKOFF_LIMIT: i64 = 6;
/// More completions than this, in an indexed Job with parallelism that high too, are warned about.
const LARGE_COMPLETIONS: i64 = 100_000;
const LARGE_PARALLELISM: i64 = 10_000;

const COLUMNS: &[Column] = &[
    NAME,
    column("Status", "string", "How the job fares."),
    column(
        "Completions",
        "string",
        "Pods that succeeded, of all that must.",
    ),
    column(
        "Duration",
        "string",
        "Time from start to completion, or until now.",
    ),
    AGE,
    wide(
        "Containers",
        "string",
        "Names of the containers of the template.",
    ),
    wide(
        "Images",
        "string",
        "Images of the containers of the template.",
    ),
    wide("Selector", "string", "Which pods belong to it."),
];

fn default(job: &mut Value) {
    let spec = child(job, "spec");
    if !is_set(spec, "completions") && !is_set(spec, "parallelism") {
        set(spec, "completions", 1);
    }
    set_missing(spec, "parallelism", 1);
    let retries = if is_set(spec, "backoffLimitPerIndex") {
        i64::from(i32::MAX)
    } else {
        BACKOFF_LIMIT
    };
    set_missing(spec, "backoffLimit", retries);
    set_missing(spec, "manualSelector", false);
    let replace = if is_set(spec, "podFailurePolicy") {
        "Failed"
    } else {
        "TerminatingOrFailed"
    };
    set_blank(spec, "podReplacementPolicy", replace);
    template::defaults(spec);
    let labels = at(job, &["spec", "template", "metadata", "labels"]);
    if labels.is_object() && is_empty(at(job, &["metadata", "labels"])) {
        let labels = labels.clone();
        set(child(job, "metadata"), "labels", labels);
    }
}

fn create(job: &mut Value, _: &Context<'_>) {
    set(job, "status", json!({}));
    if flag(get(job, "spec"), "manualSelector") {
        return;
    }
    let uid = text_at(job, &["metadata", "uid"]).to_owned();
    let name = text_at(job, &["metadata", "name"]).to_owned();
    let spec = child(job, "spec");
    let labels = child(child(child(spec, "template"), "metadata"), "labels");
    for (keys, value) in [(UID_LABELS, &uid), (NAME_LABELS, &name)] {
        for key in keys {
            set_missing(labels, key, value.as_str());
        }
    }
    let selector = child(child(spec, "selector"), "matchLabels");
    set_missing(selector, UID_LABELS[0], uid);
}

fn warnings(job: &Value) -> Vec<String> {
    let mut found = template::warnings(job);
    let spec = get(job, "spec");
    let completions = int(spec, "completions").unwrap_or(0);
    let parallelism = int(spec, "parallelism").unwrap_or(0);
    if text(spec, "completionMode") == "Indexed"
        && completions > LARGE_COMPLETIONS
        && parallelism > LARGE_PARALLELISM
    {
        found.push(
            "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
                .to_owned(),
        );
    }
    found
}

/// Whether a condition is there and true.
fn condition(job: &Value, kind: &str) -> bool {
    has_condition(job, kind, "True")
}

/// Whether a condition is there and false.
fn denied(job: &Value, kind: &str) -> bool {
    has_condition(job, kind, "False")
}

fn has_condition(job: &Value, kind: &str, status: &str) -> bool {
    items(get(job, "status"), "conditions")
        .iter()
        .any(|condition| text(condition, "type") == kind && text(condition, "status") == status)
}

fn state(job: &Value) -> &'static str {
    if condition(job, "Complete") {
        "Complete"
    } else if condition(job, "Failed") {
        "Failed"
    } else if is_set(get(job, "metadata"), "deletionTimestamp") {
        "Terminating"
    } else if condition(job, "Suspended") {
        "Suspended"
    } else if condition(job, "FailureTarget") {
        "FailureTarget"
    } else if condition(job, "SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    }
}

fn row(job: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (get(job, "spec"), get(job, "status"));
    let succeeded = int_or_zero(status, "succeeded");
    let parallelism = int_or_zero(spec, "parallelism");
    let completions = match int(spec, "completions") {
        Some(wanted) => format!("{succeeded}/{wanted}"),
        None if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
        None => format!("{succeeded}/1"),
    };
    let duration = time(get(status, "startTime")).map_or_else(String::new, |start| {
        let end = time(get(status, "completionTime")).unwrap_or(now);
        human_duration(seconds_between(start, end))
    });
    let [containers, images] = template::cells(job);
    vec![
        name(job),
        state(job).into(),
        Value::String(completions),
        Value::String(duration),
        age(job, now),
        containers,
        images,
        or_none(&label_selector(get(spec, "selector"))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn job() -> Value {
        let mut job = json!({"metadata": {"name": "j", "uid": "u-1"}, "spec": {
            "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i:1"}]}},
        }});
        super::super::tests::fill(&JOB, &mut job);
        create(
            &mut job,
            &Context {
                now: Timestamp::UNIX_EPOCH,
                user: "",
                dry_run: false,
            },
        );
        job
    }

    #[test]
    fn a_job_makes_its_own_selector() {
        let job = job();
        assert_eq!(
            job["spec"]["selector"],
            json!({"matchLabels": {"batch.kubernetes.io/controller-uid": "u-1"}})
        );
        assert_eq!(
            job["spec"]["template"]["metadata"]["labels"],
            json!({
                "batch.kubernetes.io/controller-uid": "u-1", "controller-uid": "u-1",
                "batch.kubernetes.io/job-name": "j", "job-name": "j",
            })
        );
        let spec = &job["spec"];
        assert_eq!(
            (
                &spec["completions"],
                &spec["parallelism"],
                &spec["backoffLimit"],
                &spec["suspend"]
            ),
            (&json!(1), &json!(1), &json!(6), &json!(false))
        );
        assert_eq!(spec["completionMode"], "NonIndexed");
        assert_eq!(spec["podReplacementPolicy"], "TerminatingOrFailed");
    }

    #[test]
    fn parallelism_alone_sets_no_completions() {
        let mut job = json!({"spec": {"parallelism": 3}});
        default(&mut job);
        assert_eq!(job["spec"].get("completions"), None);
    }

    #[test]
    fn rows() {
        let now: Timestamp = "2026-01-01T00:01:00Z".parse().unwrap();
        let shown = |status: Value| {
            let mut job = job();
            job["status"] = status;
            row(&job, now)[1..4].to_vec()
        };
        assert_eq!(shown(json!({})), ["Running", "0/1", ""]);
        assert_eq!(
            shown(json!({"startTime": "2026-01-01T00:00:50Z"})),
            ["Running", "0/1", "10s"]
        );
        assert_eq!(
            shown(
                json!({"succeeded": 1, "startTime": "2026-01-01T00:00:50Z", "completionTime": "2026-01-01T00:00:53Z",
                         "conditions": [{"type": "Complete", "status": "True"}]})
            ),
            ["Complete", "1/1", "3s"]
        );
        assert_eq!(
            shown(json!({"conditions": [{"type": "Failed", "status": "True"}]}))[0],
            "Failed"
        );
        let mut open = json!({"spec": {"parallelism": 2}});
        assert_eq!(row(&open, now)[2], "0/1 of 2");
        open["spec"]["parallelism"] = json!(1);
        assert_eq!(row(&open, now)[2], "0/1");
    }
}
