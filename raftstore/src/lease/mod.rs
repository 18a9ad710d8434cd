//! When leases end. That a lease exists, and which keys hang on it, is replicated and lives in the key space; when it ends is
//! the leader's knowledge, counted on the monotonic clock.
//!
//! A member that becomes the leader has not seen the renewals, which do not go through the log: it starts every lease anew
//! ([`LeaseClock::lead`]), with its full time or with what was left at its last checkpoint. Checkpoints go through the log:
//! now and then for leases that live long, so that a lease of a day is not given another day with every change of the leader.
//! A renewal takes the checkpoint back before it is answered, so that no lease ends early.

pub mod expiry;

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{Clock, command::LeaseCheckpoint};

/// Longest time to live in seconds, as in etcd.
pub const MAX_TTL_SECONDS: i64 = 9_000_000_000;
/// After a proposal to end a lease, how long until it is proposed again.
const RETRY: Duration = Duration::from_secs(1);

/// When leases end.
#[derive(Debug)]
pub struct LeaseClock {
    clock: Clock,
    checkpoint_interval: Option<Duration>,
    ends: Mutex<Ends>,
    /// The term for which this member last started all leases as the leader. Locked before anything else.
    led: Mutex<Option<u64>>,
    /// Told when something comes nearer.
    pub sooner: Notify,
}

#[derive(Debug, Default)]
struct Ends {
    leases: HashMap<i64, Running>,
    /// (when it is looked at next, lease)
    order: BTreeSet<(Duration, i64)>,
    /// (when it is checkpointed next, lease)
    checkpoints: BTreeSet<(Duration, i64)>,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    ttl: i64,
    end: Duration,
    look: Duration,
    /// Seconds left at the last checkpoint; 0 is none.
    noted: i64,
    checkpoint: Option<Duration>,
}

fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(seconds.max(0).unsigned_abs())
}

impl Ends {
    fn start(&mut self, id: i64, lease: Running) {
        self.remove(id);
        self.leases.insert(id, lease);
        self.order.insert((lease.look, id));
        if let Some(at) = lease.checkpoint {
            self.checkpoints.insert((at, id));
        }
    }

    fn remove(&mut self, id: i64) {
        if let Some(old) = self.leases.remove(&id) {
            self.order.remove(&(old.look, id));
            if let Some(at) = old.checkpoint {
                self.checkpoints.remove(&(at, id));
            }
        }
    }
}

impl LeaseClock {
    /// Without leases. `None`: leases are never checkpointed.
    pub fn new(clock: Clock, checkpoint_interval: Option<Duration>) -> Self {
        LeaseClock {
            clock,
            checkpoint_interval,
            ends: Mutex::default(),
            led: Mutex::default(),
            sooner: Notify::new(),
        }
    }

    /// A lease that has this much left from now on.
    fn running(&self, ttl: i64, left: Duration, noted: i64, now: Duration) -> Running {
        let end = now.saturating_add(left);
        Running {
            ttl,
            end,
            look: end,
            noted,
            checkpoint: self.next_checkpoint(left, now),
        }
    }

    /// etcd's rule: what lives longer than the interval is checkpointed after it.
    fn next_checkpoint(&self, left: Duration, now: Duration) -> Option<Duration> {
        let interval = self.checkpoint_interval?;
        (left > interval).then(|| now + interval)
    }

    /// Forgets all leases and starts these: id, time to live, and what was left at the last checkpoint, in seconds. Each has
    /// `extra` on top, for the time in which there was no leader.
    pub fn replace(&self, leases: impl Iterator<Item = (i64, i64, i64)>, extra: Duration) {
        let mut ends = self.ends.lock();
        *ends = Ends::default();
        let now = self.clock.now();
        for (id, ttl, noted) in leases {
            let left = seconds(if noted > 0 { noted } else { ttl }) + extra;
            ends.start(id, self.running(ttl, left, noted, now));
        }
        self.sooner.notify_one();
    }

    /// Calls `restart` if this member has not led in this term before. Nobody is told of a lease before that is done.
    pub fn lead(&self, term: u64, restart: impl FnOnce()) {
        let mut led = self.led.lock();
        if *led != Some(term) {
            restart();
            *led = Some(term);
        }
    }

    /// Starts a lease.
    pub fn start(&self, id: i64, ttl: i64) {
        let now = self.clock.now();
        let lease = self.running(ttl, seconds(ttl), 0, now);
        self.ends.lock().start(id, lease);
        self.sooner.notify_one();
    }

    /// Forgets a lease.
    pub fn stop(&self, id: i64) {
        self.ends.lock().remove(id);
    }

