//! `/containerLogs/{namespace}/{pod}/{container}`: which run's log is meant, and whether there is one (upstream:
//! `validateContainerLogStatus`).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;

use super::Answers;
use crate::clock;
use crate::kubelet::cri_config::{log_directory_name, log_path};
use crate::kubelet::logs::follow::{is_there, send};
use crate::kubelet::logs::reader::Options;
use crate::kubelet::view::{PodView, View};

/// Most chunks read ahead of the client.
const AHEAD: usize = 4;

/// The query, by the names of `PodLogOptions`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Wanted {
    follow: Option<String>,
    previous: Option<String>,
    timestamps: Option<String>,
    since_seconds: Option<i64>,
    since_time: Option<String>,
    tail_lines: Option<i64>,
    limit_bytes: Option<i64>,
    stream: Option<String>,
}

fn yes(value: Option<&String>) -> bool {
    matches!(
        value.map(String::as_str),
        Some("true" | "1" | "True" | "TRUE" | "t" | "T")
    )
}

impl Wanted {
    fn options(&self, now: Timestamp) -> Result<Options, String> {
        let since = match (self.since_seconds, &self.since_time) {
            (Some(_), Some(_)) => {
                return Err(
                    "at most one of `sinceTime` or `sinceSeconds` may be specified".to_owned(),
                );
            }
            (Some(seconds), None) if seconds < 1 => {
                return Err("sinceSeconds: must be greater than 0".to_owned());
            }
            (Some(seconds), None) => now.checked_sub(SignedDuration::from_secs(seconds)).ok(),
            (None, Some(time)) => Some(
                time.parse()
                    .map_err(|error| format!("sinceTime: {error}"))?,
            ),
            (None, None) => None,
        };
        let positive = |value: Option<i64>, name: &str, least: i64| match value {
            Some(value) if value < least => {
                Err(format!("{name}: must be greater than or equal to {least}"))
            }
            value => Ok(value.and_then(|value| u64::try_from(value).ok())),
        };
        let stream = match self.stream.as_deref() {
            None | Some("" | "All") => None,
            Some("Stdout") => Some("stdout".to_owned()),
            Some("Stderr") => Some("stderr".to_owned()),
            Some(other) => return Err(format!("stream: unsupported value {other:?}")),
        };
        Ok(Options {
            since,
            tail: positive(self.tail_lines, "tailLines", 0)?,
            timestamps: yes(self.timestamps.as_ref()),
            limit_bytes: positive(self.limit_bytes, "limitBytes", 1)?,
            stream,
        })
    }
}

pub(super) async fn serve(
    State(answers): State<Arc<Answers>>,
    Path((namespace, pod, container)): Path<(String, String, String)>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let Some(view) = answers.view.get(&namespace, &pod) else {
        return refuse(
            StatusCode::NOT_FOUND,
            &format!("pod {pod:?} does not exist"),
        );
    };
    if !view.has_container(&container) {
        return refuse(
            StatusCode::NOT_FOUND,
            &format!(
                "container {container:?} not found in pod {:?}",
                format!("{pod}_{namespace}")
            ),
        );
    }
    let options = match wanted.options(clock::now()) {
        Ok(options) => options,
        Err(text) => return refuse(StatusCode::UNPROCESSABLE_ENTITY, &text),
    };
    let dir = answers
        .config
        .pod_logs_dir()
        .join(log_directory_name(&view.pod));
    let previous = yes(wanted.previous.as_ref());
    let (attempt, runs) = match run_of(&view, &container, previous, &dir) {
        Ok(found) => found,
        Err(text) => return refuse(StatusCode::BAD_REQUEST, &text),
    };
    let path = dir.join(log_path(&container, attempt));
    let follow = yes(wanted.follow.as_ref());
    let silent = !is_there(&path);
    if silent && runs && !follow {
        // It has written nothing, and its runtime makes the file when it does.
        return ([(header::CONTENT_TYPE, "text/plain")], Body::empty()).into_response();
    }
    if silent && !runs {
        let text = format!(
            "failed to try resolving symlinks in path {:?}: lstat {}: no such file or directory",
            path,
            path.display()
        );
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, &text);
    }
    let running =
        follow.then(|| follow_running(&answers.view, &view, container.clone(), attempt, runs));
    let (out, from) = mpsc::channel(AHEAD);
    tokio::spawn(send(path, options, running, out));
    let body = Body::from_stream(ReceiverStream::new(from));
    ([(header::CONTENT_TYPE, "text/plain")], body).into_response()
}

fn refuse(code: StatusCode, text: &str) -> Response {
    (code, format!("{text}\n")).into_response()
}

