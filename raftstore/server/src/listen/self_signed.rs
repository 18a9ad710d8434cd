//! Certificates made here, for `--auto-tls` and `--peer-auto-tls`, kept where etcd keeps them: `fixtures/client` and
//! `fixtures/peer` in the data folder.
//!
//! The one confusing thing: etcd's own keys there are on P-521, which rustls' ring does not sign with. A pair that cannot be used is
//! made anew: nobody was given it, since it is signed by itself.

use std::{
    fs, io,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair as Key,
    KeyUsagePurpose,
};

use super::files;
use crate::flags::{tls::KeyPair, url::Url};

/// The pair in `folder`, made for the hosts of `urls` if there is none that can be used.
///
/// # Errors
/// What could not be made or written.
pub fn pair(folder: &Path, urls: &[Url], years: u32) -> Result<KeyPair, String> {
    let pair = KeyPair {
        cert: folder.join("cert.pem"),
        key: folder.join("key.pem"),
    };
    if pair.cert.exists() && pair.key.exists() {
        match files::key_pair(&pair) {
            Ok(_) => return Ok(pair),
            Err(error) => {
                tracing::warn!(%error, "the certificate made before cannot be used; it is made anew")
            }
        }
    }
    let (cert, key) = make(urls, years)?;
    write(folder, &pair, &cert, &key)
        .map_err(|error| format!("writing a certificate in {}: {error}", folder.display()))?;
    tracing::info!(path = %pair.cert.display(), "created cert file");
    Ok(pair)
}

fn make(urls: &[Url], years: u32) -> Result<(String, String), String> {
    let failed = |error: rcgen::Error| format!("making a certificate: {error}");
    let mut hosts: Vec<String> = urls
        .iter()
        .filter(|url| !url.scheme.is_unix())
        .map(|url| url.hostname().to_owned())
        .filter(|host| !host.is_empty())
        .collect();
    hosts.sort();
    hosts.dedup();
    let mut params = CertificateParams::new(hosts).map_err(failed)?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, "etcd");
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyEncipherment,
    ];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    let now = crate::clock::now();
    params.not_before = now.into();
    params.not_after = (now + YEAR * years).into();
    let key = Key::generate().map_err(failed)?;
    let cert = params.self_signed(&key).map_err(failed)?;
    Ok((cert.pem(), key.serialize_pem()))
}

/// A year, as etcd counts it.
const YEAR: std::time::Duration = std::time::Duration::from_secs(365 * 86_400);

fn write(folder: &Path, pair: &KeyPair, cert: &str, key: &str) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let create = |path: &Path, mode, text: &str| {
        let mut options = fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode)
            .open(path)?;
        file.write_all(text.as_bytes())
    };
    create(&pair.key, 0o600, key)?;
    create(&pair.cert, 0o644, cert)
}
