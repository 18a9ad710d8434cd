//! Flags of TLS. Files are named here and read in [`crate::listen::tls`].

use std::path::PathBuf;

use super::{settings::Urls, url::Url, values::Values};

/// A TLS version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// TLS 1.2.
    V12,
    /// TLS 1.3.
    V13,
}

/// What clients' and peers' TLS have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsRules {
    /// The oldest version.
    pub min: Version,
    /// The newest version.
    pub max: Version,
    /// Cipher suites of TLS 1.2 by their IANA numbers; none is all that there are.
    pub cipher_suites: Vec<u16>,
    /// Years that certificates made here are good for.
    pub self_signed_years: u32,
}

/// TLS of one side: clients or peers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Certificate and key shown by this side's listeners.
    pub identity: Option<KeyPair>,
    /// Certificate and key shown when this member connects; `identity` if it is none.
    pub client_identity: Option<KeyPair>,
    /// Ask for certificates.
    pub client_cert_auth: bool,
    /// Authorities that sign them; also those of the peers that this member connects to.
    pub trusted_ca: Option<PathBuf>,
    /// Revoked ones.
    pub crl: Option<PathBuf>,
    /// Common names one of which a certificate must have; none is any.
    pub allowed_cn: Vec<String>,
    /// Names one of which a certificate must be for; none is any.
    pub allowed_hostname: Vec<String>,
    /// Make a certificate if none is given.
    pub auto: bool,
    /// Do not compare a certificate with the address it comes from.
    pub skip_san_check: bool,
}

/// A certificate's file and its key's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPair {
    /// PEM of the certificate and those that sign it.
    pub cert: PathBuf,
    /// PEM of the key.
    pub key: PathBuf,
}

impl TlsRules {
    /// The rules.
    ///
    /// # Errors
    /// etcd's words.
    pub fn from_values(values: &Values) -> Result<TlsRules, String> {
        let (min_name, max_name) = (
            values.text("tls-min-version"),
            values.text("tls-max-version"),
        );
        let min = version(min_name)?.unwrap_or(Version::V12);
        let max = version(max_name)?;
        if max.is_some_and(|max| min > max) {
            return Err(format!(
                "min version ({min_name}) is greater than max version ({max_name})"
            ));
        }
        let names = values.list("cipher-suites");
        if min == Version::V13 && !names.is_empty() {
            return Err("cipher suites cannot be configured when only TLS1.3 is enabled".into());
        }
        let cipher_suites = names
            .iter()
            .map(|name| cipher(name))
            .collect::<Result<_, _>>()?;
        let years = values.unsigned("self-signed-cert-validity");
        if years == 0 {
            return Err("selfSignedCertValidity is invalid,it should be greater than 0".into());
        }
        Ok(TlsRules {
            min,
            max: max.unwrap_or(Version::V13),
            cipher_suites,
            // A certificate that outlives its century helps nobody, and dates end.
            self_signed_years: u32::try_from(years).unwrap_or(u32::MAX).min(100),
        })
    }
}

fn version(name: &str) -> Result<Option<Version>, String> {
    match name {
        "" => Ok(None),
        "TLS1.2" => Ok(Some(Version::V12)),
        "TLS1.3" => Ok(Some(Version::V13)),
        _ => Err(format!(
            "unexpected TLS version {name:?} (must be one of: TLS1.2, TLS1.3)"
        )),
    }
}

/// Suites by Go's names (which are IANA's), those that are there first. TLS 1.3 chooses its own, and Go ignores its names here.
const SUITES: [(&str, u16); 11] = [
    ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 0xc02b),
    ("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", 0xc02c),
    ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", 0xcca9),
    ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", 0xcca9),
    ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 0xc02f),
    ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", 0xc030),
    ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", 0xcca8),
    ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", 0xcca8),
    ("TLS_AES_128_GCM_SHA256", 0x1301),
    ("TLS_AES_256_GCM_SHA384", 0x1302),
    ("TLS_CHACHA20_POLY1305_SHA256", 0x1303),
];

/// Suites that Go has and that are not here: without forward secrecy, or with CBC, RC4 or 3DES.
const WEAK: [&str; 16] = [
    "TLS_RSA_WITH_RC4_128_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
];

