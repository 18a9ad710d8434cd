//! The cluster's certificates and keys: who is who on the wire.
//!
//! One authority signs everything (serving and client certificates alike). Files lie in one directory, mode 0600, and are
//! reused as long as they are valid, belong to the authority and say what is asked; otherwise they are made again. A
//! certificate near its end is renewed at the next start. Nothing here knows of sockets or of the API.

mod authority;
mod files;
mod kubeconfig;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rcgen::KeyPair;

pub use authority::Authority;
pub(crate) use authority::user_and_groups;
pub use kubeconfig::Kubeconfig;

/// How long the authority's own certificate is valid: ten years, as kubeadm's.
pub const AUTHORITY_DAYS: i64 = 3650;
/// How long a certificate signed by the authority is valid: one year, as kubeadm's.
pub const LEAF_DAYS: i64 = 365;
/// A certificate with less than this left is made again.
pub const RENEW_BEFORE_DAYS: i64 = 30;

/// What can go wrong with certificates and keys.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file or directory could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A certificate or key could not be made or read.
    #[error("certificate {name}: {source}")]
    Certificate {
        /// What the certificate is for.
        name: String,
        /// Why.
        source: rcgen::Error,
    },
    /// The authority's files are there but cannot be used; they are never replaced silently, because every client of
    /// the cluster trusts them.
    #[error(
        "{path}: {reason}; move it away to have a new authority made (every client then needs a new kubeconfig)"
    )]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// A certificate with its private key, as PEM text and on disk.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The certificate, PEM.
    pub certificate: String,
    /// The PKCS #8 private key, PEM.
    pub key: String,
    /// Where the certificate lies.
    pub certificate_path: PathBuf,
    /// Where the key lies.
    pub key_path: PathBuf,
}

/// What a serving certificate answers for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// DNS names.
    pub dns: Vec<String>,
    /// Addresses.
    pub addresses: Vec<IpAddr>,
}

impl Names {
    /// The names of the API server: loopback, the `kubernetes` Service by each of its names and its address, and `extra`
    /// (host names or addresses).
    pub fn apiserver(
        service_address: Option<IpAddr>,
        cluster_domain: &str,
        extra: &[String],
    ) -> Names {
        let mut names = Names {
            dns: vec![
                "localhost".to_owned(),
                "kubernetes".to_owned(),
                "kubernetes.default".to_owned(),
                "kubernetes.default.svc".to_owned(),
                format!("kubernetes.default.svc.{cluster_domain}"),
            ],
            addresses: vec![IpAddr::from([127, 0, 0, 1])],
        };
        names.addresses.extend(service_address);
        for name in extra {
            match name.parse() {
                Ok(address) => names.addresses.push(address),
                Err(_) => names.dns.push(name.clone()),
            }
        }
        names.dns.dedup();
        names.addresses.dedup();
        names
    }
}

/// Who a certificate names: user (common name) and group (organization). One group is all the components need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The user, such as `system:node:worker-1`.
    pub user: String,
    /// The group, such as `system:nodes`.
    pub group: Option<String>,
}

impl Subject {
    /// A subject of one user and perhaps a group.
    pub fn new(user: impl Into<String>, group: Option<&str>) -> Subject {
        Subject {
            user: user.into(),
            group: group.map(str::to_owned),
        }
    }

    /// The administrator: may do everything.
    pub fn admin() -> Subject {
        Subject::new("kubernetes-admin", Some("system:masters"))
    }

    /// The kubelet of a node.
    pub fn kubelet(node: &str) -> Subject {
        Subject::new(format!("system:node:{node}"), Some("system:nodes"))
    }

    /// The scheduler.
    pub fn scheduler() -> Subject {
        Subject::new("system:kube-scheduler", None)
    }

    /// The controllers.
    pub fn controller_manager() -> Subject {
        Subject::new("system:kube-controller-manager", None)
    }

    /// The Service proxy.
    pub fn proxy() -> Subject {
        Subject::new("system:kube-proxy", Some("system:node-proxier"))
    }

    /// The API server, as a client of kubelets.
    pub fn kubelet_client() -> Subject {
        Subject::new("kube-apiserver-kubelet-client", Some("system:masters"))
    }
}

/// The directory of certificates and keys, with its authority.
pub struct Pki {
    dir: PathBuf,
    authority: Authority,
    now: Timestamp,
}

impl Pki {
    /// Opens the directory, making it and the authority when they are missing.
    ///
    /// # Errors
    /// When the directory cannot be used, or holds an authority that is broken or expired.
    pub fn open(dir: &Path, now: Timestamp) -> Result<Pki, PkiError> {
        files::make_dir(dir)?;
        let authority = Authority::open(&dir.join("ca.crt"), &dir.join("ca.key"), now)?;
        Ok(Pki {
            dir: dir.to_owned(),
            authority,
            now,
        })
    }

    /// The authority's certificate, PEM: what clients and servers trust.
    pub fn ca_certificate(&self) -> &str {
        self.authority.certificate()
    }

    /// Where the authority's certificate lies.
    pub fn ca_path(&self) -> PathBuf {
        self.dir.join("ca.crt")
    }

    /// The API server's serving certificate (`apiserver.crt`).
    ///
    /// # Errors
    /// When files cannot be read or written.
    pub fn apiserver(&self, names: &Names) -> Result<Pair, PkiError> {
        self.serving("apiserver", "kube-apiserver", names)
    }

