//! `/metrics` in Prometheus' text form, version 0.0.4.
//!
//! The registry's own encoder writes OpenMetrics, whose rules differ: every counter ends in `_total`, helps end in a full stop, and
//! bounds are floats. Here its text is taken apart into families and written as etcd writes it, sorted by name.
//!
//! The one confusing thing: etcd has counters without `_total` and gauges with it. [`PLAIN_COUNTERS`] and [`GAUGES`] name them.

use std::{fmt::Write, sync::Arc};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};

use super::{Shared, go_error, process};
use crate::version;

/// The form's media type.
const MEDIA_TYPE: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Counters that have no `_total` in etcd.
const PLAIN_COUNTERS: [&str; 4] = [
    "etcd_server_health_success",
    "etcd_server_health_failures",
    "etcd_server_learner_promote_successes",
    "etcd_server_learner_promote_failures",
];

/// What etcd calls a gauge although it only grows.
const GAUGES: [&str; 1] = ["etcd_disk_wal_write_bytes_total"];

/// The type of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Buckets, a sum and a count.
    Histogram,
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram => "histogram",
        }
    }
}

/// Samples of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// The name.
    pub name: String,
    /// The type.
    pub kind: Type,
    /// The help.
    pub help: String,
    /// Lines: name, labels, value.
    pub samples: Vec<String>,
}

impl Family {
    /// A family of one sample without labels.
    pub fn one(name: &str, kind: Type, help: &str, value: &str) -> Family {
        Family {
            name: name.to_owned(),
            kind,
            help: help.to_owned(),
            samples: vec![format!("{name} {value}")],
        }
    }

    /// A gauge of one whole number.
    pub fn gauge(name: &str, help: &str, value: u64) -> Family {
        Family::one(name, Type::Gauge, help, &value.to_string())
    }

    /// A gauge that says something by its label alone.
    fn says(name: &str, label: &str, text: &str, help: &str) -> Family {
        Family {
            name: name.to_owned(),
            kind: Type::Gauge,
            help: help.to_owned(),
            samples: vec![format!("{name}{{{label}={text:?}}} 1")],
        }
    }
}

/// Answers `/metrics`.
pub async fn serve(State(shared): State<Arc<Shared>>) -> Response {
    match write(&shared) {
        Ok(text) => ([(CONTENT_TYPE, MEDIA_TYPE)], text).into_response(),
        Err(_) => go_error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "metrics could not be written",
        ),
    }
}

fn write(shared: &Shared) -> Result<String, std::fmt::Error> {
    let mut open_metrics = String::new();
    prometheus_client::encoding::text::encode(&mut open_metrics, &shared.registry)?;
    let mut families = families(&open_metrics);
    families.extend(process::families());
    families.extend(of_store(shared));
    families.extend(copies(&families));
    families.sort_by(|a, b| a.name.cmp(&b.name));
    let mut text = String::with_capacity(open_metrics.len());
    for family in families.iter().filter(|family| !family.samples.is_empty()) {
        writeln!(text, "# HELP {} {}", family.name, family.help)?;
        writeln!(text, "# TYPE {} {}", family.name, family.kind.name())?;
        for sample in &family.samples {
            writeln!(text, "{sample}")?;
        }
    }
    Ok(text)
}

/// Families that etcd still has under an older name as well.
const OLDER_NAMES: [(&str, &str); 1] =
    [("etcd_mvcc_range_total", "etcd_debugging_mvcc_range_total")];

fn copies(families: &[Family]) -> Vec<Family> {
    let copy = |(name, older): &(&str, &str)| {
        let family = families.iter().find(|family| family.name == *name)?;
        let samples = family.samples.iter();
        Some(Family {
            name: (*older).to_owned(),
            samples: samples
                .map(|sample| sample.replacen(name, older, 1))
                .collect(),
            ..family.clone()
        })
    };
    OLDER_NAMES.iter().filter_map(copy).collect()
}

/// What is known at the moment of a scrape rather than counted.
fn of_store(shared: &Shared) -> Vec<Family> {
    let status = shared.store.status();
    let in_use = u64::try_from(status.db_size_in_use).unwrap_or_default();
    let is_learner = u64::from(shared.store.is_learner());
    let pending_events = shared.store.pending_events() as u64;
    vec![
        Family::gauge(
            "etcd_debugging_mvcc_pending_events_total",
            "Total number of pending events to be sent.",
            pending_events,
        ),
        Family::says(
            "etcd_cluster_version",
            "cluster_version",
            version::CLUSTER_SHORT,
            "Which version is running. 1 for 'cluster_version' label with current cluster version",
        ),
        Family::says(
            "etcd_server_version",
            "server_version",
            version::SERVER,
            "Which version is running. 1 for 'server_version' label with current version.",
        ),
        Family::says(
            "etcd_server_id",
            "server_id",
            &format!("{:x}", status.header.member_id),
            "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.",
        ),
        Family::gauge(
            "etcd_server_is_learner",
            "Whether or not this member is a learner. 1 if is, 0 otherwise.",
            is_learner,
        ),
        Family::gauge(
            "etcd_server_quota_backend_bytes",
            "Current backend storage quota size in bytes.",
            shared.quota_bytes,
        ),
        Family::gauge(
            "etcd_mvcc_db_total_size_in_use_in_bytes",
            "Total size of the underlying database logically in use in bytes.",
            in_use,
        ),
    ]
}