    /// Notes a checkpoint that was applied: what was left, or 0 if it was taken back.
    pub fn note_checkpoint(&self, id: i64, left: i64) {
        let now = self.clock.now();
        let mut ends = self.ends.lock();
        let Some(lease) = ends.leases.get(&id).copied() else {
            return;
        };
        let checkpoint = self.next_checkpoint(lease.end.saturating_sub(now), now);
        let lease = Running {
            noted: left,
            checkpoint,
            ..lease
        };
        ends.start(id, lease);
        drop(ends);
        if checkpoint.is_some() {
            self.sooner.notify_one();
        }
    }

    /// Whether a lease has a checkpoint that a renewal must take back first.
    pub fn is_checkpointed(&self, id: i64) -> bool {
        self.ends
            .lock()
            .leases
            .get(&id)
            .is_some_and(|lease| lease.noted > 0)
    }

    /// Starts a lease's time anew. Returns it in seconds, or `None` if the lease does not exist or has ended.
    pub fn renew(&self, id: i64) -> Option<i64> {
        let now = self.clock.now();
        let mut ends = self.ends.lock();
        let lease = *ends.leases.get(&id).filter(|lease| lease.end > now)?;
        let end = now.saturating_add(seconds(lease.ttl));
        let renewed = Running {
            end,
            look: end,
            // One that is due stays due: what is renewed all the time is checkpointed as well, as in etcd.
            checkpoint: lease.checkpoint.or(self.next_checkpoint(end - now, now)),
            ..lease
        };
        ends.start(id, renewed);
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
        let ends = self.ends.lock();
        let first = |queue: &BTreeSet<(Duration, i64)>| queue.first().map(|(at, _)| *at);
        let next = [first(&ends.order), first(&ends.checkpoints)];
        next.into_iter()
            .flatten()
            .min()
            .map(|at| at.saturating_sub(now))
    }

    /// At most `limit` checkpoints that are due, to be proposed. Each is due again after a while if it is not applied.
    pub fn due_checkpoints(&self, limit: usize) -> Vec<LeaseCheckpoint> {
        let now = self.clock.now();
        let mut ends = self.ends.lock();
        let mut due = Vec::new();
        while due.len() < limit
            && let Some((at, id)) = ends.checkpoints.first().copied()
            && at <= now
        {
            ends.checkpoints.remove(&(at, id));
            let Some(lease) = ends.leases.get_mut(&id) else {
                continue;
            };
            lease.checkpoint = None;
            if lease.end <= now {
                continue;
            }
            let left = (lease.end - now).as_secs_f64().ceil() as i64;
            let again = self.checkpoint_interval.map(|interval| now + interval);
            lease.checkpoint = again;
            if left < lease.ttl {
                due.push(LeaseCheckpoint {
                    id,
                    remaining: left,
                });
            }
            ends.checkpoints.extend(again.map(|again| (again, id)));
        }
        due
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

    fn clock(checkpoint_interval: Option<Duration>) -> LeaseClock {
        LeaseClock::new(Clock::start(), checkpoint_interval)
    }

    #[test]
    fn a_lease_ends_once_and_is_named_again_only_later() {
        let clock = clock(None);
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
        let clock = clock(None);
        clock.start(1, 0);
        clock.replace([(1, 500, 0), (3, 600, 0)].into_iter(), Duration::ZERO);
        assert!(
            clock
                .remaining(1)
                .is_some_and(|left| left > Duration::from_secs(400))
        );
        assert!(clock.ended(10).is_empty());
    }

    #[test]
    fn what_was_checkpointed_is_not_given_its_full_time_again() {
        let clock = clock(Some(Duration::from_millis(1)));
        clock.start(1, 86_400);
        clock.start(2, 0);
        while clock.next_look().is_some_and(|wait| !wait.is_zero()) {
            std::thread::yield_now();
        }
        // Nothing has passed of the lease but a millisecond: a checkpoint says so only once it is a second less.
        assert!(clock.due_checkpoints(10).is_empty());
        clock.replace([(1, 86_400, 100)].into_iter(), Duration::from_secs(1));
        let left = clock.remaining(1).unwrap();
        assert!(left > Duration::from_secs(99) && left <= Duration::from_secs(101));
        assert!(clock.is_checkpointed(1));
        let begun = std::time::Instant::now();
        let due = loop {
            let due = clock.due_checkpoints(10);
            if !due.is_empty() {
                break due;
            }
            assert!(begun.elapsed() < Duration::from_secs(10));
            std::thread::yield_now();
        };
        assert!(due[0].id == 1 && (99..=101).contains(&due[0].remaining));
        // A renewal has taken the checkpoint back.
        clock.note_checkpoint(1, 0);
        assert!(!clock.is_checkpointed(1));
        assert_eq!(clock.renew(1), Some(86_400));
        assert!(clock.remaining(1).unwrap() > Duration::from_secs(86_000));
    }

    #[test]
    fn each_term_is_led_anew() {
        let clock = clock(None);
        let led = |term| {
            let mut restarted = false;
            clock.lead(term, || restarted = true);
            restarted
        };
        assert_eq!([3, 3, 4].map(led), [true, false, true]);
    }
}
