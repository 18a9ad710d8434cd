//! The certificate authority: its key, what it signs, and whether something it signed is still good.

use std::path::Path;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer, GeneralName, Pem, X509Certificate};

use super::{AUTHORITY_DAYS, LEAF_DAYS, Names, PkiError, RENEW_BEFORE_DAYS, Subject, files};

/// Clocks of other machines may be behind by this much and still accept a fresh certificate.
const BACKDATE: Duration = Duration::minutes(5);

/// The cluster's certificate authority.
pub struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Reads the authority, or makes it when neither file is there.
    pub(super) fn open(
        certificate_path: &Path,
        key_path: &Path,
        now: Timestamp,
    ) -> Result<Authority, PkiError> {
        let unusable = |path: &Path, reason: String| PkiError::Authority {
            path: path.to_owned(),
            reason,
        };
        match (files::read(certificate_path)?, files::read(key_path)?) {
            (Some(certificate), Some(key)) => {
                let key = KeyPair::from_pem(&key)
                    .map_err(|error| unusable(key_path, error.to_string()))?;
                let left = days_left(&certificate, now)
                    .ok_or_else(|| unusable(certificate_path, "not a certificate".to_owned()))?;
                if left <= 0 {
                    return Err(unusable(
                        certificate_path,
                        "the certificate has expired".to_owned(),
                    ));
                }
                if !matches_key(&certificate, &key) {
                    return Err(unusable(
                        certificate_path,
                        "the certificate is not that of ca.key".to_owned(),
                    ));
                }
                let issuer = Issuer::from_ca_cert_pem(&certificate, key)
                    .map_err(|error| unusable(certificate_path, error.to_string()))?;
                Ok(Authority {
                    certificate,
                    issuer,
                })
            }
            (None, None) => Authority::make(certificate_path, key_path, now),
            (None, Some(_)) => Err(unusable(
                key_path,
                "the key is there but ca.crt is missing".to_owned(),
            )),
            (Some(_), None) => Err(unusable(
                certificate_path,
                "the certificate is there but ca.key is missing".to_owned(),
            )),
        }
    }

    fn make(
        certificate_path: &Path,
        key_path: &Path,
        now: Timestamp,
    ) -> Result<Authority, PkiError> {
        let broken = |source| PkiError::Certificate {
            name: "ca".to_owned(),
            source,
        };
        let mut params = CertificateParams::default();
        params.distinguished_name = distinguished_name(&Subject::new("kubernetes", None));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        (params.not_before, params.not_after) = validity(now, AUTHORITY_DAYS);
        params.serial_number = Some(serial());
        let key = KeyPair::generate().map_err(broken)?;
        let certificate = params.self_signed(&key).map_err(broken)?.pem();
        files::write(key_path, &key.serialize_pem())?;
        files::write(certificate_path, &certificate)?;
        Ok(Authority {
            certificate,
            issuer: Issuer::new(params, key),
        })
    }

    /// The authority's certificate, PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Signs a new certificate for a new key: a serving certificate when `names` are given, otherwise a client
    /// certificate. Returns certificate and key, PEM.
    pub(super) fn issue(
        &self,
        subject: &Subject,
        names: Option<&Names>,
        now: Timestamp,
    ) -> Result<(String, String), PkiError> {
        let broken = |source| PkiError::Certificate {
            name: subject.user.clone(),
            source,
        };
        let mut params = CertificateParams::default();
        params.distinguished_name = distinguished_name(subject);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
        ];
        (params.not_before, params.not_after) = validity(now, LEAF_DAYS);
        params.serial_number = Some(serial());
        params.use_authority_key_identifier_extension = true;
        match names {
            Some(names) => {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
                for name in &names.dns {
                    let name = name.clone().try_into().map_err(broken)?;
                    params.subject_alt_names.push(SanType::DnsName(name));
                }
                let addresses = names
                    .addresses
                    .iter()
                    .map(|address| SanType::IpAddress(*address));
                params.subject_alt_names.extend(addresses);
            }
            None => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
        }
        let key = KeyPair::generate().map_err(broken)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(broken)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// Whether a pair found on disk can be used as it is.
    pub(super) fn still_good(
        &self,
        certificate: &str,
        key: &str,
        subject: &Subject,
        names: Option<&Names>,
        now: Timestamp,
    ) -> bool {
        let Ok(key) = KeyPair::from_pem(key) else {
            return false;
        };
        matches_key(certificate, &key)
            && days_left(certificate, now).is_some_and(|left| left > RENEW_BEFORE_DAYS)
            && self.signed(certificate)
            && says(certificate, subject, names)
    }

    fn signed(&self, certificate: &str) -> bool {
        with_certificate(&self.certificate, |authority| {
            with_certificate(certificate, |leaf| {
                leaf.verify_signature(Some(authority.public_key())).is_ok()
            })
        }) == Some(Some(true))
    }
}

