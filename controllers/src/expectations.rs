//! What a controller has asked for and its informer has not yet shown: until all of it was seen, the cache's count of pods
//! is too low or too high, and acting on it would create or delete too many.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::objects::Key;

/// Expectations older than this are no longer waited for (upstream: `ExpectationsTimeout`).
const TIMEOUT: Duration = Duration::from_secs(300);

#[derive(Debug)]
struct Expected {
    creations: usize,
    deletions: HashSet<String>,
    since: Instant,
}

/// Expectations of one controller, by the key of the object that it works for.
#[derive(Debug, Default)]
pub struct Expectations {
    entries: Mutex<HashMap<Key, Expected>>,
}

impl Expectations {
    /// Whether everything expected was seen, or nothing is expected, or it was waited for long enough.
    pub fn satisfied(&self, key: &Key, now: Instant) -> bool {
        match self.entries.lock().get(key) {
            None => true,
            Some(expected) => {
                (expected.creations == 0 && expected.deletions.is_empty())
                    || now.saturating_duration_since(expected.since) > TIMEOUT
            }
        }
    }

    /// Sets what is expected for `key`: so many creations, and the deletion of pods with these uids.
    pub fn expect(
        &self,
        key: &Key,
        creations: usize,
        deletions: impl IntoIterator<Item = String>,
        now: Instant,
    ) {
        let expected = Expected {
            creations,
            deletions: deletions.into_iter().collect(),
            since: now,
        };
        self.entries.lock().insert(key.clone(), expected);
    }

    /// A creation was seen, or will never be. Returns whether this was the last thing waited for.
    pub fn created(&self, key: &Key) -> bool {
        self.observe(key, |expected| {
            let waited = expected.creations > 0;
            expected.creations = expected.creations.saturating_sub(1);
            waited
        })
    }

    /// So many creations will never be seen.
    pub fn not_created(&self, key: &Key, count: usize) {
        self.observe(key, |expected| {
            expected.creations = expected.creations.saturating_sub(count);
            true
        });
    }

    /// The deletion of the pod with this uid was seen, or will never be. Returns whether this was the last thing waited for.
    pub fn deleted(&self, key: &Key, uid: &str) -> bool {
        self.observe(key, |expected| expected.deletions.remove(uid))
    }

    /// Nothing is expected for `key` any more.
    pub fn forget(&self, key: &Key) {
        self.entries.lock().remove(key);
    }

    fn observe(&self, key: &Key, observe: impl FnOnce(&mut Expected) -> bool) -> bool {
        let mut entries = self.entries.lock();
        let Some(expected) = entries.get_mut(key) else {
            return false;
        };
        let changed = observe(expected);
        let fulfilled = expected.creations == 0 && expected.deletions.is_empty();
        if fulfilled {
            entries.remove(key);
        }
        changed && fulfilled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_must_be_seen_or_time_must_pass() {
        let expectations = Expectations::default();
        let key = Key::new("n", "a");
        let now = Instant::now();
        assert!(expectations.satisfied(&key, now));
        expectations.expect(&key, 2, ["u".to_owned()], now);
        assert!(!expectations.created(&key));
        assert!(!expectations.deleted(&key, "other"));
        assert!(!expectations.created(&key));
        assert!(!expectations.satisfied(&key, now));
        assert!(expectations.satisfied(&key, now + TIMEOUT + Duration::from_secs(1)));
        assert!(expectations.deleted(&key, "u"));
        assert!(expectations.satisfied(&key, now));
        // What nobody waits for is no news.
        assert!(!expectations.created(&key));
    }
}
