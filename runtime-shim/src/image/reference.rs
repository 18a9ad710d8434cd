//! An image reference as users write it, and its full form.
//!
//! The grammar and the normalisation are those of Docker's reference library (distribution/reference, `reference.go` and
//! `normalize.go`), which the kubelet and containerd use too: `nginx` is `docker.io/library/nginx:latest`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::digest::{Digest, DigestError};

/// The registry of a reference that names none.
pub const DEFAULT_REGISTRY: &str = "docker.io";
/// Where the API of [`DEFAULT_REGISTRY`] is served.
pub const DEFAULT_REGISTRY_HOST: &str = "index.docker.io";
/// The tag of a reference with neither tag nor digest.
pub const DEFAULT_TAG: &str = "latest";
/// The longest repository name, registry included, in bytes.
pub const MAX_NAME_BYTES: usize = 255;
/// The longest tag in bytes.
pub const MAX_TAG_BYTES: usize = 128;

const OFFICIAL_PREFIX: &str = "library/";

/// A checked, normalised reference: registry, repository, and a tag, a digest or both.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// Why a text is no reference; the wording is that of Docker's reference library, as the kubelet's `InvalidImageName` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The grammar does not allow it.
    #[error("invalid reference format")]
    Format,
    /// The repository holds an upper-case letter.
    #[error("invalid reference format: repository name must be lowercase")]
    Uppercase,
    /// No repository.
    #[error("repository name must have at least one component")]
    Empty,
    /// Longer than [`MAX_NAME_BYTES`].
    #[error("repository name must not be more than {MAX_NAME_BYTES} characters")]
    TooLong,
    /// 64 hexadecimal digits are an image id, not a name.
    #[error("invalid repository name, cannot specify 64-byte hexadecimal strings")]
    Identifier,
    /// The part after `@`.
    #[error(transparent)]
    Digest(#[from] DigestError),
}

impl Reference {
    /// The registry as written or implied, with its port: `docker.io`, `localhost:5000`.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The host (and port) that serves the registry's API.
    pub fn api_host(&self) -> &str {
        match self.registry.as_str() {
            DEFAULT_REGISTRY => DEFAULT_REGISTRY_HOST,
            other => other,
        }
    }

    /// The repository within the registry: `library/nginx`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag, if one was given or implied.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, if the reference pins one.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// `registry/repository`, without tag and digest.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// `registry/repository:tag`, if there is a tag: the form in CRI's `repo_tags`.
    pub fn tagged(&self) -> Option<String> {
        let tag = self.tag.as_ref()?;
        Some(format!("{}:{tag}", self.name()))
    }

    /// The same repository, pinned to `digest` and without tag: the form in CRI's `repo_digests`.
    pub fn with_digest(&self, digest: Digest) -> Self {
        Self {
            registry: self.registry.clone(),
            repository: self.repository.clone(),
            tag: None,
            digest: Some(digest),
        }
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if text.len() == 64
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        {
            return Err(ReferenceError::Identifier);
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse::<Digest>()?)),
            None => (text, None),
        };
        let (registry, remainder) = split_registry(rest);
        let (repository, tag) = match remainder.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (remainder, None),
        };
        if repository.is_empty() {
            return Err(ReferenceError::Format);
        }
        if repository.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(ReferenceError::Uppercase);
        }
        if !valid_registry(registry) || !valid_repository(repository) || !tag.is_none_or(valid_tag)
        {
            return Err(ReferenceError::Format);
        }
        let repository = if registry == DEFAULT_REGISTRY && !repository.contains('/') {
            format!("{OFFICIAL_PREFIX}{repository}")
        } else {
            repository.to_owned()
        };
        if registry.len() + 1 + repository.len() > MAX_NAME_BYTES {
            return Err(ReferenceError::TooLong);
        }
        let tag = match (tag, &digest) {
            (None, None) => Some(DEFAULT_TAG.to_owned()),
            (tag, _) => tag.map(str::to_owned),
        };
        Ok(Self {
            registry: registry.to_owned(),
            repository,
            tag,
            digest,
        })
    }
}

/// The first component is a registry if it looks like a host: has a dot or a port, is `localhost`, or holds an upper-case letter
/// (which no repository may).
fn split_registry(text: &str) -> (&str, &str) {
    match text.split_once('/') {
        Some((first, rest))
            if first.contains(['.', ':'])
                || first == "localhost"
                || first.bytes().any(|b| b.is_ascii_uppercase()) =>
        {
            let registry = match first {
                "index.docker.io" => DEFAULT_REGISTRY,
                other => other,
            };
            (registry, rest)
        }
        _ => (DEFAULT_REGISTRY, text),
    }
}

