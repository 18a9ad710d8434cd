//! JSON web tokens, as etcd makes them: the claims are `username`, `revision` (of users and roles) and `exp`.
//!
//! One algorithm is configured, and a token that names another is refused, "none" included. Signing and checking is ring's;
//! what is written here is the form, RFC 7515 compact. ES512 is missing, because ring has no P-521.

use std::{path::Path, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde::{Deserialize, Serialize};

use super::{
    DEFAULT_TTL, TokenConfig,
    keys::{Keys, read_keys},
};
use crate::{
    Clock, Error,
    auth::{Caller, Secret},
};

/// Longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 16 << 10;

/// An algorithm, by its JWT name in capitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of RFC 7518 and RFC 8037 say it")]
pub enum Method {
    Hs256,
    Hs384,
    Hs512,
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
}

const METHODS: [(Method, &str); 12] = [
    (Method::Hs256, "HS256"),
    (Method::Hs384, "HS384"),
    (Method::Hs512, "HS512"),
    (Method::Rs256, "RS256"),
    (Method::Rs384, "RS384"),
    (Method::Rs512, "RS512"),
    (Method::Ps256, "PS256"),
    (Method::Ps384, "PS384"),
    (Method::Ps512, "PS512"),
    (Method::Es256, "ES256"),
    (Method::Es384, "ES384"),
    (Method::EdDsa, "EdDSA"),
];

impl Method {
    /// The algorithm of a name.
    pub fn from_name(name: &str) -> Option<Method> {
        let found = METHODS.iter().find(|(_, known)| *known == name);
        found.map(|(method, _)| *method)
    }

    /// The name.
    pub fn name(self) -> &'static str {
        let found = METHODS.iter().find(|(method, _)| *method == self);
        found.map_or("", |(_, name)| name)
    }
}

/// Reads the options after `jwt` in `--auth-token`.
pub fn parse_options(given: &[(&str, &str)]) -> Result<TokenConfig, Error> {
    let value = |name: &str| {
        let found = given.iter().find(|(given, _)| *given == name);
        found
            .map(|(_, value)| *value)
            .filter(|value| !value.is_empty())
    };
    for (name, _) in given {
        if !["sign-method", "pub-key", "priv-key", "ttl"].contains(name) {
            tracing::warn!(name, "an option of JWT that is not known");
        }
    }
    let method = value("sign-method").unwrap_or_default();
    Ok(TokenConfig::Jwt {
        method: Method::from_name(method).ok_or_else(|| {
            Error::InvalidAuthOptions(format!("sign-method {method:?} is not known"))
        })?,
        public_key: value("pub-key").map(Into::into),
        private_key: value("priv-key").map(Into::into),
        ttl: match value("ttl") {
            None => DEFAULT_TTL,
            Some(text) => duration(text)
                .ok_or_else(|| Error::InvalidAuthOptions(format!("ttl {text:?} is no duration")))?,
        },
    })
}

/// A duration in Go's form, like `1h30m` or `1.5s`.
fn duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 7] = [
        ("ns", 1e-9),
        ("us", 1e-6),
        ("µs", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
    ];
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let unit_end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        seconds += number.parse::<f64>().ok()? * scale;
        rest = after;
    }
    (!text.is_empty())
        .then(|| Duration::try_from_secs_f64(seconds).ok())
        .flatten()
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    typ: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exp: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<f64>,
    revision: f64,
    username: String,
}

/// Makes and checks tokens.
pub struct Jwt {
    method: Method,
    keys: Keys,
    ttl: Duration,
    clock: Clock,
}

impl Jwt {
    /// Reads the keys.
    pub fn open(
        method: Method,
        public_key: Option<&Path>,
        private_key: Option<&Path>,
        ttl: Duration,
        clock: Clock,
    ) -> Result<Jwt, Error> {
        Ok(Jwt {
            method,
            keys: read_keys(method, public_key, private_key)?,
            ttl,
            clock,
        })
    }

    /// A token for a user.
    pub fn sign(&self, name: &str, revision: u64) -> Result<Secret, Error> {
        let header = Header {
            alg: self.method.name().to_owned(),
            typ: "JWT".to_owned(),
        };
        let exp = self.clock.wall_seconds().saturating_add(self.ttl.as_secs());
        let claims = serde_json::json!({ "exp": exp, "revision": revision, "username": name });
        let part = |json: Result<Vec<u8>, _>| {
            json.map(|json| BASE64.encode(json))
                .map_err(|e: serde_json::Error| Error::Internal(e.to_string()))
        };
        let mut token = part(serde_json::to_vec(&header))?;
        token.push('.');
        token.push_str(&part(serde_json::to_vec(&claims))?);
        let signature = self.keys.sign(self.method, token.as_bytes())?;
        token.push('.');
        token.push_str(&BASE64.encode(signature));
        Ok(token.into())
    }

