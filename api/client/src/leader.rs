//! Leader election over a `coordination.k8s.io/v1` Lease, with client-go's rules: a candidate watches the record, measures its age on
//! its own monotonic clock, and takes the Lease over when nobody renewed it for as long as its holder promised.
//!
//! Wall-clock times in the Lease are for people to read; no decision looks at them, so a jump of the clock changes no leader.

use std::future::Future;
use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Api, ObjectMeta, PostParams};
use tokio_util::sync::CancellationToken;

use crate::clock;

/// Which Lease to hold, and how long a promise lasts. The defaults are upstream's (`--leader-elect-*`).
#[derive(Clone, Debug)]
pub struct LeaderConfig {
    /// The Lease's namespace, `kube-system` for the control plane's parts.
    pub namespace: String,
    /// The Lease's name, such as `kube-scheduler`.
    pub name: String,
    /// Who this candidate is. Two that run at once must differ; one that starts again under the name it had
    /// gets its Lease back at once.
    pub identity: String,
    /// How long others wait after the last renewal that they saw.
    pub lease_duration: Duration,
    /// How long a leader keeps trying to renew before it gives up its role.
    pub renew_deadline: Duration,
    /// The pause between two attempts.
    pub retry_period: Duration,
    /// Whether a clean stop empties the holder, so that the next candidate need not wait.
    pub release_on_cancel: bool,
}

impl LeaderConfig {
    /// A candidate called `identity` for the Lease `kube-system/name`, with upstream's times.
    pub fn new(name: impl Into<String>, identity: impl Into<String>) -> Self {
        Self {
            namespace: "kube-system".into(),
            name: name.into(),
            identity: identity.into(),
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
            release_on_cancel: true,
        }
    }
}

/// What a candidate last saw of the Lease, and when its own clock said so.
#[derive(Clone, Debug, Default)]
struct Observed {
    spec: Option<LeaseSpec>,
    at: Option<Instant>,
}

/// What to do about a Lease.
#[derive(Debug, PartialEq)]
enum Decision {
    /// Write this record: the Lease is ours, free, or expired.
    Claim(Box<LeaseSpec>),
    /// Somebody else holds it.
    Wait,
}

impl Observed {
    /// Takes note of the record; its age counts from the first time this very record was seen.
    fn note(&mut self, spec: &LeaseSpec, now: Instant) {
        if self.spec.as_ref() != Some(spec) {
            self.spec = Some(spec.clone());
            self.at = Some(now);
        }
    }

    fn decide(&self, config: &LeaderConfig, now: Instant, wall: MicroTime) -> Decision {
        let holder = self
            .spec
            .as_ref()
            .and_then(|s| s.holder_identity.as_deref())
            .unwrap_or("");
        let ours = holder == config.identity;
        if !ours && !holder.is_empty() {
            let promised = self
                .spec
                .as_ref()
                .and_then(|s| s.lease_duration_seconds)
                .unwrap_or(0);
            let promised = Duration::from_secs(u64::try_from(promised).unwrap_or(0));
            if self.at.is_some_and(|at| now < at + promised) {
                return Decision::Wait;
            }
        }
        let old = self.spec.clone().unwrap_or_default();
        let transitions = old.lease_transitions.unwrap_or(0);
        Decision::Claim(Box::new(LeaseSpec {
            holder_identity: Some(config.identity.clone()),
            lease_duration_seconds: Some(whole_seconds(config.lease_duration)),
            acquire_time: if ours && old.acquire_time.is_some() {
                old.acquire_time
            } else {
                Some(wall.clone())
            },
            renew_time: Some(wall),
            // The first holder of a new Lease is no transition; a claim of the same holder is none either.
            lease_transitions: Some(if ours || self.spec.is_none() {
                transitions
            } else {
                transitions.saturating_add(1)
            }),
            preferred_holder: None,
            strategy: None,
        }))
    }
}

