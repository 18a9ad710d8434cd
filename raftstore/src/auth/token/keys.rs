//! The keys of JWT: which files hold them, in which forms, and what ring does with them.
//!
//! Forms are those that Go's `jwt` package reads and openssl writes: PKCS#8, PKCS#1 and SEC 1 for private keys; SPKI and
//! certificates for public ones. A private key alone is enough: the public one is in it.

use std::path::Path;

use ring::{
    hmac,
    rand::SystemRandom,
    signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair, UnparsedPublicKey},
};
use rustls_pki_types::pem::{PemObject, SectionKind};
use x509_parser::prelude::FromDer;

use super::jwt::Method;
use crate::Error;

/// Largest file that is taken for a key, in bytes.
const MAX_KEY_BYTES: u64 = 1 << 20;

/// A key, or a pair.
pub struct Keys {
    private: Option<Private>,
    /// The bits of the public key; empty with an HMAC.
    public: Vec<u8>,
}

enum Private {
    Hmac(hmac::Key),
    Rsa(Box<RsaKeyPair>),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

fn invalid(what: impl Into<String>) -> Error {
    Error::InvalidAuthOptions(what.into())
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |what: String| invalid(format!("{}: {what}", path.display()));
    let length = std::fs::metadata(path)
        .map_err(|e| failed(e.to_string()))?
        .len();
    if length > MAX_KEY_BYTES {
        return Err(failed("too large to be a key".into()));
    }
    std::fs::read(path).map_err(|e| failed(e.to_string()))
}

/// Reads the keys of an algorithm.
pub fn read_keys(
    method: Method,
    public: Option<&Path>,
    private: Option<&Path>,
) -> Result<Keys, Error> {
    let private = private
        .map(|path| parse_private(method, &read(path)?, path))
        .transpose()?;
    if let Some(algorithm) = hmac_algorithm(method) {
        let Some(Private::Hmac(key)) = private else {
            return Err(invalid("missing key data"));
        };
        debug_assert_eq!(key.algorithm(), algorithm);
        return Ok(Keys {
            private: Some(Private::Hmac(key)),
            public: Vec::new(),
        });
    }
    let public = public
        .map(|path| {
            parse_public(&read(path)?)
                .ok_or_else(|| invalid(format!("{}: no public key in PEM", path.display())))
        })
        .transpose()?;
    let of_private = private.as_ref().map(|private| match private {
        Private::Rsa(pair) => pair.public_key().as_ref().to_vec(),
        Private::Ecdsa(pair) => pair.public_key().as_ref().to_vec(),
        Private::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
        Private::Hmac(_) => Vec::new(),
    });
    let public = match (public, of_private) {
        (None, None) => return Err(invalid("missing key data")),
        (Some(public), Some(of_private)) if public != of_private => {
            return Err(invalid("public and private keys don't match"));
        }
        (Some(public), _) | (None, Some(public)) => public,
    };
    Ok(Keys { private, public })
}

fn parse_private(method: Method, bytes: &[u8], path: &Path) -> Result<Private, Error> {
    if let Some(algorithm) = hmac_algorithm(method) {
        if bytes.is_empty() {
            return Err(invalid("missing key data"));
        }
        return Ok(Private::Hmac(hmac::Key::new(algorithm, bytes)));
    }
    let rejected = |what: &str| invalid(format!("{}: {what}", path.display()));
    let sections = <(SectionKind, Vec<u8>)>::pem_slice_iter(bytes);
    for section in sections {
        let (kind, der) = section.map_err(|_| rejected("no PEM"))?;
        let key = match (method, kind) {
            (Method::Es256 | Method::Es384, SectionKind::PrivateKey) => {
                let pair = EcdsaKeyPair::from_pkcs8(curve(method), &der, &SystemRandom::new());
                pair.map(Private::Ecdsa)
            }
            (Method::Es256 | Method::Es384, SectionKind::EcPrivateKey) => {
                let (private, public) = sec1(&der).ok_or_else(|| rejected("no key of SEC 1"))?;
                EcdsaKeyPair::from_private_key_and_public_key(
                    curve(method),
                    private,
                    public,
                    &SystemRandom::new(),
                )
                .map(Private::Ecdsa)
            }
            (Method::EdDsa, SectionKind::PrivateKey) => {
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map(Private::Ed25519)
            }
            (_, SectionKind::PrivateKey) => {
                RsaKeyPair::from_pkcs8(&der).map(|pair| Private::Rsa(Box::new(pair)))
            }
            (_, SectionKind::RsaPrivateKey) => {
                RsaKeyPair::from_der(&der).map(|pair| Private::Rsa(Box::new(pair)))
            }
            // Parameters of a curve, a certificate beside the key.
            _ => continue,
        };
        return key.map_err(|error| rejected(&format!("no key for {}: {error}", method.name())));
    }
    Err(rejected("no private key in PEM"))
}

/// The bits of the first public key in a PEM file.
fn parse_public(bytes: &[u8]) -> Option<Vec<u8>> {
    let spki = |der: &[u8]| {
        let (_, spki) = x509_parser::x509::SubjectPublicKeyInfo::from_der(der).ok()?;
        Some(spki.subject_public_key.data.into_owned())
    };
    let sections = <(SectionKind, Vec<u8>)>::pem_slice_iter(bytes);
    for section in sections {
        let (kind, der) = section.ok()?;
        match kind {
            SectionKind::PublicKey => return spki(&der),
            SectionKind::Certificate => {
                let (_, certificate) =
                    x509_parser::certificate::X509Certificate::from_der(&der).ok()?;
                return spki(certificate.tbs_certificate.subject_pki.raw);
            }
            _ => {}
        }
    }
    None
}

/// The private and the public part of an `ECPrivateKey` (SEC 1, RFC 5915).
fn sec1(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, _) = tagged(der, 0x30)?;
    let (_version, rest) = tagged(sequence, 0x02)?;
    let (private, mut rest) = tagged(rest, 0x04)?;
    if let Some((_parameters, after)) = tagged(rest, 0xa0) {
        rest = after;
    }
    let (public, _) = tagged(rest, 0xa1)?;
    let (bits, _) = tagged(public, 0x03)?;
    // A bit string begins with how many bits of its last byte do not count: none.
    let (0, public) = bits.split_first().map(|(unused, bits)| (*unused, bits))? else {
        return None;
    };
    Some((private, public))
}

