//! Tokens: what a client sends with its requests in the place of its password.
//!
//! - `simple`: random words that this member remembers for a while.
//! - `jwt`: signed claims that any member with the key believes.
//! - `keys`: the keys of JWT, from PEM files.

pub mod jwt;
pub mod keys;
pub mod simple;

use std::{fmt, path::PathBuf, time::Duration};

use rand::Rng;

use self::{jwt::Jwt, simple::SimpleTokens};
use super::{Caller, Secret, command::TokenPrefix};
use crate::{Clock, Error, command::Login};

/// etcd's default for `--auth-token-ttl` and for the `ttl` of JWT.
pub const DEFAULT_TTL: Duration = Duration::from_secs(300);
/// Letters of a simple token before its index.
const PREFIX_LETTERS: usize = 16;
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Which tokens are given, as etcd's `--auth-token`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenConfig {
    /// Simple tokens.
    Simple {
        /// How long a token lives after its last use (`--auth-token-ttl`).
        ttl: Duration,
    },
    /// JWT.
    Jwt {
        /// The algorithm by its JWT name.
        method: jwt::Method,
        /// PEM file of the public key.
        public_key: Option<PathBuf>,
        /// PEM file of the private key; with an HMAC, a file that is the key.
        private_key: Option<PathBuf>,
        /// How long a token lives.
        ttl: Duration,
    },
    /// None: only certificates say who a client is.
    None,
}

impl Default for TokenConfig {
    fn default() -> Self {
        TokenConfig::Simple { ttl: DEFAULT_TTL }
    }
}

impl TokenConfig {
    /// Reads etcd's `--auth-token`: `simple`, or `jwt,sign-method=…,pub-key=…,priv-key=…,ttl=…`, or nothing for none.
    /// `simple_ttl` is `--auth-token-ttl`.
    ///
    /// # Errors
    /// [`Error::InvalidAuthOptions`].
    pub fn parse(options: &str, simple_ttl: Duration) -> Result<TokenConfig, Error> {
        let invalid = |what: String| Error::InvalidAuthOptions(what);
        let mut parts = options.split(',');
        let kind = parts.next().unwrap_or_default();
        let mut given: Vec<(&str, &str)> = Vec::new();
        for part in parts {
            let (name, value) = part
                .split_once('=')
                .filter(|(_, value)| !value.contains('='))
                .ok_or_else(|| invalid(format!("{part:?} is not of the form name=value")))?;
            if given.iter().any(|(before, _)| *before == name) {
                return Err(invalid(format!("{name} is given twice")));
            }
            given.push((name, value));
        }
        match kind {
            "simple" => Ok(TokenConfig::Simple { ttl: simple_ttl }),
            "" => Ok(TokenConfig::None),
            "jwt" => jwt::parse_options(&given),
            _ => Err(invalid(format!("unknown token type {kind:?}"))),
        }
    }
}

/// Gives and knows tokens.
pub enum Tokens {
    /// Simple tokens.
    Simple(SimpleTokens),
    /// JWT.
    Jwt(Box<Jwt>),
    /// None.
    None,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tokens::Simple(_) => "simple tokens",
            Tokens::Jwt(_) => "JWT",
            Tokens::None => "no tokens",
        })
    }
}

impl Tokens {
    /// Reads the keys, if there are any.
    ///
    /// # Errors
    /// [`Error::InvalidAuthOptions`] if a key is missing, is no key, or is not the other's.
    pub fn new(config: &TokenConfig, clock: Clock) -> Result<Tokens, Error> {
        Ok(match config {
            TokenConfig::Simple { ttl } => Tokens::Simple(SimpleTokens::new(*ttl, clock)),
            TokenConfig::Jwt {
                method,
                public_key,
                private_key,
                ttl,
            } => Tokens::Jwt(Box::new(Jwt::open(
                *method,
                public_key.as_deref(),
                private_key.as_deref(),
                *ttl,
                clock,
            )?)),
            TokenConfig::None => Tokens::None,
        })
    }

