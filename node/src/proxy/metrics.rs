//! The proxy's own metrics.

use std::sync::Arc;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Counters and gauges that the proxy keeps.
pub(crate) struct Metrics {
    registry: Registry,
    pub connections: Counter,
    pub refused: Counter,
    pub frontends: Gauge,
    pub bind_failures: Counter,
    pub syncs: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Arc<Self> {
        let mut registry = Registry::default();
        let (connections, refused, bind_failures, syncs) = (
            Counter::default(),
            Counter::default(),
            Counter::default(),
            Counter::default(),
        );
        let frontends = Gauge::default();
        registry.register(
            "kubeproxy_connections",
            "Connections and UDP sessions taken to a backend",
            connections.clone(),
        );
        registry.register(
            "kubeproxy_connections_refused",
            "Connections that no backend took",
            refused.clone(),
        );
        registry.register(
            "kubeproxy_frontends",
            "Addresses and ports listened on",
            frontends.clone(),
        );
        registry.register(
            "kubeproxy_bind_failures",
            "Addresses and ports that could not be listened on",
            bind_failures.clone(),
        );
        registry.register(
            "kubeproxy_sync_proxy_rules",
            "Times that changes were applied",
            syncs.clone(),
        );
        Arc::new(Self {
            registry,
            connections,
            refused,
            frontends,
            bind_failures,
            syncs,
        })
    }

    /// All of them in Prometheus' text form.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
