//! gRPC's health protocol (`grpc.health.v1`), as etcd answers it: the server as a whole serves from the start, and no other name is
//! known.

use std::pin::Pin;

use futures::{Stream, StreamExt as _, stream};
use tonic::{Request, Response, Status, async_trait};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus,
    health_server::Health,
};

/// The service.
#[derive(Clone, Copy, Debug)]
pub struct HealthService;

/// Whether a service is known: the empty name is the server.
fn known(request: &Request<HealthCheckRequest>) -> bool {
    request.get_ref().service.is_empty()
}

fn answer(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status.into(),
    }
}

#[async_trait]
impl Health for HealthService {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        if known(&request) {
            Ok(Response::new(answer(ServingStatus::Serving)))
        } else {
            Err(Status::not_found("unknown service"))
        }
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    /// What is watched never changes, and the stream stays open.
    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let status = if known(&request) {
            ServingStatus::Serving
        } else {
            ServingStatus::ServiceUnknown
        };
        let first = stream::iter([Ok(answer(status))]);
        Ok(Response::new(first.chain(stream::pending()).boxed()))
    }
}
