//! All probes of all pods in one task with one queue of times: an idle probe costs an entry in a heap, not a task.

pub(crate) mod check;
pub(crate) mod run;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use hydrofoil_client::events::EventType;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Pod, Probe};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::cri::Cri;
use super::machine::{Event, ProbeKind, SlotIndex};
use super::record::Events;
use crate::clock;
use check::{Target, check};
use run::{Outcome, ProbeRun};

/// Most commands waiting for the task.
const MAX_QUEUED: usize = 4096;
/// Most tries in flight.
const MAX_IN_FLIGHT: usize = 256;
/// Quick tries of a container that has just started and has not answered: not counted, and no event is recorded of them. Most
/// guests listen within milliseconds, and should not wait a whole period to be told ready.
const EARLY_TRIES: [Duration; 4] = [
    Duration::from_millis(20),
    Duration::from_millis(60),
    Duration::from_millis(150),
    Duration::from_millis(400),
];
const DEFAULT_PERIOD: u64 = 10;

/// A container whose probes begin.
pub(crate) struct Start {
    pub uid: Arc<str>,
    pub slot: SlotIndex,
    /// Name and index in the spec tell which container it is.
    pub pod: Arc<Pod>,
    pub container: k8s_openapi::api::core::v1::Container,
    pub field_path: String,
    pub id: String,
    pub started_at: Timestamp,
    pub ip: String,
}

enum Command {
    Start(Box<Start>),
    Stop {
        uid: Arc<str>,
        slot: Option<SlotIndex>,
        keep_readiness: bool,
    },
    Tried {
        key: Key,
        generation: u64,
        outcome: Outcome,
    },
}

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    uid: Arc<str>,
    slot: SlotIndex,
    kind: ProbeKind,
}

struct Watched {
    run: ProbeRun,
    probe: Probe,
    container: Arc<Start>,
    generation: u64,
    early: usize,
    period: Duration,
}

/// A handle to the probing task. Clones share it.
#[derive(Clone)]
pub(crate) struct Prober {
    commands: mpsc::Sender<Command>,
}

impl Prober {
    /// Starts the task. Settled results go to `results`.
    pub(crate) fn start(
        cri: Cri,
        events: Events,
        results: mpsc::Sender<(Arc<str>, Event)>,
        shutdown: CancellationToken,
    ) -> Self {
        let (commands, queue) = mpsc::channel(MAX_QUEUED);
        let task = Task {
            cri,
            events,
            results,
            commands: commands.clone(),
            watched: HashMap::new(),
            times: BinaryHeap::new(),
            generations: 0,
            permits: Arc::new(Semaphore::new(MAX_IN_FLIGHT)),
        };
        tokio::spawn(task.run(queue, shutdown));
        Self { commands }
    }

    /// Begins the probes of a container.
    pub(crate) async fn begin(&self, start: Start) {
        // A closed queue means shutdown.
        let _ = self.commands.send(Command::Start(Box::new(start))).await;
    }

    /// Ends the probes of a container, or of all containers of a pod.
    pub(crate) async fn end(&self, uid: Arc<str>, slot: Option<SlotIndex>, keep_readiness: bool) {
        let _ = self
            .commands
            .send(Command::Stop {
                uid,
                slot,
                keep_readiness,
            })
            .await;
    }
}

struct Task {
    cri: Cri,
    events: Events,
    results: mpsc::Sender<(Arc<str>, Event)>,
    commands: mpsc::Sender<Command>,
    watched: HashMap<Key, Watched>,
    times: BinaryHeap<Reverse<(Instant, Key, u64)>>,
    generations: u64,
    permits: Arc<Semaphore>,
}

impl Task {
    async fn run(mut self, mut queue: mpsc::Receiver<Command>, shutdown: CancellationToken) {
        loop {
            let next = self.times.peek().map(|Reverse((at, _, _))| *at);
            tokio::select! {
                () = shutdown.cancelled() => return,
                command = queue.recv() => match command {
                    None => return,
                    Some(command) => self.handle(command),
                },
                () = tokio::time::sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => self.fire(),
            }
        }
    }

    fn handle(&mut self, command: Command) {
        match command {
            Command::Start(start) => self.begin(Arc::new(*start)),
            Command::Stop {
                uid,
                slot,
                keep_readiness,
            } => self.watched.retain(|key, _| {
                key.uid != uid
                    || slot.is_some_and(|slot| slot != key.slot)
                    || (keep_readiness && key.kind == ProbeKind::Readiness)
            }),
            Command::Tried {
                key,
                generation,
                outcome,
            } => self.tried(key, generation, outcome),
        }
    }

    fn begin(&mut self, start: Arc<Start>) {
        if let Some(probe) = start.container.startup_probe.clone() {
            // The others wait until it has passed.
            self.watch(&start, ProbeKind::Startup, probe);
        } else {
            self.begin_others(&start);
        }
    }

    fn begin_others(&mut self, start: &Arc<Start>) {
        if let Some(probe) = start.container.liveness_probe.clone() {
            self.watch(start, ProbeKind::Liveness, probe);
        }
        if let Some(probe) = start.container.readiness_probe.clone() {
            self.watch(start, ProbeKind::Readiness, probe);
        }
    }

