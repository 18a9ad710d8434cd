//! Credentials for one registry: from CRI's `AuthConfig`, or from a Docker `config.json`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use base64::Engine as _;
use hydrofoil_cri::v1::AuthConfig;
use oci_distribution::secrets::RegistryAuth;
use serde::Deserialize;

/// The largest Docker configuration file that is read, in bytes.
pub const MAX_DOCKER_CONFIG_BYTES: u64 = 1 << 20;
/// Docker Hub's key in a Docker configuration.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// How to introduce oneself to a registry. `Debug` shows no secret.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub enum Auth {
    /// Not at all.
    #[default]
    Anonymous,
    /// A user name and a password, used for HTTP Basic or to get a bearer token.
    Basic {
        /// User name.
        username: String,
        /// Password or access token.
        password: String,
    },
    /// A registry token, sent as it is.
    Bearer(String),
    /// An OAuth 2 refresh token, for which the registry's authorization server gives a registry token.
    Identity(String),
}

/// Why credentials cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// `auth` is not base64 of `user:password`.
    #[error("invalid registry credentials: auth is not base64 of user:password")]
    Malformed,
    /// The file.
    #[error("docker configuration {path}: {detail}")]
    File {
        /// Which file.
        path: String,
        /// What is wrong.
        detail: String,
    },
}

impl Auth {
    /// What the kubelet sends with PullImage. `None` and an empty `AuthConfig` both mean anonymous.
    pub fn from_cri(config: Option<&AuthConfig>) -> Result<Self, AuthError> {
        let Some(config) = config else {
            return Ok(Self::Anonymous);
        };
        if !config.registry_token.is_empty() {
            return Ok(Self::Bearer(config.registry_token.clone()));
        }
        if !config.username.is_empty() {
            return Ok(Self::Basic {
                username: config.username.clone(),
                password: config.password.clone(),
            });
        }
        if !config.auth.is_empty() {
            return Self::from_encoded(&config.auth);
        }
        if !config.identity_token.is_empty() {
            return Ok(Self::Identity(config.identity_token.clone()));
        }
        Ok(Self::Anonymous)
    }

    /// Base64 of `user:password`, as Docker keeps it.
    fn from_encoded(encoded: &str) -> Result<Self, AuthError> {
        let decoded = base64::engine::general_purpose::STANDARD
            .decode(encoded.trim())
            .map_err(|_| AuthError::Malformed)?;
        let text = String::from_utf8(decoded).map_err(|_| AuthError::Malformed)?;
        let (username, password) = text.split_once(':').ok_or(AuthError::Malformed)?;
        Ok(Self::Basic {
            username: username.to_owned(),
            // Docker pads the password with zero bytes in some versions, and trims them when it reads.
            password: password.trim_matches('\0').to_owned(),
        })
    }

    pub(super) fn to_registry_auth(&self) -> RegistryAuth {
        match self {
            // One that was not exchanged yet is no use to anybody.
            Self::Anonymous | Self::Identity(_) => RegistryAuth::Anonymous,
            Self::Basic { username, password } => {
                RegistryAuth::Basic(username.clone(), password.clone())
            }
            Self::Bearer(token) => RegistryAuth::Bearer(token.clone()),
        }
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("Anonymous"),
            Self::Basic { username, .. } => f
                .debug_struct("Basic")
                .field("username", username)
                .finish_non_exhaustive(),
            Self::Bearer(_) => f.write_str("Bearer(..)"),
            Self::Identity(_) => f.write_str("Identity(..)"),
        }
    }
}

/// The `auths` of a Docker `config.json`: credentials by registry.
#[derive(Clone, Debug, Default)]
pub struct DockerConfig {
    auths: BTreeMap<String, Auth>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    auth: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    identitytoken: String,
}

