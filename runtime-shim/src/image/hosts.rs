//! Where a registry's content is asked for: at which hosts, in which order, and how each of them is reached.
//!
//! A folder of containerd's `hosts.toml` files may say so, a file for each registry ([`super::hosts_toml`] reads one); else it is the
//! registry itself. The files are read at every pull, so that a change needs no restart.

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::auth::{Auth, DockerConfig};
use super::hosts_toml;
use super::reference::Reference;

/// Largest `hosts.toml`, or certificate beside it, in bytes.
pub const MAX_FILE_BYTES: u64 = 1 << 20;
/// The folder for registries that have none of their own.
const DEFAULT: &str = "_default";

/// Settings for all registries.
#[derive(Clone, Debug, Default)]
pub struct Registries {
    /// Registries that are spoken to in plain HTTP, beside those on loopback, by host and port.
    pub plain_http: BTreeSet<String>,
    /// A folder like containerd's `certs.d`: in it, for a registry, `HOST:PORT/hosts.toml`, `HOST_PORT_/hosts.toml`, or certificate
    /// authorities as `HOST:PORT/NAME.crt`; `_default` is for all others.
    pub folder: Option<PathBuf>,
    /// Credentials used when a pull brings none.
    pub docker: DockerConfig,
}

/// A host that has a registry's content, or some of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Host and port.
    pub authority: String,
    /// Plain HTTP instead of HTTPS.
    pub plain_http: bool,
    /// What stands before `/v2` in its paths: empty, or with a slash at its beginning.
    pub prefix: String,
    /// What stands before a repository's name: empty, or with a slash at its end.
    pub project: String,
    /// PEM certificates of authorities to trust beside the system's.
    pub authorities: Vec<String>,
    /// Accept any certificate.
    pub skip_verify: bool,
    /// What it may be asked.
    pub capabilities: Capabilities,
}

/// What a host may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// For content by its digest.
    pub pull: bool,
    /// What a tag means.
    pub resolve: bool,
    /// To take content.
    pub push: bool,
}

impl Capabilities {
    /// Everything.
    pub const ALL: Self = Self {
        pull: true,
        resolve: true,
        push: true,
    };
}

/// The settings of a registry cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", file.display())]
pub struct HostsError {
    /// Which file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub detail: String,
}

impl Endpoint {
    /// A host that is reached without settings: by HTTP on loopback, as Docker and containerd do, else by HTTPS.
    pub fn of(authority: &str) -> Self {
        Self {
            authority: authority.to_owned(),
            plain_http: is_loopback(authority),
            prefix: String::new(),
            project: String::new(),
            authorities: Vec::new(),
            skip_verify: false,
            capabilities: Capabilities::ALL,
        }
    }
}

impl Registries {
    /// Where to ask for `reference`, in this order; at last the registry itself.
    ///
    /// # Errors
    /// Files that cannot be read or understood.
    pub fn endpoints(&self, reference: &Reference) -> Result<Vec<Endpoint>, HostsError> {
        let mut own = Endpoint::of(reference.api_host());
        own.plain_http |= [reference.registry(), reference.api_host()]
            .iter()
            .any(|host| self.plain_http.contains(*host));
        let Some(folder) = &self.folder else {
            return Ok(vec![own]);
        };
        for name in folders(reference.registry()) {
            let folder = folder.join(name);
            if folder.is_dir() {
                return in_folder(&folder, own);
            }
        }
        Ok(vec![own])
    }

    /// Where to send `reference`.
    ///
    /// # Errors
    /// As [`Registries::endpoints`]; nobody that takes content.
    pub fn push_endpoint(&self, reference: &Reference) -> Result<Endpoint, HostsError> {
        let endpoints = self.endpoints(reference)?.into_iter();
        let mut taking = endpoints.filter(|endpoint| endpoint.capabilities.push);
        taking.next().ok_or_else(|| HostsError {
            file: self.folder.clone().unwrap_or_default(),
            detail: format!(
                "no host of {} has the capability \"push\"",
                reference.registry()
            ),
        })
    }

    /// The credentials for `registry`: the ones given, or the configured ones.
    pub fn auth_for(&self, registry: &str, given: Auth) -> Auth {
        match given {
            Auth::Anonymous => self.docker.lookup(registry),
            given => given,
        }
    }
}

/// What a registry's folder may be called.
fn folders(registry: &str) -> Vec<String> {
    let mut names = Vec::new();
    // Where a colon cannot stand in a file's name.
    if let Some((host, port)) = registry.rsplit_once(':') {
        names.push(format!("{host}_{port}_"));
    }
    names.push(registry.to_owned());
    names.push(DEFAULT.to_owned());
    names
}

