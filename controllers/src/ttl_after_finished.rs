//! Deletes finished Jobs when their `ttlSecondsAfterFinished` has passed.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::clock;
use crate::context::{Context, Work};
use crate::error::Error;
use crate::objects::{JOB, Job, Key, Meta};
use crate::worker::{self, Next};
use crate::writer::{DeleteOptions, Target};

/// What becomes of a Job.
#[derive(Debug, PartialEq)]
enum Fate {
    Stays,
    ExpiresIn(Duration),
    Expired,
}

/// Decides what becomes of a Job.
fn reconcile(job: &Job, now: Timestamp) -> Fate {
    let Some(ttl) = job.spec.ttl_seconds_after_finished else {
        return Fate::Stays;
    };
    let finished = job
        .status
        .conditions
        .iter()
        .flatten()
        .find(|c| matches!(c.type_.as_str(), "Complete" | "Failed") && c.status == "True");
    let Some(at) = finished.and_then(|c| c.last_transition_time.as_ref()) else {
        return Fate::Stays;
    };
    if job.metadata.is_deleting() {
        return Fate::Stays;
    }
    let left = SignedDuration::from_secs(i64::from(ttl)) - now.duration_since(at.0);
    match Duration::try_from(left) {
        Ok(left) if !left.is_zero() => Fate::ExpiresIn(left),
        _ => Fate::Expired,
    }
}

/// Registers the controller's interest in changes and returns its work.
pub fn start(context: &Arc<Context>) -> Work {
    let queue = context.queue::<Key>("ttl_jobs_to_delete");
    let q = queue.clone();
    context.informers.jobs.on_change(move |change| {
        if let Some(job) = change.new
            && reconcile(job, clock::now()) != Fate::Stays
        {
            q.add(Key::of(&job.metadata));
        }
    });
    let limit = context.config.concurrent_syncs;
    let shutdown = context.shutdown.clone();
    let context = context.clone();
    Box::pin(worker::work(
        "ttl-after-finished",
        queue,
        limit,
        shutdown,
        move |key| {
            let context = context.clone();
            async move { sync(&context, &key).await }
        },
    ))
}

async fn sync(context: &Context, key: &Key) -> Result<Next, Error> {
    let Some(job) = context.informers.jobs.get(key) else {
        return Ok(Next::default());
    };
    match reconcile(&job, clock::now()) {
        Fate::Stays => return Ok(Next::default()),
        Fate::ExpiresIn(left) => {
            return Ok(Next {
                after: Some(left),
                rest: Duration::ZERO,
            });
        }
        Fate::Expired => {}
    }
    // The TTL may have been made longer since the cache saw the Job.
    let target = Target::new(&JOB, &key.namespace, &key.name);
    let live: Job = match context.writer.get(target).await {
        Err(error) if error.is_not_found() => return Ok(Next::default()),
        other => other?,
    };
    if reconcile(&live, clock::now()) != Fate::Expired {
        return Ok(Next {
            after: Some(Duration::from_secs(1)),
            rest: Duration::ZERO,
        });
    }
    let options = DeleteOptions {
        uid: Some(live.metadata.uid()),
        propagation: Some("Foreground"),
        ..Default::default()
    };
    match context.writer.delete(target, &options).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(Next::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_expires_its_ttl_after_it_finished() {
        let job = |ttl: &str, condition: &str| -> Job {
            serde_yaml::from_str(&format!(
                "{{spec: {{{ttl}}}, status: {{conditions: [{{type: {condition}, status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z'}}]}}}}"
            ))
            .unwrap()
        };
        let at = |text: &str| text.parse().unwrap();
        let ttl = "ttlSecondsAfterFinished: 60";
        assert_eq!(
            reconcile(&job(ttl, "Complete"), at("2026-01-01T00:00:50Z")),
            Fate::ExpiresIn(Duration::from_secs(10))
        );
        assert_eq!(
            reconcile(&job(ttl, "Failed"), at("2026-01-01T00:01:00Z")),
            Fate::Expired
        );
        assert_eq!(
            reconcile(&job(ttl, "Suspended"), at("2026-01-01T00:09:00Z")),
            Fate::Stays
        );
        assert_eq!(
            reconcile(&job("", "Complete"), at("2026-01-01T00:09:00Z")),
            Fate::Stays
        );
    }
}
