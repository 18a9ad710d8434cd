//! The API calls that a kubelet makes, over a map of objects: get, list, watch, create, patch, delete. It checks nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use http::{Method, StatusCode, Uri};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

/// Objects by their path.
#[derive(Default)]
struct Inner {
    objects: BTreeMap<String, Value>,
    revision: u64,
    writes: Vec<(Method, String)>,
}

/// The fake. Clones share its objects.
#[derive(Clone)]
pub struct FakeApi {
    inner: Arc<Mutex<Inner>>,
    changes: broadcast::Sender<(String, Value)>,
}

impl Default for FakeApi {
    fn default() -> Self {
        Self {
            inner: Arc::default(),
            changes: broadcast::channel(65_536).0,
        }
    }
}

impl FakeApi {
    /// A client without a socket.
    pub fn client(&self) -> kube::Client {
        let router = Router::new().fallback(handle).with_state(self.clone());
        kube::Client::new(router, "default")
    }

    /// Puts an object at a path, as a client would.
    pub fn put(&self, path: &str, object: Value) {
        let mut inner = self.inner.lock();
        self.store(&mut inner, path, object);
    }

    pub fn get(&self, path: &str) -> Option<Value> {
        self.inner.lock().objects.get(path).cloned()
    }

    /// How many writes of that method went to that path.
    pub fn writes(&self, method: &Method, path: &str) -> usize {
        let inner = self.inner.lock();
        inner
            .writes
            .iter()
            .filter(|(known, at)| known == method && at == path)
            .count()
    }

    /// Waits until an object is as wanted.
    pub async fn wait_for(
        &self,
        path: &str,
        wanted: impl Fn(Option<&Value>) -> bool,
    ) -> Option<Value> {
        let mut changes = self.changes.subscribe();
        let wait = async {
            loop {
                let now = self.get(path);
                if wanted(now.as_ref()) {
                    return now;
                }
                let _ = changes.recv().await;
            }
        };
        match tokio::time::timeout(std::time::Duration::from_secs(30), wait).await {
            Ok(found) => found,
            Err(_) => panic!("{path} did not become as wanted: {:#?}", self.get(path)),
        }
    }

    fn store(&self, inner: &mut Inner, path: &str, mut object: Value) -> Value {
        inner.revision += 1;
        object["metadata"]["resourceVersion"] = json!(inner.revision.to_string());
        let kind = if inner.objects.contains_key(path) {
            "MODIFIED"
        } else {
            "ADDED"
        };
        inner.objects.insert(path.to_owned(), object.clone());
        let _ = self
            .changes
            .send((path.to_owned(), json!({"type": kind, "object": object})));
        object
    }

    fn remove(&self, inner: &mut Inner, path: &str) -> Option<Value> {
        let object = inner.objects.remove(path)?;
        inner.revision += 1;
        let _ = self.changes.send((
            path.to_owned(),
            json!({"type": "DELETED", "object": object}),
        ));
        Some(object)
    }
}

fn not_found() -> Response {
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404, "message": "not found"});
    (StatusCode::NOT_FOUND, axum::Json(status)).into_response()
}

/// Whether a path names a collection: every second part after the version is a name.
fn is_collection(path: &str) -> bool {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let rest = if parts[0] == "api" {
        &parts[2..]
    } else {
        &parts[3..]
    };
    let rest = if rest.len() > 2 && rest[0] == "namespaces" {
        &rest[2..]
    } else {
        rest
    };
    rest.len() == 1
}

/// Whether an object at `path` is in a collection. A collection without a namespace holds those of all.
fn is_in(path: &str, collection: &str) -> bool {
    let Some((parent, _)) = path.rsplit_once('/') else {
        return false;
    };
    let Some((root, kind)) = collection.rsplit_once('/') else {
        return false;
    };
    parent == collection
        || (parent.starts_with(&format!("{root}/namespaces/"))
            && parent.ends_with(&format!("/{kind}")))
}

