//! Following a changed `spec.replicas` without a rollout.

use std::cmp::Reverse;

use super::{Rollout, Set};
use crate::deployment::{numbers, revision};

impl Rollout {
    /// Whether `spec.replicas` changed since the ReplicaSets were scaled last.
    pub(super) fn is_scaling(&self) -> bool {
        self.sets.iter().filter(|s| s.replicas > 0).any(|s| {
            revision::replicas_annotation(&s.object, revision::DESIRED_REPLICAS)
                .is_some_and(|desired| desired != self.deployment().replicas())
        })
    }

    /// Follows a changed `spec.replicas` without a rollout: the only ReplicaSet in use takes it all, several share it.
    pub(super) fn scale(&mut self) {
        let desired = self.deployment().replicas();
        let active: Vec<usize> = (0..self.sets.len())
            .filter(|i| self.sets[*i].replicas > 0)
            .collect();
        let only = match active.as_slice() {
            [] => self.new.or_else(|| self.old().last()),
            [one] => Some(*one),
            _ => None,
        };
        if let Some(only) = only {
            self.resize_unless_right(only, desired);
            return;
        }
        if active.is_empty() {
            return;
        }
        if self.is_saturated() {
            for index in active {
                if !self.is_new(index) {
                    self.scale_to(index, 0);
                }
            }
            return;
        }
        if numbers::is_rolling(self.deployment()) {
            self.scale_proportionally(active);
        }
    }

    /// The size, and the note of what was wanted, which ends the scaling even if the size was right by chance.
    fn resize_unless_right(&mut self, index: usize, desired: i32) {
        let noted =
            revision::replicas_annotation(&self.sets[index].object, revision::DESIRED_REPLICAS);
        if self.sets[index].replicas != desired || (noted.is_some() && noted != Some(desired)) {
            self.resize(index, desired);
        }
    }

    /// Whether the current template's ReplicaSet has all pods that are wanted, available.
    fn is_saturated(&self) -> bool {
        let desired = self.deployment().replicas();
        self.new.is_some_and(|new| {
            let set = &self.sets[new];
            set.replicas == desired
                && set.available() == desired
                && revision::replicas_annotation(&set.object, revision::DESIRED_REPLICAS)
                    == Some(desired)
        })
    }

    /// Shares a change of size among ReplicaSets as large as they are; what rounding leaves goes to the largest.
    fn scale_proportionally(&mut self, mut active: Vec<usize>) {
        let desired = self.deployment().replicas();
        let surge = numbers::max_surge(self.deployment());
        let allowed = if desired > 0 { desired + surge } else { 0 };
        let total: i32 = active.iter().map(|i| self.sets[*i].replicas).sum();
        let to_add = allowed - total;
        // Larger first; of equals the newer when growing, the older when shrinking. Sets are in order of age.
        if to_add > 0 {
            active.sort_by_key(|i| (Reverse(self.sets[*i].replicas), Reverse(*i)));
        } else {
            active.sort_by_key(|i| (Reverse(self.sets[*i].replicas), *i));
        }
        let mut added = 0;
        let mut sizes = Vec::with_capacity(active.len());
        for &index in &active {
            let share = self.share(index, to_add, added);
            sizes.push(self.sets[index].replicas + share);
            added += share;
        }
        if let Some(first) = sizes.first_mut() {
            *first = (*first + to_add - added).max(0);
        }
        for (index, size) in active.into_iter().zip(sizes) {
            self.resize(index, size);
        }
    }

    fn share(&self, index: usize, to_add: i32, added: i32) -> i32 {
        let set = &self.sets[index];
        if set.replicas == 0 || to_add == 0 || to_add == added {
            return 0;
        }
        let left = to_add - added;
        let fraction = self.fraction(set);
        if to_add > 0 {
            fraction.min(left)
        } else {
            fraction.max(left)
        }
    }

    /// By how much a ReplicaSet changes when it keeps its part of the Deployment's greatest size.
    fn fraction(&self, set: &Set) -> i32 {
        let deployment = self.deployment();
        if deployment.replicas() == 0 {
            return -set.replicas;
        }
        let max_now = deployment.replicas() + numbers::max_surge(deployment);
        let max_before = revision::replicas_annotation(&set.object, revision::MAX_REPLICAS)
            .filter(|max| *max > 0)
            .or(deployment.status.replicas.filter(|r| *r > 0));
        let Some(max_before) = max_before else {
            return 0;
        };
        let size = f64::from(set.replicas) * f64::from(max_now) / f64::from(max_before);
        size.round() as i32 - set.replicas
    }
}
