//! Filling a new state file with many versions: nothing is flushed until [`Backend::commit`] is called at the end, so what is
//! filled must be a file that nobody counts on yet.

use redb::Durability;

use super::{
    Backend,
    tables::{META, VALUES, encode_meta, rev_key},
};
use crate::{
    Error,
    mvcc::version::Rev,
    rpc::{Event, EventKind},
};

/// Bytes of keys and values that are collected before they are written.
const BATCH_BYTES: usize = 4 << 20;

/// See the module header.
#[derive(Debug)]
pub struct Bulk<'b> {
    backend: &'b Backend,
    waiting: Vec<(Rev, Event)>,
    bytes: usize,
}

impl Backend {
    /// Begins filling the file.
    pub fn bulk(&self) -> Bulk<'_> {
        Bulk {
            backend: self,
            waiting: Vec::new(),
            bytes: 0,
        }
    }
}

impl Bulk<'_> {
    /// Adds a version; they come in the order of their revisions.
    pub fn add(&mut self, rev: Rev, event: Event) -> Result<(), Error> {
        self.bytes += event.kv.key.len() + event.kv.value.len();
        self.waiting.push((rev, event));
        if self.bytes >= BATCH_BYTES {
            self.write()?;
        }
        Ok(())
    }

    /// Writes what is collected. What was added is durable with the next commit of the file.
    pub fn write(&mut self) -> Result<(), Error> {
        let waiting = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        super::run("filling", || {
            let mut txn = self.backend.db.begin_write()?;
            txn.set_durability(Durability::None)?;
            {
                let mut meta = txn.open_table(META)?;
                let mut values = txn.open_table(VALUES)?;
                let mut row = Vec::new();
                for (rev, event) in &waiting {
                    row.clear();
                    encode_meta(event, &mut row);
                    meta.insert(rev_key(*rev), row.as_slice())?;
                    if event.kind == EventKind::Put && !event.kv.value.is_empty() {
                        values.insert(rev_key(*rev), &*event.kv.value)?;
                    }
                }
            }
            txn.commit()?;
            Ok(())
        })
    }
}
