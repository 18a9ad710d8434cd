//! Clients in this process: a `kube::Client` whose requests go straight into the pipeline, with the identity beside them.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use http::{Request, Response};
use tower::Service;

use crate::identity::Identity;
use crate::pipeline::Core;

/// The namespace of requests that name none.
const NAMESPACE: &str = "default";

/// A client that acts as this identity.
pub fn client(core: &Arc<Core>, identity: Identity) -> kube::Client {
    let service = Direct {
        core: Arc::clone(core),
        identity,
    };
    kube::Client::new(service, NAMESPACE)
}

#[derive(Clone)]
struct Direct {
    core: Arc<Core>,
    identity: Identity,
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
        Box::pin(async move { Ok(core.serve(request).await) })
    }
}
