//! A guest's stdout or stderr, ending in the container's log and with those who are attached to it.
//!
//! A guest may take a new stream handle for every write (Rust's standard error does), so the line buffer belongs to the sink, which lives
//! as long as the instance, and not to a handle.

use std::sync::Arc;

use parking_lot::Mutex;

use super::{LogFile, Source, Splitter};
use crate::clock;

/// One stream of one instance.
#[derive(Clone, Debug)]
pub struct LogSink(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    log: Arc<LogFile>,
    source: Source,
    splitter: Mutex<Splitter>,
}

impl LogSink {
    /// A sink at the beginning of a line.
    pub fn new(log: Arc<LogFile>, source: Source) -> Self {
        Self(Arc::new(Shared {
            log,
            source,
            splitter: Mutex::new(Splitter::new(source)),
        }))
    }

    /// The log that it ends in.
    pub fn log(&self) -> &LogFile {
        &self.0.log
    }

    /// Writes bytes of the stream.
    pub fn write(&self, bytes: &[u8]) {
        let mut entries = Vec::with_capacity(bytes.len() + 64);
        // The lock is held over the append, so that two handles' lines keep the order of their splitting.
        let mut splitter = self.0.splitter.lock();
        splitter.push(bytes, clock::now(), &mut entries);
        self.0.log.spend(bytes.len());
        self.0.log.append(&entries);
        self.0.log.listeners().tell(self.0.source, bytes);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let mut entries = Vec::new();
        self.splitter.get_mut().finish(clock::now(), &mut entries);
        self.log.append(&entries);
    }
}
