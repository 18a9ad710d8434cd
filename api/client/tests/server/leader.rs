//! One leads, the others wait; who cannot renew stops; who stops cleanly lets the next one in at once.

use std::time::{Duration, Instant};

use hydrofoil_client::leader::{self, LeaderConfig};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::api::{Api, PATIENCE};

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/part";

fn config(identity: &str) -> LeaderConfig {
    LeaderConfig {
        lease_duration: Duration::from_secs(1),
        renew_deadline: Duration::from_millis(300),
        retry_period: Duration::from_millis(20),
        ..LeaderConfig::new("part", identity)
    }
}

/// A candidate whose work lasts until it is told to stop.
struct Candidate {
    leads: oneshot::Receiver<()>,
    stop: CancellationToken,
    run: JoinHandle<bool>,
}

impl Candidate {
    fn start(api: &Api, identity: &str) -> Candidate {
        let (told, leads) = oneshot::channel();
        let stop = CancellationToken::new();
        let (client, config, shutdown) = (api.client(), config(identity), stop.clone());
        let run = tokio::spawn(leader::run(
            client,
            config,
            shutdown,
            move |leading| async move {
                let _ = told.send(());
                leading.cancelled().await;
            },
        ));
        Candidate { leads, stop, run }
    }

    async fn leads(&mut self) {
        timeout(PATIENCE, &mut self.leads)
            .await
            .expect("leads in time")
            .unwrap();
    }

    /// Whether it ever led.
    async fn end(self) -> bool {
        self.stop.cancel();
        timeout(PATIENCE, self.run).await.expect("ends").unwrap()
    }
}

fn holder(api: &Api) -> String {
    let lease = api.get(LEASE).unwrap_or_default();
    let holder = lease["spec"]["holderIdentity"].as_str();
    holder.unwrap_or_default().to_owned()
}

fn held(holder: &str) -> Value {
    json!({
        "kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
        "metadata": {"name": "part", "namespace": "kube-system"},
        "spec": {"holderIdentity": holder, "leaseDurationSeconds": 1, "leaseTransitions": 4},
    })
}

#[tokio::test]
async fn one_leads_and_the_next_follows_when_it_stops() {
    let api = Api::new();
    let mut first = Candidate::start(&api, "first");
    first.leads().await;
    assert_eq!(holder(&api), "first");
    let mut second = Candidate::start(&api, "second");
    // It has looked, more than once, and did not get it.
    let before = api.methods().len();
    api.until(|api| api.methods().len() > before + 10).await;
    assert!(second.leads.try_recv().is_err());
    assert_eq!(holder(&api), "first");
    assert!(first.end().await);
    second.leads().await;
    let lease = api.get(LEASE).unwrap();
    assert_eq!(lease["spec"]["holderIdentity"], "second");
    assert_eq!(lease["spec"]["leaseTransitions"], 1);
    assert!(second.end().await);
    assert_eq!(holder(&api), "");
}

#[tokio::test]
async fn of_many_at_once_one_gets_it() {
    let api = Api::new();
    let candidates: Vec<Candidate> = (0..8)
        .map(|n| Candidate::start(&api, &format!("c{n}")))
        .collect();
    api.until(|api| api.methods().len() > 100).await;
    let mut leaders = Vec::new();
    for (n, mut candidate) in candidates.into_iter().enumerate() {
        if candidate.leads.try_recv().is_ok() {
            leaders.push(format!("c{n}"));
        }
        // Without release, so that nobody follows while they are counted.
        candidate.run.abort();
    }
    assert_eq!(leaders, [holder(&api)]);
}

#[tokio::test]
async fn the_lease_of_one_who_died_is_taken_when_its_promise_is_over() {
    let api = Api::new();
    api.put(LEASE, held("gone"));
    let begun = Instant::now();
    let mut candidate = Candidate::start(&api, "heir");
    candidate.leads().await;
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let lease = api.get(LEASE).unwrap();
    assert_eq!(lease["spec"]["leaseTransitions"], 5);
    candidate.end().await;
}

#[tokio::test]
async fn who_starts_again_under_its_name_need_not_wait() {
    let api = Api::new();
    api.put(LEASE, held("same"));
    let mut candidate = Candidate::start(&api, "same");
    candidate.leads().await;
    assert_eq!(api.get(LEASE).unwrap()["spec"]["leaseTransitions"], 4);
    candidate.end().await;
}

#[tokio::test]
async fn who_cannot_renew_stops_leading() {
    let api = Api::new();
    let mut candidate = Candidate::start(&api, "a");
    candidate.leads().await;
    api.set_away(true);
    // Nobody tells it to stop: the deadline does.
    let led = timeout(PATIENCE, candidate.run)
        .await
        .expect("ends")
        .unwrap();
    assert!(led);
    assert_eq!(holder(&api), "a", "what is away cannot be released");
}

#[tokio::test]
async fn a_short_absence_costs_no_leadership() {
    let api = Api::new();
    let mut candidate = Candidate::start(&api, "a");
    candidate.leads().await;
    api.set_away(true);
    let before = api.methods().len();
    api.until(|api| api.methods().len() > before + 2).await;
    api.set_away(false);
    let renewed = api.get(LEASE).unwrap()["metadata"]["resourceVersion"].clone();
    api.until(|api| api.get(LEASE).unwrap()["metadata"]["resourceVersion"] != renewed)
        .await;
    assert!(!candidate.run.is_finished());
    candidate.end().await;
}

#[tokio::test]
async fn who_lost_its_lease_to_another_stops_leading_and_leaves_it_alone() {
    let api = Api::new();
    let mut candidate = Candidate::start(&api, "a");
    candidate.leads().await;
    let mut usurped = held("b");
    usurped["spec"]["leaseDurationSeconds"] = json!(3600);
    api.put(LEASE, usurped);
    let led = timeout(PATIENCE, candidate.run)
        .await
        .expect("ends")
        .unwrap();
    assert!(led);
    assert_eq!(holder(&api), "b");
}
