//! What is counted of each peer.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// Counters by peer.
#[derive(Clone, Debug)]
pub struct PeerMetrics {
    active: Family<Pair, Gauge>,
    disconnected: Family<Pair, Counter>,
    sent_bytes: Family<To, Counter>,
    sent_failures: Family<To, Counter>,
    received_bytes: Family<From, Counter>,
    round_trip_seconds: Family<To, Histogram>,
}

/// The cells of one peer.
#[derive(Clone, Debug)]
pub struct PeerCounts {
    /// 1 while there is a connection to it.
    pub active: Gauge,
    /// How often the last connection to it was lost.
    pub disconnected: Counter,
    /// Bytes sent to it.
    pub sent_bytes: Counter,
    /// Messages of raft that did not get there.
    pub sent_failures: Counter,
    /// Bytes received from it.
    pub received_bytes: Counter,
    /// Seconds until it answers.
    pub round_trip_seconds: Histogram,
}

/// A member and its peer, under the names that etcd's labels have.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
#[allow(non_snake_case, reason = "the labels' names")]
struct Pair {
    Local: String,
    Remote: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
#[allow(non_snake_case, reason = "the label's name")]
struct To {
    To: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
#[allow(non_snake_case, reason = "the label's name")]
struct From {
    From: String,
}

/// etcd's buckets for round trips: 0.1 ms doubling 16 times.
fn round_trip() -> Histogram {
    Histogram::new(super::doubling(0.0001, 16))
}

impl Default for PeerMetrics {
    fn default() -> Self {
        PeerMetrics {
            active: Family::default(),
            disconnected: Family::default(),
            sent_bytes: Family::default(),
            sent_failures: Family::default(),
            received_bytes: Family::default(),
            round_trip_seconds: Family::new_with_constructor(round_trip),
        }
    }
}

impl Default for PeerCounts {
    fn default() -> Self {
        PeerCounts {
            active: Gauge::default(),
            disconnected: Counter::default(),
            sent_bytes: Counter::default(),
            sent_failures: Counter::default(),
            received_bytes: Counter::default(),
            round_trip_seconds: round_trip(),
        }
    }
}

impl PeerMetrics {
    /// The cells of `peer`, as `local` counts it.
    pub fn of(&self, local: u64, peer: u64) -> PeerCounts {
        let (local, peer) = (format!("{local:x}"), format!("{peer:x}"));
        let to = To { To: peer.clone() };
        let from = From { From: peer.clone() };
        let pair = Pair {
            Local: local,
            Remote: peer,
        };
        PeerCounts {
            active: self.active.get_or_create_owned(&pair),
            disconnected: self.disconnected.get_or_create_owned(&pair),
            sent_bytes: self.sent_bytes.get_or_create_owned(&to),
            sent_failures: self.sent_failures.get_or_create_owned(&to),
            received_bytes: self.received_bytes.get_or_create_owned(&from),
            round_trip_seconds: self.round_trip_seconds.get_or_create_owned(&to),
        }
    }

    /// Registers them under etcd's names.
    #[rustfmt::skip]
    pub fn register(&self, r: &mut Registry) {
        r.register("etcd_network_active_peers", "The current number of active peer connections.", self.active.clone());
        r.register("etcd_network_disconnected_peers", "The total number of disconnected peers.", self.disconnected.clone());
        r.register("etcd_network_peer_sent_bytes", "The total number of bytes sent to peers.", self.sent_bytes.clone());
        r.register("etcd_network_peer_sent_failures", "The total number of send failures from peers.", self.sent_failures.clone());
        r.register("etcd_network_peer_received_bytes", "The total number of bytes received from peers.", self.received_bytes.clone());
        r.register("etcd_network_peer_round_trip_time_seconds", "Round-Trip-Time histogram between peers", self.round_trip_seconds.clone());
    }
}
