//! Which of two services a request is for: gRPC or HTTP. etcd splits connections (cmux) and then requests; here every connection may
//! carry both, as etcd's do over TLS.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use ::http::{Request, Response, StatusCode, Version, header::CONTENT_TYPE};
use axum::{Router, body::Body, response::IntoResponse};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use prometheus_client::metrics::counter::Counter;
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};
use tower::ServiceExt;

use super::{ClientCertificate, Connection};
use crate::http;

/// Calls that end when a client or the store wants it: a stop does not wait for them.
const STREAMS: [&str; 6] = [
    "/etcdserverpb.Watch/Watch",
    "/etcdserverpb.Lease/LeaseKeepAlive",
    "/v3electionpb.Election/Campaign",
    "/v3electionpb.Election/Observe",
    "/v3lockpb.Lock/Lock",
    "/grpc.health.v1.Health/Watch",
];

/// Requests that took longer are logged, as etcd logs them.
#[derive(Clone, Debug)]
pub struct Slow {
    /// Of requests to the key space.
    pub apply: Duration,
    /// Of any call with one message each way.
    pub unary: Duration,
    /// Counts those to the key space.
    pub slow_applies: Counter,
}

/// Start of the paths of the key space.
const KEY_SPACE: &str = "/etcdserverpb.KV/";

/// The services of a listener.
#[derive(Clone, Debug)]
pub struct Mux {
    /// gRPC; `None` where HTTP alone is served.
    pub grpc: Option<Router>,
    /// HTTP; `None` where gRPC alone is served.
    pub http: Option<Router>,
    /// When a request of gRPC is slow; `None` where that is nobody's business.
    pub slow: Option<Slow>,
    /// Requests under way that a stop waits for.
    pub under_way: TaskTracker,
}

impl Mux {
    /// Answers a request.
    pub async fn answer(
        &self,
        connection: Connection,
        identity: Option<ClientCertificate>,
        mut request: Request<Incoming>,
    ) -> Result<Response<Body>, Infallible> {
        request.extensions_mut().insert(connection);
        if let Some(identity) = identity {
            request.extensions_mut().insert(identity);
        }
        let token = (!STREAMS.contains(&request.uri().path())).then(|| self.under_way.token());
        let wanted = if is_grpc(&request) {
            &self.grpc
        } else {
            &self.http
        };
        let slow = self.slow.as_ref();
        let slow = slow.filter(|_| token.is_some() && is_grpc(&request));
        let slow = slow.map(|slow| (slow, request.uri().path().to_owned(), Instant::now()));
        let response = match wanted {
            Some(service) => service.clone().oneshot(request.map(Body::new)).await?,
            // What Go's gRPC server answers to what is no gRPC; the other way round nothing is there.
            None if self.http.is_none() => StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response(),
            None => http::not_found(),
        };
        if let Some((slow, path, begun)) = slow {
            slow.tell(&path, begun.elapsed());
        }
        Ok(hold(response, token))
    }
}

impl Slow {
    /// A call with one message each way is answered when its response begins.
    fn tell(&self, method: &str, took: Duration) {
        if method.starts_with(KEY_SPACE) && took > self.apply {
            self.slow_applies.inc();
            tracing::warn!(method, ?took, expected_duration = ?self.apply, "apply request took too long");
        } else if took > self.unary {
            tracing::warn!(method, ?took, expected_duration = ?self.unary, "request took too long");
        }
    }
}

/// Keeps the token until the body is sent.
fn hold(response: Response<Body>, token: Option<TaskTrackerToken>) -> Response<Body> {
    let Some(token) = token else {
        return response;
    };
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _held = &token;
            frame
        }))
    })
}

fn is_grpc<T>(request: &Request<T>) -> bool {
    request.version() == Version::HTTP_2
        && request
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}