fn whole_seconds(d: Duration) -> i32 {
    i32::try_from(d.as_secs().max(1)).unwrap_or(i32::MAX)
}

/// Waits until this candidate leads, runs `lead`, and returns when `lead` does, when leadership is lost, or at `shutdown`.
///
/// The token given to `lead` is cancelled when leadership is lost or `shutdown` is; `lead` must then stop writing soon.
/// Returns whether the candidate ever led.
pub async fn run<F>(
    client: kube::Client,
    config: LeaderConfig,
    shutdown: CancellationToken,
    lead: impl FnOnce(CancellationToken) -> F,
) -> bool
where
    F: Future<Output = ()>,
{
    let mut candidate = Candidate {
        api: Api::namespaced(client, &config.namespace),
        config,
        observed: Observed::default(),
    };
    loop {
        match candidate.try_claim().await {
            Ok(true) => break,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(lease = %candidate.config.name, %error, "could not look at the leader election Lease");
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return false,
            () = tokio::time::sleep(candidate.config.retry_period) => {}
        }
    }
    tracing::info!(lease = %candidate.config.name, identity = %candidate.config.identity, "became the leader");
    let leading = shutdown.child_token();
    let mut work = std::pin::pin!(lead(leading.clone()));
    let finished = tokio::select! {
        () = &mut work => true,
        () = candidate.keep(&shutdown) => false,
    };
    leading.cancel();
    if !finished {
        work.await;
    }
    if candidate.config.release_on_cancel {
        candidate.release().await;
    }
    true
}

struct Candidate {
    api: Api<Lease>,
    config: LeaderConfig,
    observed: Observed,
}

impl Candidate {
    /// One attempt to get or renew the Lease. `Ok(false)`: another holds it, or wrote it in between.
    async fn try_claim(&mut self) -> Result<bool, kube::Error> {
        let found = self.api.get_opt(&self.config.name).await?;
        let now = Instant::now();
        let Some(mut lease) = found else {
            self.observed = Observed::default();
            let Decision::Claim(spec) =
                self.observed
                    .decide(&self.config, now, MicroTime(clock::now()))
            else {
                return Ok(false);
            };
            let lease = Lease {
                metadata: ObjectMeta {
                    name: Some(self.config.name.clone()),
                    ..Default::default()
                },
                spec: Some(*spec),
            };
            let created = self.api.create(&PostParams::default(), &lease).await;
            return self.settle(created);
        };
        self.observed
            .note(&lease.spec.clone().unwrap_or_default(), now);
        let Decision::Claim(spec) =
            self.observed
                .decide(&self.config, now, MicroTime(clock::now()))
        else {
            return Ok(false);
        };
        lease.spec = Some(*spec);
        let written = self
            .api
            .replace(&self.config.name, &PostParams::default(), &lease)
            .await;
        self.settle(written)
    }

    /// A write that lost a race is no error: somebody else was quicker.
    fn settle(&mut self, written: Result<Lease, kube::Error>) -> Result<bool, kube::Error> {
        match written {
            Ok(lease) => {
                self.observed
                    .note(&lease.spec.unwrap_or_default(), Instant::now());
                Ok(true)
            }
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Renews until `shutdown`, or until no renewal succeeded for the renew deadline.
    async fn keep(&mut self, shutdown: &CancellationToken) {
        let mut renewed = Instant::now();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(self.config.retry_period) => {}
            }
            let left = self.config.renew_deadline.saturating_sub(renewed.elapsed());
            match tokio::time::timeout(left, self.try_claim()).await {
                Ok(Ok(true)) => renewed = Instant::now(),
                Ok(Ok(false)) => {
                    tracing::warn!(lease = %self.config.name, "the leader election Lease is held by another")
                }
                Ok(Err(error)) => {
                    tracing::warn!(lease = %self.config.name, %error, "could not renew the leader election Lease")
                }
                Err(_) => {}
            }
            if renewed.elapsed() >= self.config.renew_deadline {
                tracing::error!(lease = %self.config.name, "lost leadership: no renewal within the deadline");
                return;
            }
        }
    }

