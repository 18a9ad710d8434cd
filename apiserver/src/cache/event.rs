//! One change of one object, and its bytes as watchers get them: encoded once for each form in which it is seen.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::{Filter, Object};

/// What happened to an object, from a watcher's point of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is there, and was not before.
    Added,
    /// It was there and is there.
    Modified,
    /// It is gone.
    Deleted,
}

impl Change {
    /// What stands before and after the object in a watch event; events are lines.
    pub fn around(self) -> (&'static [u8], &'static [u8]) {
        let before: &[u8] = match self {
            Change::Added => b"{\"type\":\"ADDED\",\"object\":",
            Change::Modified => b"{\"type\":\"MODIFIED\",\"object\":",
            Change::Deleted => b"{\"type\":\"DELETED\",\"object\":",
        };
        (before, b"}\n")
    }
}

/// One change of one object.
#[derive(Debug)]
pub struct Event {
    change: Change,
    /// The new state; of a deletion the last state, at the revision of the deletion.
    object: Arc<Object>,
    before: Option<Arc<Object>>,
    as_added: OnceLock<Bytes>,
    as_deleted: OnceLock<Arc<Object>>,
}

/// What a watcher is told of an event.
#[derive(Debug, Clone)]
pub struct Seen {
    /// How it sees the change.
    pub change: Change,
    /// The object as it sees it.
    pub object: Arc<Object>,
    /// The event's bytes, a line of JSON.
    pub frame: Bytes,
}

impl Event {
    /// An object was put; `before` is what was there. The object's bytes must be framed as this change.
    pub(super) fn put(object: Arc<Object>, before: Option<Arc<Object>>) -> Event {
        let change = if before.is_some() {
            Change::Modified
        } else {
            Change::Added
        };
        Event::new(change, object, before)
    }

    /// The object `last` was removed at `revision`.
    pub(super) fn removed(last: &Object, revision: i64) -> Event {
        Event::new(Change::Deleted, Arc::new(last.removed_at(revision)), None)
    }

    fn new(change: Change, object: Arc<Object>, before: Option<Arc<Object>>) -> Event {
        Event {
            change,
            object,
            before,
            as_added: OnceLock::new(),
            as_deleted: OnceLock::new(),
        }
    }

    /// The revision of the change.
    pub fn revision(&self) -> i64 {
        self.object.revision()
    }

    /// The object: the new state, or the last one.
    pub fn object(&self) -> &Arc<Object> {
        &self.object
    }

    /// The state before, when there was one and the object still exists.
    pub fn before(&self) -> Option<&Arc<Object>> {
        self.before.as_ref()
    }

    /// What a watcher with this filter is told: entering what it selects is ADDED, leaving it is DELETED.
    pub fn seen_by(&self, filter: &Filter) -> Option<Seen> {
        let now = filter.matches(&self.object);
        let then = self
            .before
            .as_ref()
            .is_some_and(|before| filter.matches(before));
        match (self.change, then, now) {
            (Change::Deleted, _, true) => Some(self.natural()),
            (Change::Deleted, _, false) => None,
            (_, true, true) => Some(self.natural()),
            (Change::Added, false, true) => Some(self.natural()),
            (Change::Modified, false, true) => Some(self.entering()),
            (_, true, false) => Some(self.leaving()),
            (_, false, false) => None,
        }
    }

    fn natural(&self) -> Seen {
        Seen {
            change: self.change,
            object: Arc::clone(&self.object),
            frame: self.object.encoded().framed(),
        }
    }

    fn entering(&self) -> Seen {
        let frame = self.as_added.get_or_init(|| {
            let (before, after) = Change::Added.around();
            let encoded = self.object.encoded();
            encoded.at_revision(self.revision(), before, after).framed()
        });
        Seen {
            change: Change::Added,
            object: Arc::clone(&self.object),
            frame: frame.clone(),
        }
    }

    /// The object left the selection: its watcher gets the last state it knew, at this revision.
    fn leaving(&self) -> Seen {
        let object = self.as_deleted.get_or_init(|| {
            let last = self.before.as_ref().unwrap_or(&self.object);
            Arc::new(last.removed_at(self.revision()))
        });
        Seen {
            change: Change::Deleted,
            object: Arc::clone(object),
            frame: object.encoded().framed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use hydrofoil_api::selector::Selector;

    use super::*;

    fn object(label: &str, revision: i64, change: Change) -> Arc<Object> {
        let stored = format!(
            r#"{{"kind":"A","apiVersion":"v1","metadata":{{"labels":{{"a":"{label}"}}}}}}"#
        );
        Arc::new(
            Object::from_stored("n/x", stored.as_bytes(), revision, &[], Some(change)).unwrap(),
        )
    }

    fn told(event: &Event, filter: &Filter) -> Option<(Change, String)> {
        event
            .seen_by(filter)
            .map(|seen| (seen.change, String::from_utf8(seen.frame.to_vec()).unwrap()))
    }

    #[test]
    fn watchers_see_objects_enter_and_leave_what_they_select() {
        let filter = Filter {
            labels: Some(Selector::parse("a=1").unwrap()),
            ..Filter::default()
        };
        let (in1, out) = (
            object("1", 5, Change::Added),
            object("2", 6, Change::Modified),
        );
        let line = |kind: &str, label: &str, revision: i64| {
            format!(
                "{{\"type\":\"{kind}\",\"object\":{{\"kind\":\"A\",\"apiVersion\":\"v1\",\"metadata\":{{\"resourceVersion\":\"{revision}\",\"labels\":{{\"a\":\"{label}\"}}}}}}}}\n"
            )
        };
        let added = Event::put(Arc::clone(&in1), None);
        assert_eq!(
            told(&added, &filter),
            Some((Change::Added, line("ADDED", "1", 5)))
        );
        let left = Event::put(Arc::clone(&out), Some(Arc::clone(&in1)));
        assert_eq!(
            told(&left, &filter),
            Some((Change::Deleted, line("DELETED", "1", 6)))
        );
        assert_eq!(
            told(&left, &Filter::default()),
            Some((Change::Modified, line("MODIFIED", "2", 6)))
        );
        let back = Event::put(object("1", 7, Change::Modified), Some(Arc::clone(&out)));
        assert_eq!(
            told(&back, &filter),
            Some((Change::Added, line("ADDED", "1", 7)))
        );
        let gone = Event::removed(&out, 8);
        assert_eq!(told(&gone, &filter), None);
        assert_eq!(
            told(&gone, &Filter::default()),
            Some((Change::Deleted, line("DELETED", "2", 8)))
        );
    }
}