fn valid_registry(registry: &str) -> bool {
    let (host, port) = match registry.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, after)) => {
                if address.parse::<std::net::Ipv6Addr>().is_err() {
                    return false;
                }
                match after.strip_prefix(':') {
                    Some(port) => return valid_port(port),
                    None => return after.is_empty(),
                }
            }
            None => return false,
        },
        None => match registry.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (registry, None),
        },
    };
    port.is_none_or(valid_port)
        && host.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

fn valid_port(port: &str) -> bool {
    !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
}

/// `path-component ('/' path-component)*`, the rule of the distribution specification for `<name>`.
pub(crate) fn valid_repository(repository: &str) -> bool {
    repository.split('/').all(valid_component)
}

/// Lower-case letters and digits in runs, joined by one dot, one or two underscores, or any number of dashes.
fn valid_component(component: &str) -> bool {
    let bytes = component.as_bytes();
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    if !alphanumeric(*first) || !alphanumeric(*last) {
        return false;
    }
    component
        .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        .all(|separator| {
            matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-')
        })
}

/// `[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`.
pub(crate) fn valid_tag(tag: &str) -> bool {
    (1..=MAX_TAG_BYTES).contains(&tag.len())
        && !tag.starts_with(['.', '-'])
        && tag
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

impl TryFrom<String> for Reference {
    type Error = ReferenceError;

    fn try_from(text: String) -> Result<Self, ReferenceError> {
        text.parse()
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.to_string()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(text: &str) -> String {
        match text.parse::<Reference>() {
            Ok(reference) => reference.to_string(),
            Err(error) => format!("! {error}"),
        }
    }

    #[test]
    fn normalises_as_docker_does() {
        let hex = "a".repeat(64);
        assert_eq!(full("nginx"), "docker.io/library/nginx:latest");
        assert_eq!(full("user/app:v1"), "docker.io/user/app:v1");
        assert_eq!(
            full("index.docker.io/nginx"),
            "docker.io/library/nginx:latest"
        );
        assert_eq!(full("localhost/app"), "localhost/app:latest");
        assert_eq!(full("localhost:5000/a/b:x"), "localhost:5000/a/b:x");
        assert_eq!(full("127.0.0.1:5000/a"), "127.0.0.1:5000/a:latest");
        assert_eq!(full("[::1]:5000/a:b"), "[::1]:5000/a:b");
        assert_eq!(full("Host/app"), "Host/app:latest");
        assert_eq!(
            full(&format!("ghcr.io/o/app@sha256:{hex}")),
            format!("ghcr.io/o/app@sha256:{hex}")
        );
        assert_eq!(
            full(&format!("ghcr.io/o/app:v1@sha256:{hex}")),
            format!("ghcr.io/o/app:v1@sha256:{hex}")
        );
        assert_eq!(full("a__b/c---d.e"), "docker.io/a__b/c---d.e:latest");
    }

    #[test]
    fn refuses_with_the_words_of_docker() {
        assert_eq!(
            full("docker.io/App"),
            "! invalid reference format: repository name must be lowercase"
        );
        for bad in [
            "a:",
            ":a",
            "a//b",
            "a/-b",
            "a..b",
            "a___b",
            "/a",
            "a/",
            "a b",
            "-",
            "http://x/y",
            "x.y:port/a",
            "[::1/a",
            "a:b:c",
            "a:-x",
        ] {
            assert_eq!(full(bad), "! invalid reference format", "{bad}");
        }
        assert_eq!(full("a@sha256:12"), "! invalid checksum digest length");
        assert_eq!(full("a@crc:12"), "! unsupported digest algorithm");
        assert_eq!(
            full(&"0".repeat(64)),
            "! invalid repository name, cannot specify 64-byte hexadecimal strings"
        );
        assert_eq!(
            full(&format!("x.y/{}", "a".repeat(260))),
            "! repository name must not be more than 255 characters"
        );
        assert_eq!(
            full(""),
            "! repository name must have at least one component"
        );
    }

    #[test]
    fn tells_its_parts() -> Result<(), ReferenceError> {
        let reference: Reference = "nginx:1".parse()?;
        assert_eq!(reference.api_host(), "index.docker.io");
        assert_eq!(
            reference.tagged().as_deref(),
            Some("docker.io/library/nginx:1")
        );
        let pinned = reference.with_digest(Digest::of(b"x"));
        assert_eq!(pinned.tagged(), None);
        assert!(
            pinned
                .to_string()
                .starts_with("docker.io/library/nginx@sha256:")
        );
        Ok(())
    }
}
