//! Rollouts under a seeded world: ReplicaSets grow and shrink their pods at their own pace, pods become ready or do not, and
//! the controller may see an old picture of all this, though never one from before its own last write. Whatever happens, there are never more pods wanted than the surge
//! allows, and never fewer available than `maxUnavailable` allows once enough were.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::numbers;
use super::reconcile::{View, reconcile};
use crate::action::Action;
use crate::objects::{Deployment, Meta, ReplicaSet};

/// A small generator of the same numbers for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
}

#[derive(Clone)]
struct World {
    deployment: Deployment,
    sets: HashMap<String, ReplicaSet>,
    version: u64,
    now: Timestamp,
}

fn merge(target: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in fields {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(name);
        } else {
            merge(&mut target[name.as_str()], value);
        }
    }
}

impl World {
    fn new(replicas: i32, surge: &Value, unavailable: &Value) -> Self {
        let deployment = serde_json::from_value(json!({
            "metadata": {"name": "web", "namespace": "n", "uid": "d", "generation": 1},
            "spec": {
                "replicas": replicas, "revisionHistoryLimit": 2, "progressDeadlineSeconds": 600,
                "selector": {"matchLabels": {"app": "web"}},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}},
                "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"image": "v0"}},
            },
        }))
        .unwrap();
        Self {
            deployment,
            sets: HashMap::new(),
            version: 1,
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
        }
    }

    fn view(&self) -> View {
        View {
            deployment: Arc::new(self.deployment.clone()),
            replica_sets: self.sets.values().cloned().map(Arc::new).collect(),
            living_pods: HashMap::new(),
            now: self.now,
        }
    }

    fn bump(&mut self, name: &str) {
        self.version += 1;
        if let Some(set) = self.sets.get_mut(name) {
            set.metadata.resource_version = Some(self.version.to_string());
        }
    }

    /// Carries out an action as the API server would; false when it is refused.
    fn apply(&mut self, action: &Action) -> bool {
        match action {
            Action::Create { body, .. } => {
                let mut set: ReplicaSet = serde_json::from_value(body.clone()).unwrap();
                let name = set.metadata.name().to_owned();
                if self.sets.contains_key(&name) {
                    return false;
                }
                set.metadata.uid = Some(format!("u-{name}"));
                set.metadata.generation = Some(1);
                set.metadata.creation_timestamp =
                    serde_json::from_value(json!(self.now.to_string())).unwrap();
                self.sets.insert(name.clone(), set);
                self.bump(&name);
                true
            }
            Action::Patch {
                name,
                subresource: None,
                body,
                kind,
                ..
            } if kind.kind == "ReplicaSet" => {
                let Some(set) = self.sets.get_mut(name) else {
                    return false;
                };
                if body["metadata"]["resourceVersion"] != set.metadata.version() {
                    return false;
                }
                if let Some(replicas) = body["spec"]["replicas"].as_i64() {
                    set.spec.replicas = Some(i32::try_from(replicas).unwrap());
                    set.metadata.generation = Some(set.metadata.generation() + 1);
                }
                let annotations: HashMap<String, String> =
                    serde_json::from_value(body["metadata"]["annotations"].clone())
                        .unwrap_or_default();
                set.metadata
                    .annotations
                    .get_or_insert_default()
                    .extend(annotations);
                self.bump(name);
                true
            }
            Action::Patch {
                subresource: Some("status"),
                body,
                kind,
                ..
            } if kind.kind == "Deployment" => {
                let mut status = serde_json::to_value(&self.deployment.status).unwrap();
                merge(&mut status, &body["status"]);
                let annotations: HashMap<String, String> =
                    serde_json::from_value(body["metadata"]["annotations"].clone())
                        .unwrap_or_default();
                self.deployment
                    .metadata
                    .annotations
                    .get_or_insert_default()
                    .extend(annotations);
                self.deployment.status = serde_json::from_value(status).unwrap();
                true
            }
            Action::Patch { .. } => panic!("{action:?}"),
            Action::Delete { name, .. } => self.sets.remove(name).is_some(),
            Action::Event(_) => true,
        }
    }

    /// One ReplicaSet makes or ends some pods, some become available, and its status says so.
    fn pods_move(&mut self, dice: &mut Dice) {
        let mut names: Vec<String> = self.sets.keys().cloned().collect();
        names.sort();
        if names.is_empty() {
            return;
        }
        let name = names[usize::try_from(dice.roll(names.len() as u64)).unwrap()].clone();
        let set = self.sets.get_mut(&name).unwrap();
        let wanted = set.replicas();
        let status = &mut set.status;
        let available = status.available_replicas.unwrap_or(0);
        status.replicas = wanted;
        let more = i32::try_from(dice.roll(3)).unwrap();
        let now_available = (available + more).min(wanted);
        status.available_replicas = Some(now_available);
        status.ready_replicas = Some(now_available);
        status.observed_generation = set.metadata.generation;
        self.bump(&name);
    }

    fn sets_version(&self) -> (u64, usize) {
        (self.version, self.sets.len())
    }

    fn wanted(&self) -> i32 {
        self.sets.values().map(ReplicaSet::replicas).sum()
    }

    /// What is available for certain: a set that has been told to shrink ends ready pods only when it has too many.
    fn available(&self) -> i32 {
        self.sets
            .values()
            .map(|s| s.status.available_replicas.unwrap_or(0).min(s.replicas()))
            .sum()
    }
}

