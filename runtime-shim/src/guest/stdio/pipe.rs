//! Bytes on their way between a guest and the rest of the process, bounded.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Bytes that wait in a pipe, about: a writer that finds room may write a whole piece.
const ROOM: usize = 64 << 10;

/// A pipe. Both ends are clones of it; either of them may close it.
#[derive(Clone, Debug, Default)]
pub struct Pipe(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    pieces: VecDeque<Bytes>,
    bytes: usize,
    closed: bool,
}

/// The pipe is closed, and empty when it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

impl Pipe {
    /// Puts bytes in, whether there is room or not.
    pub fn push(&self, bytes: Bytes) -> Result<(), Closed> {
        let mut state = self.0.state.lock();
        if state.closed {
            return Err(Closed);
        }
        if !bytes.is_empty() {
            state.bytes += bytes.len();
            state.pieces.push_back(bytes);
            drop(state);
            self.0.changed.notify_waiters();
        }
        Ok(())
    }

    /// Puts bytes in once there is room.
    pub async fn send(&self, bytes: Bytes) -> Result<(), Closed> {
        self.has_room().await;
        self.push(bytes)
    }

    /// How many bytes may be put in now.
    pub fn room(&self) -> Result<usize, Closed> {
        let state = self.0.state.lock();
        if state.closed {
            return Err(Closed);
        }
        Ok(ROOM.saturating_sub(state.bytes))
    }

    /// Bytes that wait.
    pub fn waiting(&self) -> usize {
        self.0.state.lock().bytes
    }

    /// Takes at most `most` bytes out; none while there are none.
    pub fn pop(&self, most: usize) -> Result<Bytes, Closed> {
        let mut state = self.0.state.lock();
        let Some(first) = state.pieces.front_mut() else {
            return if state.closed {
                Err(Closed)
            } else {
                Ok(Bytes::new())
            };
        };
        let taken = first.split_to(first.len().min(most));
        if first.is_empty() {
            state.pieces.pop_front();
        }
        state.bytes -= taken.len();
        drop(state);
        self.0.changed.notify_waiters();
        Ok(taken)
    }

    /// The next bytes; `None` once it is closed and empty.
    pub async fn next(&self) -> Option<Bytes> {
        loop {
            self.has_bytes().await;
            match self.pop(usize::MAX) {
                Err(Closed) => return None,
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return Some(bytes),
            }
        }
    }

    /// Nothing more is put in; what is in can be taken out.
    pub fn close(&self) {
        self.0.state.lock().closed = true;
        self.0.changed.notify_waiters();
    }

    /// Whether nothing more is put in.
    pub fn is_closed(&self) -> bool {
        self.0.state.lock().closed
    }

    /// Waits until bytes can be put in, or never.
    pub async fn has_room(&self) {
        self.until(|state| state.closed || state.bytes < ROOM).await;
    }

    /// Waits until bytes can be taken out, or never.
    pub async fn has_bytes(&self) {
        self.until(|state| state.closed || state.bytes > 0).await;
    }

    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            // Before looking: what happens in between counts.
            changed.as_mut().enable();
            if is_so(&self.0.state.lock()) {
                return;
            }
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_in_a_closed_pipe_still_comes_out() {
        let pipe = Pipe::default();
        pipe.push(Bytes::from_static(b"hello")).unwrap();
        pipe.close();
        assert_eq!(pipe.push(Bytes::from_static(b"late")), Err(Closed));
        assert_eq!(pipe.pop(2).unwrap(), "he");
        assert_eq!(pipe.next().await.unwrap(), "llo");
        assert_eq!(pipe.next().await, None);
        assert_eq!(pipe.pop(1), Err(Closed));
    }

    #[tokio::test]
    async fn who_finds_no_room_waits_for_who_reads() {
        let pipe = Pipe::default();
        pipe.send(vec![0; ROOM].into()).await.unwrap();
        assert_eq!(pipe.room(), Ok(0));
        let writer = pipe.clone();
        let late = tokio::spawn(async move { writer.send(Bytes::from_static(b"x")).await });
        let mut read = 0;
        while read <= ROOM {
            read += pipe.next().await.unwrap().len();
        }
        late.await.unwrap().unwrap();
        assert_eq!(pipe.waiting(), 0);
    }
}
