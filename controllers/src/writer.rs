//! Every write that controllers make: creates, patches, deletes, and the few reads that must be live.
//!
//! Bodies are JSON made once: a thousand pods of one ReplicaSet are a thousand requests that share the same bytes.

use bytes::Bytes;
use http::{Method, Request, header};
use kube::client::Body;
use kube::core::Status;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::Error;
use crate::objects::{Kind, Partial};

/// The name under which the API server records these writes in `managedFields`.
const FIELD_MANAGER: &str = "kube-controller-manager";
const JSON: &str = "application/json";
/// What the API server is asked for when only metadata is wanted.
pub const METADATA_ONLY: &str =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
/// The same for a list.
pub const METADATA_LIST_ONLY: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// How a patch is to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchType {
    /// RFC 7386.
    Merge,
    /// Kubernetes' own, which knows merge keys.
    Strategic,
}

impl PatchType {
    fn content_type(self) -> &'static str {
        match self {
            PatchType::Merge => "application/merge-patch+json",
            PatchType::Strategic => "application/strategic-merge-patch+json",
        }
    }
}

/// One object's address.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Its kind.
    pub kind: &'a Kind,
    /// Its namespace, empty for a cluster-scoped object.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
}

impl<'a> Target<'a> {
    /// An address out of its parts.
    pub fn new(kind: &'a Kind, namespace: &'a str, name: &'a str) -> Self {
        Self {
            kind,
            namespace,
            name,
        }
    }
}

/// How an object is to be deleted.
#[derive(Clone, Debug, Default)]
pub struct DeleteOptions<'a> {
    /// Only the object with this uid.
    pub uid: Option<&'a str>,
    /// Only at this version.
    pub resource_version: Option<&'a str>,
    /// `Background`, `Foreground` or `Orphan`.
    pub propagation: Option<&'a str>,
    /// Seconds that it may take to stop.
    pub grace_period_seconds: Option<i64>,
}

impl DeleteOptions<'_> {
    fn body(&self) -> Bytes {
        let mut body = json!({"kind": "DeleteOptions", "apiVersion": "v1"});
        if self.uid.is_some() || self.resource_version.is_some() {
            let mut preconditions = json!({});
            if let Some(uid) = self.uid {
                preconditions["uid"] = uid.into();
            }
            if let Some(version) = self.resource_version {
                preconditions["resourceVersion"] = version.into();
            }
            body["preconditions"] = preconditions;
        }
        if let Some(propagation) = self.propagation {
            body["propagationPolicy"] = propagation.into();
        }
        if let Some(seconds) = self.grace_period_seconds {
            body["gracePeriodSeconds"] = seconds.into();
        }
        Bytes::from(body.to_string())
    }
}

/// A list's metadata and its items' metadata.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PartialList {
    /// The objects.
    pub items: Vec<Partial>,
}

/// Writes to the API server. Clones share the connection.
#[derive(Clone)]
pub struct Writer {
    client: kube::Client,
}

impl Writer {
    /// A writer over a client.
    pub fn new(client: kube::Client) -> Self {
        Self { client }
    }

    /// The client beneath.
    pub fn client(&self) -> &kube::Client {
        &self.client
    }

    /// Creates an object; returns its metadata.
    pub async fn create(
        &self,
        kind: &Kind,
        namespace: &str,
        body: Bytes,
    ) -> Result<Partial, Error> {
        let path = format!(
            "{}?fieldManager={FIELD_MANAGER}",
            collection(kind, namespace)
        );
        let answer = self
            .send(Method::POST, &path, JSON, METADATA_ONLY, body)
            .await?;
        decode(&path, &answer)
    }

    /// Patches an object or one of its subresources; returns its metadata.
    pub async fn patch(
        &self,
        target: Target<'_>,
        subresource: Option<&str>,
        patch: PatchType,
        body: &Value,
    ) -> Result<Partial, Error> {
        let path = format!("{}?fieldManager={FIELD_MANAGER}", item(target, subresource));
        let bytes = Bytes::from(body.to_string());
        let answer = self
            .send(
                Method::PATCH,
                &path,
                patch.content_type(),
                METADATA_ONLY,
                bytes,
            )
            .await?;
        decode(&path, &answer)
    }

    /// Replaces an object or one of its subresources by JSON that was just read from the API server.
    pub async fn replace(
        &self,
        target: Target<'_>,
        subresource: Option<&str>,
        body: &Value,
    ) -> Result<Partial, Error> {
        let path = format!("{}?fieldManager={FIELD_MANAGER}", item(target, subresource));
        let bytes = Bytes::from(body.to_string());
        let answer = self
            .send(Method::PUT, &path, JSON, METADATA_ONLY, bytes)
            .await?;
        decode(&path, &answer)
    }

