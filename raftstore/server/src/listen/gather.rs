//! A stream whose small writes wait for one turn of the other tasks, so that what several calls answer goes out together.
//!
//! A connection of HTTP/2 is woken by the first of its calls that has an answer, and would send it alone while the others are about
//! to have theirs: most of what a small answer costs is the system call that sends it. Go's gRPC yields once before it flushes
//! little, too. On an idle machine a turn takes no time.
//!
//! The one confusing thing: this claims not to write vectored. `h2` then copies answers of up to a kilobyte into its own buffer
//! instead of flushing before each, and the few large ones are written here, vectored with what waits before them.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that wait at most; a write that would make it more is made at once.
const MAX_WAITING_BYTES: usize = 16 << 10;
/// Bytes that are worth a system call of their own.
const ENOUGH_BYTES: usize = 4 << 10;

/// See the module header.
#[derive(Debug)]
pub struct Gather<S> {
    inner: S,
    waiting: BytesMut,
    /// A turn was given since the last flush that ended.
    yielded: bool,
}

impl<S: AsyncWrite + Unpin> Gather<S> {
    /// Over a stream.
    pub fn new(inner: S) -> Self {
        Gather {
            inner,
            waiting: BytesMut::new(),
            yielded: false,
        }
    }

    /// Writes what waits.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.waiting.is_empty() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.waiting))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.waiting.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Writes what waits, and of `data` as much as is taken, which is some.
    fn poll_write_through(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            if self.waiting.is_empty() {
                return Pin::new(&mut self.inner).poll_write(cx, data);
            }
            let slices = [IoSlice::new(&self.waiting), IoSlice::new(data)];
            let written = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, &slices))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let of_waiting = written.min(self.waiting.len());
            self.waiting.advance(of_waiting);
            if written > of_waiting {
                return Poll::Ready(Ok(written - of_waiting));
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gather<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.waiting.len() + data.len() > MAX_WAITING_BYTES {
            return self.poll_write_through(cx, data);
        }
        self.waiting.extend_from_slice(data);
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let little = (1..ENOUGH_BYTES).contains(&self.waiting.len());
        if little && !self.yielded {
            // Woken by itself, a task goes behind all that are ready.
            self.yielded = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        ready!(self.poll_drain(cx))?;
        self.yielded = false;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        false
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gather<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    /// Takes a few bytes at a time, and every other time none yet.
    #[derive(Default)]
    struct Narrow {
        most: usize,
        taken: Vec<u8>,
        writes: usize,
        busy: bool,
    }

    impl AsyncWrite for Narrow {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            data: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.busy = !self.busy;
            if self.busy {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let taken = data.len().min(self.most);
            self.taken.extend_from_slice(&data[..taken]);
            self.writes += 1;
            Poll::Ready(Ok(taken))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn narrow(most: usize) -> Gather<Narrow> {
        Gather::new(Narrow {
            most,
            ..Default::default()
        })
    }

    #[tokio::test]
    async fn everything_arrives_in_order_however_it_is_cut() {
        for most in [1, 7, 1000, usize::MAX] {
            let mut gather = narrow(most);
            let mut sent = Vec::new();
            for (n, size) in [1, 16_000, 500, 20_000, 3, 16_384, 70_000, 9]
                .into_iter()
                .enumerate()
            {
                let data: Vec<u8> = (0..size).map(|i| (i + n) as u8).collect();
                gather.write_all(&data).await.unwrap();
                sent.extend(data);
                if n % 3 == 2 {
                    gather.flush().await.unwrap();
                    assert_eq!(gather.inner.taken, sent, "after a flush, {most} at a time");
                }
            }
            gather.shutdown().await.unwrap();
            assert_eq!(gather.inner.taken, sent, "{most} at a time");
        }
    }

    #[tokio::test]
    async fn a_little_waits_one_turn_for_more() {
        let mut gather = narrow(usize::MAX);
        gather.write_all(b"first").await.unwrap();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(Pin::new(&mut gather).poll_flush(&mut cx).is_pending());
        assert_eq!(gather.inner.writes, 0);
        gather.write_all(b"second").await.unwrap();
        gather.flush().await.unwrap();
        assert_eq!(gather.inner.taken, b"firstsecond");
        assert_eq!(gather.inner.writes, 1);
    }
}
