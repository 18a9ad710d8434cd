//! Which pod is next, and when a pod that did not fit is tried again.
//!
//! A pod is in one of three places: active (its turn is to come, the most important and oldest first), backing off (it failed
//! lately), or unschedulable (it failed, and nothing has changed since that could help). Time is given, not read.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::decide::Nominated;
use crate::model::PodInfo;

/// The pause after the first failure (upstream: `podInitialBackoffSeconds`).
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// The longest pause (upstream: `podMaxBackoffSeconds`).
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);
/// A pod is tried again after this, even if nothing seemed to change (upstream: `podMaxInUnschedulablePodsDuration`).
const STALE_AFTER: Duration = Duration::from_secs(300);

type Turn = (Reverse<i32>, String, u64, String);

#[derive(Debug)]
enum Place {
    Active(Turn),
    BackingOff(Instant),
    Unschedulable {
        since: Instant,
        until: Instant,
    },
    /// Being decided upon or bound.
    InFlight,
}

#[derive(Debug)]
struct Waiting {
    pod: Arc<PodInfo>,
    attempts: u32,
    place: Place,
    /// Something that could help happened while it was in flight.
    moved: bool,
}

/// How many pods are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depths {
    /// Their turn is to come.
    pub active: usize,
    /// They failed lately.
    pub backing_off: usize,
    /// They wait for something to change.
    pub unschedulable: usize,
}

/// The pods that have no node yet.
#[derive(Debug, Default)]
pub struct Queue {
    pods: HashMap<String, Waiting>,
    active: BTreeSet<Turn>,
    timers: BTreeSet<(Instant, String)>,
    /// Those of `pods` that room was made for.
    nominated: BTreeSet<String>,
    /// Those that wait for a change.
    unschedulable: HashSet<String>,
    /// Those of `unschedulable` to whom it matters where other pods are.
    minding: HashSet<String>,
    /// Those being decided upon or bound.
    in_flight: HashSet<String>,
    counter: u64,
}

impl Queue {
    /// Adds a pod, or takes note that it changed: a pod that waited for a change then gets its turn.
    pub fn add(&mut self, pod: Arc<PodInfo>, now: Instant) {
        let uid = pod.key.uid.clone();
        if pod.nominated.is_empty() {
            self.nominated.remove(&uid);
        } else {
            self.nominated.insert(uid.clone());
        }
        match self.pods.get_mut(&uid) {
            None => {
                let place = self.activate(&pod);
                self.pods.insert(
                    uid,
                    Waiting {
                        pod,
                        attempts: 0,
                        place,
                        moved: false,
                    },
                );
            }
            Some(waiting) => {
                let changed = differs(&waiting.pod, &pod);
                waiting.pod = pod;
                if changed {
                    waiting.moved = true;
                    self.reconsider(&uid, now);
                }
            }
        }
    }

    /// Forgets a pod: it has a node, or is gone.
    pub fn remove(&mut self, uid: &str) {
        self.nominated.remove(uid);
        if let Some(waiting) = self.pods.remove(uid) {
            self.leave(uid, &waiting.place);
        }
    }

    /// The next pod whose turn it is.
    pub fn pop(&mut self) -> Option<Arc<PodInfo>> {
        let turn = self.active.pop_first()?;
        let waiting = self.pods.get_mut(&turn.3)?;
        waiting.attempts = waiting.attempts.saturating_add(1);
        waiting.place = Place::InFlight;
        waiting.moved = false;
        self.in_flight.insert(turn.3);
        Some(waiting.pod.clone())
    }

    /// A pod that was popped fits nowhere: it waits for a change.
    pub fn unschedulable(&mut self, uid: &str, now: Instant) {
        self.put_back(uid, now, false);
    }

    /// A pod that was popped could not be placed for a reason that passes: it is tried again after its pause.
    pub fn retry(&mut self, uid: &str, now: Instant) {
        self.put_back(uid, now, true);
    }

    fn put_back(&mut self, uid: &str, now: Instant, always: bool) {
        let Some(waiting) = self.pods.get_mut(uid) else {
            return;
        };
        self.in_flight.remove(uid);
        let until = now + backoff(waiting.attempts);
        if always || waiting.moved {
            waiting.place = Place::BackingOff(until);
            self.timers.insert((until, uid.to_owned()));
        } else {
            waiting.place = Place::Unschedulable { since: now, until };
            self.timers.insert((now + STALE_AFTER, uid.to_owned()));
            if minds_neighbours(&waiting.pod) {
                self.minding.insert(uid.to_owned());
            }
            self.unschedulable.insert(uid.to_owned());
        }
    }

    /// Something changed that may let a pod fit: a node came or changed, a pod went.
    pub fn cluster_changed(&mut self, now: Instant) {
        for uid in &self.in_flight {
            if let Some(waiting) = self.pods.get_mut(uid) {
                waiting.moved = true;
            }
        }
        for uid in self.unschedulable.iter().cloned().collect::<Vec<_>>() {
            self.reconsider(&uid, now);
        }
    }