fn cipher(name: &str) -> Result<u16, String> {
    if let Some((_, number)) = SUITES.iter().find(|(suite, _)| *suite == name) {
        return Ok(*number);
    }
    if WEAK.contains(&name) {
        return Err(format!(
            "--cipher-suites={name} is not supported: the suite is weak"
        ));
    }
    Err(format!("unexpected TLS cipher suite {name:?}"))
}

impl Side {
    /// Whether there is a certificate to show, or will be.
    pub fn is_on(&self) -> bool {
        self.identity.is_some() || self.auto
    }

    /// TLS of clients.
    ///
    /// # Errors
    /// etcd's words.
    pub fn client(values: &Values, urls: &Urls) -> Result<Side, String> {
        let side = Side {
            identity: pair(values, "cert-file", "key-file", ["KeyFile", "CertFile"])?,
            client_identity: None,
            client_cert_auth: values.boolean("client-cert-auth"),
            trusted_ca: path(values, "trusted-ca-file"),
            crl: path(values, "client-crl-file"),
            allowed_cn: Vec::new(),
            allowed_hostname: values.list("client-cert-allowed-hostname"),
            auto: values.boolean("auto-tls"),
            skip_san_check: true,
        };
        let listen = urls
            .listen_client
            .iter()
            .chain(&urls.listen_client_http)
            .chain(&urls.listen_metrics);
        if let Some(url) = needs_tls(listen, &side) {
            return Err(format!(
                "TLS key/cert (--cert-file, --key-file) must be provided for client url {url} with HTTPS scheme"
            ));
        }
        Ok(side)
    }

    /// TLS of peers.
    ///
    /// # Errors
    /// etcd's words.
    pub fn peer(values: &Values, urls: &Urls) -> Result<Side, String> {
        let side = Side {
            identity: pair(
                values,
                "peer-cert-file",
                "peer-key-file",
                ["KeyFile", "CertFile"],
            )?,
            client_identity: pair(
                values,
                "peer-client-cert-file",
                "peer-client-key-file",
                ["ClientKeyFile", "ClientCertFile"],
            )?,
            client_cert_auth: values.boolean("peer-client-cert-auth"),
            trusted_ca: path(values, "peer-trusted-ca-file"),
            crl: path(values, "peer-crl-file"),
            allowed_cn: values.list("peer-cert-allowed-cn"),
            allowed_hostname: values.list("peer-cert-allowed-hostname"),
            auto: values.boolean("peer-auto-tls"),
            skip_san_check: values.boolean("peer-skip-client-san-verification"),
        };
        if !side.allowed_cn.is_empty() && !side.allowed_hostname.is_empty() {
            return Err(format!(
                "AllowedCNs and AllowedHostnames are mutually exclusive (cns={:?}, hostnames={:?})",
                side.allowed_cn, side.allowed_hostname
            ));
        }
        if let Some(url) = needs_tls(urls.listen_peer.iter(), &side) {
            return Err(format!(
                "TLS key/cert (--peer-cert-file, --peer-key-file) must be provided for peer url {url} with HTTPS scheme"
            ));
        }
        Ok(side)
    }
}

fn needs_tls<'a>(mut listen: impl Iterator<Item = &'a Url>, side: &Side) -> Option<&'a Url> {
    listen.find(|url| url.scheme.is_tls() && !side.is_on())
}

fn path(values: &Values, name: &str) -> Option<PathBuf> {
    Some(values.text(name))
        .filter(|text| !text.is_empty())
        .map(PathBuf::from)
}

fn pair(
    values: &Values,
    cert: &str,
    key: &str,
    names: [&str; 2],
) -> Result<Option<KeyPair>, String> {
    match (path(values, cert), path(values, key)) {
        (None, None) => Ok(None),
        (Some(cert), Some(key)) => Ok(Some(KeyPair { cert, key })),
        _ => Err(format!(
            "{} and {} must both be present[key: {}, cert: {}]",
            names[0],
            names[1],
            values.text(key),
            values.text(cert)
        )),
    }
}
