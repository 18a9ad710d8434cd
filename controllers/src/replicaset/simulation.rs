//! Scaling under a seeded world in which the cache lags behind the API server by any amount and creates fail at random: with
//! expectations there are never more pods than wanted, and in the end exactly as many.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use tokio::time::Instant;

use super::reconcile::{Need, need};
use crate::expectations::Expectations;
use crate::objects::{Key, Meta, Pod, ReplicaSet};

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

enum Told {
    Added(Arc<Pod>),
    Deleted(String),
}

struct World {
    key: Key,
    expectations: Expectations,
    pods: HashSet<String>,
    cache: Vec<Arc<Pod>>,
    /// What the API server has told and the informer has not yet read.
    told: VecDeque<Told>,
    made: u64,
}

impl World {
    fn sync(&mut self, set: &ReplicaSet, dice: &mut Dice, now: Instant) {
        let satisfied = self.expectations.satisfied(&self.key, now);
        match need(set, &self.cache, satisfied) {
            Need::Nothing => {}
            Need::Create(count) => {
                self.expectations.expect(&self.key, count, [], now);
                for done in 0..count {
                    if dice.roll(20) == 0 {
                        // The batch ends with this failure; the rest is never tried.
                        self.expectations.not_created(&self.key, count - done);
                        return;
                    }
                    self.made += 1;
                    let uid = format!("u{}", self.made);
                    self.pods.insert(uid.clone());
                    let pod =
                        serde_yaml::from_str(&format!("{{metadata: {{name: {uid}, uid: {uid}}}}}"))
                            .unwrap();
                    self.told.push_back(Told::Added(Arc::new(pod)));
                }
            }
            Need::Delete(count) => {
                let chosen: Vec<String> = self
                    .cache
                    .iter()
                    .take(count)
                    .map(|p| p.metadata.uid().to_owned())
                    .collect();
                self.expectations.expect(&self.key, 0, chosen.clone(), now);
                for uid in chosen {
                    if dice.roll(20) == 0 {
                        self.expectations.deleted(&self.key, &uid);
                        continue;
                    }
                    if self.pods.remove(&uid) {
                        self.told.push_back(Told::Deleted(uid));
                    }
                }
            }
        }
    }

    fn hear(&mut self) {
        match self.told.pop_front() {
            None => {}
            Some(Told::Added(pod)) => {
                self.cache.push(pod);
                self.expectations.created(&self.key);
            }
            Some(Told::Deleted(uid)) => {
                self.cache.retain(|p| p.metadata.uid() != uid);
                self.expectations.deleted(&self.key, &uid);
            }
        }
    }
}

fn run(seed: u64) {
    let mut dice = Dice(seed);
    let now = Instant::now();
    let mut set = ReplicaSet::default();
    let mut world = World {
        key: Key::new("n", "rs"),
        expectations: Expectations::default(),
        pods: HashSet::new(),
        cache: Vec::new(),
        told: VecDeque::new(),
        made: 0,
    };
    // The greatest and the smallest size wanted since all was last at rest bound what may be there.
    let (mut most, mut least) = (0, 0);
    set.spec.replicas = Some(0);
    for step in 0..2000 {
        match dice.roll(12) {
            0 if step < 1500 => {
                let wanted = usize::try_from(dice.roll(60)).unwrap();
                set.spec.replicas = Some(i32::try_from(wanted).unwrap());
                most = most.max(wanted);
                least = least.min(wanted);
            }
            1..5 => world.sync(&set, &mut dice, now),
            _ => world.hear(),
        }
        assert!(
            world.pods.len() <= most,
            "seed {seed} step {step}: {} pods, {most} allowed",
            world.pods.len()
        );
        assert!(
            world.pods.len() >= least,
            "seed {seed} step {step}: {} pods, {least} needed",
            world.pods.len()
        );
        if world.told.is_empty() && world.expectations.satisfied(&world.key, now) {
            let wanted = usize::try_from(set.replicas()).unwrap();
            (most, least) = (world.pods.len().max(wanted), world.pods.len().min(wanted));
        }
    }
    for _ in 0..200 {
        world.sync(&set, &mut dice, now);
        while !world.told.is_empty() {
            world.hear();
        }
    }
    assert_eq!(
        world.pods.len(),
        usize::try_from(set.replicas()).unwrap(),
        "seed {seed}"
    );
    assert_eq!(world.cache.len(), world.pods.len());
}

#[test]
fn a_lagging_cache_never_makes_too_many_or_too_few() {
    for seed in 0..200 {
        run(seed);
    }
}
