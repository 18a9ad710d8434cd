//! What a controller has asked for and its informer has not yet shown: until all of it was seen, the cache's count of pods
//! is too low or too high, and acting on it would create or delete too many.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::objects::{Key, Meta};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// Expectations older than this are no longer waited for (upstream: `ExpectationsTimeout`).
pub const TIMEOUT: Duration = Duration::from_secs(300);

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

/// Versions of objects that a controller wrote: a cache that shows an older one is behind the controller's own writes, and
/// a decision made on it could undo them or do them twice.
#[derive(Debug, Default)]
pub struct Written {
    entries: Mutex<HashMap<String, Version>>,
}

#[derive(Debug)]
struct Version {
    version: String,
    since: Instant,
}

/// Versions that are kept at most; older ones are then forgotten.
const MAX_WRITTEN: usize = 10_000;

impl Written {
    /// Notes the metadata that the API server answered a write with.
    pub fn note(&self, meta: &ObjectMeta, now: Instant) {
        let mut entries = self.entries.lock();
        if entries.len() >= MAX_WRITTEN {
            entries.retain(|_, v| now.saturating_duration_since(v.since) < TIMEOUT);
        }
        let version = Version {
            version: meta.version().to_owned(),
            since: now,
        };
        entries.insert(meta.uid().to_owned(), version);
    }

    /// Whether this, as the cache has it, is older than what was written.
    pub fn is_behind(&self, cached: &ObjectMeta, now: Instant) -> bool {
        let mut entries = self.entries.lock();
        let Some(written) = entries.get(cached.uid()) else {
            return false;
        };
        let waited_enough = now.saturating_duration_since(written.since) > TIMEOUT;
        let behind = is_older(cached.version(), &written.version) && !waited_enough;
        if !behind {
            entries.remove(cached.uid());
        }
        behind
    }

    /// Forgets an object that is gone.
    pub fn forget(&self, uid: &str) {
        self.entries.lock().remove(uid);
    }
}

/// Whether one `resourceVersion` of an object is older than another (KEP-5504: they are decimal numbers of any length).
fn is_older(a: &str, b: &str) -> bool {
    (a.len(), a) < (b.len(), b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_behind_its_own_writes_is_noticed() {
        let meta = |version: &str| -> ObjectMeta {
            serde_yaml::from_str(&format!("{{uid: u, resourceVersion: '{version}'}}")).unwrap()
        };
        let (written, now) = (Written::default(), Instant::now());
        assert!(!written.is_behind(&meta("1"), now));
        written.note(&meta("100"), now);
        assert!(written.is_behind(&meta("99"), now));
        assert!(!written.is_behind(&meta("99"), now + TIMEOUT * 2));
        written.note(&meta("100"), now);
        assert!(!written.is_behind(&meta("101"), now));
        assert!(
            !written.is_behind(&meta("99"), now),
            "what was caught up with is forgotten"
        );
    }

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