    /// Empties the holder, so that the next candidate starts at once. A failure only costs that candidate its wait.
    async fn release(&mut self) {
        let held = self.api.get_opt(&self.config.name).await;
        let Ok(Some(mut lease)) = held else { return };
        let spec = lease.spec.get_or_insert_default();
        if spec.holder_identity.as_deref() != Some(self.config.identity.as_str()) {
            return;
        }
        spec.holder_identity = Some(String::new());
        spec.lease_duration_seconds = Some(1);
        spec.renew_time = Some(MicroTime(clock::now()));
        if let Err(error) = self
            .api
            .replace(&self.config.name, &PostParams::default(), &lease)
            .await
        {
            tracing::debug!(lease = %self.config.name, %error, "could not release the leader election Lease");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(identity: &str) -> LeaderConfig {
        LeaderConfig::new("kube-scheduler", identity)
    }

    fn wall() -> MicroTime {
        MicroTime("2026-01-01T00:00:00Z".parse().expect("a timestamp"))
    }

    fn claim(decision: Decision) -> LeaseSpec {
        match decision {
            Decision::Claim(spec) => *spec,
            Decision::Wait => panic!("expected a claim"),
        }
    }

    #[test]
    fn a_new_lease_is_claimed_without_a_transition() {
        let spec = claim(Observed::default().decide(&config("a"), Instant::now(), wall()));
        assert_eq!(spec.holder_identity.as_deref(), Some("a"));
        assert_eq!(spec.lease_transitions, Some(0));
        assert_eq!(spec.lease_duration_seconds, Some(15));
    }

    #[test]
    fn another_holder_is_respected_for_as_long_as_it_promised_on_our_clock() {
        let start = Instant::now();
        let held = claim(Observed::default().decide(&config("a"), start, wall()));
        let mut observed = Observed::default();
        observed.note(&held, start);
        assert_eq!(
            observed.decide(&config("b"), start + Duration::from_secs(14), wall()),
            Decision::Wait
        );
        let spec = claim(observed.decide(&config("b"), start + Duration::from_secs(15), wall()));
        assert_eq!(spec.holder_identity.as_deref(), Some("b"));
        assert_eq!(spec.lease_transitions, Some(1));
    }

    #[test]
    fn a_renewal_that_is_seen_starts_the_wait_again() {
        let start = Instant::now();
        let mut held = claim(Observed::default().decide(&config("a"), start, wall()));
        let mut observed = Observed::default();
        observed.note(&held, start);
        held.renew_time = Some(MicroTime(
            "2026-01-01T00:00:02Z".parse().expect("a timestamp"),
        ));
        observed.note(&held, start + Duration::from_secs(10));
        assert_eq!(
            observed.decide(&config("b"), start + Duration::from_secs(20), wall()),
            Decision::Wait
        );
    }

    #[test]
    fn the_holder_keeps_its_acquire_time_and_counts_no_transition() {
        let start = Instant::now();
        let first = claim(Observed::default().decide(&config("a"), start, wall()));
        let mut observed = Observed::default();
        observed.note(&first, start);
        let later = MicroTime("2026-01-01T01:00:00Z".parse().expect("a timestamp"));
        let again = claim(observed.decide(&config("a"), start, later.clone()));
        assert_eq!(again.acquire_time, first.acquire_time);
        assert_eq!(again.renew_time, Some(later));
        assert_eq!(again.lease_transitions, Some(0));
    }

    #[test]
    fn a_released_lease_is_free_at_once() {
        let start = Instant::now();
        let mut held = claim(Observed::default().decide(&config("a"), start, wall()));
        held.holder_identity = Some(String::new());
        let mut observed = Observed::default();
        observed.note(&held, start);
        assert_eq!(
            claim(observed.decide(&config("b"), start, wall()))
                .holder_identity
                .as_deref(),
            Some("b")
        );
    }
}
