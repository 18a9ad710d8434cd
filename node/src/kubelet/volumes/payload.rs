//! What is in a volume that Kubernetes itself fills: configMap, secret, downwardAPI and projected volumes as files.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::authentication::v1::{BoundObjectReference, TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{
    ConfigMap, DownwardAPIVolumeFile, KeyToPath, Pod, ServiceAccount,
    ServiceAccountTokenProjection, Volume, VolumeProjection,
};
use kube::Api;
use kube::api::PostParams;

use super::Context;
use super::atomic::{File, Payload};
use crate::kubelet::env::absent;
use crate::kubelet::fields::{self, Place};

/// Mode of files when nothing says another.
const DEFAULT_MODE: i32 = 0o644;
/// Life of a token when the projection does not say, in seconds.
const TOKEN_SECONDS: i64 = 3600;

/// Where a volume's files come from.
struct Source<'a> {
    data: BTreeMap<&'a str, &'a [u8]>,
    /// `configmap` or `secret`, for messages.
    kind: &'static str,
    name: &'a str,
}

/// The files of a volume; `None` when it is not of a kind that Kubernetes fills.
pub(crate) async fn build(
    context: &Context<'_>,
    pod: &Pod,
    volume: &Volume,
) -> Result<Option<Payload>, String> {
    let mut payload = Payload::new();
    if let Some(source) = &volume.config_map {
        let mode = source.default_mode.unwrap_or(DEFAULT_MODE);
        let optional = source.optional == Some(true);
        add_config_map(
            context,
            pod,
            &source.name,
            source.items.as_deref(),
            mode,
            optional,
            &mut payload,
        )
        .await?;
    } else if let Some(source) = &volume.secret {
        let mode = source.default_mode.unwrap_or(DEFAULT_MODE);
        let name = source.secret_name.as_deref().unwrap_or_default();
        let optional = source.optional == Some(true);
        add_secret(
            context,
            pod,
            name,
            source.items.as_deref(),
            mode,
            optional,
            &mut payload,
        )
        .await?;
    } else if let Some(source) = &volume.downward_api {
        let mode = source.default_mode.unwrap_or(DEFAULT_MODE);
        add_downward(
            pod,
            source.items.as_deref(),
            mode,
            &context.place,
            &mut payload,
        )?;
    } else if let Some(source) = &volume.projected {
        let mode = source.default_mode.unwrap_or(DEFAULT_MODE);
        for projection in source.sources.iter().flatten() {
            add_projection(context, pod, projection, mode, &mut payload).await?;
        }
    } else {
        return Ok(None);
    }
    Ok(Some(payload))
}

async fn add_projection(
    context: &Context<'_>,
    pod: &Pod,
    projection: &VolumeProjection,
    mode: i32,
    payload: &mut Payload,
) -> Result<(), String> {
    if let Some(source) = &projection.config_map {
        let optional = source.optional == Some(true);
        return add_config_map(
            context,
            pod,
            &source.name,
            source.items.as_deref(),
            mode,
            optional,
            payload,
        )
        .await;
    }
    if let Some(source) = &projection.secret {
        let optional = source.optional == Some(true);
        return add_secret(
            context,
            pod,
            &source.name,
            source.items.as_deref(),
            mode,
            optional,
            payload,
        )
        .await;
    }
    if let Some(source) = &projection.downward_api {
        return add_downward(pod, source.items.as_deref(), mode, &context.place, payload);
    }
    if let Some(source) = &projection.service_account_token {
        let token = service_account_token(context, pod, source).await?;
        insert(payload, &source.path, token.into_bytes(), mode);
        return Ok(());
    }
    Err("clusterTrustBundle and podCertificate sources are not supported by this node".to_owned())
}

fn namespace_of(pod: &Pod) -> &str {
    pod.metadata.namespace.as_deref().unwrap_or_default()
}

async fn add_config_map(
    context: &Context<'_>,
    pod: &Pod,
    name: &str,
    items: Option<&[KeyToPath]>,
    mode: i32,
    optional: bool,
    payload: &mut Payload,
) -> Result<(), String> {
    let found = context.objects.config_map(namespace_of(pod), name).await?;
    let Some(found) = found else {
        return if optional {
            Ok(())
        } else {
            Err(absent("configmap", name))
        };
    };
    let source = Source {
        data: config_map_data(&found),
        kind: "configmap",
        name,
    };
    select(&source, items, mode, optional, payload)
}

fn config_map_data(map: &ConfigMap) -> BTreeMap<&str, &[u8]> {
    let text = map
        .data
        .iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value.as_bytes()));
    let binary = map
        .binary_data
        .iter()
        .flatten()
        .map(|(key, ByteString(value))| (key.as_str(), value.as_slice()));
    text.chain(binary).collect()
}

