//! Which certificates are let in: signed by a trusted authority, not revoked, and with one of the allowed names.

use std::{net::SocketAddr, sync::Arc};

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, IpAddr, ServerName, UnixTime},
    server::{
        ParsedCertificate,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::crl::Revoked;

/// Beyond the signature.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Serial numbers that are not let in.
    pub revoked: Revoked,
    /// Common names one of which a certificate must have; none is any.
    pub allowed_cn: Vec<String>,
    /// Names one of which a certificate must be for; none is any.
    pub allowed_hostname: Vec<String>,
}

impl Rules {
    fn check(&self, end: &CertificateDer<'_>, chain: &[CertificateDer<'_>]) -> Result<(), Error> {
        let mut all = vec![end];
        all.extend(chain);
        if self.revoked.contains_any(&all) {
            return Err(CertificateError::Revoked.into());
        }
        if !self.allowed_cn.is_empty() && !self.allowed_cn.contains(&common_name(end)) {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        if !self.allowed_hostname.is_empty() {
            let parsed = ParsedCertificate::try_from(end)?;
            let is_for = |name: &String| {
                ServerName::try_from(name.as_str())
                    .is_ok_and(|name| verify_server_name(&parsed, &name).is_ok())
            };
            if !self.allowed_hostname.iter().any(is_for) {
                return Err(CertificateError::ApplicationVerificationFailure.into());
            }
        }
        Ok(())
    }
}

/// The common name of a certificate's subject; empty if there is none.
pub fn common_name(certificate: &CertificateDer<'_>) -> String {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
        return String::new();
    };
    let mut names = certificate.subject().iter_common_name();
    names
        .next()
        .and_then(|name| name.as_str().ok())
        .unwrap_or_default()
        .to_owned()
}

/// Verifies those who connect.
#[derive(Debug)]
pub struct Clients {
    /// The signature.
    pub signed: Arc<dyn ClientCertVerifier>,
    /// Everything else.
    pub rules: Rules,
}

impl ClientCertVerifier for Clients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.signed.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.signed.verify_client_cert(end, chain, now)?;
        self.rules.check(end, chain)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls12_signature(message, cert, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls13_signature(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signed.supported_verify_schemes()
    }
}

/// Verifies the members that are connected to. `signed` is `None` where certificates are made by each member for itself, and where
/// a user wants any server to be taken for the right one.
#[derive(Debug)]
pub struct Servers {
    /// The signature.
    pub signed: Option<Arc<WebPkiServerVerifier>>,
    /// What checks signatures of a handshake.
    pub provider: Arc<CryptoProvider>,
    /// Everything else.
    pub rules: Rules,
}

impl ServerCertVerifier for Servers {
    fn verify_server_cert(
        &self,
        end: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(signed) = &self.signed {
            signed.verify_server_cert(end, chain, name, ocsp, now)?;
        }
        self.rules.check(end, chain)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Whether a peer's certificate is for the address that it connects from, by etcd's rule: a certificate without names is for any;
/// an address in it must be the one; else one of its names must resolve to it.
pub async fn matches_address(certificate: &CertificateDer<'_>, from: SocketAddr) -> bool {
    let (names, has_addresses) = names(certificate);
    if names.is_empty() && !has_addresses {
        return true;
    }
    if has_addresses {
        let address = ServerName::IpAddress(IpAddr::from(from.ip().to_canonical()));
        let parsed = ParsedCertificate::try_from(certificate);
        if parsed.is_ok_and(|parsed| verify_server_name(&parsed, &address).is_ok()) {
            return true;
        }
    }
    for name in names.iter().filter(|name| !name.starts_with("*.")) {
        if let Ok(mut found) = tokio::net::lookup_host((name.as_str(), 0)).await
            && found.any(|address| address.ip().to_canonical() == from.ip().to_canonical())
        {
            return true;
        }
    }
    false
}

/// The DNS names of a certificate, and whether it has addresses.
fn names(certificate: &CertificateDer<'_>) -> (Vec<String>, bool) {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
        return (Vec::new(), false);
    };
    let Ok(Some(names)) = certificate.subject_alternative_name() else {
        return (Vec::new(), false);
    };
    let mut dns = Vec::new();
    let mut has_addresses = false;
    for name in &names.value.general_names {
        match name {
            GeneralName::DNSName(name) => dns.push((*name).to_owned()),
            GeneralName::IPAddress(_) => has_addresses = true,
            _ => {}
        }
    }
    (dns, has_addresses)
}
