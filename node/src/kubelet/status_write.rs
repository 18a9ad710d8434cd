//! When a pod's status is written, and what the write says: pure. A status is written once it has settled, or when it has been on
//! the way for a while; what changes while a write is in flight waits for its answer.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::PodStatus;
use serde_json::{Map, Value, json};

/// How long a status may be on the way before it is written as it is.
const HOLD: SignedDuration = SignedDuration::from_secs(2);
/// A status that has just changed is likely to change again: it is held at least this long.
const HOLD_AFTER_CHANGE: SignedDuration = SignedDuration::from_millis(500);
/// How long a status may be on the way while the node works through a crowd of pods, and can be seen to.
const HOLD_IN_CROWD: SignedDuration = SignedDuration::from_secs(15);
/// First and longest pause after a failed write.
const RETRY: (SignedDuration, SignedDuration) = (
    SignedDuration::from_millis(200),
    SignedDuration::from_secs(10),
);

/// What to do about a status now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decision {
    Nothing,
    /// Look again then.
    Later(Timestamp),
    /// Write the desired status; [`StatusSlot::wrote`] or [`StatusSlot::failed`] must follow.
    Write,
    /// Everything is written and the object may be deleted.
    Delete,
}

/// The status of one pod between the machine and the API server.
#[derive(Debug, Default)]
pub(crate) struct StatusSlot {
    /// What the API server has, as far as this node knows.
    acked: Option<Arc<PodStatus>>,
    desired: Option<Arc<PodStatus>>,
    settled: bool,
    dirty_since: Option<Timestamp>,
    changed_at: Option<Timestamp>,
    in_flight: bool,
    failures: u32,
    not_before: Option<Timestamp>,
    delete_wanted: bool,
    delete_in_flight: bool,
}

impl StatusSlot {
    /// A slot for a pod whose status the API server has as `known`.
    pub(crate) fn new(known: Option<Arc<PodStatus>>) -> Self {
        Self {
            acked: known,
            ..Self::default()
        }
    }

    /// Whether the newest status can stay as it is until something happens outside.
    pub(crate) fn settle(&mut self, settled: bool) {
        self.settled = settled;
    }

    /// The machine's newest status.
    pub(crate) fn submit(&mut self, status: Arc<PodStatus>, now: Timestamp) {
        if self
            .acked
            .as_ref()
            .is_some_and(|acked| says_the_same(acked, &status))
            && !self.in_flight
        {
            self.desired = None;
            self.dirty_since = None;
            return;
        }
        if self.desired.as_ref() != Some(&status) {
            self.desired = Some(status);
            self.changed_at = Some(now);
        }
        self.dirty_since.get_or_insert(now);
    }

    /// The object is to be deleted once everything is written.
    pub(crate) fn want_delete(&mut self) {
        self.delete_wanted = true;
    }

    /// What the API server has is unknown or was overwritten: the next status is written whole.
    pub(crate) fn distrust(&mut self) {
        self.acked = None;
    }

    /// Whether nothing of this pod is on its way to the API server.
    pub(crate) fn is_idle(&self) -> bool {
        !self.in_flight && self.desired.is_none()
    }

    /// The status the API server has, as far as known.
    pub(crate) fn acked(&self) -> Option<&PodStatus> {
        self.acked.as_deref()
    }

    /// Until when a status that has not settled is held.
    fn held_until(&self, crowd: bool, now: Timestamp) -> Timestamp {
        let after = |at: Timestamp, delay: SignedDuration| at.saturating_add(delay).unwrap_or(at);
        let since = self.dirty_since.unwrap_or(now);
        let changed = self.changed_at.unwrap_or(since);
        let mut until = after(since, HOLD).max(after(changed, HOLD_AFTER_CHANGE));
        if crowd {
            until = until.max(after(now, HOLD_AFTER_CHANGE));
        }
        until.min(after(since, HOLD_IN_CROWD))
    }

    /// What to do at `now`. `crowd` tells that the node is working through many pods and gets on with it: their statuses wait
    /// longer, so that pods which start together are written once each.
    pub(crate) fn decide(&mut self, crowd: bool, now: Timestamp) -> Decision {
        if self.in_flight || self.delete_in_flight {
            return Decision::Nothing;
        }
        if let Some(at) = self.not_before
            && at > now
        {
            return Decision::Later(at);
        }
        if self.desired.is_some() {
            let due = self.held_until(crowd, now);
            if !self.settled && due > now {
                return Decision::Later(due);
            }
            self.in_flight = true;
            return Decision::Write;
        }
        if self.delete_wanted {
            self.delete_in_flight = true;
            return Decision::Delete;
        }
        Decision::Nothing
    }