    /// Deletes an object.
    pub async fn delete(
        &self,
        target: Target<'_>,
        options: &DeleteOptions<'_>,
    ) -> Result<(), Error> {
        let path = item(target, None);
        self.send(Method::DELETE, &path, JSON, JSON, options.body())
            .await?;
        Ok(())
    }

    /// Deletes all objects of a kind in a namespace.
    pub async fn delete_collection(
        &self,
        kind: &Kind,
        namespace: &str,
        options: &DeleteOptions<'_>,
    ) -> Result<(), Error> {
        let path = collection(kind, namespace);
        self.send(Method::DELETE, &path, JSON, JSON, options.body())
            .await?;
        Ok(())
    }

    /// Reads an object's metadata from the store, past every cache.
    pub async fn live(&self, target: Target<'_>) -> Result<Partial, Error> {
        let path = item(target, None);
        let answer = self
            .send(Method::GET, &path, JSON, METADATA_ONLY, Bytes::new())
            .await?;
        decode(&path, &answer)
    }

    /// Reads an object from the store, past every cache.
    pub async fn get<T: DeserializeOwned>(&self, target: Target<'_>) -> Result<T, Error> {
        let path = item(target, None);
        let answer = self
            .send(Method::GET, &path, JSON, JSON, Bytes::new())
            .await?;
        decode(&path, &answer)
    }

    /// Lists the metadata of all objects of a kind in a namespace.
    pub async fn list_metadata(&self, kind: &Kind, namespace: &str) -> Result<PartialList, Error> {
        let path = collection(kind, namespace);
        let answer = self
            .send(Method::GET, &path, JSON, METADATA_LIST_ONLY, Bytes::new())
            .await?;
        decode(&path, &answer)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        accept: &str,
        body: Bytes,
    ) -> Result<Bytes, Error> {
        let mut request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(header::ACCEPT, accept);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let response = self.client.send(request.body(Body::from(body))?).await?;
        let code = response.status();
        let bytes = response.into_body().collect_bytes().await?;
        if code.is_success() {
            return Ok(bytes);
        }
        let status = serde_json::from_slice::<Status>(&bytes).unwrap_or_else(|_| {
            // A proxy's or a library's answer: no Status.
            Status {
                code: code.as_u16(),
                message: String::from_utf8_lossy(&bytes).into_owned(),
                reason: code.canonical_reason().unwrap_or_default().into(),
                ..Default::default()
            }
        });
        Err(kube::Error::Api(Box::new(status)).into())
    }
}

fn decode<T: DeserializeOwned>(path: &str, answer: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(answer).map_err(|source| Error::Answer {
        request: path.into(),
        source,
    })
}

/// The path of a kind's collection.
pub fn collection(kind: &Kind, namespace: &str) -> String {
    let root = if kind.group.is_empty() {
        "/api"
    } else {
        "/apis"
    };
    let version = kind.api_version();
    let plural = &kind.plural;
    if namespace.is_empty() || !kind.namespaced {
        format!("{root}/{version}/{plural}")
    } else {
        format!("{root}/{version}/namespaces/{namespace}/{plural}")
    }
}

fn item(target: Target<'_>, subresource: Option<&str>) -> String {
    let mut path = collection(target.kind, target.namespace);
    path.push('/');
    // Names are mostly DNS subdomains; some kinds allow more, and none may change the path.
    for byte in target.name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'@' => {
                path.push(byte as char);
            }
            other => path.push_str(&format!("%{other:02X}")),
        }
    }
    if let Some(subresource) = subresource {
        path.push('/');
        path.push_str(subresource);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::{NODE, POD, REPLICA_SET};

    #[test]
    fn paths_are_the_apis() {
        assert_eq!(
            item(Target::new(&REPLICA_SET, "n", "a"), Some("status")),
            "/apis/apps/v1/namespaces/n/replicasets/a/status"
        );
        assert_eq!(item(Target::new(&NODE, "", "k"), None), "/api/v1/nodes/k");
        assert_eq!(collection(&POD, ""), "/api/v1/pods");
        assert_eq!(
            item(Target::new(&NODE, "", "a/b?c"), None),
            "/api/v1/nodes/a%2Fb%3Fc"
        );
    }

    #[test]
    fn delete_options_carry_what_was_asked() {
        let options = DeleteOptions {
            uid: Some("u"),
            propagation: Some("Background"),
            ..Default::default()
        };
        let body: Value = serde_json::from_slice(&options.body()).unwrap();
        assert_eq!(
            body,
            json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "u"}, "propagationPolicy": "Background"})
        );
    }
}