/// The attempt whose log is meant, and whether it still runs.
fn run_of(
    view: &PodView,
    name: &str,
    previous: bool,
    dir: &std::path::Path,
) -> Result<(u32, bool), String> {
    let pod = view.pod.metadata.name.as_deref().unwrap_or_default();
    let status = view
        .container(name)
        .ok_or_else(|| format!("container {name:?} in pod {pod:?} is not available"))?;
    let attempt = u32::try_from(status.restart_count).unwrap_or(0);
    let state = status.state.clone().unwrap_or_default();
    let last = status
        .last_state
        .as_ref()
        .and_then(|last| last.terminated.as_ref());
    if previous {
        if last.is_none() {
            return Err(format!(
                "previous terminated container {name:?} in pod {pod:?} not found"
            ));
        }
        // While nothing newer was made, the newest run is the previous one.
        if state.waiting.is_some() {
            return Ok((attempt, false));
        }
        let earlier = (0..attempt)
            .rev()
            .find(|attempt| dir.join(log_path(name, *attempt)).exists());
        return earlier.map(|attempt| (attempt, false)).ok_or_else(|| {
            format!("previous terminated container {name:?} in pod {pod:?} not found")
        });
    }
    if state.running.is_some() {
        return Ok((attempt, true));
    }
    if let Some(ended) = &state.terminated {
        if ended.container_id.is_none() && last.is_none() {
            return Err(format!("container {name:?} in pod {pod:?} is terminated"));
        }
        return Ok((attempt, false));
    }
    if last.is_some() {
        return Ok((attempt, false));
    }
    let reason = state
        .waiting
        .and_then(|waiting| waiting.reason)
        .unwrap_or_default();
    let why = match reason.as_str() {
        "ErrImagePull" => "image can't be pulled",
        "ImagePullBackOff" => "trying and failing to pull image",
        other => other,
    };
    Err(format!(
        "container {name:?} in pod {pod:?} is waiting to start: {why}"
    ))
}

/// Tells whether that run of the container goes on, for as long as somebody listens.
fn follow_running(
    view: &Arc<View>,
    pod: &PodView,
    container: String,
    attempt: u32,
    runs: bool,
) -> watch::Receiver<bool> {
    let (tell, running) = watch::channel(runs);
    let view = view.clone();
    let meta = &pod.pod.metadata;
    let (namespace, name) = (
        meta.namespace.clone().unwrap_or_default(),
        meta.name.clone().unwrap_or_default(),
    );
    let uid = pod.uid().to_owned();
    tokio::spawn(async move {
        let mut changes = view.subscribe();
        loop {
            let runs = view.get(&namespace, &name).is_some_and(|now| {
                now.uid() == uid
                    && now.container(&container).is_some_and(|status| {
                        u32::try_from(status.restart_count).ok() == Some(attempt)
                            && status
                                .state
                                .as_ref()
                                .is_some_and(|state| state.running.is_some())
                    })
            });
            if !runs {
                tell.send_replace(false);
                return;
            }
            tokio::select! {
                () = tell.closed() => return,
                changed = changes.changed() => if changed.is_err() { return },
            }
        }
    });
    running
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn view(status: serde_json::Value) -> PodView {
        PodView {
            pod: Arc::new(
                serde_json::from_value(json!({"metadata": {"name": "p", "namespace": "n"}}))
                    .unwrap(),
            ),
            status: serde_json::from_value(json!({"containerStatuses": [status]})).unwrap(),
        }
    }

    fn status(
        restarts: i32,
        state: serde_json::Value,
        last: serde_json::Value,
    ) -> serde_json::Value {
        json!({"name": "c", "image": "", "imageID": "", "ready": false, "restartCount": restarts, "state": state, "lastState": last})
    }

    fn find(view: &PodView, previous: bool, dir: &std::path::Path) -> Result<(u32, bool), String> {
        run_of(view, "c", previous, dir)
    }

    #[test]
    fn the_run_that_is_meant() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("c")).unwrap();
        std::fs::write(dir.path().join("c/1.log"), "").unwrap();
        let ended = json!({"terminated": {"exitCode": 1, "containerID": "x://1"}});
        let running = view(status(2, json!({"running": {}}), ended.clone()));
        assert_eq!(find(&running, false, dir.path()), Ok((2, true)));
        assert_eq!(find(&running, true, dir.path()), Ok((1, false)));
        let crashed = view(status(
            2,
            json!({"waiting": {"reason": "CrashLoopBackOff"}}),
            ended.clone(),
        ));
        assert_eq!(find(&crashed, false, dir.path()), Ok((2, false)));
        assert_eq!(find(&crashed, true, dir.path()), Ok((2, false)));
        let over = view(status(0, ended, json!({})));
        assert_eq!(find(&over, false, dir.path()), Ok((0, false)));
    }

    #[test]
    fn what_has_no_log_is_told_as_upstream_tells_it() {
        let dir = tempfile::tempdir().unwrap();
        let creating = view(status(
            0,
            json!({"waiting": {"reason": "ContainerCreating"}}),
            json!({}),
        ));
        assert_eq!(
            find(&creating, false, dir.path()).unwrap_err(),
            "container \"c\" in pod \"p\" is waiting to start: ContainerCreating"
        );
        let pulling = view(status(
            0,
            json!({"waiting": {"reason": "ImagePullBackOff"}}),
            json!({}),
        ));
        assert_eq!(
            find(&pulling, false, dir.path()).unwrap_err(),
            "container \"c\" in pod \"p\" is waiting to start: trying and failing to pull image"
        );
        assert_eq!(
            find(&pulling, true, dir.path()).unwrap_err(),
            "previous terminated container \"c\" in pod \"p\" not found"
        );
    }

    #[test]
    fn contradictions_in_the_query_are_refused() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let both = Wanted {
            since_seconds: Some(1),
            since_time: Some("2026-01-01T00:00:00Z".into()),
            ..Wanted::default()
        };
        assert!(both.options(now).is_err());
        let negative = Wanted {
            tail_lines: Some(-1),
            ..Wanted::default()
        };
        assert!(negative.options(now).is_err());
    }
}
