//! The scheduler: gives each pod that has no node the best one, or says why there is none.
//!
//! Deciding is a plain function ([`decide`]) over a picture of the cluster ([`cluster`]) that one loop ([`engine`]) keeps up from
//! watches. A pod counts on its node from the decision on, so decisions need not wait for bindings, of which many are under way
//! at once. Knows nothing of HTTP beyond its client.

mod clock;
pub mod cluster;
pub mod decide;
mod engine;
mod metrics;
pub mod model;
pub mod plugins;
pub mod preemption;
pub mod queue;
mod watch;

use hydrofoil_client::leader::{self, LeaderConfig};
use tokio_util::sync::CancellationToken;

pub use metrics::Metrics;

/// The scheduler that pods get unless they name another.
pub const DEFAULT_SCHEDULER_NAME: &str = "default-scheduler";

/// Settings of a scheduler.
#[derive(Clone, Debug)]
pub struct Config {
    /// Pods with this `spec.schedulerName` are this scheduler's.
    pub scheduler_name: String,
    /// The Lease that says which of several schedulers works; `None` works without one.
    pub leader: Option<LeaderConfig>,
    /// Bindings under way at a time.
    pub max_bindings: usize,
    /// Where it counts.
    pub metrics: Metrics,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            scheduler_name: DEFAULT_SCHEDULER_NAME.into(),
            leader: None,
            max_bindings: 128,
            metrics: Metrics::default(),
        }
    }
}

/// Schedules until `shutdown`, or until leadership is lost.
///
/// # Errors
/// [`Error::LeadershipLost`] if another scheduler took over: this one must be started again.
pub async fn run(
    config: Config,
    client: kube::Client,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let Some(election) = config.leader.clone() else {
        engine::run(config, client, shutdown).await;
        return Ok(());
    };
    let work = |leading| engine::run(config, client.clone(), leading);
    leader::run(client.clone(), election, shutdown.clone(), work).await;
    if shutdown.is_cancelled() {
        Ok(())
    } else {
        Err(Error::LeadershipLost)
    }
}

/// Why a scheduler ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another one leads.
    #[error("leader election lost")]
    LeadershipLost,
}