    /// The body of the write, and the status it is of. `None` when nothing is desired.
    pub(crate) fn take_write(&mut self, uid: &str) -> Option<(Value, Arc<PodStatus>)> {
        let desired = self.desired.take()?;
        self.dirty_since = None;
        let body = patch(uid, self.acked.as_deref(), &desired);
        Some((body, desired))
    }

    /// A write was acknowledged.
    pub(crate) fn wrote(&mut self, status: Arc<PodStatus>) {
        self.in_flight = false;
        self.failures = 0;
        self.not_before = None;
        if self.desired.as_ref() == Some(&status) {
            self.desired = None;
            self.dirty_since = None;
        }
        self.acked = Some(status);
    }

    /// A write or delete failed: what it said is to be said again.
    pub(crate) fn failed(&mut self, status: Option<Arc<PodStatus>>, now: Timestamp) {
        self.in_flight = false;
        self.delete_in_flight = false;
        self.failures = self.failures.saturating_add(1);
        let pause = RETRY
            .0
            .saturating_mul(1 << self.failures.min(8))
            .min(RETRY.1);
        self.not_before = now.checked_add(pause).ok();
        if self.desired.is_none()
            && let Some(status) = status
        {
            self.desired = Some(status);
            self.dirty_since = Some(now);
        }
        self.acked = None;
    }
}

/// Whether a status would change nothing of what this node writes.
fn says_the_same(acked: &PodStatus, status: &PodStatus) -> bool {
    let own = |condition: &k8s_openapi::api::core::v1::PodCondition| {
        acked
            .conditions
            .iter()
            .flatten()
            .any(|known| known == condition)
    };
    status.conditions.iter().flatten().all(own)
        && acked.phase == status.phase
        && acked.container_statuses == status.container_statuses
        && acked.init_container_statuses == status.init_container_statuses
        && acked.pod_ips == status.pod_ips
        && acked.pod_ip == status.pod_ip
        && acked.host_ip == status.host_ip
        && acked.host_ips == status.host_ips
        && acked.reason == status.reason
        && acked.message == status.message
        && acked.start_time == status.start_time
        && acked.observed_generation == status.observed_generation
}

/// A strategic merge patch that makes `from` into `to`, for the pod with that uid alone. Conditions of others stay.
fn patch(uid: &str, from: Option<&PodStatus>, to: &PodStatus) -> Value {
    let as_map = |status: &PodStatus| match serde_json::to_value(status) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    };
    let from = from.map(as_map);
    let mut body = Map::new();
    for (key, value) in as_map(to) {
        let before = from.as_ref().and_then(|from| from.get(&key));
        if before == Some(&value) {
            continue;
        }
        let value = match (key.as_str(), before) {
            ("conditions", Some(Value::Array(before))) => changed(before, value),
            // Merged by address: without this an old address would stay.
            ("podIPs" | "hostIPs", Some(Value::Array(before))) if !before.is_empty() => {
                replaced(value)
            }
            ("podIPs", None) if from.is_none() => replaced(value),
            _ => value,
        };
        body.insert(key, value);
    }
    for key in [
        "message",
        "reason",
        "podIP",
        "podIPs",
        "containerStatuses",
        "initContainerStatuses",
    ] {
        let absent = to_lacks(to, key);
        let was = from.as_ref().is_none_or(|from| from.contains_key(key));
        if absent && was {
            body.insert(key.to_owned(), Value::Null);
        }
    }
    json!({"metadata": {"uid": uid}, "status": body})
}

fn to_lacks(status: &PodStatus, key: &str) -> bool {
    match key {
        "message" => status.message.is_none(),
        "reason" => status.reason.is_none(),
        "podIP" => status.pod_ip.is_none(),
        "podIPs" => status.pod_ips.is_none(),
        "containerStatuses" => status.container_statuses.is_none(),
        "initContainerStatuses" => status.init_container_statuses.is_none(),
        _ => false,
    }
}

/// The conditions that are not among `before`.
fn changed(before: &[Value], after: Value) -> Value {
    match after {
        Value::Array(mut after) => {
            after.retain(|condition| !before.contains(condition));
            for condition in &mut after {
                let old = before.iter().find(|old| old["type"] == condition["type"]);
                // What the old one said and the new one does not is to go.
                if let (Some(old), Value::Object(new)) = (old, &mut *condition) {
                    for key in ["reason", "message"] {
                        if !new.contains_key(key) && old.get(key).is_some() {
                            new.insert(key.to_owned(), Value::Null);
                        }
                    }
                }
            }
            Value::Array(after)
        }
        other => other,
    }
}

