//! What clients asked for and were answered, and what watchers saw, with times of one clock.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use serde::Serialize;

/// Keys with their values; `None` is a key that is not there.
pub type Values = BTreeMap<String, Option<String>>;

/// A conditional transaction over keys of one group. Every value that is written is written by nobody else.
#[derive(Clone, Debug, Serialize)]
pub struct Operation {
    /// Who asked.
    pub client: usize,
    /// Keys that operations may have in common have this in common.
    pub group: String,
    /// When it was asked for, in nanoseconds.
    pub call: u64,
    /// When it was answered. `None`: never, or with an error after which nobody knows.
    #[serde(rename = "return")]
    pub end: Option<u64>,
    /// What must be there for the writes to be done.
    #[serde(rename = "if")]
    pub conditions: Values,
    /// What is written then.
    #[serde(rename = "then")]
    pub writes: Values,
    /// Whether the conditions held; `None` is not known.
    pub succeeded: Option<bool>,
    /// What was read after the writes.
    pub found: Values,
    /// The revision of the answer.
    #[serde(skip)]
    pub revision: i64,
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
}

/// Everything that was seen in one run.
#[derive(Debug, Default)]
pub struct History {
    /// Operations in the order in which they were asked for.
    pub operations: Vec<Operation>,
    /// What the watcher of each member saw, over all connections, with when it was seen.
    pub watched: BTreeMap<usize, Vec<(Seen, u64)>>,
}

/// A history that is being written. Clones are the same.
#[derive(Clone, Debug)]
pub struct Recorder {
    history: Arc<Mutex<History>>,
    begun: Instant,
}

impl Default for Recorder {
    fn default() -> Self {
        Recorder {
            history: Arc::default(),
            begun: Instant::now(),
        }
    }
}

impl Recorder {
    /// Nanoseconds since the beginning.
    pub fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// To write or read.
    pub fn lock(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that something is asked for. Returns its number.
    pub fn begin(&self, client: usize, group: &str, conditions: Values, writes: Values) -> usize {
        let mut history = self.lock();
        history.operations.push(Operation {
            client,
            group: group.to_owned(),
            call: self.now(),
            end: None,
            conditions,
            writes,
            succeeded: None,
            found: Values::new(),
            revision: 0,
        });
        history.operations.len() - 1
    }

    /// Notes the answer.
    pub fn end(&self, number: usize, revision: i64, succeeded: bool, found: Values) {
        let now = self.now();
        let mut history = self.lock();
        let operation = &mut history.operations[number];
        operation.end = Some(now);
        operation.revision = revision;
        operation.succeeded = Some(succeeded);
        operation.found = found;
    }
}