impl DockerConfig {
    /// Reads `path`. A file that is not there is an empty configuration.
    pub fn load(path: &Path) -> Result<Self, AuthError> {
        let error = |detail: String| AuthError::File {
            path: path.display().to_string(),
            detail,
        };
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.len() > MAX_DOCKER_CONFIG_BYTES => {
                return Err(error(format!(
                    "larger than {MAX_DOCKER_CONFIG_BYTES} bytes"
                )));
            }
            Ok(_) => {}
            Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(other) => return Err(error(other.to_string())),
        }
        let text = std::fs::read_to_string(path).map_err(|e| error(e.to_string()))?;
        Self::parse(&text).map_err(|e| error(e.to_string()))
    }

    /// Parses the text of a configuration. Entries without credentials (a credential helper keeps them) are left out.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let file: File = serde_json::from_str(text)?;
        let auths = file.auths.into_iter().filter_map(|(key, entry)| {
            let auth = if !entry.identitytoken.is_empty() {
                // What stands beside it is the token again, as a user without a password.
                Some(Auth::Identity(entry.identitytoken))
            } else if entry.auth.is_empty() {
                (!entry.username.is_empty()).then_some(Auth::Basic {
                    username: entry.username,
                    password: entry.password,
                })
            } else {
                Auth::from_encoded(&entry.auth).ok()
            };
            Some((host_of(&key).to_owned(), auth?))
        });
        Ok(Self {
            auths: auths.collect(),
        })
    }

    /// The credentials for a registry as a reference names it (`docker.io`, `localhost:5000`).
    pub fn lookup(&self, registry: &str) -> Auth {
        self.auths.get(registry).cloned().unwrap_or_default()
    }
}

/// Keys are hosts, or URLs from older times.
fn host_of(key: &str) -> &str {
    if key == DOCKER_HUB_KEY || key == "index.docker.io" {
        return super::reference::DEFAULT_REGISTRY;
    }
    let rest = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key);
    rest.split_once('/').map_or(rest, |(host, _)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(username: &str, password: &str) -> Auth {
        Auth::Basic {
            username: username.into(),
            password: password.into(),
        }
    }

    #[test]
    fn cri_fields_have_an_order() {
        let mut config = AuthConfig {
            auth: "dTpwOnE=".into(),
            ..AuthConfig::default()
        };
        assert_eq!(Auth::from_cri(Some(&config)), Ok(basic("u", "p:q")));
        config.username = "me".into();
        config.password = "secret".into();
        assert_eq!(Auth::from_cri(Some(&config)), Ok(basic("me", "secret")));
        config.registry_token = "t".into();
        assert_eq!(Auth::from_cri(Some(&config)), Ok(Auth::Bearer("t".into())));
        assert_eq!(Auth::from_cri(None), Ok(Auth::Anonymous));
        let identity = AuthConfig {
            identity_token: "x".into(),
            ..AuthConfig::default()
        };
        assert_eq!(
            Auth::from_cri(Some(&identity)),
            Ok(Auth::Identity("x".into()))
        );
        let broken = AuthConfig {
            auth: "%%".into(),
            ..AuthConfig::default()
        };
        assert_eq!(Auth::from_cri(Some(&broken)), Err(AuthError::Malformed));
    }

    #[test]
    fn secrets_stay_out_of_debug() {
        assert_eq!(
            format!("{:?}", basic("me", "secret")),
            "Basic { username: \"me\", .. }"
        );
        assert_eq!(format!("{:?}", Auth::Bearer("secret".into())), "Bearer(..)");
    }

    #[test]
    fn docker_config_by_host() -> Result<(), serde_json::Error> {
        let config = DockerConfig::parse(
            r#"{"auths":{"https://index.docker.io/v1/":{"auth":"dTpw"},"http://reg.example:5000/v2/":{"username":"a","password":"b"},
                "ghcr.io":{},"az.example":{"auth":"MDA6","identitytoken":"t"}},"credsStore":"desktop"}"#,
        )?;
        assert_eq!(config.lookup("docker.io"), basic("u", "p"));
        assert_eq!(config.lookup("reg.example:5000"), basic("a", "b"));
        assert_eq!(config.lookup("ghcr.io"), Auth::Anonymous);
        assert_eq!(config.lookup("az.example"), Auth::Identity("t".into()));
        Ok(())
    }
}
