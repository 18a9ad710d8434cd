//! How much CPU time a container's guests get: never more than its limit, and of what there is a part by its request.
//!
//! Guests give way at every tick of the epoch clock. Before a turn a guest asks its container's [`Account`] whether it may have it, and
//! after it the account is told what was used: [`limit`] is the kernel's CFS bandwidth control in small, [`share`] divides the cores among
//! those who compute all the time when together they want more than there is. Who answers a request and is done within a tick is never
//! one of them, so that busy loops do not delay it.

mod limit;
mod share;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

pub use limit::Quota;
pub use share::Cores;

use limit::Limit;

/// The weight of a container that says nothing: the kernel's own default of `cpu.shares`.
const DEFAULT_SHARES: u64 = 1024;
/// The longest rest for others' sake. They may have stopped by then.
const LONGEST_REST: Duration = Duration::from_millis(50);
/// CPU time that may be saved up, in seconds of one core.
const SAVED: f64 = 0.02;

/// One container's.
#[derive(Debug)]
pub struct Account {
    id: u64,
    cores: Arc<Cores>,
    used_nanos: AtomicU64,
    shares: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limit: Limit,
    /// Seconds of CPU time that its part of the cores has room for; below zero it has taken too much.
    part: f64,
    part_at: Instant,
}

impl Account {
    /// An account without a limit, of a container that runs on `cores`.
    pub fn new(cores: Arc<Cores>, now: Instant) -> Self {
        Self {
            id: cores.next_id(),
            cores,
            used_nanos: AtomicU64::new(0),
            shares: AtomicU64::new(DEFAULT_SHARES),
            state: Mutex::new(State {
                limit: Limit::new(now),
                part: 0.0,
                part_at: now,
            }),
        }
    }

    /// CPU time used so far, in nanoseconds.
    pub fn used_nanos(&self) -> u64 {
        self.used_nanos.load(Ordering::Relaxed)
    }

    /// Changes the limit; `None` is none.
    pub fn set_limit(&self, quota: Option<Quota>, now: Instant) {
        self.state.lock().limit.set(quota, now);
    }

    /// Changes the weight, in CRI's `cpu_shares`; 0 or less is the default.
    pub fn set_shares(&self, shares: i64) {
        let shares = u64::try_from(shares).ok().filter(|shares| *shares > 0);
        self.shares
            .store(shares.unwrap_or(DEFAULT_SHARES), Ordering::Relaxed);
    }

    /// Whether a guest must rest before its next turn, and how long at least. One that is `busy` shares the cores with others who are.
    pub fn rest(&self, now: Instant, busy: bool) -> Option<Duration> {
        let mut state = self.state.lock();
        if let Some(rest) = state.limit.rest(now) {
            return Some(rest);
        }
        let rate = if busy {
            let weight = self.shares.load(Ordering::Relaxed) as f64;
            self.cores.rate(self.id, weight, now)
        } else {
            None
        };
        let since = now.saturating_duration_since(state.part_at).as_secs_f64();
        state.part_at = now;
        let Some(rate) = rate else {
            state.part = 0.0;
            return None;
        };
        state.part = (state.part + rate * since).min(SAVED);
        (state.part < 0.0).then(|| {
            let rest = Duration::try_from_secs_f64(-state.part / rate);
            rest.map_or(LONGEST_REST, |rest| rest.min(LONGEST_REST))
        })
    }

    /// A guest had a turn.
    pub fn spend(&self, used: Duration) {
        let nanos = u64::try_from(used.as_nanos()).unwrap_or(u64::MAX);
        self.used_nanos.fetch_add(nanos, Ordering::Relaxed);
        let mut state = self.state.lock();
        state.limit.spend(used);
        state.part -= used.as_secs_f64();
    }

    /// A guest computed until it had to give way, for the first time in this span of the cores' (see [`Cores::span`]).
    pub fn note_busy(&self, now: Instant) {
        let weight = self.shares.load(Ordering::Relaxed) as f64;
        self.cores.note_busy(self.id, weight, now);
    }

