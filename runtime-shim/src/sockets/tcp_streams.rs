//! The two byte streams of a TCP connection.
//!
//! Reading asks the kernel and keeps no buffer. Writing hands bytes to the kernel at once; what its buffer has no room for is written by a
//! small task, during which the guest is told to wait, so at most one write of [`WRITE_PERMIT`] bytes is ever held per connection.

use std::future::Future as _;
use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, InputStream, OutputStream, Pollable, StreamError, StreamResult,
};

use super::GuestNet;
use crate::network::Traffic;

/// Bytes a guest may write in one call.
pub const WRITE_PERMIT: usize = 64 * 1024;
/// Bytes taken from the kernel in one read.
const READ_CHUNK: usize = 64 * 1024;

/// A connection, shared by the socket and its streams.
#[derive(Debug)]
pub struct Connection {
    stream: Arc<TcpStream>,
    closed: CancellationToken,
    traffic: Arc<Traffic>,
    reading: Mutex<Reading>,
    writing: Mutex<Writing>,
}

#[derive(Debug)]
struct Reading {
    open: bool,
}

#[derive(Debug)]
enum Writing {
    Idle,
    /// The rest of a write is on its way.
    Flushing(JoinHandle<io::Result<()>>),
    /// The guest closed its side while a write was on its way: the task says goodbye when it is done.
    Closing(JoinHandle<io::Result<()>>),
    /// A write failed, and the guest has not been told yet.
    Failed(io::Error),
    Closed,
}

impl Connection {
    /// A connection of `net`'s, just made.
    pub fn new(stream: TcpStream, net: &GuestNet) -> Self {
        Self {
            stream: Arc::new(stream),
            closed: net.closed.clone(),
            traffic: Arc::clone(&net.traffic),
            reading: Mutex::new(Reading { open: true }),
            writing: Mutex::new(Writing::Idle),
        }
    }

    /// The kernel's socket.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// The guest's two streams. Each ends its direction when it is dropped.
    pub fn streams(self: &Arc<Self>) -> (DynInputStream, DynOutputStream) {
        (
            Box::new(Reader(Arc::clone(self))),
            Box::new(Writer(Arc::clone(self))),
        )
    }

    /// Ends one or both directions, after what was written before.
    pub fn shutdown(&self, how: Shutdown) {
        if matches!(how, Shutdown::Read | Shutdown::Both) {
            let mut reading = self.reading.lock();
            if std::mem::replace(&mut reading.open, false) {
                let _ = rustix::net::shutdown(&*self.stream, rustix::net::Shutdown::Read);
            }
        }
        if matches!(how, Shutdown::Write | Shutdown::Both) {
            let mut writing = self.writing.lock();
            *writing = match std::mem::replace(&mut *writing, Writing::Closed) {
                Writing::Idle => {
                    let _ = rustix::net::shutdown(&*self.stream, rustix::net::Shutdown::Write);
                    Writing::Closed
                }
                Writing::Flushing(task) => {
                    let stream = Arc::clone(&self.stream);
                    Writing::Closing(tokio::spawn(async move {
                        let result = joined(task.await);
                        let _ = rustix::net::shutdown(&*stream, rustix::net::Shutdown::Write);
                        result
                    }))
                }
                other => other,
            };
        }
    }

    fn read(&self, size: usize) -> StreamResult<Bytes> {
        let mut reading = self.reading.lock();
        if !reading.open {
            return Err(StreamError::Closed);
        }
        let mut buffer = BytesMut::with_capacity(size.min(READ_CHUNK));
        if size == 0 {
            return Ok(Bytes::new());
        }
        match self.stream.try_read_buf(&mut buffer) {
            Ok(0) => {
                reading.open = false;
                Err(StreamError::Closed)
            }
            Ok(read) => {
                self.traffic.received(read);
                buffer.truncate(size);
                Ok(buffer.freeze())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Bytes::new()),
            Err(error) => {
                reading.open = false;
                Err(StreamError::LastOperationFailed(error.into()))
            }
        }
    }

