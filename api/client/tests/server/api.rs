//! As much of an API server as these loops need: objects by path, with revisions that a replacement must name.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;

/// Nothing here takes longer; a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);
const MAX_BODY: usize = 1 << 20;

#[derive(Default)]
struct Objects {
    by_path: BTreeMap<String, Value>,
    version: u64,
    requests: Vec<String>,
    away: bool,
}

/// The server; clones are the same.
#[derive(Clone)]
pub struct Api {
    objects: Arc<Mutex<Objects>>,
    /// Counts requests that were answered.
    answered: watch::Sender<usize>,
}

impl Api {
    pub fn new() -> Api {
        Api {
            objects: Arc::default(),
            answered: watch::Sender::new(0),
        }
    }

    pub fn client(&self) -> kube::Client {
        let router = Router::new().fallback(answer).with_state(self.clone());
        kube::Client::new(router, "default")
    }

    /// From now on (or no longer) every request is answered with 503.
    pub fn set_away(&self, away: bool) {
        self.objects.lock().unwrap().away = away;
    }

    pub fn get(&self, path: &str) -> Option<Value> {
        self.objects.lock().unwrap().by_path.get(path).cloned()
    }

    /// Puts an object there, as somebody else would.
    pub fn put(&self, path: &str, object: Value) {
        self.objects.lock().unwrap().store(path, object);
    }

    pub fn remove(&self, path: &str) {
        self.objects.lock().unwrap().by_path.remove(path);
    }

    /// Every object whose path begins so.
    pub fn below(&self, prefix: &str) -> Vec<Value> {
        let objects = self.objects.lock().unwrap();
        let all = objects.by_path.iter();
        all.filter(|(path, _)| path.starts_with(prefix))
            .map(|(_, object)| object.clone())
            .collect()
    }

    /// Methods of the requests so far, in order.
    pub fn methods(&self) -> Vec<String> {
        self.objects.lock().unwrap().requests.clone()
    }

    /// Waits until something holds of what was answered.
    pub async fn until(&self, holds: impl Fn(&Api) -> bool) {
        let mut answered = self.answered.subscribe();
        let waiting = answered.wait_for(|_| holds(self));
        timeout(PATIENCE, waiting).await.expect("in time").unwrap();
    }
}

impl Objects {
    fn store(&mut self, path: &str, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.by_path.insert(path.to_owned(), object.clone());
        object
    }

    fn answer(&mut self, method: &Method, path: &str, body: &Bytes) -> (StatusCode, Value) {
        self.requests.push(method.to_string());
        if self.away {
            return refusal(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable");
        }
        let given: Value = serde_json::from_slice(body).unwrap_or_default();
        let found = self.by_path.get(path).cloned();
        match (method, found) {
            (&Method::POST, _) => {
                let path = format!("{path}/{}", given["metadata"]["name"].as_str().unwrap());
                if self.by_path.contains_key(&path) {
                    return refusal(StatusCode::CONFLICT, "AlreadyExists");
                }
                (StatusCode::CREATED, self.store(&path, given))
            }
            (_, None) => refusal(StatusCode::NOT_FOUND, "NotFound"),
            (&Method::GET, Some(object)) => (StatusCode::OK, object),
            (&Method::PUT, Some(object)) => {
                let version = |of: &Value| of["metadata"]["resourceVersion"].clone();
                if version(&given) != version(&object) {
                    return refusal(StatusCode::CONFLICT, "Conflict");
                }
                (StatusCode::OK, self.store(path, given))
            }
            (&Method::PATCH, Some(mut object)) => {
                for (key, value) in given.as_object().into_iter().flatten() {
                    object[key] = value.clone();
                }
                (StatusCode::OK, self.store(path, object))
            }
            _ => refusal(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
        }
    }
}

fn refusal(code: StatusCode, reason: &str) -> (StatusCode, Value) {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure",
        "message": reason, "reason": reason, "code": code.as_u16(),
    });
    (code, status)
}

async fn answer(State(api): State<Api>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await.unwrap();
    let path = parts.uri.path();
    let (code, value) = {
        let mut objects = api.objects.lock().unwrap();
        objects.answer(&parts.method, path, &body)
    };
    api.answered.send_modify(|count| *count += 1);
    (code, value.to_string()).into_response()
}
