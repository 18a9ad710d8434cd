//! The strings a running guest hangs on: stopping it, interrupting it, and counting the CPU time it takes.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::clock;
use crate::engine::Ticker;

/// Stops one container.
#[derive(Clone, Debug, Default)]
pub struct Control {
    /// Asks: servers drain, a guest that waits is ended.
    pub stop: CancellationToken,
    /// Orders: whatever runs is interrupted.
    pub kill: CancellationToken,
}

/// Counts a container's CPU time.
#[derive(Clone, Debug)]
pub struct Meter {
    cpu_nanos: Arc<AtomicU64>,
    ticker: Arc<Ticker>,
}

impl Meter {
    /// A meter at zero.
    pub fn new(ticker: Arc<Ticker>) -> Self {
        Self {
            cpu_nanos: Arc::default(),
            ticker,
        }
    }

    /// CPU time used so far, in nanoseconds.
    pub fn cpu_nanos(&self) -> u64 {
        self.cpu_nanos.load(Ordering::Relaxed)
    }

    /// Runs one step of a guest: keeps the epoch ticking and counts its time.
    fn step<R>(&self, step: impl FnOnce() -> R) -> R {
        self.ticker.keep_awake();
        let before = clock::thread_cpu_nanos();
        let result = step();
        let used = clock::thread_cpu_nanos().saturating_sub(before);
        self.cpu_nanos.fetch_add(used, Ordering::Relaxed);
        result
    }

    /// A future whose steps are counted.
    pub const fn measure<F>(&self, future: F) -> Metered<'_, F> {
        Metered {
            meter: self,
            future,
        }
    }
}

pin_project_lite::pin_project! {
    /// A future whose steps are a guest's.
    pub struct Metered<'a, F> {
        meter: &'a Meter,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Metered<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.meter.step(|| this.future.poll(cx))
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
        meter: &'a Meter,
        yielded: Yielded,
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
            meter,
            yielded,
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
        this.yielded.store(false, Ordering::Relaxed);
        match this.meter.step(|| this.guest.poll(cx)) {
            Poll::Ready(result) => Poll::Ready(Ended::Returned(result)),
            Poll::Pending if stopping && !this.yielded.load(Ordering::Relaxed) => {
                Poll::Ready(Ended::Stopped)
            }
            Poll::Pending => Poll::Pending,
        }
    }
}
