//! A lease lives as long as it was promised, from the last time that it was renewed for certain: a change of the leader, a
//! restart or a wall clock that jumps does not shorten it. That each ends at all is what the end of a run waits for.

use std::{collections::BTreeMap, time::Duration};

use super::history::History;

/// Checks a history.
pub fn check(history: &History) {
    let mut gone: BTreeMap<&str, Duration> = BTreeMap::new();
    for seen in history.watched.values().flatten() {
        if seen.value.is_none() {
            let at = gone.entry(&seen.key).or_insert(seen.at);
            *at = seen.at.min(*at);
        }
    }
    for (id, lease) in &history.leases {
        let earliest = lease.renewed + lease.ttl;
        for ended in [lease.lost, gone.get(lease.key.as_str()).copied()] {
            assert!(
                ended.is_none_or(|at| at >= earliest),
                "lease {id:x} ended at {ended:?}: {lease:?}"
            );
        }
    }
}
