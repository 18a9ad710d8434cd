//! Compaction that nobody asks for: etcd's two modes, with etcd's timing.
//!
//! Periodic: the revision is noted ten times an hour, or ten times in the time that is kept if that is less than an hour. Once
//! that time has passed for the first time, and from then on every hour (or as often as the time kept), what is older than
//! the oldest note is compacted. By revision: every five minutes, all but the last so many.
//!
//! When to do what is decided by plain values ([`Periodic`], [`by_revision`]); the loop around them has the clock.

use std::{collections::VecDeque, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{Error, config::AutoCompaction, store::WeakStore};

const HOUR: Duration = Duration::from_secs(3600);
/// How often history is looked at that is kept by the number of revisions.
const REVISION_INTERVAL: Duration = Duration::from_secs(300);
/// Notes in an hour, or in the time kept.
const NOTES: u32 = 10;

/// When to compact what, in the periodic mode.
#[derive(Debug)]
struct Periodic {
    keep: Duration,
    notes: VecDeque<i64>,
    /// When it was last done, or begun.
    done: Duration,
    /// How long after `done` it is done again.
    wait: Duration,
    last: i64,
}

impl Periodic {
    fn new(keep: Duration, now: Duration) -> Self {
        Periodic {
            keep,
            notes: VecDeque::new(),
            done: now,
            wait: keep,
            last: 0,
        }
    }

    /// How often to call [`Periodic::note`] and then, after as long again, [`Periodic::due`].
    fn interval(&self) -> Duration {
        (self.keep.min(HOUR) / NOTES).max(Duration::from_millis(1))
    }

    fn note(&mut self, revision: i64) {
        self.notes.push_back(revision);
        let most = self.keep.as_nanos() / self.interval().as_nanos() + 1;
        while self.notes.len() as u128 > most {
            self.notes.pop_front();
        }
    }

    /// The revision to compact at now, if any.
    fn due(&mut self, now: Duration) -> Option<i64> {
        let oldest = *self.notes.front()?;
        if now.saturating_sub(self.done) < self.wait || oldest == self.last {
            return None;
        }
        self.wait = self.keep.min(HOUR);
        Some(oldest)
    }

    fn done(&mut self, revision: i64, now: Duration) {
        self.last = revision;
        self.done = now;
    }
}

/// The revision to compact at when this many are kept, if any.
fn by_revision(current: i64, keep: i64, last: i64) -> Option<i64> {
    let revision = current - keep;
    (revision > 0 && revision != last).then_some(revision)
}

/// Runs until `stop`. Only the leader compacts; the others keep their notes, so that a new leader goes on.
pub async fn run(store: WeakStore, mode: AutoCompaction, stop: CancellationToken) {
    match mode {
        AutoCompaction::Periodic(keep) => periodic(store, keep, stop).await,
        AutoCompaction::Revision(keep) => revision(store, keep, stop).await,
    }
}

async fn periodic(store: WeakStore, keep: Duration, stop: CancellationToken) {
    let clock = crate::Clock::start();
    let mut periodic = Periodic::new(keep, clock.now());
    loop {
        let Some(inner) = store.upgrade() else { return };
        periodic.note(inner.core().revision());
        drop(inner);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(periodic.interval()) => {}
        }
        let Some(inner) = store.upgrade() else { return };
        if !inner.is_leader() {
            continue;
        }
        if let Some(revision) = periodic.due(clock.now())
            && compacted(revision, inner.compact(revision).await)
        {
            periodic.done(revision, clock.now());
        }
    }
}

async fn revision(store: WeakStore, keep: i64, stop: CancellationToken) {
    let mut last = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(REVISION_INTERVAL) => {}
        }
        let Some(inner) = store.upgrade() else { return };
        if !inner.is_leader() {
            continue;
        }
        if let Some(revision) = by_revision(inner.core().revision(), keep, last)
            && compacted(revision, inner.compact(revision).await)
        {
            last = revision;
        }
    }
}

/// Whether history before a revision is gone. What was compacted by somebody else is.
fn compacted(revision: i64, result: Result<i64, Error>) -> bool {
    match result {
        Ok(_) => {
            tracing::info!(revision, "compacted history");
            true
        }
        Err(Error::Compacted) => true,
        Err(error) => {
            tracing::warn!(%error, revision, "compacting history failed");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the periodic mode over `rounds` intervals; revisions are the intervals' numbers. Returns (minute, revision) of
    /// each compaction.
    fn simulate(keep_minutes: u64, rounds: i64) -> Vec<(u64, i64)> {
        let mut now = Duration::ZERO;
        let mut periodic = Periodic::new(Duration::from_secs(keep_minutes * 60), now);
        let mut done = Vec::new();
        for revision in 1..=rounds {
            periodic.note(revision);
            now += periodic.interval();
            if let Some(revision) = periodic.due(now) {
                periodic.done(revision, now);
                done.push((now.as_secs() / 60, revision));
            }
        }
        done
    }

    #[test]
    fn an_hour_and_more_is_compacted_every_hour() {
        // Noted every six minutes; after two hours what was noted two hours before.
        assert_eq!(simulate(120, 45), [(120, 1), (180, 10), (240, 20)]);
        assert_eq!(simulate(60, 25), [(60, 1), (120, 10)]);
    }

    #[test]
    fn less_than_an_hour_is_compacted_as_often_as_it_is_kept() {
        assert_eq!(simulate(10, 45), [(10, 1), (20, 10), (30, 20), (40, 30)]);
    }

    #[test]
    fn a_store_that_rests_is_left_alone() {
        let mut periodic = Periodic::new(Duration::from_secs(10), Duration::ZERO);
        for _ in 0..11 {
            periodic.note(7);
        }
        assert_eq!(periodic.due(Duration::from_secs(10)), Some(7));
        periodic.done(7, Duration::from_secs(10));
        assert_eq!(periodic.due(Duration::from_secs(30)), None);
        // One that failed is tried again at the next interval.
        periodic.note(8);
        while periodic.notes.front() == Some(&7) {
            periodic.note(8);
        }
        assert_eq!(periodic.due(Duration::from_secs(31)), Some(8));
        assert_eq!(periodic.due(Duration::from_secs(32)), Some(8));
    }

    #[test]
    fn by_the_number_of_revisions() {
        assert_eq!(by_revision(150, 100, 0), Some(50));
        assert_eq!(by_revision(150, 100, 50), None);
        assert_eq!(by_revision(100, 100, 0), None);
    }
}