    /// A pod got a node or other labels: that may help those that must be near others, or spread among them.
    pub fn neighbours_changed(&mut self, now: Instant) {
        for uid in &self.in_flight {
            if let Some(waiting) = self.pods.get_mut(uid)
                && minds_neighbours(&waiting.pod)
            {
                waiting.moved = true;
            }
        }
        for uid in self.minding.iter().cloned().collect::<Vec<_>>() {
            self.reconsider(&uid, now);
        }
    }

    /// Whether [`Queue::cluster_changed`] would find anything to do.
    pub fn anyone_waits(&self) -> bool {
        !self.unschedulable.is_empty() || !self.in_flight.is_empty()
    }

    /// Moves pods whose pause is over. Returns when the next one ends.
    pub fn tick(&mut self, now: Instant) -> Option<Instant> {
        while let Some((at, uid)) = self.timers.first().cloned() {
            if at > now {
                return Some(at);
            }
            self.timers.pop_first();
            let Some(waiting) = self.pods.get(&uid) else {
                continue;
            };
            match waiting.place {
                Place::BackingOff(until) if until <= now => self.turn(&uid),
                Place::Unschedulable { since, .. } if since + STALE_AFTER <= now => {
                    self.leave_unschedulable(&uid);
                    self.turn(&uid);
                }
                _ => {}
            }
        }
        None
    }

    /// Pods that room was made for and that have no node yet, by the node's name.
    pub fn nominated(&self) -> Nominated {
        let mut nominated = Nominated::new();
        for waiting in self.nominated.iter().filter_map(|uid| self.pods.get(uid)) {
            nominated
                .entry(waiting.pod.nominated.clone())
                .or_default()
                .push(waiting.pod.clone());
        }
        nominated
    }

    /// How many pods are where.
    pub fn depths(&self) -> Depths {
        let (active, unschedulable) = (self.active.len(), self.unschedulable.len());
        Depths {
            active,
            unschedulable,
            backing_off: self.pods.len() - active - unschedulable - self.in_flight.len(),
        }
    }

    /// Whether the pod waits here.
    pub fn contains(&self, uid: &str) -> bool {
        self.pods.contains_key(uid)
    }

    /// The uids of all pods that wait.
    pub fn uids(&self) -> impl Iterator<Item = &String> {
        self.pods.keys()
    }

    fn reconsider(&mut self, uid: &str, now: Instant) {
        let Some(Waiting {
            place: Place::Unschedulable { since, until },
            ..
        }) = self.pods.get(uid)
        else {
            return;
        };
        let (since, until) = (*since, *until);
        self.timers.remove(&(since + STALE_AFTER, uid.to_owned()));
        self.leave_unschedulable(uid);
        if until <= now {
            self.turn(uid);
        } else if let Some(waiting) = self.pods.get_mut(uid) {
            waiting.place = Place::BackingOff(until);
            self.timers.insert((until, uid.to_owned()));
        }
    }

    fn turn(&mut self, uid: &str) {
        let Some(pod) = self.pods.get(uid).map(|w| w.pod.clone()) else {
            return;
        };
        let place = self.activate(&pod);
        if let Some(waiting) = self.pods.get_mut(uid) {
            waiting.place = place;
        }
    }

    fn activate(&mut self, pod: &PodInfo) -> Place {
        self.counter += 1;
        let turn = (
            Reverse(pod.spec.priority),
            pod.created.clone(),
            self.counter,
            pod.key.uid.clone(),
        );
        self.active.insert(turn.clone());
        Place::Active(turn)
    }

    fn leave_unschedulable(&mut self, uid: &str) {
        self.unschedulable.remove(uid);
        self.minding.remove(uid);
    }

    fn leave(&mut self, uid: &str, place: &Place) {
        match place {
            Place::Active(turn) => {
                self.active.remove(turn);
            }
            Place::BackingOff(until) => {
                self.timers.remove(&(*until, uid.to_owned()));
            }
            Place::Unschedulable { since, .. } => {
                self.timers.remove(&(*since + STALE_AFTER, uid.to_owned()));
                self.leave_unschedulable(uid);
            }
            Place::InFlight => {
                self.in_flight.remove(uid);
            }
        }
    }
}

fn minds_neighbours(pod: &PodInfo) -> bool {
    pod.has_pod_affinity() || !pod.spec.topology_spread_constraints.is_empty()
}

fn backoff(attempts: u32) -> Duration {
    let doubled = FIRST_BACKOFF.saturating_mul(1_u32 << attempts.saturating_sub(1).min(8));
    doubled.min(LONGEST_BACKOFF)
}

