//! Simple tokens: sixteen random letters, a dot, and the index of the login's entry. A token lives for a while after its last
//! use, on the monotonic clock, and is forgotten when its user changes.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;

use crate::{Clock, auth::Secret};

/// Tokens remembered; beyond it the one that would end first is forgotten.
const MAX_TOKENS: usize = 1 << 18;
/// A use is noted at most this often, so that a busy token costs no bookkeeping.
const NOTE_EVERY: Duration = Duration::from_secs(1);

/// The tokens of this member.
pub struct SimpleTokens {
    ttl: Duration,
    clock: Clock,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    tokens: HashMap<Arc<str>, Entry>,
    /// (when it ends, token)
    ends: BTreeSet<(Duration, Arc<str>)>,
}

struct Entry {
    user: Arc<str>,
    end: Duration,
}

impl Held {
    fn remove(&mut self, token: &str) {
        if let Some((token, entry)) = self.tokens.remove_entry(token) {
            self.ends.remove(&(entry.end, token));
        }
    }

    fn drop_ended(&mut self, now: Duration) {
        while let Some((end, token)) = self.ends.first().cloned()
            && (end <= now || self.tokens.len() > MAX_TOKENS)
        {
            self.remove(&token);
        }
    }
}

impl SimpleTokens {
    /// None yet.
    pub fn new(ttl: Duration, clock: Clock) -> Self {
        SimpleTokens {
            ttl: if ttl.is_zero() {
                super::DEFAULT_TTL
            } else {
                ttl
            },
            clock,
            held: Mutex::default(),
        }
    }

    /// Remembers a token.
    pub fn add(&self, user: &str, token: &Secret) {
        let now = self.clock.now();
        let token: Arc<str> = token.reveal().into();
        let end = now + self.ttl;
        let mut held = self.held.lock();
        held.remove(&token);
        let entry = Entry {
            user: user.into(),
            end,
        };
        held.tokens.insert(Arc::clone(&token), entry);
        held.ends.insert((end, token));
        held.drop_ended(now);
    }

    /// Whose token it is. Its time begins anew.
    pub fn find(&self, token: &str) -> Option<Arc<str>> {
        let now = self.clock.now();
        let mut held = self.held.lock();
        held.drop_ended(now);
        let (token, entry) = held.tokens.get_key_value(token)?;
        let (user, before, end) = (Arc::clone(&entry.user), entry.end, now + self.ttl);
        if end >= before + NOTE_EVERY.min(self.ttl / 8) {
            let token = Arc::clone(token);
            held.ends.remove(&(before, Arc::clone(&token)));
            if let Some(entry) = held.tokens.get_mut(&token) {
                entry.end = end;
            }
            held.ends.insert((end, token));
        }
        Some(user)
    }

    /// Forgets a user's tokens.
    pub fn remove_user(&self, user: &str) {
        let mut held = self.held.lock();
        let gone: Vec<_> = held
            .tokens
            .iter()
            .filter(|(_, entry)| *entry.user == *user)
            .map(|(token, _)| Arc::clone(token))
            .collect();
        for token in gone {
            held.remove(&token);
        }
    }

    /// Forgets all tokens.
    pub fn clear(&self) {
        *self.held.lock() = Held::default();
    }
}

/// The index in a token, if it has the form of one.
pub fn index(token: &str) -> Option<u64> {
    let (_, index) = token.split_once('.')?;
    index.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lives_from_its_last_use_on() {
        let tokens = SimpleTokens::new(Duration::from_millis(200), Clock::start());
        tokens.add("ann", &"abc.1".into());
        tokens.add("bob", &"abc.2".into());
        tokens.add("ann", &"abc.3".into());
        assert_eq!(tokens.find("abc.1").as_deref(), Some("ann"));
        assert_eq!(tokens.find("abc.4"), None);
        tokens.remove_user("ann");
        assert_eq!(tokens.find("abc.1"), None);
        assert_eq!(tokens.find("abc.2").as_deref(), Some("bob"));
        // Used again and again it stays, for longer than its time.
        let begun = std::time::Instant::now();
        while begun.elapsed() < Duration::from_millis(500) {
            assert_eq!(tokens.find("abc.2").as_deref(), Some("bob"));
            std::thread::yield_now();
        }
        let end = begun.elapsed() + Duration::from_millis(300);
        while begun.elapsed() < end {
            std::thread::yield_now();
        }
        assert_eq!(tokens.find("abc.2"), None);
        assert!(tokens.held.lock().ends.is_empty());
    }

    #[test]
    fn the_index_of_a_token() {
        assert_eq!(index("abc.17"), Some(17));
        assert_eq!(
            [index("abc"), index("abc."), index("a.b.1"), index("")],
            [None; 4]
        );
    }
}