fn in_folder(folder: &Path, mut own: Endpoint) -> Result<Vec<Endpoint>, HostsError> {
    let file = folder.join("hosts.toml");
    match read(&file) {
        Ok(text) => {
            hosts_toml::parse(&text, folder, own).map_err(|detail| HostsError { file, detail })
        }
        // As Docker has it: certificates alone.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            own.authorities = authorities(folder)?;
            Ok(vec![own])
        }
        Err(error) => Err(HostsError {
            file,
            detail: error.to_string(),
        }),
    }
}

/// A file of at most [`MAX_FILE_BYTES`].
pub(super) fn read(file: &Path) -> io::Result<String> {
    if std::fs::metadata(file)?.len() > MAX_FILE_BYTES {
        let words = format!("larger than {MAX_FILE_BYTES} bytes");
        return Err(io::Error::other(words));
    }
    std::fs::read_to_string(file)
}

/// The certificates of a folder, by name.
fn authorities(folder: &Path) -> Result<Vec<String>, HostsError> {
    let fail = |file: &Path, error: io::Error| HostsError {
        file: file.to_owned(),
        detail: error.to_string(),
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| fail(folder, error))? {
        let path = entry.map_err(|error| fail(folder, error))?.path();
        if path.extension().is_some_and(|extension| extension == "crt") {
            files.push(path);
        }
    }
    files.sort();
    let read = files
        .iter()
        .map(|file| read(file).map_err(|error| fail(file, error)));
    read.collect()
}

/// `localhost`, 127.0.0.0/8 and ::1, as Docker and containerd treat them.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(name, _)| name),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost"
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(text: &str) -> Reference {
        text.parse().unwrap()
    }

    #[test]
    fn loopback_is_plain_unless_told() {
        for host in ["localhost", "localhost:5000", "127.3.2.1:80", "[::1]:5000"] {
            assert!(Endpoint::of(host).plain_http, "{host}");
        }
        for host in [
            "docker.io",
            "localhost.example:5000",
            "10.0.0.1:5000",
            "[fe80::1]:5000",
        ] {
            assert!(!Endpoint::of(host).plain_http, "{host}");
        }
        let registries = Registries {
            plain_http: BTreeSet::from(["10.0.0.1:5000".to_owned()]),
            ..Registries::default()
        };
        let own = registries
            .endpoints(&reference("10.0.0.1:5000/app"))
            .unwrap();
        assert!(own.len() == 1 && own[0].plain_http);
    }

    #[test]
    fn a_registrys_own_folder_comes_before_the_default() {
        let dir = tempfile::tempdir().unwrap();
        let registries = Registries {
            folder: Some(dir.path().to_owned()),
            ..Registries::default()
        };
        let asked = |name: &str| -> Vec<String> {
            let found = registries.endpoints(&reference(name)).unwrap();
            found.into_iter().map(|host| host.authority).collect()
        };
        assert_eq!(asked("reg.example/app"), ["reg.example"]);
        let write = |name: &str, text: &str| {
            std::fs::create_dir_all(dir.path().join(name)).unwrap();
            std::fs::write(dir.path().join(name).join("hosts.toml"), text).unwrap();
        };
        write("_default", "[host.\"https://all.example\"]");
        write("docker.io", "[host.\"https://hub.example\"]");
        write("a.example:5000", "[host.\"https://colon.example\"]");
        write("b.example_5000_", "[host.\"https://bars.example\"]");
        assert_eq!(asked("reg.example/app"), ["all.example", "reg.example"]);
        assert_eq!(asked("app"), ["hub.example", "index.docker.io"]);
        assert_eq!(asked("a.example:5000/x")[0], "colon.example");
        assert_eq!(asked("b.example:5000/x")[0], "bars.example");
        write("c.example", "[host");
        let error = registries.endpoints(&reference("c.example/x")).unwrap_err();
        assert!(
            error.to_string().contains("c.example/hosts.toml: "),
            "{error}"
        );
    }

    #[test]
    fn certificates_may_lie_in_a_folder_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("reg.example")).unwrap();
        for (name, text) in [("b.crt", "B"), ("a.crt", "A"), ("x.key", "K")] {
            std::fs::write(dir.path().join("reg.example").join(name), text).unwrap();
        }
        let registries = Registries {
            folder: Some(dir.path().to_owned()),
            ..Registries::default()
        };
        let found = registries.endpoints(&reference("reg.example/x")).unwrap();
        assert_eq!(found[0].authorities, ["A", "B"]);
    }
}