    /// Who a token says the caller is, if it is one of ours and not over.
    pub fn verify(&self, token: &str) -> Option<Caller> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header = serde_json::from_slice(&BASE64.decode(header).ok()?).ok()?;
        if header.alg != self.method.name() {
            return None;
        }
        let signature = BASE64.decode(signature).ok()?;
        if !self.keys.verify(self.method, signed.as_bytes(), &signature) {
            return None;
        }
        let claims: Claims = serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()?;
        let now = self.clock.wall_seconds() as f64;
        let in_time =
            claims.exp.is_none_or(|exp| now < exp) && claims.nbf.is_none_or(|nbf| now >= nbf);
        in_time.then(|| Caller::User {
            name: claims.username.into(),
            revision: claims.revision as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn hmac(method: Method, ttl: Duration) -> Jwt {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, b"a key that is long enough for everybody").unwrap();
        Jwt::open(method, None, Some(&path), ttl, Clock::start()).unwrap()
    }

    #[test]
    fn a_token_comes_back_and_no_other_does() {
        for method in [Method::Hs256, Method::Hs384, Method::Hs512] {
            let jwt = hmac(method, Duration::from_secs(60));
            let token = jwt.sign("ann", 7).unwrap();
            let ann = Caller::User {
                name: "ann".into(),
                revision: 7,
            };
            assert_eq!(jwt.verify(token.reveal()), Some(ann));
            let mut altered = token.reveal().to_owned();
            altered.pop();
            assert_eq!(jwt.verify(&altered), None);
            assert_eq!(jwt.verify(""), None);
            assert_eq!(jwt.verify("a.b.c"), None);
        }
        let jwt = hmac(Method::Hs256, Duration::ZERO);
        assert_eq!(
            jwt.verify(jwt.sign("ann", 7).unwrap().reveal()),
            None,
            "it is over"
        );
        let (one, other) = (
            hmac(Method::Hs256, DEFAULT_TTL),
            hmac(Method::Hs384, DEFAULT_TTL),
        );
        assert_eq!(one.verify(other.sign("ann", 1).unwrap().reveal()), None);
    }

    #[test]
    fn an_unsigned_token_is_refused() {
        let jwt = hmac(Method::Hs256, DEFAULT_TTL);
        let header = BASE64.encode(r#"{"alg":"none"}"#);
        let claims = BASE64.encode(r#"{"username":"root","revision":9}"#);
        assert_eq!(jwt.verify(&format!("{header}.{claims}.")), None);
    }

    /// Keys made by rcgen (elliptic curves) and openssl (RSA, in the forms that it writes by default).
    #[test]
    fn every_kind_of_key() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| -> PathBuf {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let made = [
            (&rcgen::PKCS_ECDSA_P256_SHA256, Method::Es256),
            (&rcgen::PKCS_ECDSA_P384_SHA384, Method::Es384),
            (&rcgen::PKCS_ED25519, Method::EdDsa),
        ];
        let mut cases = Vec::new();
        for (algorithm, method) in made {
            let pair = rcgen::KeyPair::generate_for(algorithm).unwrap();
            let private = write(&format!("{method:?}.key"), &pair.serialize_pem());
            let public = write(&format!("{method:?}.pub"), &pair.public_key_pem());
            cases.push((vec![method], private, public));
        }
        let rsa = [
            Method::Rs256,
            Method::Rs384,
            Method::Rs512,
            Method::Ps256,
            Method::Ps384,
            Method::Ps512,
        ];
        for (private, public) in [(RSA_PKCS8, RSA_SPKI), (RSA_PKCS1, RSA_SPKI)] {
            let private = write("rsa.key", private);
            cases.push((rsa.to_vec(), private, write("rsa.pub", public)));
        }
        cases.push((
            vec![Method::Es256],
            write("sec1.key", EC_SEC1),
            write("sec1.pub", EC_SPKI),
        ));
        for (methods, private, public) in cases {
            for method in methods {
                let open = |public: Option<&Path>, private: Option<&Path>| {
                    Jwt::open(method, public, private, DEFAULT_TTL, Clock::start())
                };
                let both = open(Some(&public), Some(&private)).unwrap();
                let token = both.sign("ann", 3).unwrap();
                for jwt in [&both, &open(None, Some(&private)).unwrap()] {
                    assert!(jwt.verify(token.reveal()).is_some(), "{method:?}");
                }
                let checker = open(Some(&public), None).unwrap();
                assert!(checker.verify(token.reveal()).is_some(), "{method:?}");
                assert!(matches!(checker.sign("ann", 3), Err(Error::VerifyOnly)));
                assert!(matches!(
                    open(None, None),
                    Err(Error::InvalidAuthOptions(_))
                ));
            }
        }
    }

    #[test]
    fn keys_that_do_not_belong_together() {
        let dir = tempfile::tempdir().unwrap();
        let (private, public) = (dir.path().join("a"), dir.path().join("b"));
        let pair = || rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        std::fs::write(&private, pair().serialize_pem()).unwrap();
        std::fs::write(&public, pair().public_key_pem()).unwrap();
        let opened = Jwt::open(
            Method::Es256,
            Some(&public),
            Some(&private),
            DEFAULT_TTL,
            Clock::start(),
        );
        let Err(error) = opened else { panic!() };
        assert!(error.to_string().contains("don't match"), "{error}");
    }

    #[test]
    fn durations_of_go() {
        assert_eq!(duration("1h30m"), Some(Duration::from_secs(5_400)));
        assert_eq!(duration("1.5s"), Some(Duration::from_millis(1_500)));
        assert_eq!(duration("5ms"), Some(Duration::from_millis(5)));
        assert_eq!(
            [
                duration(""),
                duration("5"),
                duration("m"),
                duration("5x"),
                duration("-1s")
            ],
            [None; 5]
        );
    }

    include!("test_keys.rs");
}
