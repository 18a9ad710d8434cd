//! Passwords: hashed before they are proposed, so that neither the log nor a snapshot ever holds one, and checked against the
//! hash. Both cost tens of milliseconds of CPU on purpose and run on threads that may block.
//!
//! Hashes are bcrypt's, in the form that etcd stores (`$2a$…`), so that users move between etcd and us with their snapshots.

use std::{fmt, sync::Arc};

use bcrypt::Version;
use serde::{Deserialize, Serialize};

use crate::Error;

/// etcd's default for `--bcrypt-cost`.
pub const DEFAULT_COST: u32 = 10;
/// Smallest and largest cost that bcrypt has.
pub const COSTS: std::ops::RangeInclusive<u32> = 4..=31;
/// Bytes of a password that bcrypt hashes; a longer one is refused.
const MAX_PASSWORD_BYTES: usize = 72;
/// Logins and hashes under way at once: each takes a core for a while.
pub const MAX_HASHERS: usize = 4;

/// A password or a token: text that no `Debug` shows.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Says what is hidden.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether nothing is hidden.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Into<Arc<str>>> From<T> for Secret {
    fn from(text: T) -> Self {
        Secret(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The hash of a password, as etcd stores it. Empty: no password fits.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash(Vec<u8>);

impl PasswordHash {
    /// A hash that was read.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        PasswordHash(bytes)
    }

    /// The hash's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Hashes a password. Slow: keep it off the async threads.
    ///
    /// # Errors
    /// [`Error::PasswordTooLong`].
    pub fn of(password: &Secret, cost: u32) -> Result<PasswordHash, Error> {
        let password = password.reveal().as_bytes();
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(Error::PasswordTooLong);
        }
        let parts = bcrypt::hash_with_salt(password, cost, rand::random())
            .map_err(|error| Error::Internal(format!("hashing a password: {error}")))?;
        Ok(PasswordHash(
            parts.format_for_version(Version::TwoA).into_bytes(),
        ))
    }

    /// Whether this is the password's hash. Slow: keep it off the async threads.
    pub fn fits(&self, password: &Secret) -> bool {
        std::str::from_utf8(&self.0)
            .is_ok_and(|hash| bcrypt::verify(password.reveal(), hash).unwrap_or(false))
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The cost to hash with: etcd's default if the given one is none of bcrypt's.
pub fn cost(given: u32) -> u32 {
    if COSTS.contains(&given) {
        given
    } else {
        tracing::warn!(
            given,
            default = DEFAULT_COST,
            "the bcrypt cost is none that bcrypt has; the default is used"
        );
        DEFAULT_COST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_fits_its_password_alone_and_nobody_sees_either() {
        let hash = PasswordHash::of(&"correct horse".into(), 4).unwrap();
        assert!(hash.as_bytes().starts_with(b"$2a$04$"));
        assert!(hash.fits(&"correct horse".into()));
        assert!(!hash.fits(&"correct hors".into()));
        assert!(!PasswordHash::default().fits(&"".into()));
        assert!(matches!(
            PasswordHash::of(&"x".repeat(73).as_str().into(), 4),
            Err(Error::PasswordTooLong)
        ));
        assert_eq!(format!("{:?} {hash:?}", Secret::from("horse")), "… …");
    }

    #[test]
    fn a_hash_that_go_made_fits() {
        // golang.org/x/crypto/bcrypt's own test vector.
        let hash = PasswordHash::from_bytes(
            b"$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga".to_vec(),
        );
        assert!(hash.fits(&"allmine".into()));
        assert!(!hash.fits(&"allmines".into()));
    }

    #[test]
    fn an_impossible_cost_is_the_default() {
        assert_eq!([3, 4, 31, 32, 0].map(cost), [10, 4, 31, 10, 10]);
    }
}
