//! A guest's stdout or stderr: into its log, or into a pipe.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use super::Pipe;
use super::pipe::Closed;
use crate::logs::LogSink;

/// Bytes a guest may write into its log in one call; more takes several calls.
const WRITE_PERMIT: usize = 64 << 10;

/// One stream of one instance.
#[derive(Clone, Debug)]
pub struct Output {
    to: To,
    terminal: bool,
}

#[derive(Clone, Debug)]
enum To {
    Log(LogSink),
    Pipe(Pipe),
}

impl To {
    /// Waits until something may be written.
    async fn has_room(&self) {
        match self {
            Self::Pipe(pipe) => pipe.has_room().await,
            Self::Log(sink) => {
                let wait = sink.log().wait();
                if !wait.is_zero() {
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }
}

impl Output {
    /// Into a log.
    pub const fn log(sink: LogSink, terminal: bool) -> Self {
        let to = To::Log(sink);
        Self { to, terminal }
    }

    /// Into a pipe.
    pub const fn pipe(pipe: Pipe, terminal: bool) -> Self {
        let to = To::Pipe(pipe);
        Self { to, terminal }
    }

    /// Writes at once, beyond any bound: for the runtime's own words.
    pub fn say(&self, bytes: &[u8]) {
        match &self.to {
            To::Log(sink) => sink.write(bytes),
            // Whoever closed it wants no more words.
            To::Pipe(pipe) => drop(pipe.push(Bytes::copy_from_slice(bytes))),
        }
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        self.terminal
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(Writer {
            to: self.to.clone(),
            waiting: Mutex::new(None),
        })
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        match &self.to {
            To::Log(sink) => {
                sink.write(&bytes);
                Ok(())
            }
            To::Pipe(pipe) => pipe.push(bytes).map_err(|Closed| StreamError::Closed),
        }
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        match &self.to {
            To::Log(sink) => Ok(sink.log().room().min(WRITE_PERMIT)),
            To::Pipe(pipe) => pipe.room().map_err(|Closed| StreamError::Closed),
        }
    }
}

#[async_trait::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {
        self.to.has_room().await;
    }
}

/// The same for who writes as tokio does.
struct Writer {
    to: To,
    // A mutex for `Sync` alone: whoever polls has it to himself.
    waiting: Mutex<Option<BoxFuture<'static, ()>>>,
}

impl AsyncWrite for Writer {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let closed = |Closed| io::Error::from(io::ErrorKind::BrokenPipe);
        loop {
            let mut waiting = self.waiting.lock();
            if let Some(future) = waiting.as_mut() {
                std::task::ready!(future.as_mut().poll(cx));
                *waiting = None;
            }
            let room = match &self.to {
                To::Log(sink) => sink.log().room(),
                To::Pipe(pipe) => pipe.room().map_err(closed)?,
            };
            if room > 0 {
                let taken = bytes.get(..room).unwrap_or(bytes);
                match &self.to {
                    To::Log(sink) => sink.write(taken),
                    To::Pipe(pipe) => pipe.push(Bytes::copy_from_slice(taken)).map_err(closed)?,
                }
                return Poll::Ready(Ok(taken.len()));
            }
            let to = self.to.clone();
            *waiting = Some(Box::pin(async move { to.has_room().await }));
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