/// The content of a DER value of this tag, and what is after it.
fn tagged(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    if *found != tag {
        return None;
    }
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match *first {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81 => {
            let (length, rest) = rest.split_first()?;
            (usize::from(*length), rest)
        }
        0x82 => {
            let (length, rest) = rest.split_at_checked(2)?;
            (usize::from(length[0]) << 8 | usize::from(length[1]), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn hmac_algorithm(method: Method) -> Option<hmac::Algorithm> {
    match method {
        Method::Hs256 => Some(hmac::HMAC_SHA256),
        Method::Hs384 => Some(hmac::HMAC_SHA384),
        Method::Hs512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}

fn curve(method: Method) -> &'static signature::EcdsaSigningAlgorithm {
    match method {
        Method::Es384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
        _ => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
    }
}

impl Keys {
    /// The signature of a message.
    ///
    /// # Errors
    /// [`Error::VerifyOnly`] without a private key.
    pub fn sign(&self, method: Method, message: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = |_| Error::Internal("signing a token failed".into());
        let random = SystemRandom::new();
        Ok(match self.private.as_ref().ok_or(Error::VerifyOnly)? {
            Private::Hmac(key) => hmac::sign(key, message).as_ref().to_vec(),
            Private::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Private::Ecdsa(pair) => pair
                .sign(&random, message)
                .map_err(failed)?
                .as_ref()
                .to_vec(),
            Private::Rsa(pair) => {
                let encoding: &dyn signature::RsaEncoding = match method {
                    Method::Rs384 => &signature::RSA_PKCS1_SHA384,
                    Method::Rs512 => &signature::RSA_PKCS1_SHA512,
                    Method::Ps256 => &signature::RSA_PSS_SHA256,
                    Method::Ps384 => &signature::RSA_PSS_SHA384,
                    Method::Ps512 => &signature::RSA_PSS_SHA512,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(encoding, &random, message, &mut signature)
                    .map_err(failed)?;
                signature
            }
        })
    }

    /// Whether a signature is a message's.
    pub fn verify(&self, method: Method, message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &dyn signature::VerificationAlgorithm = match method {
            Method::Hs256 | Method::Hs384 | Method::Hs512 => {
                return matches!(&self.private, Some(Private::Hmac(key))
                    if hmac::verify(key, message, signature).is_ok());
            }
            Method::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            Method::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
            Method::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
            Method::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
            Method::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
            Method::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
            Method::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
            Method::Es384 => &signature::ECDSA_P384_SHA384_FIXED,
            Method::EdDsa => &signature::ED25519,
        };
        UnparsedPublicKey::new(algorithm, &self.public)
            .verify(message, signature)
            .is_ok()
    }
}
