//! A pipe as a guest's stdin.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, ReadBuf};
use wasmtime_wasi::cli::{IsTerminal, StdinStream};
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError, StreamResult};

use super::Pipe;
use super::pipe::Closed;

/// The stdin of one instance.
#[derive(Clone, Debug)]
pub struct Input {
    pipe: Pipe,
    terminal: bool,
}

impl Input {
    /// What comes out of `pipe`.
    pub const fn new(pipe: Pipe, terminal: bool) -> Self {
        Self { pipe, terminal }
    }
}

impl IsTerminal for Input {
    fn is_terminal(&self) -> bool {
        self.terminal
    }
}

impl StdinStream for Input {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        Box::new(Reader {
            pipe: self.pipe.clone(),
            waiting: Mutex::new(None),
        })
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }
}

impl InputStream for Input {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        self.pipe.pop(size).map_err(|Closed| StreamError::Closed)
    }
}

#[async_trait::async_trait]
impl Pollable for Input {
    async fn ready(&mut self) {
        self.pipe.has_bytes().await;
    }
}

/// The same for who reads as tokio does.
struct Reader {
    pipe: Pipe,
    // A mutex for `Sync` alone: whoever polls has it to himself.
    waiting: Mutex<Option<BoxFuture<'static, ()>>>,
}

impl AsyncRead for Reader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut waiting = self.waiting.lock();
            if let Some(future) = waiting.as_mut() {
                std::task::ready!(future.as_mut().poll(cx));
                *waiting = None;
            }
            match self.pipe.pop(into.remaining()) {
                Err(Closed) => return Poll::Ready(Ok(())),
                Ok(bytes) if bytes.is_empty() => {
                    let pipe = self.pipe.clone();
                    *waiting = Some(Box::pin(async move { pipe.has_bytes().await }));
                }
                Ok(bytes) => {
                    into.put_slice(&bytes);
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn a_reader_gets_what_comes_and_then_the_end() {
        let pipe = Pipe::default();
        let mut reader = Box::into_pin(Input::new(pipe.clone(), false).async_stream());
        let typing = tokio::spawn(async move {
            for piece in ["he", "llo"] {
                pipe.send(Bytes::from_static(piece.as_bytes()))
                    .await
                    .unwrap();
                tokio::task::yield_now().await;
            }
            pipe.close();
        });
        let mut all = String::new();
        reader.read_to_string(&mut all).await.unwrap();
        typing.await.unwrap();
        assert_eq!(all, "hello");
    }
}