    fn watch(&mut self, start: &Arc<Start>, kind: ProbeKind, probe: Probe) {
        self.generations += 1;
        let generation = self.generations;
        let key = Key {
            uid: start.uid.clone(),
            slot: start.slot,
            kind,
        };
        let seconds = |value: Option<i32>| value.and_then(|value| u64::try_from(value).ok());
        let period = Duration::from_secs(
            seconds(probe.period_seconds)
                .filter(|period| *period > 0)
                .unwrap_or(DEFAULT_PERIOD),
        );
        let initial = Duration::from_secs(seconds(probe.initial_delay_seconds).unwrap_or(0));
        let age =
            Duration::try_from(clock::now().duration_since(start.started_at)).unwrap_or_default();
        let wait = if age > period {
            // Taken over from an earlier kubelet with all the others: spread.
            spread(&key, period)
        } else {
            initial.saturating_sub(age)
        };
        self.times
            .push(Reverse((Instant::now() + wait, key.clone(), generation)));
        let watched = Watched {
            run: ProbeRun::new(kind, &probe),
            probe,
            container: start.clone(),
            generation,
            early: if initial.is_zero() && age <= period {
                0
            } else {
                EARLY_TRIES.len()
            },
            period,
        };
        self.watched.insert(key, watched);
    }

    /// Makes every try that is due.
    fn fire(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((at, _, _))) = self.times.peek() {
            if *at > now {
                return;
            }
            let Some(Reverse((_, key, generation))) = self.times.pop() else {
                return;
            };
            if let Some(watched) = self.watched.get(&key)
                && watched.generation == generation
            {
                self.attempt(key, watched);
            }
        }
    }

    fn attempt(&self, key: Key, watched: &Watched) {
        let cri = self.cri.clone();
        let permits = self.permits.clone();
        let commands = self.commands.clone();
        let probe = watched.probe.clone();
        let start = watched.container.clone();
        let generation = watched.generation;
        tokio::spawn(async move {
            let _permit = permits.acquire().await;
            let target = Target {
                cri: &cri,
                container: &start.container,
                container_id: &start.id,
                pod_ip: &start.ip,
            };
            let outcome = check(&probe, &target).await;
            let _ = commands
                .send(Command::Tried {
                    key,
                    generation,
                    outcome,
                })
                .await;
        });
    }

    fn tried(&mut self, key: Key, generation: u64, outcome: Outcome) {
        let Some(watched) = self
            .watched
            .get_mut(&key)
            .filter(|watched| watched.generation == generation)
        else {
            return;
        };
        let early = key.kind != ProbeKind::Liveness
            && watched.run.is_fresh()
            && watched.early < EARLY_TRIES.len()
            && outcome != Outcome::Success
            && watched.probe.exec.is_none();
        if early {
            let wait = EARLY_TRIES[watched.early];
            watched.early += 1;
            self.times
                .push(Reverse((Instant::now() + wait, key, generation)));
            return;
        }
        let start = watched.container.clone();
        let settled = watched.run.note(&outcome);
        let next = Instant::now() + watched.period;
        self.tell(&key, &start, &outcome);
        let over = match (key.kind, settled) {
            // Whoever failed for good is restarted, and probed anew then.
            (ProbeKind::Startup | ProbeKind::Liveness, Some(false))
            | (ProbeKind::Startup, Some(true)) => true,
            _ => false,
        };
        if over {
            self.watched.remove(&key);
        } else {
            self.times.push(Reverse((next, key.clone(), generation)));
        }
        if (key.kind, settled) == (ProbeKind::Startup, Some(true)) {
            self.begin_others(&start);
        }
        if let Some(success) = settled {
            let event = Event::Probed {
                slot: key.slot,
                id: start.id.clone(),
                kind: key.kind,
                success,
            };
            self.report(key.uid, event);
        }
    }

    /// Hands a result on without waiting: whoever takes results also fills this task's queue, and must not wait for it to wait.
    fn report(&self, uid: Arc<str>, event: Event) {
        if let Err(TrySendError::Full(result)) = self.results.try_send((uid, event)) {
            let results = self.results.clone();
            tokio::spawn(async move {
                let _ = results.send(result).await;
            });
        }
    }

    fn tell(&self, key: &Key, start: &Start, outcome: &Outcome) {
        let title = key.kind.title();
        let message = match outcome {
            Outcome::Success => return,
            Outcome::Failure(text) => format!("{title} probe failed: {text}"),
            Outcome::Unknown(text) => {
                format!("{title} probe errored and resulted in unknown state: {text}")
            }
        };
        self.events.container(
            &start.pod,
            &start.field_path,
            EventType::Warning,
            "Unhealthy",
            message,
        );
    }
}

/// A part of the period that differs from probe to probe.
fn spread(key: &Key, period: Duration) -> Duration {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    let millis = u64::try_from(period.as_millis()).unwrap_or(u64::MAX).max(1);
    Duration::from_millis(hasher.finish() % millis)
}