/// Whether a pod changed in a way that can change where it fits.
fn differs(old: &PodInfo, new: &PodInfo) -> bool {
    old.labels != new.labels
        || old.requests != new.requests
        || old.spec.tolerations != new.spec.tolerations
        || old.spec.node_selector != new.spec.node_selector
        || old.spec.affinity != new.spec.affinity
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::fixture::pod;
    use serde_json::json;

    fn p(uid: &str, priority: i32, created: &str) -> Arc<PodInfo> {
        Arc::new(pod(
            json!({"metadata":{"name":uid,"uid":uid,"creationTimestamp":created},"spec":{"priority":priority}}),
        ))
    }

    fn pop(queue: &mut Queue) -> Option<String> {
        queue.pop().map(|p| p.key.uid.clone())
    }

    #[test]
    fn the_most_important_and_then_the_oldest_is_next() {
        let (mut q, now) = (Queue::default(), Instant::now());
        q.add(p("young", 0, "2026-01-02T00:00:00Z"), now);
        q.add(p("old", 0, "2026-01-01T00:00:00Z"), now);
        q.add(p("vip", 9, "2026-01-03T00:00:00Z"), now);
        assert_eq!(
            [pop(&mut q), pop(&mut q), pop(&mut q)].map(Option::unwrap),
            ["vip", "old", "young"]
        );
        assert_eq!(pop(&mut q), None);
    }

    #[test]
    fn a_pod_that_fits_nowhere_waits_for_a_change_and_for_its_pause() {
        let (mut q, now) = (Queue::default(), Instant::now());
        q.add(p("a", 0, ""), now);
        pop(&mut q);
        q.unschedulable("a", now);
        q.tick(now + Duration::from_secs(30));
        assert_eq!(pop(&mut q), None, "nothing changed");
        q.cluster_changed(now + Duration::from_millis(10));
        assert_eq!(
            q.depths(),
            Depths {
                active: 0,
                backing_off: 1,
                unschedulable: 0
            }
        );
        assert_eq!(
            q.tick(now + Duration::from_millis(10)),
            Some(now + FIRST_BACKOFF)
        );
        q.tick(now + FIRST_BACKOFF);
        assert_eq!(pop(&mut q).as_deref(), Some("a"));
    }

    #[test]
    fn a_pod_that_must_be_near_others_is_tried_again_when_one_gets_a_node() {
        let (mut q, now) = (Queue::default(), Instant::now());
        let near = json!({"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"zone"}]}});
        let near = json!({"metadata":{"name":"near","uid":"near"},"spec":{"affinity":near}});
        q.add(Arc::new(pod(near)), now);
        q.add(p("large", 0, ""), now);
        for _ in 0..2 {
            let uid = pop(&mut q).unwrap();
            q.unschedulable(&uid, now);
        }
        q.neighbours_changed(now);
        q.tick(now + FIRST_BACKOFF);
        assert_eq!(pop(&mut q).as_deref(), Some("near"));
        assert_eq!(
            pop(&mut q),
            None,
            "a pod that is merely too large is left alone"
        );
        q.neighbours_changed(now);
        q.unschedulable("near", now);
        q.tick(now + LONGEST_BACKOFF);
        assert_eq!(pop(&mut q).as_deref(), Some("near"), "also during its turn");
    }

    #[test]
    fn a_change_during_its_turn_is_not_missed() {
        let (mut q, now) = (Queue::default(), Instant::now());
        q.add(p("a", 0, ""), now);
        pop(&mut q);
        q.cluster_changed(now);
        q.unschedulable("a", now);
        q.tick(now + FIRST_BACKOFF);
        assert_eq!(pop(&mut q).as_deref(), Some("a"));
    }

    #[test]
    fn it_is_tried_again_in_the_end_even_if_nothing_changed() {
        let (mut q, now) = (Queue::default(), Instant::now());
        q.add(p("a", 0, ""), now);
        pop(&mut q);
        q.unschedulable("a", now);
        q.tick(now + STALE_AFTER);
        assert_eq!(pop(&mut q).as_deref(), Some("a"));
    }

    #[test]
    fn pauses_double_up_to_a_bound() {
        let seconds: Vec<u64> = (1..=6).map(|n| backoff(n).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 10, 10]);
        assert_eq!(backoff(u32::MAX), LONGEST_BACKOFF);
    }

    #[test]
    fn a_removed_pod_leaves_nothing_behind() {
        let (mut q, now) = (Queue::default(), Instant::now());
        for (uid, how) in [("a", 0), ("b", 1), ("c", 2)] {
            q.add(p(uid, 0, ""), now);
            if how > 0 {
                pop(&mut q);
            }
            match how {
                1 => q.retry(uid, now),
                2 => q.unschedulable(uid, now),
                _ => {}
            }
            q.remove(uid);
        }
        assert_eq!(q.depths(), Depths::default());
        assert_eq!(q.tick(now), None);
        assert_eq!(pop(&mut q), None);
    }
}
