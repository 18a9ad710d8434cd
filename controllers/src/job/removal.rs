//! Which of a Job's active pods go when there are too many: those whose index another has or that is none, then the least useful.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::pods;
use crate::objects::{Job, Pod};
use crate::replicaset::ranking;

/// Chooses at least `surplus` pods, and beyond that every one that has no index of its own.
pub fn choose(job: &Job, active: &[Arc<Pod>], surplus: usize, now: Timestamp) -> Vec<Arc<Pod>> {
    let (mut chosen, rest) = if pods::is_indexed(job) {
        repeated(job, active, now)
    } else {
        (Vec::new(), active.to_vec())
    };
    if chosen.len() < surplus {
        let more = surplus - chosen.len();
        chosen.extend(ranking::choose(rest, &[], more, now));
    }
    chosen
}

/// Pods without an index of their own, and the others.
fn repeated(job: &Job, active: &[Arc<Pod>], now: Timestamp) -> (Vec<Arc<Pod>>, Vec<Arc<Pod>>) {
    let (mut chosen, mut rest) = (Vec::new(), Vec::new());
    let mut by_index: BTreeMap<i32, Vec<Arc<Pod>>> = BTreeMap::new();
    for pod in active {
        match pods::valid_index(pod, job) {
            Some(index) => by_index.entry(index).or_default().push(pod.clone()),
            None => chosen.push(pod.clone()),
        }
    }
    for same in by_index.into_values() {
        let surplus = same.len() - 1;
        if surplus == 0 {
            rest.extend(same);
            continue;
        }
        let gone = ranking::choose(same.clone(), &[], surplus, now);
        rest.extend(
            same.into_iter()
                .filter(|p| !gone.iter().any(|g| Arc::ptr_eq(g, p))),
        );
        chosen.extend(gone);
    }
    (chosen, rest)
}
