//! An API server over a store in a temporary folder, and what tests ask of it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt;
use hydrofoil_apiserver::pki::{Names, Pki, Subject};
use hydrofoil_apiserver::storage::Storage;
use hydrofoil_apiserver::{ApiServer, Config};
use hydrofoil_raftstore::Store;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

/// Nothing here takes longer; a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running API server, over a store in this process or one over the network.
pub struct Cluster<S = Store> {
    pub dir: TempDir,
    pub store: S,
    pub server: ApiServer,
    pub client: kube::Client,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub code: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub json: Value,
}

impl Reply {
    /// The message of a Status.
    pub fn message(&self) -> &str {
        self.json["message"].as_str().unwrap_or_default()
    }

    /// The object's resourceVersion.
    pub fn version(&self) -> &str {
        self.json["metadata"]["resourceVersion"]
            .as_str()
            .unwrap_or_default()
    }

    /// The warnings that came with it.
    pub fn warnings(&self) -> Vec<String> {
        let values = self.headers.get_all("warning").iter();
        values
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    }

    /// Fails the test unless the code is this one.
    #[track_caller]
    pub fn expect(self, code: u16) -> Reply {
        assert_eq!(self.code, code, "{}", String::from_utf8_lossy(&self.body));
        self
    }
}

/// A watch that is open.
pub struct Events {
    body: kube::client::Body,
    buffer: Vec<u8>,
}

impl Events {
    /// The next event; `None` when the watch ended.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).expect("a line of JSON"));
            }
            let frame = timeout(PATIENCE, self.body.frame())
                .await
                .expect("an event in time")?;
            if let Ok(data) = frame.expect("a body").into_data() {
                self.buffer.extend_from_slice(&data);
            }
        }
    }

    /// Type, name and resourceVersion of the next event.
    pub async fn short(&mut self) -> String {
        let event = self.next().await.expect("the watch ended");
        let name = event["object"]["metadata"]["name"].as_str().unwrap_or("-");
        format!("{} {name}", event["type"].as_str().unwrap())
    }
}

async fn serve(dir: &TempDir, storage: Storage) -> ApiServer {
    let pki = Pki::open(
        &dir.path().join("pki"),
        "2026-01-01T00:00:00Z".parse().unwrap(),
    )
    .unwrap();
    let names = Names::apiserver(None, "cluster.local", &[]);
    let serving = pki.apiserver(&names).unwrap();
    let kubelet = pki
        .client("apiserver-kubelet-client", &Subject::kubelet_client())
        .unwrap();
    let mut config = Config::new(
        serving.certificate,
        serving.key,
        pki.ca_certificate().to_owned(),
    );
    config.listen = "127.0.0.1:0".parse().unwrap();
    config.kubelet_client = Some((kubelet.certificate, kubelet.key));
    config.limits.bookmark = Duration::from_millis(100);
    hydrofoil_apiserver::start(config, storage).await.unwrap()
}

impl Cluster {
    pub async fn start() -> Cluster {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(hydrofoil_raftstore::Config::new(dir.path().join("store")))
            .await
            .unwrap();
        Cluster::over(dir, store).await
    }
}

impl<S: Into<Storage> + Clone> Cluster<S> {
    /// A server over this store, with the service account that pods need.
    pub async fn over(dir: TempDir, store: S) -> Cluster<S> {
        let server = serve(&dir, store.clone().into()).await;
        let client = server.client("admin", &["system:masters"]);
        let cluster = Cluster {
            dir,
            store,
            server,
            client,
        };
        let account = json!({"metadata": {"name": "default"}});
        let made = cluster
            .post("/api/v1/namespaces/default/serviceaccounts", &account)
            .await;
        // A store that was there before has it.
        assert!(matches!(made.code, 201 | 409), "{made:?}");
        cluster
    }

    /// Stops the server and starts it anew over the same store.
    pub async fn restart(self) -> Cluster<S> {
        let Cluster {
            dir,
            store,
            server,
            client,
        } = self;
        drop(client);
        server.shutdown().await;
        let server = serve(&dir, store.clone().into()).await;
        let client = server.client("admin", &["system:masters"]);
        Cluster {
            dir,
            store,
            server,
            client,
        }
    }

    pub async fn raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Reply {
        send(&self.client, method, path, headers, body).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.raw(Method::GET, path, &[], Vec::new()).await
    }

    pub async fn get_as(&self, path: &str, accept: &str) -> Reply {
        self.raw(Method::GET, path, &[("accept", accept)], Vec::new())
            .await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.raw(
            Method::POST,
            path,
            &[("content-type", "application/json")],
            body.to_string().into_bytes(),
        )
        .await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.raw(
            Method::PUT,
            path,
            &[("content-type", "application/json")],
            body.to_string().into_bytes(),
        )
        .await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.raw(Method::DELETE, path, &[], Vec::new()).await
    }

    pub async fn delete_with(&self, path: &str, options: &Value) -> Reply {
        self.raw(
            Method::DELETE,
            path,
            &[("content-type", "application/json")],
            options.to_string().into_bytes(),
        )
        .await
    }

    /// Patches; `kind` is `json`, `merge`, `strategic` or `apply`.
    pub async fn patch(&self, kind: &str, path: &str, body: &Value) -> Reply {
        let media = match kind {
            "json" => "application/json-patch+json",
            "merge" => "application/merge-patch+json",
            "strategic" => "application/strategic-merge-patch+json",
            _ => "application/apply-patch+yaml",
        };
        self.raw(
            Method::PATCH,
            path,
            &[("content-type", media)],
            body.to_string().into_bytes(),
        )
        .await
    }

    pub async fn watch(&self, path: &str) -> Events {
        self.watch_as(path, "application/json").await
    }

    pub async fn watch_as(&self, path: &str, accept: &str) -> Events {
        let request = Request::get(path).header("accept", accept);
        let request = request.body(kube::client::Body::empty()).unwrap();
        let response = self.client.send(request).await.unwrap();
        assert_eq!(response.status(), 200);
        Events {
            body: response.into_body(),
            buffer: Vec::new(),
        }
    }

    /// Makes a ConfigMap in the namespace default.
    pub async fn config_map(&self, name: &str, labels: Value) -> Reply {
        let object = json!({"metadata": {"name": name, "labels": labels}, "data": {"a": "1"}});
        self.post(CONFIG_MAPS, &object).await.expect(201)
    }
}

pub const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
pub const PODS: &str = "/api/v1/namespaces/default/pods";
pub const JOBS: &str = "/apis/batch/v1/namespaces/default/jobs";
pub const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

pub async fn send(
    client: &kube::Client,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Reply {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(kube::client::Body::from(body)).unwrap();
    let response = timeout(PATIENCE, client.send(request))
        .await
        .expect("an answer in time")
        .unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let json = serde_json::from_slice(&body).unwrap_or_default();
    Reply {
        code: parts.status.as_u16(),
        headers: parts.headers,
        body,
        json,
    }
}

/// A pod of one container.
pub fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "main", "image": "localhost:5000/hello:v1"}]},
    })
}

/// A Deployment of one container.
pub fn deployment(name: &str, replicas: i64) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "localhost:5000/hello:v1"}]},
            },
        },
    })
}
