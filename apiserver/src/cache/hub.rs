//! Fan-out: from a change to the watchers that may care, each with a bounded queue of its own.
//!
//! Watchers are kept by interest, so that an event of a pod on one node touches the watchers of that node and of everything,
//! not those of other nodes. A watcher that does not keep up is cut: its queue ends, and it starts again from the last
//! revision it saw. Recent events are kept so that it can.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::resource::Snapshot;
use super::{Event, Object};

/// Events that may wait for one watcher; beyond it the watcher is cut.
pub const WATCHER_QUEUE: usize = 16 * 1024;
/// Events kept for watchers that start in the past, per resource.
pub const WINDOW_EVENTS: usize = 8 * 1024;
/// Bytes of objects kept in those events, per resource.
pub const WINDOW_BYTES: usize = 24 * 1024 * 1024;

/// Which events a watcher must be offered; it filters them itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Interest {
    /// Every event of the resource.
    All,
    /// Events in one namespace.
    Namespace(String),
    /// Events of one object, by path.
    Object(String),
    /// Events of objects whose index field has this value: pods of a node.
    Indexed(String),
}

/// Where a watch begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With what is there.
    Snapshot,
    /// With the first change after a revision.
    After(i64),
}

/// The history that a watch asks for is gone: the oldest change that is known comes after this revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooOld(pub i64);

/// A running watch. Dropping it ends it.
#[derive(Debug)]
pub struct Subscription {
    /// What was there, for [`Start::Snapshot`].
    pub snapshot: Option<Arc<Snapshot>>,
    /// Changes after the start that had happened already.
    pub replay: VecDeque<Arc<Event>>,
    /// Changes from now on; it ends when the watcher is cut.
    pub events: mpsc::Receiver<Arc<Event>>,
    /// Everything up to this revision is in `snapshot`, or before the start.
    pub revision: i64,
    _leave: Leave,
}

#[derive(Debug)]
struct Leave {
    hub: Weak<Mutex<Inner>>,
    interest: Interest,
    id: u64,
}

impl Drop for Leave {
    fn drop(&mut self) {
        let Some(hub) = self.hub.upgrade() else {
            return;
        };
        let mut inner = hub.lock();
        if let Some(watchers) = inner.watchers.get_mut(&self.interest) {
            watchers.retain(|watcher| watcher.id != self.id);
            if watchers.is_empty() {
                inner.watchers.remove(&self.interest);
            }
        }
    }
}

#[derive(Debug)]
struct Watcher {
    id: u64,
    queue: mpsc::Sender<Arc<Event>>,
}

#[derive(Debug, Default)]
struct Inner {
    window: VecDeque<Arc<Event>>,
    window_bytes: usize,
    /// Every change after this revision is in the window.
    floor: i64,
    watchers: HashMap<Interest, Vec<Watcher>>,
    next_id: u64,
    cut: u64,
}

/// The watchers of one resource and its recent events.
#[derive(Debug, Default)]
pub(super) struct Hub {
    inner: Arc<Mutex<Inner>>,
}

impl Hub {
    /// Begins anew: no history before `floor`, every watcher cut.
    pub(super) fn reset(&self, floor: i64, publish: impl FnOnce()) {
        let mut inner = self.inner.lock();
        inner.window.clear();
        inner.window_bytes = 0;
        inner.floor = floor;
        inner.cut += inner
            .watchers
            .values()
            .map(|watchers| watchers.len() as u64)
            .sum::<u64>();
        inner.watchers.clear();
        publish();
    }

    /// Takes events, in order, publishes the snapshot that contains them, and offers them to watchers, all at once for
    /// whoever begins a watch. The snapshot comes first: who acts upon an event finds it in what admission looks at.
    pub(super) fn publish(
        &self,
        events: Vec<Arc<Event>>,
        index: impl Fn(&Object) -> Option<String>,
        publish: impl FnOnce(),
    ) {
        let mut inner = self.inner.lock();
        publish();
        for event in events {
            inner.offer(&event, &index);
            inner.remember(event);
        }
    }

    /// Begins a watch. `snapshot` is loaded under the lock, together with the revision that is reached.
    pub(super) fn subscribe(
        &self,
        interest: Interest,
        start: Start,
        current: impl FnOnce() -> (Arc<Snapshot>, i64),
    ) -> Result<Subscription, TooOld> {
        let mut inner = self.inner.lock();
        let (snapshot, reached) = current();
        let (snapshot, replay, revision) = match start {
            Start::Snapshot => (Some(snapshot), VecDeque::new(), reached),
            Start::After(revision) if revision < inner.floor => return Err(TooOld(inner.floor)),
            Start::After(revision) => {
                let from = inner
                    .window
                    .partition_point(|event| event.revision() <= revision);
                (
                    None,
                    inner.window.iter().skip(from).cloned().collect(),
                    revision,
                )
            }
        };
        let (queue, events) = mpsc::channel(WATCHER_QUEUE);
        let id = inner.next_id;
        inner.next_id += 1;
        inner
            .watchers
            .entry(interest.clone())
            .or_default()
            .push(Watcher { id, queue });
        Ok(Subscription {
            snapshot,
            replay,
            events,
            revision,
            _leave: Leave {
                hub: Arc::downgrade(&self.inner),
                interest,
                id,
            },
        })
    }

    /// Watchers there are, and watchers that were cut since the start.
    pub(super) fn counts(&self) -> (usize, u64) {
        let inner = self.inner.lock();
        (inner.watchers.values().map(Vec::len).sum(), inner.cut)
    }
}