fn replaced(value: Value) -> Value {
    match value {
        Value::Array(mut items) => {
            items.push(json!({"$patch": "replace"}));
            Value::Array(items)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(json: Value) -> Arc<PodStatus> {
        serde_json::from_value(json).map(Arc::new).unwrap()
    }

    fn submit(slot: &mut StatusSlot, status: Arc<PodStatus>, settled: bool, now: Timestamp) {
        slot.settle(settled);
        slot.submit(status, now);
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + millis).unwrap()
    }

    #[test]
    fn a_settled_status_is_written_at_once_and_once() {
        let mut slot = StatusSlot::new(None);
        let running = status(json!({"phase": "Running"}));
        submit(&mut slot, running.clone(), true, at(0));
        assert_eq!(slot.decide(false, at(0)), Decision::Write);
        let (_, written) = slot.take_write("u").unwrap();
        assert_eq!(slot.decide(false, at(1)), Decision::Nothing);
        slot.wrote(written);
        submit(&mut slot, running, true, at(2));
        assert_eq!(slot.decide(false, at(2)), Decision::Nothing);
    }

    #[test]
    fn a_status_on_its_way_waits_but_not_for_ever() {
        let mut slot = StatusSlot::new(None);
        submit(&mut slot, status(json!({"phase": "Pending"})), false, at(0));
        assert_eq!(slot.decide(false, at(0)), Decision::Later(at(2000)));
        submit(
            &mut slot,
            status(json!({"phase": "Pending", "podIP": "1"})),
            false,
            at(1500),
        );
        assert_eq!(slot.decide(false, at(1500)), Decision::Later(at(2000)));
        assert_eq!(slot.decide(false, at(2000)), Decision::Write);
    }

    #[test]
    fn in_a_crowd_it_waits_longer() {
        let mut slot = StatusSlot::new(None);
        submit(&mut slot, status(json!({"phase": "Pending"})), false, at(0));
        assert_eq!(slot.decide(true, at(2000)), Decision::Later(at(2500)));
        assert_eq!(slot.decide(true, at(14_900)), Decision::Later(at(15_000)));
        assert_eq!(slot.decide(true, at(15_000)), Decision::Write);
    }

    #[test]
    fn changes_during_a_write_follow_it() {
        let mut slot = StatusSlot::new(None);
        submit(&mut slot, status(json!({"phase": "Pending"})), true, at(0));
        assert_eq!(slot.decide(false, at(0)), Decision::Write);
        let (_, written) = slot.take_write("u").unwrap();
        submit(&mut slot, status(json!({"phase": "Running"})), true, at(1));
        slot.wrote(written);
        assert_eq!(slot.decide(false, at(2)), Decision::Write);
        let (body, _) = slot.take_write("u").unwrap();
        assert_eq!(body["status"]["phase"], "Running");
    }

    #[test]
    fn a_failed_write_is_repeated_later_and_deletion_waits_for_it() {
        let mut slot = StatusSlot::new(None);
        submit(&mut slot, status(json!({"phase": "Failed"})), true, at(0));
        slot.want_delete();
        assert_eq!(slot.decide(false, at(0)), Decision::Write);
        let (_, written) = slot.take_write("u").unwrap();
        slot.failed(Some(written), at(1));
        assert_eq!(slot.decide(false, at(2)), Decision::Later(at(401)));
        assert_eq!(slot.decide(false, at(500)), Decision::Write);
        let (_, written) = slot.take_write("u").unwrap();
        slot.wrote(written);
        assert_eq!(slot.decide(false, at(501)), Decision::Delete);
        assert_eq!(slot.decide(false, at(502)), Decision::Nothing);
    }

    #[test]
    fn a_patch_says_what_changed_and_leaves_conditions_of_others() {
        let condition = |kind: &str, status: &str| json!({"type": kind, "status": status, "lastTransitionTime": null});
        let from = status(json!({
            "phase": "Pending", "hostIP": "127.0.0.1", "message": "gone", "podIPs": [{"ip": "127.64.0.1"}],
            "conditions": [condition("Ready", "False"), condition("PodScheduled", "True")]}));
        let to = status(json!({
            "phase": "Running", "hostIP": "127.0.0.1", "podIPs": [{"ip": "127.64.0.2"}],
            "conditions": [condition("Ready", "True"), condition("PodScheduled", "True")]}));
        let body = patch("u", Some(&from), &to);
        assert_eq!(body["metadata"]["uid"], "u");
        let told = &body["status"];
        assert_eq!(told["phase"], "Running");
        assert!(told.get("hostIP").is_none());
        assert_eq!(told["message"], Value::Null);
        assert!(told.as_object().unwrap().contains_key("message"));
        assert_eq!(told["conditions"].as_array().unwrap().len(), 1);
        assert_eq!(
            told["podIPs"],
            json!([{"ip": "127.64.0.2"}, {"$patch": "replace"}])
        );
    }
}