/// Takes OpenMetrics text apart.
fn families(text: &str) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    let mut help = ("", "");
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, words) = rest.split_once(' ').unwrap_or((rest, ""));
            help = (name, words.strip_suffix('.').unwrap_or(words));
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap_or((rest, ""));
            let words = if help.0 == name { help.1 } else { "" };
            families.push(family(name, kind, words));
        } else if line.starts_with('#') {
            // Units and the end.
        } else if let Some(family) = families.last_mut() {
            family.samples.push(sample(family, line));
        }
    }
    families
}

fn family(name: &str, kind: &str, help: &str) -> Family {
    let kind = match kind {
        "counter" => Type::Counter,
        "histogram" => Type::Histogram,
        _ => Type::Gauge,
    };
    let ends = kind == Type::Counter && !PLAIN_COUNTERS.contains(&name);
    let name = if ends {
        format!("{name}_total")
    } else {
        name.to_owned()
    };
    let kind = if GAUGES.contains(&name.as_str()) {
        Type::Gauge
    } else {
        kind
    };
    Family {
        name,
        kind,
        help: help.to_owned(),
        samples: Vec::new(),
    }
}

fn sample(family: &Family, line: &str) -> String {
    let end = line.find(['{', ' ']).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    match family.kind {
        // OpenMetrics has given every counter its ending.
        Type::Counter => format!("{}{rest}", family.name),
        Type::Gauge if name == family.name => line.to_owned(),
        Type::Gauge => format!("{}{rest}", family.name),
        Type::Histogram => whole_bounds(line),
    }
}

/// `le="1.0"` as Go writes it: `le="1"`.
fn whole_bounds(line: &str) -> String {
    let Some((before, after)) = line.split_once("le=\"") else {
        return line.to_owned();
    };
    let (bound, rest) = after.split_once('"').unwrap_or((after, ""));
    let bound = bound.strip_suffix(".0").unwrap_or(bound);
    format!("{before}le=\"{bound}\"{rest}")
}

#[cfg(test)]
mod tests {
    use prometheus_client::{
        metrics::{counter::Counter, gauge::Gauge, histogram::Histogram},
        registry::Registry,
    };

    use super::*;

    #[test]
    fn names_types_and_bounds_are_prometheus() {
        let mut registry = Registry::default();
        let (counter, histogram) = (Counter::<u64>::default(), Histogram::new([0.5, 1.0]));
        counter.inc();
        histogram.observe(0.7);
        registry.register("etcd_mvcc_put", "Puts.", counter.clone());
        registry.register("etcd_server_health_success", "Health", counter.clone());
        registry.register("etcd_disk_wal_write_bytes", "Bytes", counter);
        registry.register(
            "etcd_debugging_mvcc_keys_total",
            "Keys",
            Gauge::<i64>::default(),
        );
        registry.register("seconds", "Time", histogram);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        let seen: Vec<(String, Type, String, Vec<String>)> = families(&text)
            .into_iter()
            .map(|family| (family.name, family.kind, family.help, family.samples))
            .collect();
        let expect = |name: &str, kind, help: &str, samples: &[&str]| {
            let samples = samples.iter().map(|sample| (*sample).to_owned()).collect();
            (name.to_owned(), kind, help.to_owned(), samples)
        };
        assert_eq!(
            seen,
            [
                expect(
                    "etcd_mvcc_put_total",
                    Type::Counter,
                    "Puts.",
                    &["etcd_mvcc_put_total 1"]
                ),
                expect(
                    "etcd_server_health_success",
                    Type::Counter,
                    "Health",
                    &["etcd_server_health_success 1"]
                ),
                expect(
                    "etcd_disk_wal_write_bytes_total",
                    Type::Gauge,
                    "Bytes",
                    &["etcd_disk_wal_write_bytes_total 1"]
                ),
                expect(
                    "etcd_debugging_mvcc_keys_total",
                    Type::Gauge,
                    "Keys",
                    &["etcd_debugging_mvcc_keys_total 0"]
                ),
                expect(
                    "seconds",
                    Type::Histogram,
                    "Time",
                    &[
                        "seconds_sum 0.7",
                        "seconds_count 1",
                        "seconds_bucket{le=\"0.5\"} 0",
                        "seconds_bucket{le=\"1\"} 1",
                        "seconds_bucket{le=\"+Inf\"} 1",
                    ]
                ),
            ]
        );
    }
}
