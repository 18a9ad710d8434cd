//! The objects that every cluster has: its first namespaces, and the `kubernetes` Service with what it points to.
//!
//! They are made through the pipeline like everybody's, and made again when somebody deletes them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::{Method, Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::error::Error;
use crate::identity::{Identity, MASTERS};
use crate::pipeline::Core;

/// Namespaces that are always there.
const NAMESPACES: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];
/// How often it is checked that everything is there, as upstream's.
const EVERY: Duration = Duration::from_secs(10);
/// Whom the objects are made by.
const USER: &str = "system:apiserver";
const MANAGER: &str = "kube-apiserver";
const HTTPS: u16 = 443;

/// An object that must be there.
struct Wanted {
    collection: String,
    name: &'static str,
    object: Value,
    /// What must be as wanted when it is there already; it is merged in otherwise.
    held: bool,
}

/// Makes what is missing.
///
/// # Errors
/// When the pipeline refuses something.
pub async fn first_objects(core: &Arc<Core>) -> Result<(), Error> {
    for wanted in wanted(core)? {
        ensure(core, &wanted).await.map_err(Error::Bootstrap)?;
    }
    Ok(())
}

/// Makes again what somebody deleted, until the server stops.
pub async fn keep(core: Arc<Core>) {
    loop {
        tokio::select! {
            () = core.shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = first_objects(&core).await {
            tracing::warn!(%error, "the cluster's first objects");
        }
    }
}

fn wanted(core: &Core) -> Result<Vec<Wanted>, Error> {
    let config = &core.config;
    let service_address = core
        .allocation
        .first_address()
        .ok_or(Error::ServiceRange(config.service_cidr))?;
    let endpoint = match config.advertise {
        None => config.listen,
        Some(at) if at.port() == 0 => SocketAddr::new(at.ip(), config.listen.port()),
        Some(at) => at,
    };
    let mut all: Vec<Wanted> = NAMESPACES
        .into_iter()
        .map(|name| Wanted {
            collection: "/api/v1/namespaces".to_owned(),
            name,
            object: json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
            held: false,
        })
        .collect();
    all.push(service(service_address.to_string(), endpoint));
    all.push(endpoints(endpoint));
    all.push(endpoint_slice(endpoint));
    all.retain(|wanted| is_served(core, &wanted.collection));
    Ok(all)
}

fn is_served(core: &Core, collection: &str) -> bool {
    let info = crate::request::info::parse(&Method::GET, collection, false);
    let crate::request::info::RequestInfo::Resource(request) = info else {
        return false;
    };
    core.table
        .get(&request.group, &request.version, &request.resource)
        .is_some()
}

fn labels() -> Value {
    json!({"component": "apiserver", "provider": "kubernetes"})
}

fn service(address: String, endpoint: SocketAddr) -> Wanted {
    let family = if address.contains(':') {
        "IPv6"
    } else {
        "IPv4"
    };
    Wanted {
        collection: "/api/v1/namespaces/default/services".to_owned(),
        name: "kubernetes",
        object: json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kubernetes", "namespace": "default", "labels": labels()},
            "spec": {
                "type": "ClusterIP",
                "clusterIP": address,
                "clusterIPs": [address],
                "ipFamilies": [family],
                "ipFamilyPolicy": "SingleStack",
                "sessionAffinity": "None",
                "ports": [{"name": "https", "protocol": "TCP", "port": HTTPS, "targetPort": endpoint.port()}],
            },
        }),
        held: false,
    }
}

fn endpoints(endpoint: SocketAddr) -> Wanted {
    Wanted {
        collection: "/api/v1/namespaces/default/endpoints".to_owned(),
        name: "kubernetes",
        object: json!({
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {
                "name": "kubernetes",
                "namespace": "default",
                "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"},
            },
            "subsets": [{
                "addresses": [{"ip": endpoint.ip().to_string()}],
                "ports": [{"name": "https", "port": endpoint.port(), "protocol": "TCP"}],
            }],
        }),
        held: true,
    }
}

fn endpoint_slice(endpoint: SocketAddr) -> Wanted {
    let family = if endpoint.is_ipv6() { "IPv6" } else { "IPv4" };
    Wanted {
        collection: "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices".to_owned(),
        name: "kubernetes",
        object: json!({
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": "kubernetes",
                "namespace": "default",
                "labels": {"kubernetes.io/service-name": "kubernetes"},
            },
            "addressType": family,
            "endpoints": [{"addresses": [endpoint.ip().to_string()], "conditions": {"ready": true}}],
            "ports": [{"name": "https", "port": endpoint.port(), "protocol": "TCP"}],
        }),
        held: true,
    }
}

async fn ensure(core: &Arc<Core>, wanted: &Wanted) -> Result<(), String> {
    let path = format!("{}/{}", wanted.collection, wanted.name);
    let (code, there) = send(core, Method::GET, &path, None).await?;
    match code {
        200 if !wanted.held || is_as_wanted(&there, &wanted.object) => Ok(()),
        200 => {
            let (code, answer) = send(core, Method::PATCH, &path, Some(&wanted.object)).await?;
            settled(&path, code, &answer)
        }
        404 => {
            let (code, answer) =
                send(core, Method::POST, &wanted.collection, Some(&wanted.object)).await?;
            // Another server may have been faster.
            if code == 409 {
                Ok(())
            } else {
                settled(&path, code, &answer)
            }
        }
        code => settled(&path, code, &there),
    }
}

fn is_as_wanted(there: &Value, wanted: &Value) -> bool {
    ["subsets", "endpoints", "ports"]
        .iter()
        .all(|field| contains(&there[*field], &wanted[*field]))
}

/// Whether everything that is wanted is there; defaults may have been added.
fn contains(there: &Value, wanted: &Value) -> bool {
    match (there, wanted) {
        (Value::Object(there), Value::Object(wanted)) => wanted
            .iter()
            .all(|(name, value)| there.get(name).is_some_and(|there| contains(there, value))),
        (Value::Array(there), Value::Array(wanted)) => {
            there.len() == wanted.len()
                && there
                    .iter()
                    .zip(wanted)
                    .all(|(there, wanted)| contains(there, wanted))
        }
        (there, wanted) => there == wanted,
    }
}

fn settled(path: &str, code: u16, answer: &Value) -> Result<(), String> {
    if (200..300).contains(&code) {
        return Ok(());
    }
    Err(format!(
        "{path}: {code} {}",
        answer["message"].as_str().unwrap_or_default()
    ))
}

async fn send(
    core: &Arc<Core>,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<(u16, Value), String> {
    let kind = if method == Method::PATCH {
        "application/merge-patch+json"
    } else {
        "application/json"
    };
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{path}?fieldManager={MANAGER}"))
        .header(CONTENT_TYPE, kind)
        .body(body)
        .map_err(|error| error.to_string())?;
    let identity = Identity::authenticated(USER, vec![MASTERS.to_owned()]);
    request.extensions_mut().insert(identity);
    let response = Arc::clone(core).serve(request).await;
    let code = response.status().as_u16();
    let bytes = response
        .into_body()
        .collect()
        .await
        .map_err(|error| error.to_string())?
        .to_bytes();
    Ok((code, serde_json::from_slice(&bytes).unwrap_or_default()))
}