    /// A kubelet's serving certificate (`kubelet-NODE.crt`), common name `system:node:NODE`.
    ///
    /// # Errors
    /// When files cannot be read or written.
    pub fn kubelet_serving(&self, node: &str, names: &Names) -> Result<Pair, PkiError> {
        self.serving(
            &format!("kubelet-{node}"),
            &format!("system:node:{node}"),
            names,
        )
    }

    /// A serving certificate, kept as `FILE.crt` and `FILE.key`.
    ///
    /// # Errors
    /// When files cannot be read or written.
    pub fn serving(&self, file: &str, common_name: &str, names: &Names) -> Result<Pair, PkiError> {
        let subject = Subject::new(common_name, None);
        self.leaf(file, &subject, Some(names))
    }

    /// A client certificate, kept as `FILE.crt` and `FILE.key`.
    ///
    /// # Errors
    /// When files cannot be read or written.
    pub fn client(&self, file: &str, subject: &Subject) -> Result<Pair, PkiError> {
        self.leaf(file, subject, None)
    }

    /// The key that signs service account tokens (ECDSA P-256), PEM; kept as `sa.key` with its public half in `sa.pub`.
    ///
    /// # Errors
    /// When files cannot be read or written.
    pub fn service_account_key(&self) -> Result<String, PkiError> {
        let path = self.dir.join("sa.key");
        let broken = |source| PkiError::Certificate {
            name: "sa.key".to_owned(),
            source,
        };
        if let Some(text) = files::read(&path)? {
            KeyPair::from_pem(&text).map_err(|error| PkiError::Authority {
                path: path.clone(),
                reason: error.to_string(),
            })?;
            return Ok(text);
        }
        let key = KeyPair::generate().map_err(broken)?;
        files::write(&self.dir.join("sa.pub"), &key.public_key_pem())?;
        files::write(&path, &key.serialize_pem())?;
        Ok(key.serialize_pem())
    }

    fn leaf(&self, file: &str, subject: &Subject, names: Option<&Names>) -> Result<Pair, PkiError> {
        let certificate_path = self.dir.join(format!("{file}.crt"));
        let key_path = self.dir.join(format!("{file}.key"));
        if let (Some(certificate), Some(key)) =
            (files::read(&certificate_path)?, files::read(&key_path)?)
            && self
                .authority
                .still_good(&certificate, &key, subject, names, self.now)
        {
            return Ok(Pair {
                certificate,
                key,
                certificate_path,
                key_path,
            });
        }
        let (certificate, key) = self.authority.issue(subject, names, self.now)?;
        // The key first: a crash between the two leaves a pair that does not match, which is then made again.
        files::write(&key_path, &key)?;
        files::write(&certificate_path, &certificate)?;
        Ok(Pair {
            certificate,
            key,
            certificate_path,
            key_path,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn scratch(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("hydrofoil-pki-{name}-{}", uuid::Uuid::new_v4()))
    }

    #[test]
    fn pairs_are_kept_and_reused_until_they_near_their_end() {
        let dir = scratch("reuse");
        let start = at("2026-01-01T00:00:00Z");
        let pki = Pki::open(&dir, start).unwrap();
        let first = pki.client("admin", &Subject::admin()).unwrap();
        let again = Pki::open(&dir, start)
            .unwrap()
            .client("admin", &Subject::admin())
            .unwrap();
        assert_eq!(first.certificate, again.certificate);
        let late = Pki::open(&dir, at("2026-12-15T00:00:00Z")).unwrap();
        assert_eq!(late.ca_certificate(), pki.ca_certificate());
        let renewed = late.client("admin", &Subject::admin()).unwrap();
        assert_ne!(first.certificate, renewed.certificate);
        let mode = std::fs::metadata(&first.key_path)
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_pair_is_made_again_when_it_says_something_else() {
        let dir = scratch("change");
        let pki = Pki::open(&dir, at("2026-01-01T00:00:00Z")).unwrap();
        let names = Names::apiserver(Some("127.96.0.1".parse().unwrap()), "cluster.local", &[]);
        let first = pki.apiserver(&names).unwrap();
        assert_eq!(
            first.certificate,
            pki.apiserver(&names).unwrap().certificate
        );
        let more = Names::apiserver(None, "cluster.local", &["api.example".to_owned()]);
        assert_ne!(first.certificate, pki.apiserver(&more).unwrap().certificate);
        std::fs::write(&first.key_path, "rubbish").unwrap();
        assert!(pki.apiserver(&more).unwrap().key.contains("PRIVATE KEY"));
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_broken_authority_is_an_error_and_not_replaced() {
        let dir = scratch("broken");
        let start = at("2026-01-01T00:00:00Z");
        Pki::open(&dir, start).unwrap();
        std::fs::write(dir.join("ca.crt"), "rubbish").unwrap();
        assert!(matches!(
            Pki::open(&dir, start),
            Err(PkiError::Authority { .. })
        ));
        assert_eq!(
            std::fs::read_to_string(dir.join("ca.crt")).unwrap(),
            "rubbish"
        );
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn the_service_account_key_stays() {
        let dir = scratch("sa");
        let pki = Pki::open(&dir, at("2026-01-01T00:00:00Z")).unwrap();
        assert_eq!(
            pki.service_account_key().unwrap(),
            pki.service_account_key().unwrap()
        );
        std::fs::remove_dir_all(dir).unwrap();
    }
}
