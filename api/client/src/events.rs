//! Records `core/v1` Events the way upstream's components do: what repeats is counted on one Event, what is alike is folded into
//! one "combined from similar events", a source that talks without end is silenced, and the API server is never flooded.
//!
//! Recording never waits: an event goes into a bounded queue and is dropped, and counted as dropped, when that is full.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::clock;

/// Events that wait to be sent; more are dropped.
const MAX_QUEUED: usize = 20_000;
/// Events remembered for counting (upstream: `maxLruCacheEntries`).
const MAX_REMEMBERED: usize = 4096;
/// So many different messages of one kind are told apart before they are folded (upstream: `defaultAggregateMaxEvents`).
const MAX_SIMILAR: usize = 10;
/// Within this time (upstream: `defaultAggregateIntervalInSeconds`).
const SIMILAR_WITHIN: Duration = Duration::from_secs(600);
/// One object's source may speak so often at once (upstream: `defaultSpamBurst`) …
const SPAM_BURST: f64 = 25.0;
/// … and then once in five minutes (upstream: `defaultSpamQPS`).
const SPAM_REFILL_PER_SECOND: f64 = 1.0 / 300.0;
/// Requests a second of one recorder (upstream's kubelet: `eventRecordQPS`) …
const SEND_PER_SECOND: f64 = 50.0;
/// … after a burst of so many (upstream's kubelet: `eventBurst`).
const SEND_BURST: f64 = 100.0;
/// Longer messages are cut (upstream's validation refuses them).
const MAX_MESSAGE: usize = 1024;

/// What an event says of its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventType {
    /// As it should be.
    Normal,
    /// Somebody may have to look.
    Warning,
}

impl EventType {
    fn as_str(self) -> &'static str {
        match self {
            EventType::Normal => "Normal",
            EventType::Warning => "Warning",
        }
    }
}

/// One thing that happened, before it is an Event.
#[derive(Clone, Debug)]
struct Record {
    about: ObjectReference,
    kind: EventType,
    reason: String,
    message: String,
    at: Timestamp,
}

/// A handle that records events of one component. Clones share the queue.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Record>,
    dropped: Arc<AtomicU64>,
}

impl Recorder {
    /// A recorder for `component` (such as `kubelet`) on `host`, whose sender runs until `shutdown`.
    ///
    /// Must be called inside a tokio runtime.
    pub fn new(
        client: kube::Client,
        component: &str,
        host: Option<String>,
        shutdown: CancellationToken,
    ) -> Self {
        let (queue, records) = mpsc::channel(MAX_QUEUED);
        let sender = Sender {
            client,
            correlator: Correlator::new(component, host),
            pace: Bucket::full(SEND_BURST, SEND_PER_SECOND),
        };
        tokio::spawn(sender.run(records, shutdown));
        Self {
            queue,
            dropped: Arc::default(),
        }
    }

