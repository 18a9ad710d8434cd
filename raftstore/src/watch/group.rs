//! Many watches that one task receives from, at the price of those that something came for.
//!
//! Each watch's inbox lists it in the group's [`Ready`] when something comes, once until it is looked at, and the task is woken
//! by the first that is listed. Reading history is waited for beside the others.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
};

use futures::{StreamExt as _, stream::FuturesUnordered};
use parking_lot::Mutex;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::watcher::{Step, Watcher};
use crate::rpc::WatchResponse;

/// The watches of a group that are to be looked at. One may be listed that was looked at already or is gone.
#[derive(Debug, Default)]
pub struct Ready(Mutex<List>);

#[derive(Debug, Default)]
struct List {
    keys: VecDeque<u64>,
    task: Option<Waker>,
}

impl Ready {
    /// Lists a watch.
    pub fn push(&self, key: u64) {
        let task = {
            let mut list = self.0.lock();
            list.keys.push_back(key);
            list.task.take()
        };
        if let Some(task) = task {
            task.wake();
        }
    }

    fn poll_pop(&self, cx: &mut Context<'_>) -> Poll<u64> {
        let mut list = self.0.lock();
        if let Some(key) = list.keys.pop_front() {
            return Poll::Ready(key);
        }
        let task = list.task.get_or_insert_with(|| cx.waker().clone());
        task.clone_from(cx.waker());
        Poll::Pending
    }
}

type Reading = Pin<Box<dyn Future<Output = (u64, Watcher, Option<WatchResponse>)> + Send>>;

/// See the module header. `T` is what its owner knows each watch by.
pub struct WatchGroup<T> {
    ready: Arc<Ready>,
    slots: HashMap<u64, Slot<T>>,
    next_key: u64,
    reading: FuturesUnordered<Reading>,
    /// Watches that were removed while they read.
    leaving: usize,
    /// When those are told the revision that want it while nothing happens.
    progress: Option<Interval>,
}

struct Slot<T> {
    name: T,
    /// `None` while it reads history.
    watcher: Option<Watcher>,
    /// It wants to be told the revision now and then.
    tells_progress: bool,
    /// No event was received since the last time that such were told.
    silent: bool,
}

impl<T> Default for WatchGroup<T> {
    fn default() -> Self {
        WatchGroup {
            ready: Arc::default(),
            slots: HashMap::new(),
            next_key: 0,
            reading: FuturesUnordered::new(),
            leaving: 0,
            progress: None,
        }
    }
}

impl<T> fmt::Debug for WatchGroup<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchGroup")
            .field("watches", &self.len())
            .finish_non_exhaustive()
    }
}

impl<T: Copy> WatchGroup<T> {
    /// Adds a watch. Returns the key by which it is removed.
    pub fn add(&mut self, watcher: Watcher, name: T) -> u64 {
        let key = self.next_key;
        self.next_key += 1;
        let interval = watcher.progress_interval();
        if let Some(interval) = interval {
            self.progress.get_or_insert_with(|| {
                let mut ticks = interval_at(Instant::now() + interval, interval);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                ticks
            });
        }
        watcher.join(Arc::clone(&self.ready), key);
        let slot = Slot {
            name,
            watcher: Some(watcher),
            tells_progress: interval.is_some(),
            silent: true,
        };
        self.slots.insert(key, slot);
        // What came before it joined woke nobody.
        self.ready.push(key);
        key
    }

    /// Ends a watch: nothing is received from it any more.
    pub fn remove(&mut self, key: u64) {
        if let Some(slot) = self.slots.remove(&key)
            && slot.watcher.is_none()
        {
            self.leaving += 1;
        }
    }
}

impl<T> WatchGroup<T> {
    /// How many watches there are, with those that were removed while they read and still do.
    pub fn len(&self) -> usize {
        self.slots.len() + self.leaving
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: Copy> WatchGroup<T> {
    /// The next response, and whose it is. A watch that it ends is removed.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<(T, WatchResponse)> {
        self.poll_progress(cx);
        loop {
            let (key, response) = match self.poll_read(cx) {
                Poll::Ready(read) => read,
                Poll::Pending => ready!(self.poll_ready(cx)),
            };
            let Some(response) = response else {
                continue;
            };
            let Some(slot) = self.slots.get_mut(&key) else {
                continue;
            };
            // Told progress is no event: who goes on being silent is told again.
            slot.silent &= response.events.is_empty();
            let name = slot.name;
            if response.canceled {
                self.remove(key);
            }
            return Poll::Ready((name, response));
        }
    }

    /// Looks at a watch that something came for.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<(u64, Option<WatchResponse>)> {
        loop {
            let key = ready!(self.ready.poll_pop(cx));
            // A watch that reads is looked at when it has read.
            let Some(slot) = self.slots.get_mut(&key) else {
                continue;
            };
            let Some(watcher) = &mut slot.watcher else {
                continue;
            };
            match watcher.step() {
                Step::Response { response, more } => {
                    if more {
                        self.ready.push(key);
                    }
                    return Poll::Ready((key, Some(response)));
                }
                Step::Nothing => {}
                Step::History(from) => {
                    let Some(mut watcher) = slot.watcher.take() else {
                        continue;
                    };
                    let read = async move {
                        let response = watcher.catch_up(from).await;
                        (key, watcher, response)
                    };
                    self.reading.push(Box::pin(read));
                    if let Poll::Ready(read) = self.poll_read(cx) {
                        return Poll::Ready(read);
                    }
                }
            }
        }
    }

    /// What a watch has read of history.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<(u64, Option<WatchResponse>)> {
        while !self.reading.is_empty() {
            let Some((key, watcher, response)) = ready!(self.reading.poll_next_unpin(cx)) else {
                break;
            };
            if let Some(slot) = self.slots.get_mut(&key) {
                slot.watcher = Some(watcher);
                self.ready.push(key);
                return Poll::Ready((key, response));
            }
            self.leaving -= 1;
        }
        Poll::Pending
    }

    fn poll_progress(&mut self, cx: &mut Context<'_>) {
        while let Some(ticks) = &mut self.progress
            && ticks.poll_tick(cx).is_ready()
        {
            self.tell_progress();
        }
    }

    /// Lets those tell the revision who wanted it and were silent since this was called last, as etcd's ticker does.
    pub(crate) fn tell_progress(&mut self) {
        for slot in self.slots.values_mut().filter(|slot| slot.tells_progress) {
            if std::mem::replace(&mut slot.silent, true)
                && let Some(watcher) = &slot.watcher
            {
                watcher.request_progress();
            }
        }
    }
}
