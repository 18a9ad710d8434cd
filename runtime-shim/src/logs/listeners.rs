//! Those who are attached to a container: they hear what its guest writes, from when they came.
//!
//! A guest waits for nobody who listens. Who falls too far behind is cut off.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;

use super::Source;
use crate::guest::Pipe;

/// How far behind a listener may be, in bytes of a stream.
const MAX_BEHIND: usize = 1 << 20;

/// What one listener hears. Both pipes are closed at the container's end, or when it is cut off.
#[derive(Clone, Debug, Default)]
pub struct Listener {
    /// The guest's stdout.
    pub stdout: Pipe,
    /// The guest's stderr.
    pub stderr: Pipe,
}

/// All listeners of a container.
#[derive(Debug, Default)]
pub struct Listeners {
    all: Mutex<Vec<Listener>>,
    /// How many there are: nobody, nearly always, and then a write takes no lock for it.
    count: AtomicUsize,
}

impl Listeners {
    /// A new one.
    pub fn join(&self) -> Listener {
        let listener = Listener::default();
        let mut all = self.all.lock();
        // Those who have left a guest that says nothing.
        all.retain(|listener| !listener.stdout.is_closed());
        all.push(listener.clone());
        self.count.store(all.len(), Ordering::Release);
        listener
    }

    /// The guest wrote.
    pub fn tell(&self, source: Source, bytes: &[u8]) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let bytes = Bytes::copy_from_slice(bytes);
        let mut all = self.all.lock();
        all.retain(|listener| {
            let pipe = match source {
                Source::Stdout => &listener.stdout,
                Source::Stderr => &listener.stderr,
            };
            let hears = pipe.waiting() <= MAX_BEHIND && pipe.push(bytes.clone()).is_ok();
            if !hears {
                listener.close();
            }
            hears
        });
        self.count.store(all.len(), Ordering::Release);
    }

    /// The guest has ended.
    pub fn end(&self) {
        let mut all = self.all.lock();
        all.drain(..).for_each(|listener| listener.close());
        self.count.store(0, Ordering::Release);
    }
}

impl Listener {
    /// Hears nothing more.
    pub fn close(&self) {
        self.stdout.close();
        self.stderr.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn listeners_hear_what_is_written_from_when_they_came() {
        let listeners = Listeners::default();
        listeners.tell(Source::Stdout, b"before");
        let listener = listeners.join();
        listeners.tell(Source::Stdout, b"out");
        listeners.tell(Source::Stderr, b"err");
        listeners.end();
        assert_eq!(listener.stdout.next().await.unwrap(), "out");
        assert_eq!(listener.stderr.next().await.unwrap(), "err");
        assert_eq!(listener.stdout.next().await, None);
    }

    #[test]
    fn who_has_left_is_forgotten() {
        let listeners = Listeners::default();
        for _ in 0..3 {
            listeners.join().close();
        }
        listeners.join();
        assert_eq!(listeners.all.lock().len(), 1);
    }

    #[tokio::test]
    async fn who_does_not_keep_up_is_cut_off() {
        let listeners = Listeners::default();
        let (slow, quick) = (listeners.join(), listeners.join());
        for _ in 0..=MAX_BEHIND >> 16 {
            listeners.tell(Source::Stdout, &[0; 1 << 16]);
            quick.stdout.next().await.unwrap();
        }
        listeners.tell(Source::Stdout, b"x");
        assert_eq!(quick.stdout.next().await.unwrap(), "x");
        let mut heard = 0;
        while let Some(bytes) = slow.stdout.next().await {
            heard += bytes.len();
        }
        assert_eq!(heard, ((MAX_BEHIND >> 16) + 1) << 16);
    }
}
