//! How pods are listed: readiness, the one word that says how a pod fares, restarts and where it runs.
//!
//! Source: upstream's `printPod`.

use jiff::Timestamp;
use serde_json::Value;

use super::super::Column;
use super::super::cells::{
    AGE, NAME, age, column, human_duration, name, or_none, seconds_between, time, wide,
};
use super::super::value::{at, flag, get, int_or_zero, is_set, items, text, text_at};
use super::is_terminal;

pub(super) const COLUMNS: &[Column] = &[
    NAME,
    column(
        "Ready",
        "string",
        "Containers that are ready, of all that run side by side.",
    ),
    column("Status", "string", "How the containers of the pod fare."),
    column(
        "Restarts",
        "string",
        "How often containers were started again, and when last.",
    ),
    AGE,
    wide("IP", "string", "The pod's address."),
    wide("Node", "string", "The node the pod runs on."),
    wide(
        "Nominated Node",
        "string",
        "The node that makes room for the pod.",
    ),
    wide(
        "Readiness Gates",
        "string",
        "Conditions outside the containers that are met.",
    ),
];

/// The cells of one pod.
pub(super) fn row(pod: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (get(pod, "spec"), get(pod, "status"));
    let summary = Summary::of(pod);
    let mut restarts = summary.restarts.to_string();
    if let (true, Some(last)) = (summary.restarts != 0, summary.last_restart) {
        restarts.push_str(&format!(
            " ({} ago)",
            human_duration(seconds_between(last, now))
        ));
    }
    let ip = items(status, "podIPs")
        .first()
        .map_or("", |ip| text(ip, "ip"));
    vec![
        name(pod),
        Value::String(format!("{}/{}", summary.ready, summary.total)),
        Value::String(summary.reason),
        Value::String(restarts),
        age(pod, now),
        or_none(if ip.is_empty() {
            text(status, "podIP")
        } else {
            ip
        }),
        or_none(text(spec, "nodeName")),
        or_none(text(status, "nominatedNodeName")),
        Value::String(gates(spec, status)),
    ]
}

fn gates(spec: &Value, status: &Value) -> String {
    let gates = items(spec, "readinessGates");
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let met = gates
        .iter()
        .filter(|gate| condition_is_true(status, text(gate, "conditionType")))
        .count();
    format!("{met}/{}", gates.len())
}

fn condition_is_true(status: &Value, kind: &str) -> bool {
    items(status, "conditions")
        .iter()
        .find(|condition| text(condition, "type") == kind)
        .is_some_and(|condition| text(condition, "status") == "True")
}

struct Summary {
    reason: String,
    ready: usize,
    total: usize,
    restarts: i64,
    last_restart: Option<Timestamp>,
}

impl Summary {
    fn of(pod: &Value) -> Summary {
        let (spec, status) = (get(pod, "spec"), get(pod, "status"));
        let phase = text(status, "phase");
        let reason = text(status, "reason");
        let gated = items(status, "conditions").iter().any(|condition| {
            text(condition, "type") == "PodScheduled"
                && text(condition, "reason") == "SchedulingGated"
        });
        let reason = match (gated, reason) {
            (true, _) => "SchedulingGated",
            (false, "") => phase,
            (false, reason) => reason,
        };
        let sidecars = items(spec, "initContainers")
            .iter()
            .filter(|one| is_sidecar(one))
            .count();
        let mut summary = Summary {
            reason: reason.to_owned(),
            ready: 0,
            total: items(spec, "containers").len() + sidecars,
            restarts: 0,
            last_restart: None,
        };
        let of_sidecars = summary.init_containers(spec, status);
        let initializing = of_sidecars.initializing;
        if !initializing || condition_is_true(status, "Initialized") {
            summary.restarts = of_sidecars.restarts;
            summary.last_restart = of_sidecars.last_restart;
            summary.containers(status);
        }
        if is_set(get(pod, "metadata"), "deletionTimestamp") {
            if text(status, "reason") == "NodeLost" {
                summary.reason = "Unknown".to_owned();
            } else if !is_terminal(phase) {
                summary.reason = "Terminating".to_owned();
            }
        }
        summary
    }