fn distinguished_name(subject: &Subject) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    if let Some(group) = &subject.group {
        name.push(DnType::OrganizationName, group.clone());
    }
    name.push(DnType::CommonName, subject.user.clone());
    name
}

fn validity(now: Timestamp, days: i64) -> (OffsetDateTime, OffsetDateTime) {
    let start =
        OffsetDateTime::from_unix_timestamp(now.as_second()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    (start - BACKDATE, start + Duration::days(days))
}

/// A serial number of 127 random bits: positive, as RFC 5280 section 4.1.2.2 wants.
fn serial() -> SerialNumber {
    let mut bytes = *uuid::Uuid::new_v4().as_bytes();
    bytes[0] &= 0x7f;
    SerialNumber::from_slice(&bytes)
}

fn with_certificate<T>(pem: &str, read: impl FnOnce(&X509Certificate<'_>) -> T) -> Option<T> {
    let (pem, _) = Pem::read(std::io::Cursor::new(pem.as_bytes())).ok()?;
    let (_, certificate) = X509Certificate::from_der(&pem.contents).ok()?;
    Some(read(&certificate))
}

fn days_left(pem: &str, now: Timestamp) -> Option<i64> {
    const DAY: i64 = 24 * 60 * 60;
    with_certificate(pem, |certificate| {
        (certificate.validity().not_after.timestamp() - now.as_second()) / DAY
    })
}

fn matches_key(pem: &str, key: &KeyPair) -> bool {
    with_certificate(pem, |certificate| {
        certificate.public_key().subject_public_key.data.as_ref() == key.public_key_raw()
    })
    .unwrap_or(false)
}

fn says(pem: &str, subject: &Subject, names: Option<&Names>) -> bool {
    with_certificate(pem, |certificate| {
        let groups: Vec<String> = subject.group.iter().cloned().collect();
        user_and_groups(certificate) == Some((subject.user.clone(), groups))
            && match names {
                Some(names) => names_of(certificate) == *names,
                None => true,
            }
    })
    .unwrap_or(false)
}

/// User (common name) and groups (organizations) of a certificate; `None` without a common name.
pub(crate) fn user_and_groups(certificate: &X509Certificate<'_>) -> Option<(String, Vec<String>)> {
    let user = certificate
        .subject()
        .iter_common_name()
        .next()?
        .as_str()
        .ok()?;
    let groups = certificate
        .subject()
        .iter_organization()
        .filter_map(|group| group.as_str().ok())
        .map(str::to_owned)
        .collect();
    Some((user.to_owned(), groups))
}

fn names_of(certificate: &X509Certificate<'_>) -> Names {
    let mut names = Names::default();
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return names;
    };
    for name in &extension.value.general_names {
        match name {
            GeneralName::DNSName(name) => names.dns.push((*name).to_owned()),
            GeneralName::IPAddress(bytes) => {
                if let Ok(four) = <[u8; 4]>::try_from(*bytes) {
                    names.addresses.push(four.into());
                } else if let Ok(sixteen) = <[u8; 16]>::try_from(*bytes) {
                    names.addresses.push(sixteen.into());
                }
            }
            _ => {}
        }
    }
    names
}
