//! When leases end. That a lease exists, and which keys hang on it, is replicated and lives in the key space; when it ends is
//! the leader's knowledge, counted on the monotonic clock, and every lease starts anew with its full time when a leader does.

pub mod expiry;

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::Clock;

/// Longest time to live in seconds, as in etcd.
pub const MAX_TTL_SECONDS: i64 = 9_000_000_000;
/// After a proposal to end a lease, how long until it is proposed again.
const RETRY: Duration = Duration::from_secs(1);

/// When leases end.
#[derive(Debug)]
pub struct LeaseClock {
    clock: Clock,
    ends: Mutex<Ends>,
    /// Told when an end comes nearer.
    pub sooner: Notify,
}

#[derive(Debug, Default)]
struct Ends {
    leases: HashMap<i64, Running>,
    /// (when it is looked at next, lease)
    order: BTreeSet<(Duration, i64)>,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    ttl: i64,
    end: Duration,
    look: Duration,
}

impl Ends {
    fn start(&mut self, id: i64, ttl: i64, now: Duration) {
        let end = now + Duration::from_secs(ttl.max(0).unsigned_abs());
        if let Some(old) = self.leases.insert(
            id,
            Running {
                ttl,
                end,
                look: end,
            },
        ) {
            self.order.remove(&(old.look, id));
        }
        self.order.insert((end, id));
    }
}

impl LeaseClock {
    /// Without leases.
    pub fn new(clock: Clock) -> Self {
        LeaseClock {
            clock,
            ends: Mutex::default(),
            sooner: Notify::new(),
        }
    }

    /// Forgets all leases and starts these, each with its full time.
    pub fn replace(&self, leases: impl Iterator<Item = (i64, i64)>) {
        let now = self.clock.now();
        let mut ends = self.ends.lock();
        *ends = Ends::default();
        for (id, ttl) in leases {
            ends.start(id, ttl, now);
        }
        self.sooner.notify_one();
    }

    /// Starts a lease.
    pub fn start(&self, id: i64, ttl: i64) {
        self.ends.lock().start(id, ttl, self.clock.now());
        self.sooner.notify_one();
    }

    /// Forgets a lease.
    pub fn stop(&self, id: i64) {
        let mut ends = self.ends.lock();
        if let Some(old) = ends.leases.remove(&id) {
            ends.order.remove(&(old.look, id));
        }
    }

    /// Starts a lease's time anew. Returns it in seconds, or `None` if the lease does not exist or has ended.
    pub fn renew(&self, id: i64) -> Option<i64> {
        let now = self.clock.now();
        let mut ends = self.ends.lock();
        let lease = *ends.leases.get(&id).filter(|lease| lease.end > now)?;
        ends.start(id, lease.ttl, now);
        Some(lease.ttl)
    }

    /// What is left of a lease; `None` if it does not exist.
    pub fn remaining(&self, id: i64) -> Option<Duration> {
        let now = self.clock.now();
        self.ends
            .lock()
            .leases
            .get(&id)
            .map(|lease| lease.end.saturating_sub(now))
    }

    /// How long until a lease is to be looked at; `None` if there is none.
    pub fn next_look(&self) -> Option<Duration> {
        let now = self.clock.now();
        let first = self.ends.lock().order.first().map(|(look, _)| *look);
        first.map(|look| look.saturating_sub(now))
    }

    /// At most `limit` leases that have ended. Each is named again after a while if it still exists.
    pub fn ended(&self, limit: usize) -> Vec<i64> {
        let now = self.clock.now();
        let mut ends = self.ends.lock();
        let mut due = Vec::new();
        while due.len() < limit
            && let Some((look, id)) = ends.order.first().copied()
            && look <= now
        {
            ends.order.remove(&(look, id));
            if let Some(lease) = ends.leases.get_mut(&id) {
                lease.look = now + RETRY;
                due.push(id);
                ends.order.insert((now + RETRY, id));
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_ends_once_and_is_named_again_only_later() {
        let clock = LeaseClock::new(Clock::start());
        clock.start(1, 0);
        clock.start(2, 1_000);
        assert_eq!(clock.ended(10), [1]);
        assert!(clock.ended(10).is_empty());
        assert_eq!(clock.renew(1), None, "it has ended");
        assert_eq!(clock.renew(2), Some(1_000));
        clock.stop(1);
        assert_eq!(clock.remaining(1), None);
        assert!(
            clock
                .next_look()
                .is_some_and(|wait| wait > Duration::from_secs(900))
        );
    }

    #[test]
    fn a_restart_gives_the_full_time_again() {
        let clock = LeaseClock::new(Clock::start());
        clock.start(1, 0);
        clock.replace([(1, 500), (3, 600)].into_iter());
        assert!(
            clock
                .remaining(1)
                .is_some_and(|left| left > Duration::from_secs(400))
        );
        assert!(clock.ended(10).is_empty());
    }
}