    /// Looks at the init containers up to the first that has not done its part.
    fn init_containers(&mut self, spec: &Value, status: &Value) -> Sidecars {
        let mut sidecars = Sidecars {
            initializing: false,
            restarts: 0,
            last_restart: None,
        };
        let specs = items(spec, "initContainers");
        for (index, container) in items(status, "initContainerStatuses").iter().enumerate() {
            let restarts = int_or_zero(container, "restartCount");
            let last = last_end(container);
            self.restarts += restarts;
            self.last_restart = self.last_restart.max(last);
            let sidecar = specs
                .iter()
                .any(|one| text(one, "name") == text(container, "name") && is_sidecar(one));
            if sidecar {
                sidecars.restarts += restarts;
                sidecars.last_restart = sidecars.last_restart.max(last);
            }
            let ended = at(container, &["state", "terminated"]);
            let waiting = text_at(container, &["state", "waiting", "reason"]);
            if !ended.is_null() && int_or_zero(ended, "exitCode") == 0 {
                continue;
            }
            if sidecar && flag(container, "started") {
                if flag(container, "ready") {
                    self.ready += 1;
                }
                continue;
            }
            self.reason = if !ended.is_null() {
                format!("Init:{}", end_reason(ended))
            } else if !waiting.is_empty() && waiting != "PodInitializing" {
                format!("Init:{waiting}")
            } else {
                format!("Init:{index}/{}", specs.len())
            };
            sidecars.initializing = true;
            break;
        }
        sidecars
    }

    /// Looks at the regular containers, last first, so that the first one's state wins.
    fn containers(&mut self, status: &Value) {
        let mut running = false;
        for container in items(status, "containerStatuses").iter().rev() {
            self.restarts += int_or_zero(container, "restartCount");
            self.last_restart = self.last_restart.max(last_end(container));
            let ended = at(container, &["state", "terminated"]);
            let waiting = text_at(container, &["state", "waiting", "reason"]);
            if !waiting.is_empty() {
                waiting.clone_into(&mut self.reason);
            } else if !ended.is_null() {
                self.reason = end_reason(ended);
            } else if flag(container, "ready") && !at(container, &["state", "running"]).is_null() {
                running = true;
                self.ready += 1;
            }
        }
        if self.reason == "Completed" && running {
            let word = if condition_is_true(status, "Ready") {
                "Running"
            } else {
                "NotReady"
            };
            word.clone_into(&mut self.reason);
        }
    }
}

struct Sidecars {
    initializing: bool,
    restarts: i64,
    last_restart: Option<Timestamp>,
}

fn is_sidecar(container: &Value) -> bool {
    text(container, "restartPolicy") == "Always"
}

fn last_end(container: &Value) -> Option<Timestamp> {
    time(at(container, &["lastState", "terminated", "finishedAt"]))
}

