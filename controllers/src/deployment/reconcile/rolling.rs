//! Moving pods from old ReplicaSets to the newest, gradually or by stopping all old ones first.

use super::{Rollout, Set};
use crate::deployment::{numbers, status};
use crate::objects::Meta;

impl Rollout {
    pub(super) fn roll(&mut self) {
        self.sync_new_set(true);
        let Some(new) = self.new else { return };
        let size = self.sets[new].replicas;
        let desired = self.deployment().replicas();
        let target = if size > desired {
            desired
        } else {
            self.new_set_size(size)
        };
        if size != desired && self.scale_to(new, target) {
            return;
        }
        if self.shrink_old(new) {
            return;
        }
        if status::is_complete(self.deployment(), &self.deployment().status) {
            self.clean_up();
        }
    }

    /// Makes old ReplicaSets smaller, those with broken pods first, and never so that too few pods are available.
    fn shrink_old(&mut self, new: usize) -> bool {
        let old_pods: i32 = self.old().map(|i| self.sets[i].replicas).sum();
        if old_pods == 0 {
            return false;
        }
        let deployment = self.deployment();
        let min_available = deployment.replicas() - numbers::max_unavailable(deployment);
        let new_unavailable = self.sets[new].replicas - self.sets[new].available();
        let may_go = self.wanted() - min_available - new_unavailable;
        if may_go <= 0 {
            return false;
        }
        let broken = self.shrink_unhealthy(may_go);
        let healthy = self.shrink_healthy(min_available);
        broken + healthy > 0
    }

    /// Takes away up to `limit` pods of old ReplicaSets that are not available.
    fn shrink_unhealthy(&mut self, limit: i32) -> i32 {
        let mut gone = 0;
        for index in self.old() {
            if gone >= limit {
                break;
            }
            let set = &self.sets[index];
            let unhealthy = set.replicas - set.available();
            if set.replicas == 0 || unhealthy <= 0 {
                continue;
            }
            let less = unhealthy.min(limit - gone);
            let target = set.replicas - less;
            self.scale_to(index, target);
            gone += less;
        }
        gone
    }

    /// Takes away available pods of old ReplicaSets as far as `min_available` remain.
    fn shrink_healthy(&mut self, min_available: i32) -> i32 {
        let available: i32 = self.sets.iter().map(Set::available).sum();
        let limit = available - min_available;
        let mut gone = 0;
        for index in self.old() {
            if gone >= limit {
                break;
            }
            let size = self.sets[index].replicas;
            let less = size.min(limit - gone);
            if less <= 0 {
                continue;
            }
            self.scale_to(index, size - less);
            gone += less;
        }
        gone
    }

    pub(super) fn recreate(&mut self) {
        self.sync_new_set(false);
        let mut shrunk = false;
        for index in self.old() {
            shrunk |= self.scale_to(index, 0);
        }
        if shrunk || self.old_pods_live() {
            return;
        }
        if self.new.is_none() {
            self.sync_new_set(true);
            return;
        }
        if let Some(new) = self.new {
            let desired = self.deployment().replicas();
            self.scale_to(new, desired);
        }
        if status::is_complete(self.deployment(), &self.deployment().status) {
            self.clean_up();
        }
    }

    fn old_pods_live(&self) -> bool {
        self.view.living_pods.iter().any(|(uid, count)| {
            *count > 0
                && self
                    .new
                    .is_none_or(|new| self.sets[new].object.metadata.uid() != uid)
        })
    }
}
