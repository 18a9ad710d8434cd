//! TLS of the kubelet's server: its certificate, and client certificates that are checked when shown but not demanded of everybody.

use std::sync::Arc;

use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::kubelet::Tls;

/// An acceptor out of PEM texts. The error says which text is wrong.
pub(crate) fn acceptor(material: &Tls) -> Result<TlsAcceptor, String> {
    let certificates = |pem: &str, what: &str| -> Result<Vec<CertificateDer<'static>>, String> {
        let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
        parsed.map_err(|error| format!("{what}: {error}"))
    };
    let chain = certificates(&material.cert_pem, "serving certificate")?;
    let key = PrivateKeyDer::from_pem_slice(material.key_pem.as_bytes())
        .map_err(|error| format!("private key: {error}"))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&material.client_ca_pem, "client CA")? {
        roots
            .add(certificate)
            .map_err(|error| format!("client CA: {error}"))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .allow_unauthenticated()
        .build()
        .map_err(|error| format!("client CA: {error}"))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|error| format!("serving certificate: {error}"))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The common name of the client's certificate; `None` when it showed none. The chain was verified by the handshake.
pub(crate) fn common_name(connection: &ServerConnection) -> Option<String> {
    let certificate = connection.peer_certificates()?.first()?;
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let name = parsed
        .subject()
        .iter_common_name()
        .next()
        .and_then(|name| name.as_str().ok());
    Some(name.unwrap_or_default().to_owned())
}
