//! Certificates, keys and authorities as PEM files.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path, sync::Arc};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};

use crate::flags::tls::KeyPair;

/// Largest file that is read, in bytes; a bundle of all public authorities is a quarter of it.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Where systems keep the authorities that everyone trusts, in the order in which Go looks.
const SYSTEM_BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// What of a file tells that it is another: a file that is replaced has another inode, one that is written has another time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

/// The stamp of a file; `None` if it is not there.
pub fn stamp(path: &Path) -> Option<Stamp> {
    let found = fs::metadata(path).ok()?;
    Some(Stamp {
        inode: found.ino(),
        bytes: found.len(),
        modified: (found.mtime(), found.mtime_nsec()),
    })
}

/// Reads a small file.
///
/// # Errors
/// The path and what is wrong.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    let open = || -> io::Result<Vec<u8>> {
        if fs::metadata(path)?.len() > MAX_FILE_BYTES {
            return Err(io::Error::other(format!(
                "is larger than {MAX_FILE_BYTES} bytes"
            )));
        }
        fs::read(path)
    };
    open().map_err(|error| format!("open {}: {error}", path.display()))
}

/// Reads a certificate with its chain, and its key. The key is never part of an error.
///
/// # Errors
/// The path and what is wrong.
pub fn key_pair(pair: &KeyPair) -> Result<Arc<CertifiedKey>, String> {
    let chain = certificates(&pair.cert)?;
    if chain.is_empty() {
        return Err(format!(
            "{}: there is no certificate in it",
            pair.cert.display()
        ));
    }
    let bad_key = |what: &dyn std::fmt::Display| format!("{}: {what}", pair.key.display());
    let key = PrivateKeyDer::from_pem_slice(&read(&pair.key)?)
        .map_err(|_| bad_key(&"there is no private key in it"))?;
    let key = rustls::crypto::ring::sign::any_supported_type(&key).map_err(|_| {
        bad_key(&"the key is of a kind that is not supported (P-256, P-384, Ed25519 and RSA are)")
    })?;
    let pair = CertifiedKey::new(chain, key);
    match pair.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {
            Ok(Arc::new(pair))
        }
        Err(error) => Err(bad_key(&error)),
    }
}

/// Reads certificates.
///
/// # Errors
/// The path and what is wrong.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// Reads authorities; without a path, those of the system.
///
/// # Errors
/// The path and what is wrong, or that there are none.
pub fn authorities(path: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let path = match path {
        Some(path) => path,
        None => SYSTEM_BUNDLES
            .iter()
            .map(Path::new)
            .find(|path| path.exists())
            .ok_or("no trusted CA file is given, and the system has none")?,
    };
    let (added, _) = roots.add_parsable_certificates(certificates(path)?);
    if added == 0 {
        return Err(format!(
            "{}: there is no certificate of an authority in it",
            path.display()
        ));
    }
    Ok(roots)
}
