//! Registry credentials out of pull Secrets: which of them an image's registry is offered (upstream: `pkg/credentialprovider`).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hydrofoil_cri::v1::AuthConfig;
use k8s_openapi::api::core::v1::Secret;
use serde::Deserialize;

use super::reference::Reference;

/// Most credentials tried for one pull.
const MAX_TRIED: usize = 8;

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    auth: String,
    #[serde(default, rename = "identitytoken")]
    identity_token: String,
}

#[derive(Deserialize)]
struct DockerConfigJson {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
}

/// The credentials in `secrets` for the image, the most specific first. A Secret of another type or with broken content gives none.
pub(crate) fn credentials<'a>(
    image: &Reference,
    secrets: impl IntoIterator<Item = &'a Secret>,
) -> Vec<AuthConfig> {
    let mut found: Vec<(usize, AuthConfig)> = Vec::new();
    for secret in secrets {
        for (registry, entry) in entries(secret) {
            if let Some(specific) = matches(&registry, image) {
                found.push((specific, auth(entry, &registry)));
            }
        }
    }
    found.sort_by_key(|(specific, _)| std::cmp::Reverse(*specific));
    found
        .into_iter()
        .map(|(_, auth)| auth)
        .take(MAX_TRIED)
        .collect()
}

fn entries(secret: &Secret) -> Vec<(String, Entry)> {
    let data = secret.data.as_ref();
    let bytes = |key: &str| {
        data.and_then(|data| data.get(key))
            .map(|bytes| bytes.0.as_slice())
    };
    let parsed = match secret.type_.as_deref() {
        Some("kubernetes.io/dockerconfigjson") => bytes(".dockerconfigjson")
            .and_then(|bytes| serde_json::from_slice::<DockerConfigJson>(bytes).ok())
            .map(|config| config.auths),
        Some("kubernetes.io/dockercfg") => {
            bytes(".dockercfg").and_then(|bytes| serde_json::from_slice(bytes).ok())
        }
        _ => None,
    };
    parsed.unwrap_or_default().into_iter().collect()
}

fn auth(entry: Entry, registry: &str) -> AuthConfig {
    let mut auth = AuthConfig {
        username: entry.username,
        password: entry.password,
        server_address: registry.to_owned(),
        identity_token: entry.identity_token,
        ..AuthConfig::default()
    };
    if auth.username.is_empty()
        && let Ok(decoded) = STANDARD.decode(entry.auth.trim())
        && let Ok(text) = String::from_utf8(decoded)
        && let Some((user, password)) = text.split_once(':')
    {
        auth.username = user.to_owned();
        auth.password = password.trim_end_matches('\0').to_owned();
    }
    auth
}

/// How specific a registry pattern is for an image; `None` when it is not for it.
fn matches(registry: &str, image: &Reference) -> Option<usize> {
    let bare = registry
        .strip_prefix("https://")
        .or_else(|| registry.strip_prefix("http://"))
        .unwrap_or(registry);
    let bare = bare.trim_end_matches('/');
    let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
    // The historical names of the default registry.
    let (host, path) = match (host, path) {
        ("index.docker.io" | "registry-1.docker.io", "v1" | "v2" | "") => ("docker.io", ""),
        (host, "v1" | "v2") => (host, ""),
        other => other,
    };
    let path_fits =
        path.is_empty() || image.path == path || image.path.starts_with(&format!("{path}/"));
    (path_fits && host_matches(host, &image.domain)).then_some(bare.len())
}

/// Whether a host pattern, in which `*` stands for a part of one label, fits a host.
fn host_matches(pattern: &str, host: &str) -> bool {
    let (pattern_name, pattern_port) = split_port(pattern);
    let (host_name, host_port) = split_port(host);
    if pattern_port != host_port {
        return false;
    }
    let pattern: Vec<&str> = pattern_name.split('.').collect();
    let host: Vec<&str> = host_name.split('.').collect();
    pattern.len() == host.len()
        && pattern
            .iter()
            .zip(&host)
            .all(|(pattern, label)| label_matches(pattern, label))
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    }
}

fn label_matches(pattern: &str, label: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == label,
        Some((before, after)) => {
            label.len() >= before.len() + after.len() && label.starts_with(before) && {
                let rest = &label[before.len()..];
                (0..=rest.len())
                    .filter(|at| rest.is_char_boundary(*at))
                    .any(|at| label_matches(after, &rest[at..]))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubelet::images::reference::parse;
    use k8s_openapi::ByteString;

    fn secret(json: &str) -> Secret {
        Secret {
            type_: Some("kubernetes.io/dockerconfigjson".into()),
            data: Some(
                [(
                    ".dockerconfigjson".to_owned(),
                    ByteString(json.as_bytes().to_vec()),
                )]
                .into(),
            ),
            ..Secret::default()
        }
    }

    #[test]
    fn the_most_specific_entry_comes_first() {
        let secret = secret(
            r#"{"auths":{"example.com":{"username":"host","password":"a"},
                "https://example.com/team":{"auth":"dGVhbTpi"},"other.com":{"username":"no","password":"c"}}}"#,
        );
        let image = parse("example.com/team/app:1").unwrap();
        let found: Vec<String> = credentials(&image, [&secret])
            .into_iter()
            .map(|auth| auth.username)
            .collect();
        assert_eq!(found, ["team", "host"]);
        let image = parse("example.com/teams/app:1").unwrap();
        assert_eq!(credentials(&image, [&secret]).len(), 1);
    }

    #[test]
    fn wildcards_stand_within_one_label() {
        assert!(host_matches("*.example.com", "a.example.com"));
        assert!(!host_matches("*.example.com", "a.b.example.com"));
        assert!(host_matches(
            "reg*.example.com:5000",
            "registry.example.com:5000"
        ));
        assert!(!host_matches(
            "reg*.example.com",
            "registry.example.com:5000"
        ));
    }

    #[test]
    fn dockers_old_names_mean_docker() {
        let secret =
            secret(r#"{"auths":{"https://index.docker.io/v1/":{"username":"u","password":"p"}}}"#);
        assert_eq!(credentials(&parse("busybox").unwrap(), [&secret]).len(), 1);
    }

    #[test]
    fn broken_content_gives_none() {
        assert!(credentials(&parse("busybox").unwrap(), [&secret("{")]).is_empty());
    }
}