fn run(seed: u64) {
    let mut dice = Dice(seed);
    let replicas = i32::try_from(dice.roll(12)).unwrap() + 1;
    let (surge, unavailable) = match dice.roll(4) {
        0 => (json!(0), json!(1)),
        1 => (json!(1), json!(0)),
        2 => (json!("25%"), json!("25%")),
        _ => (json!(3), json!("50%")),
    };
    let mut world = World::new(replicas, &surge, &unavailable);
    let most = replicas + numbers::max_surge(&world.deployment);
    let least = replicas - numbers::max_unavailable(&world.deployment);
    let mut stale = world.clone();
    let mut was_enough = false;
    for step in 0..600 {
        world.now = world.now.checked_add(SignedDuration::from_secs(1)).unwrap();
        match dice.roll(10) {
            0..4 => world.pods_move(&mut dice),
            4 => stale = world.clone(),
            5 if step % 7 == 0 && step < 400 => {
                let version = dice.roll(3);
                let mut template = world.deployment.spec.template.0.as_ref().clone();
                template["spec"]["image"] = format!("v{version}").into();
                world.deployment.spec.template.0 = Arc::new(template);
                world.deployment.metadata.generation =
                    Some(world.deployment.metadata.generation() + 1);
            }
            roll => {
                let plan = reconcile(if roll == 6 {
                    stale.view()
                } else {
                    world.view()
                });
                for action in &plan.actions {
                    let sets = world.sets_version();
                    if !world.apply(action) {
                        break;
                    }
                    if world.sets_version() != sets {
                        stale = world.clone();
                    }
                }
            }
        }
        assert!(
            world.wanted() <= most,
            "seed {seed} step {step}: {} wanted, {most} allowed",
            world.wanted()
        );
        was_enough |= world.available() >= least;
        if was_enough {
            assert!(
                world.available() >= least,
                "seed {seed} step {step}: {} available, {least} needed",
                world.available()
            );
        }
    }
    // Left alone it comes to rest, with everything on the newest template.
    for _ in 0..400 {
        world.pods_move(&mut dice);
        for action in reconcile(world.view()).actions {
            world.apply(&action);
        }
    }
    let used: Vec<_> = world.sets.values().filter(|s| s.replicas() > 0).collect();
    assert_eq!(used.len(), 1, "seed {seed}");
    assert_eq!(used[0].replicas(), replicas, "seed {seed}");
    assert_eq!(
        used[0].spec.template.0["spec"]["image"],
        world.deployment.spec.template.0["spec"]["image"]
    );
    assert!(world.sets.len() <= 3, "seed {seed}: history is kept short");
    let progressing =
        super::status::find(&world.deployment.status, super::status::PROGRESSING).unwrap();
    assert_eq!(
        progressing.reason.as_deref(),
        Some("NewReplicaSetAvailable"),
        "seed {seed}"
    );
    let quiet = reconcile(world.view());
    assert!(quiet.actions.is_empty(), "seed {seed}: {:?}", quiet.actions);
}

#[test]
fn rollouts_keep_their_bounds_whatever_happens() {
    for seed in 0..80 {
        run(seed);
    }
}