    /// What a login proposes for its token to begin with.
    pub fn prefix(&self) -> TokenPrefix {
        TokenPrefix(match self {
            Tokens::Simple(_) => {
                let mut rng = rand::rng();
                (0..PREFIX_LETTERS)
                    .map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())]))
                    .collect()
            }
            Tokens::Jwt(_) | Tokens::None => String::new(),
        })
    }

    /// Notes a login that was applied.
    pub fn note(&self, name: &str, prefix: &TokenPrefix, index: u64) {
        if let Tokens::Simple(tokens) = self
            && !prefix.0.is_empty()
        {
            tokens.add(name, &prefix.token(index));
        }
    }

    /// The token of a login that was applied.
    ///
    /// # Errors
    /// [`Error::VerifyOnly`].
    pub fn issue(&self, name: &str, prefix: &TokenPrefix, login: &Login) -> Result<Secret, Error> {
        match self {
            Tokens::Simple(_) => Ok(prefix.token(login.index)),
            Tokens::Jwt(jwt) => jwt.sign(name, login.auth_revision),
            Tokens::None => Ok(Secret::default()),
        }
    }

    /// Whose token it is, at which auth revision; `now` is the current one, which is a simple token's.
    pub fn find(&self, token: &str, now: u64) -> Option<Caller> {
        match self {
            Tokens::Simple(tokens) => Some(Caller::User {
                name: tokens.find(token)?,
                revision: now,
            }),
            Tokens::Jwt(jwt) => jwt.verify(token),
            Tokens::None => None,
        }
    }

    /// The index that a token says it was made at: a member that has not applied it does not know the token yet.
    pub fn index(&self, token: &str) -> Option<u64> {
        match self {
            Tokens::Simple(_) => simple::index(token),
            Tokens::Jwt(_) | Tokens::None => None,
        }
    }

    /// Forgets a user's tokens. A JWT is believed until it ends, but its auth revision is old from now on.
    pub fn invalidate(&self, user: &str) {
        if let Tokens::Simple(tokens) = self {
            tokens.remove_user(user);
        }
    }

    /// Forgets all tokens.
    pub fn clear(&self) {
        if let Tokens::Simple(tokens) = self {
            tokens.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etcds_options() {
        let parse = |options: &str| TokenConfig::parse(options, Duration::from_secs(7));
        assert!(matches!(parse("simple"), Ok(TokenConfig::Simple { ttl }) if ttl.as_secs() == 7));
        assert!(matches!(parse(""), Ok(TokenConfig::None)));
        let Ok(TokenConfig::Jwt {
            method,
            public_key,
            private_key,
            ttl,
        }) = parse("jwt,pub-key=a.pub,priv-key=a.priv,sign-method=ES256,ttl=1m30s")
        else {
            panic!()
        };
        assert_eq!(method, jwt::Method::Es256);
        assert_eq!(
            (public_key, private_key),
            (Some("a.pub".into()), Some("a.priv".into()))
        );
        assert_eq!(ttl.as_secs(), 90);
        for wrong in [
            "token",
            "jwt",
            "jwt,sign-method=none",
            "jwt,sign-method=RS256,ttl=abc",
            "jwt,sign-method=RS256,sign-method=RS256",
            "jwt,sign-method",
            "jwt,sign-method=RS256=x",
        ] {
            assert!(
                matches!(parse(wrong), Err(Error::InvalidAuthOptions(_))),
                "{wrong}"
            );
        }
    }

    #[test]
    fn prefixes_are_letters_and_never_the_same() {
        let tokens = Tokens::new(&TokenConfig::default(), Clock::start()).unwrap();
        let (a, b) = (tokens.prefix(), tokens.prefix());
        assert_ne!(a, b);
        assert!(a.0.len() == PREFIX_LETTERS && a.0.bytes().all(|c| c.is_ascii_alphabetic()));
        assert!(a.token(7).reveal().ends_with(".7"));
        assert_eq!(format!("{a:?}"), "…");
    }
}
