//! TLS: what the server shows, which client certificates it takes, what it shows to kubelets.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::config::Config;
use crate::error::Error;
use crate::identity::Identity;
use crate::pki::user_and_groups;

fn unusable(what: &'static str) -> impl Fn(&dyn std::fmt::Display) -> Error {
    move |reason| Error::Tls {
        what,
        reason: reason.to_string(),
    }
}

fn certificates(pem: &str, what: &'static str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(what)(&error))?;
    if chain.is_empty() {
        return Err(unusable(what)(&"no certificate in it"));
    }
    Ok(chain)
}

fn private_key(pem: &str, what: &'static str) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|error| unusable(what)(&error))
}

fn roots(config: &Config) -> Result<Arc<RootCertStore>, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&config.client_ca, "client CA")? {
        roots
            .add(certificate)
            .map_err(|error| unusable("client CA")(&error))?;
    }
    Ok(Arc::new(roots))
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// What accepts connections: HTTP/2 and 1.1, client certificates welcome but not needed.
pub fn acceptor(config: &Config) -> Result<TlsAcceptor, Error> {
    let verifier = WebPkiClientVerifier::builder_with_provider(roots(config)?, provider())
        .allow_unauthenticated()
        .build()
        .map_err(|error| unusable("client CA")(&error))?;
    let mut server = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable("TLS")(&error))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            certificates(&config.certificate, "serving certificate")?,
            private_key(&config.key, "serving key")?,
        )
        .map_err(|error| unusable("serving certificate")(&error))?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(server)))
}

/// How kubelets are reached; `None` without a client certificate.
pub fn kubelet_client(config: &Config) -> Result<Option<ClientConfig>, Error> {
    let Some((certificate, key)) = &config.kubelet_client else {
        return Ok(None);
    };
    let client = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable("TLS")(&error))?
        .with_root_certificates(roots(config)?)
        .with_client_auth_cert(
            certificates(certificate, "kubelet client certificate")?,
            private_key(key, "kubelet client key")?,
        )
        .map_err(|error| unusable("kubelet client certificate")(&error))?;
    Ok(Some(client))
}

/// Whom a client certificate names, after it was verified.
pub fn identity(certificates: Option<&[CertificateDer<'_>]>) -> Option<Identity> {
    let (_, certificate) = X509Certificate::from_der(certificates?.first()?).ok()?;
    let (user, groups) = user_and_groups(&certificate)?;
    Some(Identity::authenticated(user, groups))
}
