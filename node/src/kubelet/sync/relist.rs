//! Everything the runtime has against everything the kubelet believes: what differs is asked for, what nobody owns is removed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::PodLoop;
use crate::kubelet::machine::{Action, Doing};
use crate::kubelet::pleg::{Listing, doing};
use crate::kubelet::{gc, labels};

/// A pod's sandboxes, ready or not, and containers, in a listing.
type Seen<'a> = (Vec<(&'a str, bool)>, Vec<(&'a str, Doing)>);

impl PodLoop {
    /// Compares everything the runtime has with what the machines believe, and asks where they differ.
    pub(super) async fn listing(&mut self, listing: &Listing) {
        self.parts.metrics.relists.inc();
        let mut by_pod: HashMap<&str, Seen<'_>> = HashMap::new();
        let mut running = (0, 0);
        for sandbox in &listing.sandboxes {
            if let Some(uid) = sandbox.labels.get(labels::POD_UID) {
                let ready =
                    sandbox.state == i32::from(hydrofoil_cri::v1::PodSandboxState::SandboxReady);
                running.0 += i64::from(ready);
                by_pod.entry(uid).or_default().0.push((&sandbox.id, ready));
            }
        }
        for container in &listing.containers {
            if let Some(uid) = container.labels.get(labels::POD_UID) {
                let doing = doing(container.state);
                running.1 += i64::from(doing == Doing::Running);
                by_pod
                    .entry(uid)
                    .or_default()
                    .1
                    .push((&container.id, doing));
            }
        }
        self.parts.metrics.running_pods.set(running.0);
        self.parts.metrics.running_containers.set(running.1);
        let none = (Vec::new(), Vec::new());
        let differing: Vec<Arc<str>> = self
            .pods
            .iter()
            .filter(|(uid, entry)| {
                let (sandboxes, containers) = by_pod.get(&***uid).unwrap_or(&none);
                !entry
                    .machine
                    .agrees(sandboxes, containers, listing.taken_at)
            })
            .map(|(uid, _)| uid.clone())
            .collect();
        for uid in differing {
            self.act(&uid, Action::Inspect).await;
        }
        if self.synced {
            self.sweep_orphans(listing);
        }
    }

    /// Stops and removes sandboxes of pods that nobody knows.
    pub(super) fn sweep_orphans(&self, listing: &Listing) {
        for sandbox in &listing.sandboxes {
            let Some(uid) = sandbox.labels.get(labels::POD_UID) else {
                continue;
            };
            if self.pods.contains_key(uid.as_str()) {
                continue;
            }
            tracing::info!(sandbox = %sandbox.id, pod = %uid, "removing the sandbox of a pod that is gone");
            let shared = self.parts.shared.clone();
            let id = sandbox.id.clone();
            self.parts.shutdown_spawn(async move {
                let _permit = shared.stops.acquire().await;
                if shared.cri.stop_sandbox(&id).await.is_ok() {
                    let _ = shared.cri.remove_sandbox(&id).await;
                }
            });
        }
    }

    /// Removes directories of pods that nobody knows.
    pub(super) fn sweep_directories(&self) {
        let config = &self.parts.shared.config;
        let known: HashSet<String> = self.pods.keys().map(ToString::to_string).collect();
        let (pods, logs) = (config.root_dir.join("pods"), config.pod_logs_dir());
        tokio::task::spawn_blocking(move || gc::remove_orphans(&pods, &logs, &known));
    }
}