    /// Records that `reason` happened to `about`. Never waits.
    pub fn event(
        &self,
        about: &ObjectReference,
        kind: EventType,
        reason: impl Into<String>,
        message: impl Into<String>,
    ) {
        let mut message = message.into();
        if message.len() > MAX_MESSAGE {
            message.truncate(message.floor_char_boundary(MAX_MESSAGE));
        }
        let record = Record {
            about: about.clone(),
            kind,
            reason: reason.into(),
            message,
            at: clock::now(),
        };
        if self.queue.try_send(record).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many events were dropped because the queue was full or the recorder had stopped.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// A token bucket on the monotonic clock.
#[derive(Clone, Debug)]
struct Bucket {
    tokens: f64,
    burst: f64,
    per_second: f64,
    filled: Option<Instant>,
}

impl Bucket {
    fn full(burst: f64, per_second: f64) -> Self {
        Self {
            tokens: burst,
            burst,
            per_second,
            filled: None,
        }
    }

    /// Takes a token, or tells how long until there is one.
    fn take(&mut self, now: Instant) -> Result<(), Duration> {
        if let Some(filled) = self.filled {
            let gained = now.saturating_duration_since(filled).as_secs_f64() * self.per_second;
            self.tokens = (self.tokens + gained).min(self.burst);
        }
        self.filled = Some(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64(
            (1.0 - self.tokens) / self.per_second,
        ))
    }
}

/// What shall be written for a record.
#[derive(Debug)]
enum Verdict {
    Create(Box<Event>),
    /// An Event that exists counts on.
    Count {
        namespace: String,
        name: String,
        count: i32,
        message: String,
        last: Timestamp,
        event: Box<Event>,
    },
    /// The source spoke too often about this object.
    Drop,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct SimilarKey {
    uid: String,
    namespace: String,
    name: String,
    field: String,
    warning: bool,
    reason: String,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct ExactKey(SimilarKey, String);

struct Similar {
    messages: HashSet<String>,
    last: Instant,
}

struct Sent {
    name: String,
    count: i32,
    first: Timestamp,
}

/// Decides, for one component, what becomes of each record: pure but for the numbers in names.
struct Correlator {
    component: String,
    host: Option<String>,
    sent: Remembered<ExactKey, Sent>,
    similar: Remembered<SimilarKey, Similar>,
    spam: Remembered<String, Bucket>,
}

impl Correlator {
    fn new(component: &str, host: Option<String>) -> Self {
        Self {
            component: component.into(),
            host,
            sent: Remembered::new(),
            similar: Remembered::new(),
            spam: Remembered::new(),
        }
    }

    fn observe(&mut self, record: Record, now: Instant) -> Verdict {
        let about = &record.about;
        let source = about
            .uid
            .clone()
            .unwrap_or_else(|| format!("{:?}/{:?}", about.namespace, about.name));
        let bucket = self
            .spam
            .entry(source, || Bucket::full(SPAM_BURST, SPAM_REFILL_PER_SECOND));
        if bucket.take(now).is_err() {
            return Verdict::Drop;
        }
        let key = SimilarKey {
            uid: about.uid.clone().unwrap_or_default(),
            namespace: about.namespace.clone().unwrap_or_default(),
            name: about.name.clone().unwrap_or_default(),
            field: about.field_path.clone().unwrap_or_default(),
            warning: record.kind == EventType::Warning,
            reason: record.reason.clone(),
        };
        let mut message = record.message.clone();
        let similar = self.similar.entry(key.clone(), || Similar {
            messages: HashSet::new(),
            last: now,
        });
        if now.saturating_duration_since(similar.last) > SIMILAR_WITHIN {
            similar.messages.clear();
        }
        similar.last = now;
        if similar.messages.len() < MAX_SIMILAR {
            similar.messages.insert(message.clone());
        }
        let folded = similar.messages.len() >= MAX_SIMILAR;
        if folded {
            message = format!("(combined from similar events): {message}");
        }
        let exact = ExactKey(
            key,
            if folded {
                String::new()
            } else {
                message.clone()
            },
        );
        let name = format!(
            "{}.{:x}",
            about.name.as_deref().unwrap_or("unknown"),
            record.at.as_nanosecond()
        );
        let mut is_new = false;
        let sent = self.sent.entry(exact, || {
            is_new = true;
            Sent {
                name,
                count: 0,
                first: record.at,
            }
        });
        sent.count = sent.count.saturating_add(1);
        let (name, count, first) = (sent.name.clone(), sent.count, sent.first);
        let event = Box::new(self.build(&record, name.clone(), message.clone(), count, first));
        if is_new {
            return Verdict::Create(event);
        }
        let namespace = event.metadata.namespace.clone().unwrap_or_default();
        Verdict::Count {
            namespace,
            name,
            count,
            message,
            last: record.at,
            event,
        }
    }

    fn build(
        &self,
        record: &Record,
        name: String,
        message: String,
        count: i32,
        first: Timestamp,
    ) -> Event {
        // Events about what has no namespace are kept in `default`.
        let namespace = record
            .about
            .namespace
            .clone()
            .filter(|n| !n.is_empty())
            .unwrap_or_else(|| "default".into());
        Event {
            metadata: ObjectMeta {
                name: Some(name),
                namespace: Some(namespace),
                ..Default::default()
            },
            involved_object: record.about.clone(),
            reason: Some(record.reason.clone()),
            message: Some(message),
            type_: Some(record.kind.as_str().into()),
            count: Some(count),
            first_timestamp: Some(Time(first)),
            last_timestamp: Some(Time(record.at)),
            source: Some(EventSource {
                component: Some(self.component.clone()),
                host: self.host.clone(),
            }),
            reporting_component: Some(self.component.clone()),
            reporting_instance: Some(self.host.clone().unwrap_or_default()),
            ..Default::default()
        }
    }
}

/// A map that forgets its oldest entries beyond [`MAX_REMEMBERED`].
struct Remembered<K, V> {
    entries: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Clone + Eq + std::hash::Hash, V> Remembered<K, V> {
    fn new() -> Self {
        Self {
            entries: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    fn entry(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        if !self.entries.contains_key(&key) {
            if self.order.len() >= MAX_REMEMBERED
                && let Some(oldest) = self.order.pop_front()
            {
                self.entries.remove(&oldest);
            }
            self.order.push_back(key.clone());
        }
        self.entries.entry(key).or_insert_with(make)
    }
}

/// Sends what the correlator decides, no faster than the pace allows.
struct Sender {
    client: kube::Client,
    correlator: Correlator,
    pace: Bucket,
}

impl Sender {
    async fn run(mut self, mut records: mpsc::Receiver<Record>, shutdown: CancellationToken) {
        loop {
            let record = tokio::select! {
                () = shutdown.cancelled() => return,
                record = records.recv() => record,
            };
            let Some(record) = record else { return };
            let verdict = self.correlator.observe(record, Instant::now());
            if matches!(verdict, Verdict::Drop) {
                continue;
            }
            while let Err(wait) = self.pace.take(Instant::now()) {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(wait) => {}
                }
            }
            if let Err(error) = self.send(verdict).await {
                tracing::debug!(%error, "an event could not be recorded");
            }
        }
    }

    async fn send(&self, verdict: Verdict) -> Result<(), kube::Error> {
        match verdict {
            Verdict::Drop => Ok(()),
            Verdict::Create(event) => self.create(&event).await,
            Verdict::Count {
                namespace,
                name,
                count,
                message,
                last,
                event,
            } => {
                let api: Api<Event> = Api::namespaced(self.client.clone(), &namespace);
                let patch = serde_json::json!({ "count": count, "message": message, "lastTimestamp": Time(last) });
                match api
                    .patch(&name, &PatchParams::default(), &Patch::Strategic(patch))
                    .await
                {
                    // Its time was over: it starts anew, with the count that it had.
                    Err(kube::Error::Api(status)) if status.code == 404 => {
                        self.create(&event).await
                    }
                    other => other.map(drop),
                }
            }
        }
    }

    async fn create(&self, event: &Event) -> Result<(), kube::Error> {
        let namespace = event.metadata.namespace.as_deref().unwrap_or("default");
        let api: Api<Event> = Api::namespaced(self.client.clone(), namespace);
        api.create(&PostParams::default(), event).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(reason: &str, message: &str) -> Record {
        Record {
            about: ObjectReference {
                uid: Some("u".into()),
                name: Some("web".into()),
                namespace: Some("ns".into()),
                ..Default::default()
            },
            kind: EventType::Normal,
            reason: reason.into(),
            message: message.into(),
            at: "2026-01-01T00:00:00Z".parse().expect("a timestamp"),
        }
    }

    #[test]
    fn what_repeats_is_counted_on_one_event() {
        let mut c = Correlator::new("kubelet", Some("n1".into()));
        let now = Instant::now();
        let Verdict::Create(first) = c.observe(record("Pulled", "ok"), now) else {
            panic!("the first is created")
        };
        assert_eq!(first.count, Some(1));
        let Verdict::Count { name, count, .. } = c.observe(record("Pulled", "ok"), now) else {
            panic!("the second counts")
        };
        assert_eq!((Some(name), count), (first.metadata.name, 2));
    }

    #[test]
    fn many_similar_messages_are_folded() {
        let mut c = Correlator::new("kubelet", None);
        let now = Instant::now();
        for i in 0..MAX_SIMILAR - 1 {
            assert!(matches!(
                c.observe(record("Failed", &format!("try {i}")), now),
                Verdict::Create(_)
            ));
        }
        let Verdict::Create(folded) = c.observe(record("Failed", "try 10"), now) else {
            panic!("a folded event is new once")
        };
        assert_eq!(
            folded.message.as_deref(),
            Some("(combined from similar events): try 10")
        );
        assert!(matches!(
            c.observe(record("Failed", "try 11"), now),
            Verdict::Count { count: 2, .. }
        ));
    }

    #[test]
    fn a_source_that_never_stops_is_silenced_and_heard_again_later() {
        let mut c = Correlator::new("kubelet", None);
        let now = Instant::now();
        for _ in 0..25 {
            assert!(!matches!(
                c.observe(record("BackOff", "again"), now),
                Verdict::Drop
            ));
        }
        assert!(matches!(
            c.observe(record("BackOff", "again"), now),
            Verdict::Drop
        ));
        assert!(!matches!(
            c.observe(record("BackOff", "again"), now + Duration::from_secs(300)),
            Verdict::Drop
        ));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut map = Remembered::new();
        for i in 0..MAX_REMEMBERED + 10 {
            map.entry(i, || i);
        }
        assert_eq!(map.entries.len(), MAX_REMEMBERED);
        assert_eq!(map.order.len(), MAX_REMEMBERED);
        assert!(!map.entries.contains_key(&0));
    }

    #[test]
    fn an_object_without_a_namespace_has_its_events_in_default() {
        let mut c = Correlator::new("kubelet", None);
        let mut r = record("Starting", "x");
        r.about.namespace = None;
        let Verdict::Create(event) = c.observe(r, Instant::now()) else {
            panic!("created")
        };
        assert_eq!(event.metadata.namespace.as_deref(), Some("default"));
    }
}