async fn handle(
    State(api): State<FakeApi>,
    method: Method,
    uri: Uri,
    Query(query): Query<HashMap<String, String>>,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let name = query
        .get("fieldSelector")
        .and_then(|selector| selector.strip_prefix("metadata.name="))
        .map(ToOwned::to_owned);
    if method == Method::GET {
        return match (is_collection(&path), query.get("watch").map(String::as_str)) {
            (true, Some("true" | "1")) => watch(&api, path, name),
            (true, _) => list(&api, &path, name.as_deref()),
            (false, _) => api
                .get(&path)
                .map_or_else(not_found, |object| axum::Json(object).into_response()),
        };
    }
    let mut inner = api.inner.lock();
    inner.writes.push((method.clone(), path.clone()));
    let answer = match method {
        Method::POST => {
            let name = body["metadata"]["name"].as_str().unwrap_or_default();
            let path = format!("{path}/{name}");
            Some(api.store(&mut inner, &path, body))
        }
        Method::PATCH => {
            let target = path.strip_suffix("/status").unwrap_or(&path).to_owned();
            inner.objects.get(&target).cloned().map(|mut object| {
                merge(&mut object, &body);
                api.store(&mut inner, &target, object)
            })
        }
        Method::DELETE => {
            let fits = inner.objects.get(&path).is_some_and(|object| {
                body["preconditions"]["uid"].is_null()
                    || body["preconditions"]["uid"] == object["metadata"]["uid"]
            });
            if fits {
                api.remove(&mut inner, &path)
            } else {
                None
            }
        }
        _ => None,
    };
    answer.map_or_else(not_found, |object| axum::Json(object).into_response())
}

fn list(api: &FakeApi, collection: &str, name: Option<&str>) -> Response {
    let inner = api.inner.lock();
    let items: Vec<&Value> = inner
        .objects
        .iter()
        .filter(|(path, object)| {
            is_in(path, collection) && name.is_none_or(|name| object["metadata"]["name"] == name)
        })
        .map(|(_, object)| object)
        .collect();
    let list = json!({"kind": "List", "apiVersion": "v1", "items": items, "metadata": {"resourceVersion": inner.revision.to_string()}});
    axum::Json(list).into_response()
}

/// Changes from now on. The list and the watch of one client can have a change between them: the objects there are come first.
fn watch(api: &FakeApi, collection: String, name: Option<String>) -> Response {
    let changes = BroadcastStream::new(api.changes.subscribe());
    let line = |value: &Value| Ok::<_, std::convert::Infallible>(Bytes::from(format!("{value}\n")));
    let fits = move |path: &str, object: &Value| {
        is_in(path, &collection)
            && name
                .as_deref()
                .is_none_or(|name| object["metadata"]["name"] == name)
    };
    let present: Vec<_> = {
        let inner = api.inner.lock();
        let found = inner
            .objects
            .iter()
            .filter(|(path, object)| fits(path, object));
        found
            .map(|(_, object)| line(&json!({"type": "MODIFIED", "object": object})))
            .collect()
    };
    let later = changes.filter_map(move |change| {
        let told = change
            .ok()
            .filter(|(path, event)| fits(path, &event["object"]))
            .map(|(_, event)| line(&event));
        async move { told }
    });
    Body::from_stream(futures::stream::iter(present).chain(later)).into_response()
}

/// A strategic merge as far as statuses need it: maps merge, lists are replaced, conditions merge by type.
fn merge(into: &mut Value, patch: &Value) {
    let (Value::Object(into), Value::Object(patch)) = (into, patch) else {
        return;
    };
    for (key, value) in patch {
        match value {
            Value::Null => {
                into.remove(key);
            }
            Value::Object(_) => merge(into.entry(key.clone()).or_insert_with(|| json!({})), value),
            Value::Array(items) if key == "conditions" => {
                let known = into
                    .entry(key.clone())
                    .or_insert_with(|| json!([]))
                    .as_array_mut()
                    .unwrap();
                for item in items {
                    known.retain(|condition| condition["type"] != item["type"]);
                    known.push(item.clone());
                }
            }
            Value::Array(items) => {
                let items: Vec<&Value> = items
                    .iter()
                    .filter(|item| item.get("$patch").is_none())
                    .collect();
                into.insert(key.clone(), json!(items));
            }
            other => {
                into.insert(key.clone(), other.clone());
            }
        }
    }
}