    /// The cores it runs on.
    pub fn cores(&self) -> &Cores {
        &self.cores
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURN: Duration = Duration::from_millis(5);
    const TIME: Duration = Duration::from_secs(20);

    /// Lets accounts' guests, so many of each, compute on `cores` from `begun` for 20 s; gives each account's part of a core.
    fn compete(cores: u32, accounts: &[(&Arc<Account>, usize)], begun: Instant) -> Vec<f64> {
        struct Guest<'a> {
            account: &'a Account,
            next: Instant,
            span: Option<u64>,
        }
        let before: Vec<u64> = accounts.iter().map(|(a, _)| a.used_nanos()).collect();
        let mut guests: Vec<Guest<'_>> = accounts
            .iter()
            .flat_map(|(account, count)| std::iter::repeat_n(account, *count))
            .map(|account| Guest {
                account,
                next: begun,
                span: None,
            })
            .collect();
        let mut now = begun;
        let mut turn = 0;
        while now < begun + TIME {
            // Each core gives a turn to a guest that may have one, in their order.
            let mut free = cores;
            let count = guests.len();
            for step in 0..count {
                let guest = &mut guests[(turn + step) % count];
                if free == 0 {
                    break;
                }
                if guest.next > now {
                    continue;
                }
                let busy = guest.span.is_some();
                if let Some(rest) = guest.account.rest(now, busy) {
                    guest.next = now + rest;
                    continue;
                }
                free -= 1;
                guest.account.spend(TURN);
                let span = guest.account.cores().span(now);
                if guest.span != Some(span) {
                    guest.span = Some(span);
                    guest.account.note_busy(now);
                }
            }
            turn += 1;
            now += TURN;
        }
        accounts
            .iter()
            .zip(before)
            .map(|((account, _), before)| {
                (account.used_nanos() - before) as f64 / TIME.as_nanos() as f64
            })
            .collect()
    }

    fn account(cores: &Arc<Cores>, shares: i64) -> Arc<Account> {
        let account = Account::new(Arc::clone(cores), Instant::now());
        account.set_shares(shares);
        Arc::new(account)
    }

    #[test]
    fn a_limit_holds_whatever_there_is() {
        let cores = Arc::new(Cores::new(4));
        let one = account(&cores, 0);
        let tenth = Quota::of_cri(10_000, 100_000);
        let begun = Instant::now();
        one.set_limit(tenth, begun);
        let parts = compete(4, &[(&one, 3)], begun);
        assert!((0.09..0.115).contains(&parts[0]), "{parts:?}");
        one.set_limit(None, begun + TIME);
        let parts = compete(4, &[(&one, 3)], begun + TIME);
        assert!(parts[0] > 2.9, "{parts:?}");
    }

    #[test]
    fn who_compute_share_by_their_requests() {
        let cores = Arc::new(Cores::new(2));
        let (small, large) = (account(&cores, 512), account(&cores, 1024));
        let parts = compete(2, &[(&small, 4), (&large, 4)], Instant::now());
        assert!((parts[1] / parts[0] - 2.0).abs() < 0.3, "{parts:?}");
        assert!(parts[0] + parts[1] > 1.8, "nothing is wasted: {parts:?}");
    }

    #[test]
    fn what_one_cannot_use_the_others_get() {
        let cores = Arc::new(Cores::new(2));
        let (least, most) = (account(&cores, 2), account(&cores, 10_240));
        // A single guest uses a single core, however much it may have.
        let begun = Instant::now();
        let parts = compete(2, &[(&least, 2), (&most, 1)], begun);
        assert!(parts[1] > 0.9 && parts[0] > 0.8, "{parts:?}");
        let alone = compete(2, &[(&least, 2)], begun + TIME);
        assert!(alone[0] > 1.9, "{alone:?}");
    }
}
