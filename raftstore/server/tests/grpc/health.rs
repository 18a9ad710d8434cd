//! `grpc.health.v1`, as load balancers and probes ask it.

use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use super::Server;

#[tokio::test]
async fn a_member_that_serves_is_healthy_as_a_whole() {
    let server = Server::start().await;
    let mut health = HealthClient::new(server.channel.clone());
    let whole = HealthCheckRequest::default();
    let answer = health.check(whole.clone()).await.unwrap().into_inner();
    assert_eq!(answer.status(), ServingStatus::Serving);
    let mut stream = health.watch(whole).await.unwrap().into_inner();
    let first = stream.message().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);
    let unknown = HealthCheckRequest {
        service: "nobody".into(),
    };
    let refused = health.check(unknown).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}
