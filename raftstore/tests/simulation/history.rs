//! What clients did and saw, with the simulated time of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use parking_lot::{Mutex, MutexGuard};

/// What a client asked for. Values are unique: nobody else ever writes the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To set each key to its value, all at one revision.
    Put {
        /// Keys and values.
        writes: Vec<(String, String)>,
    },
    /// To set a key if its modification revision is `expected`, 0 for a key that is not there.
    Swap {
        /// The key.
        key: String,
        /// The revision.
        expected: i64,
        /// The value.
        value: String,
    },
    /// To delete a key.
    Delete {
        /// The key.
        key: String,
    },
    /// To read a key.
    Get {
        /// The key.
        key: String,
        /// Whether what the member has will do, however old.
        serializable: bool,
    },
}

/// What a client was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// When, in simulated time.
    pub at: Duration,
    /// The revision of the answer's header.
    pub revision: i64,
    /// Whether it changed something.
    pub wrote: bool,
    /// Of a read: the value, and the revision that set it.
    pub found: Option<(String, i64)>,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Operation {
    /// When, in simulated time.
    pub at: Duration,
    /// What for.
    pub asked: Asked,
    /// The answer. `None`: there was none, or an error after which nobody knows.
    pub answered: Option<Answered>,
}

/// A change that a watcher was told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its revision.
    pub revision: i64,
    /// The key.
    pub key: String,
    /// The value; `None` if the key was deleted.
    pub value: Option<String>,
    /// When, in simulated time.
    pub at: Duration,
}

impl Seen {
    /// What was seen, whenever that was.
    pub fn what(&self) -> (i64, &str, Option<&str>) {
        (self.revision, &self.key, self.value.as_deref())
    }
}

/// What a watcher saw that began somewhere and ended somewhere.
#[derive(Clone, Debug)]
pub struct Glance {
    /// The member whose watcher it was.
    pub member: String,
    /// The revision that it began at.
    pub from: i64,
    /// What it saw.
    pub seen: Vec<Seen>,
}

/// A lease, as its owner knows it.
#[derive(Clone, Debug)]
pub struct Lease {
    /// The key that hangs on it.
    pub key: String,
    /// Its time to live.
    pub ttl: Duration,
    /// When its time was last started anew for certain: the beginning of a request that was answered.
    pub renewed: Duration,
    /// When the owner was told that it is gone.
    pub lost: Option<Duration>,
}

/// Everything that was seen in one run.
#[derive(Debug, Default)]
pub struct History {
    /// Requests, in the order in which they were made.
    pub operations: Vec<Operation>,
    /// What the watchers of each member saw, in order, over all of the member's lives.
    pub watched: BTreeMap<String, Vec<Seen>>,
    /// Watchers from somewhere in the past, or in the future.
    pub glances: Vec<Glance>,
    /// Leases, by id.
    pub leases: BTreeMap<i64, Lease>,
    /// Terms, with the members that said they lead in them.
    pub leaders: BTreeMap<u64, BTreeSet<String>>,
    /// What each member has at the end: key to value and revision.
    pub last: BTreeMap<String, BTreeMap<String, (String, i64)>>,
    /// The revision of each member at the end.
    pub revisions: BTreeMap<String, i64>,
    /// Where the members begin whose past was compacted before they joined.
    pub joined: BTreeMap<String, i64>,
    /// The highest revision that somebody asked to be compacted.
    pub compacted: i64,
    /// Members that were added or removed.
    pub changes: usize,
}

/// A history that is being written.
#[derive(Clone, Debug, Default)]
pub struct Shared(Arc<Mutex<History>>);

impl Shared {
    /// To write or read.
    pub fn lock(&self) -> MutexGuard<'_, History> {
        self.0.lock()
    }

    /// Notes that a request is made. Returns its number.
    pub fn begin(&self, asked: Asked) -> usize {
        let mut history = self.lock();
        history.operations.push(Operation {
            at: now(),
            asked,
            answered: None,
        });
        history.operations.len() - 1
    }

    /// Notes its answer.
    pub fn end(&self, number: usize, revision: i64, wrote: bool, found: Option<(String, i64)>) {
        let answered = Answered {
            at: now(),
            revision,
            wrote,
            found,
        };
        self.lock().operations[number].answered = Some(answered);
    }
}

/// The simulated time, the same for every member.
pub fn now() -> Duration {
    turmoil::sim_elapsed().unwrap_or_default()
}

/// Versions of one key: revision to value, or to nothing where it was deleted.
type Versions = BTreeMap<i64, Option<String>>;

/// Everything that was done, acknowledged or not, as the watchers were told.
#[derive(Debug, Default)]
pub struct Done {
    keys: BTreeMap<String, Versions>,
}

impl Done {
    /// A key at a revision: its value and the revision that set it.
    pub fn at(&self, key: &str, revision: i64) -> Option<(String, i64)> {
        let (at, value) = self.keys.get(key)?.range(..=revision).next_back()?;
        value.clone().map(|value| (value, *at))
    }

    /// Whether exactly this revision set the key so.
    pub fn did(&self, revision: i64, key: &str, value: Option<&str>) -> bool {
        let versions = self.keys.get(key);
        versions.is_some_and(|at| at.get(&revision).is_some_and(|v| v.as_deref() == value))
    }
}

impl History {
    /// What was done, by what any watcher saw.
    pub fn done(&self) -> Done {
        let mut done = Done::default();
        for seen in self.watched.values().flatten() {
            let versions = done.keys.entry(seen.key.clone()).or_default();
            versions.insert(seen.revision, seen.value.clone());
        }
        done
    }

    /// Requests that were answered.
    pub fn answered(&self) -> impl Iterator<Item = (&Operation, &Answered)> {
        self.operations
            .iter()
            .filter_map(|op| op.answered.as_ref().map(|answer| (op, answer)))
    }

    /// Watchers that saw everything from the beginning.
    pub fn whole(&self) -> impl Iterator<Item = (&String, &Vec<Seen>)> {
        let joined = &self.joined;
        self.watched
            .iter()
            .filter(|(name, _)| !joined.contains_key(*name) && self.revisions.contains_key(*name))
    }
}