/// Why a container ended: the reason, else the signal, else the exit code.
fn end_reason(ended: &Value) -> String {
    let (reason, signal) = (text(ended, "reason"), int_or_zero(ended, "signal"));
    if !reason.is_empty() {
        reason.to_owned()
    } else if signal != 0 {
        format!("Signal:{signal}")
    } else {
        format!("ExitCode:{}", int_or_zero(ended, "exitCode"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn now() -> Timestamp {
        "2026-01-01T00:01:00Z".parse().unwrap()
    }

    /// READY, STATUS and RESTARTS of a pod with one or two containers.
    fn shown(pod: Value) -> [String; 3] {
        let mut cells = row(&pod, now())
            .into_iter()
            .skip(1)
            .map(|cell| cell.as_str().unwrap().to_owned());
        [
            cells.next().unwrap(),
            cells.next().unwrap(),
            cells.next().unwrap(),
        ]
    }

    #[test]
    fn words_for_how_a_pod_fares() {
        let one = json!({"containers": [{"name": "a"}]});
        let cases = [
            (
                json!({"spec": one, "status": {"phase": "Pending"}}),
                ["0/1", "Pending", "0"],
            ),
            (
                json!({"spec": one, "status": {"phase": "Running", "containerStatuses": [
                    {"name": "a", "ready": true, "state": {"running": {}}}]}}),
                ["1/1", "Running", "0"],
            ),
            (
                json!({"spec": one, "status": {"phase": "Running", "containerStatuses": [
                    {"name": "a", "restartCount": 2, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                     "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-01-01T00:00:55Z"}}}]}}),
                ["0/1", "CrashLoopBackOff", "2 (5s ago)"],
            ),
            (
                json!({"spec": one, "status": {"phase": "Pending", "containerStatuses": [
                    {"name": "a", "state": {"waiting": {"reason": "ErrImagePull"}}}]}}),
                ["0/1", "ErrImagePull", "0"],
            ),
            (
                json!({"spec": one, "status": {"phase": "Succeeded", "containerStatuses": [
                    {"name": "a", "state": {"terminated": {"reason": "Completed", "exitCode": 0}}}]}}),
                ["0/1", "Completed", "0"],
            ),
            (
                json!({"spec": one, "status": {"phase": "Failed", "containerStatuses": [
                    {"name": "a", "state": {"terminated": {"exitCode": 3}}}]}}),
                ["0/1", "ExitCode:3", "0"],
            ),
            (
                json!({"spec": one, "status": {"phase": "Failed", "containerStatuses": [
                    {"name": "a", "state": {"terminated": {"exitCode": 137, "signal": 9}}}]}}),
                ["0/1", "Signal:9", "0"],
            ),
            (
                json!({"spec": one, "status": {"phase": "Failed", "reason": "Evicted"}}),
                ["0/1", "Evicted", "0"],
            ),
            (
                json!({"metadata": {"deletionTimestamp": "x"}, "spec": one, "status": {"phase": "Running",
                    "containerStatuses": [{"name": "a", "ready": true, "state": {"running": {}}}]}}),
                ["1/1", "Terminating", "0"],
            ),
            (
                json!({"metadata": {"deletionTimestamp": "x"}, "spec": one, "status": {"phase": "Running", "reason": "NodeLost"}}),
                ["0/1", "Unknown", "0"],
            ),
            (
                json!({"spec": one, "status": {"phase": "Pending", "conditions": [
                    {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]}}),
                ["0/1", "SchedulingGated", "0"],
            ),
        ];
        for (pod, expected) in cases {
            assert_eq!(shown(pod.clone()), expected, "{pod}");
        }
    }

    #[test]
    fn init_containers_come_first() {
        let spec = json!({"containers": [{"name": "a"}], "initContainers": [{"name": "i"}, {"name": "j"}]});
        let with = |statuses: Value| json!({"spec": spec, "status": {"phase": "Pending", "initContainerStatuses": statuses}});
        let cases = [
            (json!([{"name": "i", "state": {"running": {}}}]), "Init:0/2"),
            (
                json!([{"name": "i", "state": {"terminated": {"exitCode": 0}}}, {"name": "j", "state": {"waiting": {"reason": "PodInitializing"}}}]),
                "Init:1/2",
            ),
            (
                json!([{"name": "i", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]),
                "Init:CrashLoopBackOff",
            ),
            (
                json!([{"name": "i", "state": {"terminated": {"exitCode": 2}}}]),
                "Init:ExitCode:2",
            ),
            (
                json!([{"name": "i", "state": {"terminated": {"exitCode": 2, "reason": "Error"}}}]),
                "Init:Error",
            ),
        ];
        for (statuses, expected) in cases {
            assert_eq!(shown(with(statuses.clone()))[1], expected, "{statuses}");
        }
    }

    #[test]
    fn sidecars_count_as_running_containers() {
        let pod = json!({
            "spec": {"containers": [{"name": "a"}], "initContainers": [{"name": "s", "restartPolicy": "Always"}]},
            "status": {"phase": "Running",
                "initContainerStatuses": [{"name": "s", "started": true, "ready": true, "restartCount": 1, "state": {"running": {}}}],
                "containerStatuses": [{"name": "a", "ready": true, "state": {"running": {}}}]},
        });
        assert_eq!(shown(pod), ["2/2", "Running", "1"]);
    }

    #[test]
    fn one_container_done_and_one_running_is_not_completed() {
        let pod = |ready: &str| {
            json!({
                "spec": {"containers": [{"name": "a"}, {"name": "b"}]},
                "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}], "containerStatuses": [
                    {"name": "a", "state": {"terminated": {"reason": "Completed", "exitCode": 0}}},
                    {"name": "b", "ready": true, "state": {"running": {}}}]},
            })
        };
        assert_eq!(shown(pod("True"))[1], "Running");
        assert_eq!(shown(pod("False"))[1], "NotReady");
    }

    #[test]
    fn wide_columns() {
        let pod = json!({
            "metadata": {"name": "p", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"nodeName": "n", "readinessGates": [{"conditionType": "x"}, {"conditionType": "y"}]},
            "status": {"podIPs": [{"ip": "1.2.3.4"}], "conditions": [{"type": "x", "status": "True"}]},
        });
        let cells = row(&pod, now());
        assert_eq!(cells.len(), COLUMNS.len());
        assert_eq!(cells[0], "p");
        assert_eq!(cells[4..], ["60s", "1.2.3.4", "n", "<none>", "1/2"]);
    }
}