async fn add_secret(
    context: &Context<'_>,
    pod: &Pod,
    name: &str,
    items: Option<&[KeyToPath]>,
    mode: i32,
    optional: bool,
    payload: &mut Payload,
) -> Result<(), String> {
    let found = context.objects.secret(namespace_of(pod), name).await?;
    let Some(found) = found else {
        return if optional {
            Ok(())
        } else {
            Err(absent("secret", name))
        };
    };
    let data = found
        .data
        .iter()
        .flatten()
        .map(|(key, ByteString(value))| (key.as_str(), value.as_slice()))
        .collect();
    let source = Source {
        data,
        kind: "secret",
        name,
    };
    select(&source, items, mode, optional, payload)
}

/// Puts all keys, or the items asked for, into the payload.
fn select(
    source: &Source<'_>,
    items: Option<&[KeyToPath]>,
    mode: i32,
    optional: bool,
    payload: &mut Payload,
) -> Result<(), String> {
    let Some(items) = items.filter(|items| !items.is_empty()) else {
        for (key, data) in &source.data {
            insert(payload, key, data.to_vec(), mode);
        }
        return Ok(());
    };
    for item in items {
        match source.data.get(item.key.as_str()) {
            Some(data) => insert(
                payload,
                &item.path,
                data.to_vec(),
                item.mode.unwrap_or(mode),
            ),
            None if optional => {}
            None => {
                let (kind, name) = (source.kind, source.name);
                return Err(format!(
                    "{kind} \"{name}\" references non-existent {kind} key: {}",
                    item.key
                ));
            }
        }
    }
    Ok(())
}

fn insert(payload: &mut Payload, path: &str, data: Vec<u8>, mode: i32) {
    let mode = u32::try_from(mode).unwrap_or(0o644) & 0o777;
    payload.insert(path.to_owned(), File { data, mode });
}

fn add_downward(
    pod: &Pod,
    items: Option<&[DownwardAPIVolumeFile]>,
    mode: i32,
    place: &Place,
    payload: &mut Payload,
) -> Result<(), String> {
    for item in items.into_iter().flatten() {
        let text = match (&item.field_ref, &item.resource_field_ref) {
            (Some(wanted), _) => fields::field(pod, &wanted.field_path, place)?,
            (None, Some(wanted)) => fields::resource(pod, None, wanted, place.allocatable)?,
            (None, None) => String::new(),
        };
        insert(
            payload,
            &item.path,
            text.into_bytes(),
            item.mode.unwrap_or(mode),
        );
    }
    Ok(())
}

async fn service_account_token(
    context: &Context<'_>,
    pod: &Pod,
    source: &ServiceAccountTokenProjection,
) -> Result<String, String> {
    let account = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.service_account_name.as_deref())
        .unwrap_or("default");
    let request = TokenRequest {
        spec: Some(TokenRequestSpec {
            audiences: Some(source.audience.iter().cloned().collect()),
            bound_object_ref: Some(BoundObjectReference {
                api_version: Some("v1".to_owned()),
                kind: Some("Pod".to_owned()),
                name: pod.metadata.name.clone(),
                uid: pod.metadata.uid.clone(),
            }),
            expiration_seconds: Some(source.expiration_seconds.unwrap_or(TOKEN_SECONDS)),
        }),
        ..TokenRequest::default()
    };
    let failed = |error: String| format!("failed to fetch token: {error}");
    let api: Api<ServiceAccount> = Api::namespaced(context.client.clone(), namespace_of(pod));
    let answer: TokenRequest = api
        .create_subresource("token", account, &PostParams::default(), &request)
        .await
        .map_err(|error| failed(error.to_string()))?;
    answer
        .status
        .and_then(|status| status.token)
        .ok_or_else(|| failed("the API server gave none".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source<'a>(data: &[(&'a str, &'a str)]) -> Source<'a> {
        Source {
            data: data
                .iter()
                .map(|(key, value)| (*key, value.as_bytes()))
                .collect(),
            kind: "configmap",
            name: "cm",
        }
    }

    fn item(key: &str, path: &str, mode: Option<i32>) -> KeyToPath {
        KeyToPath {
            key: key.into(),
            mode,
            path: path.into(),
        }
    }

    #[test]
    fn all_keys_or_the_items_asked_for() {
        let source = source(&[("a", "1"), ("b", "2")]);
        let mut payload = Payload::new();
        select(&source, None, 0o640, false, &mut payload).unwrap();
        assert_eq!(payload.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(payload["a"].mode, 0o640);
        let mut payload = Payload::new();
        select(
            &source,
            Some(&[item("b", "sub/x", Some(0o400))]),
            0o644,
            false,
            &mut payload,
        )
        .unwrap();
        assert_eq!(payload.keys().collect::<Vec<_>>(), ["sub/x"]);
        assert_eq!(payload["sub/x"].mode, 0o400);
    }

    #[test]
    fn a_missing_key_is_an_error_unless_optional() {
        let source = source(&[("a", "1")]);
        let items = [item("z", "z", None)];
        let error = select(&source, Some(&items), 0o644, false, &mut Payload::new()).unwrap_err();
        assert_eq!(
            error,
            "configmap \"cm\" references non-existent configmap key: z"
        );
        assert!(select(&source, Some(&items), 0o644, true, &mut Payload::new()).is_ok());
    }
}
