//! The events of a response: the changes themselves, which all who watch them share, or events that were picked for one watch.

use std::{
    fmt,
    sync::{Arc, Weak},
};

use crate::{mvcc::Change, rpc::Event};

/// Events in the order in which they happened.
#[derive(Clone)]
pub struct Events(Held);

#[derive(Clone)]
enum Held {
    Picked(Vec<Event>),
    Shared {
        changes: Vec<Arc<Change>>,
        with_prev: bool,
    },
}

impl Events {
    /// All events of some changes, with the versions before or without.
    pub(super) fn shared(changes: Vec<Arc<Change>>, with_prev: bool) -> Self {
        Events(Held::Shared { changes, with_prev })
    }

    /// The events.
    pub fn iter(&self) -> impl Iterator<Item = &Event> + Clone {
        let (picked, changes, with_prev) = match &self.0 {
            Held::Picked(events) => (&events[..], &[][..], false),
            Held::Shared { changes, with_prev } => (&[][..], &changes[..], *with_prev),
        };
        let shared = changes.iter().flat_map(move |change| {
            if with_prev {
                &change.events
            } else {
                change.without_prev()
            }
        });
        picked.iter().chain(shared)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Held::Picked(events) => events.len(),
            Held::Shared { changes, .. } => changes.iter().map(|change| change.events.len()).sum(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Remembers which events these are.
    pub fn remember(self) -> Remembered {
        Remembered(match self.0 {
            Held::Picked(events) => Trace::Picked(events),
            Held::Shared { changes, with_prev } => Trace::Shared {
                changes: changes.iter().map(Arc::downgrade).collect(),
                with_prev,
            },
        })
    }
}

/// Which events there were. It keeps no change in memory: with it would go the values before, which nobody may have wanted.
#[derive(Debug, Default)]
pub struct Remembered(Trace);

#[derive(Debug)]
enum Trace {
    Picked(Vec<Event>),
    Shared {
        // A place in memory is not used again while this points at it.
        changes: Vec<Weak<Change>>,
        with_prev: bool,
    },
}

impl Default for Trace {
    fn default() -> Self {
        Trace::Picked(Vec::new())
    }
}

impl Remembered {
    /// Whether these are the very same events in memory. `false` says nothing of what they are.
    pub fn are(&self, events: &Events) -> bool {
        let before = |event: &Event| event.prev_kv.as_ref().map(Arc::as_ptr);
        match (&self.0, &events.0) {
            (
                Trace::Shared { changes, with_prev },
                Held::Shared {
                    changes: others,
                    with_prev: other_prev,
                },
            ) => {
                let same = |(one, other): (&Weak<Change>, &Arc<Change>)| {
                    Weak::as_ptr(one) == Arc::as_ptr(other)
                };
                with_prev == other_prev
                    && changes.len() == others.len()
                    && std::iter::zip(changes, others).all(same)
            }
            (Trace::Picked(events), Held::Picked(others)) => {
                let same = |(one, other): (&Event, &Event)| {
                    Arc::ptr_eq(&one.kv, &other.kv)
                        && before(one) == before(other)
                        && one.kind == other.kind
                };
                events.len() == others.len() && std::iter::zip(events, others).all(same)
            }
            _ => false,
        }
    }
}

impl Default for Events {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl From<Vec<Event>> for Events {
    fn from(events: Vec<Event>) -> Self {
        Events(Held::Picked(events))
    }
}

impl PartialEq for Events {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Events {}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::rpc::{EventKind, KeyValue};

    fn change(revision: i64) -> Arc<Change> {
        let version = |value: &'static str| {
            Arc::new(KeyValue {
                key: Bytes::from_static(b"k"),
                value: Bytes::from_static(value.as_bytes()),
                mod_revision: revision,
                ..Default::default()
            })
        };
        let event = Event {
            kind: EventKind::Put,
            kv: version("new"),
            prev_kv: Some(version("old")),
        };
        Arc::new(Change::new(revision, vec![event], 0))
    }

    #[test]
    fn what_is_remembered_is_recognized_and_not_kept() {
        let first = change(2);
        let shared = |change: &Arc<Change>, prev| Events::shared(vec![Arc::clone(change)], prev);
        let remembered = shared(&first, false).remember();
        assert!(remembered.are(&shared(&first, false)));
        assert!(!remembered.are(&shared(&first, true)));
        assert!(!remembered.are(&shared(&change(2), false)));
        assert_eq!(Arc::strong_count(&first), 1);
        let picked = Events::from(first.events.clone());
        assert!(picked.clone().remember().are(&picked));
        assert!(!remembered.are(&picked) && !Remembered::default().are(&picked));
        assert!(Remembered::default().are(&Events::default()));
        assert_eq!(picked, shared(&first, true));
        assert_ne!(picked, shared(&first, false));
    }
}
