//! rustls' settings of one side, made of files, and made anew when a file changes.
//!
//! Files are looked at when a connection comes, as in etcd: a certificate that was renewed is shown to the next client. Files that
//! cannot be read at that moment (they are being written) leave the settings as they are, with a warning.

use std::{path::PathBuf, sync::Arc};

use parking_lot::Mutex;
use rustls::{
    ClientConfig, ServerConfig, SupportedProtocolVersion,
    client::WebPkiServerVerifier,
    crypto::CryptoProvider,
    server::WebPkiClientVerifier,
    sign::SingleCertAndKey,
    version::{TLS12, TLS13},
};

use super::{
    crl::Revoked,
    files::{self, Stamp},
    verify::{Clients, Rules, Servers},
};
use crate::flags::tls::{Side, TlsRules, Version};

/// TLS of one side, clients or peers.
#[derive(Debug)]
pub struct Tls {
    side: Side,
    rules: TlsRules,
    made: Mutex<Made>,
}

#[derive(Debug)]
struct Made {
    stamps: Vec<Option<Stamp>>,
    server: Arc<ServerConfig>,
    client: Result<Arc<ClientConfig>, String>,
}

impl Tls {
    /// Reads the files of `side`, whose identity must be there.
    ///
    /// # Errors
    /// The path and what is wrong.
    pub fn new(side: Side, rules: TlsRules) -> Result<Tls, String> {
        let made = make(&side, &rules)?;
        Ok(Tls {
            side,
            rules,
            made: Mutex::new(made),
        })
    }

    /// The side's flags.
    pub fn side(&self) -> &Side {
        &self.side
    }

    /// For a connection that comes in.
    pub fn server(&self) -> Arc<ServerConfig> {
        self.refresh(|made| Arc::clone(&made.server))
    }

    /// For a connection that goes out.
    ///
    /// # Errors
    /// That there is no authority to check the other end against.
    pub fn client(&self) -> Result<Arc<ClientConfig>, String> {
        self.refresh(|made| made.client.clone())
    }

    fn refresh<T>(&self, pick: impl Fn(&Made) -> T) -> T {
        let mut made = self.made.lock();
        let stamps = stamps(&self.side);
        if stamps != made.stamps {
            match make(&self.side, &self.rules) {
                Ok(newer) => {
                    tracing::info!("certificates changed and are read again");
                    *made = newer;
                }
                Err(error) => {
                    tracing::warn!(%error, "certificates changed and cannot be read; those before stay in use");
                    made.stamps = stamps;
                }
            }
        }
        pick(&made)
    }
}

fn paths(side: &Side) -> Vec<&PathBuf> {
    let pairs = side.identity.iter().chain(&side.client_identity);
    pairs
        .flat_map(|pair| [&pair.cert, &pair.key])
        .chain(&side.trusted_ca)
        .chain(&side.crl)
        .collect()
}

fn stamps(side: &Side) -> Vec<Option<Stamp>> {
    paths(side)
        .into_iter()
        .map(|path| files::stamp(path))
        .collect()
}

/// Whether those who connect must show a certificate: etcd asks for one as soon as an authority is named.
pub fn asks_for_certificates(side: &Side) -> bool {
    side.client_cert_auth || side.trusted_ca.is_some()
}

fn make(side: &Side, rules: &TlsRules) -> Result<Made, String> {
    // Before reading: a change while we read is seen at the next look.
    let stamps = stamps(side);
    let identity = side
        .identity
        .as_ref()
        .ok_or("there is no certificate to show")?;
    let shown = files::key_pair(identity)?;
    let own = match &side.client_identity {
        Some(pair) => files::key_pair(pair)?,
        None => Arc::clone(&shown),
    };
    let provider = provider(rules);
    let extra = Rules {
        revoked: match &side.crl {
            Some(path) => Revoked::read(path)?,
            None => Revoked::default(),
        },
        allowed_cn: side.allowed_cn.clone(),
        allowed_hostname: side.allowed_hostname.clone(),
    };
    // Only a file that was named is an error at once: a member without peers needs no authority of the system.
    let client = match client(side, rules, &provider, extra.revoked.clone(), own) {
        Err(error) if side.trusted_ca.is_some() => return Err(error),
        client => client.map(Arc::new),
    };
    Ok(Made {
        stamps,
        server: Arc::new(server(side, rules, &provider, extra, shown)?),
        client,
    })
}

fn provider(rules: &TlsRules) -> Arc<CryptoProvider> {
    let mut provider = rustls::crypto::ring::default_provider();
    if !rules.cipher_suites.is_empty() {
        let place = |suite: &rustls::SupportedCipherSuite| {
            let number = u16::from(suite.suite());
            rules
                .cipher_suites
                .iter()
                .position(|wanted| *wanted == number)
        };
        // TLS 1.3 chooses by itself, as in Go.
        provider
            .cipher_suites
            .retain(|suite| suite.version() == &TLS13 || place(suite).is_some());
        provider
            .cipher_suites
            .sort_by_key(|suite| place(suite).unwrap_or(0));
    }
    Arc::new(provider)
}

fn versions(rules: &TlsRules) -> &'static [&'static SupportedProtocolVersion] {
    static V12: [&SupportedProtocolVersion; 1] = [&TLS12];
    static V13: [&SupportedProtocolVersion; 1] = [&TLS13];
    static BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
    match (rules.min, rules.max) {
        (Version::V12, Version::V12) => &V12,
        (Version::V12, Version::V13) => &BOTH,
        (Version::V13, _) => &V13,
    }
}

fn server(
    side: &Side,
    rules: &TlsRules,
    provider: &Arc<CryptoProvider>,
    extra: Rules,
    shown: Arc<rustls::sign::CertifiedKey>,
) -> Result<ServerConfig, String> {
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(versions(rules))
        .map_err(|error| error.to_string())?;
    let builder = if asks_for_certificates(side) {
        let roots = files::authorities(side.trusted_ca.as_deref())?;
        let signed =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
                .build()
                .map_err(|error| error.to_string())?;
        builder.with_client_cert_verifier(Arc::new(Clients {
            signed,
            rules: extra,
        }))
    } else {
        builder.with_no_client_auth()
    };
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn client(
    side: &Side,
    rules: &TlsRules,
    provider: &Arc<CryptoProvider>,
    revoked: Revoked,
    own: Arc<rustls::sign::CertifiedKey>,
) -> Result<ClientConfig, String> {
    let signed = if side.auto {
        // Each member's certificate is signed by itself: there is nothing to check it against.
        None
    } else {
        let roots = files::authorities(side.trusted_ca.as_deref())?;
        let signed =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        Some(signed.build().map_err(|error| error.to_string())?)
    };
    let verifier = Servers {
        signed,
        provider: Arc::clone(provider),
        // Allowed names are about those who connect; the name of the one connected to is in its URL.
        rules: Rules {
            revoked,
            ..Rules::default()
        },
    };
    let mut config = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(versions(rules))
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own)));
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}
