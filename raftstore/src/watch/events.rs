//! The events of a response: the changes themselves, which all who watch them share, or events that were picked for one watch.

use std::{fmt, sync::Arc};

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

    /// Whether these are the very same events in memory. `false` says nothing of what they are.
    pub fn is(&self, other: &Events) -> bool {
        let before = |event: &Event| event.prev_kv.as_ref().map(Arc::as_ptr);
        match (&self.0, &other.0) {
            (
                Held::Shared { changes, with_prev },
                Held::Shared {
                    changes: others,
                    with_prev: other_prev,
                },
            ) => {
                with_prev == other_prev
                    && changes.len() == others.len()
                    && std::iter::zip(changes, others).all(|(one, other)| Arc::ptr_eq(one, other))
            }
            _ => {
                self.len() == other.len()
                    && std::iter::zip(self.iter(), other.iter()).all(|(one, other)| {
                        Arc::ptr_eq(&one.kv, &other.kv)
                            && before(one) == before(other)
                            && one.kind == other.kind
                    })
            }
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
