//! What `/metrics` shows, under upstream's names.

use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::cache::Caches;

/// Labels of a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// Upper-case verb: `GET`, `LIST`, `WATCH`, `CREATE`, …
    pub verb: &'static str,
    /// API group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Resource.
    pub resource: String,
    /// Subresource.
    pub subresource: String,
    /// `resource`, `namespace` or `cluster`.
    pub scope: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabels {
    verb: &'static str,
    group: String,
    version: String,
    resource: String,
    subresource: String,
    scope: &'static str,
    code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    request_kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResourceLabel {
    resource: String,
}

/// The server's counters.
pub struct Metrics {
    registry: Registry,
    requests: Family<CodeLabels, Counter>,
    durations: Family<RequestLabels, Histogram>,
    inflight: Family<KindLabel, Gauge>,
    longrunning: Family<RequestLabels, Gauge>,
    objects: Family<ResourceLabel, Gauge>,
    watchers: Family<ResourceLabel, Gauge>,
    cut: Family<ResourceLabel, Gauge>,
    connections: Gauge,
    panics: Counter,
}

fn duration_histogram() -> Histogram {
    // Upstream's buckets, in seconds.
    Histogram::new([
        0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0,
        10.0, 15.0, 20.0, 30.0, 45.0, 60.0,
    ])
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut registry = Registry::default();
        let metrics = Metrics {
            registry: Registry::default(),
            requests: Family::default(),
            durations: Family::new_with_constructor(duration_histogram),
            inflight: Family::default(),
            longrunning: Family::default(),
            objects: Family::default(),
            watchers: Family::default(),
            cut: Family::default(),
            connections: Gauge::default(),
            panics: Counter::default(),
        };
        // The encoder adds `_total` to counters.
        registry.register(
            "apiserver_request",
            "Requests by verb, resource and code",
            metrics.requests.clone(),
        );
        registry.register(
            "apiserver_request_duration_seconds",
            "Time to answer a request, by verb and resource",
            metrics.durations.clone(),
        );
        registry.register(
            "apiserver_current_inflight_requests",
            "Requests being answered now, by kind",
            metrics.inflight.clone(),
        );
        registry.register(
            "apiserver_longrunning_requests",
            "Watches and streams that are open, by resource",
            metrics.longrunning.clone(),
        );
        registry.register(
            "apiserver_storage_objects",
            "Objects in the store, by resource",
            metrics.objects.clone(),
        );
        registry.register(
            "apiserver_watchers",
            "Watchers of the watch cache, by resource",
            metrics.watchers.clone(),
        );
        registry.register(
            "apiserver_terminated_watchers",
            "Watchers cut because they did not keep up, by resource",
            metrics.cut.clone(),
        );
        registry.register(
            "apiserver_connections",
            "Open connections",
            metrics.connections.clone(),
        );
        registry.register(
            "apiserver_request_panics",
            "Requests whose handling panicked",
            metrics.panics.clone(),
        );
        Metrics {
            registry,
            ..metrics
        }
    }
}

impl Metrics {
    /// A request was answered.
    pub fn answered(&self, labels: &RequestLabels, code: u16, took: Duration) {
        self.requests
            .get_or_create(&CodeLabels {
                verb: labels.verb,
                group: labels.group.clone(),
                version: labels.version.clone(),
                resource: labels.resource.clone(),
                subresource: labels.subresource.clone(),
                scope: labels.scope,
                code,
            })
            .inc();
        if labels.verb != "WATCH" {
            self.durations
                .get_or_create(labels)
                .observe(took.as_secs_f64());
        }
    }

    /// Counts a request while the guard lives.
    pub fn inflight(&self, mutates: bool) -> Running {
        let request_kind = if mutates { "mutating" } else { "readOnly" };
        Running::new(
            self.inflight
                .get_or_create_owned(&KindLabel { request_kind }),
        )
    }

    /// Counts a watch or a stream while the guard lives.
    pub fn longrunning(&self, labels: &RequestLabels) -> Running {
        Running::new(self.longrunning.get_or_create_owned(labels))
    }

    /// Counts a connection while the guard lives.
    pub fn connection(&self) -> Running {
        Running::new(self.connections.clone())
    }

    /// A handler panicked.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// The text of `/metrics`.
    pub fn text(&self, caches: &Caches) -> String {
        for cache in caches.all() {
            let label = ResourceLabel {
                resource: cache.schema().label.clone(),
            };
            let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
            let (watchers, cut) = cache.watchers();
            self.objects
                .get_or_create(&label)
                .set(count(cache.snapshot().objects.len()));
            self.watchers.get_or_create(&label).set(count(watchers));
            self.cut
                .get_or_create(&label)
                .set(i64::try_from(cut).unwrap_or(i64::MAX));
        }
        let mut out = String::new();
        // Writing into a string does not fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}

/// Something that is counted as long as it runs.
#[derive(Debug)]
pub struct Running(Gauge);

impl Running {
    fn new(gauge: Gauge) -> Running {
        gauge.inc();
        Running(gauge)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.dec();
    }
}
