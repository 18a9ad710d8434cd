//! Revoked certificates, as etcd understands a revocation list: the serial numbers in it, whoever issued what they stand for.
//!
//! Who signed the list is not checked, as in etcd: it is a file that the operator put there.

use std::{collections::HashSet, path::Path};

use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use super::files;

/// Serial numbers that are revoked.
#[derive(Clone, Debug, Default)]
pub struct Revoked(HashSet<Vec<u8>>);

impl Revoked {
    /// Reads a list, in PEM or in DER.
    ///
    /// # Errors
    /// The path and what is wrong.
    pub fn read(path: &Path) -> Result<Revoked, String> {
        let bytes = files::read(path)?;
        let bad = |what: &str| format!("{}: {what}", path.display());
        let der = match x509_parser::pem::parse_x509_pem(&bytes) {
            Ok((_, pem)) if pem.label == "X509 CRL" => pem.contents,
            Ok(_) => return Err(bad("it is not a revocation list")),
            Err(_) => bytes,
        };
        let (_, list) = CertificateRevocationList::from_der(&der)
            .map_err(|_| bad("it is not a revocation list"))?;
        let serials = list
            .iter_revoked_certificates()
            .map(|revoked| without_leading_zeros(revoked.raw_serial()));
        Ok(Revoked(serials.collect()))
    }

    /// Whether one of these certificates is revoked. One that cannot be read is taken for revoked.
    pub fn contains_any(&self, certificates: &[&CertificateDer<'_>]) -> bool {
        !self.0.is_empty()
            && certificates
                .iter()
                .any(|der| match X509Certificate::from_der(der) {
                    Ok((_, certificate)) => self
                        .0
                        .contains(&without_leading_zeros(certificate.raw_serial())),
                    Err(_) => true,
                })
    }
}

fn without_leading_zeros(serial: &[u8]) -> Vec<u8> {
    let zeros = serial.iter().take_while(|byte| **byte == 0).count();
    serial[zeros..].to_vec()
}
