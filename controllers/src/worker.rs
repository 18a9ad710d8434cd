//! Runs a controller's syncs: takes keys from its queue, at most so many at a time, and gives each its outcome back.

use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::queue::{Outcome, Queue};

/// What a sync that went well asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Next {
    /// When to look again even if nothing changes.
    pub after: Option<Duration>,
    /// Changes within this time are worked on together.
    pub rest: Duration,
}

/// Gives a key back to its queue whatever becomes of its sync.
struct Turn<K: Clone + Eq + Hash> {
    queue: Arc<Queue<K>>,
    key: K,
    outcome: Outcome,
    began: Instant,
}

impl<K: Clone + Eq + Hash> Drop for Turn<K> {
    fn drop(&mut self) {
        self.queue.metrics().worked(self.began.elapsed());
        self.queue.finish(&self.key, self.outcome);
    }
}

/// Works on `queue` until `shutdown`, at most `limit` keys at once. Syncs under way are then given up.
pub async fn work<K, F, Fut>(
    controller: &'static str,
    queue: Arc<Queue<K>>,
    limit: usize,
    shutdown: CancellationToken,
    sync: F,
) where
    K: Clone + Eq + Hash + std::fmt::Display + Send + Sync + 'static,
    F: Fn(K) -> Fut + Send,
    Fut: Future<Output = Result<Next, Error>> + Send + 'static,
{
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            Some(_) = running.join_next(), if !running.is_empty() => {}
            key = queue.next(), if running.len() < limit.max(1) => {
                let turn = Turn { queue: queue.clone(), key: key.clone(), outcome: Outcome::Failed, began: Instant::now() };
                let syncing = sync(key);
                running.spawn(async move {
                    // Moved whole, so that its drop comes after the outcome is known.
                    let mut turn = turn;
                    match syncing.await {
                        Ok(next) => turn.outcome = Outcome::Done { after: next.after, rest: next.rest },
                        Err(error) if error.is_conflict() || matches!(error, Error::Stale) => {
                            tracing::debug!(controller, key = %turn.key, %error, "will be tried again");
                        }
                        Err(error) => {
                            tracing::warn!(controller, key = %turn.key, %error, "a sync failed and will be tried again");
                        }
                    }
                });
            }
        }
    }
    running.shutdown().await;
}

/// Calls `once` for 0, 1, 2 … `count - 1`: first one call, then twice as many at once each time that all went well, so that
/// what fails, fails few times. Returns how many went well, how many were never tried, and the first error.
pub async fn slow_start<F, Fut>(count: usize, once: F) -> (usize, usize, Option<Error>)
where
    F: Fn(usize) -> Fut,
    Fut: Future<Output = Result<(), Error>> + Send + 'static,
{
    let (mut started, mut succeeded, mut batch) = (0, 0, 1);
    while started < count {
        let size = batch.min(count - started);
        let mut calls = JoinSet::new();
        for i in started..started + size {
            calls.spawn(once(i));
        }
        started += size;
        let mut first_error = None;
        while let Some(result) = calls.join_next().await {
            match result {
                Ok(Ok(())) => succeeded += 1,
                Ok(Err(error)) => first_error = first_error.or(Some(error)),
                Err(broken) => {
                    first_error = first_error.or(Some(Error::Object(broken.to_string())));
                }
            }
        }
        if first_error.is_some() {
            return (succeeded, count - started, first_error);
        }
        batch *= 2;
    }
    (succeeded, 0, None)
}

/// Calls `once` for 0 … `count - 1` all at once; returns how many went well and the first error.
pub async fn all_at_once<F, Fut>(count: usize, once: F) -> (usize, Option<Error>)
where
    F: Fn(usize) -> Fut,
    Fut: Future<Output = Result<(), Error>> + Send + 'static,
{
    let mut calls = JoinSet::new();
    for i in 0..count {
        calls.spawn(once(i));
    }
    let (mut succeeded, mut first_error) = (0, None);
    while let Some(result) = calls.join_next().await {
        match result {
            Ok(Ok(())) => succeeded += 1,
            Ok(Err(error)) => first_error = first_error.or(Some(error)),
            Err(broken) => first_error = first_error.or(Some(Error::Object(broken.to_string()))),
        }
    }
    (succeeded, first_error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;

    #[tokio::test]
    async fn slow_start_doubles_and_stops_at_the_first_failing_batch() {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let result = slow_start(100, |i| {
            let calls = calls.clone();
            async move {
                calls.lock().push(i);
                if i == 5 { Err(Error::Stale) } else { Ok(()) }
            }
        })
        .await;
        // Batches of 1, 2 and 4: the third holds the failure.
        assert_eq!(calls.lock().len(), 7);
        assert_eq!((result.0, result.1), (6, 93));
        assert!(matches!(result.2, Some(Error::Stale)));
        let (ok, skipped, error) = slow_start(500, |_| async { Ok(()) }).await;
        assert_eq!((ok, skipped, error.is_none()), (500, 0, true));
    }
}