    fn write(&self, mut bytes: Bytes) -> StreamResult<()> {
        let mut writing = self.writing.lock();
        match &*writing {
            Writing::Idle => {}
            Writing::Flushing(_) => {
                return Err(StreamError::trap("written without a permit to"));
            }
            Writing::Closing(_) | Writing::Failed(_) | Writing::Closed => {
                return Err(StreamError::Closed);
            }
        }
        if bytes.len() > WRITE_PERMIT {
            return Err(StreamError::trap("written more than permitted"));
        }
        // What the kernel has no room for is on its way all the same.
        self.traffic.sent(bytes.len());
        while !bytes.is_empty() {
            match self.stream.try_write(&bytes) {
                Ok(n) => bytes.advance(n),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let rest = flush(
                        Arc::clone(&self.stream),
                        // Cut loose from the guest's buffer, which may be larger.
                        Bytes::copy_from_slice(&bytes),
                        self.closed.clone(),
                    );
                    *writing = Writing::Flushing(tokio::spawn(rest));
                    return Ok(());
                }
                Err(error) => {
                    *writing = Writing::Closed;
                    return Err(stream_error(error));
                }
            }
        }
        Ok(())
    }

    /// Ready when the guest may write again, or never will.
    fn poll_settled(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut writing = self.writing.lock();
        let (result, then) = match &mut *writing {
            Writing::Failed(_) | Writing::Closed => return Poll::Ready(()),
            Writing::Idle => (ready!(self.stream.poll_write_ready(cx)), Writing::Idle),
            Writing::Flushing(task) => (joined(ready!(Pin::new(task).poll(cx))), Writing::Idle),
            Writing::Closing(task) => (joined(ready!(Pin::new(task).poll(cx))), Writing::Closed),
        };
        *writing = match result {
            Ok(()) => then,
            Err(error) => Writing::Failed(error),
        };
        Poll::Ready(())
    }

    fn permit(&self) -> StreamResult<usize> {
        let settled = self.poll_settled(&mut Context::from_waker(Waker::noop()));
        let mut writing = self.writing.lock();
        match &*writing {
            Writing::Closed => Err(StreamError::Closed),
            Writing::Failed(_) => match std::mem::replace(&mut *writing, Writing::Closed) {
                Writing::Failed(error) => Err(stream_error(error)),
                _ => Err(StreamError::Closed),
            },
            _ if settled.is_pending() => Ok(0),
            _ => Ok(WRITE_PERMIT),
        }
    }
}

fn joined(result: Result<io::Result<()>, JoinError>) -> io::Result<()> {
    result.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// Writes all of `bytes`, unless the container ends first.
async fn flush(
    stream: Arc<TcpStream>,
    mut bytes: Bytes,
    closed: CancellationToken,
) -> io::Result<()> {
    while !bytes.is_empty() {
        tokio::select! {
            ready = stream.writable() => ready?,
            () = closed.cancelled() => return Err(io::ErrorKind::ConnectionAborted.into()),
        }
        match stream.try_write(&bytes) {
            Ok(n) => bytes.advance(n),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A peer that is gone closes the stream; anything else is told to the guest.
fn stream_error(error: io::Error) -> StreamError {
    match error.kind() {
        io::ErrorKind::BrokenPipe => StreamError::Closed,
        _ => StreamError::LastOperationFailed(error.into()),
    }
}

struct Reader(Arc<Connection>);

impl InputStream for Reader {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        self.0.read(size)
    }
}

#[async_trait::async_trait]
impl Pollable for Reader {
    async fn ready(&mut self) {
        if self.0.reading.lock().open {
            let _ = self.0.stream.readable().await;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.shutdown(Shutdown::Read);
    }
}

struct Writer(Arc<Connection>);

#[async_trait::async_trait]
impl OutputStream for Writer {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        match &*self.0.writing.lock() {
            Writing::Closed => Err(StreamError::Closed),
            _ => Ok(()),
        }
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.0.permit()
    }

    async fn cancel(&mut self) {
        // What the guest was told is written gets written.
        self.ready().await;
    }
}

#[async_trait::async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {
        std::future::poll_fn(|cx| self.0.poll_settled(cx)).await;
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.shutdown(Shutdown::Write);
    }
}
