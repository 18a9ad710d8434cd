//! Which of two services a request is for: gRPC or HTTP. etcd splits connections (cmux) and then requests; here every connection may
//! carry both, as etcd's do over TLS.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use ::http::{Request, Response, StatusCode, Version};
use axum::{Router, body::Body, response::IntoResponse};
use bytes::Bytes;
use http_body::Body as HttpBody;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use prometheus_client::metrics::counter::Counter;
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};
use tower::ServiceExt;

use super::{ClientCertificate, Connection};
use crate::{
    grpc::{BoxError, Grpc, dispatch, is_grpc},
    http,
};

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

/// Who serves gRPC.
#[derive(Clone, Debug)]
pub enum Calls {
    /// etcd's API, which finds its methods itself: what a router costs is seen in the price of a small call.
    Store(Box<Grpc>),
    /// Others.
    Routes(Router),
}

/// The services of a listener.
#[derive(Clone, Debug)]
pub struct Mux {
    /// gRPC; `None` where HTTP alone is served.
    pub grpc: Option<Calls>,
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
        let wants_grpc = request.version() == Version::HTTP_2 && is_grpc(request.headers());
        if !wants_grpc {
            let response = match &self.http {
                Some(routes) => routes.clone().oneshot(request.map(Body::new)).await?,
                // What Go's gRPC server answers to what is no gRPC.
                None => StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response(),
            };
            return Ok(hold(response, token));
        }
        let slow = self.slow.as_ref().filter(|_| token.is_some());
        let slow = slow.map(|slow| (slow, request.uri().clone(), Instant::now()));
        let response = match &self.grpc {
            Some(Calls::Store(grpc)) => hold(dispatch(grpc, request).await?, token),
            Some(Calls::Routes(routes)) => {
                let answer = routes.clone().oneshot(request.map(Body::new));
                hold(answer.await?, token)
            }
            None if self.http.is_none() => StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response(),
            None => http::not_found(),
        };
        if let Some((slow, uri, begun)) = slow {
            slow.tell(uri.path(), begun.elapsed());
        }
        Ok(response)
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
fn hold<B>(response: Response<B>, token: Option<TaskTrackerToken>) -> Response<Body>
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let Some(token) = token else {
        return response.map(Body::new);
    };
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _held = &token;
            frame
        }))
    })
}
