//! What is counted of health checks, under etcd's names.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

/// Which check.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CheckLabels {
    r#type: &'static str,
    name: &'static str,
}

/// Which check, and how it went.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CheckResultLabels {
    r#type: &'static str,
    name: &'static str,
    status: &'static str,
}

/// Counters of the server.
#[derive(Clone, Debug, Default)]
pub struct ServerMetrics {
    /// `/health` that was well.
    pub health_success: Counter,
    /// `/health` that was not.
    pub health_failures: Counter,
    /// Requests to the key space that took longer than they should.
    pub slow_applies: Counter,
    checks: Family<CheckLabels, Gauge>,
    checks_total: Family<CheckResultLabels, Counter>,
}

impl ServerMetrics {
    /// Notes how a check of `/livez` or `/readyz` went.
    pub fn note_check(&self, r#type: &'static str, name: &'static str, well: bool) {
        let status = if well { "success" } else { "error" };
        self.checks
            .get_or_create(&CheckLabels { r#type, name })
            .set(i64::from(well));
        self.checks_total
            .get_or_create(&CheckResultLabels {
                r#type,
                name,
                status,
            })
            .inc();
    }

    /// Registers everything. `_total` is added to counters by the exposition, or not, as etcd has it.
    #[rustfmt::skip]
    pub fn register(&self, registry: &mut Registry) {
        let r = registry;
        r.register("etcd_server_health_success", "The total number of successful health checks", self.health_success.clone());
        r.register("etcd_server_health_failures", "The total number of failed health checks", self.health_failures.clone());
        r.register("etcd_server_slow_apply", "The total number of slow apply requests (likely overloaded from slow disk).", self.slow_applies.clone());
        r.register("etcd_server_healthcheck", "The result of each kind of healthcheck.", self.checks.clone());
        r.register("etcd_server_healthchecks", "The total number of each kind of healthcheck.", self.checks_total.clone());
    }
}