impl Inner {
    fn offer(&mut self, event: &Arc<Event>, index: &impl Fn(&Object) -> Option<String>) {
        if self.watchers.is_empty() {
            return;
        }
        let object = event.object();
        self.offer_to(&Interest::All, event);
        self.offer_to(&Interest::Namespace(object.namespace().to_owned()), event);
        self.offer_to(&Interest::Object(object.path().to_owned()), event);
        let now = index(object);
        let then = event.before().and_then(|before| index(before));
        if let Some(value) = &now {
            self.offer_to(&Interest::Indexed(value.clone()), event);
        }
        if let Some(value) = then.filter(|then| Some(then) != now.as_ref()) {
            self.offer_to(&Interest::Indexed(value), event);
        }
    }

    fn offer_to(&mut self, interest: &Interest, event: &Arc<Event>) {
        let Some(watchers) = self.watchers.get_mut(interest) else {
            return;
        };
        let before = watchers.len();
        // A full queue: the watcher is too slow. A closed one: it left.
        watchers.retain(|watcher| watcher.queue.try_send(Arc::clone(event)).is_ok());
        self.cut += (before - watchers.len()) as u64;
    }

    fn remember(&mut self, event: Arc<Event>) {
        self.window_bytes += event.object().encoded().size();
        self.window.push_back(event);
        while self.window.len() > WINDOW_EVENTS || self.window_bytes > WINDOW_BYTES {
            let Some(oldest) = self.window.pop_front() else {
                break;
            };
            self.window_bytes -= oldest.object().encoded().size();
            self.floor = oldest.revision();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Change;
    use super::*;

    fn event(name: &str, revision: i64) -> Arc<Event> {
        let stored = br#"{"kind":"A","apiVersion":"v1","metadata":{"name":"x"}}"#;
        let path = format!("ns/{name}");
        let object = Object::from_stored(&path, stored, revision, &[], Some(Change::Added));
        Arc::new(Event::put(Arc::new(object.unwrap()), None))
    }

    fn subscribe(hub: &Hub, interest: Interest, start: Start) -> Result<Subscription, TooOld> {
        hub.subscribe(interest, start, || (Arc::default(), 1))
    }

    fn publish(hub: &Hub, events: Vec<Arc<Event>>) {
        hub.publish(events, |object| Some(object.name().to_owned()), || {});
    }

    #[test]
    fn events_go_to_those_who_care() {
        let hub = Hub::default();
        let open = |interest| subscribe(&hub, interest, Start::After(0)).unwrap();
        let mut all = open(Interest::All);
        let mut here = open(Interest::Namespace("ns".to_owned()));
        let mut there = open(Interest::Namespace("other".to_owned()));
        let mut one = open(Interest::Object("ns/b".to_owned()));
        let mut indexed = open(Interest::Indexed("a".to_owned()));
        publish(&hub, vec![event("a", 2), event("b", 3)]);
        let got = |subscription: &mut Subscription| {
            std::iter::from_fn(|| subscription.events.try_recv().ok())
                .map(|event| event.revision())
                .collect::<Vec<_>>()
        };
        assert_eq!(got(&mut all), [2, 3]);
        assert_eq!(got(&mut here), [2, 3]);
        assert!(got(&mut there).is_empty());
        assert_eq!(got(&mut one), [3]);
        assert_eq!(got(&mut indexed), [2]);
        assert_eq!(hub.counts(), (5, 0));
        drop((all, here, there, one, indexed));
        assert_eq!(hub.counts(), (0, 0));
    }

    /// A namespace's watcher creates objects in it at once; admission looks at the snapshot and must find the namespace.
    #[test]
    fn the_snapshot_is_published_before_its_events_are_told() {
        let hub = Hub::default();
        let mut watcher = subscribe(&hub, Interest::All, Start::After(0)).unwrap();
        let mut published = false;
        hub.publish(
            vec![event("a", 2)],
            |_| None,
            || {
                assert!(
                    watcher.events.try_recv().is_err(),
                    "told before it was published"
                );
                published = true;
            },
        );
        assert!(published);
        assert_eq!(watcher.events.try_recv().unwrap().revision(), 2);
    }

    #[test]
    fn a_watcher_that_does_not_read_is_cut_and_others_are_not() {
        let hub = Hub::default();
        let mut slow = subscribe(&hub, Interest::All, Start::After(0)).unwrap();
        let mut quick = subscribe(&hub, Interest::All, Start::After(0)).unwrap();
        let one = event("a", 2);
        for _ in 0..=WATCHER_QUEUE {
            publish(&hub, vec![Arc::clone(&one)]);
            assert!(quick.events.try_recv().is_ok());
        }
        assert_eq!(hub.counts(), (1, 1));
        let queued = std::iter::from_fn(|| slow.events.try_recv().ok()).count();
        assert_eq!(queued, WATCHER_QUEUE);
        assert!(slow.events.is_closed());
    }

    #[test]
    fn history_is_bounded_and_its_end_is_told() {
        let hub = Hub::default();
        hub.reset(10, || {});
        let last = 10 + WINDOW_EVENTS as i64 + 5;
        publish(
            &hub,
            (11..=last).map(|revision| event("a", revision)).collect(),
        );
        let old = subscribe(&hub, Interest::All, Start::After(14)).err();
        assert_eq!(old, Some(TooOld(15)));
        let all = subscribe(&hub, Interest::All, Start::After(15)).unwrap();
        assert_eq!(all.replay.len(), WINDOW_EVENTS);
        let some = subscribe(&hub, Interest::All, Start::After(last - 2)).unwrap();
        let revisions: Vec<i64> = some.replay.iter().map(|event| event.revision()).collect();
        assert_eq!(revisions, [last - 1, last]);
    }
}
