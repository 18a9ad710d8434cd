//! A guest's stdout or stderr, as wasmtime-wasi wants it, ending in the container's log.
//!
//! A guest may take a new stream handle for every write (Rust's standard error does), so the line buffer belongs to the sink, which lives
//! as long as the instance, and not to a handle.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use super::{LogFile, Source, Splitter};
use crate::clock;

/// Bytes a guest may write in one call; more takes several calls.
const WRITE_PERMIT: usize = 64 * 1024;

/// One stream of one instance.
#[derive(Clone, Debug)]
pub struct LogSink(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    log: Arc<LogFile>,
    splitter: Mutex<Splitter>,
}

impl LogSink {
    /// A sink at the beginning of a line.
    pub fn new(log: Arc<LogFile>, source: Source) -> Self {
        Self(Arc::new(Shared {
            log,
            splitter: Mutex::new(Splitter::new(source)),
        }))
    }

    /// Writes bytes of the stream.
    pub fn write(&self, bytes: &[u8]) {
        let mut entries = Vec::with_capacity(bytes.len() + 64);
        // The lock is held over the append, so that two handles' lines keep the order of their splitting.
        let mut splitter = self.0.splitter.lock();
        splitter.push(bytes, clock::now(), &mut entries);
        self.0.log.append(&entries);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let mut entries = Vec::new();
        self.splitter.get_mut().finish(clock::now(), &mut entries);
        self.log.append(&entries);
    }
}

impl IsTerminal for LogSink {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogSink {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for LogSink {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        Self::write(self, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_PERMIT)
    }
}

#[async_trait::async_trait]
impl Pollable for LogSink {
    async fn ready(&mut self) {}
}

impl AsyncWrite for LogSink {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Self::write(&self, bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
