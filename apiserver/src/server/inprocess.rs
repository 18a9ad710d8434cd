//! Clients in this process: a `kube::Client` whose requests go straight into the pipeline, with the identity beside them.
//!
//! The one confusing thing: a request is served by the server's own threads, not by those of the one who asks. So what it costs
//! counts as the server's, and a client whose threads are busy holds up nobody else. Only a body, such as a watch, is read by the
//! client's threads, and it consists of bytes that the server made.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use http::{Request, Response, StatusCode};
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;
use tower::Service;

use crate::identity::Identity;
use crate::pipeline::Core;

/// The namespace of requests that name none.
const NAMESPACE: &str = "default";

/// A client that acts as this identity. Its requests are served by the runtime that this is called in.
pub fn client(core: &Arc<Core>, identity: Identity) -> kube::Client {
    let service = Direct {
        core: Arc::clone(core),
        identity,
        threads: Handle::current(),
    };
    kube::Client::new(service, NAMESPACE)
}

#[derive(Clone)]
struct Direct {
    core: Arc<Core>,
    identity: Identity,
    threads: Handle,
}

impl Service<Request<kube::client::Body>> for Direct {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<kube::client::Body>) -> Self::Future {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(self.identity.clone());
        let core = Arc::clone(&self.core);
        // A client that no longer waits ends its request, as one that closes its connection does.
        let served =
            AbortOnDropHandle::new(self.threads.spawn(async move { core.serve(request).await }));
        Box::pin(async move { Ok(served.await.unwrap_or_else(|_| unserved())) })
    }
}

/// The answer when the server's threads ended, or the request's task panicked.
fn unserved() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}
