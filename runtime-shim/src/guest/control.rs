//! The strings a running guest hangs on: stopping it, interrupting it, and counting the CPU time it takes.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::clock;
use crate::cpu::Account;
use crate::engine::Ticker;

/// Stops one container.
#[derive(Clone, Debug, Default)]
pub struct Control {
    /// Asks: servers drain, a guest that waits is ended.
    pub stop: CancellationToken,
    /// Orders: whatever runs is interrupted.
    pub kill: CancellationToken,
}

/// Gives a container's guests their turns: counts the CPU time, and has them rest when they have had enough of it.
#[derive(Clone, Debug)]
pub struct Meter {
    account: Arc<Account>,
    ticker: Arc<Ticker>,
}

impl Meter {
    /// A meter for an account.
    pub const fn new(account: Arc<Account>, ticker: Arc<Ticker>) -> Self {
        Self { account, ticker }
    }

    /// Where the time is counted.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// CPU time used so far, in nanoseconds.
    pub fn cpu_nanos(&self) -> u64 {
        self.account.used_nanos()
    }

    /// A future whose steps are counted, and which sets `yielded` when it gives way while it computes.
    pub fn measure<F>(&self, yielded: Yielded, future: F) -> Metered<'_, F> {
        Metered {
            turns: Turns::new(self, yielded),
            future,
        }
    }
}

/// The turns of one future of a guest's.
#[derive(Debug)]
struct Turns<'a> {
    meter: &'a Meter,
    yielded: Yielded,
    rest: Option<Pin<Box<Sleep>>>,
    /// The last span of the cores' time in which it computed until it had to give way.
    busy: Option<u64>,
}

impl<'a> Turns<'a> {
    const fn new(meter: &'a Meter, yielded: Yielded) -> Self {
        Self {
            meter,
            yielded,
            rest: None,
            busy: None,
        }
    }

    /// Whether it may have a turn. If not, it is woken when it may.
    fn may_run(&mut self, cx: &mut Context<'_>) -> bool {
        loop {
            if let Some(rest) = &mut self.rest {
                if rest.as_mut().poll(cx).is_pending() {
                    return false;
                }
                self.rest = None;
            }
            let (account, now) = (&self.meter.account, Instant::now());
            // One that was busy in this span or the last still is.
            let span = account.cores().span(now);
            let busy = self.busy.is_some_and(|busy| busy + 1 >= span);
            let Some(rest) = account.rest(now, busy) else {
                return true;
            };
            self.rest = Some(Box::pin(tokio::time::sleep(rest)));
        }
    }

    /// Has a turn.
    fn take<R>(&mut self, step: impl FnOnce() -> R) -> R {
        self.meter.ticker.keep_awake();
        self.yielded.store(false, Ordering::Relaxed);
        let before = clock::thread_cpu_nanos();
        let result = step();
        let used = clock::thread_cpu_nanos().saturating_sub(before);
        let account = &self.meter.account;
        account.spend(Duration::from_nanos(used));
        if self.yielded.load(Ordering::Relaxed) {
            let now = Instant::now();
            let span = Some(account.cores().span(now));
            if self.busy != span {
                self.busy = span;
                account.note_busy(now);
            }
        }
        result
    }
}

pin_project_lite::pin_project! {
    /// A future whose steps are a guest's.
    pub struct Metered<'a, F> {
        turns: Turns<'a>,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Metered<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if !this.turns.may_run(cx) {
            return Poll::Pending;
        }
        this.turns.take(|| this.future.poll(cx))
    }
}

/// How a supervised guest ended.
#[derive(Debug)]
pub enum Ended<T> {
    /// By itself.
    Returned(T),
    /// Asked to stop, it was waiting and was ended.
    Stopped,
    /// By force.
    Killed,
}

/// Set by the epoch callback: the guest gave way in the middle of computing, it does not wait.
pub type Yielded = Arc<AtomicBool>;

pin_project_lite::pin_project! {
    /// Runs a guest until it ends, is stopped while it waits, or is killed.
    pub struct Supervised<'a, F> {
        turns: Turns<'a>,
        #[pin]
        stop: WaitForCancellationFutureOwned,
        #[pin]
        kill: WaitForCancellationFutureOwned,
        #[pin]
        guest: F,
    }
}

impl<'a, F: Future> Supervised<'a, F> {
    /// Supervises `guest`, whose store's epoch callback sets `yielded`.
    pub fn new(meter: &'a Meter, control: &Control, yielded: Yielded, guest: F) -> Self {
        Self {
            turns: Turns::new(meter, yielded),
            stop: control.stop.clone().cancelled_owned(),
            kill: control.kill.clone().cancelled_owned(),
            guest,
        }
    }
}

impl<F: Future> Future for Supervised<'_, F> {
    type Output = Ended<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if this.kill.poll(cx).is_ready() {
            return Poll::Ready(Ended::Killed);
        }
        let stopping = this.stop.poll(cx).is_ready();
        if !this.turns.may_run(cx) {
            // It computes, and does not wait for anything else.
            return Poll::Pending;
        }
        match this.turns.take(|| this.guest.poll(cx)) {
            Poll::Ready(result) => Poll::Ready(Ended::Returned(result)),
            Poll::Pending if stopping && !this.turns.yielded.load(Ordering::Relaxed) => {
                Poll::Ready(Ended::Stopped)
            }
            Poll::Pending => Poll::Pending,
        }
    }
}
